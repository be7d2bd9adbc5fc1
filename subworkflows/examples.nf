include { SHOW_EXAMPLES } from '../modules/report/show_examples'
include { codeDigest } from '../functions/scripts'

// Places worth looking at, of every model on every sample that it predicted.
workflow EXAMPLES {
    take:
    calls // [meta, bed]
    signal // [meta, signal]
    regions // [meta, windows] of samples with labels
    options // number of classes

    main:
    def of_sample = signal.join(regions, remainder: true).filter { _meta, rpm, _bed -> rpm }.map { meta, rpm, bed -> [meta.sample, rpm, bed ?: []] }
    def jobs = calls
        .map { meta, bed -> [meta.sample, meta, bed] }
        .combine(of_sample, by: 0)
        .map { _sample, meta, bed, rpm, windows -> [meta, rpm, bed, windows] }
    SHOW_EXAMPLES(jobs, options, codeDigest('show_examples.py'))
}
