// Advice for runs that stopped because a task was killed, refused or lost.

/**
 * What to change after a task was killed in all its attempts, or was refused by the scheduler; null where the task itself
 * failed. exitStatus and report are `workflow.exitStatus` and `workflow.errorReport`; a lost job has no exit status. The
 * codes are those that conf/base.config retries.
 */
def adviceOn(Integer exitStatus, String report) {
    def name = (report ?: '').find(/Error executing process > '([^' ]+)/) { _all, process -> process.tokenize(':').last() }
    def refused = (report ?: '').contains('Failed to submit process')
    def lost = (report ?: '').contains('terminated for an unknown reason')
    if (!name || !(refused || lost || exitStatus in (130..145) + [104, 175])) {
        return null
    }
    if (refused) {
        return """\
            The scheduler refused the job of ${name} for the reason given above. --queue and --gpu_queue select queues. If
            a job requests more than a node has, set the limits of the nodes in a file such as site.config:

                process.resourceLimits = [cpus: 16, memory: '60 GB', time: '24 h']

            and run the same command again with: -c site.config -resume
            See docs/clusters.md.""".stripIndent()
    }
    def causes = [
        137: 'exit status 137: it probably exceeded the memory that it requested',
        140: 'exit status 140: it reached its time limit',
        143: 'exit status 143: a user or the scheduler cancelled it',
    ]
    def cause = lost
        ? 'no exit status: the node failed, the scheduler killed the job for its memory use, or a user killed it'
        : causes.get(exitStatus, "exit status ${exitStatus}".toString())
    return """\
        ${name} was killed (${cause}),
        and was retried as often as maxRetries allows. Raise its request in a file such as more.config:

            process { withName: '${name}' { ${exitStatus == 140 ? "time = '48 h'" : "memory = '48 GB'"} } }

        and run the same command again with: -c more.config -resume
        Finished tasks are not repeated. Requests are capped at process.resourceLimits: if that is too low, raise it in the
        same file. See docs/clusters.md.""".stripIndent()
}
