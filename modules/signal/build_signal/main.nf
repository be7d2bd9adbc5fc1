include { bytesOf ; flags ; repeated } from '../../../functions/scripts'

// Turn the counts of a sample into reads per million: replicates pooled, controls taken into account.
process BUILD_SIGNAL {
    tag "${meta.sample}"
    label 'process_low'
    ext input_bytes: { bytesOf(counts) }

    input:
    tuple val(meta), path(counts), val(controls)
    val options
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("${meta.sample}.signal.zip"), emit: signal
    path "${meta.sample}.signal.tsv", topic: report
    tuple val(task.process), eval('versions.py python numpy zarr'), topic: versions

    script:
    """
    # code ${code}
    'build_signal.py' \\
        --sample ${meta.sample} \\
        ${repeated('--counts', counts)} \\
        ${repeated('--controls', controls)} \\
        ${flags(options)} \\
        --output ${meta.sample}.signal.zip \\
        --summary ${meta.sample}.signal.tsv
    """

    stub:
    """
    touch ${meta.sample}.signal.zip ${meta.sample}.signal.tsv
    """
}
