include { flags ; quoted ; repeated } from '../../../functions/scripts'

// Windows of promoters, enhancers and background from TSSs and peak lists, with a count of what each rule dropped.
process DEFINE_REGIONS {
    tag "${meta.sample}"
    label 'process_low'

    input:
    tuple val(meta), path(dhs, stageAs: 'dhs/*'), path(enhancers, stageAs: 'enhancers/?/*'), path(h3k27ac, stageAs: 'h3k27ac/?/*'), path(promoter_marks, stageAs: 'promoter_marks/?/*'), path(tfbs, stageAs: 'tfbs/?/*'), val(enhancer_labels), val(called)
    path tss, stageAs: 'tss/*'
    val chrom_sizes
    path blacklist, stageAs: 'blacklist/*'
    path gaps, stageAs: 'gaps/*'
    val options
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("${meta.sample}.candidates.bed"), emit: candidates
    path "${meta.sample}.dropped.tsv", topic: report
    tuple val(meta), path("${meta.sample}.sources.tsv"), emit: sources, topic: report
    tuple val(task.process), eval('versions.py python pybedtools bedtools'), topic: versions

    script:
    """
    # code ${code}
    printf '%s' ${quoted(chrom_sizes)} > chrom.sizes
    'define_regions.py' \\
        --sample ${meta.sample} \\
        --tss ${tss} \\
        ${repeated('--dhs', dhs)} \\
        ${repeated('--enhancers', enhancers)} \\
        ${repeated('--h3k27ac', h3k27ac)} \\
        ${repeated('--promoter_marks', promoter_marks)} \\
        ${repeated('--tfbs', tfbs)} \\
        ${repeated('--blacklist', blacklist)} \\
        ${repeated('--gaps', gaps)} \\
        --chrom_sizes chrom.sizes \\
        ${flags(options + [enhancer_labels: enhancer_labels])} \\
        ${repeated('--called', called)} \\
        --output ${meta.sample}.candidates.bed \\
        --dropped ${meta.sample}.dropped.tsv \\
        --sources ${meta.sample}.sources.tsv
    """

    stub:
    """
    touch ${meta.sample}.candidates.bed ${meta.sample}.dropped.tsv ${meta.sample}.sources.tsv
    """
}
