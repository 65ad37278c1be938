"""A row as HTML: what it was made from beside it, and under it what was concluded, checked, judged and decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ui import panes
from ui.review_math import with_math
from ui.review_text import worked
from ui.state import Clash, Row
from ui.words import known, moment, t, word

SIGNS = {
    "accept": ("ok", "✓"),
    "reject": ("no", "✗"),
    "edit": ("hint", "✎"),
    "note": ("quiet", "✐"),
    "none": ("quiet", "○"),
}


def panes_of(row: Row, parent: Row | None) -> str:
    """The row beside what it was made from, or the question beside what was made for it."""
    name = f"{row.row_id[:8]} · {row.source_id or ''}".rstrip(" ·")
    if parent is not None:
        pairs = [_pair(getattr(parent, field), getattr(row, field)) for field in ("problem", "question")]
        choices = _paired(parent.options or [], row.options or [])
        sides = [
            (f"{t('review.before')} · {parent.row_id[:8]} · {parent.source_id or ''}".rstrip(" ·"), 0, parent.answer),
            (f"{t('review.after')} · {_rewriter(row)} · {row.row_id[:8]}", 1, row.answer),
        ]
        html = "".join(
            panes.pane(
                title,
                "".join(panes.paragraph(pair[side]) for pair in pairs)
                + _answered([choice[side] for choice in choices if choice[side] is not None], answer),
            )
            for title, side, answer in sides
        )
    else:
        made = " · ".join(part for part in (t("review.made"), *_maker(row)) if part)
        html = panes.pane(f"{t('review.question')} · {name}", asked_of(row))
        html += panes.pane(made, _reasoning(row), _conclusion(row))
    return f'<div class="pane-row">{html}</div>'


def asked_of(row: Row) -> str:
    """Stem, question and options as HTML, the right ones marked."""
    text = "".join(panes.paragraph(with_math(part)) for part in (row.system, row.problem, row.question) if part)
    return text + _answered([with_math(option) for option in row.options or []], row.answer)


def _answered(options: Sequence[str], answer: str | None) -> str:
    if options or not answer:
        return panes.options(options, answer)
    return panes.paragraph(f'<span class="gold">✓</span> {with_math(answer)}')


def _pair(before: str | None, after: str | None) -> tuple[str, str]:
    """Both texts as HTML with what differs marked; equal ones are read as they are meant."""
    if before and before == after:
        made = with_math(before)
        return made, made
    return panes.difference(before or "", after or "")


def _paired(before: Sequence[str], after: Sequence[str]) -> list[tuple[Any, Any]]:
    both = [_pair(one, other) for one, other in zip(before, after, strict=False)]
    only = [(panes.difference(one, "")[0], None) for one in before[len(after) :]]
    return [*both, *only, *((None, panes.difference("", other)[1]) for other in after[len(before) :])]


def _maker(row: Row) -> tuple[str, str]:
    """The stage and the provider that touched the row last."""
    return word("stage", row.stage or ""), plain_provider(row.provider or "")


def _rewriter(row: Row) -> str:
    """Who rewrote the text: the tag says so (``stage:…``), for the stage may be a later one that filled columns."""
    for tag in row.tags or []:
        stage, _, settings = tag.partition(":")
        if settings and known("stage", stage):
            return f"{word('stage', stage)} · {plain_provider(settings)}"
    return " · ".join(part for part in _maker(row) if part)


def plain_provider(provider: str) -> str:
    """A provider's name, said to be simulated where it was."""
    if "sim:" not in provider:
        return provider
    return f"{provider.replace('sim:', '')}（{t('review.simulated')}）"


def _reasoning(row: Row) -> str:
    if not row.reasoning:
        return f'<p class="quiet">{panes.shown(t("review.no_reasoning"))}</p>'
    return worked(row.reasoning)


def _conclusion(row: Row) -> str:
    """What the reasoning concludes, beside the answer, with a sign for whether it is what it should be."""
    if not row.reasoning:
        return ""
    said = row.concluded or t("review.concludes_nothing")
    colour, sign = ("ok", "✓") if concludes_right(row) else ("no", "✗")
    parts = [f"{sign} {t('review.concludes', letters=said)}", t("review.answer", answer=row.answer or "–")]
    if row.label == "wrong":
        parts.append(t("review.meant_wrong"))
    return f'<p class="concluded {colour}">{panes.shown(" · ".join(parts))}</p>'


def concludes_right(row: Row) -> bool:
    """Whether the reasoning concludes what it should: the answer, or another one where it is meant to be wrong."""
    return bool(row.concluded) and (row.concluded == row.answer) != (row.label == "wrong")


# ── under the panes ───────────────────────────────────────────────────────────────────────────────────────────────────


def beneath(row: Row, parent: Row | None, clashes: Sequence[Clash], folds: str) -> str:
    """Reasoning where the panes have no room for it, checks, judges, people, and what is folded away; folds: HTML."""
    left = ""
    if parent is not None:
        maker = plain_provider(row.provider or "") if row.stage == "reason" else ""
        title = " · ".join(part for part in (t("review.reasoning"), maker) if part)
        left = panes.block(title, _reasoning(row) + _conclusion(row))
    right = panes.block(t("review.checks"), checks_of(row))
    judges = panes.block(t("review.judges"), _judges(row)) if row.verdicts else ""
    people = _people(row, clashes)
    if not left:
        left, judges = right + judges, ""
        right = ""
    return f'<div class="under"><div>{left}</div><div>{right}{judges}{people}{folds}</div></div>'


def checks_of(row: Row, before: Row | None = None) -> str:
    """Every check with a sign, those that failed first, with what they found. before: to say what changed since."""
    checks = sorted(row.checks or [], key=lambda check: bool(check["ok"]))
    if not checks:
        return panes.facts([("quiet", "·", t("review.no_checks"))])
    were = {check["name"]: check["ok"] for check in (before.checks if before is not None else None) or []}
    failed: list[tuple[str, str, str]] = []
    passed: list[tuple[str, str, str]] = []
    for check in checks:
        name, ok = check["name"], check["ok"]
        turned = f"（{t('edit.was', sign='✓' if were[name] else '✗')}）" if name in were and were[name] != ok else ""
        found = f"：{check['detail']}" if check["detail"] and not ok else ""
        text = f"{word('check', name)}{found}{turned}"
        if ok:
            passed.append(("ok", "✓", text))
        else:
            failed.append(("no", "✗", text))
    return panes.facts(failed) + panes.marks(passed)


def _judges(row: Row) -> str:
    lines = []
    for verdict in row.verdicts or []:
        total = f"{verdict['total']:g} / {verdict['maximum']:g}"
        criteria = [
            [c["name"], f"{c['score']:g} / {c['maximum']:g}", c["reason"] or ""] for c in verdict["criteria"] or []
        ]
        heads = [(t("review.criterion"), False), (t("review.points"), True), (t("review.because"), False)]
        inner = panes.table(heads, criteria) if criteria else panes.paragraph(panes.shown(t("review.no_criteria")))
        rubric = str(verdict["rubric"] or "").partition("@")[0]
        judge = " · ".join(part for part in (plain_provider(verdict["judge"]), rubric) if part)
        lines.append(panes.fold(judge, inner, total))
    return "".join(lines)


def _people(row: Row, clashes: Sequence[Clash]) -> str:
    lines = [said(dict(decision)) for decision in row.decisions or []]
    lines += [
        ("hint", "!", t("review.clash", reviewer=clash.reviewer, field=word("field", clash.field))) for clash in clashes
    ]
    return panes.block(t("review.decisions"), panes.facts(lines)) if lines else ""


def said(decision: Mapping[str, Any]) -> tuple[str, str, str]:
    """A decision as a line: who, what, why, when."""
    colour, sign = SIGNS.get(decision["decision"], ("quiet", "·"))
    reason = word("reason", decision["reason"]) if decision["reason"] else ""
    parts = [decision["reviewer"], word("decision", decision["decision"]), reason, decision["note"] or ""]
    return colour, sign, " · ".join([*(part for part in parts if part), moment(decision["at"].timestamp())])


def dispute(row: Row) -> str:
    """The last word of each reviewer side by side, where they do not agree; else nothing."""
    last = {decision["reviewer"]: decision for decision in row.decisions or []}
    if len({one["decision"] == "reject" for one in last.values()}) < 2:
        return ""
    cards = []
    for one in last.values():
        colour, sign = SIGNS.get(one["decision"], ("quiet", "·"))
        reason = word("reason", one["reason"]) if one["reason"] else ""
        why = " · ".join(part for part in (reason, one["note"] or "") if part)
        cards.append(
            f"<div><strong>{panes.shown(one['reviewer'])}</strong>"
            f'<span class="{colour}">{sign} {panes.shown(word("decision", one["decision"]))}</span>'
            f"<span>{panes.shown(why)}</span>"
            f'<span class="quiet">{panes.shown(moment(one["at"].timestamp()))}</span></div>'
        )
    return f'<div class="dispute"><p>{panes.shown(t("review.dispute"))}</p>{"".join(cards)}</div>'
