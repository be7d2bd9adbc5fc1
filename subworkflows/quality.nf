include { COMPARE_LIBRARIES } from '../modules/quality/compare_libraries'
include { codeDigest } from '../functions/scripts'

// How good the libraries are: each by its own reads, all of them held against each other.
workflow QUALITY {
    take:
    counts // [meta, counts]
    quality // tables of the ends of reads
    regions // [meta, windows] of samples with labels

    main:
    // Nascent RNA is no mark: it tells active from poised elements, and is not compared.
    def compared = counts.filter { meta, _counts -> meta.role != 'nascent' }.map { _meta, file -> file }
    COMPARE_LIBRARIES(
        compared.toSortedList { one, other -> one.name <=> other.name },
        quality.toSortedList { one, other -> one.name <=> other.name },
        regions.map { _meta, bed -> bed }.toSortedList { one, other -> one.name <=> other.name },
        codeDigest('compare_libraries.py'),
    )
}
