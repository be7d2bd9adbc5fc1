include { BUILD_SIGNAL } from '../modules/signal/build_signal'
include { COUNT_BINS } from '../modules/signal/count_bins'
include { codeDigest } from '../functions/scripts'

// From files of reads to one signal file a sample: counts per bin, then reads per million.
workflow SIGNAL {
    take:
    bams // [meta, bam, barcodes]
    samples // list of maps: sample, ids of its counts, controls as "id=control id"
    chrom_sizes
    blacklist
    counting // parameters of the counter
    options // parameters of the signal

    main:
    COUNT_BINS(bams, chrom_sizes, blacklist, counting, codeDigest('count_bins.py'))

    def wanted = channel.fromList(samples).flatMap { entry -> entry.ids.collect { id -> [id, groupKey(entry.sample, entry.ids.size())] } }
    def controls = samples.collectEntries { entry -> [entry.sample, entry.controls] }
    def by_id = COUNT_BINS.out.counts.map { meta, counts -> [meta.id, counts] }
    libraries = wanted
        .combine(by_id, by: 0)
        .map { _id, sample, counts -> [sample, counts] }
        .groupTuple()
        .map { sample, counts ->
            [[sample: sample.toString()], counts.sort { file -> file.name }, controls[sample.toString()]]
        }
    BUILD_SIGNAL(libraries, options, codeDigest('build_signal.py'))

    nascent = COUNT_BINS.out.counts
        .filter { meta, _counts -> meta.role == 'nascent' }
        .map { meta, counts -> [groupKey(meta.sample, meta.mark == 'nascent' ? 1 : 2), counts] }
        .groupTuple()
        .map { sample, counts -> [[sample: sample.toString()], counts.sort { file -> file.name }] }

    signal = BUILD_SIGNAL.out.signal
    counts = COUNT_BINS.out.counts
    quality = COUNT_BINS.out.quality
    records = COUNT_BINS.out.records
    ends = COUNT_BINS.out.ends

    emit:
    libraries
    signal
    nascent
    counts
    quality
    records
    ends
}
