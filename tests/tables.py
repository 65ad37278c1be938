"""Small datasets for tests: numbered rows, added and filled, in this process or in one that imports little."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from augment.store import Store
from augment.types import Row


def row(number: int, **values: Any) -> Row:
    return Row(f"{number:032x}", f"p{number}", question=f"第{number}题", options=["甲", "乙"], **values)


def lineage(stage: str = "test", **more: Any) -> Callable[[int, int], Mapping[str, Any]]:
    return lambda added, out: {"stage": stage, "rows_added": added, "rows_out": out, **more}


def add(store: Store, numbers: Iterable[int], base: int | None, transaction: str = "", name: str = "d") -> int:
    with store.draft(name) as draft:
        draft.write(row(number) for number in numbers)
        return store.commit(
            name, base=base, added=draft, lineage=lineage("add"), transaction=transaction or os.urandom(8).hex()
        )


def fill(store: Store, changes: Mapping[int, str], base: int, transaction: str = "", name: str = "d") -> int:
    ids = {row(number).row_id: text for number, text in changes.items()}
    with store.draft(name) as draft:
        draft.write(
            one.with_(reasoning=ids[one.row_id]) if one.row_id in ids else one for one in store.rows(name, base)
        )
        return store.commit(
            name,
            base=base,
            whole=draft,
            changed=frozenset(ids),
            lineage=lineage("fill"),
            transaction=transaction or os.urandom(8).hex(),
        )


def numbers(store: Store, version: int | None = None, name: str = "d") -> list[int]:
    return [int(one.row_id, 16) for one in store.rows(name, version)]


def reasoning(store: Store, version: int | None = None, name: str = "d") -> dict[int, str]:
    return {int(one.row_id, 16): one.reasoning for one in store.rows(name, version) if one.reasoning}


def files_of(store: Store, name: str = "d") -> set[str]:
    return {path.name for path in (store.root / name / "rows").iterdir() if path.is_file()}
