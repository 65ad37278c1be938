"""One vendor key, shared by all processes of this machine: pace, pauses, places in flight, a day's quota.

A small SQLite file of the user's, not of one workspace: the vendor counts by key. Slots are taken from the common
schedule a quarter of a second at a time, so a killed process takes no more than that with it. Nothing here is worth a
sync to disk: after a power cut a pace begins anew. (docs/decisions/0010-adaptive-pace.md)
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import hashlib
import hmac
import math
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from augment.database import connect, sqlite_errors
from augment.files import make_folder
from augment.limits import Grant, Want
from augment.pace import schedule
from augment.quotas import day_zone, used_up, vendor_day
from augment.settings import Secret
from augment.types import Route

TABLES = """
CREATE TABLE IF NOT EXISTS accounts (
    name TEXT PRIMARY KEY, due REAL NOT NULL, token_due REAL NOT NULL, paused_until REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS members (
    name TEXT NOT NULL, pid INTEGER NOT NULL, started TEXT NOT NULL, number INTEGER NOT NULL, places INTEGER NOT NULL,
    wants INTEGER NOT NULL, since REAL NOT NULL, PRIMARY KEY (name, pid, started, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS days (
    name TEXT NOT NULL, day TEXT NOT NULL, used INTEGER NOT NULL, PRIMARY KEY (name, day)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS salts (salt BLOB NOT NULL);
"""
Job: TypeAlias = Callable[[sqlite3.Connection], object]
FURTHEST_S = 700.0  # a schedule further ahead than any pause was written before this machine started


def started_at(pid: int) -> str | None:
    """What tells a process from a later one of its number, "" where the system does not say; None: it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return None
    except OSError:
        return ""
    else:
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[19]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return ""
    return ""


class Accounts:
    """The file, opened by one process. clock: the one that limiters of all processes keep, of the whole machine."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        make_folder(path.parent)
        self.path = path
        self.clock = clock
        self._reading = connect(path, TABLES, synced=False)
        self._reading.execute("PRAGMA busy_timeout = 0")
        self._jobs: queue.SimpleQueue[tuple[Job, Callable[[Exception | None], None] | None] | None] = (
            queue.SimpleQueue()
        )
        self._thread: threading.Thread | None = None
        self._open: list[SharedAccount] = []

    def account(self, route: Route, secrets: Mapping[str, Secret]) -> SharedAccount | None:
        """What the processes with this key share; None for a route without a key or on this machine's own simulator."""
        if not secrets or route.simulated:
            return None
        account = SharedAccount(self, self._name(route, secrets), route, len(self._open))
        self._open.append(account)
        return account

    def close(self) -> None:
        """Gives everything back."""
        for account in self._open:
            account.leave()
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()
            self._thread = None
        self._reading.close()

    def _name(self, route: Route, secrets: Mapping[str, Secret]) -> str:
        """A salted hash of key and connector: nobody reads the key from it, nor tests one against it."""
        with sqlite_errors(self.path):
            self._reading.execute("PRAGMA busy_timeout = 5000")
            self._reading.execute(
                "INSERT INTO salts SELECT ? WHERE NOT EXISTS (SELECT 1 FROM salts)", (os.urandom(32),)
            )
            salt: bytes = self._reading.execute("SELECT salt FROM salts ORDER BY rowid LIMIT 1").fetchone()[0]
            self._reading.execute("PRAGMA busy_timeout = 0")
        parts = [route.connector, *(f"{name}={secret.reveal()}" for name, secret in sorted(secrets.items()))]
        return hmac.new(salt, "\0".join(parts).encode(), hashlib.sha256).hexdigest()[:32]

    def paused_until(self, name: str) -> float:
        """When an account may be asked again; reading never waits for a writer."""
        try:
            row = self._reading.execute("SELECT paused_until FROM accounts WHERE name = ?", (name,)).fetchone()
        except sqlite3.OperationalError:  # in the moment a log is begun anew
            return -math.inf
        return row[0] if row is not None and row[0] - self.clock() < FURTHEST_S else -math.inf

    def soon(self, job: Job) -> None:
        """Runs a job in a transaction, on a thread of its own."""
        self._put(job, None)

    async def run(self, job: Callable[[sqlite3.Connection], Grant]) -> Grant:
        """The result of such a job. Raises DiskTrouble, Conflict."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Grant] = loop.create_future()
        results: list[Grant] = []

        def tell(error: Exception | None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(results[-1])

        def committed(error: Exception | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(tell, error)

        self._put(lambda db: results.append(job(db)), committed)
        return await future

    def _put(self, job: Job, told: Callable[[Exception | None], None] | None) -> None:
        self._jobs.put((job, told))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="accounts", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        with contextlib.closing(connect(self.path, TABLES, synced=False)) as db:
            while (waiting := self._jobs.get()) is not None:
                job, told = waiting
                error: Exception | None = None
                try:
                    with sqlite_errors(self.path):
                        db.execute("BEGIN IMMEDIATE")
                        job(db)
                        db.execute("COMMIT")
                except Exception as trouble:  # whoever waits is told, whatever it is
                    error = trouble
                    with contextlib.suppress(sqlite3.Error):
                        db.execute("ROLLBACK")
                if told is not None:
                    told(error)


class SharedAccount:
    """One account in one process (``limits.Account``)."""

    def __init__(self, accounts: Accounts, name: str, route: Route, number: int) -> None:
        self.name = name
        self._accounts = accounts
        self._route = route
        self._zone = day_zone(route)
        self._me = (name, os.getpid(), started_at(os.getpid()) or "", number)
        self._joined = False

    def paused_until(self) -> float:
        """When requests may leave again."""
        return self._accounts.paused_until(self.name)

    def pause(self, until: float) -> None:
        """Tells the others that nothing may leave before."""

        def job(db: sqlite3.Connection) -> None:
            self._account(db, self._accounts.clock())
            db.execute("UPDATE accounts SET paused_until = max(paused_until, ?) WHERE name = ?", (until, self.name))

        self._accounts.soon(job)

    def rest(self) -> None:
        """Tells the others that nothing is in flight or wanted here."""
        if self._joined:
            self._joined = False
            self._accounts.soon(self._forget)

    def leave(self) -> None:
        """The same, for good."""
        self.rest()

    def _forget(self, db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM members WHERE name = ? AND pid = ? AND started = ? AND number = ?", self._me)

    async def reserve(self, want: Want) -> Grant:
        """Takes slots of the schedule, places in flight and a part of the day."""
        self._joined = self._joined or bool(want.most)
        return await self._accounts.run(lambda db: self._reserve(db, want))

    def _reserve(self, db: sqlite3.Connection, want: Want) -> Grant:
        now = self._accounts.clock()
        due, token_due = self._account(db, now)
        slots = want.slots
        if slots and want.per_day:
            slots = self._of_the_day(db, want)
            if not slots:
                return Grant(0, used_up=used_up(self._route, dt.datetime.now(dt.UTC)))
        places = self._places(db, want, now) if want.most else 0
        if slots:
            due, token_due = schedule(due, now, want.lag_s), schedule(token_due, now, want.token_lag_s)
            db.execute(
                "UPDATE accounts SET due = ?, token_due = ? WHERE name = ?",
                (due + slots * want.interval_s, token_due + want.token_s, self.name),
            )
        return Grant(slots, due, token_due, places)

    def _account(self, db: sqlite3.Connection, now: float) -> tuple[float, float]:
        """The account's schedules, made where it is new, begun anew where they are from before a restart."""
        row = db.execute("SELECT due, token_due, paused_until FROM accounts WHERE name = ?", (self.name,)).fetchone()
        if row is None or max(row) > now + FURTHEST_S:
            row = (now - FURTHEST_S, now - FURTHEST_S, now - FURTHEST_S)
            db.execute("INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?)", (self.name, *row))
        return row[0], row[1]

    def _of_the_day(self, db: sqlite3.Connection, want: Want) -> int:
        """As many requests as the day still holds."""
        day = vendor_day(self._zone, dt.datetime.now(dt.UTC))
        db.execute("INSERT OR IGNORE INTO days VALUES (?, ?, 0)", (self.name, day))
        row = db.execute("SELECT used FROM days WHERE name = ? AND day = ?", (self.name, day)).fetchone()
        slots: int = max(0, min(want.slots, int(want.per_day) - int(row[0]) + want.unused))
        db.execute(
            "UPDATE days SET used = max(0, used + ?) WHERE name = ? AND day = ?", (slots - want.unused, self.name, day)
        )
        return slots

    def _places(self, db: sqlite3.Connection, want: Want, now: float) -> int:
        """A fair part of the requests that may be in flight; who waits longest for a place comes first."""
        others: list[tuple[Any, ...]] = []
        mine_since = now
        for row in db.execute(
            "SELECT pid, started, number, places, wants, since FROM members WHERE name = ?", (self.name,)
        ):
            if (row[0], row[1], row[2]) == self._me[1:]:
                mine_since = row[5]
            elif started_at(row[0]) == row[1]:
                others.append(row)
            else:
                db.execute(
                    "DELETE FROM members WHERE name = ? AND pid = ? AND started = ?", (self.name, row[0], row[1])
                )
        held = sum(row[3] for row in others)
        hungry = [row for row in others if row[4] > row[3]]
        fair = math.ceil(want.most / (len(hungry) + 1))
        starved = sum(1 for row in hungry if row[3] == 0 and row[5] < mine_since)
        wished = min(want.places, max(fair, 0 if starved else 1))
        places = max(0, min(wished, want.most - held - starved))
        since = mine_since if not (want.flying or places) else now
        db.execute(
            "INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*self._me, max(want.flying, places), want.places, since),
        )
        return int(places)
