"""Which sequences of a file are chromosomes, and a regular expression of their names."""

import re
from collections.abc import Iterable, Mapping

from deepregfinder.genome.grid import natural_order

# Names of chromosomes without their prefix: numbers, arms (2L), sub-genomes (7D), sex chromosomes,
# Roman numbers.
_OF_CHROMOSOME = re.compile(r"[0-9]{1,3}[A-Za-z]?|[UVWXYZ]|[IVX]+")
_NOT_NUCLEAR = re.compile(
    r"(chr|chromosome_?)?"
    r"(m|mt|mt?dna|mito.*|mitochondri.*|c|cp|pt|pltd|chloroplast|plastid|ebv|hs37d5)"
    r"|phix.*|lambda.*",
    re.IGNORECASE,
)
_LONGEST_PATTERN = 400


def is_nuclear(name: str) -> bool:
    """False for usual names of mitochondria, chloroplasts, viruses and decoys."""
    return _NOT_NUCLEAR.fullmatch(name) is None


def probable_chromosomes(sizes: Mapping[str, int], least: float, like: Iterable[str]) -> list[str]:
    """Names of the sequences that are probably chromosomes, in natural order.

    Parameters
    ----------
    sizes : names and lengths (bp)
    least : sequences of this length are chromosomes (bp)
    like : names of chromosomes; sequences that are named like them are chromosomes as well
    """
    prefix = _common_prefix(like)
    return sorted(
        (
            name
            for name, bp in sizes.items()
            if is_nuclear(name)
            and (
                bp >= least
                or (name.startswith(prefix) and _OF_CHROMOSOME.fullmatch(name[len(prefix) :]))
            )
        ),
        key=natural_order,
    )


def chromosomes_by_length(sizes: Mapping[str, int]) -> list[str]:
    """The probable chromosomes of a genome of which no name is known.

    They have a tenth of the length that half of the genome lies in sequences of (N50), or more.
    """
    covered, n50 = 0, 0
    for bp in sorted(sizes.values(), reverse=True):
        covered, n50 = covered + bp, bp
        if 2 * covered >= sum(sizes.values()):
            break
    return probable_chromosomes(sizes, n50 / 10, [name for name in sizes if sizes[name] >= n50])


def name_pattern(names: Iterable[str], others: Iterable[str]) -> str | None:
    """A regular expression that matches the whole of each name, and none of the others.

    None if it would be longer than 400 characters.
    """
    wanted = sorted(set(names), key=natural_order)
    prefix = _common_prefix(wanted)
    rest = [name[len(prefix) :] for name in wanted]
    numbers = [int(text) for text in rest if _is_number(text)]
    parts = _number_patterns(numbers) + [re.escape(text) for text in rest if not _is_number(text)]
    exact = re.escape(prefix) + (f"({'|'.join(parts)})" if len(parts) > 1 else "".join(parts))
    if len(exact) <= _LONGEST_PATTERN:
        return exact
    loose = re.escape(prefix) + ".*"
    return None if any(re.fullmatch(loose, name) for name in set(others) - set(wanted)) else loose


def _is_number(text: str) -> bool:
    return re.fullmatch(r"0|[1-9][0-9]{0,8}", text, re.ASCII) is not None


def _common_prefix(names: Iterable[str]) -> str:
    """What all names begin with, such as `chr`, without digits at its end."""
    listed = list(names)
    if len(listed) == 1:
        return re.sub(r"[0-9]+[A-Za-z]?$|[UVWXYZ]$|[IVX]+$", "", listed[0])
    shared = 0
    for letters in zip(*listed, strict=False):
        if len(set(letters)) > 1:
            break
        shared += 1
    return listed[0][:shared].rstrip("0123456789") if listed else ""


def _number_patterns(numbers: Iterable[int]) -> list[str]:
    """Patterns of numbers: 1 to 25 are `[1-9]`, `1[0-9]` and `2[0-5]`."""
    by_tens: dict[int, list[int]] = {}
    for number in sorted(numbers):
        by_tens.setdefault(number // 10, []).append(number % 10)
    return [f"{tens or ''}{_digits(last)}" for tens, last in by_tens.items()]


def _digits(digits: list[int]) -> str:
    """`[0-57]` for the digits 0 to 5 and 7; `3` for 3."""
    runs: list[list[int]] = []
    for digit in digits:
        if runs and runs[-1][-1] == digit - 1:
            runs[-1].append(digit)
        else:
            runs.append([digit])
    texts = [f"{run[0]}-{run[-1]}" if len(run) > 2 else "".join(map(str, run)) for run in runs]
    return str(digits[0]) if len(digits) == 1 else f"[{''.join(texts)}]"
