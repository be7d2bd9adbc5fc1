include { flags ; repeated } from '../../../functions/scripts'

// Read the header and index of one BAM file; make the index, in the task's folder, where there is none. Other files are read whole.
process INSPECT_BAM {
    tag "${meta.id}"
    label 'process_single'

    input:
    tuple val(meta), path(bam), path(barcodes, stageAs: 'barcodes/*'), path(index)
    val code // digest of the script and of the library behind it

    output:
    path "${meta.id}.bam.json", emit: info
    tuple val(task.process), eval('versions.py python pysam'), topic: versions

    script:
    def given = index ? "--index ${index}" : ''
    """
    # code ${code}
    'inspect_bam.py' \\
        --bam ${bam} ${given} \\
        ${repeated('--barcodes', barcodes)} \\
        ${flags([reads: meta.reads])} \\
        --id ${meta.id} \\
        --sample ${meta.sample} \\
        --mark ${meta.mark} \\
        --replicate ${meta.replicate} \\
        --assay ${meta.assay} \\
        ${repeated('--rule', meta.rules)} \\
        --role ${meta.role} \\
        --threads ${task.cpus} \\
        --output ${meta.id}.bam.json
    """

    stub:
    """
    touch ${meta.id}.bam.json
    """
}
