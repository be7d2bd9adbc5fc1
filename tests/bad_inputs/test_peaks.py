"""Invalid peak lists, TSSs, blacklists and regions: check_inputs.py names file and line."""

import bz2
import gzip
import lzma

import pytest
from samples.refusals import check_refuses

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
    "a heading": (b"chrom\tstart\tend\n" + GOOD, "a header line must start with #"),
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


@pytest.mark.parametrize("option", ["tss", "blacklist", "peaks"])
@pytest.mark.parametrize("case", LISTS)
def test_a_bad_list_is_check_refuses(case, option, summary, tmp_path):
    content, said = LISTS[case]
    path = tmp_path / "list.bed"
    path.write_bytes(content)
    check_refuses(tmp_path, summary, said, **{option: str(path)})


@pytest.mark.parametrize("option", ["tss", "regions", "peaks"])
@pytest.mark.parametrize("case", EMPTY_LISTS)
def test_an_empty_list_is_check_refuses(case, option, summary, tmp_path):
    path = tmp_path / "list.bed"
    path.write_bytes(EMPTY_LISTS[case])
    check_refuses(tmp_path, summary, "list.bed", **{option: str(path)})
