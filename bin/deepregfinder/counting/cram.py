"""CRAM files: what counting needs of them is read without the reference sequence.

A CRAM file keeps bases as differences to a reference, but places, flags, CIGARs and tags whole
(hts-specs, CRAM 3). Without bases and qualities no reference is looked for, neither on disk nor on
the network.
"""

from pathlib import Path

import pysam
from pysam.utils import SamtoolsError

from deepregfinder.errors import InputError

# Every field of a record but bases and qualities; no MD tags made from the reference.
FORMAT_OPTIONS = ("required_fields=0x19ff", "decode_md=0")


def is_cram(path: Path) -> bool:
    with Path(path).open("rb") as file:
        return file.read(4) == b"CRAM"


def require_whole(path: Path) -> None:
    """Raise InputError unless the file has a header and the block that ends a CRAM file.

    A file without its end would be decoded in silence. Errors of this module are the end of a
    sentence: the name of the file belongs before it.
    """
    try:
        pysam.quickcheck(str(path))
    except SamtoolsError as error:
        raise _damaged(error) from None


def mapped_records(path: Path) -> tuple[dict[str, int], int]:
    """Mapped records of each sequence of the header, and the unmapped ones of the whole file.

    Reads flags and places of all records (0.1 s a million); InputError if it cannot.
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
