include { bytesOf } from '../../../functions/scripts'

// The signal of a sample for genome browsers: reads per million of each mark as bigWig.
process SIGNAL_TRACKS {
    tag "${meta.sample}"
    label 'process_medium'
    ext input_bytes: { bytesOf(signal) }

    input:
    tuple val(meta), path(signal)
    val code // digest of the script and of the library behind it

    output:
    tuple val(meta), path("${meta.sample}/*.bw")
    path "${meta.sample}.signal.json", emit: description
    tuple val(task.process), eval('versions.py python numpy zarr pybigtools'), topic: versions

    script:
    """
    # code ${code}
    'signal_tracks.py' \\
        --signal ${signal} \\
        --threads ${task.cpus} \\
        --output ${meta.sample} \\
        --description ${meta.sample}.signal.json
    """

    stub:
    """
    mkdir ${meta.sample}
    touch ${meta.sample}/mark.bw ${meta.sample}.signal.json
    """
}
