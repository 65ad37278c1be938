"""Notes and drafts at the front door: kept or tried, and nothing decided by either."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from augment.errors import NotFound, UsageError
from augment.review import by
from augment.types import Check, Row
from augment.workbench import Workbench

STEM = "三个人去爬山，不带水。"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """One row and a rewrite of it."""
    row = Row("row", "p", problem=STEM, question="几个人？", options=["3", "4"], answer="A", stage="import")
    child = row.with_(
        row_id="child",
        parent_id="row",
        problem="三个人去登山，不带水。",
        reasoning="是三个人。\n答案是：A",
        concluded="A",
        checks=[Check(name="numbers", ok=True, detail=""), Check(name="negations", ok=True, detail="")],
    )
    with Workbench.open(str(tmp_path), make=True) as bench:
        with bench.store.draft("train") as draft:
            draft.write([row, child])
            lineage = {"stage": "import"}
            bench.store.commit("train", base=None, added=draft, lineage=lambda *_: lineage, transaction="t")
        yield bench


def test_a_note_is_in_the_rows_history_and_decides_nothing(bench: Workbench) -> None:
    shown = bench.browse("train", 0)
    bench.note(shown, "child", by("lin", note="看看 B 项"))
    assert [(one.reviewer, one.action, one.note) for one in bench.decisions("train", "child")] == [
        ("lin", "note", "看看 B 项")
    ]
    assert shown.row("child").decisions is None
    assert shown.counts()["none"] == 2
    assert shown.waiting() == 0
    assert bench.seal("train").version == 0


def test_a_note_taken_back_leaves_the_decision_before_it(bench: Workbench) -> None:
    shown = bench.browse("train", 0)
    bench.decide(shown, "child", "accept", by("lin"))
    bench.note(shown, "child", by("lin", note="再想想"))
    undone = bench.undo(shown, by("lin"))
    assert undone is not None
    assert undone.action == "note"
    assert shown.row("child").decision == "accept"
    sealed = bench.seal("train")
    assert (sealed.version, sealed.decisions) == (1, 1)
    assert [one["decision"] for one in bench.row("train", 1, "child").decisions or []] == ["accept"]


@pytest.mark.parametrize(
    ("row_id", "note", "error"), [("child", " ", UsageError), ("child", "长" * 2001, UsageError), ("no", "x", NotFound)]
)
def test_a_note_without_words_or_row_is_refused(
    bench: Workbench, row_id: str, note: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        bench.note(bench.browse("train", 0), row_id, by("lin", note=note))
    assert bench.decisions("train", row_id) == []


def test_a_draft_is_checked_against_its_parent_and_nothing_is_written(bench: Workbench) -> None:
    shown = bench.browse("train", 0)
    row = shown.row("child")
    draft = bench.redrafted(row, shown.parent(row), {"problem": "五个人去登山，带水。", "reasoning": "答案是：B"})
    assert {check["name"]: check["ok"] for check in draft.checks or []} == {"numbers": False, "negations": False}
    assert draft.concluded == "B"
    assert shown.row("child") == row
    assert bench.decisions("train", "child") == []


@pytest.mark.parametrize("changes", [{"answer": "C"}, {"score": 1.0}], ids=str)
def test_a_draft_that_an_edit_would_refuse_is_refused(bench: Workbench, changes: dict[str, object]) -> None:
    shown = bench.browse("train", 0)
    with pytest.raises(UsageError):
        bench.redrafted(shown.row("child"), None, changes)
