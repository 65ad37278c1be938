"""An example in alpaca's fields, as LLaMA-Factory reads them: a solution, a pair, a solution with its label."""

from __future__ import annotations

from typing import Any

from augment.exports._chat import Example


def solution(example: Example) -> dict[str, Any]:
    """What is asked, and what should be said."""
    return _asked(example, output=example.output)


def pair(example: Example) -> dict[str, Any]:
    """Two answers to what is asked: texts, not turns."""
    return _asked(example, chosen=example.output, rejected=example.rejected)


def labelled(example: Example) -> dict[str, Any]:
    """An answer with LLaMA-Factory's tag, a real boolean: it overlooks any other."""
    return {**solution(example), "kto_tag": example.label}


def _asked(example: Example, **said: str) -> dict[str, Any]:
    return {
        "instruction": example.instruction,
        "input": example.input,
        **said,
        "system": example.system,
        "history": example.history,
    }
