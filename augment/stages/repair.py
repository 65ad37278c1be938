"""Rows that a person rejected, mended by a model that is told why; each stands beside its original for review."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from augment.fidelity import check_row
from augment.prompts import Prompt, read_prompt
from augment.rows import derive, derived_id, short_hash
from augment.stages._conclusions import conclusion
from augment.stages._drafted import read_questions
from augment.stages._examples import is_whole
from augment.stages._origin import origin
from augment.stages._prompting import fields_of
from augment.stages._retrying import check_retries, first_kept
from augment.stages._stage import Context, Ready, Stage, option
from augment.types import Asker, Check, Done, Message, Outcome, Reject, Row, Skip

NO_WORDS = "（审阅人没有写明原因）"
NOTHING = "（无）"
# A person's reason may be a number, a name or a denial, so that what changed of these is shown and not refused.
GATING = ("language", "protected", "options-distinct")
SHOWN = ("numbers", "units", "names", "order", "negations", "quantifiers", "comparatives")
_PART = re.compile(r"^[ \t]*#{2,6}[ \t]*(题目|问题|选项|答案|分析过程)[ \t]*[:：]?[ \t]*$", re.MULTILINE)
_LETTERS = re.compile(r"[A-Z](?:[ \t,，、和]*[A-Z])*")


@dataclass(frozen=True, slots=True)
class Options:
    template: str = option("mend", "prompt template: mend, or a file", metavar="NAME")
    retries: int = option(2, "further asks of each provider where the mended row does not hold", metavar="N")


def prepare(options: Options, context: Context) -> Ready:
    """The stage for these options. Raises UsageError, NotFound, BadInput."""
    check_retries(options.retries)
    prompt = read_prompt("repair", options.template, context.workspace)
    prompt.fill(_holes(Row("", "")))

    async def work(row: Row, ask: Asker) -> Outcome:
        if any(derived_id(row.row_id, f"repair:{provider}") in context.derived for provider in ask.providers):
            return Skip("already done")
        return await mend(row, ask, options, prompt)

    return Ready(work, {prompt.name: prompt.id})


async def mend(row: Row, ask: Asker, options: Options, prompt: Prompt) -> Outcome:
    """Asks until a mended row holds: ``retries`` + 1 times each provider, then its fallback. Raises Fault."""
    messages = [Message("user", prompt.fill(_holes(row)))]
    refused: list[Reject] = []

    async def keep(text: str, provider: str) -> Row | None:
        mended = mended_row(row, text.strip())
        found = checked(row, mended)
        if isinstance(found, Reject):
            refused.append(found)
            return None
        return _derived(row, mended, found, provider, origin(ask, provider, prompt))

    if made := await first_kept(ask, messages, options.retries, keep):
        return Done(added=(made,))
    told = "；".join(f"第{number}次{one.reason} {one.detail}".rstrip() for number, one in enumerate(refused, 1))
    return Reject(refused[-1].reason, told)


def mended_row(row: Row, text: str) -> Row:
    """The row with the parts that a reply names; a reply without headings is a new solution."""
    found = list(_PART.finditer(text))
    if not found:
        return row.with_(reasoning=text or row.reasoning)
    parts: dict[str, str] = {}
    for part, following in zip(found, (*found[1:], None), strict=False):
        body = text[part.end() : following.start() if following else len(text)].strip()
        if body and part[1] not in parts:
            parts[part[1]] = body
    question, options = parts.get("问题", row.question), row.options
    listed = parts.get("选项") or parts.get("问题", "")
    read = read_questions(f"问题：题\n{listed}" if "选项" in parts else f"问题：{listed}")
    if len(read) == 1 and read[0].options:
        options = list(read[0].options)
        question = question if "选项" in parts else read[0].question
    elif "选项" in parts:
        options = []
    return row.with_(
        problem=parts.get("题目", row.problem),
        question=question,
        options=options,
        answer=_answer(parts["答案"], options) if "答案" in parts else row.answer,
        reasoning=parts.get("分析过程", row.reasoning),
    )


def checked(row: Row, mended: Row) -> list[Check] | Reject:
    """The checks of a mended row, or the first that it fails."""
    fields = ("problem", "question", "options", "answer", "reasoning")
    if all(getattr(row, name) == getattr(mended, name) for name in fields):
        return Reject("check:unchanged", "没有改动")
    if row.options and not mended.options:
        return Reject("check:options-count", "选项读不出来")
    if not is_whole(mended.answer, mended.options):
        return Reject("check:one-answer", f"答案写作“{mended.answer or '无'}”")
    if row.options and mended.reasoning:
        concluded = conclusion(mended.reasoning, mended)
        if concluded != mended.answer:
            return Reject("answer mismatch", f"答案是 {mended.answer}，读到 {concluded or '无'}")
    found = {check["name"]: check for check in check_row(row, mended.with_(reasoning=row.reasoning))}
    for name in GATING:
        if not found[name]["ok"]:
            return Reject(f"check:{name}", found[name]["detail"])
    same = Check(name="answer", ok=row.answer == mended.answer, detail=f"{row.answer or '无'} → {mended.answer}")
    return [found[name] for name in (*GATING, *SHOWN)] + [same]


def _answer(said: str, options: list[str]) -> str:
    """The letters a part names, sorted; its words where there are no options, or where it names no letters alone."""
    said = said.strip(" *。.\n")
    if not options or not _LETTERS.fullmatch(said):
        return said
    return "".join(sorted(set(re.findall("[A-Z]", said))))


def _holes(row: Row) -> dict[str, str]:
    said = [
        "；".join(filter(None, (one["reason"], one["note"])))
        for one in row.decisions or []
        if one["decision"] == "reject"
    ]
    review = "\n".join(dict.fromkeys(filter(None, said))) or NO_WORDS
    return {**fields_of(row), "reasoning": row.reasoning or NOTHING, "review": review}


def _derived(row: Row, mended: Row, checks: list[Check], provider: str, made: dict[str, Any]) -> Row:
    made_by = f"repair:{provider}"
    moved = mended.problem != row.problem
    return derive(
        row,
        derived_id(row.row_id, made_by),
        made_by,
        problem_id=short_hash(f"{row.problem_id}/{made_by}/{row.row_id}") if moved else row.problem_id,
        problem=mended.problem,
        question=mended.question,
        options=mended.options,
        permutation=row.permutation if len(mended.options) == len(row.options) else None,
        answer=mended.answer,
        reasoning=mended.reasoning,
        concluded=conclusion(mended.reasoning or "", mended) or None,
        label="right" if mended.reasoning else row.label,
        checks=checks,
        **made,
    )


STAGE = Stage(
    name="repair",
    help="Have rows that a person rejected mended by a model that is told why; the mended row stands beside it.",
    options=Options,
    asks="chat",
    adds=True,
    prepare=prepare,
    takes=lambda row: row.decision == "reject" and row.label != "wrong",
    looks_at=("decision", "label"),
)
