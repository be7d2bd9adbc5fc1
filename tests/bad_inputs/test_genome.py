"""Invalid tables and parameters of chromosomes are reported by check_inputs.py."""

import gzip

import pytest
from samples.refusals import check_refuses

TABLES = {
    "empty": (b"", "lists no chromosome"),
    "comments only": (b"#x\n", "lists no chromosome"),
    "no length": (b"chr1\n", "line 1: expected a name and a length"),
    "length zero": (b"chr1\t0\n", "line 1: expected a name and a length"),
    "negative length": (b"chr1\t-5\n", "line 1: expected a name and a length"),
    "fraction": (b"chr1\t5.5\n", "line 1: expected a name and a length"),
    "commas": (b"chr1,50000\n", "line 1: expected a name and a length"),
    "thousands of digits": (
        b"chr1\t" + b"9" * 5_000 + b"\n",
        "line 1: expected a name and a length",
    ),
    "longer than a BAM file can say": (b"chr1\t2147483648\n", "line 1: expected a name"),
    "a superscript": ("chr1\t5²\n".encode(), "line 1: expected a name and a length"),
    "a chromosome twice": (b"chr1\t50000\nchr1\t50000\n", "line 2: chromosome chr1 appears twice"),
    "no text": (b"\xff\xfe\0\1", "is not text"),
    "gzip": (gzip.compress(b"chr1\t50000\n")[:-9], "is damaged or cut short"),
    "other lengths": (
        b"chr1\t50001\nchr10\t40000\nchr2\t45000\nchr20\t30000\n",
        "but 50,001 bp in",
    ),
    "other names": (b"1\t50000\n10\t40000\n2\t45000\n20\t30000\n", "like 'chr1', but like '1'"),
}
VALUES = {
    "an open bracket": ("chromosomes", "chr(", "is not a regular expression"),
    "a name of no chromosome": ("chromosomes", "scaffold.*", "No chromosome name matches"),
    "an empty expression": ("chromosomes", "", "No chromosome name matches"),
    "windows longer than chromosomes": ("window_bins", "2000", "a window of 200,000 bp"),
    "no test chromosome": ("test_chroms", "21", "belongs to --test_chroms (21)"),
    "no validation chromosome": ("validation_chroms", "9", "belongs to --validation_chroms (9)"),
    "no training chromosome": ("train_chroms", "5", "belongs to --train_chroms (5)"),
    "a chromosome in two splits": ("test_chroms", "1-7,20", "is in both --train_chroms"),
    "a range that runs backwards": ("test_chroms", "20,22-17", "22-17 is not a range"),
    "a range without end": ("test_chroms", "17-99999999999", "17-99999999999 is not a range"),
    "no chromosome at all": ("test_chroms", "", "belongs to --test_chroms ()"),
}
GENOMES = {
    "nothing": (b"", "has no sequence"),
    "2bit": (b"\x43\x27\x41\x1a\0\0\0\0", "is a 2bit file"),
    "cut short": (gzip.compress(b">chr1\n" + b"A" * 50_000)[:-9], "is damaged or cut short"),
    "other names": (b">1 dna:chromosome\nACGT\n", "sequences are named like '1', but chromosomes"),
    "other lengths": (b">chr1\nACGT\n", "(--fasta): chr1 has 4 bp, but 50,000 bp in"),
    "some chromosomes only": (b">chr1\n" + b"A" * 50_000, "lacks chr2, chr10, chr20, which"),
    "a list": (b"chr1\t0\t5\n", "begins with 'chr1'"),
    "an index": (b"chr1\t50000\t6\t60\t61\n", "begins with 'chr1'"),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_bad_table_of_chromosomes_is_check_refuses(case, summary, tmp_path):
    content, said = TABLES[case]
    path = tmp_path / "table"
    path.write_bytes(content)
    check_refuses(tmp_path, summary, said, chrom_sizes=str(path))


@pytest.mark.parametrize("case", VALUES)
def test_a_bad_value_is_check_refuses(case, summary, tmp_path):
    option, value, said = VALUES[case]
    check_refuses(tmp_path, summary, said, **{option: value})


@pytest.mark.parametrize("case", GENOMES)
def test_a_bad_genome_is_refused_before_counting(case, summary, tmp_path):
    content, said = GENOMES[case]
    path = tmp_path / "genome.fa"
    path.write_bytes(content)
    check_refuses(tmp_path, summary, said, fasta=str(path))
