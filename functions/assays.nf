// Assays of the rows of --input and of models, from bin/deepregfinder/counting/assays.json, which the library reads as well.

include { isAccessibility } from './catalogue'

/** Whether --control subtract and channel refuse a row of this assay without a control. */
def needsControl(String assay) {
    return readAssays()[assay]?.needs_control
}

/** Whether a bundle records assays of marks that this version has, or none. */
def areAssays(recorded) {
    return recorded == null || (recorded instanceof Map && recorded.values().every { assay -> readAssays().containsKey(assay) })
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

/** A sentence for each sample whose reads are of other assays than those that a model learnt from. */
def otherAssays(List chips, List applied, Map trained, List bundles) {
    def of_sample = chips.groupBy { bam -> bam.meta.sample }.collectEntries { sample, own -> [sample, own.collectEntries { bam -> [bam.meta.mark, bam.meta.assay] }] }
    def of_model = bundles.collectEntries { bundle -> [bundle.sample, bundle.marks.collectEntries { mark -> [mark, bundle.assays[mark] ?: 'chip'] }] } +
        trained.collectEntries { name, samples -> [name, of_sample[samples[0]] ?: [:]] }
    return applied.collect { trained_on, _model, sample, _name -> [trained_on, sample] }.unique().collectMany { trained_on, sample ->
        def known = of_model[trained_on]
        def words = (of_sample[sample] ?: [:])
            .collect { mark, assay -> [mark, assay, known.keySet().find { name -> name == mark } ?: known.keySet().find { name -> isAccessibility(name) && isAccessibility(mark) }] }
            .findAll { _mark, assay, learnt -> learnt && known[learnt] != assay }
            .collect { mark, assay, learnt -> "${mark} is ${assay}, not ${known[learnt]}" }
            .join('; ')
        words ? ["The assays of ${sample} are not those that the model of ${trained_on} was trained on (${words}): its probabilities are less reliable.".toString()] : []
    }
}

def readAssays() {
    def file = moduleDir.parent.resolve('bin/deepregfinder/counting/assays.json')
    return new groovy.json.JsonSlurper().parseText(file.getText('UTF-8'))
}
