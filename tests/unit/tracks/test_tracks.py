"""Tracks for genome browsers, read back by another library (pyBigWig)."""

import itertools
import json
import os
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pyBigWig
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepregfinder.errors import InputError
from deepregfinder.prediction.calling import Calls
from deepregfinder.prediction.probabilities import (
    Probabilities,
    ProbabilityAttributes,
    open_probabilities,
    scaled,
    write_probabilities,
)
from deepregfinder.signal.store import write_signal
from deepregfinder.tracks.annotated import annotate, nearest_tss
from deepregfinder.tracks.bigbed import autosql, write_bigbed
from deepregfinder.tracks.bigwig import check_end, middles, runs, write_class, write_mark
from deepregfinder.tracks.contents import (
    UNKNOWN,
    CallTracks,
    Contents,
    SignalTracks,
    assembly_of,
    read_descriptions,
    write_description,
)
from deepregfinder.tracks.followups import named, write_bed4, write_sequences
from deepregfinder.tracks.hub import write_hub
from deepregfinder.tracks.igv import write_sessions

CLASSES = ("background", "enhancer", "promoter")
# chr10 comes before chr2 in byte order; the last bin of chr2 is shorter.
SIZES = {"chr2": 10_050, "chr10": 8_000}
STEP, WINDOW = 200, 2000


@pytest.fixture
def scan(tmp_path: Path) -> Probabilities:
    rng = np.random.default_rng(5)
    attributes = ProbabilityAttributes(
        "A", "cnn", "A", CLASSES, STEP, WINDOW, (1, 2), 1.0, (0.5, 0.5), None, False, SIZES
    )

    def scans():
        for chrom, length in SIZES.items():
            n = (length - WINDOW) // STEP + 1
            members = rng.dirichlet(np.ones(3), (2, n)).transpose(0, 2, 1)
            yield chrom, scaled(members.mean(axis=0)), scaled(members)

    write_probabilities(tmp_path / "scan.zip", scans(), attributes)
    return open_probabilities([tmp_path / "scan.zip"])


def calls_at(scan: Probabilities) -> dict[str, Calls]:
    """One call around the best promoter window and one around the best enhancer window."""
    calls = {}
    for chrom in SIZES:
        p = scan.load(chrom)
        best = sorted({int(p[k].argmax()): k for k in (1, 2)}.items())
        start = np.array([STEP * window for window, _ in best])
        index = np.array([k for _, k in best])
        score = np.array([p[k, window] for window, k in best], np.float32)
        calls[chrom] = Calls(start, start + WINDOW, index, score, start + WINDOW // 2)
    return calls


@pytest.fixture
def annotated(scan: Probabilities) -> pd.DataFrame:
    tss = pd.DataFrame(
        {"chrom": ["chr2"], "start": [4000], "end": [4001], "name": ["GENE"], "strand": ["-"]}
    )
    blacklist = pd.DataFrame({"chrom": ["chr10"], "start": [0], "end": [8000]})
    return annotate(calls_at(scan), scan, tss, blacklist)


def test_every_bin_of_a_mark_reads_back_with_its_value(tmp_path):
    rng = np.random.default_rng(1)
    arrays = {c: rng.poisson(0.4, (2, -(-n // 100))).astype(np.float32) for c, n in SIZES.items()}
    write_signal(
        tmp_path / "A.signal.zip", sample="A", marks=("H3K27ac", "H3K4me3"), bin_size=100,
        chrom_sizes=SIZES, control="ignore", library_sizes={"H3K27ac": [1], "H3K4me3": [1]},
        counting={}, arrays=arrays.items(),
    )  # fmt: skip
    write_mark(tmp_path / "H3K4me3.bw", tmp_path / "A.signal.zip", "H3K4me3")
    with pyBigWig.open(str(tmp_path / "H3K4me3.bw")) as read:
        assert read.chroms() == SIZES
        for chrom, length in SIZES.items():
            per_base = read.values(chrom, 0, length, numpy=True)
            np.testing.assert_array_equal(per_base, np.repeat(arrays[chrom][1], 100)[:length])
        assert len(read.intervals("chr2")) < len(arrays["chr2"][1]), "equal neighbours are one"


def test_a_probability_stands_in_the_middle_of_its_window(tmp_path, scan):
    write_class(tmp_path / "promoter.bw", scan, "promoter")
    with pyBigWig.open(str(tmp_path / "promoter.bw")) as read:
        for chrom, length in SIZES.items():
            expected = scan.load(chrom)[2].round(3)
            track = read.values(chrom, 0, length, numpy=True)
            for start, value in zip(middles(len(expected), STEP, WINDOW), expected, strict=True):
                np.testing.assert_allclose(track[start : start + STEP], value, atol=1e-6)
            assert np.isnan(track[: (WINDOW - STEP) // 2]).all()


def test_a_file_that_was_cut_short_in_silence_is_noticed(tmp_path, scan):
    path = tmp_path / "promoter.bw"
    write_class(path, scan, "promoter")
    check_end(path)
    for size in (path.stat().st_size - 4, 0):
        os.truncate(path, size)
        with pytest.raises(OSError, match=r"promoter\.bw"):
            check_end(path)


@given(st.lists(st.sampled_from([0.0, 1.0, 2.5]), max_size=30), st.data())
@settings(deadline=None)
def test_runs_cover_what_they_were_made_of(values, data):
    gaps = data.draw(st.lists(st.integers(0, 1), min_size=len(values), max_size=len(values)))
    starts = np.arange(len(values)) * 10 + np.cumsum(np.array(gaps, np.int64)) * 5
    entries = list(runs("c", np.array(values, np.float32), starts, starts + 10))
    bases = {b: v for _, low, high, v in entries for b in range(low, high)}
    expected = {
        b: v for s, v in zip(starts.tolist(), values, strict=True) for b in range(s, s + 10)
    }
    assert bases == expected
    for one, other in itertools.pairwise(entries):
        assert one[2] < other[1] or one[3] != other[3]


def test_calls_carry_the_probabilities_of_their_best_window(scan, annotated):
    assert len(annotated) == 4
    for row in annotated.to_dict("records"):
        window = (row["summit"] - WINDOW // 2) // STEP
        p, members = scan.load(row["chrom"]), scan.load_members(row["chrom"])
        k = CLASSES.index(row["class"])
        np.testing.assert_allclose([row[f"p_{name}"] for name in CLASSES], p[:, window])
        assert row["score"] == round(float(p[k, window]) * 1000)
        assert row["seed_sd"] == pytest.approx(members[:, k, window].std(ddof=1), abs=1e-6)
        assert row["blacklisted"] == (row["chrom"] == "chr10")
        near = row["chrom"] == "chr2"
        assert row["nearest_tss"] == ("GENE" if near else ".")
        assert row["tss_distance"] == (abs(row["summit"] - 4000) if near else -1)
        assert row["tss_offset"] == (4000 - row["summit"] if near else ".")


def test_what_else_a_call_could_be_is_that_of_a_search_through_its_windows(scan, annotated):
    for row in annotated.to_dict("records"):
        p = scan.load(row["chrom"])
        middle = np.arange(p.shape[1]) * STEP + WINDOW // 2
        inside = p[1:, (middle >= row["start"]) & (middle < row["end"])].max(axis=1)
        others = {n: v for n, v in zip(CLASSES[1:], inside, strict=True) if n != row["class"]}
        assert row["other_p"] == max(others.values())
        assert others[row["other_class"]] == row["other_p"]


def test_the_nearest_tss_is_that_of_a_search_through_all():
    rng = np.random.default_rng(3)
    start = rng.integers(0, 5000, 60)
    tss = pd.DataFrame(
        {"chrom": rng.choice(["a", "b"], 60), "start": start, "end": start + 1,
         "name": [f"g{i}" for i in range(60)], "strand": rng.choice(["+", "-", "."], 60)}
    )  # fmt: skip
    chroms, summit = rng.choice(["a", "b", "c"], 200), rng.integers(0, 6000, 200)
    names, distance, offset = nearest_tss(chroms, summit, tss)
    for chrom, at, name, bp, by in zip(chroms, summit, names, distance, offset, strict=True):
        here = tss[tss["chrom"] == chrom]
        gaps = (here["start"] - at).abs()
        assert bp == (gaps.min() if len(here) else -1)
        assert name in set(here.loc[gaps == gaps.min(), "name"]) or (name == "." and not len(here))
        if not len(here):
            assert by == "."
            continue
        one = here.set_index("name").loc[name]
        ways = {"+": at - one["start"], "-": one["start"] - at, ".": "."}
        assert by == ways[one["strand"]]


def test_a_bigbed_follows_the_rules_of_ucsc_and_reads_back(tmp_path, annotated):
    write_bigbed(tmp_path / "A.cnn.bb", annotated, CLASSES, STEP, SIZES)
    sql = autosql(CLASSES)
    names = re.findall(r"^    \S+ (\w+);", sql, re.M)
    assert names[:9] == [
        *("chrom", "chromStart", "chromEnd", "name", "score"),
        *("strand", "thickStart", "thickEnd", "reserved"),
    ]
    with pyBigWig.open(str(tmp_path / "A.cnn.bb")) as read:
        assert read.isBigBed()
        assert read.SQL().decode() == sql
        rows = [
            (chrom, *entry)
            for chrom, n in read.chroms().items()
            for entry in read.entries(chrom, 0, n)
        ]
    assert len(rows) == len(annotated)
    for chrom, start, end, rest in rows:
        fields = dict(zip(names, [chrom, start, end, *rest.split("\t")], strict=True))
        assert 0 <= start < end <= SIZES[chrom]
        assert 0 <= int(fields["score"]) <= 1000
        assert start <= int(fields["thickStart"]) < int(fields["thickEnd"]) <= end
        assert fields["strand"] == "."
        (row,) = annotated[(annotated["chrom"] == chrom) & (annotated["start"] == start)].to_dict(
            "records"
        )
        assert fields["name"] == row["class"]
        assert float(fields["pEnhancer"]) == pytest.approx(row["p_enhancer"], abs=1e-4)
        assert (fields["nearestTss"], int(fields["tssDistance"])) == (
            row["nearest_tss"], row["tss_distance"],
        )  # fmt: skip
        assert fields["tssOffset"] == str(row["tss_offset"])


def test_without_a_call_there_is_no_bigbed_and_the_hub_does_not_name_one(tmp_path, scan):
    none = np.empty(0, np.int64)
    calls = {"chr2": Calls(none, none, none, none.astype(np.float32), none)}
    table = annotate(calls, scan, None, None)
    with pytest.raises(ValueError, match="no call"):
        write_bigbed(tmp_path / "none.bb", table, CLASSES, STEP, SIZES)
    track = CallTracks("A", "cnn", "A", CLASSES[1:], len(table))
    write_hub(tmp_path, Contents("hg38", SIZES, (), (track,)), "lab@example.org")
    assert ".bb" not in (tmp_path / "hg38/trackDb.txt").read_text()
    assert "email lab@example.org\n" in (tmp_path / "hub.txt").read_text()


def test_great_gets_unique_names_and_motif_tools_the_sequence_at_the_summit(tmp_path, annotated):
    rng = np.random.default_rng(8)
    genome = {chrom: "".join(rng.choice(list("ACGT"), n)) for chrom, n in SIZES.items()}
    fasta = tmp_path / "genome.fa"
    fasta.write_text("".join(f">{chrom}\n{bases}\n" for chrom, bases in genome.items()))
    calls = named(annotated)
    assert calls["id"].is_unique
    best = calls.loc[calls["class"] == "promoter"].sort_values("score").iloc[-1]
    assert best["id"] == "promoter_1"
    write_bed4(tmp_path / "great.bed", calls)
    lines = [line.split("\t") for line in (tmp_path / "great.bed").read_text().splitlines()]
    assert [len(line) for line in lines] == [4] * len(calls)
    paths = {name: tmp_path / f"{name}.fa" for name in CLASSES[1:]}
    written = write_sequences(paths, fasta, calls, 2)
    assert written == {name: min((calls["class"] == name).sum(), 2) for name in CLASSES[1:]}
    assert any(written.values())
    for name, path in paths.items():
        with pysam.FastxFile(str(path)) as records:
            for record in records:
                row = calls[calls["id"] == record.name].iloc[0]
                low = max(row["summit"] - 250, 0)
                assert row["class"] == name
                assert record.sequence == genome[row["chrom"]][low : row["summit"] + 250]
                assert f"{row['chrom']}:{low}-" in record.comment


def test_a_genome_of_another_assembly_is_refused(tmp_path, annotated):
    (tmp_path / "other.fa").write_text(">chr2\nACGT\n")
    paths = {"promoter": tmp_path / "top.fa", "enhancer": tmp_path / "enhancer.fa"}
    with pytest.raises(InputError, match="give the genome of the BAM files"):
        write_sequences(paths, tmp_path / "other.fa", named(annotated), 5)
    assert not (tmp_path / "top.fa").exists()


def test_assemblies_are_known_by_the_length_of_chr1():
    assert assembly_of({"chr1": 248_956_422, "chr2": 1}) == "hg38"
    assert assembly_of({"chr1": 195_154_279}) == "mm39"
    assert assembly_of({"1": 248_956_422}) == UNKNOWN, "UCSC has other names of chromosomes"


@pytest.fixture(params=["hg38", UNKNOWN])
def results(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A results folder with the files of hub and sessions, moved after it was written."""
    signals = (SignalTracks("A", ("H3K27ac", "H3K4me3")), SignalTracks("B-2", ("H3K27ac",)))
    calls = (
        CallTracks("A", "cnn", "A", CLASSES[1:], 3),
        CallTracks("B-2", "cnn_from_A", "A", CLASSES[1:], 3),
    )
    contents = Contents(request.param, SIZES, signals, calls)
    made = tmp_path / "made"
    write_hub(made / "hub", contents, "not_given")
    write_sessions(made / "igv", contents)
    paths = [signal.bigwig(mark) for signal in signals for mark in signal.marks]
    for track in calls:
        paths += [track.bed, track.bigbed, *(track.bigwig(name) for name in track.classes)]
    for path in paths:
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).touch()
    return Path(shutil.move(made, tmp_path / "elsewhere"))


def stanzas(path: Path) -> list[dict[str, str]]:
    text = "".join(line for line in path.read_text().splitlines(True) if line[:1] != "#")
    return [
        dict(line.strip().split(" ", 1) for line in block.splitlines() if line.strip())
        for block in text.split("\n\n")
        if block.strip()
    ]


def test_a_moved_hub_leads_to_every_track(results):
    (hub,) = stanzas(results / "hub/hub.txt")
    (genome,) = stanzas(results / "hub" / hub["genomesFile"])
    database = results / "hub" / genome["trackDb"]
    tracks = stanzas(database)
    names = [track["track"] for track in tracks]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z]\w*", name) for name in names)
    leaves = [track for track in tracks if "bigDataUrl" in track]
    reached = {(database.parent / track["bigDataUrl"]).resolve() for track in leaves}
    there = {path.resolve() for kind in ("bb", "bw") for path in results.rglob(f"*.{kind}")}
    assert reached == there
    for track in tracks:
        if "parent" in track:
            assert track["parent"].split()[0] in names
    assert (results / "hub" / hub["descriptionUrl"]).exists()


ALIKE = {
    "signs": (("CD34+", "CD34-"), ("H2A.Z", "H2A_Z")),
    "a dash and an underscore": (("WT-1", "WT_1"), ("H3K27ac",)),
    "joined parts": (("A", "A_B"), ("B_C", "C")),
    "a sample like a view": (("A", "A_signal", "signal_A"), ("H3", "A")),
    "a sample like a track": (("signal_A_H3", "A", "calls_A_drf"), ("H3",)),
}


@pytest.mark.parametrize("alike", ALIKE)
def test_names_that_are_alike_stay_apart_in_the_hub(tmp_path, alike):
    samples, marks = ALIKE[alike]
    signals = tuple(SignalTracks(sample, marks) for sample in samples)
    calls = tuple(CallTracks(sample, "drf", sample, CLASSES[1:], 3) for sample in samples)
    write_hub(tmp_path, Contents("hg38", SIZES, signals, calls), "not_given")
    tracks = stanzas(tmp_path / "hg38/trackDb.txt")
    names = [track["track"] for track in tracks]
    assert len(set(names)) == len(names) == len(samples) * (1 + 3 + 1 + 2 + len(marks))
    assert all(re.fullmatch(r"[A-Za-z]\w*", name) for name in names)
    by_name = {track["track"]: track for track in tracks}
    for leaf in (track for track in tracks if "bigDataUrl" in track):
        view = by_name[leaf["parent"].split()[0]]
        sample = by_name[view["parent"]]["longLabel"].split(":")[0]
        assert Path(leaf["bigDataUrl"]).parent.name == sample, "it hangs below its own sample"
        assert leaf["longLabel"].startswith(f"{sample}: ")


def test_names_without_a_double_are_plain(tmp_path):
    signals = (SignalTracks("CD34+", ("H2A.Z", "H3K27ac")), SignalTracks("B-2", ("H2A_Z",)))
    calls = (CallTracks("B-2", "cnn", "B-2", ("enhancer",), 3),)
    write_hub(tmp_path, Contents("hg38", SIZES, signals, calls), "not_given")
    assert [track["track"] for track in stanzas(tmp_path / "hg38/trackDb.txt")] == [
        *("t_B_2", "t_B_2_calls", "t_calls_B_2_cnn"),
        *("t_B_2_probability", "t_probability_B_2_cnn_enhancer"),
        *("t_B_2_signal", "t_signal_B_2_H2A_Z"),
        *("t_CD34_", "t_CD34__calls", "t_CD34__probability"),
        *("t_CD34__signal", "t_signal_CD34__H2A_Z", "t_signal_CD34__H3K27ac"),
    ]


def test_names_that_are_alike_stay_apart_in_sessions(tmp_path):
    signals = tuple(SignalTracks(sample, ("H2A.Z", "H2A_Z")) for sample in ("CD34+", "CD34-"))
    write_sessions(tmp_path, Contents("hg38", SIZES, signals, ()))
    rows = list(ElementTree.parse(tmp_path / "session.xml").getroot().iter("Track"))
    for key in ("id", "name"):
        assert len({row.get(key) for row in rows}) == 4
    web = json.loads((tmp_path / "session.json").read_text())["tracks"]
    for key in ("url", "name"):
        assert len({track[key] for track in web}) == 4


def test_moved_sessions_lead_to_every_track(results):
    there = {path.resolve() for kind in ("bed", "bw") for path in results.rglob(f"*.{kind}")}
    session = ElementTree.parse(results / "igv/session.xml").getroot()
    resources = [resource.get("path") for resource in session.iter("Resource")]
    assert {(results / "igv" / path).resolve() for path in resources} == there
    assert [track.get("id") for track in session.iter("Track")] == resources
    web = json.loads((results / "igv/session.json").read_text())
    assert {(results / "igv" / track["url"]).resolve() for track in web["tracks"]} == there
    if "reference" in web:
        assert (results / "igv" / web["reference"]["fastaURL"]).exists()
        assert (results / "igv" / session.get("genome")).exists()
    else:
        assert session.get("genome") == web["genome"] == "hg38"


def test_descriptions_come_back_in_order_and_damaged_ones_are_refused(tmp_path):
    tracks = [CallTracks("B", "cnn", "B", ("enhancer",), 1), SignalTracks("A", ("H3K4me1",))]
    tracks.append(CallTracks("A", "drf", "A", ("enhancer",), 0))
    for number, track in enumerate(tracks):
        write_description(tmp_path / f"{number}.json", track)
    signals, calls = read_descriptions(sorted(tmp_path.glob("*.json")))
    assert signals == (tracks[1],)
    assert calls == (tracks[2], tracks[0])
    (tmp_path / "bad.json").write_text('{"sample": "A"}')
    with pytest.raises(InputError, match=r"bad\.json is not a description of tracks"):
        read_descriptions([tmp_path / "bad.json"])
