include { MAKE_REPORT } from '../modules/report/make_report'
include { MULTIQC } from '../modules/report/multiqc'
include { SHOW_EXAMPLES } from '../modules/report/show_examples'
include { codeDigest } from '../functions/scripts'

// One page for people, of all files that are declared as `topic: report` where they are made. They arrive sorted by name,
// so that the page and -resume do not depend on which task ended first.
workflow REPORT {
    take:
    calls // [meta, bed]
    signal // [meta, signal]
    regions // [meta, windows] of samples with labels
    options // parameters of the examples
    params_json
    command
    with_multiqc // whether MultiQC makes a report of its own
    reported // names of files that a complete run has for the report

    main:
    // Places worth looking at, of every model on every sample that it predicted.
    def of_sample = signal.join(regions, remainder: true).filter { _meta, rpm, _bed -> rpm }.map { meta, rpm, bed -> [meta.sample, rpm, bed ?: []] }
    def jobs = calls
        .map { meta, bed -> [meta.sample, meta, bed] }
        .combine(of_sample, by: 0)
        .map { _sample, meta, bed, rpm, windows -> [meta, rpm, bed, windows] }
    SHOW_EXAMPLES(jobs, options, codeDigest('show_examples.py'))

    def results = channel.topic('report')
        .flatMap { output -> [output].flatten().findAll { value -> value instanceof Path } }
        .toSortedList { one, other -> one.name <=> other.name }
        .filter { files -> files.collect { file -> file.name }.containsAll(reported) }
    def versions = channel.topic('versions')
        .flatMap { process, text -> text.readLines().collect { line -> "${process.tokenize(':').last()}\t${line}".toString() } }
        .unique()
        .mix(channel.of('workflow\tnextflow\t' + workflow.nextflow.version, 'workflow\tdeepregfinder-nf\t' + workflow.manifest.version))
        .toSortedList()
        .map { lines -> (['process\ttool\tversion'] + lines).join('\\n') }

    MAKE_REPORT(results, versions, params_json, command, codeDigest('make_report.py'))
    MULTIQC(with_multiqc ? MAKE_REPORT.out.multiqc : channel.empty())
}
