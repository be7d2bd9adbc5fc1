"""Interval lists are read unchanged, or their invalid lines are reported."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepregfinder.errors import InputError
from deepregfinder.genome.intervals import find_line, read_intervals, scan_intervals

NARROW_PEAK = "chr1\t{}\t{}\t.\t0\t.\t{}\t-1\t-1\t{}\n"


def written(tmp_path: Path, content: str | bytes, name: str = "list.bed") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def error_of(path: Path, kind: str = "bed") -> str:
    with pytest.raises(InputError) as caught:
        read_intervals(path, kind)
    return str(caught.value)


FAULTY = (
    *("chr1\t5", "chr1\t-3\t8", "chr1\t9\t9", "chr1\t9\t8", "chr1\t1.5\t8", "chr1\tx\ty"),
    *("\t1\t2", "chr 1\t1\t2", "chr1\t1e3\t2000", "chr1\t1_0\t20", "chr1\t\t20"),
    *("chr1\t1.0\t8", "chr1\t1\t99999999999999999999"),
)

intervals = st.tuples(
    st.sampled_from(["chr1", "chrX", "7", "NA", "chrUn_gl000220"]),
    st.integers(0, 10**9),
    st.integers(1, 10**6),
    st.floats(0, 1e4),
    st.integers(-1, 10**6),
)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(intervals, min_size=1, max_size=20),
    headers=st.lists(st.sampled_from(["# note", "track name=a b", "browser hide all", ""])),
    between=st.sampled_from(["", "#\n", "track type=narrowPeak\n", "\n"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    packed=st.booleans(),
)
def test_a_narrow_peak_list_gives_back_its_rows(
    tmp_path_factory, rows, headers, between, line_end, packed
):
    lines = [
        f"{chrom}\t{start}\t{start + width}\tp\t0\t+\t{signal!r}\t-1\t-1\t{min(offset, width - 1)}"
        for chrom, start, width, signal, offset in rows
    ]
    lines.insert(len(lines) // 2, between.strip("\n")) if between else None
    content = (line_end.join([*headers, *lines]) + line_end).encode()
    path = written(tmp_path_factory.mktemp("peaks"), gzip.compress(content) if packed else content)
    peaks = read_intervals(path, "peaks")
    assert peaks["chrom"].tolist() == [row[0] for row in rows]
    assert peaks["start"].tolist() == [row[1] for row in rows]
    assert peaks["end"].tolist() == [row[1] + row[2] for row in rows]
    assert peaks["signal"].tolist() == [row[3] for row in rows]
    assert peaks["summit"].tolist() == [
        -1 if offset < 0 else start + min(offset, width - 1) for _, start, width, _, offset in rows
    ]
    assert set(peaks["strand"]) == {"+"}


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 30),
    data=st.data(),
    fault=st.sampled_from(FAULTY),
)
def test_a_faulty_line_is_named_wherever_it_stands(tmp_path_factory, n, data, fault):
    lines = [f"chr1\t{start}\t{start + 10}" for start in range(n)]
    at = data.draw(st.integers(1, n))
    lines.insert(at, fault)
    path = written(tmp_path_factory.mktemp("bed"), "#header\n" + "\n".join(lines) + "\n")
    intervals, problems = scan_intervals(path)
    assert [problem.split(":")[0] for problem in problems] == [f"{path}, line {at + 2}"]
    assert len(intervals) == n, "the sound lines are still there"


def test_columns_have_the_promised_types_even_without_lines(tmp_path):
    full = read_intervals(written(tmp_path, "chr1\t0\t1\n"))
    empty = read_intervals(written(tmp_path, "# nothing\n"))
    assert empty.empty
    assert full.dtypes.tolist() == empty.dtypes.tolist()
    assert full.columns.tolist() == [
        *("chrom", "start", "end", "name", "strand", "signal", "summit")
    ]
    assert full[["start", "end", "summit"]].dtypes.eq(np.int64).all()
    assert full.loc[0, ["name", "strand", "summit"]].tolist() == [".", ".", -1]
    assert np.isnan(full.loc[0, "signal"])


def test_signal_is_taken_from_broad_narrow_and_gapped_peaks(tmp_path):
    broad = "chr1\t10\t20\t.\t5\t.\t7.5\t1.2\t-1\n"
    gapped = "chr1\t10\t40\t.\t5\t.\t10\t40\t0\t1\t30\t0\t8.5\t1\t1\n"
    assert read_intervals(written(tmp_path, broad), "peaks")["signal"].tolist() == [7.5]
    assert read_intervals(written(tmp_path, gapped), "peaks")["signal"].tolist() == [8.5]
    narrow = read_intervals(written(tmp_path, NARROW_PEAK.format(10, 20, 3, 4)), "peaks")
    assert narrow[["signal", "summit"]].values.tolist() == [[3, 14]]


@pytest.mark.parametrize(
    "line",
    [
        "chr1\t10\t20",
        "chr1\t10\t20\tname\t500\t+",
        "chr1\t10\t20\tname\t500\t+\t12\t18\t0",
        "chr1\t10\t20\tname\t500\t+\t12\t18\t255,0,0",
        "chr1\t10\t20\tname\t500\t+\t10\t20\t0\t1\t10\t0",
    ],
)
def test_a_plain_bed_file_is_a_peak_list_without_signal(tmp_path, line):
    peaks = read_intervals(written(tmp_path, line + "\n"), "peaks")
    assert peaks["signal"].isna().all()
    assert (peaks["summit"] == -1).all()


def test_kind_bed_looks_at_no_more_than_six_columns(tmp_path):
    path = written(tmp_path, "chr1\t10\t20\tx\t0\t-\tbad\tbad\tbad\tbad\n")
    assert read_intervals(path)["strand"].tolist() == ["-"]


def test_a_summit_at_the_very_end_is_the_last_base(tmp_path):
    path = written(tmp_path, NARROW_PEAK.format(10, 20, 1, 10))
    assert read_intervals(path, "peaks")["summit"].tolist() == [19]
    assert "at most 10" in error_of(written(tmp_path, NARROW_PEAK.format(10, 20, 1, 11)), "peaks")


def test_blanks_may_separate_columns_if_the_file_has_no_tabs(tmp_path):
    path = written(tmp_path, "chr1 10  20 a\nchr2 5 6 b\n")
    assert read_intervals(path)[["chrom", "end", "name"]].values.tolist() == [
        ["chr1", 20, "a"],
        ["chr2", 6, "b"],
    ]


def test_lines_may_have_fewer_or_more_columns_than_the_first(tmp_path):
    path = written(tmp_path, "chr1\t1\t2\ta\nchr1\t3\t4\nchr1\t5\t6\tb\t0\t+\n")
    assert read_intervals(path)["end"].tolist() == [2, 4, 6]


def test_quotes_in_names_are_text(tmp_path):
    path = written(tmp_path, 'chr1\t1\t2\t"a\nchr1\t3\t4\tb"\n')
    assert len(read_intervals(path)) == 2


def test_a_byte_order_mark_is_no_part_of_the_first_chromosome(tmp_path):
    path = written(tmp_path, b"\xef\xbb\xbfchr1\t1\t2\n")
    assert read_intervals(path)["chrom"].tolist() == ["chr1"]


def test_only_five_lines_are_named_and_the_rest_counted(tmp_path):
    message = error_of(written(tmp_path, "chr1\t5\t1\n" * 12))
    assert message.count(", line ") == 5
    assert "7 more lines" in message


def test_a_heading_without_hash_is_explained(tmp_path):
    path = written(tmp_path, "chrom\tstart\tend\nchr1\t1\t2\n")
    assert "line 1" in error_of(path)
    assert "must start with #" in error_of(path)


def test_a_peak_without_a_number_as_signal_is_named(tmp_path):
    good = "chr1\t10\t20\t.\t5\t.\t7.5\t1.2\t-1\n"
    for bad in ("7,5", "nan", "inf", ""):
        path = written(tmp_path, good + good.replace("7.5", bad))
        message = error_of(path, "peaks")
        assert "line 2" in message
        assert "column 7 (signal)" in message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"BAM\1rest", "BAM file"),
        (gzip.compress(b"BAM\1rest", mtime=0), "BAM file"),
        (b"\xeb\xf2\x89\x87rest", "bigBed"),
        (b"PK\3\4rest", "zip"),
        (b"<!DOCTYPE html>", "web page"),
        (b"\xff\xfec\0h\0r\0", "not text"),
        (b"chr1\0\0\t", "not text"),
        (gzip.compress(b"chr1\t1\t2\n" * 1000, mtime=0)[:-20], "cut short"),
    ],
)
def test_other_files_are_called_by_their_name(tmp_path, content, said):
    assert said in error_of(written(tmp_path, content))


def test_a_missing_file_is_an_input_error(tmp_path):
    assert "cannot be read" in error_of(tmp_path / "no.bed")


def test_the_line_of_an_interval_is_found(tmp_path):
    path = written(tmp_path, "#\nchr1\t1\t2\n\nchr1\t3\t40\nchr1\t3\t4\n")
    assert find_line(path, "chr1", 3, 4) == 5


SAVED = {
    "plain": lambda text: text,
    "mark": lambda text: "\ufeff" + text,
    "marks of several files": lambda text: "\ufeff" + text.replace("chr2", "\ufeffchr2"),
    "Windows": lambda text: text.replace("\n", "\r\n"),
    "old Mac": lambda text: text.replace("\n", "\r"),
    "old Mac with a mark": lambda text: "\ufeff" + text.replace("\n", "\r"),
    "no last line end": lambda text: text.rstrip("\n"),
    "trailing tabs": lambda text: text.replace("\n", "\t\t\n"),
    "trailing blanks": lambda text: text.replace("\n", " \n"),
    "leading zeros": lambda text: text.replace("\t100\t", "\t0000100\t"),
    "plus signs": lambda text: text.replace("\t200", "\t+200"),
    "quotes": lambda text: text.replace("chr1", '"chr1"'),
}


@pytest.mark.parametrize("first", ["", "# a comment\n", "track name=x\n", "\n"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("saved", SAVED)
def test_a_list_is_read_alike_whatever_program_saved_it(tmp_path, saved, packed, first):
    content = SAVED[saved](f"{first}chr1\t100\t200\nchr2\t5\t60\n").encode()
    path = written(tmp_path, gzip.compress(content) if packed else content)
    expected = [["chr1", 100, 200], ["chr2", 5, 60]]
    assert read_intervals(path)[["chrom", "start", "end"]].values.tolist() == expected
    lines = 1 if first else 0
    assert [find_line(path, *row) for row in expected] == [lines + 1, lines + 2]


@pytest.mark.parametrize("saved", [name for name in SAVED if name != "quotes"])
def test_an_invalid_line_has_its_number_whatever_program_saved_the_list(tmp_path, saved):
    text = SAVED[saved]("# a comment\nchr1\t100\t200\nchr1\t9\t5\n")
    assert error_of(written(tmp_path, text)).startswith(f"{tmp_path}/list.bed, line 3: ends at 5")


def test_a_line_has_the_columns_it_has_not_those_of_the_first(tmp_path):
    path = written(tmp_path, "chr1\t1\t2\nchr1\t3\t4\ta\t0\t-\nchr1\t5\t6\tb\n")
    table = read_intervals(path)
    assert table["name"].tolist() == [".", "a", "b"]
    assert table["strand"].tolist() == [".", "-", "."]


def test_names_are_those_of_the_file_quotes_included(tmp_path):
    path = written(tmp_path, 'chr1\t1\t2\t"peak_1"\nchr1\t3\t4\tx"y\nchr1\t5\t6\t\n')
    assert read_intervals(path)["name"].tolist() == ['"peak_1"', 'x"y', "."]


MACS2 = "chr1\t{0}\t{1}\tp{0}\t87\t.\t5.5\t8.7\t6.6\t30\n"
BROAD = "chr1\t{0}\t{1}\tp{0}\t87\t.\t5.5\t8.7\t6.6\n"
PEAKS = {
    "MACS2 narrowPeak": (MACS2, 5.5, 30),
    "trailing tab": (MACS2.replace("\n", "\t\n"), 5.5, 30),
    "a count of bedtools intersect -c": (MACS2.replace("\n", "\t3\n"), 5.5, 30),
    "bedtools intersect -wa -wb": (
        MACS2.replace("\n", "\tchr1\t{0}\t{1}\tx\t7\n"), 5.5, 30,
    ),
    "IDR": (MACS2.replace("\n", "\t4.1\t3.2\t{0}\t{1}\t5.1\t20\t{0}\t{1}\t6.2\t25\n"), 5.5, 30),
    "a summit with a decimal point": (MACS2.replace("30\n", "30.0\n"), 5.5, 30),
    "a summit with zeros": (MACS2.replace("30\n", "0030\n"), 5.5, 30),
    "a strand of Bioconductor": (MACS2.replace(".\t5.5", "*\t5.5"), 5.5, 30),
    "blanks": (MACS2.replace("\t", " "), 5.5, 30),
    "MACS2 broadPeak": (BROAD, 5.5, None),
    "broadPeak with a trailing tab": (BROAD.replace("\n", "\t\n"), 5.5, None),
    "broadPeak of IDR": (BROAD.replace("\n", "\t4.1\t3.2\t{0}\t{1}\t5.1\n"), 5.5, None),
    "broadPeak with a type": ("track type=broadPeak\n" + BROAD.replace("\n", "\t3\n"), 5.5, None),
    "MACS2 gappedPeak": (
        "chr1\t{0}\t{1}\tp\t8\t.\t{0}\t{1}\t0\t2\t10,20\t0,80\t5.5\t8.7\t6.6\n", 5.5, None,
    ),
    "gappedPeak with more": (
        "chr1\t{0}\t{1}\tp\t8\t.\t{0}\t{1}\t0\t2\t10,20,\t0,80,\t5.5\t8.7\t6.6\tx\t\n", 5.5, None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("peak", PEAKS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_peak_lists_keep_signal_and_summit(tmp_path, caplog, peak, end):
    line, signal, summit = PEAKS[peak]
    head, _, line = line.rpartition("track type=broadPeak\n")
    head = "track type=broadPeak\n" if peak == "broadPeak with a type" else head
    text = head + "".join(line.format(start, start + 100) for start in (0, 500, 900))
    peaks = scanned(written(tmp_path, text.replace("\n", end)))
    assert peaks["signal"].tolist() == [signal] * 3
    places = [-1] * 3 if summit is None else [summit, 500 + summit, 900 + summit]
    assert peaks["summit"].tolist() == places
    assert not caplog.records


def scanned(path: Path) -> pd.DataFrame:
    peaks, problems = scan_intervals(path, "peaks")
    assert not problems
    return peaks


def test_the_first_line_alone_does_not_decide_what_a_column_is(tmp_path):
    # Signal and p of the first line lie inside its interval, like the thick part of BED9.
    first = "chr1\t0\t100\tp\t9\t.\t5\t8\t6\n"
    peaks = scanned(written(tmp_path, first + BROAD.format(500, 600) * 2))
    assert peaks["signal"].tolist() == [5, 5.5, 5.5]
    for short in ("chr1\t0\t100\n", "chr1\t0\t100\tp\t9\t.\t5.5\t8.7\t6.6\n"):
        path = written(tmp_path, short + MACS2.format(500, 600) * 2)
        assert "line 1: expected" in error_of(path, "peaks"), "it lacks a summit"


@pytest.mark.parametrize(
    "line",
    [
        "chr1\t{0}\t{1}\tx\t5\t+\t{0}\t{1}\t0\t3\n",
        "chr1\t{0}\t{1}\tx\t5\t+\t{0}\t{1}\t0,0,255\t3\n",
        "chr1\t{0}\t{1}\tx\t5\t+\t{0}\t{1}\t0\t1\t100\t0\n",
        "chr1\t{0}\t{1}\tx\t5\t+\t{0}\t{1}\t0\t1\t100\t0\t7\n",
        "chr1\t{0}\t{1}\tx\t5.5\n",
    ],
)
def test_columns_of_bed_are_not_taken_for_signal_or_summit(tmp_path, caplog, line):
    peaks = scanned(written(tmp_path, line.format(10, 110) + line.format(300, 400)))
    assert peaks["signal"].isna().all()
    assert (peaks["summit"] == -1).all()
    assert not caplog.records


def written_oddly(cell: str) -> st.SearchStrategy[str]:
    odd = (f" {cell}", f"{cell} ", f'"{cell}"', f"00{cell}", f"+{cell}", f"{cell}.0", "", "nan")
    return st.sampled_from([cell, cell, *odd])


@settings(max_examples=300, deadline=None)
@given(
    data=st.data(), separator=st.sampled_from(["\t", " "]), kind=st.sampled_from(["bed", "peaks"])
)
def test_all_lines_at_once_are_read_like_each_line(tmp_path_factory, data, separator, kind):
    fields = ["chr1", "100", "200", "p", "7", ".", "5.5", "8", "6", "30", "x"]
    lines = []
    for _ in range(data.draw(st.integers(1, 3))):
        row = fields[: data.draw(st.sampled_from([3, 4, 6, 9, 10, 11]))]
        place = data.draw(st.integers(0, len(row) - 1))
        row[place] = data.draw(written_oddly(row[place]))
        lines.append(separator.join(row) + data.draw(st.sampled_from(["", "\t", " "])))
    path = written(tmp_path_factory.mktemp("odd"), "\n".join(lines))
    together, _ = scan_intervals(path, kind)
    # A comment between the lines makes them be read one by one.
    path.write_text("\n#\n".join([*lines, ""]))
    each, _ = scan_intervals(path, kind)
    pd.testing.assert_frame_equal(together, each)


LOST = {
    "SEACR": "chr1\t{0}\t{1}\t999.5\t12.5\tchr1:{0}-{1}\n",
    "SICER score": "chr1\t{0}\t{1}\t33.5\n",
    "SICER summary": "chr1\t{0}\t{1}\t90\t12\t1e-9\t5.5\t1e-8\n",
    "epic2": (
        "#Chromosome\tStart\tEnd\tPValue\tScore\tStrand\tChIPCount\tInputCount\tFDR\tlog2FC\n"
        "chr1\t{0}\t{1}\t1e-9\t99\t.\t90\t12\t1e-8\t3\n"
    ),
    "table of MACS2": "chr1\t{0}\t{1}\t100\t{0}\t7.5\t8.7\t5.5\t6.6\tp{0}\n",
}


@pytest.mark.parametrize("caller", LOST)
def test_other_lists_lose_their_signal_with_a_warning(tmp_path, caplog, caller):
    path = written(tmp_path, LOST[caller].format(10, 110))
    assert scanned(path)["signal"].isna().all()
    assert f"{path}: its " in caplog.text
    assert "signal and summits are not read" in caplog.text
    caplog.clear()
    read_intervals(path)
    assert not caplog.records, "a plain list has none to lose"


@pytest.mark.real_data
def test_real_lists_are_read_as_pandas_reads_their_columns(shared_data):
    folder = shared_data / "encode_hg19"
    for path in sorted(folder.glob("*/*.gz"))[::5]:
        peaks = read_intervals(path, "peaks")
        table = pd.read_csv(path, sep="\t", header=None)
        assert peaks["end"].tolist() == table[2].tolist()
        np.testing.assert_allclose(peaks["signal"], table[6])
        if path.name.endswith("narrowPeak.gz"):
            known = peaks["summit"] >= 0
            assert (known == (table[9] >= 0)).all()
            assert peaks[known].eval("start <= summit < end").all()
