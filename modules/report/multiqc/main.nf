// The run's tables as a MultiQC report. MultiQC is not among the packages of the pipeline: it comes from the PATH, or is in
// images that were built with it (docs/usage.md). Its version stands in its own report.
process MULTIQC {
    label 'process_single'

    input:
    path tables

    output:
    path 'multiqc_report.html'

    script:
    """
    command -v multiqc > /dev/null || { echo 'ERROR: --multiqc: the program multiqc was not found. Install it beside Nextflow, or build the images with MULTIQC=version (docs/usage.md).' >&2; exit 1; }
    multiqc --force --no-ansi --no-data-dir --cl-config 'no_version_check: true' --filename multiqc_report.html .
    """

    stub:
    """
    touch multiqc_report.html
    """
}
