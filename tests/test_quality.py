"""The figures of a version, against the same counted by hand in plain Python."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.differences import LISTED, differences
from augment.quality import BINS, quality
from augment.query import Change
from augment.store import Store
from augment.types import Check, Row

LETTERS = "ABCDE"


def commit(store: Store, rows: list[Row], base: int | None = None, **lineage: Any) -> None:
    with store.draft("d") as draft:
        draft.write(rows)
        store.commit(
            "d", base=base, added=draft, lineage=lambda *_: {"stage": "test", **lineage}, transaction=rows[0].row_id
        )


def made(folder: Path, rows: list[Row]) -> Store:
    store = Store(folder)
    commit(store, rows)
    return store


ROWS = st.builds(
    lambda number, options, answer, reasoning, derived, votes, tags, broken, score: Row(
        f"r{number}",
        "p",
        parent_id="r" if derived else None,
        kind="choice" if options else "reading",
        problem="题" * (number % 37),
        options=options,
        answer=answer,
        reasoning=reasoning,
        votes=votes,
        tags=tags,
        checks=[Check(name=name, ok=False, detail="") for name in broken] + [Check(name="fine", ok=True, detail="")],
        score=score,
        stage="reason",
        provider="p",
        attempts=number % 4,
    ),
    st.integers(0, 10**6),
    st.one_of(st.just([]), st.lists(st.text("甲乙", max_size=3), min_size=2, max_size=5)),
    st.one_of(st.none(), st.text(LETTERS, min_size=1, max_size=3), st.just("三十"), st.just("[A")),
    st.one_of(st.none(), st.text("因为所以", max_size=90)),
    st.booleans(),
    st.one_of(
        st.none(),
        st.lists(
            st.builds(lambda letters, count: {"letters": letters, "count": count}, st.text("AB"), st.integers(1, 9)),
            min_size=1,
            max_size=4,
        ),
    ),
    st.lists(st.sampled_from(["code", "numeric", "backtranslate:ja:p"]), unique=True),
    st.lists(st.sampled_from(["numbers", "negations"]), unique=True),
    st.one_of(st.none(), st.floats(0, 1)),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=40, unique_by=lambda row: row.row_id))
def test_every_figure_is_what_counting_row_by_row_gives(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row]
) -> None:
    found = quality(made(tmp_path_factory.mktemp("q"), rows), "d", 0)
    assert found.rows == len(rows)
    letters: Counter[tuple[int, str]] = Counter()
    longest: dict[int, list[float]] = {}
    for row in rows:
        if row.options and row.answer and set(row.answer) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
            letters.update((len(row.options), letter) for letter in row.answer)
            if len(row.answer) == 1 and (at := LETTERS.index(row.answer)) < len(row.options):
                lengths = [len(option) for option in row.options]
                share = 1 / lengths.count(max(lengths)) if lengths[at] == max(lengths) else 0
                longest.setdefault(len(row.options), []).append(share)
    assert found.letters == letters
    assert found.longest.keys() == longest.keys()
    for options, shares in longest.items():
        rows_asked, longer = found.longest[options]
        assert rows_asked == len(shares)
        assert longer == pytest.approx(sum(shares))
    assert found.tags == Counter(tag for row in rows for tag in row.tags if ":" not in tag)
    assert found.broken == Counter(check["name"] for row in rows for check in row.checks if not check["ok"])
    assert found.attempts == Counter(("reason", "p", row.attempts) for row in rows if row.attempts)
    assert found.kinds == Counter(row.kind for row in rows)
    for column, whose, values in (
        ("reasoned", "imported", [row.reasoning for row in rows if row.parent_id is None]),
        ("asked", "derived", [row.problem for row in rows if row.parent_id is not None]),
    ):
        known = [value for value in values if value is not None]
        spread = found.lengths.get((column, whose))
        assert (sum(spread.counts) if spread else 0) == len(known)
        assert spread is None or len(spread.edges) == len(spread.counts) + 1 == BINS + 1
    leads = [max(v["count"] for v in row.votes) / sum(v["count"] for v in row.votes) for row in rows if row.votes]
    assert (sum(found.lead.counts) if found.lead else 0) == len(leads)
    scores = [row.score for row in rows if row.score is not None]
    assert (sum(found.score.counts) if found.score else 0) == len(scores)


def test_what_stages_kept_and_lost_adds_up_over_versions(tmp_path: Path) -> None:
    store = made(tmp_path, [Row("a", "p"), Row("b", "p")])
    for number, (done, rejected, skipped) in enumerate([(1, {"answer mismatch": 1}, {}), (1, {}, {"no answer": 1})]):
        lineage: dict[str, Any] = {"stage": "reason", "providers": ["yi-34b", "ernie"], "rows_in": 2, "done": done}
        commit(store, [Row(f"n{number}", "p")], number, **lineage, rejected=rejected, skipped=skipped, failed={})
    (one,) = quality(store, "d", 2).passed
    assert (one.stage, one.provider) == ("reason", "yi-34b → ernie")
    assert (one.rows_in, one.done, one.skipped, one.rejected, one.failed) == (4, 2, 1, 1, 0)
    assert one.rate == pytest.approx(2 / 3)
    assert one.interval[0] < 2 / 3 < one.interval[1]
    assert one.reasons == {"answer mismatch": 1}
    (early,) = quality(store, "d", 1).passed
    assert early.rows_in == 2


def test_differences_count_all_and_name_some_of_each_kind() -> None:
    changes = [Change(f"c{n}", "changed", {"answer": ("A", "B"), "label": (None, "right")}) for n in range(LISTED + 5)]
    changes += [Change("new", "added", {}), Change("old", "removed", {})]
    found = differences(changes)
    assert found.counts == {"added": 1, "removed": 1, "changed": LISTED + 5}
    assert found.columns == {"answer": LISTED + 5, "label": LISTED + 5}
    assert Counter(one.change for one in found.listed) == {"added": 1, "removed": 1, "changed": LISTED}
    assert found.total == LISTED + 7
