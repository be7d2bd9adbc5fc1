// The start of a run: answers to --help and --version, and a summary of what the run will do.

include { few ; helpOn ; helpText } from './parameters'
include { isOfGenome } from './genomes'
include { modelList } from './catalogue'

/** What --version or --help prints; null where neither is given. `schema` is the file of the parameters. */
def answerTo(given, schema, manifest) {
    if (given.version.toString() == 'true') {
        return "${manifest.name} ${manifest.version}".toString()
    }
    def asked = given.help.toString()
    return asked == 'false' ? null : asked == 'true' ? helpText(schema) + modelList() : helpOn(asked, schema)
}

/** Lines that say what a run will do and what it leaves out, at most about 15 for any number of samples. `plan` is that of `planned`. */
def summaryOf(Map plan) {
    def left_out = leftOut(plan).collect { sentence -> "left out: ${sentence}" }
    return ['What this run does:'] + (sampleTable(plan) + [modelsOf(plan), genomeOf(plan)] + left_out + [onRequest(plan)].findAll()).collect { line -> "  ${line}".toString() }
}

/** A row for all samples with the same marks, files, labels and models; those of most samples. */
def sampleTable(Map plan) {
    def labelled = plan.labels*.sample
    def rows = plan.samples*.sample.groupBy { sample ->
        def chips = plan.bams.findAll { entry -> entry.meta.role == 'chip' && entry.meta.sample == sample }
        def models = plan.applied.findAll { _trained_on, _model, predicted, _name -> predicted == sample }.collect { row -> row[3] }
        [
            few(chips*.meta*.mark.unique().sort()),
            chips.size(),
            sample in labelled ? 'yes' : 'no',
            sample in plan.train_on ? 'yes' : 'no',
            few(models) ?: 'none',
        ]
    }
    def by_size = rows.sort { row -> -row.value.size() }
    def shown = by_size.take(by_size.size() <= 4 ? 4 : 3)
    def hidden = (plan.samples*.sample - shown.values().flatten()).size()
    def table = [['sample', 'marks', 'files', 'labels', 'trained on', 'predicted by']] + shown.collect { key, samples -> [few(samples)] + key*.toString() }
    def widths = table.transpose().collect { column -> column*.size().max() }
    return table.collect { row -> [row, widths].transpose().collect { cell, width -> cell.padRight(width) }.join('  ').trim() } + (hidden ? ["and ${hidden} more samples"] : [])
}

def modelsOf(Map plan) {
    def classes = "; classes: ${plan.classes.join(', ')}"
    if (plan.bundles) {
        return "models: ${few(plan.bundles.collect { meta, _folder -> "${meta.model} of ${meta.trained_on}" })}, trained before${classes}"
    }
    def together = plan.options.run.train_together && plan.train_on.size() > 1
    def way = plan.unlabelled ? 'rules without labels, on' : together ? 'trained on all of' : plan.train_on.size() > 1 ? 'trained on each of' : 'trained on'
    return "models: ${plan.models.join(', ')}, ${way} ${few(plan.train_on)}${classes}"
}

def genomeOf(Map plan) {
    def words = [tss: 'TSSs', gtf: 'TSSs', blacklist: 'blacklist', gaps: 'gaps', chrom_sizes: 'chromosome lengths']
    def lists = words
        .findAll { name, _word -> plan.files[name] }
        .collect { name, word -> "${word} of ${isOfGenome(plan.files[name]) ? '--genome' : plan.files[name].name}" }
    return "genome: ${plan.options.geometry.genome ?: 'not named (--genome)'}; ${lists.join(', ') ?: 'no lists'}"
}

/** What is not done although its turn would come, and why. */
def leftOut(Map plan) {
    def options = plan.options
    def labelled = plan.labels*.sample
    def unmeasured = plan.predict_on - labelled
    def alone = [
        'only one sample has labels': labelled.size() < 2,
        '--split random': options.split.split == 'random',
        '--train_together': options.run.train_together,
    ].find { _reason, holds -> holds }
    return [
        labelled ? null : 'accuracy, as no sample has labels',
        labelled && unmeasured ? "accuracy on ${few(unmeasured)}, without labels" : null,
        plan.train_on && labelled && options.evaluation.across && alone ? "models on test windows of other samples (${alone.key})" : null,
        plan.pairs ? null : "comparison of samples, as ${whyAlone(plan)}",
        options.run.classes != 5 && plan.labels.any { row -> row.nascent } ? 'nascent RNA of the label sheet, which only --classes 5 uses' : null,
        options.signal.control == 'ignore' && plan.bams.any { entry -> entry.meta.control } ? 'controls of the samplesheet (--control ignore)' : null,
        plan.files.tss || plan.files.gtf ? null : 'the filter of enhancer calls near TSSs, as none are given (--tss, --gtf, --genome)',
        plan.left_out ? "samples neither trained on nor predicted: ${few(plan.left_out)}" : null,
    ].findAll()
}

/** Why no samples are compared. */
def whyAlone(Map plan) {
    if (plan.predict_on.size() < 2) {
        return 'one is predicted'
    }
    def shared = plan.applied.groupBy { trained_on, model, _sample, _name -> [trained_on, model] }.any { _of, rows -> rows.size() > 1 }
    return shared ? "${plan.predict_on.size()} are predicted (--compare names pairs, or all)" : 'no model predicts two of them'
}

/** Parameters of steps that this run does not have, as nothing asks for them. */
def onRequest(Map plan) {
    def set = plan.options.values().sum()
    def absent = ['tracks', 'explain', 'fasta', 'regions', 'folds', 'depths', 'annotations', 'crispr', 'multiqc'].findAll { name -> !set[name] }
    return absent ? "not asked for: ${absent.collect { name -> "--${name}" }.join(', ')}" : null
}
