include { quoted ; repeated } from '../../../functions/scripts'

// How far the test windows of a sample lie from open chromatin, TSSs and factors.
process DESCRIBE_WINDOWS {
    tag "${meta.sample}"
    label 'process_low'

    input:
    tuple val(meta), path(regions), path(dhs, stageAs: 'dhs/*'), path(enhancers, stageAs: 'enhancers/?/*'), path(tfbs, stageAs: 'tfbs/?/*')
    path tss, stageAs: 'tss/*'
    val chrom_sizes
    val classes
    val code // digest of the script and of the library behind it

    output:
    path "${meta.sample}.test_windows.tsv", topic: report
    path "${meta.sample}.test_windows.png", topic: report
    path "${meta.sample}.test_windows.svg"
    tuple val(task.process), eval('versions.py python pybedtools bedtools matplotlib'), topic: versions

    script:
    """
    # code ${code}
    printf '%s' ${quoted(chrom_sizes)} > chrom.sizes
    'describe_windows.py' \\
        --sample ${meta.sample} \\
        --regions ${regions} \\
        --classes ${classes} \\
        --chrom_sizes chrom.sizes \\
        ${repeated('--dhs', dhs)} \\
        --tss ${tss} \\
        ${repeated('--enhancers', enhancers)} \\
        ${repeated('--tfbs', tfbs)} \\
        --output ${meta.sample}.test_windows.tsv \\
        --plot ${meta.sample}.test_windows.png
    """

    stub:
    """
    touch ${meta.sample}.test_windows.{tsv,png,svg}
    """
}
