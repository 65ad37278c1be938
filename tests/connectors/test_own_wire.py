"""The connector that docs/how-to/new-wire.md shows, against a server that speaks its wire."""

from __future__ import annotations

import asyncio
import json
import re
import types
from pathlib import Path
from typing import Any

import pytest

from augment.errors import Fault
from augment.settings import Secret
from augment.types import Chat, Message, Reply, Route

from .recordings import Answer, serving

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "new-wire.md"


def shown() -> Any:
    found = re.search(r"```py\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    module = types.ModuleType("plainwire")
    exec(compile(found[1], str(PAGE), "exec"), module.__dict__)
    return module


def send(answer: Answer) -> tuple[Reply, Any]:
    async def use(url: str) -> Reply:
        connector = shown().connect(Route("plain", "plainwire", "plain-1", url), {"api_key": Secret("k-1234")})
        try:
            reply: Reply = await connector.send(Chat((Message("user", "问"),)))
            return reply
        finally:
            await connector.close()

    with serving(answer) as server:
        return asyncio.run(use(server.url)), server.asked[0]


def test_the_shown_connector_asks_and_answers() -> None:
    reply, asked = send(Answer(json.dumps({"heard": "答"}).encode()))
    assert reply.text == "答"
    assert (asked.path, asked.json(), asked.headers["Authorization"]) == ("/talk", {"say": "问"}, "Bearer k-1234")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(b'{"oops": "busy"}', 429), "rate_limited"),
        (Answer(b'{"oops": "new"}', 500), "transient"),
        (Answer(b"{}", 401), "auth"),
        (Answer(b"<html>"), "transient"),
        (Answer(b'{"heard": ""}'), "transient"),
    ],
    ids=["busy", "unknown", "key", "html", "empty"],
)
def test_the_shown_connector_tells_faults_apart(answer: Answer, kind: str) -> None:
    with pytest.raises(Fault) as caught:
        send(answer)
    assert caught.value.kind == kind
