"""Active and poised: clusters, agreement of strands, and refusals with numbers."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples.region_samples import GEOMETRY
from sklearn.cluster import KMeans

from deepregfinder.errors import InputError
from deepregfinder.labels.states import (
    Clustering,
    States,
    add_states,
    cluster_windows,
    two_means,
    window_counts,
    write_summary,
)


@dataclass
class FakeCounts:
    by_chrom: dict[str, np.ndarray]

    def load(self, chrom: str) -> np.ndarray:
        return self.by_chrom[chrom].astype(np.uint32)


def squares(values: np.ndarray, cut: float) -> float:
    parts = (values[values < cut], values[values >= cut])
    return sum(((part - part.mean()) ** 2).sum() for part in parts)


@given(st.lists(st.integers(0, 50), min_size=2, max_size=40).filter(lambda v: len(set(v)) > 1))
def test_two_means_is_the_best_of_all_cuts(given_values: list[int]) -> None:
    values = np.array(given_values, float)
    best = min(squares(values, cut) for cut in sorted(set(given_values))[1:])
    assert squares(values, two_means(values)) == pytest.approx(best)


@pytest.mark.parametrize("seed", range(5))
def test_two_means_is_no_worse_than_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.concatenate([rng.poisson(3, 300), rng.negative_binomial(2, 0.02, 120)]).astype(
        float
    )
    model = KMeans(2, n_init=10, random_state=0).fit(values[:, None])
    assert squares(values, two_means(values)) <= model.inertia_ * (1 + 1e-9)


def test_equal_values_have_no_two_clusters() -> None:
    assert np.isnan(two_means(np.full(10, 3)))
    assert np.isnan(two_means(np.array([1])))


def test_a_window_counts_the_reads_of_its_own_bins() -> None:
    bins = np.arange(100)
    windows = pd.DataFrame({"chrom": ["chr2", "chr1", "chr1"], "start": [8_000, 0, 300]})
    counts = FakeCounts({"chr1": bins, "chr2": bins * 10})
    assert window_counts(counts, windows, GEOMETRY).tolist() == [  # type: ignore[arg-type]
        10 * sum(range(80, 100)),
        sum(range(20)),
        sum(range(3, 23)),
    ]


def skewed(seed: int = 3) -> np.ndarray:
    """Counts of 300 silent and 100 transcribed windows whose strength spans two decades."""
    rng = np.random.default_rng(seed)
    return np.concatenate(
        [rng.poisson(2, 300), rng.poisson(10 ** rng.uniform(2.5, 4.5, 100))]
    ).astype(np.int64)


def clustered(
    counts: np.ndarray, transform: str, element: str = "promoter", trained: slice = slice(None)
) -> tuple[np.ndarray, Clustering]:
    """All windows are training windows, or a part of them."""
    is_trained = np.zeros(len(counts), dtype=bool)
    is_trained[trained] = True
    return cluster_windows(counts, is_trained, element, "nascent", transform)  # type: ignore[arg-type]


@pytest.mark.parametrize("transform", ["none", "log2"])
def test_other_windows_join_the_nearer_cluster_and_move_nothing(transform: str) -> None:
    trained = np.array([0, 2, 4] * 20 + [90, 100, 110] * 20)
    others = np.array([0, 5, 19, 20, 52, 53, 100_000])
    _, alone = clustered(trained, transform)
    is_active, joint = clustered(
        np.concatenate([trained, others]), transform, trained=slice(len(trained))
    )
    scaled = np.log2 if transform == "log2" else lambda values: values - 1.0
    low, high = (scaled(part + 1.0).mean() for part in (trained[:60], trained[60:]))
    nearer = np.abs(scaled(others + 1.0) - high) < np.abs(scaled(others + 1.0) - low)
    assert is_active[120:].tolist() == nearer.tolist()
    assert len(set(nearer)) == 2
    assert joint.boundary == alone.boundary
    assert (joint.windows, joint.active) == (127, 60 + nearer.sum())


def test_the_transform_changes_the_clusters() -> None:
    counts = skewed()
    raw, of_raw = clustered(counts, "none")
    logged, of_logged = clustered(counts, "log2")
    assert of_raw.active < 50
    assert of_logged.active == 100
    assert logged[300:].all()
    assert not np.array_equal(raw, logged)


def test_means_are_reported_in_reads_whatever_the_transform() -> None:
    counts = skewed()
    is_active, clustering = clustered(counts, "log2")
    assert clustering.active_mean == counts[is_active].mean()
    assert counts[~is_active].max() <= clustering.boundary < counts[is_active].min()
    assert (counts > clustering.boundary).tolist() == is_active.tolist()


def refusal(counts: np.ndarray, transform: str = "none") -> str:
    with pytest.raises(InputError) as error:
        clustered(np.asarray(counts), transform, "enhancer")
    return str(error.value)


def test_no_read_at_all_is_refused() -> None:
    assert "(50 enhancer windows to train on, nascent reads): none of them has a read" in refusal(
        np.zeros(50, int)
    )


def test_no_window_at_all_is_refused() -> None:
    assert "0 enhancer windows" in refusal(np.zeros(0, int))


def test_equal_counts_are_refused() -> None:
    assert "every window has 7" in refusal(np.full(50, 7))


def test_a_nearly_empty_cluster_is_refused_with_numbers_and_advice() -> None:
    message = refusal(np.array([1, 2] * 50 + [90_000] * 3))
    assert "100 poised windows have 1.5 reads on average, 3 active ones 9e+04" in message
    assert "--nascent_transform log2" in message


def test_clusters_too_close_together_are_refused() -> None:
    message = refusal(np.array([1_000] * 50 + [1_500] * 50))
    assert "50 poised windows have 1000 reads on average, 50 active ones 1500" in message
    assert "less than 2 times" in message


@pytest.mark.parametrize("mean", [0.3, 1, 3])
def test_counts_that_vary_by_chance_alone_are_refused(mean: float) -> None:
    message = refusal(np.random.default_rng(1).poisson(mean, 2_000))
    assert "no more than by chance" in message or "look like background" in message


def element_windows(n: int, kind: str, chrom: str) -> pd.DataFrame:
    start = np.arange(n) * GEOMETRY.window
    return pd.DataFrame(
        {"chrom": chrom, "start": start, "end": start + GEOMETRY.window}
        | {"class": kind, "state": ".", "split": "train"}
    )


def candidates() -> pd.DataFrame:
    """40 promoters, 40 enhancers, then 5 background windows."""
    parts = [
        element_windows(40, "promoter", "chr1"),
        element_windows(40, "enhancer", "chr2"),
        element_windows(5, "background", "chr3"),
    ]
    return pd.concat(parts, ignore_index=True)


def counts_of(promoters: list[int], enhancers: list[int]) -> FakeCounts:
    """Files of counts in which window i has the i-th number, all in its fourth bin."""
    arrays = {}
    for chrom, reads in (("chr1", promoters), ("chr2", enhancers), ("chr3", [0] * 5)):
        bins = np.zeros((len(reads), GEOMETRY.window_bins), int)
        bins[:, 3] = reads
        arrays[chrom] = bins.ravel()
    return FakeCounts(arrays)


def states_of(nascent: dict[str, FakeCounts], transform: str = "none") -> States:
    return add_states(candidates(), nascent, GEOMETRY, transform)  # type: ignore[arg-type]


def test_elements_are_clustered_apart_and_background_passes() -> None:
    states = states_of({"nascent": counts_of([5] * 20 + [800] * 20, [0] * 25 + [12] * 15)})
    table = states.candidates
    assert table["class"].value_counts().to_dict() == {
        "poised_promoter": 20,
        "active_promoter": 20,
        "poised_enhancer": 25,
        "active_enhancer": 15,
        "background": 5,
    }
    assert table.loc[table["class"] == "active_enhancer", "state"].unique().tolist() == ["active"]
    assert table.loc[table["class"] == "background", "state"].unique().tolist() == ["."]
    unchanged = ["chrom", "start", "end", "split"]
    assert table[unchanged].equals(candidates()[unchanged])


def test_elements_whose_strands_disagree_are_neither_elements_nor_background() -> None:
    sense = counts_of([0] * 20 + [50] * 20, [0] * 20 + [50] * 20)
    antisense = counts_of([0] * 15 + [60] * 25, [0] * 20 + [60] * 20)
    states = states_of({"sense": sense, "antisense": antisense})
    promoters = states.candidates[states.candidates["chrom"] == "chr1"]
    assert promoters["class"].tolist() == (
        ["poised_promoter"] * 15 + ["unlabelled"] * 5 + ["active_promoter"] * 20
    )
    assert promoters["start"].tolist() == [n * 2000 for n in range(40)]
    assert promoters["split"].tolist() == ["train"] * 15 + ["."] * 5 + ["train"] * 20
    assert [(a.element, a.disagree) for a in states.agreements] == [
        ("promoter", 5),
        ("enhancer", 0),
    ]


def test_strands_that_hardly_agree_are_refused() -> None:
    low_first, low_last = [0] * 20 + [50] * 20, [50] * 20 + [0] * 20
    with pytest.raises(InputError, match="0 are poised and 0 active on both, 40 differ"):
        states_of(
            {
                "sense": counts_of(low_first, low_first),
                "antisense": counts_of(low_last, low_first),
            }
        )


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InputError) as error:
        states_of({"nascent": counts_of([0] * 40, [3] * 40)})
    assert "2 problems" in str(error.value)
    assert "40 promoter windows" in str(error.value)
    assert "40 enhancer windows" in str(error.value)


def test_the_summary_has_a_row_for_each_clustering_and_for_what_is_left(tmp_path: Path) -> None:
    sense = counts_of([0] * 20 + [50] * 20, [1] * 20 + [50] * 20)
    antisense = counts_of([0] * 15 + [60] * 25, [0] * 20 + [60] * 20)
    write_summary(tmp_path / "s.tsv", states_of({"sense": sense, "antisense": antisense}))
    table = pd.read_csv(tmp_path / "s.tsv", sep="\t").astype(str)
    assert table[["element", "reads"]].to_numpy().tolist() == [
        *(["promoter", "sense"], ["promoter", "antisense"], ["promoter", "all"]),
        *(["enhancer", "sense"], ["enhancer", "antisense"], ["enhancer", "all"]),
    ]
    assert table.iloc[2].tolist() == ["promoter", "all", "40", "15", "20", "5", ".", ".", "."]
    assert table.iloc[3].tolist()[5:] == [".", "1", "50", "25.5"]
