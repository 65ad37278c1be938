"""Review in a real browser, by the keyboard: rows decided, a reload in between, two people at once, letters typed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from augment.types import Check, Row
from augment.workbench import Workbench

Serve = Callable[[Path], contextlib.AbstractContextManager[str]]
LETTERS = "adensujkhm123456"  # every key of the bar
LONG = "因为前一步成立，所以这一步也成立。\n\n" * 60


@pytest.fixture(scope="module")
def address(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The room on a workspace with a dataset for each test."""
    workspace = tmp_path_factory.mktemp("review")
    with Workbench.open(str(workspace), make=True) as bench:
        for name in ("twenty", "typed", "both", "clash", "team"):
            fill(bench, name)
        bench.remember("last_dataset", "twenty")
    with serve(workspace) as url:
        yield url, workspace


def fill(bench: Workbench, name: str) -> None:
    """24 rewrites, each behind the row it was made from; the third has a long solution."""
    rows = []
    for number in range(24):
        parent = Row(
            f"{name}-{number}",
            f"p{number}",
            problem=f"有一个计算阶乘的递归程序，第 {number} 种。",
            question="3 的阶乘是多少？",
            options=["3", "6", "9", "12"],
            answer="B",
            stage="import",
        )
        child = parent.with_(
            row_id=f"new-{name}-{number}",
            parent_id=parent.row_id,
            problem=f"有一个递归地计算阶乘的程序，第 {number} 种。",
            reasoning=f"{LONG if number == 2 else ''}因为 $3!=6$。\n答案是：B",
            concluded="B",
            stage="backtranslate",
            checks=[Check(name="numbers", ok=True, detail=""), Check(name="negations", ok=True, detail="")],
        )
        rows += [parent, child]
    with bench.store.draft(name) as draft:
        draft.write(rows)
        bench.store.commit(name, base=None, added=draft, lineage=lambda _, out: {"rows_out": out}, transaction=name)


@pytest.fixture
def page(address: tuple[str, Path], browser: Any) -> Iterator[Any]:
    with somebody(browser) as page:
        yield page


@contextlib.contextmanager
def somebody(browser: Any) -> Iterator[Any]:
    """A page of a browser of their own."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(45_000)
    yield page
    context.close()


def events(workspace: Path, dataset: str) -> list[dict[str, Any]]:
    """The record of a dataset as it is on disk, read by somebody else."""
    with Workbench.open(str(workspace)) as bench:
        sql = "SELECT row_id, reviewer, action, field, reason, note FROM events WHERE dataset = ? ORDER BY id"
        return bench.ledger.query(sql, (dataset,))


def opened(page: Any, url: str, dataset: str, reviewer: str, **parts: str) -> None:
    """Opens the review page and returns when the row can be decided about."""
    more = "".join(f"&{name}={value}" for name, value in parts.items())
    page.goto(f"{url}?view=review&ds={dataset}&by={reviewer}&stage=backtranslate{more}")
    at(page, parts.get("row", f"new-{dataset}-0"))


def at(page: Any, row_id: str) -> None:
    """Returns when a row is on the screen, its buttons live."""
    page.locator(f".st-key-accept-{row_id} button").wait_for()
    page.wait_for_function("!document.querySelector('.st-key-acts [data-stale=true]')")
    settled(page)


def settled(page: Any) -> None:
    """Returns when the page asks for nothing more."""
    page.wait_for_timeout(120)
    page.get_by_test_id("stStatusWidget").wait_for(state="detached")


def test_twenty_rows_by_keyboard_alone_with_a_reload_in_the_middle(address: tuple[str, Path], page: Any) -> None:
    url, workspace = address
    opened(page, url, "twenty", "林")
    for number in range(20):
        if number == 2:  # the long solution: what follows begins at its beginning all the same
            page.mouse.move(700, 400)
            page.mouse.wheel(0, 900)
            page.wait_for_function("document.querySelector('.reading').getBoundingClientRect().top < -300")
        if number == 10:
            page.reload()
            at(page, "new-twenty-10")
        if number % 4 == 3:
            page.keyboard.press("d")
            page.keyboard.press("2")
            page.locator(f".st-key-reason-2-new-twenty-{number} button[kind=primary]").wait_for()
            settled(page)
            page.keyboard.press("Enter")
        else:
            page.keyboard.press("a")
        at(page, f"new-twenty-{number + 1}")
        if number == 2:
            assert page.evaluate("document.querySelector('.reading').getBoundingClientRect().top") > 0
    made = events(workspace, "twenty")
    assert [event["row_id"] for event in made] == [f"new-twenty-{number}" for number in range(20)]
    assert [event["action"] for event in made] == ["reject" if n % 4 == 3 else "accept" for n in range(20)]
    assert {event["reason"] for event in made if event["action"] == "reject"} == {"meaning changed"}
    assert page.get_by_text("20 / 48", exact=True).count() == 1

    page.keyboard.press("j")
    at(page, "new-twenty-21")
    page.keyboard.press("k")
    at(page, "new-twenty-20")
    page.go_back()
    at(page, "new-twenty-21")
    page.keyboard.press("u")
    at(page, "new-twenty-19")
    assert [event["action"] for event in events(workspace, "twenty")][20:] == ["undo"]


def test_letters_typed_into_fields_decide_nothing(address: tuple[str, Path], page: Any) -> None:
    url, workspace = address
    opened(page, url, "typed", "林")

    page.get_by_role("combobox", name="复核人").click()
    page.keyboard.type(LETTERS)
    page.keyboard.press("Escape")
    settled(page)

    page.locator(".st-key-filter-open button").first.click()
    page.get_by_role("textbox", name="文字包含").click()
    page.keyboard.type(LETTERS)
    page.get_by_role("textbox", name="文字包含").fill("")
    page.locator("h1").click()
    settled(page)
    assert events(workspace, "typed") == []
    at(page, "new-typed-0")

    page.keyboard.press("d")
    page.get_by_placeholder("补充说明").click()
    page.keyboard.type(LETTERS)
    settled(page)
    page.keyboard.press("Escape")
    at(page, "new-typed-0")

    page.keyboard.press("n")  # the cursor is put into the field
    page.wait_for_function("document.activeElement.tagName === 'TEXTAREA'")
    page.keyboard.type(LETTERS)
    settled(page)
    assert events(workspace, "typed") == []
    page.keyboard.press("Control+Enter")
    at(page, "new-typed-0")
    assert [(event["action"], event["note"]) for event in events(workspace, "typed")] == [("note", LETTERS)]

    page.keyboard.press("e")
    page.wait_for_function("document.activeElement.tagName === 'TEXTAREA'")
    page.keyboard.type(LETTERS)
    page.keyboard.press("Control+Enter")
    at(page, "new-typed-0")
    found = events(workspace, "typed")[1:]
    assert [(event["action"], event["field"]) for event in found] == [("edit", "problem")]
    with Workbench.open(str(workspace)) as bench:
        assert str(bench.browse("typed", 0).row("new-typed-0").problem).endswith(f"第 0 种。{LETTERS}")


def test_two_people_deciding_about_one_row_both_stand_in_the_record(
    address: tuple[str, Path], browser: Any, page: Any
) -> None:
    url, workspace = address
    opened(page, url, "both", "林")
    with somebody(browser) as other:
        opened(other, url, "both", "王")
        page.keyboard.press("a")
        other.keyboard.press("a")
        at(page, "new-both-1")
        other.locator("[class*=st-key-accept-new-both-]").first.wait_for()
        at(other, "new-both-1")
    made = events(workspace, "both")
    assert sorted((event["row_id"], event["reviewer"]) for event in made) == [
        ("new-both-0", "林"),
        ("new-both-0", "王"),
    ]


def test_of_two_edits_at_once_the_second_is_told_and_loses_nothing(
    address: tuple[str, Path], browser: Any, page: Any
) -> None:
    url, workspace = address
    with somebody(browser) as other:
        for one, name in ((page, "林"), (other, "王")):
            opened(one, url, "clash", name)
            one.keyboard.press("e")
            one.locator(".st-key-save-new-clash-0 button").wait_for()
            one.get_by_role("textbox", name="问题").fill(f"{name}改的问题")
            settled(one)
        page.keyboard.press("Control+Enter")
        at(page, "new-clash-0")
        other.keyboard.press("Control+Enter")
        other.get_by_text("别人先改了同一处").wait_for()
        assert [event["reviewer"] for event in events(workspace, "clash")] == ["林"]
        assert other.get_by_role("textbox", name="问题").input_value() == "王改的问题"
        other.get_by_text("保留我写的").click()
        other.get_by_text("别人先改了同一处").wait_for(state="detached")
        other.locator(".st-key-save-new-clash-0 button").wait_for()
        settled(other)
        other.keyboard.press("Control+Enter")
        at(other, "new-clash-0")
    assert [(event["reviewer"], event["action"]) for event in events(workspace, "clash")] == [
        ("林", "edit"),
        ("王", "edit"),
    ]
    with Workbench.open(str(workspace)) as bench:
        assert bench.browse("clash", 0).row("new-clash-0").question == "王改的问题"


def test_all_rows_of_a_filter_are_decided_and_taken_back(address: tuple[str, Path], page: Any) -> None:
    url, workspace = address
    opened(page, url, "team", "林")
    page.locator(".st-key-queue-more button").first.click()
    page.get_by_text("采纳这 24 行").click()
    page.get_by_text("采纳筛选出的全部 24 行？").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("是，采纳 24 行").click()
    page.get_by_text("24 行已采纳").wait_for()
    with Workbench.open(str(workspace)) as bench:
        assert bench.browse("team", 0).counts() == {"none": 24, "accept": 24, "reject": 0, "edit": 0}
    page.get_by_text("撤销这 24 行").click()
    page.get_by_text("24 行已采纳").wait_for(state="detached")
    with Workbench.open(str(workspace)) as bench:
        assert bench.browse("team", 0).counts()["accept"] == 0
