include { bytesOf ; flags ; repeated } from '../../../functions/scripts'

// Join called windows into elements, remove enhancers near TSSs, and validate the calls with independent markers.
process CALL_ELEMENTS {
    tag "${meta.sample} ${meta.model}"
    label 'process_low'
    ext input_bytes: { bytesOf(probabilities) }

    input:
    tuple val(meta), path(probabilities), path(dhs, stageAs: 'dhs/*'), path(enhancers, stageAs: 'enhancers/?/*'), path(tfbs, stageAs: 'tfbs/?/*')
    path tss, stageAs: 'tss/*'
    val options
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("${prefix}.bed"), emit: calls
    tuple val(meta), path("${prefix}.cutoffs.tsv"), emit: cutoffs, topic: report
    tuple val(meta), path("${prefix}.validation.tsv"), emit: validation, topic: report
    path "${prefix}.calls.tsv", topic: report
    path "${prefix}.seeds.tsv", topic: report
    tuple val(task.process), eval('versions.py python numpy zarr'), topic: versions

    script:
    prefix = "${meta.sample}.${meta.model}"
    """
    # code ${code}
    'call_elements.py' \\
        --sample ${meta.sample} \\
        --model ${meta.model} \\
        ${repeated('--probabilities', probabilities)} \\
        ${repeated('--tss', tss)} \\
        ${repeated('--dhs', dhs)} \\
        ${repeated('--enhancers', enhancers)} \\
        ${repeated('--tfbs', tfbs)} \\
        ${flags(options)} \\
        --output ${prefix}.bed \\
        --cutoffs ${prefix}.cutoffs.tsv \\
        --validation ${prefix}.validation.tsv \\
        --summary ${prefix}.calls.tsv \\
        --seeds_summary ${prefix}.seeds.tsv
    """

    stub:
    prefix = "${meta.sample}.${meta.model}"
    """
    touch ${prefix}.bed ${prefix}.cutoffs.tsv ${prefix}.validation.tsv ${prefix}.calls.tsv ${prefix}.seeds.tsv
    """
}
