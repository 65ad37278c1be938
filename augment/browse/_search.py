"""Which rows hold a text: a first answer at once, the whole one soon after, and at no time a false hit taken for true.

With the index a word of two characters is answered exactly. A longer one is looked up by its pairs of characters and
its candidates are read; a word that stands nearly everywhere, or one character, is looked for from the first row on.
Where that takes long, the answer so far says how far it came, and a thread of its own goes on.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from augment.browse._columns import Mask
from augment.browse._grams import BETWEEN, sure
from augment.browse._source import Source

SCANNED = (1_000, 4_000)  # rows read before the first answer, and at once after it
FETCHED = (5_000, 50_000)  # hits taken from the index, likewise
READ_NOW = 100  # candidates that are read before the first answer
READ = 500  # and at once after it
PAUSE_S = 0.25  # of nobody asking, before the thread takes its next step: whoever waits for a page comes first
KEPT = 16


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """mask: the rows found. looked: rows looked at, from the first on. checked: whether each row found was read, or is
    sure to hold the text."""

    mask: Mask
    looked: int
    checked: bool


class Search:
    """Texts looked for in one source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._kept: OrderedDict[str, Hits] = OrderedDict()
        self._guard = threading.Condition()
        self._going: set[str] = set()
        self._jobs: deque[tuple[str, Iterator[Hits]]] = deque()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._asked = 0.0
        self._waiting = 0

    def stand_back(self) -> None:
        """Keeps the thread from its next step for a moment."""
        self._asked = time.monotonic()

    def hits(self, text: str) -> Hits:
        """What is known by now; the first time a bounded look is taken."""
        with self._guard:
            if (known := self._kept.get(text)) is not None:
                self._kept.move_to_end(text)
                return known
        steps = self._steps(text)
        first = next(steps)
        with self._guard:
            if text in self._kept:  # somebody else was looking too
                return self._kept[text]
            self._put(text, first)
            if not self._done(first):
                self._going.add(text)
                self._jobs.append((text, steps))
                self._start()
        return first

    def finish(self, text: str) -> Hits:
        """The whole answer, waited for."""
        found = self.hits(text)
        with self._guard:
            self._waiting += 1
            self._guard.notify_all()
            self._guard.wait_for(lambda: text not in self._going)
            self._waiting -= 1
            found = self._kept.get(text, found)
        if not self._done(found):  # it was crowded out, or closed, before it was whole
            *_, found = self._steps(text)
        return found

    def stop(self) -> None:
        """Nothing more is looked for than what a caller waits for."""
        with self._guard:
            self._closed = True
            self._guard.notify_all()

    def close(self) -> None:
        """Ends the thread after the step it is at."""
        self.stop()
        thread = self._thread
        if thread is not None:
            thread.join()

    def _done(self, hits: Hits) -> bool:
        return hits.checked and hits.looked >= self._source.count

    def _put(self, text: str, hits: Hits) -> None:
        self._kept[text] = hits
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def _start(self) -> None:
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._work, name="search")
            self._thread.start()

    def _work(self) -> None:
        """Until nothing is left to look for; a thread that waited for more would keep the process from its end."""
        while True:
            with self._guard:
                if not self._jobs:
                    self._thread = None
                    return
                text, steps = self._jobs.popleft()
            try:
                self._pause()
                for hits in steps:
                    with self._guard:
                        if self._closed or text not in self._kept:
                            break
                        self._kept[text] = hits
                    self._pause()
            finally:
                with self._guard:
                    self._going.discard(text)
                    self._guard.notify_all()

    def _pause(self) -> None:
        with self._guard:
            while not self._closed and not self._waiting and (left := self._asked + PAUSE_S - time.monotonic()) > 0:
                self._guard.wait(left)

    def _steps(self, text: str) -> Iterator[Hits]:
        """Better and better answers; the last one is whole."""
        rows = self._source.count
        mask = np.zeros(rows, np.bool_)
        if not _storable(text):
            yield Hits(mask, rows, True)
        elif self._source.grams is None or len(text) < 2 or BETWEEN in text:
            yield from self._scanned(text, mask)
        else:
            for found, looked in self._fetched(text, mask):
                if looked >= rows and not sure(text) and np.count_nonzero(found) <= READ_NOW:
                    yield from self._read(text, found, READ_NOW)
                    return
                yield Hits(found, looked, sure(text))
            if not sure(text):
                yield from self._read(text, found, READ)

    def _scanned(self, text: str, mask: Mask) -> Iterator[Hits]:
        stop = 0
        while not stop or stop < self._source.count:
            start, stop = stop, min(stop + SCANNED[stop > 0], self._source.count)
            mask = mask.copy()
            mask[start:stop] = self._source.scan(start, stop, text)
            yield Hits(mask, stop, True)
            if not self._source.count:
                return

    def _fetched(self, text: str, mask: Mask) -> Iterator[tuple[Mask, int]]:
        grams, looked = self._source.grams, 0
        while grams is not None and looked < self._source.count:
            most = FETCHED[looked > 0]
            found = grams.first(text, most, looked)
            mask = mask.copy()
            mask[found] = True
            looked = int(found[-1]) + 1 if len(found) == most else self._source.count
            yield mask, looked

    def _read(self, text: str, mask: Mask, at_once: int) -> Iterator[Hits]:
        candidates = np.flatnonzero(mask)
        for start in range(0, max(1, len(candidates)), at_once):
            some = candidates[start : start + at_once]
            mask = mask.copy()
            mask[some] = self._source.says(some, text)
            yield Hits(mask, self._source.count, start + at_once >= len(candidates))


def _storable(text: str) -> bool:
    """Whether a file can hold it: a lone surrogate stands in no row."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
