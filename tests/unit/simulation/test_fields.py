"""Random fields and tails."""

import numpy as np
import pytest

from deepregfinder.simulation.fields import smooth_field, tails


@pytest.mark.parametrize("length", [300, 2000, 10_000])
def test_a_field_is_standard_and_its_correlation_decays_exponentially(length):
    field = smooth_field(2_000_000, 50, length, np.random.default_rng(1))
    assert field.dtype == np.float32
    assert abs(field.mean()) < 0.05
    assert field.std() == pytest.approx(1, abs=0.05)
    for distance in (length // 2, length, 3 * length):
        lag = round(distance / 50)
        correlation = np.mean(field[:-lag] * field[lag:])
        # The field is constant over a tenth of its length.
        assert correlation == pytest.approx(np.exp(-distance / length), abs=0.06)


def test_tails_are_the_sum_over_all_impulses():
    rng = np.random.default_rng(0)
    left, right = rng.random((2, 60)) * (rng.random((2, 60)) < 0.2)
    expected = [
        sum(value * np.exp(-(at - here) * 50 / 300) for at, value in enumerate(left) if at >= here)
        + sum(
            value * np.exp(-(here - at) * 50 / 300) for at, value in enumerate(right) if at <= here
        )
        for here in range(60)
    ]
    assert tails((left, right), 50, 300) == pytest.approx(expected, rel=1e-4)
