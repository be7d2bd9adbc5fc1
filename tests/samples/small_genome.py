"""A small genome whose labelled elements are visible in its signal."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from deepregfinder.classes import class_names
from deepregfinder.genome.grid import Geometry
from deepregfinder.genome.splits import SplitPlan
from deepregfinder.labels.tensors import Tensors, open_tensors, write_tensors
from deepregfinder.models.protocol import TrainingGenome
from deepregfinder.models.train import open_genome
from deepregfinder.signal.store import write_signal
from samples.small_models import MARKS, normalisation

WORLD_SIZES = {"chr1": 600_000, "chr2": 400_050, "chr3": 300_000}
WORLD_PLAN = SplitPlan.parse("chromosome", "1", "2", "3")
WORLD_GEOMETRY = Geometry(bin_size=100, window_bins=20)


def write_genome(
    folder: Path,
    n_classes: int = 3,
    marks: tuple[str, ...] = MARKS,
    seed: int = 0,
    sample: str = "K562",
) -> tuple[Path, Path]:
    """Write tensors and signal: an element every 8 kb, background half-way between them.

    The class of an element is the mark that is high there. Returns the two paths.
    """
    arrays, rows = {}, []
    for index, (chrom, size) in enumerate(WORLD_SIZES.items()):
        rng = np.random.default_rng([seed, index])
        rpm = rng.poisson(0.4, (len(marks), -(-size // 100))).astype(np.float32)
        for nth, start in enumerate(range(4_000, size - 8_000, 8_000)):
            label = 1 + nth % (n_classes - 1)
            middle = start // 100 + 10
            rpm[label % len(marks), middle - 5 : middle + 5] += rng.poisson(6, 10)
            rows += [(index, start, label), (index, start + 4_000, 0)]
        arrays[chrom] = rpm
    chrom, start, y = np.array(rows).T
    signals = list(arrays.values())
    x = np.stack(
        [signals[c][:, s // 100 : s // 100 + 20] for c, s in zip(chrom, start, strict=True)]
    )
    tensors = Tensors(
        x=x,
        y=y.astype(np.uint8),
        split=chrom.astype(np.uint8),
        chrom=chrom.astype(np.int16),
        start=start.astype(np.int64),
        sample=sample,
        classes=class_names(n_classes),
        marks=marks,
        geometry=WORLD_GEOMETRY,
        chrom_sizes=WORLD_SIZES,
        split_plan=WORLD_PLAN,
        normalisation=replace(normalisation(marks), transform="none"),
        seed=1,
        counting={},
        control="ignore",
        filters={"min_nonzero": 5, "n_background": 100},
    )
    write_tensors(folder / "tensors.safetensors", tensors)
    write_signal(
        folder / "signal.zip",
        sample=sample,
        marks=marks,
        bin_size=100,
        chrom_sizes=WORLD_SIZES,
        counting={},
        control="ignore",
        library_sizes={mark: [1_000_000] for mark in marks},
        arrays=arrays.items(),
    )
    return folder / "tensors.safetensors", folder / "signal.zip"


def small_genome(folder: Path, n_classes: int = 3) -> TrainingGenome:
    """The genome of `write_genome`, opened."""
    tensors, signal = write_genome(folder, n_classes)
    return open_genome(open_tensors(tensors), signal, None)
