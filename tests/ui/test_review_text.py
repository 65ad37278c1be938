"""Worked solutions as HTML: what is drawn, what is left as it stands, and that nothing else can become markup."""

from __future__ import annotations

import html
import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from workspaces import HOSTILE

from ui.review_math import SPAN, formula
from ui.review_text import worked

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
TAGS = {"div", "p", "span", "i", "sup", "sub", "br", "strong", "em", "code", "pre", "hr", "blockquote"}
TAGS |= {"table", "thead", "tbody", "tr", "th", "td"}
TAG = re.compile(r"<(/?)([a-zA-Z0-9]+)((?: [a-z-]+=\"[^\"<>]*\")*)>")


def said(made: str) -> str:
    """What a reader sees: the text without tags."""
    return html.unescape(TAG.sub("", made))


def check_markup(made: str) -> None:
    """Only our tags, with a class, a role or a label; every ``<`` and ``>`` belongs to one of them; all are closed."""
    assert not re.search(r"[<>]", TAG.sub("", made))
    open_tags: list[str] = []
    for closing, name, attributes in TAG.findall(made):
        assert name in TAGS
        assert set(re.findall(r" ([a-z-]+)=", attributes)) <= {"class", "role", "aria-label"}
        if closing:
            assert open_tags.pop() == name
        elif name not in ("br", "hr"):
            open_tags.append(name)
    assert not open_tags


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("**甲**大于乙", "<strong>甲</strong>大于乙"),
        ("见 *此处* 和 2*3*4", "<em>此处</em> 和 2*3*4"),
        ("### 分析过程", '<p class="title t3">分析过程</p>'),
        ("7. 第七步", "<span>7.</span><div>第七步</div>"),
        ("2、第二步", "<span>2、</span><div>第二步</div>"),
        ("- 一\n    - 二", 'class="item d2"'),
        ("用 `a[0]` 取", "<code>a[0]</code>"),
        ("```python\n# 不是标题\n```", "<code># 不是标题</code>"),
        ("| 甲 | 乙 |\n|---|---|\n| 1 | 2 |", "<th>甲</th><th>乙</th>"),
        ("> 引文", "<blockquote>引文</blockquote>"),
        ("得 $x^2$。", "<i>x</i><sup>2</sup>"),
        (r"\(\frac{1}{2}\)", '<span class="frac"><span>1</span><span>2</span></span>'),
        ("$$\nx = 1\n$$", 'class="math block-math"'),
        (r"$\sqrt[3]{8}=2$", '<sup>3</sup><span class="root">√<span>8</span></span>'),
        (r"\[ 平均值 = \frac{6}{3} \]", "平"),
        (r"$\begin{cases} a & b \\ c & d \end{cases}$", "<td><i>c</i></td><td><i>d</i></td>"),
    ],
    ids=range(16),
)
def test_plain_means_are_drawn(text: str, drawn: str) -> None:
    made = worked(text)
    assert drawn in made
    check_markup(made)


@pytest.mark.parametrize(
    "text",
    [
        "![图](http://127.0.0.1:9/y.png)",
        "[点我](javascript:alert(1))",
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script>",
        ":red[红] :material/delete: :blue-background[x]",
        "价格是 $5 和 $6",
        r"$\href{javascript:alert(1)}{x}$",
        r"$\includegraphics{http://127.0.0.1:9/y.png}$",
        r"$\rule{1000em}{1000em}$",
        r"$\def\a{\a\a}\a$",
        r"$\htmlClass{x}{y}$",
        r"$\kern-99em x$",
        "$" + "\\sqrt" * 300 + "$",
        r"$\frac{1}{2$",
        "2*3*4*5",
        "a_b_c 与 __init__x",
        "5 * 3 - 2",
        "-5 + 3",
        "3.14 是圆周率",
    ],
)
def test_what_is_not_known_stands_as_it_was_written(text: str) -> None:
    made = worked(text)
    check_markup(made)
    assert said(made).replace("\n", "") == text.replace("\n", "")


@given(st.text(alphabet="ab12甲乙$\\{}^_&*`#|>-.<\"'[]()! \n\t:frac~\u202e\x00", max_size=120))
def test_no_text_breaks_out_and_no_han_character_is_lost(text: str) -> None:
    made = worked(text)
    check_markup(made)
    made.encode("utf-8")
    assert re.findall("[甲乙]", said(made)) == re.findall("[甲乙]", text)


@given(st.text(max_size=80))
def test_any_text_at_all_is_shown_as_safe_html(text: str) -> None:
    check_markup(worked(text))
    check_markup(worked(f"${text}$"))


def test_a_hostile_text_becomes_text() -> None:
    check_markup(worked(HOSTILE))
    check_markup(worked(f"# {HOSTILE}\n| {HOSTILE} |\n|--|--|\n| {HOSTILE} |\n```{HOSTILE}\n{HOSTILE}\n```"))


@pytest.mark.parametrize(
    "text",
    [
        *[
            "`a``" * 20000,
            "**" * 30000,
            "$" * 50000,
            "\\(" * 30000,
            "\\[" * 100 + "x" * 50000,
            "|a" * 20000 + "\n|--|--|",
        ],
        *["$x" * 30000, "*a" * 30000, "__a" * 20000, "$$\n" * 10000, "#" * 50000, "\\begin{matrix}" * 1000],
    ],
    ids=range(12),
)
def test_no_text_takes_long(text: str) -> None:
    started = time.process_time()
    worked(text)
    assert time.process_time() - started < 1.5


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
def test_formulas_of_real_solutions_are_known() -> None:
    solutions = json.loads((DATA / "qwen2_72b_reasoning_560.json").read_text("utf-8"))
    found = [one for row in solutions for one in SPAN.finditer(row["output"])]
    unknown = [
        one[0]
        for one in found
        if formula(one[str(one.lastgroup)], block=one.lastgroup in ("a", "b"), words=one.lastgroup != "d") is None
    ]
    assert len(found) > 150
    assert len(unknown) <= len(found) // 50, unknown
