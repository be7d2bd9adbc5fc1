include { bytesOf ; flags ; repeated } from '../../../functions/scripts'

// Elements whose class differs between two samples that one model has predicted, with a test of the reads behind them.
process COMPARE_SAMPLES {
    tag "${meta.name}"
    label 'process_low'
    ext input_bytes: { bytesOf(probabilities_a) + bytesOf(probabilities_b) + bytesOf(counts) }

    input:
    tuple val(meta), path(calls_a), path(probabilities_a), path(calls_b), path(probabilities_b), path(counts)
    val options
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("${folder}/${meta.name}.tsv"), path("${folder}/${meta.name}.bed")
    path "${folder}/${meta.name}.transitions.tsv", topic: report
    path "${folder}/${meta.name}.transitions.png", topic: report
    path "${folder}/${meta.name}.transitions.svg"
    path "${folder}/${meta.name}.marks.tsv", topic: report
    tuple val(task.process), eval('versions.py python numpy scipy matplotlib zarr'), topic: versions

    script:
    folder = meta.name.tokenize('.')[0]
    """
    # code ${code}
    'compare_samples.py' \\
        --name ${meta.name} \\
        --calls_a ${calls_a} \\
        --calls_b ${calls_b} \\
        ${repeated('--probabilities_a', probabilities_a)} \\
        ${repeated('--probabilities_b', probabilities_b)} \\
        ${repeated('--counts', counts)} \\
        ${flags(options)} \\
        --output ${folder}
    """

    stub:
    folder = meta.name.tokenize('.')[0]
    """
    mkdir ${folder}
    touch ${folder}/${meta.name}.{tsv,bed,transitions.tsv,transitions.png,transitions.svg,marks.tsv}
    """
}
