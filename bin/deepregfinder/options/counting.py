"""Which reads count, and where."""

from typing import TYPE_CHECKING, Literal

import click

from deepregfinder.command_line import option_group

if TYPE_CHECKING:
    from deepregfinder.counting.rules import CountRules


@option_group(
    "rules",
    click.option(
        "--min_mapq", required=True, type=click.IntRange(0, 255), help="Lowest mapping quality."
    ),
    click.option(
        "--duplicates",
        required=True,
        type=click.Choice(["keep", "drop"]),
        help="Keep or drop reads that are marked as duplicates.",
    ),
    click.option(
        "--paired_end",
        required=True,
        type=click.Choice(["fragments", "reads"]),
        help="Count a proper pair once, at its midpoint (native only), or each mate as a single "
        "read.",
    ),
    click.option(
        "--count_at",
        required=True,
        type=click.Choice(["overlap", "midpoint", "five_prime"]),
        help="Single reads: bins that hold half of the read, or the bin of its midpoint or of its "
        "5' end (native only).",
    ),
    click.option(
        "--extend",
        required=True,
        type=click.IntRange(0),
        help="Extend single reads at their 3' end (bp).",
    ),
    click.option("--shift", required=True, type=int, help="Shift single reads downstream (bp)."),
    click.option(
        "--secondary",
        default="drop",
        type=click.Choice(["drop", "keep", "drop_reads"]),
        help="Leave out secondary and supplementary records, count them like others, or leave out "
        "also every read that has a secondary one.",
    ),
    click.option(
        "--max_fragment",
        default=0,
        type=click.IntRange(0),
        help="Leave out pairs with a longer fragment (bp; 0: no limit; native only).",
    ),
)
def counting_options(
    min_mapq: int,
    duplicates: Literal["keep", "drop"],
    paired_end: Literal["fragments", "reads"],
    count_at: Literal["overlap", "midpoint", "five_prime"],
    extend: int,
    shift: int,
    secondary: Literal["drop", "keep", "drop_reads"],
    max_fragment: int,
) -> "CountRules":
    """The options above, which a command receives as one CountRules."""
    from deepregfinder.counting.rules import CountRules

    return CountRules(
        min_mapq, duplicates, paired_end, count_at, extend, shift, secondary, max_fragment
    )
