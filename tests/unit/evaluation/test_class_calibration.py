"""Class-wise calibration at natural prevalence, compared with loops over windows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from samples.small_evaluation import SIZES, bundle, elements, write_scan

from deepregfinder.evaluation.class_calibration import class_errors, tally_calibration
from deepregfinder.evaluation.metrics import Blocks
from deepregfinder.labels.ground_truth import LEFT_OUT, POSITIVE, label_windows, labelled_elements
from deepregfinder.models.natural import Natural, NaturalMap
from deepregfinder.prediction.natural_scan import NaturalScan
from deepregfinder.prediction.probabilities import open_probabilities

CHROMS = ("chr3", "chr4")
BLOCKS = Blocks.over({chrom: SIZES[chrom] for chrom in CHROMS})
MAPS = Natural(
    (NaturalMap(1.2, 0.8, -0.5, 0.02, 1.0), NaturalMap(1, 1, -1, 0.01, 1.0)),
    (None, NaturalMap(1, 1, 1.5, 0.3, 1.0)),
)
TSS = {"3": np.arange(3_000, SIZES["chr3"], 20_000)}


@pytest.fixture
def natural(tmp_path: Path) -> NaturalScan:
    made = replace(bundle(), natural=MAPS)
    write_scan(tmp_path / "scan.zip", elements(), made, CHROMS)
    return NaturalScan(open_probabilities([tmp_path / "scan.zip"]), TSS)


def test_errors_are_those_of_windows_sorted_by_hand(natural: NaturalScan) -> None:
    truth = labelled_elements(elements(), CHROMS)
    bins = tally_calibration(natural, truth, BLOCKS)
    weights = np.random.default_rng(1).integers(0, 3, (2, len(BLOCKS))).astype(float)
    errors = class_errors(bins, np.vstack([np.ones(len(BLOCKS)), weights]))
    assert np.isnan(errors[:, 0]).all()
    for row, weighting in enumerate([np.ones(len(BLOCKS)), *weights]):
        for index in (1, 2):
            windows: dict[int, list[tuple[float, float, bool]]] = {}
            for chrom in CHROMS:
                q = natural.load(chrom)[index - 1]
                centres = natural.scan.centres(len(q))
                member = label_windows(centres, truth[chrom])[1][index]
                for value, centre, state in zip(q, centres, member, strict=True):
                    if value < 0.05 or state == LEFT_OUT:
                        continue
                    weight = weighting[BLOCKS.first[chrom] + centre // BLOCKS.size]
                    one = (weight, float(value), state == POSITIVE)
                    windows.setdefault(int(value * 15), []).append(one)
            total = sum(weight for bin_ in windows.values() for weight, *_ in bin_)
            gap = sum(
                abs(sum(weight * (value - right) for weight, value, right in bin_))
                for bin_ in windows.values()
            )
            assert errors[row, index] == pytest.approx(gap / total)


def test_a_constant_has_no_error_to_be_proud_of(natural: NaturalScan) -> None:
    """A model that says 0.001 everywhere has no window to measure, and no error of 0."""
    flat = tuple(NaturalMap(0, 0, -7, 0.001, 1.0) for _ in range(2))
    scan = replace(natural.scan, natural=Natural(flat, (None, None)))
    bins = tally_calibration(NaturalScan(scan, None), labelled_elements(elements(), CHROMS), BLOCKS)
    assert bins.sum() == 0
    assert np.isnan(class_errors(bins)).all()


def test_probabilities_at_natural_prevalence_are_those_of_the_maps(natural: NaturalScan) -> None:
    track, q = natural.scan.load("chr3"), natural.load("chr3")
    level = np.rint(track.astype(float) * 65535).astype(int)
    centres = natural.scan.centres(track.shape[1])
    at_tss = np.abs(centres[:, None] - TSS["3"]).min(axis=1) <= 500
    np.testing.assert_array_equal(q[0], MAPS.anywhere[0].table()[level[1]])
    assert MAPS.at_tss[1] is not None
    expected = np.where(
        at_tss, MAPS.at_tss[1].table()[level[2]], MAPS.anywhere[1].table()[level[2]]
    )
    np.testing.assert_array_equal(q[1], expected)
    assert natural.windows.sum() == 2 * sum(natural.scan.load(c).shape[1] for c in CHROMS)
