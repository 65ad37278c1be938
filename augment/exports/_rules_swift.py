"""What ms-swift 4.6.0 does with a row: its preprocessors as rules.

Sources, all under swift of that release: dataset/preprocessor/core.py (AutoPreprocessor, MessagesPreprocessor,
RowPreprocessor._check_messages, _check_rejected_response, batched_preprocess), template/template_inputs.py
(TemplateInputs._compat_rejected_response), template/base.py (_kto_encode, _swift_prepare_inputs).
A row that breaks a rule is deleted: the loader runs with strict=False and only logs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from augment.exports._rules_text import Finding, asked, earlier, kind_of, said

Training: TypeAlias = Literal["sft", "rlhf", "kto"]

DELETED = "the row is deleted with a line in the log"


def row_findings(training: Training, row: Any) -> Iterator[Finding]:
    """What stands between a row of messages and being trained on as it is written."""
    if not isinstance(row, dict):
        yield Finding("", f"is {kind_of(row)}, not an object", "one JSON object a line")
        return
    messages = row.get("messages")
    if not isinstance(messages, list) or not messages:
        yield Finding("messages", f"is {kind_of(messages)} with no turns: {DELETED}", "leave the row out")
        return
    for number, turn in enumerate(messages):
        if not isinstance(turn, dict) or "role" not in turn or "content" not in turn:
            yield Finding(f"messages[{number}]", f"has no role or no content: {DELETED}", "name both")
            return
    yield from _conversation(messages)
    if training == "rlhf":
        yield from _rejected(row.get("rejected_response"), messages[-1]["content"])
    if training == "kto" and not isinstance(row.get("label"), bool):
        yield Finding(
            "label",
            f"is {kind_of(row.get('label'))}, not a boolean: bool() decides, so that null is false and every text true",
            "true or false, unquoted",
        )


def _conversation(messages: list[dict[str, Any]]) -> Iterator[Finding]:
    turns = list(enumerate(messages))
    if messages[0]["role"] == "system":
        yield from asked("messages[0].content", messages[0]["content"], empty=isinstance(messages[0]["content"], str))
        turns = turns[1:]
    for place, (number, turn) in enumerate(turns):
        field, due = f"messages[{number}]", ("user", "assistant")[place % 2]
        if turn["role"] != due:
            yield Finding(field, f"is {turn['role']!r}'s where {due!r} is due", "let them alternate, the answer last")
            return
        if due == "user":
            yield from asked(f"{field}.content", turn["content"])
        elif number + 1 == len(messages):
            yield from said(f"{field}.content", turn["content"])
        else:
            yield from earlier(f"{field}.content", turn["content"])
    if len(turns) % 2 or not turns:
        yield Finding("messages", "does not end with the assistant's answer: there is nothing to learn", "end with it")


def _rejected(rejected: Any, chosen: Any) -> Iterator[Finding]:
    if not isinstance(rejected, str):
        yield Finding("rejected_response", f"is {kind_of(rejected)}, not a text: {DELETED}", "leave the pair out")
        return
    yield from said("rejected_response", rejected)
    if rejected == chosen:
        yield Finding("rejected_response", f"is the same as the answer: {DELETED}", "leave the pair out")
