"""Checks across all input files before any heavy task: do they agree, can they be counted?

All problems are collected before they are reported. Minor oddities are logged.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from deepregfinder.counting.assays import RowRules
from deepregfinder.counting.first_reads import FRAGMENTS_HAVE_NO_READS
from deepregfinder.errors import InputError
from deepregfinder.genome.assembly import (
    ambiguous_names,
    assembly_name,
    differences,
    few,
    most_common_sizes,
    other_assembly,
    prefix_mismatch,
    renaming_command,
    unlike_model,
)
from deepregfinder.genome.grid import (
    Geometry,
    bare_name,
    main_chromosomes,
    natural_order,
    read_chrom_sizes,
)
from deepregfinder.genome.intervals import HEADER, Kind, find_line, scan_intervals
from deepregfinder.genome.name_pattern import chromosomes_by_length, name_pattern
from deepregfinder.genome.splits import SPLITS, ChromosomeSplit, SplitChoice
from deepregfinder.inputs.alignments import AlignmentSummary
from deepregfinder.inputs.coverage import candidate_sizes, header_of
from deepregfinder.inputs.gene_annotation import AnnotationSummary, unfit_annotation
from deepregfinder.inputs.references import (
    ExternalList,
    GenomeSequence,
    unfit_external,
    unfit_sequence,
)
from deepregfinder.inputs.tables import InputFile
from deepregfinder.inputs.unplaced import misnamed, unplaced_text
from deepregfinder.storage.tables import write_rows, write_table
from deepregfinder.storage.untrusted_json import JsonFields

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class IntervalList:
    """A list of intervals among the inputs.

    option : the parameter or column that it was given with, for messages
    may_be_empty : true for lists of regions to exclude (blacklist, gaps)
    """

    path: Path
    option: str
    kind: Kind = "bed"
    may_be_empty: bool = False

    @property
    def description(self) -> str:
        return f"{self.path} ({self.option})"

    @cached_property
    def scanned(self) -> tuple[pd.DataFrame, list[str]]:
        """Its valid intervals, and the problems of the other lines (intervals.scan_intervals)."""
        return scan_intervals(self.path, self.kind)

    @property
    def numbers(self) -> dict[str, int]:
        """Valid intervals on each chromosome, most first."""
        table, _ = self.scanned
        return {str(name): int(n) for name, n in table["chrom"].value_counts().items()}


@dataclass(frozen=True)
class Plan:
    """The parameters of a run that its checks depend on.

    chromosomes : regular expression for the names of main chromosomes
    split : what the user says of the split; None if no model is trained, or the split is random
    counter, count_at, paired_end, max_fragment : the counting rules of these names
    """

    chromosomes: str
    geometry: Geometry
    split: SplitChoice | None
    counter: str
    count_at: str
    paired_end: str
    max_fragment: int

    def of_row(self, row: RowRules) -> "Plan":
        """The same, with the counting rules of a row in place of those of the run."""
        names = [name for name in ("count_at", "paired_end", "max_fragment") if name in row.values]
        return replace(self, **{name: row.values[name] for name in names})

    def split_of(self, chrom_sizes: Mapping[str, int]) -> ChromosomeSplit | None:
        """The split of a genome: names and lengths (bp) of its main chromosomes."""
        return self.split.plan(chrom_sizes).chromosomes if self.split else None


@dataclass(frozen=True)
class NamedGenome:
    """The assembly that --genome names, and its main chromosomes (name -> length in bp)."""

    name: str
    chrom_sizes: Mapping[str, int]


def check_all_inputs(
    summaries: Sequence[AlignmentSummary],
    lists: Sequence[IntervalList],
    plan: Plan,
    chrom_sizes: Path | None = None,
    sequence: GenomeSequence | None = None,
    genome: NamedGenome | None = None,
    external: Sequence[ExternalList] = (),
    models: Sequence[Path] = (),
    annotation: AnnotationSummary | None = None,
) -> dict[str, int]:
    """Check all inputs against each other.

    Parameters
    ----------
    summaries : of all files of reads
    lists : all interval lists
    plan : the parameters
    chrom_sizes : table of chromosomes; without it, the most common BAM header is used or, without
        BAM files, the assembly
    sequence : the genome, where the run writes sequences of calls
    external : annotations and experiments, with their chain files
    genome : the assembly that the reads should have been aligned to
    models : descriptions (model.json) of pretrained models
    annotation : the gene annotation that gives TSSs

    Returns
    -------
    Names and lengths (bp) of the main chromosomes, in natural order.

    Raises
    ------
    InputError
        Lists all problems of all files.
    """
    problems = list(dict.fromkeys(text for summary in summaries for text in summary.problems))
    main = _main_chromosomes(summaries, plan, chrom_sizes, genome)
    problems += main.problems
    expected = main.sizes
    if expected:
        problems += _unfit_chromosomes(expected, plan) if main.complete else ()
        if genome and (other := other_assembly(expected, genome.name, genome.chrom_sizes)):
            problems.append(other)
        for model in models:
            facts = JsonFields(json.loads(model.read_text()), model)
            if is_portable(facts):
                continue
            name = f"the model trained on {facts.text('sample')} (--pretrained)"
            if unlike := unlike_model("The reads", expected, name, facts.sizes("chrom_sizes")):
                problems.append(unlike)
        for summary in summaries:
            if summary.n_mapped:
                row = RowRules(summary.assay, summary.rules)
                problems += _uncountable_reads(summary, expected, plan.of_row(row))
    for intervals in lists:
        problems += _unfit_list(intervals, expected)
    if annotation:
        problems += unfit_annotation(annotation, expected)
    if sequence:
        problems += unfit_sequence(sequence, expected)
    for one in external:
        problems += unfit_external(one, expected)
    if problems:
        raise InputError.of(problems)
    _log_oddities(summaries, expected, plan)
    return expected


def is_portable(facts: JsonFields) -> bool:
    """Whether a description of a bundle says that it takes other genomes and fewer marks."""
    training = facts.content.get("training")
    return isinstance(training, dict) and training.get("portable") is True


@dataclass(frozen=True)
class _MainChromosomes:
    """What the main chromosomes are taken to be, so that all other files can be compared with them.

    sizes : names and lengths (bp), without those that are a problem themselves; may be empty
    complete : none was left out
    problems : what is wrong with them, and with files that differ
    """

    sizes: dict[str, int]
    complete: bool
    problems: list[str]


def _main_chromosomes(
    summaries: Sequence[AlignmentSummary],
    plan: Plan,
    chrom_sizes: Path | None,
    genome: NamedGenome | None,
) -> _MainChromosomes:
    """The main chromosomes; files with the same problem share one message."""
    readable = [summary for summary in summaries if summary.readable]
    texts = [summary for summary in summaries if summary.text_format]
    main = [_matching(summary.chrom_sizes, plan.chromosomes) for summary in readable]
    problems: list[str] = []
    expected: dict[str, int] = {}
    source = ""
    try:
        if chrom_sizes is not None:
            source = str(chrom_sizes)
            expected = main_chromosomes(read_chrom_sizes(chrom_sizes), plan.chromosomes)
        elif readable and not any(main):
            problems += _no_match(readable[0].chrom_sizes, plan.chromosomes)
        elif genome is not None and not readable:
            source = f"--genome {genome.name}"
            expected = main_chromosomes(_named_as_in(texts, genome.chrom_sizes), plan.chromosomes)
    except InputError as error:
        problems += error.problems
    if not expected and any(main):
        expected = most_common_sizes(candidate_sizes(readable, main))
        having = [s.file for s, sizes in zip(readable, main, strict=True) if sizes == expected]
        having = having or [summary.file for summary in readable]
        source = having[0] if len(having) == 1 else f"{len(having)} files ({few(having, 1)})"
    if texts and not expected and len(texts) == len(summaries) and not problems:
        problems.append(
            f"{few((one.file for one in texts), 3)}: the lengths of the chromosomes are not known, "
            "as such files do not have them. Give --genome or --chrom_sizes."
        )
    unclear = set()
    if pairs := ambiguous_names(expected):
        both = few(f"{one} and {other}" for one, other in pairs)
        unclear |= {chrom for chrom in expected if bare_name(chrom) in map(bare_name, dict(pairs))}
        problems.append(
            f"{source}: both {both} are main chromosomes: two genomes in one file? Choose one with "
            "--chromosomes, e.g. --chromosomes 'chr([1-9]|1[0-9]|2[0-2]|X|Y)'."
        )
    if unwritable := [chrom for chrom in expected if HEADER.match(chrom)]:
        unclear |= set(unwritable)
        problems.append(
            f"{source}: a line of BED that begins with {few(unwritable)} is a comment or a header. "
            "Leave such chromosomes out with --chromosomes, or rename them with "
            "`samtools reheader`."
        )
    sizes = {chrom: length for chrom, length in expected.items() if chrom not in unclear}
    files: dict[str, list[str]] = {}
    for summary, own in zip(readable, main, strict=True):
        surplus = [] if chrom_sizes else [chrom for chrom in own if chrom not in expected]
        for problem in differences(header_of(summary, sizes), sizes, source, surplus):
            files.setdefault(problem, []).append(summary.description)
    for summary in texts if sizes else ():
        for problem in unplaced_text(summary, sizes, source):
            files.setdefault(problem, []).append(summary.description)
    problems += [f"{few(names, 10)}: {problem}" for problem, names in files.items()]
    return _MainChromosomes(sizes, not unclear, problems)


def _named_as_in(texts: Sequence[AlignmentSummary], sizes: Mapping[str, int]) -> dict[str, int]:
    """Chromosomes of an assembly with the names that they have in files: `1` for `chr1`."""
    names = {bare_name(name): name for one in texts for name in one.mapped if name not in sizes}
    return {names.get(bare_name(chrom), chrom): length for chrom, length in sizes.items()}


def _no_match(sizes: Mapping[str, int], pattern: str) -> Iterator[str]:
    """That no name matches, with the expression that is probably meant."""
    try:
        main_chromosomes(sizes, pattern)
    except InputError as error:
        probable = chromosomes_by_length(sizes)
        meant = name_pattern(probable, sizes)
        hint = f" To use {few(probable)}, give --chromosomes '{meant}'." if meant else ""
        yield f"{error}{hint}"


def _matching(sizes: Mapping[str, int], pattern: str) -> dict[str, int]:
    try:
        return main_chromosomes(sizes, pattern)
    except InputError:
        return {}


def _unfit_chromosomes(expected: Mapping[str, int], plan: Plan) -> Iterator[str]:
    """Main chromosomes that leave a split empty, or are too short for a window."""
    window = plan.geometry.window
    if max(expected.values()) < window:
        yield (
            f"No main chromosome is as long as a window of {window:,} bp: choose a smaller "
            "--window_bins or --bin_size."
        )
    if plan.split and (chosen := plan.split_of(expected)):
        empty = [split for split in SPLITS if not chosen.select(expected, split)]
        for split in empty:
            if split in plan.split.given:
                yield (
                    f"No main chromosome belongs to --{split}_chroms "
                    f"({', '.join(sorted(getattr(chosen, split), key=natural_order))}); there are "
                    f"{few(expected, 30)}. Assign these with --train_chroms, --validation_chroms "
                    "and --test_chroms, or use --split random."
                )
        if too_few := [f"--{split}_chroms" for split in empty if split not in plan.split.given]:
            yield (
                f"There are too few main chromosomes ({few(expected)}) to choose "
                f"{', '.join(too_few)} among them. Use --split random."
            )


def _uncountable_reads(
    summary: AlignmentSummary, expected: Mapping[str, int], plan: Plan
) -> Iterator[str]:
    """Reads that are all off the main chromosomes, or too long for the counting rule."""
    present = {chrom for chrom in expected if summary.mapped.get(chrom)}
    possible = expected if summary.text_format else header_of(summary, expected)
    if any(chrom in possible for chrom in expected) and not misnamed(summary, expected):
        if not present:
            elsewhere = [chrom for chrom, count in summary.mapped.items() if count]
            yield (
                f"{summary.description} has {summary.n_mapped:,} mapped reads, but none on a "
                f"main chromosome; they are on {few(elsewhere)}. Check what they were aligned to."
            )
        elif chosen := plan.split_of(expected):
            for split in SPLITS:
                in_header = [chrom for chrom in expected if chrom in possible]
                chroms = chosen.select(in_header, split)
                if chroms and not present.intersection(chroms):
                    yield (
                        f"{summary.description} has no read on any {split} chromosome "
                        f"({few(chroms)}). Give the whole BAM file, or choose other chromosomes "
                        f"with --{split}_chroms."
                    )
    reads = plan.paired_end == "reads" and plan.count_at != "five_prime"
    if summary.text_format == "fragments" and reads:
        yield f"{summary.description} {FRAGMENTS_HAVE_NO_READS}"
    if plan.counter == "featurecounts" and (plan.count_at != "overlap" or plan.max_fragment):
        yield (
            f"{summary.description} is to be counted with count_at {plan.count_at} and "
            f"max_fragment {plan.max_fragment}, which featureCounts cannot. Use --counter native."
        )
    if summary.text_format and plan.counter == "featurecounts":
        yield (
            f"{summary.description} is a {summary.text_format} file, which featureCounts cannot "
            "read. Use --counter native."
        )
        return
    if summary.is_coverage:
        if plan.counter == "featurecounts":
            yield (
                f"{summary.description} is a bigWig file, which featureCounts cannot read. Use "
                "--counter native."
            )
        return
    fragments = summary.paired_end and plan.paired_end == "fragments"
    if fragments and plan.counter == "featurecounts":
        yield (
            f"{summary.description} is paired-end, and featureCounts cannot count fragments at "
            "their midpoint. Use --counter native, or --paired_end reads to count mates as reads."
        )
    if plan.counter == "featurecounts" and summary.file.endswith(".cram"):
        yield (
            f"{summary.description} is a CRAM file, which featureCounts cannot read. Use --counter "
            "native."
        )
    length = summary.median_read_length
    if (
        length
        and plan.count_at == "overlap"
        and not fragments
        and length > 2 * plan.geometry.bin_size
    ):
        yield (
            f"{summary.description}: the median read has {length:,} bp, more than two bins of "
            f"{plan.geometry.bin_size} bp, so that no bin can hold half of it: most reads would "
            "not be counted. Use --count_at midpoint, or a larger --bin_size."
        )


def _unfit_list(intervals: IntervalList, expected: Mapping[str, int]) -> Iterator[str]:
    """Invalid lines, and names or positions that do not fit the genome."""
    table, problems = intervals.scanned
    yield from problems
    if table.empty:
        if not intervals.may_be_empty and not problems:
            yield f"{intervals.description} has no intervals. Give another file."
        return
    if not expected:
        return
    names = [str(name) for name in table["chrom"].unique()]
    if pair := prefix_mismatch(names, expected):
        yield (
            f"{intervals.description}: chromosomes are named like {pair[0]!r}, but like "
            f"{pair[1]!r} in the BAM files or chromosome sizes. "
            f"Rename them: `{renaming_command(*pair)}`."
        )
    elif not expected.keys() & set(names):
        yield (
            f"{intervals.description}: no interval is on a main chromosome. It has "
            f"{few(names)}; the main chromosomes are {few(expected)}. Is the list of another "
            "species, or does --chromosomes exclude its chromosomes?"
        )
    yield from _beyond_ends(intervals, table, expected)


def _beyond_ends(
    intervals: IntervalList, table: pd.DataFrame, expected: Mapping[str, int]
) -> Iterator[str]:
    beyond = table[table["end"] > table["chrom"].map(expected)]
    if beyond.empty:
        return
    chrom, start, end = beyond.iloc[0][["chrom", "start", "end"]]
    length = f"{expected[chrom]:,} bp"
    if assembly := assembly_name(chrom, expected[chrom]):
        length += f" in {assembly}"
    more = f"; {len(beyond):,} intervals in total do so" if len(beyond) > 1 else ""
    yield (
        f"{intervals.description}, line {find_line(intervals.path, chrom, start, end)}: "
        f"{chrom}:{start:,}-{end:,} extends beyond the end of {chrom} ({length}){more}. Use the "
        "list of this assembly, or trim the intervals."
    )


def _log_oddities(
    summaries: Sequence[AlignmentSummary], expected: Mapping[str, int], plan: Plan
) -> None:
    chosen = plan.split_of(expected)
    if unused := [chrom for chrom in expected if chosen and chosen.of(chrom) is None]:
        _log.warning("%s: in no split, so predicted but not used for training", few(unused))
    records = [one for one in summaries if not (one.text_format or one.is_coverage)]
    untagged = [one for one in records if not one.has_nh]
    if best_only := [summary.file for summary in untagged if not summary.has_secondary]:
        _log.info(
            "%d of %d BAM files have no NH tags (%s): only --min_mapq excludes their "
            "multi-mapping reads",
            *(len(best_only), len(summaries), few(best_only, 3)),
        )
    if several := [summary.file for summary in untagged if summary.has_secondary]:
        _log.warning(
            "%d of %d BAM files have secondary records without NH tags (%s): --secondary "
            "drop_reads excludes their multi-mapping reads; --min_mapq may not, as bowtie2 -k "
            "gives every record a mapping quality of 255",
            *(len(several), len(summaries), few(several, 3)),
        )
    for summary in summaries:
        if summary.unmet_barcodes:
            _log.warning(
                "%s has no fragment with %s of the listed barcodes. Check that they are of this "
                "file.",
                *(summary.description, f"{summary.unmet_barcodes:,}"),
            )
        without = [chrom for chrom in expected if not summary.mapped.get(chrom)]
        if [chrom.upper()[-1] for chrom in without] not in ([], ["Y"]):
            _log.warning("%s has no read on %s", summary.description, few(without))


def write_inputs(
    path: Path, summaries: Sequence[AlignmentSummary], expected: Mapping[str, int]
) -> None:
    """Write a row for each alignment file, sorted by role, sample, mark and replicate."""
    ordered = sorted(summaries, key=lambda s: (s.role, s.sample, s.mark, s.replicate, s.id))
    rows = [
        InputFile(
            *(one.id, one.sample, one.mark, one.replicate, one.role, one.file),
            reads=one.n_mapped + one.n_unmapped,
            mapped=one.n_mapped,
            main_chrom_reads=sum(one.mapped.get(chrom, 0) for chrom in expected),
            paired_end=one.paired_end,
            median_read_length=one.median_read_length,
            index=one.index,
            simulated=one.simulated,
            assay=one.assay,
            rules=tuple(f"{name}={value}" for name, value in sorted(one.rules.items())),
        )
        for one in ordered
    ]
    write_rows(path, InputFile, rows)


def write_groups(path: Path, groups: Sequence[Sequence[str]]) -> None:
    """Write the groups of chromosomes: group (from 1) and chromosome, without a header."""
    write_table(
        path, [(number, chrom) for number, chroms in enumerate(groups, 1) for chrom in chroms]
    )
