"""A small competition file: shops and what people spent there, two questions each."""

from __future__ import annotations

from typing import Any


def shops(count: int) -> list[dict[str, Any]]:
    """So many problems, each another one."""
    return [
        {
            "id": f"shop-{number}",
            "problem": f"在第{number}家商店里，张明买了{10 + number}元的东西，李华买了20元的东西，王芳买了30元的东西。",
            "questions": [
                {"question": "选择题 1：\n谁花的钱最多？", "options": ["张明", "李华", "王芳"], "answer": "C"},
                {"question": "选择题 2：\n李华花了多少元？", "options": ["10", "20", "30"], "answer": "B"},
            ],
        }
        for number in range(count)
    ]
