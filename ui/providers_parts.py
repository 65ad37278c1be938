"""One provider: what it is, whether its key is there, what it costs, and one tiny call to see whether it works."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import streamlit as st

from augment.errors import AugmentError, KeyMissing
from augment.workbench import Workbench
from ui import panes
from ui import runs_parts as parts
from ui.deciding import told
from ui.words import t

PACES = ("rps", "rpm", "tpm", "rpd", "in_flight")
VARIABLE = re.compile(r"\b[A-Z][A-Z0-9_]{3,}(?==)")


def state_of(one: Any) -> str:
    """Which group a provider belongs to."""
    if one.retired_on and one.retired_on <= _today():
        return "off"
    if not one.needs_key:
        return "open"
    return "ready" if one.key else "missing"


def render(bench: Workbench, one: Any, *, rehearsable: bool) -> None:
    """Draws a provider with the button that tries it."""
    with st.container(horizontal=True, vertical_alignment="top", key=f"provider-{one.name}"):
        with st.container(key=f"about-{one.name}"):
            st.html(_about(bench, one))
            _result(one.name)
        has_key = one.key or not one.needs_key
        if has_key or rehearsable:
            st.button(
                t("providers.check" if has_key else "providers.check_simulated"),
                key=f"check-{one.name}",
                on_click=_check,
                args=(bench, one.name, not has_key),
                help=t("providers.check_help") if has_key else t("start.simulate_help"),
            )


def _about(bench: Workbench, one: Any) -> str:
    model = one.model or t("providers.model_own" if one.asks_for == "your service" else "providers.model_server")
    key = "key_none" if not one.needs_key else "key_set" if one.key else "key_missing"
    colour, sign = {"key_set": ("ok", "✓"), "key_none": ("quiet", "·"), "key_missing": ("quiet", "○")}[key]
    under = [t(f"providers.{one.kind}"), _limits(one.limits), _price(one.price)]
    said = ""
    if one.retired_on:
        off = one.retired_on <= _today()
        said += _line(t("providers.retired" if off else "providers.ends", on=one.retired_on), "hint", "! ")
        said += _line(t("providers.instead", text=one.instead), "quiet") if one.instead else ""
    if key == "key_missing" and (variables := _wanted(bench, one)):
        said += _line(t("providers.set", variables=variables), "quiet")
    name = one.name if model == one.name else f"{one.name} · {model}"
    return (
        f'<div class="run"><p class="name">{panes.shown(name)}</p>'
        f'<p class="end"><span class="state {colour}">{sign} {panes.shown(t(f"providers.{key}"))}</span></p>'
        f'<p class="under">{panes.shown(" · ".join(under))}</p></div>{said}'
    )


def _line(text: str, colour: str, sign: str = "") -> str:
    return f'<p class="told {colour}">{sign}{panes.shown(text)}</p>'


def _limits(limits: Any) -> str:
    known = [t(f"providers.{pace}", n=f"{value:,g}") for pace in PACES if (value := getattr(limits, pace))]
    return t("providers.limits", limits=parts.listed(known)) if known else t("providers.limits_none")


def _price(price: Any) -> str:
    if price.characters_1m is not None:
        said = t("providers.price_characters", n=f"{price.characters_1m:g}")
    elif price.input_1k is not None and price.output_1k is not None:
        said = t("providers.price_tokens", input=f"{price.input_1k:g}", output=f"{price.output_1k:g}")
    else:
        return t("providers.price_unknown")
    read = t("providers.price_on", on=price.on, source=price.source)
    return f"{said}{parts.aside(read)}" if price.on else said


def _wanted(bench: Workbench, one: Any) -> str:
    """The variables that lack, of the set that was begun or is the usual one."""
    try:
        bench.catalog.keyed(bench.catalog.provider(one.name))
    except KeyMissing as error:
        return parts.listed(VARIABLE.findall(error.hint) or one.variables)
    except AugmentError:
        return ""
    return ""


def _check(bench: Workbench, name: str, simulate: bool) -> None:
    st.session_state.pop("notice", None)
    with told(), st.spinner(t("providers.checking", name=name)):
        st.session_state.setdefault("checked", {})[name] = bench.check(name, simulate=simulate)


def _result(name: str) -> None:
    """What the last call to it found."""
    called = st.session_state.get("checked", {}).get(name)
    if called is None:
        return
    answer = called.answer
    if answer is None:
        trouble = called.trouble
        said = f"{parts.why(trouble.kind)} {trouble.code}".strip() if trouble.kind else ""
        st.html(
            f'<p class="told"><b class="no">✗ {panes.shown(t("providers.fails"))}</b> '
            f"{panes.shown((parts.named(said) if said else '') + trouble.message)}</p>"
            + (f'<p class="told quiet">{panes.shown(trouble.hint)}</p>' if trouble.hint else "")
        )
        return
    cost = t("runs.cost_rehearsed")
    if not called.simulated:
        known = answer.cost_cny is not None
        cost = t("providers.cost", cost=f"¥{answer.cost_cny:.6f}") if known else t("providers.cost_unknown")
    works = t("providers.works", seconds=f"{answer.seconds or 0:.2f}", cost=cost)
    if answer.found == "speechless":
        works = t("providers.speechless")
    by = t("providers.works_by", model=answer.answered_by) if answer.answered_by else ""
    st.html(f'<p class="told"><b class="ok">✓ {panes.shown(works)}</b> {panes.shown(by)}</p>')


def _today() -> str:
    return dt.datetime.now(dt.UTC).date().isoformat()
