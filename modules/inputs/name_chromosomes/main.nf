include { quoted ; repeated } from '../../../functions/scripts'

// Give the chromosomes of a list of --genome or --gtf the names that the reads have.
process NAME_CHROMOSOMES {
    tag "${meta.name}"
    label 'process_single'

    input:
    tuple val(meta), path(bed, stageAs: 'genome/*'), path(info, stageAs: 'genome/*') // of --gtf, or nothing
    val chrom_sizes
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("${meta.name}.bed"), emit: lists
    tuple val(task.process), eval('versions.py python pandas'), topic: versions

    script:
    """
    # code ${code}
    printf '%s' ${quoted(chrom_sizes)} > chrom.sizes
    'name_chromosomes.py' \\
        --intervals ${bed} \\
        --chrom_sizes chrom.sizes \\
        ${repeated('--annotation_info', info)} \\
        --output ${meta.name}.bed
    """

    stub:
    """
    touch ${meta.name}.bed
    """
}
