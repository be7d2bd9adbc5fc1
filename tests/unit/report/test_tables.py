"""Tables are read by the names of their columns, and what does not fit is told."""

import dataclasses
from pathlib import Path

import pytest
from samples.report_samples import Plan, made_up, write_run

from deepregfinder.counting import store
from deepregfinder.errors import InputError
from deepregfinder.inputs import tables as inputs
from deepregfinder.report.collect import Run, collect
from deepregfinder.report.tables import Drop, InputFile, Library, Validation, read_rows
from deepregfinder.storage.tables import column_names


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


def test_the_order_of_files_does_not_matter(tmp_path: Path) -> None:
    files = write_run(tmp_path, Plan(samples=("A", "B"), models=("cnn", "rnn")))
    lists = ("dropped", "regions", "evaluations", "calls", "validation", "seeds")
    turned = {name: list(reversed(getattr(files, name))) for name in lists}

    def results(run: Run) -> object:
        return run.results, run.training_sets

    one = collect(files, "")
    assert results(one) == results(collect(dataclasses.replace(files, **turned), ""))


def test_a_folder_without_metrics_and_a_foreign_name_are_told(tmp_path: Path) -> None:
    files = write_run(tmp_path, Plan())
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty/metrics\.json cannot be read"):
        collect(dataclasses.replace(files, evaluations=[tmp_path / "empty"]), "")
    with pytest.raises(InputError, match=r"the name should end in \.calls\.tsv"):
        collect(dataclasses.replace(files, calls=files.validation), "")
