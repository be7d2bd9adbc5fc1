#!/usr/bin/env python3
"""Call sites of a mark from its reads, for labels without a peak list."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import PATH, plain_errors
from deepregfinder.options.split import split_options

if TYPE_CHECKING:
    from deepregfinder.genome.splits import SplitChoice


@click.command()
@click.option("--signal", required=True, type=PATH, help="Made by build_signal.py.")
@click.option("--mark", required=True, help="Mark whose sites are called.")
@split_options
@click.option("--output", required=True, type=PATH, help="The sites (narrowPeak).")
def call_sites(signal: Path, mark: str, choice: "SplitChoice", output: Path) -> None:
    """Write the sites where a mark has at least 3 times as many reads as expected.

    Expected is the mean of the training chromosomes or, if larger, that of the surroundings of
    100 kb. The signal column is the fold over it. No site at all is an error.
    """
    import logging

    from deepregfinder.labels.sites import called_sites, write_sites
    from deepregfinder.signal.store import open_signal

    opened = open_signal(signal)
    plan = choice.plan(opened.chrom_sizes)
    sites = called_sites(opened, mark, plan.training_chroms(opened.chrom_sizes))
    write_sites(output, sites, mark)
    log = logging.getLogger("deepregfinder.call_sites")
    log.info("%s: %d sites of %s", opened.sample, len(sites), mark)


if __name__ == "__main__":
    with plain_errors():
        call_sites()
