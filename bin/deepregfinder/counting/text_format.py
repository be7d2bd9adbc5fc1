"""Files of reads as text: which format a name stands for, and the columns of each.

tagAlign (ENCODE) is BED with six columns, one line for each read. A fragments file (10x Genomics)
has one line for each fragment of a cell, with its barcode. Both are plain text, gzip or bgzip.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

TextFormat = Literal["tagAlign", "fragments"]

_FRAGMENTS = re.compile(r".*\.tsv|(.*[._-])?fragments\.bed")
_READS = re.compile(r".*\.(tagAlign|bed)")


@dataclass(frozen=True)
class Layout:
    """A format in messages.

    columns : their names, in their order
    endings : how the name of such a file may end
    """

    columns: tuple[str, ...]
    endings: str


LAYOUTS: Mapping[TextFormat, Layout] = {
    "tagAlign": Layout(
        ("chrom", "start", "end", "name", "score", "strand"), ".tagAlign.gz or .bed.gz"
    ),
    "fragments": Layout(("chrom", "start", "end", "barcode", "count"), "fragments.tsv.gz"),
}


def text_format(name: str) -> TextFormat | None:
    """The format of a file of that name, with or without `.gz`; None for BAM and CRAM files."""
    name = name.removesuffix(".gz")
    if _FRAGMENTS.fullmatch(name):
        return "fragments"
    return "tagAlign" if _READS.fullmatch(name) else None
