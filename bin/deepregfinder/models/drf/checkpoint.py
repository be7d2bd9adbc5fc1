"""The state of an unfinished training of `drf`, kept in one file after every epoch."""

from dataclasses import dataclass, field
from pathlib import Path

import torch

from deepregfinder.models.checkpoint import StoredState, read_state, write_state
from deepregfinder.models.drf.network import DilatedNetwork
from deepregfinder.models.protocol import EpochRecord


@dataclass
class DenseState:
    """Where the training of one network stands after `len(curve)` epochs.

    average : the network whose weights are the moving average of those of `network`
    """

    network: DilatedNetwork
    average: DilatedNetwork
    optimizer: torch.optim.AdamW
    schedule: torch.optim.lr_scheduler.OneCycleLR
    curve: list[EpochRecord] = field(default_factory=list)


def write_dense_checkpoint(path: Path, state: DenseState, fingerprint: str) -> None:
    """Replace `path` by the state; `fingerprint` names the inputs it belongs to."""
    rates = state.optimizer.param_groups[0]
    facts = {
        "curve": [vars(record) for record in state.curve],
        "step": state.schedule.last_epoch,
        "lr": rates["lr"],
        "betas": rates["betas"],
    }
    groups = {"network": state.network.state_dict(), "average": state.average.state_dict()}
    write_state(path, groups, state.optimizer, facts, fingerprint)


def read_dense_checkpoint(path: Path, state: DenseState, fingerprint: str) -> bool:
    """Bring a fresh `state` to where the checkpoint stood; False where none can be used."""

    def parsed(
        stored: StoredState,
    ) -> tuple[StoredState, list[EpochRecord], int, float, tuple[float, ...]]:
        facts = stored.facts
        curve = [EpochRecord(**record) for record in facts["curve"]]
        betas = tuple(float(beta) for beta in facts["betas"])
        return stored, curve, int(facts["step"]), float(facts["lr"]), betas

    checkpoint = read_state(path, fingerprint, parsed)
    if checkpoint is None:
        return False
    stored, state.curve, step, rate, betas = checkpoint
    state.network.load_state_dict(stored.groups["network"])
    state.average.load_state_dict(stored.groups["average"])
    stored.restore(state.optimizer, lr=rate, betas=betas)
    # The rate of a step depends on its number alone.
    state.schedule.last_epoch = step
    state.schedule._last_lr = [rate]
    return True
