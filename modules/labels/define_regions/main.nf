include { flags ; quoted ; repeated } from '../../../functions/scripts'

// Windows of promoters, enhancers and background from TSSs and peak lists, with a count of what each rule dropped.
process DEFINE_REGIONS {
    tag "${meta.sample}"
    label 'process_low'

    input:
    tuple val(meta), path(dhs, stageAs: 'dhs/*'), path(enhancers, stageAs: 'enhancers/?/*'), path(promoter_marks, stageAs: 'promoter_marks/?/*'), path(tfbs, stageAs: 'tfbs/?/*')
    path tss, stageAs: 'tss/*'
    val chrom_sizes
    path blacklist, stageAs: 'blacklist/*'
    path gaps, stageAs: 'gaps/*'
    val options
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("${meta.sample}.candidates.bed"), emit: candidates
    path "${meta.sample}.dropped.tsv", topic: report
    tuple val(task.process), eval('versions.py python pybedtools bedtools'), topic: versions

    script:
    """
    # code ${code}
    printf '%s' ${quoted(chrom_sizes)} > chrom.sizes
    'define_regions.py' \\
        --sample ${meta.sample} \\
        --tss ${tss} \\
        --dhs ${dhs} \\
        ${repeated('--enhancers', enhancers)} \\
        ${repeated('--promoter_marks', promoter_marks)} \\
        ${repeated('--tfbs', tfbs)} \\
        ${repeated('--blacklist', blacklist)} \\
        ${repeated('--gaps', gaps)} \\
        --chrom_sizes chrom.sizes \\
        ${flags(options)} \\
        --output ${meta.sample}.candidates.bed \\
        --dropped ${meta.sample}.dropped.tsv
    """

    stub:
    """
    touch ${meta.sample}.candidates.bed ${meta.sample}.dropped.tsv
    """
}
