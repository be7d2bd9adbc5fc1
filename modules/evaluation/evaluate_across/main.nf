include { bytesOf ; flags ; repeated } from '../../../functions/scripts'

// Models of one kind, each on the labelled test windows of every sample: how much is lost between cell types.
process EVALUATE_ACROSS {
    tag "${meta.model}"
    label 'process_low'
    ext input_bytes: { bytesOf([tensors, signals]) }

    input:
    tuple val(meta), path(bundles, stageAs: 'bundle/?/*'), path(tensors), path(signals)
    val options
    val code // digest of the script and of the library behind it

    output:
    path "${meta.model}.across.tsv"
    path "${meta.model}.across.png", topic: report
    path "${meta.model}.across.svg"
    tuple val(task.process), eval('versions.py python torch matplotlib'), topic: versions

    script:
    """
    # code ${code}
    'evaluate_across.py' \\
        --model ${meta.model} \\
        ${repeated('--bundle', bundles)} \\
        ${repeated('--tensors', tensors)} \\
        ${repeated('--signal', signals)} \\
        ${flags(options)} \\
        --output ${meta.model}.across.tsv \\
        --plot ${meta.model}.across.png
    """

    stub:
    """
    touch ${meta.model}.across.{tsv,png,svg}
    """
}
