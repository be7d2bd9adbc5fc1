include { deviceOf } from '../../../functions/catalogue'
include { bytesOf ; flags ; repeated } from '../../../functions/scripts'

// The models of a sample on its test chromosomes with a part of the reads: how deep a sample has to be sequenced.
process EVALUATE_DEPTHS {
    tag "${meta.sample}"
    label 'process_gpu'
    ext input_bytes: { bytesOf([tensors, counts]) }, device: { deviceOf(models, device) }

    input:
    tuple val(meta), val(models), path(bundles, stageAs: 'bundle/?/*'), path(tensors), path(counts), val(controls)
    val options
    val device
    val code // digest of the script and of the library behind it

    output:
    path "${meta.sample}.depths.tsv"
    path "${meta.sample}.comparison_depths.png", topic: report
    path "${meta.sample}.comparison_depths.svg"
    tuple val(task.process), eval("versions.py python torch safetensors zarr matplotlib ${deviceOf(models, device) == 'cpu' ? '' : 'cuda gpu'}"), topic: versions

    script:
    """
    # code ${code}
    'evaluate_depths.py' \\
        ${repeated('--model', models)} \\
        ${repeated('--bundle', bundles)} \\
        --tensors ${tensors} \\
        ${repeated('--counts', counts)} \\
        ${repeated('--controls', controls)} \\
        ${flags(options)} \\
        --device ${task.ext.device} \\
        --threads ${task.cpus} \\
        --output ${meta.sample}.depths.tsv \\
        --plot ${meta.sample}.comparison_depths.png
    """

    stub:
    """
    touch ${meta.sample}.depths.tsv ${meta.sample}.comparison_depths.{png,svg}
    """
}
