"""A process that asks a counting server as fast as a shared account lets it: PATH LOG SECONDS LIMITS-as-JSON."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from augment.accounts import Accounts
from augment.errors import AugmentError
from augment.limits import Limiter
from augment.settings import Secret
from augment.types import Limits, Route


async def ask(path: Path, log: int, seconds: float, limits: Limits, takes_s: float) -> None:
    accounts = Accounts(path)
    route = Route("shared", "openai", "m", "http://nowhere", limits=limits)
    limiter = Limiter(limits, time.monotonic, account=accounts.account(route, {"api_key": Secret("a key")}))
    ends = time.monotonic() + seconds

    async def work() -> None:
        while time.monotonic() < ends:
            await limiter.acquire(100 if limits.tpm else 0)
            os.write(log, f"{os.getpid()} {time.monotonic():.6f} 1\n".encode())
            try:
                await asyncio.sleep(takes_s)
            finally:
                os.write(log, f"{os.getpid()} {time.monotonic():.6f} -1\n".encode())
            limiter.release()
            limiter.succeeded()

    workers = [asyncio.create_task(work()) for _ in range(30)]
    _, waiting = await asyncio.wait(workers, timeout=seconds + 5 * takes_s)
    for worker in waiting:
        worker.cancel()
    await asyncio.wait(workers)
    for worker in workers:
        if not worker.cancelled() and (error := worker.exception()) is not None:
            sys.stderr.write(f"{error}\n" if isinstance(error, AugmentError) else f"bug: {error!r}\n")
    accounts.close()


if __name__ == "__main__":
    where, into, how_long, given, takes = sys.argv[1:]
    descriptor = os.open(into, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    asyncio.run(ask(Path(where), descriptor, float(how_long), Limits(**json.loads(given)), float(takes)))
