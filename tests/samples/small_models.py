"""Small signals, labelled windows and models for tests."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from deepregfinder.classes import class_names
from deepregfinder.genome.grid import Geometry
from deepregfinder.genome.splits import SPLITS, SplitPlan
from deepregfinder.labels.tensors import Tensors
from deepregfinder.models.bundle import Bundle, Member
from deepregfinder.models.forests import trees
from deepregfinder.models.protocol import ChromosomeSignal
from deepregfinder.models.windows.networks import weight_shapes
from deepregfinder.signal.scale import Normalisation, quantile_levels
from deepregfinder.signal.store import write_signal

MARKS = ("H3K27ac", "H3K4me1", "H3K4me3")
GEOMETRY = Geometry(bin_size=100, window_bins=8)
CHROM_SIZES = {"chr1": 30_050, "chr2": 20_000, "chr3": 12_345, "chr4": 700}
PLAN = SplitPlan.parse("chromosome", "1", "2", "3-4")


def normalisation(marks: tuple[str, ...] = MARKS, transform: str = "log2") -> Normalisation:
    places = np.arange(1, len(marks) + 1)
    quantiles = 4 * places[:, None] * quantile_levels(101)[None, :]
    return Normalisation(
        marks, transform, "ignore", 0.3 * places, 0.5 * places, quantiles.astype(np.float32)
    )


def labelled_windows(n: int = 300, n_classes: int = 3, seed: int = 0) -> Tensors:
    """Separable windows: the mark of each element class is high in the middle."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    split = np.repeat([0, 1, 2], [n * 6 // 10, n * 2 // 10, n - n * 6 // 10 - n * 2 // 10])
    x = rng.gamma(0.5, 1, (n, len(MARKS), GEOMETRY.window_bins))
    middle = slice(GEOMETRY.window_bins // 4, -GEOMETRY.window_bins // 4)
    for k in range(1, n_classes):
        x[y == k, k % len(MARKS), middle] += rng.gamma(2, k, ((y == k).sum(), 1))
    return Tensors(
        x=x.astype(np.float32),
        y=y.astype(np.uint8),
        split=split.astype(np.uint8),
        chrom=split.astype(np.int16),
        start=(np.arange(n) * 100).astype(np.int64),
        sample="K562",
        classes=class_names(n_classes),
        marks=MARKS,
        geometry=GEOMETRY,
        chrom_sizes=CHROM_SIZES,
        split_plan=PLAN,
        normalisation=normalisation(),
        seed=1,
        counting={},
        control="ignore",
        filters={"min_nonzero": 5, "n_background": 100},
    )


def random_bundle(
    model: str = "cnn",
    n_members: int = 1,
    n_classes: int = 3,
    geometry: Geometry = GEOMETRY,
    temperature: float = 1.4,
    seed: int = 0,
) -> Bundle:
    """An untrained model: random weights, and batch norms with statistics."""
    rng = np.random.default_rng(seed)

    def weights() -> dict[str, np.ndarray]:
        arrays = {}
        shapes = weight_shapes(model, len(MARKS), geometry.window_bins, n_classes)
        for key, shape in shapes.items():
            if key.endswith("num_batches_tracked"):
                arrays[key] = np.array(7, np.int64)
            elif key.endswith("running_var"):
                arrays[key] = rng.uniform(0.5, 2, shape).astype(np.float32)
            else:
                # Outputs of every layer stay of the size of its inputs.
                scale = 1.5 / np.sqrt(np.prod(shape[1:])) if len(shape) > 1 else 0.3
                arrays[key] = (rng.normal(size=shape) * scale).astype(np.float32)
        return arrays

    classes = class_names(n_classes)
    return Bundle(
        model=model,
        sample="K562",
        classes=classes,
        marks=MARKS,
        bin_size=geometry.bin_size,
        window_bins=geometry.window_bins,
        chrom_sizes=CHROM_SIZES,
        split=PLAN,
        normalisation=normalisation(),
        temperature=temperature,
        thresholds=(0.5,) * (n_classes - 1),
        labelled_bias=(0.0,) * n_classes,
        natural=None,
        members=tuple(Member(seed, 3, 0.75, 0, 0.01) for seed in range(n_members)),
        n_windows={split: dict.fromkeys(classes, 20) for split in SPLITS},
        training={"epochs": 3},
        provenance={"seed": 1},
        versions={"torch": "2"},
        weights=tuple(weights() for _ in range(n_members)),
    )


def grow_fewer_trees(monkeypatch: pytest.MonkeyPatch, forest: int, boosting: int) -> None:
    """Set the numbers of trees of rf and rounds of gbm, to save time."""
    whole, rounds = trees.random_forest, trees.gradient_boosting
    monkeypatch.setattr(
        trees, "random_forest", lambda *args: whole(*args).set_params(n_estimators=forest)
    )
    monkeypatch.setattr(
        trees, "gradient_boosting", lambda seed: rounds(seed).set_params(max_iter=boosting)
    )


def chromosome(
    rpm: np.ndarray, length: int, bin_size: int = 100, name: str = "chr1"
) -> ChromosomeSignal:
    """A chromosome with the given RPM (marks, bins), with a million reads per mark."""
    return ChromosomeSignal(name, length, rpm, np.full(len(rpm), 1_000_000), bin_size)


def write_random_signal(
    path: Path,
    marks: tuple[str, ...] = MARKS,
    chrom_sizes: dict[str, int] = CHROM_SIZES,
    bin_size: int = 100,
    control: str = "ignore",
    sample: str = "GM12878",
    scale: float = 1,
    counting: Mapping[str, object] | None = None,
) -> dict[str, np.ndarray]:
    """Write a signal file whose values depend only on mark and chromosome; returns its arrays."""
    arrays = {}
    for chrom, size in chrom_sizes.items():
        rows = []
        for mark in marks:
            rng = np.random.default_rng([*chrom.encode(), *mark.encode()])
            rpm = rng.gamma(0.5, 2, -(-size // bin_size))
            rows.append(np.where(rng.random(len(rpm)) < 0.3, 0, rpm * scale))
        arrays[chrom] = np.stack(rows).astype(np.float32)
    write_signal(
        path,
        sample=sample,
        marks=marks,
        bin_size=bin_size,
        chrom_sizes=chrom_sizes,
        counting=counting or {},
        control=control,
        library_sizes={mark: [1_000_000] for mark in marks},
        arrays=arrays.items(),
    )
    return arrays
