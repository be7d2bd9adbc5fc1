// The plan of a run, made before its first task: BAM files to count, samples to train on and to predict.

include { areAssays ; assaysOfBundles ; needsControl ; otherAssays } from './assays'
include { appliedName ; isAccessibility ; isOfNeed ; modelCatalogue } from './catalogue'
include { ofGenome } from './genomes'
include { checkedOptions ; contradictions ; faultOf ; listed ; named ; nesting ; optional ; readJson } from './parameters'
include { classNames ; isPath ; place ; readAnnotations ; readLabels ; readSamples } from './sheets'
include { closedOnes ; sourcesOf ; withSources } from './truth'

/**
 * Check the parameters, read the sheets and bundles that they name, and stop with every problem found. What only follows from
 * another problem is left out. Returns a map:
 *   options     the options, with classes, bins, control, transform and counting rules as a pretrained bundle has them
 *   files       every file that a parameter may name, as an input of a process: the file, or nothing
 *   bams        [meta, bam, barcodes] of every file to count: marks, controls, nascent RNA
 *   samples     [sample, ids of its counts, "id=control id" pairs] of every sample whose signal is needed
 *   classes     names of the classes
 *   labels      rows of the label sheet of samples that are trained on or evaluated, with what their labels are made of
 *   train_on    samples to train on
 *   trained     the same by name of a model's training data: each alone or, by --train_together, all as one
 *   predict_on  samples to predict
 *   left_out    samples of --input that are neither trained on nor predicted
 *   models      kinds of model to train
 *   unlabelled  whether they are made without labels
 *   bundles     [meta, folder] of every pretrained model
 *   annotations [meta, bed, chain] of every annotation of a labelled sample; meta has name and mapping
 *   applied     [sample that a model was trained on, model, sample to predict, name of the model there]
 *   pairs       [name, a, b, model_a, model_b] of every pair of samples to compare, and the model's name in each
 */
def planned(given, schemaFile, assets) {
    def checked = checkedOptions(given, schemaFile)
    def problems = checked.problems
    def unclear = checked.unclear // names of parameters, and of columns as sheet.column
    def bundles = readBundles(checked.options.input_output.pretrained, schemaFile, unclear, problems)
    def options = followBundles(checked.options, bundles, schemaFile, unclear, problems)
    def inputs = options.input_output
    def pretrained = inputs.pretrained ? true : false
    def classes = 'classes' in unclear ? null : options.run.classes
    def models = options.run.models.tokenize(',')*.trim().unique()
    def unlabelled = !pretrained && !inputs.labels && !('labels' in unclear)
    def assays = assaysOfBundles(bundles, problems)
    def sheets = readSheets(inputs, classes, unlabelled, assays, assets, schemaFile, unclear, problems)
    def chips = sheets.chips
    def samples = sheets.samples
    def labelled = sheets.labelled

    def predict_on = chosen('predict_on', options.run.predict_on, samples, 'is not in --input', unclear, problems)
    def trainable = unlabelled ? (options.run.train_on ? samples : predict_on) : labelled
    def lack = unlabelled ? 'is not in --input' : 'has no row in --labels'
    def train_on = pretrained ? [] : chosen('train_on', options.run.train_on, trainable, lack, unclear, problems)
    def needed = (train_on + predict_on).unique().sort()
    def kept = chips.findAll { bam -> bam.meta.sample in needed && bam.meta.role == 'chip' }
    // Controls that nothing asks for are neither read nor counted.
    def controls = options.signal.control == 'ignore' ? [] : kept.collect { bam -> bam.meta.control }.findAll().unique()
    def trained = trainedOn(train_on, options.run.train_together)
    def applied = applications(predict_on, trained, models, bundles, pretrained)
    def marked = !['input.sample', 'input.mark'].any { name -> name in unclear }
    def withheld = (options.training.withhold ?: '').tokenize(',')*.trim().unique()
    def portable = portableOnes(bundles, trained, models, options)
    problems.addAll(marked && !('train_on' in unclear) ? lackingMarks(kept, applied, trained, portable, bundles, withheld) : [])
    def standard = 'enhancer_labels' in unclear ? null : options.region_rules.enhancer_labels
    def rows = standard ? withSources(sheets.rows, marked ? chips : null, standard, inputs.labels, sheets.unclear, problems) : sheets.rows
    def known = marked ? train_on.findAll { sample -> sample in samples } : []
    problems.addAll(pretrained || 'models' in unclear ? [] : unfitModels(models, kept, known, withheld, options))
    problems.addAll(marked && options.run.train_together ? unlikeTogether(kept, known, samples) : [])
    problems.addAll(unlabelled ? lackOfLabels('models' in unclear ? [] : models, options) : [])
    problems.addAll(marked && !pretrained ? withheldInVain(withheld, kept, known) : [])
    bundles.countBy { bundle -> "${bundle.sample} ${bundle.model}" }.findAll { _name, n -> n > 1 }.each { name, n ->
        problems << "--pretrained lists ${n} bundles of the same sample and model (${name}): run them separately."
    }
    problems.addAll(['input.control', 'control'].any { name -> name in unclear } ? [] : lackingControls(kept, options.signal.control))
    problems.addAll(nascentMarks(rows, chips, inputs.labels))
    if (options.evaluation.folds && (options.evaluation.folds < 3 || pretrained)) {
        problems << "--folds ${options.evaluation.folds}: " + (pretrained ? 'no model is trained in this run; leave it out.' : 'training, validation and testing need 3 folds or more (0: none).')
    }
    def predicted = 'predict_on' in unclear || samples == null ? null : predict_on
    if (options.evaluation.depths && predicted != null && labelled != null && !labelled.any { sample -> sample in predicted }) {
        problems << "--depths ${options.evaluation.depths}: no predicted sample has a row in --labels to measure accuracy with; leave it out."
    }
    def is_clear = predicted != null && labelled != null && !['train_on', 'pretrained', 'models'].any { name -> name in unclear }
    def pairs = 'compare' in unclear ? [] : comparisons(options.run.compare, applied, predicted, is_clear, problems)
    def tested = options.external.crispr_sample
    if (tested && predicted != null && !(tested in predicted)) {
        problems << "--crispr_sample: sample '${tested}' is not predicted (available: ${predicted.join(', ')})."
    }
    def labels = rows.findAll { row -> row.sample in needed }
    def scored = predicted == null || 'train_on' in unclear ? labelled : labels*.sample
    def annotations = options.external.annotations
        ? readAnnotations(named(options.external.annotations), assets.resolve('schema_annotations.json'), labelled ? scored : null, classes, problems)
        : []
    if (problems) {
        error(listed(problems*.toString().unique()))
    }
    withoutEffect(train_on ? models : [], checked.options, schemaFile).each { sentence -> log.warn(sentence) }
    voidOnes(bundles, unlabelled, checked.options, schemaFile).each { sentence -> log.warn(sentence) }
    otherAssays(kept, applied, trained, bundles).each { sentence -> log.warn(sentence) }
    sourcesOf(labels).each { sentence -> log.info(sentence) }
    closedOnes(labels).each { sentence -> log.warn(sentence) }

    def nascent = options.run.classes == 5 ? labels.collectMany { row -> nascentBams(row) } : []
    return [
        options: options,
        files: ['tss', 'gtf', 'chrom_sizes', 'blacklist', 'gaps', 'regions', 'fasta', 'crispr', 'crispr_chain'].collectEntries { name ->
            [name, optional(options.values().sum(), name)]
        } + [genome_sizes: ofGenome(options.geometry.genome, 'chrom.sizes') ?: []],
        bams: kept + chips.findAll { bam -> bam.meta.id in controls } + nascent,
        samples: needed.collect { sample -> countsOf(sample, kept.findAll { bam -> bam.meta.sample == sample }, controls) },
        classes: classNames(options.run.classes),
        labels: labels,
        train_on: train_on,
        trained: trained,
        predict_on: predict_on,
        left_out: samples - needed,
        bundles: bundles.collect { bundle -> [[trained_on: bundle.sample, model: bundle.model], bundle.folder] },
        models: models,
        unlabelled: unlabelled,
        annotations: annotations.collect { row -> [row.subMap('sample', 'name', 'mapping'), row.bed, row.chain] },
        applied: applied,
        pairs: pairs,
    ]
}

/**
 * Read samplesheet and label sheet. Returns a map: chips, the BAM files; samples and labelled, the names of all samples and of those
 * with labels, nothing where they are not known; rows, those of the label sheet, and its unclear columns.
 */
def readSheets(Map inputs, classes, boolean unlabelled, Map assays, assets, schemaFile, List unclear, List problems) {
    def nothing = [bams: [], samples: [], rows: [], unclear: ['sample', 'mark', 'control']]
    def sheet = inputs.input ? readSamples(named(inputs.input), assets.resolve('schema_input.json'), assays, countingRules(schemaFile), problems) : nothing
    unclear.addAll(sheet.unclear.collect { column -> "input.${column}".toString() })
    def samples = 'sample' in sheet.unclear ? null : sheet.samples
    def no_labels = unlabelled || (inputs.pretrained && !('labels' in unclear)) ? nothing + [unclear: []] : nothing
    def labels = inputs.labels ? readLabels(named(inputs.labels), assets.resolve('schema_labels.json'), samples, classes, problems) : no_labels
    def labelled = 'sample' in labels.unclear ? null : labels.rows.collect { row -> row.sample }.unique()
    return [chips: sheet.bams, samples: samples, rows: labels.rows, labelled: labelled, unclear: labels.unclear]
}

/**
 * The samples that a parameter names, or all that it could name; nothing where these are not known. Names that are not
 * possible are a problem, and make the parameter unclear.
 */
def chosen(String name, String text, possible, String lack, List unclear, List problems) {
    def names = (text ?: '').tokenize(',')*.trim().findAll()
    if (!names || possible == null) {
        return (names ?: possible ?: []).unique(false).sort()
    }
    def impossible = names - possible
    impossible.each { sample ->
        problems << "--${name}: sample '${sample}' ${lack} (available: ${possible.join(', ') ?: 'none'})."
    }
    if (impossible) {
        unclear << name
    }
    return names.findAll { sample -> sample in possible }.unique().sort()
}

/** Samples to train on by name of the training data: one for each model that is trained. */
def trainedOn(List train_on, together) {
    if (!together || train_on.size() < 2) {
        return train_on.collectEntries { sample -> [sample, [sample]] }
    }
    def joined = train_on.join('+')
    return [(joined.length() > 60 ? "${train_on.size()}_samples".toString() : joined): train_on]
}

/** Why samples cannot train one model together: other marks, or the name of one is that of all. */
def unlikeTogether(List chips, List train_on, samples) {
    def marks = train_on.collectEntries { sample ->
        def own = chips.findAll { bam -> bam.meta.sample == sample }*.meta
        [sample, own.collect { meta -> meta.assay == 'chip' ? meta.mark : "${meta.mark} by ${meta.assay}".toString() }.unique().sort()]
    }
    def listed_marks = marks.collect { sample, own -> "${sample}: ${own.join(', ')}" }.join('; ')
    def names = trainedOn(train_on, true).keySet()
    def taken = train_on.size() > 1 ? names.findAll { name -> name in samples } : []
    return marks.groupBy { _sample, own -> own }.size() < 2
        ? taken.collect { name -> "--train_together: a sample has the name ${name}, which all samples together would have; rename it." }
        : ["--train_together: the samples have different marks (${listed_marks}); leave marks out of --input, or samples out of --train_on."]
}

/** The bundles that --pretrained names, those that can be read. */
def readBundles(String paths, schemaFile, List unclear, List problems) {
    def named_ones = (paths ?: '').tokenize(',')*.trim().findAll()
    def read = named_ones.collect { path -> [path: path] + readBundle(path, schemaFile) }
    def bundles = read.findAll { bundle -> !bundle.fault }
    (read - bundles).each { bundle -> problems << "--pretrained ${bundle.path}: ${bundle.fault}" }
    if (paths && (!read || bundles.size() < read.size())) {
        unclear << 'pretrained'
    }
    if (read && !bundles) {
        unclear.addAll(['classes', 'bin_size', 'window_bins', 'control'])
    }
    return bundles
}

/** The facts of a bundle that the driver needs, all of them checked, or its fault; the tasks check the rest. */
def readBundle(String path, schemaFile) {
    def folder = path == 'builtin' ? moduleDir.parent.resolve('assets/models/builtin') : file(path, glob: false)
    def description = folder.resolve('model.json')
    // A link to a device has no size and no end.
    if (!java.nio.file.Files.isRegularFile(description)) {
        return [fault: 'there is no model.json in this folder; a bundle is a folder such as results/models/K562/cnn.']
    }
    // Those of genomes with 100,000 scaffolds have 6 MB.
    if (description.size() > 32e6) {
        return [fault: "model.json has ${(description.size() / 1e6).intValue()} MB, and that of a bundle at most 32. Copy the bundle again."]
    }
    def content = [:]
    try {
        content = nesting(description.getText('UTF-8')) > 100 ? [:] : readJson(description)
    }
    catch (Exception _fault) {
        return [fault: 'model.json is damaged (not JSON). Copy the bundle again.']
    }
    def fits = content instanceof Map
        && content.format == 'deepregfinder-bundle'
        && content.sample instanceof String
        && content.sample ==~ /[A-Za-z0-9][A-Za-z0-9_+-]{0,59}/
        && content.model ==~ /[a-z0-9]+/
        && content.classes instanceof List
        && content.classes == classNames(content.classes.size())
        && content.marks instanceof List
        && content.marks.every { mark -> mark ==~ /[A-Za-z0-9][A-Za-z0-9._+-]{0,79}/ }
        && content.bin_size instanceof Integer
        && content.bin_size > 0
        && content.window_bins instanceof Integer
        && content.window_bins > 0
        && content.normalisation instanceof Map
        && content.getOrDefault('training', [:]) instanceof Map
        && content.normalisation.control in ['ignore', 'subtract', 'channel']
        && content.normalisation.getOrDefault('transform', 'none') in ['none', 'log2', 'asinh']
        && content.getOrDefault('provenance', [:]) instanceof Map
        && (content.provenance?.counting == null || content.provenance.counting instanceof Map)
        && areAssays(content.provenance?.counting?.assays)
    if (!fits) {
        return [fault: 'model.json does not describe a DeepRegFinder bundle. Copy the bundle again.']
    }
    def known = modelCatalogue().keySet()
    if (!(content.model in known)) {
        return [fault: "this version has no model '${content.model}' (it has ${known.join(', ')})."]
    }
    if (content.format_version in [4, 5]) {
        return [fault: "the bundle has format ${content.format_version}, of a development version. Train the model again."]
    }
    def rules = [classes: content.classes.size()] + content.subMap('bin_size', 'window_bins') + content.normalisation.subMap('control', 'transform')
    def counting = countingOf(path, content, schemaFile)
    if (counting.fault) {
        return counting
    }
    def facts = content.subMap('sample', 'model', 'classes', 'marks')
    return [folder: folder, portable: content.training?.portable == true, remark: content.provenance?.remark, assays: content.provenance?.counting?.assays ?: [:]] + facts + [rules: rules + counting]
}

/** The parameters that say which reads count where: those of their group but the counter, as both counters give the same. */
def countingRules(schemaFile) {
    return readJson(schemaFile)['$defs'].counting.properties.findAll { name, _rule -> name != 'counter' }
}

/** The counting rules that a bundle records, or a fault. */
def countingOf(String path, Map content, schemaFile) {
    def rules = countingRules(schemaFile)
    def all = content.provenance?.counting ?: [:]
    // Bundles from before this rule were counted without a limit.
    def recorded = (all ? [max_fragment: 0] : [:]) + all.findAll { name, _value -> name in rules }
    def faulty = recorded.findAll { name, value -> value == null || faultOf(value, rules[name]) }.keySet()
    if (faulty) {
        return [fault: "model.json records no valid ${faulty.join(', ')}. Copy the bundle again."]
    }
    def unknown = rules.keySet() - recorded.keySet()
    if (unknown) {
        log.warn("--pretrained ${path}: the bundle does not record ${unknown.join(', ')}; give these parameters as in its training.")
    }
    return recorded
}

/**
 * Take classes, bins, control, transform and counting rules from the pretrained bundles; refuse parameters that were set to
 * other values, and bundles that differ. What no bundle records stays as it was given.
 */
def followBundles(Map options, List bundles, schemaFile, List unclear, List problems) {
    if (!bundles) {
        return options
    }
    def set = options.values().sum()
    def presets = readJson(schemaFile)['$defs'].values().sum { group -> group.properties }
    def trained = bundles*.rules.reverse().sum()
    trained.keySet()
        .collectEntries { name -> [name, bundles*.rules.findAll { rules -> rules.containsKey(name) }*.get(name)] }
        .findAll { _name, values -> values.toUnique().size() > 1 }
        .each { name, values ->
            problems << "the bundles of --pretrained differ in ${name} (${values.join(', ')}): run them separately."
            unclear << name
        }
    trained.each { name, value ->
        if (!(name in unclear) && set[name] != presets[name]['default'] && set[name] != value) {
            problems << "--${name} ${set[name]}: the bundle of --pretrained was trained with ${value}; leave the parameter out."
            unclear << name
        }
    }
    // Values that are fine with those that were given may not be with those of the bundle.
    contradictions(set + trained).findAll { fault -> !fault.about.any { name -> name in unclear } }.each { fault ->
        problems << fault.says
    }
    return options.collectEntries { group, values ->
        [group, values.collectEntries { name, value -> [name, trained.containsKey(name) ? trained[name] : value] }]
    }
}

/** Training data and name of the models that take samples which lack marks. */
def portableOnes(List bundles, Map trained, List models, Map options) {
    def own = options.training.portable ? models.findAll { model -> 'portable' in (modelCatalogue()[model]?.heeds ?: []) } : []
    return bundles.findAll { bundle -> bundle.portable }.collect { bundle -> [bundle.sample, bundle.model] } + [trained.keySet().toList(), own].combinations()
}

/** Marks that a model was trained on and a sample to predict lacks; a portable model needs one of its marks. */
def lackingMarks(List chips, List applied, Map trained, List portable, List bundles, List withheld) {
    def marks = chips.groupBy { bam -> bam.meta.sample }.collectEntries { sample, bams -> [sample, bams*.meta*.mark.unique()] }
    def wanted = bundles.collectEntries { bundle -> [bundle.sample, bundle.marks] } + trained.collectEntries { name, samples -> [name, marks[samples[0]] ? marks[samples[0]] - withheld : null] }
    return applied
        .collect { trained_on, model, sample, _name -> [trained_on, sample, [trained_on, model] in portable] }
        .unique()
        .findAll { trained_on, sample, _any -> wanted[trained_on] && marks[sample] }
        .collectMany { trained_on, sample, any ->
            def needed = wanted[trained_on].findAll { mark -> !mark.endsWith('control') }
            def own = marks[sample].join(', ')
            def lacking = any && needed.any { mark -> takesFor(mark, marks[sample]) } ? [] : needed - marks[sample]
            lacking
                ? ["sample '${sample}' lacks ${lacking.join(', ')}, which the model of ${trained_on} was trained on (marks of the sample: ${own})."]
                : []
        }
}

/** Whether a portable model finds one of its marks among those of a sample: ATAC stands for DNase, and the other way round. */
def takesFor(String mark, List own) {
    return mark in own || (isAccessibility(mark) && own.any { other -> isAccessibility(other) })
}

/** Needs of the models, by their entries in the catalogue, that the run does not meet. */
def unfitModels(List asked, List chips, List train_on, List withheld, Map options) {
    def catalogue = modelCatalogue()
    def unknown = asked - catalogue.keySet()
    def models = asked - unknown
    def problems = unknown
        ? ["--models ${unknown.join(',')}: there is no such model; choose among ${catalogue.keySet().join(', ')}."]
        : []
    def along = models.findAll { model -> catalogue[model].sees == 'chromosome' }
    if (along && options.split.split == 'random') {
        problems << "--split random: ${along.join(', ')} would see test windows during training; leave them out of --models, or split by chromosome."
    }
    def alone = models.findAll { model -> !('together' in catalogue[model].traits) }
    if (options.run.train_together && alone) {
        problems << "--train_together: ${alone.join(', ')} learns from one sample; choose --models ${catalogue.keySet().findAll { name -> 'together' in catalogue[name].traits }.join(',')}."
    }
    models.collectMany { model -> catalogue[model].needs }.unique().each { need ->
        def names = models.findAll { model -> need in catalogue[model].needs }.join(',')
        problems << lackOf(need, names, chips.findAll { bam -> !(bam.meta.mark in withheld) }, train_on, options)
    }
    return problems.findAll()
}

/** Why a run without labels is not possible: models that learn from labels, and what is measured with them. */
def lackOfLabels(List models, Map options) {
    def catalogue = modelCatalogue()
    def rules = catalogue.findAll { _name, facts -> !('labels' in facts.needs) }.keySet()
    def problems = models && models.every { model -> model in rules }
        ? []
        : ["--labels is missing: give a label sheet to train, or --pretrained with a model bundle or builtin to predict only. Only ${rules.join(', ')} needs neither (--models ${rules.join(',')})."]
    if (!problems && options.calling.call_at =~ /prob|prec|fdr/) {
        problems << "--call_at ${options.calling.call_at} needs probabilities at natural prevalence, which are measured with --labels; use number:N or mb:X, or leave it out."
    }
    if (!problems && options.evaluation.folds) {
        problems << "--folds ${options.evaluation.folds}: without --labels, no accuracy can be measured; leave it out."
    }
    return problems
}

/** Names of --withhold that no sample to train on has, and samples that it leaves no mark. */
def withheldInVain(List withheld, List chips, List train_on) {
    def marks = train_on.collectEntries { sample -> [sample, chips.findAll { bam -> bam.meta.sample == sample }*.meta*.mark.unique()] }
    def known = marks.values().flatten().unique().sort()
    def unknown = known ? withheld - known : []
    def blind = withheld ? marks.findAll { _sample, names -> names && !(names - withheld) }.keySet() : []
    return (unknown ? ["--withhold ${unknown.join(',')}: no sample to train on has this mark (available: ${known.join(', ')})."] : []) +
        (blind ? ["--withhold ${withheld.join(',')}: no mark is left for the models of ${blind.join(', ')}."] : [])
}

/** The message if the run does not meet a need of the models of these names; null if it does. */
def lackOf(String need, String names, List chips, List train_on, Map options) {
    if (need.startsWith('max_bin_size:')) {
        def limit = need.tokenize(':')[1].toInteger()
        return options.geometry.bin_size > limit ? "--models ${names} needs --bin_size ${limit} or less, not ${options.geometry.bin_size}; lower it, or leave ${names} out." : null
    }
    if (need.startsWith('max_classes:')) {
        def limit = need.tokenize(':')[1].toInteger()
        return options.run.classes > limit ? "--models ${names} has rules for ${limit} classes at most; use --classes 2 or 3, or leave ${names} out." : null
    }
    if (need == 'labels') {
        return null // `lackOfLabels` is about all models
    }
    if (need == 'tss') {
        // Without labels alone; with them, --tss is missing for every model.
        return ['tss', 'gtf', 'labels'].any { name -> options.input_output[name] } ? null : "--models ${names} needs --tss or --gtf, or a --genome that has TSSs: its rules use the distance to the nearest TSS."
    }
    def blind = train_on.findAll { sample -> !chips.any { bam -> bam.meta.sample == sample && isOfNeed(bam.meta.mark, need) } }
    if (!blind) {
        return null
    }
    return need == 'accessibility'
        ? "--models ${names} needs an accessibility track: ${blind.join(', ')} has no row with the mark DNase or ATAC in --input."
        : "--models ${names} needs the mark ${need}: ${blind.join(', ')} has no row with it in --input."
}

/** A sentence for each parameter that differs from its default and has no effect on some of the models, or on all. */
def withoutEffect(List models, Map options, schemaFile) {
    def catalogue = modelCatalogue()
    def rules = readJson(schemaFile)['$defs'].values().sum { group -> group.properties }
    def set = options.values().sum()
    return catalogue.values().collectMany { facts -> facts.heeds }.unique()
        .findAll { name -> set[name].toString() != rules[name]['default'].toString() }
        .collect { name ->
            def unaffected = models.findAll { model -> !(name in catalogue[model].heeds) }
            return models && unaffected ? "--${name} ${set[name]} has no effect on ${unaffected.join(', ')}." : null
        }
        .findAll()
}

/**
 * A sentence for each parameter that differs from its default and belongs to a step that a run with pretrained models, or without
 * labels, leaves out.
 */
def voidOnes(List bundles, boolean unlabelled, Map options, schemaFile) {
    if (!bundles && !unlabelled) {
        return []
    }
    def rules = readJson(schemaFile)['$defs'].values().sum { group -> group.properties }
    def set = options.values().sum()
    def of_training = unlabelled ? [] : ['models', 'withhold'] + (modelCatalogue().values().collectMany { facts -> facts.heeds }.unique() - bundles*.rules.sum().keySet().toList())
    // Without labels, no windows are chosen, and no call is evaluated. Rules take their statistics from the training chromosomes.
    def of_split = unlabelled ? [] : options.split.keySet()
    def of_labels = options.region_rules.keySet() + options.states.keySet() + of_split + ['gaps', 'validation_slop'] - ['tss_merge', 'tss_distance']
    def of_evaluation = set.crispr ? [] : ['seed', 'bootstrap']
    def reasons = of_training.collectEntries { name -> [name, 'no model is trained in this run'] } +
        (set.labels ? [:] : (of_labels + of_evaluation).collectEntries { name -> [name, 'without --labels, no window is labelled and no call is evaluated'] })
    return reasons
        .findAll { name, _reason -> set[name] != null && set[name].toString() != rules[name]['default'].toString() }
        .collect { name, reason -> "--${name} ${set[name]} has no effect: ${reason}.".toString() }
}

def lackingControls(List chips, String control) {
    def lacking = control == 'ignore' ? [] : chips.findAll { bam -> !bam.meta.control && needsControl(bam.meta.assay) }
    return lacking.collect { bam ->
        "--control ${control} needs a control for every BAM, but ${bam.meta.sample} ${bam.meta.mark} ${bam.meta.replicate} has none in --input."
    }
}

/** A file of --input cannot be nascent RNA as well: elements would be divided into active and poised ones by a mark. */
def nascentMarks(List rows, List chips, labels) {
    def ids = chips.findAll { chip -> isPath(chip.bam) }.collectEntries { chip -> [place(chip.bam), chip.meta.id] }
    return rows.collectMany { row -> row.nascent.collect { bam -> [row.sample, bam] } }
        .findAll { _sample, bam -> ids.containsKey(place(bam)) }
        .collect { sample, bam -> "${labels}: ${bam.name} is listed as nascent RNA of ${sample}, but as ${ids[place(bam)]} in --input.".toString() }
}

def nascentBams(Map row) {
    def strands = row.nascent.size() == 1 ? ['nascent'] : ['nascent.sense', 'nascent.antisense']
    return [strands, row.nascent].transpose().collect { strand, bam ->
        def meta = [id: "${row.sample}.${strand}".toString(), sample: row.sample, mark: strand, replicate: '1', role: 'nascent', control: null, assay: 'chip', rules: []]
        [meta: meta, bam: bam, barcodes: []]
    }
}

def countsOf(String sample, List chips, List controls) {
    def controlled = chips.findAll { bam -> bam.meta.control in controls }
    def pairs = controlled.collect { bam -> "${bam.meta.id}=${bam.meta.control}".toString() }
    def ids = chips.collect { bam -> bam.meta.id } + controlled.collect { bam -> bam.meta.control }
    return [sample: sample, ids: ids.unique(), controls: pairs.sort()]
}

/**
 * A sample is predicted by its own models where it has them, else by the models of every other sample, named after it;
 * pretrained models, which were asked for by name, are all applied.
 */
def applications(List predict_on, Map trained, List models, List bundles, boolean pretrained) {
    def sources = bundles.collect { bundle -> [bundle.sample, bundle.model] } + [trained.keySet().toList(), models].combinations()
    return predict_on.collectMany { sample ->
        def own = pretrained ? [] : sources.findAll { trained_on, _model -> sample in trained[trained_on] }
        (own ?: sources).collect { trained_on, model ->
            [trained_on, model, sample, own || trained_on == sample ? model : appliedName(model, trained_on)]
        }
    }
}

/**
 * Pairs of samples that one model is applied to: those that --compare names, all for `--compare all`, and by default all of up
 * to four samples: their number grows with the square. predict_on is nothing where it is not known; where anything else that
 * the pairs hang on is not, is_clear is false.
 */
def comparisons(String text, List applied, predict_on, boolean is_clear, List problems) {
    def of_all = text ? text == 'all' : (predict_on ?: []).size() <= 4
    def of_model = applied.groupBy { trained_on, model, _sample, _name -> appliedName(model, trained_on) }
    def names = of_model.collectEntries { model, rows -> [model, rows.collectEntries { row -> [row[2], row[3]] }] }
    def every = [predict_on ?: [], predict_on ?: []].combinations().findAll { a, b -> a < b }.sort { pair -> pair.join(' ') }
    def given = text && !of_all ? text.tokenize(',').collect { pair -> pair.trim().tokenize(':') } : []
    def wanted = of_all ? every : given
    def found = wanted.collectMany { a, b ->
        names
            .findAll { _model, there -> there.containsKey(a) && there.containsKey(b) }
            .collect { model, there -> [name: "${a}_vs_${b}.${model}".toString(), a: a, b: b, model_a: there[a], model_b: there[b]] }
    }
    found.groupBy { pair -> pair.name }.findAll { _name, same -> is_clear && same.size() > 1 }.each { name, same ->
        def pairs = same.collect { pair -> "${pair.a}:${pair.b}" }.join(' and ')
        problems << "the results of comparing ${pairs} would both be called ${name}: rename a sample."
    }
    if (text && of_all && is_clear && !found) {
        problems << '--compare all: no model predicts two samples. Use --train_on with one sample, or --pretrained.'
    }
    if (given) {
        wanted.flatten().unique().findAll { sample -> predict_on != null && !(sample in predict_on) }.each { sample ->
            problems << "--compare: sample '${sample}' is not predicted (available: ${predict_on.join(', ')})."
        }
        wanted.findAll { a, b -> a == b }.unique().each { a, _b ->
            problems << "--compare ${a}:${a}: a sample cannot be compared with itself."
        }
        wanted.countBy { pair -> pair.toSorted() }.findAll { _pair, n -> n > 1 }.each { pair, _n ->
            problems << "--compare lists ${pair.join(' and ')} more than once."
        }
        wanted.findAll { a, b -> is_clear && a != b && a in predict_on && b in predict_on && !found.any { pair -> pair.a == a && pair.b == b } }.unique().each { a, b ->
            problems << "--compare ${a}:${b}: no model predicts both samples. Use --train_on with one sample, or --pretrained."
        }
    }
    return found
}
