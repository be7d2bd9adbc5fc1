// The message at the end of a run: numbers of calls, and the files to open next.

/**
 * About ten lines. results is the folder, table the text of evaluation/summary.tsv or null, took how long the run was, tasks
 * and cached how many there were.
 */
def closing(String results, String table, String took, tasks, cached) {
    def found = callsIn(table ?: '')
    def shown = found.take(4).collect { line -> "  ${line}" } + (found.size() > 4 ? ["  and ${found.size() - 4} more: see the report"] : [])
    def open = [
        ['report.html', 'all results on one page: calls, accuracy, caveats'],
        ['calls/', 'calls for a genome browser'],
        ['igv/session.xml', 'calls, probabilities and signal in IGV; hub/ is the same for UCSC'],
        ['evaluation/summary.tsv', 'accuracy by sample, model and class'],
        ['signal/libraries.tsv', 'quality of each BAM file'],
        ['pipeline_info/', 'parameters, versions, resources used by each task'],
    ].findAll { path, _what -> file("${results}/${path}").exists() }
    def width = open.collect { path, _what -> path.size() }.max()
    def paths = open.collect { path, what -> "  ${results}/${path.padRight(width)}  ${what}" }
    return (["Done in ${took}: ${tasks} tasks${cached ? ", ${cached} of them cached" : ''}."] + shown + ['Open next:'] + paths).join('\n')
}

/** A line for each sample and model: `K562 cnn: 1,376 enhancers, 1,330 promoters; mAP of calls 0.66`. */
def callsIn(String table) {
    def lines = table.readLines()
    if (lines.size() < 2) {
        return []
    }
    def columns = lines[0].tokenize('\t')
    def rows = lines.drop(1).collect { line -> [columns, line.tokenize('\t')].transpose().collectEntries() }
    return rows
        .groupBy { row -> "${row.sample} ${row.model}".toString() }
        .findAll { _name, own -> own.every { row -> row.n_calls != '.' } }
        .collect { name, own ->
            def numbers = own.collect { row -> "${String.format(Locale.ROOT, '%,d', row.n_calls.toInteger())} ${row['class'].replace('_', ' ')}s" }
            def precise = own.findAll { row -> row.calls_average_precision != '.' }.collect { row -> row.calls_average_precision.toBigDecimal() }
            def mean = precise ? "; mean average precision of calls on test chromosomes ${String.format(Locale.ROOT, '%.2f', precise.sum() / precise.size())}" : ''
            "${name}: ${numbers.join(', ')}${mean}".toString()
        }
}
