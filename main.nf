// DeepRegFinder-NF: promoters and enhancers, active and poised, from histone-mark ChIP-seq.
//
// The flow, as in the paper (Ramakrishnan et al. 2024) and docs/methods.md: reads are counted in 100 bp bins and brought
// to reads per million; open chromatin with a TSS or an enhancer factor gives labelled windows of 2 kb; models learn them
// from the marks and scan the whole genome; their windows are joined into calls, and the calls are evaluated.

include { DIFFERENTIAL } from './subworkflows/differential'
include { EVALUATION } from './subworkflows/evaluation'
include { INPUTS } from './subworkflows/inputs'
include { LABELS } from './subworkflows/labels'
include { MODELS } from './subworkflows/models'
include { PREDICTION } from './subworkflows/prediction'
include { QUALITY } from './subworkflows/quality'
include { REPORT } from './subworkflows/report'
include { SIGNAL } from './subworkflows/signal'
include { TRACKS } from './subworkflows/tracks'
include { answerTo ; summaryOf } from './functions/beginning'
include { numbersOf ; reportedBy } from './functions/complete'
include { recorded ; repeatable ; whenOver } from './functions/ending'
include { withGenome } from './functions/genomes'
include { idleOnCommandLine ; refuseFolders } from './functions/parameters'
include { planned } from './functions/plan'
include { settingsOf } from './functions/settings'
include { claimResults } from './functions/results'

workflow {
    main:
    def schema = file("${projectDir}/nextflow_schema.json")
    def answer = answerTo(params, schema, workflow.manifest)
    if (answer) {
        log.info(answer)
        return
    }

    refuseFolders(workflow.workDir, projectDir, workflow.containerEngine)

    // What will be done: every parameter and sheet is checked before the first task starts.
    def plan = planned(withGenome(params), schema, file("${projectDir}/assets"))
    idleOnCommandLine(params.keySet(), workflow.commandLine).each { sentence -> log.warn(sentence) }
    def options = plan.options
    def files = plan.files
    def settings = settingsOf(options)
    def numbers = numbersOf(plan)
    def device = options.hardware.device
    def bams = channel.fromList(plan.bams.collect { entry -> [entry.meta, entry.bam, entry.barcodes] })
    def others = claimResults(plan, workflow.manifest.version, schema, workflow.preview)
    log.info(summaryOf(plan).join('\n'))

    INPUTS(bams, plan.labels, plan.annotations, plan.bundles, files, settings.tss, settings.checks + [train: !plan.train_on.isEmpty()], numbers)

    SIGNAL(bams, plan.samples, INPUTS.out.chrom_sizes, INPUTS.out.blacklist, settings.counting, settings.signal)

    LABELS(
        plan.labels,
        INPUTS.out.tss,
        INPUTS.out.chrom_sizes,
        INPUTS.out.blacklist,
        files.gaps,
        SIGNAL.out.signal,
        SIGNAL.out.nascent,
        settings.labels,
    )

    QUALITY(
        SIGNAL.out.counts,
        SIGNAL.out.quality,
        SIGNAL.out.records,
        SIGNAL.out.ends,
        LABELS.out.regions,
        INPUTS.out.tss,
        plan.samples*.controls.flatten(),
        numbers,
    )

    MODELS(
        LABELS.out.tensors,
        SIGNAL.out.signal,
        INPUTS.out.tss,
        plan.trained,
        plan.models,
        plan.unlabelled,
        channel.fromList(plan.bundles),
        settings.models,
        device,
    )

    PREDICTION(
        MODELS.out.bundles,
        plan.applied,
        SIGNAL.out.signal,
        INPUTS.out.groups,
        plan.labels,
        INPUTS.out.tss,
        files.regions,
        settings.prediction,
        settings.calling,
        device,
    )

    TRACKS(
        SIGNAL.out.signal,
        PREDICTION.out.probabilities,
        PREDICTION.out.calls,
        INPUTS.out.chrom_sizes,
        INPUTS.out.tss,
        INPUTS.out.blacklist,
        files.fasta,
        settings.tracks,
        numbers,
    )

    EVALUATION(
        plan,
        [
            bundles: MODELS.out.bundles,
            candidates: LABELS.out.candidates,
            tensors: LABELS.out.tensors,
            signal: SIGNAL.out.signal,
            libraries: SIGNAL.out.libraries,
            tss: INPUTS.out.tss,
        ],
        [
            models: PREDICTION.out.models,
            probabilities: PREDICTION.out.probabilities,
            calls: PREDICTION.out.calls,
            cutoffs: PREDICTION.out.cutoffs,
            validation: PREDICTION.out.validation,
        ],
        INPUTS.out.chrom_sizes,
        settings.evaluation,
        numbers,
    )

    DIFFERENTIAL(plan.pairs, PREDICTION.out.calls, PREDICTION.out.probabilities, SIGNAL.out.counts, settings.differential)

    REPORT(
        PREDICTION.out.calls,
        SIGNAL.out.signal,
        LABELS.out.regions,
        settings.examples,
        recorded(options),
        repeatable(workflow.commandLine),
        options.run.multiqc,
        reportedBy(plan),
    )

    workflow.onComplete = { whenOver(workflow, options.input_output.outdir.toString(), options.mail, others) }
}
