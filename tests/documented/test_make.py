"""`make`, in a copy of the repository, in the order of the documents; the longest comes last."""

import pytest
from samples.documented_commands import Place, copied_repository, parts_of

pytestmark = pytest.mark.pipeline

# Of the tests that `make test` and `make test-fast` run, a few.
FEW = "test_progress or test_every_documented_run_here"


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    return copied_repository(tmp_path_factory.mktemp("make") / "code")


@pytest.mark.parametrize(
    "part", sorted(parts_of("make"), key=lambda part: "pictures" in part.text), ids=str
)
def test_it_does_what_it_says(code, part):
    [[_make, target, *_]] = part.commands
    place = Place(code, {"PYTEST_ADDOPTS": f"-k '{FEW}'"})
    if target == "audit":
        output, _ = place.start(part).communicate(timeout=600)
        assert "No known vulnerabilities found" in output or "audit: see above" in output
        return
    output = place.run(part, seconds=3600)
    report = code / "demo/results/report.html"
    said = {
        "setup": "setup: ready",
        "demo": f"demo: open {report}",
        "test": " passed",
        "test-fast": " passed",
        "lint": "Success: no issues found",
        "reproduce": "data files are the same, byte for byte.",
        "pictures": f"demo: open {report}",
        "docs": f"docs: open {code / 'site/index.html'}",
    }
    assert said[target] in output
    if target in ("demo", "pictures"):
        assert report.exists()
    if target == "pictures":
        images = code / "docs/images"
        pictures = [*(images / "output").iterdir(), images / "result.svg"]
        assert len(pictures) > 1
        assert all(picture.stat().st_mtime > report.stat().st_mtime for picture in pictures)
