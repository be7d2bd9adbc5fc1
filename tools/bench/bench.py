#!/usr/bin/env python3
"""Measure how fast the pipeline's steps are beside other programs, and print tables of ratios.

Contestants take turns, round after round, so that whatever else the machine does meets them all;
figures are medians. Inputs are simulated with fixed seeds, and kept in FOLDER.
"""

import logging
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
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
from measure import Cost, measured  # noqa: E402

log = logging.getLogger("bench")

GROWTH_PLOT = CODE / "docs/images/growth.svg"


@dataclass(frozen=True)
class Plan:
    """What is measured.

    folder : for inputs and for what contestants write
    sizes : the genome; n_reads : of the large BAM file
    rounds : turns that each contestant has
    quick : only what takes seconds
    """

    folder: Path
    sizes: Mapping[str, int]
    n_reads: int
    rounds: int
    quick: bool

    def compare(self, title: str, contestants: Sequence[Contestant]) -> list[str]:
        """Let contestants take turns; the lines of their table."""
        return tables.comparison(title, self.costs(title, contestants))

    def costs(self, title: str, contestants: Iterable[Contestant]) -> dict[Contestant, list[Cost]]:
        """What contestants cost in each of their turns."""
        costs: dict[Contestant, list[Cost]] = {one: [] for one in contestants}
        for turn in range(self.rounds):
            for one in costs:
                cost = measured(one.command, self.place(one), self.place(one) / "log.txt")
                costs[one].append(cost)
                log.info("%s, round %d: %s %.1f s", title, turn + 1, one.name, cost.wall)
        return costs

    def place(self, contestant: Contestant) -> Path:
        """The folder that a contestant writes to."""
        folder = self.folder / "runs" / contestant.name.replace(" ", "_")
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def counting(plan: Plan) -> list[str]:
    """One BAM file in bins of 100 bp; our counts must be those of featureCounts."""
    sizes = inputs.chrom_sizes(plan.folder, plan.sizes)
    table = inputs.annotation(plan.folder, plan.sizes)
    large = inputs.alignments(plan.folder, plan.sizes, plan.n_reads)
    ours, judge = programs.our_count(large, sizes), programs.feature_counts(large, table)
    rivals = [ours, judge, programs.samtools(large)]
    if not plan.quick:
        cram = inputs.compressed(large)
        rivals.append(programs.our_count(cram, sizes, f"{programs.OURS}, CRAM"))
        rivals += programs.coverage_tools(large)
    n_bins = sum(map(inputs.GEOMETRY.n_bins, plan.sizes.values()))
    what = f"{plan.n_reads / 1e6:g} million reads, {n_bins / 1e6:.1f} million bins"
    lines = plan.compare(what, rivals)
    compared = programs.equal_counts(
        plan.place(ours) / "counts.zip", plan.place(judge) / "counts.txt"
    )
    lines += [f"Of {compared:,} bins compared with featureCounts, all are equal.", ""]
    if not plan.quick:
        small = inputs.alignments(plan.folder, plan.sizes, 2_000_000)
        rivals = [
            programs.our_count(small, sizes),
            programs.our_count(inputs.compressed(small), sizes, f"{programs.OURS}, CRAM"),
            programs.samtools(small),
        ]
        lines += plan.compare(f"2 million reads, {n_bins / 1e6:.1f} million bins", rivals)
    return lines


def training(plan: Plan) -> list[str]:
    """The published network: 10 epochs of 30,000 windows of 12 marks."""
    windows = inputs.windows(plan.folder, inputs.signal(plan.folder, plan.sizes), 30_000)
    rivals = [programs.our_training(windows, "cnn"), programs.plain_training(windows)]
    return plan.compare("cnn, 10 epochs of 30,000 windows of 12 marks", rivals)


def prediction(plan: Plan) -> list[str]:
    """The published network over chromosome 1, and ours over the whole genome."""
    signal = inputs.signal(plan.folder, plan.sizes)
    cnn, drf = _bundles(plan, signal)
    rivals = [
        programs.our_prediction(cnn, signal, ["chr1"]),
        programs.plain_prediction(cnn, signal, "chr1"),
    ]
    lines = plan.compare("cnn, every window of chr1 (1.2 million), 12 marks", rivals)
    names = {"cnn": cnn, "drf": drf}
    whole = [programs.our_prediction(b, signal, list(plan.sizes), n) for n, b in names.items()]
    return lines + plan.compare("every window of the genome (15.4 million), 12 marks", whole)


def _bundles(plan: Plan, signal: Path) -> tuple[Path, Path]:
    """A trained cnn, and a drf."""
    cnn = plan.folder / "cnn.bundle"
    if not cnn.exists():
        trained = programs.our_training(inputs.windows(plan.folder, signal, 30_000), "cnn")
        measured(trained.command, plan.place(trained), plan.place(trained) / "log.txt")
        (plan.place(trained) / "bundle").rename(cnn)
    return cnn, inputs.dilated_bundle(plan.folder, cnn, signal)


def assembly(plan: Plan) -> list[str]:
    """BUILD_SIGNAL: the counts of 12 marks on the whole genome become one file of signal."""
    counts = inputs.counts(plan.folder, plan.sizes)
    ours = programs.our_signal(counts)
    lines = plan.compare("12 marks, 30.9 million bins", [ours])
    size = (plan.place(ours) / "signal.zip").stat().st_size
    stored = sum(path.stat().st_size for path in counts) / len(counts)
    lines.append(
        f"The signal of the sample takes {tables.memory(size)}, the counts of a mark "
        f"{tables.memory(stored)}."
    )
    return [*lines, ""]


def growth(plan: Plan) -> list[str]:
    """Counting with more reads and threads, assembly with more marks, prediction with more bp."""
    sizes, signal = (make(plan.folder, plan.sizes) for make in (inputs.chrom_sizes, inputs.signal))
    reads = {n: inputs.alignments(plan.folder, plan.sizes, n * 1_000_000) for n in (5, 10, 20)}
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
        f"![Time and memory against reads, threads, marks and genome](images/{GROWTH_PLOT.name})",
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
@click.option("--quick", is_flag=True, help="Counting of 4 million reads alone.")
@click.option("--write", is_flag=True, help="Put the tables into docs/benchmarks.md.")
def bench(sections: tuple[str, ...], folder: Path, rounds: int, quick: bool, write: bool) -> None:
    logging.basicConfig(level=logging.INFO, format="bench: %(message)s")
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    plan = Plan(folder, inputs.HG38, 4_000_000 if quick else 20_000_000, rounds, quick)
    for name in sections or (("counting",) if quick else SECTIONS):
        lines = [f"On {tables.machine()}.", "", *SECTIONS[name](plan)]
        click.echo("\n" + "\n".join(lines))
        if write:
            tables.replace_section(CODE / "docs/benchmarks.md", f"speed of {name}", lines)
            if name == "growth":
                shutil.copy(folder / GROWTH_PLOT.name, GROWTH_PLOT)


if __name__ == "__main__":
    bench()
