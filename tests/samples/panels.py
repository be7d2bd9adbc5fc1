"""A simulated panel as the quality step sees it: counts, labelled windows, and planted faults."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
from click.testing import CliRunner

from deepregfinder.counting.counter import count_reads
from deepregfinder.counting.rules import BinGrid, CountRules
from deepregfinder.counting.store import Counts, Library, open_counts, write_counts
from deepregfinder.genome.grid import read_chrom_sizes, write_chrom_sizes
from deepregfinder.labels.candidates import read_regions
from deepregfinder.quality.doubts import find_doubts
from deepregfinder.quality.libraries import measure_libraries
from deepregfinder.quality.tables import Doubt
from define_regions import define_regions
from simulate_panel import simulate_panel

RULES = CountRules(0, "keep", "fragments", "overlap", 0, 0)
REGION_OPTIONS = {
    **{"classes": 3, "bin_size": 100, "window_bins": 20, "tss_merge": 500},
    **{"promoter_slop": 1000, "enhancer_slop": 1000, "tss_distance": 2000},
    **{"promoter_marks_distance": 1000, "promoter_marks_min_signal": 7, "center": "midpoint"},
    **{"background_distance": 2000, "n_background": 600, "split": "random", "seed": 1},
    **{"train_chroms": "1-7", "validation_chroms": "8-16", "test_chroms": "17-22"},
    "enhancer_labels": "factors",
}
KEPT = ("id", "sample", "mark", "replicate")


@dataclass(frozen=True)
class Panel:
    """counts : id -> counts; regions : sample -> labelled windows; controls : id -> control id"""

    counts: Mapping[str, Counts]
    regions: Mapping[str, pd.DataFrame]
    controls: Mapping[str, str]

    def doubts(self, duplicates: Mapping[str, float | None] | None = None) -> list[Doubt]:
        libraries = measure_libraries(list(self.counts.values()), self.regions)
        return find_doubts(libraries, duplicates or {}, (), self.controls)

    def kinds(self) -> set[str]:
        return {doubt.kind for doubt in self.doubts()}

    def unlabelled(self) -> "Panel":
        return replace(self, regions={})

    def only(self, marks: Iterable[str], samples: Iterable[str] = "AB") -> "Panel":
        """Some marks of some samples, and all controls."""
        kept = {
            key: one
            for key, one in self.counts.items()
            if one.attributes["sample"] == "control"
            or (one.attributes["mark"] in set(marks) and one.attributes["sample"] in set(samples))
        }
        regions = {sample: self.regions[sample] for sample in samples if sample in self.regions}
        return replace(self, counts=kept, regions=regions)

    def with_reads_of(self, reads: Mapping[str, str]) -> "Panel":
        """Give libraries the reads of others: id -> id whose reads it has."""
        changed = {
            key: replace(
                self.counts[other],
                attributes={
                    **self.counts[other].attributes,
                    **{name: self.counts[key].attributes[name] for name in KEPT},
                },
            )
            for key, other in reads.items()
        }
        return replace(self, counts={**self.counts, **changed})

    def exchanged(self, *pairs: tuple[str, str]) -> "Panel":
        return self.with_reads_of({a: b for pair in pairs for a, b in (pair, pair[::-1])})

    def thinned(self, shares: Mapping[str, float]) -> "Panel":
        """Libraries with a share of their reads: id -> share."""
        fewer = {}
        for key, share in shares.items():
            one = self.counts[key].thinned(share, 1)
            attributes = {**one.attributes, "usable": one.library_size}
            fewer[key] = replace(one, attributes=attributes)
        return replace(self, counts={**self.counts, **fewer})

    def shifted(self, distance: int, classes: Sequence[str] = ("promoter", "enhancer")) -> "Panel":
        """Labels of these classes, moved by so many bp."""
        moved = {}
        for sample, table in self.regions.items():
            where = table["class"].isin(classes)
            changed = table.copy()
            changed.loc[where, ["start", "end"]] += distance
            moved[sample] = changed
        return replace(self, regions=moved)


def simulated_panel(folder: Path, *options: str) -> Panel:
    """Simulate a panel with `simulate_panel.py`, count it, and label its windows."""
    _run(simulate_panel, "--outdir", folder, *options)
    sizes = read_chrom_sizes(folder / "chrom.sizes")
    main = {chrom: length for chrom, length in sizes.items() if "_" not in chrom}
    write_chrom_sizes(folder / "main.sizes", main)
    counts, controls, names = {}, {}, {}
    with (folder / "samplesheet.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        key = f"{row['sample']}.{row['mark']}.{row['replicate']}"
        library = Library(key, row["sample"], row["mark"], row["replicate"])
        counts[key] = counted(folder, row["bam"], library, main)
        if row["control"] and row["control"] not in names:
            name = f"control.{row['sample']}"
            names[row["control"]] = name
            library = Library(name, "control", "control", row["sample"])
            counts[name] = counted(folder, row["control"], library, main)
        if row["control"]:
            controls[key] = names[row["control"]]
    return Panel(counts, _regions(folder), controls)


def counted(folder: Path, bam: str, library: Library, sizes: Mapping[str, int]) -> Counts:
    path = folder / f"{library.id}.counts.zip"
    found = count_reads(folder / bam, "native", RULES, BinGrid(dict(sizes), 100), None, 2)
    write_counts(path, library, found, RULES, None)
    return open_counts(path)


def _regions(folder: Path) -> dict[str, pd.DataFrame]:
    tables = {}
    with (folder / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        files = [
            (f"--{column}", folder / name)
            for column in ("dhs", "enhancers", "promoter_marks", "tfbs")
            for name in filter(None, row[column].split(";"))
        ]
        output = folder / f"{row['sample']}.candidates.bed"
        _run(
            define_regions,
            *("--sample", row["sample"], "--tss", folder / "tss.bed"),
            *("--chrom_sizes", folder / "main.sizes"),
            *(word for pair in files for word in pair),
            *(word for name, value in REGION_OPTIONS.items() for word in (f"--{name}", value)),
            *("--output", output, "--dropped", folder / "dropped.tsv"),
            *("--sources", folder / "sources.tsv"),
        )
        tables[row["sample"]] = read_regions(output)
    return tables


def _run(command, *words: object) -> None:
    done = CliRunner().invoke(command, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
