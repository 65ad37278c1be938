"""Lines on their way into a file: kept on disk as they come, numbered, and given back in the order wanted."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO


class Spool:
    """Values as JSON lines in a file of their own; in memory a few numbers a line.

    places: where the row stands in its version, or the two rows of a pair. group: what ``--balance`` counts the line
    under. name: what the dice throw for, so that the same row always falls the same way. lead: 0, or the first line of
    that number goes to the front, for readers that guess a column's type by the beginning of a file.
    """

    def __init__(self, path: Path, *, seed: int = 0, shuffle: int | None = None) -> None:
        self._file: BinaryIO = path.open("w+b")
        self._seed, self._shuffle = seed, shuffle
        self._starts = array("Q")
        self._draws = array("Q")
        self._keys = array("Q")
        self._groups: dict[str, int] = {}
        self._group = array("L")
        self._first, self._second = array("Q"), array("Q")
        self._leads = array("B")
        self._end = 0
        self._order: array[int] | None = None

    def __len__(self) -> int:
        return len(self._starts) if self._order is None else len(self._order)

    def add(self, value: Any, *, places: tuple[int, int], name: str, group: str = "", lead: int = 0) -> int:
        """Keeps a value and gives its number."""
        number = len(self._starts)
        line = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n"
        self._file.write(line)
        self._starts.append(self._end)
        self._end += len(line)
        self._first.append(places[0])
        self._second.append(places[1])
        self._leads.append(lead)
        self._draws.append(_thrown(self._seed, name, number))
        self._keys.append(number if self._shuffle is None else _thrown(self._shuffle, name, number))
        self._group.append(self._groups.setdefault(group, len(self._groups)))
        return number

    def drop(self, numbers: Iterable[int]) -> None:
        """Forgets lines; those behind them are numbered anew."""
        gone = frozenset(numbers)
        for one in (
            (self._starts, self._draws, self._keys, self._group, self._first, self._second, self._leads) if gone else ()
        ):
            one[:] = array(one.typecode, (value for number, value in enumerate(one) if number not in gone))

    def places(self, number: int) -> tuple[int, int]:
        """Where the rows of a line stand in their version."""
        return self._first[number], self._second[number]

    def at(self, number: int) -> Any:
        """The value with that number."""
        self._file.seek(self._starts[number])
        return json.loads(self._file.readline())

    def settle(self, *, balanced: bool) -> list[int]:
        """From now on lines are given back in the order asked for; balanced: as many of each group as the rarest has.
        Gives the numbers kept."""
        kept: list[int] = []
        if balanced:
            by_group: dict[int, list[int]] = {}
            for number, group in enumerate(self._group):
                by_group.setdefault(group, []).append(number)
            fewest = min(map(len, by_group.values()), default=0)
            for members in by_group.values():
                kept += sorted(members, key=self._draws.__getitem__)[:fewest]
        else:
            kept = list(range(len(self._starts)))
        order = sorted(kept, key=self._keys.__getitem__)
        for lead in sorted({*self._leads} - {0}, reverse=True):
            place = next((place for place, number in enumerate(order) if self._leads[number] == lead), 0)
            order[: place + 1] = order[place : place + 1] + order[:place]
        self._order = array("Q", order)
        return kept

    def in_order(self, index: int) -> Any:
        """The value at a place of the order wanted. Raises IndexError."""
        return self.at(index if self._order is None else self._order[index])

    def lines(self) -> Iterator[Any]:
        """The values, in order."""
        for index in range(len(self)):
            yield self.in_order(index)

    def close(self) -> None:
        """Frees the file, which goes with its folder."""
        self._file.close()


def _thrown(seed: int, name: str, number: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}/{number}".encode()).digest()[:8], "big")
