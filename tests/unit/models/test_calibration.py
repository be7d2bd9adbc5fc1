import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax

from deepregfinder.models.calibration import (
    combine_members,
    fit_bias,
    fit_temperature,
    negative_log_likelihood,
    shift_priors,
    temper,
)


@given(
    arrays(np.float64, (5, 3), elements=st.floats(-30, 30)),
    st.floats(0.1, 10),
)
def test_tempering_divides_logits_by_the_temperature(logits, temperature):
    expected = softmax(logits / temperature, axis=1)
    np.testing.assert_allclose(temper(softmax(logits, axis=1), temperature), expected, atol=1e-6)


def test_certainty_stays_certain():
    np.testing.assert_array_equal(temper(np.array([[0.0, 1.0, 0.0]]), 0.05), [[0, 1, 0]])


def test_tiny_probabilities_do_not_vanish_altogether():
    assert np.isfinite(temper(np.full((1, 4), 0.25), 0.001)).all()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_fit_finds_the_temperature_that_labels_were_drawn_with(temperature):
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(20_000, 4)) * 2
    true = softmax(logits, axis=1)
    y = (true.cumsum(axis=1) < rng.random((len(true), 1))).sum(axis=1)
    overconfident = softmax(logits * temperature, axis=1)
    assert fit_temperature(overconfident, y) == pytest.approx(temperature, rel=0.05)


def test_fit_is_at_the_lowest_likelihood_of_a_grid():
    rng = np.random.default_rng(2)
    p = softmax(rng.normal(size=(400, 3)) * 3, axis=1)
    y = rng.integers(0, 3, 400)
    fitted = negative_log_likelihood(temper(p, fit_temperature(p, y)), y)
    grid = [negative_log_likelihood(temper(p, t), y) for t in np.geomspace(0.25, 20, 200)]
    assert fitted <= min(grid) + 1e-6


def test_validation_windows_without_errors_do_not_make_everything_certain():
    p = np.tile([[0.9, 0.1], [0.1, 0.9]], (10, 1))
    assert fit_temperature(p, np.tile([0, 1], 10)) == pytest.approx(1 / 4, rel=1e-3)


def test_members_are_averaged_before_tempering():
    members = np.array([[[0.8, 0.2]], [[0.4, 0.6]]])
    expected = np.array([0.36, 0.16]) / 0.52
    np.testing.assert_allclose(combine_members(members, 0.5)[0], expected)


def test_negative_log_likelihood_by_hand():
    value = negative_log_likelihood(np.array([[0.5, 0.5], [0.2, 0.8]]), np.array([0, 1]))
    assert value == pytest.approx(-(np.log(0.5) + np.log(0.8)) / 2)


@pytest.mark.parametrize(
    "module", ["models.calibration", "prediction.probabilities", "prediction.user_regions"]
)
def test_calling_and_evaluation_need_no_torch(repository, module):
    code = f"import sys, deepregfinder.{module}; sys.exit('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=repository / "bin")
    assert run.returncode == 0


def test_the_bias_restores_the_shares_that_a_prior_shift_took_away():
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(20_000, 3)) * 2
    true = softmax(logits, axis=1)
    y = (true.cumsum(axis=1) < rng.random((len(true), 1))).sum(axis=1)
    elsewhere = softmax(logits - [0, 2.5, -1], axis=1)
    bias = fit_bias(elsewhere, y)
    np.testing.assert_allclose(bias, [0, 2.5, -1], atol=0.1)
    restored = shift_priors(elsewhere, bias).mean(axis=0)
    np.testing.assert_allclose(restored, np.bincount(y) / len(y), atol=1e-4)


def test_no_bias_changes_nothing():
    p = np.array([[0.2, 0.3, 0.5]])
    np.testing.assert_array_equal(shift_priors(p, (0.0, 0.0, 0.0)), p)


def test_a_class_that_never_occurs_gets_no_endless_bias():
    p = softmax(np.random.default_rng(4).normal(size=(50, 3)), axis=1)
    assert np.isfinite(fit_bias(p, np.arange(50) % 2)).all()
