include { repeated } from '../../../functions/scripts'

// How far the test windows of a sample lie from open chromatin, TSSs and factors, and how much of the background is open.
process DESCRIBE_WINDOWS {
    tag "${meta.sample}"
    label 'process_low'

    input:
    tuple val(meta), path(tensors), path(dhs, stageAs: 'dhs/*'), path(enhancers, stageAs: 'enhancers/?/*'), path(tfbs, stageAs: 'tfbs/?/*')
    path tss, stageAs: 'tss/*'
    val code // digest of the script and of the library behind it

    output:
    path "${meta.sample}.test_windows.tsv", topic: report
    path "${meta.sample}.test_windows.png", topic: report
    path "${meta.sample}.test_windows.svg"
    path "${meta.sample}.open_background.tsv", topic: report
    tuple val(task.process), eval('versions.py python pybedtools bedtools safetensors matplotlib'), topic: versions

    script:
    """
    # code ${code}
    'describe_windows.py' \\
        --sample ${meta.sample} \\
        --tensors ${tensors} \\
        ${repeated('--dhs', dhs)} \\
        --tss ${tss} \\
        ${repeated('--enhancers', enhancers)} \\
        ${repeated('--tfbs', tfbs)} \\
        --output ${meta.sample}.test_windows.tsv \\
        --plot ${meta.sample}.test_windows.png \\
        --background ${meta.sample}.open_background.tsv
    """

    stub:
    """
    touch ${meta.sample}.test_windows.{tsv,png,svg} ${meta.sample}.open_background.tsv
    """
}
