include { quoted ; repeated } from '../../../functions/scripts'

// One page that shows everything: inputs, counts, regions, accuracy, calls, versions, and how to repeat the run.
process MAKE_REPORT {
    label 'process_single'

    input:
    path inputs
    path counts
    path libraries
    path doubts
    path correlation
    path signal
    path dropped
    path states
    path regions
    path test_windows
    path test_windows_plots
    path evaluations, stageAs: 'evaluation/?/*'
    path explanations, stageAs: 'explanation/?/*'
    path calls
    path examples
    path validation
    path seeds
    path transitions
    path transition_pictures
    path model_plots
    path compared_marks
    path across
    path annotations
    path crispr
    val versions
    val params_json
    val command
    val code // digest of the script and of the library behind it

    output:
    path 'report.html', emit: page
    path 'summary.tsv', emit: summary
    path 'multiqc/*_mqc.tsv', emit: multiqc
    path 'params.json', emit: params_json
    path 'versions.tsv', emit: versions

    script:
    """
    # code ${code}
    printf '%b\\n' ${quoted(versions)} > versions.tsv
    printf '%s\\n' ${quoted(params_json)} > params.json
    'make_report.py' \\
        --inputs ${inputs} \\
        ${repeated('--counts', counts)} \\
        ${repeated('--libraries', libraries)} \\
        ${repeated('--doubts', doubts)} \\
        ${repeated('--correlation', correlation)} \\
        ${repeated('--signal', signal)} \\
        ${repeated('--dropped', dropped)} \\
        ${repeated('--states', states)} \\
        ${repeated('--regions_summary', regions)} \\
        ${repeated('--test_windows', test_windows)} \\
        ${repeated('--test_windows_plots', test_windows_plots)} \\
        ${repeated('--evaluation', evaluations)} \\
        ${repeated('--explanation', explanations)} \\
        ${repeated('--calls', calls)} \\
        ${repeated('--examples', examples)} \\
        ${repeated('--validation', validation)} \\
        ${repeated('--seeds_summary', seeds)} \\
        ${repeated('--transitions', transitions)} \\
        ${repeated('--transition_pictures', transition_pictures)} \\
        ${repeated('--model_plots', model_plots)} \\
        ${repeated('--compared_marks', compared_marks)} \\
        ${repeated('--across', across)} \\
        ${repeated('--annotations', annotations)} \\
        ${repeated('--crispr', crispr)} \\
        --versions versions.tsv \\
        --params params.json \\
        --command ${quoted(command)} \\
        --output report.html \\
        --multiqc multiqc \\
        --summary summary.tsv
    """

    stub:
    """
    mkdir -p multiqc
    touch multiqc/deepregfinder_records_mqc.tsv report.html summary.tsv params.json versions.tsv
    """
}
