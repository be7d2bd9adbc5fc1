import gzip

import pytest
from samples.cells import cells
from samples.small_models import random_bundle, write_random_signal

import score_regions
from deepregfinder.classes import class_names
from deepregfinder.errors import InputError
from deepregfinder.models.bundle import write_bundle
from deepregfinder.prediction.probabilities import open_probabilities
from deepregfinder.prediction.scan import ScanOptions, scan_genome
from deepregfinder.prediction.scorers import load_scorer
from deepregfinder.signal.store import open_signal

CLASSES = class_names(3)


@pytest.fixture
def score(tmp_path):
    write_bundle(tmp_path / "cnn", random_bundle())
    write_random_signal(tmp_path / "signal.zip")

    def run(bed, step=200):
        with gzip.open(tmp_path / "regions.bed.gz", "wt") as file:
            file.write(bed)
        options = {
            "bundle": tmp_path / "cnn",
            "signal": tmp_path / "signal.zip",
            "regions": tmp_path / "regions.bed.gz",
            "step": step,
            "quantile_map": "false",
            "device": "cpu",
            "threads": 1,
            "output": tmp_path / "regions.tsv",
        }
        words = [str(word) for key, value in options.items() for word in (f"--{key}", value)]
        score_regions.score_regions.main(words, standalone_mode=False)
        return cells(tmp_path / "regions.tsv")

    return run


def test_scores_agree_with_the_scan_of_the_genome(score, tmp_path):
    bed = "track name=mine\nchr1\t3300\t3500\tnarrow\nchr2\t4000\t9000\twide\nchrUn\t5\t9\n"
    narrow, wide, outside = score(bed)
    scan_genome(
        tmp_path / "p.zip",
        load_scorer(random_bundle()),
        open_signal(tmp_path / "signal.zip"),
        ["chr1", "chr2"],
        ScanOptions(100, False),
    )
    scan = open_probabilities([tmp_path / "p.zip"])
    # The window around 3,400 starts at 3,000; those over 4,000-9,000 at 4,000, 4,200 ... 8,200.
    expected = {
        "narrow": scan.load("chr1")[:, 30],
        "wide": scan.load("chr2")[:, 40:83:2].max(axis=1),
    }
    for line in (narrow, wide):
        for name, p in zip(CLASSES, expected[line["name"]], strict=True):
            assert float(line[name]) == pytest.approx(p, abs=1e-4)
        assert line["probability"] == line[line["class"]]
    assert set(outside.values()) == {"chrUn", "5", "9", "."}


def test_lines_that_are_no_regions_are_named(score):
    with pytest.raises(InputError, match="line 2"):
        score("chr1\t5\t10\nchr1\t10\t5\n")


def test_step_must_fit_the_bins(score):
    with pytest.raises(InputError, match="--step 250"):
        score("chr1\t5\t10\n", step=250)
