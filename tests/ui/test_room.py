"""The room on real workspaces: what it shows, and that one click is one record."""

from __future__ import annotations

import ast
import html
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pages import Room, click, text
from workspaces import HOSTILE, add, empty, hostile, imported, rewritten

from augment.workbench import Workbench
from ui import panes, review_page, words

UI = Path(__file__).resolve().parents[2] / "ui"
OURS = re.compile(rf"<script>{re.escape(review_page.TO_TOP)} //[0-9a-f]{{12}}</script>")


# ── nothing there ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_workspace_the_page_says_what_to_do(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUGMENT_WORKSPACE", str(tmp_path / "nowhere"))
    assert "augment import FILE" in text(room())


@pytest.mark.parametrize("view", ["review", "browse", "compare", "quality"])
def test_without_a_dataset_every_view_says_what_to_do(room: Room, view: str) -> None:
    assert "工作区里还没有数据集" in text(room(empty, view=view))


def test_a_filter_that_finds_nothing_can_be_cleared_by_a_button(room: Room) -> None:
    app = room(imported, view="review", text="没有这句话")
    assert "没有符合筛选条件的行" in text(app)
    assert "第 1 / 3 行" in text(click(app, "clear"))


def test_a_row_that_is_not_in_the_version_is_said_to_be_gone(room: Room) -> None:
    app = room(imported, view="review", row="no-such-row")
    assert "这个版本里没有第 no-such-row 行" in text(app)
    assert "第 1 / 3 行" in text(click(app, "first"))


# ── what it shows ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_home_shows_datasets_and_versions(room: Room) -> None:
    shown = text(room(rewritten))
    assert "train · v1" in shown
    assert "6 行" in shown
    assert re.search(r"v1.*backtranslate|v1.*回译", shown)
    assert "augment versions train" in shown


def test_browse_shows_a_page_of_fifty_with_the_true_total(room: Room, tmp_path: Path) -> None:
    imported(tmp_path)
    with Workbench.open(str(tmp_path)) as bench:
        row = bench.page("train", 0).rows[0]
        add(bench, "train", [row.with_(row_id=f"more-{n}") for n in range(60)])
    app = room(view="browse")
    assert len([b for b in app.button if (b.key or "").startswith("open-")]) == 50
    assert "63 行" in text(app)
    app = click(app, "page-on")
    assert len([b for b in app.button if (b.key or "").startswith("open-")]) == 13
    assert app.query_params["page"] == "2"


@pytest.mark.parametrize(
    ("address", "total"),
    [
        ({"stage": "backtranslate"}, 3),
        ({"failed": "any"}, 1),
        ({"failed": "numbers"}, 0),
        ({"text": "第 1 种"}, 2),
        ({"decision": "none"}, 6),
        ({"decision": "accept"}, 0),
        ({"decision": "drop table"}, 6),
        ({"stage": "import", "text": "选择题 2"}, 1),
    ],
    ids=str,
)
def test_the_address_holds_the_filter(room: Room, address: dict[str, str], total: int) -> None:
    assert f"{total} 行" in text(room(rewritten, view="browse", **address))


def test_a_filter_chosen_goes_into_the_address_and_out_again(room: Room) -> None:
    app = room(rewritten, view="browse")
    app.selectbox(key="f-stage").set_value("backtranslate").run()
    assert app.query_params["stage"] == "backtranslate"
    assert "3 行" in text(app)
    app = click(app, "drop-stage")
    assert "stage" not in app.query_params
    assert "6 行" in text(app)


def test_an_older_version_is_shown_as_such(room: Room) -> None:
    app = room(rewritten, view="browse", v="0")
    assert "3 行" in text(app)
    assert "你正在看 v0，最新的是 v1。" in text(app)
    assert "6 行" in text(click(app, "to-newest"))


@pytest.mark.parametrize("number", ["99", "-1", "x", "²"])
def test_a_version_that_is_not_there_means_the_newest(room: Room, number: str) -> None:
    assert "6 行" in text(room(rewritten, view="browse", v=number))


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("locale", "title"), [("zh-TW", "复核"), ("en-US", "Review"), ("de", "Review")])
def test_the_browsers_language_is_the_default(room: Room, locale: str, title: str) -> None:
    assert f"<h1>{title}</h1>" in text(room(imported, locale=locale, view="review"))


def test_the_language_chosen_stays_in_the_address(room: Room) -> None:
    app = room(imported, view="review")
    app.segmented_control(key="language").set_value("en").run()
    assert app.query_params["lang"] == "en"
    assert "<h1>Review</h1>" in text(app)


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    texts = {of: words.texts(of) for of in words.LANGUAGES}
    assert texts["zh"].keys() == texts["en"].keys()
    for key, said in texts["zh"].items():
        assert set(re.findall(r"{(\w+)}", said)) == set(re.findall(r"{(\w+)}", texts["en"][key])), key


def test_every_text_asked_for_is_there() -> None:
    for file in UI.rglob("*.py"):
        asked = re.findall(r"\bt\(\s*[\"']([\w.]+)[\"']", file.read_text("utf-8"))
        begun = {key for key in asked if key.endswith("_") and any(one.startswith(key) for one in words.texts("zh"))}
        assert set(asked) - begun <= words.texts("zh").keys(), file.name


# ── texts of rows are not to be trusted ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("address", [{"view": "home"}, {"view": "browse"}, {"view": "review", "row": "child"}], ids=str)
def test_no_text_of_a_row_becomes_markup(room: Room, address: dict[str, str]) -> None:
    app = room(hostile, **address)
    bodies = [node.proto.body for node in app.get("html") if "<style>" not in node.proto.body]
    drawn = "\n".join(body for body in bodies if not OURS.fullmatch(body))
    assert not re.search(r"<(script|img|a|iframe)\b", drawn)
    assert all(OURS.fullmatch(node.proto.body) for node in app.get("html") if node.proto.unsafe_allow_javascript)
    assert "\u202e" not in drawn
    assert text(app)


def test_a_label_shows_a_text_as_it_is() -> None:
    escaped = panes.label(HOSTILE, 1000)
    assert not re.search(r"(?<!\\)[!\[\]()*:$<>_`]", escaped)
    assert "\u202e" not in escaped


@pytest.mark.parametrize("text_", ["", "甲", HOSTILE, "a\r\nb", "\x00\ud800"], ids=range(5))
def test_shown_text_is_escaped_and_can_be_written(text_: str) -> None:
    made = panes.shown(text_)
    made.encode("utf-8")
    assert "<script" not in made
    assert "<img" not in made


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("三个人不去", "三个人去"),
        ("甲乙丙", "甲X丙"),
        ("", "新"),
        ("旧", ""),
        ("同", "同"),
        ("<b>", "<i>"),
        ("a" * 3000, "b" * 3000),
    ],
    ids=["gone", "other", "new", "old", "same", "markup", "long"],
)
def test_a_difference_holds_both_texts_whole(before: str, after: str) -> None:
    left, right = panes.difference(before, after)
    assert html.unescape(re.sub(r"</?(del|ins)>", "", left)) == before
    assert html.unescape(re.sub(r"</?(del|ins)>", "", right)) == after
    assert ("<del>" in left or "<ins>" in right) == (before != after)


# ── how it is built ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("file", sorted((UI / "views").glob("[a-z]*.py")), ids=lambda file: file.stem)
def test_a_view_is_short_functions_over_the_rest_of_the_room(file: Path) -> None:
    tree = ast.parse(file.read_text("utf-8"))
    imported_from = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)} - {"__future__"}
    known = {module for module in imported_from if module and module.split(".")[0] in ("ui", "augment")}
    assert {module for module in known if module.split(".")[0] == "augment"} <= {"augment.workbench", "augment.errors"}
    for function in [n for n in tree.body if isinstance(n, ast.FunctionDef)]:
        assert (function.end_lineno or 0) - function.lineno < 90


def test_without_the_package_the_room_says_so_in_one_line(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['ui'] = None; from streamlit.testing.v1 import AppTest;"
        f"app = AppTest.from_file({str(UI / 'app.py')!r}, default_timeout=60).run();"
        "print(len(app.exception), [e.value for e in app.error])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.stdout.startswith("0 [")
    assert "pip install -e ." in done.stdout
