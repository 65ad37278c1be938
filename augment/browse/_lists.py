"""What a browser answers with: a page of rows, a row's place, a histogram."""

from __future__ import annotations

from dataclasses import dataclass

from augment.types import Row


@dataclass(frozen=True, slots=True)
class Listing:
    """Some rows of a filter, in order.

    index: rows of the filter before the first one. total: rows of the filter; ``about``: no more than that, candidates
    of a text search are still being read. looked: rows of the version looked at, of ``of``; fewer while a search or the
    building of the version's files goes on. before, after: whether there are rows on that side.
    """

    rows: list[Row]
    index: int
    total: int
    about: bool
    looked: int
    of: int
    before: bool
    after: bool

    @property
    def partial(self) -> bool:
        """Whether rows of the version have not been looked at yet."""
        return self.looked < self.of


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a row stands among the rows of a filter, in order.

    index: rows of the filter before it; inside: whether it is one itself; total, about: as in a Listing.
    """

    index: int
    total: int
    about: bool
    inside: bool
    previous: str | None
    next: str | None


@dataclass(frozen=True, slots=True)
class Histogram:
    """counts[i]: rows from edges[i] to edges[i + 1], the last edge included; unknown: rows without a number."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    unknown: int
