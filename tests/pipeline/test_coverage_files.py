"""A model calls nearly the same elements on bigWig files as on BAM files of the same reads."""

import csv
import dataclasses

import numpy as np
import pysam
import pytest
from samples.coverage_files import binned_coverage, coverage_of, write_coverage
from samples.text_reads import Read

from deepregfinder.genome.grid import read_chrom_sizes

pytestmark = [pytest.mark.pipeline, pytest.mark.variants]

COLUMNS = ("sample", "mark", "replicate", "bam", "control", "reads")
SMOOTH = 150
"""bp over which the coverage of one mark is averaged, so that its number of reads must be given."""


def smoothed(coverage):
    window = np.ones(SMOOTH) / SMOOTH
    return {chrom: np.convolve(values, window, mode="same") for chrom, values in coverage.items()}


@pytest.fixture(scope="module")
def runs(pipeline, tmp_path_factory):
    """A run on BAM files, and one with its model in which all rows but one are bigWig files."""
    folder = tmp_path_factory.mktemp("coverage")
    sizes = read_chrom_sizes(pipeline.panel / "chrom.sizes")

    def of(path) -> list[Read]:
        """The reads that the run on BAM files counts."""
        with pysam.AlignmentFile(str(path)) as records:
            return [
                Read(record.reference_name, record.reference_start, record.reference_end)
                for record in records.fetch(until_eof=True)
                if record.mapping_quality and record.get_tag("NH") == 1
                if record.reference_name in sizes
            ]

    with (pipeline.panel / "samplesheet.csv").open() as sheet:
        rows = [row for row in csv.DictReader(sheet) if row["sample"] == "A"]
    bams, tracks, numbers = [], [], {}
    for row in rows:
        path, control = (pipeline.panel / row[column] for column in ("bam", "control"))
        name = f"{path.stem}.bw"
        bams.append(row | {"bam": str(path), "control": str(control), "reads": ""})
        of_control = folder / f"{control.stem}.bigWig"
        if not of_control.exists():
            write_coverage(of_control, coverage_of(of(control), sizes), 0.371)
        track = bams[-1] | {"control": str(of_control)}
        tracks.append(track)
        if row["replicate"] == "2":
            continue
        reads = of(path)
        numbers[f"A.{row['mark']}.{row['replicate']}"] = len(reads)
        track["bam"] = str(folder / name)
        if row["mark"] == "H3K4me1":
            track["reads"] = str(len(reads))
            write_coverage(folder / name, smoothed(coverage_of(reads, sizes)), 1e6 / len(reads))
        elif row["mark"] == "H3K4me3":
            write_coverage(folder / name, binned_coverage(reads, sizes, 10), 1e6 / len(reads), 6)
        else:
            write_coverage(folder / name, coverage_of(reads, sizes))
    labels = (pipeline.panel / "labels.csv").read_text().splitlines()
    (pipeline.panel / "labels.A.csv").write_text("\n".join(labels[:2]) + "\n")
    apart = dataclasses.replace(pipeline, launch=folder)
    for name, sheet_rows in (("bam", bams), ("coverage", tracks)):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(sheet_rows)
    given = [*pipeline.inputs, "--chrom_sizes", pipeline.panel / "chrom.sizes"]
    given[1], given[3] = folder / "bam.csv", pipeline.panel / "labels.A.csv"
    bam = apart.run("bam", *given, "--control", "subtract", "--min_mapq", "1", resume=False)
    bundle = bam.results / "models/A/cnn"
    coverage = apart.run(
        *("coverage", "--input", folder / "coverage.csv", "--pretrained", bundle, *given[4:8]),
        *("--chrom_sizes", pipeline.panel / "chrom.sizes"),
        *("--scatter", "1", "--explain", "false", "--tracks", "false"),
    )
    return {"bam": bam, "coverage": coverage}, numbers


def table(run, path, key):
    with (run.results / path).open() as file:
        return {row[key]: row for row in csv.DictReader(file, delimiter="\t")}


def calls_of(run) -> dict[tuple[str, int], str]:
    """The class of each bin of 100 bp that a call covers."""
    bins = {}
    for line in (run.results / "calls/A/A.cnn.bed").read_text().splitlines():
        chrom, start, end, name = line.split("\t")[:4]
        bins |= {(chrom, at): name.split("_")[0] for at in range(int(start), int(end), 100)}
    return bins


def test_both_runs_end(runs):
    for run in runs[0].values():
        assert run.exit_code == 0, run.output


def test_numbers_of_reads_are_found(runs):
    done, numbers = runs
    libraries, of_bam = (
        table(done[name], "signal/libraries.tsv", "id") for name in ("coverage", "bam")
    )
    inputs = table(done["coverage"], "pipeline_info/inputs.tsv", "id")
    for id_, number in numbers.items():
        off = 0 if id_.startswith("A.H3K4me1") else 0.05
        size = int(of_bam[id_]["library_size"])
        assert int(libraries[id_]["library_size"]) == pytest.approx(size, rel=off, abs=1), id_
        assert int(inputs[id_]["mapped"]) == pytest.approx(number, rel=off, abs=1), id_
        assert libraries[id_]["duplicates"] == libraries[id_]["fragment_length"] == "."


def test_calls_agree(runs):
    bam, coverage = (calls_of(run) for run in runs[0].values())
    both = bam.items() & coverage.items()
    assert len(bam) > 200
    assert len(both) > 0.6 * len(bam.items() | coverage.items())


def test_the_report_says_what_is_not_known(runs):
    rows = (runs[0]["coverage"].results / "pipeline_info/left_out.tsv").read_text()
    assert "Coverage instead of reads" in rows
    assert "No single reads were found in A.H3K4me1.rep1.bw:" in rows
    assert "coverage" not in (runs[0]["bam"].results / "pipeline_info/left_out.tsv").read_text()
