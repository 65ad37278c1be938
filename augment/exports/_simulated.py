"""Whether anything that an export shows of a row was written by the simulator."""

from __future__ import annotations

import re

from augment.exports._format import Findings
from augment.exports._gather import is_check
from augment.types import Row

SIM = "sim:"
_MADE_BY_SIM = re.compile(r"(?:^|:)sim:")
_ABOUT_THE_ROW = ("answer:", "classify:")  # tags that say who voted or tagged, not who wrote
# What these stages write takes nothing over from the row it was made from but what tags speak for.
_WRITE_ANEW = frozenset({"reason", "wrong", "expand", "rebuild"})


class Simulated:
    """Looks at the rows of a version in order, those left out too, and remembers which of them are simulated.

    A text's maker stands in ``provider``, and for what a row was born with in its tags (docs/decisions/0006); a row
    that carries its parent's reasoning on, translated, reworded, reordered or as the turn before its own, is as
    simulated as that. findings: what is shown that was found out about it.
    """

    def __init__(self, *, findings: Findings) -> None:
        self._findings = findings
        self._ids: set[bytes] = set()

    def is_so(self, row: Row) -> bool:
        """Whether it is. Each row once, in the version's order."""
        wrote = (row.provider or "").startswith(SIM) or any(
            _MADE_BY_SIM.search(tag) for tag in row.tags if not tag.startswith(_ABOUT_THE_ROW)
        )
        if not wrote and row.parent_id is not None and _carries_on(row):
            wrote = _short(row.parent_id) in self._ids
        if wrote:
            self._ids.add(_short(row.row_id))
        if self._findings == "answers":  # the texts go back as they came
            return row.predicted is not None and any(tag.startswith(f"answer:{SIM}") for tag in row.tags)
        return wrote or (self._findings == "all" and _found_so(row))


def _carries_on(row: Row) -> bool:
    return is_check(row) or (bool(row.reasoning) and row.stage not in _WRITE_ANEW)


def _found_so(row: Row) -> bool:
    return any(_MADE_BY_SIM.search(tag) for tag in row.tags) or any(
        verdict["judge"].startswith(SIM) for verdict in row.verdicts or []
    )


def _short(row_id: str) -> bytes:
    return bytes.fromhex(row_id) if len(row_id) == 32 and row_id.isalnum() else row_id.encode()
