"""bigWig files of coverage: which names stand for them, and what the first bytes of one say."""

import struct
from pathlib import Path

from deepregfinder.errors import InputError

ENDINGS = (".bw", ".bigWig", ".bigwig")

_BIGWIG, _BIGBED = 0x888FFC26, 0x8789F2EB
# After the signature: version, ..., size of the largest block (Kent et al. 2010, supplement).
_HEADER = "HHQQQ4xQQI"
_HEADER_BYTES = 64
_LARGEST_BLOCK = 1 << 28


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
    size = path.stat().st_size
    fields = struct.unpack(order + _HEADER, header[4:56]) if len(header) == _HEADER_BYTES else None
    if fields is None or max(fields[2:5]) >= size or fields[7] > _LARGEST_BLOCK:
        raise InputError("is damaged or cut short: its header does not fit it. Copy it again.")
