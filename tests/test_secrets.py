"""No key is left anywhere: every vendor fails in every way and says again what it was sent, and all is searched."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment.workbench import Workbench
from tests.connectors.recordings import HAS_SPARK
from tests.needles import Search
from tests.parrot import CODINGS, MARK, WAYS, Parrot, parrot

ROOT = Path(__file__).resolve().parents[1]
ROWS = 4
EIGHT = "Kq7ZxW2p"
SERVICE = "xop3service"  # Spark's own name for a tuned model: rows say who answered by it, so it is no secret
TOKEN = "".join(f"{MARK}t{place}" for place in range(12))
SHAPES: list[Callable[[int], str]] = [
    lambda n: "".join(f"{MARK}{n:02d}{place}" for place in range(6)),
    lambda n: f"{MARK}{n:02d}+/{MARK}=%{n:02d}{MARK}&<{MARK}>x{MARK}==",
    lambda n: f"sk-{n:02d}" + "".join(f"{MARK}{place:02x}" for place in range(80)),
]


def planted() -> dict[str, str]:
    """A marked value for every key of .env.example, in several shapes."""
    names = re.findall(r"(?m)^([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text("utf-8"))
    keys = [name for name in names if not name.endswith(("_BASE_URL", "_ENDPOINT"))]
    values = {name: SHAPES[place % len(SHAPES)](place) for place, name in enumerate(keys)}
    return values | {"SPARKAI_APP_ID": EIGHT, "SPARKAI_SERVICE_ID": SERVICE}


def addresses(origin: str) -> dict[str, str]:
    """Every endpoint of .env.example on the parrot."""
    names = re.findall(r"(?m)^([A-Z][A-Z0-9_]+(?:_BASE_URL|_ENDPOINT))=", (ROOT / ".env.example").read_text("utf-8"))
    found = {}
    for name in names:
        prefix = name.removesuffix("_BASE_URL").lower().replace("_", "")
        found[name] = f"{origin}/{prefix}/v1" if name.endswith("_BASE_URL") else origin
    return found | {"AUGMENT_SPARK_ENDPOINT": origin.replace("http", "ws")}


TOML = f"""
[providers.oauth]
connector = "qianfan"
model = "Yi-34B-Chat"
api = "v1-oauth"
limits = {{ in_flight = 16 }}
[providers.bce]
connector = "qianfan"
model = "Yi-34B-Chat"
api = "v1-bce"
limits = {{ in_flight = 16 }}
[providers.bearer]
connector = "qianfan"
model = "ernie-4.0-turbo-8k"
api = "v2"
limits = {{ in_flight = 16 }}
[providers.iam]
connector = "qianfan"
model = "ernie-4.0-turbo-8k"
api = "v2"
keys.bearer_token = []
limits = {{ in_flight = 16 }}
[providers.said]
connector = "openai"
kind = "translate"
model = "said"
key = "DEEPSEEK_API_KEY"
endpoint_env = "DEEPSEEK_BASE_URL"
[providers.gateway]
connector = "openai"
model = "gateway"
endpoint = "http://somebody:{MARK}pass@127.0.0.1:9/v1?token={MARK}query"
"""
SPARKS = ["spark-max", "spark-tuned"] if HAS_SPARK else []
CHAINS = {
    "qianfan": ["oauth", "iam", "deepseek"],
    "others": [*SPARKS, "qwen-plus", "deepseek"],
}
WIRES = {
    "qianfan": {"qianfan-v1", "v2", "token", "deepseek-v1"},
    "others": {"dashscope", "deepseek-v1"},
}


COMMANDS = """
import json, sys
from augment.cli.app import run
for command in json.loads(sys.argv[1]):
    if command[:1] == ["attempts"]:
        from augment.workbench import Workbench
        with Workbench.open() as bench:
            command[3] = bench.page("rows", bench.at(bench.resolve("rows"))).rows[0].row_id
    print("ended with", run(command), flush=True)
"""
NOTEBOOK = """
import asyncio, logging, pickle, sys, traceback
logging.basicConfig(level=logging.DEBUG)
import augment
from augment.errors import Fault
from augment.routes import open_route
from augment.types import Chat, Message, Translation
from augment.workbench import Workbench

def refuses(thing):
    print(repr(thing), str(thing))
    try:
        pickle.dumps(thing)
    except TypeError:
        print("refused to be pickled")

async def ask(catalog, name, times):
    provider = catalog.provider(name)
    print(repr(provider), repr(catalog.secrets(name)))
    refuses(catalog.secrets(name))
    route = provider.routes[0]
    translates = route.connector == "tencent" or provider.kind == "translate"
    words = Translation(("猫",), "zh", "ja") if translates else Chat((Message("user", "谁高？"),))
    connector = open_route(catalog.settings, route, catalog.secrets(name))
    refuses(connector)
    print(vars(connector) and repr(type(connector)))
    for _ in range(times):
        try:
            print("a reply:", await connector.send(words))
        except Fault as fault:
            print("a fault:", repr(fault), vars(fault))
            traceback.print_exception(fault)
    await connector.close()

async def all_of_them(catalog):
    for name in sys.argv[2:]:
        await ask(catalog, name, int(sys.argv[1]))

with Workbench.open() as bench:
    refuses(bench.settings)
    refuses(bench.catalog)
    refuses(bench)
    asyncio.run(all_of_them(bench.catalog), debug=True)
print(augment.run("reason", "rows", provider="deepseek", limit=2))
"""
MISTAKE = """
import sys
from augment.cli.app import run
from augment.connectors import openai

def fails(*arguments):
    values = [value.reveal() for value in arguments[-1].values()] if sys.argv[1] == "connect" else arguments[0]._headers
    try:
        raise KeyError(str(values))
    except KeyError as error:
        raise RuntimeError(f"planted mistake: {values}") from error

failing = [["providers", "check", "openai", "--json"]]
if sys.argv[1] == "connect":
    failing.append(["reason", "rows", "--provider", "openai", "--limit", "1", "--json"])
setattr(openai.OpenAI, "__init__" if sys.argv[1] == "connect" else "send", fails)
for command in failing:
    print("ended with", run(command))
"""


@dataclass
class Scene:
    """A workspace with marked keys, a home folder, and what came out of the programs that ran in it."""

    folder: Path
    server: Parrot
    outputs: list[tuple[str, bytes]] = field(default_factory=list)
    lines: set[bytes] = field(default_factory=set)
    codes: list[int] = field(default_factory=list)

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    def environment(self) -> dict[str, str]:
        """Of a process: half of the keys stand in the environment, half in .env."""
        home = self.folder / "home"
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "PYTHONPATH") if name in os.environ}
        return {
            **kept,
            **dict(sorted(planted().items())[::2]),
            **addresses(self.server.origin),
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home / ".cache"),
            "TMPDIR": str(self.folder / "tmp"),
            "PYTHONUTF8": "1",
            "NO_PROXY": "127.0.0.1",
        }

    def start(self, arguments: list[str], **more: str) -> subprocess.Popen[bytes]:
        """A process of its own session, whose command lines are watched."""
        process = subprocess.Popen(
            arguments,
            cwd=self.workspace,
            env=self.environment() | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        threading.Thread(target=self._watch, args=(process,), daemon=True).start()
        return process

    def end(self, process: subprocess.Popen[bytes], name: str) -> int:
        """Waits for a process and keeps what it wrote."""
        out, err = process.communicate(timeout=110)
        self.outputs += [(f"{name}: stdout", out), (f"{name}: stderr", err)]
        self.codes.append(process.returncode)
        return process.returncode

    def augment(self, *commands: list[str], **more: str) -> None:
        """Runs commands, one after the other in one process; each says how it ended."""
        assert self.python(COMMANDS, json.dumps(commands), **more) == 0

    def python(self, script: str, *arguments: str, **more: str) -> int:
        """Runs a script, as a notebook would."""
        return self.end(self.start([sys.executable, "-c", script, *arguments], **more), "script")

    @property
    def ends(self) -> list[int]:
        """How the commands ended."""
        return [int(code) for code in re.findall(r"(?m)^ended with (\d+)$", self.text())]

    def text(self) -> str:
        """All output."""
        return b"".join(data for _, data in self.outputs).decode("utf-8", "replace")

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            for path in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError, IndexError):
                    if int((path / "stat").read_text().rpartition(")")[2].split()[3]) == process.pid:
                        self.lines.add((path / "cmdline").read_bytes())
            time.sleep(0.1)

    def search(self) -> Search:
        """Looks through all that was written; only the files that hold the keys by right are left out."""
        search = Search([MARK, EIGHT, *self.server.signatures])
        for where, data in self.outputs:
            search.look(where, data)
        for line in self.lines:
            search.look("a command line", line)
        search.folder(self.folder, but=[self.workspace / ".env", self.workspace / "augment.toml"])
        return search


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Callable[..., Scene]]:
    """Makes the scene of a test: a dataset of plain rows in a workspace, and a parrot."""
    with contextlib.ExitStack() as stack:

        def make(**ways: bool) -> Scene:
            found = Scene(tmp_path, stack.enter_context(parrot(TOKEN, **ways)))
            for name in ("home", "tmp", "workspace"):
                (tmp_path / name).mkdir()
            dotenv = [f"{name}={value}" for name, value in sorted(planted().items())[1::2]]
            (found.workspace / ".env").write_text("\n".join(dotenv), "utf-8")
            (found.workspace / "augment.toml").write_text(TOML, "utf-8")
            asks = [{"question": "选择题 1：谁高？", "options": ["乙", "甲", "丙"], "answer": "B"}]
            rows = [{"problem": f"第{n}题：甲比乙高。", "questions": asks} for n in range(ROWS)]
            lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
            (tmp_path / "rows.jsonl").write_text(lines, "utf-8")
            with Workbench.open(str(found.workspace)) as bench:
                bench.import_files([tmp_path / "rows.jsonl"], "rows")
            return found

        yield make


@pytest.mark.parametrize("chain", CHAINS)
def test_a_run_leaves_no_key(scene: Callable[..., Scene], chain: str) -> None:
    found = scene(recovers=True)
    first, *others = CHAINS[chain]
    fallbacks = [word for name in others for word in ("--fallback", name)]
    developing = {"PYTHONDEVMODE": "1", "PYTHONWARNINGS": "default"} if chain == "others" else {}
    as_json = ["--json"] if chain == "others" else []
    found.augment(
        ["backtranslate", "rows", "--provider", "tencent", "--limit", "1", *as_json],
        ["reason", "rows", "--provider", first, *fallbacks, "--retries", "0", *as_json],
        ["runs", "--json"],
        ["attempts", "rows", "--row", ""],
        ["attempts", "rows", "--row", "", "--json"],
        ["show", "rows", "--json"],
        **developing,
    )
    assert set(found.ends) <= {0, 4, 5}, found.text()[-3_000:]
    search = found.search()
    assert search.found == []
    wires = {wire for wire, _, _ in found.server.served}
    assert WIRES[chain] | {"tencent"} <= wires
    assert chain == "qianfan" or not HAS_SPARK or {"spark-v3.5-chat", "spark-v1.1-chat"} <= wires
    assert len(found.server.signatures) >= 3
    assert any("***" in str(value) for value in _column(found.workspace, "reasoning"))
    assert (search.size > 500_000, search.files > 8, search.packed > 60) == (True, True, True), search


def _column(workspace: Path, name: str) -> list[object]:
    files = list((workspace / "datasets" / "rows").rglob("*.parquet"))
    return [value for path in files for value in pq.read_table(path, partitioning=None).column(name).to_pylist()]


def test_a_look_around_leaves_no_key(scene: Callable[..., Scene]) -> None:
    found = scene()
    checks = ["tencent", "iam", "oauth", "bce", "said", "gateway", *SPARKS]
    found.augment(
        ["doctor"],
        ["settings"],
        ["settings", "--json"],
        ["providers"],
        ["providers", "--json"],
        *(["providers", "check", name] for name in checks),
        *(["providers", "check", name, "--json"] for name in checks[::2]),
        AUGMENT_DEBUG="1",
    )
    assert set(found.ends) <= {0, 3, 4, 5}, found.text()[-9_000:]
    search = found.search()
    assert search.found == []
    assert "***" in found.text()
    assert found.server.requests > 30
    assert (search.size > 50_000, search.files > 4) == (True, True), search


def test_a_notebook_with_its_logging_on_shows_no_key(scene: Callable[..., Scene]) -> None:
    found = scene()
    vendors = ["oauth", "bce", "iam", "qwen-plus", "said", "tencent"]
    code = found.python(NOTEBOOK, str(len(WAYS) + 3), *vendors, *SPARKS, PYTHONDEVMODE="1", PYTHONWARNINGS="default")
    assert code == 0, found.text()[-2_000:]
    search = found.search()
    assert search.found == []
    said = found.text()
    assert said.count("refused to be pickled") >= len(vendors) + 3
    assert said.count("a fault:") > 90
    assert said.count("DEBUG") > 100
    assert not any("elsewhere" in wire for wire, _, _ in found.server.served)  # no redirect was followed
    assert set(WAYS) <= {way for _, way, _ in found.server.served}
    assert {coding for _, _, coding in found.server.served} == set(CODINGS)
    for wire in ("dashscope", "tencent", "deepseek-v1", "qianfan-v1", "v2"):
        assert len({way for served, way, _ in found.server.served if served == wire}) > len(WAYS) - 3, wire
    assert search.size > 500_000, search


@pytest.mark.parametrize("place", ["connect", "send"])
def test_a_mistake_of_ours_shows_no_key(scene: Callable[..., Scene], place: str) -> None:
    found = scene()
    assert found.python(MISTAKE, place, AUGMENT_DEBUG="1") == 0
    assert "planted mistake" in found.text() if place == "connect" else "connector_bug" in found.text()
    assert found.search().found == []


def test_an_interrupt_shows_no_key(scene: Callable[..., Scene]) -> None:
    found = scene(hangs=True)
    process = found.start([sys.executable, "-m", "augment", "reason", "rows", "--provider", "deepseek"])
    waits_until = time.monotonic() + 60
    while found.server.requests < ROWS and time.monotonic() < waits_until:
        time.sleep(0.05)
    for _ in range(2):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.3)
    assert found.end(process, "interrupted") == 130
    assert any(b"reason" in line for line in found.lines)
    assert found.search().found == []


LEAKS: dict[str, Callable[[Path, bytes], object]] = {
    "a file": lambda folder, key: (folder / "log").write_bytes(b"x" * 100 + key),
    "a name": lambda folder, key: (folder / key.decode()).touch(),
    "Base64, first": lambda folder, key: (folder / "log").write_bytes(base64.b64encode(key)),
    "Base64, second": lambda folder, key: (folder / "log").write_bytes(base64.b64encode(b"x" + key)),
    "Base64, third": lambda folder, key: (folder / "log").write_bytes(base64.b64encode(b"xx" + key)),
    "a table": lambda folder, key: _write_sqlite(folder, key.decode()),
    "a packed value": lambda folder, key: _write_sqlite(folder, zlib.compress(b'{"text":"' + key + b'"}', 1)),
    "a long packed value": lambda folder, key: _write_sqlite(folder, zlib.compress(os.urandom(90_000) + key)),
    "a column": lambda folder, key: pq.write_table(
        pa.table({"reasoning": ["一" * 50, key.decode()]}), folder / "rows.parquet", compression="zstd"
    ),
    "half of a key": lambda folder, key: (folder / "log").write_bytes(key[3:17]),
}


def _write_sqlite(folder: Path, value: object) -> None:
    with contextlib.closing(sqlite3.connect(folder / "some.sqlite")) as db:
        db.execute("CREATE TABLE asks (key INTEGER, reply BLOB)")
        db.execute("INSERT INTO asks VALUES (1, ?)", (value,))
        db.commit()


@pytest.mark.parametrize("leak", LEAKS)
def test_the_search_finds_a_leak(tmp_path: Path, leak: str) -> None:
    search = Search([MARK, EIGHT])
    search.folder(tmp_path)
    assert search.found == []
    LEAKS[leak](tmp_path, SHAPES[0](7).encode())
    search.folder(tmp_path)
    assert search.found
    assert search.files == 1


def test_every_kind_of_key_is_planted() -> None:
    values = planted().values()
    assert len(values) == len(set(values)) > 15
    assert min(map(len, values)) == len(EIGHT) == 8
    assert max(map(len, values)) > 600
    assert any(set("+/=%&<") <= set(value) for value in values)
    assert all(MARK in value for value in values if value not in (EIGHT, SERVICE))
