"""Whether files speak of the same chromosomes: names, lengths, assembly."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from deepregfinder.errors import InputError
from deepregfinder.genome.grid import bare_name, natural_order

# Length in bp of chromosome 1, which tells apart the assemblies that people mix up.
_CHROMOSOME_1 = {
    247249719: "hg18",
    249250621: "hg19",
    248956422: "hg38",
    248387328: "T2T-CHM13",
    197195432: "mm9",
    195471971: "mm10",
    195154279: "mm39",
}


def assembly_name(chrom: str, length: int) -> str | None:
    """`hg19`, ... if this is chromosome 1 of a well-known assembly."""
    return _CHROMOSOME_1.get(length) if bare_name(chrom) == "1" else None


def few(items: Iterable[str], limit: int = 5) -> str:
    """`a, b, c, d, e and 7 more`."""
    listed = list(items)
    rest = len(listed) - limit
    return ", ".join(listed[:limit]) + (f" and {rest} more" if rest > 0 else "")


def agreed_sizes(candidates: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """The chromosomes and lengths that most of `candidates` have; the earliest of equals wins."""
    votes = Counter(frozenset(sizes.items()) for sizes in candidates)
    winner = max(candidates, key=lambda sizes: votes[frozenset(sizes.items())])
    return dict(winner)


def twofold_names(sizes: Mapping[str, int]) -> list[tuple[str, str]]:
    """Pairs such as (`4`, `chr4`): one genome with a second one (a spike-in) in the same file."""
    by_name: dict[str, list[str]] = {}
    for chrom in sorted(sizes):
        by_name.setdefault(bare_name(chrom), []).append(chrom)
    return [(names[0], names[1]) for names in by_name.values() if len(names) > 1]


def renamed(names: Iterable[str], expected: Iterable[str]) -> tuple[str, str] | None:
    """A pair such as (`1`, `chr1`) if a name differs from an expected one by its prefix alone."""
    wanted = set(expected)
    by_bare_name = {bare_name(chrom): chrom for chrom in wanted}
    for name in sorted(set(names) - wanted, key=natural_order):
        if (other := by_bare_name.get(bare_name(name))) is not None:
            return name, other
    return None


def renaming(name: str, other: str) -> str:
    """The `sed` command that turns names like `name` into names like `other` in a BED file."""
    prefix, other_prefix = (text.removesuffix(bare_name(text)) for text in (name, other))
    return f"sed 's/^{prefix}/{other_prefix}/'"


def difference(
    sizes: Mapping[str, int], expected: Mapping[str, int], source: str, surplus: Sequence[str] = ()
) -> str | None:
    """How the chromosomes of a file differ from those it should have; None if they agree.

    Parameters
    ----------
    sizes : all sequences of the file; it may have more than are expected
    expected : the main chromosomes
    source : where these come from, as the sentence names it
    surplus : main chromosomes of the file that are not expected, where that matters
    """
    missing = [chrom for chrom in expected if chrom not in sizes]
    if missing and (pair := renamed(sizes, missing)):
        return (
            f"chromosomes are named like {pair[0]!r}, but like {pair[1]!r} in {source}. All files "
            "must use the same names: align to one genome, or rename with `samtools reheader`."
        )
    other = [chrom for chrom in expected if sizes.get(chrom, expected[chrom]) != expected[chrom]]
    if other:
        chrom = other[0]
        here, there = (
            f"{length:,} bp" + (f" ({name})" if (name := assembly_name(chrom, length)) else "")
            for length in (sizes[chrom], expected[chrom])
        )
        also = f"; {len(other)} chromosomes differ in all" if len(other) > 1 else ""
        return (
            f"{chrom} has {here}, but {there} in {source}{also}. All files must come from one "
            "assembly: align these reads again, or leave the file out."
        )
    if missing:
        return (
            f"the header lacks {few(missing)}, which {source} has. Align to the same genome, or "
            "leave these chromosomes out with --chromosomes."
        )
    if surplus:
        return (
            f"the header has {few(surplus)}, which {source} has not. Align to the same genome, or "
            "leave these chromosomes out with --chromosomes."
        )
    return None


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
