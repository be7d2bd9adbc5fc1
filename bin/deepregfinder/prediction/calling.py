"""From probabilities along the genome to calls, and their BED files.

How windows become calls, one chromosome at a time:

1. Each element class has a threshold (cutoffs.py). The best class of a window is the element
   class with the highest ratio of calibrated probability to threshold, and the window is kept if
   that probability is at least that threshold. (Of equal classes, the first in class order is the
   best.) Background has no threshold, and its probability is not compared: at natural prevalence
   it is the most probable class of nearly every window.
2. Consecutive kept windows of one class that overlap or touch are joined to a run, unless a kept
   window of another class lies between them. A run extends from the start of its first window to
   the end of its last. Its score is its highest probability, and its summit is the midpoint of the
   first window with that probability.
3. Runs of enhancer classes (any state) within `--tss_distance` of a merged TSS are removed, for any
   number of classes. This step comes before step 4, so that a removed run cannot displace a call.
4. If runs of different classes overlap, the one with the higher score takes the overlap. Runs are
   placed in the order of score (of equal scores, the leftmost first). A run whose summit lies in a
   placed call of another class is dropped; otherwise it is trimmed to the free part around its
   summit. A remainder shorter than one step is dropped.
5. Calls of one class that overlap or touch are merged, with the score and summit of the better one.

Therefore calls do not overlap, are not shorter than one step, and contain their summit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd

from deepregfinder.classes import class_named
from deepregfinder.errors import InputError
from deepregfinder.genome.bedtools import near
from deepregfinder.storage.atomic import written_whole

_PLACED, _DROPPED = 1, -1


@dataclass(frozen=True)
class Calls:
    """Calls of one chromosome, sorted by start.

    start, end : int64, shape (n,), bp, 0-based half-open
    class_index : int64, shape (n,), index of the class (never 0, background)
    score : float32, shape (n,), best calibrated probability
    summit : int64, shape (n,), midpoint of the best window
    """

    start: np.ndarray
    end: np.ndarray
    class_index: np.ndarray
    score: np.ndarray
    summit: np.ndarray

    def __len__(self) -> int:
        return len(self.start)

    def take(self, which: np.ndarray) -> "Calls":
        """The calls that a mask or an index array selects."""
        return Calls(*(getattr(self, field.name)[which] for field in fields(self)))


@dataclass(frozen=True)
class TssZone:
    """Where no enhancer is called: within `distance` bp of TSSs.

    sites : chrom, start, end of merged TSSs (`elements.merged_tss`)
    """

    sites: pd.DataFrame
    distance: int


def call_thresholds(of_model: Sequence[float], given: float | None) -> tuple[float, ...]:
    """The lowest probability of a called window, for each element class.

    Probabilities of different models are not comparable: most are calibrated among labelled
    windows, of which elements are a large part, some at natural prevalence. `given` (--threshold)
    is therefore relative to the thresholds of the model: 0.5 leaves them as they are, and t
    multiplies the odds p / (1 - p) that they ask for by t / (1 - t). Where the threshold of the
    model is 0.5, it becomes t.

    of_model : those of its bundle; given : from 0 to 1, None for those of the model
    """
    if given is None:
        return tuple(of_model)
    if given in (0, 1):
        return (float(given),) * len(of_model)
    return tuple(
        round(given * own / (given * own + (1 - given) * (1 - own)), 12) for own in of_model
    )


def called_classes(
    probabilities: np.ndarray, thresholds: float | Sequence[float] | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The class of each window, 0 where it is not kept, and its probability (step 1 above).

    Parameters
    ----------
    probabilities : float32, shape (classes, windows); background first
    thresholds : one for each class except background, shape (classes - 1,) or, where they differ
        between windows, (classes - 1, windows); or one for all

    Returns
    -------
    class index, int64 (windows,), and probability of the best element class, float32 (windows,)
    """
    lowest = np.asarray(thresholds, np.float32)
    if lowest.ndim < 2:
        lowest = lowest.reshape(-1, 1)
    lowest = np.broadcast_to(lowest, probabilities[1:].shape)
    relative = probabilities[1:] / np.maximum(lowest, np.float32(1e-9))
    best_class = relative.argmax(axis=0)[np.newaxis]
    best = np.take_along_axis(probabilities[1:], best_class, axis=0)[0]
    is_called = best >= np.take_along_axis(lowest, best_class, axis=0)[0]
    return np.where(is_called, best_class[0] + 1, 0), best


def find_runs(
    probabilities: np.ndarray,
    step: int,
    window: int,
    threshold: float | Sequence[float] | np.ndarray,
) -> Calls:
    """Join kept windows to runs (steps 1 and 2 above).

    Parameters
    ----------
    probabilities : float32, shape (classes, windows); background first; window i starts at i * step
    step, window : bp
    threshold : as in `called_classes`

    Returns
    -------
    Runs in order; their starts and their ends are strictly increasing.
    """
    best_class, best = called_classes(probabilities, threshold)
    kept = np.flatnonzero(best_class)
    if not len(kept):
        nothing = np.empty(0, np.int64)
        return Calls(nothing, nothing, nothing, np.empty(0, np.float32), nothing)
    class_index, score = best_class[kept].astype(np.int64), best[kept].astype(np.float32)
    opens = np.ones(len(kept), bool)
    opens[1:] = (np.diff(class_index) != 0) | (np.diff(kept) * step > window)
    first = np.flatnonzero(opens)
    last = np.append(first[1:], len(kept)) - 1
    run_score = np.maximum.reduceat(score, first)
    run_of = np.cumsum(opens) - 1
    is_best = np.flatnonzero(score == run_score[run_of])
    _, first_best = np.unique(run_of[is_best], return_index=True)
    return Calls(
        start=kept[first] * step,
        end=kept[last] * step + window,
        class_index=class_index[first],
        score=run_score,
        summit=kept[is_best[first_best]] * step + window // 2,
    )


def resolve_conflicts(runs: Calls, step: int) -> Calls:
    """Assign every base to at most one class (step 4 above).

    Starts and ends of runs increase together, so the runs that overlap a run are its neighbours on
    both sides, without gaps. Only groups of overlapping runs of more than one class are processed;
    other runs are unchanged.
    """
    n = len(runs)
    if n < 2:
        return runs
    linked = runs.start[1:] < runs.end[:-1]
    differs = linked & (runs.class_index[1:] != runs.class_index[:-1])
    group = np.concatenate([[0], np.cumsum(~linked)])
    contested = np.isin(group, group[1:][differs])
    start, end = runs.start.copy(), runs.end.copy()
    state = np.where(contested, 0, _PLACED)
    order = np.flatnonzero(contested)
    order = order[np.lexsort((order, -runs.score[order]))]

    lows, highs, states = start.tolist(), end.tolist(), state.tolist()
    run_start, run_end = runs.start.tolist(), runs.end.tolist()
    classes, summits = runs.class_index.tolist(), runs.summit.tolist()
    for one in order.tolist():
        low, high, summit = run_start[one], run_end[one], summits[one]
        left = one - 1
        while left >= 0 and run_end[left] > run_start[one]:
            if states[left] == _PLACED and classes[left] != classes[one]:
                low, high = _clear_of(lows[left], highs[left], summit, low, high)
            left -= 1
        right = one + 1
        while right < n and run_start[right] < run_end[one]:
            if states[right] == _PLACED and classes[right] != classes[one]:
                low, high = _clear_of(lows[right], highs[right], summit, low, high)
            right += 1
        states[one] = _PLACED if high - low >= step else _DROPPED
        lows[one], highs[one] = low, high
    trimmed = Calls(
        np.array(lows), np.array(highs), runs.class_index, runs.score, runs.summit
    ).take(np.array(states) == _PLACED)
    return trimmed.take(np.lexsort((trimmed.end, trimmed.start)))


def _clear_of(
    taken_start: int, taken_end: int, summit: int, low: int, high: int
) -> tuple[int, int]:
    """The part of [low, high) around the summit that is outside [taken_start, taken_end)."""
    if taken_end <= summit:
        return max(low, taken_end), high
    if taken_start > summit:
        return low, min(high, taken_start)
    return summit, summit


def merge_same_class(calls: Calls) -> Calls:
    """Merge neighbours of one class that overlap or touch (step 5 above)."""
    if len(calls) < 2:
        return calls
    reach = np.maximum.accumulate(calls.end)
    opens = np.ones(len(calls), bool)
    opens[1:] = (np.diff(calls.class_index) != 0) | (calls.start[1:] > reach[:-1])
    first = np.flatnonzero(opens)
    group = np.cumsum(opens) - 1
    best = np.lexsort((np.arange(len(calls)), -calls.score, group))[first]
    return Calls(
        start=calls.start[first],
        end=np.maximum.reduceat(calls.end, first),
        class_index=calls.class_index[first],
        score=calls.score[best],
        summit=calls.summit[best],
    )


def calls_table(calls: Mapping[str, Calls]) -> pd.DataFrame:
    """All calls in one table, in their order: chrom, start, end, class_index, score."""
    columns = ("start", "end", "class_index", "score")
    n = [len(of_chrom) for of_chrom in calls.values()]
    table = {"chrom": np.repeat(np.array(list(calls), dtype=object), n)}
    for name in columns:
        arrays = [getattr(of_chrom, name) for of_chrom in calls.values()]
        table[name] = np.concatenate(arrays) if arrays else np.empty(0, np.int64)
    return pd.DataFrame(table)


def remove_near_tss(
    runs: Mapping[str, Calls], classes: Sequence[str], zone: TssZone
) -> dict[str, Calls]:
    """Remove runs of enhancer classes near a merged TSS (step 3 above)."""
    is_enhancer = np.array([class_named(name).element == "enhancer" for name in classes])
    table = calls_table(runs)
    enhancers = np.flatnonzero(is_enhancer[table["class_index"].to_numpy(np.int64)])
    removed = np.zeros(len(table), bool)
    removed[enhancers] = near(table.iloc[enhancers], zone.sites, zone.distance)
    ends = np.cumsum([len(of_chrom) for of_chrom in runs.values()])[:-1]
    kept = np.split(~removed, ends) if runs else []
    return {
        chrom: of_chrom.take(keep)
        for (chrom, of_chrom), keep in zip(runs.items(), kept, strict=True)
    }


def call_genome(
    runs: Mapping[str, Calls],
    classes: Sequence[str],
    step: int,
    zone: TssZone | None = None,
) -> dict[str, Calls]:
    """Turn the runs of all chromosomes into calls (steps 3 to 5 above).

    Parameters
    ----------
    runs : chromosome -> runs of `find_runs`
    classes : class names, background first
    step : distance between windows, bp
    zone : where enhancer calls are removed; None removes nothing

    Returns
    -------
    Chromosome -> calls sorted by start, without overlap; chromosomes in the order of `runs`.
    """
    if zone is not None:
        runs = remove_near_tss(runs, classes, zone)
    return {
        chrom: merge_same_class(resolve_conflicts(of_chrom, step))
        for chrom, of_chrom in runs.items()
    }


def write_calls(path: Path, calls: Mapping[str, Calls], classes: Sequence[str], step: int) -> None:
    """Write calls of all chromosomes as BED9, in the order of `sort -k1,1 -k2,2n`, without header.

    Columns: chrom, start, end, class, score (1000 x best calibrated probability, rounded), ".", the
    central `step` bp of the best window (thickStart, thickEnd), colour of the class. Without
    calls the file is empty.
    """
    colours = [",".join(map(str, class_named(name).colour)) for name in classes]
    with written_whole(path) as part, part.open("w") as out:
        for chrom in sorted(calls, key=str.encode):
            of_chrom = calls[chrom]
            thick_start = np.maximum(of_chrom.summit - step // 2, of_chrom.start)
            thick_end = np.minimum(of_chrom.summit - step // 2 + step, of_chrom.end)
            score = np.rint(of_chrom.score.astype(np.float64) * 1000).astype(np.int64)
            columns = (
                of_chrom.start,
                of_chrom.end,
                of_chrom.class_index,
                score,
                thick_start,
                thick_end,
            )
            out.writelines(
                f"{chrom}\t{start}\t{end}\t{classes[index]}\t{points}\t.\t{low}\t{high}\t{colours[index]}\n"
                for start, end, index, points, low, high in zip(
                    *(column.tolist() for column in columns), strict=True
                )
            )


def read_calls(path: Path, classes: Sequence[str]) -> dict[str, Calls]:
    """Read a file of `write_calls`: chromosome -> calls, in the order of the file.

    Scores have three digits; a summit is the middle of the thick part. Raises InputError for a line
    that is not a call of one of the classes.
    """
    index = {name: place for place, name in enumerate(classes)}
    rows: dict[str, list[tuple[int, int, int, float, int]]] = {}
    for number, line in enumerate(Path(path).read_text().splitlines(), 1):
        columns = line.split("\t")
        if len(columns) != 9 or columns[3] not in index:
            raise InputError(
                f"{path}, line {number}: expected a call (BED9) of one of the classes "
                f"{', '.join(classes[1:])}, found {line[:80]!r}."
            )
        start, end, score, low, high = (int(columns[i]) for i in (1, 2, 4, 6, 7))
        rows.setdefault(columns[0], []).append(
            (start, end, index[columns[3]], score / 1000, (low + high) // 2)
        )
    calls = {}
    for chrom, of_chrom in rows.items():
        start_, end_, class_, score_, summit_ = (np.array(c) for c in zip(*of_chrom, strict=True))
        calls[chrom] = Calls(start_, end_, class_, score_.astype(np.float32), summit_)
    return calls
