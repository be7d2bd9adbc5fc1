// What the driver says of many sets of parameters, without starting a task: the checks of main.nf, one set after the other.

include { withGenome } from '../../functions/genomes'
include { readJson } from '../../functions/parameters'
include { planned } from '../../functions/plan'

workflow {
    def code = projectDir.resolve('../..').normalize()
    def schema = code.resolve('nextflow_schema.json')
    def answers = readJson(file(params.cases)).collectEntries { name, given ->
        [name, answerTo(given, schema, code.resolve('assets'))]
    }
    file(params.answers).text = groovy.json.JsonOutput.toJson(answers)
}

/** The message that a run with these parameters stops with, and of which kind it is; nothing where its tasks would start. */
def answerTo(Map given, schema, assets) {
    try {
        planned(withGenome(given), schema, assets)
    }
    catch (Throwable thrown) {
        def fault = unwrapped(thrown)
        return [kind: fault.class.simpleName, message: fault.message ?: '']
    }
    return null
}

/** Groovy wraps what a function of another script throws. */
def unwrapped(Throwable thrown) {
    return thrown instanceof java.lang.reflect.InvocationTargetException ? unwrapped(thrown.cause) : thrown
}
