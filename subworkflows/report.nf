include { MAKE_REPORT } from '../modules/report/make_report'
include { MULTIQC } from '../modules/report/multiqc'
include { codeDigest } from '../functions/scripts'

// One page for people, of all files that are declared as `topic: report` where they are made. They arrive sorted by name,
// so that the page and -resume do not depend on which task ended first.
workflow REPORT {
    take:
    params_json
    command
    with_multiqc // whether MultiQC makes a report of its own

    main:
    def results = channel.topic('report')
        .flatMap { output -> [output].flatten().findAll { value -> value instanceof Path } }
        .toSortedList { one, other -> one.name <=> other.name }
    def versions = channel.topic('versions')
        .flatMap { process, text -> text.readLines().collect { line -> "${process.tokenize(':').last()}\t${line}".toString() } }
        .unique()
        .mix(channel.of('workflow\tnextflow\t' + workflow.nextflow.version, 'workflow\tdeepregfinder-nf\t' + workflow.manifest.version))
        .toSortedList()
        .map { lines -> (['process\ttool\tversion'] + lines).join('\\n') }

    MAKE_REPORT(results, versions, params_json, command, codeDigest('make_report.py'))
    MULTIQC(with_multiqc ? MAKE_REPORT.out.multiqc : channel.empty())
}
