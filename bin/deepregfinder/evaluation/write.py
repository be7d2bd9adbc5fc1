"""Write the folder of an evaluation: metrics.json, seeds.tsv, replicates and plots."""

from pathlib import Path
from typing import Any

from deepregfinder.evaluation.bootstrap_replicates import write_replicates
from deepregfinder.evaluation.evaluate import Evaluation
from deepregfinder.evaluation.metrics_json import to_json, write_metrics, write_seeds
from deepregfinder.evaluation.plots_of_one_model import draw_evaluation


def write_evaluation(folder: Path, evaluation: Evaluation, learning_curve: Path) -> dict[str, Any]:
    """Write all files of an evaluation; returns the content of metrics.json.

    learning_curve : table of the bundle; it is not drawn if the bundle has none
    """
    metrics = to_json(evaluation)
    folder.mkdir(parents=True, exist_ok=True)
    write_metrics(folder / "metrics.json", metrics)
    write_seeds(folder / "seeds.tsv", evaluation)
    write_replicates(folder / "replicates.safetensors", evaluation)
    draw_evaluation(folder, evaluation, learning_curve)
    return metrics
