"""The table: what was measured in one run, as medians with spread, beside what was stated when the goal was set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.contestants import AIOHTTP, CLIENT, CURATOR, OURS

WIDTHS = (54, 24, 24, 24, 24)


@dataclass(frozen=True, slots=True)
class Line:
    """One line. form: of each figure. stated: ours, best peer, bare aiohttp, bare client. over: the contestant that the
    others are divided by, round by round."""

    key: str
    label: str
    form: str = "{:.0f}"
    stated: tuple[str, str, str, str] = ("", "", "", "")
    over: str = ""


@dataclass(slots=True)
class Results:
    """Figures by line and contestant, one for each round."""

    figures: dict[str, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    notes: list[str] = field(default_factory=list)

    def add(self, key: str, who: str, figure: float) -> None:
        """Notes a figure."""
        self.figures[key][who].append(figure)

    def note(self, text: str) -> None:
        """Notes what the figures do not say."""
        if text not in self.notes:
            self.notes.append(text)

    def cell(self, line: Line, who: str) -> str:
        """The median of a line with its spread, or how many times that of the contestant it is set against."""
        figures = self.figures.get(line.key, {}).get(who, [])
        if line.over:
            below = self.figures.get(line.key, {}).get(line.over, [])
            figures = [one / other for one, other in zip(figures, below, strict=False) if other]
        return spread(figures, line.form)


def spread(figures: Sequence[float], form: str) -> str:
    """Median (least–most)."""
    if not figures:
        return "–"
    shown = form.format(median(figures))
    if len(figures) == 1:
        return shown
    return f"{shown} ({form.format(min(figures))}–{form.format(max(figures))})"


def lines_of(number: int, killed: int) -> list[Line]:
    """The lines in order. number: rows of the jobs; killed: of those that are killed at half."""
    return [
        Line("cpu", "CPU per row beyond start-up, ms", "{:.3f}", ("≤ 0.35", "4.1", "0.18", "0.04")),
        Line("cpu", "  over bare aiohttp", "{:.2f}", ("1.94", "22.8", "1", "0.22"), AIOHTTP),
        Line("cpu", "  over the bare client", "{:.2f}", ("8.75", "102", "4.5", "1"), CLIENT),
        Line("fixed", "fixed CPU of a run, s", "{:.2f}", ("≤ 0.8", "5.3", "0.45", "0.15")),
        Line("peak", f"peak memory at {number:,} rows, MB", "{:.0f}", ("≤ 200", "311", "133", "108")),
        Line("peak_million", "peak memory at 1,000,000 rows, MB", "{:.0f}", ("≤ 400", "", "", "")),
        Line("cpu_million", "CPU per row at 1,000,000 rows, ms", "{:.3f}"),
        Line("rate_64", "rows/s, latency 200 ms, 64 in flight"),
        Line("rate_64", "  over the bare client", "{:.3f}", ("≥ 0.97", "0.53", "1.0", "1.0"), CLIENT),
        Line("rate_256", "rows/s, latency 200 ms, 256 in flight"),
        Line("rate_256", "  over the bare client", "{:.3f}", ("≥ 0.97", "0.26", "1.0", "1.0"), CLIENT),
        Line("known_share", "1,200/min known: share used", "{:.3f}", ("≥ 0.995", "1.00", "", "")),
        Line("known_wasted", "  wasted 429s", "{:.0f}", ("0", "0", "", "")),
        Line("known_lost", "  rows lost"),
        Line("unknown_share", "1,200/min not known: share used", "{:.3f}", ("≥ 0.98", "0.97", "", "")),
        Line("unknown_wasted", "  wasted 429s", "{:.0f}", ("≤ 30", "144", "", "")),
        Line("unknown_lost", "  rows lost", "{:.0f}", ("0", "0", "", "")),
        Line("faults_lost", "10 % faults: rows lost", "{:.0f}", ("0", "", "", "")),
        Line("faults_extra", "  requests for a row answered", "{:.2f}"),
        Line("kill_repeated", f"kill -9 at half of {killed:,}: bought twice", "{:.0f}", ("≤ 4", "11", "2–4", "")),
        Line("kill_again", "  asked again, those in flight included", "{:.0f}", ("≤ in flight", "", "", "")),
        Line("kill_equal", "  result equals an undisturbed run (1 = yes)", "{:.0f}", ("1", "", "", "")),
        Line("again_calls", "finished job typed again: calls", "{:.0f}", ("0", "0", "0", "")),
        Line("again_cpu", "  CPU, s", "{:.2f}", ("≤ 0.8", "5.4", "0.5", "")),
        Line("added_calls", f"one row added to {number:,}: calls", "{:.0f}", ("1", "all", "", "")),
        Line("import", "augment import, CPU per row, ms", "{:.3f}"),
        Line("growth_1000", "growth: CPU per row at 1,000 rows, ms", "{:.3f}"),
        Line("growth_10000", "  at 10,000", "{:.3f}"),
        Line("growth_100000", "  at 100,000", "{:.3f}"),
        Line("start_python", "python -c pass, ms"),
        Line("start_import", "import augment, ms"),
        Line("start_help", "augment --help, ms"),
        Line("ledger_together", "ledger puts/s (sent and answered synced), 64 waiting"),
        Line("ledger_alone", "  one after the other"),
        *(
            Line(f"{key}_{rows}", f"{label} {rows:,} rows, s", "{:.2f}")
            for rows in (10_000, 100_000, 1_000_000)
            for key, label in (("commit", "version commit,"), ("diff", "  diff, one row in ten changed,"))
        ),
        Line("reader", "answer reader, MB/s", "{:.2f}"),
        Line("server", "the server while they were timed, share of a core", "{:.2f}"),
    ]


def printed(results: Results, lines: Sequence[Line]) -> str:
    """The whole table; lines that nothing was measured for are left out."""
    who = [OURS, CURATOR, AIOHTTP, CLIENT]
    head = ["median (least–most)", *who, "stated: ours, best peer, aiohttp, client"]
    table = [head, ["-" * (width - 2) for width in WIDTHS] + ["-" * len(head[-1])]]
    for line in lines:
        if any(results.figures.get(line.key, {}).values()):
            stated = " · ".join(text or "–" for text in line.stated) if any(line.stated) else ""
            table.append([line.label, *(results.cell(line, name) for name in who), stated])
    text = ("".join(cell.ljust(width) for cell, width in zip(row, WIDTHS, strict=False)) + row[-1] for row in table)
    return "\n".join([*(line.rstrip() for line in text), *(f"note: {note}" for note in results.notes)])
