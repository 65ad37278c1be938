"""Several reviewers of one version: rows dealt out, blind second reviewers, conflicts, progress, agreement."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.browse import NOBODY, Filter, deals
from augment.errors import NotFound, UsageError
from augment.events import keys_of
from augment.review import agreeing, by, deal, decide, decide_all, edit, progress, seal, undeal
from augment.review._dealing import hands
from augment.types import Row
from tests.browse.shelves import Room

LIN, WANG, LI = by("林"), by("王"), by("李")
ROWS = [Row(f"{n:032x}", f"p{n // 2}", question=f"第{n}题", score=n / 40) for n in range(40)]


@given(
    kin=st.lists(st.integers(0, 30), min_size=1, max_size=200),
    reviewers=st.integers(1, 7),
    share=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
)
def test_every_row_is_dealt_evenly_and_kin_stay_together(kin: list[int], reviewers: int, share: float) -> None:
    keys, group = keys_of(f"row {n}" for n in range(len(kin))), np.array(kin)
    share = share if reviewers > 1 else 0.0
    first, second = hands(keys, group, reviewers, share)
    largest = int(np.bincount(group).max())
    sums = np.bincount(first, minlength=reviewers)
    assert sums.max() - sums.min() <= 2 * largest
    assert abs(np.count_nonzero(second != NOBODY) - share * len(kin)) <= largest
    assert not np.any(first == second)
    for one in np.unique(group):
        assert len({(int(a), int(b)) for a, b in zip(first[group == one], second[group == one], strict=True)}) == 1
    turned = np.arange(len(kin))[::-1]
    again = hands(keys[turned], 1_000 - group[turned], reviewers, share)
    assert np.array_equal(again[0], first[turned])
    assert np.array_equal(again[1], second[turned])


@pytest.mark.parametrize("filed", [False, True], ids=["memory", "files"])
def test_rows_dealt_are_found_by_whose_they_are(tmp_path: Path, filed: bool) -> None:
    with Room(tmp_path, ROWS, filed=filed) as room:
        made = deal(room.browser, room.ledger, Filter(score_from=0.5), ["林", "王"], LI)
        assert (made.rows, made.reviewers, made.by) == (20, ("林", "王"), "李")
        mine, theirs = (set(room.browser.ids(Filter(assigned=name))) for name in ("林", "王"))
        assert mine | theirs == {row.row_id for row in ROWS[20:]}
        assert not mine & theirs
        one = sorted(mine)[0]
        decide(room.browser, room.ledger, one, "accept", WANG)
        assert one in set(room.browser.ids(Filter(assigned="林", decision="none")))  # of hers nothing stands yet
        decide(room.browser, room.ledger, one, "reject", LIN)
        assert list(room.browser.ids(Filter(assigned="林", decision="reject"))) == [one]
        assert room.browser.next_undecided(Filter(assigned="林"), one) != one
        assert not list(room.browser.ids(Filter(assigned="谁")))


def test_a_deal_follows_its_rows_and_ends(tmp_path: Path) -> None:
    with Room(tmp_path, ROWS, filed=False) as room:
        number = deal(room.browser, room.ledger, Filter(), ["林", "王"], LI).id
        before = list(room.browser.ids(Filter(assigned="林")))
        decide_all(room.browser, room.ledger, Filter(score_from=0.9), "accept", LIN)
        room.version = seal(room.store, room.ledger, "d").version
        assert list(room.browser.ids(Filter(assigned="林"))) == before
        undeal(room.ledger, "d", number)
        assert not deals(room.ledger, "d")
        assert not list(room.browser.ids(Filter(assigned="林")))
        with pytest.raises(NotFound):
            undeal(room.ledger, "d", number)


def test_the_later_deal_says_whose_a_row_is(tmp_path: Path) -> None:
    with Room(tmp_path, ROWS, filed=False) as room:
        deal(room.browser, room.ledger, Filter(), ["林"], LI)
        deal(room.browser, room.ledger, Filter(score_from=0.5), ["王"], LI)
        assert (room.browser.count(Filter(assigned="林")), room.browser.count(Filter(assigned="王"))) == (20, 20)


@pytest.mark.parametrize(
    ("names", "share"),
    [([], 0.0), (["林", "林"], 0.0), (["林"], 0.5), (["林", "王"], 1.5), (["林", " "], 0.0)],
    ids=["nobody", "twice the same", "a second one of one", "more than all", "no name"],
)
def test_a_deal_that_makes_no_sense_is_refused(tmp_path: Path, names: list[str], share: float) -> None:
    with Room(tmp_path, ROWS, filed=False) as room:
        with pytest.raises(UsageError):
            deal(room.browser, room.ledger, Filter(), names, LI, share=share)
        assert not deals(room.ledger, "d")


@pytest.mark.parametrize("filed", [False, True], ids=["memory", "files"])
def test_a_second_reviewer_sees_no_decision_of_the_first(tmp_path: Path, filed: bool) -> None:
    with Room(tmp_path, ROWS, filed=filed) as room:
        deal(room.browser, room.ledger, Filter(), ["林", "王"], LI, share=1.0)
        row_id = ROWS[3].row_id
        decide(room.browser, room.ledger, row_id, "reject", by("林", "other", "看不懂"))
        unseen = room.browser.row(row_id, eyes="王")
        assert (unseen.decision, unseen.decisions) == (None, None)
        assert room.browser.row(row_id).decision == "reject"
        assert room.browser.row(row_id, eyes="李").decision == "reject"  # it is not dealt to them
        listed = {row.row_id: row for row in room.browser.page(Filter(), eyes="王").rows}
        assert listed[row_id].decisions is None
        assert room.browser.family([row_id], eyes="王")[row_id].decisions is None
        decide(room.browser, room.ledger, row_id, "accept", WANG)
        seen = room.browser.row(row_id, eyes="王")
        assert [one["reviewer"] for one in seen.decisions or []] == ["林", "王"]


def test_without_a_second_reviewer_everyone_sees_all(tmp_path: Path) -> None:
    with Room(tmp_path, ROWS, filed=False) as room:
        deal(room.browser, room.ledger, Filter(), ["林", "王"], LI)
        decide(room.browser, room.ledger, ROWS[3].row_id, "reject", LIN)
        assert room.browser.row(ROWS[3].row_id, eyes="王").decision == "reject"


def test_a_conflict_lasts_until_what_stands_is_what_most_say(tmp_path: Path) -> None:
    with Room(tmp_path, ROWS, filed=True) as room:
        row_id = ROWS[7].row_id

        def open_after(decision: str, hand: object) -> list[str]:
            decide(room.browser, room.ledger, row_id, decision, hand)  # type: ignore[arg-type]  # a By
            return list(room.browser.ids(Filter(conflict=True)))

        assert open_after("accept", LIN) == []
        assert open_after("reject", WANG) == [row_id]
        assert open_after("accept", LI) == []
        assert open_after("reject", WANG) == [row_id]  # said again, and last: it stands against most
        room.version = seal(room.store, room.ledger, "d").version
        assert list(room.browser.ids(Filter(conflict=True))) == [row_id]
        assert open_after("reject", LI) == []


def test_an_edit_keeps_its_row(tmp_path: Path) -> None:
    with Room(tmp_path, ROWS, filed=False) as room:
        decide(room.browser, room.ledger, ROWS[0].row_id, "accept", LIN)
        edit(room.browser, room.ledger, ROWS[0].row_id, {"question": "改过"}, WANG)
        assert not room.browser.count(Filter(conflict=True))
        decide(room.browser, room.ledger, ROWS[0].row_id, "reject", LI)
        assert room.browser.count(Filter(conflict=True)) == 1


@pytest.mark.parametrize("sealed", [False, True], ids=["waiting", "sealed"])
def test_progress_and_agreement_are_what_the_reviewers_said(tmp_path: Path, sealed: bool) -> None:
    with Room(tmp_path, ROWS, filed=False) as room:
        deal(room.browser, room.ledger, Filter(), ["林", "王"], LI, share=1.0)
        for number in range(10):
            decide(room.browser, room.ledger, ROWS[number].row_id, "accept" if number < 6 else "reject", LIN)
            decide(room.browser, room.ledger, ROWS[number].row_id, "accept" if number < 5 else "reject", WANG)
        decide(room.browser, room.ledger, ROWS[20].row_id, "accept", WANG)
        edit(room.browser, room.ledger, ROWS[21].row_id, {"question": "改过"}, LI)
        if sealed:
            room.version = seal(room.store, room.ledger, "d").version
        people = {one.reviewer: one for one in progress(room.browser)}
        assert sorted(people) == sorted(["林", "王", "李"])
        assert (people["林"].dealt, people["林"].done, people["林"].accepted, people["林"].rejected) == (40, 10, 6, 4)
        assert (people["王"].decided, people["王"].conflicts, people["李"].dealt, people["李"].edited) == (11, 1, 0, 1)
        assert people["林"].second + people["王"].second == 40
        found = agreeing(room.browser)
        assert (found.rows, found.agree, found.conflicts) == (10, 9, 1)
        # Cohen (1960): observed 0.9, by chance 0.6·0.5 + 0.4·0.5 = 0.5.
        assert found.kappa == {"林 / 王": pytest.approx(0.8)}
