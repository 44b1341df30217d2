"""A JupyterLab with nbgrader's formgrader, on loopback, and a browser that looks at it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.bridge.support import ROOT

WAIT_S = 120
TOKEN = "for-this-test-only"
# Formgrader takes MathJax from the network; this stands for what its pages call of it.
MATHJAX = """window.MathJax = {Hub: {
  Config() {}, Queue() {}, Startup: {signal: {Interest: (heard) => setTimeout(heard, 0, "End")}}
}};"""


@contextmanager
def jupyterlab(course: Path, scratch: Path) -> Iterator[str]:
    """Starts JupyterLab in a course's folder, with no settings of the user's.

    Args:
        course: Where `nbgrader_config.py` is.
        scratch: A folder for its settings and logs.

    Yields:
        Its address.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    scratch.mkdir(parents=True, exist_ok=True)
    kinds = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    env = {**os.environ, **{f"JUPYTER_{kind}": str(scratch / kind) for kind in kinds}}
    env |= {"HOME": str(scratch), "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    words = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    words += ["--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"]
    with (scratch / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *words],
            cwd=course,
            env=env,
            stdout=log,
            stderr=log,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(address, process, scratch / "log")
            yield address
        finally:
            process.terminate()
            try:
                process.wait(WAIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def formgrader(page: Any, address: str) -> Any:
    """Opens formgrader by JupyterLab's menu, and gives the frame that holds it."""
    page.goto(f"{address}/lab?token={TOKEN}")
    page.locator(".lm-MenuBar-itemLabel", has_text="Nbgrader").click()
    page.locator(".lm-Menu-itemLabel").get_by_text("Formgrader", exact=True).click()
    page.wait_for_selector("iframe[src*=formgrader]")
    frame = page.query_selector("iframe[src*=formgrader]").content_frame()
    frame.wait_for_selector("h1")
    return frame


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + WAIT_S
    while True:
        try:
            with urlopen(f"{address}/api", timeout=WAIT_S):
                return
        except (URLError, OSError):
            assert process.poll() is None, log.read_text("utf-8", "replace")
            assert time.monotonic() < end, log.read_text("utf-8", "replace")
            time.sleep(0.2)


@contextmanager
def browser_page(address: str) -> Iterator[Any]:
    """Opens a page of headless Chromium that reaches one address only.

    At the end no script of a page may have failed, and nothing may have popped up.
    """
    api = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("Chromium is not installed (apt: chromium)")
    faults: list[str] = []

    def route(request: Any) -> None:
        url = request.request.url
        if url.startswith(address):
            request.continue_()
        elif "mathjax" in url:
            request.fulfill(body=MATHJAX, content_type="text/javascript")
        else:
            request.abort()

    def dismiss(dialog: Any) -> None:
        faults.append(dialog.message)
        dialog.dismiss()

    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(WAIT_S * 1000)
        page.route("**/*", route)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", dismiss)
        yield page
        assert faults == []
        browser.close()
