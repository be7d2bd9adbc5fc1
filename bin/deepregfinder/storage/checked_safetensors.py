"""Arrays with a description in a safetensors file with a checksum.

The format itself has no checksum. Here its metadata contain, as JSON, the description and a digest
of the description and all arrays, under a single key because several have no fixed order.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from deepregfinder.storage.atomic import written_whole


def write_checked(
    path: Path, arrays: Mapping[str, np.ndarray], kind: str, description: Any
) -> None:
    """Write arrays and a description for JSON. The same arguments give the same bytes."""
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    content = {"description": description, "digest": _digest(description, whole)}
    with written_whole(path) as part:
        save_file(whole, part, {kind: _json(content)})


def read_checked(path: Path, kind: str) -> tuple[dict[str, np.ndarray], Any]:
    """Read the arrays and the description; raises ValueError if they are damaged."""
    try:
        with safe_open(path, framework="numpy") as archive:
            metadata = archive.metadata() or {}
            arrays = {name: archive.get_tensor(name) for name in archive.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, TypeError) as error:
        raise ValueError(str(error)) from error
    if kind not in metadata:
        raise ValueError(f"it contains no {kind}")
    try:
        content = json.loads(metadata[kind])
        fits = content["digest"] == _digest(content["description"], arrays)
    except (ValueError, KeyError, TypeError, RecursionError):
        fits = False
    if not fits:
        raise ValueError("its content does not match its digest")
    return arrays, content["description"]


def _json(content: Any) -> str:
    return json.dumps(content, sort_keys=True, allow_nan=False)


def _digest(description: Any, arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.blake2b(_json(description).encode(), digest_size=16)
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.data if array.size else b"")
    return digest.hexdigest()
