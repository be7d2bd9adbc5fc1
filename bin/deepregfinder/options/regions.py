"""Which windows are promoters, enhancers and background."""

from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import option_group

if TYPE_CHECKING:
    from deepregfinder.labels.rules import Center, RegionRules


@option_group(
    "rules",
    click.option(
        "--tss_merge", required=True, type=int, help="Merge TSSs up to this far apart (bp)."
    ),
    click.option(
        "--promoter_slop", required=True, type=int, help="Promoter: largest distance of a DHS (bp)."
    ),
    click.option(
        "--enhancer_slop", required=True, type=int, help="Enhancer: largest distance of a DHS (bp)."
    ),
    click.option(
        "--tss_distance",
        required=True,
        type=int,
        help="Enhancer: smallest distance from a TSS (bp).",
    ),
    click.option(
        "--promoter_marks_distance",
        required=True,
        type=int,
        help="Enhancer: smallest distance from an H3K4me3 peak (bp).",
    ),
    click.option(
        "--promoter_marks_min_signal",
        required=True,
        type=float,
        help="Ignore H3K4me3 peaks with a lower signal.",
    ),
    click.option(
        "--max_tf_peak_width", type=int, help="Drop enhancer-TF peaks wider than this (bp)."
    ),
    click.option(
        "--center",
        required=True,
        type=click.Choice(["midpoint", "summit", "dhs"]),
        help="Centre of an enhancer window.",
    ),
    click.option(
        "--background_distance",
        required=True,
        type=int,
        help="Background: smallest distance from any potential element (bp).",
    ),
    click.option("--n_background", required=True, type=int, help="Background windows in total."),
    click.option(
        "--enhancer_labels",
        required=True,
        type=click.Choice(["factors", "h3k27ac", "ccre", "fantom5", "vista"]),
        help="What enhancers are: a list of that kind, or accessible sites with H3K27ac.",
    ),
)
def region_options(
    tss_merge: int,
    promoter_slop: int,
    enhancer_slop: int,
    tss_distance: int,
    promoter_marks_distance: int,
    promoter_marks_min_signal: float,
    max_tf_peak_width: int | None,
    center: "Center",
    background_distance: int,
    n_background: int,
    enhancer_labels: str,
) -> "RegionRules":
    """The options above, which a command receives as one RegionRules."""
    from deepregfinder.labels.rules import RegionRules

    return RegionRules(
        tss_merge=tss_merge,
        promoter_slop=promoter_slop,
        enhancer_slop=enhancer_slop,
        tss_distance=tss_distance,
        promoter_marks_distance=promoter_marks_distance,
        promoter_marks_min_signal=promoter_marks_min_signal,
        max_tf_peak_width=max_tf_peak_width,
        center=center,
        background_distance=background_distance,
        n_background=n_background,
        enhancer_labels=enhancer_labels,
    )
