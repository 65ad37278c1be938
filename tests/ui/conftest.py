"""Opens the room on a workspace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from augment.workbench import Workbench

APP = Path(__file__).resolve().parents[2] / "ui" / "app.py"

Room = Callable[..., AppTest]


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    """Draws the room on tmp_path once; keyword arguments are parts of the address."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUGMENT_WORKSPACE", str(tmp_path))

    def open_room(make: Callable[[Path], Path] | None = None, *, locale: str = "zh-CN", **address: str) -> AppTest:
        if make is not None:
            make(tmp_path)
        app = AppTest.from_file(str(APP), default_timeout=60)
        app.context["locale"] = locale
        for name, value in address.items():
            app.query_params[name] = value
        return app.run()

    yield open_room
    st.cache_data.clear()
    st.cache_resource.clear()  # closes the workspace


@pytest.fixture
def events(tmp_path: Path) -> Callable[[], list[dict[str, Any]]]:
    """The review record as it is on disk, read by somebody else."""

    def read() -> list[dict[str, Any]]:
        with Workbench.open(str(tmp_path)) as bench:
            return bench.ledger.query("SELECT * FROM events ORDER BY id")

    return read
