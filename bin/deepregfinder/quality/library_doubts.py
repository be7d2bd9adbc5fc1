"""Warnings about single libraries: shallow and weak ones, and controls with peaks."""

from collections.abc import Iterator, Mapping

import numpy as np

from deepregfinder.quality.accessibility import Accessibility
from deepregfinder.quality.exchanges import mark_rows
from deepregfinder.quality.libraries import Libraries
from deepregfinder.quality.tables import Doubt

SHALLOW_REPLICATE = 0.1
SHALLOW_MARK = 0.02
SHALLOW_CONTROL = 0.1
MORE_STRUCTURE = 1.1
"""A control has more structure than a mark if its strength is more than this multiple."""
LOWEST_TSS_ENRICHMENT = 5.0
"""ENCODE calls lower values concerning (hg38; hg19 6, mm10 10)."""
CONTROL_PEAKS = 2.5
"""Enrichment in promoters, relative to their surroundings, that no input has."""


def shallow_libraries(libraries: Libraries, controls: Mapping[str, str]) -> Iterator[Doubt]:
    """Replicates, marks and controls with far fewer reads than those that they belong to.

    controls : id of a library -> id of its control
    """
    rows = mark_rows(libraries)
    sizes, ids = libraries.sizes, [one.id for one in libraries.identities]
    for replicates in rows.values():
        deepest = max(replicates, key=lambda number: int(sizes[number]))
        for number in replicates:
            if sizes[number] < SHALLOW_REPLICATE * sizes[deepest]:
                yield Doubt(
                    "depth",
                    (ids[number], ids[deepest]),
                    f"{ids[number]} has {sizes[number]:,} reads, and its replicate {ids[deepest]} "
                    f"{sizes[deepest]:,}: it adds "
                    f"{sizes[number] / sizes[replicates].sum():.2%} of the signal, and tests of "
                    "differential elements lose power by it. Leave it out, or sequence it deeper.",
                )
    for (sample, mark), replicates in rows.items():
        others = [int(sizes[rows[place]].sum()) for place in rows if place[0] == sample]
        own, typical = int(sizes[replicates].sum()), int(np.median(others))
        if own < SHALLOW_MARK * typical:
            yield Doubt(
                "depth",
                tuple(ids[number] for number in replicates),
                f"{mark} of {sample} has {own:,} reads, and the marks of {sample} have {typical:,} "
                "in the median: its signal is mostly noise. Check the file, or leave out the mark.",
            )
    for control in sorted(set(controls.values()) & set(ids)):
        number = ids.index(control)
        marks = [ids.index(one) for one, own in controls.items() if own == control and one in ids]
        if marks:
            deepest = max(marks, key=lambda one: (int(sizes[one]), ids[one]))
            if sizes[number] < SHALLOW_CONTROL * sizes[deepest]:
                yield Doubt(
                    "depth",
                    (control, ids[deepest]),
                    f"The control {control} has {sizes[number]:,} reads, and its mark "
                    f"{ids[deepest]} {sizes[deepest]:,}: its reads per million are mostly noise. "
                    "Use a deeper control, or --control ignore.",
                )


def structured_controls(libraries: Libraries, controls: Mapping[str, str]) -> Iterator[Doubt]:
    """Controls that vary more along the genome than a mark, or are enriched in promoters."""
    ids = [one.id for one in libraries.identities]
    strength = libraries.strength
    for number, control in enumerate(libraries.identities):
        if control.role != "control":
            continue
        marks = [
            ids.index(one) for one, own in controls.items() if own == control.id and one in ids
        ]
        flatter = [
            one
            for one in marks
            if _is_measured(libraries, number)
            and libraries.sizes[one] >= SHALLOW_CONTROL * libraries.sizes[number]
            and strength[number] > MORE_STRUCTURE * strength[one]
        ]
        if flatter:
            flattest = min(flatter, key=lambda one: (float(strength[one]), ids[one]))
            more = f", and than {len(flatter) - 1} more of its marks" if len(flatter) > 1 else ""
            yield Doubt(
                "control",
                (control.id, *(ids[one] for one in flatter)),
                f"The control {control.id} has more structure along the genome (strength "
                f"{strength[number]:.2f}) than its mark {ids[flattest]} ({strength[flattest]:.2f})"
                f"{more}: the files may be exchanged, or the control is not an input.",
            )
            continue
        peaks = [
            (float(fit.fold[number]), fit.sample)
            for fit in libraries.fits
            if fit.element == "promoter" and fit.fold[number] >= CONTROL_PEAKS
        ]
        if peaks:
            fold, sample = max(peaks)
            yield Doubt(
                "control",
                (control.id,),
                f"The control {control.id} is enriched in the labelled promoters of {sample} "
                f"({fold:.2f} over the surroundings), like a mark: it is probably not an input.",
            )


def weak_accessibility(measured: Mapping[str, Accessibility]) -> Iterator[Doubt]:
    """Libraries whose reads are hardly enriched at TSSs. measured : by id of the library"""
    for name, one in measured.items():
        if one.tss_enrichment is not None and one.tss_enrichment < LOWEST_TSS_ENRICHMENT:
            yield Doubt(
                "accessibility",
                (name,),
                f"The TSS enrichment of {name} is {one.tss_enrichment:.1f}, and "
                f"{LOWEST_TSS_ENRICHMENT:g} or more in good libraries: much of it is background. "
                "Check the column assay and the file, or leave it out.",
            )


def _is_measured(libraries: Libraries, number: int) -> bool:
    """Whether a library varies by more than the noise of counting."""
    return not np.isnan(libraries.corrected[number, number])
