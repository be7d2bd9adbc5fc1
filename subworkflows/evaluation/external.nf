include { LIFT_CRISPR } from '../../modules/evaluation/lift_crispr'
include { SCORE_ANNOTATION } from '../../modules/evaluation/score_annotation'
include { VALIDATE_CRISPR } from '../../modules/evaluation/validate_crispr'
include { codeDigest } from '../../functions/scripts'

// External evidence: annotations are scored on the test windows, and calls are compared with experiments.
workflow EXTERNAL {
    take:
    annotations // list of [meta, bed, chain]
    tensors // [meta, tensors]
    models // [meta, bundle]
    probabilities // [meta, files]
    calls // [meta, bed]
    experiment // map: table, chain (files, or nothing), sample, cell_type
    chrom_sizes
    options // bootstrap and seed

    main:
    def contestants = channel.fromList(annotations)
        .map { meta, bed, chain -> [meta.sample, meta, bed, chain] }
        .combine(tensors.map { meta, windows -> [meta.sample, windows] }, by: 0)
        .map { _sample, meta, bed, chain, windows -> [meta, bed, chain, windows] }
    SCORE_ANNOTATION(contestants, options, codeDigest('score_annotation.py'))

    def tables = experiment.table ? channel.value(experiment.table) : channel.empty()
    LIFT_CRISPR(tables, experiment.cell_type, experiment.chain, chrom_sizes, codeDigest('lift_crispr.py'))
    VALIDATE_CRISPR(
        models.filter { meta, _bundle -> meta.sample == experiment.sample }.join(probabilities).join(calls),
        LIFT_CRISPR.out.elements,
        options,
        codeDigest('validate_crispr.py'),
    )

    scores = SCORE_ANNOTATION.out.scores

    emit:
    scores
}
