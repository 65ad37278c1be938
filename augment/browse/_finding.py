"""Which rows of one version a filter finds, and in which order: kept from one call to the next."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from dataclasses import replace
from typing import Any

import numpy as np

from augment.browse._columns import Columns, Mask, Numbers
from augment.browse._deals import Deals
from augment.browse._filter import SORTS, Filter, Sort, length
from augment.browse._overlay import Now, Overlay
from augment.browse._paging import Line, Order, line, ordered, turns
from augment.browse._search import Hits, Search
from augment.browse._source import Source
from augment.browse._sql import laid_over, matching
from augment.errors import UsageError
from augment.types import Row

KEPT = 16  # masks and lines; of a million rows a line takes 4 MB, an order 8
PLAIN = re.compile(r"count\(\s*\*\s*\)|\b(?:from|join)\s+rows\b|\brows\s*\.")  # names no column by itself
WHOLE_ROWS = 50_000  # that an expression over the column ``decisions`` may have to see laid over


class Finder:
    """Asks the parts of one version. Every answer is for the instant ``now``."""

    def __init__(self, source: Source, columns: Columns, search: Search, overlay: Overlay, deals: Deals) -> None:
        self._source = source
        self._columns = columns
        self._search = search
        self._overlay = overlay
        self._deals = deals
        self._kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._guard = threading.Lock()

    def hits(self, wanted: Filter) -> Hits:
        """Where the filter's text stands, as far as that is known by now."""
        self._search.stand_back()
        if wanted.text:
            return self._search.hits(wanted.text)
        return Hits(np.ones(0, np.bool_), self._source.count, True)

    def mask(self, wanted: Filter, now: Now, hits: Hits) -> Mask:
        """For each row whether it is one of the filter. Not to be written to. Raises UsageError."""
        # The hits are kept with what was found in them, so that their id stays theirs.
        found: Mask = self._keep(self._key(wanted, now, hits), lambda: (self._mask(wanted, now, hits), hits))[0]
        return found

    def line(self, wanted: Filter, now: Now, hits: Hits, sort: Sort, *, descending: bool) -> Line:
        """The rows of the filter in an order. Raises UsageError."""
        order, name = self._order(sort, now, descending=descending)
        key = (*self._key(wanted, now, hits), *name)
        found: Line = self._keep(key, lambda: (line(order, self.mask(wanted, now, hits)), hits))[0]
        return found

    def numbers(self, name: Sort, now: Now) -> Numbers:
        """A column of numbers, as of now."""
        if name == "position":
            return np.arange(self._source.count, dtype=np.float64)
        numbers = self._columns.numbers(name)
        if name == "length" and now.folded:
            numbers = numbers.copy()
            for position, one in now.folded.items():
                numbers[position] = length(one.row)
        return numbers

    def _key(self, wanted: Filter, now: Now, hits: Hits) -> tuple[Any, ...]:
        moves = wanted != wanted.still() or now.folded
        dealt = self._deals.stamp() if wanted.assigned else ()
        return ("mask", wanted, now.stamp if moves else 0, dealt, id(hits) if wanted.text else 0)

    def _mask(self, wanted: Filter, now: Now, hits: Hits) -> Mask:
        plain = replace(wanted.still(), text="")
        found: Mask = self._keep(("still", plain), lambda: self._columns.mask(plain)).copy()
        if wanted.text:
            found &= hits.mask
        for position, one in now.folded.items():
            found[position] = wanted.still().holds(one.row)
        if wanted.assigned:
            found &= self._deals.owners().dealt(wanted.assigned)
        if wanted.decision:
            words = self._columns.coded("decision").words
            code = words.index(wanted.decision) if wanted.decision in words else -1
            own = wanted.assigned
            found &= (self._overlay.voices(now).reviewer(own) if own else now.decisions) == code
        if wanted.conflict:
            found &= self.conflicts(now)
        if wanted.where:
            found &= self._keep(("where", wanted.where, now.stamp), lambda: self._matching(wanted.where, now))
        return found

    def conflicts(self, now: Now) -> Mask:
        """Rows whose reviewers do not agree."""
        found: Mask = self._keep(("conflict", now.stamp), lambda: self._overlay.voices(now).conflicts(now.decisions))
        return found

    def unsealed(self, now: Now) -> Mask:
        """Rows that a seal would change."""
        found: Mask = self._keep(("unsealed", now.stamp), lambda: self._overlay.unsealed(now))
        return found

    def _matching(self, where: str, now: Now) -> Mask:
        found = np.zeros(self._source.count, np.bool_)
        with self.cursor(where, now) as cursor:
            found[matching(cursor, where)] = True
        return found

    def cursor(self, sql: str, now: Now) -> Any:
        """A connection that sees ``rows`` as they are now, as far as the SQL looks at them. Raises UsageError."""
        said = PLAIN.sub(" ", sql.casefold())
        looks_at_all = any(one in said for one in ("decisions", "rows", "columns", "*"))
        words = self._columns.coded("decision").words
        whole = {position: one.row for position, one in now.folded.items()}
        if not looks_at_all and "decision" not in said:
            return laid_over(self._source, None, whole)
        if looks_at_all:
            if len(now.changed) > WHOLE_ROWS:
                raise UsageError(
                    f"{len(now.changed)} decisions are not sealed yet: too many to look into them by SQL",
                    hint="seal them, or ask for `decision` alone",
                )
            whole |= dict(zip(now.changed.tolist(), self.laid(now.changed, now), strict=True))
        return laid_over(self._source, (now.changed, now.decisions[now.changed], words), whole)

    def laid(self, positions: Any, now: Now) -> list[Row]:
        """The rows at these positions, with what was decided about them."""
        rows = self._source.rows(positions)
        return now.laid(dict(zip(positions.tolist(), rows, strict=True)), self._overlay.version)

    def _order(self, sort: Sort, now: Now, *, descending: bool) -> tuple[Order, tuple[Any, ...]]:
        if sort not in SORTS:
            raise UsageError(f"rows cannot be sorted by {sort!r}", hint=f"one of {', '.join(SORTS)}")
        if sort == "unseen":
            name: tuple[Any, ...] = ("order", sort, descending, now.stamp)
            return self._keep(name, lambda: self._turns(now, descending=descending)), name
        edited = now.stamp if sort == "length" and now.folded else 0
        name = ("order", sort, descending, edited)
        if edited:
            return self._keep(name, lambda: ordered(self.numbers(sort, now), descending=descending)), name
        return self._columns.order(sort, descending=descending), name

    def _turns(self, now: Now, *, descending: bool) -> Order:
        order = turns(self._columns.by_kin(), now.decisions != 0)
        return Order(order.rows[::-1].copy(), np.int32(len(order.rows) - 1) - order.ranks) if descending else order

    def _keep(self, key: tuple[Any, ...], make: Any) -> Any:
        """What was made before under a key, else what ``make`` gives; the newest KEPT of them stay."""
        with self._guard:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._guard:
            self._kept[key] = made
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made
