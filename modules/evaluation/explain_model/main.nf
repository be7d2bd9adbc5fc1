include { bytesOf ; flags ; repeated } from '../../../functions/scripts'

// What a model looks at, on a sample with labels: filters, profiles of its calls, importance of marks, attributions.
process EXPLAIN_MODEL {
    tag "${meta.sample} ${meta.model}"
    label 'process_low'
    ext input_bytes: { bytesOf([tensors, signal]) }

    input:
    tuple val(meta), path(bundle, stageAs: 'bundle'), path(tensors), path(signal), path(calls)
    val options
    val code // digest of the script and of the library behind it

    output:
    path "${meta.sample}.${meta.model}.explanation", topic: report
    tuple val(task.process), eval('versions.py python torch captum scipy matplotlib'), topic: versions

    script:
    """
    # code ${code}
    'explain_model.py' \\
        --sample ${meta.sample} \\
        --model ${meta.model} \\
        --bundle ${bundle} \\
        --tensors ${tensors} \\
        --signal ${signal} \\
        ${repeated('--calls', calls)} \\
        ${flags(options)} \\
        --threads ${task.cpus} \\
        --output ${meta.sample}.${meta.model}.explanation
    """

    stub:
    """
    mkdir ${meta.sample}.${meta.model}.explanation
    touch ${meta.sample}.${meta.model}.explanation/explain.json
    """
}
