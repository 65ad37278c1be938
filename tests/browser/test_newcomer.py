"""Somebody who never saw the command line: a file in, a stage chosen, foreseen, started, watched, reviewed.

The browser is closed and the server stopped in the middle of a run: the run goes on. Screenshots go to ``out/``.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from augment.workbench import Workbench

Serve = Callable[[Path], contextlib.AbstractContextManager[str]]
HERE = Path(__file__).resolve().parent


def lines(rows: int) -> str:
    """Questions with answers, and one line that is none."""
    problems = [
        {
            "id": f"shop-{number}",
            "problem": f"张明买了{number}元的东西，李华买了{number + 7}元的东西。",
            "questions": [{"question": "谁花的钱多？", "options": ["张明", "李华"], "answer": "B"}],
        }
        for number in range(rows)
    ]
    return "\n".join(["{broken", *(json.dumps(problem, ensure_ascii=False) for problem in problems)])


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN")
    found = context.new_page()
    found.set_default_timeout(60_000)
    yield found
    context.close()


def shoot(page: Any, name: str) -> None:
    (HERE / "out").mkdir(exist_ok=True)
    page.screenshot(path=HERE / "out" / f"newcomer-{name}.png")


def runs(workspace: Path) -> list[dict[str, Any]]:
    with Workbench.open(str(workspace)) as bench:
        return bench.runs()


def until(met: Callable[[], Any], seconds: float = 90.0) -> Any:
    for _ in range(round(seconds / 0.1)):
        if found := met():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come to that")


def test_from_a_file_to_the_review_without_a_command(serve: Serve, tmp_path: Path, page: Any) -> None:
    (tmp_path / "train_data.jsonl").write_text(lines(40), "utf-8")
    workspace = tmp_path / "work"
    workspace.mkdir()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with serve(workspace) as url:
        page.goto(url)
        page.get_by_text("先导入一个文件").wait_for()
        shoot(page, "empty")
        page.locator("input[type=file]").set_input_files(str(tmp_path / "train_data.jsonl"))
        page.locator(".st-key-import-it button:enabled").click()
        page.get_by_text("已导入 train_data v0：新增 40 行，共 40 行").wait_for()
        page.get_by_text("this is not a whole JSON object").wait_for()
        shoot(page, "imported")

        page.locator(".st-key-then-run button").click()
        page.locator(".st-key-estimate-it button").click()
        page.get_by_text("预计问 40 次").wait_for()
        page.locator(".st-key-start-it button:enabled").wait_for()
        shoot(page, "estimated")
        assert runs(workspace) == []
        page.locator(".st-key-start-it button").click()
        page.get_by_text("40 行 = 完成 40 + 跳过 0 + 驳回 0 + 失败 0").wait_for()
        page.locator(".st-key-to-review-it button").wait_for()
        shoot(page, "done")
        (run,) = runs(workspace)
        assert (run["state"], run["summary"]["done"], run["summary"]["version"]) == ("done", 40, 1)

        page.locator(".st-key-to-review-it button").click()
        page.get_by_text("答案是").first.wait_for()
        page.locator("[class*=st-key-accept-] button").first.wait_for()
        assert "view=review" in page.url
        shoot(page, "review")
        page.goto(f"{url}?view=runs&run={run['run_id']}")
        page.get_by_text("40 行 = 完成 40").wait_for()
    assert [one for one in asked if one.startswith("http") and not one.startswith(url)] == []


def test_stopped_in_the_middle_then_gone_on_with_after_the_server_was_gone(
    serve: Serve, tmp_path: Path, browser: Any
) -> None:
    rows = 260
    with Workbench.open(str(tmp_path), make=True) as bench:
        bench.upload([("train.jsonl", lines(rows).encode())])
    with serve(tmp_path) as url:
        context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-US")
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{url}?view=runs&stage=reason&where=answer = 'B'")
        page.locator(".st-key-estimate-it button").click()
        page.locator(".st-key-start-it button:enabled").click()
        page.get_by_text("requests/s").wait_for()
        shoot(page, "going-390")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_text("stopped by hand").first.wait_for()
        shoot(page, "stopped-390")
        (stopped,) = runs(tmp_path)
        assert stopped["state"] == "interrupted"
        assert 0 < stopped["summary"]["done"] < rows
        page.get_by_role("button", name="Go on", exact=True).click()
        again = until(lambda: [run for run in runs(tmp_path) if run["run_id"] != stopped["run_id"]])
        context.close()  # the browser, and with the end of the block the server
    (going,) = again
    assert going["state"] == "running" or going["summary"]
    made = until(lambda: [run for run in runs(tmp_path) if run["run_id"] == going["run_id"] and run["summary"]])
    assert made[0]["state"] == "done"
    assert made[0]["pid"] != os.getpid()
    assert stopped["summary"]["calls"] + made[0]["summary"]["calls"] == rows
    with Workbench.open(str(tmp_path / "calm"), make=True) as calm, Workbench.open(str(tmp_path)) as bench:
        calm.upload([("train.jsonl", lines(rows).encode())])
        undisturbed = [sys.executable, "-m", "augment", *bench.words_of(made[0]), "--workspace", str(tmp_path / "calm")]
        subprocess.run(undisturbed, check=True, capture_output=True)
        blank = dict.fromkeys(["run_id", "created_at", "attempts", "input_tokens", "output_tokens", "cost_cny"])
        both = [[row.with_(**blank) for row in one.store.rows("train", v)] for one, v in ((bench, 2), (calm, 1))]
    assert both[0] == both[1]
