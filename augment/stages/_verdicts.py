"""New verdicts put beside those that a row has, and its score: the mean of all shares."""

from __future__ import annotations

from collections.abc import Sequence

from augment.types import Row, Verdict

REHEARSED = "sim:"


def with_verdicts(row: Row, given: Sequence[Verdict]) -> Row:
    """The row with its verdicts and their mean.

    A judge's new verdict takes the place of its old one by that rubric, in whatever edition. A real judge's takes the
    place of all rehearsed ones.
    """
    fresh = {(one["judge"], _name(one)): one for one in given}  # a fallback may be a judge of its own, too
    real = any(not one["judge"].startswith(REHEARSED) for one in given)
    kept = [
        one
        for one in row.verdicts or []
        if (one["judge"], _name(one)) not in fresh and not (real and one["judge"].startswith(REHEARSED))
    ]
    verdicts = [*kept, *fresh.values()]
    scores = [one["total"] / one["maximum"] for one in verdicts]
    return row.with_(verdicts=verdicts or None, score=sum(scores) / len(scores) if scores else None)


def _name(verdict: Verdict) -> str:
    return verdict["rubric"].partition("@")[0]
