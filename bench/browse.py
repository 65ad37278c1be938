"""What Browse and Review cost in a large version: milliseconds an interaction in the server, its memory, the building.

    python -m bench.browse FOLDER                       a million rows, made in the folder once
    python -m bench.browse FOLDER --rows 100000

The server's part runs in a process of its own, so that its memory is its own. Each interaction is timed with values of
its own, so that hardly any answer stands ready. CPU is that of the whole process, its threads included: on a machine
that others use too it says more than the clock. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

from augment.browse import QUEUES, Browser, Filter, Shelf, build, place
from augment.ledger import Ledger
from augment.review import by, deal, decide, decide_all, edit, progress, undo
from bench.large_version import CHECKS, PROVIDERS, SPLITS, STAGES, TAGS, large_version

ROUNDS = 30
DECIDED = 2_000
GOAL_MS = 200
LIN, WANG = by("林"), by("王")
Call = Callable[[], object]
Drawn = Iterator[tuple[str, Callable[[], Call]]]


class Draws:
    """Filters and rows, another one at each call."""

    def __init__(self, browser: Browser, dice: random.Random) -> None:
        self.dice = dice
        self.some = browser.page(Filter(), sort="score", limit=2_000).rows
        self.some += browser.page(Filter(), sort="created_at", descending=True, limit=2_000).rows

    def score(self) -> Filter:
        """Three rows in twenty."""
        low = self.dice.random() * 0.8
        return Filter(score_from=low, score_to=low + 0.15)

    def row_id(self) -> str:
        """Any row's."""
        return self.dice.choice(self.some).row_id

    def piece(self, length: int) -> str:
        """Of a row's text."""
        text = self.dice.choice(self.some).problem or ""
        start = self.dice.randrange(len(text) - length)
        return text[start : start + length]


def browsing(browser: Browser, drawn: Draws) -> Drawn:
    """What is done in Browse: a name, and what draws the next call of that kind."""
    dice, score, row_id, piece = drawn.dice, drawn.score, drawn.row_id, drawn.piece

    def page(wanted: Filter, **how: object) -> Call:
        return lambda: browser.page(wanted, **how)  # type: ignore[arg-type]  # the names of page's own

    yield "first page, by position", lambda: page(Filter())
    yield "  by score, descending", lambda: page(score(), sort="score", descending=True)
    yield "next page, by position", lambda: page(Filter(), side="after", row_id=row_id())
    yield "  of a filter by score", lambda: page(score(), sort="score", side="after", row_id=row_id())
    yield "previous page of a filter", lambda: page(score(), sort="score", side="before", row_id=row_id())
    yield "page by its number", lambda: page(score(), sort="length", index=dice.randrange(100_000) // 50 * 50)
    yield "jump to a row", lambda: page(Filter(stage=dice.choice(STAGES)), row_id=row_id())
    yield (
        "filter: stage and provider",
        lambda: page(Filter(stage=dice.choice(STAGES), provider=dice.choice(PROVIDERS), split=dice.choice(SPLITS))),
    )
    yield "filter: score range", lambda: page(score())
    yield "filter: decision", lambda: page(Filter(decision=dice.choice(["none", "accept"]), answer=dice.choice("ABCD")))
    yield "filter: tags", lambda: page(Filter(tags=tuple(dice.sample(TAGS, 2))))
    yield "filter: check failed", lambda: page(Filter(failed=dice.choice(CHECKS), answer=dice.choice("ABCD")))
    yield "filter: has reasoning", lambda: page(Filter(reasoning=dice.random() < 0.5, split=dice.choice(SPLITS)))
    yield "filter: SQL over narrow columns", lambda: page(Filter(where=f"score < {dice.random():.6f} AND attempts > 1"))
    yield "search: two characters", lambda: page(Filter(text=piece(2)))
    yield "search: four characters", lambda: page(Filter(text=piece(4)))
    yield "search: eight characters", lambda: page(Filter(text=piece(8)))
    yield "search: one character", lambda: page(Filter(text=piece(1)))
    yield (
        "search in a filter, by score",
        lambda: page(Filter(text=piece(2), stage=dice.choice(STAGES)), sort="score", descending=True),
    )
    yield "histogram of a filter", lambda: partial(browser.histogram, score(), "score")
    yield "values of a filter", lambda: partial(browser.values, score(), "provider")
    yield "  tags", lambda: partial(browser.values, score(), "tags")
    yield "count of a filter", lambda: partial(browser.count, score())
    yield (
        "SQL box: a count by group",
        lambda: partial(
            browser.query,
            f"SELECT stage, count(*), avg(score) FROM rows WHERE attempts > {dice.randrange(4)} GROUP BY stage",
        ),
    )


def reviewing(browser: Browser, ledger: Ledger, drawn: Draws) -> Drawn:
    """What is done in Review, each time as the page asks it: the row, its parent, its place, the counts."""
    dice, numbers = drawn.dice, count()

    def shown(wanted: Filter, sort: str, row_id: str | None) -> object:
        row_id = row_id or browser.next_undecided(wanted, sort=sort)  # type: ignore[arg-type]  # of QUEUES
        row = browser.row(row_id or drawn.row_id(), eyes="林")
        return (
            browser.parent(row),
            browser.spot(wanted, row.row_id, sort=sort),  # type: ignore[arg-type]  # as above
            browser.counts(),
            browser.clashes(row.row_id),
        )

    def decided(wanted: Filter, sort: str, decision: str) -> object:
        row_id = browser.next_undecided(wanted, drawn.row_id(), sort=sort) or drawn.row_id()  # type: ignore[arg-type]  # as above
        decide(browser, ledger, row_id, decision, LIN)
        return shown(wanted, sort, browser.next_undecided(wanted, row_id, sort=sort))  # type: ignore[arg-type]  # as above

    yield "open Review", lambda: lambda: shown(drawn.score(), "position", None)
    yield "a row of the queue", lambda: lambda: shown(drawn.score(), "position", drawn.row_id())
    for queue in QUEUES:
        yield (
            f"  by {queue}",
            lambda queue=queue: (
                lambda: shown(  # type: ignore[misc]  # bound now
                    Filter(stage=dice.choice(STAGES), decision="none"), queue, drawn.row_id()
                )
            ),
        )
    still = Filter(stage="reason")
    yield "accept, and the next row", lambda: lambda: decided(still, "position", "accept")
    for queue in QUEUES:
        yield f"  by {queue}", lambda queue=queue: lambda: decided(still, queue, "reject")  # type: ignore[misc]  # as above
    yield "undo, and its row", lambda: lambda: (undo(browser, ledger, LIN), shown(still, "position", drawn.row_id()))
    yield (
        "edit, and its row",
        lambda: (
            lambda: (
                edit(browser, ledger, row_id := drawn.row_id(), {"reasoning": f"改写 {next(numbers)}。答案是：B"}, LIN),
                shown(still, "position", row_id),
            )
        ),
    )
    yield (
        "another's decision, and the row",
        lambda: (
            lambda: (
                decide(browser, ledger, row_id := drawn.row_id(), dice.choice(["accept", "reject"]), WANG),
                shown(Filter(conflict=True), "position", row_id),
            )
        ),
    )
    yield "the queue of one reviewer", lambda: lambda: shown(Filter(assigned="林", decision="none"), "position", None)
    yield "the conflicts", lambda: lambda: shown(Filter(conflict=True, answer=dice.choice("ABCD")), "position", None)
    yield "progress of the reviewers", lambda: lambda: progress(browser)


def serve(folder: Path, rows: int) -> None:
    """Prints the table of one server that opened the version."""
    store, name, version = large_version(folder, rows)
    ledger = Ledger(folder / f"{name}-{os.getpid()}.sqlite")
    dice = random.Random(11)
    empty_mb = _peak_mb()
    shelf = Shelf(store, ledger)
    print(f"{'':34} {'first':>7} {'p50':>7} {'p95':>7} {'max':>7}  ms {'CPU p95':>9}")
    first = _milliseconds(lambda: shelf.browser(name, version).page(Filter()))
    print(f"{'open, with the first page':34} {first[0]:7.1f}")
    browser = shelf.browser(name, version)
    drawn = Draws(browser, dice)
    for row in dice.sample(browser.page(Filter(), limit=10_000).rows, DECIDED):
        decide(browser, ledger, row.row_id, dice.choice(["accept", "reject"]), LIN)
    for part in (browsing(browser, drawn), reviewing(browser, ledger, drawn)):
        for label, draw in part:
            if label == "the queue of one reviewer":
                taken = _milliseconds(lambda: deal(browser, ledger, Filter(), ["林", "王", "李"], LIN, share=0.1))
                print(f"{'(dealing all rows out to three)':34} {taken[0]:7.1f}")
            _line(label, draw)
    for decision, wanted in (("accept", Filter(stage="judge")), ("reject", Filter())):
        _bulk(browser, ledger, decision, wanted)
    print(f"memory of the server: {_peak_mb():.0f} MB at its peak, {_now_mb():.0f} at the end, {empty_mb:.0f} at first")
    shelf.close()
    ledger.close()
    ledger.path.unlink()


def _bulk(browser: Browser, ledger: Ledger, decision: str, wanted: Filter) -> None:
    """One decision about all rows of a filter, and back."""

    def page() -> object:
        return browser.page(Filter(decision=decision)), browser.counts()

    started = time.perf_counter()
    made = decide_all(browser, ledger, wanted, decision, LIN)
    times = [(time.perf_counter() - started) * 1e3, _milliseconds(page)[0]]
    times += [_milliseconds(lambda: undo(browser, ledger, LIN, event=made.event))[0], _milliseconds(page)[0]]
    print(
        f"{decision} {made.rows:,} rows at once {times[0]:.0f} ms, the page then {times[1]:.0f} ms;"
        f" undone in {times[2]:.0f} ms, the page then {times[3]:.0f} ms"
    )


def _line(label: str, draw: Callable[[], Call]) -> None:
    first = _milliseconds(draw())[0]
    pairs = [_milliseconds(draw()) for _ in range(ROUNDS)]
    times, cpu = (sorted(side) for side in zip(*pairs, strict=True))
    p95, cpu95 = times[int(len(times) * 0.95)], cpu[int(len(cpu) * 0.95)]
    mark = "" if p95 < GOAL_MS else "  over the goal"
    print(
        f"{label:34} {first:7.1f} {median(times):7.1f} {p95:7.1f} {times[-1]:7.1f}     {cpu95:9.1f}{mark}", flush=True
    )


def _milliseconds(call: Call) -> tuple[float, float]:
    """By the clock, and of CPU."""
    started, cpu = time.perf_counter(), time.process_time()
    call()
    return (time.perf_counter() - started) * 1e3, (time.process_time() - cpu) * 1e3


def _now_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.folder, asked.rows)
        return
    started = time.perf_counter()
    store, name, version = large_version(asked.folder, asked.rows)
    print(f"{asked.rows:,} rows, made in {time.perf_counter() - started:.0f} s, load {os.getloadavg()[0]:.1f}")
    at = place(store, name, version)
    if not at.ready:
        started, cpu = time.perf_counter(), time.process_time()
        build(store, name, version)
        print(
            f"files built in {time.perf_counter() - started:.0f} s, {time.process_time() - cpu:.0f} s of CPU,"
            f" {_peak_mb():.0f} MB at the peak of the builder"
        )
    sizes = {name: sum(path.stat().st_size for path in folder.iterdir()) / 1e6 for name, folder in at.folders.items()}
    print(
        ", ".join([f"table {at.table.stat().st_size / 1e6:.0f} MB", *(f"{n} {mb:.0f} MB" for n, mb in sizes.items())])
    )
    sys.stdout.flush()
    command = [sys.executable, "-m", "bench.browse", str(asked.folder), "--rows", str(asked.rows), "--serve"]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
