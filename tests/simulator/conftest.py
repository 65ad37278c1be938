from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from augment.simulator.options import SimulatorOptions
from augment.simulator.server import Simulator, serve_in_thread

Start = Callable[..., Simulator]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No key, no proxy, no home folder of the person who runs the tests."""
    import os

    for name in list(os.environ):
        if name.startswith(("QIANFAN_", "TENCENT", "OPENAI_", "DASHSCOPE_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("QIANFAN_CACHE_DIR", str(home / "qianfan"))
    monkeypatch.setenv("QIANFAN_DOT_ENV_CONFIG_FILE", str(home / "none.env"))


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts simulators that end with the test; options as keywords."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(serve_in_thread(SimulatorOptions(**options)))
