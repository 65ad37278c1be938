"""A chat server on OpenAI's wire that is never the bottleneck: answers stand ready, an ask costs it microseconds.

    python bench/server.py [--latency S [--jitter SHARE]] [--per-minute N [--retry-after]] [--faults SHARE] [--seed N]

Prints its port, then serves until it is ended. The answer concludes the letter that the prompt gives under ``### 答案``
and ends differently for every ask, so that no cache of texts helps. ``GET /counts`` tells what has happened so far.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import random
import time
import zlib
from collections import deque
from dataclasses import dataclass, field

MARKS = tuple(json.dumps("### 答案\n", ensure_ascii=escaped)[1:-1].encode() for escaped in (False, True))
FILL = "逐项比较题目给出的条件，排除与条件不符的选项，剩下的一项就是结论。" * 8
PLACE = "00000000"  # of what makes each answer another one
WINDOW_S = 60.0


def response(status: str, body: bytes, *headers: str) -> bytes:
    """A whole HTTP response."""
    lines = (f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers)
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + body


def chat(text: str) -> bytes:
    """A whole answer of the chat wire."""
    answer = {
        "id": "chat-bench",
        "object": "chat.completion",
        "created": 1,
        "model": "bench",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 400, "completion_tokens": 200, "total_tokens": 600},
    }
    return response("200 OK", json.dumps(answer, ensure_ascii=False).encode())


GOOD = {ord(letter): chat(f"{FILL}（{PLACE}）答案是：{letter}").split(PLACE.encode()) for letter in "ABCDEFG"}
EMPTY = chat("")
REFUSED = json.dumps({"error": {"message": "too many requests", "type": "rate_limit_error"}}).encode()
BROKEN = tuple(
    response(status, b'{"error":{"message":"try again","type":"server_error"}}')
    for status in ("500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable")
)
MODELS = response("200 OK", b'{"object":"list","data":[{"id":"bench","object":"model"}]}')


@dataclass(slots=True)
class Served:
    """What the server does, and what it has done. Times are of the monotonic clock."""

    latency_s: float = 0.0
    jitter: float = 0.0
    per_minute: int = 0
    retry_after: bool = False
    faults: float = 0.0
    dice: random.Random = field(default_factory=random.Random)
    requests: int = 0
    refused: int = 0
    faulted: int = 0
    repeated: int = 0
    request_bytes: int = 0
    most_in_flight: int = 0
    in_flight: int = 0
    first_at: float = 0.0
    last_at: float = 0.0
    accepted_at: float = 0.0
    asked: set[int] = field(default_factory=set)
    good: set[int] = field(default_factory=set)
    window: deque[float] = field(default_factory=deque)

    def counts(self) -> dict[str, float]:
        """repeated: asks whose good answer had already gone out. seconds: from the first ask to the last answer."""
        return {
            "requests": self.requests,
            "distinct": len(self.asked),
            "answered": len(self.good),
            "repeated": self.repeated,
            "refused": self.refused,
            "faulted": self.faulted,
            "request_bytes": self.request_bytes,
            "most_in_flight": self.most_in_flight,
            "seconds": self.last_at - self.first_at,
            "accepted_seconds": self.accepted_at - self.first_at,
            "cpu_s": time.process_time(),
        }

    def refusal(self, now: float) -> bytes | None:
        """The 429 where the sliding minute is full, with or without a Retry-After."""
        while self.window and self.window[0] <= now - WINDOW_S:
            self.window.popleft()
        if len(self.window) < self.per_minute:
            self.window.append(now)
            return None
        self.refused += 1
        wait_s = self.window[0] + WINDOW_S - now
        extra = (f"Retry-After: {int(wait_s) + 1}",) if self.retry_after else ()
        return response("429 Too Many Requests", REFUSED, *extra)


class Connection(asyncio.Protocol):
    """One client's connection; answers come in the order of its asks."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.loop = asyncio.get_running_loop()
        self.read = b""
        self.gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 — asyncio's signature
        self.gone = True

    def data_received(self, data: bytes) -> None:
        read = self.read + data if self.read else data
        while (end := read.find(b"\r\n\r\n")) >= 0:
            head = read[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            whole = end + 4 + length
            if len(read) < whole:
                break
            body, read = read[end + 4 : whole], read[whole:]
            if head.startswith(b"post"):
                self.take(body)
            elif head.startswith(b"get /counts"):
                self.transport.write(response("200 OK", json.dumps(self.served.counts()).encode()))
            else:
                self.transport.write(MODELS)
        self.read = read

    def take(self, body: bytes) -> None:
        """Notes an ask and sees to its answer."""
        served, now, ask = self.served, time.monotonic(), hash(body)
        served.requests += 1
        served.request_bytes += len(body)
        served.first_at = served.first_at or now
        served.asked.add(ask)
        if served.per_minute and (refusal := served.refusal(now)) is not None:
            served.last_at = now
            self.transport.write(refusal)
            return
        served.accepted_at = now
        if ask in served.good:
            served.repeated += 1
        served.in_flight += 1
        if served.in_flight > served.most_in_flight:
            served.most_in_flight = served.in_flight
        if served.latency_s:
            share = 1 + served.jitter * served.dice.uniform(-1, 1) if served.jitter else 1.0
            self.loop.call_later(share * served.latency_s, self.answer, ask, body)
        else:
            self.answer(ask, body)

    def answer(self, ask: int, body: bytes) -> None:
        """Answers, or does what servers do on bad days."""
        served = self.served
        served.in_flight -= 1
        served.last_at = time.monotonic()
        if self.gone or self.transport.is_closing():
            return
        before, after = GOOD[letter_of(body)]
        good = b"%b%08x%b" % (before, zlib.crc32(body), after)
        if not served.faults or served.dice.random() >= served.faults:
            served.good.add(ask)
            self.transport.write(good)
            return
        served.faulted += 1
        kind = served.dice.choice(("status", "drop", "truncated", "empty"))
        if kind == "drop":
            self.transport.abort()
        elif kind == "truncated":
            self.transport.write(good[: -len(after) // 2])
            self.transport.close()
        else:
            self.transport.write(EMPTY if kind == "empty" else served.dice.choice(BROKEN))


def letter_of(body: bytes) -> int:
    """The letter under ``### 答案``, A where there is none."""
    for mark in MARKS:
        at = body.rfind(mark)
        if at >= 0 and body[at + len(mark)] in GOOD:
            return body[at + len(mark)]
    return ord("A")


async def serve(served: Served) -> None:
    """Serves on a free port of this machine, until cancelled."""
    server = await asyncio.get_running_loop().create_server(lambda: Connection(served), "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    gc.freeze()
    gc.disable()  # nothing here makes cycles
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=0.0, metavar="S")
    parser.add_argument("--jitter", type=float, default=0.0, metavar="SHARE", help="of the latency, more or less")
    parser.add_argument("--per-minute", type=int, default=0, metavar="N")
    parser.add_argument("--retry-after", action="store_true")
    parser.add_argument("--faults", type=float, default=0.0, metavar="SHARE")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    given = parser.parse_args()
    dice = random.Random(given.seed)
    served = Served(given.latency, given.jitter, given.per_minute, given.retry_after, given.faults, dice)
    asyncio.run(serve(served))


if __name__ == "__main__":
    main()
