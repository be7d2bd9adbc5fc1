"""Scores on real counts: reads of both kinds, true windows and areas, against brute force."""

import gzip
import importlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, chisquare
from sklearn.metrics import average_precision_score

from deepregfinder.errors import InputError
from deepregfinder.labels.ground_truth import LEFT_OUT, NEGATIVE, POSITIVE
from deepregfinder.signal.store import open_signal, write_signal

TOOLS = Path(__file__).parents[3] / "tools/accuracy"
LENGTH, START, BINS = 60_000, 20_000, 100  # the stretch: bins of 200 bp


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    yield importlib.import_module("real_counts")
    sys.modules.pop("real_counts", None)


def of_chromosome(counts: np.ndarray, path: Path):
    """A signal file with the counts, int64 (marks, bins of 100 bp), of one chromosome."""
    marks = [f"m{row}" for row in range(len(counts))]
    library = {mark: (10 * int(row.sum()),) for mark, row in zip(marks, counts, strict=True)}
    rpm = counts * 1e6 / np.array([[library[mark][0]] for mark in marks])
    write_signal(
        path, sample="A", marks=marks, bin_size=100, chrom_sizes={"chr1": LENGTH},
        control="ignore", library_sizes=library, counting={},
        arrays=[("chr1", rpm.astype(np.float32))],
    )  # fmt: skip
    return open_signal(path)


def test_halves_keep_every_read_and_are_binomial(tool):
    counts = np.full((2, 40_000), 3)
    halves = tool.halved(counts, np.random.default_rng(1))
    assert halves.shape == (2, 80_000)
    assert np.array_equal(halves.reshape(2, -1, 2).sum(axis=-1), counts)
    for side in halves.reshape(-1, 2).T:
        expected = binom.pmf(np.arange(4), 3, 0.5) * side.size
        assert chisquare(np.bincount(side, minlength=4), expected).pvalue > 0.001


def test_thinned_reads_are_binomial(tool):
    counts = np.full((2, 40_000), 4)
    some, all_of_them = tool.thinned(counts, np.array([0.3, 1.0]), np.random.default_rng(1))
    expected = binom.pmf(np.arange(5), 4, 0.3) * some.size
    assert chisquare(np.bincount(some, minlength=5), expected).pvalue > 0.001
    assert np.array_equal(all_of_them, counts[1])


def test_both_kinds_have_the_same_depth_and_scale(tool, tmp_path):
    rng = np.random.default_rng(1)
    simulated = rng.poisson(20, (2, LENGTH // 100))
    signal = of_chromosome(simulated, tmp_path / "signal.zip")
    place = slice(START // 100, START // 100 + 2 * BINS)
    # Twice the reads of the first mark, and half of those of the second.
    real = rng.poisson(np.array([[80], [20]]), (2, BINS))
    stretch = tool.Stretch("chr1", START, real)
    [kinds] = tool.both_kinds(signal, [stretch], np.random.default_rng(1))
    counts = {kind: reads.rpm * (reads.depths[:, None] / 1e6) for kind, reads in kinds.items()}
    for kind in tool.KINDS:
        assert np.abs(counts[kind] - np.rint(counts[kind])).max() < 1e-3
    counts = {kind: np.rint(values).astype(int) for kind, values in counts.items()}
    outside = np.delete(counts["simulated"], np.r_[place], axis=1)
    assert np.array_equal(outside, np.delete(counts["real"], np.r_[place], axis=1))
    assert np.array_equal(outside[0], np.delete(simulated[0], np.r_[place]))

    pairs = {kind: values[:, place].reshape(2, BINS, 2).sum(-1) for kind, values in counts.items()}
    # The kind with fewer reads keeps all of them, bin by bin.
    assert np.array_equal(pairs["simulated"][0], simulated[0, place].reshape(BINS, 2).sum(-1))
    assert np.array_equal(pairs["real"][1], real[1])
    totals = {kind: values.sum(axis=1) for kind, values in pairs.items()}
    assert totals["real"] == pytest.approx(totals["simulated"], rel=0.05)
    # Thinning changes the noise, not the reads per million.
    before = signal.load("chr1")[:, place].sum(axis=1)
    for reads in kinds.values():
        assert reads.rpm[:, place].sum(axis=1) == pytest.approx(before, rel=0.05)


def test_windows_are_labelled_by_their_distance(tool):
    stretch = tool.Stretch("chr1", START, np.zeros((1, 500), np.int64))
    positions = {"tss": [31_040], "distal": [60_000, 90_000], "active": [90_000]}
    sites = {
        name: pd.DataFrame({"chrom": ["chr2", *["chr1"] * len(at)], "position": [50_000, *at]})
        for name, at in positions.items()
    }
    windows = tool.windows_of([stretch, stretch], sites, 2000, 100)
    [starts, again] = windows.starts
    assert np.array_equal(starts, again)
    assert (starts[0] * 100, starts[-1] * 100 + 2000) == (START, START + 100_000)
    assert windows.sites == (2, 4, 2)
    assert windows.n_blocks == 4
    centres = starts * 100 + 1000
    half = len(starts)
    assert np.array_equal(windows.block[:half], (centres - START) // 50_000)
    assert np.array_equal(windows.block[half:], windows.block[:half] + 2)
    for row, at in enumerate(positions.values()):
        for centre, found in zip(centres, windows.membership[row, :half], strict=True):
            nearest = min(abs(centre - place) for place in at)
            expected = LEFT_OUT if nearest <= 2000 else NEGATIVE
            expected = POSITIVE if nearest <= 500 else expected
            if row == 2 and abs(centre - 60_000) <= 2000:
                expected = LEFT_OUT
            assert found == expected, (row, centre)
    counted = windows.membership[0] != LEFT_OUT
    assert windows.chance[0] == (windows.membership[0][counted] == POSITIVE).mean()


def test_areas_are_those_of_scikit_learn(tool):
    rng = np.random.default_rng(1)
    membership = rng.choice([POSITIVE, NEGATIVE, LEFT_OUT], (3, 400), p=[0.2, 0.6, 0.2])
    windows = tool.Windows((), membership.astype(np.int8), np.arange(400) // 100, 4, (0, 0, 0))
    probabilities = np.round(rng.random((400, 3)), 2)
    weights = np.array([[1, 1, 1, 1], [0, 2, 1, 1]])
    classes = ["background", "enhancer", "promoter"]
    areas = tool.average_precisions(probabilities, classes, windows, weights)
    assert areas.shape == (2, 3)
    for weight, row in zip(weights, areas, strict=True):
        for target, column in enumerate((2, 1, 1)):
            counted = membership[target] != LEFT_OUT
            expected = average_precision_score(
                membership[target][counted] == POSITIVE,
                probabilities[counted, column],
                sample_weight=weight[windows.block[counted]],
            )
            assert row[target] == pytest.approx(expected)


def test_sites_are_open_tss_and_distal_dhs(tool, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(name: str, *intervals: tuple[int, int], chrom: str = "chr1") -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [
            f"{chrom}\t{start}\t{end}" + ("\t.\t0\t.\t5\t-1\t-1\t-1" if "Peak" in name else "")
            for start, end in intervals
        ]
        path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))

    write("annotation_hg19/RefSeqTSS.hg19.bed.gz", (10_000, 10_001), (30_000, 30_001))
    dhs = ((11_000, 11_100), (12_500, 12_600), (12_501, 12_601), (31_001, 31_101), (50_000, 50_200))
    lists = tmp_path / "encode_hg19/K562"
    write(f"{lists}/wgEncodeAwgDnaseUwdukeK562UniPk.narrowPeak.gz", *dhs)
    write(f"{lists}/wgEncodeBroadHistoneK562H3k27acStdPk.narrowPeak.gz", (50_100, 50_900))
    for other in ("BroadHistoneK562H3k4me3StdPk", "AwgTfbsSydhK562P300UniPk"):
        write(f"{lists}/wgEncode{other}.narrowPeak.gz", (1, 2))
    sites = tool.target_sites(tmp_path, "K562", ["chr1"])
    assert {name: table["position"].tolist() for name, table in sites.items()} == {
        "open TSSs": [10_000],
        "distal DHSs": [12_551, 50_100],
        "active distal DHSs": [50_100],
    }


def test_other_tables_are_refused(tool, tmp_path):
    path = tmp_path / "counts.tsv"
    path.write_text("chrom\tstart\tend\tm0\nchr1\t0\t200\t1\nchr1\t400\t600\t1\n")
    with pytest.raises(InputError, match="not consecutive"):
        tool.read_stretches(path, ["m0"])
    with pytest.raises(InputError, match="no counts of m1"):
        tool.read_stretches(path, ["m0", "m1"])
