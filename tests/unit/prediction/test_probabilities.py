from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepregfinder.errors import InputError
from deepregfinder.prediction.probabilities import (
    ProbabilityAttributes,
    n_windows,
    open_probabilities,
    scaled,
    write_probabilities,
)
from deepregfinder.storage.zarr_zip import write_arrays

SIZES = {"chr1": 3_000, "chr2": 2_500, "chr10": 2_000, "chrX": 900}
ONE = ProbabilityAttributes(
    sample="K562",
    model="cnn",
    trained_on="K562",
    classes=("background", "enhancer"),
    step=200,
    window=1_000,
    seeds=(1,),
    temperature=1.25,
    thresholds=(0.5,),
    natural=None,
    quantile_map=False,
    chrom_sizes=SIZES,
)
THREE = replace(ONE, seeds=(1, 2, 3))


def probabilities(chrom, members=1):
    n = n_windows(SIZES[chrom], 200, 1_000)
    enhancer = np.random.default_rng(len(chrom)).random((members, 1, n))
    return np.concatenate([1 - enhancer, enhancer], axis=1)


def write(path, chroms, attributes=ONE):
    members = len(attributes.seeds)
    scans = []
    for chrom in chroms:
        each = probabilities(chrom, members)
        mean = scaled(each.mean(axis=0))
        scans.append((chrom, mean, scaled(each) if members > 1 else None))
    write_probabilities(path, scans, attributes)


@given(st.integers(1, 5_000), st.sampled_from([100, 200, 300]), st.sampled_from([400, 2_000]))
def test_windows_are_all_those_that_lie_whole_in_the_chromosome(length, step, window):
    expected = sum(1 for start in range(0, length, step) if start + window <= length)
    assert n_windows(length, step, window) == expected


def test_probabilities_come_back_to_a_65535th(tmp_path):
    write(tmp_path / "p.zip", ["chr1", "chrX"])
    stored = open_probabilities([tmp_path / "p.zip"])
    assert stored.load("chr1").dtype == np.float32
    np.testing.assert_allclose(stored.load("chr1"), probabilities("chr1")[0], atol=0.51 / 65_535)
    np.testing.assert_array_equal(stored.load_members("chr1")[0], stored.load("chr1"))
    assert stored.load("chrX").shape == (2, 0)
    assert (stored.sample, stored.model, stored.step, stored.seeds) == ("K562", "cnn", 200, (1,))
    assert stored.chrom_sizes == SIZES


def test_certainty_and_impossibility_are_exact():
    np.testing.assert_array_equal(scaled(np.array([0.0, 1.0])), [0, 65_535])


def test_members_are_kept_where_there_are_several(tmp_path):
    write(tmp_path / "p.zip", ["chr1"], THREE)
    stored = open_probabilities([tmp_path / "p.zip"])
    assert stored.chroms == ("chr1",)
    np.testing.assert_allclose(
        stored.load_members("chr1"), probabilities("chr1", 3), atol=0.51 / 65_535
    )


def test_files_of_one_scan_are_one_genome(tmp_path):
    write(tmp_path / "b.zip", ["chr10", "chr1"])
    write(tmp_path / "a.zip", ["chrX", "chr2"])
    scan = open_probabilities([tmp_path / "b.zip", tmp_path / "a.zip"])
    assert scan.chroms == ("chr1", "chr2", "chr10", "chrX")
    np.testing.assert_allclose(scan.load("chr2"), probabilities("chr2")[0], atol=1e-5)


def test_same_scan_same_bytes(tmp_path):
    for name in ("a.zip", "b.zip"):
        write(tmp_path / name, ["chr1"], THREE)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"sample": "HepG2"}, "sample"),
        ({"step": 100}, "step"),
        ({"temperature": 2.0}, "temperature"),
    ],
)
def test_files_of_two_scans_are_refused(tmp_path, change, named):
    write(tmp_path / "a.zip", ["chrX"])
    write(tmp_path / "b.zip", [], replace(ONE, **change))
    with pytest.raises(InputError, match=rf"another scan .*{named} differ"):
        open_probabilities([tmp_path / "a.zip", tmp_path / "b.zip"])


def test_a_chromosome_in_two_files_is_refused(tmp_path):
    for name in ("a.zip", "b.zip"):
        write(tmp_path / name, ["chr1"])
    with pytest.raises(InputError, match="chr1 is also in another file"):
        open_probabilities([tmp_path / "a.zip", tmp_path / "b.zip"])


def test_no_file_at_all_is_refused():
    with pytest.raises(InputError, match="No file"):
        open_probabilities([])


def test_an_array_of_another_length_is_refused(tmp_path):
    short = scaled(probabilities("chr1")[0][:, :-1])
    write_probabilities(tmp_path / "p.zip", [("chr1", short, None)], ONE)
    with pytest.raises(InputError, match="chr1 is missing or has another shape"):
        open_probabilities([tmp_path / "p.zip"])


def test_files_of_something_else_are_refused(tmp_path):
    write_arrays(tmp_path / "counts.zip", [], {"format": "counts"})
    with pytest.raises(InputError, match="contains counts, not probabilities"):
        open_probabilities([tmp_path / "counts.zip"])
    write_arrays(tmp_path / "p.zip", [], {"format": "probabilities"})
    with pytest.raises(InputError, match="is damaged"):
        open_probabilities([tmp_path / "p.zip"])
