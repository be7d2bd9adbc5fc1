import pytest
from samples.small_models import CHROM_SIZES, random_bundle, write_random_signal

import predict_genome
from deepregfinder.errors import InputError
from deepregfinder.models.bundle import write_bundle
from deepregfinder.prediction.probabilities import open_probabilities


@pytest.fixture
def predict(tmp_path):
    write_bundle(tmp_path / "cnn", random_bundle(n_members=2))
    write_random_signal(tmp_path / "signal.zip")

    def run(output="p.zip", chroms=tuple(CHROM_SIZES), **changes):
        names = tmp_path / "chroms.txt"
        names.write_text("".join(f"{name}\n" for name in chroms))
        options = {
            "bundle": tmp_path / "cnn",
            "signal": tmp_path / "signal.zip",
            "chroms": names,
            "step": 200,
            "quantile_map": "false",
            "device": "cpu",
            "threads": 1,
            "output": tmp_path / output,
            **changes,
        }
        words = [str(word) for key, value in options.items() for word in (f"--{key}", value)]
        predict_genome.predict_genome.main(words, standalone_mode=False)
        return tmp_path / output

    return run


def test_every_window_of_the_named_chromosomes_is_scored(predict):
    scan = open_probabilities([predict()])
    assert (scan.sample, scan.trained_on, scan.model) == ("GM12878", "K562", "cnn")
    assert scan.chrom_sizes == CHROM_SIZES
    for chrom, size in CHROM_SIZES.items():
        n = len([start for start in range(0, size, 200) if start + 800 <= size])
        assert scan.load(chrom).shape == (3, n)
        assert scan.load_members(chrom).shape == (2, 3, n)
    assert abs(scan.load("chr1").sum(axis=0) - 1).max() < 1e-4


def test_scattered_over_tasks_it_is_the_same(predict):
    whole = open_probabilities([predict()])
    parts = [predict("a.zip", ["chr1"]), predict("b.zip", ["chr2", "chr3", "chr4"])]
    scattered = open_probabilities(parts)
    for chrom in CHROM_SIZES:
        assert (whole.load(chrom) == scattered.load(chrom)).all()


def test_quantile_map_false_means_false(predict):
    no, yes = predict("no.zip"), predict("yes.zip", quantile_map="true")
    assert not open_probabilities([no]).quantile_map
    assert open_probabilities([yes]).quantile_map
    assert (open_probabilities([no]).load("chr1") != open_probabilities([yes]).load("chr1")).any()


def test_step_must_fit_the_bins(predict):
    with pytest.raises(InputError, match="--step 150"):
        predict(step=150)
