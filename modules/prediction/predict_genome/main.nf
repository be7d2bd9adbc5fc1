include { deviceOf } from '../../../functions/catalogue'
include { bytesOf ; flags ; quoted } from '../../../functions/scripts'

// Slide a model over a group of chromosomes: calibrated class probabilities of every window.
process PREDICT_GENOME {
    tag "${meta.sample} ${meta.model} group ${group}"
    label 'process_gpu'
    ext input_bytes: { bytesOf(signal) }, device: { deviceOf(meta.model, device) }

    input:
    tuple val(meta), path(bundle, stageAs: 'bundle'), path(signal), val(group), val(chroms)
    val options
    val device
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("${meta.sample}.${meta.model}.${group}.probabilities.zip"), emit: probabilities
    tuple val(task.process), eval("versions.py python torch safetensors zarr ${deviceOf(meta.model, device) == 'cpu' ? '' : 'cuda gpu'}"), topic: versions

    script:
    """
    # code ${code}
    printf '%s\\n' ${quoted(chroms.join('\n'))} > chroms.txt
    'predict_genome.py' \\
        --bundle ${bundle} \\
        --signal ${signal} \\
        --chroms chroms.txt \\
        ${flags(options)} \\
        --device ${task.ext.device} \\
        --threads ${task.cpus} \\
        --output ${meta.sample}.${meta.model}.${group}.probabilities.zip
    """

    stub:
    """
    touch ${meta.sample}.${meta.model}.${group}.probabilities.zip
    """
}
