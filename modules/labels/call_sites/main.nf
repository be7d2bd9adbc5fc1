include { bytesOf ; flags } from '../../../functions/scripts'

// Sites of a mark from its reads, in place of a list that the label sheet lacks.
process CALL_SITES {
    tag "${meta.sample} ${meta.mark}"
    label 'process_low'
    ext input_bytes: { bytesOf(signal) }

    input:
    tuple val(meta), val(column), path(signal)
    val options
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), val(column), path("${meta.sample}.${meta.mark}.sites.narrowPeak"), emit: sites
    tuple val(task.process), eval('versions.py python scipy zarr'), topic: versions

    script:
    """
    # code ${code}
    'call_sites.py' \\
        --signal ${signal} \\
        --mark ${meta.mark} \\
        ${flags(options)} \\
        --output ${meta.sample}.${meta.mark}.sites.narrowPeak
    """

    stub:
    """
    touch ${meta.sample}.${meta.mark}.sites.narrowPeak
    """
}
