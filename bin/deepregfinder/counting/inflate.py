"""Many BGZF blocks unpacked at a call, without the GIL.

The package `deflate` unpacks one block at a call, into bytes of its own. Its extension module has
all of libdeflate in it: here a compiled loop calls these functions, so that threads do not wait
for one another between blocks, and nothing is copied. Counting takes a fifth less time.
"""

import ctypes
from collections.abc import Callable
from typing import Any

import deflate._deflate
from llvmlite import binding
from numba import njit, types

from deepregfinder.counting.compiled import OPTIONS

SOUND, NOT_DEFLATED, NOT_AS_SAID = range(3)
FAULTS = {
    NOT_DEFLATED: "cannot be unpacked",
    NOT_AS_SAID: "does not unpack to what it should hold",
}

_library = ctypes.CDLL(deflate._deflate.__file__)


def _function(name: str, signature: Any) -> Callable[..., Any]:
    """A function of libdeflate for the loop below, which is kept: code knows it by its name."""
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
    """Unpack blocks one after the other into unpacked[at:].

    Parameters
    ----------
    packed : uint8
    blocks : int64, shape (n, 4): where the deflated bytes of a block start and end in `packed`,
        and the CRC-32 and the number of the bytes that they must unpack to
    unpacked : uint8, with room for all of them

    Returns
    -------
    blocks before the first faulty one, and its fault: NOT_DEFLATED, or NOT_AS_SAID for a size or
    CRC-32 that differs; n and SOUND if there is none
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
            fault = NOT_AS_SAID
        if fault:
            break
        target += size
    else:
        index = len(blocks)
    _free(decompressor)
    return index, fault
