"""The catalogue of bad inputs: each ends as a user sees it, and nothing is left.

That is exit code 1 and one message, without a traceback, that names the thing. A case is a line of
a table: what is wrong, the input itself, and words that the message must hold.
"""

import bz2
import gzip
import io
import lzma
import re
from contextlib import redirect_stderr
from pathlib import Path

import click
import pytest
from small_bams import write_bam

from check_inputs import check_inputs
from count_bins import count_bins
from deepregfinder.alignments import Identity, inspect_alignments, write_summary
from deepregfinder.errors import plain_errors

SIZES = {"chr1": 50_000, "chr10": 40_000, "chr2": 45_000, "chr20": 30_000}
READS = [(chrom, 100) for chrom in SIZES]
OUTPUTS = {"output": "chrom.sizes", "groups": "groups.tsv", "inputs": "inputs.tsv"}
PARAMETERS = {
    **{"chromosomes": "(chr)?([1-9]|1[0-9]|2[0-2]|X|Y)", "bin_size": "100", "window_bins": "20"},
    **{"split": "chromosome", "train_chroms": "1-7", "validation_chroms": "8-16"},
    **{"test_chroms": "17-22,X,Y", "counter": "native", "count_at": "overlap"},
    **{"paired_end": "fragments", "scatter": "2", "train": "true"},
}
GOOD = b"chr1\t100\t200\n"

LISTS = {
    "other chromosome names": (b"1\t100\t200\n", "named like '1', but like 'chr1'"),
    "a chromosome of another genome": (b"scaffold_7\t100\t200\n", "scaffold_7"),
    "other capitals": (b"CHR1\t100\t200\n", "named like 'CHR1', but like 'chr1'"),
    "an end beyond the chromosome": (b"chr1\t100\t50001\n", "beyond the end of chr1 (50,000 bp)"),
    "a start beyond the chromosome": (
        b"chr1\t60000\t60100\n",
        "beyond the end of chr1 (50,000 bp)",
    ),
    "a negative start": (GOOD + b"chr1\t-5\t200\n", "line 2: starts at -5"),
    "reversed coordinates": (GOOD + b"chr1\t300\t200\n", "line 2: ends at 200"),
    "no length": (GOOD + b"chr1\t200\t200\n", "line 2: ends at 200"),
    "fractions": (GOOD + b"chr1\t1.5\t200\n", "line 2: expected whole numbers"),
    "fractions of nothing": (GOOD + b"chr1\t100.0\t200.0\n", "line 2: expected whole numbers"),
    "exponents": (GOOD + b"chr1\t1e3\t2e3\n", "line 2: expected whole numbers"),
    "hexadecimal numbers": (GOOD + b"chr1\t0x10\t0x20\n", "line 2: expected whole numbers"),
    "separators of thousands": (GOOD + b"chr1\t1,000\t2,000\n", "line 2: expected whole numbers"),
    "underscores": (GOOD + b"chr1\t1_000\t2_000\n", "line 2: expected whole numbers"),
    "not a number": (GOOD + b"chr1\tnan\t200\n", "line 2: expected whole numbers"),
    "a number past 64 bits": (GOOD + b"chr1\t1\t99999999999999999999\n", "line 2: expected whole"),
    "an empty start": (GOOD + b"chr1\t\t200\n", "line 2: expected whole numbers"),
    "an empty chromosome": (GOOD + b"\t100\t200\n", "line 2: expected a chromosome name"),
    "a blank in the chromosome": (
        GOOD + b"chr 1\t100\t200\n",
        "line 2: expected a chromosome name",
    ),
    "two columns": (GOOD + b"chr1\t100\n", "line 2: expected chrom, start and end"),
    "one column": (b"chr1:100-200\n", "line 1: expected chrom, start and end"),
    "commas": (b"chr1,100,200\n", "line 1: expected chrom, start and end"),
    "semicolons": (b"chr1;100;200\n", "line 1: expected chrom, start and end"),
    "a heading": (b"chrom\tstart\tend\n" + GOOD, "headings must start with #"),
    "GFF": (b"chr1\tx\tpeak\t100\t200\t.\t+\t.\tID=1\n", "line 1: expected whole numbers"),
    "VCF": (b"##fileformat=VCFv4.2\nchr1\t100\t.\tA\tT\n", "line 2: expected whole numbers"),
    "a shell command": (GOOD + b"$(touch hit)\tx\ty\n", "line 2: expected a chromosome name"),
    "UTF-16": ("chr1\t100\t200\n".encode("utf-16"), "is not text"),
    "latin letters of one byte": (b"chr1\t100\t200\t\xe9\n", "is not text"),
    "zero bytes": (b"chr1\t100\t200\0\n", "is not text"),
    "a BAM file": (b"BAM\1" + bytes(20), "a BAM file"),
    "a bgzipped BAM file": (gzip.compress(b"BAM\1" + bytes(20)), "a BAM file"),
    "a CRAM file": (b"CRAM\3\0", "a CRAM file"),
    "a bigBed file": (b"\xeb\xf2\x89\x87" + bytes(20), "a bigBed file"),
    "a bigWig file": (b"\x26\xfc\x8f\x88" + bytes(20), "a bigWig file"),
    "a zip archive": (b"PK\3\4" + bytes(20), "a zip archive"),
    "bzip2": (bz2.compress(GOOD), "compressed with bzip2"),
    "xz": (lzma.compress(GOOD), "compressed with xz"),
    "a web page": (b"<!DOCTYPE html><p>404", "a web page"),
    "gzip that is cut": (gzip.compress(GOOD * 99)[:-9], "damaged or cut short"),
    "gzip with a wrong sum": (gzip.compress(GOOD)[:-8] + bytes(8), "damaged or cut short"),
}
EMPTY_LISTS = {
    "no byte": b"",
    "line ends only": b"\n\n\r\n",
    "comments only": b"#chrom\tstart\tend\ntrack name=x\n",
    "gzip of nothing": gzip.compress(b""),
    "a byte order mark only": b"\xef\xbb\xbf",
}
TABLES = {
    "empty": (b"", "names no chromosome"),
    "comments only": (b"#x\n", "names no chromosome"),
    "no length": (b"chr1\n", "line 1: expected a name and a length"),
    "length zero": (b"chr1\t0\n", "line 1: expected a name and a length"),
    "negative length": (b"chr1\t-5\n", "line 1: expected a name and a length"),
    "fraction": (b"chr1\t5.5\n", "line 1: expected a name and a length"),
    "commas": (b"chr1,50000\n", "line 1: expected a name and a length"),
    "a superscript": ("chr1\t5²\n".encode(), "line 1: expected a name and a length"),
    "a chromosome twice": (b"chr1\t50000\nchr1\t50000\n", "line 2: chromosome chr1 comes twice"),
    "no text": (b"\xff\xfe\0\1", "cannot be read as text"),
    "gzip": (gzip.compress(b"chr1\t50000\n"), "cannot be read as text"),
    "other lengths": (
        b"chr1\t50001\nchr10\t40000\nchr2\t45000\nchr20\t30000\n",
        "but 50,001 bp in",
    ),
    "other names": (b"1\t50000\n10\t40000\n2\t45000\n20\t30000\n", "like 'chr1', but like '1'"),
}
VALUES = {
    "an open bracket": ("chromosomes", "chr(", "is no regular expression"),
    "a name of no chromosome": ("chromosomes", "scaffold.*", "No chromosome name matches"),
    "an empty expression": ("chromosomes", "", "No chromosome name matches"),
    "windows longer than chromosomes": ("window_bins", "2000", "a window of 200,000 bp"),
    "no test chromosome": ("test_chroms", "21", "belongs to --test_chroms (21)"),
    "no validation chromosome": ("validation_chroms", "9", "belongs to --validation_chroms (9)"),
    "no training chromosome": ("train_chroms", "5", "belongs to --train_chroms (5)"),
    "a chromosome in two splits": ("test_chroms", "1-7,20", "stands in both --train_chroms"),
    "a range that runs backwards": ("test_chroms", "20,22-17", "22-17 is no range"),
    "a range without end": ("test_chroms", "17-99999999999", "17-99999999999 is no range"),
    "no chromosome at all": ("test_chroms", "", "belongs to --test_chroms ()"),
}
SUMMARIES = {
    "empty": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "null": b"null",
    "other fields": b'{"problems": [], "__class__": "x"}',
    "a number": b"7",
    "no text": b"\xff\xfe",
    "very deep": b"[" * 100_000,
}
BAMS = {
    "empty": lambda good: b"",
    "text": lambda good: b"chr1\t1\t2\n",
    "gzip of text": lambda good: gzip.compress(b"hello"),
    "wrong magic": lambda good: gzip.compress(b"BAX\1" + bytes(30)),
    "magic only": lambda good: gzip.compress(b"BAM\1"),
    "a header that promises more": lambda good: gzip.compress(b"BAM\1\xff\xff\xff\x7f"),
    "a negative header": lambda good: gzip.compress(b"BAM\1\xff\xff\xff\xff"),
    "zeros": lambda good: bytes(5000),
    "cut to 10 bytes": lambda good: good[:10],
    "cut to half": lambda good: good[: len(good) // 2],
    "end marker missing": lambda good: good[:-28],
    "cut in the end marker": lambda good: good[:-5],
    "a web page": lambda good: b"<!DOCTYPE html><p>404",
}


@pytest.fixture
def summary(tmp_path):
    bam = write_bam(tmp_path / "good.bam", SIZES, READS)
    path = tmp_path / "good.bam.json"
    write_summary(path, inspect_alignments(bam, Identity("good", "K", "M", "1", "chip"), tmp_path))
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def ends(command: click.Command, words: list[str], said: str) -> None:
    """The script must end with exit code 1 and one message that holds `said`."""
    stderr = io.StringIO()
    with pytest.raises(SystemExit) as ended, redirect_stderr(stderr), plain_errors():
        command.main(words, standalone_mode=False)
    (message,) = re.findall(r"^ERROR: .*(?:\n  - .*)*$", stderr.getvalue(), re.M)
    assert ended.value.code == 1
    assert said in message
    assert "Traceback" not in stderr.getvalue()


def refused(folder: Path, summary: Path, said: str, **changed: str) -> None:
    """Run check_inputs.py: it must end with a message that holds `said`, and write nothing."""
    outputs = {name: str(folder / file) for name, file in OUTPUTS.items()}
    options = {"bam_info": str(summary), **PARAMETERS, **outputs, **changed}
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    before = contents(folder)
    ends(check_inputs, words, said)
    assert contents(folder) == before


@pytest.mark.parametrize("option", ["tss", "blacklist", "peaks"])
@pytest.mark.parametrize("case", LISTS)
def test_a_bad_list_is_refused(case, option, summary, tmp_path):
    content, said = LISTS[case]
    path = tmp_path / "list.bed"
    path.write_bytes(content)
    refused(tmp_path, summary, said, **{option: str(path)})


@pytest.mark.parametrize("option", ["tss", "regions", "peaks"])
@pytest.mark.parametrize("case", EMPTY_LISTS)
def test_an_empty_list_is_refused(case, option, summary, tmp_path):
    path = tmp_path / "list.bed"
    path.write_bytes(EMPTY_LISTS[case])
    refused(tmp_path, summary, "list.bed", **{option: str(path)})


@pytest.mark.parametrize("case", TABLES)
def test_a_bad_table_of_chromosomes_is_refused(case, summary, tmp_path):
    content, said = TABLES[case]
    path = tmp_path / "table"
    path.write_bytes(content)
    refused(tmp_path, summary, said, chrom_sizes=str(path))


@pytest.mark.parametrize("case", VALUES)
def test_a_bad_value_is_refused(case, summary, tmp_path):
    option, value, said = VALUES[case]
    refused(tmp_path, summary, said, **{option: value})


@pytest.mark.parametrize("case", SUMMARIES)
def test_a_foreign_summary_is_refused(case, tmp_path):
    path = tmp_path / "bam.json"
    path.write_bytes(SUMMARIES[case])
    refused(tmp_path, path, "bam.json is no summary of a BAM file")


@pytest.mark.parametrize("case", BAMS)
def test_a_bad_bam_file_is_a_problem_of_the_inputs(case, tmp_path):
    good = write_bam(tmp_path / "good.bam", SIZES, READS).read_bytes()
    bad = tmp_path / "bad.bam"
    bad.write_bytes(BAMS[case](good))
    found = inspect_alignments(bad, Identity("bad", "K", "M", "1", "chip"), tmp_path)
    write_summary(tmp_path / "bad.json", found)
    refused(tmp_path, tmp_path / "bad.json", "bad.bam (K, M, replicate 1)")


@pytest.mark.parametrize("case", BAMS)
def test_a_bad_bam_file_is_not_counted(case, tmp_path):
    good = write_bam(tmp_path / "good.bam", SIZES, READS).read_bytes()
    (tmp_path / "bad.bam").write_bytes(BAMS[case](good))
    (tmp_path / "sizes").write_text("".join(f"{name}\t{n}\n" for name, n in SIZES.items()))
    written = [tmp_path / name for name in ("counts.zip", "summary.tsv", "quality.tsv")]
    options = {
        **{"bam": tmp_path / "bad.bam", "id": "a", "sample": "K", "mark": "M", "replicate": "1"},
        **{"chrom_sizes": tmp_path / "sizes", "bin_size": 100, "counter": "native"},
        **{"min_mapq": 0, "duplicates": "keep", "paired_end": "reads", "count_at": "overlap"},
        **{"extend": 0, "shift": 0, "threads": 1},
        **dict(zip(("output", "summary", "quality"), written, strict=True)),
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    before = contents(tmp_path)
    ends(count_bins, words, "bad.bam")
    assert contents(tmp_path) == before
