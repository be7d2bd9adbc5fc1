include { bytesOf ; flags ; repeated } from '../../../functions/scripts'

// Accuracy of a model on the test windows of a sample, and on every window and call of the test chromosomes.
process EVALUATE_MODEL {
    tag "${meta.sample} ${meta.model}"
    label 'process_low'
    ext input_bytes: { bytesOf([tensors, signal, probabilities]) }

    input:
    tuple val(meta), path(bundle, stageAs: 'bundle'), path(tensors), path(signal), path(probabilities), path(calls)
    path tss, stageAs: 'tss/*'
    val options
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("evaluation/${meta.model}"), emit: evaluation
    path "${meta.sample}/${meta.model}/*", emit: files // one by one: EXPLAIN_MODEL publishes a folder beside them
    path "${meta.sample}.${meta.model}.model_card.md", emit: model_card
    tuple val(task.process), eval('versions.py python torch scikit-learn matplotlib'), topic: versions

    script:
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
        ${repeated('--tss', tss)} \\
        ${flags(options)} \\
        --output evaluation/${meta.model} \\
        --model_card ${meta.sample}.${meta.model}.model_card.md
    mkdir -p ${meta.sample}
    cp -r evaluation/${meta.model} ${meta.sample}/${meta.model}
    """

    stub:
    """
    mkdir -p evaluation/${meta.model} ${meta.sample}
    touch evaluation/${meta.model}/metrics.json ${meta.sample}.${meta.model}.model_card.md
    cp -r evaluation/${meta.model} ${meta.sample}/${meta.model}
    """
}
