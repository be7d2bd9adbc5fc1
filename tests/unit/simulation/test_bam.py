"""BAM files of the simulation, read back by htslib."""

import numpy as np
import pysam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepregfinder.simulation import bam
from deepregfinder.simulation.bam import BamWriter, Reads, bam_bins, encode

SIZES = {"chr1": 400_000, "chr2": 90_000}
READ_LENGTH = 37


def reads_at(positions, flags=0, mates=-1):
    n = len(positions)
    position = np.sort(np.asarray(positions, np.int32))
    return Reads(
        position=position,
        flag=np.full(n, flags, np.uint16),
        mapq=np.arange(n).astype(np.uint8) % 60,
        hits=(1 + np.arange(n) % 3).astype(np.uint8),
        mate_position=np.full(n, mates, np.int32),
        template_length=np.full(n, 0 if mates < 0 else 180, np.int32),
        name=np.arange(n, dtype=np.uint32) * 70_001,
    )


def write(path, parts):
    with BamWriter(path, SIZES, ["simulated reads"]) as writer:
        for index, reads in parts:
            writer.write(encode(reads, index, READ_LENGTH))
    return path


@pytest.fixture
def written(tmp_path):
    rng = np.random.default_rng(0)
    parts = [
        (0, reads_at(rng.integers(0, 399_000, 3000), bam.REVERSE | bam.DUPLICATE)),
        (1, reads_at([0, 5, 89_000], bam.PAIRED, mates=400)),
        (-1, reads_at([-1, -1], bam.UNMAPPED)),
    ]
    return write(tmp_path / "some.bam", parts), [reads for _, reads in parts]


def test_htslib_reads_back_what_was_encoded(written):
    path, (first, second, unmapped) = written
    with pysam.AlignmentFile(str(path)) as file:
        assert dict(zip(file.references, file.lengths, strict=True)) == SIZES
        assert file.header.to_dict()["HD"]["SO"] == "coordinate"
        assert file.header.to_dict()["CO"] == ["simulated reads"]
        records = list(file.fetch(until_eof=True))
    mapped = records[: len(first) + len(second)]
    assert [record.reference_name for record in mapped] == ["chr1"] * 3000 + ["chr2"] * 3
    for name, attribute in (
        ("position", "reference_start"),
        ("flag", "flag"),
        ("mapq", "mapping_quality"),
        ("mate_position", "next_reference_start"),
        ("template_length", "template_length"),
    ):
        expected = np.concatenate([getattr(first, name), getattr(second, name)])
        assert [getattr(record, attribute) for record in mapped] == expected.tolist()
    assert {record.cigarstring for record in mapped} == {f"{READ_LENGTH}M"}
    assert [record.get_tag("NH") for record in mapped[:4]] == [1, 2, 3, 1]
    assert [record.query_length for record in records] == [READ_LENGTH] * len(records)
    assert [record.query_name for record in mapped[:2]] == ["s00000000", f"s{70_001:08x}"]
    for record in records[-len(unmapped) :]:
        assert record.is_unmapped
        assert (record.reference_id, record.reference_start) == (-1, -1)
        assert record.cigarstring is None
        assert not record.has_tag("NH")


def test_index_finds_the_reads_of_an_interval(written):
    path, (first, *_) = written
    pysam.index(str(path))
    with pysam.AlignmentFile(str(path)) as file:
        positions = [record.reference_start for record in file.fetch("chr1", 100_000, 140_000)]
        statistics = {row.contig: row.mapped for row in file.get_index_statistics()}
        assert file.nocoordinate == 2
    overlaps = (first.position < 140_000) & (first.position + READ_LENGTH > 100_000)
    assert positions == first.position[overlaps].tolist()
    assert statistics == {"chr1": 3000, "chr2": 3}


def test_a_file_without_reads_is_a_sound_bam(tmp_path):
    path = write(tmp_path / "empty.bam", [(0, reads_at([]))])
    pysam.quickcheck(str(path))
    with pysam.AlignmentFile(str(path)) as file:
        assert list(file.fetch(until_eof=True)) == []


@given(st.integers(0, 2**29 - 500), st.integers(1, 400))
def test_bin_is_the_smallest_that_holds_the_read(start, width):
    def smallest():
        offset, smallest_bin = 0, 0
        for level in range(6):
            size = 1 << (29 - 3 * level)
            if start // size == (start + width - 1) // size:
                smallest_bin = offset + start // size
            offset += 8**level
        return smallest_bin

    assert bam_bins(np.array([start]), np.array([start + width]))[0] == smallest()
