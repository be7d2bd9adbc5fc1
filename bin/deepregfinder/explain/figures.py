"""The plots of an explanation, each with a table of the numbers shown."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from scipy.cluster.hierarchy import dendrogram

from deepregfinder.classes import class_named
from deepregfinder.explain.attributions import Attributions
from deepregfinder.explain.elimination import Elimination
from deepregfinder.explain.explanation import Explanation
from deepregfinder.explain.filters import Filters, clustered_rows, standardised
from deepregfinder.explain.importance import Importance
from deepregfinder.explain.places import Places
from deepregfinder.explain.profiles import Profiles
from deepregfinder.figure import INK, PALE, new_figure, shaded
from deepregfinder.models.hmm.chromhmm import state_table
from deepregfinder.storage.tables import write_table

DIVERGING = "RdBu_r"
_STRONGEST = 2.5

Rows = list[Sequence[object]]


def draw_explanation(folder: Path, explanation: Explanation) -> None:
    """Draw all available plots of an explanation."""
    bundle = explanation.bundle
    title = f"{explanation.sample}, {explanation.model}"
    draw_importance(folder, bundle.classes, bundle.marks, explanation.importance, title)
    draw_elimination(folder, bundle.classes, bundle.marks, explanation.elimination, title)
    if explanation.profiles is not None and explanation.profiles.calls.any():
        draw_profiles(folder, bundle.classes, bundle.marks, explanation.profiles, title)
    if explanation.attributions:
        draw_attributions(
            folder, bundle.classes, bundle.marks, bundle.bin_size, explanation.attributions, title
        )
    if explanation.filters is not None and explanation.places is not None:
        filters = explanation.filters
        draw_filter_activations(folder, bundle.classes, explanation.places, filters, title)
        draw_filter_weights(folder, bundle.classes, bundle.marks, bundle.bin_size, filters, title)
    if bundle.facts.has_states:
        table = state_table(bundle.weights[0], bundle.marks, bundle.classes)
        draw_states(folder, bundle.classes, bundle.marks, table, title)


def draw_importance(
    folder: Path, classes: Sequence[str], marks: Sequence[str], importance: Importance, title: str
) -> None:
    """Loss in average precision when a mark is permuted, most important mark on top.

    Table: mark, class (or map), average_precision (intact), drop, sd (over repeats), repeats.
    """
    curves = [("map", "mean", INK, importance.intact[1:].mean(), importance.map_drops)]
    for index, name in enumerate(classes[1:], 1):
        member, drops = class_named(name), importance.drops[:, :, index]
        curves.append((name, member.label, member.hex_colour, importance.intact[index], drops))
    rows: Rows = [("mark", "class", "average_precision", "drop", "sd", "repeats")]
    order = np.argsort(np.nan_to_num(curves[0][4].mean(axis=1)), kind="stable")
    with new_figure(folder / "mark_importance.png", 6.2, 1.7 + 0.34 * len(marks)) as figure:
        axes = figure.subplots()
        axes.axvline(0, color=PALE, lw=0.8)
        shifts = np.linspace(0.24, -0.24, len(curves))
        for (name, label, colour, intact, drops), shift in zip(curves, shifts, strict=True):
            mean, sd = drops.mean(axis=1), drops.std(axis=1, ddof=1)
            rows += [
                (mark, name, intact, mean[row], sd[row], drops.shape[1])
                for row, mark in enumerate(marks)
            ]
            height = np.arange(len(marks)) + shift
            axes.errorbar(
                mean[order], height, xerr=sd[order], fmt="D" if name == "map" else "o", ms=4,
                color=colour, elinewidth=1.2, label=f"{label} (AP {intact:.3f})",
            )  # fmt: skip
        axes.set_yticks(range(len(marks)), [marks[row] for row in order])
        axes.set(ylim=(-0.6, len(marks) - 0.4), xlabel="Loss of average precision (± sd)")
        axes.set_title(f"{title}: one mark permuted")
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        figure.legend(loc="outside lower center", ncols=2)
    write_table(folder / "mark_importance.tsv", rows)


def draw_elimination(
    folder: Path, classes: Sequence[str], marks: Sequence[str], elimination: Elimination, title: str
) -> None:
    """Average precision as marks are removed one by one, from left to right.

    Table: marks_left, taken (the mark removed last), left (names), class (or map),
    average_precision.
    """
    lines = [("map", "mean", INK, elimination.areas[:, 1:].mean(axis=1))]
    for index, name in enumerate(classes[1:], 1):
        member = class_named(name)
        lines.append((name, member.label, member.hex_colour, elimination.areas[:, index]))
    taken = [".", *(marks[mark] for mark in elimination.order)]
    rows: Rows = [("marks_left", "taken", "left", "class", "average_precision")]
    for step, last in enumerate(taken):
        left = [mark for mark in marks if mark not in taken[1 : step + 1]]
        rows += [
            (len(left), last, ",".join(left) or ".", name, areas[step])
            for name, _, _, areas in lines
        ]
    with new_figure(folder / "mark_elimination.png", 2.2 + 0.42 * len(taken), 4.2) as figure:
        axes = figure.subplots()
        for name, label, colour, areas in lines:
            style = "D-" if name == "map" else "o-"
            axes.plot(areas, style, ms=4, color=colour, label=label)
        ticks = ["all marks", *(f"- {mark}" for mark in taken[1:])]
        axes.set_xticks(range(len(taken)), ticks, rotation=60, ha="right", fontsize=8)
        axes.set(ylim=(0, 1.02), ylabel="Average precision")
        axes.set_title(f"{title}: marks removed", fontsize=9)
        figure.legend(loc="outside lower center", ncols=3)
    write_table(folder / "mark_elimination.tsv", rows)


def draw_states(
    folder: Path, classes: Sequence[str], marks: Sequence[str], table: pd.DataFrame, title: str
) -> None:
    """Probability of each mark in each state, and its enrichment in training windows.

    table : of `chromhmm.state_table`, which is also written
    """
    names = [
        f"{state}  {class_named(name).label}  {share:.1%}"
        for state, name, share in zip(table["state"], table["class"], table["share"], strict=True)
    ]
    emission = table[list(marks)].to_numpy()
    fold = table[[f"fold_{name}" for name in classes]].to_numpy()
    width = 2.6 + 0.46 * (len(marks) + len(classes))
    with new_figure(folder / "states.png", width, 1.8 + 0.3 * len(table)) as figure:
        left, right = figure.subplots(1, 2, width_ratios=[len(marks), len(classes)])
        shaded(left, emission, [f"{100 * p:.0f}" for p in emission.ravel()], marks, names)
        left.set_title(f"{title}: mark present (%)", fontsize=9)
        labels = [class_named(name).label for name in classes]
        highest = np.maximum(fold.max(axis=1, keepdims=True), 1e-9)
        shaded(right, fold / highest, [f"{x:.2g}" for x in fold.ravel()], labels, [""] * len(table))
        right.set_title("Fold", fontsize=9)
        for axes in (left, right):
            axes.set_aspect("auto")
            axes.tick_params(axis="x", rotation=60)
    write_table(folder / "states.tsv", [tuple(table.columns), *table.itertuples(index=False)])


def draw_profiles(
    folder: Path, classes: Sequence[str], marks: Sequence[str], profiles: Profiles, title: str
) -> None:
    """Mean signal around the summits of calls, one panel per mark.

    Table: class, calls, mark, offset (bp), rpm (mean reads per million per bin).
    """
    called = [index for index in range(1, len(classes)) if profiles.calls[index]]
    columns = min(4, len(marks))
    lines = -(-len(marks) // columns)
    width, height = max(4.6, 2.15 * columns), 1.0 + 1.65 * lines
    with new_figure(folder / "signal_profiles.png", width, height) as figure:
        panels = figure.subplots(lines, columns, sharex=True, squeeze=False).ravel()
        for row, (axes, mark) in enumerate(zip(panels, marks, strict=False)):
            axes.axvline(0, color=PALE, lw=0.8)
            for index in called:
                label = f"{class_named(classes[index]).label} ({profiles.calls[index]:,} calls)"
                axes.plot(
                    profiles.offsets / 1000, profiles.rpm[index, row], lw=1.4,
                    color=class_named(classes[index]).hex_colour, label=label,
                )  # fmt: skip
            axes.set_ylim(bottom=0)
            axes.set_title(mark)
            axes.yaxis.set_major_locator(MaxNLocator(3))
            axes.margins(x=0)
            axes.set_xticks([-5, 0, 5])
            if row + columns >= len(marks):
                axes.tick_params(labelbottom=True)
                axes.set_xlabel("kb from the summit")
        for axes in panels[len(marks) :]:
            axes.remove()
        _figure_title(figure, f"{title}: signal of calls")
        figure.supylabel("Reads per million in a bin", fontsize=9)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
    rows: Rows = [("class", "calls", "mark", "offset", "rpm")]
    rows += [
        (classes[index], profiles.calls[index], mark, offset, rpm)
        for index in called
        for row, mark in enumerate(marks)
        for offset, rpm in zip(profiles.offsets, profiles.rpm[index, row], strict=True)
    ]
    write_table(folder / "signal_profiles.tsv", rows)


def draw_attributions(
    folder: Path,
    classes: Sequence[str],
    marks: Sequence[str],
    bin_size: int,
    attributions: Mapping[int, Attributions],
    title: str,
) -> None:
    """Mean attribution of each mark and bin, one panel per class, with the sum of each mark.

    Table: class, windows, mark, offset (bp, from the middle of the window to that of the bin),
    attribution.
    """
    means = {index: one.values.mean(axis=0) for index, one in attributions.items()}
    n_bins = next(iter(means.values())).shape[1]
    offsets = bin_offsets(n_bins, bin_size)
    top = max(float(np.abs(mean).max()) for mean in means.values())
    width = 1.6 + 2.6 * len(means)
    with new_figure(folder / "attributions.png", width, 1.5 + 0.27 * len(marks)) as figure:
        panels = figure.subplots(1, len(means), squeeze=False)[0]
        images = []
        for axes, (index, mean) in zip(panels, means.items(), strict=True):
            images.append(_heat_map(axes, mean, offsets, bin_size, top))
            _mark_names(axes, marks if axes is panels[0] else [""] * len(marks))
            for row, total in enumerate(mean.sum(axis=1)):
                axes.text(
                    1.03, row, f"{total:+.2f}".replace("-", "\N{MINUS SIGN}"), va="center",
                    transform=axes.get_yaxis_transform(), fontsize=7, color=INK,
                )  # fmt: skip
            label = class_named(classes[index]).label
            axes.set_title(
                f"{label} (n = {len(attributions[index].difference)})",
                color=class_named(classes[index]).hex_colour,
            )
            axes.set_xticks([offsets[0] - bin_size / 2, 0, offsets[-1] + bin_size / 2])
            axes.set_xlabel("bp from the centre")
        bar = figure.colorbar(images[0], ax=list(panels), fraction=0.04, pad=0.06)
        bar.set_label("Attribution (ln odds)")
        bar.outline.set_visible(False)
        _figure_title(figure, f"{title}: integrated gradients, mean of the best windows")
    rows: Rows = [("class", "windows", "mark", "offset", "attribution")]
    rows += [
        (classes[index], len(attributions[index].difference), mark, int(offset), value)
        for index, mean in means.items()
        for mark, values in zip(marks, mean, strict=True)
        for offset, value in zip(offsets, values, strict=True)
    ]
    write_table(folder / "attributions.tsv", rows)


def draw_filter_activations(
    folder: Path, classes: Sequence[str], places: Places, filters: Filters, title: str
) -> None:
    """Scores of all filters on the best windows, both clustered, windows within their class.

    Table: class, chrom, start and probability of each window, then its score of each filter.
    """
    z = standardised(filters.scores)
    present = np.unique(places.class_index).tolist()
    groups = []
    for index in present:
        members = np.flatnonzero(places.class_index == index)
        groups.append(members[clustered_rows(z[members])])
    n_filters = z.shape[1]
    with new_figure(folder / "filter_activations.png", 8.4, 1.9 + 0.15 * n_filters) as figure:
        grid = figure.add_gridspec(
            1, len(groups) + 2, width_ratios=(0.4, *[3 / len(groups)] * len(groups), 0.4)
        )
        panels = [figure.add_subplot(grid[place]) for place in range(len(groups) + 2)]
        tree, *bodies, shares = panels
        # A leaf of a dendrogram is 10 high.
        leaves = dendrogram(
            filters.tree, ax=tree, orientation="left", no_labels=True, color_threshold=0,
            above_threshold_color=INK,
        )["leaves"]  # fmt: skip
        for lines in tree.collections:
            lines.set_linewidth(0.7)
        middle = 10 * np.arange(n_filters) + 5
        for body, members in zip(bodies, groups, strict=True):
            image = body.imshow(
                z[members][:, leaves].T, cmap=DIVERGING, vmin=-_STRONGEST, vmax=_STRONGEST,
                aspect="auto", interpolation="nearest", extent=(0, len(members), 10 * n_filters, 0),
            )  # fmt: skip
        shares.barh(middle, np.nan_to_num(filters.explained[leaves]), height=6, color=PALE)
        for axes in panels:
            _bare(axes)
            axes.set_ylim(10 * n_filters, 0)
        for body, index, members in zip(bodies, present, groups, strict=True):
            member = class_named(classes[index])
            label = member.label.replace(" ", "\n")
            body.set_title(f"{label} ({len(members)})", color=member.hex_colour, fontsize=9)
            body.spines["top"].set(visible=True, color=member.hex_colour, linewidth=4)
        _name_filters(bodies[-1], classes, filters, leaves, middle)
        shares.set(xlim=(0, 1), xlabel="Share of\nfirst component")
        shares.xaxis.set_major_formatter(PercentFormatter(1))
        shares.set_xticks([0, 1])
        shares.tick_params(labelbottom=True)
        bar = figure.colorbar(image, ax=panels, location="bottom", shrink=0.4, aspect=40, pad=0.01)
        bar.set_label("Dot product (standard deviations of the filter)")
        _figure_title(figure, f"{title}: filters of the first layer, on the best test windows")
    numbers = [f"filter_{number + 1}" for number in range(n_filters)]
    rows: Rows = [("class", "chrom", "start", "probability", *numbers)]
    rows += [
        (classes[index], chrom, int(start), probability, *scores)
        for index, chrom, start, probability, scores in zip(
            places.class_index,
            places.chrom,
            places.start,
            places.score,
            filters.scores,
            strict=True,
        )
    ]
    write_table(folder / "filter_activations.tsv", rows)
    _write_filters(folder / "filters.tsv", classes, filters, leaves)


def draw_filter_weights(
    folder: Path,
    classes: Sequence[str],
    marks: Sequence[str],
    bin_size: int,
    filters: Filters,
    title: str,
) -> None:
    """Weights of the most specific filters, one panel each; the table has those of all filters.

    Table: filter, shown, mark, offset (bp), weight (of normalised signal, before batch norm).
    """
    offsets = bin_offsets(filters.weights.shape[2], bin_size)
    shown = filters.shown or tuple(np.argsort(-filters.specificity, kind="stable")[:1].tolist())
    top = float(np.abs(filters.weights[list(shown)]).max()) or 1.0
    width = 1.9 + 1.25 * len(shown)
    with new_figure(
        folder / "filter_weights.png", max(width, 4.6), 1.6 + 0.25 * len(marks)
    ) as figure:
        panels = figure.subplots(1, len(shown), squeeze=False)[0]
        for axes, number in zip(panels, shown, strict=True):
            image = _heat_map(axes, filters.weights[number], offsets, bin_size, top)
            _mark_names(axes, marks if axes is panels[0] else [""] * len(marks))
            member = class_named(classes[filters.favourite[number]])
            axes.set_title(
                f"{number + 1}\n{member.label}", color=member.hex_colour, loc="center", fontsize=9
            )
            axes.set_xticks([offsets[0], 0, offsets[-1]])
            axes.tick_params(labelsize=8)
        figure.supxlabel("Position in the filter (bp)", fontsize=9)
        bar = figure.colorbar(image, ax=list(panels), fraction=0.04, pad=0.02)
        bar.set_label("Weight")
        _figure_title(figure, f"{title}: weights of the filters most specific to a class")
    rows: Rows = [("filter", "shown", "mark", "offset", "weight")]
    rows += [
        (number + 1, str(number in filters.shown).lower(), mark, int(offset), weight)
        for number, of_filter in enumerate(filters.weights)
        for mark, weights in zip(marks, of_filter, strict=True)
        for offset, weight in zip(offsets, weights, strict=True)
    ]
    write_table(folder / "filter_weights.tsv", rows)


def _write_filters(
    path: Path, classes: Sequence[str], filters: Filters, leaves: Sequence[int]
) -> None:
    """A row for each filter, in the order of the clustering."""
    rows: Rows = [
        (
            *("filter", "class", "specificity", "shown", "explained"),
            *(f"mean_{name}" for name in classes),
        )
    ]
    rows += [
        (
            number + 1,
            classes[filters.favourite[number]],
            filters.specificity[number],
            str(number in filters.shown).lower(),
            filters.explained[number],
            *filters.means[number],
        )
        for number in leaves
    ]
    write_table(path, rows)


def bin_offsets(n_bins: int, bin_size: int) -> np.ndarray:
    """Distance in bp of the middle of each bin from the middle of the window."""
    return (np.arange(n_bins) - (n_bins - 1) / 2) * bin_size


def _heat_map(
    axes: Axes, values: np.ndarray, offsets: np.ndarray, bin_size: int, top: float
) -> Any:
    """Marks (rows) over bins (columns); white is 0."""
    low, high = float(offsets[0] - bin_size / 2), float(offsets[-1] + bin_size / 2)
    image = axes.imshow(
        values, cmap=DIVERGING, vmin=-top, vmax=top, aspect="auto", interpolation="nearest",
        extent=(low, high, len(values) - 0.5, -0.5),
    )  # fmt: skip
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return image


def _mark_names(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0)


def _name_filters(
    axes: Axes,
    classes: Sequence[str],
    filters: Filters,
    leaves: Sequence[int],
    middle: np.ndarray,
) -> None:
    """Label filters with their numbers; those in `shown` get the colour of their class."""
    axes.tick_params(labelright=True)
    axes.set_yticks(middle, [str(number + 1) for number in leaves], fontsize=7)
    for number, label in zip(leaves, axes.get_yticklabels(), strict=True):
        if number in filters.shown:
            label.set_color(class_named(classes[filters.favourite[number]]).hex_colour)
            label.set_fontweight("bold")


def _bare(axes: Axes) -> None:
    """Remove grid, ticks, labels and frame."""
    axes.grid(visible=False)
    axes.tick_params(length=0, labelbottom=False, labelleft=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _figure_title(figure: Figure, text: str) -> None:
    figure.suptitle(text, x=0.01, ha="left", fontsize=10, fontweight="bold")
