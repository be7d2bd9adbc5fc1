// DeepRegFinder-NF: promoters and enhancers, active and poised, from histone-mark ChIP-seq.
//
// The flow, as in the paper (Ramakrishnan et al. 2024) and docs/methods.md: reads are counted in 100 bp bins and brought
// to reads per million; open chromatin with a TSS or an enhancer factor gives labelled windows of 2 kb; networks learn
// them from the marks, slide over the whole genome, and their windows are joined into calls, which are then judged.

include { ACROSS } from './subworkflows/across'
include { DEPTHS } from './subworkflows/depths'
include { DIFFERENTIAL } from './subworkflows/differential'
include { EVALUATION } from './subworkflows/evaluation'
include { EXAMPLES } from './subworkflows/examples'
include { EXTERNAL } from './subworkflows/external'
include { FOLDS } from './subworkflows/folds'
include { INPUTS } from './subworkflows/inputs'
include { LABELS } from './subworkflows/labels'
include { MODELS } from './subworkflows/models'
include { PREDICTION } from './subworkflows/prediction'
include { QUALITY } from './subworkflows/quality'
include { REPORT } from './subworkflows/report'
include { SIGNAL } from './subworkflows/signal'
include { TRACKS } from './subworkflows/tracks'
include { writeChecksums } from './functions/checksums'
include { adviceOn } from './functions/failures'
include { checkedOptions ; helpText ; optional } from './functions/parameters'
include { closing } from './functions/summary'
include { planned } from './functions/plan'
include { settingsOf } from './functions/settings'

workflow {
    main:
    def schema = file("${projectDir}/nextflow_schema.json")
    if (params.help.toString() == 'true') {
        log.info(helpText(schema))
        return
    }

    // What will be done: every parameter and sheet is checked before the first task starts.
    def plan = planned(checkedOptions(params, schema), schema, file("${projectDir}/assets"))
    def options = plan.options
    def settings = settingsOf(options)
    def inputs = options.input_output
    def tss = optional(inputs, 'tss')
    def blacklist = optional(inputs, 'blacklist')
    def gaps = optional(inputs, 'gaps')
    def regions = optional(inputs, 'regions')
    def bams = channel.fromList(plan.bams.collect { entry -> [entry.meta, entry.bam] })

    INPUTS(
        bams,
        [
            peaks: plan.labels.collectMany { row -> [row.dhs] + row.enhancers + row.promoter_marks + row.tfbs }.unique(),
            tss: tss,
            chrom_sizes: optional(inputs, 'chrom_sizes'),
            blacklist: blacklist,
            gaps: gaps,
            regions: regions,
        ],
        settings.checks + [train: !plan.train_on.isEmpty()],
    )

    SIGNAL(
        bams,
        plan.samples,
        INPUTS.out.chrom_sizes,
        blacklist,
        settings.counting,
        settings.signal,
    )

    LABELS(
        plan.labels,
        tss,
        INPUTS.out.chrom_sizes,
        blacklist,
        gaps,
        SIGNAL.out.signal,
        SIGNAL.out.nascent,
        settings.regions,
        settings.states,
        settings.tensors,
    )

    QUALITY(SIGNAL.out.counts, SIGNAL.out.quality, LABELS.out.regions)

    MODELS(
        LABELS.out.tensors,
        SIGNAL.out.signal,
        tss,
        plan.train_on,
        plan.models,
        channel.fromList(plan.bundles),
        settings.training,
        options.hardware.device,
    )

    PREDICTION(
        MODELS.out.bundles,
        plan.applied,
        SIGNAL.out.signal,
        INPUTS.out.groups,
        plan.labels,
        tss,
        regions,
        settings.prediction,
        settings.calling,
        options.hardware.device,
    )

    TRACKS(
        SIGNAL.out.signal,
        PREDICTION.out.probabilities,
        PREDICTION.out.calls,
        INPUTS.out.chrom_sizes,
        tss,
        blacklist,
        optional(inputs, 'fasta'),
        settings.tracks,
    )

    EXTERNAL(
        plan.annotations,
        LABELS.out.tensors,
        PREDICTION.out.models,
        PREDICTION.out.probabilities,
        PREDICTION.out.calls,
        [table: optional(options.external, 'crispr'), chain: optional(options.external, 'crispr_chain'), sample: options.external.crispr_sample],
        INPUTS.out.chrom_sizes,
        settings.external,
    )

    EVALUATION(
        MODELS.out.bundles.filter { meta, _bundle -> meta.trained_on in plan.train_on && !(meta.trained_on in plan.predict_on) },
        PREDICTION.out.models,
        LABELS.out.tensors,
        SIGNAL.out.signal,
        PREDICTION.out.probabilities,
        PREDICTION.out.calls,
        PREDICTION.out.validation,
        EXTERNAL.out.scores,
        tss,
        settings.evaluation,
        settings.explaining,
    )

    ACROSS(
        MODELS.out.bundles.filter { meta, _bundle -> meta.trained_on in plan.train_on },
        LABELS.out.tensors,
        SIGNAL.out.signal,
        options.evaluation.across && options.split.split == 'chromosome',
        settings.across,
    )

    DEPTHS(
        PREDICTION.out.models,
        LABELS.out.tensors,
        SIGNAL.out.libraries,
        options.evaluation.depths,
        settings.depths,
        options.hardware.device,
    )

    FOLDS(
        SIGNAL.out.signal,
        LABELS.out.candidates,
        plan.train_on,
        plan.models,
        options.evaluation.folds,
        tss,
        settings.folds,
        options.hardware.device,
    )

    EXAMPLES(PREDICTION.out.calls, SIGNAL.out.signal, LABELS.out.regions, settings.examples)

    DIFFERENTIAL(plan.pairs, PREDICTION.out.calls, PREDICTION.out.probabilities, SIGNAL.out.counts, settings.differential)

    REPORT(
        groovy.json.JsonOutput.toJson(options.values().sum().findAll { _name, value -> value != null }),
        repeatable(workflow.commandLine),
        options.run.multiqc,
    )

    workflow.onError = {
        def advice = adviceOn(workflow.exitStatus, workflow.errorReport)
        if (advice) {
            log.error(advice)
        }
    }

    workflow.onComplete = {
        if (workflow.success) {
            writeChecksums(inputs.outdir.toString())
            def table = file("${inputs.outdir}/evaluation/summary.tsv")
            def stats = workflow.stats
            log.info('\n' + closing(inputs.outdir.toString(), table.exists() ? table.text : null, workflow.duration.toString(), stats.succeedCount + stats.cachedCount, stats.cachedCount) + '\n')
        }
    }
}

/** The command line without what belongs to this one launch. */
def repeatable(String command) {
    return command.replaceAll(/\s-(resume|name)(\s+[0-9a-z][0-9a-z_-]*)?(?=\s|$)/, '')
}
