// Whose files lie in the results folder: those of one run and its settings, and what others put there before.

include { readJson } from './parameters'

/** Settings of these groups change no result. */
def ofTheMachine() {
    return ['hardware', 'mail', 'site']
}

/**
 * Refuse a results folder with results of a run with other settings; otherwise record those of this run there, as
 * pipeline_info/settings.json, before its first task. An interrupted run is continued by the same settings, and a folder in
 * which no result lies yet is taken over. A preview writes nothing. `plan` is that of `planned`.
 * Returns the paths of files that lay there before the first run: they are somebody else's.
 */
def claimResults(Map plan, String version, schemaFile, boolean preview) {
    def outdir = plan.options.input_output.outdir.toString()
    def record = recordOf(outdir)
    def settings = new groovy.json.JsonSlurper().parseText(groovy.json.JsonOutput.toJson(settingsOfResults(plan, version, schemaFile)))
    def before = claimed(record)
    if (before && before.settings == settings) {
        return before.others
    }
    def others = before?.others ?: []
    if (!record.exists() && !record.resolveSibling('checksums.sha256').exists()) {
        others = filesIn(outdir)
    }
    else if (resultsIn(outdir, others)) {
        error(refusal(outdir, before?.settings, settings))
    }
    if (preview) {
        return others
    }
    def part = record.resolveSibling('settings.part')
    record.parent.mkdirs()
    part.text = groovy.json.JsonOutput.prettyPrint(groovy.json.JsonOutput.toJson([settings: settings, others: others])) + '\n'
    part.moveTo(record)
    return others
}

def recordOf(String outdir) {
    return file("${outdir}/pipeline_info/settings.json", glob: false)
}

/** The record of the run that the folder belongs to; nothing if there is none, or if it is damaged. */
def claimed(record) {
    try {
        def content = record.exists() ? readJson(record) : null
        return content instanceof Map && content.settings instanceof Map && content.others instanceof List ? content : null
    }
    catch (Exception _fault) {
        return null
    }
}

/** What the names of the results follow from: parameters, and what the sheets and bundles list. */
def settingsOfResults(Map plan, String version, schemaFile) {
    def groups = plan.options.findAll { group, _values -> !(group in ofTheMachine()) }
    def rules = readJson(schemaFile)['$defs'].values().sum { group -> group.properties }
    // A file may move, and its content is not compared.
    def values = groups.values().sum().collectEntries { name, value ->
        [name, value != null && rules[name].format in ['file-path', 'directory-path'] ? 'given' : value]
    }
    def listed = [
        version: version,
        input: plan.bams*.meta*.id.sort(),
        labels: plan.labels*.sample.sort(),
        pretrained: plan.bundles.collect { meta, _folder -> "${meta.trained_on} ${meta.model}".toString() }.sort(),
        annotations: plan.annotations.collect { meta, _bed, _chain -> "${meta.sample} ${meta.name}".toString() }.sort(),
        models: plan.models.sort(),
        train_on: plan.train_on,
        predict_on: plan.predict_on,
    ]
    return (values + listed).findAll { name, value -> value != null && name != 'outdir' }
}

def refusal(String outdir, Map before, Map settings) {
    if (before == null) {
        return "--outdir ${outdir} holds results of another run, which has left no record of its settings. Choose another folder with --outdir, or remove this one; with -resume, finished tasks are not repeated."
    }
    def names = (before.keySet() + settings.keySet())
        .findAll { name -> before[name] != settings[name] }
        .sort()
        .collect { name -> name == 'version' ? 'the version of the pipeline' : "--${name}" }
        .join(', ')
    return "--outdir ${outdir} holds results of another run, which differs in ${names}. Choose another folder with --outdir, or remove this one; with -resume, finished tasks are not repeated."
}

/** Whether a file lies there that is neither a record nor somebody else's. */
def resultsIn(String outdir, List others) {
    return file(outdir).scheme != 'file' || filesIn(outdir) - others
}

/** Paths of all files of a folder on a disk, but for those of pipeline_info. */
def filesIn(String outdir) {
    def folder = file(outdir, glob: false)
    if (folder.scheme != 'file' || !folder.exists()) {
        return []
    }
    def found = []
    try {
        found = java.nio.file.Files.walk(folder).toList()
    }
    catch (UncheckedIOException _fault) {
        log.debug("${outdir} holds a folder that cannot be read")
    }
    return found
        .findAll { path -> java.nio.file.Files.isRegularFile(path) }
        .collect { path -> folder.relativize(path).toString() }
        .findAll { path -> !path.startsWith('pipeline_info/') }
        .sort()
}
