"""The folder of results: which files the report shows, and what it makes of them."""

import dataclasses
import re
import subprocess
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import jinja2
import pytest
from samples.report_samples import Plan, collected, made_up, write_run

from deepregfinder.counting.store import RecordCounts
from deepregfinder.errors import InputError
from deepregfinder.report.files import OTHERS, TABLES
from deepregfinder.storage.tables import column_names


@dataclass(frozen=True)
class Moon:
    """A row of a new table of the report."""

    name: str
    hours: float | None


def test_every_reason_to_leave_out_a_record_is_a_fate() -> None:
    excluded = {name for name in column_names(RecordCounts) if name.startswith("excluded_")}
    counted = {"library_size", "elsewhere", "second_mates"}
    assert set(RecordCounts.FATES.values()) == counted | excluded


def test_results_are_put_together_by_sample_and_model(tmp_path: Path) -> None:
    run = made_up(tmp_path, Plan(samples=("B", "A"), models=("cnn_from_B", "rnn")))
    assert [(one.sample, one.model) for one in run.results] == [
        *(("A", "cnn_from_B"), ("A", "rnn")),
        *(("B", "cnn_from_B"), ("B", "rnn")),
    ]
    for result in run.results:
        assert result.metrics
        assert (result.metrics["sample"], result.metrics["model"]) == (result.sample, result.model)
        assert len(result.calls) == 4
        assert [row.class_ for row in result.validation] == ["enhancer", "promoter"]
    assert [one.sample for one in run.training_sets] == ["A", "B"]


def test_the_order_of_files_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = made_up(tmp_path, Plan(samples=("A", "B"), models=("cnn", "rnn"), compared=(2, 2)))
    paths = sorted((tmp_path / "results").iterdir())
    monkeypatch.setattr(Path, "iterdir", lambda _folder: reversed(paths))
    assert collected(tmp_path, one.command) == one


def test_a_table_needs_a_name_and_a_class_for_a_template_to_show_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TABLES, "*.moons.tsv", Moon)
    write_run(tmp_path, Plan())
    (tmp_path / "results/A.cnn.moons.tsv").write_text("name\thours\nIo\t42.5\nMetis\t.\n")
    run = collected(tmp_path)
    assert run.tables["Moon"] == {"A.cnn": (Moon("Io", 42.5), Moon("Metis", None))}
    template = (
        "{% for key, rows in run.tables.Moon.items() %}{{ key }} {{ rows[0].name }}{% endfor %}"
    )
    assert jinja2.Template(template).render(run=run) == "A.cnn Io"


def test_samples_and_marks_may_be_called_as_files_are(tmp_path: Path) -> None:
    """A file is known by how its name ends. Of all names only those of marks hold dots."""
    plan = Plan(samples=("across", "libraries", "comparison_pr"), models=("cnn", "cnn_from_across"))
    one = made_up(tmp_path, plan)
    (tmp_path / "results/cnn.across.png").write_bytes(b"between")
    table = tmp_path / "results/across.H3K27ac.1.counts.tsv"
    table.rename(tmp_path / "results/across.H3.3.calls.1.counts.tsv")
    run = collected(tmp_path, plan.command)
    assert run.across == {"cnn": b"between"}
    assert set(run.tables["RecordCounts"]) - set(one.tables["RecordCounts"]) == {
        "across.H3.3.calls.1"
    }
    same = {"across": {}, "tables": {}}
    assert dataclasses.replace(run, **same) == dataclasses.replace(one, **same)
    assert set(run.model_plots) == set(plan.samples)
    assert {name for plots in run.model_plots.values() for name in plots} == {
        *("comparison_pr", "comparison_bars", "comparison_confusion")
    }


def test_a_folder_without_metrics_and_a_foreign_name_are_errors(tmp_path: Path) -> None:
    write_run(tmp_path, Plan())
    (tmp_path / "results/A.rnn.evaluation").mkdir()
    with pytest.raises(InputError, match=r"A\.rnn\.evaluation/metrics\.json cannot be read"):
        collected(tmp_path)
    (tmp_path / "results/A.rnn.evaluation").rename(tmp_path / "results/A.rnn.calling")
    with pytest.raises(InputError, match=r"A\.rnn\.calling: the report shows no file of this name"):
        collected(tmp_path)


def test_the_report_loads_neither_torch_nor_numba(repository: Path) -> None:
    """Its rows are classes of the steps, of which some are slow to load."""
    code = (
        "import sys\n"
        "from deepregfinder.report import collect, multiqc, page, summary\n"
        "loaded = {'torch', 'numba', 'captum', 'scipy.stats'} & set(sys.modules)\n"
        "sys.exit(str(loaded) if loaded else 0)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=repository / "bin", check=True)


def test_the_report_shows_every_file_that_a_process_declares_for_it(repository: Path) -> None:
    declared = [
        re.sub(r"[$][{][^}]*[}]", "x", name)
        for module in (repository / "modules").glob("*/*/main.nf")
        for line in module.read_text().splitlines()
        if line.endswith("topic: report")
        for name in re.findall(r"""path[ (]["']([^"']+)""", line)
    ]
    shown = (*TABLES, *OTHERS)
    lacking = [name for name in declared if not any(fnmatch(name, pattern) for pattern in shown)]
    assert lacking == []
    assert [pattern for pattern in shown if not any(fnmatch(n, pattern) for n in declared)] == []
