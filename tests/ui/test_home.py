"""Home on real workspaces: files come in, what refuses them is said, and the next step is one button."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pages import Room, click, text
from streamlit.testing.v1 import AppTest
from workspaces import HOSTILE, add, empty, hostile, imported, rewritten

from augment.workbench import Workbench


def line(number: int) -> str:
    question = {"question": "谁花的钱多？", "options": ["张明", "李华"], "answer": "B"}
    problem = {
        "id": f"shop-{number}",
        "problem": f"张明买了{number}元的东西，李华买了9元的东西。",
        "questions": [question],
    }
    return json.dumps(problem, ensure_ascii=False)


def drop(app: AppTest, *files: tuple[str, bytes], name: str = "") -> AppTest:
    """Puts files into the place for them and presses Import."""
    (place,) = [one for one in app.file_uploader if (one.key or "").startswith("files-")]
    for given, data in files:
        place.upload(given, data, "application/octet-stream")
    app.run()
    if name:
        (field,) = [one for one in app.text_input if (one.key or "").startswith("name-")]
        field.set_value(name).run()
    return click(app, "import-it")


def datasets(folder: Path) -> list[dict[str, Any]]:
    with Workbench.open(str(folder)) as bench:
        return bench.datasets()


# ── nothing there ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_workspace_the_first_import_makes_one(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "new"
    monkeypatch.setenv("AUGMENT_WORKSPACE", str(place))
    app = room()
    assert str(place) in text(app)
    assert not place.exists(), "looking makes nothing"
    app = drop(app, ("题目.jsonl", line(1).encode()))
    assert "已导入 题目 v0：新增 1 行，共 1 行" in text(app)
    assert [(one["dataset"], one["rows"]) for one in datasets(place)] == [("题目", 1)]


def test_an_empty_workspace_offers_files_and_the_sample(room: Room, tmp_path: Path) -> None:
    app = click(room(empty), "import-sample")
    assert "已导入 sample v0" in text(app)
    rows = datasets(tmp_path)[0]["rows"]
    assert rows > 50
    assert f"{rows:,} 行待复核" in text(app)


def test_importing_without_a_file_cannot_be_pressed(room: Room) -> None:
    (button,) = [one for one in room(empty).button if one.key == "import-it"]
    assert button.disabled


# ── files in ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_several_files_make_one_version_and_each_is_counted(room: Room, tmp_path: Path) -> None:
    app = drop(room(empty), ("a.jsonl", line(1).encode()), ("b.jsonl", f"{line(2)}\n{line(1)}".encode()), name="两份")
    assert [(one["dataset"], one["version"], one["rows"]) for one in datasets(tmp_path)] == [("两份", 0, 2)]
    shown = text(app)
    assert "已导入 两份 v0：新增 2 行，共 2 行" in shown
    assert re.search(r"b\.jsonl</td>.*?competition.*?>2<.*?>2<.*?>1<.*?>0<", shown, re.DOTALL)


def test_two_files_of_one_name_are_both_read(room: Room, tmp_path: Path) -> None:
    drop(room(empty), ("a.jsonl", line(1).encode()), ("a.jsonl", line(2).encode()))
    assert datasets(tmp_path)[0]["rows"] == 2


def test_a_refused_line_is_told_with_its_number_and_why(room: Room) -> None:
    shown = text(drop(room(empty), ("a.jsonl", f"{line(1)}\n{{broken\n{line(2)}".encode())))
    assert "没有收进来的行" in shown
    assert re.search(r"a\.jsonl</td><td class=\"num\">2</td>.*not a whole JSON object", shown)
    assert "新增 2 行" in shown


def test_the_same_file_again_adds_nothing_and_says_so(room: Room, tmp_path: Path) -> None:
    app = drop(room(empty), ("a.jsonl", line(1).encode()))
    app = drop(app, ("a.jsonl", line(1).encode()))
    assert "a 没有变化" in app.info[0].value
    assert datasets(tmp_path)[0]["version"] == 0


def packed() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        made.writestr("a.jsonl", line(1))
    return held.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.zip", packed()),
        ("a.jsonl", packed()),
        ("setup.exe", b"MZ\x90\x00\x03" + bytes(range(256)) * 8),
        ("a.jsonl", b"\x7fELF\x02\x01\x01" + bytes(512)),
        ("a.jsonl", b""),
        ("run.py", b"import os\nos.system('x')\n"),
        ("a.html", b"<html><script>alert(1)</script></html>"),
    ],
    ids=["archive", "archive by another name", "program", "program by another name", "empty", "script", "page"],
)
def test_what_is_no_file_of_questions_is_refused_with_what_to_do(
    room: Room, tmp_path: Path, name: str, data: bytes
) -> None:
    app = drop(room(empty), (name, data))
    assert "没有办成" in app.error[0].value
    assert len(app.error[0].value.split("  \n")) == 2, "an error without a hint"
    assert datasets(tmp_path) == []
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == data and data]


@pytest.mark.parametrize("name", ["../oben", "a/b", "-x", "a b", "<b>"])
def test_a_name_that_no_dataset_can_have_is_refused(room: Room, tmp_path: Path, name: str) -> None:
    app = drop(room(empty), ("a.jsonl", line(1).encode()), name=name)
    assert "数据集名称只能用" in app.error[0].value.replace("\\", "")
    assert datasets(tmp_path) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.jsonl", "passwd"),
        ("C:\\Users\\x\\题目.jsonl", "题目"),
        ("..", "upload"),
        ("<script>alert(1)</script>.jsonl", "script"),
        ("a\u202eb\x1b[31m.jsonl", "a-b--31m"),
    ],
)
def test_the_name_of_a_file_reaches_no_other_place(tmp_path: Path, given: str, kept: str) -> None:
    with Workbench.open(str(tmp_path), make=True) as bench:
        summary = bench.upload([(given, line(1).encode())])
    assert summary.dataset == kept
    assert not {"/", "\\", "\x1b", "\u202e"} & set(summary.files[0].file)


def test_a_hostile_file_stays_text(room: Room) -> None:
    app = drop(room(empty), (f"{HOSTILE[:40]}.jsonl", f'{line(1)}\n{{"{HOSTILE}'.replace("\n", "\n").encode()))
    drawn = "\n".join(node.proto.body for node in app.get("html") if "<style>" not in node.proto.body)
    assert not re.search(r"<(script|img|a|iframe)\b", drawn)


# ── what there is ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_versions_stand_as_a_line_with_what_made_them(room: Room) -> None:
    shown = text(room(rewritten))
    (line_,) = re.findall(r'<ol class="lineage">.*?</ol>', shown, re.DOTALL)
    found = re.findall(r"<b>(v\d+)[^<]*</b><span>([^<]*)</span>.*?class=\"end\">([^<]*)<", line_, re.DOTALL)
    assert found == [("v1", "回译", "6 行"), ("v0", "导入", "3 行")]
    assert "新增 3 行" in line_
    assert "来自 train.jsonl" in line_


def test_many_versions_are_folded(room: Room, tmp_path: Path) -> None:
    imported(tmp_path)
    with Workbench.open(str(tmp_path)) as bench:
        row = bench.page("train", 0).rows[0]
        for number in range(15):
            add(bench, "train", [row.with_(row_id=f"more-{number}")])
    app = room()
    assert [one.label for one in app.expander if "更早" in one.label] == ["更早的 4 个版本"]


@pytest.mark.parametrize(
    ("make", "step"),
    [(imported, "刚导入，还没有处理过"), (rewritten, "还有 6 行没有看过")],
    ids=["imported", "rewritten"],
)
def test_the_next_step_is_said(room: Room, make: Any, step: str) -> None:
    assert step in text(room(make))


def test_the_button_of_the_next_step_opens_the_form(room: Room) -> None:
    app = click(room(imported), "run-train")
    assert (app.query_params["view"], app.query_params["stage"]) == ("runs", "backtranslate")
    assert "开始一次运行" in text(app)


def test_when_all_is_decided_sealing_is_next_and_then_the_export(room: Room) -> None:
    app = room(rewritten, view="review", by="林")
    for _ in range(6):
        app = click(app, "accept-")
    app = click(app, "to-home")
    assert "6 行有了决定，封存后成为新版本" in text(app)
    assert "可以导出" in text(click(app, "seal-train"))


def test_what_was_spent_is_told_apart_from_what_was_rehearsed(room: Room, tmp_path: Path) -> None:
    from augment.plans import RunOptions

    imported(tmp_path)
    with Workbench.open(str(tmp_path)) as bench:
        bench.run("reason", "train", run=RunOptions(provider="deepseek", simulate=True))
        answers = bench.cost(("provider",))[0]["answered"]
    shown = text(room())
    assert "至今没有花钱" in shown
    assert f"排练 {answers} 次问答" in shown


def test_no_text_of_a_version_becomes_markup(room: Room, tmp_path: Path) -> None:
    hostile(tmp_path)
    with Workbench.open(str(tmp_path)) as bench, bench.store.draft("evil") as draft:
        draft.write([bench.page("evil", 0).rows[0].with_(row_id="third")])
        said = {"stage": HOSTILE, "providers": [HOSTILE], "files": [{"file": HOSTILE}], "options": {"version": HOSTILE}}
        bench.store.commit("evil", base=0, added=draft, lineage=lambda *_: said, transaction="t2")
    app = room()
    drawn = "\n".join(node.proto.body for node in app.get("html") if "<style>" not in node.proto.body)
    assert "window.hit" in drawn
    assert not re.search(r"<(script|img|a|iframe)\b", drawn)
    assert "\u202e" not in drawn
