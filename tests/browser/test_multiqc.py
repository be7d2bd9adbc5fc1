"""MULTIQC as a task of a run: its page, in a browser, has the tables of the pipeline."""

import os
from pathlib import Path

import pytest
from machines.webdriver import Browser, missing

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "deepregfinder"
PROGRAM = next(iter(sorted(CACHE.glob("multiqc-*/bin/multiqc"))), None)

pytestmark = [
    pytest.mark.pipeline,
    pytest.mark.skipif(
        bool(missing()) or PROGRAM is None,
        reason="Chromium or MultiQC is not there (`make test-browser` installs them)",
    ),
]


def test_a_run_makes_the_page_of_multiqc(
    pipeline, first_run, browser: Browser, pictures: Path, monkeypatch
) -> None:
    monkeypatch.setenv("PATH", f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}")
    done = pipeline.run(
        "multiqc", *pipeline.inputs, "--explain", "true", "--tracks", "true", "--multiqc", "true"
    )
    assert done.exit_code == 0, done.output
    browser.resize(1400, 900)
    browser.open(done.results / "multiqc/multiqc_report.html")
    browser.wait_until("document.querySelector('.js-plotly-plot')")
    shown = browser.evaluate("document.body.innerText")
    for title in ("DeepRegFinder-NF: records", "quality of libraries", "accuracy"):
        assert title.lower() in shown.lower(), title
    for name in ("A.H3K27ac.2", "A cnn enhancer"):
        assert name.lower() in shown.lower(), name
    browser.screenshot(pictures / "multiqc.png")
