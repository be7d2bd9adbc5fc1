include { COMPARE_MODELS } from '../../modules/evaluation/compare_models'
include { EVALUATE_MODEL } from '../../modules/evaluation/evaluate_model'
include { EXPLAIN_MODEL } from '../../modules/evaluation/explain_model'
include { codeDigest } from '../../functions/scripts'

// How good each model is, on the test windows and on the whole test chromosomes, and what it looks at, wherever there are
// labels.
workflow ACCURACY {
    take:
    unpredicted // [trained_on, meta, bundle, sample] of models that were trained here on a sample that is not predicted
    models // [meta, bundle]
    tensors // [meta, tensors]
    signal // [meta, signal]
    probabilities // [meta, files]
    calls // [meta, bed]
    cutoffs // [meta, table]
    validation // [meta, table]
    annotations // [meta, table] of annotations that were scored
    tss
    options // parameters of the evaluation
    explanation // parameters of the explanation
    numbers // of the files that the plan leads to

    main:
    def labelled = tensors.join(signal).map { meta, windows, rpm -> [meta.sample, windows, rpm] }
    def jobs = models
        .join(probabilities)
        .join(calls)
        .join(cutoffs)
        .map { meta, bundle, files, bed, table -> [meta.sample, meta, bundle, files, bed, table] }
        .combine(labelled, by: 0)
        .map { _sample, meta, bundle, files, bed, table, windows, rpm -> [meta, bundle, windows, rpm, files, bed, table] }
    def windows_only = unpredicted
        .map { trained_on, meta, bundle, sample -> [sample, [sample: sample, model: meta.model, trained_on: trained_on], bundle] }
        .combine(labelled, by: 0)
        .map { _sample, meta, bundle, windows, rpm -> [meta, bundle, windows, rpm, [], [], []] }
    def evaluated = jobs.mix(windows_only)
    EVALUATE_MODEL(evaluated, tss, options, codeDigest('evaluate_model.py'))
    EXPLAIN_MODEL(
        explanation.explain ? evaluated.map { meta, bundle, windows, rpm, _files, bed, _table -> [meta, bundle, windows, rpm, bed] } : channel.empty(),
        explanation.subMap('quantile_map', 'seed'),
        codeDigest('explain_model.py'),
    )

    def of_sample = EVALUATE_MODEL.out.evaluation
        .map { meta, folder -> [[sample: meta.sample], 'evaluation', folder] }
        .mix(
            annotations.map { meta, table -> [[sample: meta.sample], 'annotation', table] },
            validation.map { meta, table -> [[sample: meta.sample], 'validation', table] },
        )
        .groupTuple()
        .map { meta, kinds, files ->
            [meta] + ['evaluation', 'annotation', 'validation'].collect { kind ->
                files.withIndex().findAll { _file, i -> kinds[i] == kind }.collect { file, _i -> file }.sort { file -> file.baseName }
            }
        }
        .filter { meta, folders, _annotated, _validated -> folders && folders.size() == numbers.evaluated[meta.sample] }
    COMPARE_MODELS(of_sample, codeDigest('compare_models.py'))
}
