"""A filter in words that others keep: JSON in the ledger, the parts of an address, an expression for ``--where``."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from augment.browse._filter import ANY, UNDECIDED, Filter
from augment.errors import BadInput

TEXTS = tuple(field.name for field in fields(Filter) if isinstance(getattr(Filter(), field.name), str))
NUMBERS = ("score_from", "score_to")


def to_json(wanted: Filter) -> str:
    """The parts that ask something, for keeping."""
    blank = asdict(Filter())
    return json.dumps({k: v for k, v in asdict(wanted).items() if v != blank[k]}, ensure_ascii=True)


def read_filter(text: str) -> Filter:
    """A filter from ``to_json``. Raises BadInput for anything else."""
    try:
        found = json.loads(text)
        if not isinstance(found, dict) or not found.keys() <= {field.name for field in fields(Filter)}:
            raise ValueError("it has other parts than a filter")
        parts: dict[str, Any] = {**found, "tags": tuple(found.get("tags", ()))}
        wanted = Filter(**parts)
        if not all(_fits(name, getattr(wanted, name)) for name in found):
            raise ValueError("a part is of another kind")
    except (ValueError, TypeError) as error:
        raise BadInput(f"a saved filter cannot be read: {error}", hint="save it again under the same name") from error
    return wanted


def to_address(wanted: Filter) -> dict[str, str]:
    """The parts that ask something as texts, for an address bar; ``from_address`` reads them back."""
    parts = {name: getattr(wanted, name) for name in TEXTS if getattr(wanted, name)}
    if wanted.tags:
        parts["tags"] = ",".join(tag.replace("\\", "\\\\").replace(",", "\\,") for tag in wanted.tags)
    for name in NUMBERS:
        if (number := getattr(wanted, name)) is not None:
            parts[name] = repr(number)
    if wanted.reasoning is not None:
        parts["reasoning"] = "yes" if wanted.reasoning else "no"
    if wanted.conflict:
        parts["conflict"] = "yes"
    return parts


def from_address(parts: Mapping[str, str]) -> Filter:
    """The filter in the parts of an address. What is no part of one, or of no use, is left out: people type these."""
    found: dict[str, Any] = {name: parts[name] for name in TEXTS if parts.get(name)}
    if parts.get("tags"):
        found["tags"] = tuple(_tags(parts["tags"]))
    for name in NUMBERS:
        if (number := _number(parts.get(name, ""))) is not None:
            found[name] = number
    if parts.get("reasoning") in ("yes", "no"):
        found["reasoning"] = parts["reasoning"] == "yes"
    if parts.get("conflict") == "yes":
        found["conflict"] = True
    return Filter(**found)


def expression(wanted: Filter) -> str:
    """The filter as ``--where`` takes it, blank where it asks nothing. Left out: whom rows were dealt to and whether
    reviewers agree, which no column of a version says."""
    parts = [f"{name} = {quoted(getattr(wanted, name))}" for name in TEXTS[:6] if getattr(wanted, name)]
    if wanted.decision and not wanted.assigned:
        parts.append("decision IS NULL" if wanted.decision == UNDECIDED else f"decision = {quoted(wanted.decision)}")
    parts += [f"list_contains(tags, {quoted(tag)})" for tag in wanted.tags]
    for name, holds in (("failed", "NOT c.ok"), ("passed", "c.ok")):
        if check := getattr(wanted, name):
            named = "" if check == ANY else f" AND c.name = {quoted(check)}"
            parts.append(f"len(list_filter(checks, lambda c: {holds}{named})) > 0")
    if wanted.score_from is not None:
        parts.append(f"score >= {wanted.score_from!r}")
    if wanted.score_to is not None:
        parts.append(f"score <= {wanted.score_to!r}")
    if wanted.reasoning is not None:
        parts.append(f"reasoning IS {'NOT ' if wanted.reasoning else ''}NULL")
    if wanted.text:
        texts = "problem, question, answer, reasoning, source_id, array_to_string(options, chr(10))"
        parts.append(f"contains(concat_ws(chr(0), {texts}), {quoted(wanted.text)})")
    if wanted.where:
        parts.append(f"({wanted.where})" if parts else wanted.where)
    return " AND ".join(parts)


def rows_expression(row_ids: list[str]) -> str:
    """These rows alone, as ``--where`` takes it."""
    return f"row_id IN ({', '.join(map(quoted, row_ids))})"


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def _fits(name: str, value: Any) -> bool:
    if name == "tags":
        return all(isinstance(tag, str) for tag in value)
    if name in NUMBERS:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, bool if name in ("reasoning", "conflict") else str)


def _tags(text: str) -> list[str]:
    tags, escaped = [""], False
    for character in text:
        if character == "," and not escaped:
            tags.append("")
        elif character == "\\" and not escaped:
            escaped = True
            continue
        else:
            tags[-1] += character
        escaped = False
    return [tag for tag in tags if tag]


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
