"""Counting with featureCounts (Subread), on a table of all bins.

A whole genome (31 million bins) takes minutes and 5 GB of memory, because featureCounts reads and
writes that table as text; `native` gives the same counts.
"""

import logging
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pysam

from deepregfinder.counting.file_format import open_alignments
from deepregfinder.counting.first_reads import ReadPreview
from deepregfinder.counting.native import count_native
from deepregfinder.counting.read_ends import EndSampler
from deepregfinder.counting.rules import BinCounts, BinGrid, CountRules, ReadTally
from deepregfinder.errors import InputError

# Before 2.0.2, -p counted fragments instead of reads.
OLDEST_VERSION = (2, 0, 2)

_MOST_THREADS = 64
_ROWS_AT_A_TIME = 1 << 20
_FOUND_PAIRS = "Paired-end reads were detected in single-end read library"

# Status in the .summary file of reads that pass all filters.
_USABLE = (
    *("Assigned", "Unassigned_NoFeatures", "Unassigned_Overlapping_Length"),
    "Unassigned_Ambiguity",
)

_log = logging.getLogger(__name__)


class _FoundPairsError(Exception):
    """featureCounts was run for single reads, and met pairs."""


def count_featurecounts(
    path: Path,
    preview: ReadPreview,
    rules: CountRules,
    grid: BinGrid,
    threads: int,
    sampler: EndSampler | None = None,
) -> BinCounts:
    """Count a BAM file by running featureCounts in a temporary folder of the current one.

    Parameters
    ----------
    path : the file
    preview : of the file
    rules, grid : what is counted, and in which bins
    threads : at most 64 are used
    sampler : collects read ends from the records

    Raises
    ------
    InputError
        featureCounts cannot count by these rules, is not installed or too old, or fails (its last
        lines are quoted); or the file is damaged or truncated.
    """
    _require_possible(path, preview, rules, grid)
    _require_version()
    # featureCounts accepts truncated files and ignores checksums, and does not tell on which
    # sequence an uncounted read lies. The native counter checks both, and counts the library.
    records = count_native(path, rules, grid, threads, sampler).tally
    with tempfile.TemporaryDirectory(prefix="featurecounts-", dir=".") as folder:
        bins, table = Path(folder) / "bins.saf", Path(folder) / "counts.txt"
        _log.info("writing a table of %s bins for featureCounts", f"{grid.n_bins:,}")
        _write_bins(bins, grid)
        paired_end = preview.paired_end
        bam = _primary_records(path, Path(folder)) if records.secondary else path
        command = _command(rules, threads, bins, table)
        try:
            _run([*command, *(["-p"] if paired_end else []), str(bam)])
        except _FoundPairsError:
            if rules.paired_end == "fragments":
                raise _no_fragments(path) from None
            paired_end = True
            _run([*command, "-p", str(bam)])
        summary = _read_summary(table.with_name(table.name + ".summary"))
        values = _read_counts(table, grid)
    return BinCounts(grid, values, _tally(summary, paired_end, records))


def _primary_records(path: Path, folder: Path) -> Path:
    """The file without secondary and supplementary records; unmapped ones stay.

    featureCounts would count them. Its --primary leaves them out, but then counts the primary
    record of a read with an NH tag above 1.
    """
    primary = folder / "primary.bam"
    with (
        open_alignments(path) as alignments,
        pysam.AlignmentFile(str(primary), "wb", template=alignments) as bam,
    ):
        for record in alignments.fetch(until_eof=True):
            if record.is_unmapped or not (record.is_secondary or record.is_supplementary):
                bam.write(record)
    return primary


def _require_possible(path: Path, preview: ReadPreview, rules: CountRules, grid: BinGrid) -> None:
    if rules.count_at != "overlap":
        where = "midpoint" if rules.count_at == "midpoint" else "5' end"
        raise InputError(
            f"featureCounts cannot count reads at their {where}: use --counter native with "
            f"--count_at {rules.count_at}."
        )
    if rules.max_fragment:
        raise InputError(
            "featureCounts cannot leave out long fragments: use --counter native with "
            f"--max_fragment {rules.max_fragment}."
        )
    if rules.secondary == "drop_reads":
        raise InputError(
            "featureCounts cannot leave out reads by their secondary records: use --counter native "
            "with --secondary drop_reads."
        )
    if preview.text_format:
        raise InputError(
            f"{path} is a {preview.text_format} file, which featureCounts cannot read. Use "
            "--counter native."
        )
    if preview.paired_end and rules.paired_end == "fragments":
        raise _no_fragments(path)
    if path.suffix == ".cram":
        raise InputError(f"{path}: featureCounts cannot read CRAM files: use --counter native.")
    for chrom in preview.chrom_sizes:
        # featureCounts treats chr1 as 1, and 1 as chr1, where only the other one has bins.
        other = chrom[3:] if chrom.startswith("chr") else f"chr{chrom}" * (len(chrom) <= 2)
        if chrom not in grid.chrom_sizes and other in grid.chrom_sizes:
            raise InputError(
                f"{path} has both {chrom} and {other}, and featureCounts would count the reads "
                f"of {chrom} as those of {other}: use --counter native."
            )


def _no_fragments(path: Path) -> InputError:
    return InputError(
        f"{path} holds paired-end reads, and featureCounts cannot count a fragment at its midpoint:"
        " use --counter native, or --paired_end reads to count each mate as a read."
    )


def _require_version() -> None:
    try:
        run = subprocess.run(["featureCounts", "-v"], capture_output=True, text=True)
    except FileNotFoundError:
        raise InputError(
            "featureCounts is not installed (package subread): use --counter native."
        ) from None
    version = re.search(r"v(\d+)\.(\d+)\.(\d+)", run.stdout + run.stderr)
    if version and tuple(map(int, version.groups())) < OLDEST_VERSION:
        raise InputError(
            f"featureCounts {version.group()[1:]} is too old: "
            f"{'.'.join(map(str, OLDEST_VERSION))} or later is needed, or --counter native."
        )


def _command(rules: CountRules, threads: int, bins: Path, table: Path) -> list[str]:
    command = ["featureCounts", "-F", "SAF", "-a", str(bins), "-o", str(table)]
    command += ["-O", "--fracOverlap", "0.5", "-T", str(min(threads, _MOST_THREADS))]
    if rules.min_mapq:
        command += ["-Q", str(rules.min_mapq)]
    if rules.duplicates == "drop":
        command += ["--ignoreDup"]
    if rules.extend:
        command += ["--readExtension3", str(rules.extend)]
    if rules.shift:
        direction = "downstream" if rules.shift > 0 else "upstream"
        command += ["--readShiftType", direction, "--readShiftSize", str(abs(rules.shift))]
    return command


def _run(command: list[str]) -> None:
    run = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if run.returncode == 0:
        return
    if _FOUND_PAIRS in run.stderr:
        raise _FoundPairsError
    messages = [line.strip("| ") for line in run.stderr.splitlines() if line.strip("|/\\= ")]
    raise InputError(
        f"featureCounts failed with exit status {run.returncode}: {' '.join(messages[-3:])}"
    )


def _write_bins(path: Path, grid: BinGrid) -> None:
    """Write the bins as SAF (1-based, closed intervals); the name of a bin is its index."""
    with path.open("w") as file:
        file.write("GeneID\tChr\tStart\tEnd\tStrand\n")
        for chrom, length in grid.chrom_sizes.items():
            for index, start in enumerate(range(0, length, grid.bin_size), grid.first_bin[chrom]):
                end = min(start + grid.bin_size, length)
                file.write(f"{index}\t{chrom}\t{start + 1}\t{end}\t+\n")


def _read_counts(table: Path, grid: BinGrid) -> np.ndarray:
    """The counts (last column) in the order of the bins (first column): uint32, shape (n_bins,)."""
    import pandas as pd

    values = np.zeros(grid.n_bins, np.uint32)
    n_read = 0
    columns: Iterator[pd.DataFrame] = pd.read_csv(
        table, sep="\t", skiprows=1, usecols=[0, 6], dtype=np.int64, chunksize=_ROWS_AT_A_TIME
    )
    for part in columns:
        values[part.iloc[:, 0]] = part.iloc[:, 1]
        n_read += len(part)
    if n_read != grid.n_bins:
        raise InputError(
            f"featureCounts wrote {n_read:,} of {grid.n_bins:,} bins: is the disk full?"
        )
    return values


def _read_summary(path: Path) -> dict[str, int]:
    try:
        lines = path.read_text().splitlines()[1:]
    except FileNotFoundError:
        raise InputError("featureCounts wrote no summary: is the disk full?") from None
    return {status: int(number) for status, number in (line.split("\t") for line in lines)}


def _tally(summary: Mapping[str, int], paired_end: bool, records: ReadTally) -> ReadTally:
    return ReadTally(
        total=sum(summary.values()) + records.secondary,
        unmapped=summary["Unassigned_Unmapped"],
        mapq=summary["Unassigned_MappingQuality"],
        duplicate=summary["Unassigned_Duplicate"],
        multimapping=summary["Unassigned_MultiMapping"],
        secondary=records.secondary,
        improper_pair=0,
        second_mates=0,
        usable=sum(summary[status] for status in _USABLE),
        library_size=records.library_size,
        assigned=summary["Assigned"],
        paired_end=paired_end,
        secondary_without_nh=records.secondary_without_nh,
    )
