"""What a run leaves out, or should: sequences of the reads, and parts of the genome in lists.

The default of --chromosomes is human, and lists come from elsewhere: without a word, the reads,
peaks and TSSs on some chromosomes of another species would be lost.
"""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from deepregfinder.genome.assembly import few
from deepregfinder.genome.name_pattern import is_nuclear, name_pattern, probable_chromosomes
from deepregfinder.inputs.alignments import AlignmentSummary
from deepregfinder.inputs.coverage import coverage_notes
from deepregfinder.inputs.gene_annotation import AnnotationSummary, tss_counts, without_strand
from deepregfinder.inputs.tables import LeftOut
from deepregfinder.storage.tables import write_rows

_log = logging.getLogger(__name__)

# A sequence is as long as a chromosome with this share of the length of the shortest main
# chromosome. Scaffolds and alternate sequences of finished genomes are far shorter.
LONG = 0.25
# Shares of the mapped reads of a file: on one unused sequence, and on all further ones.
MANY_READS, MANY_TOGETHER = 0.01, 0.05
# Reads on a main chromosome, relative to those on a part of the genome of the same length.
CROWDED = 20
# Share of the intervals of a list on unused sequences.
MANY_INTERVALS = 0.1
# A chromosome without intervals is told if, by its length, at least so many are expected there.
FEWEST_EXPECTED = 10


class CountedList(Protocol):
    """A list of intervals: its name in messages, and how many there are on each chromosome."""

    @property
    def description(self) -> str: ...

    @property
    def numbers(self) -> Mapping[str, int]: ...


def find_left_out(
    summaries: Sequence[AlignmentSummary],
    lists: Sequence[CountedList],
    expected: Mapping[str, int],
    annotation: AnnotationSummary | None = None,
) -> list[LeftOut]:
    """All that is left out and seems to belong to the genome, in sentences.

    expected : names and lengths (bp) of the main chromosomes; annotation : of genes (--gtf)
    """
    counted = [*lists, tss_counts(annotation, expected)] if annotation else lists
    # Text has no lengths: a sequence is at least as long as its reads reach.
    reached = {name: last.end for one in summaries for name, last in one.furthest.items()}
    headers = {name: bp for one in summaries for name, bp in one.chrom_sizes.items()}
    sizes = reached | headers | dict(expected)
    unused = {name: bp for name, bp in sizes.items() if name not in expected}
    lost = probable_chromosomes(unused, LONG * min(expected.values()), expected)
    advice = _advice([*expected, *lost], sizes)
    return [
        *(_lost_chromosomes(summaries, lost, sizes, expected, advice) if lost else ()),
        *_reads_elsewhere(summaries, set(unused) - set(lost), [*expected, *lost], sizes),
        *_crowded(summaries, expected, sizes),
        *(one for intervals in counted for one in _list_covers(intervals, expected, lost, advice)),
        *(without_strand(annotation) if annotation else ()),
        *coverage_notes(summaries),
    ]


def _advice(names: Sequence[str], sizes: Mapping[str, int]) -> str:
    """What to type to use these sequences."""
    pattern = name_pattern(names, sizes)
    what = f"--chromosomes '{pattern}'" if pattern else "--chromosomes with all of their names"
    return f"use {what}"


def _lost_chromosomes(
    summaries: Sequence[AlignmentSummary],
    lost: Sequence[str],
    sizes: Mapping[str, int],
    expected: Mapping[str, int],
    advice: str,
) -> Iterator[LeftOut]:
    length = sum(sizes[name] for name in lost)
    share = length / (length + sum(expected.values()))
    mapped = sum(one.n_mapped for one in summaries)
    reads = sum(one.mapped.get(name, 0) for one in summaries for name in lost)
    yield LeftOut(
        "chromosomes",
        f"{len(lost)} sequences that are as long as chromosomes, or named like them, are not used: "
        f"{few(lost, 10)} ({length:,} bp, {share:.1%} of the genome, with "
        f"{reads / max(mapped, 1):.1%} of the mapped reads). Reads, peaks and TSSs on them are "
        f"left out. If they belong to the genome, {advice}.",
    )


def _reads_elsewhere(
    summaries: Sequence[AlignmentSummary],
    unused: set[str],
    wanted: Sequence[str],
    sizes: Mapping[str, int],
) -> Iterator[LeftOut]:
    """Unused sequences that hold many reads of a file, and all further ones together."""
    highest = _highest_shares(summaries, unused)
    ordered = sorted(highest, key=lambda name: (-highest[name][0], name))
    if ordered:
        shares = few(f"{name} ({highest[name][0]:.1%} of {highest[name][1]})" for name in ordered)
        nuclear = [name for name in ordered if is_nuclear(name)]
        choice = f" Otherwise, {_advice([*wanted, *nuclear], sizes)}." if nuclear else ""
        yield LeftOut(
            "reads",
            f"Sequences that are not used hold many of the mapped reads: {shares}. These reads are "
            "in no count and no library size, which is right for mitochondria, chloroplasts, "
            f"viruses, decoys and spike-ins.{choice}",
        )
    rest = unused - highest.keys()
    together = [
        (sum(one.mapped.get(name, 0) for name in rest) / one.n_mapped, one.file)
        for one in summaries
        if one.n_mapped
    ]
    share, file = max(together, default=(0.0, ""))
    if share > MANY_TOGETHER:
        yield LeftOut(
            "reads",
            f"{len(rest):,} further sequences that are not used hold {share:.1%} of the mapped "
            f"reads of {file} together. If the genome consists of scaffolds, "
            f"{_advice([*wanted, *rest], sizes)}.",
        )


def _highest_shares(
    summaries: Sequence[AlignmentSummary], names: Collection[str]
) -> dict[str, tuple[float, str]]:
    """The highest share of the mapped reads of a file on each sequence, with the file, if many."""
    highest: dict[str, tuple[float, str]] = {}
    for one in summaries:
        for name, number in one.mapped.items():
            if name in names and number > MANY_READS * one.n_mapped:
                here = (number / one.n_mapped, one.file)
                highest[name] = max(highest.get(name, here), here)
    return highest


def _crowded(
    summaries: Sequence[AlignmentSummary], expected: Mapping[str, int], sizes: Mapping[str, int]
) -> Iterator[LeftOut]:
    """Main chromosomes that hold far more reads than their length lets expect: mitochondria."""
    length = sum(expected.values())
    crowded = {
        name: here
        for name, here in _highest_shares(summaries, expected).items()
        if not is_nuclear(name) or here[0] > CROWDED * expected[name] / length
    }
    if crowded and len(crowded) < len(expected):
        shares = few(f"{name} ({share:.1%} of {file})" for name, (share, file) in crowded.items())
        others = [name for name in expected if name not in crowded]
        yield LeftOut(
            "crowded",
            f"Sequences that are used hold many of the mapped reads for their length: {shares}. "
            "These reads are part of the library size and lower the reads per million of all "
            f"others. If they are mitochondria, viruses or the like, {_advice(others, sizes)}.",
        )


def _list_covers(
    intervals: CountedList, expected: Mapping[str, int], lost: Sequence[str], advice: str
) -> Iterator[LeftOut]:
    """Intervals on unused sequences, and main chromosomes without intervals."""
    numbers = intervals.numbers
    elsewhere = {name: n for name, n in numbers.items() if name not in expected}
    n_elsewhere, total = sum(elsewhere.values()), sum(numbers.values())
    on_lost = bool(elsewhere.keys() & set(lost))
    if n_elsewhere > MANY_INTERVALS * total or on_lost:
        names = few((f"{name} ({n:,})" for name, n in elsewhere.items()), 5)
        yield LeftOut(
            "list",
            f"{intervals.description}: {n_elsewhere:,} of {total:,} intervals "
            f"({n_elsewhere / total:.1%}) are on sequences that are not used: {names}. They are "
            f"left out.{f' To use them, {advice}.' if on_lost else ''}",
        )
    density = (total - n_elsewhere) / sum(expected.values())
    bare = [
        name
        for name, bp in expected.items()
        # Lists of female samples have nothing on Y; those of birds, nothing on W.
        if name not in numbers and bp * density >= FEWEST_EXPECTED and name[-1].upper() not in "YW"
    ]
    if bare:
        by_length = sum(expected[name] for name in bare) * density
        yield LeftOut(
            "list",
            f"{intervals.description} has no interval on {few(bare)}, where {by_length:,.0f} of "
            f"its {total - n_elsewhere:,} would be expected by length. Is it cut short, or of part "
            "of the genome? Give a list of all chromosomes that are used.",
        )


def tell_left_out(path: Path | None, rows: Sequence[LeftOut]) -> None:
    """Log each sentence as a warning, and write a table with a row for each unless path is None."""
    for row in rows:
        _log.warning("%s", row.text)
    if path is not None:
        write_rows(path, LeftOut, rows)
