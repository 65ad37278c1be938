"""Several texts in one prompt, found in whatever form they are in, and written back in the same form.

Understood are JSON (an array of strings, an array of objects with one text each, an object of strings), tags with a
number (``<t id="1">…</t>``, ``<1>…</1>``) and numbered blocks (``[1] …``, ``【1】``, ``(1)``, ``1. …``, ``1、…``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from typing import Any

_TAG = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z_]*)(?P<rest>[^<>\n]{0,80})>")
_DIGITS = re.compile(r"\d{1,4}")
# A numbered block begins a line; brackets first, since a text in a bracketed block may hold a list with dots.
_MARKS = tuple(
    re.compile(rf"^(?P<mark>[ \t]*{mark}[ \t]*)", re.MULTILINE)
    for mark in (
        r"\[(?P<n>\d{1,3})\][:：.]?",
        r"【(?P<n>\d{1,3})】[:：]?",
        r"<<?(?P<n>\d{1,3})>>?",
        r"[(（](?P<n>\d{1,3})[)）]",
        r"#+[ \t]*(?P<n>\d{1,3})[.、:：]?",
        r"(?P<n>\d{1,3})[.、)）:：|\t]",
    )
)
_KEY = re.compile(r"[{｛]\s*[\"“](?P<key>\w+)[\"”]\s*[:：]\s*\[")

_JSON_BEGINS = re.compile(r"""[\[{](?=\s{0,40}["\[{])""")
# What stands below a list may still be the instruction.
_BELOW = re.compile("(?:请|按|以|只|仅|Please|Now|Output|Return|Reply|Only|翻译结果|译文|Translation)[^\n]{0,300}")
_TRIES = 200  # a prompt is no place to search for ever

Placed = Sequence[tuple[int, str]]  # where a text came from in the prompt, and what is said for it
Write = Callable[[Placed], str]


@dataclass(frozen=True, slots=True)
class Listing:
    """Texts of a prompt. begins, ends: where they stand in it; write: gives others in the same form.

    What is written carries the number or key of its place; in an array only the order says which is which.
    """

    texts: tuple[str, ...]
    begins: int
    ends: int
    write: Write = field(repr=False)


def read_listing(prompt: str) -> Listing | None:
    """The texts that a prompt lists, None where it lists none."""
    json_value, tags = _in_json(prompt), _in_tags(prompt)
    if tags and not (json_value and json_value.begins < tags.begins):
        return tags
    if json_value and _stands_last(prompt, json_value):
        return json_value
    numbered = _numbered(prompt)
    return json_value if json_value and not (numbered and numbered.begins < json_value.begins) else numbered


# ── JSON ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _stands_last(prompt: str, found: Listing) -> bool:
    """Whether a value begins a line, and nothing but a fence stands below it."""
    begins_line = prompt[: found.begins].rstrip(" ")[-1:] in ("", "\n")
    return begins_line and not prompt[found.ends :].strip("` \n")


def _in_json(prompt: str) -> Listing | None:
    """The JSON value of the prompt that is a list of texts: the one it ends with, or else the longest."""
    found = list(_values(prompt))
    if not found:
        return None
    last = found[-1] if _stands_last(prompt, found[-1]) else None
    best = last or max(found, key=lambda listing: listing.ends - listing.begins)
    shown = _KEY.search(prompt, 0, best.begins) if prompt[best.begins] == "[" else None
    return replace(best, write=_within(shown["key"], best.write)) if shown else best


def _values(prompt: str) -> Iterator[Listing]:
    decoder = json.JSONDecoder(strict=False)
    ended = 0
    for begins in islice(_JSON_BEGINS.finditer(prompt), _TRIES):
        if begins.start() < ended:
            continue
        try:
            value, ends = decoder.raw_decode(prompt, begins.start())
        except (ValueError, RecursionError):
            continue
        read = _texts_of(value)
        if read:
            yield Listing(read[0], begins.start(), ends, read[1])
            ended = ends


def _within(key: str, write: Write) -> Write:
    """The array as the value of a key, where the instruction shows an object with one."""
    return lambda placed: f'{{"{key}": {write(placed)}}}'


def _texts_of(value: Any) -> tuple[tuple[str, ...], Write] | None:
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return tuple(value), lambda placed: _dumped([text for _, text in placed])
    if isinstance(value, dict) and len(value) == 1 and isinstance(next(iter(value.values())), list):
        name, inner = next(iter(value.items()))
        read = _texts_of(inner)
        return read and (read[0], _within(name, read[1]))
    if isinstance(value, dict) and value and all(isinstance(one, str) for one in value.values()):
        names = list(value)
        return tuple(value.values()), lambda placed: _dumped({names[place]: text for place, text in placed})
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        name = next((n for n, v in value[0].items() if isinstance(v, str) and n.lower() not in ("id", "index")), "")
        if name and all(isinstance(one.get(name), str) for one in value):
            return tuple(one[name] for one in value), lambda placed: _dumped(
                [value[place] | {name: text} for place, text in placed]
            )
    return None


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


# ── tags and numbers ──────────────────────────────────────────────────────────────────────────────────────────────────


def _in_tags(prompt: str) -> Listing | None:
    found = _tagged(prompt)
    numbers = [number for number, _, _ in found]
    start = next((i for i in range(len(numbers) - 1) if numbers[i : i + 2] in ([1, 2], [0, 1])), None)
    if start is None or numbers[start:] != list(range(numbers[start], numbers[start] + len(found) - start)):
        return None
    kept = [(opens, closes) for _, opens, closes in found[start:]]
    frames = [(opens[0], closes[0]) for opens, closes in kept]
    texts = tuple(prompt[opens.end() : closes.start()].strip() for opens, closes in kept)

    def write(placed: Placed) -> str:
        return "\n".join(f"{frames[place][0]}{text}{frames[place][1]}" for place, text in placed)

    return Listing(texts, kept[0][0].start(), kept[-1][1].end(), write)


def _tagged(prompt: str) -> list[tuple[int, re.Match[str], re.Match[str]]]:
    """Numbered opening tags with their closing ones; what stands between is text, tags of other names included."""
    found: list[tuple[int, re.Match[str], re.Match[str]]] = []
    opens: re.Match[str] | None = None
    for tag in _TAG.finditer(prompt):
        number = _DIGITS.search(tag["rest"])
        if opens is None:
            opens = tag if number and not tag["close"] else None
        elif tag["close"] and tag["name"] == opens["name"] and tag["rest"] in ("", opens["rest"]):
            found.append((int(_DIGITS.findall(opens["rest"])[0]), opens, tag))
            opens = None
    return found


def _numbered(prompt: str) -> Listing | None:
    for mark in _MARKS:
        blocks = _counting_up(list(mark.finditer(prompt)))
        if len(blocks) < 2:
            continue
        marks = [block["mark"] for block in blocks]
        below = prompt.rstrip().rfind("\n\n", blocks[-1].end())
        ends = below if below >= 0 and _BELOW.fullmatch(prompt[below:].strip()) else len(prompt)
        bounds = [*(block.start() for block in blocks), ends]
        texts = tuple(
            prompt[block.end() : end].strip() for block, (_, end) in zip(blocks, pairwise(bounds), strict=True)
        )
        gap = "\n\n" if "\n\n" in prompt[blocks[0].end() : blocks[1].start()][-3:] else "\n"
        return Listing(texts, bounds[0], bounds[-1], _behind(marks, gap))
    return None


def _behind(marks: list[str], gap: str) -> Write:
    return lambda placed: gap.join(f"{marks[place]}{text}" for place, text in placed)


def _counting_up(found: list[re.Match[str]]) -> list[re.Match[str]]:
    """The longest run that counts up by one from 1, or from 0; what does not go on counting is part of a text."""
    best: list[re.Match[str]] = []
    for first in islice((at for at, one in enumerate(found) if int(one["n"]) <= 1), _TRIES // 10):
        run = [found[first]]
        for one in found[first + 1 :]:
            if int(one["n"]) == int(run[-1]["n"]) + 1:
                run.append(one)
        if len(run) > len(best):
            best = run
    return best
