include { deviceOf } from '../../../functions/catalogue'
include { bytesOf ; flags ; repeated } from '../../../functions/scripts'

// One fold of a cross-validation: a model trained from scratch without some chromosomes, and measured on them.
process CROSS_VALIDATE {
    tag "${meta.sample} ${meta.model} fold ${fold}"
    label 'process_gpu'
    ext input_bytes: { bytesOf([signal]) }, device: { deviceOf(meta.model, device) }

    input:
    tuple val(meta), path(signal), path(candidates), val(fold)
    path tss, stageAs: 'tss/*'
    val options
    val device
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("${meta.model}.${fold}.fold.tsv"), emit: scores
    tuple val(task.process), eval("versions.py python torch safetensors scikit-learn ${deviceOf(meta.model, device) == 'cpu' ? '' : 'cuda gpu'}"), topic: versions

    script:
    """
    # code ${code}
    'cross_validate.py' \\
        --signal ${signal} \\
        --candidates ${candidates} \\
        ${repeated('--tss', tss)} \\
        --model ${meta.model} \\
        --fold ${fold} \\
        ${flags(options)} \\
        --device ${task.ext.device} \\
        --threads ${task.cpus} \\
        --output ${meta.model}.${fold}.fold.tsv
    """

    stub:
    """
    touch ${meta.model}.${fold}.fold.tsv
    """
}
