"""What every stage file offers: its name, its options, what it asks, and how it works on one row."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from augment.types import Asker, Outcome, Row

Work = Callable[[Row, Asker], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Context:
    """What a stage knows of the dataset before its first row. derived: the ids of all rows made from other rows."""

    workspace: Path
    derived: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ready:
    """A stage with its options read. prompts: template name → prompt id, for the lineage."""

    work: Work
    prompts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. asks: the kind of provider it needs, None for an offline one. adds: it makes new rows; otherwise it
    fills columns. takes: whether it reads a row at all. looks_at: the columns ``takes`` sees; the others of a row it is
    given cannot be read. prepare: options → Ready."""

    name: str
    help: str
    options: type[Any]
    asks: Literal["chat", "translate"] | None
    adds: bool
    prepare: Callable[[Any, Context], Ready]
    takes: Callable[[Row], bool] = lambda _: True
    looks_at: tuple[str, ...] = ()


def option(default: Any, help: str, *, choices: Sequence[str] = (), metavar: str = "") -> Any:  # noqa: A002
    """A field of a stage's Options: it is the flag, its default and its help in one.

    A tuple as default makes the flag repeatable. ``help`` shadows the builtin on purpose: it is the word readers know.
    """
    return field(default=default, metadata={"help": help, "choices": tuple(choices), "metavar": metavar})
