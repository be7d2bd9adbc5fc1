"""Runs with --genome: lists and chromosomes come with the name of the assembly."""

import dataclasses
import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pysam
import pytest

from deepregfinder.genome.bedtools import near
from deepregfinder.genome.grid import bare_name, read_chrom_sizes
from deepregfinder.genome.intervals import read_intervals

pytestmark = [pytest.mark.pipeline, pytest.mark.variants]

FLY = Path(__file__).parents[2] / "assets/genomes/dm6"
SIZES = {bare_name(chrom): bp for chrom, bp in read_chrom_sizes(FLY / "chrom.sizes").items()}
MARKS = {"H3K4me3": (30, 2), "H3K4me1": (4, 25), "H3K27ac": (20, 20)}
"""Reads at a promoter, and at an enhancer."""


def write_bam(path: Path, starts: dict[str, np.ndarray]) -> None:
    """Reads of 50 bp at these positions, with the names that Ensembl has for chromosomes."""
    header = pysam.AlignmentHeader.from_references(list(SIZES), list(SIZES.values()))
    with pysam.AlignmentFile(path, "wb", header=header) as bam:
        for index, chrom in enumerate(SIZES):
            for number, start in enumerate(np.sort(starts[chrom])):
                read = pysam.AlignedSegment(header)
                read.query_name, read.reference_id = f"{chrom}.{number}", index
                read.reference_start, read.mapping_quality = int(start), 40
                read.flag, read.cigarstring = 16 * (number % 2), "50M"
                bam.write(read)
    pysam.index(str(path))


@pytest.fixture(scope="module")
def fly_folder(pipeline, tmp_path_factory):
    """A sample with reads at a third of the TSSs of fly and at places far from all; with sheets.

    Returns the pipeline, launched beside them.
    """
    folder = tmp_path_factory.mktemp("flies")
    rng = np.random.default_rng(1)
    tss = read_intervals(FLY / "tss.bed.gz")
    sites: dict[str, list[pd.DataFrame]] = {"promoter": [], "enhancer": []}
    for chrom, length in SIZES.items():
        starts = np.unique(tss.loc[tss["chrom"] == f"chr{chrom}", "start"])
        places = np.sort(rng.integers(5_000, length - 5_000, length // 20_000))
        nearest = np.abs(places[:, None] - starts).min(axis=1)
        for kind, at in (("promoter", starts[::3]), ("enhancer", places[nearest > 4_000])):
            sites[kind].append(pd.DataFrame({"chrom": chrom, "at": at}))
    where = {kind: pd.concat(parts) for kind, parts in sites.items()}
    for mark, strengths in MARKS.items():
        reads = {chrom: [rng.integers(0, bp - 50, bp // 3_000)] for chrom, bp in SIZES.items()}
        for table, n in zip(where.values(), strengths, strict=True):
            for chrom, at in table.groupby("chrom")["at"]:
                around = np.repeat(at.to_numpy(), n) + rng.normal(0, 400, n * len(at)).astype(int)
                reads[chrom].append(np.clip(around, 0, SIZES[chrom] - 50))
        write_bam(
            folder / f"{mark}.bam", {chrom: np.hstack(parts) for chrom, parts in reads.items()}
        )
    lists = {"dhs": pd.concat(where.values()), **where}
    for name, table in lists.items():
        lines = (f"{chrom}\t{max(0, at - 150)}\t{at + 150}" for chrom, at in table.to_numpy())
        (folder / f"{name}.bed").write_text("\n".join(lines) + "\n")
    rows = [f"S2,{mark},1,{mark}.bam," for mark in MARKS]
    (folder / "sheet.csv").write_text("\n".join(["sample,mark,replicate,bam,control", *rows, ""]))
    (folder / "labels.csv").write_text(
        "sample,dhs,enhancers,promoter_marks\nS2,dhs.bed,enhancer.bed,promoter.bed\n"
    )
    return dataclasses.replace(pipeline, launch=folder)


@pytest.fixture(scope="module")
def flies(fly_folder):
    """Runs of this sample that train a model."""
    given = [
        "--input", fly_folder.launch / "sheet.csv",
        "--labels", fly_folder.launch / "labels.csv", "--models", "cnn",
        "--n_background", "900", "--epochs", "2", "--explain", "false", "--tracks", "false",
    ]  # fmt: skip
    return lambda name, *more: fly_folder.run(name, *given, *more)


def test_the_model_in_the_box_needs_reads_and_the_name_of_a_genome(fly_folder):
    """Of three marks, in a genome twenty times smaller than that of its training."""
    sheet = fly_folder.launch / "sheet.csv"
    run = fly_folder.run("box", "--input", sheet, "--genome", "dm6", "--pretrained", "builtin")
    assert run.exit_code == 0, run.output
    assert "S2 lacks DNase, H2AZ, " in run.output
    assert "simulated from real peak lists of ENCODE, not on real reads" in run.output
    name = "drf_from_GM12878+K562"
    calls = read_intervals(run.results / f"calls/S2/S2.{name}.bed")
    dhs = read_intervals(fly_folder.launch / "dhs.bed")
    assert len(calls) > 500
    assert near(calls, dhs, 1_000).mean() > 0.9
    assert near(read_intervals(fly_folder.launch / "promoter.bed"), calls, 0).mean() > 0.5
    report = (run.results / "report.html").read_text()
    assert "What the model was trained on" in report
    assert "Marks that a sample lacks" in report
    assert (run.results / f"calls/S2/S2.{name}.bb").exists()


def test_a_name_is_all_that_is_needed_whatever_the_chromosomes_are_called(flies):
    run = flies("results", "--genome", "dm6")
    assert run.exit_code == 0, run.output
    assert {"NAME_CHROMOSOMES", "TRAIN_MODEL", "CALL_ELEMENTS"} <= run.executed
    calls = read_intervals(run.results / "calls/S2/S2.cnn.bed")
    assert set(calls["chrom"]) <= set(SIZES)
    assert len(calls) > 100
    split = json.loads((run.results / "models/S2/cnn/model.json").read_text())["split"]
    assert split["test_chroms"] == ["3R", "X", "Y"]
    # Enhancers are far from the TSSs of the assembly, and promoters at them.
    tss = read_intervals(FLY / "tss.bed.gz")
    middle = (calls["start"] + calls["end"]) // 2
    for kind in ("enhancer", "promoter"):
        for chrom, at in middle[calls["name"].str.startswith(kind)].groupby(calls["chrom"]):
            starts = tss.loc[tss["chrom"] == f"chr{chrom}", "start"].to_numpy()
            distance = np.abs(at.to_numpy()[:, None] - starts).min(axis=1)
            assert np.median(distance) < 1_000 if kind == "promoter" else distance.min() > 1_000


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hg38", "--genome hg38: 4 has 190,214,555 bp there, but 1,348,131 bp in the reads"),
        ("ce11", "--genome ce11: X has 17,718,942 bp there, but 23,542,271 bp in the reads"),
    ],
)
def test_the_name_of_another_assembly_is_refused_before_reads_are_counted(flies, name, said):
    run = flies("refused", "--genome", name, "--chromosomes", "2L|2R|3L|3R|4|X|Y")
    assert run.exit_code != 0
    assert said in run.output
    assert "COUNT_BINS" not in run.output


def gtf_of(bed: Path) -> str:
    """A GENCODE file, named as by Ensembl, with a transcript for each TSS of a list, and others."""
    table = read_intervals(bed)
    lines = ["#!genome-build small\n"]
    rows = zip(table["chrom"], table["start"], table["name"], table["strand"], strict=True)
    for chrom, start, gene, strand in rows:
        low, high = (start + 1, start + 900) if strand == "+" else (max(1, start - 900), start + 1)
        for kind, more in (("protein_coding", 0), ("snoRNA", 300), ("retained_intron", 400)):
            said = f'gene_id "{gene}.1"; gene_name "{gene}"; transcript_type "{kind}";'
            place = f"{low + more}\t{max(low, high - more) + 2 * more}\t.\t{strand}\t."
            lines.append(f"{bare_name(chrom)}\tx\ttranscript\t{place}\t{said}\n")
            lines.append(f"{bare_name(chrom)}\tx\texon\t{place}\t{said}\n")
    return "".join(lines)


def test_an_annotation_gives_the_calls_of_its_tsss_with_names_of_genes(pipeline, tmp_path):
    inputs = [*pipeline.inputs_of("A"), "--tracks", "true"]
    at = inputs.index("--tss")
    bed = Path(inputs[at + 1])
    by_list = pipeline.run("by_list", *inputs)
    assert by_list.exit_code == 0, by_list.output
    (tmp_path / "genes.gtf.gz").write_bytes(gzip.compress(gtf_of(bed).encode()))
    given = [*inputs[:at], "--gtf", tmp_path / "genes.gtf.gz", *inputs[at + 2 :]]
    run = pipeline.run("by_gtf", *given)
    assert run.exit_code == 0, run.output
    assert {"LIST_TSS", "NAME_CHROMOSOMES"} <= run.executed
    columns = ["chrom", "start", "name", "strand"]
    wanted = read_intervals(bed)[columns].drop_duplicates()
    published = read_intervals(run.results / "regions/tss.bed")[columns]
    assert set(published.itertuples(index=False)) == set(wanted.itertuples(index=False))
    files, others = run.data_files(), by_list.data_files()
    del files["regions/tss.bed"]
    assert files == others
    annotated = pd.read_csv(run.results / "calls/A/A.cnn.annotated.tsv", sep="\t")
    genes = set(wanted["name"])
    assert len(annotated) > 20
    assert set(annotated["nearest_tss"]) <= genes
    assert (annotated["tss_offset"].abs() == annotated["tss_distance"]).all()
    assert {-1, 1} <= set(np.sign(annotated["tss_offset"]))


def test_an_annotation_of_another_species_is_refused_before_reads_are_counted(pipeline, tmp_path):
    inputs = pipeline.inputs_of("A")
    at = inputs.index("--tss")
    (tmp_path / "fly.gtf").write_text('2L\tx\ttranscript\t5\t9\t.\t+\t.\tgene_id "G";\n')
    (tmp_path / "blacklist.bed").write_text("chr1\t5\t4\n")
    given = [*inputs[:at], "--gtf", tmp_path / "fly.gtf", *inputs[at + 2 :]]
    run = pipeline.run("fly", *given, "--blacklist", tmp_path / "blacklist.bed")
    assert run.exit_code != 0
    assert "fly.gtf (--gtf): no TSS is on a main chromosome. It has 2L" in run.output
    assert "blacklist.bed, line 1: ends at 4" in run.output
    assert "COUNT_BINS" not in run.output
