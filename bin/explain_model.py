#!/usr/bin/env python3
"""Explain a model: filters, profiles of calls, importance of marks, attributions."""

from pathlib import Path

import click

from deepregfinder.command_line import PATH, plain_errors
from deepregfinder.options.quantile_map import quantile_map_option


@click.command()
@click.option("--sample", required=True, help="Sample that the model is explained on.")
@click.option("--model", required=True, help="Name of the model in this run.")
@click.option("--bundle", required=True, type=PATH, help="Folder of the model.")
@click.option("--tensors", required=True, type=PATH, help="Labelled windows (build_tensors.py).")
@click.option("--signal", required=True, type=PATH, help="Signal of the sample (build_signal.py).")
@click.option(
    "--calls", type=PATH, help="Calls of the model on the sample (BED9 of call_elements.py)."
)
@quantile_map_option
@click.option("--seed", required=True, type=int, help="Random seed of the permutations.")
@click.option("--threads", required=True, type=int, help="Threads on the CPU.")
@click.option("--output", required=True, type=PATH, help="Folder of plots and tables.")
def explain_model(
    sample: str,
    model: str,
    bundle: Path,
    tensors: Path,
    signal: Path,
    calls: Path | None,
    quantile_map: bool,
    seed: int,
    threads: int,
    output: Path,
) -> None:
    """Write mark_importance, mark_elimination, signal_profiles, attributions, filter_activations,
    filter_weights and states.

    Each is a .png and a .tsv file. filters.tsv and explain.json come with them; explain.json
    describes the data behind the plots, and lists plots that are left out. Profiles need --calls.
    Attributions need a network that sees a window; filters need a network whose first layer is a
    convolution.
    Only chromhmm has states.
    """
    import json

    from deepregfinder.errors import InputError
    from deepregfinder.explain.explanation import explain, facts
    from deepregfinder.explain.figures import draw_explanation
    from deepregfinder.labels.tensors import open_tensors
    from deepregfinder.models.bundle import read_bundle
    from deepregfinder.prediction.calling import read_calls
    from deepregfinder.signal.store import open_signal
    from deepregfinder.storage.atomic import written_whole

    trained, windows, track = read_bundle(bundle), open_tensors(tensors), open_signal(signal)
    for name, given in (("--tensors", windows.sample), ("--signal", track.sample)):
        if given != sample:
            raise InputError(f"--sample is {sample}, but {name} is of {given}.")
    explanation = explain(
        sample,
        model,
        trained,
        windows,
        track,
        read_calls(calls, trained.classes) if calls else None,
        quantile_map,
        seed,
        threads,
    )
    draw_explanation(output, explanation)
    with written_whole(output / "explain.json") as part:
        part.write_text(json.dumps(facts(explanation), indent=2, allow_nan=False) + "\n")


if __name__ == "__main__":
    with plain_errors():
        explain_model()
