include { CALL_ELEMENTS } from '../modules/prediction/call_elements'
include { PREDICT_GENOME } from '../modules/prediction/predict_genome'
include { SCORE_REGIONS } from '../modules/prediction/score_regions'
include { codeDigest } from '../functions/scripts'

// Every model over the whole genome of every sample that it is applied to, and the elements that it calls there.
workflow PREDICTION {
    take:
    bundles // [meta, bundle]
    applied // list: sample trained on, model, sample to predict, name of the model there
    signal // [meta, signal]
    groups // [group, chromosomes]
    labels // list of maps: sample, dhs, factors, tfbs
    tss
    regions // the user's own regions, or nothing
    prediction // parameters of the prediction
    calling // parameters of the calls
    device

    main:
    def jobs = bundles
        .map { meta, bundle -> [meta.trained_on, meta.model, bundle] }
        .combine(channel.fromList(applied), by: [0, 1])
        .map { trained_on, _model, bundle, sample, name -> [sample, [sample: sample, model: name, trained_on: trained_on], bundle] }
        .combine(signal.map { meta, file -> [meta.sample, file] }, by: 0)
        .map { _sample, meta, bundle, file -> [meta, bundle, file] }
    PREDICT_GENOME(jobs.combine(groups), prediction, device, codeDigest('predict_genome.py'))

    def markers = labels.collectEntries { row -> [row.sample, row] }
    // With its size a group is whole as soon as it is: no sample waits for the others.
    probabilities = PREDICT_GENOME.out.probabilities
        .combine(groups.count())
        .map { meta, file, n_groups -> [groupKey(meta, n_groups as int), file] }
        .groupTuple()
        .map { meta, files -> [meta.getGroupTarget(), files.sort { file -> file.name }] }
    with_markers = probabilities.map { meta, files ->
        def row = markers[meta.sample] ?: [dhs: [], factors: [], tfbs: []]
        [meta, files, row.dhs, row.factors, row.tfbs]
    }
    CALL_ELEMENTS(with_markers, tss, calling, codeDigest('call_elements.py'))

    def with_cutoffs = jobs.join(CALL_ELEMENTS.out.cutoffs)
    SCORE_REGIONS(regions ? with_cutoffs : channel.empty(), regions, tss, prediction, device, codeDigest('score_regions.py'))

    models = jobs.map { meta, bundle, _file -> [meta, bundle] }
    calls = CALL_ELEMENTS.out.calls
    cutoffs = CALL_ELEMENTS.out.cutoffs
    validation = CALL_ELEMENTS.out.validation

    emit:
    models
    probabilities
    calls
    cutoffs
    validation
}
