"""The fields of ``[providers.NAME]`` and what each may hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, TypeAlias

from augment.errors import BadInput

Holds: TypeAlias = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _truth(value: Any) -> bool:
    return isinstance(value, bool)


def _table(value: Any) -> bool:
    return isinstance(value, dict)


def _values(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, (str, int, float)) for one in value.values())


FIELDS: dict[str, tuple[Holds, str]] = {
    "kind": (lambda value: value in ("chat", "translate"), '"chat" or "translate"'),
    **dict.fromkeys(
        ("connector", "model", "endpoint", "endpoint_env", "endpoint_path", "api", "key", "instead"), (_text, "a text")
    ),
    "retired_on": (lambda value: isinstance(value, (str, dt.date)), "a date"),
    "names": (_texts, 'other names, e.g. ["Spark Max"]'),
    "routes": (_texts, 'names of providers, e.g. ["vllm"] or ["vllm:Qwen2-7B-Instruct"]'),
    "keys": (lambda value: _table(value) and all(map(_texts, value.values())), 'a table, e.g. { api_key = ["NAME"] }'),
    "needs": (lambda value: isinstance(value, list) and all(map(_texts, value)), 'groups of keys, e.g. [["api_key"]]'),
    "timeout_s": (lambda value: isinstance(value, (int, float)) and not _truth(value) and value > 0, "seconds"),
    **dict.fromkeys(("probe_first", "simulated"), (_truth, "true or false")),
    **dict.fromkeys(("options", "parameters"), (_values, "a table of texts and numbers")),
    **dict.fromkeys(("limits", "price"), (_table, "a table")),
}


def check_fields(name: str, own: Any) -> None:
    """Raises BadInput for a field that is unknown or holds something else than it may."""
    if not isinstance(own, dict):
        raise BadInput(f"augment.toml providers.{name} is no table", hint=f"write [providers.{name}] on its own line")
    for field, value in own.items():
        if field not in FIELDS:
            raise BadInput(
                f"augment.toml [providers.{name}] has no field {field!r}", hint=f"fields: {', '.join(sorted(FIELDS))}"
            )
        holds, wanted = FIELDS[field]
        if not holds(value):
            raise BadInput(f"augment.toml [providers.{name}] {field} = {value!r}", hint=f"{field} holds {wanted}")
