"""The ledger's file: its tables, a connection that syncs every commit, and what SQLite says in words."""

from __future__ import annotations

import contextlib
import sqlite3
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from augment.errors import Conflict, DiskTrouble
from augment.files import disk_trouble, lock, sync_file, sync_folder

TABLES = """
CREATE TABLE IF NOT EXISTS asks (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,
    provider TEXT NOT NULL, route TEXT NOT NULL, model TEXT NOT NULL, attempt INTEGER NOT NULL,
    request BLOB NOT NULL, run_id TEXT NOT NULL, sent_at REAL NOT NULL, sends INTEGER NOT NULL,
    unknown INTEGER NOT NULL,
    answered_at REAL, reply BLOB, input_tokens INTEGER, output_tokens INTEGER, characters INTEGER, cost_cny REAL,
    refused_kind TEXT, refused_code TEXT, refused_message TEXT
);
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL, run_id TEXT NOT NULL, provider TEXT NOT NULL, at REAL NOT NULL,
    kind TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, delivery TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS faults_by_key ON faults (key);
CREATE TABLE IF NOT EXISTS uses (
    row_id TEXT NOT NULL, key BLOB NOT NULL, stage TEXT NOT NULL, PRIMARY KEY (row_id, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (
    run_id TEXT PRIMARY KEY, dataset TEXT NOT NULL, stage TEXT NOT NULL, provider TEXT, options TEXT NOT NULL,
    from_version INTEGER, version INTEGER, started_at REAL NOT NULL, ended_at REAL, pid INTEGER NOT NULL,
    state TEXT NOT NULL, summary TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outcomes (
    dataset TEXT NOT NULL, row_id TEXT NOT NULL, stage TEXT NOT NULL, run_id TEXT NOT NULL, at REAL NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (dataset, row_id, stage)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS misses (
    run_id TEXT NOT NULL, row_id TEXT NOT NULL, key BLOB NOT NULL, kind TEXT NOT NULL, code TEXT NOT NULL,
    message TEXT NOT NULL, PRIMARY KEY (run_id, row_id, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY, dataset TEXT NOT NULL, row_id TEXT NOT NULL, version INTEGER NOT NULL,
    reviewer TEXT NOT NULL, action TEXT NOT NULL, field TEXT, old TEXT, new TEXT, reason TEXT, note TEXT, filter TEXT,
    undoes INTEGER, at REAL NOT NULL, sealed INTEGER
);
CREATE INDEX IF NOT EXISTS events_by_row ON events (dataset, row_id);
CREATE TABLE IF NOT EXISTS event_rows (event INTEGER NOT NULL, part INTEGER NOT NULL, rows BLOB NOT NULL,
    PRIMARY KEY (event, part));
CREATE TABLE IF NOT EXISTS deals (
    id INTEGER PRIMARY KEY, dataset TEXT NOT NULL, version INTEGER NOT NULL, reviewers TEXT NOT NULL,
    share REAL NOT NULL, filter TEXT NOT NULL, at REAL NOT NULL, by TEXT NOT NULL, rows BLOB NOT NULL, ended REAL
);
CREATE TABLE IF NOT EXISTS names (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
TABLES_MADE = 3  # another number where a file made before lacks a table
BUSY_MS = 60_000
NO_ROOM = "SQLITE_IOERR_SHMSIZE"  # for what the connections of a write-ahead log share
PAGE_BYTES = 4096  # SQLite's own choice, since 3.12; every file of ours has it
LEAST_BYTES = 512  # of a database; SQLite begins a new one in a file of less
HINT = "put a copy made by `augment ledger backup` in its place"
HINTS = {"accounts.sqlite": "remove it: it holds only how fast each key may be asked now, and is made anew"}


def connect(path: Path, tables: str = TABLES, *, synced: bool = True) -> sqlite3.Connection:
    """A connection with the tables made; ``synced``: every commit survives a power cut. Raises DiskTrouble."""
    with sqlite_errors(path):
        if not path.exists() and path.parent.is_dir():
            _make(path, tables, synced=synced)
        if path.is_file():
            _check_size(path)
        db = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
        try:
            db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            _write_ahead(db)
            # Not kept in the file: each connection says it.
            db.execute(f"PRAGMA synchronous = {'FULL' if synced else 'NORMAL'}")
            if db.execute("PRAGMA user_version").fetchone()[0] < TABLES_MADE:
                db.executescript(f"BEGIN IMMEDIATE; {tables} PRAGMA user_version = {TABLES_MADE}; COMMIT;")
        except BaseException:
            db.close()
            raise
        return db


def _make(path: Path, tables: str, *, synced: bool) -> None:
    """Makes the file with its tables under another name, so that an empty one is always one that was harmed."""
    with lock(path.with_name(f".{path.name}.lock")):
        if path.exists():
            return
        beside = path.with_name(f".{path.name}.new")
        for left in ("", "-journal", "-wal", "-shm"):  # of a process that was killed here
            beside.with_name(beside.name + left).unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(beside, isolation_level=None)) as db:
            db.executescript(f"PRAGMA synchronous = OFF; BEGIN; {tables} PRAGMA user_version = {TABLES_MADE}; COMMIT;")
        if synced:
            sync_file(beside)
        beside.rename(path)
        if synced:
            sync_folder(path.parent)


def _check_size(path: Path) -> None:
    """Raises for a file cut short where SQLite would take it for a new one, or read zeros for what is gone."""
    # Never opened here: closing any other descriptor of the file drops all locks that this process holds on it
    # (sqlite.org/howtocorrupt.html, 2.2), and another process may then write over what ours has written.
    size = path.stat().st_size
    if size < LEAST_BYTES:
        raise sqlite3.DatabaseError(f"malformed: it holds {size} bytes")
    with contextlib.suppress(FileNotFoundError):
        if path.with_name(path.name + "-wal").stat().st_size:  # a power cut may halve a page that stands whole in there
            return
    if size % PAGE_BYTES:
        raise sqlite3.DatabaseError("malformed: it was cut short")


def _write_ahead(db: sqlite3.Connection) -> None:
    """Switches to the write-ahead log. Of two that open a new file at once SQLite refuses one without waiting."""
    deadline = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() >= deadline:
                raise
            time.sleep(0.01)


@contextlib.contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Turns what SQLite says about the disk inside the block into DiskTrouble, a lasting lock into Conflict."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "full" in text or getattr(error, "sqlite_errorname", "") == NO_ROOM:
            words = ("the disk is full", "free some space and type the command again; everything answered is kept")
        elif "disk I/O" in text:
            words = (f"the ledger cannot be written ({text})", "check the disk, then type the command again")
        elif "readonly" in text or "unable to open" in text:
            words = (
                f"the ledger cannot be written ({text})",
                "change the folder's owner or mode, or use --workspace DIR",
            )
        elif "locked" in text or "busy" in text:
            raise Conflict(f"another process holds {path.name!r}", hint="wait until it ends and try again") from error
        else:
            raise
        raise DiskTrouble(f"{words[0]}: {str(path)!r}", hint=words[1]) from error
    except sqlite3.DatabaseError as error:
        if "malformed" in str(error) or "not a database" in str(error):
            raise _damaged(path, error) from error
        raise
    except zlib.error as error:
        raise _damaged(path, error) from error
    except OSError as error:
        trouble = disk_trouble(error, path)
        if trouble is None:
            raise
        raise trouble from error


def _damaged(path: Path, error: Exception) -> DiskTrouble:
    return DiskTrouble(f"{str(path)!r} is damaged ({error})", hint=HINTS.get(path.name, HINT))
