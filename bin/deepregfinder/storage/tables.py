"""Tables: text with tabs."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import numpy as np

from deepregfinder.storage.atomic import written_whole


def write_table(path: Path, rows: Sequence[Sequence[object]]) -> None:
    """Write rows, the header first, with tabs; numbers with six decimals, "." for none."""

    def text(value: object) -> str:
        if isinstance(value, float | np.floating):
            return f"{value:.6f}" if np.isfinite(value) else ("inf" if value > 0 else ".")
        return str(value)

    with written_whole(path) as part:
        part.write_text("".join("\t".join(map(text, row)) + "\n" for row in rows))
