"""Reasoning that argues for a wrong option, kept only where it really concludes that option and does not say so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from augment.errors import REFUSING, Fault
from augment.prompts import Prompt, read_prompt
from augment.rows import derive, derived_id
from augment.stages._conclusions import concluded, conclusion
from augment.stages._distractors import drawn, hardest, wrong_answers
from augment.stages._examples import Examples, is_whole, read_examples, solution
from augment.stages._origin import origin
from augment.stages._prompting import fields_of
from augment.stages._retrying import check_retries, first_kept
from augment.stages._reveals import revealed
from augment.stages._stage import Context, Ready, Stage
from augment.stages._stage import option as flag  # a field of this stage's is named option
from augment.types import Asker, Check, Done, Message, Outcome, Reject, Row, Skip

LEAST_CHARACTERS = 40
LEAST_SHARE = 0.5  # of the right solution's length, where there is one: length must not give the pair away
GATES = ("answer mismatch", "check:reveals", "check:length")  # the later one a text fails at, the nearer it came
_BLANK = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Options:
    option: str = flag(
        "hardest",
        "which wrong option: hardest (most voted for, else worded most like the right one), random, all",
        choices=("hardest", "random", "all"),
    )
    dice: int = flag(0, "of --option random", metavar="N")
    template: str = flag("argue", "prompt template: argue, or a file", metavar="NAME")
    retries: int = flag(3, "further asks of each provider where the text is refused", metavar="N")
    examples: int = flag(0, "worked examples shown, chosen by similarity", metavar="K")


def prepare(options: Options, context: Context) -> Ready:
    """The stage for these options. Raises UsageError, NotFound, BadInput."""
    check_retries(options.retries)
    prompt = read_prompt("wrong", options.template, context.workspace)
    prompt.fill(fields_of(Row("", "")))
    examples = read_examples(context, options.examples, reasoned=True)

    async def work(row: Row, ask: Asker) -> Outcome:
        if not is_whole(row.answer, row.options):
            return Skip("no answer")
        wanted = _wanted(row, options)
        if not wanted:
            return Reject("check:options-distinct", "没有哪个选项与正确选项不同")
        left = [letters for letters in wanted if not _made(row, letters, ask, context)]
        if not left:
            return Skip("already done")
        made: list[Row | Reject] = []
        fault: Fault | None = None
        for letters in left:
            try:
                made.append(await argue(row, letters, ask, options, prompt, examples))
            except Fault as trouble:
                fault = trouble if fault is None or fault.kind in REFUSING else fault
        if fault is not None and fault.kind not in REFUSING:
            raise fault  # the row is asked again as a whole; what was answered is in the ledger
        if added := tuple(one for one in made if isinstance(one, Row)):
            return Done(added=added)
        if fault is not None and not made:
            raise fault
        return next(one for one in made if isinstance(one, Reject))

    return Ready(work, {prompt.name: prompt.id})


def _wanted(row: Row, options: Options) -> list[str]:
    if options.option == "all":
        return wrong_answers(row)
    found = hardest(row)
    return found[:1] if options.option == "hardest" or not found else [drawn(row, options.dice, sorted(found))]


def _made_by(letters: str, provider: str) -> str:
    return f"wrong:{letters}:{provider}"


def _made(row: Row, letters: str, ask: Asker, context: Context) -> bool:
    return any(derived_id(row.row_id, _made_by(letters, provider)) in context.derived for provider in ask.providers)


async def argue(
    row: Row, letters: str, ask: Asker, options: Options, prompt: Prompt, examples: Examples
) -> Row | Reject:
    """A row whose reasoning concludes the wrong letters: ``retries`` + 1 asks of each provider. Raises Fault."""
    aim = row.with_(answer=letters)
    messages = examples.turns(row, lambda one: (prompt.fill(fields_of(one)), solution(one)))
    messages.append(Message("user", prompt.fill(fields_of(aim))))
    since = ask.spent
    read: list[Reject] = []

    async def keep(text: str, provider: str) -> Row | None:
        refused = _refused(text.strip(), letters, row)
        if refused is None:
            return _derived(row, letters, text.strip(), provider, origin(ask, provider, prompt, since))
        read.append(refused)
        return None

    if made := await first_kept(ask, messages, options.retries, keep):
        return made
    nearest = max(read, key=lambda one: GATES.index(one.reason))
    told = "；".join(f"第{number}次{one.detail}" for number, one in enumerate(read, 1))
    return Reject(nearest.reason, f"应论证 {letters}：{told}")


def _refused(text: str, letters: str, row: Row) -> Reject | None:
    """Why a text is not kept, by the first gate it fails at."""
    found = conclusion(text, row)
    if found != letters:
        return Reject("answer mismatch", f"读到 {found or '无'}")
    if words := revealed(text, letters, row):
        return Reject("check:reveals", f"泄露了它是错的：“{words}”")
    length, least = len(_BLANK.sub("", text)), _least(row)
    return Reject("check:length", f"只有 {length} 字，至少要 {least} 字") if length < least else None


def _least(row: Row) -> int:
    """How long it must be, in characters: half as long as the right solution where the row has one."""
    right = row.reasoning if row.reasoning and concluded(row) == row.answer else ""
    return max(LEAST_CHARACTERS, round(LEAST_SHARE * len(_BLANK.sub("", right))))


def _derived(row: Row, letters: str, text: str, provider: str, made: dict[str, Any]) -> Row:
    made_by = _made_by(letters, provider)
    return derive(
        row,
        derived_id(row.row_id, made_by),
        made_by,
        reasoning=text,
        concluded=letters,
        label="wrong",
        checks=[Check(name="argues", ok=True, detail=f"结论是指定的错误答案 {letters}，正确答案是 {row.answer}")],
        **made,
    )


STAGE = Stage(
    name="wrong",
    help="Have reasoning written that argues for a wrong option; keep it only where it concludes that. Adds rows.",
    options=Options,
    asks="chat",
    adds=True,
    prepare=prepare,
    takes=lambda row: row.label != "wrong" and row.kind != "instruction" and bool(row.options),
    looks_at=("label", "kind", "options"),
)
