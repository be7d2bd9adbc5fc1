include { bytesOf ; flags ; quoted ; repeated } from '../../../functions/scripts'

// Score an external annotation on the labelled test windows of a sample, as if it were a model.
process SCORE_ANNOTATION {
    tag "${meta.sample} ${meta.name}"
    label 'process_low'
    ext input_bytes: { bytesOf(tensors) }

    input:
    tuple val(meta), path(bed, stageAs: 'bed/*'), path(chain, stageAs: 'chain/*'), path(tensors)
    val options
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("${meta.sample}.${meta.name}.annotation.tsv"), emit: scores
    tuple val(task.process), eval('versions.py python numpy pyliftover bedtools'), topic: versions

    script:
    """
    # code ${code}
    'score_annotation.py' \\
        --name ${meta.name} \\
        --bed ${bed} \\
        --mapping ${quoted(meta.mapping)} \\
        ${repeated('--chain', chain)} \\
        --tensors ${tensors} \\
        ${flags(options)} \\
        --output ${meta.sample}.${meta.name}.annotation.tsv
    """

    stub:
    """
    touch ${meta.sample}.${meta.name}.annotation.tsv
    """
}
