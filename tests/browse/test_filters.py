"""What a filter shows is what a naive filter in Python shows, in memory and from files, whatever the rows hold."""

from __future__ import annotations

import dataclasses
import datetime as dt
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.browse import CODED, LISTED, SORTS, UNDECIDED, Filter, Sort, read_filter, to_json
from augment.errors import BadInput, NotFound, UsageError
from augment.query import select
from augment.review import by, decide, edit, undo
from augment.types import Row, Verdict
from tests.browse.shelves import Room, in_order, naive

WORDS = st.sampled_from(
    ["甲", "乙", "it's", "%", "_", "a\x1fb", "\\", "'; DROP TABLE base; --", "any", "none", "甲\x00乙"]
)
PIECES = st.lists(
    st.sampled_from(["递归", "函数", "归函", "的", "'", "%", "_", "\n", "\x00", "𠮷", "a", "选项"]), max_size=6
)
TEXTS = PIECES.map("".join)
MOMENTS = st.integers(0, 10).map(lambda s: dt.datetime.fromtimestamp(s, dt.UTC))
CHECK = st.fixed_dictionaries({"name": WORDS, "ok": st.booleans(), "detail": st.just("")})
VERDICTS = st.sampled_from([0.0, 11.0, 22.0, 44.0]).map(
    lambda total: Verdict(judge="j", rubric="r", total=total, maximum=44.0, criteria=[])
)
SCORES = st.none() | st.sampled_from([0.0, 0.25, 0.5, 1.0, -1.5])


@st.composite
def drawn(draw: st.DrawFn, number: int) -> Row:
    values: dict[str, Any] = {
        name: draw(st.none() | WORDS) for name in ("stage", "provider", "label", "split", "answer")
    }
    decision = draw(st.sampled_from([None, "accept", "reject", "edit"]))
    return Row(
        f"{number:032x}",
        draw(st.sampled_from(["p", "q", "r"])),
        root_id=draw(st.none() | st.sampled_from([f"{0:032x}", f"{2:032x}", "elsewhere"])),
        verdicts=draw(st.none() | st.lists(VERDICTS, max_size=3)),
        source_id=draw(st.none() | TEXTS),
        kind=draw(st.sampled_from(["choice", "reading"])),
        problem=draw(st.none() | TEXTS),
        question=draw(st.none() | TEXTS),
        options=draw(st.just([]) | st.lists(TEXTS, min_size=2, max_size=3)),
        reasoning=draw(st.none() | TEXTS),
        tags=draw(st.lists(WORDS, max_size=3)),
        checks=draw(st.lists(CHECK, max_size=3)),
        score=draw(SCORES),
        attempts=draw(st.none() | st.integers(0, 3)),
        output_tokens=draw(st.none() | st.integers(0, 3)),
        cost_cny=draw(SCORES),
        decision=decision,
        decisions=None
        if decision is None
        else [{"reviewer": "林", "decision": decision, "reason": None, "note": None, "at": draw(MOMENTS)}],
        created_at=draw(st.none() | MOMENTS),
        **values,
    )


@st.composite
def datasets(draw: st.DrawFn) -> list[Row]:
    return [draw(drawn(number)) for number in range(draw(st.integers(1, 12)))]


FILTERS = st.builds(
    Filter,
    stage=st.just("") | WORDS,
    provider=st.just("") | WORDS,
    answer=st.just("") | st.just("") | WORDS,
    kind=st.sampled_from(["", "", "choice"]),
    decision=st.sampled_from(["", "", "none", "accept", "edit", "nonsense"]),
    tags=st.just(()) | WORDS.map(lambda word: (word,)) | st.tuples(WORDS, WORDS),
    failed=st.just("") | WORDS,
    passed=st.just("") | WORDS,
    score_from=SCORES,
    score_to=SCORES,
    reasoning=st.none() | st.booleans(),
    text=st.just("") | TEXTS,
)
FEW = st.sampled_from([field.name for field in dataclasses.fields(Filter) if field.name != "where"])


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    """Few parts at once, so that they find something."""
    asked, kept = draw(FILTERS), draw(st.sets(FEW, max_size=2))
    return Filter(**{name: getattr(asked, name) for name in kept})


ACTS = st.lists(
    st.tuples(st.integers(0, 11), st.sampled_from(["accept", "reject", "undo", "question", "reasoning"])), max_size=8
)


def play(room: Room, rows: list[Row], acts: list[tuple[int, str]]) -> None:
    hand = by("林")
    for number, act in acts:
        row_id = rows[number % len(rows)].row_id
        if act == "undo":
            undo(room.browser, room.ledger, hand, row_id=row_id)
        elif act in ("accept", "reject"):
            decide(room.browser, room.ledger, row_id, act, hand)
        else:
            with suppress(UsageError):  # of a row whose answer names none of its options
                edit(room.browser, room.ledger, row_id, {act: "新的递归函数"}, hand)


@pytest.mark.parametrize("filed", [False, True], ids=["memory", "files"])
@given(
    rows=datasets(),
    wanted=st.lists(filters(), min_size=1, max_size=6),
    acts=ACTS,
    sort=st.sampled_from(SORTS),
    down=st.booleans(),
)
@settings(max_examples=8)
def test_what_is_shown_is_what_a_naive_filter_shows(
    rows: list[Row], wanted: list[Filter], acts: list[tuple[int, str]], sort: Sort, down: bool, filed: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder, Room(Path(folder), rows, filed=filed) as room:
        browser = room.browser
        browser.count(Filter())  # what is decided from here on comes bit by bit
        for place in range(len(acts)):
            play(room, rows, acts[place : place + 1])
            browser.count(Filter(decision="accept"))
        now = [room.browser.row(row.row_id) for row in rows]
        for one in wanted:
            expected = naive(now, one)
            assert list(browser.ids(one)) == expected
            listing = browser.page(one, limit=100)
            assert (listing.rows, listing.total, listing.about, listing.partial) == (
                [row for row in now if row.row_id in expected],
                len(expected),
                False,
                False,
            )
            shown = [row.row_id for row in browser.page(one, sort=sort, descending=down, limit=100).rows]
            assert shown == [row_id for row_id in in_order(now, sort, descending=down) if row_id in expected]
        for column in (*CODED, *LISTED):
            counted = browser.values(wanted[0], column)
            assert dict(counted) == occurrences(now, naive(now, wanted[0]), column)


def occurrences(rows: list[Row], ids: list[str], column: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        if row.row_id not in ids:
            continue
        if column == "tags":
            words = set(row.tags)
        elif column in ("failed", "passed"):
            words = {check["name"] for check in row.checks if check["ok"] == (column == "passed")}
        else:
            word = getattr(row, column) or (UNDECIDED if column == "decision" else None)
            words = set() if word is None else {word}
        for word in words:
            found[word] = found.get(word, 0) + 1
    return found


@pytest.mark.parametrize("filed", [False, True], ids=["memory", "files"])
@given(rows=datasets(), sort=st.sampled_from(SORTS), down=st.booleans(), limit=st.integers(1, 4), wanted=filters())
@settings(max_examples=8)
def test_pages_forwards_and_backwards_are_the_whole_list_once(
    rows: list[Row], sort: Sort, down: bool, limit: int, wanted: Filter, filed: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder, Room(Path(folder), rows, filed=filed) as room:
        browser = room.browser
        chosen = naive(rows, wanted)
        expected = [row_id for row_id in in_order(rows, sort, descending=down) if row_id in chosen]
        forwards: list[str] = []
        page = browser.page(wanted, sort=sort, descending=down, limit=limit)
        while page.rows:
            assert page.index == len(forwards)
            assert page.before == bool(forwards)
            forwards += [row.row_id for row in page.rows]
            assert page.after == (len(forwards) < len(expected))
            page = browser.page(wanted, sort=sort, descending=down, side="after", row_id=forwards[-1], limit=limit)
        assert forwards == expected
        backwards: list[str] = []
        page = browser.page(wanted, sort=sort, descending=down, side="before", limit=limit)
        while page.rows:
            backwards = [row.row_id for row in page.rows] + backwards
            page = browser.page(wanted, sort=sort, descending=down, side="before", row_id=backwards[0], limit=limit)
        assert backwards == expected
        for row in rows:
            order = in_order(rows, sort, descending=down)
            behind = [row_id for row_id in order[order.index(row.row_id) :] if row_id in chosen]
            there = browser.page(wanted, sort=sort, descending=down, row_id=row.row_id, limit=limit)
            assert [one.row_id for one in there.rows] == behind[:limit]


HOSTILE = [
    "'",
    '"',
    "%",
    "_",
    "\\",
    "'; DROP TABLE base; --",
    "') OR 1=1 --",
    "\x00",
    "\ud800",
    "递\ud800",
    "?",
    "𠮷",
    "*",
    "AND",
    "\n",
]


@pytest.mark.parametrize("filed", [False, True], ids=["memory", "files"])
def test_a_hostile_text_is_looked_for_as_it_stands(tmp_path: Path, filed: bool) -> None:
    rows = [Row(f"{n:032x}", "p", question=f"前{text}后") for n, text in enumerate(HOSTILE) if text.isprintable()]
    with Room(tmp_path, rows, filed=filed) as room:
        for text in HOSTILE:
            assert list(room.browser.ids(Filter(text=text))) == [
                row.row_id for row in rows if text in (row.question or "")
            ]


@pytest.mark.parametrize("part", ["stage", "decision", "failed"])
def test_a_hostile_value_finds_nothing_and_breaks_nothing(tmp_path: Path, part: str) -> None:
    with Room(tmp_path, [Row("a", "p", stage="reason")], filed=True) as room:
        assert [room.browser.count(Filter(**{part: text})) for text in HOSTILE] == [0] * len(HOSTILE)  # type: ignore[arg-type]  # all are texts


@pytest.mark.parametrize(
    "where",
    [
        "1=1) OR (1=1",
        "true; DROP TABLE base",
        "(SELECT count(*) FROM read_csv('/etc/passwd')) > 0",
        "(SELECT count(*) FROM kept.base) > 0",
        "(SELECT count(*) FROM base) > 0",
        "nonsense = 1",
        "",
        "\ud800",
    ],
)
@pytest.mark.parametrize("filed", [False, True], ids=["memory", "files"])
def test_what_is_no_expression_over_a_row_is_refused(tmp_path: Path, where: str, filed: bool) -> None:
    with Room(tmp_path, [Row("a", "p")], filed=filed) as room:
        if not where:
            assert room.browser.count(Filter(where=where)) == 1
            return
        with pytest.raises(UsageError):
            room.browser.count(Filter(where=where))


@pytest.mark.parametrize("filed", [False, True], ids=["memory", "files"])
@pytest.mark.parametrize(
    "where",
    [
        "score >= 0.5",
        "contains(question, '新')",
        "decision = 'accept'",
        "len(decisions) > 0",
        "score > (SELECT avg(score) FROM rows)",
        "rows.score < 0.3 -- few",
    ],
)
def test_an_expression_sees_what_a_seal_would_make(tmp_path: Path, where: str, filed: bool) -> None:
    from augment.review import seal

    rows = [Row(f"{n:032x}", "p", question=f"第{n}题", score=n / 10) for n in range(10)]
    with Room(tmp_path, rows, filed=filed) as room:
        play(room, rows, [(1, "accept"), (2, "question"), (3, "reject"), (4, "accept"), (4, "undo")])
        found = list(room.browser.ids(Filter(where=where)))
        sealed = seal(room.store, room.ledger, "d")
        assert found == sorted(select(room.store, "d", sealed.version, where=where) or [])


def test_an_expression_is_one_part_among_others(tmp_path: Path) -> None:
    rows = [Row(f"{n:032x}", "p", stage="reason" if n % 2 else "judge", score=n / 10) for n in range(10)]
    with Room(tmp_path, rows, filed=True) as room:
        found = list(room.browser.ids(Filter(stage="reason", where="score > 0.4")))
        assert found == [rows[n].row_id for n in (5, 7, 9)]


def test_an_expression_that_takes_too_long_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from augment.browse import _sql

    monkeypatch.setattr(_sql, "DEADLINE_S", 0.3)
    rows = [Row(f"{n:032x}", "p", question="题" * 50) for n in range(3_000)]
    with Room(tmp_path, rows, filed=False) as room:
        slow = "(SELECT count(*) FROM rows a, rows b, rows c WHERE a.question || b.question < c.question) >= 0"
        with pytest.raises(UsageError, match="still at work"):
            room.browser.count(Filter(where=slow))


def test_a_row_that_is_not_there_is_said(tmp_path: Path) -> None:
    with Room(tmp_path, [Row("a", "p")], filed=True) as room:
        for row_id in ("b", "", "'", "\ud800"):
            with pytest.raises(NotFound):
                room.browser.row(row_id)


def test_a_histogram_counts_every_row_once(tmp_path: Path) -> None:
    rows = [Row(f"{n:032x}", "p", score=None if n < 3 else n / 10) for n in range(11)]
    with Room(tmp_path, rows, filed=True) as room:
        found = room.browser.histogram(Filter(), "score", bins=7)
        assert (sum(found.counts), found.unknown, found.edges[0], found.edges[-1]) == (8, 3, 0.3, 1.0)
        assert room.browser.histogram(Filter(score_from=0.5, score_to=0.6), "score", bins=2).counts == (1, 1)
        assert room.browser.histogram(Filter(stage="none such"), "score").counts == ()


@given(wanted=FILTERS)
def test_a_filter_is_read_back_as_it_was_kept(wanted: Filter) -> None:
    assert read_filter(to_json(wanted)) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"stages": "x"}',
        '{"stage": 1}',
        '{"tags": [1]}',
        '{"tags": 1}',
        '{"reasoning": "x"}',
        '{"score_from": true}',
        '{"score_from": null, "tags": "ab"}',
    ],
)
def test_what_is_no_filter_is_not_taken_for_one(text: str) -> None:
    with pytest.raises(BadInput):
        read_filter(text)
