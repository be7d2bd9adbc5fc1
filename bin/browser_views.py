#!/usr/bin/env python3
"""Write the UCSC track hub and the sessions of IGV."""

from pathlib import Path

import click

from deepregfinder.command_line import PATH, plain_errors

NO_EMAIL = "not_given"  # UCSC wants the line


@click.command()
@click.option(
    "--track", required=True, multiple=True, type=PATH,
    help="Descriptions (JSON) of signal_tracks.py and call_tracks.py.",
)  # fmt: skip
@click.option("--chrom_sizes", required=True, type=PATH, help="Chromosomes of the run.")
@click.option("--genome", help="UCSC name of the assembly.  [default: by the length of chr1]")
@click.option("--hub_email", default=NO_EMAIL, help="Address in the hub.  [default: none]")
@click.option("--hub", required=True, type=PATH, help="Folder of the hub.")
@click.option("--igv", required=True, type=PATH, help="Folder of the sessions.")
def browser_views(
    track: tuple[Path, ...],
    chrom_sizes: Path,
    genome: str | None,
    hub_email: str,
    hub: Path,
    igv: Path,
) -> None:
    """Write both folders; they name files in calls/ and signal/ and have to lie next to these."""
    from deepregfinder.genome.grid import read_chrom_sizes
    from deepregfinder.tracks.contents import Contents, assembly_of, read_descriptions
    from deepregfinder.tracks.hub import write_hub
    from deepregfinder.tracks.igv import write_sessions

    sizes = read_chrom_sizes(chrom_sizes)
    contents = Contents(genome or assembly_of(sizes), sizes, *read_descriptions(track))
    write_hub(hub, contents, hub_email)
    write_sessions(igv, contents)


if __name__ == "__main__":
    with plain_errors():
        browser_views()
