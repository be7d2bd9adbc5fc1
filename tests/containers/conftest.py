"""The images, and a pipeline that every user of the machine can start.

All runs that share a launch folder follow one another with -resume: the local one first, then those
in containers. After the local run the Python environment is taken away, so that whatever runs then
runs in an image.
"""

import dataclasses
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from machines.engines import Images, built_images
from machines.nextflow_runs import SMALL, Pipeline, Run, copied_pipeline


@pytest.fixture(scope="session")
def images() -> Images:
    return built_images()


@pytest.fixture(scope="session")
def pipeline(repository: Path) -> Iterator[Pipeline]:
    """With the panel where -profile test looks for it and with jars that everyone may read."""
    folder = Path(tempfile.mkdtemp(prefix="deepregfinder-"))
    folder.chmod(0o755)
    made = copied_pipeline(repository, folder)
    panel = made.code / "demo/panel"
    panel.parent.mkdir()
    made.panel.rename(panel)
    jars = made.code / ".tools/nextflow"
    if jars.is_dir():
        kept = jars.resolve()
        (made.code / ".tools").unlink()
        shutil.copytree(kept, jars)
    yield dataclasses.replace(made, panel=panel)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def local_run(pipeline: Pipeline) -> Run:
    done = pipeline.run("local", "-profile", "test", *SMALL, resume=False)
    assert done.exit_code == 0, done.output
    (pipeline.code / ".venv").unlink()
    return done


@pytest.fixture(scope="session")
def sealed(pipeline: Pipeline) -> Path:
    """A site configuration: tasks in Docker have no network, and only their folder is writable."""
    config = pipeline.launch / "sealed.config"
    options = "-u $(id -u):$(id -g) --network none --read-only --tmpfs /tmp"
    config.write_text(f"docker.runOptions = '{options}'\n")
    return config


@pytest.fixture(scope="session")
def docker_run(pipeline: Pipeline, images: Images, local_run: Run, sealed: Path) -> Run:
    """As the current user, from the launch folder of the local run."""
    done = pipeline.run("docker", "-c", sealed, "-profile", "docker,test", *SMALL)
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture(scope="session")
def tasks(pipeline: Pipeline, docker_run: Run) -> dict[str, Path]:
    """The work folder of a task of each process, from a run of most and one without labels."""
    states, sheet, pairs = (
        pipeline.panel / name for name in ("states.bed", "annotations.csv", "pairs.tsv")
    )
    sites = [line.split("\t")[:3] for line in (pipeline.panel / "tss.bed").open()]
    places = [(chrom, max(0, int(start) - 500), int(start) + 500) for chrom, start, _ in sites]
    states.write_text("".join(f"{c}\t{s}\t{e}\tTss\n" for c, s, e in places))
    sheet.write_text(f"name,sample,bed,mapping,chain\nstates,,{states},Tss=active_promoter,\n")
    pairs.write_text(
        "chrom\tchromStart\tchromEnd\tRegulated\n"
        + "".join(f"{c}\t{s}\t{e}\tTRUE\n" for c, s, e in places)
    )
    labels, rules = pipeline.panel / "called.csv", pipeline.panel / "rules.csv"
    header, *rows = (pipeline.panel / "labels.csv").read_text().splitlines()
    at = header.split(",").index("promoter_marks")  # called from reads where it is empty
    cells = [row.split(",") for row in rows]
    lines = [",".join([*row[:at], "", *row[at + 1 :]]) for row in cells]
    labels.write_text("\n".join([header, *lines]) + "\n")
    text = (pipeline.panel / "samplesheet.csv").read_text()
    rules.write_text(text.replace("H3K4me1,", "ATAC,"))  # what it says does not matter here
    tss = pipeline.code / "assets/genomes/small/tss.bed"  # as if --genome had brought it
    tss.parent.mkdir()
    shutil.copy2(pipeline.panel / "tss.bed", tss)
    done = pipeline.run(
        "all_processes", "-profile", "docker,test", *SMALL, "--classes", "5", "--tss", tss,
        "--regions", pipeline.panel / "blacklist.bed", "--seeds", "2", "--explain", "true",
        "--train_on", "A", "--annotations", sheet, "--crispr", pairs, "--crispr_sample", "A",
        "--tracks", "true", "--labels", labels,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    alone = pipeline.run(
        "rules", "-profile", "docker", *SMALL, "--input", rules, "--models", "ccre",
        "--predict_on", "A", "--gtf", write_gtf(pipeline.panel / "genes.gtf", tss),
    )  # fmt: skip
    assert alone.exit_code == 0, alone.output
    return {
        task["process"]: next((pipeline.launch / "work").glob(f"{task['hash']}*"))
        for task in (*alone.tasks, *done.tasks)
    }


def write_gtf(path: Path, tss: Path) -> Path:
    """A gene annotation with a transcript of one base at each TSS."""
    lines = []
    for number, line in enumerate(tss.open()):
        chrom, start, *_ = line.split("\t")
        names = f'gene_id "g{number}"; transcript_id "t{number}"; transcript_type "protein_coding";'
        base = int(start) + 1
        lines.append(f"{chrom}\tx\ttranscript\t{base}\t{base}\t.\t+\t.\t{names}\n")
    path.write_text("".join(lines))
    return path
