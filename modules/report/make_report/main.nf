include { quoted } from '../../../functions/scripts'

// One page that shows everything: inputs, counts, regions, accuracy, calls, versions, and how to repeat the run.
process MAKE_REPORT {
    label 'process_single'

    input:
    path results, stageAs: 'results/*'
    val versions
    val params_json
    val command
    val code // digest of the script and of the library behind it

    output:
    path 'report.html'
    path 'summary.tsv'
    path 'multiqc/*_mqc.tsv', emit: multiqc
    path 'params.json'
    path 'versions.tsv'

    script:
    """
    # code ${code}
    printf '%b\\n' ${quoted(versions)} > versions.tsv
    printf '%s\\n' ${quoted(params_json)} > params.json
    'make_report.py' \\
        --results results \\
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
