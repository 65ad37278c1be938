"""Spark's frames: what a question must look like, and an answer in several parts.

Sources, read 2026-11-21: xfyun.cn/doc/spark/Web.html (addresses and domains), …/接口说明.html (codes),
…/精调服务API-websocket.html (patch_id, lengths, ranges). Codes of ranges and roles are the nearest in the vendor's
table; which one the service picks is on no page. Seen in reports: 10003 for an unknown domain
(github.com/zhayujie/CowAgent/issues/2252), 11200 for one not granted (…/1740), 10404 for one at another address.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from augment.simulator._chat import Chat, Said, is_number, tokens
from augment.simulator._wire import encoded, key_of
from augment.simulator.options import SPARK_APP_ID, SPARK_RESOURCE_ID, SPARK_SERVICE_ID

WIRE, TUNED_WIRE = "spark", "spark-tuned"
TUNED_PATH = "/v1.1/chat"  # Spark Lite's address too, on another host
PARTS = 5
_CHINA = dt.timezone(dt.timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Domain:
    """One model by its address; tokens it takes at most, gives at most, and gives where nobody says how many."""

    path: str
    input_tokens: int = 8192
    output_tokens: int = 8192
    given_tokens: int = 4096


DOMAINS = {
    "lite": Domain(TUNED_PATH, output_tokens=4096),
    "general": Domain(TUNED_PATH, output_tokens=4096),
    "generalv2": Domain("/v2.1/chat"),
    "generalv3": Domain("/v3.1/chat"),
    "generalv3.5": Domain("/v3.5/chat"),
    "4.0Ultra": Domain("/v4.0/chat"),
    "pro-128k": Domain("/chat/pro-128k", input_tokens=131_072, output_tokens=4096),
    "max-32k": Domain("/chat/max-32k", input_tokens=32_768),
    "kjwx": Domain("/v1.1/chat_kjwx"),
}
TUNED = Domain(TUNED_PATH, given_tokens=2048)
PATHS = frozenset(domain.path for domain in DOMAINS.values())


class Refused(Exception):
    """A question Spark says no to: its code and message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Question:
    """A valid question. service: it goes to the tuned service; patched: with the weights tuned for it."""

    chat: Chat
    service: bool = False
    patched: bool = False

    @property
    def wire(self) -> str:
        """Which counter it belongs to: one without its patch is answered, and counted, as the base model's."""
        return TUNED_WIRE if self.patched else WIRE


def question_of(raw: str, path: str, *, not_granted: frozenset[str] = frozenset()) -> Question:
    """The question in a frame. Raises Refused as the service does."""
    try:
        asked = json.loads(raw)
    except ValueError:
        raise Refused(10003, f"ClientMsgError:({_clock()}) the frame is not JSON") from None
    header, options = _object(asked, "header"), _object(_object(asked, "parameter"), "chat")
    texts = _object(_object(asked, "payload"), "message").get("text")
    patch = _checked_header(header)
    name = options.get("domain")
    if not isinstance(name, str) or (name != SPARK_SERVICE_ID and name not in DOMAINS):
        raise Refused(10003, f"ClientMsgError:({_clock()}) invalid model domain")
    domain = DOMAINS.get(name, TUNED)
    if domain.path != path:
        raise Refused(10404, f"domain {name} is not served at {path}")
    service = name == SPARK_SERVICE_ID
    if name in not_granted:
        raise Refused(11200, f"AppIdNoAuthError:({_clock()}) domain.{name}")
    if patch and not service:
        raise _invalid("header.patch_id", "is for tuned services only")
    if patch and patch != [SPARK_RESOURCE_ID]:
        raise Refused(11200, f"AppIdNoAuthError:({_clock()}) patch_id.{patch[0]}")
    parameters = _checked_parameters(options, domain)
    chat = _checked_chat(texts, name, parameters, patched=bool(patch))
    if chat.input_tokens > domain.input_tokens:
        raise Refused(10907, f"{chat.input_tokens} tokens are more than the {domain.input_tokens} allowed")
    return Question(chat, service, bool(patch))


def _object(whole: Any, name: str) -> dict[str, Any]:
    found = whole.get(name) if isinstance(whole, dict) else None
    if not isinstance(found, dict):
        raise Refused(10004, f"RequestSchemaError:({_clock()}) {name} is missing or no object")
    return found


def _checked_header(header: dict[str, Any]) -> list[str]:
    """The patches of a header."""
    app, user, patch = header.get("app_id"), header.get("uid"), header.get("patch_id")
    if not isinstance(app, str) or not 0 < len(app) <= 8:
        raise Refused(10004, f"RequestSchemaError:({_clock()}) header.app_id must have 1 to 8 characters")
    if app != SPARK_APP_ID:
        raise Refused(10313, "invalid appid")
    if user is not None and not (isinstance(user, str) and len(user) <= 32):
        raise Refused(10004, f"RequestSchemaError:({_clock()}) header.uid must have at most 32 characters")
    if patch is None:
        return []
    if (
        not isinstance(patch, list)
        or not patch
        or not all(isinstance(one, str) and 0 < len(one) <= 32 for one in patch)
    ):
        raise Refused(
            10004, f"RequestSchemaError:({_clock()}) header.patch_id must list texts of at most 32 characters"
        )
    return patch


def _checked_parameters(options: dict[str, Any], domain: Domain) -> dict[str, Any]:
    """temperature, top_k and max_tokens, each in its range."""
    checked: dict[str, Any] = {
        name: options[name] for name in ("temperature", "top_k", "max_tokens") if name in options
    }
    warmth = checked.get("temperature", 0.5)
    if not (is_number(warmth) and 0 <= warmth <= 1):
        raise _invalid("parameter.chat.temperature", "must be a number from 0 to 1")
    for name, highest in (("top_k", 6), ("max_tokens", domain.output_tokens)):
        value = checked.get(name, 1)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= highest:
            raise _invalid(f"parameter.chat.{name}", f"must be an integer from 1 to {highest}")
    return {"max_tokens": domain.given_tokens, **checked}


def _checked_chat(texts: Any, name: str, parameters: dict[str, Any], *, patched: bool) -> Chat:
    if not isinstance(texts, list) or not texts:
        raise Refused(10004, f"RequestSchemaError:({_clock()}) payload.message.text is missing or empty")
    for number, turn in enumerate(texts):
        where = f"payload.message.text[{number}]"
        if not isinstance(turn, dict) or not isinstance(turn.get("content"), str):
            raise _invalid(f"{where}.content", "must be a text")
        # sparkai turns a later system message into the user's before it sends it.
        if turn.get("role") not in (("system", "user") if number == 0 else ("user", "assistant")):
            raise _invalid(f"{where}.role", "is not allowed there")
    if texts[-1]["role"] != "user" or not texts[-1]["content"].strip():
        raise _invalid("payload.message.text", "must end with a question of the user")
    messages = tuple((turn["role"], turn["content"]) for turn in texts)
    return Chat(name, messages, parameters, key_of(WIRE, name, patched, messages, parameters))


def _invalid(where: str, message: str) -> Refused:
    return Refused(10163, f"RequestParamsError:({_clock()}) {where} {message}")


def answer_frames(chat: Chat, said: Said) -> list[bytes]:
    """The answer in one to PARTS frames; the last has status 2 and the usage."""
    count = min(PARTS, len(said.text)) or 1
    cuts = [len(said.text) * number // count for number in range(count + 1)]
    parts = [[{"content": said.text[start:end], "role": "assistant", "index": 0}] for start, end in pairwise(cuts)]
    return _numbered(parts, chat, said.output_tokens)


def empty_frames(chat: Chat, variant: float) -> list[bytes]:
    """An answer that says nothing: no text at all, an empty one, or null."""
    content = ("", None)[variant < 0.7]
    text = [] if variant < 0.4 else [{"content": content, "role": "assistant", "index": 0}]
    return _numbered([text], chat, 0)


def _numbered(parts: list[list[dict[str, Any]]], chat: Chat, output_tokens: int) -> list[bytes]:
    sid, last = session_id(), len(parts) - 1
    question = next((content for role, content in reversed(chat.messages) if role == "user"), "")
    usage = {
        "question_tokens": tokens(question),
        "prompt_tokens": chat.input_tokens,
        "completion_tokens": output_tokens,
        "total_tokens": chat.input_tokens + output_tokens,
    }
    frames = []
    for seq, text in enumerate(parts):
        status = 2 if seq == last else min(seq, 1)
        payload: dict[str, Any] = {"choices": {"status": status, "seq": seq, "text": text}}
        if seq == last:
            payload["usage"] = {"text": usage}
        header = {"code": 0, "message": "Success", "sid": sid, "status": status}
        frames.append(encoded({"header": header, "payload": payload}))
    return frames


def error_frame(code: int, message: str) -> bytes:
    """The frame of an error; there is nothing but a header in it."""
    return encoded({"header": {"code": code, "message": message, "sid": session_id(), "status": 2}})


def session_id(kind: str = "cht") -> str:
    """An id as the vendor forms it. kind: cht on the websocket, cha over HTTP."""
    drawn = uuid.uuid4().hex
    return f"{kind}000{drawn[:6]}@dx{drawn[6:24]}"


def _clock() -> str:
    """The time of day in China, as it stands in the vendor's messages."""
    return dt.datetime.now(_CHINA).strftime("%H:%M:%S.%f")[:-3]
