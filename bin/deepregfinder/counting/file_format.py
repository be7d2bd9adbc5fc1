"""Recognise and open BAM and CRAM files, and say what other files are instead."""

import os
import zlib
from pathlib import Path
from typing import Literal

import pysam
from pysam.utils import SamtoolsError

from deepregfinder.counting import cram
from deepregfinder.errors import InputError

# The empty BGZF block that ends every complete BAM file (SAM specification, section 4.1.2).
END_OF_FILE = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


def alignment_format(path: Path) -> Literal["bam", "cram"]:
    """Whether a file is BAM or CRAM.

    Raises InputError if it is neither, or is truncated. The message says what the file is and lacks
    its subject: the caller puts the name of the file before it.
    """
    try:
        with path.open("rb") as file:
            start = file.read(1 << 16)
            file.seek(max(0, file.seek(0, os.SEEK_END) - len(END_OF_FILE)))
            end = file.read()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror}).") from None
    if not start:
        raise InputError("is empty. Copy it again.")
    if start.startswith(b"CRAM"):
        cram.require_whole(path)
        return "cram"
    if start.startswith((b"@HD\t", b"@SQ\t", b"@RG\t", b"@PG\t", b"@CO\t")):
        raise InputError(
            f"is a SAM file (text). Make a BAM file: `samtools sort -o reads.bam {path.name}`."
        )
    not_bam = "is not a BAM file: it starts with {!r}. Check the path in the sheet."
    if not start.startswith(b"\x1f\x8b"):
        raise InputError(not_bam.format(start[:8]))
    try:
        unpacked = zlib.decompressobj(wbits=31).decompress(start, 64)
    except zlib.error:
        unpacked = b""
    if not unpacked:
        raise InputError("is damaged: its first block cannot be decompressed. Copy it again.")
    if unpacked.startswith(b"\x1f\x8b"):
        raise InputError("was compressed a second time with gzip. Decompress it with `gunzip`.")
    if not unpacked.startswith(b"BAM\1"):
        raise InputError(not_bam.format(unpacked[:8]))
    if start[3] != 4 or start[12:16] != b"BC\2\0":
        raise InputError(
            "was compressed with plain gzip, not in blocks as a BAM file is. Make it again: "
            f"`samtools view -b -o reads.bam {path.name}`."
        )
    if end != END_OF_FILE:
        raise InputError(
            "is cut short: the block that ends a BAM file is missing. Copy it again, or make it "
            "again if the program that wrote it was interrupted."
        )
    return "bam"


def open_alignments(path: Path) -> pysam.AlignmentFile:
    """Open a file that `alignment_format` has accepted; needs neither an index nor a reference.

    Raises OSError or ValueError if it cannot be opened or its header cannot be read. Reading a
    damaged file raises them later.
    """
    pysam.set_verbosity(0)  # htslib would repeat our messages on stderr
    try:
        pysam.quickcheck("-u", str(path))
    except SamtoolsError:
        # pysam.AlignmentFile would raise as well, but prints a traceback to stderr.
        raise OSError(f"the header of {path} cannot be read") from None
    options = list(cram.FORMAT_OPTIONS)
    alignments = pysam.AlignmentFile(str(path), check_sq=False, format_options=options)
    try:
        # pysam parses the text of a header on demand, and not all of it at once.
        alignments.header.to_dict()
        alignments.get_tid("")
    except (AssertionError, ValueError):
        alignments.close()
        raise OSError(f"the header of {path} cannot be read") from None
    return alignments
