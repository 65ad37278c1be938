"""Review: decisions, edits, undo, sealing, and what the judges are worth beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from augment.workbench._desk import Desk

if TYPE_CHECKING:
    from augment.browse import Browser, Deal, Filter
    from augment.calibration import Calibration
    from augment.review import Agreeing, By, Decided, Event, Progress, Sealed, Shown


class Reviews(Desk):
    """What people decide."""

    def reviewer(self) -> str:
        """Who decides where nobody is named: ``reviewer`` of ``augment.toml``, else who is logged in."""
        from augment.review import default_reviewer

        return default_reviewer(self.settings)

    def decide(self, live: Shown, row_id: str, decision: str, hand: By) -> Event | None:
        """Accepts or rejects a row, durably; None where that stands already. Raises NotFound, UsageError."""
        from augment.review import decide

        return decide(live, self.ledger, row_id, decision, hand)

    def edit(
        self, live: Shown, row_id: str, changes: Mapping[str, Any], hand: By, seen: Mapping[str, Any] | None = None
    ) -> list[Event]:
        """Changes fields of a row, durably, one event each. Raises NotFound, UsageError, Conflict."""
        from augment.review import edit

        return edit(live, self.ledger, row_id, changes, hand, seen)

    def undo(
        self, live: Shown, hand: By, *, row_id: str | None = None, event: int | None = None, anyone: bool = False
    ) -> Event | None:
        """Takes back an event, else the newest of the row or the dataset, and gives it; one about many rows for all of
        them, or with ``row_id`` for that row. Raises NotFound."""
        from augment.review import undo

        return undo(live, self.ledger, hand, row_id=row_id, event=event, anyone=anyone)

    def decide_all(
        self, shown: Browser, wanted: Filter, decision: str, hand: By, *, rows: int | None = None
    ) -> Decided:
        """Accepts or rejects every row of a filter as one event, which ``undo(event=…)`` takes back at once. rows: how
        many the person agreed to. Raises Conflict where the filter finds another number by now, UsageError."""
        from augment.review import decide_all

        return decide_all(shown, self.ledger, wanted, decision, hand, rows=rows)

    def decisions(self, name: str, row_id: str) -> list[Event]:
        """Everything people did to a row, oldest first."""
        from augment.review import history

        return history(self.ledger, name, row_id)

    def deal(self, shown: Browser, wanted: Filter, reviewers: Sequence[str], hand: By, *, share: float = 0.0) -> Deal:
        """Deals the rows of a filter out to reviewers; a share of them to a second one too, who does not see the first
        one's decision. ``Filter(assigned=NAME)`` shows whose they are. Raises UsageError."""
        from augment.review import deal

        return deal(shown, self.ledger, wanted, reviewers, hand, share=share)

    def deals(self, name: str) -> list[Deal]:
        """The deals of a dataset that hold, oldest first."""
        from augment.browse import deals

        return deals(self.ledger, name)

    def undeal(self, name: str, number: int) -> None:
        """Ends a deal; what was decided stays. Raises NotFound."""
        from augment.review import undeal

        undeal(self.ledger, name, number)

    def review_progress(self, shown: Browser) -> list[Progress]:
        """How far each reviewer has come."""
        from augment.review import progress

        return progress(shown)

    def agreeing(self, shown: Browser) -> Agreeing:
        """How far the reviewers of a version agree, and how many rows wait for a word that settles them; those are
        what ``Filter(conflict=True)`` shows."""
        from augment.review import agreeing

        return agreeing(shown)

    def to_repair(self, name: str, row_ids: Sequence[str]) -> tuple[Sealed, str]:
        """Seals what was decided, so that ``repair`` finds these rejected rows with their reasons, and gives the
        expression for its ``--where``. Raises Conflict, DiskTrouble."""
        from augment.browse import rows_expression

        return self.seal(name), rows_expression(list(row_ids))

    def seal(self, name: str) -> Sealed:
        """Folds what was decided into a new version. Raises Conflict, DiskTrouble."""
        from augment.review import seal

        return seal(self.store, self.ledger, name)

    def calibrate(self, name: str, version: int, *, precision: float = 0.95, at: float | None = None) -> Calibration:
        """How far a version's judges agree with one another and with people, and the threshold for a precision; asks
        nobody and writes nothing. Raises UsageError."""
        from augment.calibration import calibrate

        return calibrate(self.store, self.shelf.whole(name, version), precision=precision, at=at)
