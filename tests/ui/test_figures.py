"""Browse, Compare, Quality and Export on real workspaces: what they show is what is there, and nothing in it runs."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.testing.v1 import AppTest
from workspaces import HOSTILE, add, empty, hostile, rewritten

from augment.types import Row
from augment.workbench import Workbench

Room = Callable[..., AppTest]
PAGES = ("browse", "compare", "quality", "export")


def text(app: AppTest) -> str:
    """Everything on the page, as its HTML or its label."""
    assert not app.exception, [one.value for one in app.exception]
    drawn = [html.unescape(node.proto.body) for node in app.get("html")]
    drawn += [one.label for one in app.button]
    return "\n".join(
        [*drawn, *(one.value for kind in ("caption", "info", "error", "warning") for one in app.get(kind))]
    )


def plots(app: AppTest) -> list[list[dict[str, Any]]]:
    """The lines that every plot is drawn from."""
    return [
        convert_arrow_bytes_to_pandas_df(node.proto.datasets[0].data.data).to_dict("records")
        for node in app.get("vega_lite_chart")
    ]


def bars(app: AppTest, *names: str) -> list[tuple[Any, ...]]:
    """The values of the first plot whose lines have these columns."""
    found = next(lines for lines in plots(app) if lines and set(names) <= set(lines[0]))
    return [tuple(line[name] for name in names) for line in found]


def scored(folder: Path) -> Path:
    """Sixty rows: every third with a score, answers A A B in turn, the last ten changed by a second version."""
    with Workbench.open(str(folder), make=True) as bench:
        rows = [
            Row(
                f"row-{number:02}",
                f"p{number}",
                kind="choice",
                problem=f"第 {number} 题，{'长' * number}",
                question="选哪一个？",
                options=["甲", "乙乙"],
                answer="AAB"[number % 3],
                score=number / 60 if number % 3 == 0 else None,
                tags=["numeric"] if number < 7 else [],
                stage="import",
            )
            for number in range(60)
        ]
        add(bench, "train", rows)
        with bench.store.draft("train") as draft:
            changed = frozenset(row.row_id for row in rows[50:])
            draft.write(
                row.with_(reasoning="因为。答案是：A", label="right") if row.row_id in changed else row for row in rows
            )
            bench.store.commit(
                "train",
                base=0,
                whole=draft,
                changed=changed,
                lineage=lambda *_: {
                    "stage": "reason",
                    "providers": ["yi-34b"],
                    "parent_version": 0,
                    "rows_out": 60,
                    "rows_in": 20,
                    "done": 10,
                    "skipped": {"no answer": 4},
                    "rejected": {"answer mismatch": 5, "check:length": 1},
                    "failed": {},
                },
                transaction="reason",
            )
        bench.remember("last_dataset", "train")
    return folder


def click(app: AppTest, begins: str) -> AppTest:
    """Presses the only button whose key begins so."""
    (found,) = [button for button in app.button if (button.key or "").startswith(begins)]
    assert not found.disabled, begins
    return found.click().run()


@pytest.mark.parametrize("view", PAGES)
def test_without_a_dataset_each_page_says_what_to_do(room: Room, view: str) -> None:
    app = room(empty, view=view)
    assert not app.exception
    assert app.get("html")


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
@pytest.mark.parametrize("view", PAGES)
def test_no_text_of_a_row_becomes_markup_or_leaves_its_cell(room: Room, view: str, locale: str) -> None:
    address = {"row": "child"} if view in ("browse", "compare") else {}
    app = room(hostile, view=view, locale=locale, **address)
    drawn = "\n".join(node.proto.body for node in app.get("html") if "<style>" not in node.proto.body)
    assert not re.search(r"<(img|a|iframe)\b|<script>window", drawn)
    assert text(app)
    for button in app.button:
        assert not re.search(r"(?<!\\)!\[|(?<!\\):red\[", button.label or ""), button.label
    assert "\u202e" not in str(plots(app))


# ── Browse ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def opened(app: AppTest) -> list[str]:
    return [
        (button.key or "").removeprefix("open-") for button in app.button if (button.key or "").startswith("open-row")
    ]


def test_pages_are_fifty_rows_in_order_and_end_where_the_rows_end(room: Room) -> None:
    app = room(scored, view="browse")
    assert opened(app) == [f"row-{number:02}" for number in range(50)]
    click(app, "page-on")
    assert opened(app) == [f"row-{number:02}" for number in range(50, 60)]
    assert app.query_params["page"] == ["2"] or app.query_params["page"] == "2"
    with pytest.raises(AssertionError, match="page-on"):
        click(app, "page-on")


def test_a_page_past_the_end_shows_the_last_one(room: Room) -> None:
    assert opened(room(scored, view="browse", page="99")) == [f"row-{number:02}" for number in range(50, 60)]


def test_sorted_by_score_the_highest_stands_first_and_those_without_last(room: Room) -> None:
    app = room(scored, view="browse", order="-score")
    assert opened(app)[:3] == ["row-57", "row-54", "row-51"]
    assert app.selectbox(key="sort").value == "-score"


def test_a_filter_kept_by_name_comes_back_and_can_be_forgotten(room: Room) -> None:
    app = room(scored, view="browse", tags="numeric")
    assert len(opened(app)) == 7
    app.text_input(key="keep-as").set_value("数字 *题*").run()
    click(app, "keep")
    click(app, "drop-all")
    assert len(opened(app)) == 50
    click(app, "kept-0")
    assert len(opened(app)) == 7
    click(app, "forget-0")
    assert not [button for button in app.button if button.key == "kept-0"]


def test_a_filter_without_a_name_is_not_kept(room: Room, tmp_path: Path) -> None:
    app = room(scored, view="browse", tags="numeric")
    click(app, "keep")
    with Workbench.open(str(tmp_path)) as bench:
        assert bench.saved_filters("train") == {}


def test_the_histogram_counts_the_rows_of_the_filter(room: Room) -> None:
    app = room(scored, view="browse", spread="score", score_from="0.5")
    assert sum(rows for (rows,) in bars(app, "rows")[:-1]) == len([n for n in range(0, 60, 3) if n / 60 >= 0.5])


def test_a_row_opens_over_the_list_and_leads_to_review(room: Room) -> None:
    app = room(scored, view="browse", row="row-03")
    assert len(opened(app)) == 50
    click(app, "review-this")
    assert app.query_params["view"] in ("review", ["review"])
    assert app.query_params["row"] in ("row-03", ["row-03"])


def test_a_row_that_is_gone_is_said_and_the_list_stays(room: Room) -> None:
    app = room(scored, view="browse", row="nowhere")
    assert len(opened(app)) == 50
    assert app.warning


def test_these_rows_are_reviewed_with_the_same_filter_and_order(room: Room) -> None:
    app = room(scored, view="browse", tags="numeric", order="-score")
    click(app, "review-these")
    assert {name: "".join(app.query_params[name]) for name in ("view", "tags", "order")} == {
        "view": "review",
        "tags": "numeric",
        "order": "-score",
    }


def ask(app: AppTest, sql: str) -> AppTest:
    app.text_area(key="sql-text").set_value(sql).run()
    return click(app, "sql-run")


def test_sql_answers_over_this_version(room: Room) -> None:
    app = ask(room(scored, view="browse"), "select answer, count(*) as n from rows group by 1 order by 1")
    assert re.search(r"<td>A</td><td>40</td>.*<td>B</td><td>20</td>", text(app))


@pytest.mark.parametrize(
    "sql",
    ["drop table rows", "select * from read_csv('/etc/passwd')", "select 1; select 2", "copy rows to 'x.csv'", "sel"],
)
def test_sql_that_would_do_anything_else_is_refused_in_words(room: Room, tmp_path: Path, sql: str) -> None:
    app = ask(room(scored, view="browse"), sql)
    assert app.error
    assert not (tmp_path / "x.csv").exists()
    assert len(opened(app)) == 50


# ── Compare ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_versions_differ_in_what_was_changed(room: Room) -> None:
    app = room(scored, view="compare")
    shown = text(app)
    assert "60 行 → 60 行" in shown
    assert "改动 10" in shown
    assert bars(app, "what", "rows") == [("推理", 10), ("对错", 10)]
    assert [key for key in (button.key for button in app.button) if key and key.startswith("differs-")] == [
        f"differs-row-{number}" for number in range(50, 60)
    ]
    assert "<ins>因为。答案是：A</ins>" in shown


def test_a_row_chosen_is_shown_from_both_sides(room: Room) -> None:
    app = click(room(scored, view="compare"), "differs-row-57")
    assert "第 57 题" in text(app)


def test_the_sides_can_be_swapped_and_the_same_version_is_said_to_be_the_same(room: Room) -> None:
    app = click(room(scored, view="compare"), "swap")
    assert "<del>因为。答案是：A</del>" in text(app)
    app.selectbox(key="v-b").set_value(1).run()
    assert "两边是同一个版本" in text(app)


def test_two_datasets_are_held_against_each_other_by_row(room: Room, tmp_path: Path) -> None:
    rewritten(tmp_path)
    with Workbench.open(str(tmp_path)) as bench:
        add(bench, "other", [row for row in bench.page("train", 1).rows if not row.row_id.startswith("rewrite-1")])
    app = room(view="compare", a="train@v1", b="other@v0")
    assert "6 行 → 5 行" in text(app)
    assert "移除 1" in text(app)


# ── Quality ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_figures_are_those_of_the_rows(room: Room) -> None:
    app = room(scored, view="quality")
    ((what, kept, low, high),) = bars(app, "what", "kept", "low", "high")
    assert (what, kept) == ("推理 · yi-34b", 10 / 16)
    assert low < 10 / 16 < high
    assert bars(app, "what", "share", "chance") == [
        ("2 个选项 · A", pytest.approx(40 / 60), 0.5),
        ("2 个选项 · B", pytest.approx(20 / 60), 0.5),
    ]
    shown = text(app)
    assert "结论与答案不符 5、长度 1" in shown


def test_a_name_of_a_figure_opens_its_rows(room: Room) -> None:
    app = click(room(scored, view="quality"), "open-tag-numeric")
    assert len(opened(app)) == 7


def test_leaks_are_looked_for_when_asked(room: Room, tmp_path: Path) -> None:
    rewritten(tmp_path)
    with Workbench.open(str(tmp_path)) as bench:
        rows = [row.with_(split="train" if row.parent_id is None else "test") for row in bench.page("train", 1).rows]
        add(bench, "leaky", rows)
    app = room(view="quality", ds="leaky")
    assert "发现" not in text(app)
    assert re.search(r"发现 \d+ 处", text(click(app, "look-")))


# ── Export ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_export_is_written_into_the_workspace_and_counted(room: Room, tmp_path: Path) -> None:
    app = click(room(scored, view="export", format="alpaca"), "export")
    shown = text(app)
    assert "读入 60 行 = 写出 6 + 留下 54" in shown  # four of the ten solutions conclude what is not the answer
    lines = (tmp_path / "exports" / "train-v1-alpaca.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == 6
    assert all("答案是：A" in json.loads(line)["output"] for line in lines)
    (manifest,) = (tmp_path / "exports").glob("train-v1-alpaca*.manifest.json")
    assert json.loads(manifest.read_text("utf-8"))["rows_out"] == 6


def test_the_filter_comes_along_and_names_stay_inside_the_folder(room: Room, tmp_path: Path) -> None:
    app = room(scored, view="export", format="csv", tags="numeric")
    (name,) = [one for one in app.text_input if (one.key or "").startswith("name-")]
    name.set_value("../../evil/..\\x.csv").run()
    click(app, "export")
    assert re.search(r"= 写出 7 ", text(app))
    written = list(tmp_path.rglob("*.csv"))
    assert [path.parent for path in written] == [tmp_path / "exports"]


def test_what_the_simulator_wrote_is_refused_in_words_until_allowed(room: Room, tmp_path: Path) -> None:
    app = click(room(rewritten, view="export", format="sharegpt"), "export")
    assert app.error
    assert not list((tmp_path / "exports").glob("*.jsonl"))
    app.checkbox(key="x-allow_simulated").check().run()
    assert "只是彩排" in text(click(app, "export"))
    assert HOSTILE not in text(app)
