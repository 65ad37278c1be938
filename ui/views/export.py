"""Export: a version as what a trainer or a person reads, with everything that was left out counted."""

from __future__ import annotations

from ui import export_parts as parts
from ui import state, widgets
from ui.state import Workbench, t


def render(bench: Workbench) -> None:
    """Draws the formats, the choices that the one chosen takes, and what was written."""
    name, version = str(state.dataset(bench)), state.version(bench)
    widgets.heading(t("export.title"), f"{name} · v{version}")
    widgets.old_version(bench)
    waiting = bench.browse(name, version).waiting()
    if waiting:
        parts.unsealed(bench, name, waiting)
    form = parts.chosen_format(bench)
    asked = parts.choices(bench, form)
    path = parts.place(bench, form, name, version)
    parts.start(bench, form, asked, path, f"{name}@v{version}")
    widgets.command(*parts.words(form, asked, path, f"{name}@v{version}"))
    parts.made(f"{name}@v{version}", form)
