// Counting rules of the rows of --input: those of their assays, from bin/deepregfinder/counting/assays.json, and their own.

include { faultOf ; typed } from './parameters'

/** Whether --control subtract and channel refuse a row of this assay without a control. */
def needsControl(String assay) {
    return readAssays()[assay].needs_control
}

/** Whether a bundle records assays of marks that this version has, or none. */
def areAssays(recorded) {
    return recorded == null || (recorded instanceof Map && recorded.values().every { assay -> readAssays().containsKey(assay) })
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

/** Assays of the marks of pretrained models, for rows that name none; models that differ are a problem. */
def assaysOfBundles(List bundles, List problems) {
    def named = bundles.collectMany { bundle -> bundle.marks.collect { mark -> [mark, bundle.assays[mark] ?: 'chip'] } }
    def by_mark = named.groupBy { mark, _assay -> mark }.collectEntries { mark, pairs -> [mark, pairs.collect { pair -> pair[1] }.unique()] }
    by_mark.findAll { _mark, assays -> assays.size() > 1 }.each { mark, assays ->
        problems << "the bundles of --pretrained differ in the assay of ${mark} (${assays.join(', ')}): run them separately.".toString()
    }
    return by_mark.collectEntries { mark, assays -> [mark, assays[0]] }
}

def readAssays() {
    def file = moduleDir.parent.resolve('bin/deepregfinder/counting/assays.json')
    return new groovy.json.JsonSlurper().parseText(file.getText('UTF-8'))
}
