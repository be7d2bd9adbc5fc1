include { flags ; quoted ; repeated } from '../../../functions/scripts'

// A UCSC track hub and sessions of IGV that lead to all tracks of the run.
process BROWSER_VIEWS {
    label 'process_single'

    input:
    path tracks
    val chrom_sizes
    val options
    val code // digest of the script and of the library behind it

    output:
    path 'hub'
    path 'igv'
    tuple val(task.process), eval('versions.py python'), topic: versions

    script:
    """
    # code ${code}
    printf '%s' ${quoted(chrom_sizes)} > chrom.sizes
    'browser_views.py' \\
        ${repeated('--track', tracks)} \\
        --chrom_sizes chrom.sizes \\
        ${flags(options)} \\
        --hub hub \\
        --igv igv
    """

    stub:
    """
    mkdir hub igv
    """
}
