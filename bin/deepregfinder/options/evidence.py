"""Lists of intervals from which labelled windows are defined."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import PATH, option_group

if TYPE_CHECKING:
    from deepregfinder.labels.rules import Evidence


@option_group(
    "evidence",
    click.option("--tss", required=True, type=PATH, help="Transcription start sites (BED)."),
    click.option("--dhs", type=PATH, help="Peaks of open chromatin, DNase or ATAC."),
    click.option(
        "--enhancers",
        multiple=True,
        type=PATH,
        help="Peaks of enhancer TFs, or a registry of enhancers; may be repeated.",
    ),
    click.option("--h3k27ac", multiple=True, type=PATH, help="H3K27ac peaks; may be repeated."),
    click.option(
        "--promoter_marks", multiple=True, type=PATH, help="H3K4me3 peaks; may be repeated."
    ),
    click.option("--tfbs", multiple=True, type=PATH, help="Peaks of other TFs; may be repeated."),
    click.option("--blacklist", type=PATH, help="Regions not used as background (BED)."),
    click.option("--gaps", type=PATH, help="Assembly gaps, not used as background (BED)."),
    click.option(
        "--called",
        multiple=True,
        metavar="LIST=MARK",
        help="A list (dhs, h3k27ac, promoter_marks) called from the reads of a mark.",
    ),
)
def evidence_options(
    tss: Path,
    dhs: Path | None,
    enhancers: tuple[Path, ...],
    h3k27ac: tuple[Path, ...],
    promoter_marks: tuple[Path, ...],
    tfbs: tuple[Path, ...],
    blacklist: Path | None,
    gaps: Path | None,
    called: tuple[str, ...],
) -> "Evidence":
    """The options above, which a command receives as one Evidence."""
    from deepregfinder.labels.rules import Evidence

    marks = {name: mark for name, _, mark in (item.partition("=") for item in called)}
    return Evidence.read(tss, dhs, enhancers, promoter_marks, tfbs, blacklist, gaps, h3k27ac, marks)
