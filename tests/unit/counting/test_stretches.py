"""A file counted in stretches has the same counts as in one pass."""

import gzip
import random

import numpy as np
import pysam
import pytest
from fuzz.blocks import random_blocks, write_blocks
from samples.alignment_samples import MAIN, SIZES, random_bam

from deepregfinder.counting import native, read_ends, stretches
from deepregfinder.counting.bgzf import HEADROOM
from deepregfinder.counting.counter import count_reads
from deepregfinder.counting.read_ends import EndSampler
from deepregfinder.counting.rules import BinGrid, CountRules
from deepregfinder.errors import InputError

RULES = CountRules(0, "keep", "reads", "overlap", 0, 0)
GRID = BinGrid(MAIN, 100)


def counted(path, threads):
    """Counts, tally and sampled read ends of a file."""
    sampler = EndSampler(MAIN, RULES.min_mapq)
    counts = count_reads(path, "native", RULES, GRID, None, threads, sampler)
    sample = sampler.ends()
    kept = [sample.forward.tolist(), sample.reverse.tolist(), sample.read_length]
    return counts.values.tobytes(), counts.tally, kept


@pytest.fixture
def cuts(monkeypatch):
    """Allow stretches in small files; lists their number per file, 1 if dividing failed."""
    numbers = []
    count = native._count_side_by_side

    def watched(stream, path, rules, grid, starts, sampler):
        numbers.append(1)
        counts = count(stream, path, rules, grid, starts, sampler)
        numbers[-1] = len(starts)
        return counts

    monkeypatch.setattr(native, "_count_side_by_side", watched)
    monkeypatch.setattr(stretches, "SMALLEST", 300)
    return numbers


def blocked(path, seed, n_records=400, in_order=False):
    """A random file with blocks of random sizes."""
    bam = random_bam(path, seed, n_records, share_paired=0.3)
    if in_order:
        pysam.sort("-o", str(bam), str(bam))
    write_blocks(bam, random_blocks(gzip.decompress(bam.read_bytes()), random.Random(seed)))
    return bam


@pytest.mark.parametrize("in_order", [False, True])
@pytest.mark.parametrize("most", [15, 200_000])
def test_counts_tally_and_sample_are_those_of_one_thread(
    in_order, most, cuts, tmp_path, monkeypatch
):
    monkeypatch.setattr(read_ends, "READS", most)
    for seed in range(12):
        bam = blocked(tmp_path / f"{seed}.bam", seed, in_order=in_order)
        whole = counted(bam, 1)
        for threads in (2, 3, 7):
            assert counted(bam, threads) == whole
    assert len(cuts) == 36
    assert np.mean(np.array(cuts) > 1) > 0.9


def test_a_small_file_and_one_thread_are_not_cut(tmp_path):
    bam = blocked(tmp_path / "reads.bam", 1)
    with bam.open("rb") as stream:
        assert stretches.stretches(stream, bam, 4) == [0]
    with bam.open("rb") as stream, pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretches, "SMALLEST", 100)
        assert stretches.stretches(stream, bam, 1) == [0]
        assert len(stretches.stretches(stream, bam, 4)) == 4


@pytest.mark.parametrize("place", [None, HEADROOM, HEADROOM + 1])
def test_a_cut_at_a_wrong_place_is_noticed(place, cuts, tmp_path, monkeypatch):
    bam = blocked(tmp_path / "reads.bam", 3)
    whole = counted(bam, 1)
    monkeypatch.setattr(native, "first_record", lambda piece, n: place)
    assert counted(bam, 3) == whole
    assert cuts == [1]


def test_the_first_record_behind_any_byte_is_found(tmp_path):
    bam = random_bam(tmp_path / "reads.bam", 8, 120, share_paired=0.3)
    content = np.frombuffer(gzip.decompress(bam.read_bytes()), np.uint8)
    with pysam.AlignmentFile(str(bam), check_sq=False) as reads:
        n_references = reads.nreferences
    _, begins, _ = native._read_header(iter([np.pad(content, (HEADROOM, 0))]), bam)
    at, records = begins - HEADROOM, []
    while at < len(content):
        records.append(at)
        at += 4 + int.from_bytes(content[at : at + 4].tobytes(), "little")
    for start in range(records[0], records[-6]):
        piece = np.pad(content[start:], (HEADROOM, 0))
        position = stretches.first_record(piece, n_references)
        expected = records[int(np.searchsorted(records, start))] - start
        assert position == HEADROOM + expected
    assert len(SIZES) == n_references


def test_what_is_damaged_is_told_as_from_end_to_end(cuts, tmp_path):
    rng = random.Random(5)
    refused = 0
    for seed in range(30):
        bam = blocked(tmp_path / f"{seed}.bam", seed)
        content = bytearray(gzip.decompress(bam.read_bytes()))
        for _ in range(3):
            content[rng.randrange(500, len(content))] ^= 1 << rng.randrange(8)
        write_blocks(bam, random_blocks(bytes(content), rng))
        said = []
        for threads in (1, 4):
            try:
                said.append(counted(bam, threads))
            except InputError as error:
                said.append(str(error))
        assert said[0] == said[1]
        refused += isinstance(said[0], str)
    assert 3 < refused < 27
