"""The files that shape a run beside its rows, templates and rubrics: noted as they are read, given back in a replay.

Whoever reads such a file does it through ``shaping``; who keeps what shaped a run wraps the reading in ``noted``, and
who repeats a run from what was kept wraps it in ``given``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

Texts: TypeAlias = Mapping[str, tuple[str, str]]
"""What was asked for → the name it was given, and its text."""

_noted: ContextVar[dict[str, tuple[str, str]] | None] = ContextVar("noted", default=None)
_given: ContextVar[Texts | None] = ContextVar("given", default=None)


def shaping(asked: str, read: Callable[[], tuple[str, str]]) -> tuple[str, str]:
    """Name and text of a file that shapes a run, as it is now, or as it was where a run is replayed.

    Raises LookupError where a replay asks for what was not kept.
    """
    given = _given.get()
    if given is not None:
        if asked not in given:
            raise LookupError(f"{asked} was not kept when the run was made")
        return given[asked]
    found = read()
    notes = _noted.get()
    if notes is not None:
        notes[asked] = found
    return found


@contextmanager
def noted() -> Iterator[dict[str, tuple[str, str]]]:
    """What is read inside the block."""
    notes: dict[str, tuple[str, str]] = {}
    token = _noted.set(notes)
    try:
        yield notes
    finally:
        _noted.reset(token)


@contextmanager
def given(texts: Texts | None) -> Iterator[None]:
    """Inside the block these stand for the files; None: the files themselves."""
    token = _given.set(texts)
    try:
        yield
    finally:
        _given.reset(token)
