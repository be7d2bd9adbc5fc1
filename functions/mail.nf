// The e-mail at the end of a run, for --email and --email_on_fail.

/**
 * Send what a run ended with, as plain text. `run` is `workflow`, `mail` the parameters of the group, `said` the lines of the
 * closing message or of the failure. Returns a sentence for each address that it could not be sent to.
 */
def mailed(run, Map mail, String results, List said) {
    def subject = "${run.manifest.name} ${run.success ? 'has finished' : 'has failed'}: ${run.runName}".toString()
    def text = letter(run, results, said)
    return [mail.email, run.success ? null : mail.email_on_fail].findAll().unique().collect { address -> unsent(address.toString(), subject, text) }.findAll()
}

/** The text of the mail. */
def letter(run, String results, List said) {
    def folder = file(results)
    def report = folder.resolve('report.html')
    def facts = [
        Results: folder.toUriString(),
        Report: run.success && report.exists() ? report.toUriString() : null,
        Log: run.success ? null : "${run.launchDir}/.nextflow.log",
        'Launch folder': run.launchDir,
        Command: run.commandLine,
    ].findAll { _name, value -> value }
    def words = said ?: ["Stopped: ${run.errorMessage}"]
    return (words + [''] + facts.collect { name, value -> "${name}: ${value}" }).join('\n') + '\n'
}

/** Send a mail. Returns why that was not possible: it must not make a run fail. */
def unsent(String address, String subject, String text) {
    try {
        sendMail(to: address, subject: subject, text: text)
        return null
    }
    catch (Exception fault) {
        log.debug("No mail to ${address}", fault)
        def reason = (fault.message ?: fault.toString()).readLines()*.trim().findAll().join('; ')
        return "WARN: No e-mail could be sent to ${address} (${reason}). The results are not affected; docs/usage.md says what sending needs.".toString()
    }
}
