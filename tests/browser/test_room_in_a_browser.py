"""The room in a real browser: typed letters decide nothing, keys do, hostile texts load nothing.

Screenshots of both widths, languages and themes go to ``out/``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from augment.types import Check, Row
from augment.workbench import Workbench

Serve = Callable[[Path], contextlib.AbstractContextManager[str]]
HERE = Path(__file__).resolve().parent
HOSTILE = '<img src="http://127.0.0.1:9/x.png" onerror="window.hit=1">![](http://127.0.0.1:9/y.png)<script>window.hit=1</script>'
ROWS = 6


@pytest.fixture(scope="module")
def address(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The room on a small workspace."""
    workspace = tmp_path_factory.mktemp("room")
    fill(workspace)
    with serve(workspace) as url:
        yield url, workspace


def fill(workspace: Path) -> None:
    """A dataset of rewrites with their parents, the third of them hostile."""
    rows = []
    for number in range(ROWS // 2):
        stem = f"有一个计算阶乘的递归程序，第 {number} 种。3 的阶乘是多少？"
        text = HOSTILE if number == 2 else stem
        parent = Row(
            f"row-{number}",
            "p",
            problem=text,
            question="选哪一个？" if number < 2 else HOSTILE,
            options=["3", "6"],
            answer="B",
            stage="import",
        )
        checks = [
            Check(name="numbers", ok=True, detail=""),
            Check(name="negations", ok=number == 0, detail="少了「不」"),
        ]
        child = parent.with_(
            row_id=f"new-{number}",
            parent_id=parent.row_id,
            problem=text.replace("有一个计算", "有一个递归地计算"),
            reasoning=f"{HOSTILE}\n答案是：B",
            stage="backtranslate",
            checks=checks,
        )
        rows += [parent, child]
    with Workbench.open(str(workspace), make=True) as bench, bench.store.draft("train") as draft:
        draft.write(rows)
        bench.store.commit("train", base=None, added=draft, lineage=lambda _, out: {"rows_out": out}, transaction="t")
        bench.remember("last_dataset", "train")


@pytest.fixture
def page(address: tuple[str, Path], browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    context.close()


def test_a_hostile_row_loads_nothing_and_runs_nothing(address: tuple[str, Path], page: Any) -> None:
    url, _ = address
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for view in ("review&row=new-2", "review&row=row-2", "browse"):
        page.goto(f"{url}?view={view}&by=林")
        page.get_by_text("127.0.0.1").first.wait_for()
        page.wait_for_timeout(300)
        assert page.evaluate("window.hit") is None
    assert [one for one in asked if ":9/" in one] == []
    assert [one for one in asked if one.startswith("http") and not one.startswith(url)] == []


@pytest.mark.parametrize(
    ("width", "locale", "scheme"),
    [(1280, "zh-CN", "light"), (1280, "en-US", "dark"), (390, "zh-CN", "dark"), (390, "en-US", "light")],
    ids=["desk-zh-light", "desk-en-dark", "phone-zh-dark", "phone-en-light"],
)
def test_every_view_fits_its_width(
    address: tuple[str, Path], browser: Any, width: int, locale: str, scheme: str
) -> None:
    url, _ = address
    (HERE / "out").mkdir(exist_ok=True)
    context = browser.new_context(viewport={"width": width, "height": 800}, locale=locale, color_scheme=scheme)
    page = context.new_page()
    for view in ("home", "browse", "review&row=new-1"):
        page.goto(f"{url}?view={view}")
        page.locator("h1").wait_for(timeout=30_000)
        page.get_by_test_id("stStatusWidget").wait_for(state="detached")
        page.get_by_text("augment ").last.wait_for()
        if view.startswith("review"):
            page.locator("[class*=st-key-next-] button").wait_for()
        page.screenshot(path=HERE / "out" / f"{view.partition('&')[0]}-{width}-{locale}-{scheme}.png")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), view
        over = page.evaluate(
            "[...document.querySelectorAll('.text')].map(e => e.clientWidth / parseFloat(getComputedStyle(e).fontSize))"
        )
        assert all(characters <= 42 for characters in over), view
    bar = page.locator(".st-key-actions").bounding_box()
    assert bar is not None
    assert bar["y"] + bar["height"] <= 800
    context.close()
