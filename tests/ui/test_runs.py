"""Runs on real workspaces: the form says what it would cost, a start is a process, what became of it adds up."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pages import Room, click, text
from streamlit.testing.v1 import AppTest
from workspaces import HOSTILE, empty, imported

from augment import launch
from augment.plans import RunOptions
from augment.progress import runs_folder
from augment.records import note_end, note_start
from augment.workbench import Workbench

SIMULATED = RunOptions(provider="deepseek", simulate=True)


def until(met: Callable[[], Any], seconds: float = 60.0) -> Any:
    for _ in range(round(seconds / 0.1)):
        if found := met():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come to that")


def runs(folder: Path) -> list[dict[str, Any]]:
    with Workbench.open(str(folder)) as bench:
        return bench.runs()


def ran(folder: Path) -> Path:
    """A workspace with one run."""
    imported(folder)
    with Workbench.open(str(folder)) as bench:
        bench.run("reason", "train", run=SIMULATED)
    return folder


def noted(folder: Path, state: int, **summary: Any) -> str:
    """A run as it is noted, made by hand."""
    imported(folder)
    counts = {
        "rows_in": 10,
        "done": 4,
        "skipped": {"no answer": 1},
        "rejected": {"check:numbers": 2},
        "failed": {"auth": 3},
    }
    whole = {**counts, "from_version": 0, "version": 1, "calls": 12, "from_ledger": 0, "possibly_paid_twice": 2}
    whole |= {"input_tokens": 1234, "output_tokens": 5, "cost_cny": None, "seconds": 3.0} | summary
    with Workbench.open(str(folder)) as bench:
        note_start(bench.ledger, "run-1", "train", "reason", "deepseek", {"provider": "deepseek", "retries": 1}, 0)
        note_end(bench.ledger, "run-1", 1, state, whole)
    return "run-1"


# ── the list, one run ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_dataset_the_way_to_the_import_is_shown(room: Room) -> None:
    app = click(room(empty, view="runs"), "to-import")
    assert app.query_params["view"] == "home"


def test_without_a_run_the_page_says_what_a_run_is(room: Room) -> None:
    app = room(imported, view="runs")
    assert "还没有运行过" in text(app)
    assert click(app, "new-run").query_params["stage"] == "backtranslate"


def test_the_list_tells_state_and_counts_that_add_up(room: Room, tmp_path: Path) -> None:
    noted(tmp_path, 5)
    shown = text(room(view="runs"))
    assert "10 行 = 完成 4 + 跳过 1 + 驳回 2 + 失败 3" in shown
    assert "推理 · train v0 → v1 · deepseek" in shown
    assert "停了" in shown
    assert "未知" in shown, "a cost that nobody knows is no zero"


def test_one_run_tells_each_reason_with_what_to_do(room: Room, tmp_path: Path) -> None:
    shown = text(room(view="runs", run=noted(tmp_path, 5)))
    reasons = re.findall(
        r"<td class=\"\">(跳过|驳回|失败)</td><td class=\"\">([^<]*)</td><td class=\"num\">(\d+)", shown
    )
    assert reasons == [("跳过", "没有答案", "1"), ("驳回", "数字", "2"), ("失败", "密钥不对", "3")]
    assert "2 个请求在中断前已发出" in shown
    assert "augment reason train --provider=deepseek --retries=1" in shown


def test_what_a_real_run_asked_is_told_by_provider(room: Room, tmp_path: Path) -> None:
    ran(tmp_path)
    (run,) = runs(tmp_path)
    shown = text(room(view="runs", run=run["run_id"]))
    assert f"{run['summary']['rows_in']} 行 = 完成 {run['summary']['done']}" in shown
    assert "deepseek（模拟）" in shown
    assert "模拟，不花钱" in shown
    assert "augment reason train --provider=deepseek --simulate" in shown


def test_a_run_that_is_not_there_is_said_to_be_gone(room: Room) -> None:
    app = room(imported, view="runs", run="<b>no</b>")
    assert "没有编号为 &lt;b&gt;no&lt;/b&gt; 的运行" in text(app)
    assert "run" not in click(app, "all-runs").query_params


def test_the_rows_of_a_run_open_in_browse(room: Room, tmp_path: Path) -> None:
    ran(tmp_path)
    app = click(room(view="runs", run=runs(tmp_path)[0]["run_id"]), "see-rows")
    assert (app.query_params["view"], app.query_params["stage"], app.query_params["v"]) == ("browse", "reason", "1")


def test_a_killed_run_can_be_gone_on_with(room: Room, tmp_path: Path) -> None:
    imported(tmp_path)
    with Workbench.open(str(tmp_path)) as bench:
        options = {"provider": "deepseek", "simulate": True, "limit": 2}
        note_start(bench.ledger, "dead", "train", "reason", "sim:deepseek", options, 0)
        bench.ledger.write(lambda db: db.execute("UPDATE runs SET pid = 4194303"))
    app = room(view="runs", run="dead")
    assert "进程没了" in text(app)
    click(app, "again")
    made = until(lambda: [run for run in runs(tmp_path) if run["run_id"] != "dead" and run["summary"]])
    assert made[0]["options"] | options == made[0]["options"]
    assert made[0]["summary"]["done"] == 2


def test_a_process_that_never_came_to_its_run_says_why(room: Room, tmp_path: Path) -> None:
    imported(tmp_path)
    words = ["reason", "train", "--provider", "deepseek", "--workspace", str(tmp_path), "--json"]
    folder = runs_folder(tmp_path / "datasets")
    one = launch.start(folder, words, stage="reason", dataset="train", within=tmp_path)
    until(lambda: not one.goes_on)
    assert "DEEPSEEK_API_KEY" in text(room(view="runs"))
    app = room(view="runs", run=one.id)
    assert "没有开始" in text(app)
    assert "DEEPSEEK" in app.error[0].value.replace("\\", "")


def test_no_text_of_a_run_becomes_markup(room: Room, tmp_path: Path) -> None:
    imported(tmp_path)
    with Workbench.open(str(tmp_path)) as bench:
        note_start(bench.ledger, "evil", HOSTILE, "reason", HOSTILE, {"provider": HOSTILE, "where": HOSTILE}, 0)
        sums = {"rows_in": 1, "done": 0, "rejected": {HOSTILE: 1}, "from_version": 0, "version": 0, "calls": 1}
        sums |= {"from_ledger": 0, "input_tokens": 0, "output_tokens": 0, "cost_cny": None}
        note_end(bench.ledger, "evil", 0, 4, sums)
        bench.ledger.outcome(HOSTILE, "row", "reason", "evil", "rejected", HOSTILE, HOSTILE)
    for address in ({}, {"run": "evil"}):
        app = room(view="runs", **address)
        drawn = "\n".join(node.proto.body for node in app.get("html") if "<style>" not in node.proto.body)
        assert "window.hit" in drawn
        assert not re.search(r"<(script|img|a|iframe)\b", drawn)
        assert "\u202e" not in drawn


# ── the form ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def estimated(app: AppTest) -> AppTest:
    (start,) = [one for one in app.button if one.key == "start-it"]
    assert start.disabled, "nothing starts before it was estimated"
    return click(app, "estimate-it")


def test_a_run_is_estimated_then_started_and_goes_on_by_itself(room: Room, tmp_path: Path) -> None:
    app = room(imported, view="runs", stage="reason")
    assert "这是排练" in app.warning[0].value
    app = estimated(app)
    assert "预计问 3 次，最多 12 次" in text(app)
    assert "模拟，不花钱" in text(app)
    assert runs(tmp_path) == []
    app = click(app, "start-it")
    assert app.query_params["run"]
    (run,) = until(lambda: [run for run in runs(tmp_path) if run["summary"]])
    assert (run["state"], run["summary"]["done"], run["provider"]) == ("done", 3, "sim:yi-34b")
    assert run["pid"] != os.getpid()
    shown = text(app.run())
    assert "3 行 = 完成 3" in shown


def test_another_option_wants_another_estimate(room: Room) -> None:
    app = estimated(room(imported, view="runs", stage="reason"))
    app.number_input(key="opt-reason-limit").set_value(2).run()
    assert "预计问" not in text(app)
    app = estimated(app)
    assert "预计问 2 次" in text(app)
    assert "augment reason train --provider=yi-34b --limit=2 --simulate" in text(app)


def test_the_address_fills_the_form_in(room: Room) -> None:
    app = room(imported, view="runs", stage="repair", where="row_id IN ('a', 'b')", ds="train")
    assert app.selectbox(key="run-stage").value == "repair"
    assert app.text_input(key="opt-repair-where").value == "row_id IN ('a', 'b')"


def test_a_broken_expression_is_told_where_it_was_typed(room: Room, tmp_path: Path) -> None:
    app = click(room(imported, view="runs", stage="reason", where="no such thing"), "estimate-it")
    assert app.error
    assert next(one for one in app.button if one.key == "start-it").disabled
    assert runs(tmp_path) == []


def test_a_missing_key_is_told_before_anything_starts(room: Room, tmp_path: Path) -> None:
    app = room(imported, view="runs", stage="reason")
    app.toggle(key="run-simulate").set_value(False).run()
    app.selectbox(key="run-provider-chat-False").set_value("deepseek").run()
    app = click(estimated(app), "start-it")
    assert "DEEPSEEK_API_KEY" in app.error[0].value.replace("\\", "")
    assert runs(tmp_path) == []


def test_no_file_of_this_machine_is_named_in_the_browser(room: Room) -> None:
    app = room(imported, view="runs", stage="reason")
    app.text_input(key="opt-reason-template").set_value("/etc/passwd").run()
    assert "不能填文件路径" in app.error[0].value
    assert next(one for one in app.button if one.key == "estimate-it").disabled


@pytest.mark.parametrize("stage", ["shuffle", "dedupe", "filter", "split", "synonyms"])
def test_a_stage_that_asks_nobody_says_so(room: Room, stage: str) -> None:
    app = room(imported, view="runs", stage=stage)
    assert "不问任何模型，不花钱" in text(app)
    assert not [one for one in app.toggle if one.key == "run-simulate"]


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_every_stage_has_a_form_in_both_languages(room: Room, tmp_path: Path, locale: str) -> None:
    imported(tmp_path)
    with Workbench.open(str(tmp_path)) as bench:
        stages = bench.stages()
    for stage in stages:
        app = room(view="runs", stage=stage, locale=locale)
        assert f"augment {stage} train" in text(app), stage


def test_the_figures_of_a_run_in_another_process_are_shown(room: Room, tmp_path: Path) -> None:
    from dataclasses import asdict

    from augment.progress import Live, Pulse
    from augment.tallies import Tally

    imported(tmp_path)
    live = Live("reason", "deepseek", Tally(calls=21, input_tokens=5_000, output_tokens=70), 400, limits="5 req/s")
    live.count("done", "")
    live.count("rejected", "answer mismatch")
    live.tally.faults["rate_limited"] = 3
    with Workbench.open(str(tmp_path)) as bench:
        note_start(bench.ledger, "here", "train", "reason", "deepseek", {"provider": "deepseek"}, 0)
    folder = runs_folder(tmp_path / "datasets")
    folder.mkdir(exist_ok=True)
    now = asdict(Pulse(live, "here", "train").figures())
    now["fault"] = {"kind": "rate_limited", "code": "1302", "message": HOSTILE, "connector": "openai", "dialect": ""}
    (folder / "here.json").write_text(json.dumps(now), "utf-8")
    for address in ({}, {"run": "here"}):
        app = room(view="runs", **address)
        shown = text(app)
        assert "2 行 = 完成 1 + 跳过 0 + 驳回 1 + 失败 0" in shown
        assert "2 / 400 行" in shown
        assert "词元 5,000 入、70 出" in shown
        assert "限额 5 次/秒" in shown
        assert "限流 1302" in shown
        assert not re.search(r"<(script|img|a|iframe)\b", "".join(n.proto.body for n in app.get("html")))
    click(app, "stop-here")
    assert "没有办成" in app.error[0].value, "it is this very process"
