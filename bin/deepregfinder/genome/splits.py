"""Division of chromosomes, or labelled windows, into training, validation and test."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from deepregfinder.errors import InputError
from deepregfinder.genome.grid import bare_name, natural_order

SPLITS = ("train", "validation", "test")

_LONGEST_RANGE = 1_000


def parse_chromosome_list(text: str) -> frozenset[str]:
    """Read `1-7,X` into bare names {1, ..., 7, X}.

    Raises InputError for a range that runs backwards or has more than 1,000 chromosomes.
    """
    names: set[str] = set()
    for item in filter(None, (part.strip() for part in str(text).split(","))):
        first, dash, last = item.partition("-")
        first, last = bare_name(first), bare_name(last)
        if dash and first.isdecimal() and last.isdecimal():
            if not 0 <= int(last) - int(first) < _LONGEST_RANGE:
                raise InputError(
                    f"{item} is not a range of chromosomes: write the smaller number first, and at "
                    f"most {_LONGEST_RANGE:,} chromosomes, such as 1-7."
                )
            names.update(str(number) for number in range(int(first), int(last) + 1))
        else:
            names.add(bare_name(item))
    return frozenset(names)


def chromosome_list(names: Iterable[str]) -> str:
    """What `parse_chromosome_list` reads: `1-7, X`."""
    ordered = sorted(names, key=natural_order)
    runs: list[list[str]] = []
    for name in ordered:
        if runs and name.isdecimal() and runs[-1][-1] == str(int(name) - 1):
            runs[-1].append(name)
        else:
            runs.append([name])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


@dataclass(frozen=True)
class ChromosomeSplit:
    """The chromosomes of each split, as bare names (`7`, not `chr7`)."""

    train: frozenset[str]
    validation: frozenset[str]
    test: frozenset[str]

    @classmethod
    def parse(cls, train: str, validation: str, test: str) -> "ChromosomeSplit":
        """Read three lists such as `1-7`; raises InputError if a chromosome is in two of them."""
        split = cls(*(parse_chromosome_list(text) for text in (train, validation, test)))
        for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
            if shared := getattr(split, one) & getattr(split, other):
                raise InputError(
                    f"Chromosome {', '.join(sorted(shared))} is in both --{one}_chroms and "
                    f"--{other}_chroms: a chromosome belongs to one split."
                )
        return split

    def of(self, chrom: str) -> str | None:
        """`train`, `validation`, `test`, or None for a chromosome in none of them."""
        name = bare_name(chrom)
        return next((split for split in SPLITS if name in getattr(self, split)), None)

    def select(self, chroms: Iterable[str], split: str) -> list[str]:
        """Those of `chroms` that belong to `split`, in their order."""
        return [chrom for chrom in chroms if self.of(chrom) == split]


# Where 1-7 and 8-16, the split of the paper, end on the autosomes of human laid end to end, and the
# least share of a split.
_TRAINING, _UP_TO_TEST, _LEAST = 0.484, 0.866, 0.1

_SEX_CHROMOSOMES = frozenset("XYZW")


def split_by_length(
    chrom_sizes: Mapping[str, int], given: Mapping[str, frozenset[str]]
) -> ChromosomeSplit:
    """The split of any genome: that of `given`, completed.

    Autosomes that no given list has are divided, in their natural order, into consecutive parts for
    the splits that are not given. The parts have about the shares of the autosomes that the split
    of the paper (1-7, 8-16 and the rest) has in human, but at least a tenth each, and at least two
    autosomes where there are two for each. Sex chromosomes, whose dose differs, are tested on.

    Parameters
    ----------
    chrom_sizes : names and lengths (bp) of the main chromosomes
    given : bare names of the chromosomes of some splits

    Returns
    -------
    Splits that are not given are empty if the genome has fewer autosomes than splits.
    """
    taken = frozenset[str]().union(*given.values())
    left = {bare_name(chrom): bp for chrom, bp in chrom_sizes.items()}
    left = {name: left[name] for name in sorted(left, key=natural_order) if name not in taken}
    # Where chromosomes have Roman numbers, X is the tenth.
    sexes = frozenset[str]() if "IX" in left | dict.fromkeys(taken) else _SEX_CHROMOSOMES
    autosomes = {name: bp for name, bp in left.items() if name not in sexes}
    wanted = [split for split in SPLITS if split not in given]
    parts = dict(zip(wanted, _consecutive_parts(autosomes, wanted), strict=True))
    if "test" in parts:
        parts["test"] |= left.keys() & sexes
    return ChromosomeSplit(**(dict(given) | parts))


def _consecutive_parts(sizes: Mapping[str, int], splits: Sequence[str]) -> list[frozenset[str]]:
    """The chromosomes in their order, cut where parts are nearest to the shares of the splits."""
    names, n = list(sizes), len(splits)
    if not n or len(names) < n:
        return [frozenset()] * n
    ends = np.cumsum(list(sizes.values())) / sum(sizes.values())
    shares = dict(zip(SPLITS, np.diff([0, _TRAINING, _UP_TO_TEST, 1]), strict=True))
    aims = np.cumsum([shares[split] for split in splits]) / sum(shares[split] for split in splits)
    fewest = 2 if len(names) >= 2 * n else 1
    cuts = [0]
    for place, aim in enumerate(aims[:-1].tolist(), 1):
        possible = np.arange(cuts[-1] + fewest, len(names) - fewest * (n - place) + 1)
        start = ends[cuts[-1] - 1] if cuts[-1] else 0
        rest = 1 - ends[possible - 1]
        roomy = (ends[possible - 1] - start >= _LEAST) & (rest >= _LEAST * (n - place))
        possible = possible[roomy] if roomy.any() else possible
        cuts.append(int(possible[np.argmin(np.abs(ends[possible - 1] - aim))]))
    return [frozenset(names[a:b]) for a, b in pairwise([*cuts, len(names)])]


SplitMode = Literal["chromosome", "random"]

MIN_WINDOWS: Mapping[str, int] = {"train": 10, "validation": 2, "test": 2}
"""Smallest number of windows of a class in a split for meaningful training and evaluation."""

_SHARES: Mapping[str, float] = {"train": 0.6, "validation": 0.2, "test": 0.2}


@dataclass(frozen=True)
class SplitPlan:
    """How windows are divided: by chromosome, or at random within each class.

    chromosomes : used by mode "chromosome" only
    """

    mode: SplitMode
    chromosomes: ChromosomeSplit

    @classmethod
    def parse(cls, split: SplitMode, train: str, validation: str, test: str) -> "SplitPlan":
        """From the parameters split, train_chroms, validation_chroms and test_chroms."""
        return cls(split, ChromosomeSplit.parse(train, validation, test))

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the parameter split, and the chromosomes of each split as sorted bare names."""
        chroms = {
            f"{name}_chroms": sorted(getattr(self.chromosomes, name), key=natural_order)
            for name in SPLITS
        }
        return {"split": self.mode, **chroms}

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> "SplitPlan":
        """Read what `to_dict` gives."""
        chroms = (frozenset(facts[f"{name}_chroms"]) for name in SPLITS)
        return cls(facts["split"], ChromosomeSplit(*chroms))

    def of(self, chrom: str) -> str | None:
        """The split of all windows of a chromosome: None if it has none, "." if it is random."""
        return self.chromosomes.of(chrom) if self.mode == "chromosome" else "."

    def training_chroms(self, chroms: Iterable[str]) -> list[str]:
        """The chromosomes whose signal may be used for statistics.

        These are the training chromosomes. A random split has windows of all splits on every
        chromosome, so all are used.
        """
        if self.mode == "random":
            return list(chroms)
        return self.chromosomes.select(chroms, "train")


@dataclass(frozen=True)
class SplitChoice:
    """What a user says of the split.

    given : chromosomes of some splits, as bare names; the others are chosen by length
    """

    mode: SplitMode
    given: Mapping[str, frozenset[str]]

    @classmethod
    def parse(
        cls, split: SplitMode, train: str | None, validation: str | None, test: str | None
    ) -> "SplitChoice":
        """From the parameters split, train_chroms, validation_chroms and test_chroms; raises
        InputError if a chromosome is in two lists."""
        texts = dict(zip(SPLITS, (train, validation, test), strict=True))
        ChromosomeSplit.parse(*(text or "" for text in texts.values()))
        given = {name: parse_chromosome_list(t) for name, t in texts.items() if t is not None}
        return cls(split, given)

    def plan(self, chrom_sizes: Mapping[str, int]) -> SplitPlan:
        """The split of a genome: names and lengths (bp) of its main chromosomes."""
        if self.mode == "random":
            return SplitPlan(self.mode, ChromosomeSplit(*[frozenset()] * len(SPLITS)))
        return SplitPlan(self.mode, split_by_length(chrom_sizes, self.given))


def quotas(n: int) -> dict[str, int]:
    """Divide n equally among the splits; the remainder goes to the first ones."""
    return {
        split: n // len(SPLITS) + (place < n % len(SPLITS)) for place, split in enumerate(SPLITS)
    }


def overlap_groups(chrom: np.ndarray, start: np.ndarray, width: int) -> np.ndarray:
    """Group number of each window: windows that overlap, directly or through others, share one.

    Parameters
    ----------
    chrom : any sortable, shape (n,)
    start : int64, shape (n,)
    width : of every window, bp

    Returns
    -------
    int64, shape (n,); adjacent windows without overlap are in different groups.
    """
    order = np.lexsort((start, chrom))
    opens = np.ones(len(order), dtype=bool)
    same_chrom = chrom[order][1:] == chrom[order][:-1]
    opens[1:] = ~(same_chrom & (np.diff(start[order]) < width))
    groups = np.empty(len(order), dtype=np.int64)
    groups[order] = np.cumsum(opens) - 1
    return groups


def random_splits(classes: np.ndarray, groups: np.ndarray, seed: int) -> np.ndarray:
    """Divide windows 60:20:20 at random within each class, keeping groups together.

    Groups of several windows are assigned first, largest first, each to the split that is furthest
    below its share of the classes in the group; windows that overlap no other then fill each class
    up to its exact share. A class thus deviates from its share only if its groups are too large.

    Parameters
    ----------
    classes : class index, shape (n,)
    groups : as of `overlap_groups`, shape (n,)

    Returns
    -------
    uint8, shape (n,): index in genome.SPLITS. The same input and seed always give the same splits.
    """
    rng = np.random.default_rng(seed)
    n_classes = int(classes.max()) + 1 if len(classes) else 0
    totals = np.bincount(classes, minlength=n_classes)
    shares = np.array([_SHARES[split] for split in SPLITS])
    held_out = np.rint(totals[:, None] * shares[1:]).astype(np.int64)
    quota = np.column_stack([totals - held_out.sum(axis=1), held_out])

    splits = np.zeros(len(classes), dtype=np.uint8)
    taken = np.zeros_like(quota)
    size = np.bincount(groups) if len(groups) else np.zeros(0, dtype=np.int64)
    together = np.flatnonzero(size[groups] > 1)
    if len(together):
        members = np.split(
            together[np.argsort(groups[together], kind="stable")],
            np.cumsum(np.unique(groups[together], return_counts=True)[1])[:-1],
        )
        chance = rng.permutation(len(members))
        for place in sorted(chance.tolist(), key=lambda one: -len(members[one])):
            rows = members[place]
            content = np.bincount(classes[rows], minlength=n_classes)[:, None]
            missing = (quota - taken) / np.maximum(quota, 1)
            split = int(np.argmax((content * missing).sum(axis=0)))
            splits[rows] = split
            taken[:, split] += content[:, 0]

    single = np.flatnonzero(size[groups] == 1)
    for index in range(n_classes):
        rows = rng.permutation(single[classes[single] == index])
        places = np.cumsum(_fill(quota[index] - taken[index], len(rows)))
        for split, part in enumerate(np.split(rows, places[:-1])):
            splits[part] = split
    return splits


def _fill(missing: np.ndarray, n: int) -> np.ndarray:
    """Distribute n windows to splits that lack `missing` (negative: they have too many)."""
    given: np.ndarray = np.maximum(missing, 0)
    for _ in range(int(given.sum()) - n):
        given[np.argmax(given)] -= 1
    return given
