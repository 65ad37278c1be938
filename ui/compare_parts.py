"""The parts of the compare page: which two, how much differs, which rows, and one of them side by side."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from augment.errors import AugmentError
from augment.workbench import Reference, Workbench
from ui import panes, plots, quality_parts, state
from ui.words import t, word

Side = tuple[str, int]
PAGE = 10
KINDS = ("changed", "added", "removed")
SIGNS = {"changed": ("hint", "✎"), "added": ("ok", "+"), "removed": ("no", "−")}
KEY: dict[str | type[Any], Callable[[Any], Any]] = {Workbench: lambda bench: str(bench.settings.workspace)}
TEXTS = ("problem", "question", "reasoning")


def sides(bench: Workbench) -> tuple[Side, Side]:
    """The two in the address; without them the version shown and what it was made from."""
    name, version = str(state.dataset(bench)), state.version(bench)
    earlier = bench.versions(name)[version].lineage.get("parent_version")
    old = _side(bench, state.got("a")) or (name, earlier if isinstance(earlier, int) else max(0, version - 1))
    new = _side(bench, state.got("b")) or (name, version)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        old = _chooser(bench, "a", t("compare.before"), old)
        new = _chooser(bench, "b", t("compare.after"), new)
        st.button(t("compare.swap"), key="swap", on_click=state.go, kwargs={"a": _text(new), "b": _text(old)})
    return old, new


def _side(bench: Workbench, text: str) -> Side | None:
    """A side written ``DS@vN``; None where there is no such version."""
    try:
        reference = bench.resolve(text) if text else None
        return None if reference is None else (reference.name, bench.at(reference))
    except AugmentError:
        return None


def _text(side: Side) -> str:
    return f"{side[0]}@v{side[1]}"


def _chooser(bench: Workbench, key: str, label: str, chosen: Side) -> Side:
    names = [one["dataset"] for one in bench.datasets()]
    st.session_state[f"ds-{key}"], st.session_state[f"v-{key}"] = chosen
    if len(names) > 1:
        st.selectbox(
            label, names, key=f"ds-{key}", on_change=_choose, args=(bench, key, True), label_visibility="visible"
        )
    last = bench.at(Reference(chosen[0], None))
    stages = {one.number: word("stage", str(one.lineage.get("stage", ""))) for one in bench.versions(chosen[0])}
    st.selectbox(
        label if len(names) == 1 else t("app.version"),
        range(last, -1, -1),
        key=f"v-{key}",
        format_func={number: f"v{number} · {stages.get(number, '')}" for number in range(last + 1)}.__getitem__,
        on_change=_choose,
        args=(bench, key, False),
    )
    return chosen


def _choose(bench: Workbench, key: str, another: bool) -> None:
    """A side was chosen: another dataset is shown at its newest version."""
    name = st.session_state.get(f"ds-{key}") or str(state.dataset(bench))
    number = bench.at(Reference(name, None)) if another else st.session_state[f"v-{key}"]
    state.go(**{key: _text((name, number))}, row=None, page=None)


@st.cache_data(show_spinner=False, max_entries=16, hash_funcs=KEY)
def _differences(bench: Workbench, old: Side, new: Side, made_at: tuple[float, float]) -> Any:  # noqa: ARG001
    """Versions never change; when they were made tells them from those of a dataset that had the name before."""
    return bench.compare(old[0], old[1], new[1], other=new[0])


def differences(bench: Workbench, old: Side, new: Side) -> Any:
    """What differs, computed once."""
    made = (bench.versions(old[0])[old[1]].at, bench.versions(new[0])[new[1]].at)
    with st.spinner(t("compare.comparing", old=_text(old), new=_text(new))):
        return _differences(bench, old, new, made)


def counts(found: Any, bench: Workbench, old: Side, new: Side) -> None:
    """How many rows came, went and changed, and in which columns."""
    before, after = (bench.versions(side[0])[side[1]].rows for side in (old, new))
    parts = [("", t("compare.rows", before=f"{before:,}", after=f"{after:,}"))]
    parts += [
        (SIGNS[kind][0], f"{SIGNS[kind][1]} {t(f'compare.{kind}', count=f'{found.counts[kind]:,}')}") for kind in KINDS
    ]
    st.html(panes.line(parts))
    if not found.total:
        st.html(panes.facts([("ok", "✓", t("compare.equal"))]))
    if found.columns:
        plots.titled(t("compare.columns"))
        plots.bars(
            ({"what": word("field", column), "rows": rows} for column, rows in found.columns.items()),
            name="what",
            value="rows",
            title=t("quality.rows"),
        )


def scores(bench: Workbench, old: Side, new: Side) -> None:
    """Whether the scores moved."""
    series = {
        _text(side): (one.score.edges, one.score.counts)
        for side in (old, new)
        if (one := quality_parts.figures(bench, *side)).score is not None
    }
    if series:
        plots.titled(t("compare.scores"))
        plots.spread(series, title=t("compare.score"), rows_title=t("quality.share_rows"), whole=False)


def rows(bench: Workbench, found: Any, old: Side, new: Side) -> None:
    """The rows that differ, by kind and column, a page at a time; one of them opened."""
    kinds = [kind for kind in KINDS if found.counts[kind]]
    kind = state.got("change") if state.got("change") in kinds else kinds[0]
    st.session_state["change"] = kind
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            t("compare.kind"),
            kinds,
            key="change",
            format_func={one: t(f"compare.{one}", count=f"{found.counts[one]:,}") for one in kinds}.__getitem__,
            on_change=_filter,
            args=("change",),
            required=True,
        )
        column = state.got("column") if state.got("column") in found.columns else ""
        if kind == "changed" and len(found.columns) > 1:
            st.session_state["column"] = column
            offered = ["", *found.columns]
            st.selectbox(
                t("compare.column"),
                offered,
                key="column",
                format_func={one: word("field", one) if one else t("filter.any") for one in offered}.__getitem__,
                on_change=_filter,
                args=("column",),
            )
    listed = [one for one in found.listed if one.change == kind and (not column or column in one.columns)]
    if found.counts[kind] > len([one for one in found.listed if one.change == kind]):
        st.caption(t("compare.first", count=f"{len(listed):,}"))
    pages = max(1, -(-len(listed) // PAGE))
    asked = state.got("page")
    page = min(int(asked), pages) if asked.isascii() and asked.isdigit() and int(asked) else 1
    on_page = listed[(page - 1) * PAGE : page * PAGE]
    chosen = state.got("row")
    opened = next((one for one in listed if one.row_id == chosen), on_page[0] if on_page else None)
    texts = bench.browse(*(old if kind == "removed" else new)).family([one.row_id for one in on_page])
    with st.container(key="rows-compare"):
        for one in on_page:
            row = texts[one.row_id]
            names = "、".join(word("field", name) for name in one.columns if name in (*TEXTS, "options", "answer"))
            begins = " ／ ".join(part for part in (row.question, row.problem) if part)
            st.button(
                " · ".join(filter(None, (SIGNS[kind][1], panes.label(names), panes.label(begins)))),
                key=f"differs-{one.row_id}",
                type="secondary" if one is opened else "tertiary",
                width="stretch",
                on_click=state.go,
                kwargs={"row": one.row_id},
            )
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="center"):
        st.button(
            t("browse.previous"),
            key="c-back",
            disabled=page < 2,
            on_click=state.go,
            kwargs={"page": page - 1, "row": None},
        )
        st.caption(t("browse.page", page=page, pages=pages), width="content")
        st.button(
            t("browse.next"),
            key="c-on",
            disabled=page >= pages,
            on_click=state.go,
            kwargs={"page": page + 1, "row": None},
        )
    if opened is not None:
        _opened(bench, opened, old, new)


def _filter(key: str) -> None:
    state.go(**{key: st.session_state[key]}, row=None, page=None)


def _opened(bench: Workbench, one: Any, old: Side, new: Side) -> None:
    """One row as it was and as it is: texts with their difference, every other column that changed."""
    was, now = (
        None if one.change == gone else bench.browse(*side).row(one.row_id)
        for gone, side in (("added", old), ("removed", new))
    )
    left, right = _texts(was, now)
    titles = [f"{t(key)} · {_text(side)}" for key, side in (("compare.before", old), ("compare.after", new))]
    both = "".join(
        panes.pane(f"{title} · {one.row_id[:8]}", body) for title, body in zip(titles, (left, right), strict=True)
    )
    st.html(f'<div class="pane-row">{both}</div>')
    others = [column for column in one.columns if column not in (*TEXTS, "options")]
    if others:
        heads = [(t("compare.column"), False), (t("compare.before"), False), (t("compare.after"), False)]
        st.html(
            panes.table(
                heads,
                [
                    [word("field", column), _value(getattr(was, column)), _value(getattr(now, column))]
                    for column in others
                ],
            )
        )


def _texts(was: Any, now: Any) -> tuple[str, str]:
    """Both sides as HTML. A row that is on one side only is shown there as it is."""
    if was is None or now is None:
        there = panes.options([panes.shown(text) for text in (was or now).options], (was or now).answer)
        texts = "".join(panes.paragraph(panes.shown(getattr(was or now, name) or "")) for name in TEXTS[:2])
        body = texts + there + panes.paragraph(panes.shown((was or now).reasoning or ""))
        nothing = f'<p class="quiet">{panes.shown(t("compare.not_there"))}</p>'
        return (nothing, body) if was is None else (body, nothing)
    pairs = [panes.difference(getattr(was, name) or "", getattr(now, name) or "") for name in TEXTS]
    options = [panes.difference(one, other) for one, other in _paired(was.options, now.options)]
    left, right = (
        "".join(panes.paragraph(pair[side]) for pair in pairs[:2])
        + panes.options([pair[side] for pair in options], row.answer)
        + panes.paragraph(pairs[2][side])
        for side, row in ((0, was), (1, now))
    )
    return left, right


def _paired(one: list[str], other: list[str]) -> list[tuple[str, str]]:
    most = max(len(one), len(other))
    return list(zip(one + [""] * (most - len(one)), other + [""] * (most - len(other)), strict=True))


def _value(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, str | int | float):
        return str(value)[:300]
    return json.dumps(value, ensure_ascii=False, default=str)[:300] if isinstance(value, list | Mapping) else str(value)
