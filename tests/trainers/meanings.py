"""What the lines of our training files mean to say, and the text a trainer must therefore make of them in ChatML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OPEN, CLOSE = "<think>\n", "\n</think>\n\n"


@dataclass(frozen=True)
class Meaning:
    """turns: role and text, the answer last. rejected: of a pair; wanted: of KTO; silent: turns marked as not to be
    learned, by their number."""

    turns: tuple[tuple[str, str], ...]
    rejected: str | None = None
    wanted: bool | None = None
    silent: frozenset[int] = frozenset()

    @property
    def answer(self) -> str:
        return self.turns[-1][1]

    @property
    def size(self) -> int:
        """Characters of the whole, with the longer side of a pair; Chinese takes at most about a token each."""
        return len(self.row()["text"]) + max(0, len(self.rejected or "") - len(self.answer))

    def row(self, *, silent: bool = False) -> dict[str, Any]:
        """What comes out of a trainer: all of it as one text, what the loss is on, and the other side. silent: it heeds
        the marks on turns."""
        text = "".join(f"<|im_start|>{role}\n{said}<|im_end|>\n" for role, said in self.turns)
        if self.rejected is not None:
            return {"text": text, "said": _end(self.answer), "rejected": _end(self.rejected)}
        if self.wanted is not None:
            return {"text": text, "said": _end(self.answer), "wanted": self.wanted}
        skipped = self.silent if silent else frozenset()
        learned = (
            said for number, (role, said) in enumerate(self.turns) if role == "assistant" and number not in skipped
        )
        return {"text": text, "said": "".join(map(_end, learned))}


def _end(text: str) -> str:
    return f"{text}<|im_end|>\n"


def meanings(path: Path) -> list[Meaning]:
    """The lines of a file of ours, in whichever shape they are."""
    text = path.read_text("utf-8")
    rows = json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]
    return [_meaning(row) for row in rows]


def _meaning(row: Mapping[str, Any]) -> Meaning:
    if "messages" in row:
        turns = [(one["role"], one["content"]) for one in row["messages"]]
        silent = frozenset(number for number, one in enumerate(row["messages"]) if one.get("loss") is False)
        return Meaning(tuple(turns), row.get("rejected_response"), row.get("label"), silent)
    system = [("system", row["system"])] if row["system"] else []
    if "conversations" in row:
        names = {"human": "user", "gpt": "assistant"}
        return Meaning((*system, *((names[one["from"]], one["value"]) for one in row["conversations"])))
    earlier = [(role, said) for turn in row["history"] for role, said in zip(("user", "assistant"), turn, strict=True)]
    asked = ("user", "\n".join(text for text in (row["instruction"], row["input"]) if text))
    answer = ("assistant", row["chosen"] if "chosen" in row else row["output"])
    return Meaning((*system, *earlier, asked, answer), row.get("rejected"), row.get("kto_tag"))
