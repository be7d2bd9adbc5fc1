include { flags } from '../../../functions/scripts'

// Separate active from poised elements by nascent RNA: one unstranded count file, or one for each strand.
process ASSIGN_STATES {
    tag "${meta.sample}"
    label 'process_single'

    input:
    tuple val(meta), path(candidates), path(nascent)
    val options
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("${meta.sample}.states.bed"), emit: candidates
    path "${meta.sample}.states.tsv", topic: report
    tuple val(task.process), eval('versions.py python scikit-learn'), topic: versions

    script:
    def counts = nascent instanceof List
        ? "--nascent_sense ${meta.sample}.nascent.sense.counts.zip --nascent_antisense ${meta.sample}.nascent.antisense.counts.zip"
        : "--nascent ${nascent}"
    """
    # code ${code}
    'assign_states.py' \\
        --candidates ${candidates} \\
        ${counts} \\
        ${flags(options)} \\
        --output ${meta.sample}.states.bed \\
        --summary ${meta.sample}.states.tsv
    """

    stub:
    """
    touch ${meta.sample}.states.bed ${meta.sample}.states.tsv
    """
}
