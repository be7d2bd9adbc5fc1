include { bytesOf ; repeated } from '../../../functions/scripts'

// The calls of a model, annotated, as bigBed; the probability of each class as bigWig; files for GREAT and motif tools.
process CALL_TRACKS {
    tag "${meta.sample} ${meta.model}"
    label 'process_low'
    ext input_bytes: { bytesOf(probabilities) }

    input:
    tuple val(meta), path(probabilities), path(calls)
    path tss, stageAs: 'tss/*'
    path blacklist, stageAs: 'blacklist/*'
    path fasta, stageAs: 'genome/*'
    val top_calls
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("${prefix}.bb"), optional: true // where there is a call
    tuple val(meta), path("${prefix}.*.bw")
    tuple val(meta), path("${prefix}.annotated.tsv")
    tuple val(meta), path("${prefix}.*.great.bed4")
    tuple val(meta), path("${prefix}.*.fa"), optional: true
    path "${prefix}.tracks.json", emit: description
    tuple val(task.process), eval('versions.py python numpy zarr pybigtools bedtools'), topic: versions

    script:
    prefix = "${meta.sample}.${meta.model}"
    """
    # code ${code}
    'call_tracks.py' \\
        --sample ${meta.sample} \\
        --model ${meta.model} \\
        ${repeated('--probabilities', probabilities)} \\
        --calls ${calls} \\
        ${repeated('--tss', tss)} \\
        ${repeated('--blacklist', blacklist)} \\
        ${repeated('--fasta', fasta)} \\
        --top_calls ${top_calls} \\
        --output ${prefix} \\
        --description ${prefix}.tracks.json
    """

    stub:
    prefix = "${meta.sample}.${meta.model}"
    """
    touch ${prefix}.bb ${prefix}.class.bw ${prefix}.annotated.tsv ${prefix}.class.great.bed4 ${prefix}.tracks.json
    """
}
