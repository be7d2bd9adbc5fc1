// What the driver advises on many messages of other programs: the end of failed runs, without a run each.

include { adviceOnMachine } from '../../functions/failures'
include { readJson } from '../../functions/parameters'

workflow {
    def answers = readJson(file(params.cases)).collect { given -> adviceOnMachine(given.exit, given.said, given.engine, file('/pipeline')) }
    file(params.answers).text = groovy.json.JsonOutput.toJson(answers)
}
