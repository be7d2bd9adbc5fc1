"""bigBed files of calls: BED9 and the columns of annotated calls, described by autoSql."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd
import pybigtools

from deepregfinder.classes import class_named
from deepregfinder.tracks.bigwig import sorted_chroms, written_track

_BED9 = (
    ("string", "chrom", "Chromosome"),
    ("uint", "chromStart", "Start, 0-based"),
    ("uint", "chromEnd", "End"),
    ("string", "name", "Class"),
    ("uint", "score", "1000 x best calibrated probability"),
    ("char[1]", "strand", "None"),
    ("uint", "thickStart", "Start of the middle of the best window"),
    ("uint", "thickEnd", "End of the middle of the best window"),
    ("uint", "reserved", "Colour of the class"),
)
_MORE = (
    ("float", "seedSd", "Standard deviation over seeds of the probability of the class"),
    ("string", "otherClass", "The other class that is likeliest within the call"),
    ("float", "otherP", "Its probability there"),
    ("string", "nearestTss", "Nearest transcription start site"),
    ("int", "tssDistance", "Distance to it in bp, -1 without a list"),
    ("string", "tssOffset", "Distance downstream of it in bp, negative upstream"),
    ("uint", "knownTss", "1 where a TSS is known within 500 bp of the summit"),
    ("uint", "blacklisted", "1 where the call overlaps the blacklist"),
)


def autosql(classes: Sequence[str]) -> str:
    """The autoSql description of the fields of a call, for `classes` with background."""
    probabilities = tuple(
        ("float", _camel(f"p_{name}"), f"Probability of {class_named(name).label}")
        for name in classes
    )
    lines = [f'    {kind} {name}; "{text}"' for kind, name, text in _BED9 + probabilities + _MORE]
    head = ["table deepRegFinderCall", '"A regulatory element called by DeepRegFinder-NF"', "("]
    return "\n".join([*head, *lines, ")", ""])


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def write_bigbed(
    path: Path,
    annotated: pd.DataFrame,
    classes: Sequence[str],
    step: int,
    chrom_sizes: Mapping[str, int],
) -> None:
    """Write annotated calls (`annotated.annotate`) as bigBed 9+, whole or not at all.

    Raises ValueError without calls: the format has no empty file.
    """
    if annotated.empty:
        raise ValueError("no call to write")
    with written_track(path) as part:
        pybigtools.open(part, "w").write(
            sorted_chroms(chrom_sizes), _entries(annotated, classes, step), autosql(classes)
        )


def _entries(
    annotated: pd.DataFrame, classes: Sequence[str], step: int
) -> Iterator[tuple[str, int, int, str]]:
    colours = {name: ",".join(map(str, class_named(name).colour)) for name in classes}
    in_order = annotated.assign(key=[chrom.encode() for chrom in annotated["chrom"]])
    for row in in_order.sort_values(["key", "start", "end"]).to_dict("records"):
        thick = (
            max(row["summit"] - step // 2, row["start"]),
            min(row["summit"] - step // 2 + step, row["end"]),
        )
        fields = (
            *(row["class"], row["score"], ".", *thick, colours[row["class"]]),
            *(f"{row[f'p_{name}']:.4f}" for name in classes),
            *(f"{row['seed_sd']:.4f}", row["other_class"], f"{row['other_p']:.4f}"),
            *(row["nearest_tss"], row["tss_distance"], row["tss_offset"]),
            *(row["known_tss"], row["blacklisted"]),
        )
        yield row["chrom"], row["start"], row["end"], "\t".join(map(str, fields))
