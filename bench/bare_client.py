"""A hand-written HTTP/1.1 client over asyncio.Protocol with keep-alive: the least an ask can cost in Python here.

    python bench/bare_client.py BASE_URL PROMPTS.jsonl ANSWERS.jsonl IN_FLIGHT

JSONL in, JSONL out, one ask at a time on each of IN_FLIGHT connections. Checks nothing, keeps nothing: an ask that
fails is left out; typed again it asks for what has no line yet.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

Row = dict[str, str]
BEFORE = b'{"model": "bench", "messages": [{"role": "user", "content": '
AFTER = b'}], "temperature": 0.8}'
encode = json.JSONEncoder(ensure_ascii=False).encode
decode = json.JSONDecoder().decode


class Wire(asyncio.Protocol):
    """One connection: sends the next row's ask as soon as the last is answered."""

    def __init__(self, rows: Iterator[Row], head: bytes, out: TextIO, done: asyncio.Future[bool]) -> None:
        self.rows, self.head, self.out, self.done = rows, head, out, done
        self.row: Row | None = None
        self.read = b""
        self.body_at = self.length = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.row = next(self.rows, None)
        if self.row is None:
            self.transport.close()
            return
        prompt = encode(self.row["prompt"]).encode()
        length = len(BEFORE) + len(prompt) + len(AFTER)
        self.transport.write(b"%b%d\r\n\r\n%b%b%b" % (self.head, length, BEFORE, prompt, AFTER))

    def data_received(self, data: bytes) -> None:
        read = self.read = self.read + data if self.read else data
        if not self.body_at:
            end = read.find(b"\r\n\r\n")
            if end < 0:
                return
            head = read[:end].lower()
            at = head.find(b"content-length:") + 15
            self.length = int(head[at:].split(b"\r\n", 1)[0])
            self.body_at = end + 4
        if len(read) < self.body_at + self.length:
            return
        if self.row is not None and read.startswith(b"HTTP/1.1 200"):
            answer = decode(read[self.body_at :].decode())["choices"][0]["message"]["content"]
            self.out.write(f'{{"id": {encode(self.row["id"])}, "answer": {encode(answer)}}}\n')
        self.read = b""
        self.body_at = 0
        self.ask()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 — asyncio's signature
        if not self.done.done():
            self.done.set_result(self.row is None)


async def place(host: str, port: int, rows: Iterator[Row], head: bytes, out: TextIO) -> None:
    """One connection after another until no row is left."""
    loop = asyncio.get_running_loop()
    while True:
        done: asyncio.Future[bool] = loop.create_future()
        await loop.create_connection(lambda done=done: Wire(rows, head, out, done), host, port)  # type: ignore[misc]
        if await done:
            return


async def main(base: str, prompts: Path, answers: Path, in_flight: int) -> None:
    url = urlsplit(base)
    host, port = url.hostname or "127.0.0.1", url.port or 80
    lines = f"POST {url.path}/chat/completions HTTP/1.1", f"Host: {host}:{port}", "Content-Type: application/json"
    head = "".join(f"{line}\r\n" for line in lines).encode() + b"Content-Length: "
    known = ids(answers)
    with prompts.open(encoding="utf-8") as source, answers.open("a", encoding="utf-8") as out:
        rows = (row for line in source if (row := json.loads(line))["id"] not in known)
        async with asyncio.TaskGroup() as group:
            for _ in range(in_flight):
                group.create_task(place(host, port, rows, head, out))


def ids(answers: Path) -> set[str]:
    """The rows that have an answer; a line cut by a kill is none."""
    found: set[str] = set()
    if answers.exists():
        with answers.open(encoding="utf-8") as file:
            for line in file:
                with contextlib.suppress(ValueError):
                    found.add(json.loads(line)["id"])
    return found


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])))
