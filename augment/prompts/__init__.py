"""Prompt templates as files, versioned by the hash of their content.

A template is text with ``{name}`` holes; a workspace overrides one by a file of the same name in its ``prompts/``
folder. A row's text cannot reach into the template: values are put in once and never read again for holes, and what
looks like a heading of the template in them is made plain text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from augment.errors import BadInput, NotFound
from augment.texts import shaping

SUFFIX = ".zh.txt"
HOLE = re.compile(r"\{([a-z_]+)\}")
HEADING = re.compile(r"^#{1,6}[ \t]*(.*\S)", re.MULTILINE)
LINE_START = r"(?:^|(?<=[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]))\s*"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A template. id: its name and the first 12 hexadecimal digits of its content's SHA-256."""

    name: str
    text: str

    @property
    def id(self) -> str:
        """What rows carry as ``prompt_id``."""
        return f"{self.name}@{_digest(self.text)}"

    def fill(self, values: Mapping[str, str]) -> str:
        """The template with its holes filled. Raises BadInput for a hole that nothing fills."""
        imitated = _imitations(self.text)

        def value(match: re.Match[str]) -> str:
            if match[1] not in values:
                raise BadInput(
                    f"prompt {self.name!r} has a hole {{{match[1]}}}", hint=f"holes: {', '.join(sorted(values))}"
                )
            given = values[match[1]]
            if imitated is None or "#" not in given:
                return given
            return imitated.sub(lambda found: found[0].replace("#", "＃"), given)

        return HOLE.sub(value, self.text)


@lru_cache(maxsize=64)
def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@lru_cache(maxsize=64)
def _imitations(template: str) -> re.Pattern[str] | None:
    """What in a value would look like one of the template's headings."""
    headings = "|".join(map(re.escape, HEADING.findall(template)))
    return re.compile(rf"{LINE_START}#+(?=\s*(?:{headings}))") if headings else None


def names(stage: str) -> list[str]:
    """The templates that ship for a stage."""
    folder = files("augment").joinpath("prompts")
    start = f"{stage}."
    found = (item.name for item in folder.iterdir() if item.name.startswith(start) and item.name.endswith(SUFFIX))
    return sorted(name.removeprefix(start).removesuffix(SUFFIX) for name in found)


def read_prompt(stage: str, template: str, workspace: Path | None = None) -> Prompt:
    """A template by name, the workspace's before the shipped one, or a file by path. Raises NotFound, BadInput."""
    return Prompt(*shaping(f"prompt {stage}/{template}", lambda: _found(stage, template, workspace)))


def _found(stage: str, template: str, workspace: Path | None) -> tuple[str, str]:
    """Name and text of a template."""
    file_name = f"{stage}.{template}{SUFFIX}"
    if workspace is not None and (own := workspace / "prompts" / file_name).is_file():
        return template, _text(own)
    if template in names(stage):
        return template, files("augment").joinpath("prompts", file_name).read_text("utf-8")
    path = Path(template)
    if path.suffix and path.is_file():
        return path.name.split(".")[0], _text(path)
    raise NotFound(
        f"no template {template!r} for stage {stage!r}", hint=f"there are: {', '.join(names(stage))}; or name a file"
    )


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{str(path)!r} is not UTF-8 (byte {error.start})", hint="save the template as UTF-8") from error
