include { ACCURACY } from './accuracy'
include { ACROSS } from './across'
include { DEPTHS } from './depths'
include { EXTERNAL } from './external'
include { FOLDS } from './folds'

// How good the models are: on windows and chromosomes that they have not seen, on other samples, with fewer reads, in every
// fold, and beside annotations and experiments of others.
workflow EVALUATION {
    take:
    plan // plan of the run
    labelled // map of channels: bundles, candidates, tensors, signal, libraries, each [meta, ...]; tss
    predicted // map of channels: models, probabilities, calls, cutoffs, validation, each [meta, ...]
    chrom_sizes
    settings // parameters of each part: accuracy, explanation, across, depths, folds, external
    numbers // of the files that the plan leads to

    main:
    def options = plan.options
    def files = plan.files
    def trained = labelled.bundles.filter { meta, _bundle -> meta.trained_on in plan.trained.keySet() }
    def unpredicted = plan.trained.collectMany { name, samples -> (samples - plan.predict_on).collect { sample -> [name, sample] } }

    EXTERNAL(
        plan.annotations,
        labelled.tensors,
        predicted.models,
        predicted.probabilities,
        predicted.calls,
        [
            table: files.crispr,
            chain: files.crispr_chain,
            sample: options.external.crispr_sample,
            cell_type: options.external.crispr_cell_type ?: options.external.crispr_sample ?: '',
        ],
        chrom_sizes,
        settings.external,
    )

    ACCURACY(
        trained.map { meta, bundle -> [meta.trained_on, meta, bundle] }.combine(channel.fromList(unpredicted), by: 0),
        predicted.models,
        labelled.tensors,
        labelled.signal,
        predicted.probabilities,
        predicted.calls,
        predicted.cutoffs,
        predicted.validation,
        EXTERNAL.out.scores,
        labelled.tss,
        settings.accuracy,
        settings.explanation,
        numbers,
    )

    ACROSS(
        trained,
        labelled.tensors,
        labelled.signal,
        options.evaluation.across && options.split.split == 'chromosome' && !options.run.train_together,
        settings.across,
        numbers,
    )

    DEPTHS(
        predicted.models,
        labelled.tensors,
        labelled.libraries,
        options.evaluation.depths,
        settings.depths,
        numbers,
        options.hardware.device,
    )

    FOLDS(
        labelled.signal,
        labelled.candidates,
        plan.train_on,
        plan.models,
        options.evaluation.folds,
        labelled.tss,
        settings.folds,
        numbers,
        options.hardware.device,
    )
}
