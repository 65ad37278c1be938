"""The scenes that are played to every contestant in turn, round by round: cost, pace, faults, kills."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.contestants import AIOHTTP, CURATOR, OURS, Contestant, Server
from bench.measure import Cost
from bench.table import Results

IN_FLIGHT = 64
FEW = 10  # rows of a run that is all start-up
LATENCY_S = 0.2
PER_MINUTE = 1_200
FAULTS = 0.1
LIMIT_S = 1_800.0
TOO_LONG_S = 300.0  # a growth step that would take longer is left out


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rows of each scene, and rounds."""

    rounds: int = 3
    rows: int = 10_000
    rate: tuple[tuple[int, int], ...] = ((64, 3_200), (256, 12_800))
    known: int = 1_400
    unknown: int = 3_600
    faults: int = 2_000
    killed: int = 2_000
    kills: int = 5
    growth: tuple[int, ...] = (1_000, 10_000, 100_000)


QUICK = Sizes(2, 2_000, ((64, 960), (256, 2_560)), 300, 1_220, 500, 600, 3, (1_000,))


@dataclass(slots=True)
class Stage:
    """What the scenes share."""

    folder: Path
    sizes: Sizes
    contestants: list[Contestant]
    results: Results
    _jobs: int = 0

    @contextmanager
    def job(self, who: Contestant, rows: int) -> Iterator[Path]:
        """A fresh folder, prepared; gone afterwards."""
        self._jobs += 1
        folder = self.folder / f"job-{self._jobs}"
        who.prepare(folder, rows)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def run(self, who: Contestant, folder: Path, base: str, *, in_flight: int = IN_FLIGHT, rpm: int = 0) -> Cost:
        """A job to its end."""
        cost = who.start(folder, base, in_flight=in_flight, rpm=rpm).wait(LIMIT_S)
        if cost.code:
            said = cost.err.strip().splitlines()[-1:] or [""]
            self.results.note(f"{who.name} ended with {cost.code}: {said[0][:160]}")
        return cost

    def rounds(self, number: int) -> Iterator[Contestant]:
        """Everybody in turn, so often; peers, which are slow, the first time alone."""
        for index in range(number):
            yield from (who for who in self.contestants if not index or who.name != CURATOR)

    def busy(self, counts: Mapping[str, float]) -> None:
        """Notes how busy the server was in a scene where it could hold somebody up."""
        if counts["seconds"]:
            self.results.add("server", OURS, counts["cpu_s"] / counts["seconds"])


def cost(stage: Stage) -> None:
    """CPU and memory of a job at latency 0; the job typed again; a row added."""
    rows = stage.sizes.rows
    for who in stage.rounds(stage.sizes.rounds):
        add = stage.results.add
        with stage.job(who, FEW) as folder, Server() as server:
            few = stage.run(who, folder, server.base)
        with stage.job(who, rows) as folder, Server() as server:
            whole = stage.run(who, folder, server.base)
            first = server.counts()["requests"]
            again = stage.run(who, folder, server.base)
            second = server.counts()["requests"]
            if whole.code or first < rows:
                stage.results.note(f"{who.name} made {first:.0f} calls for {rows} rows: this round is left out")
                continue
            add("cpu", who.name, 1000 * (whole.cpu_s - few.cpu_s) / (rows - FEW))
            add("fixed", who.name, few.cpu_s)
            add("peak", who.name, whole.peak_mb)
            add("again_calls", who.name, second - first)
            add("again_cpu", who.name, again.cpu_s)
            who.prepare(folder, rows + 1)
            stage.run(who, folder, server.base)
            add("added_calls", who.name, server.counts()["requests"] - second)
        tell(f"cost: {who.name} {stage.results.figures['cpu'][who.name][-1]:.3f} ms a row")


def rate(stage: Stage) -> None:
    """Rows a second against a server that takes its time, from the first ask to the last answer."""
    for _ in range(max(1, stage.sizes.rounds - 1)):
        for in_flight, rows in stage.sizes.rate:
            for who in stage.contestants:
                with stage.job(who, rows) as folder, Server("--latency", str(LATENCY_S)) as server:
                    stage.run(who, folder, server.base, in_flight=in_flight)
                    counts = server.counts()
                if counts["seconds"]:
                    stage.results.add(f"rate_{in_flight}", who.name, counts["answered"] / counts["seconds"])
                stage.busy(counts)
                tell(f"rate: {who.name} at {in_flight}")


def limits(stage: Stage) -> None:
    """A minute's limit, told and not told. All at once: they mostly wait."""

    def play(who: Contestant, told: bool) -> None:
        key, rows = ("known", stage.sizes.known) if told else ("unknown", stage.sizes.unknown)
        with stage.job(who, rows) as folder, Server("--latency", "0.05", "--per-minute", str(PER_MINUTE)) as server:
            stage.run(who, folder, server.base, rpm=PER_MINUTE if told else 0)
            counts = server.counts()
            lost = rows - len(who.results(folder))
        accepted = counts["requests"] - counts["refused"]
        if not lost and counts["accepted_seconds"]:
            share = (accepted - 1) / (counts["accepted_seconds"] * PER_MINUTE / 60)
            stage.results.add(f"{key}_share", who.name, share)
        stage.results.add(f"{key}_wasted", who.name, counts["refused"])
        stage.results.add(f"{key}_lost", who.name, lost)
        tell(f"limits: {who.name}, {key}")

    plays = [(who, told) for who in stage.contestants for told in (True, False)]
    plays = [(who, told) for who, told in plays if who.name in (OURS, CURATOR) or (who.name == AIOHTTP and not told)]
    for who, told in plays:  # what is not measured comes first
        with stage.job(who, stage.sizes.known if told else stage.sizes.unknown):
            pass
    with ThreadPoolExecutor(len(plays)) as pool:
        for done in [pool.submit(play, *each) for each in plays]:
            done.result()
    shares = [one for key in ("known_share", "unknown_share") for one in stage.results.figures[key].values()]
    if any(share > 1 for found in shares for share in found):
        stage.results.note("a share over 1: what went out at once at first weighs in a run as short as this")


def faults(stage: Stage) -> None:
    """One answer in ten is a 5xx, a dropped connection, cut short, or empty."""
    rows = stage.sizes.faults
    for who in stage.contestants:
        with stage.job(who, rows) as folder, Server("--latency", "0.02", "--faults", str(FAULTS)) as server:
            stage.run(who, folder, server.base)
            counts = server.counts()
            found = len(who.results(folder))
        stage.results.add("faults_lost", who.name, rows - found)
        stage.results.add("faults_extra", who.name, counts["requests"] / max(1, found))
        tell(f"faults: {who.name}")


def kill(stage: Stage) -> None:
    """kill -9 when half of the rows are answered, then the same command again."""
    rows = stage.sizes.killed
    undisturbed: dict[str, Mapping[str, str]] = {}
    for who in stage.rounds(stage.sizes.kills):
        if who.name not in undisturbed:
            with stage.job(who, rows) as folder, Server() as server:
                stage.run(who, folder, server.base)
                undisturbed[who.name] = who.results(folder)
        with stage.job(who, rows) as folder, Server("--latency", str(LATENCY_S), "--jitter", "0.5") as server:
            child = who.start(folder, server.base, in_flight=IN_FLIGHT)
            while not child.ended and server.counts()["answered"] < rows / 2:
                time.sleep(0.005)
            child.kill()
            child.wait()
            stage.run(who, folder, server.base)
            counts = server.counts()
            same = who.results(folder) == undisturbed[who.name]
        stage.results.add("kill_repeated", who.name, counts["repeated"])
        stage.results.add("kill_again", who.name, counts["requests"] - counts["distinct"])
        stage.results.add("kill_equal", who.name, same)
        tell(f"kill: {who.name}")


def growth(stage: Stage) -> None:
    """CPU per row as the job grows."""
    for who in stage.contestants:
        with stage.job(who, FEW) as folder, Server() as server:
            start_s = stage.run(who, folder, server.base).cpu_s
        seconds_per_row = 0.0
        for rows in stage.sizes.growth:
            if seconds_per_row * rows > TOO_LONG_S:
                stage.results.note(f"{who.name} at {rows:,} rows would take {seconds_per_row * rows / 60:.0f} min")
                continue
            with stage.job(who, rows) as folder, Server() as server:
                done = stage.run(who, folder, server.base)
            stage.results.add(f"growth_{rows}", who.name, 1000 * (done.cpu_s - start_s) / rows)
            seconds_per_row = done.seconds / rows
            tell(f"growth: {who.name} at {rows:,}")


def million(stage: Stage) -> None:
    """Memory and CPU at a million rows, ours and the bare loops."""
    for who in stage.contestants:
        if who.name != CURATOR:
            with stage.job(who, 1_000_000) as folder, Server() as server:
                done = stage.run(who, folder, server.base)
            stage.results.add("peak_million", who.name, done.peak_mb)
            stage.results.add("cpu_million", who.name, done.cpu_s / 1000)
            tell(f"million: {who.name}")


def tell(text: str) -> None:
    """Says how far it is."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


SCENES: dict[str, Callable[[Stage], None]] = {
    scene.__name__: scene for scene in (cost, rate, limits, faults, kill, growth)
}
