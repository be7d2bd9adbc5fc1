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

from deepregfinder.atomic import written_whole

log = logging.getLogger(__name__)

_MOMENTS = "adam"
_Parsed = TypeVar("_Parsed")


@dataclass(frozen=True)
class EpochRecord:
    """One point of a learning curve. Losses are means over windows; epochs count from 1."""

    seed: int
    epoch: int
    train_loss: float
    validation_loss: float
    validation_map: float
    learning_rate: float


@dataclass
class TrainingState:
    """Where the training of one network stands after `len(curve)` epochs.

    best : weights of the best epoch so far; best_epoch is 0 before the first
    restarts : how often the training diverged and began again at a lower rate
    """

    network: torch.nn.Module
    optimizer: torch.optim.Adam
    scheduler: torch.optim.lr_scheduler.ReduceLROnPlateau
    restarts: int
    curve: list[EpochRecord]
    best: dict[str, Tensor]
    best_epoch: int
    best_map: float


def write_checkpoint(path: Path, state: TrainingState, fingerprint: str) -> None:
    """Replace `path` by the state; `fingerprint` names the inputs it belongs to."""
    facts = {
        "restarts": state.restarts,
        "curve": [vars(record) for record in state.curve],
        "best_epoch": state.best_epoch,
        "best_map": state.best_map,
        "learning_rate": state.optimizer.param_groups[0]["lr"],
        "scheduler": state.scheduler.state_dict(),
    }
    groups = {"network": state.network.state_dict(), "best": state.best}
    write_state(path, groups, state.optimizer, facts, fingerprint)


def read_checkpoint(path: Path, state: TrainingState, fingerprint: str) -> bool:
    """Bring a fresh `state` to where the checkpoint stood; False where none can be used."""

    def parsed(stored: StoredState) -> tuple[StoredState, dict[str, Any], list[EpochRecord]]:
        facts = stored.facts
        numbers = {
            "best_epoch": int(facts["best_epoch"]),
            "best_map": float(facts["best_map"]),
            "learning_rate": float(facts["learning_rate"]),
            "scheduler": dict(facts["scheduler"]),
            "restarts": int(facts["restarts"]),
        }
        return stored, numbers, [EpochRecord(**record) for record in facts["curve"]]

    found = read_state(path, fingerprint, parsed)
    if found is None:
        return False
    stored, numbers, curve = found
    state.network.load_state_dict(stored.groups["network"])
    stored.restore(state.optimizer, lr=numbers["learning_rate"])
    state.scheduler.load_state_dict(numbers["scheduler"])
    device = next(state.network.parameters()).device
    state.best = {key: value.to(device) for key, value in stored.groups["best"].items()}
    state.best_epoch, state.best_map = numbers["best_epoch"], numbers["best_map"]
    state.curve, state.restarts = curve, numbers["restarts"]
    return True


@dataclass(frozen=True)
class StoredState:
    """What a file holds: plain facts, weights by group and name, and Adam's moments."""

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
    """What `parsed` makes of a file of `write_state`.

    None where there is no file, or one of other inputs, or a damaged one, of which `parsed` may
    raise ValueError, KeyError or TypeError: training then starts at the beginning, and the log
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
            for name in file.keys():  # noqa: SIM118 (safe_open is no dictionary)
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
