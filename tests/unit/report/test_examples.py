"""Examples are the places that they should be, with the signal that lies there."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepregfinder.classes import class_names
from deepregfinder.errors import InputError
from deepregfinder.labels.candidates import COLUMNS
from deepregfinder.prediction.calling import Calls
from deepregfinder.report.examples import (
    HEIGHT,
    POINTS,
    REACH,
    Example,
    find_examples,
    read_examples,
    write_examples,
)
from deepregfinder.signal.store import Signal, open_signal, write_signal

SIZES = {"chr1": 300_000, "chr17": 200_000}
CLASSES = class_names(3)
ENHANCER, PROMOTER = 1, 2


@pytest.fixture
def signal(tmp_path: Path) -> Signal:
    """Two marks; a single bin of each chromosome is high."""
    arrays = []
    for chrom, size in SIZES.items():
        rpm = np.zeros((2, size // 100), np.float32)
        rpm[0, 500] = 8
        rpm[1, 500:510] = 2
        arrays.append((chrom, rpm))
    path = tmp_path / "A.signal.zip"
    marks = ("H3K27ac", "H3K4me3")
    write_signal(
        path, sample="A", marks=marks, bin_size=100, chrom_sizes=SIZES, control="ignore",
        counting={}, library_sizes=dict.fromkeys(marks, (1,)), arrays=arrays,
    )  # fmt: skip
    return open_signal(path)


def calls(*rows: tuple[str, int, int, int, float]) -> dict[str, Calls]:
    by_chrom = {}
    for chrom in dict.fromkeys(row[0] for row in rows):
        start, end, index, score = zip(*(row[1:] for row in rows if row[0] == chrom), strict=True)
        middle = (np.array(start) + np.array(end)) // 2
        by_chrom[chrom] = Calls(
            np.array(start), np.array(end), np.array(index), np.array(score, np.float32), middle
        )
    return by_chrom


def regions(*rows: tuple[str, int, str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [(chrom, start, start + 2000, name, ".", split) for chrom, start, name, split in rows],
        columns=COLUMNS,
    )


def places(examples: tuple[Example, ...]) -> list[tuple[str, str, str, int]]:
    return [(one.kind, one.class_, one.chrom, one.start) for one in examples]


def test_the_best_calls_of_each_class_come_first(signal: Signal) -> None:
    examples = find_examples(
        signal,
        "cnn",
        calls(
            *(("chr1", 10_000 * n, 10_000 * n + 1000, ENHANCER, n / 10) for n in range(1, 6)),
            ("chr17", 50_000, 51_000, PROMOTER, 0.9),
            ("chr17", 70_000, 71_000, ENHANCER, 0.5),
        ),
        CLASSES,
        None,
    )
    assert places(examples.places) == [
        ("best", "enhancer", "chr1", 50_000),
        ("best", "enhancer", "chr17", 70_000),
        ("best", "enhancer", "chr1", 40_000),
        ("best", "promoter", "chr17", 50_000),
    ]
    assert not examples.labelled


def test_missed_and_false_places_lie_on_test_chromosomes(signal: Signal) -> None:
    labelled = regions(
        ("chr1", 100_000, "enhancer", "train"),
        ("chr17", 49_000, "enhancer", "test"),
        ("chr17", 80_000, "enhancer", "test"),
        ("chr17", 120_000, "promoter", "test"),
        ("chr17", 150_000, "background", "test"),
    )
    examples = find_examples(
        signal,
        "cnn",
        calls(
            ("chr1", 200_000, 201_000, ENHANCER, 0.99),
            ("chr17", 80_500, 81_500, ENHANCER, 0.7),
            ("chr17", 120_500, 121_500, ENHANCER, 0.8),
            ("chr17", 150_000, 151_000, PROMOTER, 0.6),
        ),
        CLASSES,
        labelled,
    )
    assert [one for one in places(examples.places) if one[0] != "best"] == [
        ("missed", "enhancer", "chr17", 49_000),
        ("false", "enhancer", "chr17", 120_500),
        ("missed", "promoter", "chr17", 120_000),
        ("false", "promoter", "chr17", 150_000),
    ]
    (false,) = (one for one in examples.places if (one.kind, one.class_) == ("false", "enhancer"))
    assert [(one.start, one.class_) for one in false.elements] == [(120_000, "promoter")]


def test_the_strongest_missed_elements_are_shown(signal: Signal) -> None:
    labelled = regions(
        *(("chr17", start, "enhancer", "test") for start in (10_000, 20_000, 49_000, 90_000))
    )
    examples = find_examples(signal, "cnn", {}, CLASSES, labelled)
    assert places(examples.places)[0] == ("missed", "enhancer", "chr17", 49_000)
    assert len(examples.places) == 2


def test_with_a_random_split_no_chromosome_is_of_the_test(signal: Signal) -> None:
    labelled = regions(("chr17", 49_000, "enhancer", "test"), ("chr17", 9_000, "enhancer", "train"))
    assert find_examples(signal, "cnn", {}, CLASSES, labelled).places == ()


def test_profiles_are_mean_signal_on_one_scale_for_each_mark(signal: Signal) -> None:
    called = calls(("chr1", 49_900, 50_100, ENHANCER, 0.9), ("chr17", 0, 200, ENHANCER, 0.8))
    examples = find_examples(signal, "cnn", called, CLASSES, None)
    inside, edge = examples.places
    assert (inside.low, inside.high) == (50_000 - REACH, 50_000 + REACH)
    assert [len(row) for row in inside.profiles] == [POINTS, POINTS]
    assert inside.profiles[0][50] == HEIGHT
    assert sum(inside.profiles[0]) == HEIGHT
    assert inside.profiles[1][50:55] == (HEIGHT,) * 5
    assert examples.scales == (4.0, 2.0), "200 bp of a point, half of them at 8 RPM"
    assert sum(map(sum, edge.profiles)) == 0
    assert [call.start for call in edge.calls] == [0]


def test_examples_are_read_as_they_were_written(signal: Signal, tmp_path: Path) -> None:
    called = calls(("chr1", 49_900, 50_100, ENHANCER, 0.9))
    examples = find_examples(signal, "cnn", called, CLASSES, regions())
    write_examples(tmp_path / "a.json", examples)
    assert read_examples(tmp_path / "a.json") == examples
    (tmp_path / "b.json").write_text("{}")
    with pytest.raises(InputError, match=r"b\.json holds no examples"):
        read_examples(tmp_path / "b.json")
