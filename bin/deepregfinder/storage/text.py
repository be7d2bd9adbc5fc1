"""Read text files of users: any line ends, with or without byte order mark, plain or gzipped."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from deepregfinder.errors import InputError

_FOREIGN_FILES = (
    (b"BAM\1", "a BAM file"),
    (b"CRAM", "a CRAM file"),
    (b"\xeb\xf2\x89\x87", "a bigBed file (convert it to BED with `bigBedToBed`)"),
    (b"\x87\x89\xf2\xeb", "a bigBed file (convert it to BED with `bigBedToBed`)"),
    (b"\x26\xfc\x8f\x88", "a bigWig file, not a list of intervals"),
    (b"PK\3\4", "a zip archive (extract it first)"),
    (b"BZh", "compressed with bzip2 (decompress it, or use gzip)"),
    (b"\xfd7zXZ", "compressed with xz (decompress it, or use gzip)"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd (decompress it, or use gzip)"),
    (b"\x43\x27\x41\x1a", "a 2bit file (convert it to FASTA with `twoBitToFa`)"),
    (b"\x1a\x41\x27\x43", "a 2bit file (convert it to FASTA with `twoBitToFa`)"),
    (b"<!DOCTYPE", "a web page: the download did not give the file itself"),
    (b"<html", "a web page: the download did not give the file itself"),
)


def read_text(path: Path, expected: str) -> str:
    r"""Text of a UTF-8 file, plain or gzipped (whatever its name).

    Byte order marks are removed, also inside a file that was put together from several. Lines end
    with \n, also those that end with \r\n (Windows) or \r (old Mac) in the file, so that line
    numbers are those of an editor.

    expected : what the file should contain, for messages

    Raises InputError if the file cannot be read, is damaged, or is not text.
    """
    content = read_bytes(path)
    if description := foreign_format(content):
        raise InputError(f"{path} is {description}; expected {expected}.")
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        text = content.decode().replace("\ufeff", "")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise not_utf8(path, expected)
    return text


def not_utf8(path: Path, expected: str) -> InputError:
    """The error for a file that is not text."""
    return InputError(f"{path} is not text in UTF-8; expected {expected}, plain or gzipped.")


def foreign_format(content: bytes) -> str | None:
    """What a file with this content is, if that is a format for other readers; else None."""
    for magic, description in _FOREIGN_FILES:
        if content.startswith(magic):
            return description
    return None


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Content of a file, decompressed if it is gzipped; InputError where it cannot be read."""
    try:
        with Path(path).open("rb") as raw:
            compressed = raw.read(2) == b"\x1f\x8b"
        with gzip.open(path) if compressed else Path(path).open("rb") as stream:
            yield cast(BinaryIO, stream)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise InputError(
            f"{path} is damaged or cut short: its gzip data cannot be decompressed. Copy it again."
        ) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from None


def read_bytes(path: Path) -> bytes:
    """The whole content of `opened`."""
    with opened(path) as stream:
        return stream.read()


def unquoted(cell: str) -> str:
    """A cell without the double quotes that R and spreadsheets put around text."""
    return cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell
