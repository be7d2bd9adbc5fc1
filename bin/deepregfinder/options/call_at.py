"""Where calls begin."""

from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import option_group

if TYPE_CHECKING:
    from deepregfinder.prediction.cutoffs import Wanted

class_share_option = click.option(
    "--class_share",
    type=click.Choice(("training", "estimated")),
    default="training",
    help="Share of each class in a sample that the model was not trained on: that of the training "
    "sample, or one that is estimated from the probabilities.",
)


@option_group(
    "wanted",
    click.option(
        "--call_at",
        default="model",
        help="What is wanted of the calls of each class: model (the threshold of the model), "
        "probability:P, precision:P, fdr:P, number:N or mb:X; or enhancer=...,promoter=...  "
        "[default: model]",
    ),
    click.option(
        "--threshold",
        type=click.FloatRange(0, 1),
        help="Lowest probability of a called window, on the scale on which 0.5 is the threshold of "
        "the model itself.  [default: 0.5]",
    ),
    class_share_option,
)
def call_at_options(call_at: str, threshold: float | None, class_share: str) -> "Wanted":
    """The options above, which a command receives as one Wanted."""
    from deepregfinder.prediction.cutoffs import Wanted

    return Wanted(call_at, threshold, class_share)
