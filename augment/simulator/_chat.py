"""One chat as every chat wire sees it: messages in, text, token counts and the reason for stopping out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from augment.simulator._wire import key_of
from augment.simulator.mind import answer_prompt

_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\u3000-\u303f]")
_ASIDE = frozenset({"stream", "extra_parameters", "user", "user_id", "stream_options"})


@dataclass(frozen=True, slots=True)
class Chat:
    """A valid chat request. key: names the item billed (model, messages, parameters)."""

    model: str
    messages: tuple[tuple[str, str], ...]
    parameters: dict[str, Any]
    key: str

    @property
    def input_tokens(self) -> int:
        """What the vendor counts for the messages."""
        return sum(tokens(content) + 4 for _, content in self.messages)


@dataclass(frozen=True, slots=True)
class Said:
    """What the model answered. cut: it ran into the limit on output tokens."""

    text: str
    output_tokens: int
    cut: bool = False


def chat_of(wire: str, model: str, body: dict[str, Any]) -> Chat:
    """The chat of a body whose messages have been checked."""
    messages = tuple((message["role"], message["content"]) for message in body["messages"])
    parameters = {name: value for name, value in body.items() if name not in {"messages", "model", *_ASIDE}}
    return Chat(model, messages, parameters, key_of(wire, model, messages, parameters))


def say(chat: Chat, *, seed: int, times_served: Callable[[str], int], wrong: bool = False, choice: int = 0) -> Said:
    """The model's answer: computed from the last user message, cut at a stop word or the limit on output tokens.

    A temperature above 0 lets a prompt that was answered before be answered in other words.
    """
    prompt = next((content for role, content in reversed(chat.messages) if role == "user"), "")
    turn = times_served(chat.key) if chat.parameters.get("temperature") else 0
    text = answer_prompt(prompt, seed=seed, turn=turn + choice, wrong=wrong)
    for stop in _stops(chat.parameters.get("stop")):
        text = text.partition(stop)[0]
    limit = next(
        (
            chat.parameters[n]
            for n in ("max_completion_tokens", "max_tokens", "max_output_tokens")
            if n in chat.parameters
        ),
        None,
    )
    used = tokens(text)
    if not limit or used <= limit:
        return Said(text, used)
    size = len(text)
    while tokens(text[:size]) > limit:
        size = min(size - 1, size * limit // tokens(text[:size]) + 1)
    return Said(text[:size], limit, cut=True)


def tokens(text: str) -> int:
    """About how many tokens a text has: one a Han character or kana, one for four other characters."""
    wide = len(_WIDE.findall(text))
    return wide + (len(text) - wide + 3) // 4


def _stops(stop: Any) -> list[str]:
    return [word for word in ([stop] if isinstance(stop, str) else stop or []) if isinstance(word, str) and word]


def bad_chat(body: Any, *, top_temperature: float = 2.0) -> tuple[str, str] | None:
    """Message and parameter name of the first thing wrong with a body in OpenAI's shape, None where nothing is."""
    if not isinstance(body, dict):
        return "the body must be a JSON object", ""
    messages = body.get("messages")
    if not isinstance(body.get("model"), str) or not body["model"]:
        return "you must provide a model parameter", "model"
    if not isinstance(messages, list) or not messages:
        return "[] is too short - 'messages'", "messages"
    for number, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ("system", "developer", "user", "assistant"):
            return f"invalid role in messages[{number}]", f"messages[{number}].role"
        if not isinstance(message.get("content"), str):
            return f"invalid content in messages[{number}]: expected a string", f"messages[{number}].content"
    if body.get("stream"):
        return "streaming is not served here", "stream"
    for name, low, high in (("temperature", 0.0, top_temperature), ("top_p", 0.0, 1.0)):
        value = body.get(name)
        if value is not None and not (is_number(value) and low <= value <= high):
            return f"{name} must be a number between {low:g} and {high:g}", name
    for name in ("max_tokens", "max_completion_tokens", "n"):
        value = body.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            return f"{name} must be an integer of at least 1", name
    return None


def is_number(value: Any) -> bool:
    """Whether a JSON value is a number (true and false are none)."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def completion(
    identity: str, created: int, chat: Chat, choices: list[Said], *, filtered: bool = False
) -> dict[str, Any]:
    """A chat completion in OpenAI's shape."""
    used = sum(said.output_tokens for said in choices)
    return {
        "id": identity,
        "object": "chat.completion",
        "created": created,
        "model": chat.model,
        "choices": [
            {
                "index": index,
                "message": {"role": "assistant", "content": said.text},
                "finish_reason": "content_filter" if filtered else "length" if said.cut else "stop",
            }
            for index, said in enumerate(choices)
        ],
        "usage": {
            "prompt_tokens": chat.input_tokens,
            "completion_tokens": used,
            "total_tokens": chat.input_tokens + used,
        },
    }
