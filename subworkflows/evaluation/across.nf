include { EVALUATE_ACROSS } from '../../modules/evaluation/evaluate_across'
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
    def samples = tensors
        .join(signal)
        .toSortedList { one, other -> one[0].sample <=> other[0].sample }
        .map { rows -> [rows.collect { row -> row[1] }, rows.collect { row -> row[2] }] }
    def of_model = bundles
        .filter { wanted }
        .map { meta, bundle -> [[model: meta.model], [meta.trained_on, bundle]] }
        .groupTuple()
        .map { meta, pairs -> [meta, pairs.sort { pair -> pair[0] }.collect { pair -> pair[1] }] }
        .combine(samples)
        .filter { _meta, folders, windows, _rpm -> windows.size() > 1 && windows.size() == numbers.labelled && folders.size() == numbers.trained_on }
    EVALUATE_ACROSS(of_model, options, codeDigest('evaluate_across.py'))
}
