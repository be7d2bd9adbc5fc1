include { EVALUATE_MODEL } from '../modules/evaluation/evaluate_model'

// How good each model is, on the test windows and on the whole test chromosomes, wherever there are labels.
workflow EVALUATION {
    take:
    models // [meta, bundle]
    tensors // [meta, tensors]
    probabilities // [meta, files]
    calls // [meta, bed]
    options // parameters of the evaluation

    main:
    def labelled = tensors.map { meta, file -> [meta.sample, file] }
    def jobs = models
        .join(probabilities)
        .join(calls)
        .map { meta, bundle, files, bed -> [meta.sample, meta, bundle, files, bed] }
        .combine(labelled, by: 0)
        .map { _sample, meta, bundle, files, bed, windows -> [meta, bundle, windows, files, bed] }
    EVALUATE_MODEL(jobs, options)

    evaluations = EVALUATE_MODEL.out.evaluation

    emit:
    evaluations
}
