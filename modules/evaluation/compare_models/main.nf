include { repeated } from '../../../functions/scripts'

// All models of a sample in one table, with paired differences against a reference model.
process COMPARE_MODELS {
    tag "${meta.sample}"
    label 'process_single'

    input:
    tuple val(meta), path(evaluations), path(annotations), path(validation)
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("${meta.sample}.comparison.tsv")
    path "${meta.sample}.annotations.tsv", optional: true, topic: report
    path "${meta.sample}.comparison_*.png", topic: report
    path "${meta.sample}.comparison_*.svg"
    tuple val(task.process), eval('versions.py python numpy matplotlib'), topic: versions

    script:
    """
    # code ${code}
    'compare_models.py' \\
        ${repeated('--evaluation', evaluations)} \\
        ${repeated('--annotation', annotations)} \\
        ${repeated('--validation', validation)} \\
        --output ${meta.sample}.comparison.tsv \\
        --plots ${meta.sample}.comparison \\
        --annotations ${meta.sample}.annotations.tsv
    """

    stub:
    """
    touch ${meta.sample}.comparison.tsv ${meta.sample}.comparison_{pr,bars,confusion,chromosomes}.{png,svg}
    """
}
