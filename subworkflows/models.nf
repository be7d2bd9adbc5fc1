include { TRAIN_MODEL } from '../modules/training/train_model'
include { codeDigest } from '../functions/scripts'

// The models of this run: trained here, or brought along.
workflow MODELS {
    take:
    tensors // [meta, tensors]
    train_on // samples to train on
    names // kinds of network
    pretrained // [meta, bundle]
    options // parameters of the training
    device

    main:
    def jobs = tensors
        .filter { meta, _tensors -> meta.sample in train_on }
        .combine(channel.fromList(names))
        .map { meta, file, name -> [[trained_on: meta.sample, model: name], file] }
    TRAIN_MODEL(jobs, options, device, codeDigest('train_model.py'))

    bundles = TRAIN_MODEL.out.bundle.mix(pretrained)

    emit:
    bundles
}
