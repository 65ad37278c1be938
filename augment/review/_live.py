"""The names that the review room had before it stood on ``browse``; they ask a ``Browser``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from augment.browse import UNDECIDED, Browser
from augment.browse import Filter as Wanted
from augment.events import Clash
from augment.query import Page
from augment.types import Row


@dataclass(frozen=True, slots=True)
class Filter:
    """A few parts of ``browse.Filter``. tag: one of its tags; check: its ``failed``."""

    stage: str = ""
    tag: str = ""
    decision: str = ""
    check: str = ""
    text: str = ""

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))

    def undecided(self) -> Filter:
        """The same for rows without a decision."""
        return replace(self, decision=UNDECIDED)

    def wanted(self) -> Wanted:
        """As the engine takes it."""
        tags = (self.tag,) if self.tag else ()
        return Wanted(stage=self.stage, tags=tags, decision=self.decision, failed=self.check, text=self.text)

    def holds(self, row: Row) -> bool:
        """Whether the row is one of them."""
        return self.wanted().holds(row)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands in a filtered list. index: rows of the filter before it; inside: whether it is one itself."""

    index: int
    total: int
    inside: bool
    previous: str | None
    next: str | None


class Live:
    """A ``Browser`` under the names of before."""

    def __init__(self, browser: Browser, root: str) -> None:
        self.browser = browser
        self.root = root
        self.name = browser.name
        self.version = browser.version

    def page(self, wanted: Filter | Wanted, *, offset: int = 0, limit: int = 50) -> Page:
        """Rows of the filter with what was decided about them, and the filter's true total."""
        asked = _asked(wanted)
        if asked.text:
            self.browser.mask(asked)  # until all is searched
        listing = self.browser.page(asked, index=offset, limit=limit)
        return Page(listing.rows, listing.total)

    def row(self, row_id: str) -> Row:
        """One row, by its whole id. Raises NotFound."""
        return self.browser.row(row_id)

    def base(self, row_id: str) -> Row:
        """The row as the version itself has it. Raises NotFound."""
        return self.browser.base(row_id)

    def family(self, row_ids: Sequence[str]) -> dict[str, Row]:
        """Those of the rows that the version holds, by id."""
        return self.browser.family(row_ids)

    def clashes(self, row_id: str) -> tuple[Clash, ...]:
        """The edits of the row that no longer fit."""
        return self.browser.clashes(row_id)

    def counts(self) -> dict[str, int]:
        """Rows by the decision that stands, ``none`` for those without; the sum is the version's rows."""
        return self.browser.counts()

    def waiting(self) -> int:
        """How many rows a seal would change."""
        return self.browser.waiting()

    def place(self, wanted: Filter | Wanted, row_id: str) -> Place:
        """Where the row stands in the filter's list, whether it is in it or not. Raises NotFound."""
        spot = self.browser.spot(_asked(wanted), row_id)
        return Place(spot.index, spot.total, spot.inside, spot.previous, spot.next)

    def next_undecided(self, wanted: Filter | Wanted, after: str | None = None) -> str | None:
        """The first row of the filter without a decision behind ``after``, then from the start; None: all decided."""
        return self.browser.next_undecided(_asked(wanted), after)

    def values(self) -> dict[str, list[str]]:
        """What the version's rows can be filtered by: stages, tags, names of checks that failed somewhere."""
        columns = {"stage": "stage", "tag": "tags", "check": "failed"}
        return {
            name: sorted(word for word, _ in self.browser.values(Wanted(), column)) for name, column in columns.items()
        }


def _asked(wanted: Filter | Wanted) -> Wanted:
    return wanted.wanted() if isinstance(wanted, Filter) else wanted
