// The end of a run: checksums, advice after a failure, the closing message, and mail.

include { areLinks ; cutShort ; writeChecksums } from './checksums'
include { failureOf } from './failures'
include { mailed } from './mail'
include { closing } from './summary'

/**
 * End a run: the checksums of its results and a summary of them, or why it failed and what to do. `run` is `workflow`,
 * results the folder, mail the parameters of the group, others the files of others in the folder (`claimResults`).
 */
def whenOver(run, String results, Map mail, List others) {
    if (!run.success) {
        def said = failureOf(run)
        def unsent = run.preview ? [] : mailed(run, mail, results, said)
        sayLast { unsent + said }
        return
    }
    if (run.preview) {
        log.info('\nPreview: no task was started and nothing was computed. Leave out -preview to run the pipeline.\n')
        return
    }
    writeChecksums(results, others)
    def table = file("${results}/evaluation/summary.tsv")
    def cached = run.stats.cachedCount
    def message = closing(results, table.exists() ? table.text : null, run.duration.toString(), run.stats.succeedCount + cached, cached)
    log.info('\n' + message + '\n')
    def limits = limitsOf(run, results)
    def unsent = mailed(run, mail, results, [message] + limits)
    sayLast { limits + cutShort("${results}/pipeline_info") + unsent }
}

/** Why the results of a run without an error are not what they seem. */
def limitsOf(run, String results) {
    def ignored = run.stats.ignoredCount
    return [
        run.stubRun ? 'WARN: This was a stub run: its tasks wrote empty files in place of results. Leave out -stub to run the pipeline.' : null,
        areLinks(results) ? "WARN: The results are links to files of ${run.workDir}: they are lost when this work folder is deleted. To keep them, copy them first (cp -rL).".toString() : null,
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

/** The command line without the options of a single launch (-resume, -name) and addresses of mail. */
def repeatable(String command) {
    return command.replaceAll(/\s-(resume|name)(\s+[0-9a-z][0-9a-z_-]*)?(?=\s|$)/, '').replaceAll(/\s--email(_on_fail)?[ =]\S+/, '')
}

/** The parameters that repeat a run, as JSON: not those of mail, which would be sent again. */
def recorded(Map options) {
    def values = options.findAll { group, _values -> group != 'mail' }.values().sum()
    return groovy.json.JsonOutput.toJson(values.findAll { _name, value -> value != null })
}
