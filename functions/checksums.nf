// Whether files are whole: checksums of the results, which show later whether one has changed, and the reports of Nextflow.

/**
 * A sentence for each report of Nextflow in a folder that ends in the middle: Nextflow does not say when a disk is full. The
 * names are those of conf/reports.config.
 */
def cutShort(String folder) {
    def names = ['execution_report.html', 'execution_timeline.html', 'execution_trace.txt', 'pipeline_dag.html']
    def reports = file(folder).scheme == 'file' ? names.collect { name -> file("${folder}/${name}") }.findAll { path -> path.exists() } : []
    return reports.findAll { path -> !endsWell(path) }.collect { path ->
        "WARN: ${path} is cut short, probably because the disk is full. The results are whole; free some space for the next run.".toString()
    }
}

/** Whether a page is closed, and a table has all columns in its last line. */
def endsWell(path) {
    def text = path.text
    if (path.name.endsWith('.html')) {
        return text.trim().endsWith('</html>')
    }
    def lines = text.readLines()
    return text.endsWith('\n') && lines && lines.last().count('\t') == lines.first().count('\t')
}

/** Whether the results in a folder are symbolic links, as --publish_dir_mode symlink and rellink make them. */
def areLinks(String outdir) {
    def folder = file(outdir)
    return folder.scheme == 'file' && java.nio.file.Files.isSymbolicLink(folder.resolve('report.html'))
}

/**
 * Write pipeline_info/checksums.sha256 into a results folder: the SHA-256 of every data file, as `sha256sum --check` reads
 * them. HTML and pipeline_info carry dates and are left out, and so are the files of others (`claimResults`). Results in an
 * object store have checksums of the store.
 */
def writeChecksums(String outdir, List others) {
    def folder = file(outdir)
    if (folder.scheme != 'file') {
        return
    }
    def commands = '''
        set -euo pipefail
        cd -- "$1"
        sum=$(command -v sha256sum || echo 'shasum -a 256')
        find $2 . -type f ! -path './pipeline_info/*' ! -name '*.html' -print0 | LC_ALL=C sort -z | xargs -0 $sum > pipeline_info/checksums.part
    '''
    def done = ['bash', '-c', commands, 'checksums', folder.toString(), areLinks(outdir) ? '-L' : '-P'].execute()
    done.waitForProcessOutput(System.err, System.err)
    if (done.exitValue() != 0) {
        log.warn("The checksums of ${outdir} could not be written; the results are not affected.")
        return
    }
    def part = folder.resolve('pipeline_info/checksums.part')
    if (others) {
        def theirs = others.toSet()
        // A line is the sum, two characters and the path.
        def ours = part.readLines().findAll { line -> !(line.replaceFirst('^[0-9a-f]+ [ *][.]/', '') in theirs) }
        part.text = ours.collect { line -> line + '\n' }.join('')
    }
    part.moveTo(folder.resolve('pipeline_info/checksums.sha256'))
}
