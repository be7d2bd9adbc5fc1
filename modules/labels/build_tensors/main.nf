include { bytesOf ; flags } from '../../../functions/scripts'

// The labelled windows of a sample as one array, samples x marks x bins, divided into training, validation and test.
process BUILD_TENSORS {
    tag "${meta.sample}"
    label 'process_low'
    ext input_bytes: { bytesOf(signal) }

    input:
    tuple val(meta), path(signal), path(candidates), path(sources)
    val options
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("${meta.sample}.tensors.safetensors"), emit: tensors
    tuple val(meta), path("${meta.sample}.regions.bed"), emit: regions
    path "${meta.sample}.regions.tsv", topic: report
    tuple val(task.process), eval('versions.py python numpy safetensors zarr'), topic: versions

    script:
    """
    # code ${code}
    'build_tensors.py' \\
        --sample ${meta.sample} \\
        --signal ${signal} \\
        --candidates ${candidates} \\
        --sources ${sources} \\
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
