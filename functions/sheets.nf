// The sheets: every row checked against assets/schema_*.json. All problems are collected; the plan reports them.
//
// A reader adds problems to a list and returns a map with what could be read, and `unclear`: the columns that some value is
// missing of or wrong in. What follows from such a column is not reported as another problem.

include { faultOf ; readJson ; typed } from './parameters'

/**
 * Read --input. Returns a map:
 *   bams     a map for each file of reads to count, a control once for all rows of an assay that it serves:
 *            [meta: [id, sample, mark, replicate, role, control, reads, assay, rules], bam, barcodes]. meta.control is the id of
 *            the row's control or null, reads the number of reads behind a bigWig file or null, rules those of the row alone;
 *            barcodes is the list of a pseudobulk, or nothing
 *   samples  the names of all samples, those of incomplete rows included
 *   unclear  see above
 *
 * assays are those of marks whose rows name none, and rules the counting parameters of the schema.
 */
def readSamples(sheet, schemaFile, Map assays, Map rules, List problems) {
    def read = readSheet(sheet, readJson(schemaFile), problems)
    read.rows.each { row -> row.assay = row.assay ?: assays[row.mark] ?: 'chip' }
    def own = read.rows.collectEntries { row -> [row.line, ownRules(row, rules)] }
    def faults = own.values()*.faults.flatten() + assaysApart(read.rows)
    note(sheet, repeats(read.rows, ['sample', 'mark', 'replicate']) + spelledApart(read.rows, ['sample', 'mark']) + misused(read.rows) + faults, problems)
    def rows = read.rows.findAll { row -> row.sample && row.mark && row.replicate && row.bam }
    def controls = rows.collect { row -> row.control }.findAll { path -> isPath(path) }.unique().sort { path -> path.toString() }
    def names = uniqueNames(controls)
    def control_ids = rows.collectEntries { row -> [[row.control, row.assay], controlId(names[row.control], row.assay)] }
    def chips = rows.collect { row ->
        def meta = [
            id: "${row.sample}.${row.mark}.${row.replicate}".toString(),
            sample: row.sample,
            mark: row.mark,
            replicate: row.replicate,
            role: 'chip',
            control: control_ids[[row.control, row.assay]],
            reads: row.reads,
            assay: row.assay,
            rules: own[row.line].rules,
        ]
        [meta: meta, bam: row.bam, barcodes: row.barcodes ?: []]
    }
    def inputs = control_ids.findAll { _key, id -> id }.collect { key, id ->
        def meta = [id: id, sample: 'control', mark: 'control', replicate: '1', role: 'control', control: null, assay: key[1], rules: []]
        [meta: meta, bam: key[0], barcodes: []]
    }
    return [
        bams: (chips + inputs).sort { entry -> entry.meta.id },
        samples: read.rows.collect { row -> row.sample }.findAll().unique().sort(),
        unclear: read.unclear,
    ]
}

/** The name of a control that is counted by the rules of an assay; null without a control. */
def controlId(name, String assay) {
    return name && assay != 'chip' ? "${name}.as_${assay}".toString() : name
}

/**
 * The rules in the column `counting` of a row. Returns a map: rules, a list of name=value, and faults. `known` are the counting
 * parameters of the schema.
 */
def ownRules(Map row, Map known) {
    def pairs = (row.counting ?: '').tokenize(';')*.trim().findAll { pair -> pair.contains('=') }.collect { pair -> pair.split('=', 2)*.trim() }
    def faults = pairs.collect { name, text ->
        def rule = known[name]
        def fault = rule ? faultOf(typed(text, rule.type), rule) : "is not a counting rule (${known.keySet().join(', ')})."
        fault ? "row ${row.line}, column counting: ${name}${rule ? " ${text}" : ''} ${fault}".toString() : null
    }
    def twice = pairs.countBy { name, _text -> name }.findAll { _name, n -> n > 1 }.keySet()
    return [
        rules: pairs.collect { name, text -> "${name}=${typed(text, known[name]?.type)}".toString() }.sort(),
        faults: faults.findAll() + twice.collect { name -> "row ${row.line}, column counting: ${name} appears more than once.".toString() },
    ]
}

/** Replicates of a mark that would be counted by the rules of different assays. */
def assaysApart(List rows) {
    return rows
        .findAll { row -> row.sample && row.mark }
        .groupBy { row -> [row.sample, row.mark] }
        .findAll { _key, same -> same*.assay.toUnique().size() > 1 }
        .collect { key, same -> "rows ${same*.line.join(', ')}: replicates of ${key.join(' ')} have different assays (${same*.assay.toUnique().join(', ')}); give them one, or different names of the mark.".toString() }
}

/** Files that are listed twice in --input, by any path or link, and reserved names. */
def misused(List rows) {
    def problems = []
    def by_place = rows.findAll { row -> isPath(row.bam) }.groupBy { row -> place(row.bam) }
    by_place.findAll { _place, same -> same.size() > 1 && !areParts(same) }.each { _place, same ->
        problems << "rows ${same*.line.join(', ')}: duplicate bam (${same*.bam.unique().join(', ')})."
    }
    rows.each { row ->
        def owners = isPath(row.control) ? by_place[place(row.control)] ?: [] : []
        if (row in owners) {
            problems << "row ${row.line}: the file is its own control."
        }
        else if (owners) {
            problems << "row ${row.line}: its control ${row.control.name} is also the file of row ${owners[0].line}; a file cannot be both a mark and a control."
        }
        if (row.barcodes && isPath(row.bam) && !isFragments(row.bam.name)) {
            problems << "row ${row.line}, column barcodes: ${row.bam.name} is not a fragments file (.tsv, .tsv.gz); leave the column empty."
        }
        if (row.reads && isPath(row.bam) && !isCoverage(row.bam.name)) {
            problems << "row ${row.line}, column reads: ${row.bam.name} is not a bigWig file (.bw, .bigWig), and its reads are counted; leave the column empty."
        }
        if (row.counting && isPath(row.bam) && isCoverage(row.bam.name)) {
            problems << "row ${row.line}, column counting: ${row.bam.name} is a bigWig file, to which no counting rule applies; leave the column empty."
        }
        if (row.sample == 'control') {
            problems << "row ${row.line}, column sample: the name 'control' is reserved; rename the sample."
        }
        if (row.mark == 'nascent') {
            problems << "row ${row.line}, column mark: nascent RNA is not a mark; list its file in the sheet of --labels."
        }
    }
    return problems
}

/** Whether rows with one file take different parts of it: each has a list of barcodes that no other one has. */
def areParts(List rows) {
    def lists = rows.collect { row -> isPath(row.barcodes) ? place(row.barcodes) : row.barcodes }
    return lists.every() && lists.toUnique().size() == rows.size()
}

/** Whether a name is that of a fragments file (counting/text_format.py). */
def isFragments(String name) {
    return name ==~ /(.*\.tsv|(.*[._-])?fragments\.bed)(\.gz)?/
}

/** Whether a name is that of a bigWig file (counting/coverage_format.py). */
def isCoverage(String name) {
    return name ==~ /.*\.(bw|bigWig|bigwig)/
}

/** Whether a cell led to a file, there or not; else it is nothing, or text that is no path. */
def isPath(cell) {
    return cell != null && !(cell instanceof CharSequence)
}

/** The real path of a file: two paths may lead to one file. */
def place(path) {
    if (path.scheme != 'file') {
        return path
    }
    return path.exists() ? path.toRealPath() : path.toAbsolutePath().normalize()
}

/** Names of a column that differ only in case: most likely the same thing, spelt differently. */
def spelledApart(List rows, List columns) {
    return columns.collectMany { column ->
        rows
            .findAll { row -> row[column] }
            .groupBy { row -> row[column].toLowerCase() }
            .collect { _name, same -> same.groupBy { row -> row[column] } }
            .findAll { spellings -> spellings.size() > 1 }
            .collect { spellings ->
                def lines = spellings.values().collect { same -> same[0].line }
                "rows ${lines.join(', ')}, column ${column}: ${spellings.keySet().join(', ')} differ only in case; spell them identically."
            }
    }
}

/**
 * Read --labels. Returns a map: rows, one map for each sample: [line, sample, dhs, enhancers, enhancer_labels, h3k27ac, promoter_marks,
 * tfbs, nascent], all but the first two and enhancer_labels files or lists of files; nascent holds none, one (unstranded) or two (sense,
 * antisense) BAMs; and `unclear`.
 *
 * samples are those of --input, and classes the number of classes; nothing where they are not known.
 */
def readLabels(sheet, schemaFile, samples, classes, List problems) {
    def read = readSheet(sheet, readJson(schemaFile), problems)
    def own = repeats(read.rows, ['sample'])
    def has_nascent = !read.absent.any { name -> name.startsWith('nascent') }
    read.rows.each { row ->
        if (samples != null && row.sample && !(row.sample in samples)) {
            own << "row ${row.line}: sample '${row.sample}' is not in --input (available: ${samples.join(', ')})."
        }
        if (has_nascent && (row.nascent_sense == null) != (row.nascent_antisense == null)) {
            own << "row ${row.line}: nascent_sense and nascent_antisense must be given together; one of them is empty."
        }
        else if (row.nascent && row.nascent_sense) {
            own << "row ${row.line}: give either nascent or the two strand columns, not both."
        }
        else if (isPath(row.nascent_sense) && isPath(row.nascent_antisense) && place(row.nascent_sense) == place(row.nascent_antisense)) {
            own << "row ${row.line}: nascent_sense and nascent_antisense are the same file; give one file per strand, or use the column nascent."
        }
        else if (has_nascent && classes == 5 && !row.nascent && !row.nascent_sense) {
            own << "row ${row.line}: 5 classes need nascent RNA (column nascent, or nascent_sense and nascent_antisense)."
        }
    }
    note(sheet, own, problems)
    def rows = read.rows
        .findAll { row -> row.sample }
        .collect { row ->
            def nascent = [row.nascent, row.nascent_sense, row.nascent_antisense].findAll { cell -> isPath(cell) }
            row.subMap('line', 'sample', 'enhancers', 'enhancer_labels', 'h3k27ac', 'promoter_marks', 'tfbs') + [dhs: row.dhs ?: [], nascent: nascent]
        }
        .sort { row -> row.sample }
    return [rows: rows, unclear: read.unclear]
}

/**
 * Read --annotations. Returns one map for each annotation and labelled sample: [name, sample, bed, mapping, chain], the
 * last nothing where the assembly is that of the run.
 *
 * labelled are the samples to score it on, and classes the number of classes; nothing where they are not known.
 */
def readAnnotations(sheet, schemaFile, labelled, classes, List problems) {
    def known = classes == null ? null : classNames(classes)
    def read = readSheet(sheet, readJson(schemaFile), problems)
    def own = []
    read.rows.each { row ->
        if (labelled != null && row.sample && !(row.sample in labelled)) {
            own << "row ${row.line}: sample '${row.sample}' has no row in --labels, or is neither trained on nor predicted (available: ${labelled.join(', ')})."
        }
        (known ? row.mapping ?: '' : '').tokenize(';')*.trim().findAll().each { pair ->
            def name = pair.tokenize('=').last().trim()
            if (!(name in known)) {
                own << "row ${row.line}, column mapping: '${pair}' does not name a class of this run (--classes ${classes}: ${known.join(', ')})."
            }
        }
    }
    def each = read.rows.collectMany { row ->
        (row.sample || labelled == null ? [row.sample] : labelled).collect { sample -> row + [sample: sample, chain: row.chain ?: []] }
    }
    note(sheet, own + repeats(each, ['name', 'sample']), problems)
    return each.sort { row -> "${row.sample} ${row.name}".toString() }
}

/** The classes of a run in their order; nothing where there is no such number of classes. */
def classNames(classes) {
    return [
        2: ['background', 'enhancer'],
        3: ['background', 'enhancer', 'promoter'],
        5: ['background', 'poised_enhancer', 'active_enhancer', 'poised_promoter', 'active_promoter'],
    ][classes as int]
}

/**
 * Read a CSV sheet; values of format file-path become files, those of file-path-list lists of files. Returns a map: rows, each
 * with the number of its line and null for what it lacks; unclear; and absent, those columns that may stand under a misspelt name.
 */
def readSheet(sheet, Map schema, List problems) {
    def columns = schema.items.properties
    def all = columns.keySet().toList()
    def table = cellsOf(sheet, all, problems)
    if (!table) {
        return [rows: [], unclear: all, absent: all]
    }
    def header = table[0]
    def own = []
    def unknown = header.findAll { name -> name && !columns.containsKey(name) }
    unknown.each { name ->
        own << "row 1: column '${name}' is unknown; the columns are ${all.join(', ')}."
    }
    header.findAll().countBy { name -> name }.findAll { _name, n -> n > 1 }.each { name, _n ->
        own << "row 1: column '${name}' appears more than once."
    }
    schema.items.required.findAll { name -> !(name in header) }.each { name ->
        own << "row 1: column '${name}' is missing. ${columns[name].description}"
    }
    def absent = unknown ? all - header : []
    def unclear = absent + (schema.items.required - header)
    def rows = []
    table.eachWithIndex { cells, i ->
        if (i == 0 || cells.every { cell -> !cell }) {
            return
        }
        if (cells.size() > header.size()) {
            own << "row ${i + 1}: ${cells.size()} values for ${header.size()} columns."
        }
        def row = [line: i + 1]
        columns.each { name, rule ->
            def at = header.indexOf(name)
            def text = at >= 0 && at < cells.size() ? cells[at]?.trim() : null
            def before = own.size()
            row[name] = checkedCell(sheet, name, text ?: null, rule, at >= 0 && name in schema.items.required, i + 1, own)
            if (own.size() > before) {
                unclear << name
            }
        }
        rows << row
    }
    if (!rows) {
        own << 'there are no rows below the header.'
    }
    note(sheet, own, problems)
    return [rows: rows, unclear: rows ? unclear.unique() : all, absent: absent]
}

/** The cells of a CSV sheet, its header first; nothing, and a problem, where no header can be found. */
def cellsOf(sheet, List columns, List problems) {
    def own = []
    def table = csvOf(sheet, ',', 'UTF-8')
    if (table == null) {
        own << "${sheet} cannot be read as CSV (an unclosed quote, or not UTF-8?): save it as comma-separated CSV in UTF-8."
        table = csvOf(sheet, ',', 'ISO-8859-1')
    }
    if (table && table[0].size() == 1 && table[0][0] =~ /[;\t]/) {
        own << "${sheet} is separated by semicolons or tabs: save it as comma-separated CSV."
        table = csvOf(sheet, table[0][0].contains('\t') ? '\t' : ';', 'UTF-8')
    }
    if (!table && !own) {
        own << "${sheet} is empty; its first line should be: ${columns.join(',')}"
    }
    def header = table ? table[0].collect { name -> name.replace('\uFEFF', '') } : []
    def found = header.any { name -> name in columns }
    if (table && !found && !own) {
        def start = header.join(',').replaceAll('[^\\p{Graph} ]', '?').take(40)
        own << "${sheet} has no valid header: its first line begins with '${start}', but should be: ${columns.join(',')}"
    }
    problems.addAll(own)
    return found ? [header] + table.drop(1) : null
}

def csvOf(sheet, String separator, String charset) {
    try {
        return sheet.splitCsv(header: false, strip: true, quote: '"', sep: separator, charset: charset)
    }
    catch (Exception _fault) {
        return null
    }
}

/** Add problems of a sheet to those of the run. */
def note(sheet, List own, List problems) {
    problems.addAll(own.collect { problem -> "${sheet}: ${problem}".toString() })
}

/** One cell as text, file or list of files; adds to `problems` what is wrong with it. */
def checkedCell(sheet, name, text, Map rule, required, line, List problems) {
    def list = rule.format == 'file-path-list'
    if (text == null) {
        if (required) {
            problems << "row ${line}, column ${name}: the value is missing. ${rule.description}"
        }
        return list ? [] : null
    }
    if (rule.pattern && !(text ==~ rule.pattern)) {
        problems << "row ${line}, column ${name}: '${text}' is not allowed. ${rule.description}"
        return text
    }
    if (!rule.format) {
        return text
    }
    def files = (list ? text.tokenize(';') : [text]).collect { path -> existingFile(path.trim(), sheet, line, name, problems) }
    return list ? files : files[0]
}

/** The file of a cell, or its text where that is no path; adds to `problems` why it cannot be used. */
def existingFile(String path, sheet, line, name, List problems) {
    def found = null
    try {
        found = resolved(path, sheet)
    }
    catch (Exception _fault) {
        problems << "row ${line}, column ${name}: '${path}' is not a path that can be read here.".toString()
        return path
    }
    if (!found.exists() || found.isDirectory()) {
        problems << "row ${line}, column ${name}: there is no file ${found}.".toString()
    }
    else if (found.name.startsWith('-')) {
        problems << "row ${line}, column ${name}: ${found.name} begins with a dash, like an option; rename it, or link to it under another name.".toString()
    }
    return found
}

/** A path of a sheet: absolute or remote as it stands, else from the sheet's folder or, if not there, the launch folder. */
def resolved(String path, sheet) {
    if (path.startsWith('/') || path =~ /^[a-z0-9]+:\/\//) {
        return file(path, glob: false)
    }
    def beside = sheet.toAbsolutePath().parent.resolve(path).normalize()
    def launched = workflow.launchDir.resolve(path).normalize()
    return beside.exists() || !launched.exists() ? beside : launched
}

/** Rows that share the values of some columns, among those that have them. */
def repeats(List rows, List columns) {
    return rows
        .findAll { row -> columns.every { name -> row[name] } }
        .groupBy { row -> columns.collect { name -> row[name].toString() } }
        .findAll { _key, same -> same.size() > 1 }
        .collect { key, same ->
            "rows ${same.collect { row -> row.line }.join(', ')}: duplicate ${columns.join(', ')} (${key.join(', ')})."
        }
}

/** A name for each file: its own, with part of a digest of its path where two share it. */
def uniqueNames(List files) {
    def names = files.collectEntries { file -> [file, file.baseName.replaceAll('[^A-Za-z0-9._-]', '_')] }
    def shared = names.values().countBy { name -> name }
    return names.collectEntries { file, name ->
        def suffix = shared[name] > 1 ? ".${file.toString().md5().take(6)}" : ''
        [file, "control.${name}${suffix}".toString()]
    }
}
