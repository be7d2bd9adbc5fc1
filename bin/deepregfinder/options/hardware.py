"""What a model computes on."""

from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import option_group

if TYPE_CHECKING:
    from deepregfinder.models.device import Hardware


@option_group(
    "hardware",
    click.option("--device", required=True, help="cpu, cuda, or auto (a GPU if there is one)."),
    click.option("--threads", required=True, type=int, help="Threads on a CPU."),
)
def hardware_options(device: str, threads: int) -> "Hardware":
    """The options above, which a command receives as one Hardware."""
    from deepregfinder.models.device import Hardware, choose_device

    return Hardware(choose_device(device), threads)
