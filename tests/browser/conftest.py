"""A room served as a user serves it, and a real browser to look at it with.

Wants Chromium (Debian: chromium, fonts-noto-cjk). Without it the tests are skipped, or fail where
AUGMENT_DEMAND_BROWSER=1 says that it must be there.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
APP = Path(__file__).resolve().parents[2] / "ui" / "app.py"

Serve = Callable[[Path], contextlib.AbstractContextManager[str]]


@pytest.fixture(scope="session")
def serve() -> Serve:
    """Serves the room on a workspace and gives its address."""
    if not CHROMIUM.exists():
        if os.environ.get("AUGMENT_DEMAND_BROWSER") == "1":
            pytest.fail(f"AUGMENT_DEMAND_BROWSER=1 and {CHROMIUM} is not there")
        pytest.skip(f"needs {CHROMIUM} (apt-get install chromium fonts-noto-cjk)")
    return _serve


@contextlib.contextmanager
def _serve(workspace: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port)]
    environment = {**os.environ, "AUGMENT_WORKSPACE": str(workspace)}
    with (workspace / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=workspace, env=environment, stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/_stcore/health", server)
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.terminate()
            server.wait(20)


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if server.poll() is not None:
            pytest.fail(f"the room's server ended with {server.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the room did not open within 30 s")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        chromium.close()
