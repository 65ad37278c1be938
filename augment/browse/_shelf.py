"""The versions that are open for looking around: small ones in memory, large ones as files that a builder makes."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from itertools import islice

from augment.browse._browser import Browser
from augment.browse._file import LARGE, Place, Progress, place
from augment.browse._source import File, Memory, Source
from augment.errors import DiskTrouble
from augment.ledger import Ledger
from augment.store import Store

FIRST = 20_000  # rows of a large version that are shown while its files are made
OPEN = 3
OPEN_ROWS = 1_200_000  # together; of one million each takes half a gigabyte
WAIT_S = 0.2
BUILDER = "augment.browse._build"


class Shelf:
    """Opens versions and keeps the last few open."""

    def __init__(self, store: Store, ledger: Ledger, *, large: int = LARGE) -> None:
        self._store = store
        self._ledger = ledger
        self._large = large
        self._open: OrderedDict[tuple[str, int], Browser] = OrderedDict()
        self._builders: dict[str, subprocess.Popen[bytes]] = {}
        self._guard = threading.RLock()

    def browser(self, name: str, version: int) -> Browser:
        """A version to look around in. A large one that is opened for the first time holds its first rows only, says
        how far its files are (``building``), and is another one when they are there. Raises NotFound, DiskTrouble."""
        with self._guard:
            there = self._open.get((name, version))
            if there is not None:
                self._open.move_to_end((name, version))
                if there.whole:
                    return there
            at = place(self._store, name, version)
            fresh = self._filed(at, name, version) or there or self._read(name, version)
            if not fresh.whole:
                self._watch(fresh, at)
            elif (builder := self._builders.pop(at.key, None)) is not None:
                builder.communicate()
            if fresh is not there:
                self._put(fresh)
            return fresh

    def whole(self, name: str, version: int) -> Browser:
        """A version with all its rows, waited for. Raises NotFound, DiskTrouble."""
        while not (found := self.browser(name, version)).whole:
            if found.trouble:
                raise DiskTrouble(found.trouble, hint="free some space, or change the folder's mode, and try again")
            time.sleep(WAIT_S)
        return found

    def close(self) -> None:
        """Closes what is open and ends its builders: a file that one has finished stays."""
        with self._guard:
            while self._builders:
                _end(self._builders.popitem()[1])
            while self._open:
                self._open.popitem()[1].close()

    def _put(self, fresh: Browser) -> None:
        key = (fresh.name, fresh.version)
        if (old := self._open.pop(key, None)) is not None:
            old.retire()
        self._open[key] = fresh
        while len(self._open) > 1 and (len(self._open) > OPEN or self._many()):
            self._open.popitem(last=False)[1].retire()

    def _many(self) -> bool:
        return sum(one.of for one in self._open.values()) > OPEN_ROWS

    def _filed(self, at: Place, name: str, version: int) -> Browser | None:
        """From its files, where they are there and whole."""
        import duckdb

        if not at.ready:
            return None
        try:
            source: Source = File(at)
        except (duckdb.Error, ValueError, OSError):
            at.forget()  # a disk that lost something; it is made again
            return None
        at.touch()
        return Browser(source, self._ledger, name, version)

    def _read(self, name: str, version: int) -> Browser:
        count = self._store.count(name, version)
        wanted = count if count < self._large else min(count, FIRST)
        batches, read = [], 0
        with contextlib.closing(self._store.read(name, version)) as rows:
            while read < wanted and (more := list(islice(rows, 1))):
                batches.append(more[0].slice(0, wanted - read))
                read += batches[-1].num_rows
        return Browser(Memory(batches), self._ledger, name, version, of=count)

    def _watch(self, browser: Browser, at: Place) -> None:
        """Notes how far the files are, and starts a builder where none is at it and none has failed."""
        try:
            progress = at.progress()
            if progress is None and not at.ready and self._may_start(browser, at):
                self._builders[at.key] = subprocess.Popen(  # noqa: S603  # our own interpreter and module, no shell
                    [sys.executable, "-m", BUILDER, str(self._store.root), browser.name, str(browser.version)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                )
            browser.building = progress or Progress("table", 0, browser.of)
        except DiskTrouble as error:
            browser.trouble = error.message

    def _may_start(self, browser: Browser, at: Place) -> bool:
        """Not where a builder of ours is still starting, or has given up."""
        builder = self._builders.get(at.key)
        if builder is None:
            return True
        if builder.poll() is None:
            return False
        if builder.returncode and not browser.trouble and builder.stderr is not None:
            said = builder.stderr.read().decode("utf-8", "replace").strip().splitlines()
            browser.trouble = said[-1] if said else f"the builder ended with {builder.returncode}"
        if builder.returncode == 0:
            _end(self._builders.pop(at.key))
        return builder.returncode == 0


def _end(builder: subprocess.Popen[bytes]) -> None:
    """What it has finished stays; what it was at is begun again the next time."""
    builder.terminate()
    builder.communicate()
