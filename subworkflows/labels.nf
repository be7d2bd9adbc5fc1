include { ASSIGN_STATES } from '../modules/labels/assign_states'
include { BUILD_TENSORS } from '../modules/labels/build_tensors'
include { CALL_SITES } from '../modules/labels/call_sites'
include { DEFINE_REGIONS } from '../modules/labels/define_regions'
include { DESCRIBE_WINDOWS } from '../modules/labels/describe_windows'
include { codeDigest } from '../functions/scripts'

// Labelled windows and their signal: what a model is trained and evaluated on.
workflow LABELS {
    take:
    labels // list of maps: sample, dhs, enhancers, h3k27ac, promoter_marks, tfbs, and what they are made of (functions/truth.nf)
    tss
    chrom_sizes
    blacklist
    gaps
    signal // [meta, signal]
    nascent // [meta, counts], one or two files; empty but for 5 classes
    options // parameters of each step: sites, regions, states, tensors

    main:
    // Lists that a row lacks are called from the reads of its sample.
    def of_sample = labels.collectEntries { row -> [row.sample, row] }
    def wanted = labels.collectMany { row -> row.called.collect { column, mark -> [row.sample, [sample: row.sample, mark: mark], column] } }
    def jobs = channel.fromList(wanted)
        .combine(signal.map { meta, rpm -> [meta.sample, rpm] }, by: 0)
        .map { _sample, meta, column, rpm -> [meta, column, rpm] }
    CALL_SITES(jobs, options.sites, codeDigest('call_sites.py'))
    def sites = CALL_SITES.out.sites
        .map { meta, column, bed -> [groupKey(meta.sample, of_sample[meta.sample].called.size()), [column, bed]] }
        .groupTuple()
        .map { sample, found -> [sample.toString(), found.collectEntries { column, bed -> [column, bed] }] }
    def lists = channel.fromList(labels.findAll { row -> !row.called }.collect { row -> [row.sample, [:]] })
        .mix(sites)
        .map { sample, found -> [[sample: sample], of_sample[sample] + found] }
    def evidence = lists.map { meta, row ->
        def called = row.called.collect { column, mark -> "${column}=${mark}".toString() }.sort()
        [meta, row.dhs, row.enhancers, row.h3k27ac, row.promoter_marks, row.tfbs, row.enhancer_labels, called]
    }
    DEFINE_REGIONS(evidence, tss, chrom_sizes, blacklist, gaps, options.regions, codeDigest('define_regions.py'))

    def with_nascent = DEFINE_REGIONS.out.candidates.join(nascent, remainder: true).branch { _meta, candidates, counts ->
        states: candidates && counts
        plain: candidates && options.regions.classes != 5
    }
    ASSIGN_STATES(with_nascent.states, options.states, codeDigest('assign_states.py'))

    candidates = ASSIGN_STATES.out.candidates.mix(with_nascent.plain.map { meta, bed, _counts -> [meta, bed] })
    BUILD_TENSORS(signal.join(candidates).join(DEFINE_REGIONS.out.sources), options.tensors, codeDigest('build_tensors.py'))

    tensors = BUILD_TENSORS.out.tensors
    def described = tensors
        .join(lists)
        .map { meta, windows, row -> [meta, windows, row.dhs, row.factors, row.tfbs] }
    DESCRIBE_WINDOWS(described, tss, codeDigest('describe_windows.py'))

    regions = BUILD_TENSORS.out.regions

    emit:
    candidates
    tensors
    regions
}
