"""Warnings from the reads in labelled windows: labels, or marks, that are not what the sheet says.

All rules use the enrichment of labelled windows over their surroundings (surroundings.py). They
know these marks, in any spelling:

- H3K4me3, H3K27ac, H3K9ac and H3K4me2 are enriched in promoters, H3K4me1 and H3K27ac in enhancers
  (Heintzman et al. 2007);
- H3K4me3 prefers promoters to enhancers more than H3K27ac does, and all of them more than H3K4me1;
- H3K27me3, H3K36me3, H3K9me3 and H4K20me1 are less enriched in promoters than the marks above.

Other marks are only compared with other samples and with inputs.
"""

import re
from collections.abc import Container, Iterator, Sequence
from itertools import product

import numpy as np

from deepregfinder.quality.libraries import Libraries
from deepregfinder.quality.surroundings import LabelFit
from deepregfinder.quality.tables import Doubt

OF_PROMOTERS = ("h3k4me3", "h3k27ac", "h3k9ac", "h3k4me2")
OF_ENHANCERS = ("h3k4me1", "h3k27ac")
EXPECTED = {"promoter": OF_PROMOTERS, "enhancer": OF_ENHANCERS}
OUTSIDE = ("h3k27me3", "h3k36me3", "h3k9me3", "h4k20me1")
PREFERENCES = (("h3k4me3", "h3k27ac"), *((active, "h3k4me1") for active in OF_PROMOTERS))
"""Of each pair, the first mark prefers promoters to enhancers more than the second."""

LACKS = {"promoter": 2.0, "enhancer": 1.25}
"""Enrichment below which windows lack a mark that they should have (docs/methods.md)."""
CLEAR = {"promoter": 3.0, "enhancer": 2.0}
"""Enrichment of one mark that shows that the labels fit the reads."""
REVERSED = 1.25
OTHER_SAMPLE = 0.1
DEVIATIONS = 3


def label_doubts(libraries: Libraries, swapped: Container[str]) -> Iterator[Doubt]:
    """All warnings of this module, sample by sample.

    swapped : ids of libraries that belong to another sample, which explains odd preferences
    """
    fits = {(fit.sample, fit.element): fit for fit in libraries.fits}
    for sample in sorted({fit.sample for fit in libraries.fits}):
        promoter, enhancer = fits[sample, "promoter"], fits[sample, "enhancer"]
        unfit_promoters = list(_unfit_labels(libraries, promoter))
        exchanged = list(_exchanged_marks(libraries, promoter, enhancer, swapped))
        named = {name for doubt in exchanged for name in doubt.ids}
        yield from [*unfit_promoters, *_unfit_labels(libraries, enhancer), *exchanged]
        for fit in (promoter, enhancer):
            yield from _unenriched(libraries, fit, named)
        if not exchanged and not unfit_promoters:
            yield from _labels_of_another_sample(libraries, promoter, enhancer, swapped)


def plain_mark(mark: str) -> str:
    """The name of a mark in lower case, without other signs than letters and digits."""
    return re.sub(r"[^a-z0-9]", "", mark.lower())


def _of_marks(libraries: Libraries, sample: str, marks: Sequence[str]) -> list[int]:
    return [
        number
        for number, one in enumerate(libraries.identities)
        if one.role == "chip" and one.sample == sample and plain_mark(one.mark) in marks
    ]


def _times(enrichment: float) -> str:
    return "unknown" if np.isnan(enrichment) else f"{enrichment:.2f}"


def _unfit_labels(libraries: Libraries, fit: LabelFit) -> Iterator[Doubt]:
    """Labelled elements in which none of their marks is enriched."""
    rows = [
        number
        for number in _of_marks(libraries, fit.sample, EXPECTED[fit.element])
        if not np.isnan(fit.fold[number])
    ]
    if rows and fit.fold[rows].max() < LACKS[fit.element]:
        folds = ", ".join(f"{_times(fit.fold[n])} for {libraries.identities[n].id}" for n in rows)
        yield Doubt(
            "labels",
            tuple(libraries.identities[n].id for n in rows),
            f"The labelled {fit.element}s of {fit.sample} do not fit its reads: enrichment over "
            f"the surroundings is {folds}, and at least {LACKS[fit.element]:g} is expected of one "
            "of them. Peaks or TSSs may be shifted, or be of another assembly or sample; or the "
            "lists, or the reads, are poor.",
        )


def _exchanged_marks(
    libraries: Libraries, promoter: LabelFit, enhancer: LabelFit, swapped: Container[str]
) -> Iterator[Doubt]:
    """The two marks of a sample whose preferences are most clearly the wrong way round."""
    enriched = promoter.fold >= LACKS["promoter"]
    # A library without any enrichment is not of another mark, but of none.
    present = enriched | (enhancer.fold >= LACKS["enhancer"])
    only_promoters = [pair for pair in PREFERENCES if pair[1] == "h3k4me1"]
    only_promoters += product(OF_PROMOTERS, OUTSIDE)
    with np.errstate(divide="ignore", invalid="ignore"):
        preference = promoter.fold / enhancer.fold
    found = []
    for values, pairs, one_shown, other_shown in (
        (preference, PREFERENCES, present, present),
        (promoter.fold, only_promoters, present | True, enriched),
    ):
        for first, second in pairs:
            for one, other in product(
                _of_marks(libraries, promoter.sample, (first,)),
                _of_marks(libraries, promoter.sample, (second,)),
            ):
                if (
                    values[other] > REVERSED * values[one]
                    and one_shown[one]
                    and other_shown[other]
                    and libraries.identities[one].id not in swapped
                    and libraries.identities[other].id not in swapped
                ):
                    found.append((float(values[other] / values[one]), one, other))
    if found:
        _, one, other = max(found)
        a, b = libraries.identities[one], libraries.identities[other]
        yield Doubt(
            "marks",
            (a.id, b.id),
            f"{a.id} and {b.id} may be exchanged: in the labelled promoters and enhancers of "
            f"{a.sample}, enrichment over the surroundings is {_times(promoter.fold[one])} and "
            f"{_times(enhancer.fold[one])} for the first, {_times(promoter.fold[other])} and "
            f"{_times(enhancer.fold[other])} for the second. Check the files of both marks.",
        )


def _unenriched(libraries: Libraries, fit: LabelFit, named: set[str]) -> Iterator[Doubt]:
    """A mark that is absent where another one shows that the labels are right."""
    rows = _of_marks(libraries, fit.sample, EXPECTED[fit.element])
    known = [number for number in rows if not np.isnan(fit.fold[number])]
    if not known:
        return
    best = max(known, key=lambda number: float(fit.fold[number]))
    if fit.fold[best] < CLEAR[fit.element]:
        return
    for number in known:
        identity = libraries.identities[number]
        if fit.fold[number] < LACKS[fit.element] and identity.id not in named:
            named.add(identity.id)
            yield Doubt(
                "unenriched",
                (identity.id,),
                f"{identity.id} is not enriched in the labelled {fit.element}s of {fit.sample}: "
                f"enrichment over the surroundings is {_times(fit.fold[number])}, compared with "
                f"{_times(fit.fold[best])} for {libraries.identities[best].id}. The antibody may "
                "not have worked, or the file is of another mark or an input.",
            )


def _labels_of_another_sample(
    libraries: Libraries, promoter: LabelFit, enhancer: LabelFit, swapped: Container[str]
) -> Iterator[Doubt]:
    """Enhancers that fit the reads of another sample better, beyond what promoters do."""
    sample = enhancer.sample
    found = []
    for other in sorted({one.sample for one in libraries.identities if one.role == "chip"}):
        gains: list[float] = []
        variance = 0.0
        best: tuple[float, str, float, float] = (-np.inf, "", 0.0, 0.0)
        for mark in OF_ENHANCERS:
            own, theirs = (
                [n for n in rows if libraries.identities[n].id not in swapped]
                for rows in (_of_marks(libraries, name, (mark,)) for name in (sample, other))
            )
            if other == sample or not own or not theirs:
                continue
            folds = [[_pooled(fit, rows) for rows in (own, theirs)] for fit in (enhancer, promoter)]
            if not folds[0][0] >= LACKS["enhancer"]:
                continue  # it fits no labels, whosever they are
            with np.errstate(divide="ignore", invalid="ignore"):
                (own_in, their_in), (own_out, their_out) = np.log(folds)
            gains.append(float((their_in - own_in) - (their_out - own_out)))
            best = max(
                best, (gains[-1], libraries.identities[own[0]].mark, folds[0][0], folds[0][1])
            )
            variance += sum(
                1 / max(float(fit.inside[rows].sum()), 1)
                for fit, rows in product((enhancer, promoter), (own, theirs))
            )
        gain = float(np.mean(gains)) if gains else np.nan
        limit = max(OTHER_SAMPLE, DEVIATIONS * np.sqrt(variance) / max(len(gains), 1))
        if gain > limit and best[3] >= LACKS["enhancer"]:
            found.append((gain, other, best))
    if found:
        _, other, (_, mark, own_fold, other_fold) = max(found)
        yield Doubt(
            "labels",
            tuple(libraries.identities[n].id for n in _of_marks(libraries, sample, OF_ENHANCERS)),
            f"The labelled enhancers of {sample} fit the reads of {other} better than its own: "
            f"enrichment over the surroundings is {other_fold:.2f} for {mark} of {other}, and "
            f"{own_fold:.2f} for that of {sample}. The BAM files, or the peak lists, of the two "
            "samples may be exchanged.",
        )


def _pooled(fit: LabelFit, rows: Sequence[int]) -> float:
    """Enrichment of the pooled reads of some libraries; NaN if too few."""
    if np.isnan(fit.fold[list(rows)]).all():
        return np.nan
    ratio = fit.bins[1] / fit.bins[0]
    return float(fit.inside[list(rows)].sum() / fit.around[list(rows)].sum() * ratio)
