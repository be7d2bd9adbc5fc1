"""The style and output of all plots.

Images contain neither a date nor the version of the program, so that the same numbers give the same
bytes. Text in SVG files is stored as text, which a drawing program can edit.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepregfinder.storage.atomic import written_whole

DPI = 150
INK, PALE = "#333333", "#bbbbbb"

_STYLE: Any = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.constrained_layout.use": True,
    "svg.fonttype": "none",
    "svg.hashsalt": "deepregfinder",
}
_NO_METADATA: Any = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
}


@contextmanager
def new_figure(path: Path, width: float, height: float) -> Iterator[Figure]:
    """A figure in the style of all plots, in inches; saved on exit to `path` (PNG), and as SVG
    beside it."""
    with plt.rc_context(_STYLE):
        figure = plt.figure(figsize=(width, height))
        try:
            yield figure
            for kind, metadata in _NO_METADATA.items():
                with written_whole(Path(path).with_suffix(kind)) as part:
                    figure.savefig(part, dpi=DPI, metadata=metadata)
                    if kind == ".svg":
                        part.write_text(_with_steady_names(part.read_text()))
        finally:
            plt.close(figure)


def _with_steady_names(drawing: str) -> str:
    """Name clip paths by their order: matplotlib names some by memory address."""
    names = dict.fromkeys(re.findall(r'<clipPath id="(p[0-9a-f]{10})"', drawing))
    for number, name in enumerate(names, 1):
        drawing = drawing.replace(name, f"clip{number}")
    return drawing


@contextmanager
def figure_of(path: Path, width: float, height: float, panels: int = 1) -> Iterator[list[Axes]]:
    """Axes side by side in a figure of `new_figure`."""
    with new_figure(path, width, height) as figure:
        yield list(figure.subplots(1, panels, squeeze=False)[0])


def shaded(
    axes: Axes,
    share: np.ndarray,
    texts: Sequence[str],
    labels: Sequence[str],
    down: Sequence[str] | None = None,
) -> None:
    """A heat map of shares from 0 to 1, with a text in each cell, row by row.

    labels : of the columns; down : of the rows, if they differ
    """
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for ((row, column), value), text in zip(np.ndenumerate(share), texts, strict=True):
        axes.text(
            column, row, text, ha="center", va="center",
            fontsize=8, color="white" if value > 0.55 else INK,
        )  # fmt: skip
    axes.set_xticks(range(len(labels)), labels)
    rows = labels if down is None else down
    axes.set_yticks(range(len(rows)), rows)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
