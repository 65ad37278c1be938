"""Every line of the vendors' handbook (../shared/vendors.md) against the kind our tables give: no code is forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from augment.connectors import dashscope, qianfan, spark, tencent
from augment.connectors._codes import DIALECTS, QIANFAN_V2, spark_kind
from augment.errors import FAULT_KINDS

HANDBOOK = Path(__file__).resolve().parents[2] / ".." / "shared" / "vendors.md"
pytestmark = pytest.mark.skipif(not HANDBOOK.is_file(), reason="needs ../shared/vendors.md")

# Its section 0: these say "gone", and stop the provider instead of costing one row each.
GONE = {"ActionOffline", "3", "404", "ModelNotFound", "Model.NotExist", "model_not_found", "10404"}
Line = tuple[list[str], str]


def lines(section: int) -> list[Line]:
    """The cells of each line of the section's table of codes, and the class it names."""
    text = HANDBOOK.read_text("utf-8")
    body = re.split(rf"^## {section}\. ", text, flags=re.MULTILINE)[1].partition("\n## ")[0]
    found: list[Line] = []
    for row in re.findall(r"^\|(.*)\|$", body, re.MULTILINE):
        cells = [cell.strip() for cell in row.split(" | ")]
        named = next((kind for cell in cells[1:2] for kind in FAULT_KINDS if cell.startswith(kind)), "")
        if named:
            found.append((cells, named))
    assert {named for _, named in found} >= {"rate_limited", "quota_exhausted", "auth", "bad_request", "transient"}
    return found


def expected(code: str, kind: str) -> str:
    return "retired" if code in GONE else kind


def numbers(cell: str, digits: str) -> Iterator[int]:
    """The numbers of a cell, ranges spelled out."""
    for first, last in re.findall(rf"(?<!\d)({digits})(?:–({digits}))?(?!\d)", cell):
        yield from range(int(first), int(last or first) + 1)


def dotted(cell: str) -> Iterator[str]:
    """Tencent's codes: `…Tail` takes its head from the code before, names after `Head.*` in brackets too."""
    head = ""
    for code in re.findall(r"`([^`]+)`", cell):
        named = re.sub("^…", f"{head}.", code)
        if "." in named:
            head = named.partition(".")[0]
        elif head and f"{head}.*" in cell and code in cell.partition("(")[2]:
            named = f"{head}.{code}"
        elif not code.endswith("*"):
            head = code
        if named.endswith("*"):
            yield from (named.rstrip(".*"), f"{named.rstrip('.*')}.SomethingNew")
        else:
            yield from {named.replace("*", ""), named.replace("*", "Source")}


def test_tencent() -> None:
    seen = 0
    for cells, kind in lines(3):
        for code in dotted(cells[0]):
            assert tencent.kind_of(code) == expected(code, kind), code
            seen += 1
    assert seen >= 37


def test_qianfan_v1() -> None:
    seen = 0
    for cells, kind in lines(4):
        for code in numbers(re.sub(r"\([^)]*\)", "", cells[0]), r"\d{1,6}"):
            assert qianfan.V1_KINDS.get(code) == expected(str(code), kind), code
            seen += 1
    assert seen >= 27


@pytest.mark.parametrize("dialect", ["sdk", "openai"])
def test_qianfan_v2(dialect: str) -> None:
    read = QIANFAN_V2.kind if dialect == "sdk" else DIALECTS["qianfan"].kind
    seen = 0
    for cells, kind in lines(4):
        status, type_ = 0, ""
        for said, word, code in re.findall(r"(\d{3})?\s*(type)?\s*`([^`]+)`", cells[2]):
            status = int(said or status)
            if not status or ":" in code or code == "flag":
                continue
            type_ = code if word else type_
            names = [f"{part.rstrip('_')}_rate_limit_exceeded" for part in code.split("/")[:-1]]
            for name in [*names, code.rpartition("/")[2].replace("*", "something_new")]:
                assert read(status, "" if word else name, type_, "") == kind, name
                seen += 1
    assert seen >= 16


def test_spark() -> None:
    seen = 0
    for cells, kind in lines(5):
        for code in numbers(cells[0], r"1\d{4}"):
            message = (
                "AppIdNoAuthError tokens.total, token used up" if kind == "quota_exhausted" else "AppIdNoAuthError"
            )
            wanted = expected(str(code), kind)
            assert spark_kind(code, message) == wanted, code
            assert DIALECTS["spark"].kind(400, str(code), "", message) == wanted, code
            seen += 1
        if "handshake" in cells[0] and kind == "auth":
            handshakes = list(numbers(cells[0].partition("handshake")[2], r"[45]\d\d"))
            assert {status: spark.HANDSHAKE[status] for status in handshakes} == dict.fromkeys((401, 403), kind)
    assert seen >= 31


def quoted(cell: str) -> Iterator[tuple[int, str, str]]:
    """Status, code and the words beside it, of DashScope's cells and OpenAI's; a status alone counts too."""
    status = 0
    for said, code, words in re.findall(r'(\d{3})?\s*(?:`([^`]+)`)?(?:\s*(?:with )?"([^"]+)")?', cell):
        status = int(said or status)
        if said or code or words:
            yield status, code, words


def test_dashscope() -> None:
    seen = 0
    for cells, kind in lines(6):
        for status, code, words in quoted(cells[0]):
            if code == "Unknown":
                continue
            assert dashscope.kind_of(status, code, "", words) == expected(code or str(status), kind), (status, code)
            if code:
                assert DIALECTS["dashscope"].kind(status, code, "", words) == expected(code, kind), code
            seen += 1
    assert seen >= 18


@pytest.mark.parametrize("code", ["limit_requests", "limit_burst_rate", "insufficient_quota"])
def test_dashscopes_compatible_names(code: str) -> None:
    assert code in HANDBOOK.read_text("utf-8")
    assert DIALECTS["dashscope"].kind(429, code, code, "") == "rate_limited"


def test_openai() -> None:
    seen = 0
    for cells, kind in lines(7):
        cell = re.sub(r"`[A-Z]\w+`", "", cells[0]).replace("5xx", "503").partition("**")[0]
        for status, code, words in quoted(re.sub(r"\(.*?\)", "", cell)):
            assert DIALECTS[""].kind(status, code, "", words) == expected(code or str(status), kind), (status, code)
            seen += 1
    assert seen >= 11
