"""Files with one fault each, planted in rows that are well otherwise, and a twin that says the same without it.

What the trainers did with each is recorded in ``verdicts.jsonl``; ``make test-trainers`` asks them again.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Rows: TypeAlias = list[Any]
Change: TypeAlias = Callable[[dict[str, Any]], Any]

COT = "<think>\n甲比乙高，乙比丙高。\n</think>\n\n答案是：A"
TRAINERS: Mapping[str, tuple[str, ...]] = {
    "alpaca": ("llamafactory", "ms-swift"),
    "sharegpt": ("llamafactory", "ms-swift"),
    "messages": ("llamafactory", "ms-swift"),
    "dpo": ("llamafactory",),
    "kto": ("llamafactory",),
    "ms-swift:sft": ("ms-swift",),
    "ms-swift:dpo": ("ms-swift",),
    "ms-swift:kto": ("ms-swift",),
    "info": ("llamafactory",),
}
"""Who reads a kind of file."""


@dataclass(frozen=True)
class Fault:
    """files: name → content; read is the one named rows.*, or for info the folder. line: where the fault is, 0 for
    nowhere in particular. stricter: why we refuse what the trainers take, "" where we do as they do. trainers: who is
    asked, where not all are that read the kind."""

    name: str
    kind: str
    files: Mapping[str, bytes]
    twin: Mapping[str, bytes]
    line: int = 0
    stricter: str = ""
    trainers: tuple[str, ...] = ()

    @property
    def readers(self) -> tuple[str, ...]:
        """The trainers that are asked: all that read such files, but where only one has an opinion."""
        return self.trainers or TRAINERS[self.kind]

    @property
    def file(self) -> str:
        return next(name for name in self.files if name.startswith("rows."))

    def write(self, folder: Path, *, twin: bool = False) -> Path:
        """Writes the files and gives the path of the rows."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in (self.twin if twin else self.files).items():
            (folder / name).write_bytes(content)
        return folder / next(name for name in (self.twin if twin else self.files) if name.startswith("rows."))


def lines(rows: Rows) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode("utf-8", "surrogatepass")


def _asked(number: int) -> dict[str, Any]:
    return {
        "instruction": f"第{number}题：谁最高？",
        "input": "A. 甲\nB. 乙" if number > 1 else "",
        "system": "你是老师。" if number == 3 else "",
        "history": [["先说规则。", "好，规则如下。"]] if number == 3 else [],
    }


def _answer(number: int) -> str:
    return COT if number == 1 else f"甲最高，第{number}题答案是：A"


def _alpaca() -> Rows:
    return [_asked(number) | {"output": _answer(number)} for number in (1, 2, 3)]


def _turns(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    question = "\n".join(text for text in (row["instruction"], row["input"]) if text)
    said = [(who, text) for turn in row["history"] for who, text in zip(("user", "assistant"), turn, strict=True)]
    return [*said, ("user", question), ("assistant", row["output"])]


def _sharegpt() -> Rows:
    names = {"user": "human", "assistant": "gpt"}
    return [
        {"conversations": [{"from": names[who], "value": text} for who, text in _turns(row)], "system": row["system"]}
        for row in _alpaca()
    ]


def _messages() -> Rows:
    return [
        {
            "messages": [
                *([{"role": "system", "content": row["system"]}] if row["system"] else []),
                *({"role": who, "content": text} for who, text in _turns(row)),
            ]
        }
        for row in _alpaca()
    ]


def _dpo() -> Rows:
    return [
        _asked(number) | {"chosen": _answer(number), "rejected": f"乙最高，第{number}题答案是：B"}
        for number in (1, 2, 3)
    ]


def _kto() -> Rows:
    return [_asked(number) | {"output": _answer(number), "kto_tag": number != 2} for number in (1, 2, 3)]


GOOD: Mapping[str, Callable[[], Rows]] = {
    "alpaca": _alpaca,
    "sharegpt": _sharegpt,
    "messages": _messages,
    "dpo": _dpo,
    "kto": _kto,
    "ms-swift:sft": _messages,
    "ms-swift:dpo": lambda: [
        row | {"rejected_response": f"答案是：{letter}"} for row, letter in zip(_messages(), "BCD", strict=True)
    ],
    "ms-swift:kto": lambda: [row | {"label": number != 2} for number, row in enumerate(_messages())],
}


def changed(kind: str, change: Change, *, everywhere: bool = False) -> Rows:
    """The good rows with the second one changed, or all. change: alters the row, or gives what stands in its place."""
    rows = copy.deepcopy(GOOD[kind]())
    for number in range(len(rows)) if everywhere else [1]:
        given = change(rows[number])
        rows[number] = rows[number] if given is None else given
    return rows


def put(name: str, value: Any) -> Change:
    def change(row: dict[str, Any]) -> None:
        row[name] = value

    return change


def drop(name: str) -> Change:
    def change(row: dict[str, Any]) -> None:
        del row[name]

    return change


def turn(number: int, **values: Any) -> Change:
    """Changes a turn; ``gone`` names what is taken out of it."""

    def change(row: dict[str, Any]) -> None:
        one = (row.get("conversations") or row.get("messages"))[number]
        one.pop(values.get("gone"), None)
        one.update({name.rstrip("_"): value for name, value in values.items() if name != "gone"})

    return change


def turns(make: Callable[[list[Any]], Any]) -> Change:
    def change(row: dict[str, Any]) -> None:
        name = "conversations" if "conversations" in row else "messages"
        row[name] = make(row[name])

    return change
