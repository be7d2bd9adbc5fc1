// Which parameters each step needs: a change of any other leaves its finished tasks as they are.

/** The parameters of each step as maps that its process turns into options, from the groups of the schema. */
def settingsOf(Map options) {
    def classes = options.run.subMap('classes')
    def bin_size = options.geometry.subMap('bin_size')
    def window_bins = options.geometry.subMap('window_bins')
    def seed = options.training.subMap('seed')
    def bootstrap = options.evaluation.subMap('bootstrap')
    def tss_rules = options.region_rules.subMap('tss_merge', 'tss_distance')
    def window_rules = options.region_rules.subMap('min_nonzero')
    def of_rows = options.region_rules.subMap('enhancer_labels') // the plan has them for each sample
    def drawing = classes + window_bins + window_rules + options.region_rules.subMap('n_background') + options.normalisation
    return [
        checks: options.geometry + options.split + options.counting.subMap('counter', 'paired_end', 'count_at', 'max_fragment') + options.hardware.subMap('scatter') + classes + [crispr_cell_type: options.external.crispr_cell_type ?: options.external.crispr_sample],
        tss: options.input_output.subMap('gtf_biotypes'),
        counting: bin_size + options.counting,
        signal: options.signal,
        labels: [
            sites: options.split,
            regions: classes + bin_size + window_bins + (options.region_rules - window_rules - of_rows) + options.split + seed,
            states: bin_size + window_bins + options.states,
            tensors: drawing + options.split + seed,
        ],
        models: [training: options.training, rules: classes + window_bins + options.split],
        prediction: options.prediction,
        calling: tss_rules + options.calling,
        tracks: options.tracks + options.geometry.subMap('genome'),
        evaluation: [
            accuracy: tss_rules + options.calling.subMap('class_share') + bootstrap + seed,
            explanation: options.explanation + options.prediction.subMap('quantile_map') + seed,
            across: bootstrap + seed,
            depths: options.signal + options.evaluation.subMap('depths') + options.prediction + bootstrap + seed,
            folds: drawing + options.training + options.prediction.subMap('step'),
            external: bootstrap + seed,
        ],
        examples: classes,
        differential: options.differential,
    ]
}
