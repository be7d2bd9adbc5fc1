import pytest
from samples.refusals import READS, SIZES
from samples.small_bams import write_bam

from deepregfinder.inputs.alignments import Identity, inspect_alignments, write_summary


@pytest.fixture
def summary(tmp_path):
    """The summary of a good BAM file by inspect_bam.py."""
    bam = write_bam(tmp_path / "good.bam", SIZES, READS)
    path = tmp_path / "good.bam.json"
    write_summary(path, inspect_alignments(bam, Identity("good", "K", "M", "1", "chip"), tmp_path))
    return path
