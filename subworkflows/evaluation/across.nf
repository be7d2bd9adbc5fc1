include { EVALUATE_ACROSS } from '../../modules/evaluation/evaluate_across'
include { SUMMARISE_ACROSS } from '../../modules/evaluation/summarise_across'
include { codeDigest } from '../../functions/scripts'

// How much a model loses on a sample that it was not trained on: every kind of model, trained on each sample, tested on all.
workflow ACROSS {
    take:
    bundles // [meta, bundle] of models that were trained here
    tensors // [meta, tensors]
    signal // [meta, signal]
    wanted // whether to do so
    options // bootstrap and seed
    numbers // of the files that the plan leads to

    main:
    def jobs = bundles
        .filter { wanted && numbers.labelled > 1 }
        .map { meta, bundle -> [[model: meta.model], [meta.trained_on, bundle]] }
        .groupTuple(size: numbers.trained_on, remainder: false)
        .map { meta, pairs -> [meta, pairs.sort { pair -> pair[0] }.collect { pair -> pair[1] }] }
        .combine(tensors.join(signal))
        .map { kind, folders, meta, windows, rpm -> [meta.subMap('sample') + kind, folders, windows, rpm] }
    EVALUATE_ACROSS(jobs, options, codeDigest('evaluate_across.py'))

    def of_model = EVALUATE_ACROSS.out.scores
        .map { meta, table -> [meta.subMap('model'), table] }
        .groupTuple(size: numbers.labelled, remainder: false)
        .map { meta, tables -> [meta, tables.sort { table -> table.name }] }
    SUMMARISE_ACROSS(of_model, codeDigest('summarise_across.py'))
}
