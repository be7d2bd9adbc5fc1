include { CROSS_VALIDATE } from '../../modules/evaluation/cross_validate'
include { SUMMARISE_FOLDS } from '../../modules/evaluation/summarise_folds'
include { codeDigest } from '../../functions/scripts'

// How much accuracy depends on the chromosomes that a model is tested on: every group of them is the test set once.
workflow FOLDS {
    take:
    signal // [meta, signal]
    candidates // [meta, bed]
    train_on // samples to train on
    models // names of the models to train
    n_folds // 0 for none
    tss
    options // parameters of tensors, training and prediction
    numbers // of the files that the plan leads to
    device

    main:
    def folds = n_folds ? (1..n_folds).collect { fold -> fold } : []
    def jobs = signal
        .join(candidates)
        .filter { meta, _rpm, _bed -> meta.sample in train_on }
        .combine(channel.fromList(models))
        .combine(channel.fromList(folds))
        .map { meta, rpm, bed, model, fold -> [[sample: meta.sample, model: model], rpm, bed, fold] }
    CROSS_VALIDATE(jobs, tss, options + [folds: n_folds], device, codeDigest('cross_validate.py'))

    def of_sample = CROSS_VALIDATE.out.scores
        .map { meta, table -> [[sample: meta.sample], table] }
        .groupTuple()
        .filter { _meta, tables -> tables.size() == numbers.folds }
        .map { meta, tables -> [meta, tables.sort { table -> table.name }] }
    SUMMARISE_FOLDS(of_sample, codeDigest('summarise_folds.py'))
}
