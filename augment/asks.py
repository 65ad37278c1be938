"""One ask as the ledger knows it: the key that makes two asks the same, and how ask and reply are kept."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from augment.types import Ask, Chat, Reply, Route, Usage


def ask_key(route: Route, ask: Ask, *, attempt: int, fresh: str) -> bytes:
    """SHA-256 of the canonical JSON of everything that makes two asks the same. A Translation must hold one text."""
    content: dict[str, Any] = {
        "route": route.name,
        "model": route.model,
        "attempt": attempt,
        "fresh": fresh,
        "simulated": route.simulated,
        **request_json(ask),
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def request_json(ask: Ask) -> dict[str, Any]:
    """What is asked, as the key and the ledger hold it."""
    if isinstance(ask, Chat):
        messages = [[message.role, message.content] for message in ask.messages]
        return {"messages": messages, "parameters": dict(ask.parameters)}
    return {"text": ask.texts[0], "source": ask.source, "target": ask.target}


@dataclass(frozen=True, slots=True)
class Sending:
    """One ask about to leave."""

    key: bytes
    provider: str
    route: Route
    ask: Ask
    attempt: int


def unpack(blob: bytes) -> Any:
    """A compressed JSON value of the ledger."""
    return json.loads(zlib.decompress(blob))


def storable(text: str) -> str:
    """The text with half characters spelled out: SQLite takes none, and a note must not fail for one."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def pack(value: Mapping[str, Any]) -> bytes:
    """A value as compressed JSON."""
    return zlib.compress(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"), 1)


def pack_reply(reply: Reply) -> bytes:
    """A reply of one text, compressed; its usage stands in columns of its own."""
    return pack(
        {
            "text": reply.text,
            "finish": reply.finish,
            "thinking": reply.thinking,
            "vendor_id": reply.vendor_id,
            "raw": reply.raw,
        }
    )


def unpack_reply(blob: bytes, usage: Usage) -> Reply:
    """The reply that ``pack_reply`` kept."""
    kept = unpack(blob)
    return Reply((kept["text"],), usage, kept["finish"], kept["thinking"], kept["vendor_id"], kept["raw"])
