"""Small workspaces for the review room's tests."""

from __future__ import annotations

import json
from pathlib import Path

from augment.types import Check, Row
from augment.workbench import Workbench

HOSTILE = (
    '<script>window.hit=1</script><img src="http://127.0.0.1:9/x.png" onerror="window.hit=1">'
    "![](http://127.0.0.1:9/y.png) [点我](javascript:window.hit=1) **粗** :red[红] "
    ":material/delete: $x^2$ \u202e倒\u202c"
)


def empty(folder: Path) -> Path:
    """A workspace without a dataset."""
    (folder / "augment.toml").touch()
    return folder


def imported(folder: Path) -> Path:
    """Three questions in two problems, imported as a user would."""
    problems = [
        {
            "id": f"train_{number}",
            "problem": f"有一个计算阶乘的递归程序，第 {number} 种。",
            "questions": [
                {"question": f"选择题 {n}：\n{n} 的阶乘是多少？", "options": ["3", "6", "9", "12"], "answer": "B"}
                for n in range(1, asked + 1)
            ],
        }
        for number, asked in ((0, 2), (1, 1))
    ]
    file = folder / "train.jsonl"
    file.write_text("\n".join(json.dumps(problem, ensure_ascii=False) for problem in problems), "utf-8")
    with Workbench.open(str(folder), make=True) as bench:
        bench.import_files([file], "train")
    return folder


def rewritten(folder: Path) -> Path:
    """The same with a version that adds a rewrite of each row, the last one's check failed."""
    imported(folder)
    with Workbench.open(str(folder)) as bench:
        parents = bench.page("train", 0).rows
        added = [
            row.with_(
                row_id=f"rewrite-{number}",
                parent_id=row.row_id,
                problem=(row.problem or "").replace("有一个计算阶乘的", "有一个递归地计算阶乘的"),
                reasoning="3×2×1=6。\n答案是：B",
                concluded="B",
                stage="backtranslate",
                provider="sim:tencent",
                tags=["backtranslate:ja:sim:tencent"],
                checks=[
                    Check(name="numbers", ok=True, detail=""),
                    Check(name="negations", ok=number < 2, detail="" if number < 2 else "少了「不」"),
                ],
            )
            for number, row in enumerate(parents)
        ]
        add(bench, "train", added)
    return folder


def hostile(folder: Path) -> Path:
    """One row whose every text tries something, and a rewrite of it that does too."""
    with Workbench.open(str(folder), make=True) as bench:
        row = Row(
            "evil",
            "p",
            source_id=HOSTILE,
            problem=HOSTILE,
            question=HOSTILE,
            options=[HOSTILE, f"{HOSTILE}2"],
            answer="A",
            reasoning=HOSTILE,
            stage=HOSTILE,
            provider=HOSTILE,
            tags=[HOSTILE],
            checks=[Check(name=HOSTILE, ok=False, detail=HOSTILE)],
            verdicts=[{"judge": HOSTILE, "rubric": HOSTILE, "total": 1.0, "maximum": 2.0, "criteria": []}],
        )
        add(bench, "evil", [row, row.with_(row_id="child", parent_id="evil", problem=f"{HOSTILE}改")])
        bench.remember("last_dataset", "evil")
    return folder


def add(bench: Workbench, name: str, rows: list[Row]) -> int:
    """Appends rows as a version."""
    with bench.store.draft(name) as draft:
        draft.write(rows)
        return bench.store.commit(
            name,
            base=bench.store.current(name) if bench.store.has(name) else None,
            added=draft,
            lineage=lambda added, out: {"stage": "backtranslate", "rows_added": added, "rows_out": out},
            transaction=rows[0].row_id,
        )
