// The end of a run: checksums, advice after a failure, and the closing message.

include { writeChecksums } from './checksums'
include { adviceOn } from './failures'
include { closing } from './summary'

/** Log advice on a failure that the message of the task does not explain. `run` is `workflow`. */
def whenFailed(run) {
    def advice = adviceOn(run.exitStatus, run.errorReport)
    if (advice) {
        log.error(advice)
    }
}

/** Write the checksums of a finished run into its results folder, and log a summary of them. `run` is `workflow`. */
def whenOver(run, String results) {
    if (!run.success) {
        return
    }
    writeChecksums(results)
    def table = file("${results}/evaluation/summary.tsv")
    def cached = run.stats.cachedCount
    log.info('\n' + closing(results, table.exists() ? table.text : null, run.duration.toString(), run.stats.succeedCount + cached, cached) + '\n')
}

/** The command line without the options of a single launch (-resume, -name). */
def repeatable(String command) {
    return command.replaceAll(/\s-(resume|name)(\s+[0-9a-z][0-9a-z_-]*)?(?=\s|$)/, '')
}
