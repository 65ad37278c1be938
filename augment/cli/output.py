"""What the command line prints: results on stdout, everything else on stderr."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from augment.progress import Live, Progress, Pulse

PLAIN_STEPS = 10
LONGEST_SILENCE_S = 60.0
# What a terminal may obey though JSON leaves it as it is: DEL and the C1 controls; all stand inside strings.
OBEYED = re.compile("[\x7f-\x9f]")
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # the direction of what follows


def result(value: Mapping[str, Any]) -> None:
    """One JSON object on stdout."""
    print(_json(value))


def items(found: Iterable[Mapping[str, Any]], **more: Any) -> None:
    """``{"items": […]}`` on stdout, written as it comes, so that a large version needs no memory."""
    sys.stdout.write('{"items":[')
    for index, item in enumerate(found):
        sys.stdout.write(("," if index else "") + _json(item))
    sys.stdout.write("]" + "".join(f",{_json(name)}:{_json(value)}" for name, value in more.items()) + "}\n")


def line(text: str = "") -> None:
    """One line of a result."""
    print(printable(text))


def talk(text: str) -> None:
    """One line beside the result."""
    print(printable(text), file=sys.stderr)


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table of short values; right-aligned where a column holds numbers."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    numeric = [all(isinstance(row[i], int | float | None) for row in rows) and bool(rows) for i in range(len(heads))]
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for head, right in zip(heads, numeric, strict=True):
        shown.add_column(head, justify="right" if right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(printable(str("" if value is None else value))) for value in row))
    width = None if sys.stdout.isatty() else 200
    Console(highlight=False, width=width, no_color=_plain() or None).print(shown)


def failure(message: str, hint: str, exit_code: int, *, as_json: bool) -> None:
    """What went wrong and what to do, on stderr. What the user wished for (a bound, an interrupt) is no error."""
    if as_json:
        print(_json({"error": message, "hint": hint, "exit_code": exit_code}), file=sys.stderr)
        return
    talk(f"{'note' if exit_code in (6, 130) else 'error'}: {message}")
    if hint:
        talk(f"hint: {hint}")


def printable(text: str) -> str:
    """The text without what would steer a terminal or cannot be written: controls, turned directions, half pairs."""
    kept = "".join(char if char in "\n\t" or _is_harmless(char) else "\ufffd" for char in text)
    return kept.encode("utf-8", "replace").decode("utf-8")


def _is_harmless(char: str) -> bool:
    return char.isprintable() or (ord(char) > 0x9F and char not in TURNING)


def moment(seconds: float) -> str:
    """A time as people read it here."""
    return dt.datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def duration(seconds: float | None) -> str:
    """Seconds in words."""
    if seconds is None:
        return "unknown"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def money(cost_cny: float | None) -> str:
    """A cost in yuan, or that it is not known."""
    return "unknown" if cost_cny is None else f"¥{cost_cny:.4f}"


class Panel:
    """A live panel on a terminal, a plain line every tenth elsewhere."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._live: Any = None
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()

    def begin(self, live: Live) -> None:
        """The run has begun."""
        if self._quiet:
            return
        from augment.progress import Pulse

        pulse = Pulse(live)
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live as RichLive

            console = Console(stderr=True, no_color=_plain() or None)
            self._live = RichLive(
                get_renderable=lambda: panel(pulse.figures()), console=console, refresh_per_second=4, transient=True
            )
            self._live.start()
        else:
            self._thread = threading.Thread(target=self._plainly, args=(pulse,), daemon=True)
            self._thread.start()

    def end(self) -> None:
        """The run has ended."""
        self._ended.set()
        if self._live is not None:
            self._live.stop()
        if self._thread is not None:
            self._thread.join(1.0)

    def _plainly(self, pulse: Pulse) -> None:
        told = Told()
        while not self._ended.wait(0.2):
            told.tell(pulse.figures())


class Told:
    """Says a run in plain lines: every tenth of its rows, and after a long silence."""

    def __init__(self) -> None:
        self._step, self._at = 0, time.monotonic()

    def tell(self, figures: Progress) -> None:
        """Says the run as it stands where it is time to."""
        reached = figures.rows * PLAIN_STEPS // figures.rows_total if figures.rows_total else 0
        silent = time.monotonic() - self._at > LONGEST_SILENCE_S
        if reached > self._step or silent:
            self._step, self._at = reached, time.monotonic()
            talk(progress(figures))
            if silent and figures.fault:
                talk(f"last fault {fault(figures)}")


def progress(figures: Progress) -> str:
    """A run in one line."""
    pace, tokens = figures.calls_per_s, figures.input_tokens + figures.output_tokens
    parts = [
        f"{figures.stage} {figures.rows}/{figures.rows_total} rows",
        "" if figures.phase == "asking" else figures.phase,
        f"{figures.calls} calls",
        f"{pace:.1f}/s" if pace is not None else "",
        f"limit {figures.limits}" if figures.limits else "",
        f"{tokens} tokens" if figures.input_tokens else "",
        money(figures.cost_cny),
        f"{duration(figures.seconds_left)} left" if figures.rows and figures.seconds_left is not None else "",
    ]
    return " · ".join(part for part in parts if part)


def fault(figures: Progress) -> str:
    """The last fault in one line."""
    met = figures.fault
    return f"{met['kind']}{f' {code}' if (code := met['code']) else ''}: {met['message']}"


def panel(figures: Progress) -> Any:
    """A run in a few lines with a bar."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.progress_bar import ProgressBar
    from rich.text import Text

    lost = {name: sum(getattr(figures, name).values()) for name in ("skipped", "rejected", "failed")}
    counts = f"done {figures.done}  " + "  ".join(f"{name} {count}" for name, count in lost.items())
    lines: list[Any] = [
        Text(progress(figures)),
        Padding(ProgressBar(total=max(1, figures.rows_total), completed=figures.rows, width=60), 0),  # it ends no line
        Text(f"{counts}  in flight {figures.in_flight}"),
    ]
    if figures.fault:
        lines.append(Text(printable(f"last fault  {fault(figures)}")[:200], style="yellow"))
    return Group(*lines)


def _plain() -> bool:
    return bool(os.environ.get("NO_COLOR"))  # noqa: TID251  # a terminal convention, not a setting of ours


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_other)
    text = OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _other(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} in a result")
