"""What LLaMA-Factory 0.9.5 makes of a ``dataset_info.json``.

Sources, under src/llamafactory of that release: data/parser.py (get_dataset_list, DatasetAttr.join), data/loader.py
(_load_single_dataset), data/converter.py (get_dataset_converter), extras/constants.py (FILEEXT2TYPE),
hparams/data_args.py (DataArguments.__post_init__ divides names at commas and strips them).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from augment.exports._rules_llamafactory import COLUMNS, DEFAULT_COLUMNS, DEFAULT_TAGS, TAGS, Entry, Formatting
from augment.exports._rules_text import Finding, kind_of

FORMATTINGS = get_args(Formatting)
EXTENSIONS = ("arrow", "csv", "json", "jsonl", "parquet", "txt")
ELSEWHERE = ("hf_hub_url", "ms_hub_url", "om_hub_url", "script_url", "cloud_file_name")
KEYS = ("file_name", "formatting", "ranking", "subset", "split", "folder", "num_samples", "columns", "tags")


def entries(path: Path) -> Iterator[tuple[str, Entry, Path]]:
    """The entries whose files are here and of JSON, as LLaMA-Factory reads them, by their names."""
    for name, about in _told(path).items():
        if not isinstance(about, dict) or any(key in about for key in ELSEWHERE):
            continue
        file = path.parent / str(about.get("file_name"))
        formatting = about.get("formatting", "alpaca")
        if file.is_file() and file.suffix in (".json", ".jsonl") and formatting in FORMATTINGS:
            columns = _named(about.get("columns"), COLUMNS, DEFAULT_COLUMNS)
            tags = _named(about.get("tags"), TAGS, DEFAULT_TAGS)
            yield name, Entry(formatting, bool(about.get("ranking")), columns, tags), file


def findings(path: Path) -> Iterator[tuple[str, str, Finding]]:
    """What is wrong with the file itself: the entry's name, the field, and what."""
    try:
        data = path.read_bytes()
    except OSError as error:
        yield (
            "",
            "",
            Finding("", f"cannot be read ({error.strerror}): LLaMA-Factory stops", "write it beside the files"),
        )
        return
    if not data.isascii():
        yield "", "", Finding("", "is opened in the locale's encoding and holds more than ASCII", "escape it as \\u….")
    told = _told(path)
    if not told:
        yield "", "", Finding("", "is no JSON object with an entry in it: LLaMA-Factory stops", "one entry a file")
    for name, about in told.items():
        for field, finding in _entry(name, about, path.parent):
            yield name, field, finding


def _told(path: Path) -> Mapping[str, Any]:
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _entry(name: str, about: Any, folder: Path) -> Iterator[tuple[str, Finding]]:
    if name != name.strip() or "," in name or not name.isascii() or not name:
        yield "", Finding("", "its name cannot be asked for: commas divide names, blanks go", "ASCII letters and _")
    if not isinstance(about, dict):
        yield "", Finding("", f"is {kind_of(about)}, not an object", "an object")
        return
    for key in about:
        if key in ELSEWHERE:
            yield key, Finding("", "is looked for elsewhere, and the file here is not read", "file_name alone")
        elif key not in KEYS:
            yield key, Finding("", "is no key of LLaMA-Factory's and means nothing to it", f"one of {', '.join(KEYS)}")
    yield from _file(about.get("file_name"), folder)
    if about.get("formatting", "alpaca") not in FORMATTINGS:
        yield "formatting", Finding("", f"is {about['formatting']!r}: there is no such converter", "alpaca or sharegpt")
    if not isinstance(about.get("ranking", False), bool):
        yield (
            "ranking",
            Finding("", f"is {about['ranking']!r}, no boolean: the stage check reads it as neither", "true"),
        )
    for key in ("num_samples", "split", "subset", "folder"):
        if about.get(key) not in (None, "train" if key == "split" else None):
            yield key, Finding("", "takes another part of the file than all of its rows", "leave it out")
    yield from _names(about, "columns", COLUMNS)
    yield from _names(about, "tags", TAGS)
    yield from _needed(about)


def _file(name: Any, folder: Path) -> Iterator[tuple[str, Finding]]:
    if not isinstance(name, str) or not name:
        yield "file_name", Finding("", "is missing: LLaMA-Factory stops", "the name of the file beside")
    elif not (folder / name).is_file():
        yield "file_name", Finding("", f"{name!r} is not here: LLaMA-Factory stops", "the name of the file beside")
    elif Path(name).suffix.lstrip(".") not in EXTENSIONS:
        yield "file_name", Finding("", f"{name!r} has no known ending", f"one of {', '.join(EXTENSIONS)}")


def _names(about: Mapping[str, Any], group: str, known: tuple[str, ...]) -> Iterator[tuple[str, Finding]]:
    given = about.get(group, {})
    if not isinstance(given, dict):
        yield group, Finding("", f"is {kind_of(given)}, not an object", "LLaMA-Factory's name: the file's name")
        return
    for name, column in given.items():
        if name not in known:
            yield f"{group}.{name}", Finding("", "is no name of LLaMA-Factory's: it stands left", ", ".join(known))
        if not isinstance(column, str):
            yield f"{group}.{name}", Finding("", f"is {kind_of(column)}, not a text", "the file's name for it")


def _needed(about: Mapping[str, Any]) -> Iterator[tuple[str, Finding]]:
    """Once ``columns`` or ``tags`` is there, what it does not name is none at all."""
    alpaca = about.get("formatting", "alpaca") == "alpaca"
    columns = _named(about.get("columns"), COLUMNS, DEFAULT_COLUMNS)
    needed = {"prompt"} if alpaca else {"messages"}
    if about.get("ranking"):
        needed |= {"chosen", "rejected"}
    elif alpaca:
        needed.add("response")
    for name in sorted(needed - set(columns)):
        yield f"columns.{name}", Finding("", "is not named and so not read", "name every column that is to be read")
    tags = _named(about.get("tags"), TAGS, DEFAULT_TAGS)
    for name in () if alpaca else TAGS[:4]:
        if name not in tags:
            yield f"tags.{name}", Finding("", "is not named and so nothing", "name the tags that the file has")


def _named(given: Any, known: tuple[str, ...], default: Mapping[str, str]) -> dict[str, str]:
    if not isinstance(given, dict):
        return dict(default)
    return {name: given[name] for name in known if isinstance(given.get(name), str)}
