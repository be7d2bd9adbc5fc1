"""Inspect a file of reads: header, index and first reads of BAM and CRAM files, all of others.

An inspection does not fail because of the file: problems are recorded as sentences, so that
`inputs.check` can report those of all files at once. Its result is stored as JSON.
"""

import dataclasses
import json
import logging
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pysam
from pysam.utils import SamtoolsError

from deepregfinder.counting import cram, lines
from deepregfinder.counting.assays import CHIP
from deepregfinder.counting.barcodes import read_barcodes
from deepregfinder.counting.bgzf import require_sound
from deepregfinder.counting.coverage_format import is_coverage
from deepregfinder.counting.file_format import alignment_format, open_alignments
from deepregfinder.counting.text_format import TextFormat, text_format
from deepregfinder.counting.text_reads import Furthest, TextReads
from deepregfinder.errors import InputError
from deepregfinder.inputs.indexes import is_part, leads_to_a_block
from deepregfinder.storage.atomic import written_whole

Role = Literal["chip", "control", "nascent"]

# The comment (@CO) in BAM files of simulated reads.
SIMULATED = "simulated reads"

READS_EXAMINED = 10_000
LONGEST_IN_BAI = 1 << 29

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Identity:
    """The library in a file: a row of the samplesheet, or a file that such rows name.

    assay, rules : what replaces the counting rules of the run (assays.RowRules)
    """

    id: str
    sample: str
    mark: str
    replicate: str
    role: Role
    assay: str = CHIP
    rules: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class AlignmentSummary:
    """One file of reads, as inspected by `inspect_alignments`.

    file : name of the file, without its folder
    assay, rules : as in Identity
    sorted : the records are sorted by coordinate, whatever the header states; False without an
        index
    chrom_sizes : all sequences of the header and their lengths in bp, in the order of the header;
        none for text, which has no header
    mapped : mapped records of each sequence, including secondary and supplementary ones
    furthest : for text, the interval of each sequence that ends last
    n_mapped, n_unmapped : records of the whole file; of coverage, the reads that it was made of
    paired_end : the first 10,000 primary alignments include reads of pairs
    median_read_length : their median length, as defined for counting: matched, inserted and
        soft-clipped bases; None for fragments. Of coverage, the mean length of a lone read (see
        counting.coverage_reads), None if it is not known
    has_nh : any of them has an NH tag
    has_secondary : secondary records are among them
    simulated : the header says so, as written by simulate_panel.py
    index : "given", "made" (no usable one was given), or "none": it cannot be made, or the file is
        a CRAM file, whose index does not have the number of reads per chromosome
    unmet_barcodes : number of listed barcodes that no fragment has
    depth : where the number of reads comes from; "given" or "estimated" for coverage only
    step : of coverage, the value of one read; None if there is none
    problems : problems of the file, in sentences
    """

    id: str
    sample: str
    mark: str
    replicate: str
    role: Role
    file: str
    assay: str = CHIP
    rules: dict[str, Any] = dataclasses.field(default_factory=dict)
    sorted: bool = False
    chrom_sizes: dict[str, int] = dataclasses.field(default_factory=dict)
    mapped: dict[str, int] = dataclasses.field(default_factory=dict)
    furthest: dict[str, Furthest] = dataclasses.field(default_factory=dict)
    n_mapped: int = 0
    n_unmapped: int = 0
    paired_end: bool = False
    median_read_length: int | None = 0
    has_nh: bool = False
    has_secondary: bool = False
    simulated: bool = False
    index: Literal["given", "made", "none"] = "none"
    unmet_barcodes: int = 0
    depth: Literal["counted", "estimated", "given"] = "counted"
    step: float | None = None
    problems: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        """The file in messages: `a.bam (K562, H3K27ac, replicate 1)`."""
        if self.role == "control":
            return f"{self.file} (control)"
        what = "nascent RNA" if self.role == "nascent" else f"replicate {self.replicate}"
        return f"{self.file} ({self.sample}, {self.mark}, {what})"

    @property
    def readable(self) -> bool:
        """Whether there is a header that could be read."""
        return bool(self.chrom_sizes)

    @property
    def text_format(self) -> TextFormat | None:
        """The format of a file of reads as text; None for BAM and CRAM files."""
        return text_format(self.file)

    @property
    def is_coverage(self) -> bool:
        """Whether it is a bigWig file of coverage."""
        return is_coverage(self.file)


def write_summary(path: Path, summary: AlignmentSummary) -> None:
    """Write one summary as JSON."""
    with written_whole(path) as part:
        part.write_text(json.dumps(dataclasses.asdict(summary), indent=1) + "\n")


def read_summary(path: Path) -> AlignmentSummary:
    """Read a file of `write_summary`; raises InputError for any other file."""
    try:
        fields = json.loads(Path(path).read_text())
        fields["problems"] = tuple(fields["problems"])
        last = fields["furthest"]
        fields["furthest"] = {name: Furthest(**interval) for name, interval in last.items()}
        return AlignmentSummary(**fields)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{path} is not a summary of a BAM file by inspect_bam.py.") from None


def inspect_alignments(
    path: Path,
    identity: Identity,
    folder: Path,
    index: Path | None = None,
    threads: int = 1,
    barcodes: Path | None = None,
    reads: int | None = None,
) -> AlignmentSummary:
    """Inspect one file of reads, without reading all of it if it is a BAM file with an index.

    Without a usable index, a BAM file is read once to write `ID.bai` (`ID.csi` for a genome with
    chromosomes above 512 Mbp) into `folder`, never next to the file. A tagAlign or fragments file
    is read once, and all of its lines are checked; so are all values of a bigWig file.

    Parameters
    ----------
    path : the file
    identity : the library that it contains
    folder : folder for an index
    index : the BAI or CSI file that was given with it, in any folder
    threads : number of threads that make an index or decompress the file
    barcodes : list of the barcodes of a fragments file that make up the library; None for all
    reads : number of reads that a bigWig file was made of; None to estimate it
    """
    path = Path(path)
    if is_coverage(path.name):
        return _inspect_coverage(path, identity, reads)
    if kind := text_format(path.name):
        return _inspect_text(path, identity, kind, barcodes, threads)
    summary = AlignmentSummary(**dataclasses.asdict(identity), file=path.name)
    try:
        is_cram = alignment_format(path) == "cram"
        summary = _with_header(path, summary)
        summary = _with_first_reads(path, summary)
        if is_cram:
            summary = _with_all_records(path, summary)
        else:
            summary = _with_index(path, summary, index, Path(folder), threads)
        if summary.n_mapped == 0:
            raise InputError(
                f"has no mapped read ({summary.n_unmapped:,} unmapped): nothing can be counted. "
                "Check the alignment step that made it."
            )
    except InputError as error:
        return dataclasses.replace(summary, problems=(f"{summary.description} {error}",))
    return summary


def _inspect_text(
    path: Path, identity: Identity, kind: TextFormat, barcodes: Path | None, threads: int
) -> AlignmentSummary:
    """Inspect a tagAlign or fragments file, line by line."""
    summary = AlignmentSummary(**dataclasses.asdict(identity), file=path.name)
    problems: list[str] = []
    listed = None
    try:
        listed = None if barcodes is None else read_barcodes(barcodes)
    except InputError as error:
        problems += error.problems
    reads = TextReads(path, kind, listed)
    lengths: list[int] = []
    try:
        for rows in reads.batches(threads):
            lengths += (rows[: READS_EXAMINED - len(lengths), lines.CIGAR] >> 4).tolist()
    except InputError as error:
        # Nothing is said of the reads on each chromosome: some may be lost.
        own = [*error.problems, *reads.faults()]
        problems += [f"{summary.description} {problem}" for problem in own]
        return dataclasses.replace(summary, problems=tuple(problems))
    try:
        reads.require_sound()
    except InputError as error:
        problems += [f"{summary.description} {problem}" for problem in error.problems]
    mapped = reads.mapped
    fragments = kind == "fragments"
    return dataclasses.replace(
        summary,
        mapped=mapped,
        furthest=reads.furthest,
        n_mapped=sum(mapped.values()),
        paired_end=fragments,
        median_read_length=None if fragments or not lengths else int(statistics.median(lengths)),
        unmet_barcodes=reads.unmet_barcodes,
        problems=tuple(problems),
    )


def _inspect_coverage(path: Path, identity: Identity, reads: int | None) -> AlignmentSummary:
    """Inspect a bigWig file, value by value."""
    from deepregfinder.counting.coverage_file import CoverageFile
    from deepregfinder.counting.coverage_reads import examine, number_of_reads, split_reads

    summary = AlignmentSummary(**dataclasses.asdict(identity), file=path.name)
    try:
        file = CoverageFile(path)
        summary = dataclasses.replace(summary, chrom_sizes=dict(file.chrom_sizes))
        facts = examine(file)
        number = number_of_reads(facts, reads)
    except InputError as error:
        return dataclasses.replace(summary, problems=(f"{summary.description} {error}",))
    return dataclasses.replace(
        summary,
        mapped=split_reads(number, facts.areas),
        n_mapped=number,
        median_read_length=None if facts.read_length is None else round(facts.read_length),
        depth="estimated" if reads is None else "given",
        step=facts.step,
    )


# InputErrors of the functions below lack their subject: the name of the file is put before them.


def _with_header(path: Path, summary: AlignmentSummary) -> AlignmentSummary:
    try:
        with open_alignments(path) as alignments:
            sizes = dict(zip(alignments.references, alignments.lengths, strict=True))
            comments = alignments.header.to_dict().get("CO", [])
    except (OSError, ValueError):
        raise InputError("is damaged: its header cannot be read. Copy it again.") from None
    if not sizes:
        raise InputError(
            "has no chromosome in its header: its reads were not aligned. Align them to the genome "
            "first."
        )
    return dataclasses.replace(
        summary,
        chrom_sizes=sizes,
        mapped=dict.fromkeys(sizes, 0),
        simulated=SIMULATED in comments,
    )


def _with_first_reads(path: Path, summary: AlignmentSummary) -> AlignmentSummary:
    """Fill in the fields that come from the first primary alignments."""
    lengths, paired, has_nh, has_secondary = [], False, False, False
    try:
        with open_alignments(path) as alignments:
            for read in alignments.fetch(until_eof=True):
                has_secondary |= read.is_secondary
                if read.is_unmapped or read.is_secondary or read.is_supplementary:
                    continue
                lengths.append(read.infer_query_length() or 0)
                paired |= read.is_paired
                has_nh |= read.has_tag("NH")
                if len(lengths) == READS_EXAMINED:
                    break
    except (OSError, ValueError):
        raise InputError("is damaged: its reads cannot be decompressed. Copy it again.") from None
    return dataclasses.replace(
        summary,
        paired_end=paired,
        has_nh=has_nh,
        has_secondary=has_secondary,
        median_read_length=int(statistics.median(lengths)) if lengths else 0,
    )


def _with_all_records(path: Path, summary: AlignmentSummary) -> AlignmentSummary:
    """Fill in the numbers of mapped reads of a CRAM file, which its index does not have."""
    mapped, n_unmapped = cram.mapped_records(path)
    n_mapped = sum(mapped.values())
    return dataclasses.replace(summary, mapped=mapped, n_mapped=n_mapped, n_unmapped=n_unmapped)


def _with_index(
    path: Path, summary: AlignmentSummary, index: Path | None, folder: Path, threads: int
) -> AlignmentSummary:
    """Fill in the numbers of mapped reads from an index."""
    if index is not None:
        counted = _read_index(path, index, summary)
        if counted is not None and leads_to_a_block(path, index):
            return dataclasses.replace(counted, index="given")
        _log.warning("%s: the index %s does not belong to it; making one", path.name, index.name)
    made = _make_index(path, summary, folder, threads)
    counted = _read_index(path, made, summary)
    if counted is None:
        raise InputError("is damaged: its index does not lead to its reads. Copy it again.")
    if index is not None:
        _require_whole(path, index, counted)
    return dataclasses.replace(counted, index="made")


def _require_whole(path: Path, index: Path, counted: AlignmentSummary) -> None:
    """Raise InputError if the index that was given is that of the file before it lost reads."""
    try:
        with pysam.AlignmentFile(str(path), index_filename=str(index)) as alignments:
            listed = {entry.contig: entry.mapped for entry in alignments.get_index_statistics()}
    except (OSError, ValueError):
        return
    if is_part(counted.mapped, listed):
        raise InputError(
            f"has {counted.n_mapped:,} mapped reads, but its index {index.name} lists "
            f"{sum(listed.values()):,}: a part of the file was lost, even if its last block is "
            f"there. Copy the file again. If it is whole, make the index again: `samtools index "
            f"{path.name}`."
        )


def _read_index(path: Path, index: Path, summary: AlignmentSummary) -> AlignmentSummary | None:
    """Numbers of mapped reads from an index; None if the index does not belong to the file.

    An outdated index, or that of another file, points to positions where no record of the
    chromosome starts: the first read of a few chromosomes is therefore fetched through it.
    """
    try:
        with pysam.AlignmentFile(str(path), index_filename=str(index)) as alignments:
            mapped = {entry.contig: entry.mapped for entry in alignments.get_index_statistics()}
            n_mapped, n_unmapped = alignments.mapped, alignments.unmapped
            with_reads = [chrom for chrom, count in mapped.items() if count]
            for chrom in with_reads[:1] + with_reads[-3:]:
                if next(alignments.fetch(chrom)).reference_name != chrom:
                    return None
    except (OSError, ValueError, StopIteration):
        return None
    if summary.median_read_length and not n_mapped:
        return None
    return dataclasses.replace(
        summary, sorted=True, mapped=mapped, n_mapped=n_mapped, n_unmapped=n_unmapped
    )


def _make_index(path: Path, summary: AlignmentSummary, folder: Path, threads: int) -> Path:
    coarse = max(summary.chrom_sizes.values()) > LONGEST_IN_BAI
    made = folder / f"{summary.id}.{'csi' if coarse else 'bai'}"
    _log.info("%s: making an index", path.name)
    try:
        # On a damaged block, the threads of htslib 1.24 can deadlock.
        require_sound(path, threads)
        with written_whole(made) as part:
            options = ["-c"] if coarse else ["-b"]
            pysam.index(*options, "-@", str(threads), str(path), str(part))
    except (InputError, SamtoolsError):
        raise InputError(_why_not_indexed(path)) from None
    return made


def _why_not_indexed(path: Path) -> str:
    """Message with the first record that is out of order."""
    last = (0, 0)
    try:
        with open_alignments(path) as alignments:
            for number, (key, chrom, start) in enumerate(_sort_keys(alignments), 1):
                if key < last:
                    where = f"{chrom}:{start + 1:,}" if chrom else "an unplaced read"
                    return (
                        f"is not sorted by coordinate: record {number:,} ({where}) comes after "
                        "reads that it should precede. Sort it: "
                        f"`samtools sort -o sorted.bam {path.name}`."
                    )
                last = key
    except (OSError, ValueError):
        return "is damaged: its reads cannot be decompressed to the end. Copy it again."
    return "cannot be indexed although its reads are sorted: check it with `samtools index`."


def _sort_keys(
    alignments: pysam.AlignmentFile,
) -> Iterator[tuple[tuple[int, int], str | None, int]]:
    """Sort key, chromosome and start of every record; unplaced ones sort last."""
    for read in alignments.fetch(until_eof=True):
        unplaced = read.reference_id < 0
        key = (1 << 31, 0) if unplaced else (read.reference_id, read.reference_start)
        yield key, read.reference_name, read.reference_start
