include { repeated } from '../../../functions/scripts'

// All models of a sample in one table, with paired differences against a reference model.
process COMPARE_MODELS {
    tag "${meta.sample}"
    label 'process_single'

    input:
    tuple val(meta), path(evaluations)
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("${meta.sample}.comparison.tsv"), emit: comparison
    tuple val(task.process), eval('versions.py python numpy'), topic: versions

    script:
    """
    # code ${code}
    'compare_models.py' \\
        ${repeated('--evaluation', evaluations)} \\
        --output ${meta.sample}.comparison.tsv
    """

    stub:
    """
    touch ${meta.sample}.comparison.tsv
    """
}
