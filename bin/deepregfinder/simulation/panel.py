"""A simulated panel in one folder: BAM files, lists and both sheets, with relative paths."""

import csv
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam

from deepregfinder.errors import InputError
from deepregfinder.genome.grid import write_chrom_sizes
from deepregfinder.inputs.alignments import SIMULATED
from deepregfinder.simulation.bam import BamWriter, encode
from deepregfinder.simulation.cells import Cell, Genome, random_numbers
from deepregfinder.simulation.enrichment import mark_of, mark_rate
from deepregfinder.simulation.landscape import (
    Ground,
    accessibility_rate,
    control_rate,
    ground_of,
    nascent_rate,
)
from deepregfinder.simulation.reads import (
    Library,
    chip_reads,
    merged,
    nascent_reads,
    share_out,
    unmapped_reads,
)
from deepregfinder.storage.atomic import written_whole

log = logging.getLogger(__name__)

ACCESSIBILITY = "DNase"
"""The name of the accessibility track among the marks."""

LABEL_COLUMNS = (
    "dhs",
    "enhancers",
    "promoter_marks",
    "tfbs",
    "nascent",
    "nascent_sense",
    "nascent_antisense",
)


@dataclass(frozen=True)
class Plan:
    """The sequencing experiments of a panel.

    replicates : BAM files of each mark
    reads_per_mb : fragments per Mb of genome and mark, over all replicates
    nascent : "none", "unstranded" (one BAM file) or "stranded" (one BAM file per strand)
    """

    marks: tuple[str, ...]
    replicates: Mapping[str, int]
    reads_per_mb: float
    read_length: int = 50
    paired: bool = False
    control: bool = False
    nascent: str = "none"
    seed: int = 1
    threads: int = 1


def parse_replicates(text: str, marks: Sequence[str]) -> dict[str, int]:
    """Read `1,H3K4me3=2` into the number of replicates of every mark.

    Raises InputError for other text, or an unknown mark.
    """
    default, by_mark = 1, {}
    for item in text.split(","):
        mark, equals, number = item.strip().rpartition("=")
        if not number.isdigit() or int(number) < 1 or (equals and mark not in marks):
            raise InputError(
                f"--replicates {text}: {item!r} is neither a number nor MARK=number of a mark."
            )
        if equals:
            by_mark[mark] = int(number)
        else:
            default = int(number)
    return {mark: by_mark.get(mark, default) for mark in marks}


def write_panel(outdir: Path, genome: Genome, cells: Sequence[Cell], plan: Plan) -> None:
    """Write everything into `outdir`; the same arguments give the same bytes."""
    for folder in ("bam", "peaks"):
        (outdir / folder).mkdir(parents=True, exist_ok=True)
    write_chrom_sizes(outdir / "chrom.sizes", genome.chrom_sizes)
    _write_lines(outdir / "tss.bed", genome.tss)
    _write_lines(outdir / "blacklist.bed", genome.blacklist)
    if genome.gaps:
        _write_lines(outdir / "gaps.bed", genome.gaps)
    _write_lines(outdir / "README.txt", _readme(genome, cells, plan))
    sheet: list[dict[str, object]] = []
    labels: list[dict[str, str]] = []
    for cell in cells:
        for peaks in cell.lists:
            _write_lines(outdir / "peaks" / peaks.file_name, peaks.lines)
        sheet += list(_sheet_rows(cell, plan))
        labels.append(_label_row(cell, plan))
        _write_bams(outdir, genome, cell, plan)
    _write_csv(outdir / "samplesheet.csv", ("sample", "mark", "replicate", "bam", "control"), sheet)
    _write_csv(outdir / "labels.csv", ("sample", *LABEL_COLUMNS), labels)


def _write_bams(outdir: Path, genome: Genome, cell: Cell, plan: Plan) -> None:
    grounds = {chrom: ground_of(cell, genome, chrom, plan.seed) for chrom in genome.chrom_sizes}
    megabases = sum(genome.chrom_sizes.values()) / 1e6
    jobs: list[Callable[[], list[Path]]] = []
    for mark in plan.marks:
        rng = random_numbers(plan.seed, "depths", cell.name, mark)
        weights = rng.uniform(0.5, 1.5, size=plan.replicates[mark])
        depths = plan.reads_per_mb * megabases * weights / weights.sum()
        for replicate, depth in enumerate(depths, 1):
            library = Library(
                round(depth),
                plan.read_length,
                plan.paired,
                fragment=rng.uniform(170, 230),
                duplicates=rng.uniform(0.03, 0.15),
                unmapped=rng.uniform(0.01, 0.04),
            )
            jobs.append(_ChipJob(outdir, genome, cell, grounds, plan, mark, replicate, library))
    depth = round(plan.reads_per_mb * megabases)
    library = Library(depth, plan.read_length, plan.paired)
    if plan.control:
        jobs.append(_ChipJob(outdir, genome, cell, grounds, plan, None, 1, library))
    if plan.nascent != "none":
        library = Library(depth, plan.read_length)
        jobs.append(_NascentJob(outdir, genome, cell, grounds, plan, library))
    with ThreadPoolExecutor(plan.threads) as pool:
        written = [path for paths in pool.map(lambda job: job(), jobs) for path in paths]
    for path in written:
        # Not in the threads: samtools in pysam keeps its streams in global variables.
        pysam.index(str(path))
    log.info("%s: %d BAM files of simulated reads", cell.name, len(written))


@dataclass(frozen=True)
class _ChipJob:
    """One BAM file of a mark, or of the input control if `mark` is None."""

    outdir: Path
    genome: Genome
    cell: Cell
    grounds: Mapping[str, Ground]
    plan: Plan
    mark: str | None
    replicate: int
    library: Library

    def __call__(self) -> list[Path]:
        rng = random_numbers(
            self.plan.seed, "reads", self.cell.name, self.mark or "input", self.replicate
        )
        efficiency = rng.uniform(0.85, 1.15)
        rates = [self._rate(chrom, efficiency) for chrom in self.grounds]
        numbers = share_out(self.library.depth, [rate.sum(dtype=float) for rate in rates], rng)
        relative = _bam_path(self.cell.name, self.mark or "input", self.replicate)
        path = self.outdir / relative
        with (
            written_whole(path) as part,
            BamWriter(part, self.genome.chrom_sizes, [SIMULATED]) as writer,
        ):
            for index, (ground, rate) in enumerate(zip(self.grounds.values(), rates, strict=True)):
                first_name = int(numbers[:index].sum())
                reads = chip_reads(rate, int(numbers[index]), self.library, ground, first_name, rng)
                writer.write(encode(reads, index, self.library.read_length))
            _write_unmapped(writer, self.library)
        return [path]

    def _rate(self, chrom: str, efficiency: float) -> np.ndarray:
        ground = self.grounds[chrom]
        if self.mark is None:
            return control_rate(ground)
        if self.mark == ACCESSIBILITY:
            return accessibility_rate(self.cell.open_sites, chrom, ground, efficiency)
        rng = random_numbers(self.plan.seed, "shape", self.cell.name, self.mark, chrom)
        return mark_rate(mark_of(self.mark, self.cell), chrom, ground, efficiency, rng)


@dataclass(frozen=True)
class _NascentJob:
    """The BAM file of nascent RNA, or one file per strand."""

    outdir: Path
    genome: Genome
    cell: Cell
    grounds: Mapping[str, Ground]
    plan: Plan
    library: Library

    def __call__(self) -> list[Path]:
        rng = random_numbers(self.plan.seed, "nascent", self.cell.name)
        tracks = (self.cell.plus, self.cell.minus)
        rates = [
            [nascent_rate(track, chrom, ground) for chrom, ground in self.grounds.items()]
            for track in tracks
        ]
        masses = [rate.sum(dtype=float) for strand in rates for rate in strand]
        numbers = share_out(self.library.depth, masses, rng)
        first_names = np.cumsum(numbers) - numbers
        reads = [
            [
                nascent_reads(
                    rates[strand][index],
                    int(numbers[strand * len(self.grounds) + index]),
                    self.library,
                    ground,
                    strand == 1,
                    int(first_names[strand * len(self.grounds) + index]),
                    rng,
                )
                for index, ground in enumerate(self.grounds.values())
            ]
            for strand in (0, 1)
        ]
        if self.plan.nascent == "stranded":
            files = {
                _nascent_path(self.cell.name, name): part
                for name, part in zip(("sense", "antisense"), reads, strict=True)
            }
        else:
            both = [merged(parts) for parts in zip(*reads, strict=True)]
            files = {_nascent_path(self.cell.name, "unstranded"): both}
        for relative, by_chrom in files.items():
            with (
                written_whole(self.outdir / relative) as part,
                BamWriter(part, self.genome.chrom_sizes, [SIMULATED]) as writer,
            ):
                for index, chrom_reads in enumerate(by_chrom):
                    writer.write(encode(chrom_reads, index, self.library.read_length))
                _write_unmapped(writer, self.library)
        return [self.outdir / relative for relative in files]


def _write_unmapped(writer: BamWriter, library: Library) -> None:
    number = round(library.depth * library.unmapped)
    writer.write(encode(unmapped_reads(number, library, library.depth), -1, library.read_length))


def _bam_path(sample: str, mark: str, replicate: int) -> str:
    return f"bam/{sample}.{mark}.rep{replicate}.bam"


def _nascent_path(sample: str, strand: str) -> str:
    return f"bam/{sample}.nascent_{strand}.bam"


def _sheet_rows(cell: Cell, plan: Plan) -> Iterator[dict[str, object]]:
    for mark in plan.marks:
        for replicate in range(1, plan.replicates[mark] + 1):
            yield {
                "sample": cell.name,
                "mark": mark,
                "replicate": replicate,
                "bam": _bam_path(cell.name, mark, replicate),
                "control": _bam_path(cell.name, "input", 1) if plan.control else "",
            }


def _label_row(cell: Cell, plan: Plan) -> dict[str, str]:
    row = dict.fromkeys(LABEL_COLUMNS, "") | {"sample": cell.name}
    for column in LABEL_COLUMNS:
        files = [f"peaks/{peaks.file_name}" for peaks in cell.lists if peaks.column == column]
        row[column] = ";".join(files)
    if plan.nascent == "unstranded":
        row["nascent"] = _nascent_path(cell.name, "unstranded")
    elif plan.nascent == "stranded":
        row["nascent_sense"] = _nascent_path(cell.name, "sense")
        row["nascent_antisense"] = _nascent_path(cell.name, "antisense")
    return row


def _readme(genome: Genome, cells: Sequence[Cell], plan: Plan) -> Iterator[str]:
    megabases = sum(genome.chrom_sizes.values()) / 1e6
    yield "These reads are simulated by bin/simulate_panel.py; no sample was ever sequenced."
    yield (
        f"Samples {', '.join(cell.name for cell in cells)}; marks {', '.join(plan.marks)}; "
        f"{megabases:g} Mb; {plan.reads_per_mb:g} {'pairs' if plan.paired else 'reads'} per Mb and "
        f"mark; seed {plan.seed}."
    )


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    with written_whole(path) as part:
        part.write_text("".join(f"{line}\n" for line in lines))


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    with written_whole(path) as part, part.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
