// Facts about each model, from bin/deepregfinder/models/catalogue.json, which the library reads as well.

/** The entries of the catalogue by name of the model. */
def modelCatalogue() {
    return readCatalogue().models
}

/** Whether a mark is an accessibility track: DNase, ATAC-seq, DHS, ... in any case. */
def isAccessibility(String mark) {
    return mark.toLowerCase() ==~ readCatalogue().accessibility_marks
}

/** Whether a mark is the one of that name, by any spelling, or an accessibility track. */
def isOfNeed(String mark, String need) {
    return need == 'accessibility' ? isAccessibility(mark) : mark.replaceAll('[^A-Za-z0-9]', '').equalsIgnoreCase(need)
}

/** The model behind the name in a run: cnn for cnn and for cnn_from_K562. */
def designOf(String name) {
    return name.split('_from_')[0]
}

/** The name that a run gives to a model of another sample. */
def appliedName(String model, String trained_on) {
    return "${model}_from_${trained_on}".toString()
}

/** The device of a task: that of the run for models that compute on a GPU, else the CPU. */
def deviceOf(models, device) {
    def catalogue = modelCatalogue()
    return [models].flatten().any { name -> catalogue[designOf(name)].runs_on == 'gpu' } ? device : 'cpu'
}

/** The models as --help lists them. */
def modelList() {
    def lines = modelCatalogue().collect { name, facts -> "  ${name.padRight(28)} ${facts.summary}" }
    return (['', 'Models'] + lines).join('\n') + '\n'
}

// A file of functions that includes another can be included only once by the newer parser of Nextflow 25.04; several files include this one.
def readCatalogue() {
    def file = moduleDir.parent.resolve('bin/deepregfinder/models/catalogue.json')
    return new groovy.json.JsonSlurper().parseText(file.getText('UTF-8'))
}
