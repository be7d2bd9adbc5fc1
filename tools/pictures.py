#!/usr/bin/env python3
"""Make the pictures of docs/output.md from a finished run: `make pictures`.

Plots are those of the run, smaller and with few colours; the report is what a browser shows of it.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click
from PIL import Image

AREA = 560 * 400  # pixels
COLOURS = 96
LARGEST = 60_000  # bytes

# Picture -> plot of the results folder, for sample A of the demo (with what `make pictures` adds).
PLOTS = {
    name.rpartition("/")[2]: f"{name}.png"
    for name in (
        "signal/correlation",
        "regions/A/test_windows",
        *(
            f"evaluation/A/{name}"
            for name in ("comparison_bars", "comparison_pr", "comparison_depths")
        ),
        *(
            f"evaluation/A/cnn/{name}"
            for name in (
                *("pr_curve", "roc_curve", "natural_pr_curve", "confusion_matrix"),
                *("calibration", "natural_calibration", "learning_curve"),
            )
        ),
        *(
            f"evaluation/A/cnn/explain/{name}"
            for name in (
                *("mark_importance", "mark_elimination", "signal_profiles", "attributions"),
                *("filter_activations", "filter_weights"),
            )
        ),
    )
} | {
    "across": "evaluation/across/cnn.png",
    "states": "evaluation/A/chromhmm/explain/states.png",
}
REPORT = "report.html"


@click.command(help=__doc__)
@click.argument("results", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def main(results: Path, folder: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("ERROR: there is no Chromium to show the report with: tools/browser installs one.")
    folder.mkdir(parents=True, exist_ok=True)
    for name, plot in PLOTS.items():
        shrink(results / plot, folder / f"{name}.png")
    with tempfile.TemporaryDirectory() as scratch:
        shot = Path(scratch) / "report.png"
        page = (results / REPORT).resolve().as_uri()
        screen = ["--window-size=1280,1100", "--hide-scrollbars", f"--screenshot={shot}"]
        still = ["--force-prefers-reduced-motion", "--virtual-time-budget=5000"]
        alone = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={scratch}/profile",
        ]
        command = [browser, *alone, *screen, *still, page]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        shrink(shot, folder / "report.png", area=2 * AREA)


def shrink(source: Path, target: Path, area: int = AREA) -> None:
    """About `area` pixels, with a palette; one that is still too large is refused."""
    with Image.open(source) as opened:
        picture = Image.new("RGB", opened.size, "white")
        picture.paste(opened, mask=opened.getchannel("A") if opened.mode == "RGBA" else None)
    scale = min(1.0, (area / (picture.width * picture.height)) ** 0.5)
    size = (round(picture.width * scale), round(picture.height * scale))
    # Colours of thin lines are rare: a palette of the most frequent ones would lose them.
    small = picture.resize(size, Image.Resampling.LANCZOS).quantize(
        COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    )
    small.save(target, optimize=True)
    if target.stat().st_size > LARGEST:
        sys.exit(f"ERROR: {target} has {target.stat().st_size:,} bytes, more than {LARGEST:,}.")


if __name__ == "__main__":
    main()
