"""The planted faults, one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from augment.exports._validators import ENTRIES
from tests.exports.faults import COT, GOOD, Change, Fault, Rows, changed, drop, lines, put, turn, turns

LOOSE = "<think>\n甲比乙高。\n</think>\n答案是：A"
TAKEN = "trained on as it stands"
APART = "kept or taken out, as the trainer, the training and the template have it"
NOWHERE = f"{TAKEN}; where it is missing in every row the trainer stops"
OTHERS = f"{TAKEN}; it is no JSON Lines, and other readers refuse it"
NOTHING = f"{TAKEN}, and there is nothing to learn from it"
MARK = f"{TAKEN}, as a mark of the chat template"


def _of(kind: str, name: str, rows: Rows, *, line: int = 2, twin: Rows | None = None, stricter: str = "") -> Fault:
    good = lines(GOOD[kind]() if twin is None else twin)
    return Fault(f"{kind}/{name}", kind, {"rows.jsonl": lines(rows)}, {"rows.jsonl": good}, line, stricter)


def _one(
    kind: str, name: str, change: Change, *, stricter: str = "", same: Change | None = None, line: int = 2
) -> Fault:
    """A fault in the second row. same: what makes the twin of it out of a good row; left out: nothing."""
    twin = None if same is None else changed(kind, same)
    return _of(kind, name, changed(kind, change), twin=twin, stricter=stricter, line=line)


def _all(kind: str, name: str, change: Change, *, stricter: str = "", same: Change | None = None) -> Fault:
    """A fault in every row."""
    twin = None if same is None else changed(kind, same, everywhere=True)
    return _of(kind, name, changed(kind, change, everywhere=True), twin=twin, line=1, stricter=stricter)


def _bytes(kind: str, name: str, content: bytes, *, line: int, file: str = "rows.jsonl", stricter: str = "") -> Fault:
    return Fault(f"{kind}/{name}", kind, {file: content}, {"rows.jsonl": lines(GOOD[kind]())}, line, stricter)


def _alpaca() -> Iterator[Fault]:
    kind = "alpaca"
    yield _one(kind, "the output is null", put("output", None))
    yield _one(kind, "the output is missing", drop("output"))
    yield _all(kind, "the output is missing everywhere", drop("output"))
    yield _one(kind, "the output is empty", put("output", ""), same=put("output", ""), stricter=NOTHING)
    yield _one(kind, "the output is blank", put("output", " \n"), same=put("output", " \n"), stricter=NOTHING)
    yield _one(kind, "the output is a number", put("output", 3))
    yield _all(kind, "every output is a number", put("output", 3))
    yield _all(kind, "every output is a boolean", put("output", True))
    yield _one(kind, "the output is a list", put("output", ["答案是：A"]))
    yield _all(kind, "every output is a list", put("output", ["答案是：A"]))
    yield _all(kind, "every output is an object", put("output", {"text": "答案是：A"}))
    yield _all(kind, "every output is a date", put("output", "2024-05-01"), same=put("output", "2024-05-01 "))
    yield _all(kind, "every input is a date", put("input", "2024-05-01"), same=put("input", "2024-05-01 "))
    yield _all(
        kind,
        "every input is a date and a time",
        put("input", "2024-05-01 12:30:00"),
        same=put("input", "2024-05-01 12:30:00 "),
    )
    yield _one(kind, "one input is a date", put("input", "2024-05-01"), same=put("input", "2024-05-01"), line=0)
    yield _all(kind, "every input is a number as a text", put("input", "12"), same=put("input", "12"))
    yield _one(kind, "the instruction is missing", drop("instruction"))
    yield _one(kind, "the instruction is null", put("instruction", None), same=put("instruction", ""))
    yield _one(kind, "the instruction is a number", put("instruction", 5))
    yield _all(kind, "every instruction is a number", put("instruction", 5))
    yield _one(
        kind,
        "the question is empty",
        lambda row: row.update(instruction="", input=""),
        same=lambda row: row.update(instruction="", input=""),
        stricter=NOTHING,
    )
    yield _one(
        kind,
        "the question is null",
        lambda row: row.update(instruction=None, input=None),
        same=lambda row: row.update(instruction="", input=""),
    )
    yield _all(kind, "the options are nested in every row", put("input", {"A": "甲", "B": "乙"}))
    yield _all(kind, "the options are a list in every row", put("input", ["A. 甲", "B. 乙"]))
    yield _one(kind, "the input is missing", drop("input"), same=put("input", ""), stricter=NOWHERE)
    yield _all(kind, "the input is missing everywhere", drop("input"), same=put("input", ""))
    yield _one(kind, "the input is null", put("input", None), same=put("input", ""), line=0)
    yield _all(kind, "every input is null", put("input", None), same=put("input", ""))
    yield _one(kind, "the system prompt is null", put("system", None), line=0)
    yield _one(kind, "the system prompt is a number", put("system", 1))
    yield _one(kind, "the system prompt is missing", drop("system"), stricter=NOWHERE)
    yield _all(kind, "every system prompt is a number", put("system", 1))
    yield _one(kind, "the history is null", put("history", None), line=0)
    yield _one(kind, "the history is a text", put("history", "先说规则。"))
    yield _all(
        kind,
        "every history is a text",
        put("history", "[['先说规则。', '好。']]"),
        same=put("history", [["先说规则。", "好。"]]),
    )
    yield _one(kind, "the history has a triple", put("history", [["一", "二", "三"]]))
    yield _one(kind, "the history is flat", put("history", ["一", "二"]))
    yield _one(kind, "the history has a null answer", put("history", [["一", None]]))
    yield _one(
        kind,
        "the history has an empty answer",
        put("history", [["一", ""]]),
        same=put("history", [["一", ""]]),
        stricter=NOTHING,
    )
    yield _one(kind, "the history has messages", put("history", [{"role": "user", "content": "一"}]))
    yield _one(
        kind,
        "an earlier answer ends in a line break",
        put("history", [["一", "二\n"]]),
        same=put("history", [["一", "二\n"]]),
        line=0,
    )
    yield _one(
        kind,
        "an earlier answer has its reasoning",
        put("history", [["一", COT]]),
        same=put("history", [["一", COT]]),
        stricter=APART,
    )
    for fault in _thoughts(kind, lambda text: put("output", text)):
        yield replace(fault, trainers=("llamafactory",))  # ms-swift leaves the reasoning of an answer as it is
    yield _one(
        kind,
        "the answer ends a turn",
        put("output", "答案是：A<|im_end|>乙"),
        same=put("output", "答案是：A<|im_end|>乙"),
        stricter=MARK,
    )
    yield _one(
        kind,
        "the question asks for an image",
        put("instruction", "看<image>谁最高？"),
        same=put("instruction", "看<image>谁最高？"),
        stricter=MARK,
    )
    yield _one(kind, "one row has one more column", put("source", "甲"), line=0)
    yield _one(kind, "a further column is of two kinds", put("id", "甲"), same=lambda row: None)
    yield _of(
        kind,
        "a further column is of two kinds apart",
        [row | {"id": number if number else "甲"} for number, row in enumerate(GOOD[kind]())],
    )
    yield _of(
        kind,
        "a further column is whole and broken numbers",
        [row | {"id": number / 2 if number == 1 else number} for number, row in enumerate(GOOD[kind]())],
        line=0,
    )
    yield _one(kind, "the text holds U+2028", put("output", "甲\u2028乙"), same=put("output", "甲\u2028乙"), line=0)
    yield _one(kind, "the text holds NUL", put("output", "甲\x00乙"), same=put("output", "甲\x00乙"), line=0)
    yield _of(kind, "a row is a list", [GOOD[kind]()[0], [1], GOOD[kind]()[2]])
    yield _of(kind, "a row is null", [GOOD[kind]()[0], None, GOOD[kind]()[2]])
    yield _of(kind, "a row is a text", [GOOD[kind]()[0], "甲", GOOD[kind]()[2]])
    yield from _bytes_of_files()


def _thoughts(kind: str, said: Any) -> Iterator[Fault]:
    """Reasoning that is not between the marks as LLaMA-Factory has them, trained with thinking switched off."""
    plain = said("答案是：A")
    for name, text in (
        ("is followed by one line break", LOOSE),
        ("has no line breaks", "<think>甲比乙高。</think>答案是：A"),
        ("has no line break before its end", "<think>\n甲比乙高。</think>\n\n答案是：A"),
        ("has no end", "<think>\n甲比乙高。\n\n答案是：A"),
        ("has no beginning", "甲比乙高。\n</think>\n\n答案是：A"),
        ("has a blank before it", " <think>\n甲比乙高。\n</think>\n\n答案是：A"),
    ):
        yield _one(kind, f"the reasoning {name}", said(text), same=plain)
    yield _one(
        kind,
        "the reasoning stands behind the answer",
        said("答案是：A<think>\n甲比乙高。\n</think>\n\n"),
        same=plain,
        stricter=TAKEN,
    )
    yield _one(
        kind, "there is reasoning twice", said(f"{COT}<think>\n乙比丙高。\n</think>\n\n"), same=plain, stricter=TAKEN
    )
    yield _one(
        kind,
        "there is nothing but reasoning",
        said("<think>\n甲比乙高。\n</think>\n\n"),
        same=said(""),
        stricter=NOTHING,
    )
    yield _one(kind, "the reasoning is as it should be", said(COT), same=plain, line=0)


def _bytes_of_files() -> Iterator[Fault]:
    kind = "alpaca"
    good = lines(GOOD[kind]())
    first, second, third = good.splitlines(keepends=True)
    yield _bytes(kind, "there is a byte order mark", b"\xef\xbb\xbf" + good, line=1, stricter=TAKEN)
    yield _bytes(kind, "lines end as on Windows", good.replace(b"\n", b"\r\n"), line=0)
    yield _bytes(kind, "the last line has no end", good.rstrip(b"\n"), line=0)
    yield _bytes(kind, "there is a blank line", first + b"\n" + second + third, line=0)
    yield _bytes(kind, "a name is there twice", first + second.replace(b"{", b'{"output": "x", ', 1) + third, line=2)
    yield _bytes(
        kind, "a value is NaN", first + second.replace(b"{", b'{"id": NaN, ', 1) + third, line=2, stricter=OTHERS
    )
    yield _bytes(
        kind,
        "a value is Infinity",
        first + second.replace(b"{", b'{"id": Infinity, ', 1) + third,
        line=2,
        stricter=OTHERS,
    )
    yield _bytes(
        kind, "half a character is escaped", first + second.replace("甲".encode(), b"\\ud83d", 1) + third, line=2
    )
    yield _bytes(kind, "the last line is cut", good[: len(good) - 20], line=3)
    yield _bytes(kind, "two rows stand in one line", first.rstrip(b"\n") + second + third, line=1, stricter=OTHERS)
    yield _bytes(kind, "rows are parted by commas", good.replace(b"}\n", b"},\n"), line=1)
    yield _bytes(
        kind,
        "objects are spread over lines",
        "\n".join(json.dumps(row, ensure_ascii=False, indent=1) for row in GOOD[kind]()).encode(),
        line=1,
        stricter=OTHERS,
    )
    yield _bytes(kind, "the file is GB18030", good.decode().encode("gb18030"), line=1)
    yield _bytes(kind, "the file is UTF-16", good.decode().encode("utf-16"), line=1)
    yield _bytes(kind, "the file is empty", b"", line=0)
    array = json.dumps(GOOD[kind](), ensure_ascii=False).encode()
    yield _bytes(kind, "the file is an array", array, line=0, file="rows.json")
    yield _bytes(
        kind,
        "the file is an array by lines",
        b"[\n" + good.rstrip(b"\n").replace(b"\n", b",\n") + b"\n]\n",
        line=0,
        file="rows.json",
    )
    yield _bytes(kind, "the array ends in a comma", array.replace(b"}]", b"},]"), line=1, file="rows.json")
    yield _bytes(kind, "an array is called lines", array, line=1, stricter=TAKEN)
    yield _bytes(kind, "lines are called an array", good, line=1, file="rows.json", stricter=TAKEN)
    yield _bytes(kind, "the array is in an object", b'{"data": ' + array + b"}", line=1, file="rows.json")


def late() -> Fault:
    """A column whose kind shows after the loader has settled it: 10 MiB of rows with no history, then one with."""
    rows: Rows = [GOOD["alpaca"]()[1] | {"output": "甲" * 10_000 + f"{number}"} for number in range(400)]
    late_one = GOOD["alpaca"]()[2]
    return Fault(
        "alpaca/the history comes late",
        "alpaca",
        {"rows.jsonl": lines([*rows, late_one])},
        {"rows.jsonl": lines([late_one, *rows])},
        401,
    )


def _turned(kind: str, who: str, text: str, human: str, gpt: str) -> Iterator[Fault]:
    """What both shapes of conversations may have. who, text: the names of a turn's parts."""

    alone = f"{TAKEN}; other trainers refuse it" if kind.startswith("ms-swift") else ""

    def one(role: Any, content: Any) -> dict[str, Any]:
        return {who: role, text: content}

    yield _one(kind, "the answer comes first", turns(lambda found: found[::-1]))
    yield _one(kind, "there is no answer", turns(lambda found: found[:1]))
    yield _one(kind, "there is no question", turns(lambda found: found[1:]))
    yield _one(kind, "the user speaks twice", turns(lambda found: [one(human, "先看题。"), *found]))
    yield _one(kind, "the answer is in two turns", turns(lambda found: [*found, one(gpt, "就是这样。")]))
    yield _one(kind, "the user has the last word", turns(lambda found: [*found, one(human, "谢谢")]))
    yield _one(kind, "a role is unknown", turn(0, **{f"{who}_": "student"}))
    yield _one(kind, "a role has a capital", turn(0, **{f"{who}_": human.capitalize()}))
    yield _one(kind, "a role is null", turn(0, **{f"{who}_": None}))
    yield _one(kind, "a role is missing", turn(0, gone=who))
    yield _one(kind, "a text is missing", turn(1, gone=text))
    yield _one(kind, "a text is null", turn(1, **{text: None}))
    yield _one(kind, "a question is null", turn(0, **{text: None}))
    yield _one(kind, "a text is empty", turn(1, **{text: ""}), same=turn(1, **{text: ""}), stricter=NOTHING)
    yield _one(kind, "a text is in parts", turn(0, **{text: [{"type": "text", "text": "谁最高？"}]}))
    yield _one(kind, "a text is a number", turn(1, **{text: 3}))
    yield _one(kind, "there are no turns", turns(lambda found: []))
    yield _one(kind, "the turns are null", turns(lambda found: None))
    yield _one(kind, "the turns are a text", turns(lambda found: json.dumps(found, ensure_ascii=False)), stricter=alone)
    yield _one(
        kind, "the system speaks in the middle", turns(lambda found: [found[0], one("system", "短些。"), found[1]])
    )
    yield _one(kind, "a turn has one more part", turn(0, name="小明"), line=0)
    yield _one(
        kind,
        "an earlier answer has its reasoning",
        turns(lambda found: [one(human, "一"), one(gpt, COT), *found]),
        same=turns(lambda found: [one(human, "一"), one(gpt, COT), *found]),
        stricter=APART,
    )
    yield _one(
        kind,
        "an earlier answer ends in a line break",
        turns(lambda found: [one(human, "一"), one(gpt, "二\n"), *found]),
        same=turns(lambda found: [one(human, "一"), one(gpt, "二\n"), *found]),
        line=0,
    )


def _sharegpt() -> Iterator[Fault]:
    kind = "sharegpt"
    yield from _turned(kind, "from", "value", "human", "gpt")
    yield _one(kind, "the turns are missing", drop("conversations"))
    yield _one(
        kind,
        "roles are OpenAI's",
        turns(lambda found: [one | {"from": {"human": "user", "gpt": "assistant"}[one["from"]]} for one in found]),
    )
    yield _one(
        kind,
        "turns are OpenAI's",
        turns(
            lambda found: [
                {"role": "user", "content": found[0]["value"]},
                {"role": "assistant", "content": found[1]["value"]},
            ]
        ),
    )
    yield _one(
        kind,
        "the system prompt is a turn",
        lambda row: row.update(conversations=[{"from": "system", "value": "短些。"}, *row["conversations"]]),
        same=put("system", "短些。"),
        line=0,
    )
    yield _one(
        kind,
        "there are two system prompts",
        lambda row: row.update(
            conversations=[{"from": "system", "value": "短些。"}, *row["conversations"]], system="长些。"
        ),
        same=put("system", "长些。"),
    )
    yield _one(kind, "the system prompt is null", put("system", None), line=0)
    yield _one(kind, "the question is an observation", turn(0, from_="observation"))


def _messages(kind: str) -> Iterator[Fault]:
    yield from _turned(kind, "role", "content", "user", "assistant")
    yield _one(kind, "the messages are missing", drop("messages"))
    yield _one(
        kind,
        "roles are ShareGPT's",
        turns(lambda found: [one | {"role": {"user": "human", "assistant": "gpt"}[one["role"]]} for one in found]),
        stricter=TAKEN if kind.startswith("ms") else "",
    )
    yield _one(kind, "the developer speaks", turns(lambda found: [{"role": "developer", "content": "短些。"}, *found]))
    yield _one(kind, "a tool speaks", turn(0, role="tool"))
    yield _one(
        kind, "the system prompt is empty", turns(lambda found: [{"role": "system", "content": ""}, *found]), line=0
    )
    yield _one(kind, "the system prompt is null", turns(lambda found: [{"role": "system", "content": None}, *found]))


def _dpo() -> Iterator[Fault]:
    kind = "dpo"
    for side in ("chosen", "rejected"):
        yield _one(kind, f"{side} is null", put(side, None))
        yield _one(kind, f"{side} is missing", drop(side))
        yield _one(kind, f"{side} is empty", put(side, ""), same=put(side, ""), stricter=NOTHING)
        yield _one(kind, f"{side} is a number", put(side, 4))
        yield _all(kind, f"every {side} is a list", lambda row, side=side: row.update({side: [row[side]]}))
        yield _all(
            kind,
            f"every {side} is a turn",
            lambda row, side=side: row.update({side: {"from": "gpt", "value": row[side]}}),
        )
    yield _all(kind, "rejected is missing everywhere", drop("rejected"))
    yield _one(
        kind,
        "both are the same",
        lambda row: row.update(rejected=row["chosen"]),
        same=lambda row: row.update(rejected=row["chosen"]),
        stricter=NOTHING,
    )
    yield _one(
        kind,
        "the question is empty",
        lambda row: row.update(instruction="", input=""),
        same=lambda row: row.update(instruction="", input=""),
        stricter=NOTHING,
    )
    for name, change in (("chosen", put("chosen", LOOSE)), ("rejected", put("rejected", LOOSE))):
        yield _one(kind, f"the reasoning of {name} is followed by one line break", change, same=put(name, "答案是：A"))


def _kto() -> Iterator[Fault]:
    kind = "kto"
    yield _one(kind, "one tag is a text", put("kto_tag", "false"))
    yield _all(kind, "every tag is a text", lambda row: row.update(kto_tag=str(row["kto_tag"]).lower()))
    yield _all(kind, "every tag is a number", lambda row: row.update(kto_tag=int(row["kto_tag"])))
    yield _one(kind, "a tag is null", put("kto_tag", None))
    yield _one(kind, "a tag is missing", drop("kto_tag"))
    yield _all(kind, "the tag is missing everywhere", drop("kto_tag"))
    yield _all(kind, "the tag is called label", lambda row: row.update(label=row.pop("kto_tag")))
    yield _one(
        kind,
        "a wanted output is empty",
        lambda row: row.update(output="", kto_tag=True),
        same=lambda row: row.update(output="。", kto_tag=True),
    )
    yield _one(kind, "an output is null", put("output", None))
    yield _all(kind, "every answer is wanted", put("kto_tag", True), same=put("kto_tag", True))


def _swift_pairs() -> Iterator[Fault]:
    kind = "ms-swift:dpo"
    name = "rejected_response"
    yield _one(kind, "rejected is null", put(name, None))
    yield _one(kind, "rejected is missing", drop(name))
    yield _all(kind, "rejected is missing everywhere", drop(name))
    yield _one(kind, "rejected is empty", put(name, ""), same=put(name, ""), stricter=NOTHING)
    yield _one(kind, "both are the same", lambda row: row.update(rejected_response=row["messages"][-1]["content"]))
    yield _one(kind, "rejected is a number", put(name, 3))
    yield _all(kind, "every rejected is a number", put(name, 3))
    yield _all(kind, "every rejected is a list of texts", lambda row: row.update(rejected_response=[row[name]]))
    yield _one(kind, "the user has the last word", turns(lambda found: [*found, {"role": "user", "content": "谢谢"}]))


def _swift_labels() -> Iterator[Fault]:
    kind = "ms-swift:kto"
    yield _one(kind, "a label is null", put("label", None))
    yield _one(kind, "a label is missing", drop("label"))
    yield _all(kind, "the label is missing everywhere", drop("label"))
    yield _one(kind, "a label is a text", put("label", "true"), stricter=f'{TAKEN}; so would "false" be')
    yield _all(kind, "every label is a text", lambda row: row.update(label=str(row["label"]).lower()))
    yield _all(kind, "every label is a number", lambda row: row.update(label=int(row["label"])), stricter=TAKEN)
    yield _all(kind, "the label is called kto_tag", lambda row: row.update(kto_tag=row.pop("label")))
    yield _one(kind, "a text is null", turn(1, content=None))


def info_entry(form: str) -> dict[str, Any]:
    """What a user writes into dataset_info.json for a file of one of our formats."""
    entry = ENTRIES[form]
    found: dict[str, Any] = {"file_name": "rows.jsonl", "columns": dict(entry.columns)}
    if entry.formatting != "alpaca":
        found["formatting"] = entry.formatting
    if form == "messages":
        found["tags"] = dict(entry.tags)
    if entry.ranking:
        found["ranking"] = True
    return found


def info_of(form: str) -> bytes:
    return json.dumps({"rows": info_entry(form)}).encode()


def _info(name: str, change: Any, *, form: str = "alpaca", stricter: str = "", same: Rows | None = None) -> Fault:
    """change: of the entry, or the bytes of the whole file."""
    twin = info_of(form)
    if isinstance(change, bytes):
        told = change
    else:
        entry = info_entry(form)
        change(entry)
        told = json.dumps({"rows": entry}).encode()
    rows = lines(GOOD[form]())
    files = {"dataset_info.json": told, "rows.jsonl": rows}
    return Fault(
        f"info/{name}",
        "info",
        files,
        {"dataset_info.json": twin, "rows.jsonl": rows if same is None else lines(same)},
        0,
        stricter,
    )


def _infos() -> Iterator[Fault]:
    def columns(**named: Any) -> Any:
        return lambda entry: entry.update(columns=named)

    yield _info("all is well", lambda entry: None)
    yield _info("columns are swapped", columns(instruction="prompt", input="query", output="response"))
    yield _info(
        "columns are named after the file's", columns(instruction="instruction", input="input", output="output")
    )
    yield _info(
        "the response is not named", columns(prompt="instruction", query="input", system="system", history="history")
    )
    yield _info(
        "the query is not named",
        columns(prompt="instruction", response="output", system="system", history="history"),
    )
    yield _info("a column is named that is not there", columns(prompt="question", query="input", response="output"))
    yield _info("a column's name is null", columns(prompt=None, response="output"))
    yield _info(
        "columns is spelt wrongly",
        lambda entry: entry.update(column=entry.pop("columns"), formatting="sharegpt"),
        form="sharegpt",
    )
    yield _info(
        "the columns are a list", columns() if False else lambda entry: entry.update(columns=["instruction", "output"])
    )
    yield _info("there is no file name", lambda entry: entry.pop("file_name"))
    yield _info("the file is not here", put("file_name", "other.jsonl"))
    yield _info("the formatting is unknown", put("formatting", "multilingual-thinking"))
    yield _info("the formatting is another's", put("formatting", "sharegpt"))
    yield _info("the formatting is openai", put("formatting", "openai"), form="messages")
    yield _info("the tags are not there", lambda entry: entry.pop("tags"), form="messages")
    yield _info("the assistant's tag is not named", lambda entry: entry["tags"].pop("assistant_tag"), form="messages")
    yield _info("the system's tag is not named", lambda entry: entry["tags"].pop("system_tag"), form="messages")
    yield _info("the role tag is wrong", lambda entry: entry["tags"].update(role_tag="from"), form="messages")
    yield _info(
        "a tag is unknown",
        lambda entry: entry["tags"].update(bot_tag="assistant"),
        form="messages",
        stricter="it means nothing, and was meant to",
    )
    yield _info("ranking is not there", lambda entry: entry.pop("ranking"), form="dpo")
    yield _info(
        "ranking is a text", put("ranking", "true"), form="dpo", stricter="the stages' check lets it pass as neither"
    )
    yield _info("pairs are called ranking: false", put("ranking", False), form="dpo")
    yield _info("the tag is not named", lambda entry: entry["columns"].pop("kto_tag"), form="kto")
    yield _info("only one row is asked for", put("num_samples", 1))
    yield _info("another split is asked for", put("split", "test"))
    yield _info("the hub is asked first", put("hf_hub_url", "nobody/nothing"))
    yield _info("a key is unknown", put("encoding", "utf-8"), stricter="it means nothing, and was meant to")
    yield _info("it is a list", b'[{"file_name": "rows.jsonl"}]')
    yield _info("it is no JSON", b"{'rows': {}}")
    yield _info("it is empty", b"{}")
    yield _info("the entry is null", b'{"rows": null}')
    yield _info("there is a byte order mark", b"\xef\xbb\xbf" + info_of("alpaca"))
    yield _info(
        "a name holds a comma",
        json.dumps({"rows": info_entry("alpaca"), "a,b": info_entry("alpaca")}).encode(),
        stricter="cannot be asked for by its name",
    )
    yield _info(
        "a name is Chinese",
        json.dumps({"rows": info_entry("alpaca"), "数据": info_entry("alpaca")}, ensure_ascii=False).encode(),
        stricter="read in the locale's encoding",
    )


def faults() -> list[Fault]:
    """Every planted fault."""
    return [
        *_alpaca(),
        late(),
        *_sharegpt(),
        *_messages("messages"),
        *_messages("ms-swift:sft"),
        *_dpo(),
        *_kto(),
        *_swift_pairs(),
        *_swift_labels(),
        *_infos(),
    ]
