"""The pictures of the tour, taken anew: ``python -m docs.pictures`` (wants Chromium and Playwright, takes minutes).

A workspace is made of the sample with the simulator, a few rows are decided, and every page is photographed in both
languages, small enough to be kept beside the text.
"""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
CHROMIUM = "/usr/bin/chromium"
LANGUAGES = {"zh": "zh-CN", "en": "en-US"}
PAGES = {
    "home": "view=home",
    "review": "view=review&v=1&stage=backtranslate",
    "browse": "view=browse&order=-score&spread=score&score_from=0.8",
    "compare": "view=compare&a=train@v1&b=train@v2&change=changed&column=reasoning",
    "quality": "view=quality",
    "runs": "view=runs",
    "export": "view=export&format=llama-factory",
    "providers": "view=providers",
}
WIDE, PHONE = (1280, 800), (390, 780)
COLOURS = 128
JOBS = (
    ("import", "datasets/samples/problems.jsonl", "--name", "train"),
    ("backtranslate", "--skip", "translation-tasks", "--simulate"),
    ("reason", "--provider", "yi-34b", "--simulate"),
    ("wrong", "--provider", "llama2-13b-zh", "--simulate", "--limit", "60"),
    (
        "judge",
        "--provider",
        "spark-max",
        "--judge",
        "qwen-plus",
        "--rubric",
        "reasoning",
        "--simulate",
        "--limit",
        "120",
    ),
)


def main() -> None:
    """Makes the workspace and takes the pictures."""
    from playwright.sync_api import sync_playwright

    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tour-") as made:
        folder = Path(made)
        prepare(folder)
        with served(folder) as address, sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            for short, locale in LANGUAGES.items():
                for size, pages in ((WIDE, PAGES), (PHONE, {"phone": PAGES["review"]})):
                    context = chromium.new_context(
                        viewport={"width": size[0], "height": size[1]}, locale=locale, color_scheme="light"
                    )
                    for name, where in pages.items():
                        picture = taken(context.new_page(), f"{address}?{where}&by=Lin", name == "quality")
                        (PICTURES / f"{name}-{short}.png").write_bytes(small(picture))
                    context.close()
            chromium.close()


def prepare(folder: Path) -> None:
    """A workspace with five versions, forty rows decided by one person and ten by another."""
    for job in JOBS:
        subprocess.run(
            [sys.executable, "-m", "augment", *job, "--workspace", str(folder)],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
    from augment.browse import Filter
    from augment.review import by
    from augment.workbench import Workbench

    with Workbench.open(str(folder)) as bench:
        shown = bench.browse("train", bench.store.current("train"))
        rows = shown.page(Filter(), limit=40).rows
        for number, row in enumerate(rows):
            refused = number % 9 == 4
            hand = by("Lin", "wrong answer" if refused else None, None)
            bench.decide(shown, row.row_id, "reject" if refused else "accept", hand)
        for row in rows[:10]:
            bench.decide(shown, row.row_id, "accept", by("Wang", None, None))


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The room on a workspace, at a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "ui" / "app.py"), "--server.port", str(port)]
    environment = {**os.environ, "AUGMENT_WORKSPACE": str(folder)}
    server = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1):
                    break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(20)


def taken(page: Any, address: str, whole: bool) -> bytes:
    """One page once it stands still; whole: as long as it is, up to three screens."""
    page.goto(address)
    page.locator("h1").first.wait_for(timeout=120_000)
    page.get_by_test_id("stStatusWidget").wait_for(state="detached", timeout=120_000)
    page.wait_for_timeout(3_000)
    if whole:
        height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        page.set_viewport_size({"width": WIDE[0], "height": min(int(height), 3 * WIDE[1])})
        page.wait_for_timeout(2_000)
    picture: bytes = page.screenshot()
    page.close()
    return picture


def small(picture: bytes) -> bytes:
    """The picture with few colours: a screen of text needs no more."""
    from PIL import Image

    out = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS).save(out, "PNG", optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    main()
