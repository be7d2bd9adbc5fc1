"""Signal files, and the normalisation of signal."""

import json
import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from scipy.stats import rankdata

from deepregfinder.errors import InputError
from deepregfinder.signal.scale import (
    Normalisation,
    QuantileMap,
    mark_quantiles,
    mark_statistics,
    quantile_levels,
    transform_signal,
)
from deepregfinder.signal.store import Signal, match_marks, open_signal, write_signal
from deepregfinder.storage.zarr_zip import write_arrays

MARKS = ("H3K27ac", "H3K4me1", "H3K4me3")
SIZES = {"chr1": 30_050, "chr2": 20_000, "chr8": 999}


def random_arrays(seed: int = 1) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    scale = np.array([[0.5], [0.25], [0.1]], np.float32)
    return {
        chrom: (random.poisson(0.7, (len(MARKS), -(-length // 100))) * scale).astype(np.float32)
        for chrom, length in SIZES.items()
    }


def signal_of(tmp_path, arrays: dict[str, np.ndarray], marks=MARKS) -> Signal:
    path = tmp_path / "K562.signal.zip"
    write_signal(
        path,
        sample="K562",
        marks=marks,
        bin_size=100,
        chrom_sizes=SIZES,
        counting={},
        control="ignore",
        library_sizes={mark: [1_000_000, 5] for mark in marks},
        arrays=arrays.items(),
    )
    return open_signal(path)


def test_a_signal_file_gives_back_what_was_written(tmp_path):
    arrays = random_arrays()
    signal = signal_of(tmp_path, arrays)
    assert (signal.sample, signal.marks, signal.bin_size) == ("K562", MARKS, 100)
    assert list(signal.chrom_sizes.items()) == list(SIZES.items())
    assert signal.control == "ignore"
    assert signal.library_sizes["H3K4me1"] == (1_000_000, 5)
    for chrom, values in arrays.items():
        assert signal.load(chrom).dtype == np.float32
        np.testing.assert_array_equal(signal.load(chrom), values)


def test_an_unknown_chromosome_and_another_file_are_refused(tmp_path):
    signal = signal_of(tmp_path, random_arrays())
    with pytest.raises(InputError, match="no chromosome chr9"):
        signal.load("chr9")
    write_arrays(tmp_path / "x.zip", [], {"format": "counts"})
    with pytest.raises(InputError, match="contains counts, not signal"):
        open_signal(tmp_path / "x.zip")


@pytest.mark.parametrize(
    ("transform", "formula"),
    [
        ("none", lambda x: x),
        ("log2", lambda x: np.log(x + 1) / np.log(2)),
        ("asinh", lambda x: np.log(x + np.sqrt(x**2 + 1))),
    ],
)
def test_statistics_are_those_of_all_bins_at_once(tmp_path, transform, formula):
    arrays = random_arrays()
    signal = signal_of(tmp_path, arrays)
    mean, sd = mark_statistics(signal, ["chr8", "chr1"], transform)
    together = formula(np.concatenate([arrays["chr1"], arrays["chr8"]], axis=1).astype(float))
    np.testing.assert_allclose(mean, together.mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(sd, together.std(axis=1), rtol=1e-6)
    assert mean.dtype == sd.dtype == np.float64


def test_the_log_transform_changes_values():
    values = np.array([[0, 1, 3]], np.float32)
    assert transform_signal(values, "log2").tolist() == [[0, 1, 2]]
    assert transform_signal(values, "log2").dtype == np.float32
    assert transform_signal(values, "asinh").dtype == np.float32
    with pytest.raises(InputError, match="choose none, log2, asinh"):
        transform_signal(values, "ln")


def test_statistics_look_at_no_other_chromosome(tmp_path):
    arrays = random_arrays()
    before = mark_statistics(signal_of(tmp_path, arrays), ["chr1"], "none")
    quantiles = mark_quantiles(signal_of(tmp_path, arrays), ["chr1"])
    arrays["chr2"] = arrays["chr2"] * 100 + 1
    signal = signal_of(tmp_path, arrays)
    np.testing.assert_array_equal(mark_statistics(signal, ["chr1"], "none"), before)
    np.testing.assert_array_equal(mark_quantiles(signal, ["chr1"]), quantiles)


def test_statistics_do_not_depend_on_the_order_of_chromosomes(tmp_path):
    signal = signal_of(tmp_path, random_arrays())
    one = mark_statistics(signal, ["chr1", "chr2", "chr8"], "asinh")
    other = mark_statistics(signal, ["chr8", "chr2", "chr1"], "asinh")
    np.testing.assert_array_equal(one, other)


def test_a_mark_without_variation_is_named(tmp_path):
    arrays = random_arrays()
    for values in arrays.values():
        values[1] = 0.1
    signal = signal_of(tmp_path, arrays)
    with pytest.raises(
        InputError, match="K562: H3K4me1 has the same value in every bin of chr1, c"
    ):
        mark_statistics(signal, ["chr1", "chr2"], "none")


def test_a_mark_without_reads_has_no_quantiles(tmp_path):
    arrays = random_arrays()
    for values in arrays.values():
        values[2] = 0
    with pytest.raises(InputError, match="H3K4me3 has 0 in every bin"):
        mark_quantiles(signal_of(tmp_path, arrays), SIZES)


def test_statistics_need_a_known_chromosome(tmp_path):
    signal = signal_of(tmp_path, random_arrays())
    with pytest.raises(InputError, match="no chromosome chr3"):
        mark_statistics(signal, ["chr1", "chr3"], "none")
    with pytest.raises(InputError, match="No chromosome"):
        mark_statistics(signal, [], "none")


@pytest.mark.parametrize("n", [2, 11, 1001])
def test_quantiles_are_those_of_all_bins(tmp_path, n):
    arrays = random_arrays()
    quantiles = mark_quantiles(signal_of(tmp_path, arrays), SIZES, n)
    together = np.concatenate(list(arrays.values()), axis=1)
    for row, values in enumerate(together):
        expected = np.quantile(values, quantile_levels(n), method="inverted_cdf")
        np.testing.assert_array_equal(quantiles[row], expected)
    assert quantiles.dtype == np.float32


def test_marks_are_matched_by_name(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    signal = signal_of(tmp_path, random_arrays())
    assert match_marks(["H3K4me3", "H3K27ac"], signal) == [2, 0]
    assert "K562: H3K4me1 not used" in caplog.text


def test_all_missing_marks_are_named_and_other_spellings_suggested(tmp_path):
    signal = signal_of(tmp_path, random_arrays())
    with pytest.raises(InputError) as caught:
        match_marks(["H3K9ac", "H3K4me3", "h3k4-me1"], signal)
    assert "lacks H3K9ac, h3k4-me1, which" in str(caught.value)
    assert "it has H3K27ac, H3K4me1, H3K4me3" in str(caught.value)
    assert "Is H3K4me1 meant by h3k4-me1?" in str(caught.value)


def normalisation_of(signal: Signal, transform: str) -> Normalisation:
    mean, sd = mark_statistics(signal, SIZES, transform)
    return Normalisation(
        signal.marks, transform, signal.control, mean, sd, mark_quantiles(signal, SIZES)
    )


@pytest.mark.parametrize("transform", ["none", "log2", "asinh"])
def test_normalised_signal_has_mean_0_and_sd_1(tmp_path, transform):
    signal = signal_of(tmp_path, random_arrays())
    normalisation = normalisation_of(signal, transform)
    scaled = np.concatenate([normalisation.apply(signal.load(chrom)) for chrom in SIZES], axis=1)
    np.testing.assert_allclose(scaled.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=1), 1, atol=1e-5)
    assert scaled.dtype == np.float32


def test_windows_are_normalised_like_chromosomes(tmp_path):
    signal = signal_of(tmp_path, random_arrays())
    normalisation = normalisation_of(signal, "log2")
    values = signal.load("chr2")
    windows = values.reshape(len(MARKS), 10, 20)
    np.testing.assert_array_equal(
        normalisation.apply(windows).reshape(values.shape), normalisation.apply(values)
    )


def test_a_normalisation_survives_json(tmp_path):
    signal = signal_of(tmp_path, random_arrays())
    before = normalisation_of(signal, "asinh")
    after = Normalisation.from_dict(json.loads(json.dumps(before.to_dict())))
    assert (after.marks, after.transform, after.control) == (MARKS, "asinh", "ignore")
    for name in ("mean", "sd", "quantiles"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
        assert getattr(after, name).dtype == getattr(before, name).dtype


def map_between(source: np.ndarray, target: np.ndarray, n: int = 1001) -> QuantileMap:
    """Of one mark; source and target have shape (bins,)."""
    curves = [
        np.quantile(values, quantile_levels(n), method="inverted_cdf").astype(np.float32)[None]
        for values in (source, target)
    ]
    return QuantileMap(*curves)


positive = arrays_of.arrays(np.float32, 500, elements=st.integers(0, 12).map(np.float32))


@settings(max_examples=40, deadline=None)
@given(source=positive, target=positive, factor=st.floats(0.125, 16, width=32))
def test_a_quantile_map_never_falls(source, target, factor):
    source[0] = target[0] = 1
    quantile_map = map_between(source, target * np.float32(factor), 101)
    mapped = quantile_map.apply(np.linspace(0, 40, 1000, dtype=np.float32)[None])
    assert (np.diff(mapped[0]) >= -1e-4).all()
    assert mapped.dtype == np.float32


@settings(max_examples=30, deadline=None)
@given(values=positive)
def test_a_map_to_the_own_distribution_changes_nothing(values):
    values[0] = 1
    mapped = map_between(values, values).apply(values[None])[0]
    np.testing.assert_allclose(mapped, values, rtol=1e-6)


@settings(max_examples=30, deadline=None)
@given(source=positive, target=positive)
def test_tied_values_take_the_mean_of_their_ranks_in_the_target(source, target):
    """Quantile normalisation, written out: sort both, and average over ties."""
    source[0] = 1
    mapped = map_between(source, target).apply(source[None])[0]
    ranked = np.sort(target)
    lowest, highest = (rankdata(source, method).astype(int) for method in ("min", "max"))
    expected = [ranked[low - 1 : high].mean() for low, high in zip(lowest, highest, strict=True)]
    np.testing.assert_allclose(mapped, expected, atol=0.15)
    assert mapped.mean() == pytest.approx(target.mean(), abs=0.05)


def test_peaks_and_background_of_a_quarter_of_the_reads_are_restored():
    random = np.random.default_rng(7)
    mean = np.where(np.arange(200_000) % 50 == 0, random.gamma(2, 10, 200_000), 0.3)
    deep = random.poisson(mean).astype(np.float32)
    shallow = (random.binomial(deep.astype(int), 0.25) * 4).astype(np.float32)
    mapped = map_between(shallow, deep).apply(shallow[None])[0]
    peaks = mean > 20
    assert deep[peaks].mean() == pytest.approx(mapped[peaks].mean(), rel=0.06)
    assert deep[~peaks].mean() == pytest.approx(mapped[~peaks].mean(), rel=0.03)


def test_a_map_undoes_another_depth_and_brings_distributions_together():
    random = np.random.default_rng(3)
    deep = random.gamma(0.5, 4, (1, 40_000)).astype(np.float32)
    other = random.gamma(0.5, 4, (1, 40_000)).astype(np.float32) ** 1.3 * 0.2
    mapped = map_between(other[0], deep[0]).apply(other)
    for level in (0.1, 0.5, 0.9, 0.99, 0.999):
        assert np.quantile(mapped, level) == pytest.approx(np.quantile(deep, level), rel=0.03)


def test_beyond_the_highest_quantile_the_ratio_is_kept():
    mapped = QuantileMap(
        np.array([[0, 2, 4]], np.float32), np.array([[0, 20, 80]], np.float32)
    ).apply(np.array([[0, 1, 4, 8]], np.float32))
    assert mapped.tolist() == [[0, 10, 80, 160]]
