// The sheets: every row checked against assets/schema_*.json, everything wrong reported at once.

include { listed ; readJson } from './parameters'

/**
 * Read --input. Returns a list with one map for each BAM to count, a control once for all rows that it serves:
 * [meta: [id, sample, mark, replicate, role, control], bam]. meta.control is the id of the row's control or null.
 */
def readSamples(sheet, schemaFile) {
    def rows = readSheet(sheet, readJson(schemaFile))
    stopOn(sheet, repeats(rows, ['sample', 'mark', 'replicate']) + spelledApart(rows, ['sample', 'mark']) + misused(rows))
    def controls = rows.collect { row -> row.control }.findAll().unique().sort { path -> path.toString() }
    def control_ids = uniqueNames(controls)
    def chips = rows.collect { row ->
        def meta = [
            id: "${row.sample}.${row.mark}.${row.replicate}".toString(),
            sample: row.sample,
            mark: row.mark,
            replicate: row.replicate,
            role: 'chip',
            control: control_ids[row.control],
        ]
        [meta: meta, bam: row.bam]
    }
    def inputs = controls.collect { bam ->
        def meta = [id: control_ids[bam], sample: 'control', mark: 'control', replicate: '1', role: 'control', control: null]
        [meta: meta, bam: bam]
    }
    return (chips + inputs).sort { entry -> entry.meta.id }
}

/** Files that are listed twice in --input, by any path or link, and reserved names. */
def misused(List rows) {
    def problems = []
    def by_place = rows.groupBy { row -> place(row.bam) }
    by_place.findAll { _place, same -> same.size() > 1 }.each { _place, same ->
        problems << "rows ${same*.line.join(', ')}: duplicate bam (${same*.bam.unique().join(', ')})."
    }
    rows.each { row ->
        def owners = row.control ? by_place[place(row.control)] ?: [] : []
        if (row in owners) {
            problems << "row ${row.line}: the BAM is its own control."
        }
        else if (owners) {
            problems << "row ${row.line}: its control ${row.control.name} is also the BAM file of row ${owners[0].line}; a file cannot be both a mark and a control."
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

/** The real path of a file: two paths may lead to one file. */
def place(path) {
    return path.scheme == 'file' ? path.toRealPath() : path
}

/** Names of a column that differ only in case: most likely the same thing, spelt differently. */
def spelledApart(List rows, List columns) {
    return columns.collectMany { column ->
        rows
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
 * Read --labels. Returns one map for each sample: [sample, dhs, enhancers, promoter_marks, tfbs, nascent], the last
 * four lists of files; nascent holds none, one (unstranded) or two (sense, antisense) BAMs.
 */
def readLabels(sheet, schemaFile, List samples, classes) {
    def rows = readSheet(sheet, readJson(schemaFile))
    def problems = repeats(rows, ['sample'])
    rows.each { row ->
        if (!(row.sample in samples)) {
            problems << "row ${row.line}: sample '${row.sample}' is not in --input (available: ${samples.join(', ')})."
        }
        if ((row.nascent_sense == null) != (row.nascent_antisense == null)) {
            problems << "row ${row.line}: nascent_sense and nascent_antisense must be given together; one of them is empty."
        }
        else if (row.nascent && row.nascent_sense) {
            problems << "row ${row.line}: give either nascent or the two strand columns, not both."
        }
        else if (row.nascent_sense && place(row.nascent_sense) == place(row.nascent_antisense)) {
            problems << "row ${row.line}: nascent_sense and nascent_antisense are the same file; give one file per strand, or use the column nascent."
        }
        else if (classes == 5 && !row.nascent && !row.nascent_sense) {
            problems << "row ${row.line}: 5 classes need nascent RNA (column nascent, or nascent_sense and nascent_antisense)."
        }
    }
    stopOn(sheet, problems)
    return rows
        .collect { row ->
            def nascent = [row.nascent, row.nascent_sense, row.nascent_antisense].findAll()
            row.subMap('sample', 'dhs', 'enhancers', 'promoter_marks', 'tfbs') + [nascent: nascent]
        }
        .sort { row -> row.sample }
}

/**
 * Read --annotations. Returns one map for each annotation and labelled sample: [name, sample, bed, mapping, chain], the
 * last nothing where the assembly is that of the run.
 */
def readAnnotations(sheet, schemaFile, List labelled, classes) {
    def known = classNames(classes)
    def rows = readSheet(sheet, readJson(schemaFile))
    def problems = []
    rows.each { row ->
        if (row.sample && !(row.sample in labelled)) {
            problems << "row ${row.line}: sample '${row.sample}' has no row in --labels, or is neither trained on nor predicted (available: ${labelled.join(', ')})."
        }
        row.mapping.tokenize(';')*.trim().findAll().each { pair ->
            def name = pair.tokenize('=').last().trim()
            if (!(name in known)) {
                problems << "row ${row.line}, column mapping: '${pair}' does not name a class of this run (--classes ${classes}: ${known.join(', ')})."
            }
        }
    }
    def each = rows.collectMany { row ->
        (row.sample ? [row.sample] : labelled).collect { sample -> row + [sample: sample, chain: row.chain ?: []] }
    }
    stopOn(sheet, problems + repeats(each, ['name', 'sample']))
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

/** Read a CSV sheet; values of format file-path become files, those of file-path-list lists of files. */
def readSheet(sheet, Map schema) {
    def columns = schema.items.properties
    def table = []
    try {
        table = sheet.splitCsv(header: false, strip: true, quote: '"', charset: 'UTF-8')
    }
    catch (Exception _fault) {
        error("${sheet} cannot be read as CSV (an unclosed quote, or not UTF-8?): save it as comma-separated CSV in UTF-8.")
    }
    if (table && table[0].size() == 1 && table[0][0] =~ /[;\t]/) {
        error("${sheet} is separated by semicolons or tabs: save it as comma-separated CSV.")
    }
    if (!table) {
        error("${sheet} is empty; its first line should be: ${columns.keySet().join(',')}")
    }
    def header = table[0].collect { name -> name.replace('\uFEFF', '') }
    if (!header.any { name -> columns.containsKey(name) }) {
        def start = header.join(',').replaceAll('[^\\p{Graph} ]', '?').take(40)
        error("${sheet} has no valid header: its first line begins with '${start}', but should be: ${columns.keySet().join(',')}")
    }
    def problems = []
    header.findAll { name -> name && !columns.containsKey(name) }.each { name ->
        problems << "row 1: column '${name}' is unknown; the columns are ${columns.keySet().join(', ')}."
    }
    header.findAll().countBy { name -> name }.findAll { _name, n -> n > 1 }.each { name, _n ->
        problems << "row 1: column '${name}' appears more than once."
    }
    schema.items.required.findAll { name -> !(name in header) }.each { name ->
        problems << "row 1: column '${name}' is missing."
    }
    stopOn(sheet, problems)
    def rows = []
    table.eachWithIndex { cells, i ->
        if (i == 0 || cells.every { cell -> !cell }) {
            return
        }
        if (cells.size() > header.size()) {
            problems << "row ${i + 1}: ${cells.size()} values for ${header.size()} columns."
        }
        def row = [line: i + 1]
        columns.each { name, rule ->
            def at = header.indexOf(name)
            def text = at >= 0 && at < cells.size() ? cells[at]?.trim() : null
            row[name] = checkedCell(sheet, name, text ?: null, rule, name in schema.items.required, i + 1, problems)
        }
        rows << row
    }
    if (!rows) {
        problems << 'there are no rows below the header.'
    }
    stopOn(sheet, problems)
    return rows
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

/** The file of a cell; adds to `problems` why it cannot be used. */
def existingFile(String path, sheet, line, name, List problems) {
    def found = null
    try {
        found = resolved(path, sheet)
    }
    catch (Exception _fault) {
        problems << "row ${line}, column ${name}: '${path}' is not a path that can be read here.".toString()
        return null
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

/** Rows that share the values of some columns. */
def repeats(List rows, List columns) {
    return rows
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

def stopOn(sheet, List problems) {
    if (problems) {
        error("${sheet}\n" + listed('sheet', problems))
    }
}
