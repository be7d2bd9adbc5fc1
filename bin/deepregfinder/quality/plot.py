"""Plot of the correlations between libraries."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deepregfinder.figure import figure_of


def draw_correlation(path: Path, names: Sequence[str], correlation: np.ndarray) -> None:
    """Heat map of the correlations, -1 blue to 1 red; NaN is white.

    correlation : float, shape (libraries, libraries)
    """
    size = 2.4 + 0.19 * len(names)
    with figure_of(path, size + 0.8, size) as (axes,):
        shades = axes.imshow(correlation, cmap="RdBu_r", vmin=-1, vmax=1)
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
        axes.set_yticks(range(len(names)), names, fontsize=7)
        axes.grid(visible=False)
        axes.set_title("Correlation of libraries")
        figure: Any = axes.get_figure()
        figure.colorbar(shades, ax=axes, shrink=0.6, label="Pearson correlation")
