"""Rows of a filter in an order: any page of them, and the place of any row, without sorting them again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from augment.browse._grams import Positions

Mask: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
Numbers: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Places: TypeAlias = np.ndarray[Any, np.dtype[np.int32]]
Side: TypeAlias = Literal["after", "at", "before"]


class Order(NamedTuple):
    """All rows of a version in order. rows: the positions, first to last; ranks: for each position its place in it."""

    rows: Places
    ranks: Places


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Rows of a filter, in order. found: their ranks, ascending."""

    order: Order
    found: Places

    def some(self, position: int | None, side: Side, count: int) -> Positions:
        """The rows behind one, from it on, or just before it, in order, whether it is one of them or not; without one
        those of either end."""
        if side == "before":
            end = len(self.found) if position is None else self.index(position)
            return self.slice(max(0, end - count), end)
        start = 0 if position is None else self.index(position)
        if side == "after" and position is not None and self.holds(position):
            start += 1
        return self.slice(start, start + count)

    def slice(self, start: int, stop: int) -> Positions:
        """The rows from one place to before another."""
        chosen: Positions = self.order.rows[self.found[start:stop]].astype(np.int64)
        return chosen

    def index(self, position: int) -> int:
        """How many rows stand before one."""
        return int(np.searchsorted(self.found, self.order.ranks[position]))

    def holds(self, position: int) -> bool:
        """Whether a row is one of them."""
        at = self.index(position)
        return at < len(self.found) and bool(self.found[at] == self.order.ranks[position])


def ordered(numbers: Numbers, *, descending: bool) -> Order:
    """By numbers; rows with equal ones stand by position, those without one come last either way."""
    keys = -numbers if descending else numbers
    rows = np.argsort(np.where(np.isnan(keys), np.inf, keys), kind="stable").astype(np.int32)
    return Order(rows, ranks_of(rows))


def by_position(rows: int, *, descending: bool) -> Order:
    """As they stand in the version, or from the last to the first."""
    there = np.arange(rows, dtype=np.int32)
    return Order(there[::-1].copy(), there[::-1].copy()) if descending else Order(there, there)


def ranks_of(rows: Places) -> Places:
    """For each position its place among them."""
    ranks = np.empty(len(rows), np.int32)
    ranks[rows] = np.arange(len(rows), dtype=np.int32)
    return ranks


def line(order: Order, mask: Mask) -> Line:
    """The rows of a mask, in order."""
    return Line(order, np.flatnonzero(mask[order.rows]).astype(np.int32))


class Kin(NamedTuple):
    """The rows by kin. rows: those of the first, by position, then those of the next …; starts, sizes: of each kin."""

    rows: Places
    starts: Places
    sizes: Places


def by_kin(kin: Places) -> Kin:
    """The rows put together with their kin. kin: the number of each row's."""
    sizes = np.bincount(kin).astype(np.int32)
    rows = np.argsort(kin, kind="stable").astype(np.int32)
    return Kin(rows, (np.cumsum(sizes, dtype=np.int32) - sizes).astype(np.int32), sizes)


def turns(kin: Kin, decided: Mask) -> Order:
    """By each row's turn among its kin: those decided first, then the others, by position.

    So that the first rows of kin that nobody has looked at come before the second row of any.
    """
    there = decided[kin.rows]
    before = np.cumsum(there, dtype=np.int32) - there  # decided ones before each, kin after kin
    place = np.arange(len(there), dtype=np.int32) - np.repeat(kin.starts, kin.sizes)
    firsts = before[kin.starts] if len(there) else before
    seen = before - np.repeat(firsts, kin.sizes)  # of its own kin
    of_kin = np.add.reduceat(there, kin.starts, dtype=np.int32) if len(there) else before
    turn = np.empty(len(there), np.int32)
    turn[kin.rows] = np.where(there, seen, np.repeat(of_kin, kin.sizes) + place - seen)
    small = turn.astype(np.uint16) if not len(turn) or turn.max() < 2**16 else turn  # numpy sorts these in one pass
    rows = np.argsort(small, kind="stable").astype(np.int32)
    return Order(rows, ranks_of(rows))
