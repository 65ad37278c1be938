"""Stages as forms: what each takes, field by field, and the words of a command line that say the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, fields
from typing import Any, Literal

from augment.errors import UsageError
from augment.plans import RunOptions
from augment.stages import load
from augment.stages._stage import Stage

NUMBERS = {"int": "whole", "int | None": "whole", "float": "number", "float | None": "number"}


@dataclass(frozen=True, slots=True)
class Blank:
    """One field of a form: a flag of the command line. kind: flag: yes or no; many: a list of texts."""

    name: str
    help: str
    kind: Literal["flag", "whole", "number", "text", "many"]
    default: Any
    choices: tuple[str, ...]
    metavar: str


@dataclass(frozen=True, slots=True)
class Form:
    """What one stage takes. asks: the kind of provider, None for none; optional: it can do without. own: the fields of
    its own; common: those of every stage."""

    stage: str
    help: str
    asks: Literal["chat", "translate"] | None
    optional: bool
    adds: bool
    drops: bool
    own: tuple[Blank, ...]
    common: tuple[Blank, ...]


def form(name: str) -> Form:
    """The form of a stage. Raises NotFound."""
    stage = load(name)
    own = tuple(map(_blank, fields(stage.options)))
    taken = {blank.name for blank in own}
    common = tuple(blank for blank in map(_blank, fields(RunOptions)) if blank.name not in taken)
    return Form(name, stage.help, stage.asks, stage.optional, stage.adds, stage.drops, own, common)


def _blank(field: Field[Any]) -> Blank:
    kind = NUMBERS.get(str(field.type), "many" if isinstance(field.default, tuple) else "text")
    return Blank(
        name=field.name,
        help=str(field.metadata.get("help", "")),
        kind="flag" if field.default is False else kind,  # type: ignore[arg-type]  # NUMBERS holds two of the literals
        default=field.default,
        choices=tuple(field.metadata.get("choices") or ()),
        metavar=str(field.metadata.get("metavar") or ""),
    )


def words(stage: str, dataset: str, options: Mapping[str, Any], run: RunOptions) -> list[str]:
    """What is typed after ``augment`` for a run with these options; what is as it would be anyway is left out.
    Raises UsageError, NotFound."""
    found = load(stage)
    given = {**_values(run), **options}
    flags = [flag for name, default in _defaults(found).items() for flag in _flags(name, default, given)]
    if unknown := sorted(set(given) - set(_defaults(found))):
        raise UsageError(f"{stage!r} has no option {unknown[0]!r}", hint=f"`augment {stage} --help` lists them")
    return [stage, dataset, *flags]


def recorded(stage: str, options: Mapping[str, Any]) -> tuple[dict[str, Any], RunOptions]:
    """The options of a run as its record has them: the stage's own, everybody's."""
    found = load(stage)
    given: dict[str, Any] = {}
    for name, default in _defaults(found).items():
        value = options.get(name, default)
        given[name] = tuple(value) if isinstance(value, list) else value
    own = {field.name for field in fields(found.options)}
    common = {field.name for field in fields(RunOptions)}
    run = RunOptions(**{name: value for name, value in given.items() if name in common})
    return {name: value for name, value in given.items() if name in own}, run


def _defaults(stage: Stage) -> dict[str, Any]:
    common = {field.name: field.default for field in fields(RunOptions)}
    return {**common, **{field.name: field.default for field in fields(stage.options)}}


def _values(options: Any) -> dict[str, Any]:
    return {field.name: getattr(options, field.name) for field in fields(options)}


def _flags(name: str, default: Any, given: Mapping[str, Any]) -> Iterator[str]:
    value, flag = given.get(name, default), f"--{name.replace('_', '-')}"
    if value == default and (value or not isinstance(value, bool)):
        return
    if value is True:
        yield flag
    elif isinstance(value, tuple | list):
        yield from (f"{flag}={one}" for one in value)  # with the sign: a value may begin with a dash
    elif value is not None and value is not False:
        yield f"{flag}={value}"
