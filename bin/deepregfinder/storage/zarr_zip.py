"""Named arrays with attributes in one file: the container of counts, signal and probabilities.

The file is a zarr group of compressed chunks inside a zip archive. The zip store of zarr gives its
entries the time of writing; here the archive is written from a store in memory with a fixed date,
so that the same arrays always give the same bytes. Any zarr reader can open the file.
"""

import hashlib
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numcodecs import blosc
from zarr.abc.buffer import Buffer
from zarr.codecs import BloscCodec, BloscShuffle
from zarr.storage import MemoryStore, ZipStore

from deepregfinder.errors import InputError
from deepregfinder.storage.atomic import written_whole

CHUNK = 1 << 20
LONG_ROW = 1 << 16
_DAMAGE = (
    *(OSError, KeyError, ValueError, RuntimeError, NotImplementedError, EOFError),
    *(zipfile.BadZipFile, zlib.error),
)
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)

# With several threads, the compressed bytes would depend on their number.
blosc.set_nthreads(1)


def write_arrays(
    path: Path, arrays: Iterable[tuple[str, np.ndarray]], attributes: Mapping[str, Any]
) -> None:
    """Write (name, array) pairs and JSON attributes to `path`, atomically.

    Pairs are consumed one by one: only one array need be in memory. Chunks have at most CHUNK
    values along the last axis, and one row of it from LONG_ROW values on: a row can be read alone.
    """
    stored: dict[str, Buffer] = {}
    store = MemoryStore(stored)
    group = zarr.create_group(store, attributes=dict(attributes))
    for name, array in arrays:
        *outer, length = array.shape
        rows = [1] * len(outer) if length >= LONG_ROW else outer
        chunks = (*rows, min(max(length, 1), CHUNK))
        group.create_array(
            name,
            data=np.ascontiguousarray(array),
            chunks=chunks,
            compressors=BloscCodec(cname="zstd", clevel=2, shuffle=BloscShuffle.bitshuffle),
        )
    with written_whole(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for key in sorted(stored):
            entry = zipfile.ZipInfo(key, _FIXED_DATE)
            archive.writestr(entry, stored[key].to_bytes())
        archive.comment = _contents(archive)


def _contents(archive: zipfile.ZipFile) -> bytes:
    """A digest of the names, sizes and checksums (CRC-32) of all entries.

    Without it, an entry with a damaged name would be read by zarr as missing, which means zeros.
    """
    lines = [f"{one.filename} {one.file_size} {one.CRC}" for one in archive.infolist()]
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=16).hexdigest().encode()


def open_arrays(path: Path, kind: str) -> zarr.Group:
    """Open a file of `write_arrays`; raises InputError unless its attribute `format` is `kind`."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.comment != _contents(archive):
                raise zipfile.BadZipFile("its entries do not match its digest")
        group = zarr.open_group(ZipStore(path, mode="r"), mode="r")
    except _DAMAGE as error:
        raise InputError(f"{path} cannot be read as a file of {kind} ({error}).") from error
    stored_kind = group.attrs.get("format")
    if stored_kind != kind:
        raise InputError(f"{path} contains {stored_kind or 'something unknown'}, not {kind}.")
    return group


def read_array(group: zarr.Group, name: str, row: int | None = None) -> np.ndarray:
    """One array of a group, or a row of it. Raises InputError if its bytes are damaged."""
    try:
        return np.asarray(group[name][slice(None) if row is None else row])  # type: ignore[index]
    except _DAMAGE as error:
        path = getattr(group.store, "path", "a file between the steps")
        raise InputError(f"{path} is damaged at {name} ({error}).") from error
