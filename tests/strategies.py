"""Rows as hypothesis draws them: any text, any nesting, unknown beside empty."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from augment.types import Row

# Everything UTF-8 can hold; lone surrogates cannot be stored and are refused or mended where text enters.
TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", "\n", "\r\n", "null", "\x00", "'; --", "答" * 500]),
    st.sampled_from([" 甲、乙、丙三人。\n\t选择题 1：", "\U0001f469\u200d\U0001f467\ufe0f", "A\u0301"]),
)
MAYBE = st.none() | TEXTS
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
MOMENTS = st.integers(0, 2**52).map(lambda us: dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=us))
CHECKS = st.fixed_dictionaries({"name": TEXTS, "ok": st.booleans(), "detail": TEXTS})
VOTES = st.fixed_dictionaries({"letters": TEXTS, "count": st.integers(0, 2**31 - 1)})
TURNS = st.fixed_dictionaries({"user": TEXTS, "assistant": TEXTS})
CRITERIA = st.fixed_dictionaries({"name": TEXTS, "score": FLOATS, "maximum": FLOATS, "reason": TEXTS})
VERDICTS = st.fixed_dictionaries(
    {
        "judge": TEXTS,
        "rubric": TEXTS,
        "total": FLOATS,
        "maximum": FLOATS,
        "criteria": st.lists(CRITERIA, max_size=2),
    }
)
DECISIONS = st.fixed_dictionaries(
    {"reviewer": TEXTS, "decision": TEXTS, "reason": MAYBE, "note": MAYBE, "at": MOMENTS},
)
SPECIAL: dict[str, st.SearchStrategy[Any]] = {
    "kind": st.sampled_from(["choice", "reading", "instruction"]),
    "options": st.one_of(
        st.just([]), st.lists(TEXTS, min_size=2, max_size=4), st.lists(TEXTS, min_size=26, max_size=26)
    ),
    "votes": st.none() | st.lists(VOTES, max_size=3),
    "permutation": st.none() | st.permutations(list(range(26))) | st.just([]),
    "history": st.none() | st.lists(TURNS, max_size=2),
    "tags": st.lists(TEXTS, max_size=3),
    "attempts": st.none() | st.integers(0, 2**31 - 1),
    "input_tokens": st.none() | st.integers(0, 2**63 - 1),
    "output_tokens": st.none() | st.integers(0, 2**63 - 1),
    "cost_cny": st.none() | FLOATS,
    "checks": st.lists(CHECKS, max_size=2),
    "verdicts": st.none() | st.lists(VERDICTS, max_size=2),
    "score": st.none() | FLOATS,
    "decisions": st.none() | st.lists(DECISIONS, max_size=2),
    "created_at": st.none() | MOMENTS,
}
TEXT_COLUMNS = [name for name in Row.__dataclass_fields__ if name not in (*SPECIAL, "row_id", "problem_id")]


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """One row, most of its columns left unknown so that it stays small."""
    chosen = draw(st.sets(st.sampled_from([*TEXT_COLUMNS, *SPECIAL]), max_size=8))
    values = {name: draw(SPECIAL.get(name, MAYBE)) for name in sorted(chosen)}
    return Row(row_id=draw(st.uuids()).hex, problem_id=draw(TEXTS), **values)
