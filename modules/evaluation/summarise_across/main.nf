include { repeated } from '../../../functions/scripts'

// The accuracy of one kind of model, trained on each sample and tested on all: one table, and heat maps.
process SUMMARISE_ACROSS {
    tag "${meta.model}"
    label 'process_single'

    input:
    tuple val(meta), path(tested)
    val code // digest of the script and of the library behind it

    output:
    path "${meta.model}.across.tsv"
    path "${meta.model}.across.png", topic: report
    path "${meta.model}.across.svg"
    tuple val(task.process), eval('versions.py python numpy matplotlib'), topic: versions

    script:
    """
    # code ${code}
    'summarise_across.py' \\
        ${repeated('--tested', tested)} \\
        --output ${meta.model}.across.tsv \\
        --plot ${meta.model}.across.png
    """

    stub:
    """
    touch ${meta.model}.across.{tsv,png,svg}
    """
}
