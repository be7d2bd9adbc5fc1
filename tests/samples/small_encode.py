"""A small folder laid out like the real data that DRF_SHARED_DATA points to: same names, columns
and packing, but two simulated cell lines on eight chromosomes, of which two are copies."""

import gzip
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from deepregfinder.simulation.cells import Cell, Genome
from deepregfinder.simulation.small_genome import small_cell, small_genome

# The chromosomes of the small genome, under names that tools/accuracy/run asks for: two for each
# part of the split, and the two that have real counts.
NAMES = {
    **{"chr1": ("chr4",), "chr2": ("chr7",), "chr8": ("chr12",), "chr9": ("chr16",)},
    **{"chr17": ("chr19", "chr1"), "chr18": ("chr22", "chr10")},
}
COUNTED = ("chr1", "chr10")
REAL_MARKS = ("H3K4me1", "H3K4me3", "H3K36me3", "H3K27me3", "H3K9me3", "H3K27ac", "H3K9ac", "DNase")
SETS = ("starr-k562-white", "mpra-k562-ernst", "mpra-k562-kheradpour_pval", "crispr-k562-fulco")
FACTORS = {
    "DNase.narrowPeak": "wgEncodeAwgDnaseUwduke{}UniPk.narrowPeak.gz",
    "p300.narrowPeak": "wgEncodeAwgTfbsBroad{}P300UniPk.narrowPeak.gz",
    "CTCF.narrowPeak": "wgEncodeAwgTfbsBroad{}CtcfUniPk.narrowPeak.gz",
}
P300 = "K562_p300_dnase_distal.bed"
ROADMAP = "GM12878_E116_25state_imputed12marks.bed.gz"
CRISPR = "EPCrisprBenchmark_combined_data.training_K562.GRCh38.tsv.gz"


def write_data(folder: Path, megabases: float = 12) -> Path:
    """Write peak lists and counts of K562 and GM12878, the files of hg19, and tested elements.

    The second list of p300 of K562 has the midpoints of every other peak of the first.
    """
    genome, sites = small_genome(megabases, 12_000, 1)
    lengths = genome.chrom_sizes
    sizes = {copy: n for name, n in lengths.items() for copy in NAMES.get(name, ())}
    cells = {name: small_cell(name, sites, genome, 1) for name in ("K562", "GM12878")}
    for name, cell in cells.items():
        _write_lists(folder / "encode_hg19" / name, name.replace("GM", "Gm"), cell, genome)
        _write(folder / f"real_hg19/{name}.counts_200bp.tsv.gz", _counts(cell))
    for name in SETS:
        _write(folder / f"functional_hg19/{name}.tsv.gz", _tested(cells["K562"]))
    annotation, crispr = folder / "annotation_hg19", folder / "crispr"
    table = [f"{name}\t{n}" for name, n in sizes.items()]
    _write(annotation / "hg19.chrom.sizes", table)
    tss = [line.rsplit("\t", 3)[0] for line in _renamed(genome.tss)]
    _write(annotation / "RefSeqTSS.hg19.bed.gz", tss)
    _write(annotation / "hg19-blacklist.v2.bed", _renamed(genome.blacklist))
    _write(annotation / ROADMAP, _states(genome, cells["GM12878"]))
    peaks = _places(cells["K562"], "p300.narrowPeak")
    pairs = [
        f"{chrom}\t{start}\t{end}\t{str(number % 3 == 0).upper()}"
        for number, (chrom, start, end) in enumerate(peaks)
    ]
    points = [(chrom, (start + end) // 2) for chrom, start, end in peaks[::2]]
    _write(folder / "real_hg19" / P300, [f"{chrom}\t{at}\t{at + 1}" for chrom, at in points])
    _write(crispr / CRISPR, ["chrom\tchromStart\tchromEnd\tRegulated", *pairs])
    chains = [
        f"chain 1 {name} {n} + 0 {n} {name} {n} + 0 {n} {number}\n{n}\n"
        for number, (name, n) in enumerate(sizes.items(), 1)
    ]
    _write(crispr / "hg38ToHg19.over.chain.gz", chains)
    return folder


def _write_lists(folder: Path, line: str, cell: Cell, genome: Genome) -> None:
    """Under ENCODE names: marks, DNase, p300, CTCF, and Pol II at transcribed sites."""
    for peaks in cell.lists:
        name = peaks.file_name.partition(".")[2]
        if name.endswith(".broadPeak"):
            mark = name.removesuffix(".broadPeak").capitalize()
            named = f"wgEncodeBroadHistone{line}{mark}StdPk.broadPeak.gz"
            _write(folder / named, _renamed(peaks.lines))
        elif name in FACTORS:
            _write(folder / FACTORS[name].format(line), _renamed(peaks.lines))
    polymerase = [
        f"{chrom}\t{start}\t{end}\t.\t0\t.\t{10 * value:.4f}\t-1\t-1\t{(end - start) // 2}"
        for chrom, track in cell.plus.items()
        for part in [track.within(genome.chrom_sizes[chrom])]
        for start, end, value in zip(part.start, part.end, part.value, strict=True)
    ]
    named = f"wgEncodeAwgTfbsHaib{line}Pol2UniPk.narrowPeak.gz"
    _write(folder / named, _renamed(polymerase))


def _states(genome: Genome, cell: Cell) -> list[str]:
    """States as from Roadmap: TSSs, enhancers, and the rest of each chromosome."""
    rows = [(*place, "13_EnhA1") for place in _places(cell, "p300.narrowPeak")]
    for line in _renamed(genome.tss):
        chrom, start = line.split("\t")[:2]
        rows.append((chrom, int(start) - 400, int(start) + 400, "1_TssA"))
    return ["\t".join(map(str, row)) for row in sorted(rows)]


def _counts(cell: Cell) -> list[str]:
    """Reads of each bin of 200 bp on 500 kb of two chromosomes, five times as many in peaks."""
    rng = np.random.default_rng(1)
    starts = np.arange(500_000, 1_000_000, 200)
    rows = ["\t".join(("chrom", "start", "end", *REAL_MARKS))]
    for chrom in COUNTED:
        means = np.ones((len(REAL_MARKS), len(starts)))
        for mean, mark in zip(means, REAL_MARKS, strict=True):
            for start, end in [
                place[1:] for place in _places(cell, f".{mark}.") if place[0] == chrom
            ]:
                mean[(starts < end) & (starts + 200 > start)] = 5
        for start, counts in zip(starts, rng.poisson(means).T, strict=True):
            rows.append("\t".join(map(str, (chrom, start, start + 200, *counts))))
    return rows


def _tested(cell: Cell) -> list[str]:
    """Sites in open chromatin, which activate, and sites 3 kb beside them, which do not."""
    places = _places(cell, ".DNase.")
    sites = [(chrom, start, "activating") for chrom, start, _ in places]
    sites += [(chrom, start + 3000, "neutral") for chrom, start, _ in places]
    rows = [f"{chrom}\t{at}\t{at + 1}\tsite\t{value}" for chrom, at, value in sites]
    return ["chrom\tstart\tend\tregion_id\tvalues", *rows]


def _places(cell: Cell, name: str) -> list[tuple[str, int, int]]:
    [lines] = [one.lines for one in cell.lists if name in one.file_name]
    rows = [line.split("\t") for line in _renamed(lines)]
    return [(chrom, int(start), int(end)) for chrom, start, end, *_ in rows]


def _renamed(lines: Iterable[str]) -> list[str]:
    """BED lines with renamed chromosomes and their copies, without the scaffold."""
    rows = [line.split("\t", 1) for line in lines]
    return [f"{name}\t{rest}" for chrom, rest in rows for name in NAMES.get(chrom, ())]


def _write(path: Path, lines: Iterable[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
