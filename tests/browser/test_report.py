"""report.html in a real browser: whole, without complaints, and its tables and plots answer.

Screenshots and the printed page lie in the folder DRF_SCREENSHOTS, if set, for people to look at.
"""

import re
from pathlib import Path

import pytest
from machines.webdriver import Browser, missing
from samples.report_samples import Plan, made_up

from deepregfinder.report.page import SECTIONS, render

pytestmark = pytest.mark.skipif(
    bool(missing()), reason=f"not installed: {', '.join(missing())} (`make test-browser` does it)"
)

PLAN = Plan(
    samples=("A", "B"), models=("cnn", "drf"), n_classes=5, seeds=(1, 2), compared=(2, 2),
    of_others=True, chroms=tuple(f"chr{number}" for number in range(1, 23)),
)  # fmt: skip
SIZES = {"desktop": (1400, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    path = folder / "report.html"
    path.write_text(render(made_up(folder, PLAN)))
    return path


@pytest.fixture
def opened(browser: Browser, page: Path) -> Browser:
    browser.resize(*SIZES["desktop"])
    browser.open(page)
    return browser


def each(browser: Browser, selector: str, what: str) -> list:
    """A JavaScript expression of every element `e` that a selector finds."""
    return browser.evaluate(f"[...document.querySelectorAll({selector!r})].map(e => {what})")


def assert_whole(browser: Browser) -> None:
    """Nothing complained of, every section there and in sight, nothing loaded from elsewhere."""
    assert browser.console() == []
    shown = dict(each(browser, "main > section", "[e.id, e.offsetHeight]"))
    assert list(shown) == [section.key for section in SECTIONS]
    assert min(shown.values()) > 60
    assert all(each(browser, "img", "e.complete && e.naturalWidth > 0"))
    assert browser.evaluate("performance.getEntriesByType('resource').length") == 0


@pytest.mark.parametrize("size", SIZES)
def test_the_page_is_whole_and_fits_the_screen(
    browser: Browser, page: Path, pictures: Path, size: str
) -> None:
    browser.resize(*SIZES[size])
    browser.open(page)
    assert_whole(browser)
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.evaluate(wide) <= 0
    assert browser.screenshot(pictures / f"{size}.png").stat().st_size > 50_000


def test_a_table_sorts_by_its_heading(opened: Browser) -> None:
    classes = ("#summary tbody:nth-of-type(1) tr", "e.cells[2].innerText.trim()")
    heading = "#summary thead tr:last-child th:nth-child(3)"
    usual = each(opened, *classes)
    opened.find(f"{heading} button").click()
    assert each(opened, *classes) == sorted(usual) != usual
    opened.find(f"{heading} button").click()
    assert each(opened, *classes) == sorted(usual, reverse=True)
    assert each(opened, heading, "e.getAttribute('aria-sort')") == ["descending"]


def test_numbers_sort_as_numbers_and_keep_their_groups(opened: Browser) -> None:
    table = "#calibrated tbody tr"
    rows = "<tr><td>1,000</td></tr><tr><td>–</td></tr><tr><td>9 %</td></tr><tr><td>20</td></tr>"
    opened.evaluate(
        "document.querySelector('#regions tbody').innerHTML = "
        f"`{rows}`, document.querySelector('#regions table').id = 'calibrated'"
    )
    opened.find("#calibrated thead th:nth-child(1) button").click()
    assert each(opened, table, "e.innerText.trim()") == ["9 %", "20", "1,000", "–"]
    opened.find("#inputs thead th:nth-child(4) button").click()
    assert each(opened, "#inputs tbody", "e.rows[0].innerText.trim()") == ["A", "B"]


def test_a_table_shows_only_rows_with_every_word(opened: Browser) -> None:
    everything = each(opened, "#summary tbody tr:not([hidden])", "e.innerText")
    opened.find("#summary input[type=search]").type("drf Poised")
    some = each(opened, "#summary tbody tr:not([hidden])", "e.innerText")
    assert 0 < len(some) < len(everything)
    assert all("drf" in row and "poised" in row for row in some)
    assert f"{len(some)} of {len(everything)} rows" in opened.evaluate("document.body.innerText")


def tip(browser: Browser) -> str:
    return browser.evaluate("(t => t.hidden ? '' : t.textContent)(document.querySelector('.tip'))")


def test_a_plot_tells_the_values_under_the_pointer_and_by_keys(opened: Browser) -> None:
    plot = opened.find("#accuracy svg.plot")
    plot.point_at(20, 10)
    pointed = re.fullmatch(
        r"[a-z ]+: recall [\d.]+, precision [\d.]+, threshold [\d.]+", tip(opened)
    )
    assert pointed, tip(opened)
    opened.find("h1").point_at()
    assert tip(opened) == ""
    opened.evaluate("document.querySelector('#accuracy svg.plot').focus()")
    opened.press("ArrowRight")
    first = tip(opened)
    opened.press("ArrowUp")
    assert first.split(":")[0] != tip(opened).split(":")[0]
    assert "recall" in first


def test_marks_of_small_charts_tell_their_titles(opened: Browser) -> None:
    opened.find("#calls svg.columns rect").point_at()
    assert tip(opened) == "chr1: 10"


def test_texts_are_copied(opened: Browser) -> None:
    allowed = ["clipboardReadWrite", "clipboardSanitizedWrite"]
    opened.devtools("Browser.grantPermissions", permissions=allowed)
    opened.find("#methods button.copy").click()
    opened.wait_until("document.querySelector('#methods button.copy').innerText == 'Copied'")


def test_everything_is_reached_by_the_tab_key(opened: Browser) -> None:
    opened.press("Tab")
    assert opened.evaluate("document.activeElement.className") == "skip"
    opened.press("Enter", "Tab")
    assert opened.evaluate("!!document.activeElement.closest('#summary')")


def test_paper_has_every_section_and_no_buttons(opened: Browser, pictures: Path) -> None:
    opened.show_as("print")
    assert set(each(opened, "nav, .filter, .copy, .files, .screen", "e.offsetHeight")) == {0}
    assert min(each(opened, "main > section", "e.offsetHeight")) > 60
    assert opened.pdf(pictures / "report.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.pipeline
def test_the_report_of_a_real_run_is_whole(browser: Browser, first_run, pictures: Path) -> None:
    browser.resize(*SIZES["desktop"])
    browser.open(first_run.results / "report.html")
    assert_whole(browser)
    links = each(browser, ".files a", "e.getAttribute('href')")
    assert links
    assert [link for link in links if not (first_run.results / link).is_file()] == []
    browser.screenshot(pictures / "run.png")
