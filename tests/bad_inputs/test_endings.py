"""The end of a run: the last lines on the terminal are those that help.

A pipeline of one process, with the settings, profiles and closing words of the real one. Engines
are stand-ins that say what the real ones say.
"""

import email
import email.policy
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Programs that a machine may lack.
ENGINES = {"docker", "podman", "singularity", "apptainer", "ch-run", "ch-image", "sendmail", "mail"}
PIPELINE = """
include { whenOver } from './functions/ending'

process CHECK {
    tag "a.1"
    label 'process_single'

    output:
    path 'made.txt'

    script:
    "'work.sh'"

    stub:
    "touch made.txt"
}

process OTHER {
    output:
    path 'other.txt'

    script:
    "sleep 2; touch other.txt"

    stub:
    "touch other.txt"
}

workflow {
    main:
    CHECK()
    OTHER()
    def mail = params.subMap('email', 'email_on_fail')
    workflow.onComplete = { whenOver(workflow, params.outdir, mail, []) }
}
"""


@dataclass(frozen=True)
class Ending:
    """A finished run: exit code, and what a user sees of it, without empty lines."""

    exit_code: int
    lines: list[str]


@pytest.fixture
def run(tmp_path):
    """Run a script as the task of CHECK; engines are scripts of the same kind, or absent."""
    code, programs, launch = (tmp_path / name for name in ("code", "programs", "launch"))
    for folder in (code / "bin", programs, launch):
        folder.mkdir(parents=True)
    for name in ("conf", "functions"):
        shutil.copytree(ROOT / name, code / name)
    shutil.copy(ROOT / "nextflow.config", code)
    (code / "main.nf").write_text(PIPELINE)
    for folder in ("/bin", "/usr/bin", "/usr/local/bin", Path(shutil.which("java")).parent):
        for program in Path(folder).iterdir():
            if program.name not in ENGINES and not (programs / program.name).exists():
                (programs / program.name).symlink_to(program)

    def ended(
        script: str, *arguments: str, without: str = "", parser: str = "v1",
        ansi: str = "false", **engines: str,
    ) -> Ending:  # fmt: skip
        for path, text in [(code / "bin/work.sh", script)] + [
            (programs / name.replace("_", "-"), text) for name, text in engines.items()
        ]:
            path.write_text(f"#!/bin/bash\n{text}\n")
            path.chmod(0o755)
        if without:
            (programs / without).unlink()
        done = subprocess.run(
            [ROOT / "tools/nextflow", "run", code, "-ansi-log", ansi, *arguments],
            env=os.environ | {"PATH": str(programs), "NXF_SYNTAX_PARSER": parser},
            cwd=launch, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600,
        )  # fmt: skip
        return Ending(done.returncode, [line for line in done.stdout.splitlines() if line.strip()])

    return ended


@pytest.mark.parametrize("parser", ["v1", "v2"])
def test_a_failed_run_ends_with_the_sentences_of_its_task(run, parser):
    script = """
    for n in $(seq 100); do echo "12:00:00 progress $n" >&2; done
    echo "ERROR: 60 problems were found:" >&2
    for n in $(seq 60); do echo "  - sheet.csv, row $n: wrong." >&2; done
    echo "12:00:01 more progress" >&2
    exit 1"""
    done = run(script, parser=parser)
    assert done.exit_code == 1
    assert done.lines[-42:] == [
        "CHECK (a.1) failed:",
        "  ERROR: 60 problems were found:",
        *(f"    - sheet.csv, row {n}: wrong." for n in range(1, 40)),
        "    - and 21 more lines: see .command.err in the folder of the task.",
    ]


def test_it_stays_the_last_where_others_still_run_and_in_a_terminal(run, tmp_path):
    script = "echo 'ERROR: a.bam is damaged.' >&2; exit 1"
    assert run(script).lines[-1] == "  ERROR: a.bam is damaged."
    assert run(script, ansi="true").lines[-1] == "  ERROR: a.bam is damaged."


def test_a_traceback_ends_with_its_error_and_where_to_report_it(run):
    python = Path(ROOT / ".venv/bin/python").resolve()
    done = run(f"{python} -c 'int(\"x\")'")
    assert "ValueError: invalid literal for int() with base 10: 'x'" in done.lines[-2]
    assert "docs/troubleshooting.md" in done.lines[-1]


BUILD = ("make images", "--container_registry")
SETUP = ("make setup in /pipeline", "-profile docker")
AGAIN = ("lacks a program or a package", "make images")
# What programs say, by engine, with the exit status; and what the advice has to name.
SAID = {
    "docker": [
        (125, "Unable to find image 'x' locally: pull access denied for deepregfinder-nf", BUILD),
        (125, "Unable to find image 'x' locally: dial tcp: lookup a.example: no such host", BUILD),
        (125, "docker: Error response from daemon: manifest unknown", BUILD),
        (125, "Cannot connect to the Docker daemon at unix:///x. Is it running?", ("No docker",)),
        (1, "failed to connect to the docker API at unix:///var/run/docker.sock;", ("No docker",)),
        (126, "permission denied while trying to connect to the Docker daemon", ("No docker",)),
        (127, ".command.run: line 160: docker: command not found", ("docker of -prof", "setup")),
        (127, "bash: bedtools: command not found", AGAIN),
        (1, "OSError: [Errno 122] Disk quota exceeded", ("A disk is full",)),
    ],
    "podman": [
        (125, 'Error: short-name "x" did not resolve to an alias and no unqualified-', BUILD),
        (125, "Error: initializing source docker://x: reading manifest y: denied", BUILD),
        (125, "Cannot connect to Podman. Please verify your connection", ("No podman engine",)),
        (127, "sh: 1: podman: not found", ("podman of -profile podman is not installed",)),
    ],
    "apptainer": [
        (255, "FATAL:   could not open image /images/x.sif: failed to retrieve path", BUILD),
        (1, "ModuleNotFoundError: No module named 'click'", AGAIN),
    ],
    "singularity": [
        (1, "Caused by:\n  Failed to pull singularity image\n  status : 255\n  denied", BUILD),
        (
            1,
            "Failed to pull singularity image\n singularity: command not found",
            ("not installed",),
        ),
    ],
    "charliecloud": [
        (1, "ch-run[7]: error: can't stat: /images/x: No such file or directory", BUILD),
        (127, "line 3: ch-run: command not found", ("ch-run of -profile charliecloud",)),
    ],
    None: [
        (1, "ModuleNotFoundError: No module named 'click'", SETUP),
        (1, "ImportError: cannot import name 'override' from 'typing'", SETUP),
        (1, "SyntaxError: invalid syntax", SETUP),
        (127, "/usr/bin/env: 'python3': No such file or directory", SETUP),
        (127, "line 7: bedtools: command not found", SETUP),
        (
            None,
            "Caused by:\n  Failed to create Conda environment\n  bash: conda: command not found",
            ("-profile conda and mamba need", "conda-forge, bioconda and PyPI"),
        ),
        (1, "cp: error writing 'a.bed': No space left on device", ("A disk is full",)),
        (1, "Traceback (most recent call last):\n  File ...\nKeyError: 3", ("please report it",)),
    ],
}


def test_programs_that_the_machine_lacks_are_named(tmp_path):
    cases = [(engine, *case) for engine, of_engine in SAID.items() for case in of_engine]
    given = [{"exit": code, "engine": engine, "said": said} for engine, code, said, _ in cases]
    (tmp_path / "cases.json").write_text(json.dumps(given))
    done = subprocess.run(
        [
            *(ROOT / "tools/nextflow", "-q", "run", ROOT / "tests/bad_inputs/advice.nf"),
            *("--cases", tmp_path / "cases.json", "--answers", tmp_path / "answers.json"),
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    answers = json.loads((tmp_path / "answers.json").read_text())
    for (engine, _, said, parts), answer in zip(cases, answers, strict=True):
        for part in parts:
            assert part in (answer or ""), (engine, said, answer)


def test_a_message_of_the_task_itself_gets_no_advice(run):
    """Words of the list above may stand in it."""
    done = run("echo 'ERROR: a.bed: No module named x, No such image.' >&2; exit 1")
    assert done.lines[-1] == "  ERROR: a.bed: No module named x, No such image."


MAIL = "cat > '{folder}/mail'"
TO = ("--email", "me@lab.example", "--email_on_fail", "you@lab.example")


def sent(folder: Path) -> tuple[str, str]:
    """Headers and plain text of the mail that came last."""
    mail = email.message_from_string((folder / "mail").read_text(), policy=email.policy.default)
    [text] = [part for part in mail.walk() if not part.is_multipart()]
    assert text.get_content_type() == "text/plain"
    return str(mail["To"]), f"{mail['Subject']}\n{text.get_content()}"


@pytest.mark.parametrize("parser", ["v1", "v2"])
def test_a_mail_says_what_a_finished_run_has_left(run, tmp_path, parser):
    (tmp_path / "launch/results").mkdir()
    (tmp_path / "launch/results/report.html").touch()
    done = run("touch made.txt", *TO, parser=parser, sendmail=MAIL.format(folder=tmp_path))
    assert done.exit_code == 0
    address, text = sent(tmp_path)
    assert address == "me@lab.example"
    assert text.startswith("deepregfinder-nf has finished: ")
    assert "\nDone in " in text
    assert f"\nReport: {tmp_path}/launch/results/report.html\n" in text
    assert "WARN" not in text
    stubs = run("true", "-stub", *TO, parser=parser, sendmail=MAIL.format(folder=tmp_path))
    assert stubs.exit_code == 0
    assert "WARN: This was a stub run" in sent(tmp_path)[1]


@pytest.mark.parametrize("parser", ["v1", "v2"])
def test_a_mail_gives_the_reason_of_a_failure_to_both_addresses(run, tmp_path, parser):
    script = "echo 'ERROR: a.bam is damaged.' >&2; exit 1"
    append = f"cat > '{tmp_path}/mail'; grep '^To: ' '{tmp_path}/mail' >> '{tmp_path}/to'"
    done = run(script, *TO, parser=parser, sendmail=append)
    assert done.exit_code == 1
    assert done.lines[-1] == "  ERROR: a.bam is damaged."
    assert (tmp_path / "to").read_text().split() == ["To:", TO[1], "To:", TO[3]]
    text = sent(tmp_path)[1]
    assert text.startswith("deepregfinder-nf has failed: ")
    assert "CHECK (a.1) failed:\n  ERROR: a.bam is damaged.\n" in text
    assert f"\nLog: {tmp_path}/launch/.nextflow.log\n" in text
    assert "Done in" not in text


def test_without_a_failure_email_on_fail_gets_nothing_and_a_preview_sends_none(run, tmp_path):
    well = run("touch made.txt", *TO[2:], sendmail=MAIL.format(folder=tmp_path))
    preview = run("true", "-preview", *TO, sendmail=MAIL.format(folder=tmp_path))
    assert (well.exit_code, preview.exit_code) == (0, 0)
    assert not (tmp_path / "mail").exists()


@pytest.mark.parametrize(
    ("programs", "reason"),
    [
        (
            {"sendmail": "cat > /dev/null; echo no route to host; exit 75"},
            "reported error: no route to host",
        ),
        ({}, "Make sure you have installed `sendmail` or `mail`"),
    ],
)
def test_a_machine_that_cannot_send_mail_does_not_make_a_run_fail(run, programs, reason):
    done = run("touch made.txt", *TO[:2], **programs)
    assert done.exit_code == 0
    assert done.lines[-1].startswith("WARN: No e-mail could be sent to me@lab.example (")
    assert reason in done.lines[-1]


DOCKER = """
echo "Unable to find image 'deepregfinder-nf:0.1.0-cpu' locally" >&2
exit 125"""


@pytest.mark.parametrize(
    ("profile", "engines", "arguments", "parser", "parts"),
    [
        ("docker", {"docker": DOCKER}, (), "v2", BUILD),
        ("docker", {}, (), "v1", ("docker of -profile docker is not installed", "make setup")),
        ("apptainer", {}, (), "v1", ("apptainer of -profile apptainer is not installed",)),
    ],
)
def test_without_an_image_or_an_engine_the_end_says_what_to_do(
    run, profile, engines, arguments, parser, parts
):
    done = run("true", "-profile", profile, *arguments, parser=parser, **engines)
    assert done.exit_code == 1
    for part in parts:
        assert part in done.lines[-1]
    assert not [line for line in done.lines if "undefined parameter" in line]


def test_without_the_environment_the_end_says_make_setup(run):
    done = run("hash -r; /usr/bin/env python3 -c pass", without="python3")
    assert done.exit_code == 1
    assert re.search(r"run make setup in \S+, or choose containers", done.lines[-1])


def test_a_preview_does_not_say_that_results_are_ready(run):
    done = run("touch made.txt", "-preview")
    assert done.exit_code == 0
    assert done.lines[-1].startswith("Preview: no task was started")
    assert not [line for line in done.lines if "Done in" in line or "Open next" in line]


def test_stubs_and_ignored_tasks_are_told(run, tmp_path):
    stubs = run("touch made.txt", "-stub")
    assert stubs.exit_code == 0
    assert stubs.lines[-1].startswith("WARN: This was a stub run")
    (tmp_path / "site.config").write_text("process.errorStrategy = 'ignore'\n")
    ignored = run("exit 1", "-c", str(tmp_path / "site.config"))
    assert ignored.exit_code == 0
    assert ignored.lines[-1].startswith("WARN: 1 tasks failed and were ignored")
    well = run("touch made.txt")
    assert "pipeline_info/" in well.lines[-1]


def test_reports_of_nextflow_that_a_full_disk_cut_short_are_named(run, tmp_path):
    """There is room for the results, and for a part of Nextflow's reports."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk]
    if subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("only root can mount a disk")
    try:
        done = run("touch made.txt", "--outdir", str(disk / "results"))
        named = {line.split()[1] for line in done.lines if " is cut short, probably" in line}
        reports = {path.name: path for path in (disk / "results/pipeline_info").iterdir()}
        cut = {str(path) for path in reports.values() if not ends(path)}
    finally:
        subprocess.run(["umount", disk], check=True)
    assert cut
    assert named == cut
    assert "is cut short" in done.lines[-1]
    whole = run("touch made.txt", "--outdir", str(tmp_path / "results"))
    assert not [line for line in whole.lines if "is cut short" in line]


def ends(path: Path) -> bool:
    last = path.read_text().rstrip("\n").rpartition("\n")[2]
    if path.suffix == ".txt":
        return len(last.split("\t")) == 17
    return path.suffix != ".html" or last == "</html>"
