"""A server of every vendor's wire that says again whatever it was sent, as an error, as an answer, in every coding."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

ROW = re.compile("第|\\\\u7b2c")  # asked for a row, where a test may ask by hand too
MARK = "zQ9XwK"  # stands every few characters in each key, so that a piece of one is known too
HANDSHAKE = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def at_a_cut(size: int) -> Callable[[str], str]:
    """What was heard, moved so that a reader who keeps ``size`` characters cuts a key in two."""

    def moved(heard: str) -> str:
        return "中" * max(0, size - heard.find(MARK) - 15) + heard

    return moved


def _head(heard: str) -> str:
    return heard[: heard.rfind(MARK) + 15]


def _tail(heard: str) -> str:
    return heard[heard.find(MARK, heard.find(MARK) + 1) - 15 :]


CODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "page": escape,
    "url": lambda heard: quote(heard, safe=""),
    "twice": lambda heard: quote(quote(heard)),
    "base64": lambda heard: base64.b64encode(heard.encode()).decode(),
    "base64url": lambda heard: base64.urlsafe_b64encode(b"x" + heard.encode()).decode(),
    "json": lambda heard: json.dumps(json.dumps(heard)),
    "escaped": str,  # done to the whole body, see Said.body
    "head": _head,
    "tail": _tail,
    "at 200": at_a_cut(200),
    "at 500": at_a_cut(500),
    "at 20,000": at_a_cut(20_000),
}


@dataclass(frozen=True)
class Said:
    """One answer. cut: more is promised than sent; loose: a line among the headers that is none; hang_up: no answer."""

    status: int
    content: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    loose: str = ""
    hang_up: bool = False
    escaped: bool = False

    def body(self) -> bytes:
        text = self.content if isinstance(self.content, str) else json.dumps(self.content, ensure_ascii=False)
        if self.escaped:
            text = text.replace("/", "\\/")
            for char in "<>&+='":
                text = text.replace(char, f"\\u{ord(char):04X}")
        return text.encode("utf-8", "replace")


def refused(wire: str, heard: str, *, code: str, number: int, status: int) -> Said:
    """The error in the vendor's own shape; code "" puts there what was heard."""
    word: Any = code or heard
    if wire == "tencent":
        return Said(200, {"Response": {"Error": {"Code": word, "Message": heard}, "RequestId": heard}})
    if wire == "qianfan-v1":
        return Said(200, {"error_code": number if code else heard, "error_msg": heard, "id": heard})
    if wire == "token":
        return Said(status, {"error": word, "error_description": heard})
    if wire == "dashscope":
        return Said(status, {"code": word, "message": heard, "request_id": heard})
    return Said(status, {"error": {"code": word, "message": heard, "type": heard, "param": heard}, "id": heard})


def answered(wire: str, heard: str, asked: str, *, letter: str, finish: str = "stop", odd: bool = False) -> Said:
    """A success whose texts say what was heard. odd: the vendor's flag of a filtered answer, with an odd finish."""
    text = f"先看题意，再逐项排除。{heard}\n所以答案是：{letter}"
    if wire == "tencent":
        count = len(json.loads(asked).get("SourceTextList", []))
        body: Any = {"TargetTextList": [f"猫です。{heard}"] * count, "UsedAmount": 9, "RequestId": heard}
        return Said(200, {"Response": body})
    if wire == "token":
        return Said(200, {"access_token": heard, "token": heard, "expires_in": 2592000})
    message = {"role": "assistant", "content": text, "reasoning_content": heard}
    choice = {"index": 0, "finish_reason": finish, "message": message, "flag": int(odd)}
    usage = {"prompt_tokens": 9, "completion_tokens": 9, "input_tokens": 9, "output_tokens": 9}
    if wire == "qianfan-v1":
        more = {"finish_reason": finish, "need_clear_history": odd}
        return Said(200, {"id": heard, "result": text, "usage": usage, **more})
    if wire == "dashscope":
        return Said(200, {"output": {"choices": [choice]}, "usage": usage, "request_id": heard})
    return Said(200, {"id": heard, "model": heard, "choices": [choice], "usage": usage})


def _page(heard: str) -> str:
    return f"<!DOCTYPE html><html><title>{heard}</title><body><pre>{heard}</pre></body></html>"


PASSING: dict[str, Callable[[str, str], Said]] = {
    "500 page": lambda wire, heard: Said(500, _page(heard), {"Content-Type": "text/html; charset=utf-8"}),
    "503 text": lambda wire, heard: Said(503, heard, {"Content-Type": "text/plain", "Retry-After": "0"}),
    "500 vendor": lambda wire, heard: refused(wire, heard, code="InternalError", number=336100, status=500),
    "500 odd code": lambda wire, heard: refused(wire, heard, code="", number=0, status=500),
    "200 page": lambda wire, heard: Said(200, _page(heard), {"Content-Type": "text/html; charset=utf-8"}),
    "200 other": lambda wire, heard: Said(200, {"said": heard, "code": heard, "message": heard}),
    "200 list": lambda wire, heard: Said(200, [heard]),
    "cut": lambda wire, heard: Said(200, {"said": heard}, cut=True),
    "hang up": lambda wire, heard: Said(200, "", hang_up=True),
    "bad headers": lambda wire, heard: Said(500, heard, {"X-Said": heard}, loose=heard),
}
FINAL: dict[str, Callable[[str, str], Said]] = {
    "400 vendor": lambda wire, heard: refused(wire, heard, code="InvalidParameter", number=336003, status=400),
    "401 vendor": lambda wire, heard: refused(wire, heard, code="AuthFailure.SignatureFailure", number=14, status=401),
    "401 token": lambda wire, heard: refused(wire, heard, code="invalid_iam_token", number=110, status=401),
    "403 text": lambda wire, heard: Said(403, {"error": heard}),
    "429": lambda wire, heard: Said(429, {"message": heard}, {"Retry-After": "0", "X-Request": heard}),
    "404": lambda wire, heard: Said(404, {"detail": heard, "message": heard}),
    "302": lambda wire, heard: Said(302, heard, {"Location": f"/elsewhere?{heard}"}),
    "200 filtered": lambda wire, heard: answered(wire, heard, "{}", letter="A", finish=heard, odd=True),
}
WAYS = {**PASSING, **FINAL}


class Parrot(ThreadingHTTPServer):
    """recovers: each ask fails once in a passing way and is answered then; else the ways take turns, wire by wire."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, token: str, *, recovers: bool, hangs: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.token = token
        self.recovers = recovers
        self.hangs = hangs
        self.released = threading.Event()
        self.lock = threading.Lock()
        self.turns: Counter[str] = Counter()
        self.times: Counter[tuple[str, str]] = Counter()
        self.served: set[tuple[str, str, str]] = set()  # wire, way, coding
        self.signatures: set[str] = set()
        self.requests = 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def choose(self, wire: str, asked: str) -> tuple[str, str]:
        """How this request is answered, in which coding; "" for a success."""
        with self.lock:
            self.requests += 1
            self.times[wire, asked] += 1
            again = self.times[wire, asked] > 1
            turn = self.turns[wire]
            self.turns[wire] += 1
            recovers = self.recovers or ROW.search(asked) is not None
            ways = ["", *(PASSING if recovers else WAYS)]
            codings = list(CODINGS)
            way, coding = ways[turn % len(ways)], codings[(turn + turn // len(codings)) % len(codings)]
            if wire == "token" and turn % 3 != 1:
                way = "good token"
            elif recovers and (turn % 2 if wire.startswith("spark") else again or wire == "token"):
                way = ""  # what is asked over a websocket is not known before it is open
            self.served.add((wire, way, coding))
            return way, coding

    def sign(self, request: Handler) -> None:
        """Notes what this request was let in by."""
        header = request.headers.get("Authorization") or ""
        found = re.findall(r"Signature=([0-9a-f]{64})", header)
        found += re.findall(r"^bce-auth-v1/.*/([0-9a-f]{64})$", header)
        for coded in parse_qs(urlsplit(request.path).query).get("authorization", []):
            found += re.findall(r'signature="([^"]+)"', base64.b64decode(coded).decode())
        with self.lock:
            self.signatures.update(found)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: clients hang up."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Parrot

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
        self.server.sign(self)
        if self.server.hangs:
            self.server.requests += 1
            self.server.released.wait(30)
            self.close_connection = True
            return
        if (self.headers.get("Upgrade") or "").lower() == "websocket":
            self.close_connection = True
            self._speak()
            return
        wire = self._wire()
        way, coding = self.server.choose(wire, body)
        heard = CODINGS[coding](self._heard(body))
        said = self._said(wire, way, heard, body)
        self._send(Said(**{**vars(said), "escaped": coding == "escaped"}))

    do_GET = do_POST
    do_HEAD = do_POST

    def _wire(self) -> str:
        if self.path.startswith("/oauth/") or "BCE-BEARER" in self.path:
            return "token"
        if self.path.startswith("/rpc/"):
            return "qianfan-v1"
        if self.path.startswith("/api/v1/services/"):
            return "dashscope"
        if self.headers.get("X-TC-Action"):
            return "tencent"
        return self.path.split("?")[0].removesuffix("/chat/completions").strip("/").replace("/", "-") or "other"

    def _heard(self, body: str) -> str:
        lines = [f"{name}: {value}" for name, value in self.headers.items()]
        signed = sorted(lines, key=lambda line: line.lower().startswith("authorization"))
        return " ".join([f"{self.command} {self.path}", *signed, body[:2_000]])

    def _said(self, wire: str, way: str, heard: str, body: str) -> Said:
        if way == "good token":
            return Said(200, {"access_token": self.server.token, "token": self.server.token, "expires_in": 2592000})
        if wire.endswith("-models") and not way:
            return Said(200, {"data": [{"id": heard}]})
        if way:
            return WAYS[way](wire, heard)
        return answered(wire, heard, body, letter="B" if wire == "deepseek-v1" else "A")

    def _send(self, said: Said) -> None:
        self.close_connection = self.close_connection or said.hang_up or said.cut or bool(said.loose)
        if said.hang_up:
            return
        data = said.body()
        self.send_response_only(said.status)
        for name, value in {"Content-Type": "application/json", "retry-after-ms": "1", **said.headers}.items():
            self.send_header(name, re.sub(r"[^ -~]", "?", value)[:6_000])
        if said.loose:
            self._headers_buffer.append(re.sub(r"[^ -~]", "?", said.loose)[:6_000].encode() + b"\r\n")  # type: ignore[attr-defined]
        self.send_header("Content-Length", str(len(data) + (100 if said.cut else 0)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    # ── Spark's websocket ─────────────────────────────────────────────────────────────────────────────────────────────

    def _speak(self) -> None:
        wire = f"spark{urlsplit(self.path).path.replace('/', '-')}"
        way, coding = self.server.choose(wire, "")
        if way[:3] in ("302", "400", "401", "403", "404", "429", "503", "bad"):
            self._send(self._said("spark", way, CODINGS[coding](self._heard("")), ""))
            return
        key = (self.headers.get("Sec-WebSocket-Key") or "").encode()
        self.send_response_only(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key + HANDSHAKE).digest()).decode())
        self.end_headers()
        heard = CODINGS[coding](self._heard(self._frame()))
        text = {"choices": {"status": 2, "seq": 0, "text": [{"content": f"{heard}\n所以答案是：A", "index": 0}]}}
        usage = {"usage": {"text": {"question_tokens": 1, "prompt_tokens": 9, "completion_tokens": 9}}}
        frames: dict[str, Any] = {
            "": {"header": {"code": 0, "sid": heard, "status": 2}, "payload": {**text, **usage}},
            "500 page": _page(heard),
            "500 vendor": {"header": {"code": 10000, "message": heard, "sid": heard}},
            "500 odd code": {"header": {"code": heard, "message": heard}},
            "200 other": {"header": {"code": 10013, "message": heard}},
            "200 list": [heard],
            "200 filtered": {"header": {"code": 11200, "message": heard}},
        }
        if way in frames:
            self.wfile.write(_framed(1, Said(200, frames[way], escaped=coding == "escaped").body()))
        reason = re.sub(r"[^ -~]", "", heard)[:100].encode()
        self.wfile.write(_framed(8, b"\x03\xe8" + reason))

    def _frame(self) -> str:
        """The first message of the client."""
        length = self.rfile.read(2)[1] & 0x7F
        if length > 125:
            length = int.from_bytes(self.rfile.read(2 if length == 126 else 8), "big")
        mask = self.rfile.read(4)
        masked = self.rfile.read(length)
        return bytes(byte ^ mask[place % 4] for place, byte in enumerate(masked)).decode()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def _framed(kind: int, data: bytes) -> bytes:
    size = len(data)
    if size < 126:
        return bytes([0x80 | kind, size]) + data
    return bytes([0x80 | kind, 126 if size < 65_536 else 127]) + size.to_bytes(2 if size < 65_536 else 8, "big") + data


@contextmanager
def parrot(token: str, *, recovers: bool = False, hangs: bool = False) -> Iterator[Parrot]:
    """A running server, stopped at the end."""
    server = Parrot(token, recovers=recovers, hangs=hangs)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
