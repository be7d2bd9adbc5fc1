// How a run ends: what it writes last, and what it says.

include { writeChecksums } from './checksums'
include { adviceOn } from './failures'
include { closing } from './summary'

/** Say what can be done about a failure, where the message of the task does not. `run` is `workflow`. */
def whenFailed(run) {
    def advice = adviceOn(run.exitStatus, run.errorReport)
    if (advice) {
        log.error(advice)
    }
}

/** Write the checksums of a finished run into its results folder, and say what was found there. `run` is `workflow`. */
def whenOver(run, String results) {
    if (!run.success) {
        return
    }
    writeChecksums(results)
    def table = file("${results}/evaluation/summary.tsv")
    def cached = run.stats.cachedCount
    log.info('\n' + closing(results, table.exists() ? table.text : null, run.duration.toString(), run.stats.succeedCount + cached, cached) + '\n')
}

/** The command line without what belongs to this one launch. */
def repeatable(String command) {
    return command.replaceAll(/\s-(resume|name)(\s+[0-9a-z][0-9a-z_-]*)?(?=\s|$)/, '')
}
