"""The asking stages in a workspace, over the simulator's true wires and a model that lies in three replies of ten."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from augment.plans import RunOptions
from augment.review import By
from augment.runs import Summary
from augment.settings import Settings
from augment.simulator.options import SimulatorOptions
from augment.simulator.server import Simulator, serve_in_thread
from augment.types import Row
from augment.workbench import Workbench
from tests.test_runs import LIMITS, accounted, problems

RUN = RunOptions(provider="yi-34b")
LAST = re.compile(r"答案是：([A-Z]+)\s*\Z")  # how the simulated model ends every solution
TEXT = "春天到了，河边的柳树长出新叶。小王每天早上沿着河跑步。他的父亲是一名医生，住在第3层楼。医院离河边有两公里路。"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with serve_in_thread(SimulatorOptions(faults={"wrong_answer": 0.3}, seed=7)) as found:
        yield found


@pytest.fixture
def bench(workspace: Path, simulator: Simulator) -> Iterator[Workbench]:
    """Twenty-four own problems, and a reading text with an open question."""
    own = workspace / "own.jsonl"
    own.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in problems(24)), "utf-8")
    with Workbench(Settings(workspace, simulator.env, {}, tomllib.loads(LIMITS))) as found:
        found.import_files([own], "own")
        yield found


def rows_of(bench: Workbench, summary: Summary) -> list[Row]:
    return list(bench.store.rows(summary.dataset, summary.version))


def again(bench: Workbench, stage: str, first: Summary, **options: Any) -> None:
    """Typed again the stage pays nothing and makes no version."""
    second = bench.run(stage, first.dataset, options=options, run=RUN)
    assert accounted(second)
    assert (second.calls, second.version) == (0, first.version)
    assert second.rejected == first.rejected, "what was refused is refused for the same reasons"


def test_wrong_rows_conclude_their_option_and_each_row_is_counted_once(bench: Workbench) -> None:
    summary = bench.run("wrong", "own", run=RUN)
    assert accounted(summary)
    assert summary.calls > summary.rows_in == 24, "some had to be asked again"
    made = [row for row in rows_of(bench, summary) if row.parent_id]
    assert len(made) == summary.done == summary.rows_added == summary.rows_out - 24 > 20
    for row in made:
        found = LAST.search(row.reasoning or "")
        assert found is not None
        assert found[1] == row.concluded != row.answer
        assert (row.provider, row.label) == ("yi-34b", "wrong")
    again(bench, "wrong", summary)


def test_votes_fill_the_rows_and_a_tie_leaves_them(bench: Workbench) -> None:
    summary = bench.run("answer", "own", run=RUN)
    assert accounted(summary)
    assert set(summary.rejected) <= {"check:tie", "unreadable"}
    rows = rows_of(bench, summary)
    assert sum(row.predicted is not None for row in rows) == summary.done > 12
    assert all((row.votes is None) == (row.predicted is None) for row in rows)
    assert {tag for row in rows for tag in row.tags if tag.startswith("answer:")} == {"answer:yi-34b"}
    again(bench, "answer", summary)
    classified = bench.run("classify", "own", run=RunOptions())
    tagged = rows_of(bench, classified)
    assert (classified.provider, classified.calls) == (None, 0)
    hard = {row.row_id for row in tagged if any(tag.startswith("difficulty:") for tag in row.tags)}
    assert hard == {row.row_id for row in rows if row.votes}
    hardest = bench.page("own", classified.version, where="list_contains(tags, 'difficulty:hard')")
    assert hardest.total == sum("difficulty:hard" in row.tags for row in tagged) > 0


def test_new_questions_were_solved_again_before_they_count(bench: Workbench) -> None:
    summary = bench.run("expand", "own", run=RUN)
    assert accounted(summary)
    made = [row for row in rows_of(bench, summary) if row.parent_id]
    assert len(made) == summary.rows_added > summary.done > 12
    for row in made:
        stated = [letter for letter, text in zip("ABCD", row.options, strict=True) if text in (row.problem or "")]
        assert stated == [row.answer], "the only option that the stem states"
        assert [check["name"] for check in row.checks] == ["new", "verified"]
    again(bench, "expand", summary)


def test_a_reading_text_ends_with_choice_questions_only(bench: Workbench) -> None:
    choice = Row("a" * 32, "text", kind="reading", problem=TEXT, question="小王做什么？", options=["跑步", "游泳"])
    rows = [
        choice.with_(answer="A"),
        choice.with_(row_id="b" * 32, question="请概括全文。", options=[], answer="略"),
        choice.with_(row_id="c" * 32, problem_id="other", problem="短。", question="短吗？", answer="A"),
    ]
    with bench.store.draft("texts") as draft:
        draft.write(rows)
        told = {"stage": "import", "options": {}}
        bench.store.commit("texts", base=None, added=draft, lineage=lambda *_: told, transaction="texts")
    summary = bench.run("rebuild", "texts", run=RUN)
    assert accounted(summary)
    assert summary.rejected == {"check:open-question": 1, "unreadable": 1}
    after = rows_of(bench, summary)
    assert [row.row_id[0] for row in after[:2]] == ["a", "c"], "what could not be filled up is still there"
    assert all(row.options for row in after)
    assert sum(row.problem_id == "text" for row in after) == 1 + summary.rows_added > 2
    again_rebuilt = bench.run("rebuild", "texts", run=RUN)
    assert (again_rebuilt.calls, again_rebuilt.version) == (0, summary.version)


def test_what_a_person_rejected_is_mended_beside_it(bench: Workbench) -> None:
    reasoned = bench.run("reason", "own", run=RUN)
    first, second, *_ = rows_of(bench, reasoned)
    live = bench.browse("own", reasoned.version)
    for row, reason in ((first, "推理太跳跃"), (second, "第二步不对")):
        bench.decide(live, row.row_id, "reject", By("王", reason=reason))
    bench.seal("own")
    summary = bench.run("repair", "own", run=replace(RUN, fresh="x"))
    assert accounted(summary)
    assert (summary.rows_in, summary.done, summary.rows_added) == (2, 2, 2)
    made = [row for row in rows_of(bench, summary) if row.parent_id]
    assert {row.parent_id for row in made} == {first.row_id, second.row_id}
    for row in made:
        found = LAST.search(row.reasoning or "")
        assert found is not None
        assert (found[1], row.decision) == (row.answer, None)
    again(bench, "repair", summary)


@pytest.mark.parametrize("stage", ["wrong", "answer", "expand", "classify", "rebuild", "repair"])
def test_a_forecast_asks_nothing(bench: Workbench, stage: str) -> None:
    found = bench.forecast(stage, "own", run=replace(RUN, dry_run=True))
    assert found.rows_in == (0 if stage in ("rebuild", "repair") else 24)
    assert bench.ledger.query("SELECT count(*) AS asks FROM asks")[0]["asks"] == 0
