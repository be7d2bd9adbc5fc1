"""Names that SAM allows and a shell acts on: a run with a pretrained model treats them as text.

The names are those of public assemblies (NCBI, PanSN) and commands that leave a file.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from machines.nextflow_runs import Pipeline
from samples.small_bams import write_bam
from samples.small_models import MARKS, random_bundle

from deepregfinder.genome.splits import SplitPlan
from deepregfinder.models.bundle import write_bundle

pytestmark = pytest.mark.pipeline

SIZES = {
    "gi|568815597|ref|NC_000001.11|": 60_000,
    "GRCh38#0#chr2": 50_000,
    "x|touch$IFS.hit1": 40_000,
    "y;touch$IFS.hit2;": 40_000,
    "z&touch$IFS.hit3&": 40_000,
    "HLA-A*01:01:01:02N": 30_000,
    "w~^?!%@[=": 30_000,
}
FIRST = next(iter(SIZES))


def write_inputs(folder: Path) -> None:
    rng = np.random.default_rng(1)
    lines = ["sample,mark,replicate,bam,control\n"]
    for mark in MARKS:
        reads = [
            (chrom, int(start))
            for chrom, size in SIZES.items()
            for start in np.sort(rng.integers(0, size - 50, size // 20))
        ]
        # A path that a shell would run.
        write_bam(folder / f"$(touch .hit4) {mark};touch .hit5.bam", SIZES, reads)
        lines.append(f"K,{mark},1,$(touch .hit4) {mark};touch .hit5.bam,\n")
    (folder / "sheet.csv").write_text("".join(lines))
    for name in ("tss.bed", "regions.bed", "blacklist.bed"):
        at = 29_000 if name == "blacklist.bed" else 5_000
        text = "".join(f"{chrom}\t{at}\t{at + 1}\t{chrom}\t0\t+\n" for chrom in SIZES)
        (folder / name).write_text(text)
    plan = SplitPlan.parse("chromosome", FIRST, "GRCh38#0#chr2", "z&touch$IFS.hit3&")
    write_bundle(
        folder / "model", replace(random_bundle(), sample="K", chrom_sizes=SIZES, split=plan)
    )


def test_a_run_treats_names_as_text(pipeline: Pipeline, tmp_path: Path) -> None:
    write_inputs(tmp_path)
    apart = replace(pipeline, launch=tmp_path)
    done = apart.run(
        "out", "--input", tmp_path / "sheet.csv", "--pretrained", tmp_path / "model",
        "--tss", tmp_path / "tss.bed", "--regions", tmp_path / "regions.bed",
        "--blacklist", tmp_path / "blacklist.bed", "--chromosomes", ".*", "--tracks", "true",
        resume=False,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert not list(tmp_path.rglob(".hit*"))
    regions = (done.results / "calls/K/K.cnn.regions.tsv").read_text()
    calls = (done.results / "calls/K/K.cnn.bed").read_text()
    assert "PREDICT_GENOME" in done.executed
    for name in SIZES:
        assert f"{name}\t5000" in regions
    assert {line.split("\t")[0] for line in calls.splitlines()} <= SIZES.keys()
