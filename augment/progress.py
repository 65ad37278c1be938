"""A run as it goes: its figures, for the terminal that started it and for whoever reads them from another process.

Every run writes them once a second into a small file that takes the place of the one before; what is written there may
be lost, the ledger holds what must not. The file is gone when the run has ended; one whose process is gone is a killed
run's last word.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias

from augment.files import replace_whole
from augment.processes import has_signature, signature
from augment.tallies import Tally
from augment.types import State

WINDOW_S = 60.0
EVERY_S = 1.0
SOON_S = 0.2  # a run that is over by then is not worth a file
FIRST_S = 0.5  # before that a pace is a guess
LONGEST_MESSAGE = 500
LARGEST_BYTES = 1 << 16

Phase: TypeAlias = Literal["asking", "stopping", "committing"]


@dataclass(slots=True)
class Live:
    """A run as it goes, for whoever watches."""

    stage: str
    provider: str | None
    tally: Tally
    rows_total: int
    limits: str = ""
    rows: int = 0
    done: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=time.monotonic)
    committing: bool = False

    def count(self, state: State, reason: str) -> None:
        """Books one row."""
        self.rows += 1
        if state == "done":
            self.done += 1
        else:
            {"skipped": self.skipped, "rejected": self.rejected, "failed": self.failed}[state][reason] += 1


@dataclass(frozen=True, slots=True)
class Progress:
    """A run at one moment.

    rows: finished, in whatever order; done and the others: counted so far, in row order. Rates are those of the last
    minute; None before they can be known. seconds_left: at that rate. faults: how often each kind came back; fault: the
    last one, its kind, code and message, with connector and dialect for its hint. process: whose run it is, by
    ``processes.signature``.
    """

    run_id: str
    dataset: str
    stage: str
    provider: str | None
    process: str
    at: float
    seconds: float
    phase: Phase
    rows_total: int
    rows: int
    done: int
    skipped: Mapping[str, int]
    rejected: Mapping[str, int]
    failed: Mapping[str, int]
    in_flight: int
    calls: int
    from_ledger: int
    calls_per_s: float | None
    rows_per_s: float | None
    seconds_left: float | None
    limits: str
    input_tokens: int
    output_tokens: int
    cost_cny: float | None
    faults: Mapping[str, int]
    fault: Mapping[str, str]

    @property
    def goes_on(self) -> bool:
        """Whether its process is running on this machine."""
        return has_signature(self.process)


class Pulse:
    """Reads the figures of a run in this process; never changes them. clock: seconds, any beginning."""

    def __init__(
        self, live: Live, run_id: str = "", dataset: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._live, self._run_id, self._dataset, self._clock = live, run_id, dataset, clock
        self._process = signature(os.getpid())
        self._marks: deque[tuple[float, int, int]] = deque([(live.started, 0, 0)])

    def figures(self) -> Progress:
        """The run as it stands."""
        live, tally, now = self._live, self._live.tally, self._clock()
        rows = max(live.rows, tally.rows)
        calls_per_s, rows_per_s = self._pace(now, rows, tally.calls)
        left = max(0, live.rows_total - rows)
        fault = tally.last_fault
        met: dict[str, str] = {}
        if fault is not None:
            met = {"kind": fault.kind, "code": fault.code, "message": fault.message[:LONGEST_MESSAGE]}
        if fault is not None and (route := tally.last_route) is not None:
            met |= {"connector": route.connector, "dialect": str(route.option("dialect"))}
        return Progress(
            run_id=self._run_id,
            dataset=self._dataset,
            stage=live.stage,
            provider=live.provider,
            process=self._process,
            at=time.time(),
            seconds=now - live.started,
            phase="committing" if live.committing else "stopping" if tally.stopping else "asking",
            rows_total=live.rows_total,
            rows=rows,
            done=live.done,
            skipped=dict(live.skipped),
            rejected=dict(live.rejected),
            failed=dict(live.failed),
            in_flight=tally.in_flight,
            calls=tally.calls,
            from_ledger=tally.from_ledger,
            calls_per_s=calls_per_s,
            rows_per_s=rows_per_s,
            seconds_left=left / rows_per_s if rows_per_s else 0.0 if not left else None,
            limits=live.limits,
            input_tokens=tally.input_tokens,
            output_tokens=tally.output_tokens,
            cost_cny=tally.cost_cny,
            faults=dict(tally.faults),
            fault=met,
        )

    def _pace(self, now: float, rows: int, calls: int) -> tuple[float | None, float | None]:
        """Calls and rows a second over the last minute."""
        marks = self._marks
        if now - marks[-1][0] >= EVERY_S:
            marks.append((now, rows, calls))
        while len(marks) > 1 and marks[1][0] <= now - WINDOW_S:
            marks.popleft()
        since, rows_then, calls_then = marks[0]
        if now - since < FIRST_S:
            return None, None
        return (calls - calls_then) / (now - since), (rows - rows_then) / (now - since)


def runs_folder(root: Path) -> Path:
    """Where the runs of a workspace are told to other processes. root: its ``datasets/``."""
    return root / ".augment" / "runs"


# ── for other processes ───────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def published(folder: Path, pulse: Pulse, run_id: str) -> Iterator[None]:
    """Other processes can read the run while the block runs. A disk that cannot be written to is no reason to stop."""
    path, over = _file(folder, run_id), threading.Event()

    def publish() -> None:
        wait_s = SOON_S
        while not over.wait(wait_s):
            wait_s = EVERY_S
            with suppress(OSError):
                folder.mkdir(exist_ok=True)
                replace_whole(path, json.dumps(asdict(pulse.figures())).encode("ascii"))

    writer = threading.Thread(target=publish, name="progress", daemon=True)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()
        with suppress(OSError):
            path.unlink(missing_ok=True)


def read(folder: Path, run_id: str) -> Progress | None:
    """The newest figures of a run that goes on or was killed; None where there are none to be read."""
    try:
        with _file(folder, run_id).open("rb") as file:
            found = json.loads(file.read(LARGEST_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return _figures(found) if isinstance(found, dict) and found.get("run_id") == run_id else None


def _file(folder: Path, run_id: str) -> Path:
    return folder / f"{Path(run_id).name}.json"


KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "str | None": (str, type(None)),
    "float": (int, float),
    "float | None": (int, float, type(None)),
    "int": (int,),
    "Phase": (str,),
    "Mapping[str, int]": (dict,),
    "Mapping[str, str]": (dict,),
}


def _figures(found: dict[str, Any]) -> Progress | None:
    """What was written, where it is whole: another release may have written it."""
    values: dict[str, Any] = {}
    for one in fields(Progress):
        value = found.get(one.name)
        if one.name not in found or not isinstance(value, KINDS[str(one.type)]):
            return None
        if isinstance(value, dict) and not all(isinstance(each, int | str) for each in value.values()):
            return None
        values[one.name] = value
    return Progress(**values)
