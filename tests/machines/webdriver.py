"""A headless Chromium, driven through chromedriver (W3C WebDriver: JSON over HTTP)."""

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromedriver")
_PATIENCE = 60  # seconds
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
# Resolved when everything so far is on the screen, and events of scrolling have been dealt with.
_PAINTED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_KEYS = {"Tab": "\ue004", "Enter": "\ue007", "ArrowRight": "\ue014", "ArrowUp": "\ue013"}


def missing() -> list[str]:
    """Programs that are not installed."""
    return [name for name in PROGRAMS if not shutil.which(name)]


@dataclass(frozen=True)
class Browser:
    """A session of one window."""

    address: str

    def ask(self, method: str, path: str, **content: Any) -> Any:
        body = json.dumps(content).encode() if method == "POST" else None
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.address + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.read().decode()[:2000]}") from None

    def open(self, page: Path) -> None:
        """Open a page; it scrolls at once, so that a click waits for nothing."""
        self.show_as("screen")
        self.ask("POST", "/url", url=page.as_uri())

    def show_as(self, media: str) -> None:
        """As on a screen, or in print."""
        still = {"name": "prefers-reduced-motion", "value": "reduce"}
        self.devtools("Emulation.setEmulatedMedia", media=media, features=[still])

    def resize(self, width: int, height: int) -> None:
        """Size of the page itself, whatever the frame around it."""
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression on the page; a promise is awaited."""
        return self.ask("POST", "/execute/sync", script=f"return ({expression})", args=[])

    def wait_until(self, condition: str) -> None:
        """Wait until a JavaScript expression is true on the page."""
        end = time.monotonic() + _PATIENCE
        while not self.evaluate(condition):
            assert time.monotonic() < end, f"not within {_PATIENCE} s: {condition}"
            time.sleep(0.05)

    def find(self, selector: str) -> "Element":
        element = self.ask("POST", "/element", using="css selector", value=selector)
        return Element(self, element[_ELEMENT])

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, on the focused element."""
        typed = [
            {"type": kind, "value": _KEYS[key]} for key in keys for kind in ("keyDown", "keyUp")
        ]
        self.ask("POST", "/actions", actions=[{"type": "key", "id": "keys", "actions": typed}])

    def devtools(self, command: str, **parameters: Any) -> Any:
        return self.ask("POST", "/goog/cdp/execute", cmd=command, params=parameters)

    def console(self) -> list[str]:
        """Messages on the console of the page since the last call."""
        return [entry["message"] for entry in self.ask("POST", "/se/log", type="browser")]

    def screenshot(self, path: Path) -> Path:
        """The whole page, in its full length."""
        size = self.devtools("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        taken = self.devtools("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(taken["data"]))
        return path

    def pdf(self, path: Path) -> Path:
        path.write_bytes(base64.b64decode(self.ask("POST", "/print")))
        return path


@dataclass(frozen=True)
class Element:
    """An element of the page."""

    browser: Browser
    id: str

    def click(self) -> None:
        self.browser.ask("POST", f"/element/{self.id}/click")

    def type(self, text: str) -> None:
        self.browser.ask("POST", f"/element/{self.id}/value", text=text)

    def point_at(self, dx: int = 0, dy: int = 0) -> None:
        """Move the pointer to the centre of the element, with an offset in px."""
        script = f"arguments[0].scrollIntoView({{block: 'center'}}); return {_PAINTED}"
        self.browser.ask("POST", "/execute/sync", script=script, args=[{_ELEMENT: self.id}])
        here = {"type": "pointerMove", "duration": 0, "origin": {_ELEMENT: self.id}}
        # Two moves: a pointer that is there already would not move at all.
        moves = [here | {"x": dx + 1, "y": dy}, here | {"x": dx, "y": dy}]
        mouse = {"type": "pointer", "id": "mouse", "actions": moves}
        self.browser.ask("POST", "/actions", actions=[mouse])
        self.browser.evaluate(_PAINTED)


@contextmanager
def headless_chromium(folder: Path) -> Iterator[Browser]:
    """Start both programs, and stop them afterwards. folder : for the profile of the browser"""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (folder / "chromedriver.log").open("w")
    driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=log, stderr=log)
    base = Browser(f"http://127.0.0.1:{port}")
    try:
        _wait_until_ready(base)
        arguments = [
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            f"--user-data-dir={folder / 'profile'}",
        ]
        wanted = {
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        session = base.ask("POST", "/session", capabilities={"alwaysMatch": wanted})
        browser = Browser(f"{base.address}/session/{session['sessionId']}")
        try:
            yield browser
        finally:
            browser.ask("DELETE", "")
    finally:
        driver.terminate()
        driver.wait()
        log.close()


def _wait_until_ready(base: Browser) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            if base.ask("GET", "/status")["ready"]:
                return
        except (OSError, AssertionError):
            pass
        assert time.monotonic() < end, "chromedriver never became ready"
        time.sleep(0.1)
