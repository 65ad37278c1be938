from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.errors import BadInput, NotFound
from augment.prompts import Prompt, names, read_prompt

HEADINGS = ["### 题目", "### 问题", "### 答案", "### 分析过程"]


def test_the_templates_of_reason_are_the_two_that_ship() -> None:
    assert names("reason") == ["pupil", "steps5"]


@pytest.mark.parametrize("name", ["pupil", "steps5"])
def test_a_template_has_its_four_headings_once_each_and_in_order(name: str) -> None:
    lines = read_prompt("reason", name).text.splitlines()
    assert [line for line in lines if line.startswith("#")] == HEADINGS
    assert lines[-1].strip() == HEADINGS[-1] or lines[-2:] == [HEADINGS[-1], ""]


@pytest.mark.parametrize("name", ["pupil", "steps5"])
def test_a_template_asks_for_the_closed_world_and_one_line_with_the_answer(name: str) -> None:
    text = read_prompt("reason", name).text
    assert "闭世界" in text
    assert "答案是：" in text
    assert "不执行" in text, "what the row's text asks for is not done"


def test_an_id_is_the_name_and_the_content() -> None:
    one, two = Prompt("pupil", "甲{answer}"), Prompt("pupil", "乙{answer}")
    assert one.id == "pupil@" + one.id.split("@")[1]
    assert len(one.id.split("@")[1]) == 12
    assert one.id != two.id
    assert Prompt("pupil", "甲{answer}").id == one.id


@given(value=st.text() | st.sampled_from(["{answer}", "{problem}{answer}", "{{answer}}", "\\1", "\\g<0>"]))
def test_what_a_value_says_is_put_in_as_it_is_and_never_filled_again(value: str) -> None:
    filled = Prompt("t", "题：{problem}；答：{answer}").fill({"problem": value, "answer": "秘密"})
    assert filled == f"题：{value}；答：秘密"


def test_a_hole_nothing_fills_is_named_with_those_there_are() -> None:
    with pytest.raises(BadInput) as caught:
        Prompt("mine", "{probelm}").fill({"problem": "", "answer": ""})
    assert "probelm" in caught.value.message
    assert "problem" in caught.value.hint


@pytest.mark.parametrize("text", ["{}", "{ answer }", "{0}", "{Answer}", '{"a": 1}', "{答案}", "a{b", "}{"])
def test_braces_that_are_no_hole_stay(text: str) -> None:
    assert Prompt("t", text).fill({"answer": "A"}) == text


def test_the_workspace_counts_before_what_ships(tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    folder.mkdir()
    (folder / "reason.pupil.zh.txt").write_text("自己的{answer}", "utf-8")
    assert read_prompt("reason", "pupil", tmp_path).text == "自己的{answer}"
    assert read_prompt("reason", "steps5", tmp_path).text == read_prompt("reason", "steps5").text
    assert read_prompt("reason", "pupil", tmp_path).id != read_prompt("reason", "pupil").id


def test_a_template_of_the_workspace_may_have_a_name_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    folder.mkdir()
    (folder / "reason.terse.zh.txt").write_text("短{answer}", "utf-8")
    assert read_prompt("reason", "terse", tmp_path).name == "terse"


@pytest.mark.parametrize("raw", [b"{answer}", "\ufeff{answer}".encode()], ids=["plain", "byte-order-mark"])
def test_a_template_can_be_a_file(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "mine.zh.txt"
    path.write_bytes(raw)
    prompt = read_prompt("reason", str(path))
    assert (prompt.name, prompt.text) == ("mine", "{answer}")


def test_windows_line_ends_do_not_make_another_template(tmp_path: Path) -> None:
    one, two = tmp_path / "a.txt", tmp_path / "b.txt"
    one.write_bytes("题\n{answer}\n".encode())
    two.write_bytes("题\r\n{answer}\r\n".encode())
    assert read_prompt("reason", str(one)).text == read_prompt("reason", str(two)).text


def test_a_file_in_another_encoding_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_bytes("题目{answer}".encode("gb18030"))
    with pytest.raises(BadInput) as caught:
        read_prompt("reason", str(path))
    assert "UTF-8" in caught.value.message + caught.value.hint


@pytest.mark.parametrize("template", ["nobody", "", "../pupil", "no-such-file.txt"])
def test_an_unknown_template_names_those_there_are(template: str) -> None:
    with pytest.raises(NotFound) as caught:
        read_prompt("reason", template)
    assert "pupil" in caught.value.hint
