"""What every test stands on: a home folder of its own, no key from outside, no network but loopback."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# A machine shared with others is slow now and then; that is no failure.
settings.register_profile("workbench", deadline=None, max_examples=60)
settings.load_profile("workbench")

SECRETS = ("AUGMENT_", "TENCENT", "QIANFAN_", "SPARKAI_", "IFLYTEK_", "DASHSCOPE_", "TOKENHUB_")
SECRET_ENDINGS = ("_API_KEY", "_BASE_URL", "_PROXY")


def is_here(host: object) -> bool:
    """Whether a host is this machine by its loopback name or address."""
    text = _text(host)
    return ipaddress.ip_address(text).is_loopback if is_address(text) else text == "localhost"


def is_address(host: object) -> bool:
    """Whether a host is given by its numbers, so that nobody needs to be asked for them."""
    try:
        ipaddress.ip_address(_text(host))
    except ValueError:
        return False
    return True


def _text(host: object) -> str:
    text = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    return text.split("%")[0]


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any other address is refused, any other name is unknown."""
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def check(sock: socket.socket, address: Any) -> None:
        if sock.family in (socket.AF_INET, socket.AF_INET6) and not is_here(address[0]):
            raise ConnectionRefusedError(f"tests reach this machine only, not {address!r}")

    def guarded(sock: socket.socket, address: Any) -> None:
        check(sock, address)
        connect(sock, address)

    def guarded_ex(sock: socket.socket, address: Any) -> int:
        check(sock, address)
        return connect_ex(sock, address)

    def guarded_look_up(host: Any, *rest: Any, **options: Any) -> Any:
        if not is_here(host) and not is_address(host):
            raise socket.gaierror(socket.EAI_NONAME, f"tests reach this machine only, not {host!r}")
        return look_up(host, *rest, **options)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_ex)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No key, endpoint, proxy, workspace or home folder of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith(SECRETS) or name.upper().endswith(SECRET_ENDINGS):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("QIANFAN_CACHE_DIR", str(home / "qianfan"))
    monkeypatch.setenv("QIANFAN_DOT_ENV_CONFIG_FILE", str(home / "none.env"))
    here = Path.cwd()
    yield
    os.chdir(here)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace, which is the current folder too."""
    folder = tmp_path / "workspace"
    (folder / "datasets" / ".augment").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder
