import gzip
import random
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.alignment_samples import MAIN, random_bam

from deepregfinder.counting import bgzf
from deepregfinder.counting.file_format import END_OF_FILE
from deepregfinder.counting.native import count_native
from deepregfinder.counting.rules import BinGrid, CountRules
from deepregfinder.errors import InputError

RULES = CountRules(0, "keep", "reads", "overlap", 0, 0)
GRID = BinGrid(MAIN, 100)


def pack(content: bytes, block_size: int, extra: bytes = b"") -> bytes:
    """BGZF by the specification, with zlib; `extra` precedes the subfield with the block size."""
    blocks = []
    for start in range(0, len(content), block_size):
        part = content[start : start + block_size]
        deflater = zlib.compressobj(6, zlib.DEFLATED, -15)
        payload = deflater.compress(part) + deflater.flush()
        n_extra = len(extra) + 6
        size = 12 + n_extra + len(payload) + 8
        header = b"\x1f\x8b\x08\x04" + bytes(6) + struct.pack("<H", n_extra)
        subfields = extra + b"BC" + struct.pack("<HH", 2, size - 1)
        footer = struct.pack("<II", zlib.crc32(part), len(part))
        blocks.append(header + subfields + payload + footer)
    return b"".join(blocks) + END_OF_FILE


def unpack(path, threads: int = 2) -> bytes:
    with path.open("rb") as stream:
        pieces = bgzf.read_pieces(stream, path, threads)
        return b"".join(piece[bgzf.HEADROOM :].tobytes() for piece in pieces)


def counted(path) -> tuple:
    counts = count_native(path, RULES, GRID, threads=1)
    return counts.values.tobytes(), counts.tally


@pytest.fixture(scope="module")
def bam(tmp_path_factory):
    return random_bam(tmp_path_factory.mktemp("bgzf") / "reads.bam", seed=5, n_records=400)


@settings(max_examples=40, deadline=None)
@given(
    content=st.binary(max_size=3_000),
    block_size=st.integers(1, 700),
    piece=st.integers(30, 900),
    threads=st.integers(1, 3),
    extra=st.sampled_from([b"", b"XX\x03\x00abc", b"BC\x01\x00a"]),
)
def test_pieces_of_any_size_hold_what_gzip_unpacks(
    content, block_size, piece, threads, extra, tmp_path_factory
):
    path = tmp_path_factory.mktemp("any") / "file.gz"
    path.write_bytes(pack(content, block_size, extra))
    assert gzip.decompress(path.read_bytes()) == content
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bgzf, "PIECE", piece)
        assert unpack(path, threads) == content


def test_only_a_few_pieces_are_read_ahead(tmp_path, monkeypatch):
    monkeypatch.setattr(bgzf, "PIECE", 1_000)
    path = tmp_path / "file.gz"
    path.write_bytes(pack(random.Random(1).randbytes(100_000), 500))
    with path.open("rb") as stream:
        pieces = bgzf.read_pieces(stream, path, threads=2)
        next(pieces)
        assert stream.tell() <= 6_000
        pieces.close()


@pytest.mark.parametrize("threads", [1, 3])
def test_a_piece_is_whole_until_the_second_one_after_it(threads, tmp_path, monkeypatch):
    monkeypatch.setattr(bgzf, "PIECE", 1_000)
    path = tmp_path / "file.gz"
    path.write_bytes(pack(random.Random(1).randbytes(100_000), 500))
    with path.open("rb") as stream:
        before, content = None, b""
        for piece in bgzf.read_pieces(stream, path, threads):
            assert before is None or before.tobytes() == content
            before, content = piece, piece.tobytes()


def test_counts_do_not_depend_on_where_blocks_and_pieces_end(bam, tmp_path, monkeypatch):
    expected = counted(bam)
    content = gzip.decompress(bam.read_bytes())
    for block_size, piece in ((50_000, 300), (97, 100), (13, 5_000)):
        path = tmp_path / "other.bam"
        path.write_bytes(pack(content, block_size))
        monkeypatch.setattr(bgzf, "PIECE", piece)
        assert counted(path) == expected


def test_a_record_larger_than_the_headroom_is_counted(bam, tmp_path):
    content = gzip.decompress(bam.read_bytes())
    tail = struct.pack("<4sI", b"ZZB" + b"C", 300_000) + bytes(300_000)
    record = struct.pack("<iiBBHHHiiii", 0, 200, 2, 60, 4680, 1, 0, 0, -1, -1, 0)
    record += b"r\0" + struct.pack("<I", 36 << 4) + tail
    path = tmp_path / "large.bam"
    path.write_bytes(pack(content + (struct.pack("<i", len(record)) + record) * 3, 60_000))
    before, after = (count_native(file, RULES, GRID, threads=1) for file in (bam, path))
    assert after.tally.total == before.tally.total + 3
    assert after.values[2] == before.values[2] + 3
    np.testing.assert_array_equal(np.delete(after.values, 2), np.delete(before.values, 2))


def test_a_file_cut_anywhere_is_refused(bam, tmp_path):
    content = bam.read_bytes()
    rng = random.Random(2)
    path = tmp_path / "cut.bam"
    for end in [0, 1, 17, 28, len(content) - 28, len(content) - 1, *rng.sample(range(9_000), 30)]:
        path.write_bytes(content[:end])
        with pytest.raises(InputError, match=r"cut short|damaged|no BAM"):
            count_native(path, RULES, GRID, threads=1)


def test_a_changed_byte_is_refused_or_changes_nothing(bam, tmp_path):
    content = bam.read_bytes()
    expected = counted(bam)
    rng = random.Random(3)
    path = tmp_path / "changed.bam"
    n_refused = 0
    for at in [
        *range(60),
        *range(len(content) - 60, len(content)),
        *rng.choices(range(9_000), k=60),
    ]:
        changed = bytearray(content)
        changed[at] ^= rng.randint(1, 255)
        path.write_bytes(changed)
        try:
            assert counted(path) == expected
        except InputError as error:
            assert str(path) in str(error)  # noqa: PT017
            n_refused += 1
    assert n_refused > 120


def test_records_of_nonsense_in_sound_blocks_end_in_a_sentence(bam, tmp_path):
    content = gzip.decompress(bam.read_bytes())
    rng = random.Random(4)
    path = tmp_path / "nonsense.bam"
    said = set()
    for _ in range(150):
        changed = bytearray(content)
        for _ in range(rng.choice([1, 5, 50])):
            changed[rng.randrange(len(changed))] = rng.choice([0, 1, 127, 128, 255])
        path.write_bytes(pack(bytes(changed), 60_000))
        try:
            count_native(path, RULES, GRID, threads=1)
        except InputError as error:
            said.add(str(error).partition(" is ")[2].rstrip("0123456789"))
    assert len(said) > 5


def test_blocks_that_shrank_a_thousandfold_are_unpacked_in_parts(tmp_path):
    path = tmp_path / "zeros.gz"
    path.write_bytes(pack(bytes(1_000 * 65_280), 65_280))
    assert path.stat().st_size < bgzf.PIECE
    with path.open("rb") as stream:
        sizes = [len(piece) for piece in bgzf.read_pieces(stream, path, threads=1)]
    assert max(sizes) < 18_000_000
    assert sum(sizes) - len(sizes) * bgzf.HEADROOM == 1_000 * 65_280


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((b"chr10\0", b"ch\0r1\0"), "header contradicts itself"),
        ((b"BAM\1", b"BAM\2"), "is not a BAM file"),
    ],
)
def test_a_header_of_nonsense_ends_in_a_sentence(bam, change, said, tmp_path):
    path = tmp_path / "nonsense.bam"
    path.write_bytes(pack(gzip.decompress(bam.read_bytes()).replace(*change, 1), 60_000))
    with pytest.raises(InputError, match=said):
        count_native(path, RULES, GRID, threads=1)


def test_no_read_counts_beyond_its_chromosome_whatever_the_header_claims(bam, tmp_path):
    """Otherwise it would count on the next chromosome, or outside all arrays."""
    expected = count_native(bam, RULES, GRID, threads=1)
    length = b"chr10\0" + struct.pack("<i", MAIN["chr10"])
    claimed = b"chr10\0" + struct.pack("<i", (1 << 31) - 1)
    content = gzip.decompress(bam.read_bytes())
    assert length in content
    path = tmp_path / "longer.bam"
    path.write_bytes(pack(content.replace(length, claimed), 60_000))
    counts = count_native(path, RULES, GRID, threads=1)
    assert np.array_equal(counts.values, expected.values)


def test_a_damaged_block_is_named_by_its_place(tmp_path):
    path = tmp_path / "file.gz"
    content = bytearray(pack(bytes(1_000), 500))
    second = content.index(b"\x1f\x8b", 1)
    content[second + 20] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"file.gz is damaged: the block at byte {second}\b"):
        unpack(path)
