"""The state of an unfinished training, kept in one file after every epoch.

A safetensors file: the network now, the best network so far and Adam's moments as arrays;
everything else as JSON under the one metadata key `state`. Nothing in it is executed.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from deepregfinder.models.protocol import TrainingOptions
from deepregfinder.storage.atomic import written_whole


def checkpoint_path(folder: Path, model: str, seed: int) -> Path:
    """File of the checkpoint of one member."""
    return Path(folder) / f"checkpoint.{model}.seed{seed}.safetensors"


def remove_checkpoints(folder: Path, model: str, options: TrainingOptions) -> None:
    """Remove the checkpoints of a bundle that is written."""
    for seed in options.member_seeds:
        checkpoint_path(folder, model, seed).unlink(missing_ok=True)


log = logging.getLogger(__name__)

_MOMENTS = "adam"
_Parsed = TypeVar("_Parsed")


@dataclass(frozen=True)
class StoredState:
    """The content of a file: plain facts, weights by group and name, and Adam's moments."""

    facts: dict[str, Any]
    groups: dict[str, dict[str, Tensor]]
    moments: dict[int, dict[str, Tensor]]

    def restore(self, optimizer: torch.optim.Optimizer, **rates: Any) -> None:
        """Give an optimizer of one group the moments, and `rates` (lr, betas)."""
        content = optimizer.state_dict()
        content["state"] = self.moments
        content["param_groups"][0] |= rates
        optimizer.load_state_dict(content)


def write_state(
    path: Path,
    groups: Mapping[str, Mapping[str, Tensor]],
    optimizer: torch.optim.Optimizer,
    facts: Mapping[str, Any],
    fingerprint: str,
) -> None:
    """Replace `path` by groups of weights, the optimizer's moments and facts that JSON can hold."""
    arrays = {
        f"{group}.{key}": value
        for group, weights in groups.items()
        for key, value in weights.items()
    }
    for index, moments in optimizer.state_dict()["state"].items():
        arrays |= {f"{_MOMENTS}.{index}.{key}": value for key, value in moments.items()}
    with written_whole(path) as part:
        save_file(
            {key: value.detach().cpu().contiguous() for key, value in arrays.items()},
            part,
            metadata={"state": json.dumps({"fingerprint": fingerprint, **facts})},
        )


def read_state(
    path: Path, fingerprint: str, parsed: Callable[[StoredState], _Parsed]
) -> _Parsed | None:
    """Read a file of `write_state`, and return the result of `parsed`.

    None if the file is missing, damaged, or belongs to other inputs. For a damaged file, `parsed`
    may raise ValueError, KeyError or TypeError. Training then starts at the beginning, and the log
    says why.
    """
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads(file.metadata()["state"])
            if facts["fingerprint"] != fingerprint:
                log.info("%s belongs to other inputs or parameters: it is not used.", path.name)
                return None
            groups: dict[str, dict[str, Tensor]] = {}
            for name in file.keys():  # noqa: SIM118 (safe_open is not a dictionary)
                group, _, key = name.partition(".")
                groups.setdefault(group, {})[key] = file.get_tensor(name)
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in groups.pop(_MOMENTS, {}).items():
            index, _, moment = key.partition(".")
            moments.setdefault(int(index), {})[moment] = value
        return parsed(StoredState(facts, groups, moments))
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        log.info("%s is damaged (%s): training starts at the beginning.", path.name, error)
        return None
