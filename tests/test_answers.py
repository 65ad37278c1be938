"""The answer reader: hand-written texts for every rule, the labelled outputs, and hostile input."""

from __future__ import annotations

import json
import string
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.answers import Answer, _cues, read_answer, split_thinking
from augment.answers._cue import Cue, Text

DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"

YES_NO = ["是", "不是"]
COLOURS = ["红色", "蓝色", "绿色", "以上都不是"]
FIRMS = ["B公司", "A公司", "C公司", "无法确定"]
LETTER_TEXTS = ["C", "F", "B", "unknown"]
PAIRS = ["A", "B", "C", "A和B"]
NUMBERS = ["3", "30", "12", "1.5"]
LAW = ["应当认定合同无效", "应当认定合同可撤销", "应当认定合同有效", "由人民法院裁定是否有效"]

# id, text, options, the letters it concludes
STATED: list[tuple[str, str, int | list[str], str]] = [
    # the form this project asks for
    ("last line", "因为甲比乙高，乙比丙高。\n\n答案是：A", 4, "A"),
    ("last line with a stop", "推理略。\n答案是：B。", 4, "B"),
    ("bold letter", "答案是:**B**", 4, "B"),
    ("bold line", "**答案是：C**", 4, "C"),
    ("bold cue", "**答案**：D", 4, "D"),
    ("letter and its text", "答案是：B. 不是", 2, "B"),
    ("letter and its text that asks", "答案是：B. 为什么你爱我？", 4, "B"),
    ("several with an enumeration comma", "答案是：A、C", 4, "AC"),
    ("several with a comma", "答案是：A, C", 4, "AC"),
    ("several run together", "【答案】 ACD", 4, "ACD"),
    ("several with and", "答案是：A和C", 4, "AC"),
    ("several in disorder are sorted", "答案：D、B", 4, "BD"),
    ("several with 以及", "因此答案为A、B以及D。", 4, "ABD"),
    ("several apart by blanks", "答案：A B D", 4, "ABD"),
    ("english several", "The correct answers are A, C and D? No. The answer is A, C, and D.", 4, "ACD"),
    ("cue and letter on two lines", "因此，正确答案是：\n\nC", 4, "C"),
    ("cue before the cue", "所以，正确答案是：\n\n答案是：A", 4, "A"),
    # letters in dress
    ("full-width letter", "答案是：Ｂ", 4, "B"),
    ("full-width colon and brackets", "正确答案：（Ｃ）", 4, "C"),
    ("circled letter", "答案：Ⓓ", 4, "D"),
    ("mathematical bold letter", "答案是：𝐀", 4, "A"),
    ("small letter", "答案是：b", 4, "B"),
    ("small letter in brackets", "the answer is (c).", 4, "C"),
    ("square brackets", "正确答案是[A]。", 4, "A"),
    ("quoted letter", "答案是“D”。", 4, "D"),
    ("boxed", r"所以 $\boxed{B}$。", 4, "B"),
    ("boxed text", r"\boxed{\text{C}}", 4, "C"),
    ("boxed bold in brackets", r"Thus \[\boxed{\textbf{(D)}}\]", 4, "D"),
    ("boxed several", r"\boxed{A, C}", 4, "AC"),
    ("latex letter", r"故选 $\mathrm{C}$.", 4, "C"),
    ("code letter", "正确答案是 `B`", 4, "B"),
    ("traditional characters", "因此應該選擇C選項。", 4, "C"),
    ("json", '{"reasoning": "略", "answer": "B"}', 4, "B"),
    ("json in chinese", '{"分析": "略", "答案": ["A", "C"]}', 4, "AC"),
    ("xml", "<answer>D</answer>", 4, "D"),
    # cues
    ("lenticular brackets", "【解析】略。\n【答案】C\n", 4, "C"),
    ("tagged answer", "[正确答案]B<eoa>", 4, "B"),
    ("tagged answer and its text", "[正确答案]B: 关税减让<eoa>\n\nThe WTO negotiates tariffs.", 4, "B"),
    ("故选", "乙项正确，丙项偷换概念。故选B。", 4, "B"),
    ("故本题选", "故本题选D。", 4, "D"),
    ("应选", "综上所述，应选A。", 4, "A"),
    ("select with the option's text", "因此，我选择B:盗窃罪作为正确答案。", 4, "B"),
    ("advice", "因此，我建议您选择A选项，即先行调解。", 4, "A"),
    ("chosen and explained on", "故选C本题考查对比论证。", 4, "C"),
    ("the right option is", "正确的选项应该是 C. 偶数。", 4, "C"),
    ("so the option is", "综上所述，选项为 (C) 充分必要条件。", 4, "C"),
    ("letter as subject", "即选项A为正确答案。", 4, "A"),
    ("letter as subject of the best choice", "因此B是最合适的选择。", 4, "B"),
    ("answer without a copula", "答案 D", 4, "D"),
    ("answer long put off", "这道题的答案，根据上面的推导，应该是B。", 4, "B"),
    ("so it is", "所以是B。", 4, "B"),
    ("therefore a letter", "综上，C。", 4, "C"),
    ("final choice", "最终选择：B", 4, "B"),
    ("my answer", "我的答案是B，供参考。", 4, "B"),
    ("filled blank", "下列说法正确的是（ B ）。", 4, "B"),
    ("japanese", "したがって、答えは C です。", 4, "C"),
    ("english statement", "Therefore, the correct answer is B.", 4, "B"),
    ("english option", "The best option here would be (D).", 4, "D"),
    ("english colon", "Reasoning...\n\nFinal Answer: A", 4, "A"),
    ("english subject", "Therefore, option C is the correct answer.", 4, "C"),
    ("english choice", "I would go with B because it rains.", 4, "B"),
    ("english question named", "The answer to the second question is D.", 4, "D"),
    ("english inside chinese", "根据定义，the correct answer is C，因为它是偶数。", 4, "C"),
    ("doubtless", "毫无疑问，答案无疑是B。", 4, "B"),
    # the last one stands
    ("changed its mind", "答案是A。等等，我算错了，重新计算后答案是C。", 4, "C"),
    ("correction of a wrong option", "D 不正确，应该选 C", 4, "C"),
    ("not this but that", "答案不是A，而是C。", 4, "C"),
    ("forced choice", "答案是：没有完全正确的选项，但如果必须选择，最接近的是A。\n答案是：A", 4, "A"),
    ("judgements after the answer", "正确答案：A\n解析：A项正确。B项错误。C项正确。D项错误。", 4, "A"),
    ("an aside adds nothing", "答案是：C（严格来说，正确答案应为A、B，但没有这样的选项）", 4, "C"),
    ("a concession adds nothing", "答案是C，尽管A也说得通。", 4, "C"),
    ("numbered answers", "（1）【答案】 A\n（2）【答案】 D", 4, "D"),
    ("predicate of the next letter", "答案是A，B错误。", 4, "A"),
    # letters alone
    ("only a letter", "B", 4, "B"),
    ("only a letter and a stop", "B.", 4, "B"),
    ("only a small letter in brackets", "(c)", 4, "C"),
    ("only a bold letter", "**B**", 4, "B"),
    ("only full-width brackets", "（B）", 4, "B"),
    ("only several", "A,D", 4, "AD"),
    ("only a run", "ABD", 4, "ABD"),
    ("only option and letter", "选项B", 4, "B"),
    ("letter and text", "B. 不是", 2, "B"),
    ("letter and end mark", "A<eoa>\n", 4, "A"),
    ("letter, then why", "C\n\n因为题干说他很快地吃东西。", 4, "C"),
    ("why, then letter", "因为题干说他很快地吃东西。\n\nC", 4, "C"),
    # judged
    ("the only one judged right", "选项A错误。选项B是正确的。选项C、D错误。", 4, "B"),
    ("summing up", "A项正确，C项正确。综上，只有选项A和C是正确的。", 4, "AC"),
    ("cleft for a wrong statement", "A、B、D三项表述无误。因此，表述错误的是C。", 4, "C"),
    ("english judged", "Option A is wrong. Option B is correct.", 4, "B"),
    # thinking
    ("thinking is left aside", "<think>答案是A？不，应该选B。</think>\n答案是：C", 4, "C"),
    ("thinking without its opening", "也许选A。</think>答案是：B", 4, "B"),
    # longer ways to say it
    ("excluded, then chosen", "排除ABD，故选C。", 4, "C"),
    ("others wrong, this one", "由于A、B、D均不正确，答案只能是C。", 4, "C"),
    ("rather than", "答案应当是B而不是A。", 4, "B"),
    ("not this, should be that", "答案不是A，应该是B。", 4, "B"),
    ("english not this but that", "The answer isn't A; it's C.", 4, "C"),
    ("so in brackets", "Hence (C).", 4, "C"),
    ("if forced", "如果必须选一个，答案是B。", 4, "B"),
    ("another question's answer", "答案是：B\n\n如果题目允许多选，则答案是A、C。", 4, "B"),
    ("only a conditional answer", "如果按闭世界假设，答案是B。", 4, "B"),
    ("heading and letter", "### 答案\n\n**B. 乙**", 4, "B"),
    ("tag question after it", "答案是B，对吗？", 4, "B"),
    ("chosen because", "选B是因为它最接近。", 4, "B"),
    ("several by number", "答案有两个：A和C", 4, "AC"),
    ("several right ones", "说法正确的有A、C、D。", 4, "ACD"),
    ("a run of answers", "答案是：A\n" * 600, 4, "A"),
    ("reply", "答：B", 4, "B"),
    ("asked for the wrong one", "A、B、C正确，D错误，故本题应选D。", 4, "D"),
    ("told apart by a colon", "A:错误;B:正确;C:错误;D:错误", 4, "B"),
    ("told apart by a comma", "A项，错误。B项，正确。C项，错误。", 4, "B"),
    ("several judged with a comma", "综上，只有A,B正确。", 4, "AB"),
    ("what the option describes", "所以，选项C描述的内容是正确的。", 4, "C"),
    ("statement in the option", "答案是A中的说法", 4, "A"),
    ("english plural", "The correct answers are A and C.", 4, "AC"),
    ("english several judged", "Options A and C are correct.", 4, "AC"),
    ("english, the other is wrong", "The answer is B and A is wrong.", 4, "B"),
    ("letter because", "A，因为B错误。", 4, "A"),
    ("question to oneself", "选A还是选B？我选B。", 4, "B"),
    ("before and after", "我原本选A，后来改为选C。", 4, "C"),
    ("undetermined, so a letter", "答案是：无法确定，因此选择D。", 4, "D"),
    ("own list, then the answer", "选项A：红色\n选项B：蓝色\n\n答案是：选项B", 4, "B"),
    ("new question in one line", "[正确答案]D<eoa>\n下列哪一选项正确?A:1;B:2;C:3;D:4。\n[正确答案]B<eoa>", 4, "D"),
    # after the answer
    ("prompt repeated", "[正确答案]B<eoa>\n\n请你从A,B,C,D中选出一个正确的答案。例如[正确答案]A<eoa>。", 4, "B"),
    ("prompt before", '最后一行的格式为"答案是：A"。题目如下……\n\n答案是：D', 4, "D"),
    ("example before", "例如[正确答案]A<eoa>。请严格按照格式回答。\n答案：B\n【解析】略", 4, "B"),
    ("new question", "答案是：B\n\n问题：下列哪项正确？\nA. 甲\nB. 乙\n答案是：A", 4, "B"),
    ("chat turn", "答案是：D<|im_end|>\n<|im_start|>user\n答案是：A", 4, "D"),
    ("format obeyed", "按照题目要求的格式，答案是：B", 4, "B"),
    ("tail of end marks", "答案：A\neoa:B,C,D", 4, "A"),
    # by the options
    ("option text", "经推理，答案是：不是", YES_NO, "B"),
    ("option text that is the copula", "答案是：是。", YES_NO, "A"),
    ("option text chosen", "故选：红色", COLOURS, "A"),
    ("option text chosen by a person", "所以我选择蓝色。", COLOURS, "B"),
    ("option text boxed", r"\boxed{\text{绿色}}", COLOURS, "C"),
    ("option text in english", "The answer is unknown.", LETTER_TEXTS, "D"),
    ("none of them is an option", "答案是：以上都不是", COLOURS, "D"),
    ("none of them in other words", "答案是：以上选项都不对", COLOURS, "D"),
    ("undetermined is an option", "因此答案是：无法判断", FIRMS, "D"),
    ("option text that begins with a letter", "答案是：A公司", FIRMS, "B"),
    ("letter before such a text", "答案是：A. B公司", FIRMS, "A"),
    ("text of a letter beyond the options", "答案是：F", LETTER_TEXTS, "B"),
    ("letter before the text of another letter", "答案是：B. F", LETTER_TEXTS, "B"),
    ("small letter that is an option's text", "答案是：c", ["c", "d", "e", "所有上述位置"], "A"),
    ("letters that are one option's text", "答案是：D. A和B", PAIRS, "D"),
    ("number, the longest", "答案是：30", NUMBERS, "B"),
    ("number with a point", "答案是：1.5", NUMBERS, "D"),
    ("option retold", "正确答案是：对该合同应当认定为可撤销的合同，应当认定合同可撤销", LAW, "B"),
    ("number with its measure word", "答案是6个。", ["6", "1", "16"], "A"),
    ("one sentence says it", "甲的行为构成盗窃罪。", ["抢劫罪", "盗窃罪"], "B"),
    ("denied and replaced", "甲不构成抢劫罪，而构成盗窃罪。", ["抢劫罪", "盗窃罪", "侵占罪"], "B"),
    ("beginning of a name", "答案是：Annabel", ["Anna", "Annabel"], "B"),
    ("only an option's text", "红色。", COLOURS, "A"),
    ("affirmative with its particle", "答案是：是的。", YES_NO, "A"),
    ("therefore an option's text", "因此，不是。", YES_NO, "B"),
    ("empty list", "答案是：[]", ["[1, 2]", "[1, 2, 3]", "[]"], "C"),
    ("list, the longer", "答案是： [1, 2, 3]", ["[1, 2]", "[1, 2, 3]", "[]"], "B"),
    ("all of them is an option", "答案是：以上都对", ["甲", "乙", "以上都是"], "C"),
    ("no gap before the option's text", "选择B盗窃罪。", ["抢劫罪", "盗窃罪"], "B"),
    ("option's words as the conclusion", "合同一方受欺诈。因此，应当认定合同可撤销。", LAW, "B"),
]

NOTHING: list[tuple[str, str, int | list[str]]] = [
    ("empty", "", 4),
    ("blank", " \n\t ", 4),
    ("reasoning cut short", "首先，我们分析题目中的条件。甲比乙高，", 4),
    ("format instruction", "请在最后一行输出答案，最后一行的格式为 答案是：A", 4),
    ("format instruction quoted", "请以“答案是：B”的格式输出。", 4),
    ("example", "请严格按格式回答，例如[正确答案]A<eoa>。", 4),
    ("choices of the prompt", "请你从A,B,C,D中选出一个正确的答案，并写在[正确答案]和<eoa>之间。", 4),
    ("options only", "A. 甲\nB. 乙\nC. 丙\nD. 丁", 4),
    ("options in one line after the cue", "[正确答案]A:甲。B:乙。C:丙。D:丁。", 4),
    ("options under the cue", "正确答案：\nA. 甲\nB. 乙\nC. 丙\nD. 丁", 4),
    ("labels of empty options", "A:B:C:D:", 4),
    ("question", "答案是A吗？", 4),
    ("question why", "为什么选B？", 4),
    ("supposed", "如果答案是A，那么乙就在说谎。", 4),
    ("supposed choice", "若选B则与题干矛盾。", 4)
    if False
    else ("supposed in english", "If the answer is A, then b lies.", 4),
    ("not chosen", "因此不选A。", 4),
    ("cannot be chosen", "所以不能选择C。", 4),
    ("excluded", "由此可以排除B。", 4),
    ("is not the answer", "答案不是A。", 4),
    ("wrong answer", "这里的错误答案是C。", 4),
    ("wrong choice", "选A是错误的。", 4),
    ("not the answer, english", "The answer is not D.", 4),
    ("alternatives", "答案是A或B。", 4),
    ("alternatives in english", "The answer is B or A.", 4),
    ("one of several", "答案在A、B中，答案是A和B中的一个。", 4),
    ("somebody else", "很多同学误以为答案是B。", 4),
    ("name of a firm", "我们选择A公司作为供应商。", 4),
    ("name of a point", "选择B点作为起点，再求距离。", 4),
    ("equation", "答案是A=5的情形。", 4),
    ("path", "答案是A→B→C", 4),
    ("people named by letters", "A说B在说谎，B说C在说谎。", 4),
    ("article", "The answer is a matter of taste.", 4),
    ("capital article", "Answer: A good question needs thought.", 4),
    ("a word of capitals", "答案是CAD软件。", 4),
    ("letter beyond the options", "答案是：F", 4),
    ("one letter beyond the options", "答案是：A、F", 4),
    ("affirmed", "答案是肯定的。", 4),
    ("none of them", "答案是：以上都不对", 4),
    ("none of them after a letter", "初步看选A。\n经核对，答案是：以上选项都不正确。", 4),
    ("no solution", "【答案】题目无解<eoa>", 4),
    ("undetermined", "答案是：无法确定", 4),
    ("undetermined beside options", "答案是：无法确定", ["甲", "乙", "丙"]),
    ("english none", "The answer is none of the above.", 4),
    ("all judged wrong", "A选项错误。B选项错误。C选项错误。D选项错误。", 4),
    ("several judged right, no conclusion", "A选项正确，因为甲在。B选项正确，因为乙在。C选项错误。", 4),
    ("all option texts", "红色、蓝色、绿色都是颜色。", COLOURS),
    ("shorter option inside another", "答案是：不是", ["是", "否"]),
    ("number that only begins alike", "答案是：300", NUMBERS),
    ("equal option texts", "答案是：甲", ["甲", "甲", "乙"]),
    ("only thinking", "<think>答案是A", 4),
]


def ids(cases: list[Any]) -> list[str]:
    return [case[0] for case in cases]


@pytest.mark.parametrize(("name", "text", "options", "letters"), STATED, ids=ids(STATED))
def test_a_text_concludes_its_letters(name: str, text: str, options: int | list[str], letters: str) -> None:
    assert read_answer(text, options=options).joined == letters


@pytest.mark.parametrize(("name", "text", "options"), NOTHING, ids=ids(NOTHING))
def test_a_text_that_concludes_nothing_has_no_letter(name: str, text: str, options: int | list[str]) -> None:
    assert read_answer(text, options=options).letters == ()


def test_an_answer_joins_its_letters_as_gold_answers_are_written() -> None:
    assert read_answer("【答案】C、A").joined == "AC"
    assert Answer((), None, "nothing stated").joined == ""


@pytest.mark.parametrize(
    ("text", "options", "piece", "basis"),
    [
        ("推理。\n答案是：**Ｂ**。", 4, "Ｂ", "stated"),
        ("故选 C。", 4, "C", "chosen"),
        (r"\boxed{D}", 4, "D", "boxed"),
        ("答案是：A、C", 4, "A、C", "stated"),
        ("所以答案是蓝 色。", COLOURS, "蓝 色", "option text"),
        ("答案是：以上都不对", 4, "以上都不", "none of them"),
        ("(c)", 4, "c", "bare letter"),
        ("<think>选A</think>答案是B", 4, "B", "stated"),
    ],
    ids=["full-width", "chosen", "boxed", "several", "option text", "none of them", "bare", "after thinking"],
)
def test_an_answer_names_the_piece_it_rests_on(text: str, options: int | list[str], piece: str, basis: str) -> None:
    answer = read_answer(text, options=options)
    assert answer.span is not None
    assert text[slice(*answer.span)] == piece
    assert answer.basis == basis


@pytest.mark.parametrize(
    ("text", "said", "thought"),
    [
        ("答案是：A", "答案是：A", None),
        ("<think>想</think>\n\n答案是：A", "答案是：A", "想"),
        ("想</think>答案是：A", "答案是：A", "想"),
        ("先说<think>想", "先说", "想"),
        ("<think>一</think>甲<think>二</think>乙", "甲乙", "一\n二"),
        ("<think>\n\n</think>\n答案是：A", "答案是：A", None),
        ("<THINKING>想</THINKING>A", "A", "想"),
        ("  无标签\n", "  无标签\n", None),
        ("", "", None),
    ],
    ids=["none", "whole", "no opening", "no closing", "twice", "blank", "other tag", "untouched", "empty"],
)
def test_thinking_is_split_off(text: str, said: str, thought: str | None) -> None:
    assert split_thinking(text) == (said, thought)


def test_letters_count_up_to_the_number_of_options() -> None:
    assert read_answer("答案是：E", options=5).joined == "E"
    assert read_answer("答案是：E", options=4).joined == ""
    assert read_answer("答案是：E").joined == "E"


# ── the labelled outputs ──────────────────────────────────────────────────────────────────────────────────────────────


def labelled() -> list[dict[str, Any]]:
    lines = (DATA / "answers_seen.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def scores(items: list[dict[str, Any]], *, texts: bool) -> tuple[float, float]:
    """Precision and recall over single letters; any single letter on an item without one is wrong."""
    read = [
        read_answer(item["text"], options=(texts and item.get("options")) or item["options_count"]) for item in items
    ]
    said = [answer.letters[0] if len(answer.letters) == 1 else None for answer in read]
    right = sum(one is not None and one == item["final"] for one, item in zip(said, items, strict=True))
    return right / sum(one is not None for one in said), right / sum(item["final"] is not None for item in items)


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
def test_labelled_outputs_are_read_with_high_precision_and_recall() -> None:
    precision, recall = scores(labelled(), texts=True)
    assert precision >= 0.99
    assert recall >= 0.98


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
def test_precision_does_not_need_the_texts_of_the_options() -> None:
    precision, _ = scores(labelled(), texts=False)
    assert precision >= 0.99


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
def test_labelled_outputs_with_several_letters_are_read_exactly() -> None:
    several = [item for item in labelled() if item.get("multi")]
    assert [list(read_answer(i["text"], options=i["options_count"]).letters) for i in several] == [
        item["multi"] for item in several
    ]


# ── any text ──────────────────────────────────────────────────────────────────────────────────────────────────────────

FRAGMENTS = (
    *"ABCDEabＢ。，：:.,!?()（）[]{}*_`$\\<>\n 、是不的选故和或者对错",
    *(
        "答案",
        "答案是：",
        "正确答案",
        "故选",
        "选择",
        "选项",
        "因此",
        "如果",
        "以上都不",
        "红色",
        "不是",
        "<eoa>",
        "<think>",
    ),
    *("</think>", r"\boxed{", "the answer is ", " is correct", "例如", "格式为", "\ud800", "\0", "问题：", "İ", "错误"),
)
texts = st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join) | st.text(max_size=200)
option_sets = st.integers(2, 26) | st.lists(st.text(max_size=6) | st.sampled_from(COLOURS), min_size=2, max_size=6)


@settings(max_examples=300, deadline=None)
@given(text=texts, options=option_sets)
def test_any_text_is_read_to_letters_of_the_options_and_a_span_inside_it(text: str, options: int | list[str]) -> None:
    answer = read_answer(text, options=options)
    count = options if isinstance(options, int) else len(options)
    assert list(answer.letters) == sorted(set(answer.letters))
    assert set(answer.letters) <= set(string.ascii_uppercase[:count])
    if answer.letters:
        assert answer.span is not None
    if answer.span is not None:
        start, end = answer.span
        assert 0 <= start < end <= len(text)


@settings(max_examples=200, deadline=None)
@given(text=texts, count=st.integers(2, 26))
def test_letters_stand_in_the_span(text: str, count: int) -> None:
    answer = read_answer(text, options=count)
    if answer.letters and answer.span is not None:
        piece = text[slice(*answer.span)].translate({code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)})
        assert set(answer.letters) <= set(piece.upper())


@settings(max_examples=200, deadline=None)
@given(text=texts, options=option_sets, blank=st.text(" \n\t", max_size=5))
def test_blanks_at_the_end_change_nothing(text: str, options: int | list[str], blank: str) -> None:
    assert read_answer(text + blank, options=options) == read_answer(text, options=options)


@given(text=texts)
def test_thinking_and_saying_share_out_the_text(text: str) -> None:
    said, thought = split_thinking(text)
    assert "<think>" not in said
    assert len(said) + len(thought or "") <= len(text)


CUES = {name: cue for name, cue in vars(_cues).items() if isinstance(cue, Cue)}
# What openings and leads are made of, so that a match which no opening announces would be met.
CUE_FRAGMENTS = (
    *"ABCa，：:,.。 \n(（选是为的应就才即不最故答İıſK",
    *(
        "答案",
        "正解",
        "答え",
        "最终的",
        "最后",
        "正确",
        "最佳",
        "结论",
        "选择",
        "选项",
        "选项应",
        "回答",
        "正确项",
        "判断",
    ),
    *(
        "因此",
        "所以",
        "综上所述",
        "综上",
        "于是",
        "可见",
        "总之",
        "本题",
        "应该",
        "应当",
        "显然",
        "唯一",
        "题目",
        "一项",
    ),
    *(
        "不是",
        "并非",
        "而选",
        "对应的",
        "也就是",
        "即为",
        "符合",
        "合适",
        "恰当",
        "错误",
        "有误",
        "成立",
        "属于甲",
        "一个",
    ),
    *("the answer is ", "Answer", "best option", "most likely", "choose ", "SELECT ", "going with ", "opt for ", "ans"),
    *(
        "Therefore, ",
        "thus",
        "hence ",
        "so ",
        "it's ",
        "I'd say ",
        " is the only choice",
        " are ",
        "must be ",
        "\\fboxed",
    ),
    *("\\boxed", "<answer>", "=", "->", "“", "】", "[", "了", "项"),
)
cue_texts = st.lists(st.sampled_from(CUE_FRAGMENTS), max_size=24).map("".join)


@pytest.mark.parametrize("name", CUES)
@settings(max_examples=400, deadline=None)
@given(written=cue_texts | texts)
def test_a_cue_is_found_wherever_its_pattern_is(name: str, written: str) -> None:
    cue, text = CUES[name], Text(written, time.monotonic() + 60)
    assert [m.span() for m in text.each(cue)] == [m.span() for m in cue.pattern.finditer(text.text)]


@settings(max_examples=400, deadline=None)
@given(written=cue_texts | texts)
def test_a_restart_is_never_ruled_out_where_one_is(written: str) -> None:
    text = Text(written, time.monotonic() + 60).text
    assert _cues.may_restart(text) or not _cues.RESTART.search(text, 1)


@settings(max_examples=400, deadline=None)
@given(before=cue_texts | texts | st.sampled_from(["格式为“", "例如：", "样例", "the format is ", "e.g., ", "如 "]))
def test_an_instruction_is_never_ruled_out_where_one_is(before: str) -> None:
    assert _cues.instructs(before) == (_cues.INSTRUCTION.search(before) is not None)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "fragment", ["答案", "答案是A", "选A", "A ", "如果答案是", "因此", "正确", "the answer is ", "A. 甲"], ids=repr
)
def test_reading_takes_time_in_proportion_to_the_text(fragment: str) -> None:
    def seconds(characters: int) -> float:
        text = (fragment * characters)[:characters]
        started = time.thread_time()
        read_answer(text, options=COLOURS, timeout_s=60)
        return time.thread_time() - started

    # Four times the text: sixteen times the work if it grew with the square.
    assert min(seconds(12_000) for _ in range(3)) < 8 * min(seconds(3_000) for _ in range(3)) + 0.005


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "fragment",
    [
        "答案",
        "(((((",
        "答案是A",
        "A、",
        "A ",
        "**",
        r"\boxed{",
        "<think>",
        "</think>",
        "A是",
        "\ud800",
        "\n",
        "如果答案是",
    ],
    ids=repr,
)
def test_hostile_text_ends(fragment: str) -> None:
    text = (fragment * (200_000 // len(fragment) + 1))[:200_000]
    assert len(read_answer(text, options=COLOURS).letters) <= 4
    split_thinking(text)


def test_no_time_left_means_no_answer() -> None:
    assert read_answer("答案是：A", timeout_s=0) == Answer((), None, "timeout")
