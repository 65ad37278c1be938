from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from augment.connectors import load, names
from augment.errors import FixableError, NotFound

from .recordings import HAS_SPARK

INSTALLED = ["tencent", "qianfan", "openai", "dashscope", *(["spark"] if HAS_SPARK else [])]


def test_every_file_without_an_underscore_is_a_connector() -> None:
    assert {"tencent", "qianfan", "openai", "dashscope", "spark"} <= set(names())
    assert not any(name.startswith("_") for name in names())


@pytest.mark.parametrize("name", INSTALLED)
def test_a_connector_offers_connect(name: str) -> None:
    assert callable(load(name).connect)


@pytest.mark.parametrize("name", ["nobody", "_threads", "", "../settings", "openai.connect", "__init__"])
def test_an_unknown_name_is_answered_with_those_that_exist(name: str) -> None:
    with pytest.raises(NotFound) as caught:
        load(name)
    assert "openai" in caught.value.hint


def test_a_connector_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "qianfan" else real(name, *rest)
    )
    with pytest.raises(FixableError, match="qianfan") as caught:
        load("qianfan")
    assert "0.4.12.3" in caught.value.hint


def test_looking_a_connector_up_imports_no_sdk() -> None:
    code = "import sys; from augment.connectors import load; [load(n) for n in sys.argv[1:]]; print(*sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *INSTALLED], capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    assert not {"tencentcloud", "qianfan", "sparkai", "dashscope", "aiohttp", "requests"} & set(ended.stdout.split())
