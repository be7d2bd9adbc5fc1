"""Where networks run."""

import logging
import os

import torch

from deepregfinder.errors import InputError

log = logging.getLogger(__name__)


def choose_device(name: str) -> torch.device:
    """The device that `--device cpu|cuda|auto` stands for.

    Raises InputError where `cuda` was asked for and no GPU is visible: nothing falls back unasked.
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
