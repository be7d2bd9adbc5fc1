// JSON files: the schemas, the catalogue of models, the description of a bundle.

def readJson(path) {
    return new groovy.json.JsonSlurper().parseText(path.getText('UTF-8'))
}
