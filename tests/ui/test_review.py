"""The review page on real workspaces: what it shows, and that one key is one record."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import Events, Room, click, text
from workspaces import HOSTILE, add, hostile, imported, rewritten

from augment.browse import Filter
from augment.review import by
from augment.types import Verdict
from augment.workbench import Workbench

# ── what it shows ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_rewrite_stands_beside_what_it_was_made_from(room: Room) -> None:
    shown = text(room(rewritten, view="review", row="rewrite-0"))
    assert "有一个<ins>递归地</ins>计算阶乘的" in shown
    assert "回译 · ja:tencent（模拟）" in shown
    assert "答案是：B" in shown


def test_a_failed_check_is_named_with_what_it_found(room: Room) -> None:
    shown = text(room(rewritten, view="review", row="rewrite-2"))
    assert "否定：少了「不」" in shown
    assert "</span> 数字</li>" in shown


def test_a_row_whose_parent_is_missing_says_so(room: Room, tmp_path: Path) -> None:
    imported(tmp_path)
    with Workbench.open(str(tmp_path)) as bench:
        add(bench, "train", [bench.page("train", 0).rows[0].with_(row_id="orphan", parent_id="lost")])
    assert "它的原文不在这个版本里" in text(room(view="review", row="orphan"))


# ── deciding ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_click_is_one_record_on_disk_and_the_next_row(room: Room, events: Events) -> None:
    app = room(rewritten, view="review", row="rewrite-0", by="林")
    app = click(app, "accept-rewrite-0")
    (event,) = events()
    assert (event["row_id"], event["reviewer"], event["action"], event["version"]) == ("rewrite-0", "林", "accept", 1)
    assert app.query_params["row"] == "rewrite-1"
    assert "1 / 6" in text(app)


def test_a_stale_button_decides_about_the_row_it_was_drawn_for(room: Room, events: Events) -> None:
    first = room(rewritten, view="review", row="rewrite-0", by="林")
    first.query_params["row"] = "rewrite-2"  # the address moved on, the page was not drawn yet
    click(first, "accept-rewrite-0")
    assert [event["row_id"] for event in events()] == ["rewrite-0"]


def test_accepting_again_adds_nothing(room: Room, events: Events) -> None:
    click(room(rewritten, view="review", row="rewrite-0", by="林"), "accept-rewrite-0")
    click(room(view="review", row="rewrite-0", by="林"), "accept-rewrite-0")
    assert len(events()) == 1


def test_reject_asks_for_a_reason_and_keeps_it_with_the_note(room: Room, events: Events) -> None:
    app = click(room(rewritten, view="review", row="rewrite-2", by="林"), "reject-rewrite-2")
    app = click(app, "confirm-rewrite-2")
    assert "先选一个原因" in app.warning[0].value
    assert events() == []
    app = click(app, "reason-2-rewrite-2")
    app.text_input(key="why-rewrite-2").set_value("少了否定").run()
    app = click(app, "confirm-rewrite-2")
    (event,) = events()
    assert (event["action"], event["reason"], event["note"]) == ("reject", "meaning changed", "少了否定")
    assert "驳回 1" in text(app)


def test_a_reject_can_be_called_off(room: Room, events: Events) -> None:
    app = click(room(rewritten, view="review", row="rewrite-2"), "reject-rewrite-2")
    app = click(app, "cancel-rewrite-2")
    assert [b.key for b in app.button if (b.key or "").startswith("accept-")] == ["accept-rewrite-2"]
    assert events() == []


def test_undo_takes_back_the_last_decision_and_shows_its_row(room: Room, events: Events) -> None:
    app = click(room(rewritten, view="review", row="rewrite-0", by="林"), "accept-rewrite-0")
    app = click(app, "undo-")
    assert app.query_params["row"] == "rewrite-0"
    assert [event["action"] for event in events()] == ["accept", "undo"]
    assert "未决定" in text(app)
    assert "没有可以撤销的决定" in text(click(app, "undo-"))


def test_skip_and_the_arrows_decide_nothing(room: Room, events: Events) -> None:
    app = room(rewritten, view="review")
    for key, position in (("skip-", 2), ("next-", 3), ("previous-", 2)):
        app = click(app, key)
        assert f"第 {position} / 6 行" in text(app)
    assert events() == []


def test_sealing_makes_a_version_and_shows_it(room: Room, tmp_path: Path) -> None:
    app = click(room(rewritten, view="review", row="rewrite-0", by="林"), "accept-rewrite-0")
    app = click(app, "to-home")
    app = click(app, "seal-train")
    assert "已封存为 v2，1 行带上了决定" in text(app).replace("\\", "")
    with Workbench.open(str(tmp_path)) as bench:
        assert bench.row("train", 2, "rewrite-0").decision == "accept"


def test_when_all_is_decided_the_page_offers_the_seal(room: Room) -> None:
    app = room(imported, view="review", by="林")
    for _ in range(3):
        app = click(app, "accept-")
    assert "都复核完了" in text(app)
    assert "已封存为 v1" in text(click(app, "seal-train"))


def test_a_reviewer_without_a_name_decides_nothing(room: Room, events: Events) -> None:
    app = room(imported, view="review", by="\u200b\n")
    app = click(app, "accept-")
    assert events() == []
    assert "没有办成" in app.error[0].value


# ── editing ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_edit_is_checked_before_it_is_saved_and_seen_after(room: Room, events: Events) -> None:
    app = click(room(rewritten, view="review", row="rewrite-0", by="林"), "edit-")
    assert "检查（还没有改动）" in text(app)
    app.text_area(key="draft-rewrite-0-problem").set_value("有一个不计算阶乘的递归程序，第 0 种。").run()
    shown = text(app)
    assert "改过 题干，检查结果" in shown
    assert re.search(r"否定.*（原为 ✓）", shown)
    assert events() == []
    app = click(app, "save-")
    assert [(event["action"], event["field"]) for event in events()] == [("edit", "problem")]
    shown = text(app)
    assert "✗ 否定" in shown
    assert app.query_params["row"] == "rewrite-0"


def test_several_fields_are_saved_together_or_not_at_all(room: Room, events: Events) -> None:
    app = click(room(rewritten, view="review", row="rewrite-0", by="林"), "edit-")
    app.text_area(key="draft-rewrite-0-option-3").set_value("15")
    app.text_area(key="draft-rewrite-0-option-4").set_value("24")
    app.text_input(key="draft-rewrite-0-answer").set_value("f").run()
    assert "这样改不行" in text(app)
    assert "没有办成" in click(app, "save-").error[0].value
    assert events() == []
    app.text_input(key="draft-rewrite-0-answer").set_value("e").run()
    app = click(app, "save-")
    assert [event["field"] for event in events()] == ["options", "answer"]
    assert '<span class="letter">E</span><span class=right><ins>24</ins>' in text(app)


def test_an_edit_without_a_change_records_nothing(room: Room, events: Events) -> None:
    app = click(room(rewritten, view="review", row="rewrite-0"), "edit-")
    assert "没有改动" in text(click(app, "save-"))
    assert events() == []


@pytest.mark.parametrize(("choice", "left"), [("keep_mine", "我写的"), ("take_theirs", "别人写的")], ids=str)
def test_two_edits_of_one_field_never_overwrite_each_other(
    room: Room, events: Events, tmp_path: Path, choice: str, left: str
) -> None:
    app = click(room(rewritten, view="review", row="rewrite-0", by="林"), "edit-")
    app.text_area(key="draft-rewrite-0-question").set_value("我写的").run()
    with Workbench.open(str(tmp_path)) as bench:
        bench.edit(bench.browse("train", 1), "rewrite-0", {"question": "别人写的"}, by("王"))
    app = click(app, "save-")
    assert "别人先改了同一处" in text(app)
    assert [event["reviewer"] for event in events()] == ["王"]
    app = click(app, choice)
    app = click(app, "save-")
    with Workbench.open(str(tmp_path)) as bench:
        assert bench.browse("train", 1).row("rewrite-0").question == left


def test_a_note_decides_nothing_and_is_kept(room: Room, events: Events) -> None:
    app = click(room(rewritten, view="review", row="rewrite-0", by="林"), "note-")
    app.text_area(key="note-rewrite-0").set_value("选项 D 可疑").run()
    app = click(app, "keep-")
    assert [(event["action"], event["note"]) for event in events()] == [("note", "选项 D 可疑")]
    shown = text(app)
    assert "林 · 备注 · 选项 D 可疑" in shown
    assert "0 / 6" in shown
    app = click(app, "undo-")
    assert "未决定" in text(app)


# ── the queue ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def judged(folder: Path) -> Path:
    """Three questions whose judges gave 0.9, 0.5 and 0.7; of the last they were furthest apart."""
    imported(folder)
    with Workbench.open(str(folder)) as bench:
        rows = bench.page("train", 0).rows
        scores = [(90.0, 90.0), (50.0, 50.0), (40.0, 100.0)]
        verdicts = [
            [Verdict(judge=f"j{n}", rubric="r", total=s, maximum=100.0, criteria=[]) for n, s in enumerate(two)]
            for two in scores
        ]
        made = [
            row.with_(row_id=f"judged-{n}", verdicts=found, score=sum(v["total"] for v in found) / 200)
            for n, (row, found) in enumerate(zip(rows, verdicts, strict=True))
        ]
        add(bench, "train", made)
    return folder


@pytest.mark.parametrize(
    ("order", "first"), [("uncertainty", "judged-1"), ("disagreement", "judged-2"), ("", None)], ids=str
)
def test_the_order_in_the_address_says_which_row_comes_first(room: Room, order: str, first: str | None) -> None:
    app = room(judged, view="review", order=order)
    (button,) = [one for one in app.button if (one.key or "").startswith("accept-")]
    assert (button.key == f"accept-{first}") if first else not str(button.key).startswith("accept-judged")
    assert app.selectbox(key="order").value == (order or "position")


def test_the_next_row_is_one_of_the_filter(room: Room) -> None:
    app = room(rewritten, view="review", stage="backtranslate", failed="any")
    assert "第 1 / 1 行" in text(app)
    assert "来自阶段 = 回译" in text(app).replace("\\", "")
    assert "未通过的检查 = 任意一项" in text(app).replace("\\", "")


def test_all_rows_of_a_filter_are_decided_after_a_question_and_undone_at_once(
    room: Room, events: Events, tmp_path: Path
) -> None:
    app = room(rewritten, view="review", stage="backtranslate", by="林")
    app = click(app, "bulk-accept")
    shown = text(app)
    assert "采纳筛选出的全部 3 行？" in shown
    assert "来自阶段 = 回译" in shown
    assert events() == []
    app = click(app, "bulk-yes")
    with Workbench.open(str(tmp_path)) as bench:
        assert bench.browse("train", 1).counts()["accept"] == 3
    app = click(app, "bulk-undo")
    with Workbench.open(str(tmp_path)) as bench:
        assert bench.browse("train", 1).counts()["accept"] == 0


def test_a_filter_that_finds_other_rows_by_now_is_not_decided_about(room: Room, tmp_path: Path) -> None:
    app = click(room(rewritten, view="review", decision="none", by="林"), "bulk-accept")
    with Workbench.open(str(tmp_path)) as bench:
        bench.decide(bench.browse("train", 1), "rewrite-0", "reject", by("王", "other"))
    app = click(app, "bulk-yes")
    assert "5" in app.error[0].value
    with Workbench.open(str(tmp_path)) as bench:
        assert bench.browse("train", 1).counts()["accept"] == 0


# ── several people ────────────────────────────────────────────────────────────────────────────────────────────────────


def dealt(folder: Path) -> Path:
    """Six rows dealt to two people, every one to both."""
    rewritten(folder)
    with Workbench.open(str(folder)) as bench:
        bench.deal(bench.browse("train", 1), Filter(), ["林", "王"], by("林"), share=1.0)
    return folder


def test_the_second_reviewer_does_not_see_the_first_ones_decision(room: Room, tmp_path: Path) -> None:
    dealt(tmp_path)
    with Workbench.open(str(tmp_path)) as bench:
        bench.decide(bench.browse("train", 1), "rewrite-0", "reject", by("林", "wrong answer", "先看的人说错"))
    app = room(view="review", row="rewrite-0", by="王", assigned="王")
    shown = text(app)
    assert "双人盲审" in shown
    assert "先看的人说错" not in shown
    assert "答案错 · " not in shown
    app = click(app, "accept-rewrite-0")
    app.query_params["row"] = "rewrite-0"
    shown = text(app.run())
    assert "先看的人说错" in shown
    assert "几位复核人意见不同" in shown


def test_a_disagreement_is_settled_by_a_third_word(room: Room, tmp_path: Path) -> None:
    dealt(tmp_path)
    with Workbench.open(str(tmp_path)) as bench:
        shown = bench.browse("train", 1)
        bench.decide(shown, "rewrite-0", "reject", by("林", "wrong answer"))
        bench.decide(shown, "rewrite-0", "accept", by("王"))
    app = room(view="review", conflict="yes", by="张")
    assert "第 1 / 1 行" in text(app)
    assert re.search(r'class="dispute".*林.*王', text(app))
    click(app, "reject-rewrite-0")
    app = click(click(app, "reason-1-"), "confirm-")
    with Workbench.open(str(tmp_path)) as bench:
        assert bench.agreeing(bench.browse("train", 1)).conflicts == 0


def test_the_team_page_deals_rows_out_and_shows_how_far_each_has_come(room: Room, tmp_path: Path) -> None:
    app = room(rewritten, view="review", team="yes", by="林")
    app.multiselect(key="deal-people").set_value(["林"])
    app.number_input(key="deal-share").set_value(0)
    (button,) = [one for one in app.button if "分给他们" in one.label]
    app = button.click().run()
    assert "已把 6 行分给 1 人" in text(app).replace("\\", "")
    with Workbench.open(str(tmp_path)) as bench:
        bench.decide(bench.browse("train", 1), "rewrite-0", "accept", by("林"))
        (found,) = bench.review_progress(bench.browse("train", 1))
        assert (found.reviewer, found.dealt, found.done) == ("林", 6, 1)
    assert "1 · 17%" in text(app.run())


def test_a_rejected_row_goes_to_repair_with_its_reason(room: Room, tmp_path: Path) -> None:
    with Workbench.open(str(rewritten(tmp_path))) as bench:
        bench.decide(bench.browse("train", 1), "rewrite-0", "reject", by("林", "bad Chinese"))
    app = click(room(view="review", row="rewrite-0", by="林", stage="backtranslate"), "repair-")
    assert (app.query_params["view"], app.query_params["stage"]) == ("runs", "repair")
    with Workbench.open(str(tmp_path)) as bench:
        found = bench.page("train", 2, where=app.query_params["where"]).rows
        assert [(row.row_id, row.decision) for row in found] == [("rewrite-0", "reject")]


# ── hostile ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_hostile_row_can_be_edited_and_noted(room: Room, events: Events) -> None:
    app = click(room(hostile, view="review", row="child", by="林"), "edit-")
    assert HOSTILE in app.text_area(key="draft-child-reasoning").value
    bodies = [node.proto.body for node in app.get("html") if "<style>" not in node.proto.body]
    assert not any(re.search(r"<(img|iframe|a)\b", body) for body in bodies)
    app.text_area(key="draft-child-question").set_value(f"{HOSTILE}!").run()
    click(app, "save-")
    assert [event["field"] for event in events()] == ["question"]


def test_the_language_chosen_last_is_remembered_for_a_reviewer(room: Room, tmp_path: Path) -> None:
    app = room(imported, view="review", by="林")
    app.segmented_control(key="language").set_value("en").run()
    fresh = room(view="review", by="林")
    assert "lang" not in fresh.query_params
    assert "<h1>Review</h1>" in text(fresh)
    assert "<h1>复核</h1>" in text(room(view="review", by="王"))
    assert "<h1>复核</h1>" in text(room(view="review", by="林", lang="zh"))
