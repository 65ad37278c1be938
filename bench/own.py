"""What parts of the workbench cost by themselves, each in a process of its own; prints one JSON object.

python bench/own.py ledger|versions|reader N FOLDER
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from augment.types import Chat, Message, Reply, Route, Row, Usage

PROBLEM = "甲站在乙的前面，乙站在丙的前面，丙站在丁的前面，丁不在队伍的两头。" * 9
SOLUTION = "逐项比较题目给出的条件，排除与条件不符的选项，剩下的一项就是结论。" * 8
ROUTE = Route("bench", "openai", "bench", "http://127.0.0.1:1/v1")


def ledger(number: int, folder: Path) -> dict[str, float]:
    """Asks a second that are noted as sent and as answered, both synced; 64 waiting together, and one at a time."""
    from augment.asks import Sending
    from augment.ledger import Ledger

    async def put(book: Ledger, index: int) -> None:
        key = hashlib.sha256(str(index).encode()).digest()
        ask = Chat((Message("user", f"{index}：{PROBLEM}"),), (("temperature", 0.8),))
        await book.sent([Sending(key, "bench", ROUTE, ask, 0)], "run")
        text = f"{SOLUTION}（{index}）答案是：A"
        await book.answered([(key, Reply((text,), Usage(400, 200), raw=json.dumps({"content": text})), None)])

    async def at_once(waiting: int, number: int) -> float:
        book = Ledger(folder / f"together-{waiting}" / "workbench.sqlite")
        indexes = iter(range(number))
        began = time.perf_counter()

        async def one_of_them() -> None:
            for index in indexes:
                await put(book, index)

        async with asyncio.TaskGroup() as group:
            for _ in range(waiting):
                group.create_task(one_of_them())
        seconds = time.perf_counter() - began
        book.close()
        return number / seconds

    return {"ledger_together": asyncio.run(at_once(64, number)), "ledger_alone": asyncio.run(at_once(1, number // 10))}


def versions(number: int, folder: Path) -> dict[str, float]:
    """Seconds to commit a version of so many rows, and to compare it with one where each tenth has changed."""
    from augment.query import diff
    from augment.store import Store

    def lineage(added: int, out: int) -> dict[str, object]:
        return {"stage": "bench", "rows_added": added, "rows_out": out}

    def born() -> Iterator[Row]:
        for index in range(number):
            name = hashlib.sha256(str(index).encode()).hexdigest()[:32]
            yield Row(
                name, name, problem=f"{index}：{PROBLEM}", question="谁在前？", options=list("甲乙丙丁"), answer="A"
            )

    store = Store(folder)
    with store.draft("t") as draft:
        draft.write(born())
        store.commit("t", base=None, added=draft, lineage=lineage, transaction="one")
    changed: set[str] = set()
    began = time.perf_counter()
    with store.draft("t") as draft:
        for index, row in enumerate(store.rows("t", 0)):
            if index % 10 == 0:
                changed.add(row.row_id)
                row = replace(row, reasoning=f"{SOLUTION}（{index}）")
            draft.write([row])
        store.commit("t", base=0, whole=draft, changed=frozenset(changed), lineage=lineage, transaction="two")
    committed = time.perf_counter()
    found = sum(1 for _ in diff(store, "t", 0, 1))
    ended = time.perf_counter()
    if found != len(changed):
        raise RuntimeError(f"the versions differ in {found} rows, not {len(changed)}")
    return {f"commit_{number}": committed - began, f"diff_{number}": ended - committed}


def reader(number: int, _: Path) -> dict[str, float]:
    """Megabytes of solutions a second that the answer reader reads, no two of them the same."""
    from augment.answers import read_answer

    dice = random.Random(1)
    sentences = [
        f"选项{letter}说{who}在前，与条件{n}不符，排除。" for n, letter in enumerate("ABCD", 1) for who in "甲乙丙丁"
    ]
    sentences += [f"{part}。" for part in sorted({*SOLUTION.split("。"), *PROBLEM.split("。")}) if part]
    texts = [f"{''.join(dice.choices(sentences, k=14))}\n答案是：{dice.choice('ABCD')}" for _ in range(number)]
    began = time.perf_counter()
    for text in texts:
        read_answer(text, options=4)
    return {"reader": sum(len(text.encode()) for text in texts) / 1e6 / (time.perf_counter() - began)}


if __name__ == "__main__":
    part = {"ledger": ledger, "versions": versions, "reader": reader}[sys.argv[1]]
    print(json.dumps(part(int(sys.argv[2]), Path(sys.argv[3]))))
