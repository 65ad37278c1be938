"""The stage ``split``: what belongs together is never apart, and nothing ever moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.errors import UsageError
from augment.stages import load
from augment.stages._stage import Context
from augment.stages.split import groups, read_ratios
from augment.types import Done, Row
from tests.scripted import play

STAGE = load("split")
STEM = "第{}个盒子里有{}个红球和{}个白球，小明从里面拿走了一些球。"


def a_row(number: int, **values: Any) -> Row:
    name = f"row{number}"
    problem = STEM.format(number, number * 3 + 1, number * 7 + 2)
    row = Row(name, f"p{number}", root_id=name, problem=problem, question="还剩几个？", options=["1", "2"])
    return row.with_(**{"answer": "AB"[number % 2], **values})


def child_of(parent: Row, number: int, **values: Any) -> Row:
    return a_row(number, root_id=parent.root_id, parent_id=parent.row_id, **values)


def context(rows: Sequence[Row], path: Path = Path()) -> Context:
    def read(*columns: str) -> Iterator[tuple[Any, ...]]:
        return (tuple(getattr(row, name) for name in columns) for row in rows)

    return Context(path, read=read)


@pytest.fixture
def split(tmp_path: Path) -> Callable[..., list[Row]]:
    """Runs the stage over rows and gives them; options as keywords."""

    def run(rows: Sequence[Row], **options: Any) -> list[Row]:
        ready = STAGE.prepare(STAGE.options(**options), context(rows, tmp_path))
        played = play(tmp_path / "a.sqlite", rows, work=ready.work, providers=())
        return [
            one.outcome.updated if isinstance(one.outcome, Done) and one.outcome.updated else one.row
            for one in played.results
        ]

    return run


def test_the_shares_are_about_those_asked_for(split: Callable[..., list[Row]]) -> None:
    counts = Counter(row.split for row in split([a_row(number) for number in range(600)]))
    assert set(counts) == {"train", "dev", "test"}
    assert 440 <= counts["train"] <= 520
    assert min(counts["dev"], counts["test"]) >= 40


def test_rows_that_come_later_move_none_and_the_order_of_rows_is_no_matter(split: Callable[..., list[Row]]) -> None:
    rows = [a_row(number) for number in range(80)]
    first = {row.row_id: row.split for row in split(rows[:40])}
    everything = {row.row_id: row.split for row in split(rows)}
    assert everything.items() >= first.items()
    assert {row.row_id: row.split for row in split(rows[::-1])} == everything
    assert {row.row_id: row.split for row in split(rows, seed=1)} != everything


def test_a_stem_a_root_and_what_is_nearly_like_it_stay_together(split: Callable[..., list[Row]]) -> None:
    rows = [a_row(number) for number in range(40)]
    kin = [child_of(row, number + 100, problem=f"完全不同的另一段文字{number}") for number, row in enumerate(rows)]
    sisters = [row.with_(row_id=f"{row.row_id}b", root_id=f"{row.row_id}b", question="拿走几个？") for row in rows]
    near = [a_row(number + 500, problem=(row.problem or "").replace("，", " , ")) for number, row in enumerate(rows)]
    stems = [
        a_row(number + 900, problem=row.problem, question=f"第{number}题完全是另一个问题吗？", options=["是", "否"])
        for number, row in enumerate(rows)
    ]
    made = split([*rows, *kin, *sisters, *near, *stems])
    for number in range(40):
        assert len({row.split for row in made[number::40]}) == 1
    assert len({row.split for row in made}) == 3


def test_a_split_that_is_there_stays_and_the_group_follows_it(split: Callable[..., list[Row]]) -> None:
    rows = [a_row(number, split="test" if number % 2 else None) for number in range(20)]
    kin = [child_of(row, number + 100, split="train") for number, row in enumerate(rows)]
    made = split([*rows, *kin])
    assert {row.split for row in made[1:20:2]} == {"test"}
    assert {row.split for row in made[21::2]} == {"test"}, "a derived row has the split of its root"
    anew = split([*rows, *kin], redo=True)
    assert [row.split for row in anew[:20]] == [row.split for row in anew[20:]]
    assert {row.split for row in anew[1:20:2]} != {"test"}


def test_a_row_that_has_its_split_is_skipped(tmp_path: Path) -> None:
    rows = [a_row(1, split="odd")]
    ready = STAGE.prepare(STAGE.options(), context(rows))
    assert play(tmp_path / "a.sqlite", rows, work=ready.work, providers=()).states == ["skipped already done"]


@pytest.mark.parametrize("by", ["options", "answer"])
def test_stratified_shares_are_even_in_every_stratum(split: Callable[..., list[Row]], by: str) -> None:
    rows = [a_row(number) for number in range(100)]
    rows += [a_row(number, options=["1", "2", "3", "4"]) for number in range(100, 160)]
    made = split(rows, stratify=by)
    for some in (made[:100], made[100:]):
        counts = Counter(row.split for row in some)
        assert abs(counts["train"] - 0.8 * len(some)) <= 2
        assert min(counts["dev"], counts["test"]) >= 0.1 * len(some) - 2
    if by == "answer":
        assert abs(Counter(row.split for row in made[:100:2])["train"] - 40) <= 1


def test_short_headings_and_instructions_join_nothing() -> None:
    heads = [a_row(number, problem="请回答以下选择题：", question=f"数字{number}是质数吗？") for number in range(5)]
    told = [
        a_row(
            number, kind="instruction", problem="请把下面的这一段话改写成更正式的书面语言：", question=f"{number}" * 9
        )
        for number in range(10, 15)
    ]
    assert groups(context([*heads, *told]), 0.85) == list(range(10))


@pytest.mark.parametrize("text", ["", "train", "train=0", "train=-1", "=1", "train=1,train=1", "train=x", "a=inf"])
def test_shares_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="ratios"):
        read_ratios(text)


@pytest.mark.parametrize("text", ["train=0.8,test=0.1", "train=0.8,dev=0.1,test=0.2", "train=0.9", "a=0.5,b=1"])
def test_fractions_that_do_not_make_a_whole_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="add up to") as caught:
        read_ratios(text)
    assert "train=8,dev=1,test=1" in caught.value.hint


@pytest.mark.parametrize("text", ["a=0.33,b=0.33,c=0.33", "a=0.333,b=0.667", "a=1"])
def test_shares_may_be_rounded(text: str) -> None:
    assert sum(read_ratios(text).values()) == pytest.approx(1)


def test_shares_may_be_parts_of_anything() -> None:
    assert read_ratios("train=8, test=2") == {"train": 0.8, "test": 0.2}


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.sampled_from([None, "train", "dev", "mine"])), max_size=14),
    st.booleans(),
)
def test_one_root_never_stands_in_two_splits_that_were_dealt(rows: list[tuple[int, str | None]], redo: bool) -> None:
    made = [
        a_row(place, row_id=f"r{place}", root_id=f"row{root}", parent_id=None, split=given_split)
        for place, (root, given_split) in enumerate(rows)
    ]
    ready = STAGE.prepare(STAGE.options(redo=redo), context(made))
    splits: dict[str | None, set[str | None]] = {}
    for row in made:
        outcome = _now(ready.work(row, None))  # type: ignore[arg-type]
        new = outcome.updated.split if isinstance(outcome, Done) and outcome.updated else row.split
        splits.setdefault(row.root_id, set()).add(new)
    assert all(len(found) == 1 for found in splits.values())


def _now(work: Any) -> Any:
    """What a coroutine gives that never waits."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits")
