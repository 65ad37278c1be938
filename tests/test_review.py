"""Decisions: durable, undone for ever, and in a version only when sealed."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.browse import Browser, Filter
from augment.cli.app import run
from augment.errors import Conflict, NotFound, UsageError
from augment.events import Event, fold, standing
from augment.review import EDITABLE, by, read_field
from augment.store import same
from augment.types import Check, Row
from augment.workbench import Workbench

STEM = "有一个计算阶乘的递归程序。3 的阶乘不是 5。"
LIN, WANG = by("林"), by("王")


def rows() -> list[Row]:
    """Three imported rows and two rewrites of the first, one of them with a check that failed."""
    made = [
        Row(
            f"r{i}",
            f"p{i}",
            problem=f"{STEM}第 {i} 题",
            question="3 的阶乘是多少？",
            options=["3", "6", "9"],
            answer="B",
            stage="import",
            tags=["math"] if i else [],
        )
        for i in range(3)
    ]
    checks = [Check(name="negations", ok=True, detail=""), Check(name="numbers", ok=True, detail="")]
    lost = [Check(name="negations", ok=False, detail="少了「不」"), Check(name="numbers", ok=True, detail="")]
    for i, found in enumerate((checks, lost)):
        made.append(
            made[0].with_(
                row_id=f"d{i}",
                parent_id="r0",
                root_id="r0",
                stage="backtranslate",
                checks=found,
                reasoning="3×2×1=6。\n答案是：B",
                concluded="B",
            )
        )
    return made


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench.open(str(tmp_path)) as bench:
        write(bench, rows())
        yield bench


def write(bench: Workbench, made: list[Row], base: int | None = None) -> int:
    with bench.store.draft("train") as draft:
        draft.write(made)
        whole = {"whole": draft, "changed": frozenset(row.row_id for row in made)} if base is not None else {}
        added = {} if base is not None else {"added": draft}
        return bench.store.commit(
            "train",
            base=base,
            **whole,
            **added,
            lineage=lambda added, out: {"stage": "import", "rows_added": added, "rows_out": out},
            transaction=f"t{base}{len(made)}{made[0].problem}",
        )


def live(bench: Workbench, version: int | None = None) -> Browser:
    return bench.browse("train", bench.store.current("train") if version is None else version)


def events(bench: Workbench) -> list[dict[str, Any]]:
    return bench.ledger.query("SELECT * FROM events ORDER BY id")


def ids(bench: Workbench, **wanted: Any) -> list[str]:
    return [row.row_id for row in live(bench).page(Filter(**wanted)).rows]


def test_a_decision_is_on_disk_when_it_returns(bench: Workbench) -> None:
    bench.decide(live(bench), "r0", "reject", by("林", "wrong answer", "应为 A"))
    with sqlite3.connect(bench.root / ".augment" / "workbench.sqlite") as other:
        found = other.execute("SELECT row_id, version, reviewer, action, reason, note, sealed FROM events").fetchall()
    assert found == [("r0", 0, "林", "reject", "wrong answer", "应为 A", None)]


def test_a_decision_shows_at_once_and_changes_no_version(bench: Workbench) -> None:
    bench.decide(live(bench), "r0", "accept", LIN)
    assert live(bench).row("r0").decision == "accept"
    assert bench.row("train", 0, "r0").decision is None
    assert bench.store.current("train") == 0


def test_a_double_click_adds_nothing(bench: Workbench) -> None:
    assert bench.decide(live(bench), "r0", "accept", LIN) is not None
    assert bench.decide(live(bench), "r0", "accept", LIN) is None
    assert len(events(bench)) == 1


def test_a_double_click_after_the_seal_adds_nothing_either(bench: Workbench) -> None:
    bench.decide(live(bench), "r0", "accept", LIN)
    bench.seal("train")
    assert bench.decide(live(bench, 0), "r0", "accept", LIN) is None
    assert bench.decide(live(bench, 1), "r0", "accept", LIN) is None


@pytest.mark.parametrize(
    "second", [by("王"), by("林", note="很好"), by("林", "other")], ids=["reviewer", "note", "reason"]
)
def test_a_decision_that_says_something_new_is_kept(bench: Workbench, second: Any) -> None:
    bench.decide(live(bench), "r0", "accept", LIN)
    assert bench.decide(live(bench), "r0", "accept", second) is not None


def test_a_row_that_the_version_lacks_cannot_be_decided(bench: Workbench) -> None:
    with pytest.raises(NotFound, match="no row 'zz'"):
        bench.decide(live(bench), "zz", "accept", LIN)
    assert events(bench) == []


@pytest.mark.parametrize("word", ["edit", "undo", "", "Accept"])
def test_only_the_words_of_the_glossary_decide(bench: Workbench, word: str) -> None:
    with pytest.raises(UsageError, match="no decision"):
        bench.decide(live(bench), "r0", word, LIN)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101], ids=["empty", "blank", "newline", "long"])
def test_a_reviewer_has_a_name(name: str) -> None:
    with pytest.raises(UsageError, match="no name"):
        by(name)


def test_undo_brings_back_what_stood_before(bench: Workbench) -> None:
    bench.decide(live(bench), "r0", "accept", LIN)
    bench.decide(live(bench), "r0", "reject", LIN)
    for expected in ("accept", None):
        bench.undo(live(bench), LIN, row_id="r0")
        assert live(bench).row("r0").decision == expected
    assert bench.undo(live(bench), LIN, row_id="r0") is None
    assert [event["action"] for event in events(bench)] == ["accept", "reject", "undo", "undo"]


def test_undo_without_a_row_takes_the_reviewers_own_latest(bench: Workbench) -> None:
    bench.decide(live(bench), "r0", "accept", LIN)
    bench.decide(live(bench), "r1", "accept", LIN)
    bench.decide(live(bench), "r2", "accept", WANG)
    undone = [bench.undo(live(bench), LIN) for _ in range(3)]
    assert [event.row_id if event else None for event in undone] == ["r1", "r0", None]
    assert bench.undo(live(bench), LIN, anyone=True) is not None


def test_an_undo_can_be_undone(bench: Workbench) -> None:
    first = bench.decide(live(bench), "r0", "accept", LIN)
    assert first is not None
    bench.undo(live(bench), LIN)
    bench.undo(live(bench), LIN, event=first.id + 1)
    assert live(bench).row("r0").decision == "accept"
    bench.undo(live(bench), LIN, event=first.id + 2)
    assert live(bench).row("r0").decision is None


def test_undoing_the_same_event_twice_adds_nothing(bench: Workbench) -> None:
    first = bench.decide(live(bench), "r0", "accept", LIN)
    assert first is not None
    for _ in range(2):
        bench.undo(live(bench), LIN, event=first.id)
    assert len(events(bench)) == 2


def test_seal_makes_one_version_with_every_reviewers_decision(bench: Workbench) -> None:
    bench.decide(live(bench), "r0", "accept", LIN)
    bench.decide(live(bench), "r0", "reject", by("王", "duplicate", "同 r1"))
    sealed = bench.seal("train")
    row = bench.row("train", sealed.version, "r0")
    said = [(d["reviewer"], d["decision"], d["reason"], d["note"]) for d in row.decisions or []]
    assert said == [("林", "accept", None, None), ("王", "reject", "duplicate", "同 r1")]
    assert row.decision == "reject"
    assert row.decisions is not None
    assert row.decisions[0]["at"] < row.decisions[1]["at"] <= dt.datetime.now(dt.UTC)
    assert (sealed.version, sealed.rows_changed, sealed.decisions) == (1, 1, 2)


def test_a_sealed_version_says_what_it_is_and_differs_in_decisions_only(bench: Workbench) -> None:
    bench.decide(live(bench), "r0", "accept", LIN)
    bench.seal("train")
    lineage = bench.versions("train")[-1].lineage
    assert (lineage["stage"], lineage["parent_version"], lineage["rows_out"], lineage["rows_in"]) == ("review", 0, 5, 1)
    changes = list(bench.diff("train", 0, 1))
    assert [(c.row_id, set(c.fields)) for c in changes] == [("r0", {"decisions", "decision"})]


def test_sealing_with_nothing_waiting_makes_no_version(bench: Workbench) -> None:
    assert bench.seal("train").version == 0
    bench.decide(live(bench), "r0", "accept", LIN)
    bench.undo(live(bench), LIN)
    assert bench.seal("train").version == 0
    assert live(bench).waiting() == 0


def test_a_sealed_decision_is_not_waiting_and_still_stands(bench: Workbench) -> None:
    bench.decide(live(bench), "r0", "accept", LIN)
    assert live(bench).waiting() == 1
    bench.seal("train")
    assert live(bench).waiting() == 0
    assert live(bench).row("r0").decision == "accept"


def test_a_seal_cut_off_before_its_note_is_done_again_without_a_second_version(bench: Workbench) -> None:
    bench.decide(live(bench), "r0", "accept", LIN)
    bench.edit(live(bench), "r1", {"answer": "A"}, LIN)
    bench.seal("train")
    bench.ledger.write(lambda db: db.execute("UPDATE events SET sealed = NULL"))
    bench.decide(live(bench), "r2", "accept", LIN)  # other events now than when it was cut off
    again = bench.seal("train")
    assert (again.version, again.rows_changed, again.clashes) == (2, 1, ())
    decisions = bench.row("train", 2, "r0").decisions
    assert decisions is not None
    assert len(decisions) == 1
    assert all(event["sealed"] is not None for event in events(bench))


def test_undo_of_a_sealed_decision_takes_effect_at_the_next_seal(bench: Workbench) -> None:
    bench.decide(live(bench), "r0", "accept", LIN)
    bench.seal("train")
    bench.undo(live(bench), LIN)
    assert live(bench).row("r0").decision is None
    assert bench.row("train", 1, "r0").decision == "accept"
    assert bench.seal("train").version == 2
    assert bench.row("train", 2, "r0").decisions is None
    assert bench.row("train", 1, "r0").decision == "accept"


def test_undo_of_a_sealed_edit_brings_the_text_back(bench: Workbench) -> None:
    bench.edit(live(bench), "r0", {"answer": "A"}, LIN)
    bench.seal("train")
    bench.undo(live(bench), LIN)
    assert live(bench).row("r0").answer == "B"
    bench.seal("train")
    assert same(bench.row("train", 2, "r0"), rows()[0])


def test_decisions_follow_their_row_into_later_versions(bench: Workbench) -> None:
    bench.decide(live(bench), "r0", "accept", LIN)
    write(bench, [row.with_(tags=["later"]) for row in rows()], base=0)
    assert live(bench, 1).row("r0").decision == "accept"
    bench.seal("train")
    row = bench.row("train", 2, "r0")
    assert (row.decision, row.tags) == ("accept", ["later"])


def test_an_older_version_shows_what_a_later_seal_folded_away(bench: Workbench) -> None:
    bench.decide(live(bench), "r0", "accept", LIN)
    bench.seal("train")
    assert live(bench, 0).row("r0").decision == "accept"


def test_a_version_does_not_show_what_was_decided_about_its_successor(bench: Workbench) -> None:
    write(bench, [row.with_(tags=["later"]) for row in rows()], base=0)
    bench.decide(live(bench, 1), "r0", "accept", LIN)
    assert live(bench, 0).row("r0").decision is None


def test_restoring_an_older_version_restores_its_decisions(bench: Workbench) -> None:
    bench.decide(live(bench), "r0", "accept", LIN)
    bench.seal("train")
    bench.restore("train", 0)
    assert live(bench, 2).row("r0").decision is None
    assert bench.seal("train").version == 2


def test_decisions_about_rows_that_are_gone_wait(bench: Workbench) -> None:
    bench.decide(live(bench), "d1", "reject", LIN)
    write(bench, rows()[:4], base=0)
    sealed = bench.seal("train")
    assert (sealed.version, sealed.absent) == (1, 1)
    assert events(bench)[0]["sealed"] is None


# ── edits ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_edit_is_a_decision_with_old_and_new(bench: Workbench) -> None:
    bench.edit(live(bench), "r0", {"options": ["3", "6", "10"]}, by("林", note="错字"))
    (event,) = events(bench)
    assert (event["field"], json.loads(event["old"]), json.loads(event["new"])) == (
        "options",
        ["3", "6", "9"],
        ["3", "6", "10"],
    )
    bench.seal("train")
    row = bench.row("train", 1, "r0")
    assert (row.options, row.decision) == (["3", "6", "10"], "edit")


def test_an_edit_to_the_same_text_adds_nothing(bench: Workbench) -> None:
    assert bench.edit(live(bench), "r0", {"answer": "B"}, LIN) == []
    assert events(bench) == []


def test_edits_follow_one_another(bench: Workbench) -> None:
    for answer in ("A", "C", "AC"):
        bench.edit(live(bench), "r0", {"answer": answer}, LIN)
    assert live(bench).row("r0").answer == "AC"
    bench.undo(live(bench), LIN)
    assert live(bench).row("r0").answer == "C"
    bench.seal("train")
    assert bench.row("train", 1, "r0").answer == "C"


def test_an_edit_of_what_somebody_changed_meanwhile_is_refused(bench: Workbench) -> None:
    bench.edit(live(bench), "r0", {"question": "甲？"}, WANG)
    with pytest.raises(Conflict, match="meanwhile"):
        bench.edit(live(bench), "r0", {"question": "乙？"}, LIN, seen={"question": "3 的阶乘是多少？"})
    assert len(events(bench)) == 1


def test_an_edit_that_no_longer_fits_waits_for_a_person(bench: Workbench) -> None:
    bench.edit(live(bench), "r0", {"question": "改过的问题？"}, LIN)
    bench.decide(live(bench), "r0", "accept", WANG)
    write(bench, [row.with_(question="阶段改写的问题？") for row in rows()], base=0)
    sealed = bench.seal("train")
    (clash,) = sealed.clashes
    assert (clash.field, clash.expected, clash.found, clash.wanted) == (
        "question",
        "3 的阶乘是多少？",
        "阶段改写的问题？",
        "改过的问题？",
    )
    row = bench.row("train", 2, "r0")
    assert (row.question, row.decision) == ("阶段改写的问题？", "accept")
    assert [(event["action"], event["sealed"]) for event in events(bench)] == [("edit", None), ("accept", 2)]


@pytest.mark.parametrize("way", ["undo", "edit"])
def test_a_clash_ends_when_a_person_says_so(bench: Workbench, way: str) -> None:
    bench.edit(live(bench), "r0", {"question": "改过的问题？"}, LIN)
    write(bench, [row.with_(question="阶段改写的问题？") for row in rows()], base=0)
    assert len(live(bench).clashes("r0")) == 1
    if way == "undo":
        bench.undo(live(bench), LIN)
    else:
        bench.edit(live(bench), "r0", {"question": "第三种问法？"}, LIN)
    assert live(bench).clashes("r0") == ()
    assert bench.seal("train").clashes == ()
    assert all(event["sealed"] is not None for event in events(bench))


def test_edited_reasoning_is_read_again(bench: Workbench) -> None:
    bench.edit(live(bench), "d0", {"reasoning": "3+2+1=6，再减一半得 3。\n答案是：A"}, LIN)
    assert live(bench).row("d0").concluded == "A"
    bench.seal("train")
    assert bench.row("train", 1, "d0").concluded == "A"


def test_an_edited_rewrite_is_checked_against_its_parent_again(bench: Workbench) -> None:
    broken = rows()[3].problem or ""
    bench.edit(live(bench), "d0", {"problem": broken.replace("不是 5", "是 7")}, LIN)
    failed = [check["name"] for check in live(bench).row("d0").checks if not check["ok"]]
    assert failed == ["negations", "numbers"]
    assert ids(bench, failed="numbers") == ["d0"]


def test_all_fields_of_one_edit_are_kept_or_none(bench: Workbench) -> None:
    with pytest.raises(UsageError, match="names no options"):
        bench.edit(live(bench), "r0", {"problem": "新", "answer": "D"}, LIN)
    assert events(bench) == []


@pytest.mark.parametrize(
    ("field", "text"),
    [("options", "3, 6"), ("options", '["3"]'), ("options", '["3", " "]'), ("options", '{"A": 1}'), ("split", "test")],
    ids=["not JSON", "one", "blank", "object", "field"],
)
def test_a_value_that_no_row_may_hold_is_refused(field: str, text: str) -> None:
    with pytest.raises(UsageError):
        read_field(field, text)


def test_an_empty_text_is_null() -> None:
    assert read_field("reasoning", " \n") is None
    assert read_field("options", "[]") == []


# ── the live view ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_filters_see_what_was_decided_a_moment_ago(bench: Workbench) -> None:
    bench.decide(live(bench), "r1", "reject", LIN)
    bench.decide(live(bench), "r2", "accept", LIN)
    assert ids(bench, decision="reject") == ["r1"]
    assert ids(bench, decision="none") == ["r0", "d0", "d1"]
    bench.seal("train")
    bench.decide(live(bench), "r1", "accept", WANG)
    assert ids(bench, decision="accept") == ["r1", "r2"]
    assert live(bench).counts() == {"accept": 2, "reject": 0, "edit": 0, "none": 3}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"stage": "import"}, ["r0", "r1", "r2"]),
        ({"tags": ("math",)}, ["r1", "r2"]),
        ({"failed": "any"}, ["d1"]),
        ({"failed": "numbers"}, []),
        ({"failed": "negations"}, ["d1"]),
        ({"text": "第 1 题"}, ["r1"]),
        ({"text": "答案是：B"}, ["d0", "d1"]),
        ({"text": "%'; DROP TABLE rows; --"}, []),
        ({"stage": "import", "tags": ("math",), "text": "第 2"}, ["r2"]),
    ],
    ids=str,
)
def test_each_filter_finds_its_rows(bench: Workbench, wanted: dict[str, Any], expected: list[str]) -> None:
    assert ids(bench, **wanted) == expected
    assert [row.row_id for row in rows() if Filter(**wanted).holds(row)] == expected


def test_a_search_finds_the_text_as_it_was_edited(bench: Workbench) -> None:
    bench.edit(live(bench), "r0", {"problem": "汉诺塔"}, LIN)
    assert ids(bench, text="汉诺塔") == ["r0"]
    assert "r0" not in ids(bench, text="递归")


def test_a_page_has_the_true_total(bench: Workbench) -> None:
    bench.decide(live(bench), "r1", "reject", LIN)
    page = live(bench).page(Filter(decision="none"), index=1, limit=2)
    assert ([row.row_id for row in page.rows], page.total) == (["r2", "d0"], 4)


def test_next_undecided_goes_on_and_then_round(bench: Workbench) -> None:
    bench.decide(live(bench), "r1", "accept", LIN)
    found = [live(bench).next_undecided(Filter(), after) for after in (None, "r0", "d1", "r1")]
    assert found == ["r0", "r2", "r0", "r2"]
    assert live(bench).next_undecided(Filter(decision="accept"), "r1") is None


def test_next_undecided_ends(bench: Workbench) -> None:
    for row in rows()[1:]:
        bench.decide(live(bench), row.row_id, "accept", LIN)
    assert live(bench).next_undecided(Filter(), "r0") is None
    assert live(bench).next_undecided(Filter(), "d1") == "r0"


def test_a_row_knows_its_place_also_where_it_left_the_list(bench: Workbench) -> None:
    place = live(bench).spot(Filter(stage="import"), "r1")
    assert (place.index, place.total, place.inside, place.previous, place.next) == (1, 3, True, "r0", "r2")
    bench.decide(live(bench), "r1", "accept", LIN)
    place = live(bench).spot(Filter(stage="import", decision="none"), "r1")
    assert (place.index, place.total, place.inside, place.previous, place.next) == (1, 2, False, "r0", "r2")


# ── the fold ──────────────────────────────────────────────────────────────────────────────────────────────────────────

EVENTS = st.lists(
    st.tuples(st.sampled_from(["accept", "reject", "edit", "undo"]), st.integers(0, 9), st.sampled_from("ABC")),
    max_size=12,
)


def record(script: list[tuple[str, int, str]], row: Row) -> list[Event]:
    """A record as it comes about: an edit begins from what stands; among edits an undo takes the latest, else any."""
    made: list[Event] = []
    edits = any(action == "edit" for action, _, _ in script)
    for action, choice, value in script:
        number = len(made) + 1
        event = Event(number, row.row_id, 0, "林", action, at=float(number))
        now = fold(row, made, 0).row
        if action == "edit":
            if now.answer == value:
                continue
            event = Event(
                number, row.row_id, 0, "林", "edit", "answer", json.dumps(now.answer), json.dumps(value), at=number
            )
        elif action == "undo":
            alive = standing(made)
            there = [e.id for e in made if e.id in alive and (not edits or e.undoes is None)]
            if not there:
                continue
            target = there[-1] if edits else there[choice % len(there)]
            event = Event(number, row.row_id, 0, "林", "undo", undoes=target, at=float(number))
        made.append(event)
    return made


@settings(max_examples=150, deadline=None)
@given(EVENTS, st.integers(0, 12))
def test_sealing_in_between_makes_no_difference(script: list[tuple[str, int, str]], cut: int) -> None:
    row = rows()[0]
    made = record(script, row)
    once = fold(row, made, 0)
    half = fold(row, made[:cut], 0)
    sealed = [
        Event(**{**{name: getattr(e, name) for name in Event.__slots__}, "sealed": 1 if e.id in half.settled else None})
        for e in made
    ]
    twice = fold(half.row, sealed, 1)
    assert (once.clashes, half.clashes, twice.clashes) == ((), (), ())
    assert twice.row == once.row


@settings(max_examples=100, deadline=None)
@given(EVENTS)
def test_folding_again_changes_nothing(script: list[tuple[str, int, str]]) -> None:
    row = rows()[0]
    made = record(script, row)
    once = fold(row, made, 0)
    again = fold(once.row, made, 0)
    assert again.row == once.row


# ── the command ───────────────────────────────────────────────────────────────────────────────────────────────────────


def call(bench: Workbench, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    code = run(["review", *words, "--workspace", str(bench.settings.workspace), "--json"])
    captured = capsys.readouterr()
    return code, json.loads(captured.out or captured.err.splitlines()[-1])


def test_the_command_decides_edits_undoes_and_seals(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(bench, capsys, "next", "train")[1]["items"][0]["row_id"] == "r0"
    code, said = call(bench, capsys, "reject", "train", "--row", "r0", "--reviewer", "林", "--reason", "duplicate")
    assert (code, said["recorded"], said["decision"]) == (0, True, "reject")
    assert call(bench, capsys, "next", "train")[1]["undecided"] == 4
    call(bench, capsys, "edit", "train", "--row", "r1", "--reviewer", "王", "--field", "answer", "--value", "C")
    assert call(bench, capsys, "undo", "train", "--reviewer", "林")[1]["row_id"] == "r0"
    assert call(bench, capsys, "accept", "train", "--row", "r0", "--reviewer", "林")[1]["decision"] == "accept"
    code, sealed = call(bench, capsys, "seal", "train")
    assert (code, sealed["version"], sealed["rows_changed"], sealed["edits"]) == (0, 1, 2, 1)
    assert bench.row("train", 1, "r1").answer == "C"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["accept", "train"], 2),
        (["edit", "train", "--row", "r0", "--field", "answer"], 2),
        (["edit", "train", "--row", "r0", "--field", "split", "--value", "x"], 2),
        (["accept", "train", "--row", "zz"], 3),
        (["accept", "other", "--row", "r0"], 3),
        (["fold", "train"], 2),
    ],
    ids=["no row", "no value", "no such field", "no such row", "no such dataset", "no such action"],
)
def test_the_command_says_what_is_wrong(
    bench: Workbench, capsys: pytest.CaptureFixture[str], words: list[str], code: int
) -> None:
    found, said = call(bench, capsys, *words)
    assert (found, bool(said["hint"])) == (code, True)


def test_the_fields_that_can_be_edited_are_columns_of_a_row() -> None:
    assert set(EDITABLE) <= set(Row.__slots__)


def test_the_command_decides_about_all_rows_of_an_expression(
    bench: Workbench, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = call(bench, capsys, "reject", "train", "--where", "stage = 'import'", "--reviewer", "林")
    assert (code, said["rows"], said["where"]) == (0, 3, "stage = 'import'")
    assert live(bench).counts() == {"none": 2, "accept": 0, "reject": 3, "edit": 0}
    assert len(events(bench)) == 1
    call(bench, capsys, "undo", "train", "--reviewer", "林")
    assert live(bench).counts()["reject"] == 0


def test_the_command_deals_rows_out_and_shows_who_agrees(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    dealt = call(bench, capsys, "assign", "train", "--to", "林", "--to", "王", "--second", "1", "--reviewer", "李")[1]
    assert (dealt["rows"], dealt["reviewers"]) == (5, ["林", "王"])
    for name, action in (("林", "accept"), ("王", "reject")):
        row_id = call(bench, capsys, "next", "train", "--mine", "--reviewer", name)[1]["items"][0]["row_id"]
        assert row_id == "r0"  # the second reviewer is shown it as undecided
        assert call(bench, capsys, action, "train", "--row", "r0", "--reviewer", name)[0] == 0
    found = call(bench, capsys, "conflicts", "train")[1]
    assert [[one["decision"] for one in item["decisions"]] for item in found["items"]] == [["accept", "reject"]]
    shown = call(bench, capsys, "progress", "train")[1]
    assert {one["reviewer"]: (one["dealt"], one["done"]) for one in shown["items"]} == {"林": (5, 1), "王": (5, 1)}
    assert (shown["agreement"]["rows"], shown["agreement"]["conflicts"]) == (1, 1)
    assert call(bench, capsys, "assign", "train", "--end", str(dealt["id"]))[0] == 0
    assert call(bench, capsys, "progress", "train")[1]["assignments"] == []
    assert call(bench, capsys, "assign", "train")[0] == 2


@pytest.mark.parametrize("words", [["progress"], ["conflicts"], ["assign", "--to", "林"]], ids=lambda words: words[0])
def test_the_command_speaks_of_reviewers_in_words(
    bench: Workbench, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    bench.decide(live(bench), "r0", "accept", LIN)
    bench.decide(live(bench), "r0", "reject", by("王", "other"))
    assert run(["review", words[0], "train", *words[1:], "--workspace", str(bench.settings.workspace)]) == 0
    said = capsys.readouterr().out
    assert {"progress": "1 to settle", "conflicts": "林: accept · 王: reject (other)", "assign": "5 rows"}[
        words[0]
    ] in said


def test_a_rejected_row_goes_to_repair_with_its_reason(bench: Workbench) -> None:
    bench.decide(live(bench), "r1", "reject", by("林", "wrong answer"))
    sealed, where = bench.to_repair("train", ["r1"])
    found = list(live(bench).ids(Filter(where=where, decision="reject")))
    assert (sealed.rows_changed, found) == (1, ["r1"])
