"""The state of an unfinished training of `drf`, kept in one file after every epoch.

A safetensors file, as those of checkpoint.py: the network, the average and AdamW's moments as
arrays; everything else as JSON under the one metadata key `state`. Nothing in it is executed.
"""

import json
import logging
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from deepregfinder.atomic import written_whole
from deepregfinder.checkpoint import EpochRecord
from deepregfinder.models.drf import DilatedNetwork

log = logging.getLogger(__name__)


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
    arrays = {f"network.{key}": value for key, value in state.network.state_dict().items()}
    arrays |= {f"average.{key}": value for key, value in state.average.state_dict().items()}
    for index, moments in state.optimizer.state_dict()["state"].items():
        arrays |= {f"adam.{index}.{key}": value for key, value in moments.items()}
    rates = {key: state.optimizer.param_groups[0][key] for key in ("lr", "betas")}
    facts = {
        "fingerprint": fingerprint,
        "curve": [vars(record) for record in state.curve],
        "step": state.schedule.last_epoch,
        "rates": rates,
    }
    with written_whole(path) as part:
        save_file(
            {key: value.detach().cpu().contiguous() for key, value in arrays.items()},
            part,
            metadata={"state": json.dumps(facts)},
        )


def read_dense_checkpoint(path: Path, state: DenseState, fingerprint: str) -> bool:
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
            arrays: dict[str, dict] = {"network": {}, "average": {}, "adam": {}}
            for name in file.keys():  # noqa: SIM118 (safe_open is no dictionary)
                group, _, key = name.partition(".")
                arrays[group][key] = file.get_tensor(name)
        moments: dict[int, dict] = {}
        for key, value in arrays["adam"].items():
            index, _, moment = key.partition(".")
            moments.setdefault(int(index), {})[moment] = value
        curve = [EpochRecord(**record) for record in facts["curve"]]
        step, rates = int(facts["step"]), facts["rates"]
        rate, betas = float(rates["lr"]), tuple(map(float, rates["betas"]))
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        log.info("%s is damaged (%s): training starts at the beginning.", path.name, error)
        return False
    state.network.load_state_dict(arrays["network"])
    state.average.load_state_dict(arrays["average"])
    optimizer = state.optimizer.state_dict()
    optimizer["state"] = moments
    optimizer["param_groups"][0] |= {"lr": rate, "betas": betas}
    state.optimizer.load_state_dict(optimizer)
    # The rate of a step depends on its number alone.
    state.schedule.last_epoch = step
    state.schedule._last_lr = [rate]
    state.curve = curve
    return True
