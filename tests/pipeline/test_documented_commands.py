"""`nextflow run` as the documents have it, on files of the names that they use.

The files are empty: what a run reads before its first task are its parameters and its sheets. Such
commands get as far as that first task, here all in one Nextflow (`make test`), and then block by
block as a user would paste them, from the first task to the last, with -stub, which leaves the
files of every task empty (`make test-ways`). Commands for containers, clusters and the cloud, and
those that say `...`, are only read: tests/unit/test_documented_commands.py.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from documents import blocks, commands, parameters

pytestmark = pytest.mark.pipeline

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MARKS = ("H3K27ac", "H3K4me1", "H3K4me3", "DNase")
SAMPLES = ("K562", "GM12878")
SHEETS = {
    "input": [
        "sample,mark,replicate,bam,control",
        *(
            f"{sample},{mark},1,{sample}.{mark}.bam,input.bam"
            for sample in SAMPLES
            for mark in MARKS
        ),
    ],
    "labels": [
        "sample,dhs,enhancers,promoter_marks,nascent",
        *(f"{sample},peaks.bed,peaks.bed,peaks.bed,nascent.bam" for sample in SAMPLES),
    ],
}
BUNDLE = {
    **{"format": "deepregfinder-bundle", "sample": "K562", "model": "cnn"},
    **{"classes": ["background", "enhancer", "promoter"], "marks": MARKS[:3]},
    **{"bin_size": 100, "window_bins": 20, "normalisation": {"control": "ignore"}},
}


def runs_here(block: str) -> list[list[str]]:
    """The runs of a block that need nothing but this machine."""
    runs = [command for command in commands(block) if command[:2] == ["nextflow", "run"]]
    away = any(command[0] not in ("nextflow", "cat") for command in commands(block))
    vague = any("..." in command or "-profile" in command for command in runs)
    return [] if away or vague else runs


BLOCKS = {
    f"{path.stem}-{number}": block
    for path in DOCUMENTS
    for number, block in enumerate(blocks(path.read_text(), "bash"))
    if runs_here(block)
}


@pytest.fixture(scope="module")
def launch(tmp_path_factory, repository) -> Path:
    """A launch folder with every file that the commands name."""
    folder = tmp_path_factory.mktemp("documented")
    schema = json.loads((repository / "nextflow_schema.json").read_text())
    groups = [group["properties"] for group in schema["$defs"].values()]
    rules = {name: rule for group in groups for name, rule in group.items()}
    bundle = folder / "results/models/K562/cnn/model.json"
    bundle.parent.mkdir(parents=True)
    bundle.write_text(json.dumps(BUNDLE))
    for name, text in shown_files().items():
        (folder / name).write_text(text)
    for block in BLOCKS.values():
        for command in runs_here(block):
            for name, file in parameters(command).items():
                if rules[name].get("format") == "file-path" and not (folder / file).exists():
                    (folder / file).write_text("\n".join([*SHEETS.get(name, []), ""]))
    for row in (*SHEETS["input"], *SHEETS["labels"], *shown_files()["annotations.csv"].split()):
        for cell in row.split(","):
            if cell.endswith((".bam", ".bed", ".gz")):
                (folder / cell).touch()
    return folder


def shown_files() -> dict[str, str]:
    """The files whose content stands in the documents: a here-document, a file of parameters."""
    usage = (ROOT / "docs/usage.md").read_text()
    table = re.search(r"cat > (annotations.csv) <<'END'\n(.*?)END\n", usage, re.S)
    given = re.search(r"```yaml\n# (params.yaml)\n(.*?)```", usage, re.S)
    assert table
    assert given
    return dict([table.groups(), given.groups()])


def test_every_documented_run_here_gets_as_far_as_its_first_task(launch, repository):
    runs = {
        f"{name}.{number}": parameters(command)
        for name, block in BLOCKS.items()
        for number, command in enumerate(runs_here(block))
        if parameters(command)
    }
    assert len(runs) > 10
    (launch / "runs.json").write_text(json.dumps(runs))
    (launch / "plan.nf").write_text(f"""
        include {{ checkedOptions ; readJson }} from '{repository}/functions/parameters'
        include {{ planned }} from '{repository}/functions/plan'

        workflow {{
            def schema = file('{repository}/nextflow_schema.json')
            readJson(file('runs.json')).each {{ name, given ->
                println("planning ${{name}}")
                def options = checkedOptions(given, schema)
                def plan = planned(options, schema, file('{repository}/assets'))
                println("planned ${{name}}: ${{plan.applied.size()}} models")
            }}
        }}
    """)
    done = nextflow(repository, launch, "run", "plan.nf")
    assert done.returncode == 0, done.stdout + done.stderr
    for name in runs:
        assert f"planned {name}: " in done.stdout, name
    assert ": 0 models" not in done.stdout


@pytest.mark.ways
@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_runs_from_the_first_task_to_the_last(launch, repository, tmp_path, name):
    program = tmp_path / "nextflow"
    program.write_text(
        "#!/usr/bin/env bash\n"
        "PATH=$WITHOUT_ME\n"  # tools/nextflow takes the Nextflow that it finds there
        'exec "$CODE/tools/nextflow" "${@/#main.nf/$CODE/main.nf}" -stub\n'
    )
    program.chmod(0o755)
    path = os.environ["PATH"]
    there = {
        "CODE": str(repository),
        "WITHOUT_ME": path,
        "PATH": f"{tmp_path}:{path}",
        "NXF_ANSI_LOG": "false",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", BLOCKS[name]],
        cwd=shutil.copytree(launch, tmp_path / "launch"),
        env=os.environ | there,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Open next:") == len(runs_here(BLOCKS[name]))


def nextflow(repository: Path, launch: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [repository / "tools/nextflow", *words, "-ansi-log", "false"],
        cwd=launch,
        capture_output=True,
        text=True,
    )
