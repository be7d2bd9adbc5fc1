"""Enrichment at TSSs and reads in accessible sites, by plain loops."""

import numpy as np
import pandas as pd
import pytest

from deepregfinder.counting.enriched_sites import chromosome_sites
from deepregfinder.counting.store import open_counts
from deepregfinder.quality.accessibility import measure_accessibility, measure_all
from deepregfinder.quality.library_doubts import weak_accessibility
from deepregfinder.storage.zarr_zip import write_arrays

SIZES = {"chr1": 400_000, "chr2": 150_000}


def library(path, fold, assay="atac", bin_size=100, seed=1, sample="A"):
    """A library with `fold` times the reads within 150 bp of every 20,000th base."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for chrom, size in SIZES.items():
        starts = np.arange(0, size, bin_size)
        near = np.abs((starts + bin_size // 2 + 10_000) % 20_000 - 10_000) <= 150
        arrays[chrom] = rng.poisson(np.where(near, 2 * fold, 2)).astype(np.uint16)
    attributes = {
        **{"format": "counts", "id": path.stem, "sample": sample, "mark": "ATAC", "replicate": "1"},
        **{"bin_size": bin_size, "chrom_sizes": SIZES, "library_size": 9, "assay": assay},
        **{"counting": {}, "row_rules": {}},
    }
    write_arrays(path, arrays.items(), attributes)
    return open_counts(path)


def tss_table():
    rows = [(chrom, at, at + 1) for chrom, size in SIZES.items() for at in range(0, size, 20_000)]
    return pd.DataFrame([*rows, rows[3], ("chrUn", 5, 6)], columns=["chrom", "start", "end"])


@pytest.mark.parametrize("fold", [1, 4, 15])
@pytest.mark.parametrize("bin_size", [50, 100, 200])
def test_enrichment_and_share_are_those_of_plain_loops(fold, bin_size, tmp_path):
    counts = library(tmp_path / "a.zip", fold, bin_size=bin_size)
    measured = measure_accessibility(counts, tss_table())
    reach = 2_000 // bin_size
    profile = np.zeros(2 * reach + 1)
    for chrom, start, _ in {*tss_table().itertuples(index=False, name=None)}:
        if chrom in SIZES:
            values, at = counts.load(chrom).astype(float), start // bin_size
            if at >= reach and at + reach < len(values):
                profile += values[at - reach : at + reach + 1]
    expected = profile.max() / ((profile[0] + profile[-1]) / 2)
    assert measured.tss_enrichment == pytest.approx(expected)
    everywhere = [counts.load(chrom) for chrom in SIZES]
    mean = np.concatenate(everywhere).mean()
    inside = sum(
        int(reads[first : last + 1].sum())
        for reads in everywhere
        for sites in [chromosome_sites(reads, mean, bin_size)]
        for first, last in zip(sites.first, sites.last, strict=True)
    )
    assert measured.in_sites == pytest.approx(inside / sum(map(np.sum, everywhere)))


def test_only_assays_of_cuts_are_measured_and_weak_ones_told(tmp_path):
    good = library(tmp_path / "good.zip", 15)
    weak = library(tmp_path / "weak.zip", 2, "dnase")
    chip = library(tmp_path / "chip.zip", 1, "chip")
    control = library(tmp_path / "control.zip", 1, sample="control")
    bed = tmp_path / "tss.bed"
    tss_table().to_csv(bed, sep="\t", header=False, index=False)
    measured = measure_all([good, weak, chip, control], bed)
    assert [*measured] == ["good", "weak"]
    (doubt,) = weak_accessibility(measured)
    assert (doubt.kind, doubt.ids) == ("accessibility", ("weak",))
    assert doubt.text.startswith("The TSS enrichment of weak is 1.9, and 5")


def test_without_tss_there_is_no_enrichment_and_no_warning(tmp_path):
    measured = measure_all([library(tmp_path / "a.zip", 1)], None)
    assert measured["a"].tss_enrichment is None
    assert not [*weak_accessibility(measured)]


def test_wide_bins_have_no_enrichment(tmp_path):
    counts = library(tmp_path / "a.zip", 15, bin_size=2_000)
    assert measure_accessibility(counts, tss_table()).tss_enrichment is None
