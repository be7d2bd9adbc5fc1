"""Tables of chromosome lengths are read alike, whatever program saved them."""

import gzip

import pytest

from deepregfinder.errors import InputError
from deepregfinder.genome.grid import read_chrom_sizes

TABLE = "chr1\t1000\nchr2\t500\n"
SAVED = {
    "plain": TABLE,
    "mark": "\ufeff" + TABLE,
    "marks of several files": "\ufeff" + TABLE.replace("chr2", "\ufeffchr2"),
    "Windows": TABLE.replace("\n", "\r\n"),
    "old Mac": "# lengths\r" + TABLE.replace("\n", "\r"),
    "trailing tabs": TABLE.replace("\n", "\t\t\n"),
    "columns of an index": TABLE.replace("\n", "\t6\t60\t61\n"),
    "leading zeros": TABLE.replace("\t", "\t000"),
    "plus signs": TABLE.replace("\t", "\t+"),
    "quotes": '"chr1"\t1000\n"chr2"\t"500"\n',
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("saved", SAVED)
def test_lengths_are_read_alike_whatever_program_saved_them(tmp_path, saved, packed) -> None:
    content = SAVED[saved].encode()
    path = tmp_path / "chrom.sizes"
    path.write_bytes(gzip.compress(content) if packed else content)
    assert read_chrom_sizes(path) == {"chr1": 1000, "chr2": 500}


@pytest.mark.parametrize("length", ["1000.0", "1,000", "1e3", "-5", "0", "0x10", "٣"])
def test_other_lengths_are_named_with_their_line(tmp_path, length) -> None:
    (tmp_path / "chrom.sizes").write_text(f"\ufeff# lengths\rchr1\t{length}\r")
    with pytest.raises(InputError, match="line 2: expected a name and a length"):
        read_chrom_sizes(tmp_path / "chrom.sizes")
