include { deviceOf } from '../../../functions/catalogue'
include { bytesOf ; flags ; repeated } from '../../../functions/scripts'

// Class probabilities of the user's own regions, of any width, and the classes that the calls give them.
process SCORE_REGIONS {
    tag "${meta.sample} ${meta.model}"
    label 'process_gpu'
    ext input_bytes: { bytesOf(signal) }, device: { deviceOf(meta.model, device) }

    input:
    tuple val(meta), path(bundle, stageAs: 'bundle'), path(signal), path(cutoffs)
    path regions, stageAs: 'regions/*'
    path tss, stageAs: 'tss/*'
    val options
    val device
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("${meta.sample}.${meta.model}.regions.tsv")
    tuple val(task.process), eval("versions.py python torch safetensors zarr ${deviceOf(meta.model, device) == 'cpu' ? '' : 'cuda gpu'}"), topic: versions

    script:
    """
    # code ${code}
    'score_regions.py' \\
        --bundle ${bundle} \\
        --signal ${signal} \\
        --regions ${regions} \\
        --cutoffs ${cutoffs} \\
        ${repeated('--tss', tss)} \\
        ${flags(options)} \\
        --device ${task.ext.device} \\
        --threads ${task.cpus} \\
        --output ${meta.sample}.${meta.model}.regions.tsv
    """

    stub:
    """
    touch ${meta.sample}.${meta.model}.regions.tsv
    """
}
