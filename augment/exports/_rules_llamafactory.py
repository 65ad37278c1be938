"""What LLaMA-Factory 0.9.5 does with a row: its converters and processors as rules.

Sources, all under src/llamafactory of that release: data/parser.py (DatasetAttr.join, get_dataset_list),
data/converter.py (AlpacaDatasetConverter, SharegptDatasetConverter, OpenAIDatasetConverter),
data/processor/supervised.py, pairwise.py and feedback.py (preprocess_dataset),
data/template.py (Template, ReasoningTemplate).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from augment.exports._rules_text import Finding, asked, earlier, kind_of, said

Formatting: TypeAlias = Literal["alpaca", "sharegpt", "openai"]

COLUMNS = (
    *("prompt", "query", "response", "history", "messages", "system", "tools"),
    *("images", "videos", "audios", "chosen", "rejected", "kto_tag"),
)
TAGS = ("role_tag", "content_tag", "user_tag", "assistant_tag", "observation_tag", "function_tag", "system_tag")
DEFAULT_COLUMNS = {"prompt": "instruction", "query": "input", "response": "output", "messages": "conversations"}
DEFAULT_TAGS = dict(zip(TAGS, ("from", "value", "human", "gpt", "observation", "function_call", "system"), strict=True))

DROPPED = "the row is dropped with a warning nobody reads"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of ``dataset_info.json`` as DatasetAttr.join reads it.

    columns: LLaMA-Factory's name → the file's. Once an entry has columns, what it does not name is none at all; so with
    tags.
    """

    formatting: Formatting = "alpaca"
    ranking: bool = False
    columns: Mapping[str, str] = field(default_factory=lambda: DEFAULT_COLUMNS)
    tags: Mapping[str, str] = field(default_factory=lambda: DEFAULT_TAGS)

    @property
    def stage(self) -> str:
        """The training it is for: pairs, feedback or sft."""
        return "pairs" if self.ranking else "feedback" if "kto_tag" in self.columns else "sft"


def row_findings(entry: Entry, row: Any) -> Iterator[Finding]:
    """What stands between a row and being trained on as it is written."""
    if not isinstance(row, dict):
        yield Finding("", f"is {kind_of(row)}, not an object", "one JSON object a line")
        return
    named = {name: column for name, column in entry.columns.items() if _is_used(entry, name)}
    for name, column in named.items():
        if column not in row:
            yield Finding(column, f"is missing, and the entry names it as {name}", "write it in every row")
    if any(column not in row for column in named.values()):
        return
    given = {name: row[column] for name, column in named.items()}
    if entry.formatting == "alpaca":
        yield from _alpaca(entry, given)
    else:
        yield from _turns(entry, given)
    if "kto_tag" in given and not isinstance(given["kto_tag"], bool):
        column = entry.columns["kto_tag"]
        yield Finding(column, f"is {kind_of(given['kto_tag'])}, not a boolean: {DROPPED}", "true or false, unquoted")


def _is_used(entry: Entry, name: str) -> bool:
    """Whether the converter of this formatting looks at the column."""
    if entry.ranking and name == "response":
        return False
    if entry.formatting == "alpaca":
        return name != "messages"
    return name not in ("prompt", "query", "response", "history")


def _alpaca(entry: Entry, given: Mapping[str, Any]) -> Iterator[Finding]:
    """AlpacaDatasetConverter: prompt and query joined by a line break, earlier turns before, the response behind."""
    columns = entry.columns
    for name in ("prompt", "query", "system"):
        if name in given:
            yield from asked(columns[name], given[name], empty=True)
    question = [given.get("prompt"), given.get("query")]
    if not any(isinstance(text, str) and text.strip() for text in question):
        yield Finding(columns.get("prompt", "instruction"), "asks nothing", "leave the row out")
    yield from _history(columns.get("history", "history"), given.get("history"))
    if entry.ranking:
        yield from _pair(columns, given.get("chosen"), given.get("rejected"))
        return
    response = given.get("response")
    column = columns.get("response", "output")
    if entry.stage == "feedback" and response == "":
        yield Finding(column, "is empty: kto_tag is read the other way round", "leave the row out")
        return
    if not isinstance(response, str):
        yield Finding(column, f"is {kind_of(response)}, not a text: {DROPPED}", "leave the row out")
        return
    yield from said(column, response)


def _pair(columns: Mapping[str, str], chosen: Any, rejected: Any) -> Iterator[Finding]:
    for name, text in (("chosen", chosen), ("rejected", rejected)):
        if not isinstance(text, str):
            yield Finding(columns[name], f"is {kind_of(text)}, not a text: {DROPPED}", "leave the pair out")
            return
        yield from said(columns[name], text)
    if chosen == rejected:
        yield Finding(columns["rejected"], "is the same as chosen: there is nothing to prefer", "leave the pair out")


def _history(column: str, history: Any) -> Iterator[Finding]:
    if history is None:
        return
    if not isinstance(history, list):
        yield Finding(column, f"is {kind_of(history)}, not a list of pairs: it is left out", "[[question, answer], …]")
        return
    for number, turn in enumerate(history):
        if not isinstance(turn, list) or len(turn) != 2:
            yield Finding(f"{column}[{number}]", "is no pair: the file is refused", "[question, answer]")
            continue
        yield from asked(f"{column}[{number}][0]", turn[0])
        yield from earlier(f"{column}[{number}][1]", turn[1])


def _turns(entry: Entry, given: Mapping[str, Any]) -> Iterator[Finding]:
    """SharegptDatasetConverter: a system message at most, then question and answer in turn, even in number."""
    column, tags = entry.columns.get("messages", "messages"), entry.tags
    if entry.formatting == "openai":
        yield Finding(
            "formatting",
            'is "openai", whose converter writes "detailed thinking off" into every system prompt',
            '"formatting": "sharegpt" with tags reads the same messages and adds nothing',
        )
    messages = given.get("messages")
    if not isinstance(messages, list) or not messages:
        yield Finding(column, f"is {kind_of(messages)} with no turns: {DROPPED}", "leave the row out")
        return
    role, content = tags.get("role_tag", ""), tags.get("content_tag", "")
    for number, turn in enumerate(messages):
        if not isinstance(turn, dict) or role not in turn or content not in turn:
            yield Finding(f"{column}[{number}]", f"has no {role!r} or no {content!r}: the file is refused", "name both")
            return
    if messages[0][role] == tags.get("system_tag"):
        if given.get("system"):
            yield Finding(entry.columns["system"], "is ignored: the first turn is a system prompt too", "keep one")
        text = messages[0][content]  # where it is null, ms-swift deletes the row
        yield from asked(f"{column}[0].{content}", text, empty=isinstance(text, str))
        messages = messages[1:]
    elif "system" in given:
        yield from asked(entry.columns["system"], given["system"], empty=True)
    yield from _alternating(entry, column, [(turn[role], turn[content]) for turn in messages])
    if entry.ranking:
        yield Finding("chosen", "pairs are written as alpaca texts, not as turns", "formatting alpaca")


def _alternating(entry: Entry, column: str, turns: list[tuple[Any, Any]]) -> Iterator[Finding]:
    content = entry.tags.get("content_tag", "")
    expected = (entry.tags.get("user_tag"), entry.tags.get("assistant_tag"))
    for number, (role, text) in enumerate(turns):
        where = f"{column}, turn {number + 1}"
        if role != expected[number % 2]:
            yield Finding(
                where, f"is {role!r}'s where {expected[number % 2]!r} is due: {DROPPED}", "let them alternate"
            )
            return
        if number % 2 == 0:
            yield from asked(f"{where}, {content}", text)
        elif number + 1 == len(turns):
            yield from said(f"{where}, {content}", text)
        else:
            yield from earlier(f"{where}, {content}", text)
    if len(turns) % 2 or not turns:
        yield Finding(column, f"does not end with {expected[1]!r}: {DROPPED}", "end with the answer")
