"""A worked solution for a known answer, kept only where it really concludes that answer."""

from __future__ import annotations

from dataclasses import dataclass

from augment.prompts import Prompt, read_prompt
from augment.stages._conclusions import concluded, conclusion
from augment.stages._examples import Examples, read_examples, solution
from augment.stages._origin import origin
from augment.stages._prompting import fields_of
from augment.stages._retrying import check_retries, first_kept
from augment.stages._stage import Context, Ready, Stage, option
from augment.types import Asker, Check, Done, Message, Outcome, Reject, Row, Skip


@dataclass(frozen=True, slots=True)
class Options:
    template: str = option("pupil", "prompt template: pupil, steps5, or a file", metavar="NAME")
    retries: int = option(3, "further asks of each provider where the conclusion is not the answer", metavar="N")
    examples: int = option(0, "worked examples shown, chosen by similarity", metavar="K")
    redo: bool = option(False, "ask again for rows whose reasoning is already consistent")


def prepare(options: Options, context: Context) -> Ready:
    """The stage for these options. Raises UsageError, NotFound, BadInput."""
    check_retries(options.retries)
    prompt = read_prompt("reason", options.template, context.workspace)
    prompt.fill(fields_of(Row("", "")))  # an unknown hole is found now, not after the run has begun

    examples = read_examples(context, options.examples, reasoned=True)

    async def work(row: Row, ask: Asker) -> Outcome:
        if not row.answer or row.kind == "instruction" or is_open(row):
            return Skip("no answer")
        rehearsed = is_simulated(row.provider) and not is_simulated(ask.providers[0])
        if not options.redo and not rehearsed and concluded(row) == row.answer:
            return Skip("already consistent")
        return await solve(row, ask, options, prompt, examples)

    return Ready(work, {prompt.name: prompt.id})


def is_open(row: Row) -> bool:
    """Whether a row is a reading question without options: its answer is in words, which no two people put alike."""
    return row.kind == "reading" and not row.options


def is_simulated(provider: str | None) -> bool:
    """Whether a provider, as rows carry it, is a simulated one: what it wrote never stands in the real one's way."""
    return provider is not None and provider.startswith("sim:")


async def solve(row: Row, ask: Asker, options: Options, prompt: Prompt, examples: Examples) -> Outcome:
    """Asks until a solution concludes the answer: ``retries`` + 1 times each provider, then its fallback."""
    messages = examples.turns(row, lambda one: (prompt.fill(fields_of(one)), solution(one)))
    messages.append(Message("user", prompt.fill(fields_of(row))))
    read: list[str] = []

    async def keep(text: str, provider: str) -> Row | None:
        found = conclusion(text, row)
        if found == row.answer:
            return _solved(row, text.strip(), ask, provider, prompt, read)
        read.append(found or "无")
        return None

    solved = await first_kept(ask, messages, options.retries, keep)
    return Done(solved) if solved else Reject("answer mismatch", f"答案是 {row.answer}，读到 {'、'.join(read)}")


def _solved(row: Row, text: str, ask: Asker, provider: str, prompt: Prompt, misread: list[str]) -> Row:
    detail = f"结论与答案一致：{row.answer}" + (f"（此前读到 {'、'.join(misread)}）" if misread else "")
    kept = [check for check in row.checks if check["name"] != "consistent"]
    return row.with_(
        reasoning=text,
        concluded=row.answer,
        label="right",
        stage="reason",
        checks=[*kept, Check(name="consistent", ok=True, detail=detail)],
        **origin(ask, provider, prompt),
    )


STAGE = Stage(
    name="reason",
    help="Have a worked solution written for each row's answer; keep it only where it concludes that answer.",
    options=Options,
    asks="chat",
    adds=False,
    prepare=prepare,
    takes=lambda row: row.label != "wrong",
    looks_at=("label",),
)
