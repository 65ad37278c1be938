from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from augment.connectors._threads import Pool, call
from augment.errors import Fault


@pytest.fixture
def release() -> threading.Event:
    return threading.Event()


async def ended(name: str) -> None:
    """Returns when no thread has the name any more."""
    async with asyncio.timeout(30):
        while any(thread.name == name for thread in threading.enumerate()):
            await asyncio.sleep(0.01)


def test_a_call_brings_its_result_and_its_exception() -> None:
    async def main() -> None:
        pool = Pool(2, "t")
        assert await call(pool, pow, 2, 5, timeout_s=60) == 32
        with pytest.raises(ZeroDivisionError):
            await call(pool, divmod, 1, 0, timeout_s=60)
        pool.close()

    asyncio.run(main())


def test_no_more_calls_run_at_once_than_there_are_places() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def work(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        return number

    async def main() -> list[int]:
        pool = Pool(3, "t")
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call(pool, work, number, timeout_s=60)) for number in range(12)]
        pool.close()
        return [task.result() for task in tasks]

    assert asyncio.run(main()) == list(range(12))
    assert most == 3


def test_a_call_past_its_deadline_is_lost_and_leaves_its_place(release: threading.Event) -> None:
    async def main() -> None:
        pool = Pool(1, "t")
        with pytest.raises(Fault) as caught:
            await call(pool, release.wait, timeout_s=0.05)
        assert (caught.value.kind, caught.value.code, caught.value.delivery) == ("transient", "deadline", "lost")
        assert await call(pool, pow, 2, 2, timeout_s=60) == 4
        release.set()
        pool.close()

    asyncio.run(main())


def test_waiting_for_a_place_is_not_held_against_a_call() -> None:
    async def main() -> None:
        pool = Pool(1, "t")
        async with asyncio.TaskGroup() as group:  # the last waits for longer than its deadline, and runs for a tenth
            for _ in range(9):
                group.create_task(call(pool, time.sleep, 0.2, timeout_s=1.5))
        pool.close()

    asyncio.run(main())


def test_a_late_result_or_exception_makes_no_noise(
    release: threading.Event, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def late() -> None:
        release.wait()
        raise ValueError("late")

    async def main() -> None:
        pool = Pool(1, "late")
        with pytest.raises(Fault):
            await call(pool, late, timeout_s=0.02)
        release.set()
        await ended("augment-late")
        await asyncio.sleep(0.01)
        pool.close()

    asyncio.run(main(), debug=False)
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_cancelling_passes_through_and_frees_the_place(release: threading.Event) -> None:
    started = threading.Event()

    def hang() -> None:
        started.set()
        release.wait()

    async def main() -> None:
        pool = Pool(1, "t")
        task = asyncio.create_task(call(pool, hang, timeout_s=60))
        await asyncio.to_thread(started.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await call(pool, pow, 2, 2, timeout_s=60) == 4
        release.set()
        pool.close()

    asyncio.run(main())


def test_a_call_cancelled_while_it_waits_never_starts(release: threading.Event) -> None:
    started: list[int] = []

    async def main() -> None:
        pool = Pool(1, "t")
        first = asyncio.create_task(call(pool, release.wait, timeout_s=60))
        await asyncio.sleep(0.02)
        second = asyncio.create_task(call(pool, started.append, 1, timeout_s=60))
        await asyncio.sleep(0.02)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        release.set()
        await first
        await call(pool, pow, 2, 2, timeout_s=60)
        pool.close()

    asyncio.run(main())
    assert started == []


def test_too_many_hanging_calls_refuse_new_ones_as_not_sent(release: threading.Event) -> None:
    async def main() -> None:
        pool = Pool(1, "t")
        for _ in range(4):
            with pytest.raises(Fault, match="deadline"):
                await call(pool, release.wait, timeout_s=0.01)
        with pytest.raises(Fault) as caught:
            await call(pool, release.wait, timeout_s=0.01)
        assert (caught.value.code, caught.value.delivery) == ("stuck", "not_sent")
        release.set()
        pool.close()

    asyncio.run(main())


def test_a_closed_pool_ends_its_threads_and_takes_nothing() -> None:
    async def main() -> None:
        pool = Pool(4, "closing")
        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(call(pool, time.sleep, 0.02, timeout_s=60))
        pool.close()
        with pytest.raises(Fault):
            await call(pool, pow, 2, 2, timeout_s=60)

        await ended("augment-closing")

    asyncio.run(main())


def test_a_hung_call_does_not_keep_the_process_alive() -> None:
    code = """
import asyncio, threading
from augment.connectors._threads import Pool, call
async def main():
    try:
        await call(Pool(1, "t"), threading.Event().wait, timeout_s=0.05)
    except Exception as fault:
        print(fault.code)
asyncio.run(main())
"""
    ended = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "deadline\n", "")
