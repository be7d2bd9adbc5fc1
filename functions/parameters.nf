// Parameters: read from nextflow_schema.json, checked all at once, typed, grouped as the schema groups them.

def readJson(path) {
    return new groovy.json.JsonSlurper().parseText(path.getText('UTF-8'))
}

/**
 * How deeply lists and objects of a JSON text are nested. The parser calls itself for each of them, and a text that is nested
 * deeply enough would stop Nextflow. Throws where not all of them are closed.
 */
def nesting(String text) {
    def depth = 0
    def deepest = 0
    def in_string = false
    def escaped = false
    text.getBytes('UTF-8').each { letter ->
        if (escaped) {
            escaped = false
        }
        else if (letter == 0x22) { // "
            in_string = !in_string
        }
        else if (in_string) {
            escaped = letter == 0x5C // backslash
        }
        else if (letter == 0x5B || letter == 0x7B) { // [ {
            depth += 1
            deepest = depth > deepest ? depth : deepest
        }
        else if (letter == 0x5D || letter == 0x7D) { // ] }
            depth -= 1
        }
    }
    if (depth != 0 || in_string) {
        throw new IllegalArgumentException('not JSON')
    }
    return deepest
}

/** The page that --help prints: every parameter of the schema, by group. */
def helpText(schemaFile) {
    def schema = readJson(schemaFile)
    def usage = [
        "DeepRegFinder-NF: ${schema.description}",
        '',
        'nextflow run main.nf --input samplesheet.csv --labels labels.csv --tss tss.bed',
        'nextflow run main.nf --input samplesheet.csv --pretrained results/models/K562/cnn',
    ]
    def groups = schema['$defs'].values().collectMany { group ->
        ['', group.title] + group.properties.collect { name, rule -> helpLine(name, rule) }
    }
    return (usage + groups).join('\n') + '\n'
}

/** What --help NAME prints: one parameter with all that the schema says of it. */
def helpOn(String asked, schemaFile) {
    def rules = readJson(schemaFile)['$defs'].values().sum { group -> group.properties }
    def name = asked.replaceFirst('^-+', '').replace('-', '_')
    if (!rules.containsKey(name)) {
        error(notAParameter(name, nearName(name, rules.keySet())))
    }
    def rule = rules[name]
    def limits = [minimum: 'at least', exclusiveMinimum: 'above', maximum: 'at most'].findAll { key, _words -> rule.containsKey(key) }
    def values = ["  ${rule.type}"] + limits.collect { key, words -> "${words} ${rule[key]}" }
    return ([helpLine(name, rule).trim(), values.join(', ')] + (rule.help_text ? ["  ${rule.help_text}"] : [])).join('\n') + '\n'
}

def helpLine(String name, Map rule) {
    def choice = rule['enum'] ? " [${rule['enum'].join('|')}]" : ''
    def preset = rule['default'] != null ? " (default: ${rule['default']})" : ''
    return "  --${name.padRight(26)} ${rule.description}${choice}${preset}"
}

/**
 * Check what the user gave against the schema. Returns a map:
 *   options   the parameters with the schema's types, as a map of groups (options.counting.min_mapq); the default for a faulty one
 *   problems  a sentence for each
 *   unclear   names of the parameters whose value is not what the user meant: what follows from it is no other problem
 */
def checkedOptions(given, schemaFile) {
    def schema = readJson(schemaFile)
    def rules = schema['$defs'].values().collectEntries { group -> group.properties }
    def unknown = unknownNames(given.keySet(), rules.keySet())
    def problems = unknown.collect { name, meant -> notAParameter(name, meant) }
    def unclear = unknown.values().findAll()
    def values = rules.collectEntries { name, rule ->
        def value = given.containsKey(name) ? typed(given[name], rule.type) : rule['default']
        def fault = value == null ? null : faultOf(value, rule)
        if (fault) {
            problems << "--${name} ${given[name]}: ${fault}".toString()
            unclear << name
        }
        [name, fault ? rule['default'] : value]
    }
    contradictions(values).findAll { fault -> !fault.about.any { name -> name in unclear } }.each { fault ->
        problems << fault.says.toString()
    }
    def options = schema['$defs'].collectEntries { group, content -> [group, values.subMap(content.properties.keySet())] }
    return [options: options, problems: problems, unclear: unclear]
}

/** The file that a parameter names; `checkedOptions` has seen it. */
def named(path) {
    return file(path, glob: false)
}

def isFile(path) {
    try {
        def found = named(path)
        return found.exists() && !found.isDirectory()
    }
    catch (Exception _fault) {
        return false
    }
}

/** The file of a parameter that may be left out, as an input of a process: the file, or nothing. */
def optional(Map inputs, String name) {
    return inputs[name] ? named(inputs[name]) : []
}

/**
 * Stop where a folder has signs in its path on which the scripts of Nextflow would act, which do not quote it everywhere:
 * `work` is the work folder, `code` that of the pipeline, engine that of containers or null.
 */
def refuseFolders(work, code, String engine) {
    def signs = '["$`\\\\]'
    if (work.toString().find(engine ? signs : '[$]')) {
        error("The work folder ${work} has a sign in its path on which a shell would act (a dollar sign; with containers also a double quote, a backtick or a backslash): choose another with -work-dir.")
    }
    if (code.toString().find(signs)) {
        error("The pipeline is in ${code}, a path with a sign on which a shell would act (a double quote, a dollar sign, a backtick or a backslash): move it to another folder.")
    }
}

/** One message for all problems. */
def listed(List problems) {
    def title = problems.size() == 1 ? 'There is a problem:' : "There are ${problems.size()} problems:"
    return ([title] + problems.collect { problem -> "  - ${problem}" }).join('\n')
}

/** The first names of a list, and how many more there are: A, B, C and 47 more. */
def few(names) {
    return names.size() <= 4 ? names.join(', ') : "${names.take(3).join(', ')} and ${names.size() - 3} more".toString()
}

/** A name without case and separators. */
def plain(name) {
    return name.replaceAll('[-_]', '').toLowerCase()
}

/** Each name that is no parameter, with the parameter that it is most like, or nothing. */
def unknownNames(given, known) {
    // Nextflow adds a camelCase or kebab-case twin of each name; only what matches no known name in any case is a mistake.
    def twins = known.collectEntries { name -> [plain(name), name] }
    return given
        .findAll { name -> !(name in known) && !isOfSite(name) }
        .unique { name -> plain(name) }
        .collectEntries { name -> [name, twins[plain(name)] ?: nearName(name, known)] }
}

/** The known name that is most like another, where they are alike; else nothing. */
def nearName(String name, known) {
    def other = known.min { candidate -> distance(plain(name), plain(candidate)) }
    return distance(plain(name), plain(other)) <= Math.max(2, name.size().intdiv(3)) ? other : null
}

def notAParameter(String name, meant) {
    return meant
        ? "--${name} is not a parameter of this pipeline; did you mean --${meant}? (--help lists all parameters)".toString()
        : "--${name} is not a parameter of this pipeline; --help lists all parameters.".toString()
}

/**
 * Whether a parameter is one that site configurations, such as those of nf-core, set for every pipeline: its profile, its
 * limits, its reference genomes, settings of plugins and of the form of mail. They do nothing here.
 */
def isOfSite(String name) {
    return plain(name) ==~ /(configprofile|customconfig|igenomes|multiqc|validation(fail|schema|show|lenient|s3|skip|disable|ignore))\w+|max(cpus|memory|time)|plaintextemail|monochromelogs|hookurl|genomes|tracereportsuffix|pipelinestestdatabasepath/
}

/** A sentence for each parameter of `isOfSite` that stands on the command line itself, where its user expects something of it. */
def idleOnCommandLine(given, String command) {
    def words = command.tokenize(' =')
    return given
        .findAll { name -> isOfSite(name) && words.contains("--${name}".toString()) }
        .collect { name -> "--${name} has no effect on this pipeline; limits and site settings belong in a configuration file (-c), see docs/clusters.md.".toString() }
}

/** Levenshtein distance. */
def distance(String one, String other) {
    def row = (0..other.size()).toList()
    one.toList().eachWithIndex { letter, i ->
        def above = row
        row = [i + 1]
        other.toList().eachWithIndex { against, j ->
            row << [row[j] + 1, above[j + 1] + 1, above[j] + (letter == against ? 0 : 1)].min()
        }
    }
    return row.last()
}

/** A value with the type that the schema names, or the value as it is where it cannot have that type. */
def typed(value, String type) {
    if (value == null) {
        return null
    }
    def text = value.toString().trim()
    if (type == 'boolean') {
        return text in ['true', 'false'] ? text == 'true' : value
    }
    if (type in ['integer', 'number'] && text ==~ /[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?/) {
        def number = new BigDecimal(text)
        def whole = number.stripTrailingZeros().scale() <= 0
        if (!whole) {
            return type == 'number' ? number : value
        }
        // What no long can hold stays as it is: every parameter has a range that it is out of.
        return number.abs() < 1e15 ? number.longValue() : number
    }
    return type == 'string' ? text : value
}

/** The fault of a typed value under its rule, or null. */
def faultOf(value, Map rule) {
    if (rule.type == 'boolean' && !(value instanceof Boolean)) {
        return 'must be true or false.'
    }
    if (rule.type in ['integer', 'number'] && !(value instanceof Number)) {
        return rule.type == 'integer' ? 'must be a whole number.' : 'must be a number.'
    }
    if (rule['enum'] && !(value.toString() in rule['enum']*.toString())) {
        return "must be one of ${rule['enum'].join(', ')}."
    }
    if (rule.minimum != null && value < rule.minimum) {
        return "must be at least ${rule.minimum}."
    }
    if (rule.exclusiveMinimum != null && value <= rule.exclusiveMinimum) {
        return "must be above ${rule.exclusiveMinimum}."
    }
    if (rule.maximum != null && value > rule.maximum) {
        return "must be at most ${rule.maximum}."
    }
    if (rule.multipleOf != null && value % rule.multipleOf != 0) {
        return "must be a multiple of ${rule.multipleOf}."
    }
    if (rule.pattern && !(value ==~ rule.pattern)) {
        return "does not have the expected form (${rule.description})."
    }
    if (rule.format == 'file-path' && !isFile(value)) {
        return 'there is no such file.'
    }
    return null
}

/** Whether a folder, or the nearest one above it that exists, takes files. An object store is asked when there is something to store. */
def isWritable(folder) {
    return folder == null || folder.scheme != 'file' || (folder.exists() ? java.nio.file.Files.isWritable(folder) : isWritable(folder.parent))
}

/** Whether two folders lie on different disks. */
def areApart(one, other) {
    return one.scheme == 'file' && other.scheme == 'file' && diskOf(one.toAbsolutePath()) != diskOf(other.toAbsolutePath())
}

/** The disk of a folder or, if it is not there yet, of the nearest one above it. */
def diskOf(folder) {
    return folder.exists() ? java.nio.file.Files.getFileStore(folder) : diskOf(folder.parent)
}

/** Values that are fine alone but not together: maps of the parameters that each problem is about, and what it says. */
def contradictions(Map values) {
    def faults = []
    if (!values.input) {
        faults << [about: ['input'], says: '--input is missing: give a samplesheet (CSV: sample,mark,replicate,bam,control).']
    }
    if (values.labels && !values.tss && !values.gtf) {
        faults << [
            about: ['tss', 'gtf', 'genome'],
            says: '--tss is missing: labels need transcription start sites (BED), a gene annotation (--gtf), or a --genome that has them (--help genome).',
        ]
    }
    if (values.train_together && values.folds) {
        faults << [about: ['train_together', 'folds'], says: '--train_together and --folds cannot be combined: each fold trains on one sample.']
    }
    if (values.tss && values.gtf) {
        faults << [about: [], says: '--tss and --gtf both give the transcription start sites; leave one of them out.']
    }
    if (values.gtf_biotypes && !values.gtf) {
        faults << [about: ['gtf'], says: '--gtf_biotypes has no effect without --gtf.']
    }
    if (values.pretrained && values.train_on) {
        faults << [about: [], says: '--pretrained and --train_on cannot be combined: pretrained models are not trained.']
    }
    if (values.annotations && !values.labels) {
        faults << [about: ['labels'], says: '--annotations needs --labels: annotations are scored on labelled windows.']
    }
    if (values.crispr && !values.crispr_sample) {
        faults << [
            about: ['crispr_sample'],
            says: '--crispr_sample is missing: name the sample whose calls are compared with --crispr.',
        ]
    }
    ['crispr_sample', 'crispr_cell_type', 'crispr_chain'].findAll { name -> values[name] && !values.crispr }.each { name ->
        faults << [about: ['crispr'], says: "--${name} has no effect without --crispr."]
    }
    ['train_on', 'predict_on', 'pretrained'].findAll { name -> values[name] != null && !values[name].tokenize(', ') }.each { name ->
        faults << [about: [], says: "--${name} is an empty list; leave it out."]
    }
    if (isFile(values.outdir)) {
        faults << [about: [], says: "--outdir ${values.outdir} is a file; choose a folder."]
    }
    else if (!isWritable(file(values.outdir))) {
        faults << [
            about: [],
            says: "--outdir ${values.outdir} is not writable (a read-only disk, or no permission); choose another folder.",
        ]
    }
    if (values.publish_dir_mode == 'link' && areApart(file(values.outdir), workflow.workDir)) {
        faults << [
            about: [],
            says: "--publish_dir_mode link: --outdir ${values.outdir} and the work folder ${workflow.workDir} are on different disks, between which there are no hard links; use copy or symlink.",
        ]
    }
    if (values.step % values.bin_size != 0) {
        faults << [
            about: ['step', 'bin_size'],
            says: "--step ${values.step} is not a multiple of --bin_size ${values.bin_size}.",
        ]
    }
    if (values.step > values.bin_size * values.window_bins) {
        faults << [
            about: ['step', 'bin_size', 'window_bins'],
            says: "--step ${values.step} is wider than a window (${values.bin_size * values.window_bins} bp): the gaps between windows would not be predicted.",
        ]
    }
    if (values.call_at != 'model' && values.threshold != null) {
        faults << [
            about: ['call_at', 'threshold'],
            says: "--call_at ${values.call_at} and --threshold ${values.threshold} both say where calls begin; leave one of them out.",
        ]
    }
    if (values.call_at =~ /prob|prec|fdr/ && values.split == 'random' && !values.pretrained) {
        faults << [
            about: ['call_at', 'split', 'pretrained'],
            says: "--call_at ${values.call_at} needs probabilities at natural prevalence, but --split random leaves no chromosome to measure them on; use number:N or mb:X, or split by chromosome.",
        ]
    }
    if (values.call_at =~ /promoter=/ && values.classes == 2) {
        faults << [
            about: ['call_at', 'classes'],
            says: "--call_at ${values.call_at} names promoters, which --classes 2 does not call; leave them out.",
        ]
    }
    if (values.counter == 'featurecounts' && values.count_at in ['midpoint', 'five_prime']) {
        def where = values.count_at == 'midpoint' ? 'midpoints' : "5' ends"
        faults << [
            about: ['counter', 'count_at'],
            says: "--counter featurecounts cannot count at ${where}: use --counter native or --count_at overlap.",
        ]
    }
    if (values.counter == 'featurecounts' && values.max_fragment) {
        faults << [
            about: ['counter', 'max_fragment'],
            says: '--counter featurecounts cannot leave out long fragments: use --counter native, or leave --max_fragment out.',
        ]
    }
    if (values.count_at == 'five_prime' && values.extend) {
        faults << [about: ['count_at', 'extend'], says: "--extend ${values.extend} has no effect with --count_at five_prime; leave it out."]
    }
    if (values.counter == 'featurecounts' && values.secondary == 'drop_reads') {
        faults << [
            about: ['counter', 'secondary'],
            says: '--counter featurecounts cannot leave out reads by their secondary records: use --counter native or --secondary drop.',
        ]
    }
    return faults
}
