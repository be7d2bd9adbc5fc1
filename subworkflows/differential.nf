include { COMPARE_SAMPLES } from '../modules/differential/compare_samples'
include { codeDigest } from '../functions/scripts'

// What differs between samples, two by two, of those that the same model has predicted.
workflow DIFFERENTIAL {
    take:
    pairs // list of maps: name, a and b (samples), model_a and model_b (names of the model there)
    calls // [meta, bed]
    probabilities // [meta, files]
    counts // [meta, counts]
    options // parameters of the comparison

    main:
    def predicted = calls.join(probabilities).map { meta, bed, files -> [[meta.sample, meta.model], bed, files] }
    def reads = counts
        .filter { meta, _file -> meta.role == 'chip' }
        .map { meta, file -> [meta.sample, file] }
        .groupTuple()
    def jobs = channel.fromList(pairs)
        .map { pair -> [[pair.a, pair.model_a], pair] }
        .combine(predicted, by: 0)
        .map { _key, pair, bed, files -> [[pair.b, pair.model_b], pair, bed, files] }
        .combine(predicted, by: 0)
        .map { _key, pair, bed_a, files_a, bed_b, files_b -> [pair.a, pair, bed_a, files_a, bed_b, files_b] }
        .combine(reads, by: 0)
        .map { _sample, pair, bed_a, files_a, bed_b, files_b, of_a -> [pair.b, pair, bed_a, files_a, bed_b, files_b, of_a] }
        .combine(reads, by: 0)
        .map { _sample, pair, bed_a, files_a, bed_b, files_b, of_a, of_b ->
            [pair.subMap('name', 'a', 'b'), bed_a, files_a, bed_b, files_b, (of_a + of_b).sort { file -> file.name }]
        }
    COMPARE_SAMPLES(jobs, options, codeDigest('compare_samples.py'))
}
