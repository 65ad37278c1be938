"""What every connector checks of an answer, and the one shape of answer that most vendors share (OpenAI's)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from augment.connectors._faults import READ_OF_A_BODY, excerpt, redact, retry_after_s
from augment.errors import Fault, FaultKind
from augment.types import Reply, Usage

CUT = frozenset({"length", "max_tokens", "max_length", "max_output_tokens", "model_length"})
"""How servers say that an answer ran into a limit of tokens."""

Kinds: TypeAlias = Callable[[int, str, str, str], FaultKind]
"""The kind of fault behind a status, a code, an error type and a message."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One HTTP answer as it came. headers: a mapping that ignores case; signed: what its request was let in by."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    signed: tuple[str, ...] = field(default=(), repr=False)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


def flaw(text: object) -> str:
    """What makes a text useless, "" where nothing does: no string, blank, or with characters lost on the way."""
    if not isinstance(text, str):
        return f"{type(text).__name__} instead of a text"
    if not text or text.isspace():
        return "empty"
    if "\ufffd" in text or "\x00" in text:
        return "with characters that were lost on the way"
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "with half a character (a lone surrogate)"
    return ""


def useless(code: str, message: str) -> Fault:
    """A complete answer that cannot be used: paid for, and worth another try."""
    return Fault("transient", message, code=code, delivery="answered")


def wrong_ask(message: str) -> Fault:
    """An ask that this connector cannot put on its wire."""
    return Fault("bad_request", message, code="wrong_ask", delivery="not_sent")


def count(value: object) -> int | None:
    """A vendor's count, None where it is no count."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def tokens(usage: object) -> Usage:
    """The token counts of OpenAI's ``usage`` object."""
    if not isinstance(usage, dict):
        return Usage()
    return Usage(count(usage.get("prompt_tokens")), count(usage.get("completion_tokens")))


def read_json(heard: Heard, secrets: Iterable[str] = ()) -> tuple[Any, str]:
    """The body as JSON and as text. Raises Fault for HTML, cut or badly encoded bodies: they count as lost."""
    try:
        raw = heard.body.decode("utf-8")
        return json.loads(raw), raw
    except (ValueError, RecursionError):
        shown = excerpt(heard.body, secrets)
        fault = Fault("transient", f"not JSON: {shown!r}", code="unreadable", delivery="lost")
    raise fault


def read_chat(heard: Heard, kinds: Kinds, secrets: Iterable[str] = ()) -> Reply:
    """The reply in an answer of OpenAI's shape. Raises Fault for everything else."""
    if not heard.ok:
        raise refusal(heard, kinds, secrets)
    body, raw = read_json(heard, secrets)
    if isinstance(body, dict) and (isinstance(body.get("error"), dict) or _says_no(body)):
        raise refusal(heard, kinds, secrets)
    try:
        choice = body["choices"][0]
        message = choice["message"]
        text, finish, identity = message.get("content"), choice.get("finish_reason"), body.get("id")
        thinking = message.get("reasoning_content") or message.get("reasoning")
        usage = tokens(body.get("usage"))
    except (TypeError, KeyError, IndexError, AttributeError):
        fault = useless("unreadable", f"no choices in {excerpt(raw, secrets)!r}")
    else:
        filtered = finish == "content_filter" or choice.get("flag") or body.get("need_clear_history")
        if filtered:
            raise Fault("content_filtered", "the vendor's filter stopped the answer", code=redact(finish, secrets)[:80])
        if not isinstance(thinking, str) or flaw(thinking):
            thinking = None
        return spoken(text, finish, usage, thinking, identity if isinstance(identity, str) else None, raw)
    raise fault


def _says_no(body: dict[str, Any]) -> bool:
    """Whether an answer without choices bears a code that is no success, as Spark's HTTP and gateways write it."""
    return not body.get("choices") and body.get("code") not in (None, 0, "0", "")


def spoken(text: object, finish: object, usage: Usage, thinking: str | None, identity: str | None, raw: str) -> Reply:
    """A reply from the parts of a chat answer, its ``<think>`` block split off. Raises Fault for a useless text.

    An answer cut before its first word is no fault: it is paid for, and the same request would be cut again. Its text
    is empty and its ``finish`` is ``length``.
    """
    why: Literal["stop", "length"] = "length" if str(finish).lower() in CUT else "stop"
    if isinstance(text, str) and "think>" in text:
        from augment.answers import split_thinking

        text, thought = split_thinking(text)
        thinking = thinking or thought
    if why == "length" and (text is None or (isinstance(text, str) and not text.strip())):
        return Reply(("",), usage, why, thinking, identity, raw)
    if reason := flaw(text):
        raise useless("empty" if not text or str(text).isspace() else "bad_text", f"the answer is {reason}")
    return Reply((str(text),), usage, why, thinking, identity, raw)


def refusal(heard: Heard, kinds: Kinds, secrets: Iterable[str] = ()) -> Fault:
    """The fault in an error answer, whatever its body looks like."""
    code = type_ = ""
    message: object = heard.body[:READ_OF_A_BODY]
    try:
        body = json.loads(heard.body)
    except (ValueError, RecursionError):
        body = None
    error = body.get("error", body) if isinstance(body, dict) else None
    if isinstance(error, dict):
        code, type_ = str(error.get("code") or ""), str(error.get("type") or "")
        message = error.get("message") or error.get("detail") or error.get("msg") or message
    elif isinstance(error, str):
        message = error
    shown = redact(message, secrets) or f"HTTP {heard.status}"
    kind = kinds(heard.status, code, type_, shown)
    spoke = isinstance(body, dict) or heard.status < 500
    return Fault(
        kind,
        shown,
        code=redact(code or type_ or str(heard.status), secrets)[:80],
        wait_s=retry_after_s(heard.headers),
        delivery="answered" if spoke else "lost",
    )
