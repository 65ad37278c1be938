"""Review: decisions, edits, undo, sealing, and what the judges are worth beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from augment.workbench._desk import Desk

if TYPE_CHECKING:
    from augment.calibration import Calibration
    from augment.review import By, Event, Live, Sealed


class Reviews(Desk):
    """What people decide."""

    def live(self, name: str, version: int) -> Live:
        """A version with the decisions that wait for a seal joined on, as they are now."""
        from augment.review import Live

        return Live(self.store, self.ledger, name, version)

    def reviewer(self) -> str:
        """Who decides where nobody is named: ``reviewer`` of ``augment.toml``, else who is logged in."""
        from augment.review import default_reviewer

        return default_reviewer(self.settings)

    def decide(self, live: Live, row_id: str, decision: str, hand: By) -> Event | None:
        """Accepts or rejects a row, durably; None where that stands already. Raises NotFound, UsageError."""
        from augment.review import decide

        return decide(live, self.ledger, row_id, decision, hand)

    def edit(
        self, live: Live, row_id: str, changes: Mapping[str, Any], hand: By, seen: Mapping[str, Any] | None = None
    ) -> list[Event]:
        """Changes fields of a row, durably, one event each. Raises NotFound, UsageError, Conflict."""
        from augment.review import edit

        return edit(live, self.ledger, row_id, changes, hand, seen)

    def undo(
        self, live: Live, hand: By, *, row_id: str | None = None, event: int | None = None, anyone: bool = False
    ) -> Event | None:
        """Takes back an event, else the newest of the row or the dataset, and gives it. Raises NotFound."""
        from augment.review import undo

        return undo(live, self.ledger, hand, row_id=row_id, event=event, anyone=anyone)

    def decisions(self, name: str, row_id: str) -> list[Event]:
        """Everything people did to a row, oldest first."""
        from augment.review import history

        return history(self.ledger, name, row_id)

    def seal(self, name: str) -> Sealed:
        """Folds what was decided into a new version. Raises Conflict, DiskTrouble."""
        from augment.review import seal

        return seal(self.store, self.ledger, name)

    def calibrate(self, name: str, version: int, *, precision: float = 0.95, at: float | None = None) -> Calibration:
        """How far a version's judges agree with one another and with people, and the threshold for a precision; asks
        nobody and writes nothing. Raises UsageError."""
        from augment.calibration import calibrate

        return calibrate(self.store, self.live(name, version), precision=precision, at=at)
