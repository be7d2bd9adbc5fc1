// What the labels of each sample are made of: lists of the label sheet, or sites that are called from its reads.

include { isOfNeed } from './catalogue'
include { few } from './parameters'

/**
 * The rows of the label sheet, each with what its labels are made of:
 *   enhancer_labels  what enhancers are, by the row or else by --enhancer_labels
 *   called           column -> the mark from whose reads its list is called
 *   factors          the lists of enhancers if they are peaks of factors; others are no evidence for calls
 *
 * chips are the BAM files of --input, nothing where they are not known; unclear are columns of the label sheet. What lacks is a
 * problem.
 */
def withSources(List rows, chips, String standard, sheet, List unclear, List problems) {
    return rows.collect { row ->
        def kind = row.enhancer_labels ?: standard
        def marks = (chips ?: []).findAll { bam -> bam.meta.sample == row.sample && bam.meta.role == 'chip' }*.meta*.mark.unique().sort()
        def readable = [dhs: marks.find { mark -> isOfNeed(mark, 'accessibility') }, promoter_marks: marks.find { mark -> isOfNeed(mark, 'H3K4me3') }] +
            (kind == 'h3k27ac' ? [h3k27ac: marks.find { mark -> isOfNeed(mark, 'H3K27ac') }] : [:])
        def called = readable.findAll { column, mark -> mark && !row[column] }
        def lacking = chips == null ? [] : ['dhs', 'h3k27ac', 'promoter_marks'].findAll { column -> !row[column] && !called[column] && !(column in unclear) }
        def own = kind == 'h3k27ac' ? lackOfActivity(row, 'h3k27ac' in lacking, unclear) : lackOfList(row, kind, unclear)
        if (lacking.containsAll(['dhs', 'promoter_marks'])) {
            own << 'promoters need accessible sites (column dhs, or a row of --input with the mark DNase or ATAC) or H3K4me3 (column promoter_marks, or a row of --input).'
        }
        problems.addAll(own.collect { problem -> "${sheet}: row ${row.line}: ${problem}".toString() })
        row + [enhancer_labels: kind, called: called, factors: kind == 'factors' ? row.enhancers : []]
    }
}

/** Why enhancers cannot be made from H3K27ac in a row; `silent` is whether it has neither peaks nor reads of it. */
def lackOfActivity(Map row, boolean silent, List unclear) {
    def unused = row.enhancers && !('enhancers' in unclear) ? ['enhancers from H3K27ac do not use the list in the column enhancers; leave it empty, or name its kind with --enhancer_labels.'] : []
    return unused + (silent ? ['enhancers from H3K27ac need its peaks (column h3k27ac) or a row of --input with this mark.'] : [])
}

/** Why enhancers cannot be taken from the list of a row. */
def lackOfList(Map row, String kind, List unclear) {
    return row.enhancers || 'enhancers' in unclear
        ? []
        : ["the column enhancers is empty, where --enhancer_labels ${kind} expects a list. Without one, --enhancer_labels h3k27ac takes accessible sites with H3K27ac; --pretrained needs no labels."]
}

/** What each value of --enhancer_labels means. */
def enhancerLabels() {
    def file = moduleDir.parent.resolve('bin/deepregfinder/labels/enhancer_labels.json')
    return new groovy.json.JsonSlurper().parseText(file.getText('UTF-8'))
}

/** Sentences for the log that say what labels are made of, one for all samples whose labels are made in the same way. */
def sourcesOf(List rows) {
    return rows
        .groupBy { row -> madeOf(row) }
        .collect { made, same -> "Labels of ${few(same*.sample)}. Enhancers: ${made}.".toString() }
}

/** What enhancers and lists of a row are. */
def madeOf(Map row) {
    def columns = [dhs: 'accessible sites', promoter_marks: 'H3K4me3'] + (row.enhancer_labels == 'h3k27ac' ? [h3k27ac: 'H3K27ac'] : [:])
    def lists = columns.collect { column, name ->
        "${name}: ${row[column] ? 'given peaks' : row.called[column] ? "called from the reads of ${row.called[column]}" : 'none'}"
    }
    return "${enhancerLabels()[row.enhancer_labels].words}; ${lists.join('; ')}".toString()
}

/** A sentence for each labelled sample without accessible sites. */
def closedOnes(List rows) {
    return rows.findAll { row -> !row.dhs && !row.called.dhs }.collect { row ->
        "${row.sample} has no accessible sites for labels (column dhs, or a row of --input with the mark DNase or ATAC): peaks of H3K4me3 and H3K27ac take their place, and background may be open chromatin.".toString()
    }
}
