"""The versions of a dataset as a line: what made each, what it did to the rows, what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from augment.store import Version
from ui import panes
from ui import runs_parts as parts
from ui.words import moment, t, word

SHOWN = 12


def render(name: str, versions: Sequence[Version]) -> None:
    """Draws the line, newest first."""
    st.html(f'<div class="card"><h2>{panes.shown(t("home.versions", name=name))}</h2></div>')
    newest, rest = list(reversed(versions))[:SHOWN], list(reversed(versions))[SHOWN:]
    most = max((version.rows for version in versions), default=1)
    st.html(_line(newest, versions, most))
    if rest:
        with st.expander(t("home.older", count=len(rest)), key=f"older-{name}"):
            st.html(_line(rest, versions, most))


def _line(shown: Sequence[Version], versions: Sequence[Version], most: int) -> str:
    items = []
    for version in shown:
        kinds = [name for name, true in (("now", version is versions[-1]), ("first", version.number == 0)) if true]
        before = versions[version.number - 1].rows if version.number else 0
        items.append(f'<li class="{" ".join(kinds)}">{_version(version, before, most, newest=versions[-1])}</li>')
    return f'<ol class="lineage">{"".join(items)}</ol>'


def _version(version: Version, before: int, most: int, *, newest: Version) -> str:
    lineage = version.lineage
    providers = parts.listed(parts.maker(str(one)) for one in lineage.get("providers") or [])
    stage = word("stage", str(lineage.get("stage", "")))
    now = f" · {t('home.now')}" if version is newest else ""
    kept = min(before, version.rows)
    bar = (
        f'<span class="base" style="flex: 0 0 {100 * kept / max(1, most):.3f}%"></span>'
        f'<span class="added" style="flex: 0 0 {100 * (version.rows - kept) / max(1, most):.3f}%"></span>'
    )
    under = " · ".join(part for part in (*_facts(lineage, before - version.rows), moment(version.at)) if part)
    return (
        f'<div class="head2"><b>v{version.number}{panes.shown(now)}</b><span>{panes.shown(stage)}</span>'
        f"<span>{panes.shown(providers)}</span>"
        f'<span class="end">{panes.shown(t("home.rows", rows=f"{version.rows:,}"))}</span></div>'
        f'<div class="share" aria-hidden="true">{bar}</div><p>{panes.shown(under)}</p>'
    )


def _facts(lineage: Mapping[str, Any], fewer: int) -> list[str]:
    """What a version's making did."""
    facts = []
    if added := lineage.get("rows_added"):
        facts.append(t("home.added", count=f"{added:,}"))
    if fewer > 0:
        facts.append(t("home.left_out", count=f"{fewer:,}"))
    if done := lineage.get("done"):
        facts.append(t("home.filled", count=f"{done:,}"))
    lost = sum(sum((lineage.get(kind) or {}).values()) for kind in ("rejected", "failed"))
    if lost:
        imported = lineage.get("stage") == "import"
        facts.append(f"{t('upload.refused')} {lost:,}" if imported else t("home.lost", count=f"{lost:,}"))
    if calls := lineage.get("calls"):
        facts.append(t("home.calls", count=f"{calls:,}"))
        provider = str(next(iter(lineage.get("providers") or []), ""))
        cost = parts.money(lineage.get("cost_cny"), provider)
        facts.append(cost if provider.startswith("sim:") else t("home.version_cost", cost=cost))
    if (files := lineage.get("files")) and isinstance(files, list):
        names = parts.listed(str(one.get("file", "")).rsplit("/", 1)[-1] for one in files[:3])
        more = f" {t('home.files_more', count=len(files))}" if len(files) > 3 else ""
        facts.append(t("home.files", names=names) + more)
    if lineage.get("stage") == "restore":
        facts.append(t("home.restored", version=(lineage.get("options") or {}).get("version", "?")))
    return facts
