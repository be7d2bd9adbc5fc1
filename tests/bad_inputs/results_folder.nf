// What the driver says of results folders that hold something, without starting a task: one run after the other.

include { readJson } from '../../functions/parameters'
include { planned } from '../../functions/plan'
include { claimResults } from '../../functions/results'

workflow {
    def code = projectDir.resolve('../..').normalize()
    def schema = code.resolve('nextflow_schema.json')
    def answers = readJson(file(params.cases)).collectEntries { name, given ->
        def plan = planned(given.parameters, schema, code.resolve('assets'))
        [name, answerTo(plan, given, schema)]
    }
    file(params.answers).text = groovy.json.JsonOutput.toJson(answers)
}

/** The message that the run stops with; nothing where its tasks would start. */
def answerTo(Map plan, Map given, schema) {
    try {
        claimResults(plan, given.version, schema, given.preview)
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
