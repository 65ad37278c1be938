"""Providers: keys are looked for and never shown; a call says what it found and what it cost."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import Room, click, text
from workspaces import HOSTILE, empty

KEY = "sk-planted-0123456789"


def test_every_provider_is_listed_with_its_key_state(room: Room, tmp_path: Path) -> None:
    empty(tmp_path)
    (tmp_path / ".env").write_text(f"DEEPSEEK_API_KEY={KEY}\n", "utf-8")
    app = room(view="providers")
    shown = text(app)
    assert "1 个已设密钥，共 " in shown
    assert "deepseek · deepseek-chat" in shown
    assert "缺 SPARKAI_APP_ID、SPARKAI_API_KEY、SPARKAI_API_SECRET" in shown
    assert "2025-02-13 读自" in shown
    assert KEY not in shown
    assert KEY not in str(app.main)


def test_half_a_key_names_the_other_half(room: Room, tmp_path: Path) -> None:
    empty(tmp_path)
    (tmp_path / ".env").write_text(f"QIANFAN_ACCESS_KEY={KEY}\n", "utf-8")
    assert "缺 QIANFAN_SECRET_KEY" in text(room(view="providers"))


def test_a_rehearsed_call_works_and_costs_nothing(room: Room) -> None:
    app = click(room(empty, view="providers"), "check-deepseek")
    shown = text(app)
    assert "通了" in shown
    assert "模拟，不花钱" in shown


def test_a_call_to_nobody_says_so_with_what_to_do(room: Room, tmp_path: Path) -> None:
    empty(tmp_path)
    (tmp_path / "augment.toml").write_text(
        '[providers.mine]\nconnector = "openai"\nmodel = "m"\nendpoint = "http://127.0.0.1:9/v1"\n', "utf-8"
    )
    shown = text(click(room(view="providers"), "check-mine"))
    assert "没有通" in shown
    assert KEY not in shown


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_no_name_in_the_settings_becomes_markup(room: Room, tmp_path: Path, locale: str) -> None:
    import json
    import re

    empty(tmp_path)
    name = json.dumps(HOSTILE[:60])
    (tmp_path / "augment.toml").write_text(
        f'[providers.mine]\nconnector = "openai"\nmodel = {name}\nendpoint = "http://127.0.0.1:9/v1"\n', "utf-8"
    )
    app = room(view="providers", locale=locale)
    drawn = "\n".join(node.proto.body for node in app.get("html") if "<style>" not in node.proto.body)
    assert "&lt;script&gt;" in drawn
    assert not re.search(r"<(script|img|a|iframe)\b", drawn)
