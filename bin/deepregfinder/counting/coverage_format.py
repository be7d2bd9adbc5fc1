"""bigWig files of coverage: which names stand for them, and what the first bytes of one say."""

import struct
from pathlib import Path

from deepregfinder.errors import InputError

ENDINGS = (".bw", ".bigWig", ".bigwig")

_BIGWIG, _BIGBED, _NAMES = 0x888FFC26, 0x8789F2EB, 0x78CA8C91
# After the signature: version, ..., size of the largest block (Kent et al. 2010, supplement).
_HEADER = "HHQQQ4xQQI"
_HEADER_BYTES = 64
_LARGEST_BLOCK = 1 << 28
# The tree of names: signature, names in a block, bytes of a name and of a value, number of names.
_TREE = "4IQ"


def is_coverage(name: str) -> bool:
    """Whether a name is that of a bigWig file."""
    return name.endswith(ENDINGS)


def require_bigwig(path: Path) -> None:
    """Raise InputError, without its subject, unless the header is that of a bigWig file."""
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if not header:
        raise InputError("is empty. Copy it again.")
    orders = {order: struct.unpack(f"{order}I", header[:4].ljust(4, b"\0"))[0] for order in "<>"}
    if _BIGBED in orders.values():
        raise InputError(
            "is a bigBed file, which has intervals without coverage. Give a bigWig file, or the "
            "reads."
        )
    order = next((order for order, signature in orders.items() if signature == _BIGWIG), None)
    if order is None:
        raise InputError(f"is not a bigWig file: it starts with {header[:8]!r}. Check the path.")
    if not _is_consistent(path, header, order):
        raise InputError("is damaged or cut short: its header does not fit it. Copy it again.")


def _is_consistent(path: Path, header: bytes, order: str) -> bool:
    """Whether offsets and sizes are possible: pybigtools allocates what they say."""
    if len(header) < _HEADER_BYTES:
        return False
    size = path.stat().st_size
    _, _, names, data, index, _, _, largest = struct.unpack(order + _HEADER, header[4:56])
    if max(names + struct.calcsize(_TREE), data, index) >= size or largest > _LARGEST_BLOCK:
        return False
    with path.open("rb") as file:
        file.seek(names)
        tree = struct.unpack(order + _TREE, file.read(struct.calcsize(_TREE)))
    signature, _, name_bytes, value_bytes, number = tree
    return bool(signature == _NAMES and number * (name_bytes + value_bytes) <= size)
