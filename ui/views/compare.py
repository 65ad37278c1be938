"""Compare: two versions held against each other, of one dataset or of two."""

from __future__ import annotations

from ui import compare_parts as parts
from ui import widgets
from ui.state import Workbench, t


def render(bench: Workbench) -> None:
    """Draws the two sides, what differs between them, and one row that does."""
    widgets.heading(t("compare.title"))
    old, new = parts.sides(bench)
    if old == new:
        widgets.calm(t("compare.same"), t("compare.same_next"))
        return
    found = parts.differences(bench, old, new)
    parts.counts(found, bench, old, new)
    parts.scores(bench, old, new)
    if found.total:
        parts.rows(bench, found, old, new)
    widgets.command("diff", f"{old[0]}@v{old[1]}", f"{new[0]}@v{new[1]}")
