include { codeDigest ; flags } from '../../../functions/scripts'

// Slide a model over a group of chromosomes: calibrated class probabilities of every window.
process PREDICT_GENOME {
    tag "${meta.sample} ${meta.model} ${chroms.join(' ')}"
    label 'process_gpu'

    input:
    tuple val(meta), path(bundle, stageAs: 'bundle'), path(signal), val(group), val(chroms)
    val options
    val device

    output:
    tuple val(meta), path("${meta.sample}.${meta.model}.${group}.probabilities.zip"), emit: probabilities
    tuple val(task.process), eval('versions.py python torch safetensors zarr'), topic: versions

    script:
    """
    # code ${codeDigest('predict_genome.py')}
    predict_genome.py \\
        --bundle ${bundle} \\
        --signal ${signal} \\
        --chroms ${chroms.join(',')} \\
        ${flags(options)} \\
        --device ${device} \\
        --threads ${task.cpus} \\
        --output ${meta.sample}.${meta.model}.${group}.probabilities.zip
    """

    stub:
    """
    touch ${meta.sample}.${meta.model}.${group}.probabilities.zip
    """
}
