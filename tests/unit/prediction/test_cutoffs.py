"""Where calls begin: every wish is fulfilled, compared with plain loops over the windows."""

import importlib
import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from samples.small_evaluation import SIZES, bundle, elements, write_scan
from scipy.special import expit, logit

from deepregfinder.errors import InputError
from deepregfinder.models.natural import Natural, NaturalMap
from deepregfinder.prediction.call_scan import call_scan
from deepregfinder.prediction.calling import Calls, TssZone
from deepregfinder.prediction.cutoffs import (
    CallAt,
    Cutoff,
    Cutoffs,
    Wanted,
    find_cutoffs,
    parse_call_at,
    read_cutoffs,
)
from deepregfinder.prediction.natural_scan import CLASS_SHARES
from deepregfinder.prediction.probabilities import Probabilities, open_probabilities
from deepregfinder.storage.tables import write_rows

CLASSES = ("background", "enhancer", "promoter")
FIVE = ("background", "poised_enhancer", "active_enhancer", "poised_promoter", "active_promoter")
ENHANCER = NaturalMap(1.2, 0.8, -2.0, 0.02, 1.0)
PROMOTER = NaturalMap(1.0, 1.0, -1.0, 0.01, 1.0)
AT_TSS = NaturalMap(1.0, 1.0, 1.5, 0.3, 1.0)
NATURAL = Natural((ENHANCER, PROMOTER), (None, AT_TSS))
TSS = {chrom.removeprefix("chr"): np.arange(3_000, size, 20_000) for chrom, size in SIZES.items()}


def scan_of(folder: Path, model: str = "drf", **changes: object) -> Probabilities:
    made = bundle()
    made = replace(made, natural=NATURAL, thresholds=(0.35, 0.6), **changes)
    write_scan(folder / "scan.zip", elements(), made, tuple(SIZES))
    scan = open_probabilities([folder / "scan.zip"])
    return replace(scan, model=model)


def q(of_class: NaturalMap, p: np.ndarray) -> np.ndarray:
    """The formula of natural.py."""
    p = np.clip(p.astype(float), 0.5 / 65535, 1 - 0.5 / 65535)
    values: np.ndarray = expit(of_class.a * np.log(p) - of_class.b * np.log(1 - p) + of_class.c)
    return values


def natural_of(scan: Probabilities, index: int) -> list[tuple[str, int, bool, float, float]]:
    """Chromosome, number, whether at a TSS, p and q of every window, one by one."""
    windows = []
    for chrom in scan.chroms:
        track = scan.load(chrom)[index]
        for number, p in enumerate(track):
            centre = number * scan.step + scan.window // 2
            at_tss = min(abs(TSS[chrom.removeprefix("chr")] - centre)) <= 500
            of_class = ENHANCER if index == 1 else AT_TSS if at_tss else PROMOTER
            windows.append((chrom, number, bool(at_tss), float(p), float(q(of_class, p))))
    return windows


def reaches(scan: Probabilities, rows: tuple[Cutoff, ...], index: int) -> list[bool]:
    """Whether each window reaches the cut-off of its place."""
    lowest = Cutoffs.of_rows(rows, TSS)
    reached: list[bool] = []
    for chrom in scan.chroms:
        track = scan.load(chrom)
        centres = np.arange(track.shape[1]) * scan.step + scan.window // 2
        reached += (track[index] >= lowest.of_windows(chrom, centres)[index - 1]).tolist()
    return reached


def called(scan: Probabilities, rows: tuple[Cutoff, ...]) -> dict[str, Calls]:
    return dict(call_scan(scan, "drf", Cutoffs.of_rows(rows, TSS), None, False).calls)


@pytest.mark.parametrize(("model", "share"), [*product(["drf", "cnn"], [0.02, 0.3, 0.9])])
def test_windows_with_the_probability_wanted_are_called_and_no_others(tmp_path, model, share):
    scan = scan_of(tmp_path, model)
    rows = find_cutoffs(scan, Wanted(f"probability:{share}"), None, TSS)
    for index in (1, 2):
        wanted = [q_ >= share for *_, q_ in natural_of(scan, index)]
        assert reaches(scan, rows, index) == wanted
        assert rows[index - 1].windows == sum(wanted)


@pytest.mark.parametrize("text", ["precision:0.7", "fdr:0.3"])
def test_as_many_windows_as_leave_the_mean_probability_at_the_precision(tmp_path, text):
    scan = scan_of(tmp_path)
    rows = find_cutoffs(scan, Wanted(text), None, TSS)
    for index, row in enumerate(rows, 1):
        ordered = sorted((q_ for *_, q_ in natural_of(scan, index)), reverse=True)
        means = np.cumsum(ordered) / np.arange(1, len(ordered) + 1)
        most = np.flatnonzero(means >= 0.7)[-1] + 1
        assert row.windows == most == sum(reaches(scan, rows, index))
        assert row.precision == pytest.approx(means[most - 1])


def test_a_precision_that_no_window_has_calls_nothing(tmp_path):
    weak = Natural((replace(ENHANCER, c=-30), PROMOTER), (None, AT_TSS))
    scan = replace(scan_of(tmp_path), natural=weak)
    enhancer, promoter = find_cutoffs(scan, Wanted("precision:0.9"), None, TSS)
    assert (enhancer.probability, enhancer.windows, enhancer.precision) == (None, 0, None)
    assert promoter.windows
    calls = called(scan, (enhancer, promoter))
    assert {int(k) for of_chrom in calls.values() for k in of_chrom.class_index} == {2}


@pytest.mark.parametrize("n", [1, 7, 40, 10_000_000])
def test_a_number_of_calls_is_not_exceeded_and_nearly_reached(tmp_path, n):
    scan = scan_of(tmp_path)
    rows = find_cutoffs(scan, Wanted(f"number:{n}"), None, TSS)
    numbers = [
        sum(int((c.class_index == index).sum()) for c in called(scan, rows).values())
        for index in (1, 2)
    ]
    assert all(number <= n for number in numbers)
    if n < 50:
        assert all(number >= n - 1 for number in numbers)
    else:  # not one call of everything
        assert min(numbers) > 40


def test_megabases_of_calls(tmp_path):
    scan = scan_of(tmp_path)
    rows = find_cutoffs(scan, Wanted("enhancer=mb:0.05,promoter=number:3"), None, TSS)
    calls = called(scan, rows)
    bp = sum(int((c.end - c.start)[c.class_index == 1].sum()) for c in calls.values())
    assert 0.045e6 < bp <= 0.05e6
    assert sum(int((c.class_index == 2).sum()) for c in calls.values()) == 3


def test_without_a_wish_the_thresholds_are_those_of_the_model(tmp_path):
    for scan in (scan_of(tmp_path, "cnn"), replace(scan_of(tmp_path), natural=None)):
        for row, own in zip(find_cutoffs(scan, Wanted(), None, TSS), (0.35, 0.6), strict=True):
            assert (row.probability, row.probability_at_tss, row.natural) == (own, own, None)
        moved = find_cutoffs(scan, Wanted(threshold=0.8), None, TSS)
        assert [logit(row.probability) for row in moved] == pytest.approx(
            logit([0.35, 0.6]) + np.log(4)
        )


def test_at_natural_prevalence_the_threshold_means_the_same_at_a_known_tss(tmp_path):
    scan = scan_of(tmp_path)
    enhancer, promoter = find_cutoffs(scan, Wanted(), None, TSS)
    assert (enhancer.probability, promoter.probability) == (0.35, 0.6)
    assert q(AT_TSS, np.array(promoter.probability_at_tss)) == pytest.approx(
        q(PROMOTER, np.array(0.6)), rel=1e-3
    )
    assert promoter.probability_at_tss < 0.2
    assert enhancer.probability_at_tss == pytest.approx(0.35, abs=1e-4)
    (_, without) = find_cutoffs(scan, Wanted(), None, None)
    assert without.probability_at_tss == pytest.approx(0.6, abs=1e-4)


@pytest.mark.parametrize(("prior", "ratio"), [(0.005, 4), (0.3, 1)])
def test_in_another_sample_the_cutoff_follows_the_share_of_the_class(tmp_path, prior, ratio):
    """Where windows are more often of the class, it takes a lower probability."""
    of_class = replace(ENHANCER, c=logit(prior) + ratio, prior=prior)
    natural = replace(NATURAL, anywhere=(of_class, PROMOTER))
    own = replace(scan_of(tmp_path), natural=natural)
    of_own, _ = find_cutoffs(own, Wanted(), None, None)
    other = replace(own, sample="GM12878")
    row, _ = find_cutoffs(other, Wanted(class_share="estimated"), None, None)
    assert of_own.share_estimated == of_own.share_in_training == row.share_in_training == prior
    assert row.share_estimated is not None
    assert (row.share_estimated > prior) == (prior < 0.1)
    assert row.natural == of_own.natural
    shift = logit(row.share_estimated) - logit(prior)
    adapted = expit(logit(q(natural.anywhere[0], np.array(row.probability))) + shift)
    assert adapted == pytest.approx(row.natural, rel=1e-2)
    assert (row.probability < of_own.probability) == (prior < 0.1)
    as_in_training, _ = find_cutoffs(other, Wanted(), None, None)
    assert as_in_training.share_estimated == row.share_estimated
    assert as_in_training.probability <= of_own.probability + 1e-4


@pytest.mark.parametrize("prior", [0.001, 0.3])
def test_in_another_sample_the_share_of_windows_of_the_training_is_called_at_least(tmp_path, prior):
    """Where reads are fewer, probabilities are lower; the best windows are called all the same."""
    natural = replace(NATURAL, anywhere=(replace(ENHANCER, prior=prior), PROMOTER))
    own = replace(scan_of(tmp_path), natural=natural)
    of_own, _ = find_cutoffs(own, Wanted(), None, None)
    row, _ = find_cutoffs(replace(own, sample="GM12878"), Wanted(), None, None)
    p = np.sort([window[3] for window in natural_of(own, 1)])[::-1]
    n = int(np.ceil(prior * len(p)))
    if of_own.windows >= n:
        assert row.windows == of_own.windows
    else:
        assert row.windows == np.sum(p >= p[n - 1]) >= n > of_own.windows
    assert (prior > 0.1) == (row.windows > of_own.windows)
    # What the user says is taken as it is, and so is a sample among those of the training.
    moved, _ = find_cutoffs(replace(own, sample="GM12878"), Wanted(threshold=0.9), None, None)
    assert moved.windows < of_own.windows
    together, _ = find_cutoffs(replace(own, sample="A", trained_on="A+B"), Wanted(), None, None)
    assert together.windows == of_own.windows


def test_shares_need_maps_and_a_threshold_contradicts_a_wish(tmp_path):
    scan = replace(scan_of(tmp_path), natural=None)
    with pytest.raises(InputError, match=r"precision:0\.5 needs probabilities at natural"):
        find_cutoffs(scan, Wanted("precision:0.5"), None, TSS)
    assert find_cutoffs(scan, Wanted("number:5"), None, TSS)[0].windows > 0
    with pytest.raises(InputError, match=r"number:5 and --threshold 0\.4 both"):
        find_cutoffs(scan, Wanted("number:5", 0.4), None, TSS)


def test_script_and_schema_know_the_same_class_shares(repository: Path) -> None:
    call_elements = importlib.import_module("call_elements").call_elements
    (option,) = (one for one in call_elements.params if one.name == "class_share")
    groups = json.loads((repository / "nextflow_schema.json").read_text())["$defs"]
    assert tuple(option.type.choices) == CLASS_SHARES
    assert groups["calling"]["properties"]["class_share"]["enum"] == list(CLASS_SHARES)
    assert option.default == groups["calling"]["properties"]["class_share"]["default"]


def test_wishes() -> None:
    assert parse_call_at("model", CLASSES) == (CallAt(), CallAt())
    assert parse_call_at("number:20", FIVE) == (CallAt("number", 20),) * 4
    assert parse_call_at("promoter=fdr:.1,enhancer=mb:1.5", FIVE) == (
        *(CallAt("mb", 1.5),) * 2,
        *(CallAt("fdr", 0.1),) * 2,
    )
    assert parse_call_at("promoter=fdr:.1", CLASSES) == (CallAt(), CallAt("fdr", 0.1))


@pytest.mark.parametrize(
    "text",
    [
        *("", "modell", "model:1", "probability", "probability:0", "probability:1", "number:0"),
        *("number:-3", "number:inf", "mb:nan", "mb:1,5", "enhancer=", "enhancer=model,"),
        *("silencer=model", "enhancer=model,enhancer=model", "model,model"),
    ],
)
def test_a_wish_that_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--call_at"):
        parse_call_at(text, CLASSES)


def test_a_table_of_other_classes_is_refused(tmp_path: Path) -> None:
    rows = (Cutoff("enhancer", "model", 0.5, 0.5, None, None, 7, None, None),)
    write_rows(tmp_path / "c.tsv", Cutoff, rows)
    assert read_cutoffs(tmp_path / "c.tsv", ("background", "enhancer")) == rows
    with pytest.raises(InputError, match="does not have the classes enhancer, promoter"):
        read_cutoffs(tmp_path / "c.tsv", CLASSES)


def test_enhancers_near_tsss_do_not_count(tmp_path: Path) -> None:
    scan = scan_of(tmp_path)
    sites = pd.DataFrame({"chrom": ["chr3"], "start": [0], "end": [SIZES["chr3"]]})
    zone = TssZone(sites, 0)
    rows = find_cutoffs(scan, Wanted("number:20"), zone, TSS)
    calls = call_scan(scan, "drf", Cutoffs.of_rows(rows, TSS), zone, False).calls
    assert not (calls["chr3"].class_index == 1).any()
    assert sum(int((c.class_index == 1).sum()) for c in calls.values()) in (19, 20)
