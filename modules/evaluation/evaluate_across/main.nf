include { bytesOf ; flags ; repeated } from '../../../functions/scripts'

// Models of one kind, each trained on another sample, on the labelled test windows of one: how much is lost between cell types.
process EVALUATE_ACROSS {
    tag "${meta.sample} ${meta.model}"
    label 'process_low'
    ext input_bytes: { bytesOf([tensors, signal]) }

    input:
    tuple val(meta), path(bundles, stageAs: 'bundle/?/*'), path(tensors), path(signal)
    val options
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("${meta.sample}.${meta.model}.across.tsv"), emit: scores
    tuple val(task.process), eval('versions.py python torch'), topic: versions

    script:
    """
    # code ${code}
    'evaluate_across.py' \\
        --model ${meta.model} \\
        ${repeated('--bundle', bundles)} \\
        --tensors ${tensors} \\
        --signal ${signal} \\
        ${flags(options)} \\
        --output ${meta.sample}.${meta.model}.across.tsv
    """

    stub:
    """
    touch ${meta.sample}.${meta.model}.across.tsv
    """
}
