include { TRAIN_MODEL } from '../modules/models/train_model'
include { codeDigest } from '../functions/scripts'

// The models of this run: trained here, or pretrained.
workflow MODELS {
    take:
    tensors // [meta, tensors]
    signal // [meta, signal]
    tss
    trained // samples to train on, by name of the training data
    models // names of the models to train
    pretrained // [meta, bundle]
    options // parameters of the training
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
    TRAIN_MODEL(jobs, tss, options, device, codeDigest('train_model.py'))

    bundles = TRAIN_MODEL.out.bundle.mix(pretrained)

    emit:
    bundles
}
