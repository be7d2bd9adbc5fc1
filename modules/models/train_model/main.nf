include { deviceOf } from '../../../functions/catalogue'
include { bytesOf ; flags ; repeated } from '../../../functions/scripts'

// Train one kind of model on one sample, or on several together, once for each seed, and calibrate it on the validation windows.
process TRAIN_MODEL {
    tag "${meta.trained_on} ${meta.model}"
    label 'process_gpu'
    ext input_bytes: { bytesOf([tensors, signal]) }, device: { deviceOf(meta.model, device) }

    input:
    tuple val(meta), path(tensors), path(signal)
    path tss, stageAs: 'tss/*'
    val options
    val device
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path('bundle'), emit: bundle
    path "${meta.trained_on}.${meta.model}.files/*" // one by one: the model card is published beside them
    path "${meta.trained_on}.${meta.model}.model.json", topic: report
    tuple val(task.process), eval("versions.py python torch safetensors scikit-learn ${deviceOf(meta.model, device) == 'cpu' ? '' : 'cuda gpu'}"), topic: versions

    script:
    """
    # code ${code}
    'train_model.py' \\
        ${repeated('--tensors', tensors)} \\
        ${repeated('--signal', signal)} \\
        ${repeated('--tss', tss)} \\
        --model ${meta.model} \\
        ${flags(options)} \\
        --device ${task.ext.device} \\
        --threads ${task.cpus} \\
        --output bundle
    cp -r bundle .part
    mv .part ${meta.trained_on}.${meta.model}.files
    cp bundle/model.json ${meta.trained_on}.${meta.model}.model.json
    """

    stub:
    """
    mkdir bundle
    touch bundle/model.json bundle/model.safetensors
    cp -r bundle ${meta.trained_on}.${meta.model}.files
    cp bundle/model.json ${meta.trained_on}.${meta.model}.model.json
    """
}
