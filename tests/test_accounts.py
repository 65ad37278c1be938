"""One key, several processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, TypeVar

import pytest

from augment.accounts import Accounts, SharedAccount, started_at
from augment.errors import DiskTrouble, Fault
from augment.limits import Grant, Limiter, Want
from augment.settings import Secret
from augment.types import Limits, Route

T = TypeVar("T")
KEY = "sk-planted-key-0123456789"
JITTER_S = 0.2  # between being let go and noting it, on two cores that others use too; the exact rule: test_limits


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounts.sqlite"


def route(**limits: float) -> Route:
    return Route("r", "openai", "m", "https://far", limits=Limits(**limits))  # type: ignore[arg-type]  # whole numbers


def opened(accounts: Accounts, key: str = KEY, **limits: float) -> SharedAccount:
    account = accounts.account(route(**limits), {"api_key": Secret(key)})
    assert account is not None
    return account


def together(path: Path, scene: Callable[[Accounts, Accounts], Coroutine[Any, Any, T]]) -> T:
    """What a scene with two openings of one file gives, as two processes would have."""
    one, other = Accounts(path), Accounts(path)
    try:
        return asyncio.run(scene(one, other))
    finally:
        one.close()
        other.close()


def test_an_account_is_named_by_a_salted_hash_and_the_file_holds_no_key(path: Path, tmp_path: Path) -> None:
    async def scene(one: Accounts, other: Accounts) -> list[str]:
        await opened(one, rps=5).reserve(Want(1, 0.2))
        opened(other, rps=5).pause(0.0)
        return [opened(one).name, opened(other).name, opened(one, "sk-another-key").name]

    mine, same, another = together(path, scene)
    assert mine == same != another
    elsewhere = Accounts(tmp_path / "elsewhere.sqlite")
    assert opened(elsewhere).name != mine, "another salt"
    elsewhere.close()
    assert all(KEY.encode() not in file.read_bytes() for file in tmp_path.iterdir())


def test_without_a_key_nothing_is_shared(path: Path) -> None:
    accounts = Accounts(path)
    assert accounts.account(route(), {}) is None
    accounts.close()


def test_two_openings_take_their_slots_from_one_schedule(path: Path) -> None:
    async def scene(one: Accounts, other: Accounts) -> list[float]:
        mine, theirs = opened(one, rps=10), opened(other, rps=10)
        return [(await account.reserve(Want(2, 0.1))).due for account in (mine, theirs, mine, theirs)]

    dues = together(path, scene)
    assert [later - earlier for earlier, later in pairwise(dues)] == pytest.approx([0.2] * 3)


def test_a_pause_is_seen_by_the_others_and_a_shorter_one_does_not_end_it(path: Path) -> None:
    async def scene(one: Accounts, other: Accounts) -> tuple[float, float]:
        mine, theirs = opened(one), opened(other)
        until = one.clock() + 30
        mine.pause(until)
        theirs.pause(until - 20)
        await mine.reserve(Want(0))
        await theirs.reserve(Want(0))
        return until, theirs.paused_until()

    until, seen = together(path, scene)
    assert seen == until


def test_a_schedule_from_before_a_restart_of_the_machine_is_begun_anew(path: Path) -> None:
    accounts = Accounts(path)
    account = opened(accounts, rps=5)
    asyncio.run(account.reserve(Want(1, 0.2)))
    with sqlite3.connect(path) as db:
        db.execute("UPDATE accounts SET due = 1e9, paused_until = 1e9")
    db.close()
    assert account.paused_until() < accounts.clock()
    grant = asyncio.run(account.reserve(Want(1, 0.2)))
    accounts.close()
    assert grant.due <= accounts.clock()


def test_a_days_quota_is_counted_over_processes_and_runs(path: Path) -> None:
    taken = []
    for _ in range(3):
        accounts = Accounts(path)
        grant = asyncio.run(opened(accounts, rpd=10).reserve(Want(4, per_day=10)))
        accounts.close()
        taken.append(grant.slots)
    assert taken == [4, 4, 2]
    accounts = Accounts(path)
    used_up = asyncio.run(opened(accounts, rpd=10).reserve(Want(1, per_day=10))).used_up
    accounts.close()
    assert isinstance(used_up, Fault)
    assert used_up.kind == "quota_exhausted"


def test_a_limiter_stops_with_the_days_quota(path: Path) -> None:
    async def scene(one: Accounts, _: Accounts) -> tuple[int, BaseException | None]:
        limiter = Limiter(Limits(rps=1_000, rpd=5), time.monotonic, account=opened(one, rpd=5, rps=1_000))
        tasks = [asyncio.create_task(limiter.acquire()) for _ in range(8)]
        await asyncio.wait(tasks)
        errors = [task.exception() for task in tasks]
        return errors.count(None), next(error for error in errors if error is not None)

    passed, error = together(path, scene)
    assert passed == 5
    assert isinstance(error, Fault)
    assert "goes on at" in error.message


def test_a_file_that_cannot_be_written_ends_the_wait_of_everybody(path: Path) -> None:
    async def scene(one: Accounts, _: Accounts) -> list[BaseException | None]:
        account = opened(one, rps=5)

        async def broken(_: Want) -> Grant:
            raise DiskTrouble("the disk is full")

        account.reserve = broken  # type: ignore[method-assign, assignment]  # a full disk cannot be had in a test
        limiter = Limiter(Limits(rps=5), time.monotonic, account=account)
        tasks = [asyncio.create_task(limiter.acquire()) for _ in range(3)]
        await asyncio.wait(tasks, timeout=5)
        return [task.exception() for task in tasks]

    assert [type(error) for error in together(path, scene)] == [DiskTrouble] * 3


def test_places_of_a_process_that_is_gone_are_free_again(path: Path) -> None:
    async def scene(one: Accounts, other: Accounts) -> tuple[int, int]:
        mine, theirs = opened(one, in_flight=4), opened(other, in_flight=4)
        await mine.reserve(Want(0, flying=0, places=4, most=4))
        with sqlite3.connect(path) as db:
            db.execute("UPDATE members SET started = 'another process of this number'")
        db.close()
        first = (await theirs.reserve(Want(0, places=4, most=4))).places
        return first, (await theirs.reserve(Want(0, flying=4, places=4, most=4))).places

    assert together(path, scene) == (4, 4)


def test_a_process_is_told_from_a_later_one_of_its_number() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    alive = started_at(child.pid)
    assert alive == started_at(child.pid)
    assert alive != started_at(os.getpid())
    child.communicate(b"\n")
    assert started_at(child.pid) is None


# ── real processes ────────────────────────────────────────────────────────────────────────────────────────────────────


def sharing(
    path: Path, seconds: float, takes_s: float, *, kill_after_s: float = 0.0, **limits: float
) -> tuple[list[tuple[str, float, int]], list[int], str]:
    """What three processes sent (process, moment, +1 or -1 in flight), their numbers, and what they said."""
    log = path.with_suffix(".log")
    command = [
        sys.executable,
        "-m",
        "tests.sharer",
        str(path),
        str(log),
        str(seconds),
        json.dumps(limits),
        str(takes_s),
    ]
    root = Path(__file__).resolve().parents[1]
    processes = [
        subprocess.Popen(
            command, cwd=root, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(root)}
        )
        for _ in range(3)
    ]
    if kill_after_s:
        while not log.exists():
            time.sleep(0.05)
        time.sleep(kill_after_s)
        processes[0].send_signal(signal.SIGKILL)
    said = "".join(process.communicate(timeout=60)[1] for process in processes)
    rows = [line.split() for line in log.read_text().splitlines()]
    events = sorted((pid, float(at), int(change)) for pid, at, change in rows)
    return sorted(events, key=lambda event: event[1]), [process.pid for process in processes], said


def most_in(moments: list[float], window_s: float) -> int:
    return max(sum(at <= moment < at + window_s for moment in moments[i : i + 500]) for i, at in enumerate(moments))


def shares(events: list[tuple[str, float, int]]) -> Counter[str]:
    """How many requests each process sent while all of them were at work: a busy machine starts them far apart."""
    times: dict[str, list[float]] = {}
    for pid, at, change in events:
        if change > 0:
            times.setdefault(pid, []).append(at)
    begun, ended = max(all_[0] for all_ in times.values()), min(all_[-1] for all_ in times.values())
    return Counter({pid: sum(begun <= at <= ended for at in all_) for pid, all_ in times.items()})


def test_three_processes_keep_one_limit_and_share_it_fairly(path: Path) -> None:
    events, _, said = sharing(path, 5, 0.05, rps=20)
    moments = [at for _, at, change in events if change > 0]
    parts = shares(events)
    assert most_in(moments, 1.0 - JITTER_S) <= 20
    assert len(moments) >= 0.85 * 20 * (moments[-1] - moments[0])
    assert len(parts) == 3
    assert min(parts.values()) >= 0.6 * max(parts.values()), parts
    assert said == ""


def test_three_processes_never_have_more_in_flight_than_one_may(path: Path) -> None:
    events, _, said = sharing(path, 4, 0.1, in_flight=2)
    assert max(accumulate(change for _, _, change in events)) <= 2
    parts = shares(events)
    assert len(parts) == 3
    assert min(parts.values()) >= 0.25 * max(parts.values()), parts
    assert said == ""


def test_a_killed_process_leaves_its_part_to_the_others(path: Path) -> None:
    events, (killed, *_), _ = sharing(path, 6, 0.05, kill_after_s=2.0, rps=20, in_flight=6)
    moments = [at for pid, at, change in events if change > 0]
    ended = max((at for pid, at, _ in events if pid == str(killed)), default=moments[0] + 2.0)
    later = [at for pid, at, change in events if change > 0 and ended + 1.0 < at < moments[-1] - 0.5]
    assert len(later) >= 0.85 * 20 * (later[-1] - later[0])
    assert most_in(moments, 1.0 - JITTER_S) <= 20
