"""Names that SAM allows and a shell acts on, and more names than an argument can hold.

The names are those of public assemblies (NCBI, PanSN) and commands that leave a file.
"""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from machines.nextflow_runs import Pipeline
from samples.small_bams import write_bam
from samples.small_models import MARKS, random_bundle

from deepregfinder.genome.splits import SplitPlan
from deepregfinder.models.bundle import write_bundle

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
# Names of files that a shell would run.
LISTS = {name: f"$(touch .hit6) {name};touch .hit7.bed" for name in ("tss", "regions", "blacklist")}


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
    for name, path in LISTS.items():
        at = 29_000 if name == "blacklist" else 5_000
        text = "".join(f"{chrom}\t{at}\t{at + 1}\t{chrom}\t0\t+\n" for chrom in SIZES)
        (folder / path).write_text(text)
    plan = SplitPlan.parse("chromosome", FIRST, "GRCh38#0#chr2", "z&touch$IFS.hit3&")
    write_bundle(
        folder / "model", replace(random_bundle(), sample="K", chrom_sizes=SIZES, split=plan)
    )


@pytest.mark.pipeline
def test_a_run_treats_names_as_text(pipeline: Pipeline, tmp_path: Path) -> None:
    write_inputs(tmp_path)
    apart = replace(pipeline, launch=tmp_path)
    done = apart.run(
        "out", "--input", tmp_path / "sheet.csv", "--pretrained", tmp_path / "model",
        *(word for name, path in LISTS.items() for word in (f"--{name}", tmp_path / path)),
        "--chromosomes", ".*", "--tracks", "true",
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


FUNCTIONS = """
include { annotated ; quoted ; repeated } from '@SCRIPTS@'
process SHOW {
    input:
    path one
    path lists, stageAs: 'lists/?/*'
    path chains, stageAs: 'chains/?/*'
    output: path 'said.txt'
    script:
    \"\"\"
    for word in ${repeated('--one', one)} ${repeated('--list', lists)} ${quoted(one)} \\
        ${annotated(lists, [["a'b", 1], ['c', -1]], chains)}; do
        printf '%s\\n' "\\$word"
    done > said.txt
    \"\"\"
}
workflow {
    def files = file('names.txt').readLines().collect { name -> file(name, glob: false) }
    SHOW(files[0], files[1..2], files[3..4])
    SHOW.out.subscribe { path -> path.copyTo("${launchDir}/found.txt") }
}
"""


@pytest.mark.parametrize("parser", ["v1", "v2"])
def test_functions_give_names_of_files_to_a_shell_as_text(repository, tmp_path, parser):
    names = ["$(touch .hit1) a;touch .hit2.bed", "it's a & `touch .hit3`.bed", "plain.bed"]
    names += ["c.chain", 'd "e" *.chain']
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / "names.txt").write_text("\n".join(names))
    text = FUNCTIONS.replace("@SCRIPTS@", str(repository / "functions/scripts"))
    (tmp_path / "main.nf").write_text(text)
    done = subprocess.run(
        [repository / "tools/nextflow", "-q", "run", "main.nf"],
        cwd=tmp_path, capture_output=True, text=True, timeout=200,
        env=os.environ | {"NXF_SYNTAX_PARSER": parser},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    one, lists = names[0], [f"lists/1/{names[1]}", f"lists/2/{names[2]}"]
    assert (tmp_path / "found.txt").read_text().splitlines() == [
        *("--one", one, "--list", lists[0], "--list", lists[1], one),
        *("--annotation", lists[0], "a'b", f"chains/2/{names[4]}"),
        *("--annotation", lists[1], "c", ""),
    ]
    assert not list(tmp_path.rglob(".hit*"))


MODULE = """
include { PREDICT_GENOME } from '@MODULE@'
workflow {
    def names = file('names.txt').readLines()
    def meta = [sample: 'K', model: 'cnn']
    def jobs = channel.of([meta, file('model'), file('signal.zip'), '1', names])
    PREDICT_GENOME(jobs, [step: 200], 'cpu', 'digest')
    PREDICT_GENOME.out.probabilities.subscribe { _sample, path -> path.copyTo('found.txt') }
}
"""


def test_forty_thousand_scaffolds_fit_in_a_command(repository: Path, tmp_path: Path) -> None:
    """A stand-in for the script copies the names that it is given."""
    names = [*SIZES, *(f"scaffold_{i:08}" for i in range(40_000))]
    (tmp_path / "names.txt").write_text("\n".join(names) + "\n")
    (tmp_path / "model").mkdir()
    (tmp_path / "signal.zip").touch()
    module = str(repository / "modules/prediction/predict_genome")
    (tmp_path / "main.nf").write_text(MODULE.replace("@MODULE@", module))
    (tmp_path / "bin").mkdir()
    loop = "while [ $# -gt 2 ]; do [ $1 = --chroms ] && from=$2; shift; done"
    copy = f"#!/bin/sh\n{loop}\ncp $from $2\n"
    for name, code in {"predict_genome.py": copy, "versions.py": "#!/bin/sh\n"}.items():
        (tmp_path / "bin" / name).write_text(code)
        (tmp_path / "bin" / name).chmod(0o755)
    done = subprocess.run(
        [repository / "tools/nextflow", "-q", "run", "main.nf"],
        cwd=tmp_path, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "found.txt").read_text().splitlines() == names
    assert not list(tmp_path.rglob(".hit*"))
