"""markdown: whole rows to read; nothing in them is loaded, linked or laid out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from augment.exports._format import DRAWN, Format, Job, Written
from augment.stages._prompting import LETTERS

_MARKUP = re.compile(r"[\\`*_\[\]<>&!#~|$^{}]|://|(?<=www)\.|@")
_NUMBERED = re.compile(r"^(\d{1,9})([.)])", re.MULTILINE)
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """The text so that Markdown shows it as it stands, each line a line."""
    lines = []
    for line in _INVISIBLE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n"):
        escaped = _MARKUP.sub(lambda found: "".join(f"\\{char}" for char in found[0]), line.strip())
        escaped = re.sub(r"^[-+=:]", lambda found: f"\\{found[0]}", escaped)
        lines.append(_NUMBERED.sub(r"\1\\\2", escaped))
    # A backslash ends a line without ending the paragraph; an empty line ends both.
    joined = "\n".join(lines).strip("\n")
    return re.sub(r"(?<=[^\n])\n(?=[^\n])", "\\\\\n", joined)


def section(number: int, values: Mapping[str, Any]) -> Iterator[str]:
    """The lines of one row."""
    about = [values["source_id"], values["kind"], values["split"], values["stage"], values["provider"], values["label"]]
    yield f"## {number}. {values['row_id'][:12]}"
    yield " · ".join(plain(str(part)) for part in about if part)
    yield from (plain(text) for text in (values["problem"], values["question"]) if text)
    options = [f"- {letter}\\. {_inline(text)}" for letter, text in zip(LETTERS, values["options"], strict=False)]
    if options:
        yield "\n".join(options)
    for name, text in (("答案", values["answer"]), ("预测", values["predicted"]), ("审核", values["decision"])):
        if text:
            yield f"**{name}** {plain(str(text))}"
    if values["reasoning"]:
        yield f"**推理**（结论 {plain(values['concluded'] or '无')}）"
        yield plain(values["reasoning"])
    failed = [check for check in values["checks"] if not check["ok"]]
    if failed:
        yield "\n".join(f"- ✗ {_inline(check['name'])}：{_inline(check['detail'] or '')}" for check in failed)
    for verdict in values["verdicts"] or []:
        yield f"**评分** {verdict['total']:g}/{verdict['maximum']:g} {_inline(verdict['judge'])}"


def _inline(text: str) -> str:
    return plain(" ".join(text.split()))


def write(job: Job) -> list[Written]:
    """A heading, then a section a row."""
    spool = job.spools["rows"]
    with job.path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"# {plain(job.dataset)} v{job.version}\n\n{len(spool)} rows\n")
        for number, values in enumerate(spool.lines(), 1):
            file.write("\n" + "\n\n".join(section(number, values)) + "\n")
    return [Written(job.name, len(spool))]


FORMAT = Format(kinds=("rows",), write=write, takes=DRAWN, decision="any", findings="all")
