"""Tags that say what kind of problem a row is and how hard, by rules or by a model, so that others can be aimed."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from augment.errors import REFUSING, BadInput, Fault
from augment.prompts import Prompt, read_prompt
from augment.stages._kinds import difficulty, rule_kinds
from augment.stages._polling import unanswered
from augment.stages._retrying import check_retries
from augment.stages._stage import Context, Ready, Stage, option
from augment.types import Asker, Done, Message, Outcome, Reject, Row, Skip

MAKER, HARDNESS = "classify:", "difficulty:"
MOST = 2  # labels of one row
_LABEL = re.compile(r"^[-*\s]*([a-z][a-z0-9-]*)\s*[：:]\s*\S", re.MULTILINE)
_SAID = re.compile(
    r"(?:(?:分类|标签|类别)[\s*`]*[：:][\s*`]*)?([a-z][a-z0-9-]*(?:[\s`]*[、,，/和及][\s`]*[a-z][a-z0-9-]*)*)"
)
MOST_CHARACTERS = 200  # of the line that names them


@dataclass(frozen=True, slots=True)
class Options:
    labels: str = option("labels", "the closed set of labels: labels, or a file with a line `name：what it means` each")
    template: str = option("kind", "prompt template: kind, or a file", metavar="NAME")
    retries: int = option(2, "further asks of each provider where a reply names no known label", metavar="N")
    redo: bool = option(False, "ask again for rows that this provider has classified")


def prepare(options: Options, context: Context) -> Ready:
    """The stage for these options. Raises UsageError, NotFound, BadInput."""
    check_retries(options.retries)
    labels = read_prompt("classify", options.labels, context.workspace)
    known = frozenset(_LABEL.findall(labels.text))
    if len(known) < 2:
        raise BadInput(f"{options.labels!r} holds fewer than two labels", hint="a line each: `name：what it means`")
    prompt = read_prompt("classify", options.template, context.workspace)
    prompt.fill({**unanswered(Row("", "")), "labels": ""})

    async def work(row: Row, ask: Asker) -> Outcome:
        if not ask.providers:
            return Done(updated=tagged(row, rule_kinds(row), known, maker=None))
        if not options.redo and any(f"{MAKER}{provider}" in row.tags for provider in ask.providers):
            return Skip("already done")
        return await _by_model(row, ask, options, prompt, labels, known)

    return Ready(work, {labels.name: labels.id, prompt.name: prompt.id})


def tagged(row: Row, kinds: Collection[str], known: Collection[str], maker: str | None) -> Row:
    """The row with these kinds and its difficulty for those it had. Who wrote its text stays as it is."""
    kept = [tag for tag in row.tags if tag not in known and not tag.startswith((HARDNESS, MAKER))]
    hardness = difficulty(row)
    made = {*kept, *kinds, *([f"{HARDNESS}{hardness}"] if hardness else []), *([f"{MAKER}{maker}"] if maker else [])}
    return row.with_(tags=sorted(made))


async def _by_model(
    row: Row, ask: Asker, options: Options, prompt: Prompt, labels: Prompt, known: frozenset[str]
) -> Outcome:
    messages = [Message("user", prompt.fill({**unanswered(row), "labels": labels.text.strip()}))]
    said: list[str] = []
    fault: Fault | None = None
    for provider in ask.providers:
        try:
            for attempt in range(options.retries + 1):
                text = (await ask.chat(messages, attempt=attempt, provider=provider)).text
                if kinds := read_labels(text, known):
                    return Done(updated=tagged(row, kinds, known, provider))
                said.append(text.strip()[-30:])
        except Fault as trouble:
            fault = trouble if fault is None or fault.kind in REFUSING else fault
    if fault is not None and (fault.kind not in REFUSING or not said):
        raise fault
    return Reject("unreadable", f"没有读到已知的标签：{'；'.join(f'“{one}”' for one in said)}")


def read_labels(text: str, known: Collection[str]) -> list[str]:
    """The labels that the last line with any names, sorted; none where one of them is unknown, or they are too many."""
    for line in reversed(text[-2_000:].splitlines()):
        line = line.strip(' \t*#>-`“”"。.')
        if len(line) <= MOST_CHARACTERS and (found := _SAID.fullmatch(line)):
            named = sorted(set(re.findall(r"[a-z][a-z0-9-]*", found[1])))
            return named if len(named) <= MOST and set(named) <= set(known) else []
    return []


STAGE = Stage(
    name="classify",
    help="Tag rows with their kind of problem, by rules or by --provider's model, and with how hard votes show them.",
    options=Options,
    asks="chat",
    adds=False,
    prepare=prepare,
    optional=True,
)
