"""A second agent that checks a solution and its answer, and may correct them; adds what it says as rows."""

from __future__ import annotations

from dataclasses import dataclass

from augment.prompts import Prompt, read_prompt
from augment.rows import derive, derived_id, short_hash
from augment.stages._conclusions import concluded, conclusion
from augment.stages._origin import origin
from augment.stages._prompting import fields_of, lettered
from augment.stages._retrying import check_retries, first_kept
from augment.stages._stage import Context, Ready, Stage, option
from augment.types import Asker, Check, Done, Message, Outcome, Reject, Row, Skip, Turn


@dataclass(frozen=True, slots=True)
class Options:
    template: str = option("check", "prompt template: check, or a file", metavar="NAME")
    retries: int = option(1, "further asks of each provider where it does not come to the answer", metavar="N")


def prepare(options: Options, context: Context) -> Ready:
    """The stage for these options. Raises UsageError, NotFound, BadInput."""
    check_retries(options.retries)
    prompt = read_prompt("evaluate", options.template, context.workspace)
    question(Row("", ""), prompt)  # an unknown hole is found now, not after the run has begun

    async def work(row: Row, ask: Asker) -> Outcome:
        if not row.answer or row.kind == "instruction":
            return Skip("no answer")
        if any(_id(row, prompt, provider) in context.derived for provider in ask.providers):
            return Skip("already done")
        return await evaluate(row, ask, options, prompt)

    return Ready(work, {prompt.name: prompt.id})


async def evaluate(row: Row, ask: Asker, options: Options, prompt: Prompt) -> Outcome:
    """A new row with the check that comes to the row's answer; refused where none does, with all that was read."""
    messages = [Message("user", question(row, prompt))]
    read: list[str] = []

    async def keep(text: str, provider: str) -> Row | None:
        found = conclusion(text, row)
        if found == row.answer:
            return _checked(row, text.strip(), ask, provider, prompt)
        read.append(found or "无")
        return None

    if made := await first_kept(ask, messages, options.retries, keep):
        return Done(added=(made,))
    return Reject("answer mismatch", f"答案是 {row.answer}，首答 {concluded(row) or '无'}，复核读到 {'、'.join(read)}")


def question(row: Row, prompt: Prompt) -> str:
    """What the second agent is asked. It is not told the answer."""
    shown = {name: text for name, text in fields_of(row).items() if name != "answer"}
    return prompt.fill({**shown, "first": row.reasoning or ""})


def _made_by(prompt: Prompt, provider: str) -> str:
    return f"evaluate:{prompt.name}:{provider}"


def _id(row: Row, prompt: Prompt, provider: str) -> str:
    """Another solution of the same row is another thing to check."""
    return derived_id(row.row_id, f"{_made_by(prompt, provider)}:{short_hash(row.reasoning or '')}")


def _checked(row: Row, text: str, ask: Asker, provider: str, prompt: Prompt) -> Row:
    """The same question, the first agent's turn as history, the check as reasoning.

    Why so: docs/decisions/0014-a-check-is-a-row.md.
    """
    first = concluded(row)
    detail = f"首答与复核一致：{first}" if first == row.answer else f"首答 {first or '无'}，复核改正为 {row.answer}"
    asked = "\n".join(part for part in (row.problem, row.question, lettered(row.options)) if part)
    return derive(
        row,
        _id(row, prompt, provider),
        _made_by(prompt, provider),
        reasoning=text,
        concluded=row.answer,
        label=None,
        history=[Turn(user=asked, assistant=row.reasoning or "")],
        checks=[Check(name="evaluated", ok=first == row.answer, detail=detail)],
        **origin(ask, provider, prompt),
    )


STAGE = Stage(
    name="evaluate",
    help="Have a second agent check each solution without knowing the answer; keep its check where it comes to it.",
    options=Options,
    asks="chat",
    adds=True,
    prepare=prepare,
    takes=lambda row: bool(row.reasoning) and not any(tag.startswith("evaluate:") for tag in row.tags),
    looks_at=("reasoning", "tags"),
)
