from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.simulator.lexicon import REWORDED, UNCHANGED
from augment.simulator.translator import forms, translate

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
KANA = re.compile("[\u3040-\u30ff]")
HAN = re.compile("[\u4e00-\u9fff]")
GUARDED = re.compile(
    r"[0-9.]+|[A-Za-z]+|[零一二三四五六七八九十百千万]+|[不没无非未]|所有|每|任何|都|全|只|至少|至多|最|更|比|大于|小于"
)


def there_and_back(text: str, via: str = "ja") -> str:
    return translate(translate(text, "zh", via), via, "zh")


@pytest.mark.parametrize(
    ("text", "japanese", "back"),
    [
        ("如果他是旅行者，他可以走。", "もし他は旅行者，他ことができる走です。", "假如他是旅行者，他能够走。"),
        ("John 是男性。", "John である男性です。", "John 为男性。"),
        ("谁是 Lila 的祖父？", "だれは Lila の祖父でしょうか？", "谁是 Lila 的祖父呢？"),
        ("这个数是完全数吗？", "おたずねしますこちら数は完全数ますか？", "请问，该数是完全数吗？"),
        ("红色", "红色", "红色"),
    ],
    ids=["statement", "copula", "open question", "closed question", "short"],
)  # fmt: skip
def test_a_text_goes_there_and_comes_back_in_other_words(text: str, japanese: str, back: str) -> None:
    assert translate(text, "zh", "ja") == japanese
    assert translate(japanese, "ja", "zh") == back


def test_no_form_begins_another_so_reading_back_is_unambiguous() -> None:
    known = forms()
    assert len(set(known)) == len(known)
    assert not [(one, other) for one in known for other in known if one != other and other.startswith(one)]


def test_no_word_that_fidelity_guards_is_in_the_lexicon() -> None:
    kept = {"多少"}  # comes back as it went
    assert not [
        t for t in (*REWORDED, *UNCHANGED) if t.zh not in kept and GUARDED.findall(t.zh) != GUARDED.findall(t.back)
    ]


@given(st.lists(st.sampled_from((*REWORDED, *UNCHANGED)), max_size=12))
def test_any_sequence_of_known_words_is_read_back_without_kana(terms: list[Any]) -> None:
    written = "".join(term.ja for term in terms)
    assert translate(written, "ja", "zh") == "".join(term.back for term in terms)


@given(st.text(st.sampled_from("如果可以是的有和不所每三12 AbZQ0X{}[]()，。？！：、\n“”*`$\\"), max_size=60))
def test_numbers_letters_and_marks_cross_untouched(text: str) -> None:
    def kept(line: str) -> list[str]:
        return re.findall(r"[^\u3040-\u9fff，]", line)

    assert kept(there_and_back(text)) == kept(text)
    assert kept(translate(text, "zh", "ja")) == kept(text)


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("3个人排队买票，每人一张。", "这里，3个人排队买票，每人一张。"),
        ("1. 甲坐在乙的左边。\n2. 丙坐在丁的右边。", "1. 这里，甲坐在乙的左边。\n2. 丙坐在丁的右边。"),
        ("x=3，y=4。甲坐在乙和丙的左边。", "x=3，y=4。这里，甲坐在乙和丙的左边。"),
    ],
    ids=["figure", "numbered", "formula"],
)
def test_what_has_no_word_to_reword_is_begun_in_other_words_never_broken_into(text: str, back: str) -> None:
    assert translate(translate(text, "zh", "ja"), "ja", "zh") == back


@pytest.mark.parametrize("via", ["en", "ko", "fr"])
def test_other_languages_come_back_the_same_way(via: str) -> None:
    text = "如果 A 大于 B，那么 A 可以先走。谁先走？"
    assert there_and_back(text, via) == there_and_back(text)


def test_the_source_is_found_where_it_is_not_named() -> None:
    assert translate("もし你好です。", "auto", "zh") == "假如你好。"
    assert KANA.search(translate("如果你好。", "auto", "ja"))


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
def test_real_stems_change_and_keep_what_is_guarded() -> None:
    lines = (DATA / "round1_train_data_000-299.jsonl").read_text("utf-8").splitlines()
    problems = [json.loads(line) for line in lines]
    stems = [problem["problem"] for problem in problems]
    questions = [question["question"] for problem in problems for question in problem["questions"]]
    long = [text for text in questions if len(HAN.findall(text)) >= 8]
    backs = [there_and_back(text) for text in stems]
    assert sum(back != stem for back, stem in zip(backs, stems, strict=True)) >= 0.95 * len(stems)
    assert sum(there_and_back(text) != text for text in long) >= 0.95 * len(long)
    assert not [back for back in backs if KANA.search(back)]
    assert all(GUARDED.findall(back) == GUARDED.findall(stem) for back, stem in zip(backs, stems, strict=True))
    assert all(0.9 <= len(back) / len(stem) <= 1.15 for back, stem in zip(backs, stems, strict=True))
