"""The site of the documents, opened as files: search answers, nothing comes from elsewhere."""

import re
import subprocess
from pathlib import Path

import pytest
from machines.webdriver import Browser, missing

pytestmark = pytest.mark.skipif(
    bool(missing()), reason=f"not installed: {', '.join(missing())} (`make test-browser` does it)"
)

FOUND = "[...document.querySelectorAll('.md-search-result__link')].map(e => e.href)"


@pytest.fixture(scope="module")
def site(repository: Path) -> Path:
    subprocess.run(["make", "docs"], cwd=repository, check=True)
    return repository / "site"


@pytest.mark.parametrize(
    ("words", "page"),
    [("quantile mapping", "/methods.html"), ("mark_quantiles", "/library/signal/")],
)
def test_search_finds(browser: Browser, site: Path, words: str, page: str) -> None:
    browser.resize(1400, 900)
    browser.open(site / "index.html")
    browser.find(".md-search__input").click()
    browser.find(".md-search__input").type(words)
    browser.wait_until(f"{FOUND}.some(address => address.includes({page!r}))")
    assert browser.console() == []


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    loaded = re.compile(r"<(?:script|img|iframe|link)\b[^>]* (?:src|href)=\"(?:\w+:)?//")
    pages = list(site.rglob("*.html"))
    assert pages
    for page in pages:
        assert not loaded.search(page.read_text()), page


def test_every_module_of_the_library_has_a_page(site: Path, repository: Path) -> None:
    library, folder = repository / "bin/deepregfinder", site / "library"
    sources = {path.relative_to(library).with_suffix(".html") for path in library.rglob("*.py")}
    wanted = {path.with_stem(path.stem.replace("__init__", "index")) for path in sources}
    assert {path.relative_to(folder) for path in folder.rglob("*.html")} == wanted
