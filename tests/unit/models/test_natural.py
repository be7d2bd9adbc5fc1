"""Maps to natural prevalence: fitted to what is known, and adapted to another prevalence."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from deepregfinder.models.natural import (
    LEVELS,
    Natural,
    NaturalMap,
    estimate_prior,
    first_level,
    fit_map,
    natural_from_json,
    natural_to_json,
    near_tss,
    stored_level,
)

P = (np.arange(LEVELS) + 0.5) / LEVELS


def drawn(prior: float, n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Windows of a model with logit p ~ N(3, 2) in the class and N(-3, 2) elsewhere, by level."""
    rng = np.random.default_rng(seed)
    positive = int(n * prior)
    return tuple(
        np.bincount(stored_level(expit(rng.normal(mean, 2, size))), minlength=LEVELS)
        for mean, size in ((3, positive), (-3, n - positive))
    )  # type: ignore[return-value]


def truth(prior: float) -> np.ndarray:
    """The posterior of a level by Bayes: the log likelihood ratio is 1.5 logit p."""
    exact: np.ndarray = expit(1.5 * logit(P) + logit(prior))
    return exact


def test_a_map_gives_the_posterior_by_bayes() -> None:
    fitted = fit_map(*drawn(0.02, 1_000_000)).table()
    assert np.abs(fitted - truth(0.02)).max() < 0.02


def test_a_map_rises_even_if_the_model_is_worse_than_chance() -> None:
    positive, negative = drawn(0.3, 20_000)
    table = fit_map(negative, positive).table()
    assert (np.diff(table) >= 0).all()
    assert table[0] == pytest.approx(0.7, abs=0.01)


def test_separable_windows_do_not_give_a_step() -> None:
    positive, negative = np.zeros((2, LEVELS), int)
    positive[60_000], negative[10] = 4, 4
    table = fit_map(positive, negative).table()
    assert table[60_000] == pytest.approx(5 / 6, abs=1e-3)
    assert table[10] == pytest.approx(1 / 6, abs=1e-3)


def test_other_odds_are_adapted_to() -> None:
    of_class = fit_map(*drawn(0.02, 500_000))
    assert np.abs(of_class.table(0.2) - truth(0.2)).max() < 0.03
    np.testing.assert_allclose(of_class.table(of_class.prior), of_class.table(), rtol=1e-12)


@pytest.mark.parametrize("prior", [0.004, 0.02, 0.1])
def test_the_share_of_a_class_elsewhere_is_estimated_without_labels(prior: float) -> None:
    of_class = fit_map(*drawn(0.02, 500_000))
    windows = np.sum(drawn(prior, 500_000, seed=2), axis=0)
    assert estimate_prior(of_class, windows) == pytest.approx(prior, rel=0.15)


def test_a_class_with_few_certain_windows_keeps_its_share() -> None:
    """Windows one logit apart: more of the class, and other reads, look alike."""
    rng = np.random.default_rng(3)
    here, there = (
        np.bincount(stored_level(expit(rng.normal(mean, 1, n))), minlength=LEVELS)
        for mean, n in ((-2, 2_000), (-3, 98_000))
    )
    of_class = fit_map(here, there)
    assert of_class.certain < 0.01
    assert estimate_prior(of_class, 10 * here + there) == of_class.prior
    apart = fit_map(*drawn(0.02, 100_000))
    positive, _ = drawn(0.02, 100_000)
    assert apart.certain == positive[apart.table() >= 0.5].sum() / positive.sum()
    assert apart.certain > 0.5


def test_the_odds_change_at_most_tenfold() -> None:
    of_class = fit_map(*drawn(0.02, 100_000))
    for windows, factor in zip(drawn(0.5, 1000), (10, 0.1), strict=True):
        assert logit(estimate_prior(of_class, windows)) == pytest.approx(
            logit(of_class.prior) + np.log(factor)
        )


def test_the_first_level_reaches_a_probability() -> None:
    table = fit_map(*drawn(0.1, 10_000)).table()
    level = first_level(table, 0.5)
    assert table[level - 1] < 0.5 <= table[level]
    assert first_level(table, 1.01) == LEVELS


def test_windows_near_a_tss() -> None:
    centres = np.array([499, 500, 1500, 1501, 9000])
    tss = {"1": np.array([1000, 5000])}
    assert near_tss(tss, "chr1", centres).tolist() == [False, True, True, False, False]
    assert not near_tss(tss, "chr2", centres).any()
    assert not near_tss(None, "chr1", centres).any()


ONE = NaturalMap(1.0, 0.5, -3.0, 0.01, 1.0)


def test_maps_are_written_and_read() -> None:
    natural = Natural((ONE, ONE), (None, replace(ONE, prior=0.4)))
    assert natural_from_json(natural_to_json(natural), 3) == natural
    assert natural_from_json(natural_to_json(None), 3) is None


@pytest.mark.parametrize(
    "content",
    [
        *([], {}, {"anywhere": [[1, 1, 0, 0.1, 1]]}, {"anywhere": [None], "at_tss": [None]}),
        {"anywhere": [[1, 1, 0, 0.1, 1]] * 2, "at_tss": [None]},
        *(
            {"anywhere": [row], "at_tss": [None]}
            for row in (
                *([1, 1, 0, 0.1], [1, 1, 0, "1", 1], [1, 1, 0, True, 1], [-1, 1, 0, 0.1, 1]),
                *([1, 1, 0, 1, 1], [1, 1, 0, 0, 1], [1, 1, float("nan"), 0.1, 1]),
                *([1, 1, 0, 2, 1], [1, 1, 0, 0.1, 1.5], "abcde", 7),
            )
        ),
    ],
)
def test_other_content_is_refused(content: object) -> None:
    with pytest.raises(ValueError, match=r"expected|limits"):
        natural_from_json(content, 2)
