"""The durable record of every ask and reply, shared by all runs: SQLite, WAL, synchronous=FULL.

``sent`` is committed before an ask leaves, ``answered`` before anything reads the reply. One thread writes; whatever is
waiting when it is free goes into one commit, so the wait for the disk is shared. An ask is known by the hash of what it
asks (augment/asks.py), so any stage, dataset or run that asks the same gets it free. The same file holds runs, what
became of each row, and review events (augment/review).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from augment.asks import Sending, Use, storable, unpack_reply
from augment.commits import Arrived, Claims, Leaving, is_busy, write_arrived, write_leaving, write_uses
from augment.database import connect, sqlite_errors
from augment.errors import AugmentError, DiskTrouble, Fault
from augment.files import make_folder
from augment.types import Reply, Usage

__all__ = ["Claims", "Entry", "Ledger"]

GATHER_S = 0.002  # what comes together shares a commit; a hundredth of what an answer takes
Job: TypeAlias = Callable[[sqlite3.Connection], object]


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger knows of one ask. sends: requests that carried it; unknown: the last one's end is not known."""

    key: bytes
    provider: str
    attempt: int
    sends: int
    unknown: bool
    reply: Reply | None
    refusal: Fault | None
    cost_cny: float | None


class Ledger:
    """One workbench file, opened by one process. Reads happen on the caller's thread, writes on one of ours."""

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        self.path = path
        self._reading = connect(path)
        self._jobs: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._broken: Exception | None = None  # nothing more can be promised
        self._unkept: Exception | None = None  # of a note that nobody waits for
        self._closed = False
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    # ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def find(self, key: bytes) -> Entry | None:
        """What is known of an ask."""
        with sqlite_errors(self.path):
            row = self._reading.execute(
                "SELECT provider, attempt, sends, unknown, reply, input_tokens, output_tokens, characters, cost_cny,"
                " refused_kind, refused_code, refused_message FROM asks WHERE key = ?",
                (key,),
            ).fetchone()
            if row is None:
                return None
            reply = unpack_reply(row[4], Usage(row[5], row[6], row[7])) if row[4] is not None else None
        refusal = Fault(row[9], row[11], code=row[10]) if row[9] is not None else None
        return Entry(key, row[0], row[1], row[2], bool(row[3]), reply, refusal, row[8])

    def is_busy(self, key: bytes, run_id: str) -> bool:
        """Whether a run of another living process has this ask in flight."""
        return is_busy(self._reading, key, run_id)

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Rows of a reading statement, as dicts."""
        with sqlite_errors(self.path):
            cursor = self._reading.execute(sql, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    # ── writing, from the runner's loop ───────────────────────────────────────────────────────────────────────────────

    async def sent(self, sendings: Sequence[Sending], run_id: str, uses: Sequence[Use] = ()) -> Claims:
        """Returns when it is on disk that these asks are about to leave in one request. uses: noted with them.

        Those that another process has bought meanwhile, or is buying, are not claimed and must not leave.
        """
        leaving = Leaving(sendings, run_id, time.time())
        await self._durable(_Waiting(leaving=leaving, uses=uses))
        return leaving.claims

    async def answered(self, replies: Sequence[tuple[bytes, Reply, float | None]]) -> None:
        """Returns when these replies are on disk. Each: key, reply with one text, cost in CNY (None = unknown)."""
        now = time.time()
        await self._durable(_Waiting(arrived=[Arrived(key, reply, cost, now) for key, reply, cost in replies]))

    def unsent(self, keys: Sequence[tuple[bytes, bool]], run_id: str) -> None:
        """Takes back with the next commit that these asks were about to leave. Each: key, and whether an earlier
        request with it may have been billed."""

        def job(db: sqlite3.Connection) -> None:
            db.executemany(
                "UPDATE asks SET sends = sends - 1, unknown = ? WHERE key = ? AND run_id = ? AND reply IS NULL",
                [(open_, key, run_id) for key, open_ in keys],
            )
            db.executemany(
                "DELETE FROM asks WHERE key = ? AND sends = 0 AND reply IS NULL", [(key,) for key, _ in keys]
            )

        self._put(_Waiting(job))

    async def refused(self, key: bytes, fault: Fault) -> None:
        """Returns when it is on disk that this ask was refused for good."""

        def job(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE asks SET refused_kind = ?, refused_code = ?, refused_message = ?, unknown = 0 WHERE key = ?",
                (fault.kind, storable(fault.code), storable(fault.message), key),
            )

        await self._durable(_Waiting(job))

    def fault(self, keys: Sequence[bytes], provider: str, run_id: str, fault: Fault) -> None:
        """Notes a fault with the next commit. Only a lost answer leaves open whether the ask was billed."""
        now = time.time()
        code, message = storable(fault.code), storable(fault.message)

        def job(db: sqlite3.Connection) -> None:
            db.executemany(
                "INSERT INTO faults (key, run_id, provider, at, kind, code, message, delivery)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(k, run_id, provider, now, fault.kind, code, message, fault.delivery) for k in keys],
            )
            if fault.delivery != "lost":
                db.executemany("UPDATE asks SET unknown = 0 WHERE key = ?", [(key,) for key in keys])

        self._put(_Waiting(job))

    def use(self, row_id: str, key: bytes, stage: str) -> None:
        """Notes with the next commit that a row asked this, so that ``attempts --row`` finds it."""
        self._put(_Waiting(uses=((row_id, key, stage),)))

    def outcome(self, dataset: str, row_id: str, stage: str, run_id: str, state: str, reason: str, detail: str) -> None:
        """Notes with the next commit what became of a row, in place of what an earlier run of the stage noted."""
        values = (dataset, row_id, stage, run_id, time.time(), state, reason, storable(detail))
        self._put(_Waiting(lambda db: db.execute("INSERT OR REPLACE INTO outcomes VALUES (?,?,?,?,?,?,?,?)", values)))

    def missed(self, run_id: str, row_id: str, key: bytes, fault: Fault) -> None:
        """Notes with the next commit that an ask of a row had no answer in this run, whatever a later one has: with it
        the run can be repeated as it was."""
        values = (run_id, row_id, key, fault.kind, storable(fault.code), storable(fault.message))
        self._put(_Waiting(lambda db: db.execute("INSERT OR REPLACE INTO misses VALUES (?,?,?,?,?,?)", values)))

    def misses(self, run_id: str) -> dict[tuple[str, bytes], Fault]:
        """The asks that had no answer in a run, by row and key, and the fault each ended with."""
        found = self.query("SELECT row_id, key, kind, code, message FROM misses WHERE run_id = ?", (run_id,))
        return {(one["row_id"], one["key"]): Fault(one["kind"], one["message"], code=one["code"]) for one in found}

    def unsettled(self, dataset: str, stage: str) -> frozenset[str]:
        """The ids of the rows that a run of the stage rejected or failed, and none has done since."""
        with sqlite_errors(self.path):
            found = self._reading.execute(
                "SELECT row_id FROM outcomes WHERE dataset = ? AND stage = ?", (dataset, stage)
            )
            return frozenset(row_id for (row_id,) in found)

    def settled(self, dataset: str, stage: str, row_ids: Sequence[str]) -> None:
        """Takes back with the next commit what was noted of these rows: the stage has done them since."""
        values = (dataset, stage, json.dumps(row_ids))

        def job(db: sqlite3.Connection) -> None:
            db.execute(
                "DELETE FROM outcomes WHERE dataset = ? AND stage = ? AND row_id IN (SELECT value FROM json_each(?))",
                values,
            )

        self._put(_Waiting(job))

    # ── writing, from anywhere ────────────────────────────────────────────────────────────────────────────────────────

    def write(self, job: Callable[[sqlite3.Connection], Any]) -> Any:
        """Runs a job in a commit and gives its result when it is on disk; raises what the job raised.

        The job may run twice: again by itself, where another one in its commit failed.
        """
        result: list[Any] = []
        done = threading.Event()
        waiting = _Waiting(lambda db: result.append(job(db)), done=done.set)
        self._put(waiting)
        done.wait()
        if waiting.error is not None:
            raise waiting.error
        return result[-1]

    def close(self) -> None:
        """Returns when everything noted is on disk. Raises what kept something from getting there."""
        with self._starting:
            self._closed = True
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()
            self._thread = None
        self._reading.close()
        for error in (self._broken, self._unkept):
            if error is not None:
                raise error

    # ── inside ────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _durable(self, waiting: _Waiting) -> None:
        waiting.loop = asyncio.get_running_loop()
        waiting.future = waiting.loop.create_future()
        self._put(waiting)
        await waiting.future

    def _put(self, waiting: _Waiting) -> None:
        if self._broken is not None:
            raise self._broken
        with self._starting:
            if self._closed:
                raise AugmentError("the ledger is closed", hint="this is a mistake of ours: please report it")
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="ledger", daemon=True)
                self._thread.start()
            self._jobs.put(waiting)

    def _work(self) -> None:
        try:
            db = connect(self.path)
        except Exception as error:  # whoever waits is told, whatever it is
            self._broken = error
            while (waiting := self._jobs.get()) is not None:
                self._tell([waiting], error)
            return
        with contextlib.closing(db):
            while (first := self._jobs.get()) is not None:
                if first.done is None and not first.arrived:  # nobody who waits for it, and nothing paid for
                    time.sleep(GATHER_S)
                group = [first]
                last = False
                with contextlib.suppress(queue.Empty):
                    while True:
                        waiting = self._jobs.get_nowait()
                        if waiting is None:
                            last = True
                            break
                        group.append(waiting)
                self._commit(db, group)
                if last:
                    return

    def _commit(self, db: sqlite3.Connection, group: list[_Waiting]) -> None:
        began = False
        try:
            with sqlite_errors(self.path):
                db.execute("BEGIN IMMEDIATE")
                began = True
                _write(db, group)
                db.execute("COMMIT")
        except Exception as error:  # a job may raise anything, and its caller waits
            with contextlib.suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            if isinstance(error, DiskTrouble):
                self._broken = error
            elif began and len(group) > 1:  # one job refused; alone in its commit each tells its own caller
                for waiting in group:
                    self._commit(db, [waiting])
                return
            self._tell(group, error)
        else:
            self._tell(group, None)

    def _tell(self, group: list[_Waiting], error: Exception | None) -> None:
        loops: dict[asyncio.AbstractEventLoop, list[_Waiting]] = {}
        for waiting in group:
            waiting.error = error
            if waiting.loop is not None:
                loops.setdefault(waiting.loop, []).append(waiting)
            elif waiting.done is not None:
                waiting.done()
            elif error is not None:
                self._unkept = self._unkept or error
        for loop, told in loops.items():
            with contextlib.suppress(RuntimeError):  # the loop was closed by an interrupt; the record stands
                loop.call_soon_threadsafe(_tell_all, told)


@dataclass(slots=True, eq=False)
class _Waiting:
    """Something to write, and who is to be told that it is on disk."""

    job: Job | None = None
    leaving: Leaving | None = None
    arrived: Sequence[Arrived] = ()
    uses: Sequence[Use] = ()
    done: Callable[[], None] | None = None
    future: asyncio.Future[None] | None = None
    loop: asyncio.AbstractEventLoop | None = None
    error: Exception | None = None

    def tell(self) -> None:
        if self.future is not None and not self.future.done():
            if self.error is not None:
                self.future.set_exception(self.error)
            else:
                self.future.set_result(None)


def _tell_all(group: list[_Waiting]) -> None:
    for waiting in group:
        waiting.tell()


def _write(db: sqlite3.Connection, group: Sequence[_Waiting]) -> None:
    """All notes of a group. Of one ask, a fault is noted before it is sent again, and nothing else meets in a group: it
    is on disk as sent before it leaves, and as answered before anybody goes on."""
    for waiting in group:
        if waiting.job is not None:
            waiting.job(db)
    write_uses(db, [use for waiting in group for use in waiting.uses])
    write_arrived(db, [one for waiting in group for one in waiting.arrived])
    write_leaving(db, [waiting.leaving for waiting in group if waiting.leaving is not None])
