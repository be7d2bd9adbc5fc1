"""A small genome with labelled elements and a scan of it that finds most of them, for tests."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from deepregfinder.genome.splits import SplitPlan
from deepregfinder.labels.tensors import Tensors, write_tensors
from deepregfinder.models.bundle import Bundle, write_bundle
from deepregfinder.models.natural import Natural, NaturalMap
from deepregfinder.models.protocol import EpochRecord
from deepregfinder.prediction.probabilities import (
    ProbabilityAttributes,
    n_windows,
    scaled,
    write_probabilities,
)
from deepregfinder.storage.tables import write_rows
from samples.small_models import GEOMETRY, labelled_windows, random_bundle

SIZES = {"chr1": 400_000, "chr2": 300_000, "chr3": 900_050, "chr4": 600_000}
PLAN = SplitPlan.parse("chromosome", "1", "2", "3-4")
STEP = 200


def elements(n_classes: int = 3, seed: int = 0) -> Tensors:
    """Labelled windows, 10 kb apart, with the signal of `small_models.labelled_windows`."""
    places = [
        (index, start)
        for index, size in enumerate(SIZES.values())
        for start in range(5000, size - 5000, 10_000)
    ]
    windows = labelled_windows(len(places), n_classes, seed)
    chrom = np.array([index for index, _ in places], np.int16)
    rng = np.random.default_rng(seed)
    start = np.array([start for _, start in places]) + 100 * rng.integers(0, 20, len(places))
    return replace(
        windows,
        chrom=chrom,
        start=start.astype(np.int64),
        split=np.array([0, 1, 2, 2], np.uint8)[chrom],
        chrom_sizes=SIZES,
        split_plan=PLAN,
    )


def bundle(n_classes: int = 3, n_members: int = 1) -> Bundle:
    made = random_bundle(n_members=n_members, n_classes=n_classes)
    maps = (NaturalMap(1.2, 0.8, -1.0, 0.02, 1.0),) * (n_classes - 1)
    natural = Natural(maps, (None,) * len(maps))
    return replace(made, chrom_sizes=SIZES, split=PLAN, natural=natural)


def write_scan(
    path: Path, windows: Tensors, made: Bundle, chroms: tuple[str, ...], seed: int = 0
) -> dict[str, np.ndarray]:
    """Write probabilities that rise near labelled elements; returns them by chromosome."""
    tracks, scans = {}, []
    for chrom in chroms:
        rng = np.random.default_rng([seed, *chrom.encode()])
        n = n_windows(SIZES[chrom], STEP, GEOMETRY.window)
        centre = np.arange(n) * STEP + GEOMETRY.window // 2
        logits = rng.normal(0, 0.7, (len(made.members), len(made.classes), n))
        logits[:, 0] += 3
        here = windows.chrom == windows.chroms.index(chrom)
        for index in range(1, len(made.classes)):
            for midpoint in windows.midpoints[here & (windows.y == index)]:
                if rng.random() < 0.8:
                    logits[:, index] += 6 * np.exp(-(((centre - midpoint) / 400) ** 2))
        members = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        tracks[chrom] = members.mean(axis=0)
        each = scaled(members) if len(members) > 1 else None
        scans.append((chrom, scaled(tracks[chrom]), each))
    attributes = ProbabilityAttributes(
        sample=windows.sample,
        model=made.model,
        trained_on=made.sample,
        classes=made.classes,
        step=STEP,
        window=GEOMETRY.window,
        seeds=made.seeds,
        temperature=made.temperature,
        thresholds=made.thresholds,
        natural=made.natural,
        quantile_map=False,
        chrom_sizes=SIZES,
    )
    write_probabilities(path, scans, attributes)
    return tracks


def write_learning_curve(folder: Path, seeds: tuple[int, ...]) -> None:
    records = [
        EpochRecord(seed, epoch, 1 / epoch, 1.1 / epoch, 0.5 + 0.1 * epoch, 0.01)
        for seed in seeds
        for epoch in (1, 2, 3)
    ]
    write_rows(folder / "learning_curve.tsv", EpochRecord, records)


def write_world(folder: Path, n_classes: int = 3, n_members: int = 1) -> dict[str, Path]:
    """Bundle, tensors and probabilities (two files) in a folder: the input of evaluate_model.py."""
    folder.mkdir(exist_ok=True)
    windows, made = elements(n_classes), bundle(n_classes, n_members)
    write_bundle(folder / "bundle", made)
    write_learning_curve(folder / "bundle", made.seeds)
    write_tensors(folder / "tensors.safetensors", windows)
    write_scan(folder / "1.zip", windows, made, ("chr1", "chr3"))
    write_scan(folder / "2.zip", windows, made, ("chr2", "chr4"))
    return {
        "bundle": folder / "bundle",
        "tensors": folder / "tensors.safetensors",
        "probabilities": folder / "1.zip",
        "more_probabilities": folder / "2.zip",
    }
