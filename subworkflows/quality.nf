include { COMPARE_LIBRARIES } from '../modules/quality/compare_libraries'
include { allOf } from '../functions/complete'
include { codeDigest } from '../functions/scripts'

// Quality of the libraries: of each by its reads, and of all in comparison.
workflow QUALITY {
    take:
    counts // [meta, counts]
    quality // tables of the ends of reads
    records // tables of counted and excluded records
    ends // samples of the ends of reads
    regions // [meta, windows] of samples with labels
    tss
    controls // list of "id=control id"
    numbers // of the files that the plan leads to

    main:
    // Nascent RNA is not compared: it is not a mark, but divides elements into active and poised ones.
    def compared = counts.filter { meta, _counts -> meta.role != 'nascent' }.map { _meta, file -> file }
    COMPARE_LIBRARIES(
        allOf(compared, numbers.compared),
        allOf(quality, numbers.bams),
        allOf(records, numbers.bams),
        allOf(ends, numbers.bams),
        allOf(regions.map { _meta, bed -> bed }, numbers.labelled),
        tss,
        controls,
        codeDigest('compare_libraries.py'),
    )
}
