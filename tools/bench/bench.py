#!/usr/bin/env python3
"""Measure the speed of the pipeline's steps and of other programs, and print tables of ratios.

Programs take turns, round after round, so that other load on the machine affects them all; values
are medians. Inputs are simulated with fixed seeds, and kept in FOLDER.
"""

import logging
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import click

CODE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CODE / "bin"))

import contestants as programs  # noqa: E402
import growth as growing  # noqa: E402
import inputs  # noqa: E402
import tables  # noqa: E402
import whole_run  # noqa: E402
from contestants import Contestant  # noqa: E402
from inputs import MARKS  # noqa: E402
from measure import Cost, measured  # noqa: E402
from tables import amount  # noqa: E402

log = logging.getLogger("bench")

GROWTH_PLOT = CODE / "docs/images/growth.svg"
N_WINDOWS = 30_000


@dataclass(frozen=True)
class Plan:
    """The size of a benchmark.

    folder : for inputs and outputs
    scale : genome, reads and windows, as a share of the full size
    rounds : number of runs of each contestant
    quick : only benchmarks that take seconds
    """

    folder: Path
    scale: float
    rounds: int
    quick: bool

    @cached_property
    def sizes(self) -> dict[str, int]:
        """The genome, in bp."""
        return {name: self.number(length) for name, length in inputs.HG38.items()}

    def number(self, full: int) -> int:
        """Number of reads, windows or bp at this scale."""
        return round(full * self.scale)

    def bins(self, *chroms: str) -> int:
        """Number of bins of some chromosomes, or of the genome."""
        return sum(inputs.GEOMETRY.n_bins(self.sizes[name]) for name in chroms or self.sizes)

    def windows(self, *chroms: str) -> int:
        """Number of windows scanned, one every second bin."""
        return self.bins(*chroms) // 2

    def compare(self, title: str, contestants: Sequence[Contestant]) -> list[str]:
        """Run the contestants in turns; returns the lines of their table."""
        return tables.comparison(title, self.costs(title, contestants))

    def costs(self, title: str, contestants: Iterable[Contestant]) -> dict[Contestant, list[Cost]]:
        """Costs of each run of the contestants; none for one that needs a missing GPU."""
        costs: dict[Contestant, list[Cost]] = {one: [] for one in contestants}
        able = [one for one in costs if tables.gpu() or not one.gpu]
        for turn in range(self.rounds):
            for one in able:
                cost = measured(one.command, self.place(one), self.place(one) / "log.txt")
                costs[one].append(cost)
                log.info("%s, round %d: %s %.1f s", title, turn + 1, one.name, cost.wall)
        return costs

    def place(self, contestant: Contestant) -> Path:
        """The output folder of a contestant."""
        folder = self.folder / "runs" / contestant.name.replace(" ", "_")
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def counting(plan: Plan) -> list[str]:
    """One BAM file in bins of 100 bp; our counts must equal those of featureCounts."""
    sizes = inputs.chrom_sizes(plan.folder, plan.sizes)
    table = inputs.annotation(plan.folder, plan.sizes)
    n_reads = plan.number(4_000_000 if plan.quick else 20_000_000)
    large = inputs.alignments(plan.folder, plan.sizes, n_reads)
    ours, theirs = programs.our_count(large, sizes), programs.feature_counts(large, table)
    rivals = [ours, theirs, programs.samtools(large), programs.bgzip(large)]
    if not plan.quick:
        cram = inputs.compressed(large)
        rivals.append(programs.our_count(cram, sizes, f"{programs.OURS}, CRAM"))
        rivals += programs.coverage_tools(large)
    bins = f"{amount(plan.bins())} bins"
    lines = plan.compare(f"{amount(n_reads)} reads, {bins}", rivals)
    compared = programs.equal_counts(
        plan.place(ours) / "counts.zip", plan.place(theirs) / "counts.txt"
    )
    lines += [f"All {compared:,} bins are equal to those of featureCounts.", ""]
    if not plan.quick:
        n_reads = plan.number(2_000_000)
        small = inputs.alignments(plan.folder, plan.sizes, n_reads)
        rivals = [
            programs.our_count(small, sizes),
            programs.our_count(inputs.compressed(small), sizes, f"{programs.OURS}, CRAM"),
            programs.samtools(small),
        ]
        lines += plan.compare(f"{amount(n_reads)} reads, {bins}", rivals)
    return lines


def training(plan: Plan) -> list[str]:
    """The published network: 10 epochs of 30,000 windows of 12 marks."""
    n = plan.number(N_WINDOWS)
    windows = inputs.windows(plan.folder, inputs.signal(plan.folder, plan.sizes), n)
    rivals = [
        programs.our_training(windows, "cnn"),
        programs.plain_training(windows),
        programs.our_training(windows, "cnn", gpu=True),
    ]
    return plan.compare(f"cnn, 10 epochs of {n:,} windows of {len(MARKS)} marks", rivals)


def prediction(plan: Plan) -> list[str]:
    """The published network on chromosome 1, and ours on the whole genome."""
    signal = inputs.signal(plan.folder, plan.sizes)
    cnn, drf = _bundles(plan, signal)
    rivals = [
        programs.our_prediction(cnn, signal, ["chr1"]),
        programs.plain_prediction(cnn, signal, "chr1"),
    ]
    n = amount(plan.windows("chr1"))
    lines = plan.compare(f"cnn, every window of chr1 ({n}), {len(MARKS)} marks", rivals)
    whole = [
        programs.our_prediction(bundle, signal, list(plan.sizes), name, gpu)
        for gpu in (False, True)
        for name, bundle in {"cnn": cnn, "drf": drf}.items()
    ]
    title = f"every window of the genome ({amount(plan.windows())}), {len(MARKS)} marks"
    costs = plan.costs(title, whole)
    scans = [
        f"{one.name} {programs.scan_seconds(plan.place(one) / 'log.txt'):.1f} s"
        for one, runs in costs.items()
        if runs
    ]
    lines += tables.comparison(title, costs)
    return [*lines, f"Time after loading, last round: {', '.join(scans)}.", ""]


def _bundles(plan: Plan, signal: Path) -> tuple[Path, Path]:
    """A trained cnn, and a drf."""
    cnn = plan.folder / "cnn.bundle"
    if not cnn.exists():
        windows = inputs.windows(plan.folder, signal, plan.number(N_WINDOWS))
        trained = programs.our_training(windows, "cnn")
        measured(trained.command, plan.place(trained), plan.place(trained) / "log.txt")
        (plan.place(trained) / "bundle").rename(cnn)
    return cnn, inputs.dilated_bundle(plan.folder, cnn, signal)


def assembly(plan: Plan) -> list[str]:
    """BUILD_SIGNAL: one signal file from the counts of 12 marks on the whole genome."""
    counts = inputs.counts(plan.folder, plan.sizes)
    ours = programs.our_signal(counts)
    lines = plan.compare(f"{len(MARKS)} marks, {amount(plan.bins())} bins", [ours])
    size = (plan.place(ours) / "signal.zip").stat().st_size
    stored = sum(path.stat().st_size for path in counts) / len(counts)
    lines.append(
        f"The signal file of the sample is {tables.memory(size)}; the counts of a mark are "
        f"{tables.memory(stored)}."
    )
    return [*lines, ""]


def growth(plan: Plan) -> list[str]:
    """Counting with more reads and threads, assembly with more marks, prediction with more bp."""
    sizes, signal = (make(plan.folder, plan.sizes) for make in (inputs.chrom_sizes, inputs.signal))
    numbers = [plan.number(n) for n in (5_000_000, 10_000_000, 20_000_000)]
    reads = {n / 1e6: inputs.alignments(plan.folder, plan.sizes, n) for n in numbers}
    _, drf = _bundles(plan, signal)
    all_series = [
        *growing.counting(reads, sizes),
        growing.assembly(inputs.counts(plan.folder, plan.sizes)),
        growing.prediction(drf, signal, plan.sizes),
    ]
    measurements = [
        (one, plan.costs(f"{one.step} by {one.along}", one.runs.values())) for one in all_series
    ]
    growing.draw(plan.folder / GROWTH_PLOT.with_suffix(".png").name, measurements)
    return [
        f"![Time and memory by reads, threads, marks and genome size](images/{GROWTH_PLOT.name})",
        "",
        *growing.table(measurements),
    ]


def pipeline(plan: Plan) -> list[str]:
    """The whole pipeline on a panel simulated from real peak lists."""
    data = whole_run.real_data()
    if data is None:
        raise SystemExit("bench: the whole run needs the real peak lists: set DRF_SHARED_DATA.")
    return whole_run.whole_run(plan.folder, data)


SECTIONS: dict[str, Callable[[Plan], list[str]]] = {
    "counting": counting,
    "assembly": assembly,
    "training": training,
    "prediction": prediction,
    "growth": growth,
    "pipeline": pipeline,
}


@click.command(help=__doc__)
@click.argument("sections", nargs=-1, type=click.Choice(list(SECTIONS)))
@click.option("--folder", type=click.Path(path_type=Path), default=CODE / ".bench")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option(
    "--scale",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    help="Scale of genome, reads and windows; 0.01 tests the benchmark itself.",
)
@click.option("--quick", is_flag=True, help="Only the counting of 4 million reads.")
@click.option("--write", is_flag=True, help="Put the tables into docs/benchmarks.md.")
def bench(
    sections: tuple[str, ...], folder: Path, rounds: int, scale: float, quick: bool, write: bool
) -> None:
    logging.basicConfig(level=logging.INFO, format="bench: %(message)s")
    folder = folder.resolve() / ("" if scale == 1 else f"scale_{scale:g}")
    folder.mkdir(parents=True, exist_ok=True)
    plan = Plan(folder, scale, rounds, quick)
    for name in sections or (("counting",) if quick else SECTIONS):
        lines = [f"On {tables.machine()}.", "", *SECTIONS[name](plan)]
        click.echo("\n" + "\n".join(lines))
        if write:
            tables.replace_section(CODE / "docs/benchmarks.md", f"speed of {name}", lines)
            if name == "growth":
                shutil.copy(folder / GROWTH_PLOT.name, GROWTH_PLOT)


if __name__ == "__main__":
    bench()
