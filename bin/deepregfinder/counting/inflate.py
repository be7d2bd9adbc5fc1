"""Decompress many BGZF blocks per call, without the GIL.

The package `deflate` decompresses one block per call, into a new bytes object. Its extension module
contains libdeflate, whose functions are called here from a compiled loop: threads do not wait for
the GIL between blocks, and nothing is copied. Counting takes a fifth less time.
"""

import ctypes
from collections.abc import Callable
from typing import Any

import deflate._deflate
from llvmlite import binding
from numba import njit, types

from deepregfinder.counting.compiled import OPTIONS

SOUND, NOT_DEFLATED, MISMATCH = range(3)
FAULTS = {
    NOT_DEFLATED: "cannot be decompressed",
    MISMATCH: "does not have the size or checksum that it states",
}

_library = ctypes.CDLL(deflate._deflate.__file__)


def _function(name: str, signature: Any) -> Callable[..., Any]:
    """A function of libdeflate for the loop below, by name: compiled code is cached on disk."""
    binding.add_symbol(name, ctypes.cast(getattr(_library, name), ctypes.c_void_p).value)
    return types.ExternalFunction(name, signature)


_place, _bad_data = types.uintp, 1
_new = _function("libdeflate_alloc_decompressor", _place())
_free = _function("libdeflate_free_decompressor", types.void(_place))
_crc32 = _function("libdeflate_crc32", types.uint32(types.uint32, _place, _place))
_decompress = _function(
    "libdeflate_deflate_decompress",
    types.int32(_place, _place, _place, _place, _place, _place),
)


@njit(
    "UniTuple(int64, 2)(Array(uint8, 1, 'C', readonly=True), int64[:, ::1], uint8[::1], int64)",
    cache=True,
    **OPTIONS,
)
def inflate(packed, blocks, unpacked, at):  # type: ignore[no-untyped-def]
    """Decompress blocks one after the other into unpacked[at:].

    Parameters
    ----------
    packed : uint8
    blocks : int64, shape (n, 4): start and end of the deflated bytes of a block in `packed`, then
        CRC-32 and size of the decompressed block
    unpacked : uint8, with room for all blocks

    Returns
    -------
    number of blocks before the first faulty one, and its fault: NOT_DEFLATED, or MISMATCH if size
    or CRC-32 differ; n and SOUND if all are sound
    """
    decompressor = _new()
    source, target = packed.ctypes.data, unpacked.ctypes.data + at
    fault = SOUND
    for index in range(len(blocks)):
        start, end, crc, size = blocks[index]
        result = _decompress(decompressor, source + start, end - start, target, size, 0)
        if result == _bad_data:
            fault = NOT_DEFLATED
        elif result or _crc32(0, target, size) != crc:
            fault = MISMATCH
        if fault:
            break
        target += size
    else:
        index = len(blocks)
    _free(decompressor)
    return index, fault
