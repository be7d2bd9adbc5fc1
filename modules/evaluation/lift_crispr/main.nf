include { quoted ; repeated } from '../../../functions/scripts'

// Elements tested with CRISPR in a cell type, in the assembly of the run.
process LIFT_CRISPR {
    label 'process_low'

    input:
    path table, stageAs: 'table/*'
    val cell_type
    path chain, stageAs: 'chain/*'
    val chrom_sizes
    val code // digest of the script and of the library behind it

    output:
    path 'elements.tsv', emit: elements
    tuple val(task.process), eval('versions.py python pandas pyliftover'), topic: versions

    script:
    """
    # code ${code}
    printf '%s' ${quoted(chrom_sizes)} > chrom.sizes
    'lift_crispr.py' \\
        --table ${table} \\
        --cell_type ${quoted(cell_type)} \\
        ${repeated('--chain', chain)} \\
        --chrom_sizes chrom.sizes \\
        --output elements.tsv
    """

    stub:
    """
    touch elements.tsv
    """
}
