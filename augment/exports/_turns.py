"""An example as messages with roles, the shape that OpenAI gave to chats."""

from __future__ import annotations

from augment.exports._chat import Example


def asked(example: Example) -> list[dict[str, str]]:
    """The messages up to the question."""
    found = [{"role": "system", "content": example.system}] if example.system else []
    for user, assistant in example.history:
        found += [{"role": "user", "content": user}, {"role": "assistant", "content": assistant}]
    return [*found, {"role": "user", "content": example.prompt}]


def conversation(example: Example) -> list[dict[str, str]]:
    """The messages with the answer."""
    return [*asked(example), {"role": "assistant", "content": example.output}]
