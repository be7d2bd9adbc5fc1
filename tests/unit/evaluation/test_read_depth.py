"""Models with a part of the reads: what is drawn, and what is measured of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from samples.cells import cells
from samples.small_evaluation import PLAN, SIZES, STEP, bundle, elements
from samples.small_models import MARKS

from deepregfinder.counting.store import Counts, open_counts
from deepregfinder.errors import InputError
from deepregfinder.evaluation.evaluate import Evidence, Subject, evaluate
from deepregfinder.evaluation.metrics import Bootstrap
from deepregfinder.evaluation.read_depth import (
    DepthSample,
    draw_depths,
    measure_depths,
    parse_shares,
    write_scores,
)
from deepregfinder.labels.tensors import Tensors, write_tensors
from deepregfinder.models.bundle import write_bundle
from deepregfinder.prediction.labelled_windows import predict_test_windows
from deepregfinder.prediction.probabilities import open_probabilities
from deepregfinder.prediction.scan import ScanOptions, scan_genome
from deepregfinder.prediction.scorers import load_scorer
from deepregfinder.signal.build import NO_CONTROLS, write_sample_signal
from deepregfinder.signal.scale import mark_quantiles
from deepregfinder.signal.store import Signal, open_signal
from deepregfinder.storage.zarr_zip import write_arrays
from evaluate_depths import evaluate_depths

LIBRARY_SIZE = 500_000


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> list[Counts]:
    """Counts of every mark that are high where the labelled windows have much signal."""
    folder, windows = tmp_path_factory.mktemp("counts"), elements()
    rng = np.random.default_rng(3)
    opened = []
    for row, mark in enumerate(MARKS):
        rates = {chrom: np.full(-(-size // 100), 0.3) for chrom, size in SIZES.items()}
        for x, chrom, start in zip(windows.x[:, row], windows.chrom, windows.start, strict=True):
            rates[windows.chroms[chrom]][start // 100 :][: len(x)] += 2 * x
        arrays = [(chrom, rng.poisson(rate).astype(np.uint16)) for chrom, rate in rates.items()]
        attributes = {
            **{"format": "counts", "id": f"K562.{mark}.1", "sample": "K562", "mark": mark},
            **{"replicate": "1", "bin_size": 100, "chrom_sizes": SIZES, "assigned": 5},
            **{"counting": {}, "library_size": LIBRARY_SIZE, "paired_end": False},
        }
        write_arrays(folder / f"{mark}.zip", arrays, attributes)
        opened.append(open_counts(folder / f"{mark}.zip"))
    return opened


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_reads_are_drawn_by_chance_and_always_the_same(counts: list[Counts]) -> None:
    one, other = counts[:2]
    whole, half = one.load("chr3"), one.thinned(0.5, 1).load("chr3")
    assert one.thinned(1.0, 1) is one
    assert one.thinned(0.5, 1).library_size == LIBRARY_SIZE / 2
    assert (half <= whole).all()
    # The share of n reads has the standard deviation 0.5 / sqrt(n).
    assert abs(half.sum() / whole.sum() - 0.5) < 4 * 0.5 / np.sqrt(whole.sum())
    np.testing.assert_array_equal(half, one.thinned(0.5, 1).load("chr3"))
    assert (half != one.thinned(0.5, 2).load("chr3")).any()
    # Bins with one read each: libraries and chromosomes are not thinned by the same dice.
    single = (whole == 1) & (other.load("chr3") == 1)
    assert (half[single] != other.thinned(0.5, 1).load("chr3")[single]).any()


@pytest.mark.parametrize("mapped", [False, True])
def test_all_reads_give_what_the_evaluation_gives(
    counts: list[Counts], here: Path, mapped: bool
) -> None:
    made, scorer = bundle(n_members=2), load_scorer(bundle(n_members=2))
    write_sample_signal(here / "signal.zip", "K562", counts, NO_CONTROLS)
    signal = open_signal(here / "signal.zip")
    chroms = ("chr3", "chr4")
    scan_genome(here / "scan.zip", scorer, signal, chroms, ScanOptions(STEP, mapped))
    members = predict_test_windows(made, with_windows_of(signal), signal, mapped)
    scan = open_probabilities([here / "scan.zip"])
    evaluated = evaluate(
        Subject("K562", "cnn", made, elements(), members), Evidence(scan), Bootstrap(30, 1)
    )
    scores = measure_depths(
        {"cnn": scorer},
        DepthSample(elements(), counts, NO_CONTROLS),
        (1.0, 0.1),
        ScanOptions(STEP, mapped),
        Bootstrap(30, 1),
    )
    by_key = {(row.share, row.setting, row.class_): row for row in scores}
    assert by_key.keys() == {
        (share, setting, name)
        for share in (1.0, 0.1)
        for setting in ("test", "natural")
        for name in ("enhancer", "promoter", "mean", "all")
    }
    assert {row.reads for row in scores} == {LIBRARY_SIZE, LIBRARY_SIZE // 10}
    assert evaluated.natural is not None
    for setting, measured in (("test", evaluated.test), ("natural", evaluated.natural)):
        areas = measured.figures.per_class["average_precision"][0]
        assert by_key[1.0, setting, "enhancer"].value == pytest.approx(areas[1], abs=1e-6)
        assert by_key[1.0, setting, "mean"].value == pytest.approx(areas[1:].mean(), abs=1e-6)
        ece = measured.figures.overall["ece"][0]
        assert by_key[1.0, setting, "all"].value == pytest.approx(ece, abs=1e-6)
    for key, row in by_key.items():
        assert row.low <= row.value <= row.high, key
    assert by_key[0.1, "test", "mean"].value != by_key[1.0, "test", "mean"].value


def with_windows_of(signal: Signal) -> Tensors:
    """The labelled windows as the signal has them, with its own quantiles."""
    windows = elements()
    values = {chrom: signal.load(chrom) for chrom in windows.chroms}
    x = [
        values[windows.chroms[chrom]][:, start // 100 :][:, : windows.window_bins]
        for chrom, start in zip(windows.chrom, windows.start, strict=True)
    ]
    n = bundle().normalisation.quantiles.shape[1]
    norm = replace(windows.normalisation, quantiles=mark_quantiles(signal, ["chr1"], n=n))
    return replace(windows, x=np.stack(x).astype(np.float32), normalisation=norm)


def test_windows_divided_at_random_have_no_chromosome_to_scan(
    counts: list[Counts], here: Path
) -> None:
    at_random = replace(elements(), split_plan=replace(PLAN, mode="random"))
    scorer = load_scorer(bundle())
    scores = measure_depths(
        {"cnn": scorer},
        DepthSample(at_random, counts, NO_CONTROLS),
        (1.0, 0.5),
        ScanOptions(STEP, False),
        Bootstrap(0, 1),
    )
    assert {row.setting for row in scores} == {"test"}
    assert np.isnan([row.low for row in scores]).all(), "no replicates, no interval"


def test_shares_are_read_from_text() -> None:
    assert parse_shares("0.25,.5, 0.25") == (1.0, 0.5, 0.25)
    for text in ("half", "0.5,0", "1.5", ""):
        with pytest.raises(InputError, match=f"--depths {text}: expected fractions"):
            parse_shares(text)


def test_the_script_writes_a_row_for_each_figure_and_a_picture(
    counts: list[Counts], here: Path
) -> None:
    write_tensors(here / "tensors.safetensors", elements())
    write_bundle(here / "bundle", bundle())
    files = " ".join(f"--counts {one._arrays.store.path}" for one in counts)  # type: ignore[union-attr]
    words = (
        f"--model cnn --bundle bundle --model other --bundle bundle --tensors tensors.safetensors "
        f"{files} --control ignore --depths 0.5,0.125 --step {STEP} --quantile_map false --seed 1 "
        "--bootstrap 0 --device cpu --threads 1 --output depths.tsv --plot depths.png"
    )
    evaluate_depths.main(words.split(), standalone_mode=False)
    rows = cells(here / "depths.tsv")
    assert len(rows) == 2 * 3 * 2 * 4
    assert {row["share"] for row in rows} == {"1.000000", "0.500000", "0.125000"}
    assert sorted(path.name for path in here.iterdir()) == [
        *("bundle", "depths.png", "depths.svg", "depths.tsv", "tensors.safetensors")
    ]
    fewer = words.replace("--bundle bundle ", "", 1)
    with pytest.raises(InputError, match="Give one --bundle for each --model: 2 and 1 are given"):
        evaluate_depths.main(fewer.split(), standalone_mode=False)


def test_the_picture_names_models_and_depths(counts: list[Counts], here: Path) -> None:
    models, shares = {"cnn": load_scorer(bundle())}, (1.0, 0.5)
    scores = measure_depths(
        models,
        DepthSample(elements(), counts, NO_CONTROLS),
        shares,
        ScanOptions(STEP, False),
        Bootstrap(9, 1),
    )
    draw_depths(here / "depths.png", scores, ("enhancer", "promoter"))
    drawing = (here / "depths.svg").read_text()
    for text in ("cnn", "0.25", "0.5", "enhancer, test windows", "promoter, every window"):
        assert text in drawing
    write_scores(here / "depths.tsv", scores)
    assert len((here / "depths.tsv").read_text().splitlines()) == 1 + len(scores)
