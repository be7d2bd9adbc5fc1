// One process a label: each says what it was given, and ends its attempts with the exit codes that it is told.

process SINGLE {
    tag "${codes.join(' ')}"
    label 'process_single'

    input:
    tuple val(codes), val(bytes)

    script:
    """
    echo 'given: ${task.cpus} ${task.memory.mega} ${task.time.toHours()} ${task.attempt}'
    exit ${codes[task.attempt - 1]}
    """
}

process LOW {
    label 'process_low'
    ext input_bytes: { bytes }

    input:
    tuple val(codes), val(bytes)

    script:
    """
    echo 'given: ${task.cpus} ${task.memory.mega} ${task.time.toHours()} ${task.attempt}'
    exit ${codes[task.attempt - 1]}
    """
}

process HIGH {
    label 'process_high'

    input:
    tuple val(codes), val(bytes)

    script:
    """
    echo 'given: ${task.cpus} ${task.memory.mega} ${task.time.toHours()} ${task.attempt}'
    exit ${codes[task.attempt - 1]}
    """
}

process GPU {
    label 'process_gpu'
    ext input_bytes: { bytes }

    input:
    tuple val(codes), val(bytes)

    script:
    """
    echo 'given: ${task.cpus} ${task.memory.mega} ${task.time.toHours()} ${task.attempt}'
    echo "visible: \${CUDA_VISIBLE_DEVICES-none}"
    exit ${codes[task.attempt - 1]}
    """
}

// --only names the processes, --codes holds the exit codes of each task ("137,0;1"), --bytes is the size of its input.
workflow {
    def tasks = channel.fromList(
        params.codes.toString().tokenize(';').collect { codes -> [codes.tokenize(','), params.bytes as long] }
    )
    def wanted = params.only.toString().tokenize(',')
    SINGLE(tasks.filter { 'SINGLE' in wanted })
    LOW(tasks.filter { 'LOW' in wanted })
    HIGH(tasks.filter { 'HIGH' in wanted })
    GPU(tasks.filter { 'GPU' in wanted })
}
