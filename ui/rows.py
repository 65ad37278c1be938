"""A row as HTML: what it was made from beside it, what was checked, judged and decided under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ui import panes
from ui.state import Clash, Row
from ui.words import known, moment, t, word

SIGNS = {"accept": ("ok", "✓"), "reject": ("no", "✗"), "edit": ("hint", "✎"), "none": ("quiet", "○")}


def panes_of(row: Row, parent: Row | None) -> str:
    """The row beside what it was made from, or the question beside what was made for it."""
    name = f"{row.row_id[:8]} · {row.source_id or ''}".rstrip(" ·")
    if parent is not None:
        pairs = [panes.difference(getattr(parent, f) or "", getattr(row, f) or "") for f in ("problem", "question")]
        choices = _paired(parent.options or [], row.options or [])
        sides = [
            (f"{t('review.before')} · {parent.row_id[:8]} · {parent.source_id or ''}".rstrip(" ·"), 0, parent.answer),
            (f"{t('review.after')} · {_rewriter(row)} · {row.row_id[:8]}", 1, row.answer),
        ]
        html = "".join(
            panes.pane(
                title,
                "".join(panes.paragraph(pair[side]) for pair in pairs)
                + panes.options([choice[side] for choice in choices if choice[side] is not None], answer),
            )
            for title, side, answer in sides
        )
    else:
        text = "".join(panes.paragraph(panes.shown(part)) for part in (row.system, row.problem, row.question) if part)
        asked = text + panes.options([panes.shown(option) for option in row.options or []], row.answer)
        made = " · ".join(part for part in (t("review.made"), *_maker(row)) if part)
        html = panes.pane(f"{t('review.question')} · {name}", asked) + panes.pane(made, _reasoning(row))
    return f'<div class="pane-row">{html}</div>'


def _paired(before: Sequence[str], after: Sequence[str]) -> list[tuple[Any, Any]]:
    both = [panes.difference(one, other) for one, other in zip(before, after, strict=False)]
    only = [(panes.difference(one, "")[0], None) for one in before[len(after) :]]
    return [*both, *only, *((None, panes.difference("", other)[1]) for other in after[len(before) :])]


def _maker(row: Row) -> tuple[str, str]:
    """The stage and the provider that touched the row last."""
    return word("stage", row.stage or ""), _plain(row.provider or "")


def _rewriter(row: Row) -> str:
    """Who rewrote the text: the tag says so (``stage:…``), for the stage may be a later one that filled columns."""
    for tag in row.tags or []:
        stage, _, settings = tag.partition(":")
        if settings and known("stage", stage):
            return f"{word('stage', stage)} · {_plain(settings)}"
    return " · ".join(part for part in _maker(row) if part)


def _plain(provider: str) -> str:
    """A provider's name, said to be simulated where it was."""
    if "sim:" not in provider:
        return provider
    return f"{provider.replace('sim:', '')}（{t('review.simulated')}）"


def _reasoning(row: Row) -> str:
    if not row.reasoning:
        answer = t("review.answer", answer=row.answer) if row.answer else ""
        return f'<p class="quiet">{panes.shown("；".join(p for p in (t("review.no_reasoning"), answer) if p))}</p>'
    return panes.paragraph(panes.shown(row.reasoning))


def beneath(row: Row, clashes: Sequence[Clash], *, with_reasoning: bool) -> str:
    """Reasoning, checks, judges and people, under the panes."""
    left = ""
    if with_reasoning:
        concluded = t("review.concludes", letters=row.concluded) if row.concluded else ""
        answer = t("review.answer", answer=row.answer) if row.answer else ""
        maker = _plain(row.provider or "") if row.stage == "reason" else ""
        title = " · ".join(part for part in (t("review.reasoning"), maker, concluded, answer) if part)
        left = panes.block(title, _reasoning(row))
    right = panes.block(t("review.checks"), _checks(row))
    if row.verdicts:
        right += panes.block(t("review.judges"), _judges(row))
    lines = [_said(dict(decision)) for decision in row.decisions or []]
    lines += [
        ("hint", "!", t("review.clash", reviewer=clash.reviewer, field=word("field", clash.field))) for clash in clashes
    ]
    if lines:
        right += panes.block(t("review.decisions"), panes.facts(lines))
    return f'<div class="under"><div>{left or right}</div><div>{right if left else ""}</div></div>'


def _checks(row: Row) -> str:
    checks = row.checks or []
    lines = [
        ("no", "✗", f"{word('check', c['name'])}{'：' if c['detail'] else ''}{c['detail'] or ''}")
        for c in checks
        if not c["ok"]
    ]
    passed = len(checks) - len(lines)
    if passed:
        lines.append(("ok", "✓", t("review.passed", count=passed)))
    return panes.facts(lines or [("quiet", "·", t("review.no_checks"))])


def _judges(row: Row) -> str:
    return panes.table(
        [(t("review.judges"), False), ("", True)],
        [[verdict["judge"], f"{verdict['total']:g} / {verdict['maximum']:g}"] for verdict in row.verdicts or []],
    )


def _said(decision: Mapping[str, Any]) -> tuple[str, str, str]:
    colour, sign = SIGNS.get(decision["decision"], ("quiet", "·"))
    reason = word("reason", decision["reason"]) if decision["reason"] else ""
    parts = [decision["reviewer"], word("decision", decision["decision"]), reason, decision["note"] or ""]
    return colour, sign, " · ".join([*(part for part in parts if part), moment(decision["at"].timestamp())])
