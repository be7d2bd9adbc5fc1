"""Scaling of the cost of a step with its input: a table, and a plot of the same numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contestants import Contestant, our_count, our_prediction, our_signal
from measure import Cost, typical
from tables import memory


@dataclass(frozen=True)
class Series:
    """One step with inputs of several sizes, the smallest first.

    step : the process; along : the size that varies, as an axis label
    runs : the command for each size
    """

    step: str
    along: str
    runs: Mapping[float, Contestant]


Measured = Sequence[tuple[Series, Mapping[Contestant, Sequence[Cost]]]]


def counting(reads: Mapping[float, Path], chrom_sizes: Path) -> list[Series]:
    """BAM files by millions of reads, and the largest with one and two threads."""
    largest = max(reads)
    by_reads = {n: our_count(bam, chrom_sizes, f"{n:g}M reads") for n, bam in reads.items()}
    by_threads = {n: our_count(reads[largest], chrom_sizes, f"{n} threads", n) for n in (1, 2)}
    return [
        Series("COUNT_BINS", "million reads", by_reads),
        Series("COUNT_BINS", f"threads, {largest:g} million reads", by_threads),
    ]


def assembly(counts: Sequence[Path]) -> Series:
    """A quarter, half and all of the marks."""
    sizes = (len(counts) // 4, len(counts) // 2, len(counts))
    return Series("BUILD_SIGNAL", "marks", {n: our_signal(counts[:n], f"{n} marks") for n in sizes})


def prediction(bundle: Path, signal: Path, chrom_sizes: Mapping[str, int]) -> Series:
    """A small chromosome, the largest one, and all chromosomes."""
    parts = {"chr21": ["chr21"], "chr1": ["chr1"], "all": list(chrom_sizes)}
    runs = {}
    for name, chroms in parts.items():
        size = sum(chrom_sizes[chrom] for chrom in chroms) / 1e6
        size = round(size, None if size >= 10 else 2)
        runs[size] = our_prediction(bundle, signal, chroms, f"drf on {name}")
    return Series("PREDICT_GENOME, drf", "million bp", runs)


def table(measured: Measured) -> list[str]:
    """Lines of a table; the last columns are relative to the smallest size."""
    lines = [
        "| step | input | size | wall time | CPU time | peak memory "
        "| relative size | relative CPU time | relative memory |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for series, costs in measured:
        medians = {size: typical(costs[one]) for size, one in series.runs.items()}
        smallest, first = next(iter(medians.items()))
        for size, cost in medians.items():
            lines.append(
                f"| {series.step} | {series.along} | {size:g} | {cost.wall:.1f} s "
                f"| {cost.cpu:.1f} s | {memory(cost.memory)} | {size / smallest:.1f} "
                f"| {cost.cpu / first.cpu:.1f} | {cost.memory / first.memory:.1f} |"
            )
    return [*lines, ""]


def draw(path: Path, measured: Measured) -> None:
    """Plot time and memory against size, one column of panels per step: PNG and SVG."""
    from deepregfinder.evaluation.curve_plots import AFTER, VALIDATION
    from deepregfinder.figure import new_figure

    with new_figure(path, 2.6 * len(measured), 4.4) as figure:
        panels = figure.subplots(2, len(measured), sharex="col", squeeze=False)
        for (series, costs), (above, below) in zip(measured, panels.T, strict=True):
            sizes = list(series.runs)
            medians = [typical(costs[one]) for one in series.runs.values()]
            above.plot(sizes, [cost.wall for cost in medians], "o-", color=AFTER, label="wall time")
            above.plot(sizes, [cost.cpu for cost in medians], "s--", color=VALIDATION, label="CPU")
            below.plot(sizes, [cost.memory / 1e9 for cost in medians], "o-", color=AFTER)
            above.set(title=series.step, ylabel="seconds")
            below.set(xlabel=series.along, ylabel="peak memory, GB")
            for panel in (above, below):
                panel.set_xlim(0, 1.08 * max(sizes))
                panel.set_ylim(0, 1.08 * panel.dataLim.ymax)
            above.legend()
