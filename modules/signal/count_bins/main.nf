include { flags ; quoted ; repeated } from '../../../functions/scripts'

// Count the reads of one file in the bins of the main chromosomes, and look at the ends of some of them.
process COUNT_BINS {
    tag "${meta.id}"
    label 'process_low'

    input:
    tuple val(meta), path(bam), path(barcodes, stageAs: 'barcodes/*')
    val chrom_sizes
    path blacklist, stageAs: 'blacklist/*'
    val options
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("${meta.id}.counts.zip"), emit: counts
    path "${meta.id}.counts.tsv", emit: records, topic: report
    path "${meta.id}.quality.tsv", emit: quality
    path "${meta.id}.ends.zip", emit: ends
    tuple val(task.process), eval('versions.py python numba deflate zarr featureCounts'), topic: versions

    script:
    """
    # code ${code}
    printf '%s' ${quoted(chrom_sizes)} > chrom.sizes
    'count_bins.py' \\
        --bam ${bam} \\
        ${repeated('--barcodes', barcodes)} \\
        ${flags([reads: meta.reads])} \\
        --id ${meta.id} \\
        --sample ${meta.sample} \\
        --mark ${meta.mark} \\
        --replicate ${meta.replicate} \\
        --assay ${meta.assay} \\
        ${repeated('--rule', meta.rules)} \\
        --chrom_sizes chrom.sizes \\
        ${repeated('--blacklist', blacklist)} \\
        ${flags(options)} \\
        --threads ${task.cpus} \\
        --output ${meta.id}.counts.zip \\
        --summary ${meta.id}.counts.tsv \\
        --quality ${meta.id}.quality.tsv \\
        --ends ${meta.id}.ends.zip
    """

    stub:
    """
    touch ${meta.id}.counts.zip ${meta.id}.counts.tsv ${meta.id}.quality.tsv ${meta.id}.ends.zip
    """
}
