#!/usr/bin/env python3
"""Estimate the completeness of enhancer lists: completeness.py ANNOTATION PEAKS (see run).

Each list is made into labels separately, with the rules of the run. If two lists are independent
samples of the same enhancers, the total is first x second / both (Lincoln and Petersen). Lists of
one kind of assay are positively correlated, so this is a lower bound. Two windows that overlap are
one enhancer.
"""

import sys
from itertools import combinations
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))
from deepregfinder.genome.bedtools import near
from deepregfinder.genome.grid import Geometry, main_chromosomes, read_chrom_sizes
from deepregfinder.labels.elements import enhancers
from deepregfinder.labels.rules import Evidence, RegionRules
from deepregfinder.simulation.encode import find_lists

RULES = RegionRules(
    tss_merge=500, promoter_slop=1000, enhancer_slop=1000, tss_distance=2000,
    promoter_marks_distance=1000, promoter_marks_min_signal=7, max_tf_peak_width=5000,
    center="midpoint", background_distance=2000, n_background=30000,
)  # fmt: skip

MAIN = "chr[0-9XY]+"

if __name__ == "__main__":
    annotation, folder = map(Path, sys.argv[1:])
    sizes = main_chromosomes(read_chrom_sizes(annotation / "hg19.chrom.sizes"), MAIN)
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = find_lists(folder, place.name)
        dhs = next(file.path for file in files if file.role == "dhs")
        h3k4me3 = [file.path for file in files if file.name == "H3K4me3"]
        elements = {}
        for file in (file for file in files if file.role == "enhancers"):
            evidence = Evidence.read(
                annotation / "RefSeqTSS.hg19.bed.gz", dhs, [file.path], promoter_marks=h3k4me3
            )
            elements[file.name] = enhancers(evidence, RULES, Geometry(), sizes).intervals
        for (one, first), (other, second) in combinations(elements.items(), 2):
            both = int(np.count_nonzero(near(first, second, 0)))
            total = f"{len(first) * len(second) / both:,.0f}" if both else "unknown"
            print(
                f"\n{place.name}: {len(first):,} enhancers by {one}, {len(second):,} by {other}, "
                f"{both:,} of the first by both; total if the lists are independent: {total}"
            )
