"""What AWS Batch asks of a task, proven without it: a task needs its declared inputs and bin/.

A task of every process is run again in a folder that holds nothing else, as another user, with HOME
unset, without a network and with hardly any shared memory. Nothing of the pipeline's folder, of
other tasks or of the machine can be seen there.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from nextflow_runs import SMALL

STRANGER = 12345
CACHES = ("NUMBA_CACHE_DIR=/task/.cache/numba", "MPLCONFIGDIR=/task/.cache/matplotlib")


@pytest.fixture(scope="module")
def tasks(pipeline, docker_run):
    """The work folder of a task of each process, from a run in which all of them have one."""
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
    done = pipeline.run(
        "all_processes", "-profile", "docker,test", *SMALL, "--classes", "5",
        "--nascent_transform", "log2", "--regions", pipeline.panel / "blacklist.bed",
        "--seeds", "2", "--explain", "true", "--train_on", "A", "--annotations", sheet,
        "--crispr", pairs, "--crispr_sample", "A", "--tracks", "true",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return {
        task["process"]: next((pipeline.launch / "work").glob(f"{task['hash']}*"))
        for task in done.tasks
    }


def processes() -> list[str]:
    """All of them but MULTIQC, whose program the images have only when asked for, and the folds:
    with 5 classes this panel has too few windows for them."""
    modules = (Path(__file__).parents[2] / "modules").glob("*/*/main.nf")
    names = {re.search(r"^process (\w+)", file.read_text(), re.M)[1] for file in modules}
    return sorted(names - {"MULTIQC", "CROSS_VALIDATE", "SUMMARISE_FOLDS"})


def declared_inputs(task: Path) -> dict[Path, Path]:
    """Nextflow puts links to the inputs into the folder of a task: where -> what."""
    links = [path for path in task.rglob("*") if path.is_symlink()]
    return {path.relative_to(task): path.resolve() for path in links}


def outputs(folder: Path) -> dict[str, bytes]:
    """Everything else in the folder of a task; HTML carries dates."""
    return {
        str(path.relative_to(folder)): b"" if path.suffix == ".html" else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and not path.is_symlink()
        and not path.relative_to(folder).parts[0].startswith(".")
    }


@pytest.mark.parametrize("process", processes())
def test_a_task_needs_nothing_but_its_inputs(pipeline, tasks, images, tmp_path, process):
    task, alone = tasks[process], tmp_path / "task"
    alone.mkdir()
    inputs = declared_inputs(task)
    for where, what in inputs.items():
        (alone / where).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if what.is_dir() else shutil.copy2)(what, alone / where)
    shutil.copy2(task / ".command.sh", alone)
    shutil.copytree(
        pipeline.code / "bin", tmp_path / "bin", ignore=shutil.ignore_patterns("__pycache__")
    )
    for path in [alone, *alone.rglob("*")]:
        shutil.chown(path, STRANGER, STRANGER)
    run = [
        "docker", "run", "--rm", "--network", "none", "--shm-size", "1m",
        "-u", f"{STRANGER}:{STRANGER}",
        "-v", f"{alone}:/task", "-w", "/task", "-v", f"{tmp_path}/bin:/scripts:ro", images.cpu,
        "env", "-u", "HOME", "PATH=/scripts:/opt/deepregfinder/bin:/usr/bin:/bin", *CACHES,
        "bash", "-euo", "pipefail", ".command.sh",
    ]  # fmt: skip
    done = subprocess.run(run, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    made = {
        name: content
        for name, content in outputs(alone).items()
        if not any(Path(name).is_relative_to(where) for where in inputs)
    }
    assert made == outputs(task)
    assert not [path for path in alone.rglob("*") if path.is_symlink()], "S3 has no links"
    assert made
