"""Input controls of libraries."""

from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import option_group

if TYPE_CHECKING:
    from deepregfinder.signal.build import ControlMode, Controls


@option_group(
    "controls",
    click.option(
        "--controls", multiple=True, help="ID=CONTROL_ID: the control of each file of counts."
    ),
    click.option(
        "--control",
        required=True,
        type=click.Choice(["ignore", "subtract", "channel"]),
        help="Ignore controls, subtract them, or add them as channels.",
    ),
)
def control_options(controls: tuple[str, ...], control: "ControlMode") -> "Controls":
    """The options above, which a command receives as one Controls."""
    from deepregfinder.signal.build import Controls

    return Controls.parse(controls, control)
