"""Decisions about all rows of a filter: one event, laid over rows as one decision about each would be."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.browse import Filter, Shelf
from augment.errors import Conflict, UsageError
from augment.events import ALL, keys_of
from augment.events import _bulk as bulk
from augment.review import by, decide, decide_all, edit, history, seal, undo
from augment.types import Check, Row
from tests.browse.shelves import Room

LIN, WANG = by("林", "other"), by("王")
ROWS = [
    Row(f"{n:032x}", f"p{n}", question=f"第{n}题", stage="reason" if n % 2 else "import", score=n / 10)
    for n in range(10)
]


def said(room: Room) -> list[tuple[str | None, list[tuple[str, str]]]]:
    """What stands of each row, and what the reviewers said in order."""
    rows = room.browser.page(Filter(), limit=100).rows
    return [(row.decision, [(d["reviewer"], d["decision"]) for d in row.decisions or []]) for row in rows]


@pytest.mark.parametrize("filed", [False, True], ids=["memory", "files"])
def test_one_event_decides_about_every_row_of_a_filter(tmp_path: Path, filed: bool) -> None:
    with Room(tmp_path, ROWS, filed=filed) as room:
        made = decide_all(room.browser, room.ledger, Filter(stage="reason", score_from=0.3), "reject", LIN)
        assert made.rows == 4
        found = room.ledger.query("SELECT row_id, action, reviewer, reason, filter FROM events")
        assert found == [
            {
                "row_id": ALL,
                "action": "reject",
                "reviewer": "林",
                "reason": "other",
                "filter": '{"stage": "reason", "score_from": 0.3}',
            }
        ]
        assert room.browser.counts() == {"none": 6, "accept": 0, "reject": 4, "edit": 0}
        assert list(room.browser.ids(Filter(decision="reject"))) == [ROWS[n].row_id for n in (3, 5, 7, 9)]
        assert list(room.browser.ids(Filter(where="decision = 'reject' AND score > 0.6"))) == [
            ROWS[n].row_id for n in (7, 9)
        ]
        assert room.browser.waiting() == 4


def test_somebody_else_s_server_finds_the_same_rows(tmp_path: Path) -> None:
    with Room(tmp_path, ROWS, filed=True) as room, Room(tmp_path / "2", ROWS, filed=True) as other:
        decide_all(room.browser, room.ledger, Filter(score_from=0.7), "accept", LIN)
        other.ledger = room.ledger
        other.shelf._ledger = room.ledger  # a second process would open the same file
        assert other.browser.counts()["accept"] == 3


def test_undo_takes_all_of_it_back_or_one_row(tmp_path: Path) -> None:
    with Room(tmp_path, ROWS, filed=True) as room:
        made = decide_all(room.browser, room.ledger, Filter(), "accept", LIN)
        undo(room.browser, room.ledger, WANG, row_id=ROWS[2].row_id, event=made.event)
        assert room.browser.counts()["accept"] == 9
        assert room.browser.row(ROWS[2].row_id).decision is None
        undo(room.browser, room.ledger, LIN)
        assert room.browser.counts()["accept"] == 0
        undone = history(room.ledger, "d", ROWS[2].row_id)
        assert [(event.action, event.undoes is not None) for event in undone] == [
            ("accept", False),
            ("undo", True),
            ("undo", True),
        ]
        undo(room.browser, room.ledger, LIN, event=undone[-1].id)
        assert room.browser.counts()["accept"] == 9


def test_the_newest_decision_of_a_row_may_be_one_about_many(tmp_path: Path) -> None:
    with Room(tmp_path, ROWS, filed=False) as room:
        decide(room.browser, room.ledger, ROWS[1].row_id, "reject", LIN)
        decide_all(room.browser, room.ledger, Filter(stage="reason"), "accept", LIN)
        taken = undo(room.browser, room.ledger, LIN, row_id=ROWS[1].row_id)
        assert taken is not None
        assert taken.row_id == ROWS[1].row_id
        assert room.browser.row(ROWS[3].row_id).decision == "accept"


def test_a_decision_that_stands_by_one_about_many_is_not_made_again(tmp_path: Path) -> None:
    with Room(tmp_path, ROWS, filed=False) as room:
        decide_all(room.browser, room.ledger, Filter(), "accept", WANG)
        assert decide(room.browser, room.ledger, ROWS[1].row_id, "accept", WANG) is None


def test_another_number_of_rows_than_was_agreed_to_is_refused(tmp_path: Path) -> None:
    with Room(tmp_path, ROWS, filed=False) as room:
        with pytest.raises(Conflict):
            decide_all(room.browser, room.ledger, Filter(decision="none"), "accept", LIN, rows=9)
        with pytest.raises(UsageError):
            decide_all(room.browser, room.ledger, Filter(stage="nothing"), "accept", LIN)
        assert decide_all(room.browser, room.ledger, Filter(decision="none"), "accept", LIN, rows=10).rows == 10


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["accept", "reject", "all accept", "all reject", "undo", "undo row", "edit", "seal"]),
        st.integers(0, 9),
        st.sampled_from([LIN, WANG]),
    ),
    max_size=6,
)


@given(acts=ACTS)
@settings(max_examples=5)
def test_one_event_about_many_is_as_good_as_one_about_each(acts: list[tuple[str, int, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        together = played(Path(folder) / "together", acts, at_once=True)
        apart = played(Path(folder) / "apart", acts, at_once=False)
    assert together == apart


def played(folder: Path, acts: list[tuple[str, int, Any]], *, at_once: bool) -> list[Any]:
    """What is said of each row at every step, before and after seals."""
    steps: list[Any] = []
    with Room(folder, ROWS, filed=False) as room:
        made: list[Callable[[], object]] = []
        for step, (act, number, who) in enumerate(acts):
            hand = by(who.reviewer, None, f"{step}")  # so that none says again what stands
            browser, ledger, row_id = room.browser, room.ledger, ROWS[number].row_id
            if act.startswith("all"):
                made.append(all_of(room, act[4:], Filter(score_from=number / 10), hand, at_once=at_once))
            elif act == "undo":
                if made:
                    made.pop()()
            elif act == "undo row":
                undo(browser, ledger, hand, row_id=row_id, anyone=True)
            elif act == "edit":
                edit(browser, ledger, row_id, {"question": f"新{len(steps)}"}, hand)
            elif act == "seal":
                room.version = seal(room.store, ledger, "d").version
            else:
                decide(browser, ledger, row_id, act, hand)
            steps.append((said(room), room.browser.counts(), room.browser.waiting()))
        for shelf in (room.shelf, Shelf(room.store, room.ledger)):  # bit by bit, and read anew
            browser = shelf.browser("d", room.version)
            steps.append(browser.counts())
            steps.append({name: words.tolist() for name, words in browser.voices().of.items() if words.any()})
            shelf.close()
        assert steps[-2:] == steps[-4:-2]
    return steps


def all_of(room: Room, decision: str, wanted: Filter, hand: Any, *, at_once: bool) -> Callable[[], object]:
    """Decides about all rows of a filter, and gives how to take it back."""
    if at_once:
        event = decide_all(room.browser, room.ledger, wanted, decision, hand).event
        return lambda: undo(room.browser, room.ledger, hand, event=event)
    events = []
    for row_id in list(room.browser.ids(wanted)):
        events.append(decide(room.browser, room.ledger, row_id, decision, hand))
    return lambda: [undo(room.browser, room.ledger, hand, event=one.id) for one in events if one is not None]


@pytest.mark.parametrize("taken", [0.0, 0.5], ids=["all rows", "half of them gone"])
def test_rows_that_the_version_lacks_wait_on(tmp_path: Path, taken: float) -> None:
    with Room(tmp_path, ROWS, filed=False) as room:
        decide_all(room.browser, room.ledger, Filter(), "accept", LIN)
        kept = [row for row in ROWS if row.score is not None and row.score >= taken]
        with room.store.draft("d") as draft:
            draft.write(kept)
            room.store.commit(
                "d",
                base=0,
                whole=draft,
                changed=frozenset(),
                lineage=lambda a, o: {"stage": "filter", "rows_added": a, "rows_out": o},
                transaction="x",
            )
        sealed = seal(room.store, room.ledger, "d")
        assert (sealed.decisions, sealed.absent) == (len(kept), 10 - len(kept))
        back = room.store.restore("d", 0, lambda a, o: {"stage": "restore", "rows_added": a, "rows_out": o})
        room.version = back
        assert room.browser.counts()["accept"] == 10 - len(kept)


@pytest.mark.parametrize("rows", [0, 1, bulk.SMALL, bulk.SMALL + 1, 20_000])
def test_keys_are_read_back_as_they_were_kept(rows: int) -> None:
    keys = np.sort(keys_of(f"row {n}" for n in range(rows)))
    parts = list(bulk.split_keys(keys))
    assert np.array_equal(bulk.join_keys([part for _, part in parts]), keys)
    for number in (0, rows - 1):
        if rows:
            key = keys_of([f"row {number}"])
            inside = [part for name, part in parts if name in (bulk.WHOLE, int(key[0]) >> 56)]
            assert bulk.holds(bulk.join_keys(inside), key).tolist() == [True]


def test_an_edited_row_is_checked_again_when_its_parent_is_edited(tmp_path: Path) -> None:
    stem = "3 的阶乘不是 5。"
    parent = Row("r", "p", problem=stem, question="是多少？")
    checks = [Check(name="numbers", ok=True, detail="")]
    child = Row("c", "p", parent_id="r", root_id="r", problem=stem, question="是几？", checks=checks)
    with Room(tmp_path, [parent, child, *ROWS], filed=False) as room:
        edit(room.browser, room.ledger, "c", {"problem": "3 的阶乘不是 7。"}, LIN)
        assert room.browser.row("c").checks[0]["ok"] is False
        edit(room.browser, room.ledger, "r", {"problem": "3 的阶乘不是 7。"}, WANG)
        assert room.browser.row("c").checks[0]["ok"] is True
        decide(room.browser, room.ledger, ROWS[0].row_id, "accept", LIN)
        assert room.browser.row("c").checks[0]["ok"] is True
        undo(room.browser, room.ledger, WANG)
        assert room.browser.row("c").checks[0]["ok"] is False
        fresh = Shelf(room.store, room.ledger)
        assert fresh.browser("d", room.version).row("c") == room.browser.row("c")
        fresh.close()
