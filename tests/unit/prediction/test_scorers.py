import logging
from dataclasses import replace

import numpy as np
import pytest
import torch
from samples.small_models import CHROM_SIZES, random_bundle, write_random_signal

from deepregfinder.errors import InputError
from deepregfinder.models.device import choose_device
from deepregfinder.prediction.probabilities import open_probabilities
from deepregfinder.prediction.sample_signal import SignalReader, check_signal
from deepregfinder.prediction.scan import ScanOptions, check_step, scan_genome
from deepregfinder.prediction.scorers import load_scorer
from deepregfinder.signal.scale import mark_quantiles
from deepregfinder.signal.store import open_signal


def signal_of(tmp_path, **options):
    write_random_signal(tmp_path / "signal.zip", **options)
    return open_signal(tmp_path / "signal.zip")


def test_marks_are_matched_by_name(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    marks = ("CTCF", "H3K27ac", "H3K4me1", "H3K4me3")
    more = signal_of(tmp_path, marks=marks)
    bundle = random_bundle()
    signal = SignalReader(bundle, more, False).load("chr2")
    np.testing.assert_array_equal(signal.rpm, more.load("chr2")[1:])
    assert (signal.name, signal.length, signal.bin_size) == ("chr2", 20_000, 100)
    assert signal.depths.tolist() == [1_000_000] * 3
    assert "CTCF" in caplog.text


def test_missing_marks_are_all_named(tmp_path):
    few = signal_of(tmp_path, marks=("H3K4me1",))
    with pytest.raises(InputError, match=r"lacks H3K27ac, H3K4me3"):
        SignalReader(random_bundle(), few, False)


def test_prefix_of_chromosome_names_is_no_other_assembly(tmp_path):
    sizes = {chrom[3:]: size for chrom, size in CHROM_SIZES.items()}
    check_signal(random_bundle(), signal_of(tmp_path, chrom_sizes=sizes))


def test_a_part_of_the_chromosomes_is_enough(tmp_path):
    check_signal(random_bundle(), signal_of(tmp_path, chrom_sizes={"chr2": 20_000, "chr9": 900}))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chrom_sizes": {"chr1": 30_051, "chr2": 20_000}}, r"different assemblies: 1 of 2.*chr1"),
        ({"chrom_sizes": {"2L": 30_050}}, "share no chromosome"),
        ({"bin_size": 50}, "bins of 50 bp"),
        ({"control": "subtract"}, "made with --control subtract"),
    ],
)
def test_a_sample_that_does_not_fit_is_refused(tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        check_signal(random_bundle(), signal_of(tmp_path, **options))


def test_all_that_does_not_fit_is_named_at_once(tmp_path):
    signal = signal_of(tmp_path, bin_size=50, chrom_sizes={"chr1": 9_000})
    with pytest.raises(InputError, match="2 problems"):
        check_signal(random_bundle(), signal)


def test_quantile_map_undoes_another_depth(tmp_path):
    bundle = random_bundle()
    plain = signal_of(tmp_path)
    quantiles = mark_quantiles(plain, bundle.split.training_chroms(plain.chrom_sizes))
    norm = replace(bundle.normalisation, quantiles=quantiles)
    bundle = replace(bundle, normalisation=norm)
    expected = SignalReader(bundle, plain, False).load("chr1").rpm
    (tmp_path / "deep").mkdir()
    deep = signal_of(tmp_path / "deep", scale=3)
    mapped = SignalReader(bundle, deep, True).load("chr1").rpm
    np.testing.assert_allclose(mapped, expected, rtol=1e-3, atol=1e-4)
    assert abs(SignalReader(bundle, deep, False).load("chr1").rpm - expected).max() > 0.5


def test_quantile_map_does_not_depend_on_the_chromosomes_that_are_scanned(tmp_path):
    bundle, signal = random_bundle(), signal_of(tmp_path)
    scorer = load_scorer(bundle)
    scan_genome(tmp_path / "one.zip", scorer, signal, ["chr3"], ScanOptions(200, True))
    scan_genome(tmp_path / "all.zip", scorer, signal, ["chr1", "chr3"], ScanOptions(200, True))
    one, both = (open_probabilities([tmp_path / f"{name}.zip"]) for name in ("one", "all"))
    np.testing.assert_array_equal(one.load("chr3"), both.load("chr3"))


@pytest.mark.parametrize("step", [0, 50, 150, 250, -100])
def test_a_step_between_bins_is_refused(step):
    with pytest.raises(InputError, match=rf"--step {step} is not a multiple of --bin_size 100"):
        check_step(step, 100)


def test_unknown_chromosomes_are_named(tmp_path):
    with pytest.raises(InputError, match="has no chromosome chrZ"):
        scan_genome(
            tmp_path / "p.zip",
            load_scorer(random_bundle()),
            signal_of(tmp_path),
            ["chr1", "chrZ"],
            ScanOptions(200, False),
        )


def test_progress_tells_the_time_left(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    scorer, signal = load_scorer(random_bundle()), signal_of(tmp_path)
    scan_genome(tmp_path / "p.zip", scorer, signal, ["chr1", "chr2"], ScanOptions(200, False))
    assert "chr1 scanned (1 of 2), 147 windows" in caplog.text
    assert "s left" in caplog.text


def test_cuda_without_a_gpu_is_refused_by_name(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError) as refused:
        choose_device("cuda")
    for word in ("driver", "image", "profile"):
        assert word in str(refused.value)


def test_cuda_in_a_cpu_image_is_distinguished(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", None)
    with pytest.raises(InputError, match="built without CUDA: use the cuda image"):
        choose_device("cuda")


def test_auto_falls_back_and_says_so(monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == torch.device("cpu")
    assert "networks run on the CPU" in caplog.text


def test_unknown_device_is_refused():
    with pytest.raises(InputError, match="'tpu' is none of cpu, cuda and auto"):
        choose_device("tpu")
