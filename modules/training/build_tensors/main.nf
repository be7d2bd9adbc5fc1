include { codeDigest ; flags } from '../../../functions/scripts'

// The labelled windows of a sample as one array, samples x marks x bins, divided into training, validation and test.
process BUILD_TENSORS {
    tag "${meta.sample}"
    label 'process_low'

    input:
    tuple val(meta), path(signal), path(candidates)
    val options

    output:
    tuple val(meta), path("${meta.sample}.tensors.safetensors"), emit: tensors
    tuple val(meta), path("${meta.sample}.regions.bed"), emit: regions
    path "${meta.sample}.regions.tsv", emit: summary
    tuple val(task.process), eval('versions.py python numpy safetensors zarr'), topic: versions

    script:
    """
    # code ${codeDigest('build_tensors.py')}
    build_tensors.py \\
        --sample ${meta.sample} \\
        --signal ${signal} \\
        --candidates ${candidates} \\
        ${flags(options)} \\
        --output ${meta.sample}.tensors.safetensors \\
        --regions_output ${meta.sample}.regions.bed \\
        --summary ${meta.sample}.regions.tsv
    """

    stub:
    """
    touch ${meta.sample}.tensors.safetensors ${meta.sample}.regions.bed ${meta.sample}.regions.tsv
    """
}
