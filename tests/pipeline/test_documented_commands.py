"""`nextflow run` as the documents have it, as far as the first task.

What a run reads before its first task are its parameters and its sheets: all runs that need nothing
but this machine are planned here in one Nextflow. `make test-documents` runs them to their end.
"""

import json
import subprocess

import pytest
from samples.documented_commands import launch_folder, parts_of
from samples.documents import parameters

pytestmark = pytest.mark.pipeline


def test_every_documented_run_here_gets_as_far_as_its_first_task(tmp_path, repository):
    launch = launch_folder(tmp_path)
    runs = {
        f"{part}.{number}": parameters(command)
        for part in parts_of("here")
        for number, command in enumerate(part.runs)
        if parameters(command)
    }
    assert len(runs) > 10
    (launch / "runs.json").write_text(json.dumps(runs))
    (launch / "plan.nf").write_text(f"""
        include {{ readJson }} from '{repository}/functions/parameters'
        include {{ withGenome }} from '{repository}/functions/genomes'
        include {{ planned }} from '{repository}/functions/plan'

        workflow {{
            def schema = file('{repository}/nextflow_schema.json')
            readJson(file('runs.json')).each {{ name, given ->
                println("planning ${{name}}")
                def plan = planned(withGenome(given), schema, file('{repository}/assets'))
                println("planned ${{name}}: ${{plan.applied.size()}} models")
            }}
        }}
    """)
    done = subprocess.run(
        [repository / "tools/nextflow", "run", "plan.nf", "-ansi-log", "false"],
        cwd=launch, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    for name in runs:
        assert f"planned {name}: " in done.stdout, name
    assert ": 0 models" not in done.stdout
