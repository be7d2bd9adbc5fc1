include { MAKE_REPORT } from '../modules/report/make_report'
include { MULTIQC } from '../modules/report/multiqc'
include { codeDigest } from '../functions/scripts'

// One page for people. Files arrive sorted by name, so that the page does not depend on which task ended first.
workflow REPORT {
    take:
    inputs // table of the checked inputs
    summaries // map of channels of files: counts, signal, dropped, states, regions, calls, validation, seeds, transitions, ...
    evaluations // [meta, folder]
    explanations // [meta, folder]
    params_json
    command
    with_multiqc // whether MultiQC makes a report of its own

    main:
    def sorted = summaries.collectEntries { name, files -> [name, files.toSortedList { one, other -> one.name <=> other.name }] }
    def folders = [evaluated: evaluations, explained: explanations].collectEntries { name, results ->
        def list = results
            .toSortedList { one, other -> "${one[0].sample} ${one[0].model}" <=> "${other[0].sample} ${other[0].model}" }
            .map { pairs -> pairs.collect { _meta, folder -> folder } }
        [name, list]
    }
    def versions = channel.topic('versions')
        .flatMap { process, text -> text.readLines().collect { line -> "${process.tokenize(':').last()}\t${line}".toString() } }
        .unique()
        .mix(channel.of('workflow\tnextflow\t' + workflow.nextflow.version, 'workflow\tdeepregfinder-nf\t' + workflow.manifest.version))
        .toSortedList()
        .map { lines -> (['process\ttool\tversion'] + lines).join('\\n') }

    MAKE_REPORT(
        inputs,
        sorted.counts,
        sorted.libraries,
        sorted.doubts,
        sorted.correlation,
        sorted.signal,
        sorted.dropped,
        sorted.states,
        sorted.regions,
        sorted.test_windows,
        sorted.test_windows_plots,
        folders.evaluated,
        folders.explained,
        sorted.calls,
        sorted.examples,
        sorted.validation,
        sorted.seeds,
        sorted.transitions,
        sorted.transition_pictures,
        sorted.model_plots,
        sorted.compared_marks,
        sorted.across,
        sorted.annotations,
        sorted.crispr,
        versions,
        params_json,
        command,
        codeDigest('make_report.py'),
    )

    MULTIQC(with_multiqc ? MAKE_REPORT.out.multiqc : channel.empty())

    page = MAKE_REPORT.out.page

    emit:
    page
}
