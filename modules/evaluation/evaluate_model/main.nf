include { bytesOf ; flags ; repeated } from '../../../functions/scripts'

// Accuracy of a model on the test windows of a sample, and on every window and call of the test chromosomes.
process EVALUATE_MODEL {
    tag "${meta.sample} ${meta.model}"
    label 'process_low'
    ext input_bytes: { bytesOf([tensors, signal, probabilities]) }

    input:
    tuple val(meta), path(bundle, stageAs: 'bundle'), path(tensors), path(signal), path(probabilities), path(calls), path(cutoffs)
    path tss, stageAs: 'tss/*'
    val options
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("${prefix}.evaluation"), emit: evaluation, topic: report
    path "${prefix}.files/*" // one by one: EXPLAIN_MODEL publishes a folder beside them
    path "${prefix}.model_card.md"
    tuple val(task.process), eval('versions.py python torch scikit-learn matplotlib'), topic: versions

    script:
    prefix = "${meta.sample}.${meta.model}"
    """
    # code ${code}
    'evaluate_model.py' \\
        --sample ${meta.sample} \\
        --model ${meta.model} \\
        --bundle ${bundle} \\
        --tensors ${tensors} \\
        --signal ${signal} \\
        ${repeated('--probabilities', probabilities)} \\
        ${repeated('--calls', calls)} \\
        ${repeated('--cutoffs', cutoffs)} \\
        ${repeated('--tss', tss)} \\
        ${flags(options)} \\
        --output ${prefix}.evaluation \\
        --model_card ${prefix}.model_card.md
    cp -r ${prefix}.evaluation ${prefix}.files
    """

    stub:
    prefix = "${meta.sample}.${meta.model}"
    """
    mkdir ${prefix}.evaluation
    touch ${prefix}.evaluation/metrics.json ${prefix}.model_card.md
    cp -r ${prefix}.evaluation ${prefix}.files
    """
}
