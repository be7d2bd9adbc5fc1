include { ASSIGN_STATES } from '../modules/labels/assign_states'
include { BUILD_TENSORS } from '../modules/labels/build_tensors'
include { DEFINE_REGIONS } from '../modules/labels/define_regions'
include { DESCRIBE_WINDOWS } from '../modules/labels/describe_windows'
include { codeDigest } from '../functions/scripts'

// Labelled windows and their signal: what a model is trained and evaluated on.
workflow LABELS {
    take:
    labels // list of maps: sample, dhs, enhancers, promoter_marks, tfbs
    tss
    chrom_sizes
    blacklist
    gaps
    signal // [meta, signal]
    nascent // [meta, counts], one or two files; empty but for 5 classes
    region_options // parameters of the regions
    state_options // parameters of active and poised
    tensor_options // parameters of the tensors

    main:
    def lists = channel.fromList(labels).map { row ->
        [[sample: row.sample], row.dhs, row.enhancers, row.promoter_marks, row.tfbs]
    }
    DEFINE_REGIONS(lists, tss, chrom_sizes, blacklist, gaps, region_options, codeDigest('define_regions.py'))

    def with_nascent = DEFINE_REGIONS.out.candidates.join(nascent, remainder: true).branch { _meta, candidates, counts ->
        states: candidates && counts
        plain: candidates && region_options.classes != 5
    }
    ASSIGN_STATES(with_nascent.states, state_options, codeDigest('assign_states.py'))

    candidates = ASSIGN_STATES.out.candidates.mix(with_nascent.plain.map { meta, bed, _counts -> [meta, bed] })
    BUILD_TENSORS(signal.join(candidates), tensor_options, codeDigest('build_tensors.py'))

    tensors = BUILD_TENSORS.out.tensors
    def described = tensors
        .join(lists)
        .map { meta, windows, dhs, enhancers, _promoter_marks, tfbs -> [meta, windows, dhs, enhancers, tfbs] }
    DESCRIBE_WINDOWS(described, tss, codeDigest('describe_windows.py'))

    regions = BUILD_TENSORS.out.regions

    emit:
    candidates
    tensors
    regions
}
