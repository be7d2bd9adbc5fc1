include { EVALUATE_DEPTHS } from '../../modules/evaluation/evaluate_depths'
include { codeDigest } from '../../functions/scripts'

// How many reads are enough: every model of a labelled sample with shares of its reads.
workflow DEPTHS {
    take:
    models // [meta, bundle]
    tensors // [meta, tensors]
    libraries // [meta, counts, controls] of every sample
    wanted // shares of the reads, or nothing
    options // depths, and parameters of signal, prediction and evaluation
    numbers // of the files that the plan leads to
    device

    main:
    def jobs = models
        .filter { wanted }
        .map { meta, bundle -> [[sample: meta.sample], [meta.model, bundle]] }
        .groupTuple()
        .filter { meta, pairs -> pairs.size() == numbers.applied[meta.sample] }
        .map { meta, pairs ->
            def sorted = pairs.sort { pair -> pair[0] }
            [meta, sorted.collect { pair -> pair[0] }, sorted.collect { pair -> pair[1] }]
        }
        .join(tensors)
        .join(libraries)
    EVALUATE_DEPTHS(jobs, options, device, codeDigest('evaluate_depths.py'))
}
