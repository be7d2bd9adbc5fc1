"""Regions of GM12878 from the ENCODE lists: known numbers, and a second implementation."""

import logging
from pathlib import Path

import numpy as np
import pytest
from samples.region_samples import GEOMETRY, rules

from deepregfinder.genome.grid import read_chrom_sizes
from deepregfinder.labels.background import free_windows
from deepregfinder.labels.elements import enhancers, promoters
from deepregfinder.labels.rules import Evidence

pytestmark = pytest.mark.real_data

SIX = ("chr4", "chr7", "chr12", "chr16", "chr19", "chr22")


@pytest.fixture(scope="module")
def sizes(shared_data: Path) -> dict[str, int]:
    return read_chrom_sizes(shared_data / "annotation_hg19" / "hg19.chrom.sizes")


@pytest.fixture(scope="module")
def gm12878(shared_data: Path) -> Evidence:
    lists = shared_data / "encode_hg19" / "GM12878"
    return Evidence.read(
        tss=shared_data / "annotation_hg19" / "RefSeqTSS.hg19.bed.gz",
        dhs=lists / "wgEncodeAwgDnaseUwdukeGm12878UniPk.narrowPeak.gz",
        enhancers=[lists / "wgEncodeAwgTfbsSydhGm12878P300bUniPk.narrowPeak.gz"],
        promoter_marks=[lists / "wgEncodeBroadHistoneGm12878H3k04me3StdPkV2.broadPeak.gz"],
        tfbs=[lists / "wgEncodeAwgTfbsBroadGm12878CtcfUniPk.narrowPeak.gz"],
        blacklist=shared_data / "annotation_hg19" / "hg19-blacklist.v2.bed",
    )


def test_six_chromosomes_hold_the_known_numbers_of_elements(
    gm12878: Evidence, sizes: dict[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    six = {chrom: sizes[chrom] for chrom in SIX}
    strong = rules(promoter_marks_min_signal=7)
    with caplog.at_level(logging.WARNING):
        windows = enhancers(gm12878, strong, GEOMETRY, six).intervals
    assert len(windows) == 929
    assert windows["chrom"].isin(["chr19", "chr22"]).sum() == 138
    assert not caplog.records
    assert len(promoters(gm12878, strong, GEOMETRY, six).intervals) == 4_525


def test_the_whole_h3k4me3_list_leaves_almost_no_enhancers_and_is_named(
    gm12878: Evidence, sizes: dict[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        sieve = enhancers(gm12878, rules(), GEOMETRY, {chrom: sizes[chrom] for chrom in SIX})
    assert len(sieve.intervals) < 100
    assert "H3K4me3 peaks drop 1162 of 1251 enhancers" in caplog.text
    assert "--promoter_marks_min_signal (now 0)" in caplog.text


def test_background_is_what_painting_every_base_leaves(
    gm12878: Evidence, sizes: dict[str, int]
) -> None:
    two = {chrom: sizes[chrom] for chrom in ("chr22", "chr19")}
    windows, _ = free_windows(gm12878, rules(), GEOMETRY, two)
    assert gm12878.dhs is not None
    assert gm12878.blacklist is not None
    far = [gm12878.tss, gm12878.dhs, *gm12878.enhancers.values(), *gm12878.tfbs.values()]
    expected = []
    for chrom, length in two.items():
        taken = np.zeros(length, dtype=bool)
        for table, reach in [*((table, 2_000) for table in far), (gm12878.blacklist, 0)]:
            here = table[table["chrom"] == chrom]
            for start, end in zip(here["start"], here["end"], strict=True):
                taken[max(start - reach, 0) : end + reach] = True
        whole = length // GEOMETRY.window
        free = ~taken[: whole * GEOMETRY.window].reshape(whole, GEOMETRY.window).any(axis=1)
        expected += [(chrom, int(tile) * GEOMETRY.window) for tile in np.flatnonzero(free)]
    assert list(zip(windows["chrom"], windows["start"].tolist(), strict=True)) == expected
