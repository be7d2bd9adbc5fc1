"""An older index shows what a BAM file with a valid end has lost."""

import gzip
import random
from pathlib import Path

import pysam
import pytest
from fuzz.blocks import packed, write_blocks
from samples.small_bams import write_bam

from deepregfinder.inputs.alignments import AlignmentSummary, Identity, inspect_alignments
from deepregfinder.inputs.indexes import end_of_reads, is_part

IDENTITY = Identity("K562.H3K27ac.1", "K562", "H3K27ac", "1", "chip")
SIZES = {"chr1": 100_000, "chr2": 50_000, "chr3": 9_000, "chrUn_1": 5_000}


def inspected(path: Path, index: Path) -> AlignmentSummary:
    folder = path.parent / "task"
    folder.mkdir(exist_ok=True)
    return inspect_alignments(path, IDENTITY, folder, index)


def whole_file(folder: Path, sizes: dict[str, int], kind: str) -> tuple[Path, Path, list[bytes]]:
    """A file of many small blocks of whole records, its index, and the blocks after the header."""
    rng = random.Random(1)
    reads = [
        (chrom, start)
        for chrom, size in sizes.items()
        for start in sorted(rng.randrange(size - 40) for _ in range(200))
    ]
    path = write_bam(folder / "a.bam", sizes, [*reads, *[(None, -1)] * 200])
    content = gzip.decompress(path.read_bytes())
    at = 4
    at += 4 + int.from_bytes(content[at : at + 4], "little")
    n_references, at = int.from_bytes(content[at : at + 4], "little"), at + 4
    for _ in range(n_references):
        at += 8 + int.from_bytes(content[at : at + 4], "little")
    blocks, header = [], content[:at]
    while at < len(content):
        start = at
        for _ in range(20):
            if at < len(content):
                at += 4 + int.from_bytes(content[at : at + 4], "little")
        blocks.append(packed(content[start:at]))
    write_blocks(path, [packed(header), *blocks])
    index = folder / f"a.bam.{kind}"
    pysam.index(*(["-c"] if kind == "csi" else ["-b"]), str(path), str(index))
    return path, index, [packed(header), *blocks]


@pytest.mark.parametrize("kind", ["bai", "csi"])
@pytest.mark.parametrize("sizes", [SIZES, {"chr1": 100_000}])
def test_a_file_that_lost_reads_is_refused_wherever_they_were(kind, sizes, tmp_path):
    path, index, blocks = whole_file(tmp_path, sizes, kind)
    assert (inspected(path, index).index, inspected(path, index).problems) == ("given", ())
    placed = 10 * len(sizes)  # blocks with placed reads
    for first, last in ((placed, placed + 1), (2, len(blocks)), (placed // 2, placed // 2 + 1),
                        (placed // 2, len(blocks)), (1, 2), (placed - 3, len(blocks))):  # fmt: skip
        write_blocks(path, blocks[:first] + blocks[last:])
        (problem,) = inspected(path, index).problems
        left = 20 * (placed - (min(last, placed + 1) - first))
        assert (
            f"has {left:,} mapped reads, but its index a.bam.{kind} lists {20 * placed:,}: a "
            in (problem)
        )


@pytest.mark.parametrize("kind", ["bai", "csi"])
def test_the_index_of_the_file_before_a_filter_is_made_again(kind, tmp_path):
    path, index, _ = whole_file(tmp_path, SIZES, kind)
    kept = tmp_path / "b.bam"
    with (
        pysam.AlignmentFile(str(path)) as alignments,
        pysam.AlignmentFile(str(kept), "wb", template=alignments) as bam,
    ):
        for number, read in enumerate(alignments.fetch(until_eof=True)):
            if number % 3:
                bam.write(read)
    summary = inspected(kept, index)
    assert (summary.index, summary.problems) == ("made", ())


def test_the_last_block_of_reads_is_that_of_the_file(tmp_path):
    for kind in ("bai", "csi"):
        _, index, blocks = whole_file(tmp_path, SIZES, kind)
        placed = sum(len(block) for block in blocks[:41])
        assert end_of_reads(index) in (placed, placed - len(blocks[40]))
    for content in (b"", b"BAI\1", b"CSI\1\0\0", b"\x1f\x8b", b"text"):
        index.write_bytes(content)
        assert end_of_reads(index) is None


@pytest.mark.parametrize(
    ("found", "listed", "part"),
    [
        ([5, 0, 0], [5, 7, 9], True),
        ([5, 3, 0], [5, 7, 9], True),
        ([5, 7, 8], [5, 7, 9], True),
        ([4, 7, 9], [5, 7, 9], True),
        ([4, 0, 9], [5, 7, 9], True),
        ([3, 0, 0], [5, 7, 9], True),
        ([3, 3, 0], [5, 7, 9], False),
        ([3, 5, 7], [5, 7, 9], False),
        ([5, 7, 9], [5, 7, 9], False),
        ([6, 0, 0], [5, 7, 9], False),
        ([5, 8, 0], [5, 7, 9], False),
    ],
)
def test_what_is_left_of_a_file_is_told_from_another_file(found, listed, part):
    names = ("a", "b", "c")
    one, other = (dict(zip(names, numbers, strict=True)) for numbers in (found, listed))
    assert is_part(one, other) == part
