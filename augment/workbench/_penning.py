"""What a reviewer writes about a row, and tries before it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from augment.workbench._desk import Desk

if TYPE_CHECKING:
    from augment.review import By, Event, Shown
    from augment.types import Row


class Penning(Desk):
    """Notes and drafts."""

    def note(self, shown: Shown, row_id: str, hand: By) -> Event:
        """Keeps the hand's note about a row, durably; it decides nothing. Raises NotFound, UsageError."""
        from augment.review._noting import note

        return note(shown, self.ledger, row_id, hand)

    def redrafted(self, row: Row, parent: Row | None, changes: Mapping[str, Any]) -> Row:
        """The row as an edit would make it, its checks and its conclusion read anew; writes nothing.
        Raises UsageError."""
        from augment.review._noting import redrafted

        return redrafted(row, parent, changes)
