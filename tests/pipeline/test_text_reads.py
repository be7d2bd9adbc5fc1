"""A run on tagAlign and fragments files gives what a run on BAM files of the same reads gives."""

import csv
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pysam
import pytest
from samples.text_reads import Read, write_fragments, write_pairs, write_tag_align, write_text

from deepregfinder.genome.grid import read_chrom_sizes

pytestmark = [pytest.mark.pipeline, pytest.mark.variants]

COLUMNS = ("sample", "mark", "replicate", "bam", "control", "barcodes")
CELLS = {"1": ("AAAC-1", "AAAG-1"), "2": ("AAAT-1",)}
"""Barcodes of the replicates whose fragments are in one file."""
FRAGMENT = 150


def reads_of(bam: Path) -> Iterator[Read]:
    """Its mapped reads, without multi-mappers, which text cannot tell by their NH tag."""
    with pysam.AlignmentFile(str(bam)) as records:
        for record in records.fetch(until_eof=True):
            if not record.is_unmapped and record.get_tag("NH") == 1:
                strand = "-" if record.is_reverse else "+"
                where = record.reference_name, record.reference_start, record.reference_end
                yield Read(*where, strand, record.mapping_quality)


def fragments_of(bam: Path, sizes: dict[str, int]) -> list[Read]:
    reads = (read for read in reads_of(bam) if read.start + FRAGMENT <= sizes[read.chrom])
    return [Read(read.chrom, read.start, read.start + FRAGMENT) for read in reads]


@pytest.fixture(scope="module")
def runs(pipeline, tmp_path_factory):
    """A run on BAM files, and one on text: H3K27ac as pairs and fragments, the others as reads."""
    folder = tmp_path_factory.mktemp("text")
    sizes = read_chrom_sizes(pipeline.panel / "chrom.sizes")
    with (pipeline.panel / "samplesheet.csv").open() as sheet:
        rows = [row | {"barcodes": ""} for row in csv.DictReader(sheet) if row["sample"] == "A"]
    bams, texts, both = [], [], []
    for row in rows:
        path = pipeline.panel / row["bam"]
        control = write_tag_align(
            folder / "input.bed.gz", [*reads_of(pipeline.panel / row["control"])]
        )
        text = row | {"control": str(control)}
        bam = row | {"control": str(pipeline.panel / row["control"])}
        if row["mark"] == "H3K27ac":
            fragments, replicate = fragments_of(path, sizes), row["replicate"]
            pairs = write_pairs(folder / f"{path.stem}.unsorted.bam", fragments, sizes)
            pysam.sort("-o", str(folder / path.name), str(pairs))
            cells = CELLS[replicate]
            listed = write_text(folder / f"cells{replicate}.txt", cells)
            part = write_fragments(folder / f"part{replicate}.tsv", fragments, cells)
            both += part.read_text().splitlines()
            bams.append(bam | {"bam": str(folder / path.name)})
            texts.append(text | {"bam": str(folder / "fragments.tsv.gz"), "barcodes": str(listed)})
        else:
            reads = write_tag_align(folder / f"{path.stem}.tagAlign.gz", [*reads_of(path)])
            bams.append(bam | {"bam": str(path)})
            texts.append(text | {"bam": str(reads)})
    write_text(folder / "fragments.tsv.gz", both)
    labels = (pipeline.panel / "labels.csv").read_text().splitlines()
    (pipeline.panel / "labels.A.csv").write_text("\n".join(labels[:2]) + "\n")
    apart = dataclasses.replace(pipeline, launch=folder)
    done = {}
    for name, sheet_rows in (("bam", bams), ("text", texts)):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(sheet_rows)
        given = list(pipeline.inputs)
        given[1], given[3] = folder / f"{name}.csv", pipeline.panel / "labels.A.csv"
        done[name] = apart.run(
            *(name, *given, "--chrom_sizes", pipeline.panel / "chrom.sizes"),
            *("--control", "subtract", "--min_mapq", "1"),
            resume=name == "text",
        )
    return done


def test_calls_and_models_are_the_same(runs):
    for run in runs.values():
        assert run.exit_code == 0, run.output
    for path in ("calls/A/A.cnn.bed", "models/A/cnn/model.safetensors"):
        text, bam = ((runs[name].results / path).read_bytes() for name in ("text", "bam"))
        assert text == bam, path
    assert (runs["bam"].results / "calls/A/A.cnn.bed").read_text().count("\n") > 20


def test_tables_show_what_the_formats_have(runs):
    with (runs["text"].results / "pipeline_info/inputs.tsv").open() as file:
        rows = {row["id"]: row for row in csv.DictReader(file, delimiter="\t")}
    assert rows["A.H3K27ac.1"]["file"] == rows["A.H3K27ac.2"]["file"] == "fragments.tsv.gz"
    assert (rows["A.H3K27ac.1"]["paired_end"], rows["A.H3K27ac.1"]["index"]) == ("true", "none")
    assert rows["A.H3K27ac.1"]["median_read_length"] == "."
    assert rows["A.H3K4me3.1"]["median_read_length"] != "."
    tables = {}
    for name, run in runs.items():
        with (run.results / "signal/libraries.tsv").open() as file:
            tables[name] = {row["id"]: row for row in csv.DictReader(file, delimiter="\t")}
    for id_ in ("A.H3K27ac.1", "A.H3K4me3.1"):
        text, bam = tables["text"][id_], tables["bam"][id_]
        for column in ("library_size", "fragment_length", "nsc", "strength", "fold_promoters"):
            assert text[column] == bam[column], (id_, column)
    # The sample of a BAM file has multi-mappers.
    duplicates = [float(tables[name]["A.H3K4me3.1"]["duplicates"]) for name in ("text", "bam")]
    assert duplicates[0] == pytest.approx(duplicates[1], abs=2e-3)
    assert tables["text"]["A.H3K27ac.1"]["duplicates"] == "."
    assert (runs["text"].results / "signal/doubts.tsv").read_text() == "kind\tids\ttext\n"
