include { flags ; repeated } from '../../../functions/scripts'

// Compare the calls of a model with elements tested with CRISPR.
process VALIDATE_CRISPR {
    tag "${meta.sample} ${meta.model}"
    label 'process_low'

    input:
    tuple val(meta), path(bundle, stageAs: 'bundle'), path(probabilities), path(calls)
    path elements
    val options
    val code // digest of the script and of the library behind it

    output:
    path "${prefix}.crispr.tsv", topic: report
    path "${prefix}.crispr_elements.tsv"
    tuple val(task.process), eval('versions.py python numpy zarr'), topic: versions

    script:
    prefix = "${meta.sample}.${meta.model}"
    """
    # code ${code}
    'validate_crispr.py' \\
        --bundle ${bundle} \\
        --elements ${elements} \\
        ${repeated('--probabilities', probabilities)} \\
        --calls ${calls} \\
        ${flags(options)} \\
        --output ${prefix}.crispr.tsv \\
        --element_table ${prefix}.crispr_elements.tsv
    """

    stub:
    prefix = "${meta.sample}.${meta.model}"
    """
    touch ${prefix}.crispr.tsv ${prefix}.crispr_elements.tsv
    """
}
