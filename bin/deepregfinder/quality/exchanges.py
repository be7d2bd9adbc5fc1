"""Exchanged marks, seen from the correlation of the same marks between samples.

For marks m and n of samples s and t, the libraries correlate at least as well as they would with
exchanged names, because places that one mark occupies in all cell types are those of that mark:

    D = [r(s.m, t.m) + r(s.n, t.n) - r(s.m, t.n) - r(s.n, t.m)] / 2 >= 0

If m and n are exchanged in one of the samples, D changes its sign. Marks with almost the same
profile have a D near 0, which tells nothing. In the same way, a library of mark m that belongs to
the other sample changes the sign of

    [r(s.m, s.n) + r(t.m, t.n) - r(s.m, t.n) - r(t.m, s.n)] / 2
"""

from collections.abc import Container, Iterator
from itertools import combinations, product

import numpy as np

from deepregfinder.quality.libraries import Libraries
from deepregfinder.quality.tables import Doubt

EXCHANGED = 0.03
NOISE = 5
"""Whole sound panels have a D of 0.001 or more, and regions of n bins of -NOISE / sqrt(n) or more
(docs/methods.md)."""

Place = tuple[str, str]
"""Sample and mark."""


def mark_rows(libraries: Libraries) -> dict[Place, list[int]]:
    """The libraries (replicates) of every mark of every sample."""
    rows: dict[Place, list[int]] = {}
    for number, one in enumerate(libraries.identities):
        if one.role == "chip":
            rows.setdefault((one.sample, one.mark), []).append(number)
    return rows


def mean_correlation(libraries: Libraries, one: list[int], other: list[int]) -> float:
    """Mean corrected correlation between two groups of libraries; NaN if one is mostly noise."""
    return float(np.mean(libraries.corrected[np.ix_(one, other)]))


def exchanged_marks(libraries: Libraries, swapped: Container[str]) -> Iterator[Doubt]:
    """A warning for each pair of marks that seem exchanged in one sample or another.

    An exchange of two marks also changes their comparison with others: of pairs with a mark in
    common, only the clearest is reported.

    swapped : ids of libraries that belong to another sample, which would explain it
    """
    rows = mark_rows(libraries)
    samples = sorted({sample for sample, _ in rows})
    marks = sorted({mark for _, mark in rows})
    limit = max(EXCHANGED, NOISE / np.sqrt(max(libraries.n_bins, 1)))
    exchanges = []
    for m, n in combinations(marks, 2):
        with_both = [one for one in samples if (one, m) in rows and (one, n) in rows]
        found = [
            (gain, s, t)
            for s, t in combinations(with_both, 2)
            if not any(
                libraries.identities[number].id in swapped
                for place in product((s, t), (m, n))
                for number in rows[place]
            )
            and (gain := -_contrast(libraries, rows, s, t, m, n)) > limit
        ]
        if found:
            exchanges.append((max(found), m, n, found))
    named: set[str] = set()
    for (_, s, t), m, n, found in sorted(exchanges, reverse=True):
        if not named & {m, n}:
            named |= {m, n}
            in_all = set.intersection(*({one, other} for _, one, other in found))
            suspects = sorted(in_all or {one for _, *pair in found for one in pair})
            yield _exchange(libraries, rows, (m, n), (s, t), suspects)


def _exchange(
    libraries: Libraries,
    rows: dict[Place, list[int]],
    marks: tuple[str, str],
    samples: tuple[str, str],
    suspects: list[str],
) -> Doubt:
    (m, n), (s, t) = marks, samples
    by_name, crossed = (
        [mean_correlation(libraries, rows[s, a], rows[t, b]) for a, b in pairs]
        for pairs in (((m, m), (n, n)), ((m, n), (n, m)))
    )
    return Doubt(
        "marks",
        tuple(
            libraries.identities[number].id
            for place in product(suspects, (m, n))
            for number in rows[place]
        ),
        f"{m} and {n} may be exchanged in {' or '.join(suspects)}: {m} of {s} correlates with {n} "
        f"of {t} ({crossed[0]:.2f}), and {n} of {s} with {m} of {t} ({crossed[1]:.2f}), better "
        f"than each with its own name ({by_name[0]:.2f} and {by_name[1]:.2f}). Check the files of "
        "both marks.",
    )


def _contrast(
    libraries: Libraries, rows: dict[Place, list[int]], s: str, t: str, m: str, n: str
) -> float:
    r = {
        (a, b): mean_correlation(libraries, rows[s, a], rows[t, b]) for a in (m, n) for b in (m, n)
    }
    return (r[m, m] + r[n, n] - r[m, n] - r[n, m]) / 2


def sample_contrast(libraries: Libraries, s: str, t: str, mark: str) -> float | None:
    """The second contrast above, as the mean over all other marks that both samples have.

    None if one of the samples lacks the mark, or every other one.
    """
    rows = mark_rows(libraries)
    if (s, mark) not in rows or (t, mark) not in rows:
        return None
    values = []
    for other in sorted({name for sample, name in rows if sample == s} - {mark}):
        if (t, other) in rows:
            own, theirs = (
                mean_correlation(libraries, rows[a, mark], rows[a, other]) for a in (s, t)
            )
            crossed = [
                mean_correlation(libraries, rows[a, mark], rows[b, other])
                for a, b in ((s, t), (t, s))
            ]
            value = (own + theirs - sum(crossed)) / 2
            if not np.isnan(value):
                values.append(value)
    return float(np.mean(values)) if values else None
