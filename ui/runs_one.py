"""One run: what became of its rows and why, what it met, what it asked of whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from augment.workbench import Workbench
from ui import panes, runs_live, state, widgets
from ui import runs_parts as parts
from ui.words import moment, t, word

SHOWN = 50
UNFINISHED = ("interrupted", "budget_reached", "stopped", "killed", "broken")


def render(bench: Workbench, name: str) -> None:
    """Draws the run of that id, or of the process of that id."""
    started = next((one for one in bench.started() if name in (one.launch.id, one.run_id)), None)
    run_id = started.run_id if started is not None else name
    found = next((run for run in bench.runs(None) if run["run_id"] == run_id), None)
    if found is None and started is None:
        widgets.heading(t("runs.title"))
        widgets.calm(t("runs.gone", run=name[:40]), t("runs.gone_next"))
        _back("primary")
        return
    if found is None or found["state"] == "running":
        _going(bench, found, started, name)
    else:
        _ended(bench, found, started)
    _back()


def _going(bench: Workbench, found: Mapping[str, Any] | None, started: Any, name: str) -> None:
    stage = found["stage"] if found is not None else started.launch.stage
    dataset = found["dataset"] if found is not None else started.launch.dataset
    widgets.heading(t("runs.one"), found["run_id"] if found is not None else f"{word('stage', stage)} · {dataset}")
    if found is None and not started.goes_on:
        _never_begun(started)
        return
    runs_live.watched(bench, only=found["run_id"] if found is not None else name)
    if found is not None:
        _command(bench, found)


def _never_begun(started: Any) -> None:
    st.html(f'<p class="told">{parts.state_of("broken")} {panes.shown(t("runs.not_begun"))}</p>')
    if started.message:
        st.error(panes.label(started.message, 600) + (f"  \n{panes.label(started.hint, 600)}" if started.hint else ""))
    if started.rest.strip():
        _said(started.rest)
    words = [word_ for word_ in started.launch.words if word_ != "--json"]
    widgets.command(*words)


def _ended(bench: Workbench, run: Mapping[str, Any], started: Any) -> None:
    summary = run["summary"] or {}
    widgets.heading(t("runs.one"), run["run_id"])
    st.html(parts.line_of(run))
    if run["state"] == "killed" and (last := bench.progress(run["run_id"])) is not None:
        st.html(
            f'<p class="told quiet">{panes.shown(t("runs.saw"))} {panes.shown(parts.named(moment(last.at)))}'
            f"{panes.shown(parts.counts(last))}</p>"
        )
    if started is not None and started.message and started.exit_code != 130:
        kind = st.info if started.exit_code == 6 else st.warning
        kind(panes.label(started.message, 600) + (f"  \n{panes.label(started.hint, 600)}" if started.hint else ""))
    _acts(bench, run, summary)
    if summary:
        facts = [
            (
                t("runs.calls", count=f"{summary['calls']:,}"),
                t("runs.from_ledger", count=f"{summary['from_ledger']:,}"),
            ),
            (t("runs.tokens_in_head"), f"{summary['input_tokens']:,}"),
            (t("runs.tokens_out_head"), f"{summary['output_tokens']:,}"),
            (t("runs.cost_head"), parts.money(summary["cost_cny"], run["provider"])),
        ]
        if run["provider"] is not None:
            st.html(parts.numbers(facts))
        if twice := summary.get("possibly_paid_twice"):
            st.html(f'<p class="told hint">! {panes.shown(t("runs.possibly_paid_twice", count=f"{twice:,}"))}</p>')
        _reasons(summary)
    _faults(bench, run)
    _asked(bench, run)
    _lost(bench, run, summary)
    if started is not None and started.rest.strip():
        _said(started.rest)
    _command(bench, run)


def _acts(bench: Workbench, run: Mapping[str, Any], summary: Mapping[str, Any]) -> None:
    unfinished = run["state"] in UNFINISHED or bool(summary.get("failed"))
    with st.container(horizontal=True, gap="small"):
        if unfinished and "pipeline" not in run["options"]:
            st.button(
                t("runs.again"),
                key="again",
                type="primary",
                icon=":material/play_arrow:",
                on_click=runs_live.again,
                args=(bench, run["run_id"]),
                help=t("runs.again_help"),
            )
        if summary and summary["version"] != summary["from_version"]:
            fresh = {"ds": run["dataset"], "v": None, "row": None, "page": None, "run": None}
            fresh |= dict.fromkeys(state.FILTERS)
            made = {**fresh, "v": summary["version"]}
            kind: Any = "secondary" if unfinished else "primary"
            st.button(
                t("runs.review_them"),
                key="to-review-it",
                type=kind,
                on_click=state.show,
                args=("review",),
                kwargs=fresh,
            )
            st.button(
                t("runs.see_rows"),
                key="see-rows",
                on_click=state.show,
                args=("browse",),
                kwargs={**made, "stage": run["stage"]},
            )
            st.button(
                t("runs.see_version", version=summary["version"]),
                key="see-version",
                type="tertiary",
                on_click=state.show,
                args=("browse",),
                kwargs=made,
            )


def _reasons(summary: Mapping[str, Any]) -> None:
    lines = []
    for kind in parts.LOST:
        for reason, count in sorted((summary.get(kind) or {}).items(), key=lambda pair: -pair[1]):
            advice = parts.remedy(reason, "") if kind != "skipped" else ""
            lines.append([word("row_state", kind), parts.why(reason), f"{count:,}", advice])
    if lines:
        st.html(f'<div class="card"><h2>{panes.shown(t("runs.why"))}</h2></div>')
        heads = [
            ("runs.state_head", ""),
            ("runs.reason_head", ""),
            ("runs.count_head", "num"),
            ("runs.hint_head", "long"),
        ]
        st.html(parts.table([(t(key), kind) for key, kind in heads], lines))


def _faults(bench: Workbench, run: Mapping[str, Any]) -> None:
    found = bench.faults(run["run_id"])
    if not found:
        return
    connectors = {one.name: one.connector for one in bench.providers()}
    lines = []
    for one in found[:SHOWN]:
        connector = connectors.get(one["provider"].removeprefix("sim:"), "")
        said = f"{parts.why(one['kind'])} {one['code']}".strip()
        advice = parts.remedy(one["kind"], one["code"], connector)
        lines.append([one["provider"], said, f"{one['number']:,}", moment(one["at"]), one["message"][:200], advice])
    st.html(f'<div class="card"><h2>{panes.shown(t("runs.faults"))}</h2></div>')
    heads = [("runs.provider_head", ""), ("runs.fault_head", ""), ("runs.times_head", "num"), ("runs.last_head", "")]
    heads += [("runs.said", "long"), ("runs.hint_head", "long")]
    st.html(parts.table([(t(key), kind) for key, kind in heads], lines))


@st.cache_data(show_spinner=False, max_entries=64, hash_funcs={Workbench: lambda bench: str(bench.settings.workspace)})
def _costs(bench: Workbench, run_id: str, ended_at: float | None) -> list[dict[str, Any]]:
    """What an ended run asked, by provider. ended_at: what it asked changes no more."""
    del ended_at
    return bench.cost(("provider",), run_id=run_id)


def _asked(bench: Workbench, run: Mapping[str, Any]) -> None:
    found = _costs(bench, run["run_id"], run["ended_at"]) if run["provider"] is not None else []
    if not found:
        return
    lines = [
        [
            parts.maker(one["provider"]),
            one["model"],
            *(f"{one[name]:,}" for name in ("asks", "answered", "sends", "lost")),
            *("" if one[name] is None else f"{one[name]:,}" for name in ("input_tokens", "output_tokens")),
            parts.money(one["cost_cny"], one["provider"]),
        ]
        for one in found
    ]
    st.html(f'<div class="card"><h2>{panes.shown(t("runs.by_provider"))}</h2></div>')
    names = ("provider", "model", "asks", "answered", "sends", "lost", "tokens_in", "tokens_out", "cost")
    heads = [(t(f"runs.{name}_head"), "" if name in ("provider", "model") else "num") for name in names]
    st.html(parts.table(heads, lines))


def _lost(bench: Workbench, run: Mapping[str, Any], summary: Mapping[str, Any]) -> None:
    if summary and not (summary.get("rejected") or summary.get("failed")):
        return
    found = bench.lost(run["run_id"], SHOWN)
    if not found:
        return
    with st.expander(t("runs.lost_rows"), key="lost-rows"):
        if len(found) == SHOWN:
            st.caption(t("runs.lost_more", count=SHOWN))
        with st.container(key="rows-lost"):
            for one in found:
                said = [
                    word("row_state", one["state"]),
                    panes.label(parts.why(one["reason"]), 40),
                    panes.label(one["detail"]),
                ]
                st.button(
                    " · ".join(part for part in (panes.label(one["row_id"][:12]), *said) if part),
                    key=f"open-{one['row_id']}",
                    type="tertiary",
                    width="stretch",
                    wrap=False,
                    on_click=state.show,
                    args=("review",),
                    kwargs={"ds": run["dataset"], "v": None, "row": one["row_id"], **dict.fromkeys(state.FILTERS)},
                )


def _said(text: str) -> None:
    with st.expander(t("runs.output"), key="said"):
        st.html(f'<pre class="raw">{panes.shown(text)}</pre>')


def _command(bench: Workbench, run: Mapping[str, Any]) -> None:
    if "pipeline" not in run["options"]:
        words = state.command(*bench.words_of(run))
        st.html(
            f'<p class="command">{panes.shown(parts.named(t("runs.command")))}<code>{panes.shown(words)}</code></p>'
        )
    widgets.command("runs", "show", run["run_id"])


def _back(kind: Any = "tertiary") -> None:
    st.button(t("runs.back"), key="all-runs", type=kind, on_click=state.show, args=("runs",))
