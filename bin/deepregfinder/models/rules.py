"""A model of rules for a sample without labels.

Such a model needs only the signal, whose statistics are those of the training chromosomes, and a
list of TSSs. It is the same as the one that is made beside labelled windows; what it lacks are
probabilities at natural prevalence, which only labels give.
"""

from pathlib import Path

import torch

from deepregfinder.genome.splits import SplitChoice
from deepregfinder.labels.windows import no_windows
from deepregfinder.models.bundle import Bundle
from deepregfinder.models.device import Hardware
from deepregfinder.models.protocol import TrainingOptions
from deepregfinder.models.train import Learner, open_genome, train_bundle
from deepregfinder.signal.store import open_signal

_NOTHING_LEARNT = TrainingOptions(
    seed=1, seeds=1, epochs=1, batch_size=1, learning_rate=0, weight_decay=0
)


def make_rules(
    model: str,
    signal: Path,
    tss: Path | None,
    n_classes: int,
    window_bins: int,
    choice: SplitChoice,
) -> Bundle:
    """The bundle of a model that needs no labels.

    Raises InputError for any other model, and where the sample lacks what the rules need.
    """
    opened = open_signal(signal)
    plan = choice.plan(opened.chrom_sizes)
    genome = open_genome(no_windows(opened, n_classes, window_bins, "none", plan), signal, tss)
    learner = Learner(model, tss_input=False, accessibility="all", training=_NOTHING_LEARNT)
    bundle, _ = train_bundle(genome, learner, Hardware(torch.device("cpu"), 1), Path())
    return bundle
