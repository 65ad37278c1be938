"""Starting a run: the options of the stage as a form, what it would ask and cost, and only then the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import streamlit as st

from augment.errors import AugmentError
from augment.plans import RunOptions
from augment.workbench import Workbench
from ui import panes, runs_live, state, widgets
from ui import runs_parts as parts
from ui.deciding import told
from ui.words import known, language, t, word

# In the order in which data grows; a stage that is not named here comes after them.
ORDER = (
    *("backtranslate", "reason", "wrong", "evaluate", "judge", "compare", "answer", "repair", "expand", "rebuild"),
    *("synonyms", "shuffle", "classify", "dedupe", "filter", "split"),
)
NOT_HERE = frozenset({"dry_run", "preview", "simulate", "provider", "calibrate", "precision"})
FIRST = ("limit", "budget", "max_calls")
NAMES_FILES = frozenset({"template", "rubric", "labels", "scorer"})
PROVIDERS = frozenset({"fallback", "judge"})


@dataclass(frozen=True, slots=True)
class Wish:
    """What is filled in."""

    stage: str
    dataset: str
    version: int
    options: tuple[tuple[str, Any], ...]
    run: RunOptions


def render(bench: Workbench) -> None:
    """Draws the form of the stage in the address."""
    name = str(state.dataset(bench))
    newest = state.newest(bench)
    rows = bench.store.count(name, newest)
    widgets.heading(t("start.title"), t("start.on", name=name, version=newest, rows=f"{rows:,}"))
    if (number := state.version(bench)) != newest:
        st.caption(t("start.old", newest=newest, number=number))
    form = bench.form(_stage(bench))
    st.html(f'<p class="told quiet">{panes.shown(_about(form))}</p>')
    given: dict[str, Any] = {}
    if form.asks is not None:
        given |= _provider(bench, form)
    else:
        st.html(f'<p class="told"><span class="ok">✓</span> {panes.shown(t("start.asks_nobody"))}</p>')
    blanks = {blank.name: blank for blank in (*form.own, *form.common) if blank.name not in NOT_HERE}
    asks = form.asks is not None
    with st.container(horizontal=True, key="first-options"):
        for one in FIRST if asks else FIRST[:1]:
            given[one] = _field(bench, form.stage, blanks[one])
    given["where"] = _field(bench, form.stage, blanks["where"])
    rest = [one for one in blanks if one not in (*FIRST, "where")]
    if not asks:
        rest = [one for one in rest if one not in ("fallback", "model", "max_calls", "budget", "concurrency", "fresh")]
    with st.expander(t("start.more"), key=f"more-{form.stage}"):
        left, right = st.columns(2)
        for place, one in enumerate(rest):
            with left if place % 2 == 0 else right:
                given[one] = _field(bench, form.stage, blanks[one])
    own = {blank.name for blank in form.own}
    common = {field.name for field in fields(RunOptions)}
    wish = Wish(
        stage=form.stage,
        dataset=name,
        version=newest,
        options=tuple((one, value) for one, value in given.items() if one in own),
        run=RunOptions(**{one: value for one, value in given.items() if one in common and one not in own}),
    )
    _bar(bench, wish, given)


def _stage(bench: Workbench) -> str:
    """The stage in the address, to be changed by a box."""
    known_ones = bench.stages()
    offered = [*(one for one in ORDER if one in known_ones), *(one for one in known_ones if one not in ORDER)]
    chosen = state.got("stage")
    chosen = chosen if chosen in offered else offered[0]
    st.session_state["run-stage"] = chosen
    st.selectbox(
        t("start.stage"),
        offered,
        key="run-stage",
        format_func={
            one: f"{word('stage', one)} · {one}" if word("stage", one) != one else one for one in offered
        }.__getitem__,
        on_change=_choose_stage,
    )
    return chosen


def _choose_stage() -> None:
    st.session_state.pop("notice", None)
    state.go(stage=st.session_state["run-stage"])


def _about(form: Any) -> str:
    """What the stage does to the version."""
    does = word("stage_about", form.stage) if known("stage_about", form.stage) else form.help
    effect = [t("start.adds") if form.adds else "", t("start.drops") if form.drops else ""]
    return " · ".join(part for part in (does, *(effect if any(effect) else [t("start.fills")])) if part)


def _provider(bench: Workbench, form: Any) -> dict[str, Any]:
    listed = {one.name: one for one in bench.providers() if form.asks == "translate" or one.kind == "chat"}
    ready = [name for name, one in listed.items() if one.needs_key and one.key]
    with st.container(horizontal=True, vertical_alignment="bottom", key="who"):
        simulate = st.toggle(t("start.simulate"), value=not ready, key="run-simulate", help=t("start.simulate_help"))
    if simulate:
        st.warning(t("start.simulated") + ("" if ready else f"  \n{t('start.no_keys')}"), icon=":material/science:")
    speaks = bench.rehearsable()
    offered = [name for name in listed if not simulate or name in speaks]
    usual = bench.settings.default("translator" if form.asks == "translate" else "provider")
    usual = usual or ("tencent" if form.asks == "translate" else None)
    first = next((name for name in (usual, *ready, "yi-34b") if name in offered), offered[0])
    none = [""] if form.optional else []
    labels = {"": t("start.no_provider"), **{name: _named(listed[name], simulate=simulate) for name in offered}}
    chosen = st.selectbox(
        t("start.provider"),
        [*none, *offered],
        index=0 if form.optional else offered.index(first),
        key=f"run-provider-{form.asks}-{simulate}",
        format_func=labels.__getitem__,
    )
    return {"provider": chosen or None, "simulate": simulate}


def _named(one: Any, *, simulate: bool) -> str:
    """A provider with its model and whether its key is there."""
    key = "key_set" if one.key and one.needs_key else "key_none" if not one.needs_key else "key_missing"
    shown = [one.name, one.model if one.model != one.name else "", "" if simulate else t(f"start.{key}")]
    return " · ".join(part for part in shown if part)


def _field(bench: Workbench, stage: str, blank: Any) -> Any:
    """One option as the widget that fits it."""
    name, about = _label(blank)
    key = f"opt-{stage}-{blank.name}"
    if blank.name == "where":
        st.session_state.setdefault(key, state.got("where"))
        return (
            st.text_input(name, key=key, help=about, max_chars=20_000, on_change=_note_where, args=(key,)).strip()
            or None
        )
    if blank.kind == "flag":
        return st.checkbox(name, key=key, help=about)
    if blank.kind in ("whole", "number"):
        whole = blank.kind == "whole"
        low, step = (0, 1) if whole else (0.0, None)
        most = 1_000_000_000 if whole else 1e9
        return st.number_input(
            name,
            value=blank.default,
            min_value=low,
            max_value=most,
            step=step,
            key=key,
            help=about,
            placeholder=t("start.unbounded"),
        )
    if blank.kind == "many":
        choices = list(blank.choices)
        if blank.name in PROVIDERS:
            choices = [one.name for one in bench.providers() if one.kind == "chat" or blank.name == "fallback"]
        return tuple(st.multiselect(name, choices, key=key, help=about))
    if blank.choices:
        offered = list(dict.fromkeys([blank.default, *blank.choices]))
        return st.selectbox(name, offered, key=key, help=about, format_func=lambda one: one or "–")
    return st.text_input(name, value=blank.default or "", key=key, help=about, max_chars=2_000).strip() or blank.default


def _note_where(key: str) -> None:
    state.go(where=st.session_state[key].strip())


def _label(blank: Any) -> tuple[str, str]:
    """What an option is called and what it does."""
    named = word("option", blank.name) if known("option", blank.name) else blank.name.replace("_", " ")
    name, _, about = named.partition("|")
    flag = f"--{blank.name.replace('_', '-')}"
    if not about and language() != "zh":
        about = blank.help
    return name, f"{panes.label(about, 300)}{'  ' if about else ''}`{flag}`"


# ── before it starts ──────────────────────────────────────────────────────────────────────────────────────────────────


def _bar(bench: Workbench, wish: Wish, given: Mapping[str, Any]) -> None:
    """Estimate, then start; an estimate is of these options and no others."""
    paths = [str(given[one]) for one in NAMES_FILES & given.keys() if set("/\\") & set(str(given[one] or ""))]
    for path in paths:
        st.error(panes.label(t("start.no_path", value=path), 200))
    kept = st.session_state.get("estimate")
    estimate = kept[1] if kept is not None and kept[0] == wish else None
    place = st.container(key="estimate-place")  # always there, so that nothing below changes its place
    if st.session_state.get("estimating") == wish and not paths:
        st.session_state.pop("estimating")
        with place, st.spinner(t("start.estimating", stage=word("stage", wish.stage))):
            try:
                asked = replace(wish.run, dry_run=True)  # needs no key
                estimate = bench.forecast(wish.stage, wish.dataset, options=dict(wish.options), run=asked)
                st.session_state["estimate"] = (wish, estimate)
            except AugmentError as error:
                st.error(
                    panes.label(error.message, 400) + (f"  \n{panes.label(error.hint, 400)}" if error.hint else "")
                )
    if estimate is not None:
        with place, st.container(border=True, key="estimate-card"):
            st.html(_estimate(estimate, wish))
    with st.container(horizontal=True, vertical_alignment="center", key="start-bar"):
        st.button(
            t("start.estimate"),
            key="estimate-it",
            on_click=_wish_estimate,
            args=(wish,),
            disabled=bool(paths),
        )
        st.button(
            t("start.go"),
            key="start-it",
            type="primary",
            icon=":material/play_arrow:",
            on_click=_start,
            args=(bench, wish),
            disabled=estimate is None,
        )
        st.button(t("start.cancel"), key="cancel-it", type="tertiary", on_click=state.show, args=("runs",))
        if estimate is None:
            st.caption(t("start.estimate_first"), width="content")
    try:
        widgets.command(*bench.words(wish.stage, wish.dataset, options=dict(wish.options), run=wish.run))
    except AugmentError as error:
        st.error(panes.label(error.message, 400))


def _wish_estimate(wish: Wish) -> None:
    st.session_state.pop("notice", None)
    st.session_state["estimating"] = wish


def _start(bench: Workbench, wish: Wish) -> None:
    st.session_state.pop("notice", None)
    with told(), st.spinner(t("start.starting")):
        begun = bench.start(wish.stage, wish.dataset, options=dict(wish.options), run=wish.run)
        st.session_state.pop("estimate", None)
        runs_live.open_run(begun.id)


def _estimate(found: Any, wish: Wish) -> str:
    """What the run would ask and cost."""
    skipped = parts.listed(f"{parts.why(reason)} {count:,}" for reason, count in found.skipped.items())
    rows = t("start.rows_in", rows=f"{found.rows_in:,}") + (
        parts.aside(f"{t('start.skips')} {skipped}") if skipped else ""
    )
    lines = [rows]
    if found.provider is None:
        return _told([*lines, t("start.free")])
    if not found.likely_asks and not found.asks:
        lines.append(t("start.nothing"))
    else:
        lines.append(
            t("start.asks", likely=f"{found.likely_asks:,}", most=f"{found.at_most_asks:,}")
            + " · "
            + t("start.requests", count=f"{found.requests:,}")
        )
    if found.from_ledger:
        lines.append(t("start.ledger", count=f"{found.from_ledger:,}"))
    if found.input_tokens is not None:
        lines.append(t("start.tokens", input=f"{found.input_tokens:,}", output=f"{found.output_tokens or 0:,}"))
    if found.seconds_at_limit is not None:
        lines.append(
            t("start.time", time=parts.duration(found.seconds_at_limit), limit=parts.paces(found.limited_by or ""))
        )
    else:
        lines.append(t("start.time_unknown"))
    return _told([*lines, _cost(found, simulate=wish.run.simulate), t("start.nothing_asked")])


def _cost(found: Any, *, simulate: bool) -> str:
    if simulate:
        return t("runs.cost_rehearsed")
    if found.cost_cny is None:
        return t("start.cost_unknown")
    said = t("start.cost", cost=parts.yuan(found.cost_cny))
    if found.asks and found.cost_low_cny is not None and found.cost_high_cny is not None:
        said += " · " + t(
            "start.cost_between", low=parts.yuan(found.cost_low_cny), high=parts.yuan(found.cost_high_cny)
        )
    elif found.asks:
        said += " · " + t("start.cost_unsure")
    return said


def _told(lines: list[str]) -> str:
    return "".join(f'<p class="told">{panes.shown(line)}</p>' for line in lines)


def begin(stage: str) -> None:
    """Opens the form."""
    st.session_state.pop("notice", None)
    state.go(view="runs", stage=stage, run=None)
