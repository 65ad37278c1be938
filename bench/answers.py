"""Compares the answer reader with the rule people use, on labelled texts.

Prints for both: how single-letter answers were read, precision, recall, several-letter answers read exactly, and speed.

    python bench/answers.py [LABELLED.jsonl]
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from augment.answers import read_answer

LABELLED = Path(__file__).resolve().parents[2] / "shared" / "data" / "answers_seen.jsonl"
Item = dict[str, Any]


def naive(item: Item) -> tuple[str, ...]:
    found = re.findall(r"答案.*?([A-Z])", item["text"])
    return (found[-1],) if found else ()


def ours(item: Item) -> tuple[str, ...]:
    return read_answer(item["text"], options=item.get("options") or item["options_count"]).letters


def outcome(final: str | None, letters: tuple[str, ...]) -> str:
    said = letters[0] if len(letters) == 1 else None
    if final is None:
        return "no single letter, one read" if said else "no single letter, none read"
    if said is None:
        return "letter missed"
    return "letter read" if said == final else "wrong letter read"


def report(name: str, items: list[Item], read: Callable[[Item], tuple[str, ...]]) -> None:
    started = time.perf_counter()
    letters = [read(item) for item in items]
    seconds = time.perf_counter() - started
    counts = Counter(outcome(item["final"], said) for item, said in zip(items, letters, strict=True))
    right, wrong = counts["letter read"], counts["wrong letter read"] + counts["no single letter, one read"]
    single = sum(item["final"] is not None for item in items)
    several = [(item["multi"], said) for item, said in zip(items, letters, strict=True) if item.get("multi")]
    megabytes = sum(len(item["text"].encode()) for item in items) / 1e6
    print(f"{name}")
    for kind in (
        "letter read",
        "wrong letter read",
        "letter missed",
        "no single letter, none read",
        "no single letter, one read",
    ):
        print(f"  {kind:30}{counts[kind]:6}")
    print(f"  {'precision':30}{right / max(1, right + wrong):6.3f}")
    print(f"  {'recall':30}{right / max(1, single):6.3f}")
    print(f"  {'several read exactly':30}{sum(list(said) == gold for gold, said in several):6} of {len(several)}")
    print(f"  {'MB/s':30}{megabytes / seconds:6.2f}")


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else LABELLED
    items = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    print(f"{len(items)} texts, {path.name}")
    report("augment.answers", items, ours)
    report("答案.*?([A-Z]), last match", items, naive)


if __name__ == "__main__":
    main()
