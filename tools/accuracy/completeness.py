#!/usr/bin/env python3
"""Estimate the completeness of enhancer lists: completeness.py ANNOTATION PEAKS [LINE=LIST ...].

See run. Each list is made into labels separately, with the rules of the run; LINE=LIST adds a list
to the ENCODE lists of a cell line. If two lists are independent samples of the same enhancers, the
total is first x second / both (Lincoln and Petersen). Lists of one kind of assay are positively
correlated, so this is a lower bound. Two windows that overlap are one enhancer.

The table gives the enhancers of each list and of several lists together, on the whole genome and on
the chromosomes of the panel, and the share of them whose centre lies within 500 bp of an H3K27ac
peak. `also by ENCODE` are those that overlap an enhancer of the ENCODE lists together.
"""

import sys
from collections.abc import Iterable, Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))
from deepregfinder.genome.bedtools import near
from deepregfinder.genome.grid import Geometry, main_chromosomes, read_chrom_sizes
from deepregfinder.genome.intervals import read_intervals
from deepregfinder.labels.elements import enhancers, midpoints
from deepregfinder.labels.rules import Evidence, RegionRules
from deepregfinder.simulation.encode import ListFile, find_lists

RULES = RegionRules(
    tss_merge=500, promoter_slop=1000, enhancer_slop=1000, tss_distance=2000,
    promoter_marks_distance=1000, promoter_marks_min_signal=7, max_tf_peak_width=5000,
    center="midpoint", background_distance=2000, n_background=30000,
    enhancer_labels="factors",
)  # fmt: skip

MAIN = "chr[0-9XY]+"
PANEL = ("chr4", "chr7", "chr12", "chr16", "chr19", "chr22")


def defined_by(
    lists: Iterable[Path], files: Iterable[ListFile], annotation: Path, sizes: Mapping[str, int]
) -> pd.DataFrame:
    """Windows (chrom, start, end) of the enhancers that some lists define together."""
    evidence = Evidence.read(
        annotation / "RefSeqTSS.hg19.bed.gz",
        next(file.path for file in files if file.role == "dhs"),
        lists,
        promoter_marks=[file.path for file in files if file.name == "H3K4me3"],
    )
    return enhancers(evidence, RULES, Geometry(), sizes).intervals


def print_pairs(line: str, elements: Mapping[str, pd.DataFrame]) -> None:
    """Print how many enhancers two lists share, and the total if they are independent."""
    for (one, first), (other, second) in combinations(elements.items(), 2):
        both = int(np.count_nonzero(near(first, second, 0)))
        total = f"{len(first) * len(second) / both:,.0f}" if both else "unknown"
        print(
            f"\n{line}: {len(first):,} enhancers by {one}, {len(second):,} by {other}, "
            f"{both:,} of the first by both; total if the lists are independent: {total}"
        )


def print_table(
    elements: Mapping[str, pd.DataFrame], encode: pd.DataFrame, h3k27ac: pd.DataFrame
) -> None:
    """Print a row for each list, or several together. encode : enhancers of all ENCODE lists"""
    titles = ("lists", "enhancers", "on the panel", "at H3K27ac", "of the panel", "also by ENCODE")
    print(f"\n| {' | '.join(titles)} |\n|{' --- |' * len(titles)}")
    for name, windows in elements.items():
        centre = midpoints(windows)
        at_peak = near(windows.assign(start=centre, end=centre + 1), h3k27ac, 500)
        on_panel = windows["chrom"].isin(PANEL).to_numpy()
        cells = (
            name, f"{len(windows):,}", f"{on_panel.sum():,}", f"{at_peak.mean():.1%}",
            f"{at_peak[on_panel].mean():.1%}", f"{np.count_nonzero(near(windows, encode, 0)):,}",
        )  # fmt: skip
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    annotation, folder = map(Path, sys.argv[1:3])
    added = [argument.split("=", 1) for argument in sys.argv[3:]]
    sizes = main_chromosomes(read_chrom_sizes(annotation / "hg19.chrom.sizes"), MAIN)
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = find_lists(folder, place.name)
        encode = {file.name: file.path for file in files if file.role == "enhancers"}
        lists = encode | {Path(path).stem: Path(path) for line, path in added if line == place.name}
        elements = {}
        for names in [*([name] for name in lists), list(encode), list(lists)]:
            paths = [lists[name] for name in names]
            elements[" + ".join(names)] = defined_by(paths, files, annotation, sizes)
        print_pairs(place.name, {name: elements[name] for name in lists})
        print(f"\n{place.name}")
        h3k27ac = next(file.path for file in files if file.name == "H3K27ac")
        print_table(elements, elements[" + ".join(encode)], read_intervals(h3k27ac, "peaks"))
