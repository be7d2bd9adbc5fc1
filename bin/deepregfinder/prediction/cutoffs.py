"""Where calls begin: the lowest probability of a called window, for each class.

`--call_at` says what is wanted of a class:

    model            the threshold of the model, moved by --threshold
    probability:P    every called window has at least this probability at natural prevalence
    precision:P      the mean of these probabilities over the called windows is at least P
    fdr:P            the same as precision:1-P
    number:N         at most N calls
    mb:X             at most X Mb in calls

Each becomes one probability at natural prevalence (models/natural.py), at which the windows of both
kinds of place are cut: those within 500 bp of a known TSS, where promoters have a map of their own,
and all others. Two things differ where nothing but the model is asked for: a model that is
calibrated among labelled windows keeps its threshold everywhere, as published; without maps
(--split random, or no labels), every model does.

In a sample that the model was not trained on, fewer reads or marks make its probabilities lower,
although they rank windows as well. There the cut-off of a model that is calibrated at natural
prevalence is lowered until it calls the share of windows that the class had in training.

In a sample that the model was not trained on, `--class_share estimated` adapts the maps to it
(natural_scan.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.special import expit

from deepregfinder.classes import class_named
from deepregfinder.errors import InputError
from deepregfinder.models.catalogue import facts
from deepregfinder.models.natural import LEVELS, first_level, near_tss
from deepregfinder.prediction.calling import (
    Calls,
    TssZone,
    call_genome,
    call_thresholds,
    find_runs,
)
from deepregfinder.prediction.natural_scan import CLASS_SHARES, NaturalScan
from deepregfinder.prediction.probabilities import Probabilities
from deepregfinder.storage.tables import Decimals4, Digits4, Shortest, read_rows

Kind = Literal["model", "probability", "precision", "fdr", "number", "mb"]
_SHARES = ("probability", "precision", "fdr")
_AMOUNTS = ("number", "mb")
_GRID = np.arange(14.0, -14.5, -0.5)
"""Log odds at which calls are counted, from the strictest on."""
_HALVINGS = 10
_ROUNDS = 3


@dataclass(frozen=True)
class CallAt:
    """What is wanted of a class. value : 0 for `model`"""

    kind: Kind = "model"
    value: float = 0

    def __str__(self) -> str:
        return self.kind if self.kind == "model" else f"{self.kind}:{self.value:g}"


@dataclass(frozen=True)
class Cutoff:
    """A row of `<sample>.<model>.cutoffs.tsv`: where calls of a class begin.

    call_at : what was asked for
    probability, probability_at_tss : lowest probability of a called window, as it is in the tracks;
        away from known TSSs and within 500 bp of one; None if no window is called
    natural : the same at natural prevalence; None if the model's threshold is used as it is
    precision : mean probability at natural prevalence of the windows that reach the cut-off; None
        without any, and without maps
    windows : how many do
    share_in_training, share_estimated : of the windows of the genome that belong to the class,
        where the model was trained and, estimated, in this sample; None without maps
    """

    class_: str
    call_at: str
    probability: Shortest | None
    probability_at_tss: Shortest | None
    natural: Digits4 | None
    precision: Decimals4 | None
    windows: int
    share_in_training: Digits4 | None
    share_estimated: Digits4 | None


@dataclass(frozen=True)
class Cutoffs:
    """The lowest probability of a called window, for each class but background.

    anywhere, at_tss : float, infinite where nothing is called
    tss : known TSSs, for `near_tss`
    """

    anywhere: tuple[float, ...]
    at_tss: tuple[float, ...]
    tss: Mapping[str, np.ndarray] | None = None

    @classmethod
    def everywhere(cls, thresholds: Sequence[float]) -> "Cutoffs":
        """The same thresholds at known TSSs and elsewhere."""
        return cls(tuple(thresholds), tuple(thresholds))

    @classmethod
    def of_rows(cls, rows: Sequence[Cutoff], tss: Mapping[str, np.ndarray] | None) -> "Cutoffs":
        def column(values: Sequence[float | None]) -> tuple[float, ...]:
            return tuple(np.inf if value is None else value for value in values)

        return cls(
            column([row.probability for row in rows]),
            column([row.probability_at_tss for row in rows]),
            tss,
        )

    def of_windows(self, chrom: str, centres: np.ndarray) -> np.ndarray:
        """Cut-offs of windows with these centres (bp): float32 (classes - 1, windows)."""
        at_tss = near_tss(self.tss, chrom, centres)
        columns = (np.array(column, np.float32)[:, None] for column in (self.anywhere, self.at_tss))
        anywhere, here = columns
        return np.where(at_tss, here, anywhere)


def read_cutoffs(path: Path, classes: Sequence[str]) -> tuple[Cutoff, ...]:
    """Read the table of call_elements.py. Raises InputError unless it is of these classes."""
    rows = read_rows(path, Cutoff)
    if tuple(row.class_ for row in rows) != tuple(classes[1:]):
        raise InputError(f"{path} does not have the classes {', '.join(classes[1:])}.")
    return rows


def parse_call_at(text: str, classes: Sequence[str]) -> tuple[CallAt, ...]:
    """What `--call_at` wants of each class but background.

    text : one wish for all classes, or `enhancer=WISH,promoter=WISH`; an element that is not named
        has the threshold of its model

    Raises InputError for a wish that there is not, and for an element that is named twice or not in
    the run.
    """
    parts = text.split(",")
    if "=" not in text and len(parts) == 1:
        return (_wish(text),) * (len(classes) - 1)
    elements = [class_named(name).element for name in classes[1:]]
    wishes: dict[str, CallAt] = {}
    for part in parts:
        element, _, wish = part.partition("=")
        if element not in elements or element in wishes:
            raise InputError(
                f"--call_at {text}: expected one wish for all classes, or one for each of "
                f"{', '.join(dict.fromkeys(elements))}, such as {elements[0]}=precision:0.5."
            )
        wishes[element] = _wish(wish)
    return tuple(wishes.get(element, CallAt()) for element in elements)


def _wish(text: str) -> CallAt:
    kind, _, number = text.partition(":")
    try:
        value = float(number or (0 if kind == "model" else "nan"))
    except ValueError:
        value = np.nan
    if kind == "model" and not number:
        return CallAt()
    if (kind in _SHARES and 0 < value < 1) or (kind in _AMOUNTS and 0 < value < np.inf):
        return CallAt(kind, value)  # type: ignore[arg-type]
    raise InputError(
        f"--call_at {text}: expected model, probability:P, precision:P or fdr:P with P between 0 "
        "and 1, number:N or mb:X."
    )


@dataclass(frozen=True)
class Wanted:
    """The parameters of the same names. threshold : None for that of the model"""

    call_at: str = "model"
    threshold: float | None = None
    class_share: str = CLASS_SHARES[0]


def find_cutoffs(
    scan: Probabilities,
    wanted: Wanted,
    zone: TssZone | None,
    tss: Mapping[str, np.ndarray] | None,
) -> tuple[Cutoff, ...]:
    """The cut-offs of a scan that fulfil what is wanted of each class but background.

    zone : where enhancer calls are removed; tss : known TSSs, for `near_tss`

    Raises InputError where --call_at is not clear, contradicts --threshold, or asks for a
    probability of a model without maps.
    """
    wishes = parse_call_at(wanted.call_at, scan.classes)
    return _Search(NaturalScan(scan, tss, wanted.class_share), zone).find(wishes, wanted.threshold)


class _Search:
    """Finds the cut-offs of one scan."""

    def __init__(self, natural: NaturalScan, zone: TssZone | None) -> None:
        self.natural = natural
        self.scan = natural.scan
        self.zone = zone

    def find(self, wishes: Sequence[CallAt], threshold: float | None) -> tuple[Cutoff, ...]:
        self._refuse(wishes, threshold)
        models = call_thresholds(self.scan.thresholds, threshold)
        cuts: list[tuple[float, float]] = []
        natural: list[float | None] = []
        for k, (wish, own) in enumerate(zip(wishes, models, strict=True)):
            q = self._wanted(k, wish, own, threshold is None)
            natural.append(q)
            cuts.append((own, own) if q is None else self._cut(k, q, own, wish))
        if any(wish.kind in _AMOUNTS for wish in wishes):
            self._search(wishes, cuts, natural)
        return tuple(
            self._row(k, wish, cut, q)
            for k, (wish, cut, q) in enumerate(zip(wishes, cuts, natural, strict=True))
        )

    def _refuse(self, wishes: Sequence[CallAt], threshold: float | None) -> None:
        wanted = sorted({str(wish) for wish in wishes if wish.kind != "model"})
        if wanted and threshold is not None:
            raise InputError(
                f"--call_at {wanted[0]} and --threshold {threshold:g} both set the cut-off of "
                "calls: leave one of them out."
            )
        shares = sorted({str(wish) for wish in wishes if wish.kind in _SHARES})
        if shares and self.scan.natural is None:
            raise InputError(
                f"--call_at {shares[0]} needs probabilities at natural prevalence, which this "
                f"{self.scan.model} lacks: it was made without labels, or with --split random. Use "
                "number:N or mb:X, or train with labels and --split chromosome."
            )

    def _wanted(self, k: int, wish: CallAt, own: float, as_trained: bool) -> float | None:
        """The probability at natural prevalence to cut at; None for the model's threshold as it
        is, and where it has to be searched. as_trained : --threshold does not move it"""
        natural = self.scan.natural
        if wish.kind in _AMOUNTS:
            return None
        if wish.kind == "probability":
            return wish.value
        if wish.kind in _SHARES:
            return self._of_precision(k, wish.value if wish.kind == "precision" else 1 - wish.value)
        if natural is None or facts(self.scan.model).calibrated != "natural" or own in (0, 1):
            return None
        level = min(int(np.ceil(own * (LEVELS - 1))), LEVELS - 1)
        q = float(natural.anywhere[k].table()[level])
        if not as_trained or self.natural.is_own or self.natural.adapted:
            return q
        return min(q, self._of_share(k, natural.anywhere[k].prior))

    def _of_share(self, k: int, share: float) -> float:
        """The highest probability that at least a share of all windows reach."""
        q = np.concatenate([self.natural.q[place][k] for place in range(2)])
        windows = self.natural.windows[:, k].ravel()
        order = np.argsort(-q, kind="stable")
        n = np.cumsum(windows[order])
        return float(q[order[np.searchsorted(n, share * n[-1])]])

    def _of_precision(self, k: int, precision: float) -> float:
        """The lowest probability above which the mean probability is at least `precision`."""
        q = np.concatenate([self.natural.q[place][k] for place in range(2)])
        windows = self.natural.windows[:, k].ravel()
        order = np.argsort(-q, kind="stable")
        n, expected = np.cumsum(windows[order]), np.cumsum((windows * q)[order])
        reached = np.flatnonzero((n > 0) & (expected >= precision * n))
        return float(q[order[reached[-1]]]) if len(reached) else np.inf

    def _cut(self, k: int, q: float, own: float, wish: CallAt) -> tuple[float, float]:
        """The lowest probabilities, as stored, away from known TSSs and at one."""
        anywhere, at_tss = (_lowest(self.natural.q[place][k], q) for place in range(2))
        is_own = wish.kind == "model" and self.natural.is_own
        return (own if is_own else anywhere, at_tss)

    def _search(
        self,
        wishes: Sequence[CallAt],
        cuts: list[tuple[float, float]],
        natural: list[float | None],
    ) -> None:
        """Enter the cut-offs of classes of which an amount is wanted.

        Calls are counted at falling cut-offs until there are too many, and then between the last
        two. Of all that were tried, the one with the most calls (or bp) that are not too many is
        taken: at very low cut-offs calls merge, and there are fewer. Classes displace each other's
        calls, so that this is repeated until nothing changes.
        """
        tracks = {chrom: self.scan.load(chrom) for chrom in self.scan.chroms}
        searched = [k for k, wish in enumerate(wishes) if wish.kind in _AMOUNTS]
        for _ in range(_ROUNDS if len(searched) > 1 else 1):
            before = [*cuts]
            for k in searched:
                self._search_one(k, wishes[k], tracks, cuts, natural)
            if cuts == before:
                break

    def _search_one(
        self,
        k: int,
        wish: CallAt,
        tracks: Mapping[str, np.ndarray],
        cuts: list[tuple[float, float]],
        natural: list[float | None],
    ) -> None:
        """Enter the cut-off of one class, with those of the others as they are."""
        limit = wish.value * (1e6 if wish.kind == "mb" else 1)

        def amount(log_odds: float) -> int:
            there = [*cuts]
            there[k] = self._cut(k, float(expit(log_odds)), 0, wish)
            calls = self._calls(tracks, there)
            of_class = [c.take(c.class_index == k + 1) for c in calls.values()]
            if wish.kind == "mb":
                return sum(int((c.end - c.start).sum()) for c in of_class)
            return sum(map(len, of_class))

        best = _largest(amount, limit)
        natural[k] = None if best is None else float(expit(best))
        nothing = (np.inf, np.inf)
        cuts[k] = nothing if best is None else self._cut(k, float(expit(best)), 0, wish)

    def _calls(
        self, tracks: Mapping[str, np.ndarray], cuts: Sequence[tuple[float, float]]
    ) -> dict[str, Calls]:
        scan = self.scan
        anywhere, at_tss = zip(*cuts, strict=True)
        cutoffs = Cutoffs(anywhere, at_tss, self.natural.tss)
        runs = {}
        for chrom, track in tracks.items():
            lowest = cutoffs.of_windows(chrom, scan.centres(track.shape[1]))
            runs[chrom] = find_runs(track, scan.step, scan.window, lowest)
        return call_genome(runs, scan.classes, scan.step, self.zone)

    def _row(self, k: int, wish: CallAt, cut: tuple[float, float], natural: float | None) -> Cutoff:
        n, expected = 0, 0.0
        for place in range(2):
            first = LEVELS if np.isinf(cut[place]) else int(np.ceil(cut[place] * (LEVELS - 1)))
            of_place = self.natural.windows[place, k, first:]
            n += int(of_place.sum())
            expected += float(of_place @ self.natural.q[place][k][first:])
        shares = self.natural.shares[k]
        known = shares is not None and n > 0
        return Cutoff(
            class_=self.scan.classes[k + 1],
            call_at=str(wish),
            probability=None if np.isinf(cut[0]) else cut[0],
            probability_at_tss=None if np.isinf(cut[1]) else cut[1],
            natural=None if natural is None or np.isinf(natural) else natural,
            precision=expected / n if known else None,
            windows=n,
            share_in_training=shares and shares[0],
            share_estimated=shares and shares[1],
        )


def _lowest(table: np.ndarray, q: float) -> float:
    """The lowest stored probability with q or more: between two levels, so that rounding cannot
    move a window to the other side."""
    level = first_level(table, q)
    return np.inf if level == LEVELS else (level - 0.5) / (LEVELS - 1)


def _largest(amount: Callable[[float], int], limit: float) -> float | None:
    """The log odds with the largest amount that is above 0 and not above the limit."""
    tried: list[tuple[int, float]] = []
    above = below = np.inf
    for log_odds in _GRID.tolist():
        tried.append((amount(log_odds), log_odds))
        if tried[-1][0] > limit:
            below = log_odds
            break
        above = log_odds
    if np.isfinite(below) and np.isfinite(above):
        for _ in range(_HALVINGS):
            middle = (above + below) / 2
            tried.append((amount(middle), middle))
            if tried[-1][0] > limit:
                below = middle
            else:
                above = middle
    fitting = [one for one in tried if 0 < one[0] <= limit]
    return max(fitting)[1] if fitting else None
