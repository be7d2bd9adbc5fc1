include { bytesOf ; repeated } from '../../../functions/scripts'

// Compare all libraries of a run: correlation of their counts, fraction of reads in labelled elements, likely errors of the sheets.
process COMPARE_LIBRARIES {
    label 'process_low'
    ext input_bytes: { bytesOf(counts) }

    input:
    path counts
    path quality
    path records // numbers of counted and excluded records
    path ends
    path regions // of samples with labels
    path tss, stageAs: 'tss/*'
    val controls // list of "id=control id"
    val code // digest of the script and of the library behind it

    output:
    path 'libraries.tsv', topic: report
    path 'doubts.tsv', topic: report
    path 'correlation.tsv', topic: report
    path 'correlation.{png,svg}'
    tuple val(task.process), eval('versions.py python numpy zarr matplotlib'), topic: versions

    script:
    """
    # code ${code}
    'compare_libraries.py' \\
        ${repeated('--counts', counts)} \\
        ${repeated('--quality', quality)} \\
        ${repeated('--records', records)} \\
        ${repeated('--ends', ends)} \\
        ${repeated('--regions', regions)} \\
        ${repeated('--tss', tss)} \\
        ${repeated('--controls', controls)} \\
        --libraries libraries.tsv \\
        --doubts doubts.tsv \\
        --correlation correlation.tsv \\
        --picture correlation.png
    """

    stub:
    """
    touch libraries.tsv doubts.tsv correlation.{tsv,png,svg}
    """
}
