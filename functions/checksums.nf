// Checksums of the results of a run, which show later whether a file has changed.

/**
 * Write pipeline_info/checksums.sha256 into a results folder: the SHA-256 of every data file, as `sha256sum --check` reads
 * them. HTML and pipeline_info carry dates and are left out. Results in an object store have checksums of the store.
 */
def writeChecksums(String outdir) {
    def folder = file(outdir)
    if (folder.scheme != 'file') {
        return
    }
    def commands = '''
        set -euo pipefail
        cd -- "$1"
        sum=$(command -v sha256sum || echo 'shasum -a 256')
        find . -type f ! -path './pipeline_info/*' ! -name '*.html' -print0 | LC_ALL=C sort -z | xargs -0 $sum > pipeline_info/checksums.part
        mv pipeline_info/checksums.part pipeline_info/checksums.sha256
    '''
    def done = ['bash', '-c', commands, 'checksums', folder.toString()].execute()
    done.waitForProcessOutput(System.err, System.err)
    if (done.exitValue() != 0) {
        log.warn("The checksums of ${outdir} could not be written; the results are not affected.")
    }
}
