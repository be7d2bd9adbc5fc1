"""The device that networks run on."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from deepregfinder.errors import InputError


@contextmanager
def reproducible(device: torch.device) -> Iterator[None]:
    """One CPU thread and deterministic algorithms inside; torch's settings are restored afterwards.

    On CUDA an algorithm without a deterministic form warns instead of failing.
    """
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    # torch also fills new memory with NaN in this mode, which takes 7 % of the time.
    filling: Any = torch.utils.deterministic
    filled, filling.fill_uninitialized_memory = filling.fill_uninitialized_memory, False
    torch.use_deterministic_algorithms(True, warn_only=device.type == "cuda")
    if device.type == "cpu":
        torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            yield
    finally:
        filling.fill_uninitialized_memory = filled
        torch.use_deterministic_algorithms(strict, warn_only=warn_only)
        torch.set_num_threads(threads)


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Hardware:
    """What a model computes on; `threads` are those of the CPU."""

    device: torch.device
    threads: int


def choose_device(name: str) -> torch.device:
    """The device that `--device cpu|cuda|auto` stands for.

    Raises InputError if `cuda` was requested and no GPU is visible: only `auto` falls back.
    """
    if name not in ("cpu", "cuda", "auto"):
        raise InputError(f"--device {name!r} is none of cpu, cuda and auto.")
    if name == "cpu":
        return torch.device("cpu")
    # Needed before CUDA starts, for cuBLAS to give the same sums in every run.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    if torch.cuda.is_available():
        # 10-bit mantissas would move probabilities by more than 1e-5 from those of a CPU.
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cuda.matmul.allow_tf32 = False
        log.info("Networks run on %s.", torch.cuda.get_device_name())
        return torch.device("cuda")
    if torch.version.cuda is None:
        reason = "this environment's PyTorch is built without CUDA: use the cuda image"
    else:
        reason = (
            "the NVIDIA driver of this machine is missing, too old, or not passed into the "
            "container: `nvidia-smi` must list a GPU here, the image must be the cuda one, and "
            "-profile gpu passes the GPU into it"
        )
    if name == "cuda":
        raise InputError(
            f"--device cuda was asked for but no GPU is visible ({reason}). "
            "Without a GPU, run with --device cpu (drop the gpu profile)."
        )
    log.info("--device auto: no GPU is visible (%s); networks run on the CPU.", reason)
    return torch.device("cpu")
