// The last words on a failed run: what its task said, and what to do.

/**
 * Lines that say which task failed, why, in its own words, and what to do; none where a user stopped the run. `run` is
 * `workflow`.
 */
def failureOf(run) {
    def report = run.errorReport ?: ''
    def name = report.find(/Error executing process > '([^']+)'/) { _all, task -> task.replaceFirst('^[^ (]*:', '') }
    if (!name) {
        return run.errorMessage && !run.errorMessage.startsWith('SIG') ? ['The run failed:', "  ${run.errorMessage}".toString()] : []
    }
    def stderr = report.find(/(?m)^Work dir:\n +(.+)$/) { _all, folder -> errorsOf(folder) } ?: ''
    def own = sentencesIn(stderr)
    def advice = adviceOn(run.exitStatus, report) ?: (own ? null : adviceOnMachine(run.exitStatus, report + stderr, run.containerEngine, run.projectDir))
    return ["${name} failed:".toString()] + (own ?: lastLines(stderr ?: report)).collect { line -> "  ${line}".toString() } + (advice ? [advice] : [])
}

/** What a task wrote to stderr; the report of Nextflow has the last 50 lines only. */
def errorsOf(String folder) {
    def log = file(folder, glob: false).resolve('.command.err')
    return log.exists() && log.size() < 16e6 ? log.text : ''
}

/** The sentences that begin with ERROR, each with the list below it; at most 40 lines. */
def sentencesIn(String stderr) {
    def found = []
    stderr.readLines().each { line ->
        if (line.startsWith('ERROR: ') || (found && line.startsWith('  - '))) {
            found << line
        }
    }
    return found.size() > 40 ? found.take(40) + ["  - and ${found.size() - 40} more lines: see .command.err in the folder of the task.".toString()] : found
}

/** The cause that Nextflow names, or the end of what a program wrote: a traceback has its error there. */
def lastLines(String text) {
    def cause = text.readLines().dropWhile { line -> !line.startsWith('Caused by:') }.drop(1).takeWhile { line -> line.trim() }
    return (cause ?: text.readLines().findAll { line -> line.trim() }.takeRight(3)).collect { line -> line.trim() }
}

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

/**
 * What to install, start or build where a task ended without a sentence of its own; null if nothing is known. `said` is the
 * report with what the task wrote to stderr, engine that of containers or null, folder that of the pipeline.
 */
def adviceOnMachine(Integer exitStatus, String said, String engine, folder) {
    def known = lacksOf(engine, folder).find { lack -> lack.signs.any { sign -> said.toLowerCase(Locale.ROOT).contains(sign.toString().toLowerCase(Locale.ROOT)) } }
    if (known) {
        return known.advice.toString()
    }
    if (exitStatus == 127) {
        return lacksOf(engine, folder).last().advice.toString()
    }
    return said.contains('Traceback (most recent')
        ? 'This is an error of the pipeline: please report it with the files that docs/troubleshooting.md names.'
        : null
}

/** What a machine may lack, as maps: signs of it in the messages of other programs, and advice. The last is about packages. */
def lacksOf(String engine, folder) {
    def disk = [
        signs: ['No space left on device', 'Disk quota exceeded'],
        advice: 'A disk is full: free some space for the work folder and the results, and run the same command with -resume.',
    ]
    if (!engine) {
        return [
            disk,
            [
                signs: ['Failed to create Conda environment'],
                advice: 'The Conda environment could not be made, for the reason given above. -profile conda and mamba need the program of that name where Nextflow runs, and access to conda-forge, bioconda and PyPI (docs/containers.md).',
            ],
            [
                signs: ['No module named', 'No package metadata', 'cannot import name', 'SyntaxError: '],
                advice: "Programs or Python packages of the pipeline are missing where the task ran: run make setup in ${folder}, or choose containers, e.g. -profile docker.",
            ],
        ]
    }
    def programs = engine == 'charliecloud' ? ['ch-run', 'ch-image'] : [engine]
    return [
        disk,
        [
            signs: programs.collectMany { program -> ["${program}: command not found", "${program}: not found"] },
            advice: "The program ${programs[0]} of -profile ${engine} is not installed where the task ran: install it, choose the profile of another engine, or run make setup in ${folder} and leave the profile out.",
        ],
        [
            signs: ['Cannot connect to the', 'Cannot connect to Podman', 'failed to connect to the docker API', 'trying to connect to the docker', 'error during connect'],
            advice: "No ${engine} engine answers: start it, e.g. with systemctl start ${engine}, or let an administrator allow this user to call it.",
        ],
        [
            signs: ['Unable to find image', 'pull access denied', 'manifest unknown', 'No such image', 'image not known', 'did not resolve to an alias', 'initializing source', 'Failed to pull', 'could not open image', "can't find image", "can't stat"],
            advice: 'The image of the task is not on this machine and could not be pulled: build it with make images, or name its registry, or the folder of its files, with --container_registry (docs/containers.md).',
        ],
        [
            signs: ['No module named', 'No package metadata', 'cannot import name'],
            advice: 'The image of the task lacks a program or a package of this version: build it again with make images.',
        ],
    ]
}
