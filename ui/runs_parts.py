"""How a run looks: its state, its counts, its cost, as HTML whose every foreign text passes ``panes.shown``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from augment.hints import hint
from augment.progress import Progress
from ui import panes
from ui.words import known, language, moment, t, word

SIGNS = {
    "running": ("accent", "●"),
    "starting": ("accent", "○"),
    "stopping": ("hint", "●"),
    "committing": ("accent", "●"),
    "done": ("ok", "✓"),
    "stopped": ("no", "✗"),
    "budget_reached": ("hint", "¥"),
    "interrupted": ("hint", "‖"),
    "broken": ("no", "✗"),
    "killed": ("no", "✗"),
}
LOST = ("skipped", "rejected", "failed")


def dress() -> None:
    """The style of the pages about work."""
    st.html(f"<style>{(Path(__file__).parent / 'runs.css').read_text('utf-8')}</style>")


def state_of(name: str) -> str:
    """A run's state with its sign, as HTML."""
    colour, sign = SIGNS.get(name, ("quiet", "·"))
    return f'<span class="state {colour}">{sign} {panes.shown(word("run", name))}</span>'


def maker(provider: str | None) -> str:
    """A provider as people read it: a simulated one says so."""
    if provider is None:
        return t("start.no_provider")
    plain = provider.removeprefix("sim:")
    return plain if plain == provider else f"{plain}{aside(t('runs.rehearsal'))}"


def aside(text: str) -> str:
    """A text in brackets, as the reader's language sets them."""
    return f"（{text}）" if language() == "zh" else f" ({text})"


def listed(texts: Iterable[str]) -> str:
    """Several texts in one line."""
    return ("、" if language() == "zh" else ", ").join(texts)


def named(name: str) -> str:
    """A name before what it is."""
    return f"{name}：" if language() == "zh" else f"{name}: "


def why(reason: str) -> str:
    """The reason of an outcome in words."""
    if reason.startswith("check:"):
        return word("check", reason.removeprefix("check:"))
    return word("why", reason) if known("why", reason) else word("reason", reason)


def money(cost_cny: float | None, provider: str | None, *, plain: bool = False) -> str:
    """What a run cost: nothing where nobody was asked or all was rehearsed, unknown where a price is."""
    if provider is None:
        return t("runs.cost_none")
    if provider.startswith("sim:") and not plain:
        return t("runs.cost_rehearsed")
    return yuan(cost_cny)


def yuan(cost_cny: float | None) -> str:
    """A cost with its sign, or that it is not known."""
    return t("runs.cost_unknown") if cost_cny is None else f"¥{cost_cny:.4f}"


def paces(told: str) -> str:
    """A pace, or several, in the reader's words."""
    for unit in ("requests a second", "requests a minute", "tokens a minute", "requests a day", "req/s", "req/min"):
        told = told.replace(f" {unit}", word("pace", unit))
    return told


def duration(seconds: float) -> str:
    """A length of time in words."""
    if seconds < 60:
        return t("time.seconds", count=f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.1f}")
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return t("time.minutes_seconds", minutes=minutes, seconds=rest)
    if minutes < 60 * 24:
        return t("time.hours", hours=minutes // 60, minutes=minutes % 60)
    return t("time.days", days=minutes // 1440, hours=minutes % 1440 // 60)


def counts(found: Mapping[str, Any] | Progress) -> str:
    """What became of the rows, in a sum that is right."""
    given = found if isinstance(found, Mapping) else {name: getattr(found, name) for name in ("done", *LOST)}
    sums = {name: sum((given.get(name) or {}).values()) for name in LOST}
    rows = int(given.get("done") or 0) + sum(sums.values())
    shown = {name: f"{count:,}" for name, count in sums.items()}
    return t("runs.counts", rows=f"{rows:,}", done=f"{int(given.get('done') or 0):,}", **shown)


def share(found: Mapping[str, Any] | Progress, total: int) -> str:
    """The same as a bar; the words beside it say what it shows."""
    given = found if isinstance(found, Mapping) else {name: getattr(found, name) for name in ("done", *LOST)}
    parts = {"done": int(given.get("done") or 0)} | {name: sum((given.get(name) or {}).values()) for name in LOST}
    whole = max(1, total, sum(parts.values()))
    spans = "".join(
        f'<span class="{name}" style="flex: 0 0 {100 * count / whole:.3f}%"></span>' for name, count in parts.items()
    )
    return f'<div class="share" aria-hidden="true">{spans}</div>'


def numbers(pairs: Sequence[tuple[str, str]]) -> str:
    """Figures with what they are, in places that stay where they are."""
    told = "".join(
        f'<div><span class="what">{panes.shown(name)}</span><span>{panes.shown(value)}</span></div>'
        for name, value in pairs
    )
    return f'<div class="numbers">{told}</div>'


def remedy(kind: str, code: str, connector: str = "", dialect: str = "") -> str:
    """What to do about a fault or a reason, in the words the terminal has for it."""
    return hint(kind, code, connector, "zh" if language() == "zh" else "en", dialect=dialect)


def table(heads: Sequence[tuple[str, str]], lines: Sequence[Sequence[object]]) -> str:
    """A table whose columns are ``num``, ``long`` or plain, as HTML."""
    top = "".join(f'<th class="{kind}">{panes.shown(name)}</th>' for name, kind in heads)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="{kind}">{panes.shown("" if cell is None else cell)}</td>'
            for (_, kind), cell in zip(heads, line, strict=True)
        )
        + "</tr>"
        for line in lines
    )
    return f'<div class="scroll"><table class="plain"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def line_of(run: Mapping[str, Any]) -> str:
    """One run in a list, as HTML."""
    found = run["summary"] or {}
    versions = t("runs.unchanged", old=f"v{run['from_version']}")
    if run["version"] is not None and run["version"] != run["from_version"]:
        versions = t("runs.moved", old=f"v{run['from_version']}", new=f"v{run['version']}")
    took = duration(run["ended_at"] - run["started_at"]) if run["ended_at"] else ""
    cost = money((found or run["bought"] or {}).get("cost_cny"), run["provider"])
    under = [counts(found) if found else "", cost, took, moment(run["started_at"])]
    return (
        f'<div class="run"><p class="name">{panes.shown(word("stage", run["stage"]))} · {panes.shown(run["dataset"])} '
        f"{panes.shown(versions)} · {panes.shown(maker(run['provider']))}</p>"
        f'<p class="end">{state_of(run["state"])}</p>'
        f"{share(found, found.get('rows_in', 0)) if found else ''}"
        f'<p class="under">{panes.shown(" · ".join(part for part in under if part))}</p></div>'
    )


def never_line(one: Any) -> str:
    """A process that ended before its run began, as HTML."""
    launch = one.launch
    under = [one.message or t("runs.not_begun"), moment(launch.at)]
    name = f"{word('stage', launch.stage)} · {launch.dataset}"
    return (
        f'<div class="run"><p class="name">{panes.shown(name)}</p>'
        f'<p class="end">{state_of("broken")}</p><p class="under">{panes.shown(" · ".join(under))}</p></div>'
    )
