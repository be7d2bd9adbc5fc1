"""summary.tsv has a row for each sample, model and class, and "." for what is not known."""

from pathlib import Path

from samples.report_samples import Plan, made_up

from deepregfinder.report.summary import SummaryRow, write_summary
from deepregfinder.storage.tables import column_names


def rows(folder: Path, plan: Plan) -> list[dict[str, str]]:
    write_summary(folder / "summary.tsv", made_up(folder, plan))
    header, *lines = (line.split("\t") for line in (folder / "summary.tsv").read_text().split("\n"))
    assert tuple(header) == column_names(SummaryRow)
    assert lines.pop() == [""]
    return [dict(zip(header, line, strict=True)) for line in lines]


def test_figures_of_each_kind_are_in_their_columns(tmp_path: Path) -> None:
    plan = Plan(samples=("B", "A"), models=("rnn", "cnn"), seeds=(1, 2))
    table = rows(tmp_path, plan)
    assert [(row["sample"], row["model"], row["class"]) for row in table] == [
        (sample, model, name)
        for sample in ("A", "B")
        for model in ("cnn", "rnn")
        for name in ("enhancer", "promoter")
    ]
    assert list(table[0].values()) == [
        *("A", "cnn", "enhancer", "100", "0.8", "0.8", "0.8", "0.8", "0.8"),
        *("0.4", "0.4", "0.4", "0.4", "0.25", "0.75", "40", "0.75", "2", "0.8", "0.01"),
    ]


def test_one_network_has_a_mean_and_no_spread(tmp_path: Path) -> None:
    row = rows(tmp_path, Plan())[0]
    assert (row["seeds"], row["average_precision_mean"]) == ("1", "0.8")
    assert row["average_precision_sd"] == "."


def test_a_random_split_has_no_natural_figures(tmp_path: Path) -> None:
    row = rows(tmp_path, Plan(natural=False))[0]
    unknown = {name for name, value in row.items() if value == "."}
    assert unknown >= {name for name in column_names(SummaryRow) if name.startswith("natural_")}
    assert row["calls_average_precision"] == "."
    assert row["average_precision"] == "0.8"


def test_without_labels_there_are_only_calls(tmp_path: Path) -> None:
    row = rows(tmp_path, Plan(labels=False))[0]
    known = {name: value for name, value in row.items() if value != "."}
    assert known == {
        **{"sample": "A", "model": "cnn", "class": "enhancer", "n_calls": "40", "seeds": "1"}
    }


def test_without_prediction_there_is_only_accuracy(tmp_path: Path) -> None:
    row = rows(tmp_path, Plan(predicted=False, natural=False))[0]
    assert (row["n_calls"], row["validation_rate"], row["f1"]) == (".", ".", "0.8")
