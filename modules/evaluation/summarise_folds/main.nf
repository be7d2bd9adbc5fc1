include { repeated } from '../../../functions/scripts'

// All folds of all models of a sample: one table, its summary, and a picture.
process SUMMARISE_FOLDS {
    tag "${meta.sample}"
    label 'process_single'

    input:
    tuple val(meta), path(folds)
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("${meta.sample}.folds.tsv")
    tuple val(meta), path("${meta.sample}.folds_summary.tsv")
    path "${meta.sample}.comparison_folds.png", topic: report
    path "${meta.sample}.comparison_folds.svg"
    tuple val(task.process), eval('versions.py python numpy matplotlib'), topic: versions

    script:
    """
    # code ${code}
    'summarise_folds.py' \\
        ${repeated('--fold', folds)} \\
        --output ${meta.sample}.folds.tsv \\
        --summary ${meta.sample}.folds_summary.tsv \\
        --plot ${meta.sample}.comparison_folds.png
    """

    stub:
    """
    touch ${meta.sample}.folds.tsv ${meta.sample}.folds_summary.tsv ${meta.sample}.comparison_folds.{png,svg}
    """
}
