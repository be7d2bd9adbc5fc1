#!/usr/bin/env python3
"""Print one table of all models of a sample: methods.py MODEL evaluation/<sample>/... (folders).

Mean average precision over classes other than background, on labelled test windows, on every
window of the test chromosomes and of ranked calls. Beside each is the difference MODEL - model of
the row, with the 95 % interval of the paired bootstrap.
"""

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))
from deepregfinder.evaluation.bootstrap_replicates import read_replicates
from deepregfinder.evaluation.metrics import interval

SETTINGS = ("test", "natural", "calls")


def rows_of(folder: Path) -> dict[str, np.ndarray]:
    """For each setting the mAP: the estimate, then the replicates."""
    replicates = read_replicates(folder)
    return {
        setting: replicates.arrays[f"{setting}.average_precision"][:, 1:].mean(axis=1)
        for setting in SETTINGS
    }


ours = sys.argv[1]
folders = {Path(name).name: Path(name) for name in sys.argv[2:]}
figures = {name: rows_of(folder) for name, folder in folders.items()}
difference = f"{ours.replace('_', ' ')} - model"
head = ("model", "test windows", difference, "every window", difference)
head += ("ranked calls", difference)
head += ("class-wise ECE, enhancer and promoter",)
print("| " + " | ".join(head) + " |")
print("| " + " | ".join(["---"] * len(head)) + " |")
for name in sorted(figures, key=lambda name: -figures[name]["natural"][0]):
    cells = [name.replace("_", " ")]
    for setting in SETTINGS:
        cells.append(f"{figures[name][setting][0]:.3f}")
        if name == ours:
            cells.append("")
            continue
        lead = figures[ours][setting] - figures[name][setting]
        low, high = interval(lead[1:]) or (np.nan, np.nan)
        cells.append(f"{lead[0]:+.3f} ({low:.3f} to {high:.3f})")
    metrics = json.loads((folders[name] / "metrics.json").read_text())
    errors = [one["ece"] for one in (metrics["natural"]["class_calibration"] or {}).values()]
    cells.append(", ".join("." if error is None else f"{error:.3f}" for error in errors))
    print("| " + " | ".join(cells) + " |")
