include { flags ; repeated } from '../../../functions/scripts'

// List the TSSs of a gene annotation, with chromosomes as it names them, and describe it for the checks.
process LIST_TSS {
    label 'process_single'

    input:
    path gtf, stageAs: 'gtf/*'
    val options
    val code // digest of the script and of the library behind it

    output:
    tuple path('annotation.bed'), path('annotation.json'), emit: annotation
    tuple val(task.process), eval('versions.py python pandas'), topic: versions

    script:
    """
    # code ${code}
    'list_tss.py' \\
        ${repeated('--gtf', gtf)} \\
        ${flags(options)} \\
        --output annotation.bed \\
        --info annotation.json
    """

    stub:
    """
    touch annotation.bed annotation.json
    """
}
