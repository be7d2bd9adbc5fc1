include { TRAIN_MODEL } from '../modules/models/train_model'
include { codeDigest } from '../functions/scripts'

// The models of this run: trained here, or pretrained.
workflow MODELS {
    take:
    tensors // [meta, tensors]
    signal // [meta, signal]
    tss
    train_on // samples to train on
    models // names of the models to train
    pretrained // [meta, bundle]
    options // parameters of the training
    device

    main:
    def jobs = tensors
        .filter { meta, _tensors -> meta.sample in train_on }
        .join(signal)
        .combine(channel.fromList(models))
        .map { meta, windows, rpm, model -> [[trained_on: meta.sample, model: model], windows, rpm] }
    TRAIN_MODEL(jobs, tss, options, device, codeDigest('train_model.py'))

    bundles = TRAIN_MODEL.out.bundle.mix(pretrained)

    emit:
    bundles
}
