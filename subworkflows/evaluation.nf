include { EVALUATE_MODEL } from '../modules/evaluation/evaluate_model'
include { EXPLAIN_MODEL } from '../modules/evaluation/explain_model'
include { codeDigest } from '../functions/scripts'

// How good each model is, on the test windows and on the whole test chromosomes, and what it looks at, wherever there are
// labels.
workflow EVALUATION {
    take:
    unpredicted // [meta, bundle] of models that were trained here on a sample that is not predicted
    models // [meta, bundle]
    tensors // [meta, tensors]
    signal // [meta, signal]
    probabilities // [meta, files]
    calls // [meta, bed]
    options // parameters of the evaluation
    explaining // parameters of the explanation

    main:
    def labelled = tensors.map { meta, file -> [meta.sample, file] }
    def jobs = models
        .join(probabilities)
        .join(calls)
        .map { meta, bundle, files, bed -> [meta.sample, meta, bundle, files, bed] }
        .combine(labelled, by: 0)
        .map { _sample, meta, bundle, files, bed, windows -> [meta, bundle, windows, files, bed] }
    def windows_only = unpredicted
        .map { meta, bundle -> [meta.trained_on, [sample: meta.trained_on, model: meta.model, trained_on: meta.trained_on], bundle] }
        .combine(labelled, by: 0)
        .map { _sample, meta, bundle, windows -> [meta, bundle, windows, [], []] }
    def judged = jobs.mix(windows_only)
    EVALUATE_MODEL(judged, options, codeDigest('evaluate_model.py'))

    def with_signal = judged
        .map { meta, bundle, windows, _files, bed -> [meta.sample, meta, bundle, windows, bed] }
        .combine(signal.map { meta, file -> [meta.sample, file] }, by: 0)
        .map { _sample, meta, bundle, windows, bed, file -> [meta, bundle, windows, file, bed] }
    EXPLAIN_MODEL(
        explaining.explain ? with_signal : channel.empty(),
        explaining.subMap('quantile_map', 'seed'),
        codeDigest('explain_model.py'),
    )

    evaluations = EVALUATE_MODEL.out.evaluation
    explanations = EXPLAIN_MODEL.out.explanation

    emit:
    evaluations
    explanations
}
