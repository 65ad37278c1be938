"""One version to look around in: rows, pages, places, counts, histograms, with what was decided a second ago."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from augment.browse._columns import Columns, Mask
from augment.browse._deals import Deals, Owners
from augment.browse._file import Progress
from augment.browse._filter import CODED, LISTED, QUEUES, SORTS, UNDECIDED, Filter, Sort, listed, says
from augment.browse._finding import Finder
from augment.browse._grams import Positions
from augment.browse._lists import Histogram, Listing, Spot
from augment.browse._overlay import Now, Overlay
from augment.browse._paging import Line, Places, Side
from augment.browse._said import WORDS, Voices
from augment.browse._search import Hits, Search
from augment.browse._source import Source
from augment.browse._sql import Answer, answer
from augment.errors import NotFound, UsageError
from augment.events import Clash, Keys
from augment.ledger import Ledger
from augment.types import Row

PAGE = 50
VALUES = 200  # of a filter box
BINS = 20
READ_MORE = (1, 2, 4, 8)  # pages of candidates that are read to fill one page
IDS = 50_000  # read at once


class Browser:
    """One version, kept open. Every call answers for the instant it is made at; any thread may call.

    building: how far its files are, where only its first rows are here; trouble: why they could not be made. Sorts of
    QUEUES put first what is most worth a look: ``uncertainty`` scores nearest to a half, ``disagreement`` judges
    farthest apart, ``failures`` most checks failed, ``unseen`` a row of each kin before a second one of any, kin with
    the fewest decisions first.
    """

    def __init__(self, source: Source, ledger: Ledger, name: str, version: int, *, of: int | None = None) -> None:
        self.name = name
        self.version = version
        self.of = source.count if of is None else of
        self.building: Progress | None = None
        self.trouble = ""
        self._source = source
        self._columns = Columns(source, source.arrays)
        self._search = Search(source)
        self._overlay = Overlay(source, self._columns, ledger, name, version)
        self._deals = Deals(self._columns, source.count, ledger, name)
        self._finder = Finder(source, self._columns, self._search, self._overlay, self._deals)

    def retire(self) -> None:
        """Ends its searches; whoever is asking it something still gets the answer."""
        self._search.stop()

    def close(self) -> None:
        """Ends its searches and lets go of its files."""
        self._search.close()
        self._source.close()

    @property
    def whole(self) -> bool:
        """Whether all rows of the version are here."""
        return self._source.count == self.of

    # ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def row(self, row_id: str, *, eyes: str = "") -> Row:
        """One row as it is by now. eyes: of that reviewer, who sees no decision of others on a row that was dealt to
        two people before having decided about it. Raises NotFound."""
        position = self._position(row_id)
        return self._seen([position], self._finder.laid(np.array([position]), self._overlay.now()), eyes)[0]

    def find(self, beginning: str) -> str:
        """The id of the row whose id begins so. Raises NotFound, UsageError where several do."""
        if self._columns.rows_of([beginning]):
            return beginning
        where = "starts_with(row_id, " + "'" + beginning.replace("'", "''") + "')"
        found = self.query(f"SELECT row_id FROM rows WHERE {where} LIMIT 2").rows if beginning.isprintable() else []
        if not found or not beginning:
            self._position(beginning)
        if len(found) > 1:
            raise UsageError(f"several rows begin with {beginning!r}", hint="give more of the id")
        return str(found[0][0])

    def base(self, row_id: str) -> Row:
        """The row as the version itself has it. Raises NotFound."""
        return self._source.rows(np.array([self._position(row_id)]))[0]

    def family(self, row_ids: Sequence[str], *, eyes: str = "") -> dict[str, Row]:
        """Those of the rows that the version holds, by id, as they are by now. eyes: as in ``row``."""
        places = sorted(self._columns.rows_of(row_ids).values())
        rows = self._finder.laid(np.array(places, np.int64), self._overlay.now()) if places else []
        return {row.row_id: row for row in self._seen(places, rows, eyes)}

    def parent(self, row: Row, *, eyes: str = "") -> Row | None:
        """The row that one was made from, as it is by now; None where it has none here. eyes: as in ``row``."""
        return None if row.parent_id is None else self.family([row.parent_id], eyes=eyes).get(row.parent_id)

    def clashes(self, row_id: str) -> tuple[Clash, ...]:
        """The edits of a row that no longer fit. Raises NotFound."""
        return self._overlay.now().clashes(self._position(row_id))

    # ── lists ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def page(
        self,
        wanted: Filter,
        *,
        sort: Sort = "position",
        descending: bool = False,
        side: Side = "at",
        row_id: str | None = None,
        index: int | None = None,
        limit: int = PAGE,
        eyes: str = "",
    ) -> Listing:
        """Rows of a filter from a row on (``at``), ``after`` or ``before`` it, the row being one of the filter or not;
        without a row the first ones, or with ``before`` the last. index: from that place on instead. eyes: as in
        ``row``. Raises NotFound, UsageError."""
        now, hits = self._overlay.now(), self._finder.hits(wanted)
        line = self._finder.line(wanted, now, hits, sort, descending=descending)
        anchor = None if row_id is None else self._position(row_id)
        if index is not None:
            some = line.slice(min(index, len(line.found)), index + 1)
            anchor, side = (int(some[0]), "at") if len(some) else (None, "at")
            limit = limit if len(some) else 0
        shown, rows = self._filled(line, anchor, side, limit, wanted, now, hits)
        total = len(line.found)
        if len(shown):
            first, last = line.index(int(shown[0])), line.index(int(shown[-1]))
        else:
            first = last = total if index is not None or (side == "after" and anchor is not None) else 0
        return Listing(
            rows=self._seen(shown.tolist(), rows, eyes),
            index=first,
            total=total,
            about=not hits.checked,
            looked=min(hits.looked, self._source.count),
            of=self.of,
            before=first > 0,
            after=bool(len(shown)) and last + 1 < total,
        )

    def spot(self, wanted: Filter, row_id: str, *, sort: Sort = "position", descending: bool = False) -> Spot:
        """Where a row stands in a filter's list, whether it is in it or not. Raises NotFound, UsageError."""
        now, hits = self._overlay.now(), self._finder.hits(wanted)
        line = self._finder.line(wanted, now, hits, sort, descending=descending)
        position = self._position(row_id)
        before, _ = self._filled(line, position, "before", 1, wanted, now, hits, rows=False)
        after, _ = self._filled(line, position, "after", 1, wanted, now, hits, rows=False)
        return Spot(
            index=line.index(position),
            total=len(line.found),
            about=not hits.checked,
            inside=line.holds(position),
            previous=self._id(before),
            next=self._id(after),
        )

    def next_undecided(
        self, wanted: Filter, after: str | None = None, *, sort: Sort = "position", descending: bool = False
    ) -> str | None:
        """The first row of the filter without a decision behind one, then from the start; None: all are decided.

        With ``assigned`` in the filter: without a decision of that reviewer's. Raises NotFound, UsageError.
        """
        if wanted.decision not in ("", UNDECIDED):
            return None
        asked, now, hits = wanted.undecided(), self._overlay.now(), self._finder.hits(wanted)
        line = self._finder.line(asked, now, hits, sort, descending=descending)
        position = None if after is None else self._position(after)
        found, _ = self._filled(line, position, "after", 1, asked, now, hits, rows=False)
        if not len(found) and position is not None:
            found, _ = self._filled(line, None, "at", 1, asked, now, hits, rows=False)
            found = found[found != position]
        return self._id(found)

    def ids(self, wanted: Filter) -> Iterator[str]:
        """The ids of all rows of a filter, in the version's order, read bit by bit. A search under way is waited for,
        so that they are all of them and no others. Raises UsageError, NotFound while the version's files are made."""
        found = np.flatnonzero(self.mask(wanted))
        for start in range(0, len(found), IDS):
            yield from self._source.ids(found[start : start + IDS])

    def row_keys(self) -> Keys:
        """The key of each row, as ``events.keys_of`` gives it."""
        return self._columns.keys()

    def row_kin(self) -> Places:
        """The number of each row's kin: the rows of one root, and of one stem with it."""
        return self._columns.kin()

    def mask(self, wanted: Filter) -> Mask:
        """For each row of the version whether it is one of the filter; all that is to be searched is. Raises as
        ``ids``."""
        if not self.whole:
            raise NotFound(
                f"{self.name}@v{self.version} is being read: {self._source.count} of {self.of} rows are here",
                hint="wait until it is whole",
            )
        hits = self._search.finish(wanted.text) if wanted.text else self._finder.hits(wanted)
        return self._finder.mask(wanted, self._overlay.now(), hits)

    # ── figures ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def count(self, wanted: Filter) -> int:
        """How many rows of those looked at a filter has. Raises UsageError."""
        return int(np.count_nonzero(self._found(wanted)))

    def counts(self, wanted: Filter | None = None) -> dict[str, int]:
        """Rows of a filter by the decision that stands, ``none`` for those without. Raises UsageError."""
        codes = self._overlay.now().decisions
        if wanted:
            codes = codes[self._found(wanted)]
        sums = np.bincount(codes, minlength=len(WORDS))
        return {word or UNDECIDED: int(sums[code]) for code, word in enumerate(WORDS)}

    def waiting(self) -> int:
        """How many rows a seal would change."""
        return int(np.count_nonzero(self._finder.unsealed(self._overlay.now())))

    def values(self, wanted: Filter, column: str, *, limit: int = VALUES) -> list[tuple[str, int]]:
        """The values of a column among the rows of a filter with how many rows have each, most first; without null, but
        for a decision's ``none``. column: of CODED or LISTED. Raises UsageError."""
        if column not in (*CODED, *LISTED):
            raise UsageError(f"{column!r} has no list of values", hint=f"one of {', '.join((*CODED, *LISTED))}")
        now = self._overlay.now()
        found = self._found(wanted).copy()
        folded = [one.row for position, one in now.folded.items() if found[position]]
        found[list(now.folded)] = False
        if column in LISTED:
            several = self._columns.listed(column)
            words, codes = several.words, several.codes[found[several.parents]]
        else:
            coded = self._columns.coded(column)
            words, codes = coded.words, (now.decisions if column == "decision" else coded.codes)[found]
        sums = np.bincount(codes, minlength=len(words))
        first = 0 if column == "decision" else 1
        counts = {words[code]: int(sums[code]) for code in np.flatnonzero(sums[first:]) + first}
        for row in folded:
            value = (row.decision or UNDECIDED) if column == "decision" else None
            for word in listed(row, column) if column in LISTED else [value or getattr(row, column)]:
                if word is not None:
                    counts[word] = counts.get(word, 0) + 1
        return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]

    def histogram(self, wanted: Filter, column: Sort = "score", *, bins: int = BINS) -> Histogram:
        """How a column's numbers are spread among the rows of a filter, least to most. Raises UsageError."""
        if column not in SORTS[1:-1]:
            raise UsageError(f"{column!r} has no numbers", hint=f"one of {', '.join(SORTS[1:-1])}")
        numbers = self._finder.numbers(column, self._overlay.now())[self._found(wanted)]
        numbers = np.abs(numbers) if column in QUEUES else numbers  # which go by less, and so put more below nothing
        there = numbers[np.isfinite(numbers)]
        if not len(there):
            return Histogram((), (), len(numbers))
        counts, edges = np.histogram(there, bins=bins if there.min() < there.max() else 1)
        return Histogram(tuple(edges.tolist()), tuple(counts.tolist()), len(numbers) - len(there))

    def query(self, sql: str) -> Answer:
        """What one SELECT over the view ``rows`` gives, or an expression over a row's columns: the rows it holds for.

        Reads nothing but this version, as it is by now. Raises UsageError, also where it takes more than 10 s.
        """
        with self._finder.cursor(sql, self._overlay.now()) as cursor:
            return answer(cursor, sql)

    # ── people ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def voices(self) -> Voices:
        """What each reviewer says of each row."""
        return self._overlay.voices(self._overlay.now())

    def owners(self) -> Owners:
        """Whom each row was dealt to."""
        return self._deals.owners()

    def conflicts(self) -> Mask:
        """For each row whether its reviewers do not agree; ``Filter(conflict=True)`` lists them."""
        return self._finder.conflicts(self._overlay.now())

    def note(self, number: int, keys: Keys, places: Mask) -> None:
        """Remembers where the rows of a decision about many of them stand; it would be found out otherwise."""
        self._overlay.note(number, keys, places)

    # ── inside ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _found(self, wanted: Filter) -> Mask:
        return self._finder.mask(wanted, self._overlay.now(), self._finder.hits(wanted))

    def _filled(
        self,
        line: Line,
        anchor: int | None,
        side: Side,
        limit: int,
        wanted: Filter,
        now: Now,
        hits: Hits,
        *,
        rows: bool = True,
    ) -> tuple[Positions, list[Row]]:
        """A page of rows. Where candidates of a search stand among them those are read, and more for the false ones."""
        if hits.checked:
            shown = line.some(anchor, side, limit)
            return shown, self._finder.laid(shown, now) if rows else []
        kept: dict[int, Row] = {}
        for pages in READ_MORE:
            some = line.some(anchor, side, limit * pages)
            read = zip(some.tolist(), self._finder.laid(some, now), strict=True)
            true = {position: row for position, row in read if says(row, wanted.text)}
            kept = {**true, **kept} if side == "before" else {**kept, **true}
            if len(kept) >= limit or not len(some):
                break
            anchor = int(some[0] if side == "before" else some[-1])
            side = side if side == "before" else "after"
        chosen = list(kept)[-limit:] if side == "before" else list(kept)[:limit]
        return np.array(chosen, np.int64), [kept[position] for position in chosen]

    def _seen(self, positions: Sequence[int], rows: list[Row], eyes: str) -> list[Row]:
        if not eyes:
            return rows
        owners = self._deals.owners()
        hidden = [owners.blind(position, eyes) for position in positions]
        if not any(hidden):
            return rows
        own = self.voices().reviewer(eyes)
        return [
            _for_one(row, eyes) if blind and not own[position] else row
            for position, row, blind in zip(positions, rows, hidden, strict=True)
        ]

    def _id(self, positions: Positions) -> str | None:
        return self._source.ids(positions)[0] if len(positions) else None

    def _position(self, row_id: str) -> int:
        places = self._columns.rows_of([row_id])
        if row_id not in places:
            raise NotFound(
                f"{self.name}@v{self.version} has no row {row_id!r}", hint="it may be in another version of the dataset"
            )
        return places[row_id]


def _for_one(row: Row, reviewer: str) -> Row:
    """The row as if nobody else had decided anything about it."""
    own = [one for one in row.decisions or [] if one["reviewer"] == reviewer]
    return row.with_(decisions=own or None, decision=own[-1]["decision"] if own else None)
