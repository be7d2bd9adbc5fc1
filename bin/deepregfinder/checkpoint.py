"""The state of an unfinished training, kept in one file after every epoch.

A safetensors file: the network now, the best network so far and Adam's moments as arrays;
everything else as JSON under the one metadata key `state`. Nothing in it is executed.
"""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from deepregfinder.atomic import written_whole

log = logging.getLogger(__name__)


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
    arrays = {f"network.{key}": value for key, value in state.network.state_dict().items()}
    arrays |= {f"best.{key}": value for key, value in state.best.items()}
    for index, moments in state.optimizer.state_dict()["state"].items():
        arrays |= {f"adam.{index}.{key}": value for key, value in moments.items()}
    facts = {
        "fingerprint": fingerprint,
        "restarts": state.restarts,
        "curve": [vars(record) for record in state.curve],
        "best_epoch": state.best_epoch,
        "best_map": state.best_map,
        "learning_rate": state.optimizer.param_groups[0]["lr"],
        "scheduler": state.scheduler.state_dict(),
    }
    with written_whole(path) as part:
        save_file(
            {key: value.detach().cpu().contiguous() for key, value in arrays.items()},
            part,
            metadata={"state": json.dumps(facts)},
        )


def read_checkpoint(path: Path, state: TrainingState, fingerprint: str) -> bool:
    """Bring a fresh `state` to where the checkpoint stood.

    Returns False, and leaves `state` alone, where there is no checkpoint, or one of other inputs,
    or a damaged one: training then starts at the beginning, and the log says why.
    """
    if not path.is_file():
        return False
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads(file.metadata()["state"])
            if facts["fingerprint"] != fingerprint:
                log.info("%s belongs to other inputs or parameters: it is not used.", path.name)
                return False
            arrays: dict[str, dict[str, Tensor]] = {"network": {}, "best": {}, "adam": {}}
            for name in file.keys():  # noqa: SIM118 (safe_open is no dictionary)
                group, _, key = name.partition(".")
                arrays[group][key] = file.get_tensor(name)
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in arrays["adam"].items():
            index, _, moment = key.partition(".")
            moments.setdefault(int(index), {})[moment] = value
        curve = [EpochRecord(**record) for record in facts["curve"]]
        best_epoch, best_map = int(facts["best_epoch"]), float(facts["best_map"])
        learning_rate, scheduler = float(facts["learning_rate"]), dict(facts["scheduler"])
        restarts = int(facts["restarts"])
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        log.info("%s is damaged (%s): training starts at the beginning.", path.name, error)
        return False
    state.network.load_state_dict(arrays["network"])
    optimizer = state.optimizer.state_dict()
    optimizer["state"] = moments
    optimizer["param_groups"][0]["lr"] = learning_rate
    state.optimizer.load_state_dict(optimizer)
    state.scheduler.load_state_dict(scheduler)
    device = next(state.network.parameters()).device
    state.best = {key: value.to(device) for key, value in arrays["best"].items()}
    state.best_epoch, state.best_map = best_epoch, best_map
    state.curve, state.restarts = curve, restarts
    return True
