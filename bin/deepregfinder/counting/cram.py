"""CRAM files, read without their reference sequence.

A CRAM file stores bases as differences from a reference, but positions, flags, CIGARs and tags in
full (hts-specs, CRAM 3). As bases and qualities are not requested, htslib looks for no reference,
neither on disk nor on the network. Nor is TLEN: where several small chromosomes share a slice,
htslib computes it with their sequences.
"""

from pathlib import Path

import pysam
from pysam.utils import SamtoolsError

from deepregfinder.errors import InputError

# All fields of a record except TLEN, bases and qualities; no MD tags made from the reference.
FORMAT_OPTIONS = ("required_fields=0x18ff", "decode_md=0")


def is_cram(path: Path) -> bool:
    """Whether a file begins like a CRAM file."""
    with Path(path).open("rb") as file:
        return file.read(4) == b"CRAM"


def require_whole(path: Path) -> None:
    """Raise InputError unless the file has a header and the end-of-file block of CRAM.

    htslib would decode a truncated file without an error. The messages of this module lack their
    subject: the caller puts the name of the file before them.
    """
    try:
        pysam.quickcheck(str(path))
    except SamtoolsError as error:
        raise _damaged(error) from None


def mapped_records(path: Path) -> tuple[dict[str, int], int]:
    """Mapped records of each reference in the header, and unmapped records of the whole file.

    Reads flags and positions of all records (0.1 s per million). Raises InputError if damaged.
    """
    try:
        rows = [line.split("\t") for line in str(pysam.idxstats(str(path))).splitlines()]
    except SamtoolsError as error:
        raise _damaged(error) from None
    mapped = {name: int(count) for name, _, count, _ in rows if name != "*"}
    return mapped, sum(int(row[3]) for row in rows)


def write_bam(path: Path, output: Path, threads: int) -> None:
    """Write the records, without bases and qualities, as a BAM file; InputError if damaged."""
    require_whole(path)
    options = [word for option in FORMAT_OPTIONS for word in ("--input-fmt-option", option)]
    command = ["-1", "-@", str(threads), "-o", str(output), *options, str(path)]
    try:
        pysam.view(*command, catch_stdout=False)
    except SamtoolsError as error:
        raise _damaged(error) from None


def _damaged(error: SamtoolsError) -> InputError:
    reason = " ".join(str(error.value).rpartition("stderr=")[2].split())
    return InputError(f"is damaged or cut short: {reason.rstrip('.')}. Copy it again.")
