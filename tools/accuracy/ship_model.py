#!/usr/bin/env python3
"""Put a trained model into the box: ship_model.py BUNDLE REAL_COUNTS TARGET.

REAL_COUNTS is the output of real_counts.py. The bundle in TARGET carries a remark: what its reads
were, and how it did on real ones. If TARGET has a model already, it says whether it is the same.
"""

import re
import sys
from dataclasses import replace
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))
from deepregfinder.command_line import plain_errors
from deepregfinder.errors import InputError
from deepregfinder.models.bundle import DESCRIPTION, WEIGHTS, Bundle, read_bundle, write_bundle


def remark(bundle: Bundle, real_counts: str) -> str:
    """What whoever uses the model should know. Raises InputError without its row in the table."""
    row = re.search(rf"^\| {bundle.model} \|([^|]*)\|([^|]*)\|", real_counts, re.MULTILINE)
    if row is None:
        raise InputError(f"There is no row of {bundle.model} among the real counts.")
    lines = " and ".join(bundle.sample.split("+"))
    simulated, real = (float(cell.split()[0]) for cell in row.groups())
    return (
        "It was trained on reads that were simulated from real peak lists of ENCODE, not on real "
        f"reads. On real counts of two stretches of 500 kb in {lines}, its mean average "
        f"precision was {real:.2f}, and {simulated:.2f} on simulated reads there. "
        "docs/benchmarks.md has its accuracy by marks and depth."
    )


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path, exists=True))
@click.argument("real_counts", type=click.Path(path_type=Path, exists=True))
@click.argument("target", type=click.Path(path_type=Path))
def ship_model(bundle: Path, real_counts: Path, target: Path) -> None:
    """Write the bundle with its remark to TARGET."""
    with plain_errors():
        trained = read_bundle(bundle)
        said = remark(trained, real_counts.read_text())
        shipped = replace(trained, provenance={**trained.provenance, "remark": said})
        names = (DESCRIPTION, WEIGHTS)
        before = {name: (target / name).read_bytes() for name in names if (target / name).exists()}
        target.mkdir(parents=True, exist_ok=True)
        write_bundle(target, shipped)
        after = {name: (target / name).read_bytes() for name in names}
    print(f"{target}: {'the same bytes as before' if before == after else 'changed'}")


if __name__ == "__main__":
    ship_model()
