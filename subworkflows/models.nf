include { FIT_RULES } from '../modules/models/fit_rules'
include { TRAIN_MODEL } from '../modules/models/train_model'
include { codeDigest } from '../functions/scripts'

// The models of this run: trained here, made of rules without labels, or pretrained.
workflow MODELS {
    take:
    tensors // [meta, tensors]
    signal // [meta, signal]
    tss
    train_on // samples to train on
    models // names of the models to train
    unlabelled // whether they are made without labels
    pretrained // [meta, bundle]
    options // parameters of training, and of rules without labels
    device

    main:
    def jobs = tensors
        .filter { meta, _tensors -> meta.sample in train_on }
        .join(signal)
        .combine(channel.fromList(models))
        .map { meta, windows, rpm, model -> [[trained_on: meta.sample, model: model], windows, rpm] }
    TRAIN_MODEL(jobs, tss, options.training, device, codeDigest('train_model.py'))

    def ruled = signal
        .filter { meta, _rpm -> unlabelled && meta.sample in train_on }
        .combine(channel.fromList(models))
        .map { meta, rpm, model -> [[trained_on: meta.sample, model: model], rpm] }
    FIT_RULES(ruled, tss, options.rules, codeDigest('fit_rules.py'))

    bundles = TRAIN_MODEL.out.bundle.mix(FIT_RULES.out.bundle, pretrained)

    emit:
    bundles
}
