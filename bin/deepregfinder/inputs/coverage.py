"""Files of coverage among the inputs: their chromosomes, and what cannot be known of them."""

from collections.abc import Iterator, Mapping, Sequence

from deepregfinder.genome.assembly import few, most_common_sizes, prefix_mismatch
from deepregfinder.inputs.alignments import AlignmentSummary
from deepregfinder.inputs.tables import LeftOut


def candidate_sizes(
    summaries: Sequence[AlignmentSummary], main: Sequence[Mapping[str, int]]
) -> list[Mapping[str, int]]:
    """Sets of main chromosomes that a run may use, from the headers of its files.

    Programs that write bigWig files often list only chromosomes with coverage: such headers count
    only if there are no others, and then all of them together.

    summaries, main : files with a header, and the main chromosomes in it
    """
    both = list(zip(summaries, main, strict=True))
    if of_reads := [sizes for one, sizes in both if sizes and not one.is_coverage]:
        return list(of_reads)
    listed = [sizes for sizes in main if sizes]
    if not listed:
        return []
    together = most_common_sizes(listed)
    for sizes in listed:
        together = {**sizes, **together}
    return [together]


def header_of(summary: AlignmentSummary, expected: Mapping[str, int]) -> dict[str, int]:
    """The sequences of a header; chromosomes that a file of coverage does not list are empty there.

    expected : names and lengths (bp) of the main chromosomes
    """
    own = summary.chrom_sizes
    if not summary.is_coverage or not own or prefix_mismatch(own, expected):
        return own
    if not expected.keys() & own.keys():
        return own
    return {**expected, **own}


def coverage_notes(summaries: Sequence[AlignmentSummary]) -> Iterator[LeftOut]:
    """What a run does not know of its files of coverage, in one sentence each."""
    files = {(one.file, one.n_mapped): one for one in summaries if one.is_coverage}
    if not files:
        return
    numbers = few(
        (f"{one.file} {one.n_mapped:,} ({one.depth})" for one in files.values()), len(files)
    )
    yield LeftOut(
        "coverage",
        "Coverage instead of reads: mapping qualities, duplicates, strands and positions of single "
        "reads are not known, no counting rule applies (--min_mapq, --duplicates, --extend, "
        "...), and counts are shares of the coverage, rounded to whole reads. Numbers of reads: "
        f"{numbers}.",
    )
    if scaled := [one.file for one in files.values() if one.median_read_length is None]:
        yield LeftOut(
            "coverage",
            f"No single reads were found in {few(scaled, 10)}: the coverage is dense, smoothed or "
            "rounded, or the values are ratios or p-values over a control. They are taken as "
            "proportional to coverage, which is not true of ratios and p-values; give coverage or "
            "reads if you can.",
        )
