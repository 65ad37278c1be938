"""Runs that go on: their figures once a second, without drawing the page anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from augment.progress import Progress
from augment.workbench import Workbench
from ui import panes, state
from ui import runs_parts as parts
from ui.deciding import told
from ui.words import t, word

EVERY_S = 1.0


def going(bench: Workbench) -> list[str]:
    """What goes on now, by name: runs, and processes that have not come to their run yet."""
    runs = [run["run_id"] for run in bench.runs(None, state="running")]
    return runs + [one.launch.id for one in bench.started(alive=True) if one.run_id not in runs]


def watched(bench: Workbench, only: str = "") -> None:
    """The runs that go on, or one of them; the page is drawn anew when one begins or ends."""
    drawn = going(bench)
    key = "going-one" if only else "going"

    @st.fragment(run_every=EVERY_S if drawn else None, key=key)
    def refresh() -> None:
        if going(bench) != drawn:
            st.rerun()
        _draw(bench, drawn, only)

    refresh()


def _draw(bench: Workbench, names: list[str], only: str) -> None:
    runs = {run["run_id"]: run for run in bench.runs(None, state="running")}
    started = {one.launch.id: one for one in bench.started(alive=True)}
    for name in names:
        if only and name != only:
            continue
        with st.container(border=True, key=f"live-{name}"):
            if name in runs:
                st.html(_card(runs[name], bench.progress(name)))
            elif name in started:
                one = started[name].launch
                st.html(_preparing(one.stage, one.dataset))
            _buttons(bench, name, open_it=not only)


def _buttons(bench: Workbench, name: str, *, open_it: bool) -> None:
    asked = st.session_state.get(f"stop-asked-{name}", False)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            t("runs.stop"),
            key=f"stop-{name}",
            icon=":material/stop:",
            on_click=stop,
            args=(bench, name),
            disabled=asked,
            help=t("runs.stop_help"),
        )
        if open_it:
            st.button(t("runs.open"), key=f"look-{name}", type="tertiary", on_click=open_run, args=(name,))
        if asked:
            st.caption(t("runs.asked_to_stop"), width="content")


def _preparing(stage: str, dataset: str) -> str:
    return (
        f'<div class="run"><p class="name">{panes.shown(word("stage", stage))} · {panes.shown(dataset)}</p>'
        f'<p class="end">{parts.state_of("starting")}</p>{parts.share({}, 1)}'
        f'<p class="under">{panes.shown(t("runs.preparing"))}</p></div>'
    )


def _card(run: Mapping[str, Any], now: Progress | None) -> str:
    name = (
        f'<p class="name">{panes.shown(word("stage", run["stage"]))} · {panes.shown(run["dataset"])} '
        f"v{run['from_version']} · {panes.shown(parts.maker(run['provider']))}</p>"
    )
    if now is None:
        return (
            f'<div class="run">{name}<p class="end">{parts.state_of("running")}</p>{parts.share({}, 1)}'
            f'<p class="under">{panes.shown(t("runs.counting"))}</p></div>'
        )
    state_name = {"stopping": "stopping", "committing": "committing"}.get(now.phase, "running")
    return (
        f'<div class="run">{name}<p class="end">{parts.state_of(state_name)}</p>'
        f"{parts.share(now, now.rows_total)}"
        f'<p class="under">{panes.shown(parts.counts(now))}</p>'
        f'<div class="wide">{parts.numbers(figures(now))}</div>{_fault(now)}</div>'
    )


def figures(now: Progress) -> list[tuple[str, str]]:
    """The figures of a run that goes on, each in its place."""
    pace = t("runs.pace", calls=f"{now.calls_per_s:.1f}") if now.calls_per_s is not None else "…"
    if now.provider is None:
        pace = t("runs.rows_pace", rows=f"{now.rows_per_s:.0f}") if now.rows_per_s is not None else "…"
    left = t("runs.left_unknown")
    if now.seconds_left is not None:
        left = t("runs.left", time=parts.duration(now.seconds_left))
    told = [
        (t("runs.since", time=parts.duration(now.seconds)), left),
        (t("runs.rows", rows=f"{now.rows:,}", total=f"{now.rows_total:,}"), _percent(now)),
    ]
    if now.provider is None:
        return [*told, (pace, "")]
    tokens = t("runs.tokens", input=f"{now.input_tokens:,}", output=f"{now.output_tokens:,}")
    ledger = t("runs.from_ledger", count=f"{now.from_ledger:,}")
    cost = parts.money(now.cost_cny, now.provider)
    return [
        *told,
        (
            t("runs.limit", limits=parts.paces(now.limits)) if now.limits else t("runs.calls", count=f"{now.calls:,}"),
            pace,
        ),
        (t("runs.in_flight", count=now.in_flight), t("runs.calls", count=f"{now.calls:,}")),
        (ledger, tokens),
        (t("runs.cost_head"), cost),
    ]


def _percent(now: Progress) -> str:
    return f"{100 * now.rows / now.rows_total:.0f}%" if now.rows_total else "–"


def _fault(now: Progress) -> str:
    if not now.fault:
        return ""
    met = now.fault
    times = sum(now.faults.values())
    advice = parts.remedy(met["kind"], met["code"], met.get("connector", ""), met.get("dialect", ""))
    said = f"{parts.why(met['kind'])} {met['code']}".strip()
    return (
        f'<p class="told wide"><b class="hint">! {panes.shown(t("runs.last_fault") + parts.aside(f"{times:,}"))}</b> '
        f"{panes.shown(parts.named(said))}{panes.shown(met['message'][:200])}</p>"
        + (f'<p class="told quiet wide">{panes.shown(advice)}</p>' if advice else "")
    )


# ── acts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def stop(bench: Workbench, name: str) -> None:
    """Asks a run to end."""
    st.session_state.pop("notice", None)
    with told():
        bench.stop(name)
        st.session_state[f"stop-asked-{name}"] = True


def open_run(name: str) -> None:
    """Shows one run."""
    st.session_state.pop("notice", None)
    state.go(view="runs", run=name, stage=None, where=None)


def again(bench: Workbench, run_id: str) -> None:
    """The same command again, and the page of it."""
    st.session_state.pop("notice", None)
    with told():
        open_run(bench.again(run_id).id)
