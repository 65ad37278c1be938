"""What fidelity lets pass and what it stops: pairs written by hand, and changes planted into real problems."""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.fidelity import CHECK_NAMES, check_options, check_row, check_text, failed
from augment.types import Row

DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
PROBLEMS = DATA / "round1_train_data_000-299.jsonl"
real_files = pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")


def pairs_of(kind: str) -> list[tuple[str, str]]:
    """Pairs written by hand: faithful as by way of Japanese, or changed in one word or place."""
    lines = (Path(__file__).parent / "fidelity_pairs.jsonl").read_text(encoding="utf-8").splitlines()
    return [(pair["before"], pair["after"]) for pair in map(json.loads, lines) if pair["kind"] == kind]


FAITHFUL = pairs_of("faithful")


def refused(before: str, after: str) -> str | None:
    fault = failed(check_text(before, after))
    return None if fault is None else f"{fault['name']}: {fault['detail']}"


def test_at_most_one_in_twenty_faithful_paraphrases_is_refused() -> None:
    faults = [(before, after, fault) for before, after in FAITHFUL if (fault := refused(before, after))]
    assert len(faults) <= 0.05 * len(FAITHFUL), faults


# ── planted changes; the words below are the tests' own ───────────────────────────────────────────────────────────────

Planter = Callable[[str, random.Random], str | None]

TURNED = {
    "comparative": {
        "大于": "小于",
        "小于": "大于",
        "高于": "低于",
        "低于": "高于",
        "多于": "少于",
        "超过": "低于",
        "更高": "更低",
        "更大": "更小",
        "最大": "最小",
        "最小": "最大",
        "最高": "最低",
        "最年轻": "最年长",
        "较大": "较小",
        "较小": "较大",
        "更多": "更少",
        "最短": "最长",
        "最长": "最短",
        "不超过": "不少于",
        "等于": "大于",
        "增加": "减少",
        "减少": "增加",
    },
    "quantifier": {
        "所有": "有些",
        "有些": "所有",
        "每个": "某个",
        "全部": "部分",
        "任何": "某些",
        "至少": "至多",
        "至多": "至少",
        "只能": "也能",
        "只有": "不止",
        "有的": "所有的",
        "每一": "某一",
        "唯一": "之一",
        "必须": "可以",
        "恰好": "至少",
        "仅": "也",
        "大多数": "少数",
    },
    "unit": {
        "公里": "米",
        "小时": "分钟",
        "分钟": "小时",
        "美元": "日元",
        "元": "角",
        "千克": "克",
        "公斤": "克",
        "厘米": "毫米",
        "天": "周",
        "岁": "个月",
        "年": "月",
        "米": "公里",
        "秒": "小时",
        "分": "秒",
    },
    "order": {
        "之前": "之后",
        "前面": "后面",
        "之后": "之前",
        "左边": "右边",
        "右边": "左边",
        "西边": "东边",
        "北边": "南边",
        "上面": "下面",
        "以北": "以南",
        "后面": "前面",
    },
}
COUNTED = {
    "unit": r"(?<=\d)(?:个)?{}(?![素音件级])",
    "comparative": r"{}(?!公约|公倍|等于)",
    "quantifier": r"(?<!不)(?<!所){}",
    "order": r"{}",
}


def replace_one(kind: str, text: str, chance: random.Random) -> str | None:
    places = [
        (match, old, new)
        for old, new in TURNED[kind].items()
        for match in re.finditer(COUNTED[kind].format(old), text)
        if not (
            old in ("高于", "大于", "小于", "多于", "少于", "超过") and text[match.start() - 1 : match.start()] == "不"
        )
    ]
    if not places:
        return None
    match, old, new = chance.choice(places)
    return text[: match.start()] + match.group().replace(old, new) + text[match.end() :]


def plant_number(text: str, chance: random.Random) -> str | None:
    places = list(
        re.finditer(r"(?<![\d.A-Za-z_])\d{1,6}(?![\d.、)）A-Za-z_：:])|[三四五六七八九](?=[个名位条种人只座])", text)
    )
    if not places:
        return None
    match = chance.choice(places)
    old = match.group()
    new = (
        str(int(old) + chance.choice((1, 2, 10)))
        if old.isdecimal()
        else chance.choice([c for c in "三四五六七八九" if c != old])
    )
    return text[: match.start()] + new + text[match.end() :]


def plant_negation(text: str, chance: random.Random) -> str | None:
    removed = [
        (match, "")
        for match in re.finditer("不(?=是红|能|会|允许|可以|需要|存在|正确|喜欢|包含|属于|吃)|没(?=有)", text)
    ]
    added = [
        (match, "不" + match.group())
        for match in re.finditer("(?<![不是可])(?:能够|会(?!话|议)|属于|喜欢|包含|需要)(?!不)", text)
    ]
    places = removed + added
    if not places:
        return None
    match, new = chance.choice(places)
    return text[: match.start()] + new + text[match.end() :]


def plant_name(text: str, chance: random.Random) -> str | None:
    words = re.findall(
        r"(?<![\w`$\\])[A-Z][a-z]{2,}(?![\w`])|约翰|玛丽|弗雷德|苏珊|哈利|罗恩|杰克|小[明红刚丽]|[甲乙丙丁](?=[说是的、和])",
        text,
    )
    if len(set(words)) < 2:
        return None
    old, new = chance.sample(sorted(set(words)), 2)
    places = list(re.finditer(re.escape(old), text))
    match = chance.choice(places)
    return f"{text[: match.start()]}{new}{text[match.end() :]}"


def plant_exchange(text: str, chance: random.Random) -> str | None:
    places = list(
        re.finditer(
            r"(?<![\w、])([A-Z][a-z]+|[甲乙丙丁]|[A-Z]) ?(比|在|到|认识|喜欢|是|连接到|的) ?"
            r"([A-Z][a-z]+|[甲乙丙丁]|[A-Z])(?![\w、])",
            text,
        )
    )
    places = [match for match in places if match.group(1) != match.group(3)]
    if not places:
        return replace_one("order", text, chance)
    match = chance.choice(places)
    return text[: match.start()] + f"{match.group(3)}{match.group(2)}{match.group(1)}" + text[match.end() :]


PLANTERS: dict[str, Planter] = {
    "number": plant_number,
    "negation": plant_negation,
    "name": plant_name,
    "order": plant_exchange,
    **{kind: partial(replace_one, kind) for kind in ("comparative", "quantifier", "unit")},
}
# Changes of wording that a translator makes everywhere; the planted change stands among them.
NEUTRAL = (
    ("如果", "假如"),
    ("因此", "所以"),
    ("以下", "下列"),
    ("根据", "依据"),
    ("已知", "已经知道"),
    ("请", "请你"),
    ("描述", "说明"),
    ("选择题", "选择问题"),
)


def reworded(text: str) -> str:
    for old, new in NEUTRAL:
        text = text.replace(old, new)
    return text


def real_texts() -> list[str]:
    texts: list[str] = []
    for line in PROBLEMS.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        texts += [f"{item['problem']}\n{question['question']}" for question in item["questions"][:2]]
    return texts


def caught_share(texts: list[str], seed: int) -> tuple[Counter[str], Counter[str], list[tuple[str, str]]]:
    chance = random.Random(seed)
    planted: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    missed: list[tuple[str, str]] = []
    for text in texts:
        for kind, plant in PLANTERS.items():
            changed = plant(text, chance)
            if changed is None or changed == text:
                continue
            planted[kind] += 1
            if refused(text, reworded(changed)) is not None:
                caught[kind] += 1
            else:
                missed.append((kind, changed))
    return planted, caught, missed


@real_files
def test_95_of_100_changes_planted_into_real_problems_are_caught() -> None:
    planted, caught, missed = caught_share(real_texts()[::5], seed=7)
    assert all(planted[kind] >= 5 for kind in PLANTERS), planted
    assert sum(caught.values()) >= 0.95 * sum(planted.values()), (caught, planted, missed)
    assert all(caught[kind] >= 0.9 * planted[kind] for kind in PLANTERS), (caught, planted, missed)


def test_95_of_100_changes_planted_into_paraphrases_are_caught() -> None:
    chance = random.Random(3)
    planted = caught = 0
    missed: list[tuple[str, str, str]] = []
    for before, after in FAITHFUL:
        for kind, plant in PLANTERS.items():
            changed = plant(after, chance)
            if changed is None or changed == after:
                continue
            planted += 1
            if refused(before, changed) is not None:
                caught += 1
            else:
                missed.append((kind, before, changed))
    assert planted > 60
    assert caught >= 0.95 * planted, missed


@real_files
def test_real_problems_with_neutral_words_changed_are_never_refused() -> None:
    texts = real_texts()[::7]
    refusals = [fault for text in texts if (fault := refused(text, reworded(text)))]
    assert [fault for fault in refusals if not fault.startswith("unchanged")] == []


# Changes written by hand, the meaning changed.
CHANGED: tuple[tuple[str, str, str], ...] = (
    ("numbers", "共有三个盒子。", "总共有四个盒子。"),
    ("numbers", "人口是590000。", "人口为59000。"),
    ("numbers", "男生占百分之六十。", "男生占6%。"),
    ("numbers", "结果是 -5。", "结果为 5。"),
    ("numbers", "第二名是谁？", "第3名是谁？"),
    ("units", "长度是5公里。", "长度为5米。"),
    ("units", "花了30分钟。", "用了30小时。"),
    ("units", "价格是20元。", "价格为20美元。"),
    ("units", "体积是多少立方分米？", "体积为多少立方厘米？"),
    ("names", "小明比小红高。", "小明比小刚高。"),
    ("names", "甲说真话，乙说谎。", "甲讲真话，丙说谎。"),
    ("names", "Alan 住在东京。", "Bob 居住在东京。"),
    ("order", "小明比小红高。", "小红比小明更高。"),
    ("order", "从节点a到节点b有一条边。", "由节点b到节点a有一条边。"),
    ("order", "A在B之前到达。", "A在B之后抵达。"),
    ("order", "温莎在伦敦的西边。", "温莎位于伦敦的东边。"),
    ("order", "张三的父亲是李四。", "李四的父亲是张三。"),
    ("order", "他先吃饭再洗手。", "他先洗手再吃饭。"),
    ("order", "起始数字为6，终止数字为9。", "起始数字是9，终止数字是6。"),
    ("order", "象群是从北美洲迁入南美洲的。", "象群是由南美洲迁徙到北美洲的。"),
    ("order", "起初每隔4米栽一棵树。后来改成每隔6米栽一棵。", "最初每隔6米种一棵树。之后改成每隔4米种一棵。"),
    ("negations", "他不是医生。", "他是医生。"),
    ("negations", "该数字是质数。", "这个数字不是质数。"),
    ("negations", "下列正确的是：", "以下不正确的是："),
    ("negations", "没有人知道答案。", "有人知道答案。"),
    ("quantifiers", "所有学生都通过了。", "有些学生通过了。"),
    ("quantifiers", "至少三个人到场。", "最多三个人到场。"),
    ("quantifiers", "只有小王去了。", "小王去了。"),
    ("quantifiers", "大多数人同意。", "所有人都同意。"),
    ("quantifiers", "他可能是凶手。", "他一定是凶手。"),
    ("quantifiers", "温度高且湿度大。", "温度高或湿度大。"),
    ("quantifiers", "他带过学生，也在学院教过书。", "他带过学生，或者在学院教过书。"),
    ("comparatives", "如果数字大于10，则停止。", "假如数字小于10就停下。"),
    ("comparatives", "甲比乙高。", "甲比乙矮。"),
    ("comparatives", "谁的分数最高？", "谁的分数最低？"),
    ("comparatives", "产量逐年增加。", "产量每年都在减少。"),
    ("comparatives", "这两个数相同。", "这两个数不同。"),
    ("protected", "方程 $x^2=4$ 的解", "方程 $x^3=4$ 的解答"),
    ("protected", "我是{{name}}。", "我是{{姓名}}。"),
    ("protected", "《唐律》规定徒刑一年。", "《唐令》规定徒刑一年。"),
    ("protected", "《二年律令》规定徒刑一年。", "《这里，二年律令》规定徒刑一年。"),
    ("language", "猫在桌子上。", "猫はテーブルの上にいます。"),
    ("language", "猫在桌子上。", "The cat is on the table."),
    ("language", "猫在桌子上。", "猫在桌子�上面。"),
    ("language", "请检查实验结果。", "请検査实验的结果。"),
    ("length", "这是一段关于城市位置关系的很长的描述，请根据描述回答问题。", "请回答。"),
)


@pytest.mark.parametrize(
    ("name", "before", "after"), CHANGED, ids=[f"{name}-{index}" for index, (name, _, _) in enumerate(CHANGED)]
)
def test_a_changed_meaning_is_refused_by_the_check_of_its_name(name: str, before: str, after: str) -> None:
    assert name in {check["name"] for check in check_text(before, after) if not check["ok"]}


def test_95_of_100_short_sentences_with_a_changed_meaning_are_refused() -> None:
    changed = pairs_of("changed")
    passed = [pair for pair in changed if refused(*pair) is None]
    assert len(passed) <= 0.05 * len(changed), passed


# ── rows and options ──────────────────────────────────────────────────────────────────────────────────────────────────

ROW = Row(
    row_id="r",
    problem_id="p",
    problem="有三个盒子，红盒子比蓝盒子大。",
    question="选择题 1：\n哪个盒子最大？",
    options=["红盒子", "蓝盒子", "Alan", "12"],
    answer="A",
    reasoning="因为红盒子比蓝盒子大，所以选A。",
)


def names_of_failed(before: Row, after: Row) -> set[str]:
    return {check["name"] for check in check_row(before, after) if not check["ok"]}


def test_a_row_that_comes_back_as_it_was_fails_only_as_unchanged() -> None:
    assert names_of_failed(ROW, ROW) == {"unchanged"}


@given(st.text(max_size=120))
@settings(deadline=None)
def test_any_text_that_comes_back_as_it_was_fails_only_as_unchanged(text: str) -> None:
    clean = "".join(char for char in text if char not in "\x00\ufffd")
    assert {check["name"] for check in check_text(clean, clean) if not check["ok"]} == {"unchanged"}


@given(st.text(max_size=60), st.text(max_size=60))
@settings(deadline=None)
def test_checks_of_any_two_texts_come_in_their_fixed_order(before: str, after: str) -> None:
    found = [check["name"] for check in check_text(before, after)]
    assert found == [name for name in CHECK_NAMES if name in found]


def test_a_row_has_one_check_of_every_name_in_order() -> None:
    assert [check["name"] for check in check_row(ROW, ROW)] == list(CHECK_NAMES)


def test_a_faithful_row_passes_every_check() -> None:
    after = ROW.with_(
        problem="这里有3个盒子，红盒子大于蓝盒子。",
        question="选择题 1：\n最大的盒子是哪一个？",
        options=["红色盒子", "蓝色盒子", "Alan", "12"],
        reasoning="由于红盒子比蓝盒子更大，因此选择A。",
    )
    assert failed(check_row(ROW, after)) is None


def test_a_detail_names_the_field_it_was_found_in() -> None:
    after = ROW.with_(problem="有四个盒子，红盒子比蓝盒子大。")
    fault = failed(check_row(ROW, after))
    assert fault is not None
    assert fault["name"] == "numbers"
    assert fault["detail"] == "题干：数 3 → 4"


@pytest.mark.parametrize(
    ("after", "name"),
    [
        (["红盒子", "蓝盒子", "Alan"], "options-count"),
        (["红盒子", "红盒子", "Alan", "12"], "options-distinct"),
        (["蓝盒子", "红盒子", "Alan", "12"], "order"),
        (["红盒子", "蓝盒子", "12", "Alan"], "order"),
    ],
    ids=["one gone", "two alike", "words exchanged", "name and number exchanged"],
)
def test_options_that_are_gone_alike_or_exchanged_are_refused(after: list[str], name: str) -> None:
    assert name in {check["name"] for check in check_options(ROW.options, after) if not check["ok"]}


def test_options_that_were_equal_may_stay_equal() -> None:
    assert failed(check_options(["le chat", "la lune", "le chat"], ["le chat", "la lune", "le chat"])) is None


def test_number_options_that_change_places_are_refused() -> None:
    before, after = (
        ROW.with_(options=["1", "2", "3", "4"]),
        ROW.with_(options=["1", "3", "2", "4"], question="哪个盒子最大呢？"),
    )
    assert {"numbers", "order"} <= names_of_failed(before, after)


def test_an_answer_letter_changed_in_the_reasoning_is_refused() -> None:
    assert "names" in names_of_failed(
        ROW, ROW.with_(reasoning="因为红盒子比蓝盒子大，所以选B。", problem="有三个盒子，红盒子比蓝盒子更大。")
    )


def test_a_missing_translation_is_refused() -> None:
    assert "length" in names_of_failed(ROW, ROW.with_(problem=""))


@pytest.mark.parametrize(
    ("before", "after", "ok"),
    [
        ("1. 猫吃鱼。\n2. 狗有3个碗。", "猫会吃鱼。\n狗有三个碗。", True),
        ("1. 猫吃鱼。\n2. 狗有3个碗。", "猫会吃鱼。\n狗有两个碗。", False),
        ("猫吃鱼。\n狗吃肉。", "1. 猫会吃鱼。\n2. 狗会吃肉。", True),
        ("1. 猫吃鱼。\n2. 狗吃肉。", "1. 猫会吃鱼。\n5. 狗会吃肉。", False),
        ("① 猫吃鱼。\n② 狗吃肉。", "（1）猫会吃鱼。\n（2）狗会吃肉。", True),
    ],
    ids=["numbers gone", "numbers gone and a count changed", "numbers new", "a number changed", "another style"],
)
def test_list_numbers_may_go_or_change_style_but_not_value(before: str, after: str, ok: bool) -> None:
    assert all(check["ok"] for check in check_text(before, after) if check["name"] == "numbers") is ok


@pytest.mark.parametrize("piece", ["A比B大，", "1. 有3只猫\n"])
def test_100_000_characters_are_checked_in_seconds(piece: str) -> None:
    text = (piece * (100_000 // len(piece) + 1))[:100_000]
    started = time.process_time()
    check_text(text, "请看：" + text)
    assert time.process_time() - started < 15


@pytest.mark.parametrize(
    ("before", "after", "holds"),
    [
        ("设f(x)=x+1，求f(2)。", "设f(x)=x-1，求f(2)。", False),
        ("已知a<b且b<c。", "已知a<b并且b>c。", False),
        ("计算3×4的值。", "求3×4等于多少。", True),
        ("计算3+4的值。", "求3加4的值。", True),
        ("设 a ＋ b ＝ 5。", "设a+b=5。", True),
    ],
    ids=["plus", "less", "same", "in words", "full width"],
)
def test_a_sign_that_became_another_is_a_fault(before: str, after: str, holds: bool) -> None:
    found = {check["name"]: check["ok"] for check in check_text(before, after)}
    assert found["protected"] is holds
