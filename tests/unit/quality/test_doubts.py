"""Libraries and labels that are not what the sheet says: planted faults in simulated reads.

A panel of simulated reads is broken in many ways; each fault is named, with its libraries and its
numbers, and the sound panel raises nothing.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from samples.panels import RULES, Panel, simulated_panel

from deepregfinder.counting.rules import BinCounts, BinGrid, ReadTally
from deepregfinder.counting.store import Counts, Library, open_counts, write_counts

MARKS = ("H3K27ac", "H3K27me3", "H3K36me3", "H3K4me1", "H3K4me3")
THREE = ("H3K27ac", "H3K4me1", "H3K4me3")
TWO = ("H3K27ac", "H3K4me1")


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    """Two samples of five marks (H3K4me3 with two replicates), and their controls."""
    return simulated_panel(
        tmp_path_factory.mktemp("panel"),
        *("--samples", "A,B", "--marks", ",".join(MARKS), "--control", "--genome_mb", "16"),
        *("--replicates", "1,H3K4me3=2", "--seed", "11"),
    )


@pytest.mark.parametrize("marks", [MARKS, THREE, TWO])
@pytest.mark.parametrize("samples", ["AB", "A"])
def test_sound_libraries_raise_no_doubt(panel: Panel, marks: Sequence[str], samples: str) -> None:
    sound = panel.only(marks, samples)
    assert sound.doubts() == []
    assert sound.unlabelled().doubts() == []
    assert sound.thinned(dict.fromkeys(sound.counts, 0.2)).doubts() == []


@pytest.mark.parametrize("distance", [50_000, -50_000, 300_000, 5_000, -4_000])
def test_labels_of_another_place_are_told_with_their_enrichment(
    panel: Panel, distance: int
) -> None:
    doubts = panel.shifted(distance).doubts()
    assert {doubt.kind for doubt in doubts} == {"labels"}
    told = [
        f"The labelled {element}s of {sample} do not fit"
        for sample in "AB"
        for element in ("promoter", "enhancer")
    ]
    assert [any(doubt.text.startswith(words) for doubt in doubts) for words in told] == [True] * 4
    one = next(doubt for doubt in doubts if "promoters of A" in doubt.text)
    assert enrichment(panel, "A", "promoter", "A.H3K4me3.1", distance) < 1.5
    wanted = f"{enrichment(panel, 'A', 'promoter', 'A.H3K4me3.1', distance):.2f} for A.H3K4me3.1"
    assert wanted in one.text


def enrichment(panel: Panel, sample: str, element: str, library: str, distance: int) -> float:
    """Mean count in windows over that in windows 10 and 20 kb away, bin by bin."""
    table = panel.regions[sample]
    counts = panel.counts[library]
    inside, around, labelled = set(), set(), set()
    for chrom, start, end, name in table[["chrom", "start", "end", "class"]].itertuples(
        index=False
    ):
        places = [(start + distance) // 100 + bin_ for bin_ in range((end - start) // 100)]
        if name in ("promoter", "enhancer"):
            labelled |= {(chrom, place) for place in places}
        if name == element:
            inside |= {(chrom, place) for place in places}
            around |= {
                (chrom, place + away)
                for place in places
                for away in (-200, -100, 100, 200)
                if place + away >= 0
            }
    values = {chrom: counts.load(chrom) for chrom in table["chrom"].unique()}
    means = [
        np.mean([values[chrom][place] for chrom, place in bins if 0 <= place < len(values[chrom])])
        for bins in (inside, around - labelled)
    ]
    return float(means[0] / means[1])


@pytest.mark.parametrize("element", ["promoter", "enhancer"])
def test_one_list_that_is_shifted_is_told_alone(panel: Panel, element: str) -> None:
    doubts = panel.shifted(50_000, [element]).doubts()
    assert {doubt.kind for doubt in doubts} == {"labels"}
    assert all(f"labelled {element}s" in doubt.text for doubt in doubts)


def test_all_files_of_two_samples_exchanged_are_seen_by_their_labels(panel: Panel) -> None:
    ids = [key for key in panel.counts if key.startswith("A.")]
    wrong = panel.exchanged(*((key, "B" + key[1:]) for key in ids))
    doubts = wrong.doubts()
    assert {doubt.kind for doubt in doubts} == {"labels"}
    assert [doubt.text.partition(" better")[0] for doubt in doubts] == [
        f"The labelled enhancers of {one} fit the reads of {other}" for one, other in ("AB", "BA")
    ]
    only_labels = panel.regions["B"], panel.regions["A"]
    lists = Panel(panel.counts, dict(zip("AB", only_labels, strict=True)), panel.controls)
    assert lists.kinds() == {"labels"}


@pytest.mark.parametrize(
    "marks",
    [
        ("H3K4me3", "H3K4me1"),
        ("H3K4me3", "H3K27ac"),
        ("H3K27ac", "H3K4me1"),
        ("H3K4me3", "H3K27me3"),
        ("H3K27ac", "H3K36me3"),
    ],
)
@pytest.mark.parametrize("samples", ["AB", "A"])
def test_two_marks_exchanged_in_a_sample_with_labels(
    panel: Panel, marks: tuple[str, str], samples: str
) -> None:
    one, other = (f"A.{mark}.1" for mark in marks)
    doubts = panel.only(MARKS, samples).exchanged((one, other)).doubts()
    found = [doubt for doubt in doubts if doubt.kind == "marks"]
    assert set(found[0].ids) == {one, other}
    assert {doubt.kind for doubt in doubts} <= {"marks", "replicates"}


@pytest.mark.parametrize(
    "marks", [("H3K36me3", "H3K27me3"), ("H3K36me3", "H3K27ac"), ("H3K27ac", "H3K27me3")]
)
def test_two_marks_exchanged_are_seen_by_another_sample_without_labels(
    panel: Panel, marks: tuple[str, str]
) -> None:
    one, other = (f"A.{mark}.1" for mark in marks)
    doubts = panel.unlabelled().exchanged((one, other)).doubts()
    (found,) = (doubt for doubt in doubts if doubt.kind == "marks")
    assert {name.split(".")[1] for name in found.ids} == set(marks)
    assert "in A or B" in found.text


@pytest.mark.parametrize("mark", THREE)
@pytest.mark.parametrize("among", [MARKS, THREE, TWO])
def test_one_mark_exchanged_between_samples(panel: Panel, mark: str, among: Sequence[str]) -> None:
    """Of broad marks, correlations hardly differ between samples: their exchange is not seen."""
    if mark not in among:
        return
    some = panel.only(among)
    pairs = [(key, "B" + key[1:]) for key in some.counts if key.startswith(f"A.{mark}.")]
    for wrong in (some.exchanged(*pairs), some.unlabelled().exchanged(*pairs)):
        swapped = {name for doubt in wrong.doubts() if doubt.kind == "swap" for name in doubt.ids}
        assert {name for pair in pairs for name in pair} <= swapped


@pytest.mark.parametrize("mark", MARKS)
def test_a_control_exchanged_with_its_mark(panel: Panel, mark: str) -> None:
    wrong = panel.exchanged(("control.A", f"A.{mark}.1"))
    (found,) = (doubt for doubt in wrong.doubts() if doubt.kind == "control")
    assert {"control.A", f"A.{mark}.1"} <= set(found.ids)
    assert "strength 0." in found.text


def test_a_control_that_is_a_mark_is_seen_by_its_peaks(panel: Panel) -> None:
    """Its own mark has as much structure."""
    wrong = panel.with_reads_of({"control.A": "A.H3K4me3.1"})
    wrong = Panel(wrong.counts, wrong.regions, {"A.H3K4me3.2": "control.A"})
    (found,) = (doubt for doubt in wrong.doubts() if doubt.kind == "control")
    assert "is enriched in the labelled promoters" in found.text


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_with_the_reads_of_an_input(panel: Panel, mark: str) -> None:
    """Half of the reads of the control are given to the mark."""
    name = f"A.{mark}.1"
    dead = panel.with_reads_of({name: "control.A"}).thinned({name: 0.5})
    told = [doubt for doubt in dead.doubts() if name in doubt.ids and doubt.kind != "replicates"]
    assert {doubt.kind for doubt in told} <= {"input", "unenriched"}
    assert told


@pytest.mark.parametrize("mark", THREE)
@pytest.mark.parametrize("depth", [1, 0.1])
def test_a_mark_without_enrichment_is_told_without_a_control_at_low_depth(
    panel: Panel, mark: str, depth: float
) -> None:
    name = f"A.{mark}.1"
    dead = panel.with_reads_of({name: "control.A"}).thinned({name: depth})
    counts = {key: one for key, one in dead.counts.items() if not key.startswith("control")}
    told = {doubt.kind: doubt for doubt in Panel(counts, dead.regions, {}).doubts()}
    assert told.keys() - {"replicates"} == {"unenriched"}
    assert told["unenriched"].ids == (name,)


def test_shallow_replicates_marks_and_controls_are_told_with_their_reads(panel: Panel) -> None:
    few = {name: 25 / panel.counts[name].library_size for name in panel.counts}
    for name, words in {
        "A.H3K4me3.2": "A.H3K4me3.2 has 25 reads, and its replicate A.H3K4me3.1",
        "B.H3K27me3.1": "H3K27me3 of B has 25 reads, and the marks of B have",
        "control.B": "The control control.B has 25 reads, and its mark B.",
    }.items():
        doubts = panel.thinned({name: few[name]}).doubts()
        assert [doubt.kind for doubt in doubts] == ["depth"]
        assert doubts[0].text.startswith(words)
    assert panel.thinned({"A.H3K4me3.2": 0.25}).doubts() == []


def test_the_names_of_marks_may_be_spelled_otherwise(panel: Panel, tmp_path: Path) -> None:
    renamed = {
        key: type(one)(
            one.library_size,
            {**one.attributes, "mark": one.attributes["mark"].replace("H3K", "h3-k")},
            one._arrays,
        )
        for key, one in panel.counts.items()
    }
    other = Panel(renamed, panel.regions, panel.controls)
    assert other.doubts() == []
    assert other.shifted(50_000).kinds() == {"labels"}


@pytest.fixture(scope="module")
def encode(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Panel:
    """Reads simulated from the peak lists of two cell lines."""
    annotation = shared_data / "annotation_hg19"
    return simulated_panel(
        tmp_path_factory.mktemp("encode"),
        *("--samples", "GM12878,K562", "--marks", ",".join((*MARKS, "H3K9ac", "H3K9me3"))),
        *("--control", "--reads_per_mb", "1500", "--chroms", "chr20,chr21,chr22"),
        *("--peaks", str(shared_data / "encode_hg19")),
        *("--tss", str(annotation / "RefSeqTSS.hg19.bed.gz")),
        *("--chrom_sizes", str(annotation / "hg19.chrom.sizes")),
        *("--blacklist", str(annotation / "hg19-blacklist.v2.bed")),
    )


@pytest.mark.real_data
def test_real_peak_lists_raise_no_doubt(encode: Panel) -> None:
    assert encode.doubts() == []
    assert encode.unlabelled().doubts() == []
    assert encode.only(MARKS, ["GM12878"]).doubts() == []


@pytest.mark.real_data
def test_faults_are_found_among_real_peak_lists(encode: Panel) -> None:
    told = " ".join(doubt.text for doubt in encode.shifted(50_000).doubts())
    assert all(f"promoters of {one} do not fit" in told for one in ("GM12878", "K562"))
    for marks in (("H3K4me3", "H3K4me1"), ("H3K4me3", "H3K27ac"), ("H3K27me3", "H3K36me3")):
        one, other = (f"GM12878.{mark}.1" for mark in marks)
        wrong = encode.exchanged((one, other))
        # On three chromosomes, correlations alone do not tell H3K27ac from H3K4me3.
        for panel in [wrong] if "H3K27ac" in marks else [wrong, wrong.unlabelled()]:
            found = [doubt for doubt in panel.doubts() if doubt.kind in ("marks", "swap")]
            assert {one, other} <= {name for doubt in found for name in doubt.ids}
    wrong = encode.exchanged(("GM12878.H3K27me3.1", "K562.H3K27me3.1"))
    assert "swap" in wrong.kinds()
    for mark in ("H3K9me3", "H3K4me3"):
        assert "control" in encode.exchanged((f"K562.{mark}.1", "control.K562")).kinds()


@pytest.mark.real_data
def test_real_counts_raise_no_doubt_and_exchanged_inputs_do(
    shared_data: Path, tmp_path: Path
) -> None:
    """Counts of seven marks, DNase and input in two regions of two cell lines."""
    sizes = {"chr1": 500_000, "chr10": 500_000}
    counts, controls = {}, {}
    for cell in ("K562", "GM12878"):
        table = pd.read_csv(shared_data / f"real_hg19/{cell}.counts_200bp.tsv.gz", sep="\t")
        for mark in table.columns[3:]:
            key = f"control.{cell}" if mark == "Input" else f"{cell}.{mark}.1"
            sample = "control" if mark == "Input" else cell
            values = table[mark].to_numpy(np.uint32)
            counts[key] = counts_file(tmp_path, Library(key, sample, mark, "1"), values, sizes)
            if mark != "Input":
                controls[key] = f"control.{cell}"
    real = Panel(counts, {}, controls)
    assert real.doubts() == []
    for mark in ("H3K9me3", "H3K27me3", "H3K4me1"):
        assert "control" in real.exchanged((f"K562.{mark}.1", "control.K562")).kinds()


def counts_file(
    folder: Path, library: Library, values: np.ndarray, sizes: dict[str, int]
) -> Counts:
    total = int(values.sum())
    tally = ReadTally(
        **(dict.fromkeys(TALLY, 0) | dict.fromkeys(USED, total) | {"paired_end": False})
    )
    path = folder / f"{library.id}.zip"
    write_counts(path, library, BinCounts(BinGrid(sizes, 200), values, tally), RULES, None)
    return open_counts(path)


TALLY = [field.name for field in dataclasses.fields(ReadTally)]
USED = ("total", "usable", "library_size", "assigned")
