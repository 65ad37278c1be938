"""One table of hints: every fault has words in both languages, and no words are there that nothing leads to."""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from augment import hints
from augment.cli.app import run
from augment.connectors import names
from augment.connectors._codes import DIALECTS
from augment.errors import FAULT_KINDS
from augment.hints import ANY, LANGUAGES, Entry, Language, advice, find, hint
from augment.settings import Settings
from augment.simulator.options import SimulatorOptions
from augment.simulator.server import serve_in_thread

ROOT = Path(__file__).resolve().parents[1]
VENDORS = ROOT / ".." / "shared" / "vendors.md"
HAN = re.compile("[\u4e00-\u9fff]")
SECTIONS = {
    "Tencent TMT": "tencent",
    "Baidu Qianfan": "qianfan",
    "iFlytek Spark": "spark",
    "Aliyun DashScope": "dashscope",
    "OpenAI-compatible": "openai",
}
# What an SDK calls its exceptions, which our connectors never let through, and its own retries.
CLASSES = re.compile(r"[A-Z]\w+(?:Error|Exception)$")
OF_THE_SDK = {"ClientNetworkError", "ServerNetworkError"}


def expanded(text: str, connector: str) -> Iterator[str]:
    """The codes named in one cell of the handbook, its abbreviations written out."""
    before = ""
    text = re.sub(r"with `[^`]+` in the text|`flag`|`__\w+__`|≠ 0|code −1", "", text)
    if family := re.match(r"`(\w+)\.\*` \(([^)]+)\)", text):  # `A.*` (`B`, `C`): A.B, A.C
        text = text.replace(family[2], re.sub(r"`(\w+)`", rf"`{family[1]}.\1`", family[2]))
    for inside in re.findall(r"`([^`]+)`", text):
        if inside.startswith("…"):
            inside = f"{before.rpartition('.')[0]}.{inside[1:]}"
        if "_/" in inside:  # a_/b_/c_rest
            *firsts, last = inside.split("/")
            end = last.partition("_")[2]
            yield from (f"{first}{end}" for first in firsts)
            inside = last
        before = inside.replace(".*", "").replace("*", "")
        known = before in OF_THE_SDK or not (connector == "openai" and CLASSES.match(before))
        if known and re.fullmatch(r"[\w.-]+", before):
            yield before
    plain = re.sub(r"`[^`]+`", "", text)
    if connector in ("qianfan", "spark"):
        for first, last in re.findall(r"\b(\d{1,6})\b(?:–(\d+))?", plain):
            yield from map(str, range(int(first), int(last or first) + 1))


def handbook() -> Iterator[tuple[str, str, str]]:
    """Connector, code and kind of every code in the handbook's tables."""
    connector = ""
    for line in VENDORS.read_text("utf-8").splitlines():
        if line.startswith("## "):
            connector = next((name for title, name in SECTIONS.items() if title in line), "")
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        kind = re.split(r"\W", cells[1])[0] if connector and len(cells) > 1 else ""
        if kind not in FAULT_KINDS:
            continue
        for cell in (cells[0], *cells[2:]):
            statuses = connector == "qianfan" and cell is not cells[0]
            text = re.sub(r"\b\d{3}\b", "", cell) if statuses else cell
            for code in expanded(text, connector):
                yield connector, code, kind


def of_connectors() -> Iterator[tuple[str, str, str, str]]:
    """Connector, code, kind and dialect of every table of codes in ``connectors/``."""
    for name in names():
        module = importlib.import_module(f"augment.connectors.{name}")
        for table in (value for title, value in vars(module).items() if title.isupper() and isinstance(value, dict)):
            for code, kind in table.items():
                if kind in FAULT_KINDS and " " not in str(code):
                    yield name, str(code), kind, ""
    for dialect, spoken in DIALECTS.items():
        for codes in (spoken.codes, spoken.statuses, spoken.beginnings, spoken.types):
            for code, kind in codes.items():
                yield "openai", str(code), kind, dialect


def own_codes() -> set[str]:
    """The codes this program gives to faults by itself."""
    found = set()
    for path in (ROOT / "augment").rglob("*.py"):
        if "simulator" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id == "Fault":
                found |= {word.value for word in node.keywords if word.arg == "code"}
            elif node.func.id == "useless":
                found |= set(node.args[:1])
            elif node.func.id == "hint":  # asked for by its own name
                found |= set(node.args[1:2])
    read = [node for node in found if not isinstance(node, ast.Subscript)]  # a column by its name is no code
    constants = [one.value for node in read for one in ast.walk(node) if isinstance(one, ast.Constant)]
    return {value for value in constants if isinstance(value, str) and value}


def is_bilingual(entry: Entry | None) -> bool:
    return entry is not None and bool(HAN.search(entry.words.zh)) and not HAN.search(entry.words.en)


def test_every_kind_has_words_in_both_languages() -> None:
    assert all(is_bilingual(find(kind)) for kind in FAULT_KINDS)


@pytest.mark.skipif(not VENDORS.is_file(), reason="needs ../shared/vendors.md")
def test_every_code_of_the_handbook_has_words_of_its_own() -> None:
    listed = set(handbook())
    assert len(listed) > 120, "the handbook's tables are read"
    assert {connector for connector, _, _ in listed} == set(SECTIONS.values())
    bare = [
        (connector, code, kind)
        for connector, code, kind in sorted(listed)
        if (entry := find(kind, code, connector)) is None or not entry.codes
    ]
    assert not bare


def test_every_code_that_a_connector_knows_has_words_of_its_own() -> None:
    listed = set(of_connectors())
    assert len(listed) > 80
    bare = [
        (connector, code, kind, dialect)
        for connector, code, kind, dialect in sorted(listed)
        if (entry := find(kind, code, connector, dialect)) is None or not entry.codes
    ]
    assert not bare


def test_every_code_of_our_own_has_words_of_its_own() -> None:
    codes = own_codes()
    assert {"unreachable", "deadline", "wrong_length", "connector_bug"} <= codes
    bare = [code for code in sorted(codes) if not any((e := find("transient", code, c)) and e.codes for c in names())]
    assert not bare


def test_no_words_are_out_of_reach() -> None:
    lost = []
    for entry in hints.entries():
        for code in entry.codes or ("",):
            asked = f"{code[:-1]}x" if code.endswith("*") else code
            connector = "openai" if entry.connector == ANY else entry.connector
            found = [find(kind, asked, connector) for kind in entry.kinds or FAULT_KINDS]
            if entry not in found:
                lost.append((entry.connector, code))
    assert not lost


def test_no_words_of_ours_are_for_codes_that_nothing_gives() -> None:
    given = own_codes() | OF_THE_SDK
    assert not [entry for entry in hints.entries() if entry.connector == ANY and not given & set(entry.codes)]


def test_every_entry_speaks_both_languages_in_a_sentence_or_two() -> None:
    assert all(is_bilingual(entry) for entry in hints.entries())
    texts = [words.in_(language) for words in hints.checks().values() for language in LANGUAGES]
    texts += [entry.words.in_(language) for entry in hints.entries() for language in LANGUAGES]
    assert all(text[-1] in ".。?" and len(text) <= 260 for text in texts)
    assert all(HAN.search(words.zh) and not HAN.search(words.en) for words in hints.checks().values())


@pytest.mark.parametrize(
    ("kind", "code", "connector", "word"),
    [
        pytest.param("auth", "AuthFailure.SignatureExpire", "tencent", "clock", id="the whole code"),
        pytest.param("auth", "AuthFailure.TokenFailure", "tencent", "TENCENTCLOUD_SECRET_ID", id="its beginning"),
        pytest.param("auth", "AuthFailureOther", "tencent", "providers check", id="not a dotted beginning"),
        pytest.param("quota_exhausted", "11200", "spark", "used up", id="by kind, used up"),
        pytest.param("auth", "11200", "spark", "not granted", id="by kind, not granted"),
        pytest.param("rate_limited", "cluster_anything", "qianfan", "limits.rpm", id="an open end"),
        pytest.param(
            "auth", "invalid_iam_token", "openai", "QIANFAN_BEARER_TOKEN", id="another vendor's on OpenAI's wire"
        ),
        pytest.param("auth", "401", "openai", "API_KEY", id="its own before another vendor's"),
        pytest.param("auth", "401002", "openai", "TOKENHUB_API_KEY", id="a number only one vendor has"),
        pytest.param("transient", "unreachable", "spark", "cannot be reached", id="ours"),
        pytest.param("transient", "unreachable", "a wire of tomorrow", "cannot be reached", id="an unknown connector"),
        pytest.param("transient", "BrandNew", "dashscope", "passing trouble", id="an unknown code"),
        pytest.param("retired", "", "qianfan", "switched off", id="no code"),
    ],
)
def test_the_longest_known_beginning_decides(kind: str, code: str, connector: str, word: str) -> None:
    assert word in hint(kind, code, connector, "en")


def test_a_dialect_says_whose_word_it_is() -> None:
    assert "Qianfan" in hint("auth", "access_denied", "openai", dialect="qianfan")
    assert "DashScope" in hint("transient", "internal_error", "openai", dialect="dashscope")


def test_what_is_no_kind_has_no_hint() -> None:
    assert hint("answer mismatch") == ""


def test_an_advice_is_filled_in() -> None:
    assert "dataset, provider" in advice("toml_names", "en", known="dataset, provider")
    assert "dataset, provider" in advice("toml_names", "zh", known="dataset, provider")


@pytest.mark.parametrize(
    ("environment", "toml", "language"),
    [
        ({}, {}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, {}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, {}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW"}, {}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "AUGMENT_LANGUAGE": "en"}, {}, "en"),
        ({"LC_ALL": "en_US.UTF-8", "AUGMENT_LANGUAGE": "zh"}, {}, "zh"),
        ({"LANG": "en_US.UTF-8"}, {"defaults": {"language": "zh"}}, "zh"),
        ({"AUGMENT_LANGUAGE": "en"}, {"defaults": {"language": "zh"}}, "en"),
    ],
    ids=str,
)
def test_the_language_is_chosen_else_the_locale_s(
    environment: dict[str, str], toml: dict[str, object], language: Language
) -> None:
    assert Settings(Path("/w"), environment, {}, toml).language == language


def test_the_language_may_stand_in_dotenv() -> None:
    assert Settings(Path("/w"), {"LANG": "en_US"}, {"AUGMENT_LANGUAGE": "zh"}).language == "zh"


# ── where a run ends ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def train(workspace: Path) -> str:
    problem = {
        "id": "p1",
        "problem": "小明有4个苹果，小红比小明多2个苹果，小刚没有苹果。",
        "questions": [{"question": "哪一项正确？", "options": ["小明最少", "小红最多"], "answer": "B"}],
    }
    path = workspace / "train.jsonl"
    path.write_text(json.dumps(problem, ensure_ascii=False) + "\n", "utf-8")
    assert run(["import", str(path)]) == 0
    return "train"


@pytest.mark.parametrize(
    ("language", "options", "keys", "code", "word"),
    [
        pytest.param("en", {}, {"QIANFAN_SK": "wrong"}, 5, "QIANFAN_AK is the application's API Key", id="auth, en"),
        pytest.param("zh", {}, {"QIANFAN_SK": "wrong"}, 5, "到控制台重新复制", id="auth, zh"),
        pytest.param("en", {"retired": frozenset({"qianfan-v1"})}, {}, 5, "vllm", id="retired, en"),
        pytest.param("zh", {"retired": frozenset({"qianfan-v1"})}, {}, 5, "公网的 V1 已于", id="retired, zh"),
        pytest.param("zh", {"faults": {"quota": 1.0}}, {}, 5, "充值", id="quota, zh"),
    ],
)
def test_a_run_that_faults_end_says_what_to_do_in_the_reader_s_language(
    train: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    language: str,
    options: dict[str, Any],
    keys: dict[str, str],
    code: int,
    word: str,
) -> None:
    with serve_in_thread(SimulatorOptions(**options)) as simulator:
        for name in ("QIANFAN_AK", "QIANFAN_SK", "AUGMENT_QIANFAN_ENDPOINT"):
            monkeypatch.setenv(name, keys.get(name, simulator.env[name]))
        monkeypatch.setenv("AUGMENT_LANGUAGE", language)
        capsys.readouterr()
        assert run(["reason", "--provider", "yi-34b"]) == code
    assert word in capsys.readouterr().err


def test_rows_that_a_filter_refused_come_with_a_hint(
    train: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve_in_thread(SimulatorOptions(faults={"rejected": 1.0})) as simulator:
        for name in ("QIANFAN_AK", "QIANFAN_SK", "AUGMENT_QIANFAN_ENDPOINT"):
            monkeypatch.setenv(name, simulator.env[name])
        capsys.readouterr()
        assert run(["reason", "--provider", "yi-34b"]) == 0
    ended = capsys.readouterr()
    assert "rejected 1: " in ended.out
    assert "asking again does not help" in ended.err
