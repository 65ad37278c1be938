"""The part of the review page that changes with every row: drawn alone after each key, and as little as can be."""

from __future__ import annotations

import hashlib
from typing import Any

import streamlit as st

from ui import panes, review_bar, review_edit, rows, state, widgets, words
from ui.state import At, Browser, Filter, Row, Spot, Workbench
from ui.words import moment, remedy, t, word

ASKS = 8  # of a row that are shown; `augment attempts` lists the rest
TO_TOP = (  # whatever scrolls around the row
    "{let e=document.querySelector('.reading');while(e&&e.scrollTop===0)e=e.parentElement;e?.scrollTo(0,0)}"
)


@st.fragment
def draw(bench: Workbench, title: Any) -> None:
    """Draws counts into ``title``, then the row in the address or the next one to decide, and the bar."""
    words.settle()
    if st.session_state.pop("redraw", False):
        st.rerun()
    shown = state.browser(bench)
    counts = shown.counts()
    undecided = counts[state.UNDECIDED]
    _head(shown, title, sum(counts.values()), undecided, counts["reject"])
    widgets.notice()
    row = widgets.found(state.current_row, shown, state.reviewer(bench))
    if row is None:
        _empty(bool(state.wanted()), gone=bool(state.got("row")))
        return
    if not undecided:
        _done(bench, shown, sum(counts.values()))
    at = At(shown.name, shown.version, row.row_id)
    parent = shown.parent(row)
    if st.session_state.get("editing") == row.row_id:
        review_edit.draw(bench, at, row, parent)
        return
    sort, down = state.order()
    spot = shown.spot(state.wanted(), row.row_id, sort=sort, descending=down)
    st.html(_body(bench, shown, row, parent, spot))
    _scroll_up(row.row_id)
    _command(bench, shown, row)
    review_bar.draw(bench, at, row, spot)


def _head(shown: Browser, title: Any, total: int, undecided: int, rejected: int) -> None:
    asked = state.wanted()
    here = shown.count(asked.undecided()) if asked and asked.decision in ("", state.UNDECIDED) else None
    left = state.minutes_left(undecided if here is None else here)
    details = [
        ("strong", t("review.progress", decided=f"{total - undecided:,}", total=f"{total:,}")),
        ("", t("review.rejected", count=f"{rejected:,}")),
        ("", t("review.here", count=f"{here:,}") if here is not None else ""),
        ("", t("review.pace", time=state.minutes(left)) if left else ""),
    ]
    spans = "".join(f'<span class="{kind}">{panes.shown(text)}</span>' for kind, text in details if text)
    title.html(f'<div class="head"><h1>{panes.shown(t("review.title"))}</h1>{spans}</div>')
    widgets.waiting_count(undecided)


def _body(bench: Workbench, shown: Browser, row: Row, parent: Row | None, spot: Spot) -> str:
    who = state.reviewer(bench)
    hidden = _blind(shown, row, who)
    clashes = () if hidden else shown.clashes(row.row_id)
    folds = panes.fold(*_attempts(bench, row)) + panes.fold(t("review.origin"), _origin(row))
    record = _record(bench, shown.name, row, only=who if hidden else "")
    folds += panes.fold(t("review.record"), record) if record else ""
    top = _standing(row, parent, spot, hidden=hidden) + rows.dispute(row)
    return f'<div class="reading">{top}{rows.panes_of(row, parent)}{rows.beneath(row, parent, clashes, folds)}</div>'


def _blind(shown: Browser, row: Row, who: str) -> bool:
    """Whether two people read the row, this reviewer is one of them, and has not decided yet."""
    owners = shown.owners()
    if who not in owners.names or any(one["reviewer"] == who for one in row.decisions or []):
        return False
    return owners.blind(shown.spot(Filter(), row.row_id).index, who)


def _standing(row: Row, parent: Row | None, spot: Spot, *, hidden: bool) -> str:
    colour, sign = rows.SIGNS.get(row.decision or "none", ("quiet", "·"))
    about = "≤ " if spot.about else ""
    place = t("review.position", index=f"{spot.index + 1:,}", total=f"{about}{spot.total:,}")
    parts = [("", place)] if spot.inside else []
    parts.append((colour, f"{sign} {word('decision', row.decision or 'none')}"))
    failed = [word("check", check["name"]) for check in row.checks or [] if not check["ok"]]
    if failed:
        parts.append(("no", f"✗ {'、'.join(failed)}"))
    if row.reasoning:
        right = rows.concludes_right(row)
        parts.append(
            ("ok" if right else "no", f"{'✓' if right else '✗'} {t('review.concludes', letters=row.concluded or '–')}")
        )
    if row.score is not None:
        parts.append(("", t("review.scored", score=f"{row.score:.2f}")))
    if hidden:
        parts.append(("hint", f"! {t('review.blind')}"))
    if row.parent_id and parent is None:
        parts.append(("hint", f"! {t('review.parent_gone')}"))
    return panes.line(parts)


def _attempts(bench: Workbench, row: Row) -> tuple[str, str]:
    """Every ask made for the row, and for its parent by the stage that made it."""
    asks = bench.attempts(row.row_id)
    if row.parent_id:
        asks += [ask for ask in bench.attempts(row.parent_id) if ask["stage"] == row.stage]
    lines = []
    for ask in asks[-ASKS:]:
        spent = [f"{ask[name]:,}" if ask[name] is not None else "?" for name in ("input_tokens", "output_tokens")]
        parts = [
            word("stage", ask["stage"]),
            rows.plain_provider(ask["provider"]),
            t("review.attempt", number=ask["attempt"] + 1),
            moment(ask["sent_at"]),
            t("review.tokens", come=spent[0], gone=spent[1]),
            state.money(ask["cost_cny"]),
        ]
        reply = ask["reply"]
        if reply is None:
            kind = ask["refused"]
            reply = t("review.refused", kind=kind) if kind else t("review.unanswered")
            for fault in ask["faults"][-1:]:
                reply += f"\n{remedy(fault['kind'], fault['code'])}"
        lines.append(panes.block(" · ".join(parts), panes.paragraph(panes.shown(reply))))
    if not asks:
        lines.append(f'<p class="quiet">{panes.shown(t("review.no_attempts"))}</p>')
    if len(asks) > ASKS:
        more = state.command("attempts", "--row", row.row_id)
        lines.append(f'<p class="command"><code>{panes.shown(more)}</code></p>')
    return t("review.attempts", count=len(asks)), "".join(lines)


def _origin(row: Row) -> str:
    made = row.created_at.timestamp() if row.created_at is not None else None
    facts = {
        "row_id": row.row_id,
        "source_id": row.source_id,
        "parent_id": row.parent_id,
        "root_id": row.root_id,
        "split": row.split,
        "tags": "、".join(row.tags or []),
        "stage": word("stage", row.stage or ""),
        "provider": rows.plain_provider(row.provider or ""),
        "model": row.model,
        "prompt_id": row.prompt_id,
        "run_id": row.run_id,
        "attempts": row.attempts,
        "score": None if row.score is None else f"{row.score:.2f}",
        "created_at": None if made is None else moment(made),
    }
    cells = [[word("field", name), value] for name, value in facts.items() if value not in (None, "")]
    return panes.table([(t("review.what"), False), (t("review.value"), False)], cells)


def _record(bench: Workbench, dataset: str, row: Row, *, only: str) -> str:
    """Everything people did to the row, oldest first. only: of that reviewer, where others' are not to be seen."""
    events = [one for one in bench.decisions(dataset, row.row_id) if not only or one.reviewer == only]
    lines = []
    for event in events:
        colour, sign = rows.SIGNS.get(event.action, ("quiet", "↶"))
        about = word("field", event.field) if event.field else word("reason", event.reason) if event.reason else ""
        parts = [event.reviewer, word("decision", event.action), about, event.note or "", moment(event.at)]
        lines.append((colour, sign, " · ".join(part for part in parts if part)))
    return panes.facts(lines) if lines else ""


def _scroll_up(row_id: str) -> None:
    """The next row begins at its beginning. The script is ours alone; the digest has it run once a row."""
    mark = hashlib.sha256(row_id.encode("utf-8", "replace")).hexdigest()[:12]
    with st.container(key="to-top"):
        st.html(f"<script>{TO_TOP} //{mark}</script>", unsafe_allow_javascript=True)


def _command(bench: Workbench, shown: Browser, row: Row) -> None:
    who = state.reviewer(bench)
    act = "reject" if st.session_state.get("asking") == row.row_id else "accept"
    typed = ["review", act, f"{shown.name}@v{shown.version}", "--row", row.row_id, "--reviewer", who]
    if act == "reject" and (reason := st.session_state.get("reason")):
        typed += ["--reason", reason]
    widgets.command(*typed)


def _empty(filtered: bool, *, gone: bool) -> None:
    if gone:
        widgets.calm(t("empty.gone", row=state.got("row")[:12]), t("empty.gone_next"))
        st.button(t("empty.first"), key="first", type="primary", on_click=state.go, kwargs={"row": None})
    elif filtered:
        widgets.calm(t("empty.no_row"), t("empty.no_row_next"))
        st.button(t("empty.clear"), key="clear", type="primary", on_click=state.drop_all)
    else:
        widgets.calm(t("empty.no_rows"), t("empty.no_rows_next"))


def _done(bench: Workbench, shown: Browser, total: int) -> None:
    waiting = shown.waiting()
    said = t("empty.done_next", decided=f"{total:,}") if waiting else t("empty.done_sealed", decided=f"{total:,}")
    with st.container(border=True, key="done"):
        widgets.card(t("empty.done"), said)
        if waiting:
            widgets.seal_button(bench, shown.name, waiting, "seal")
