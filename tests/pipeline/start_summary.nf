// What the driver says that each of many runs will do, without starting a task.

include { summaryOf } from '../../functions/beginning'
include { withGenome } from '../../functions/genomes'
include { readJson } from '../../functions/parameters'
include { planned } from '../../functions/plan'

workflow {
    def code = projectDir.resolve('../..').normalize()
    def answers = readJson(file(params.cases)).collectEntries { name, given ->
        [name, summaryOf(planned(withGenome(given), code.resolve('nextflow_schema.json'), code.resolve('assets')))]
    }
    file(params.answers).text = groovy.json.JsonOutput.toJson(answers)
}
