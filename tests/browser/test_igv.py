"""igv/session.json in igv.js, from a results folder that was moved and is on a web server."""

import os
import re
import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pyBigWig
import pytest
from machines.webdriver import Browser, missing

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "deepregfinder"
LIBRARY = next(iter(sorted(CACHE.glob("igv-*/igv.min.js"))), None)
PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<div id="igv"></div><script src="igv.min.js"></script>"""

pytestmark = [
    pytest.mark.pipeline,
    pytest.mark.skipif(
        bool(missing()) or LIBRARY is None,
        reason="Chromium or igv.js is not there (`make test-browser` installs them)",
    ),
]


class RangedFiles(SimpleHTTPRequestHandler):
    """Files, whole or by the range of bytes that a request names, as web servers give them."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        path = Path(self.translate_path(self.path))
        if not wanted or not path.is_file():
            super().do_GET()
            return
        size, start = path.stat().st_size, int(wanted[1])
        end = min(int(wanted[2]), size - 1)
        with path.open("rb") as file:
            file.seek(start)
            content = file.read(end - start + 1)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{end}/{size}")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served(first_run, tmp_path: Path) -> Iterator[str]:
    """The address of the results folder of a run, under another name on a web server."""
    folder = tmp_path / "moved"
    shutil.copytree(first_run.results, folder)
    (folder / "igv/index.html").write_text(PAGE)
    shutil.copy(LIBRARY, folder / "igv")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(RangedFiles, directory=tmp_path))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/moved"
    server.shutdown()


def test_igv_shows_every_track_with_its_values(
    browser: Browser, served: str, first_run, pictures: Path
) -> None:
    browser.resize(1200, 900)
    browser.ask("POST", "/url", url=f"{served}/igv/index.html")
    shown = browser.evaluate(
        "igv.createBrowser(document.querySelector('#igv'), "
        "{sessionURL: 'session.json', loadDefaultGenomes: false})"
        ".then(b => (window.shown = b).trackViews.map(v => v.track.name).filter(n => n))"
    )
    expected = {}
    for path in (first_run.results / "signal/A").glob("*.bw"):
        with pyBigWig.open(str(path)) as track:
            expected[f"A {path.stem}"] = track.stats("chr1", 0, 200_000, type="max", exact=True)[0]
    assert expected
    assert expected.keys() < set(shown)
    highest = browser.evaluate(
        "Promise.all(window.shown.trackViews.filter(v => v.track.type == 'wig').map(v => "
        "v.track.getFeatures('chr1', 0, 200000, 1).then(found => "
        "[v.track.name, Math.max(...found.map(f => f.value))])))"
    )
    assert expected.items() <= dict(highest).items()
    browser.wait_until(
        "[...document.querySelector('#igv').shadowRoot.querySelectorAll('[class*=spinner]')]"
        ".every(e => !e.offsetHeight)"
    )
    assert browser.console() == []
    browser.screenshot(pictures / "igv.png")
