"""A folder for a trainer: one file for each way to train that the rows allow, and one of its dev rows beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from augment.exports._chat import Example
from augment.exports._format import Job, Kind, Written
from augment.exports._lines import write_lines

WAYS: Mapping[str, Kind] = {"sft": "solutions", "dpo": "pairs", "kto": "labelled"}
"""How to train → what is gathered for it."""
MODEL = "Qwen/Qwen2-7B-Instruct"
_STEP, _LEAST, _MOST = 256, 1024, 32_768

Line: TypeAlias = Callable[[Example], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Part:
    """What was written for one way to train. dev: lines of the file of dev rows, 0 where there is none; length: how
    many tokens a line may need."""

    way: str
    lines: int
    dev: int
    length: int

    @property
    def train_file(self) -> str:
        """The file of the rows to train on."""
        return f"{self.way}.jsonl"

    @property
    def dev_file(self) -> str:
        """The file of the rows to look at while training."""
        return f"{self.way}_dev.jsonl"


def write_parts(job: Job, lines: Mapping[str, Line], trainer: str) -> tuple[list[Part], list[Written]]:
    """Writes what there is; dev rows apart, unless a split was asked for by name.

    lines: how each way to train wants its lines; trainer: whose validators read them back.
    """
    parts: list[Part] = []
    written: list[Written] = []
    for way, line in lines.items():
        longest = _Longest()
        counts: list[int] = []
        apart = job.options.split is None
        for dev, name in ((False, f"{way}.jsonl"), (True, f"{way}_dev.jsonl")):
            side = (one for one in job.examples(WAYS[way]) if (apart and one.split == "dev") is dev)
            found = longest.seen(side)
            counts.append(write_lines(job.room / name, map(line, found)))
            if counts[-1]:
                written.append(Written(name, counts[-1], f"{trainer}:{way}"))
            else:
                (job.room / name).unlink()
        if counts[0]:
            parts.append(Part(way, counts[0], counts[1], longest.tokens))
    return parts, written


class _Longest:
    """Remembers how long the longest line is that came by."""

    def __init__(self) -> None:
        self._size = 0

    def seen(self, examples: Iterator[Example]) -> Iterator[Example]:
        """The same examples."""
        for one in examples:
            self._size = max(self._size, one.size)
            yield one

    @property
    def tokens(self) -> int:
        """Room enough that no line is cut or dropped: Chinese takes at most about a token a character."""
        wanted = round(self._size * 1.1) + 128
        return min(_MOST, max(_LEAST, -(-wanted // _STEP) * _STEP))
