"""Whether a list of intervals can be one of the assembly of the run."""

from collections.abc import Mapping

import pandas as pd

from deepregfinder.assembly import few, renamed
from deepregfinder.errors import InputError


def check_placement(intervals: pd.DataFrame, chrom_sizes: Mapping[str, int], source: str) -> None:
    """Raise InputError where intervals (chrom, start, end) are of other chromosomes.

    Those on chromosomes that the run does not use do no harm, as long as some are on others.
    """
    names = intervals["chrom"].unique()
    if not len(names):
        raise InputError(f"{source} has no interval on the assembly of this run.")
    if not set(names) & set(chrom_sizes):
        other = renamed(names, chrom_sizes) or (names[0], next(iter(chrom_sizes)))
        raise InputError(
            f"{source} has chromosomes named like {few(names, 3)}, but this run like {other[1]}: "
            "rename them, or give the chain file that leads to the assembly of the run."
        )
    for chrom, end in intervals.groupby("chrom")["end"].max().items():
        if end > (size := chrom_sizes.get(str(chrom), end)):
            raise InputError(
                f"{source} has an interval that ends at {chrom}:{end:,}, but {chrom} has {size:,} "
                "bp in this run: it is of another assembly; give a chain file."
            )
