"""The state of an unfinished training of a network of windows."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from deepregfinder.models.checkpoint import StoredState, read_state, write_state
from deepregfinder.models.protocol import EpochRecord


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

    checkpoint = read_state(path, fingerprint, parsed)
    if checkpoint is None:
        return False
    stored, numbers, curve = checkpoint
    state.network.load_state_dict(stored.groups["network"])
    stored.restore(state.optimizer, lr=numbers["learning_rate"])
    state.scheduler.load_state_dict(numbers["scheduler"])
    device = next(state.network.parameters()).device
    state.best = {key: value.to(device) for key, value in stored.groups["best"].items()}
    state.best_epoch, state.best_map = numbers["best_epoch"], numbers["best_map"]
    state.curve, state.restarts = curve, numbers["restarts"]
    return True
