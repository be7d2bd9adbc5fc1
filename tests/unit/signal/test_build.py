"""Reads per million: replicates are pooled, controls applied."""

from pathlib import Path

import numpy as np
import pytest

from deepregfinder.counting.store import open_counts
from deepregfinder.errors import InputError
from deepregfinder.signal.build import Controls, write_sample_signal, write_summary
from deepregfinder.signal.store import Signal, mark_depths, open_signal
from deepregfinder.storage.zarr_zip import write_arrays

SIZES = {"chr1": 1_050, "chr2": 500}
RULES = {"min_mapq": 0, "duplicates": "keep"}


class Bench:
    """Writes files of counts and builds signals from them in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.random = np.random.default_rng(1)
        self.counts: dict[str, dict[str, np.ndarray]] = {}
        self.library_sizes: dict[str, int] = {}

    def count(self, mark: str, replicate: str = "1", sample: str = "K562", **changed) -> str:
        """Write a file of random counts; returns its id."""
        key = f"{sample}.{mark}.{replicate}"
        self.counts[key] = {
            chrom: self.random.poisson(3, -(-length // 100)).astype(np.uint16)
            for chrom, length in SIZES.items()
        }
        self.library_sizes[key] = changed.get("library_size", 10_000 * (len(self.counts) + 1))
        attributes = {
            **{"format": "counts", "id": key, "sample": sample, "mark": mark},
            **{"replicate": replicate, "bin_size": 100, "chrom_sizes": SIZES, "assigned": 5},
            **{"counting": RULES, "blacklist": False, "paired_end": False},
            "library_size": self.library_sizes[key],
        } | changed
        write_arrays(self.folder / f"{key}.counts.zip", self.counts[key].items(), attributes)
        return key

    def rpm(self, *keys: str, chrom: str = "chr1") -> np.ndarray:
        """RPM of one file with the reads of all of these libraries."""
        reads = sum(self.counts[key][chrom].astype(float) for key in keys)
        return reads * 1e6 / sum(self.library_sizes[key] for key in keys)

    def build(self, ids, controls=None, control="ignore", sample="K562") -> Signal:
        path = self.folder / "out.signal.zip"
        opened = [open_counts(self.folder / f"{key}.counts.zip") for key in ids]
        summaries = write_sample_signal(path, sample, opened, Controls(controls or {}, control))
        write_summary(self.folder / "out.tsv", sample, summaries)
        return open_signal(path)

    def problem(self, *args, **kwargs) -> str:
        (self.folder / "out.signal.zip").unlink(missing_ok=True)
        with pytest.raises(InputError) as caught:
            self.build(*args, **kwargs)
        assert not (self.folder / "out.signal.zip").exists()
        return str(caught.value)


@pytest.fixture
def bench(tmp_path) -> Bench:
    return Bench(tmp_path)


def test_signal_is_reads_per_million_of_the_pooled_replicates(bench):
    first, second = bench.count("H3K4me1", "1"), bench.count("H3K4me1", "2")
    single = bench.count("H3K27ac")
    signal = bench.build([second, single, first])
    assert signal.marks == ("H3K27ac", "H3K4me1")
    for chrom in SIZES:
        expected = [
            bench.rpm(single, chrom=chrom),
            bench.rpm(first, second, chrom=chrom),
        ]
        np.testing.assert_allclose(signal.load(chrom), expected, rtol=1e-6)
        # Models of counts take them back from RPM and depth.
        reads = signal.load(chrom) * (mark_depths(signal)[:, None] / 1e6)
        assert reads[1].any()
        np.testing.assert_allclose(reads, np.rint(reads), atol=1e-3)
    assert signal.library_sizes["H3K4me1"] == tuple(bench.library_sizes[k] for k in (first, second))


@pytest.mark.parametrize("shallow", [1, 25, 400])
@pytest.mark.parametrize("n_shallow", [1, 3])
def test_a_shallow_replicate_adds_no_more_than_its_reads(bench, shallow, n_shallow):
    """The signal is as near to that of the deep replicate as its share of the reads allows."""
    deep = bench.count("H3K4me1", "1", library_size=24_627)
    added = []
    for number in range(n_shallow):
        key = bench.count("H3K4me1", f"{2 + number}", library_size=shallow)
        few = np.zeros(len(bench.counts[key]["chr1"]), np.uint16)
        few[number] = shallow
        bench.counts[key]["chr1"] = few
        path = bench.folder / f"{key}.counts.zip"
        attributes = dict(open_counts(path).attributes)
        write_arrays(path, bench.counts[key].items(), attributes)
        added.append(key)
    alone, both = (bench.build(ids).load("chr1")[0] for ids in ([deep], [deep, *added]))
    share = n_shallow * shallow / (24_627 + n_shallow * shallow)
    np.testing.assert_allclose(both[n_shallow:], alone[n_shallow:] * (1 - share), rtol=1e-5)
    np.testing.assert_allclose(both, bench.rpm(deep, *added), rtol=1e-5)


def test_a_shallow_control_adds_no_more_than_its_reads(bench):
    chips = [bench.count("H3K4me1", n) for n in "12"]
    deep = bench.count("control", "1", sample="control", library_size=50_000)
    shallow = bench.count("control", "2", sample="control", library_size=20)
    both = dict(zip(chips, (deep, shallow), strict=True))
    signal = bench.build([*chips, deep, shallow], both, "channel").load("chr1")
    np.testing.assert_allclose(signal[1], bench.rpm(deep, shallow), rtol=1e-5)
    signal = bench.build([*chips, deep, shallow], both, "subtract").load("chr1")
    difference = bench.rpm(*chips) - bench.rpm(deep, shallow)
    np.testing.assert_allclose(signal, [np.maximum(difference, 0)], rtol=1e-4, atol=1e-9)


def test_a_control_of_two_of_three_replicates_is_subtracted_once(bench):
    chips = [bench.count("H3K4me1", n, library_size=90_000) for n in "123"]
    one, other = (bench.count("control", n, sample="control") for n in "12")
    pairs = dict(zip(chips, (one, one, other), strict=True))
    signal = bench.build([*chips, one, other], pairs, "subtract").load("chr1")
    difference = bench.rpm(*chips) - bench.rpm(one, other)
    np.testing.assert_allclose(signal, [np.maximum(difference, 0)], rtol=1e-4, atol=1e-9)


def test_the_order_of_files_changes_no_byte(bench):
    ids = [bench.count(mark, str(n)) for mark in ("H3K4me1", "H3K27ac") for n in range(3)]
    contents = set()
    for order in (ids, ids[::-1], ids[3:] + ids[:3]):
        bench.build(order)
        contents.add((bench.folder / "out.signal.zip").read_bytes())
    assert len(contents) == 1


def test_controls_are_ignored_when_they_should_be(bench):
    chip, control = bench.count("H3K4me1"), bench.count("control", sample="control")
    with_control = bench.build([chip, control], {chip: control}).load("chr1")
    np.testing.assert_array_equal(with_control, bench.build([chip]).load("chr1"))


def test_the_pool_of_controls_is_subtracted_down_to_zero(bench):
    chips = [bench.count("H3K4me1", n, library_size=40_000 * int(n)) for n in ("1", "2")]
    controls = [bench.count("control", n, sample="control") for n in ("1", "2")]
    signal = bench.build(chips + controls, dict(zip(chips, controls, strict=True)), "subtract")
    difference = bench.rpm(*chips) - bench.rpm(*controls)
    np.testing.assert_allclose(
        signal.load("chr1"), [np.maximum(difference, 0)], rtol=1e-4, atol=1e-9
    )
    assert signal.marks == ("H3K4me1",)
    assert signal.control == "subtract"
    assert (difference < 0).any()


def test_one_control_of_all_marks_is_one_channel(bench):
    chips = [bench.count("H3K4me1"), bench.count("H3K27ac")]
    control = bench.count("control", sample="control")
    signal = bench.build([*chips, control], dict.fromkeys(chips, control), "channel")
    assert signal.marks == ("H3K27ac", "H3K4me1", "control")
    np.testing.assert_allclose(signal.load("chr1")[2], bench.rpm(control), rtol=1e-6)
    np.testing.assert_allclose(signal.load("chr1")[1], bench.rpm(chips[0]), rtol=1e-6)


def test_controls_of_single_marks_are_channels_of_these(bench):
    chips = [bench.count("H3K4me1"), bench.count("H3K27ac")]
    controls = [bench.count("control", n, sample="control") for n in ("1", "2")]
    signal = bench.build(chips + controls, dict(zip(chips, controls, strict=True)), "channel")
    assert signal.marks == ("H3K27ac", "H3K27ac_control", "H3K4me1", "H3K4me1_control")
    np.testing.assert_allclose(
        signal.load("chr2")[3], bench.rpm(controls[0], chrom="chr2"), rtol=1e-6
    )


def test_replicates_of_all_marks_may_share_the_same_two_controls(bench):
    controls = [bench.count("control", n, sample="control") for n in ("1", "2")]
    pairs = {
        bench.count(mark, str(n + 1)): controls[n]
        for mark in ("H3K4me1", "H3K27ac")
        for n in (0, 1)
    }
    signal = bench.build([*pairs, *controls], pairs, "channel")
    assert signal.marks == ("H3K27ac", "H3K4me1", "control")
    np.testing.assert_allclose(signal.load("chr1")[2], bench.rpm(*controls), rtol=1e-6)


@pytest.mark.parametrize("control", ["subtract", "channel"])
def test_rows_without_control_are_named(bench, control):
    chips = [bench.count("H3K4me1"), bench.count("H3K27ac")]
    other = bench.count("control", sample="control")
    said = bench.problem([*chips, other], {chips[0]: other}, control)
    assert "there is none for K562.H3K27ac.1." in said


def test_everything_that_does_not_fit_is_named_at_once(bench):
    ids = [
        bench.count("A"),
        bench.count("B", bin_size=200),
        bench.count("C", counting={"min_mapq": 30}),
        bench.count("D", library_size=0),
        bench.count("E", sample="GM12878"),
    ]
    said = bench.problem(ids)
    assert "GM12878.E.1 has counts of GM12878, not of K562" in said
    assert "K562.B.1 was counted with another bin size" in said
    assert "K562.C.1 was counted with another set of counting rules" in said
    assert "K562.D.1 has no usable read" in said


def test_the_same_counts_twice_and_controls_alone_are_refused(bench):
    chip, control = bench.count("H3K4me1"), bench.count("control", sample="control")
    assert "the same id" in bench.problem([chip, chip])
    assert "only files of counts of controls" in bench.problem([control], {chip: control})


def test_marks_may_not_take_the_names_of_control_channels(bench):
    chips = [bench.count("control"), bench.count("H3"), bench.count("H3_control")]
    other = bench.count("x", sample="control")
    said = bench.problem([*chips, other], dict.fromkeys(chips, other), "channel")
    assert "H3_control, control" in said


def test_the_summary_has_a_row_for_each_channel(bench):
    chips = [bench.count("H3K4me1", "1"), bench.count("H3K4me1", "2")]
    control = bench.count("control", sample="control")
    signal = bench.build([*chips, control], dict.fromkeys(chips, control), "channel")
    header, chip, other = (
        line.split("\t") for line in (bench.folder / "out.tsv").read_text().splitlines()
    )
    values = np.concatenate([signal.load(chrom) for chrom in SIZES], axis=1)
    row = dict(zip(header, chip, strict=True))
    assert (row["sample"], row["mark"], row["role"], row["replicates"]) == (
        "K562",
        "H3K4me1",
        "chip",
        "2",
    )
    assert row["library_sizes"] == ",".join(str(bench.library_sizes[key]) for key in chips)
    assert float(row["mean_rpm"]) == pytest.approx(values[0].mean(), rel=1e-5)
    assert float(row["max_rpm"]) == pytest.approx(values[0].max(), rel=1e-5)
    assert float(row["nonzero_fraction"]) == pytest.approx((values[0] > 0).mean(), rel=1e-5)
    assert other[1:3] == ["control", "control"]


@pytest.mark.parametrize("control", ["subtract", "channel"])
def test_libraries_of_assays_without_controls_need_none(bench, control):
    chip = bench.count("H3K4me1")
    cuts = bench.count("ATAC", assay="atac", row_rules={"shift": 0})
    own = bench.count("control", sample="control")
    signal = bench.build([chip, cuts, own], {chip: own}, control)
    np.testing.assert_allclose(signal.load("chr1")[0], bench.rpm(cuts), rtol=1e-6)
    assert signal.marks == (
        ("ATAC", "H3K4me1") if control == "subtract" else ("ATAC", "H3K4me1", "control")
    )
    assert signal.counting["assays"] == {"ATAC": "atac"}
    assert signal.counting["row_rules"] == {cuts: {"shift": 0}}
    alone = bench.build([cuts], {}, control)
    assert alone.marks == ("ATAC",)
    assert "there is none for K562.H3K4me1.1." in bench.problem([chip, cuts], {}, control)


def test_a_control_that_was_named_is_needed_whatever_the_assay(bench):
    cuts = bench.count("ATAC", assay="atac")
    assert "there is none for K562.ATAC.1" in bench.problem([cuts], {cuts: "gone"}, "subtract")
