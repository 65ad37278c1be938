"""Quality: where rows are lost, what the judges are worth, and what leans one way."""

from __future__ import annotations

from ui import quality_parts as parts
from ui import quality_reports as reports
from ui import state, widgets
from ui.state import Workbench, t


def render(bench: Workbench) -> None:
    """Draws the figures of the version shown, each under the question it answers."""
    name, version = str(state.dataset(bench)), state.version(bench)
    widgets.heading(t("quality.title"), f"{name} · v{version}")
    widgets.old_version(bench)
    found = parts.figures(bench, name, version)
    if not found.rows:
        widgets.calm(t("empty.no_rows"), t("empty.no_rows_next"))
        return
    parts.passed(found)
    parts.attempts(found)
    parts.broken(found)
    reports.people(bench, name, version)
    parts.votes(bench, found)
    parts.letters(found)
    parts.longest(found)
    parts.lengths(found)
    parts.tags(found)
    reports.leaks(bench, name, version)
    reports.contamination(bench, name, version)
    widgets.command("quality", f"{name}@v{version}")
