"""One fold of a cross-validation: a model is trained without some chromosomes and measured on them.

`cross_validation.py` divides the chromosomes and writes the tables.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from deepregfinder.evaluation.cross_validation import assigned
from deepregfinder.evaluation.evaluate import Evaluation, Evidence, Subject, evaluate
from deepregfinder.genome.splits import SplitPlan
from deepregfinder.labels.windows import WindowRules, choose_windows
from deepregfinder.models.device import Hardware
from deepregfinder.models.train import Learner, open_training, train_bundle
from deepregfinder.prediction.labelled_windows import predict_test_windows
from deepregfinder.prediction.probabilities import open_probabilities
from deepregfinder.prediction.scan import ScanOptions, scan_genome
from deepregfinder.prediction.scorers import load_scorer
from deepregfinder.signal.store import open_signal


@dataclass(frozen=True)
class FoldData:
    """What all folds of a sample learn from.

    signal : file of the signal; tss : BED file, None where the run has no list
    candidates : region table, with background
    """

    signal: Path
    candidates: pd.DataFrame
    tss: Path | None


def evaluate_fold(
    learner: Learner,
    data: FoldData,
    plan: SplitPlan,
    rules: WindowRules,
    step: int,
    hardware: Hardware,
    folder: Path,
) -> Evaluation:
    """Train a model on the chromosomes of a fold and measure it on its test chromosomes.

    step : between windows of the scan, bp
    folder : of checkpoints, from which an interrupted training continues
    """
    signal = open_signal(data.signal)
    seed = learner.training.seed
    tensors = choose_windows(signal, assigned(data.candidates, plan), rules, plan, seed).tensors
    training = open_training([tensors], learner, [data.signal] if data.signal else [], data.tss)
    windows = training.tensors
    bundle, _ = train_bundle(training, learner, hardware, folder)
    scorer = load_scorer(bundle, hardware.device, hardware.threads)
    test_chroms = plan.chromosomes.select(signal.chrom_sizes, "test")
    scanned = folder / f"{learner.model}.probabilities.zip"
    scan_genome(scanned, scorer, signal, test_chroms, ScanOptions(step, quantile_map=False))
    predictions = predict_test_windows(bundle, windows, signal, quantile_map=False)
    evaluation = evaluate(
        Subject(windows.sample, learner.model, bundle, windows, predictions),
        Evidence(open_probabilities([scanned])),
    )
    scanned.unlink()
    return evaluation
