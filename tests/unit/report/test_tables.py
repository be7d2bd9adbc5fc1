"""Tables are read by the names of their columns, and what does not fit is told."""

import dataclasses
import re
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import jinja2
import pytest
from samples.report_samples import Plan, collected, made_up, write_run

from deepregfinder.counting import store
from deepregfinder.errors import InputError
from deepregfinder.inputs import tables as inputs
from deepregfinder.report.files import OTHERS, TABLES
from deepregfinder.report.tables import Drop, InputFile, Library, Validation, read_rows
from deepregfinder.storage.tables import column_names


@dataclass(frozen=True)
class Moon:
    """A row of a new table of the report."""

    name: str
    hours: float | None


def test_rows_are_found_by_the_names_of_columns_and_dots_are_unknown(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    path.write_text("marker\tmore\trate\tclass\tvalidated\tcalls\nDHS\tx\t.\tenhancer\t.\t12\n")
    assert read_rows(path, Validation) == (Validation("enhancer", 12, None, None, "DHS"),)


def test_a_table_with_only_a_header_has_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    path.write_text("element\trule\tdropped\tleft\n")
    assert read_rows(path, Drop) == ()


def test_columns_that_lack_are_named(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    path.write_text("element\tdropped\n")
    with pytest.raises(InputError, match=r"table\.tsv: there is no column rule, left"):
        read_rows(path, Drop)


@pytest.mark.parametrize(
    "row", ["enhancer\tclose\tmany\t3", "enhancer\tclose", "enhancer\tx\t.\t1"]
)
def test_a_row_that_does_not_fit_is_named_with_its_line(tmp_path: Path, row: str) -> None:
    path = tmp_path / "table.tsv"
    path.write_text(f"element\trule\tdropped\tleft\npromoter\tgiven\t0\t5\n{row}\n")
    with pytest.raises(InputError, match=r"table\.tsv, line 3"):
        read_rows(path, Drop)


def test_the_tables_of_the_pipeline_have_the_columns_that_are_read() -> None:
    for kind, written in ((InputFile, inputs.InputFile), (Library, store.RecordCounts)):
        assert set(column_names(kind)) <= set(column_names(written))


def test_every_reason_to_leave_out_a_record_is_a_fate() -> None:
    excluded = {name for name in column_names(store.RecordCounts) if name.startswith("excluded_")}
    assert set(Library.FATES.values()) == {"usable", "second_mates"} | excluded


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
    assert set(run.tables["Library"]) - set(one.tables["Library"]) == {"across.H3.3.calls.1"}
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
