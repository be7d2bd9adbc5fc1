"""Annotated calls: probabilities, variation between seeds, nearest TSS and blacklist.

The table has a row for each call, in the order of the calls: COLUMNS, with a column p_<class> for
each class (including background) before `seed_sd`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from deepregfinder.genome.bedtools import near
from deepregfinder.labels.ground_truth import POSITIVE_WITHIN
from deepregfinder.prediction.calling import Calls, calls_table
from deepregfinder.prediction.probabilities import Probabilities
from deepregfinder.storage.atomic import written_whole

COLUMNS = (
    *("chrom", "start", "end", "class", "score", "summit"),
    *(
        "seed_sd",
        "other_class",
        "other_p",
        "nearest_tss",
        "tss_distance",
        "tss_offset",
        "known_tss",
        "blacklisted",
    ),
)


def annotate(
    calls: Mapping[str, Calls],
    scan: Probabilities,
    tss: pd.DataFrame | None,
    blacklist: pd.DataFrame | None,
) -> pd.DataFrame:
    """Annotate calls; without a list of TSSs, nearest_tss and tss_offset are ".", tss_distance -1.

    Parameters
    ----------
    calls : by chromosome, made from `scan`
    tss : chrom, start, end, name, strand of each TSS; blacklist : chrom, start, end

    Returns
    -------
    DataFrame: score 0 to 1000; summit; tss_distance in bp (from the summit to the middle of the
    nearest TSS; of ties, the first by position, name and strand); tss_offset, how far the summit
    lies downstream of it in bp, negative upstream, "." for a TSS without a strand; p_<class> and
    seed_sd (the standard deviation over seeds of the probability of the class of the call, n - 1; 0
    for one seed) of the window at the summit; other_class and other_p, the other element class with
    the highest probability in any window whose middle is inside the call, and that probability
    ("." and 0 without another class): calls do not overlap, but a region can have two classes;
    known_tss 1 if tss_distance is at most 500; blacklisted 0 or 1.
    """
    table = calls_table(calls)
    chroms = table["chrom"].to_numpy()
    summit = _joined([of_chrom.summit for of_chrom in calls.values()])
    index = table["class_index"].to_numpy(np.int64)
    p = np.zeros((len(scan.classes), len(table)), np.float32)
    inside = np.zeros_like(p)
    sd = np.zeros(len(table), np.float32)
    for chrom in calls:
        on_chrom = chroms == chrom
        if on_chrom.any():
            best = scan.load(chrom)
            window = np.clip(
                (summit[on_chrom] - scan.window // 2) // scan.step, 0, best.shape[1] - 1
            )
            p[:, on_chrom] = best[:, window]
            sd[on_chrom] = _seed_sd(scan, chrom, index[on_chrom], window)
            start, end = (table.loc[on_chrom, side].to_numpy(np.int64) for side in ("start", "end"))
            inside[:, on_chrom] = highest_inside(best, scan.step, scan.window, start, end)
    inside[0] = inside[index, np.arange(len(table))] = 0
    other = inside.argmax(axis=0)
    names, distance, offset = nearest_tss(chroms, summit, tss)
    blacklisted = np.zeros(len(table), bool)
    if blacklist is not None and len(blacklist):
        blacklisted = near(table, blacklist, 0)
    return pd.DataFrame(
        {
            "chrom": chroms,
            "start": table["start"].to_numpy(np.int64),
            "end": table["end"].to_numpy(np.int64),
            "class": np.array(scan.classes)[index],
            "score": np.rint(table["score"].to_numpy(np.float64) * 1000).astype(np.int64),
            "summit": summit,
            **{f"p_{name}": row for name, row in zip(scan.classes, p, strict=True)},
            "seed_sd": sd,
            "other_class": np.where(other > 0, np.array(scan.classes)[other], "."),
            "other_p": inside.max(axis=0, initial=0),
            "nearest_tss": names,
            "tss_distance": distance,
            "tss_offset": offset,
            "known_tss": ((distance >= 0) & (distance <= POSITIVE_WITHIN)).astype(np.int64),
            "blacklisted": blacklisted.astype(np.int64),
        }
    )


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts).astype(np.int64) if parts else np.empty(0, np.int64)


def _seed_sd(scan: Probabilities, chrom: str, index: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Standard deviation over seeds of the probability of class `index` in `window`: (n,)."""
    if len(scan.seeds) == 1:
        return np.zeros(len(window), np.float32)
    sd: np.ndarray = scan.load_members(chrom)[:, index, window].std(axis=0, ddof=1)
    return sd


def highest_inside(
    probabilities: np.ndarray, step: int, window: int, start: np.ndarray, end: np.ndarray
) -> np.ndarray:
    """The highest probability of each class in windows with their middle in [start, end).

    probabilities : (classes, windows), one every `step` bp; start, end : bp, (n,), each with at
        least one middle inside

    Returns (classes, n).
    """
    first = -(-(start - window // 2) // step)
    last = -(-(end - window // 2) // step)
    edges = np.stack([first, last], axis=1).clip(0, probabilities.shape[1]).ravel()
    padded = np.pad(probabilities, ((0, 0), (0, 1)))
    return np.maximum.reduceat(padded, edges, axis=1)[:, ::2]


def nearest_tss(
    chroms: np.ndarray, summit: np.ndarray, tss: pd.DataFrame | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Name of the nearest TSS, distance and offset in bp: object, int64 and object, (n,).

    The offset is the distance in the direction of transcription, negative upstream, "." for a TSS
    without a strand. ".", -1 and "." for none.
    """
    names, distance = np.full(len(summit), ".", object), np.full(len(summit), -1, np.int64)
    offset = np.full(len(summit), ".", object)
    if tss is None:
        return names, distance, offset
    middle = ((tss["start"] + tss["end"]) // 2).to_numpy(np.int64)
    listed = tss[["chrom", "name", "strand"]].assign(middle=middle)
    for chrom, sites in listed.sort_values(["middle", "name", "strand"]).groupby("chrom"):
        rows = np.flatnonzero(chroms == chrom)
        at = sites["middle"].to_numpy()
        right = np.searchsorted(at, summit[rows])
        candidates = np.stack([np.clip(right - 1, 0, len(at) - 1), np.clip(right, 0, len(at) - 1)])
        gaps = np.abs(at[candidates] - summit[rows])
        nearest = at[candidates[gaps.argmin(axis=0), np.arange(len(rows))]]
        first = np.searchsorted(at, nearest)
        names[rows] = sites["name"].to_numpy()[first]
        distance[rows] = gaps.min(axis=0)
        strand = sites["strand"].to_numpy()[first]
        downstream = (summit[rows] - nearest) * np.where(strand == "-", -1, 1)
        offset[rows] = np.where(np.isin(strand, ["+", "-"]), downstream.astype(object), ".")
    return names, distance, offset


def write_annotated(path: Path, table: pd.DataFrame) -> None:
    """Write the table, tab-separated; probabilities have four decimals."""
    with written_whole(path) as part:
        table.to_csv(part, sep="\t", index=False, float_format="%.4f")
