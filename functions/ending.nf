// The end of a run: checksums, advice after a failure, and the closing message.

include { cutShort ; writeChecksums } from './checksums'
include { failureOf } from './failures'
include { closing } from './summary'

/**
 * End a run: the checksums of its results and a summary of them, or why it failed and what to do. `run` is `workflow`,
 * results the folder, others the files of others in it (`claimResults`).
 */
def whenOver(run, String results, List others) {
    if (!run.success) {
        def said = failureOf(run)
        sayLast { said }
        return
    }
    if (run.preview) {
        log.info('\nPreview: no task was started and nothing was computed. Leave out -preview to run the pipeline.\n')
        return
    }
    writeChecksums(results, others)
    def table = file("${results}/evaluation/summary.tsv")
    def cached = run.stats.cachedCount
    log.info('\n' + closing(results, table.exists() ? table.text : null, run.duration.toString(), run.stats.succeedCount + cached, cached) + '\n')
    sayLast { limitsOf(run) + cutShort("${results}/pipeline_info") }
}

/** Why the results of a run without an error are not what they seem. */
def limitsOf(run) {
    def ignored = run.stats.ignoredCount
    return [
        run.stubRun ? 'WARN: This was a stub run: its tasks wrote empty files in place of results. Leave out -stub to run the pipeline.' : null,
        ignored ? "WARN: ${ignored} tasks failed and were ignored, as a configuration has it (errorStrategy): results that need them are missing.".toString() : null,
    ].findAll()
}

/**
 * Print lines when everything else has been written: after `onComplete`, Nextflow writes its reports and, in a terminal, the
 * messages of the run once more.
 */
def sayLast(Closure lines) {
    Runtime.runtime.addShutdownHook(new Thread({
        def said = lines.call()
        if (said) {
            System.err.println('\n' + said.join('\n'))
        }
    }))
}

/** The command line without the options of a single launch (-resume, -name). */
def repeatable(String command) {
    return command.replaceAll(/\s-(resume|name)(\s+[0-9a-z][0-9a-z_-]*)?(?=\s|$)/, '')
}
