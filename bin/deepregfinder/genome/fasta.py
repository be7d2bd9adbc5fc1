"""Read a genome sequence in FASTA, plain or gzipped (`gzip` and `bgzip` alike), front to back.

An index would not help: the pipeline needs the lengths of all sequences once, and the sequences of
a few thousand calls all over the genome. The index of a plain file, where it lies beside it, saves
reading it for the lengths.
"""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from deepregfinder.errors import InputError
from deepregfinder.genome.grid import read_chrom_sizes
from deepregfinder.storage.text import foreign_format, opened

_EXPECTED = "a genome in FASTA, plain or gzipped"
_BLOCK = 1 << 22
_NO_BASES = b"\n\r \t"
_LONGEST_HEADER = 1000
"""Bytes before a sequence in which its header must lie for an index to be used."""


def fasta_sizes(path: Path, index: Path | None = None) -> dict[str, int]:
    """Names and lengths (bp) of all sequences, in the order of the file.

    index : its .fai file, which is used if it leads to the headers of the file

    Raises InputError if the file cannot be read, is damaged, is not FASTA, or repeats a name.
    """
    if index is not None and (sizes := _sizes_of_index(path, index)):
        return sizes
    sizes = {}
    for name, bases in _pieces(path):
        if not bases and name in sizes:
            raise InputError(f"{path} has two sequences named {name}. Remove one of them.")
        sizes[name] = sizes.get(name, 0) + len(bases)
    return sizes


def fasta_sequences(path: Path, names: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """Name and bases of the sequences of these names, in the order of the file.

    Reads the file no further than the last of them. Raises InputError as `fasta_sizes` does.
    """
    left = set(names)
    current: str | None = None
    sequence = bytearray()
    for name, bases in _pieces(path) if left else ():
        if not bases:
            if current is not None:
                yield current, bytes(sequence)
                sequence.clear()
                if not left:
                    return
            current = name if name in left else None
            left.discard(name)
        elif current is not None:
            sequence += bases
    if current is not None:
        yield current, bytes(sequence)


def _pieces(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bases of parts of sequences; each sequence begins with a part without bases."""
    name = ""
    header: bytes | None = None
    with opened(path) as stream:
        for block in _blocks(path, stream):
            at = 0
            while at < len(block):
                if header is None:
                    end = _found(b">", block, at, len(block))
                    bases = block[at:end].translate(None, _NO_BASES)
                    if bases and not name:
                        raise InputError(
                            f"{path} begins with {_shown(block[at:end].split(None, 1)[0])}; "
                            f"expected {_EXPECTED}, with a line `>name` before each sequence."
                        )
                    if bases:
                        yield name, bases
                    if end < len(block):
                        header = b""
                        end += 1
                else:
                    end = _found(b"\r", block, at, _found(b"\n", block, at, len(block)))
                    header += block[at:end]
                    if end < len(block):
                        name, header = _name(path, header), None
                        yield name, b""
                at = end
    if header is not None:
        name = _name(path, header)
        yield name, b""
    if not name:
        raise InputError(f"{path} has no sequence; expected {_EXPECTED}.")


def _found(letter: bytes, block: bytes, start: int, end: int) -> int:
    """Where the letter is between start and end; `end` if it is not there."""
    place = block.find(letter, start, end)
    return place if place >= 0 else end


def _name(path: Path, header: bytes) -> str:
    words = header.split(None, 1)
    if not words or header[:1].isspace():
        raise InputError(f"{path} has a sequence without a name: its line is {_shown(header)}.")
    return words[0].decode(errors="replace")


def _shown(content: bytes) -> str:
    return repr(content[:30].decode(errors="replace"))


def _blocks(path: Path, stream: BinaryIO) -> Iterator[bytes]:
    first = stream.read(_BLOCK)
    if description := foreign_format(first):
        raise InputError(f"{path} is {description}; expected {_EXPECTED}.")
    yield first.removeprefix(b"\xef\xbb\xbf")
    while block := stream.read(_BLOCK):
        yield block


def _sizes_of_index(path: Path, index: Path) -> dict[str, int]:
    """Lengths from a .fai file; empty if it is not that of the file, or this cannot be seen.

    Before every sequence lies the header with its name, and after it the next header or the end.
    """
    try:
        sizes = read_chrom_sizes(index)
        rows = [line.split("\t") for line in index.read_text().splitlines() if line.strip()]
        places = [(row[0], [int(cell) for cell in row[1:5]]) for row in rows]
        with path.open("rb") as stream:
            if stream.read(2) == b"\x1f\x8b":
                return {}
            at_end = 0
            for name, (length, first, per_line, line_width) in places:
                stream.seek(max(first - _LONGEST_HEADER, 0))
                before = stream.read(min(first, _LONGEST_HEADER))
                header = before.splitlines()[-1]
                stream.seek(first + length // per_line * line_width + length % per_line)
                after = stream.read(64).lstrip(_NO_BASES)
                at_end += not after
                fits = before.endswith((b"\n", b"\r")) and header.split()[0] == b">" + name.encode()
                if not fits or after[:1] not in (b"", b">"):
                    return {}
    except (InputError, OSError, ValueError, IndexError, ZeroDivisionError):
        return {}
    return sizes if at_end == 1 else {}
