"""Cell types from real peak lists: a folder for each, with ENCODE files under their original names.

Histone marks are the Broad broadPeak lists, whose signal column is the mean fold enrichment in the
interval and determines the number of reads. DNase peaks define nucleosome-free sites, Pol II peaks
the nascent RNA. The other lists become labels and have no effect on reads.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from deepregfinder.errors import InputError
from deepregfinder.genome.grid import bare_name, natural_order, read_chrom_sizes
from deepregfinder.genome.intervals import read_intervals
from deepregfinder.genome.splits import parse_chromosome_list
from deepregfinder.simulation.cells import Cell, Genome, PeakList, random_numbers
from deepregfinder.simulation.enrichment import background_fold
from deepregfinder.simulation.valued_intervals import Intervals, Track
from deepregfinder.storage.text import read_text

_MODIFICATION = re.compile(r"H(\d)K0*(\d+)(ac|me\d)", re.IGNORECASE)
_NASCENT_PER_SIGNAL = 0.15
_PILEUP_EVERY = 15_000

# Share of the chromosomes that is assembled: 2.86 of 3.10 Gb in hg19.
_ASSEMBLED = 0.93


@dataclass(frozen=True)
class ListFile:
    """A peak file of a cell type.

    role : "mark", "dhs", "enhancers" or "tfbs"
    name : the mark (H3K27ac), or the factor as the file name has it (P300b)
    """

    path: Path
    role: str
    name: str


def mark_name(text: str) -> str | None:
    """The standard name of a histone mark, or None: H3k04me1 is H3K4me1, H2az is H2AZ."""
    if match := _MODIFICATION.fullmatch(text):
        return f"H{match[1]}K{match[2]}{match[3].lower()}"
    return "H2AZ" if text.lower() in ("h2az", "h2a.z") else None


def classify(path: Path, cell: str) -> ListFile | None:
    """The role of a file from its ENCODE name; None if it has none, or is not recognised.

    CTCF has no role: it marks insulators as well as enhancers, so it validates neither.

    Examples: wgEncodeBroadHistoneK562H3k27acStdPk, wgEncodeAwgDnaseUwdukeK562UniPk,
    wgEncodeAwgTfbsSydhGm12878P300bUniPk.
    """
    stem = path.name.removesuffix(".gz").rsplit(".", 1)[0]
    assay, cell_in_name, target = stem.lower().rpartition(cell.lower())
    if not cell_in_name:
        return None
    target = stem[-len(target) :] if target else ""
    target = re.sub(r"(Std)?(Uni)?Pk(V\d+)?$", "", target)
    if "dnase" in assay:
        return ListFile(path, "dhs", "DNase")
    if mark := mark_name(target):
        return ListFile(path, "mark", mark)
    if re.match(r"p300|cbp|ep300|crebbp", target, re.IGNORECASE):
        return ListFile(path, "enhancers", target)
    if not target or target.lower().startswith("ctcf"):
        return None
    return ListFile(path, "tfbs", target)


def find_lists(folder: Path, cell: str) -> list[ListFile]:
    """The peak files of one cell type; raises InputError if a required list is missing."""
    path = folder / cell
    if not path.is_dir():
        folders = ", ".join(sorted(part.name for part in folder.glob("*") if part.is_dir()))
        raise InputError(f"--samples: {folder} has no folder {cell}; it has {folders or 'none'}.")
    files = [peaks for file in sorted(path.iterdir()) if (peaks := classify(file, cell))]
    roles = {file.role for file in files}
    if missing := sorted({"mark", "dhs", "enhancers"} - roles):
        contents = {"mark": "histone marks", "dhs": "DNase", "enhancers": "p300 or CBP"}
        raise InputError(
            f"{path} has no peak list of {', '.join(contents[role] for role in missing)}; "
            "file names are those of ENCODE, such as "
            f"wgEncodeBroadHistone{cell}H3k27acStdPk.broadPeak.gz."
        )
    if not any(file.name == "H3K4me3" for file in files):
        raise InputError(f"{path} has no peak list of H3K4me3, which identifies promoters.")
    return files


def real_genome(
    chrom_sizes: Path,
    tss: Path,
    blacklist: Path | None,
    chroms: str | None,
    lists: Iterable[ListFile],
    seed: int,
) -> Genome:
    """The chromosomes to simulate: those of `chroms` (`4,7,chr12`), or all with DNase peaks.

    tss and blacklist : BED files, plain or gzipped
    """
    sizes = read_chrom_sizes(chrom_sizes)
    if chroms:
        chosen = parse_chromosome_list(chroms)
        names = [name for name in sizes if bare_name(name) in chosen]
        if missing := sorted(chosen - {bare_name(name) for name in names}):
            raise InputError(f"--chroms: {chrom_sizes} has no chromosome {', '.join(missing)}.")
    else:
        peaked: set[str] = set()
        for file in lists:
            if file.role == "dhs":
                peaked |= set(read_intervals(file.path, "peaks")["chrom"])
        names = [name for name in sizes if name in peaked and natural_order(name)[0] == 0]
        names += [name for name in sizes if name in peaked and bare_name(name) in ("X", "Y")]
        if not names:
            raise InputError(
                f"No chromosome of {chrom_sizes} has a DNase peak: are the names the same?"
            )
    kept = {name: sizes[name] for name in sorted(names, key=natural_order)}
    starts = read_intervals(tss)
    if not starts["chrom"].isin(kept).any():
        raise InputError(f"{tss} has no TSS on {', '.join(kept)}: are the names the same?")
    black = _lines_on(blacklist, kept) if blacklist else ()
    pileups = _pileups(read_intervals(blacklist), kept, seed) if blacklist else {}
    return Genome(
        kept,
        _lines_on(tss, kept),
        black,
        (),
        pileups,
        copy_numbers=False,
        assembly=sizes,
    )


def real_cell(name: str, lists: Sequence[ListFile], genome: Genome, seed: int) -> Cell:
    """One cell type, on the chromosomes of `genome`."""
    chroms = genome.chrom_sizes
    marks: dict[str, Track] = {}
    background: dict[str, float] = {}
    dhs: Track = {}
    polymerase: pd.DataFrame | None = None
    labels = []
    for file in lists:
        every = read_intervals(file.path, "peaks")
        peaks = every[every["chrom"].isin(chroms)]
        if file.role == "mark":
            marks[file.name] = _track(peaks)
            background[file.name] = _background(every, genome)
        elif file.role == "dhs":
            dhs = _track(peaks)
        elif file.name.lower().startswith("pol2"):
            polymerase = peaks
        column = "promoter_marks" if file.name == "H3K4me3" else file.role
        if column != "mark":
            lines = _lines_on(file.path, chroms)
            labels.append(PeakList(file.path.name.removesuffix(".gz"), column, lines))
    plus, minus = ({}, {}) if polymerase is None else _transcription(name, polymerase, seed)
    return Cell(name, dict(sorted(marks.items())), dhs, plus, minus, tuple(labels), background)


def _background(peaks: pd.DataFrame, genome: Genome) -> float:
    """Fold enrichment between the peaks of a list, whose folds are relative to the average."""
    width = (peaks["end"] - peaks["start"]).to_numpy()
    mass = float((peaks["signal"].to_numpy() * width).sum())
    length = sum(genome.assembly.get(str(chrom), 0) for chrom in peaks["chrom"].unique())
    return background_fold(mass, float(width.sum()), _ASSEMBLED * length)


def _track(peaks: pd.DataFrame) -> Track:
    return {
        str(chrom): Intervals(
            part["start"].to_numpy(), part["end"].to_numpy(), part["signal"].to_numpy()
        )
        for chrom, part in peaks.groupby("chrom")
    }


def _lines_on(path: Path, chroms: Collection[str]) -> tuple[str, ...]:
    """The unchanged lines of a list on `chroms`, sorted by position."""
    lines = [
        (fields[0], int(fields[1]), int(fields[2]), line)
        for line in read_text(path, "BED or peak lines").split("\n")
        if (fields := line.split("\t", 3))[0] in chroms
    ]
    return tuple(line for *_, line in sorted(lines))


def _pileups(blacklist: pd.DataFrame, chroms: Collection[str], seed: int) -> Track:
    """Narrow regions of artificially high signal in the blacklist."""
    track = {}
    for chrom, part in blacklist[blacklist["chrom"].isin(chroms)].groupby("chrom"):
        rng = random_numbers(seed, "pileups", chrom)
        rows = []
        for start, end, name in zip(part["start"], part["end"], part["name"], strict=True):
            if "Low Mappability" in str(name):
                continue
            for place in rng.uniform(start, end, size=1 + min(20, (end - start) // _PILEUP_EVERY)):
                rows.append((place, place + rng.uniform(200, 1000), rng.uniform(5, 40)))
        track[str(chrom)] = Intervals.of(rows)
    return track


def _transcription(cell: str, polymerase: pd.DataFrame, seed: int) -> tuple[Track, Track]:
    """Nascent RNA of both strands: away from the summit of each Pol II peak, by its signal.

    The list has no strands: transcription is divergent everywhere, with one strand stronger.
    """
    plus, minus = {}, {}
    for chrom, part in polymerase.groupby("chrom"):
        rng = random_numbers(seed, "transcription", cell, chrom)
        start, end = part["start"].to_numpy(), part["end"].to_numpy()
        summit = np.where(part["summit"] < 0, (start + end) // 2, part["summit"].to_numpy())
        level = part["signal"].to_numpy() * _NASCENT_PER_SIGNAL
        lean = np.exp(rng.normal(0, 0.5, size=(2, len(part))))
        plus[str(chrom)] = Intervals(summit - 100, end + 300, level * lean[0])
        minus[str(chrom)] = Intervals(start - 300, summit + 100, level * lean[1])
    return plus, minus
