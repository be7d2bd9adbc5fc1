// What a step that collects files has to wait for. After a failed task, channels end with what they have: a step must not
// start with a part of its input, nor the report be made of a part of the results.

/** The files of a channel, sorted by name: all n of them, or nothing. */
def allOf(files, Integer n) {
    return files.toSortedList { one, other -> one.name <=> other.name }.filter { found -> found.size() == n }
}

/** How many files of each kind a plan (functions/plan.nf) leads to. `applied` and `evaluated` are maps of samples with labels. */
def numbersOf(Map plan) {
    def labelled = plan.labels.collect { row -> row.sample }
    return [
        bams: plan.bams.size(),
        compared: plan.bams.count { entry -> entry.meta.role != 'nascent' },
        labelled: labelled.size(),
        trained_on: plan.train_on.size(),
        folds: plan.models.size() * (plan.options.evaluation.folds ?: 0),
        tracks: plan.samples.size() + plan.applied.size(),
        applied: labelled.collectEntries { sample -> [sample, appliedTo(plan, sample).size()] },
        evaluated: labelled.collectEntries { sample -> [sample, evaluatedOn(plan, sample).size()] },
    ]
}

/** Names of the models that a plan applies to a sample. */
def appliedTo(Map plan, String sample) {
    return plan.applied.findAll { _trained_on, _model, predicted, _name -> predicted == sample }.collect { row -> row[3] }
}

/** Names of the models that a plan evaluates on a sample with labels: those applied to it or, if it is not predicted, its own. */
def evaluatedOn(Map plan, String sample) {
    def own = sample in plan.train_on && !(sample in plan.predict_on)
    return appliedTo(plan, sample) + (own ? plan.models : [])
}

/** Names of files that every complete run of a plan has for its report, of each step that collects others or ends a path. */
def reportedBy(Map plan) {
    def labelled = plan.labels.collect { row -> row.sample }
    def evaluated = labelled.collectMany { sample -> evaluatedOn(plan, sample).collect { model -> "${sample}.${model}" } }
    return [
        ['inputs.tsv', 'libraries.tsv'],
        labelled.collect { sample -> "${sample}.test_windows.tsv" },
        plan.applied.collect { _trained_on, _model, sample, name -> "${sample}.${name}.examples.json" },
        evaluated.collect { name -> "${name}.evaluation" },
        plan.options.explanation.explain ? evaluated.collect { name -> "${name}.explanation" } : [],
        plan.pairs.collect { pair -> "${pair.name}.transitions.tsv" },
    ].flatten().collect { name -> name.toString() }
}
