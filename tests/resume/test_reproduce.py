"""A finished result is made again from its own records, and a file that differs is named."""

import hashlib
import subprocess
from pathlib import Path


def reproduce(code: Path, results: Path) -> subprocess.CompletedProcess[str]:
    command = [str(code / "tools/reproduce"), str(results)]
    return subprocess.run(command, capture_output=True, text=True, timeout=900)


def test_a_result_is_reproduced_byte_for_byte_and_a_difference_is_named(pipeline, first_run):
    sums = first_run.results / "pipeline_info/checksums.sha256"
    lines = [line.split("  ./", 1) for line in sums.read_text().splitlines()]
    expected = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in first_run.data_files().items()
    }
    assert {name: digest for digest, name in lines} == expected

    history = (pipeline.launch / ".nextflow/history").read_bytes()
    again = reproduce(pipeline.code, first_run.results)
    assert again.returncode == 0, again.stdout + again.stderr
    assert f"all {len(lines)} data files are the same, byte for byte" in again.stdout
    assert (pipeline.launch / ".nextflow/history").read_bytes() == history

    digest, name = lines[0]
    before = sums.read_text()
    sums.write_text(before.replace(digest, "0" * 64))
    try:
        differs = reproduce(pipeline.code, first_run.results)
    finally:
        sums.write_text(before)
    assert differs.returncode == 1
    assert f"./{name}: FAILED" in differs.stdout
    assert "the results differ" in differs.stderr


def test_what_is_no_finished_result_is_refused(pipeline, tmp_path):
    refused = reproduce(pipeline.code, tmp_path)
    assert refused.returncode == 1
    assert f"there is no {tmp_path}/pipeline_info/params.json" in refused.stderr
    assert not Path(f"{tmp_path}.again").exists()
