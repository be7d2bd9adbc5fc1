#!/usr/bin/env python3
"""What a trained model finds with fewer marks and fewer reads: calls, ranking and calibration.

    tools/accuracy/panels.py RESULTS TSS BUNDLE [BUNDLE ...] --line LINE

RESULTS/tensors holds windows and signal of the line (tools/accuracy/tensors.config). For each
portable bundle, panel of marks and share of the reads, the test chromosomes are predicted, called
and evaluated by the scripts of the pipeline, with its defaults. With --beside, a model that is
trained on the line itself, with the marks of the panel, is evaluated likewise. The table is
printed; evaluations and models that exist are not made again.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))
from deepregfinder.labels.tensors import open_tensors
from deepregfinder.models.bundle import read_bundle
from deepregfinder.models.catalogue import MODEL_NAMES
from deepregfinder.models.device import Hardware
from deepregfinder.models.drf.data import with_share_of_reads
from deepregfinder.models.protocol import ChromosomeSignal, TrainingOptions
from deepregfinder.models.train import Learner, open_training, train_bundle, write_trained
from deepregfinder.signal.store import Signal, mark_depths, open_signal, write_signal

TEST_CHROMS = ("chr19", "chr22")

SIX = ("H3K4me1", "H3K4me3", "H3K27ac", "H3K36me3", "H3K27me3", "H3K9me3")
PANELS: dict[str, tuple[str, ...]] = {
    "all marks": (),
    "6 marks": SIX,
    "4 marks": ("H3K4me1", "H3K4me3", "H3K27ac", "H3K27me3"),
    "3 marks": ("H3K4me1", "H3K4me3", "H3K27ac"),
    "H3K27ac and DNase": ("H3K27ac", "DNase"),
    "H3K27ac": ("H3K27ac",),
}
"""Names of panels and their marks; none for all that there are."""


def write_panel(
    path: Path, signal: Signal, marks: Sequence[str], share: float, chroms: Sequence[str]
) -> None:
    """Some chromosomes of a signal, with some of its marks and a share of its reads.

    Other chromosomes have no reads: no model looks at them.
    """
    rows = [signal.marks.index(mark) for mark in marks]
    depths = mark_depths(signal)[rows]
    rng = np.random.default_rng(1)
    arrays = {}
    for chrom in chroms:
        length = signal.chrom_sizes[chrom]
        whole = ChromosomeSignal(chrom, length, signal.load(chrom)[rows], depths, signal.bin_size)
        arrays[chrom] = with_share_of_reads(whole, share, rng).rpm
    for chrom, length in signal.chrom_sizes.items():
        n_bins = -(-length // signal.bin_size)
        arrays.setdefault(chrom, np.zeros((len(rows), n_bins), np.float32))
    write_signal(
        path,
        sample=signal.sample,
        marks=marks,
        bin_size=signal.bin_size,
        chrom_sizes=signal.chrom_sizes,
        control=signal.control,
        library_sizes={
            mark: [round(share * depth)] for mark, depth in zip(marks, depths, strict=True)
        },
        counting=signal.counting,
        arrays=((chrom, arrays[chrom]) for chrom in signal.chrom_sizes),
    )


def train_beside(model: str, results: Path, line: str, tss: Path, panel: str, threads: int) -> Path:
    """Train a model on a line with the marks of a panel, by the defaults; the folder of it."""
    folder = results / "panels" / line / "models" / panel.replace(" ", "_") / model
    if (folder / "model.json").exists():
        return folder
    learner = Learner(model, False, "all", TrainingOptions(1, 1, 10, 256, 0.01, 1e-4))
    tensors = open_tensors(results / f"tensors/{line}.tensors.safetensors")
    marks = [mark for mark in tensors.marks if mark in (PANELS[panel] or tensors.marks)]
    signal = results / f"tensors/{line}.signal.zip"
    training = open_training([tensors.with_marks(marks)], learner, [signal], tss)
    with TemporaryDirectory() as scratch:
        hardware = Hardware(torch.device("cpu"), threads)
        write_trained(folder, *train_bundle(training, learner, hardware, Path(scratch)))
    return folder


def evaluate_panel(
    bundle: Path, results: Path, line: str, tss: Path, panel: str, share: float, threads: int
) -> Path:
    """Predict, call and evaluate; the folder of the evaluation."""
    from call_elements import call_elements
    from evaluate_model import evaluate_model
    from predict_genome import predict_genome

    name = "_".join(
        [read_bundle(bundle).sample, bundle.name, panel.replace(" ", "_"), f"{share:g}"]
    )
    folder = results / "panels" / line / name
    if (folder / "metrics.json").exists():
        return folder
    whole = results / f"tensors/{line}.signal.zip"
    tensors = results / f"tensors/{line}.tensors.safetensors"
    opened = open_signal(whole)
    marks = PANELS[panel] or opened.marks
    rules = {"tss": tss, "tss_merge": 500, "tss_distance": 2000}
    model = read_bundle(bundle).model
    with TemporaryDirectory() as scratch:
        signal, scan, bed, cutoffs, chroms = (
            Path(scratch) / name
            for name in ("signal.zip", "scan.zip", "calls.bed", "cutoffs.tsv", "chroms.txt")
        )
        chroms.write_text("".join(f"{chrom}\n" for chrom in TEST_CHROMS))
        chosen = [mark for mark in opened.marks if mark in marks]
        write_panel(signal, opened, chosen, share, TEST_CHROMS)
        predict_genome.callback(  # type: ignore[misc]
            bundle=bundle, signal=signal, chroms=chroms, step=200, quantile_map=False,
            device="cpu", threads=threads, output=scan,
        )  # fmt: skip
        call_elements.callback(  # type: ignore[misc]
            sample=line, model=model, probabilities=(scan,), dhs=None, enhancers=(), tfbs=(),
            validation_slop=1000, call_at="model", threshold=None, class_share="training",
            output=bed, cutoffs=cutoffs, validation=Path(scratch) / "validation.tsv",
            summary=Path(scratch) / "calls.tsv", seeds_summary=None, **rules,
        )  # fmt: skip
        evaluate_model.callback(  # type: ignore[misc]
            sample=line, model=model, bundle=bundle, tensors=tensors, signal=signal,
            probabilities=(scan,), calls=bed, cutoffs=cutoffs, class_share="training",
            bootstrap=200, output=folder, model_card=Path(scratch) / "card.md", seed=1, **rules,
        )  # fmt: skip
    return folder


def rows_of(metrics: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Class, AP over every window, precision and recall of the calls, and calibration error."""
    natural = metrics["natural"]
    calls = natural["calls"]["per_class"]
    for name in metrics["classes"][1:]:
        figures = (
            natural["per_class"][name]["average_precision"],
            calls[name]["precision"],
            calls[name]["recall"],
            natural["class_calibration"][name]["ece"],
        )
        yield name, *("." if figure is None else f"{figure:.3f}" for figure in figures)


@click.command()
@click.argument("results", type=click.Path(path_type=Path, exists=True, resolve_path=True))
@click.argument("tss", type=click.Path(path_type=Path, exists=True, resolve_path=True))
@click.argument(
    "bundles", nargs=-1, required=True, type=click.Path(path_type=Path, resolve_path=True)
)
@click.option("--line", required=True, help="The sample to predict.")
@click.option("--share", multiple=True, type=float, default=(1.0,), help="Of the reads.")
@click.option("--panel", "panels", multiple=True, type=click.Choice(list(PANELS)))
@click.option("--beside", multiple=True, type=click.Choice(MODEL_NAMES), help="Train these.")
@click.option("--threads", type=int, default=2)
def measure_panels(
    results: Path,
    tss: Path,
    bundles: tuple[Path, ...],
    line: str,
    share: tuple[float, ...],
    panels: tuple[str, ...],
    beside: tuple[str, ...],
    threads: int,
) -> None:
    """Print a row for each model, panel and share of the reads."""
    print("| trained on | model | marks | reads | class | AP | precision | recall | ECE |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for panel in panels or PANELS:
        own = [train_beside(model, results, line, tss, panel, threads) for model in beside]
        for folder in (*bundles, *own):
            bundle = read_bundle(folder)
            for part in share:
                done = evaluate_panel(folder, results, line, tss, panel, part, threads)
                metrics = json.loads((done / "metrics.json").read_text())
                for row in rows_of(metrics):
                    what = (bundle.sample, bundle.model, panel, f"{part:g}", *row)
                    print(f"| {' | '.join(what)} |", flush=True)


if __name__ == "__main__":
    measure_panels()
