include { bytesOf ; flags ; repeated } from '../../../functions/scripts'

// Make a model of rules for one sample, which needs no labels.
process FIT_RULES {
    tag "${meta.trained_on} ${meta.model}"
    label 'process_low'
    ext input_bytes: { bytesOf(signal) }

    input:
    tuple val(meta), path(signal)
    path tss, stageAs: 'tss/*'
    val options
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path('bundle'), emit: bundle
    path "${meta.trained_on}.${meta.model}.files/*"
    path "${meta.trained_on}.${meta.model}.model.json", topic: report
    tuple val(task.process), eval('versions.py python torch safetensors zarr'), topic: versions

    script:
    """
    # code ${code}
    'fit_rules.py' \\
        --signal ${signal} \\
        ${repeated('--tss', tss)} \\
        --model ${meta.model} \\
        ${flags(options)} \\
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
