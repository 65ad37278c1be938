"""The record of asks: its keys, its promises about the disk, and what may never keep a caller waiting."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.asks import Sending, ask_key, request_json, unpack
from augment.backups import backup
from augment.errors import AugmentError, Conflict, Delivery, DiskTrouble, Fault
from augment.ledger import Ledger
from augment.types import Ask, Chat, Limits, Message, Price, Reply, Route, Translation, Usage
from tests.strategies import TEXTS

ROUTE = Route("tencent", "tencent", "tmt", "https://one")
WAIT_S = 20


def translation(text: str) -> Translation:
    return Translation((text,), "zh", "ja")


def sending(text: str, attempt: int = 0) -> Sending:
    ask = translation(text)
    return Sending(ask_key(ROUTE, ask, attempt=attempt, fresh=""), "tencent", ROUTE, ask, attempt)


def send(ledger: Ledger, *texts: str, run_id: str = "r1") -> list[bytes]:
    sendings = [sending(text) for text in texts]
    asyncio.run(ledger.sent(sendings, run_id))
    return [one.key for one in sendings]


def on_disk(path: Path, sql: str) -> list[Any]:
    db = sqlite3.connect(path)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


def holding(held: threading.Event, free: threading.Event) -> Callable[[sqlite3.Connection], bool]:
    """A job that keeps the writer busy until it is let go, so that others gather behind it."""

    def job(db: sqlite3.Connection) -> bool:
        held.set()
        return free.wait(WAIT_S)

    return job


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".augment" / "workbench.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    opened = Ledger(path)
    yield opened
    with contextlib.suppress(AugmentError, sqlite3.Error):
        opened.close()


# ── keys ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

NUMBERS = st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False, width=16) | st.booleans()
PARAMETERS = st.dictionaries(TEXTS, TEXTS | NUMBERS, max_size=3).map(lambda chosen: tuple(sorted(chosen.items())))
CHATS = st.builds(
    Chat,
    st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), TEXTS), max_size=3).map(tuple),
    PARAMETERS,
)
TRANSLATIONS = st.builds(Translation, TEXTS.map(lambda text: (text,)), TEXTS, TEXTS)
ASKED = st.tuples(CHATS | TRANSLATIONS, TEXTS, TEXTS, st.integers(0, 3), TEXTS, st.booleans())
EVERYTHING_ELSE = st.builds(
    Route,
    name=st.just("n"),
    connector=TEXTS,
    model=st.just("m"),
    endpoint=TEXTS,
    api=TEXTS,
    limits=st.builds(Limits, rps=st.integers(0, 9)),
    price=st.builds(Price, input_1k=st.floats(0, 1)),
    parameters=PARAMETERS,
    options=PARAMETERS,
    timeout_s=st.floats(1, 9),
    retired_on=TEXTS,
    instead=TEXTS,
)


def key_of(asked: tuple[Ask, str, str, int, str, bool]) -> bytes:
    ask, name, model, attempt, fresh, simulated = asked
    route = Route(name, "c", model, "", simulated=simulated)
    return ask_key(route, ask, attempt=attempt, fresh=fresh)


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@given(ASKED, ASKED)
def test_two_asks_share_a_key_exactly_where_all_that_counts_is_equal(one: Any, other: Any) -> None:
    equal = canonical([request_json(one[0]), *one[1:]]) == canonical([request_json(other[0]), *other[1:]])
    assert (key_of(one) == key_of(other)) == equal
    assert key_of(one) == key_of(one)


@given(CHATS | TRANSLATIONS, st.data())
def test_each_thing_that_counts_changes_the_key_alone(ask: Ask, data: st.DataObject) -> None:
    asked = (ask, "route", "model", 0, "", False)
    changes: list[tuple[Any, ...]] = [
        (ask, "other", "model", 0, "", False),
        (ask, "route", "other", 0, "", False),
        (ask, "route", "model", 1, "", False),
        (ask, "route", "model", 0, "tag", False),
        (ask, "route", "model", 0, "", True),
        (ask, "model", "route", 0, "", False),
    ]
    if isinstance(ask, Chat):
        changes += [
            (replace(ask, messages=(*ask.messages, Message("user", ""))), *asked[1:]),
            (replace(ask, parameters=(*ask.parameters, ("_new", 1))), *asked[1:]),
        ]
    else:
        changes += [(replace(ask, texts=(ask.texts[0] + "x",)), *asked[1:])]
        changes += [(replace(ask, source=ask.source + "x"), *asked[1:])]
        changes += [(replace(ask, target=ask.target + "x"), *asked[1:])]
    keys = [key_of(one) for one in (asked, *changes)]
    assert len(set(keys)) == len(keys)


@given(CHATS | TRANSLATIONS, EVERYTHING_ELSE, EVERYTHING_ELSE)
def test_where_it_goes_and_what_it_costs_is_no_part_of_the_key(ask: Ask, one: Route, other: Route) -> None:
    assert ask_key(one, ask, attempt=0, fresh="") == ask_key(other, ask, attempt=0, fresh="")


@given(st.dictionaries(TEXTS, TEXTS | NUMBERS, min_size=2, max_size=4))
def test_the_order_of_parameters_is_no_part_of_the_key(chosen: dict[str, Any]) -> None:
    forwards, backwards = Chat((), tuple(chosen.items())), Chat((), tuple(reversed(chosen.items())))
    assert ask_key(ROUTE, forwards, attempt=0, fresh="") == ask_key(ROUTE, backwards, attempt=0, fresh="")


@given(CHATS, TEXTS, TEXTS, st.integers(0, 3), TEXTS, st.booleans())
def test_the_key_of_a_chat_is_the_hash_of_its_canonical_json(
    ask: Chat, name: str, model: str, attempt: int, fresh: str, simulated: bool
) -> None:
    content = {
        "route": name,
        "model": model,
        "attempt": attempt,
        "fresh": fresh,
        "simulated": simulated,
        "messages": [[message.role, message.content] for message in ask.messages],
        "parameters": dict(ask.parameters),
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert key_of((ask, name, model, attempt, fresh, simulated)) == hashlib.sha256(text.encode()).digest()


def test_half_a_character_has_a_key_too() -> None:
    assert len(sending("甲\ud800").key) == 32


# ── what is on disk when ──────────────────────────────────────────────────────────────────────────────────────────────


def test_sent_is_on_disk_when_it_returns_and_then_the_reply(path: Path, ledger: Ledger) -> None:
    async def flow() -> None:
        await ledger.sent([sending("甲")], "r1")
        assert on_disk(path, "SELECT sends, unknown, reply IS NULL FROM asks") == [(1, 1, 1)]
        reply = Reply(("乙",), Usage(3, 4, 5), "length", "想", "id-1", '{"raw":1}')
        await ledger.answered([(sending("甲").key, reply, 0.25)])
        assert on_disk(path, "SELECT unknown, input_tokens, output_tokens, characters, cost_cny FROM asks") == [
            (0, 3, 4, 5, 0.25)
        ]
        entry = ledger.find(sending("甲").key)
        assert entry is not None
        assert (entry.reply, entry.cost_cny, entry.sends, entry.unknown) == (reply, 0.25, 1, False)

    asyncio.run(flow())


def test_every_commit_is_synced(path: Path, ledger: Ledger) -> None:
    found = ledger.write(
        lambda db: (db.execute("PRAGMA synchronous").fetchone()[0], db.execute("PRAGMA journal_mode").fetchone()[0])
    )
    assert found == (2, "wal")


def test_what_nobody_asked_is_not_known(ledger: Ledger) -> None:
    assert ledger.find(b"x" * 32) is None


def test_a_hundred_at_once_share_commits_and_all_are_told(path: Path, ledger: Ledger) -> None:
    held, free = threading.Event(), threading.Event()

    async def flow() -> None:
        holder = threading.Thread(target=ledger.write, args=(holding(held, free),))
        holder.start()
        held.wait(WAIT_S)
        async with asyncio.TaskGroup() as group:
            for number in range(100):
                group.create_task(ledger.sent([sending(str(number))], "r1"))
            await asyncio.sleep(0.05)
            assert on_disk(path, "SELECT count(*) FROM asks") == [(0,)]
            before = ledger.query("PRAGMA data_version")[0]["data_version"]
            free.set()
        holder.join()
        assert ledger.query("PRAGMA data_version")[0]["data_version"] - before <= 3

    asyncio.run(asyncio.wait_for(flow(), WAIT_S))
    assert on_disk(path, "SELECT count(*) FROM asks") == [(100,)]


def test_a_refusal_is_kept_with_its_words(ledger: Ledger) -> None:
    (key,) = send(ledger, "甲")
    asyncio.run(ledger.refused(key, Fault("content_filtered", "敏感内容", code="1301")))
    entry = ledger.find(key)
    assert entry is not None
    assert entry.reply is None
    assert entry.refusal is not None
    assert (entry.refusal.kind, entry.refusal.code, entry.refusal.message) == ("content_filtered", "1301", "敏感内容")
    assert not entry.unknown


@pytest.mark.parametrize(("delivery", "unknown"), [("lost", True), ("answered", False), ("not_sent", False)])
def test_only_a_lost_answer_leaves_open_whether_the_ask_was_billed(
    ledger: Ledger, delivery: Delivery, unknown: bool
) -> None:
    keys = send(ledger, "甲", "乙")
    ledger.fault(keys[:1], "tencent", "r1", Fault("transient", "x", delivery=delivery))
    ledger.write(lambda db: None)
    first, second = (ledger.find(key) for key in keys)
    assert first is not None
    assert second is not None
    assert (first.unknown, second.unknown) == (unknown, True)
    assert ledger.query("SELECT kind, delivery FROM faults") == [{"kind": "transient", "delivery": delivery}]


def test_sending_again_counts_and_leaves_it_open_anew(ledger: Ledger) -> None:
    (key,) = send(ledger, "甲")
    ledger.fault([key], "tencent", "r1", Fault("rate_limited", "x"))
    send(ledger, "甲", run_id="r2")
    entry = ledger.find(key)
    assert entry is not None
    assert (entry.sends, entry.unknown) == (2, True)


def test_an_outcome_takes_the_place_of_the_stages_earlier_one(ledger: Ledger) -> None:
    for run, state in (("r1", "failed"), ("r2", "rejected")):
        ledger.outcome("d", "row", "reason", run, state, "x", "甲")
    ledger.outcome("d", "row", "judge", "r3", "failed", "x", "")
    ledger.use("row", b"k", "reason")
    ledger.use("row", b"k", "reason")
    ledger.write(lambda db: None)
    assert ledger.query("SELECT run_id, state FROM outcomes ORDER BY run_id") == [
        {"run_id": "r2", "state": "rejected"},
        {"run_id": "r3", "state": "failed"},
    ]
    assert len(ledger.query("SELECT * FROM uses")) == 1


def test_outcomes_of_rows_done_since_are_taken_back_together(ledger: Ledger) -> None:
    for row_id in ("a", "b", "甲'\"\\"):
        ledger.outcome("d", row_id, "reason", "r1", "rejected", "x", "")
        ledger.outcome("d", row_id, "judge", "r1", "rejected", "x", "")
    ledger.write(lambda db: None)
    assert ledger.unsettled("d", "reason") == {"a", "b", "甲'\"\\"}
    ledger.settled("d", "reason", ["甲'\"\\", "a", "never there"])
    ledger.write(lambda db: None)
    assert ledger.unsettled("d", "reason") == {"b"}
    assert len(ledger.unsettled("d", "judge")) == 3


def test_close_writes_what_was_noted_and_may_be_called_again(path: Path) -> None:
    ledger = Ledger(path)
    for number in range(500):
        ledger.outcome("d", str(number), "reason", "r", "failed", "x", "")
    ledger.close()
    ledger.close()
    assert on_disk(path, "SELECT count(*) FROM outcomes") == [(500,)]


def test_after_close_nothing_more_is_taken(path: Path) -> None:
    ledger = Ledger(path)
    ledger.close()
    with pytest.raises(AugmentError):
        ledger.outcome("d", "1", "reason", "r", "failed", "x", "")
    with pytest.raises(AugmentError):
        ledger.write(lambda db: None)
    assert on_disk(path, "SELECT count(*) FROM outcomes") == [(0,)]


# ── what other processes have in flight ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("age_s", "busy"),
    [
        pytest.param(0.0, True, id="its own"),
        pytest.param(86_400.0, not Path("/proc/self/stat").exists(), id="of a process that had the number before"),
    ],
)
def test_an_ask_is_in_flight_as_long_as_the_process_that_sent_it_lives(
    ledger: Ledger, age_s: float, busy: bool
) -> None:
    begun = ("r1", time.time() - age_s, os.getpid())
    ledger.write(
        lambda db: db.execute(
            "INSERT INTO runs (run_id, dataset, stage, options, started_at, pid, state)"
            " VALUES (?, 'd', 'reason', '{}', ?, ?, 'running')",
            begun,
        )
    )
    (key,) = send(ledger, "甲", run_id="r1")
    assert ledger.is_busy(key, "r2") == busy
    claims = asyncio.run(ledger.sent([sending("甲")], "r2"))
    assert (key in claims.busy) == busy


# ── what must not keep anybody waiting ────────────────────────────────────────────────────────────────────────────────


def in_time(work: Any) -> Any:
    """Runs work on a thread of its own, so that a test of ours ends where it never returns."""
    result: list[Any] = []

    def run() -> None:
        try:
            result.append(work())
        except BaseException as error:
            result.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(WAIT_S)
    assert result, "the caller waits for ever"
    return result[0]


@pytest.mark.parametrize("error", [ValueError("ours"), KeyError("ours"), sqlite3.IntegrityError("ours")], ids=repr)
def test_a_job_that_fails_tells_its_caller_and_the_next_one_is_done(ledger: Ledger, error: Exception) -> None:
    def broken(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO names VALUES ('half', 'done')")
        raise error

    told = in_time(lambda: ledger.write(broken))
    assert isinstance(told, type(error))
    assert in_time(lambda: ledger.write(lambda db: db.execute("SELECT count(*) FROM names").fetchone()[0])) == 0


def test_a_bad_job_costs_its_group_nothing_and_each_result_is_the_committed_one(path: Path, ledger: Ledger) -> None:
    held, free = threading.Event(), threading.Event()
    results: dict[str, Any] = {}
    runs: list[int] = []

    def counted(db: sqlite3.Connection) -> int:
        runs.append(1)
        db.execute("INSERT INTO names VALUES ('good', 'x')")
        return len(runs)

    def bad(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO names VALUES (NULL, NULL)")

    def call(name: str, job: Any) -> None:
        try:
            results[name] = ledger.write(job)
        except sqlite3.Error as error:
            results[name] = error

    threads = [threading.Thread(target=call, args=("hold", holding(held, free)), daemon=True)]
    threads[0].start()
    held.wait(WAIT_S)
    for name, job in (("good", counted), ("bad", bad)):
        threads.append(threading.Thread(target=call, args=(name, job), daemon=True))
        threads[-1].start()
        while ledger._jobs.qsize() < len(threads) - 1:
            time.sleep(0.001)
    free.set()
    for thread in threads:
        thread.join(WAIT_S)
    assert isinstance(results["bad"], sqlite3.IntegrityError)
    assert results["good"] == len(runs) == 2
    assert on_disk(path, "SELECT name FROM names") == [("good",)]


@pytest.mark.parametrize("text", ["半个\ud800", "\udcff", "nul \0 nul"], ids=ascii)
def test_any_text_a_vendor_sends_can_be_noted(ledger: Ledger, text: str) -> None:
    (key,) = send(ledger, text)
    ledger.fault([key], "tencent", "r1", Fault("transient", text, code=text))
    ledger.outcome("d", "row", "reason", "r1", "failed", "transient", text)
    fault = Fault("bad_request", text, code=text)
    assert in_time(lambda: asyncio.run(ledger.refused(key, fault))) is None
    assert len(ledger.query("SELECT * FROM faults")) == len(ledger.query("SELECT * FROM outcomes")) == 1
    entry = ledger.find(key)
    assert entry is not None
    assert entry.refusal is not None
    assert entry.refusal.message.encode()


def test_half_a_character_in_a_reply_comes_back(ledger: Ledger) -> None:
    (key,) = send(ledger, "甲")
    asyncio.run(ledger.answered([(key, Reply(("乙\ud800",), raw="\udcff"), None)]))
    entry = ledger.find(key)
    assert entry is not None
    assert entry.reply is not None
    assert (entry.reply.text, entry.reply.raw) == ("乙\ud800", "\udcff")


def test_a_ledger_that_went_away_before_the_first_write_tells_every_caller(path: Path, ledger: Ledger) -> None:
    path.parent.rename(path.parent.with_name("moved"))
    told = in_time(lambda: ledger.write(lambda db: None))
    assert isinstance(told, DiskTrouble)
    assert told.hint
    assert isinstance(in_time(lambda: asyncio.run(ledger.sent([sending("甲")], "r1"))), DiskTrouble)
    assert isinstance(in_time(ledger.close), DiskTrouble)


def test_a_note_that_could_not_be_kept_is_told_at_the_end(ledger: Ledger) -> None:
    ledger.write(lambda db: db.execute("DROP TABLE outcomes"))
    ledger.outcome("d", "row", "reason", "r1", "failed", "x", "")
    assert isinstance(in_time(ledger.close), sqlite3.OperationalError)


def test_a_lock_that_lasts_is_a_conflict_told_once_to_the_whole_group(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("augment.database.BUSY_MS", 300)
    ledger = Ledger(path)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")

    async def flow() -> list[BaseException | None]:
        tasks = [asyncio.create_task(ledger.sent([sending(str(number))], "r1")) for number in range(20)]
        await asyncio.wait(tasks)
        return [task.exception() for task in tasks]

    try:
        told = in_time(lambda: asyncio.run(asyncio.wait_for(flow(), 4)))
        assert [type(error) for error in told] == [Conflict] * 20
    finally:
        blocker.close()
        ledger.close()


# ── disks and files ───────────────────────────────────────────────────────────────────────────────────────────────────

FULL = """
import asyncio, resource, signal, sys, threading
from pathlib import Path
from augment.errors import DiskTrouble
from augment.ledger import Ledger
from augment.types import Reply
from tests.test_ledger import holding, send, sending
ledger = Ledger(Path(sys.argv[1]))
send(ledger, "kept")
held, free = threading.Event(), threading.Event()
threading.Thread(target=ledger.write, args=(holding(held, free),)).start()
held.wait(10)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
async def flow():
    big = Reply(("x",), raw="".join(map(chr, range(0x4E00, 0x9000))) * 3)
    tasks = [asyncio.create_task(ledger.answered([(sending("kept").key, big, None)])) for _ in range(9)]
    await asyncio.sleep(0.1)
    free.set()
    done, late = await asyncio.wait(tasks, timeout=20)
    return [type(task.exception()).__name__ for task in done], len(late)
print(asyncio.run(flow()))
for call in (lambda: send(ledger, "another"), ledger.close, ledger.close):
    try:
        call()
    except DiskTrouble as error:
        print("refused", bool(error.hint))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
again = Ledger(Path(sys.argv[1]))
entry = again.find(sending("kept").key)
print(entry.sends, entry.unknown, entry.reply)
send(again, "another")
again.close()
"""


def run_python(code: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=Path(__file__).parents[1],
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_disk_that_is_full_reaches_everybody_who_waits_and_close(path: Path) -> None:
    told = run_python(FULL, path).splitlines()
    assert told == [str((["DiskTrouble"] * 9, 0)), *["refused True"] * 3, "1 True None"]


def test_a_file_where_the_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(DiskTrouble, match="file"):
        Ledger(tmp_path / "file" / "workbench.sqlite")


def test_a_folder_where_the_file_should_be_is_told(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(DiskTrouble) as caught:
        Ledger(path)
    assert caught.value.hint


@pytest.mark.parametrize("harm", ["text", "half", "middle"])
def test_a_damaged_file_is_told_with_what_to_do(path: Path, harm: str) -> None:
    ledger = Ledger(path)
    keys = send(ledger, *(f"{number}" * 500 for number in range(300)))
    ledger.close()
    data = path.read_bytes()
    assert len(data) > 40_000
    if harm == "text":
        path.write_bytes(b"this is no database" * 1000)
    elif harm == "half":
        path.write_bytes(data[: len(data) // 2])
    else:
        path.write_bytes(data[:4096] + b"\xee" * (len(data) - 4096))

    def use() -> None:
        damaged = Ledger(path)
        try:
            for key in keys:
                damaged.find(key)
            damaged.query("SELECT * FROM asks ORDER BY request")
            send(damaged, "new")
        finally:
            damaged.close()

    told = in_time(use)
    assert isinstance(told, DiskTrouble)
    assert str(path) in told.message
    assert "backup" in told.hint


def test_a_write_that_meets_damage_is_told_as_that(path: Path) -> None:
    ledger = Ledger(path)
    send(ledger, *(f"{number}" * 500 for number in range(300)))
    ledger.close()
    data = path.read_bytes()
    path.write_bytes(data[: 4096 * 12] + b"\xee" * (len(data) - 4096 * 12))
    damaged = Ledger(path)

    def use() -> None:
        for number in range(50):
            send(damaged, str(number))

    told = in_time(use)
    assert isinstance(told, DiskTrouble)
    assert isinstance(in_time(damaged.close), DiskTrouble)


# ── several processes ─────────────────────────────────────────────────────────────────────────────────────────────────

WRITER = """
import sys
from pathlib import Path
from augment.ledger import Ledger
from tests.test_ledger import send
print("ready", flush=True)
sys.stdin.readline()
ledger = Ledger(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    send(ledger, f"{sys.argv[2]}-{number}", f"shared-{number}")
    ledger.outcome("d", f"{sys.argv[2]}-{number}", "reason", "r", "failed", "x", "")
ledger.close()
"""


def test_processes_that_open_and_write_one_new_file_at_once_lose_nothing(path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), name, "25"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )
        for name in "abc"
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors
    assert on_disk(path, "SELECT count(*), sum(sends) FROM asks") == [(100, 150)]
    assert on_disk(path, "SELECT count(*) FROM outcomes") == [(75,)]


def test_a_new_file_can_be_opened_by_many_threads_at_once(path: Path) -> None:
    errors: list[Exception] = []
    start = threading.Barrier(8)

    def open_it() -> None:
        start.wait()
        try:
            Ledger(path).close()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_a_backup_made_while_a_writer_writes_is_whole(path: Path, tmp_path: Path, ledger: Ledger) -> None:
    over = threading.Event()
    written: list[int] = []

    def both(number: int) -> Any:
        def job(db: sqlite3.Connection) -> None:
            db.execute("INSERT INTO names VALUES (?, ?)", (f"a{number}", "x" * 3000))
            db.execute("INSERT INTO names VALUES (?, ?)", (f"b{number}", "x" * 3000))

        return job

    def write() -> None:
        while not over.is_set():
            ledger.write(both(len(written)))
            written.append(1)

    thread = threading.Thread(target=write)
    thread.start()
    copies = []
    try:
        for number in range(5):
            least = len(written)
            copies.append((tmp_path / f"copy{number}.sqlite", least))
            backup(ledger, copies[-1][0])
    finally:
        over.set()
        thread.join()
    for copy, least in copies:
        assert on_disk(copy, "PRAGMA integrity_check") == [("ok",)]
        names = {name for (name,) in on_disk(copy, "SELECT name FROM names")}
        assert len(names) % 2 == 0
        assert {f"a{number}" for number in range(least)} <= names
        assert {name[1:] for name in names if name[0] == "a"} == {name[1:] for name in names if name[0] == "b"}


def test_a_backup_opens_as_a_ledger(ledger: Ledger, tmp_path: Path) -> None:
    (key,) = send(ledger, "甲")
    backup(ledger, tmp_path / "copy.sqlite")
    copy = Ledger(tmp_path / "copy.sqlite")
    assert copy.find(key) == ledger.find(key)
    copy.close()


@pytest.mark.parametrize("how", ["plain", "link"])
def test_a_ledger_is_not_backed_up_onto_itself(path: Path, tmp_path: Path, ledger: Ledger, how: str) -> None:
    (key,) = send(ledger, "甲")
    target = path
    if how == "link":
        target = tmp_path / "link.sqlite"
        target.symlink_to(path)
    told = in_time(lambda: backup(ledger, target))
    assert isinstance(told, AugmentError)
    assert told.hint
    assert ledger.find(key) is not None


@pytest.mark.parametrize("where", ["no folder/copy", "."])
def test_a_backup_that_cannot_be_written_is_told(ledger: Ledger, tmp_path: Path, where: str) -> None:
    told = in_time(lambda: backup(ledger, tmp_path / where))
    assert isinstance(told, DiskTrouble)


def test_what_is_packed_is_small_and_comes_back(ledger: Ledger, path: Path) -> None:
    (key,) = send(ledger, "很长的话" * 1000)
    (stored,) = ledger.query("SELECT request FROM asks WHERE key = ?", (key,))
    assert len(stored["request"]) < 1000
    assert unpack(stored["request"]) == {"text": "很长的话" * 1000, "source": "zh", "target": "ja"}
    assert path.stat().st_size < 10**6


def test_a_second_ledger_opened_here_lets_no_other_process_end_the_write_ahead_log(tmp_path: Path) -> None:
    path = tmp_path / "workbench.sqlite"
    elsewhere = "import pathlib, sys; from augment.ledger import Ledger; Ledger(pathlib.Path(sys.argv[1])).close()"
    with contextlib.closing(Ledger(path)) as ledger:
        send(ledger, "一")
        with contextlib.closing(Ledger(path)):
            pass
        log = path.with_name(path.name + "-wal")
        before = log.stat().st_ino
        subprocess.run([sys.executable, "-c", elsewhere, str(path)], check=True)
        assert log.stat().st_ino == before  # with our locks gone it would be the last one, and remove the log
        send(ledger, "二")
        assert on_disk(path, "SELECT count(*) FROM asks") == [(2,)]
