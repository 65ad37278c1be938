"""What is to be done about a dataset now, said by one button."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from augment.browse import UNDECIDED, Filter
from augment.spending import totals
from augment.workbench import Workbench
from ui import panes, runs_live, runs_start, state, widgets
from ui import runs_parts as parts
from ui.words import t, word


def render(bench: Workbench, found: Mapping[str, Any], going: Sequence[Mapping[str, Any]]) -> None:
    """Draws one dataset: its rows, what waits for review, what is next. going: the runs over it."""
    name, version = found["dataset"], found["version"]
    shown = bench.browse(name, version)
    undecided = shown.count(Filter(decision=UNDECIDED)) if shown.whole else None
    waiting = shown.waiting() if shown.whole else 0
    wait = t("home.undecided_part") if undecided is None else t("home.undecided", count=f"{undecided:,}")
    rows, made = t("home.rows", rows=f"{found['rows']:,}"), t("home.made", at=state.moment(found["at"]))
    fresh = {"ds": name, "v": None, "row": None, "page": None, **dict.fromkeys(state.FILTERS)}
    stages = {str(one.lineage.get("stage", "import")) for one in bench.versions(name)}
    step = _step(going, undecided, waiting, made_of=bool(stages - {"import", "restore"}))
    with st.container(border=True, key=f"card-{name}"):
        widgets.card(f"{name} · v{version}", rows, wait, made)
        values = {"stage": word("stage", going[0]["stage"]) if going else "", "count": f"{undecided or 0:,}"}
        if step == "seal":
            values["count"] = f"{waiting:,}"
        what = panes.shown(t(f"home.next_{step}", **values))
        st.html(f'<p class="told"><b>{panes.shown(parts.named(t("home.next")))}</b>{what}</p>')
        with st.container(horizontal=True):
            if going:
                args = (going[0]["run_id"],)
                st.button(t("home.watch"), key=f"watch-{name}", type="primary", on_click=runs_live.open_run, args=args)
            _act("review", name, t("home.start"), state.show, ("review",), fresh, primary=step == "review")
            _act("run", name, t("home.run"), _run, (name,), {}, primary=step == "run")
            if "export" in state.PAGES:
                _act("export", name, t("home.export"), state.show, ("export",), fresh, primary=step == "export")
            _act("browse", name, t("home.browse"), state.show, ("browse",), fresh, primary=False)
            if waiting:
                widgets.seal_button(bench, name, waiting, "seal")


def _step(going: Sequence[object], undecided: int | None, waiting: int, *, made_of: bool) -> str:
    """The next step of a dataset."""
    if going:
        return "watch"
    if not made_of:
        return "run"
    if undecided is None or undecided:
        return "review"
    return "seal" if waiting else "export"


def _act(
    what: str, name: str, label: str, act: Any, args: tuple[Any, ...], address: Mapping[str, Any], *, primary: bool
) -> None:
    kind: Any = "primary" if primary else "secondary"
    st.button(label, key=f"{what}-{name}", type=kind, on_click=act, args=args, kwargs=dict(address))


def _run(name: str) -> None:
    state.go(ds=name, v=None, row=None, page=None)
    runs_start.begin("backtranslate")


def spent(bench: Workbench) -> list[str]:
    """What was spent in this workspace so far, and what was only rehearsed."""
    newest = bench.runs(1)
    sums = _sums(bench, *((newest[0]["run_id"], newest[0]["state"]) if newest else ("", "")))
    paid, rehearsed = sums["paid"], sums["rehearsed"]
    said = t("home.cost", cost=parts.yuan(paid["cost_cny"])) if paid["answered"] else t("home.cost_none")
    return [said, t("home.cost_rehearsed", count=f"{rehearsed['answered']:,}") if rehearsed["answered"] else ""]


@st.cache_data(
    show_spinner=False, max_entries=16, ttl=30, hash_funcs={Workbench: lambda bench: str(bench.settings.workspace)}
)
def _sums(bench: Workbench, run_id: str, state_: str) -> dict[str, dict[str, Any]]:
    """The sums of the ledger, counted anew when a run begins or ends: with a million asks that takes seconds."""
    del run_id, state_
    return totals(bench.cost(("provider",)))
