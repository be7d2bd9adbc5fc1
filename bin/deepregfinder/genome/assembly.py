"""Whether files use the same assembly: names and lengths of chromosomes."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pandas as pd

from deepregfinder.errors import InputError
from deepregfinder.genome.grid import bare_name, natural_order

# The first chromosome and its length in bp, which identifies the assembly, by the name at UCSC.
_FIRST_CHROMOSOMES: Mapping[str, tuple[str, int]] = {
    "hg18": ("1", 247_249_719),
    "hg19": ("1", 249_250_621),
    "hg38": ("1", 248_956_422),
    "hs1": ("1", 248_387_328),
    "mm9": ("1", 197_195_432),
    "mm10": ("1", 195_471_971),
    "mm39": ("1", 195_154_279),
    "rn6": ("1", 282_763_074),
    "danRer11": ("1", 59_578_282),
    "dm6": ("2L", 23_513_712),
    "ce11": ("I", 15_072_434),
}


def assembly_name(chrom: str, length: int) -> str | None:
    """`hg19`, ... if this is the first chromosome of a well-known assembly."""
    known = {first: name for name, first in _FIRST_CHROMOSOMES.items()}
    return known.get((bare_name(chrom), length))


def few(items: Iterable[str], limit: int = 5) -> str:
    """`a, b, c, d, e and 7 more`."""
    listed = list(items)
    rest = len(listed) - limit
    return ", ".join(listed[:limit]) + (f" and {rest} more" if rest > 0 else "")


def most_common_sizes(candidates: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """The most common set of chromosomes and lengths among `candidates`; of ties, the first."""
    votes = Counter(frozenset(sizes.items()) for sizes in candidates)
    winner = max(candidates, key=lambda sizes: votes[frozenset(sizes.items())])
    return dict(winner)


def ambiguous_names(sizes: Mapping[str, int]) -> list[tuple[str, str]]:
    """Pairs such as (`4`, `chr4`), of a file with a second genome (a spike-in)."""
    by_name: dict[str, list[str]] = {}
    for chrom in sorted(sizes):
        by_name.setdefault(bare_name(chrom), []).append(chrom)
    return [(names[0], names[1]) for names in by_name.values() if len(names) > 1]


def prefix_mismatch(names: Iterable[str], expected: Iterable[str]) -> tuple[str, str] | None:
    """A pair such as (`1`, `chr1`) if a name differs from an expected one only by its prefix."""
    expected = set(expected)
    by_bare_name = {bare_name(chrom): chrom for chrom in expected}
    for name in sorted(set(names) - expected, key=natural_order):
        if (other := by_bare_name.get(bare_name(name))) is not None:
            return name, other
    return None


def renaming_command(name: str, other: str, before: str = "") -> str:
    """The `sed` command that changes names like `name` to names like `other` in a file.

    before : what precedes a name at the beginning of a line: nothing in BED, ">" in FASTA
    """
    prefix, other_prefix = (text.removesuffix(bare_name(text)) for text in (name, other))
    return f"sed 's/^{before}{prefix}/{before}{other_prefix}/'"


def differences(
    sizes: Mapping[str, int], expected: Mapping[str, int], source: str, surplus: Sequence[str] = ()
) -> Iterator[str]:
    """How the chromosomes of a BAM file differ from the expected ones, a sentence for each way.

    Parameters
    ----------
    sizes : all sequences of the file, which may have more than the expected ones
    expected : the main chromosomes
    source : where these come from, for the message
    surplus : main chromosomes of the file that are not expected, if they matter
    """
    missing = [chrom for chrom in expected if chrom not in sizes]
    pair = prefix_mismatch(sizes, missing) if missing else None
    if pair:
        yield (
            f"chromosomes are named like {pair[0]!r}, but like {pair[1]!r} in {source}. All files "
            "must use the same names: align to one genome, or rename with `samtools reheader`."
        )
    if other := other_lengths(sizes, expected, source):
        yield (
            f"{other}. All files must use one assembly: align these reads again, or leave the file "
            "out."
        )
    if missing and not pair:
        yield (
            f"the header lacks {few(missing)}, which {source} has. Align to the same genome, or "
            "leave these chromosomes out with --chromosomes."
        )
    if surplus and not pair:
        yield (
            f"the header has {few(surplus)}, which {source} lacks. Align to the same genome, or "
            "leave these chromosomes out with --chromosomes."
        )


def other_lengths(sizes: Mapping[str, int], expected: Mapping[str, int], source: str) -> str | None:
    """Begin of a sentence on chromosomes whose lengths (bp) differ; None if there is none.

    Chromosomes are compared by their names without prefix where the file lacks the expected name.
    """
    bare = {bare_name(chrom): chrom for chrom in sizes}
    pairs = [(chrom if chrom in sizes else bare.get(bare_name(chrom)), chrom) for chrom in expected]
    other = [
        (own, chrom) for own, chrom in pairs if own is not None and sizes[own] != expected[chrom]
    ]
    if not other:
        return None
    own, chrom = other[0]
    length, expected_length = shown_length(own, sizes), shown_length(chrom, expected)
    total = f"; {len(other)} chromosomes differ in total" if len(other) > 1 else ""
    return f"{own} has {length}, but {expected_length} in {source}{total}"


def shown_length(chrom: str, sizes: Mapping[str, int]) -> str:
    """`249,250,621 bp (hg19)`; the assembly only where the length of the chromosome shows it."""
    name = assembly_name(chrom, sizes[chrom])
    return f"{sizes[chrom]:,} bp" + (f" ({name})" if name else "")


def check_placement(intervals: pd.DataFrame, chrom_sizes: Mapping[str, int], source: str) -> None:
    """Raise InputError if intervals (chrom, start, end) are of another assembly (`misplaced`)."""
    if problem := misplaced(intervals, chrom_sizes, source):
        raise InputError(problem)


def misplaced(intervals: pd.DataFrame, chrom_sizes: Mapping[str, int], source: str) -> str | None:
    """Why intervals (chrom, start, end) are of another assembly; None if they may be of this one.

    Intervals on chromosomes that the run does not use are allowed, as long as not all are.
    """
    names = intervals["chrom"].unique()
    if not len(names):
        return f"{source} has no interval on the assembly of this run."
    if not set(names) & set(chrom_sizes):
        other = prefix_mismatch(names, chrom_sizes) or (names[0], next(iter(chrom_sizes)))
        return (
            f"{source} has chromosomes named like {few(names, 3)}, but this run like {other[1]}: "
            "rename them, or give a chain file to the assembly of the run."
        )
    for chrom, end in intervals.groupby("chrom")["end"].max().items():
        if end > (size := chrom_sizes.get(str(chrom), end)):
            return (
                f"{source} has an interval that ends at {chrom}:{end:,}, but {chrom} has {size:,} "
                "bp in this run: the list is of another assembly; give a chain file."
            )
    return None


def other_assembly(
    chrom_sizes: Mapping[str, int], genome: str, expected: Mapping[str, int]
) -> str | None:
    """How the chromosomes of a run differ from those of --genome; None if they agree.

    Parameters
    ----------
    chrom_sizes : main chromosomes of the run
    genome : name of the assembly
    expected : its chromosomes; names may differ by the prefix `chr`
    """
    lengths = {bare_name(chrom): bp for chrom, bp in expected.items()}
    common, other = _compared(chrom_sizes, lengths)
    if not common:
        return (
            f"--genome {genome}: its chromosomes are {few(expected, 3)}, but those of the reads "
            f"{few(chrom_sizes, 3)}. Give the assembly that the reads were aligned to."
        )
    if not other:
        return None
    chrom = other[0]
    name = next(filter(None, (assembly_name(*item) for item in chrom_sizes.items())), None)
    more = f"; {len(other)} chromosomes differ in total" if len(other) > 1 else ""
    known = f" ({name})" if name not in (None, genome) else ""
    return (
        f"--genome {genome}: {chrom} has {lengths[bare_name(chrom)]:,} bp there, but "
        f"{chrom_sizes[chrom]:,} bp in the reads{more}. Give the assembly that the reads were "
        f"aligned to{known}."
    )


def _compared(
    chrom_sizes: Mapping[str, int], lengths: Mapping[str, int]
) -> tuple[list[str], list[str]]:
    """The chromosomes that `lengths` has, by names without prefix, and those that differ in it."""
    common = [chrom for chrom in chrom_sizes if bare_name(chrom) in lengths]
    return common, [chrom for chrom in common if chrom_sizes[chrom] != lengths[bare_name(chrom)]]


def unlike_model(
    who: str, chrom_sizes: Mapping[str, int], model: str, expected: Mapping[str, int]
) -> str | None:
    """Why a model cannot predict reads: other chromosomes, or others of the same names, or None.

    Parameters
    ----------
    who, model : names for the sentence
    chrom_sizes, expected : chromosomes (name -> length in bp) of the reads, and of the training;
        names may differ by the prefix `chr`
    """
    lengths = {bare_name(chrom): bp for chrom, bp in expected.items()}
    shared, unlike = _compared(chrom_sizes, lengths)
    if not shared:
        return (
            f"{who} and {model} share no chromosome: {few(chrom_sizes, 3)}, and "
            f"{few(expected, 3)}. They are from different genomes."
        )
    if not unlike:
        return None
    chrom = unlike[0]
    return (
        f"{who} and {model} are of different assemblies: {len(unlike)} of {len(shared)} "
        f"chromosomes differ in length ({chrom} is {chrom_sizes[chrom]:,} bp, not "
        f"{lengths[bare_name(chrom)]:,} bp). Use a model of the same assembly, or align the reads "
        "to that of the model."
    )


def names_in_run(
    names: Iterable[str], chrom_sizes: Mapping[str, int], chromosomes: Mapping[str, str]
) -> dict[str, str]:
    """Names of sequences -> those that they have in a run; sequences that it lacks are left out.

    Parameters
    ----------
    names : `1` and `chr1` are the same sequence
    chrom_sizes : chromosomes of the run
    chromosomes : the chromosome of sequences with other names, as far as it is known; it counts
        where no sequence has the name of that chromosome itself
    """
    listed = list(names)
    of_run = {bare_name(chrom): chrom for chrom in chrom_sizes}
    same = {name: of_run[bare_name(name)] for name in listed if bare_name(name) in of_run}
    found = set(same.values())
    for name in listed:
        chrom = of_run.get(bare_name(chromosomes.get(name, "")))
        if name not in same and chrom is not None and chrom not in found:
            same[name] = chrom
    return same


def renamed(
    intervals: pd.DataFrame, chrom_sizes: Mapping[str, int], chromosomes: Mapping[str, str]
) -> pd.DataFrame:
    """The intervals on chromosomes of a run, with the names of `names_in_run`."""
    names = names_in_run(intervals["chrom"].unique(), chrom_sizes, chromosomes)
    chroms = intervals["chrom"].map(names)
    return intervals.assign(chrom=chroms)[chroms.notna()].reset_index(drop=True)
