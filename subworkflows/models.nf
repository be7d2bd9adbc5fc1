include { FIT_RULES } from '../modules/models/fit_rules'
include { TRAIN_MODEL } from '../modules/models/train_model'
include { codeDigest } from '../functions/scripts'

// The models of this run: trained here, made of rules without labels, or pretrained.
workflow MODELS {
    take:
    tensors // [meta, tensors]
    signal // [meta, signal]
    tss
    trained // samples to train on, by name of the training data
    models // names of the models to train
    unlabelled // whether they are made without labels
    pretrained // [meta, bundle]
    options // parameters of training, and of rules without labels
    device

    main:
    def names = trained.collectMany { name, samples -> samples.collect { sample -> [sample, groupKey(name, samples.size())] } }
    def jobs = tensors
        .join(signal)
        .map { meta, windows, rpm -> [meta.sample, windows, rpm] }
        .combine(channel.fromList(names), by: 0)
        .map { sample, windows, rpm, name -> [name, [sample, windows, rpm]] }
        .groupTuple()
        .map { name, rows -> [name.toString()] + rows.sort { row -> row[0] }.transpose().tail() }
        .combine(channel.fromList(models))
        .map { name, windows, rpm, model -> [[trained_on: name, model: model], windows, rpm] }
    TRAIN_MODEL(jobs, tss, options.training, device, codeDigest('train_model.py'))

    def ruled = signal
        .filter { meta, _rpm -> unlabelled && meta.sample in trained.keySet() }
        .combine(channel.fromList(models))
        .map { meta, rpm, model -> [[trained_on: meta.sample, model: model], rpm] }
    FIT_RULES(ruled, tss, options.rules, codeDigest('fit_rules.py'))

    bundles = TRAIN_MODEL.out.bundle.mix(FIT_RULES.out.bundle, pretrained)

    emit:
    bundles
}
