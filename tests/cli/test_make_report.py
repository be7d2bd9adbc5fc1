"""make_report.py writes the page and the table from files as the pipeline stages them."""

import shutil
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner
from samples.report_samples import Plan, write_run
from samples.small_evaluation import write_world

from evaluate_model import evaluate_model
from make_report import make_report


def words(folder: Path, command: str = "nextflow run main.nf") -> list[str]:
    """The command line, as modules/report/make_report/main.nf writes it."""
    options = {
        "results": folder / "results",
        "versions": folder / "versions.tsv",
        "params": folder / "params.json",
        "command": command,
        "output": folder / "report.html",
        "summary": folder / "summary.tsv",
        "multiqc": folder / "multiqc",
    }
    return [str(word) for name, value in options.items() for word in (f"--{name}", value)]


def test_a_whole_run_gives_the_page_and_the_table(tmp_path: Path) -> None:
    plan = Plan(samples=("A", "B"), n_classes=5, compared=(2, 2), of_others=True)
    write_run(tmp_path, plan)
    done = CliRunner().invoke(
        make_report,
        words(tmp_path, "nextflow run 'a b' --x \"<c>\""),
        catch_exceptions=False,
    )
    assert done.exit_code == 0, done.output
    page = (tmp_path / "report.html").read_text()
    assert "Active and poised enhancers and promoters in A and B" in page
    assert "&lt;c&gt;" in page
    assert page.count("Elements perturbed with CRISPR <span>") == 2
    assert (tmp_path / "summary.tsv").read_text().count("\n") == 9


def test_a_run_without_labels_needs_no_more_files(tmp_path: Path) -> None:
    write_run(tmp_path, Plan(labels=False))
    done = CliRunner().invoke(make_report, words(tmp_path), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "No evaluation in this run" in (tmp_path / "report.html").read_text()


def test_evaluations_of_the_pipeline_are_shown(tmp_path: Path) -> None:
    """metrics.json and the plots as evaluate_model.py writes them today."""
    world = write_world(tmp_path, n_members=2)
    (tmp_path / "bed").write_text("chr3\t5000\t7000\tenhancer\t912\t.\t5900\t6100\t230,159,0\n")
    run = tmp_path / "run"
    run.mkdir()
    write_run(run, Plan(samples=("K562",)))
    folder = run / "results/K562.cnn.evaluation"
    shutil.rmtree(folder)
    options = {
        **{
            "sample": "K562",
            "model": "cnn",
            "bundle": world["bundle"],
            "tensors": world["tensors"],
        },
        **{"calls": tmp_path / "bed", "bootstrap": "20", "seed": "1"},
        **{"output": folder, "model_card": tmp_path / "card.md"},
    }
    line = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    for name in ("probabilities", "more_probabilities"):
        line += ["--probabilities", str(world[name])]
    evaluate_model.main(line, standalone_mode=False)

    done = CliRunner().invoke(make_report, words(run), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    page = (run / "report.html").read_text()
    assert page.count("<polyline") >= 2 + 2 + 3 + 2 + 2
    assert page.count("data:image/png") == 2
    assert "Spread over 2 members" in page


def test_what_is_wrong_with_a_file_is_one_sentence(tmp_path: Path, repository: Path) -> None:
    write_run(tmp_path, Plan())
    parameters = tmp_path / "params.json"
    parameters.write_text("{")
    done = subprocess.run(
        [sys.executable, repository / "bin/make_report.py", *words(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == f"ERROR: {parameters} is not a JSON file."
    assert not (tmp_path / "report.html").exists()
