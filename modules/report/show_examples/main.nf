include { bytesOf ; flags ; repeated } from '../../../functions/scripts'

// Places worth looking at, with the signal of all marks around them: the best calls, and those that are missed or false.
process SHOW_EXAMPLES {
    tag "${meta.sample} ${meta.model}"
    label 'process_low'
    ext input_bytes: { bytesOf(signal) }

    input:
    tuple val(meta), path(signal), path(calls), path(regions)
    val options
    val code // digest of the script and of the library behind it

    output:
    path "${meta.sample}.${meta.model}.examples.json", topic: report
    tuple val(task.process), eval('versions.py python numpy zarr'), topic: versions

    script:
    """
    # code ${code}
    'show_examples.py' \\
        --model ${meta.model} \\
        --signal ${signal} \\
        --calls ${calls} \\
        ${repeated('--regions', regions)} \\
        ${flags(options)} \\
        --output ${meta.sample}.${meta.model}.examples.json
    """

    stub:
    """
    touch ${meta.sample}.${meta.model}.examples.json
    """
}
