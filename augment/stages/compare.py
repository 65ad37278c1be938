"""Each new row held against the row it was made from, in both orders: how much a judge goes by the place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from augment.comparisons import CHECK, FIRST, SECOND, TIE, WORDS, detail, stands
from augment.errors import REFUSING, AugmentError, BadInput, Fault, UsageError
from augment.fence import fenced, marker, visible
from augment.prompts import Prompt, read_prompt
from augment.stages._polling import together
from augment.stages._prompting import lettered
from augment.stages._retrying import check_retries
from augment.stages._stage import Context, Ready, Stage, option
from augment.types import Asker, Check, Done, Message, Outcome, Reject, Row, Skip

MOST_PAIRS = 5_000
COLUMNS = ("row_id", "problem", "question", "options", "answer", "reasoning")
SAID = re.compile(r"^[\s*#_-]*更好的(?:一稿)?是\s*[:：]\s*[*“「\"]*(甲|乙|一样好)[*”」\".。！\s]*$", re.MULTILINE)
HEARD = {"甲": FIRST, "乙": SECOND, "一样好": TIE}


@dataclass(frozen=True, slots=True)
class Options:
    judge: tuple[str, ...] = option((), "a further judge beside --provider; may be given again", metavar="NAME")
    retries: int = option(1, "further asks of a judge whose choice cannot be read", metavar="N")
    redo: bool = option(False, "ask again for rows that this judge has compared")


def prepare(options: Options, context: Context) -> Ready:
    """The stage for these options. Raises UsageError, NotFound, BadInput."""
    check_retries(options.retries)
    prompt = read_prompt("compare", "pair", context.workspace)
    if "{mark}" not in prompt.text or "{material}" not in prompt.text:
        raise BadInput("prompt 'pair' lacks {mark} or {material}", hint="`augment prompts compare pair` shows both")
    question("", "", prompt)
    parents = _parents(context)

    async def work(row: Row, ask: Asker) -> Outcome:
        names = [ask.providers[0], *ask.others]
        wanted = [name for name in names if options.redo or not any(_is_of(check, name) for check in row.checks)]
        if not wanted:
            return Skip("already done")
        parent = parents.get(row.parent_id or "")
        if parent is None:
            return Reject("check:parent", "所出自的那一行不在这个版本里")
        return await compare(row, parent, ask, wanted, options, prompt)

    return Ready(work, {prompt.name: prompt.id})


async def compare(row: Row, parent: str, ask: Asker, judges: list[str], options: Options, prompt: Prompt) -> Outcome:
    """The row with a check for each judge: whether its choice is the same in both orders. Raises Fault."""
    ours = manuscript(row.problem, row.question, row.options, row.answer, row.reasoning)
    checks, unread = [], []
    fault: Fault | None = None
    for name in judges:
        try:
            pairs = question(ours, parent, prompt), question(parent, ours, prompt)
            before, after = await _choices(pairs, ask, name, options)
        except Fault as refused:
            fault = refused if fault is None or fault.kind in REFUSING else fault
            continue
        if before is None or after is None:
            unread.append(name)
            continue
        checks.append(Check(name=f"{CHECK}{name}", ok=stands(before, after), detail=detail(before, after)))
    if fault is not None and (fault.kind not in REFUSING or not (checks or unread)):
        raise fault
    if not checks:
        return Reject("unreadable", "、".join(unread))
    names = {check["name"] for check in checks}
    updated = row.with_(checks=[*(check for check in row.checks if check["name"] not in names), *checks])
    return Skip("already done") if updated == row else Done(updated=updated)


async def _choices(texts: Sequence[str], ask: Asker, provider: str, options: Options) -> list[str | None]:
    """What is chosen in each order, asked together; None where it cannot be read. Raises Fault, Stop."""
    said = await together([_choice(text, ask, provider, options) for text in texts])
    for error in said:
        if isinstance(error, AugmentError):
            raise error
    return [one for one in said if not isinstance(one, AugmentError)]


async def _choice(text: str, ask: Asker, provider: str, options: Options) -> str | None:
    for attempt in range(options.retries + 1):
        reply = await ask.chat([Message("user", text)], attempt=attempt, provider=provider)
        said = SAID.findall(reply.text)
        if said:
            return HEARD[said[-1]]
    return None


def question(first: str, second: str, prompt: Prompt) -> str:
    """What a judge is asked about two texts, in this order."""
    parts = {"甲": first, "乙": second}
    mark = marker(parts)
    return prompt.fill({"mark": mark, "material": fenced(parts, mark)})


def manuscript(
    problem: str | None, question: str | None, options: list[str], answer: str | None, reasoning: str | None
) -> str:
    """A row as one text, without what cannot be seen."""
    parts: Mapping[str, str | None] = {
        "题目": problem,
        "问题": question,
        "选项": lettered(options),
        "答案": answer,
        "解答": reasoning,
    }
    return visible("\n".join(f"【{name}】\n{text}" for name, text in parts.items() if text))


def _parents(context: Context) -> dict[str, str]:
    """The texts of the rows that the chosen ones were made from. Raises UsageError where they are too many."""
    ids = context.ids
    wanted = {
        parent for row_id, parent in context.read("row_id", "parent_id") if parent and (ids is None or row_id in ids)
    }
    if len(wanted) > MOST_PAIRS:
        raise UsageError(
            f"{len(wanted)} pairs are more than it takes to know a judge",
            hint="add --sample 300 --where 'parent_id IS NOT NULL'",
        )
    return {row_id: manuscript(*texts) for row_id, *texts in context.read(*COLUMNS) if row_id in wanted}


def _is_of(check: Check, name: str) -> bool:
    return check["name"] == f"{CHECK}{name}" and check["detail"] in WORDS


STAGE = Stage(
    name="compare",
    help="Have judges say which is better, a new row or the one it was made from, in both orders.",
    options=Options,
    asks="chat",
    adds=False,
    prepare=prepare,
    takes=lambda row: row.parent_id is not None,
    looks_at=("parent_id",),
    others=lambda options: tuple(options.judge),
    most_asks=lambda options, first: (options.retries + 1) * (first.own + first.others),  # no fallback is asked
)
