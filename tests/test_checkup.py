"""One tiny call, and everything around it: what works, what does not, what to do, and nothing paid but that."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from augment.catalog import Catalog
from augment.checkup import Called, Check, call_provider, examine
from augment.checkup._clock import clock, origins, skews
from augment.checkup._configuration import env_file, halves, names, proxies, toml, values
from augment.checkup._machine import disk, folder, fsync, ledger, packages, python, satisfies
from augment.cli.app import GROUPS, run
from augment.ledger import Ledger
from augment.settings import Settings
from augment.simulator.faults import FAULTS
from augment.simulator.options import SimulatorOptions
from augment.simulator.server import Simulator, serve_in_thread

HERE = Path("/w")
NOWHERE = "http://127.0.0.1:9"  # discard: nothing listens there
PLANTED = "planted-5e1f-key"


class Ended(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> Ended:
    capsys.readouterr()
    code = run(arguments)
    return Ended(code, *capsys.readouterr())


@contextlib.contextmanager
def vendors(monkeypatch: pytest.MonkeyPatch, *only: str, **options: Any) -> Iterator[Simulator]:
    """The simulator behind the vendors' variables. only: the beginnings of those to set, all where none is given."""
    with serve_in_thread(SimulatorOptions(**options)) as simulator:
        for name, value in simulator.env.items():
            if not only or name.startswith(only):
                monkeypatch.setenv(name, value)
        yield simulator


def rehearsed(simulator: Simulator, text: str = "") -> Catalog:
    import tomllib

    return Catalog(Settings(HERE, simulator.env, {}, tomllib.loads(text)), simulated=True)


def called(catalog: Catalog, name: str, **options: Any) -> Called:
    return asyncio.run(call_provider(catalog, name, language="en", **options))


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with serve_in_thread() as running:
        yield running


# ── one call ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def simulated_names() -> list[str]:
    """Every provider that can be rehearsed, whatever the catalog holds."""
    found = []
    for name in Catalog(Settings(HERE)).names():
        with contextlib.suppress(Exception):
            Catalog(Settings(HERE), simulated=True).provider(name)
            found.append(name)
    return found


@pytest.mark.parametrize("name", simulated_names())
def test_every_provider_that_can_be_rehearsed_answers_one_paid_call(simulator: Simulator, name: str) -> None:
    before = simulator.counts()["bought"]
    found = called(rehearsed(simulator), name)
    assert found.exit_code == 0, found.trouble
    assert found.answer is found.routes[0], "over its first route"
    assert found.answer.text
    assert simulator.counts()["bought"] == before + 1


@pytest.mark.parametrize(("name", "model"), [("vllm", "sim-chat"), ("yi-34b", "Yi-34B-Chat")])
def test_the_call_tells_which_model_answered(simulator: Simulator, name: str, model: str) -> None:
    answer = called(rehearsed(simulator), name).answer
    assert answer is not None
    assert answer.answered_by == model


def test_the_call_tells_what_it_cost(simulator: Simulator) -> None:
    answer = called(rehearsed(simulator), "yi-34b").answer
    assert answer is not None
    assert answer.input_tokens
    assert answer.cost_cny == pytest.approx(0.02 * (answer.input_tokens + (answer.output_tokens or 0)) / 1000)


def test_a_call_is_never_sent_again() -> None:
    with serve_in_thread(SimulatorOptions(faults={"5xx": 1.0})) as simulator:
        found = called(rehearsed(simulator), "deepseek")
        assert (found.exit_code, found.trouble.kind) == (4, "transient")
        assert simulator.counts()["requests"] == 1


def test_a_call_ends_at_its_deadline() -> None:
    with serve_in_thread(SimulatorOptions(latency_s=5)) as simulator:
        started = time.monotonic()
        found = called(rehearsed(simulator), "deepseek", deadline_s=0.3)
    assert time.monotonic() - started < 3
    assert (found.trouble.code, found.exit_code) == ("deadline", 4)


OWN = """
[providers.gone]
connector = "openai"
model = "m"
endpoint = "http://127.0.0.1:9/v1"
routes = ["mine"]
[providers.mine]
connector = "openai"
model = "m"
endpoint = "{url}/vllm/v1"
"""


def own(simulator: Simulator, text: str = OWN) -> Catalog:
    import tomllib

    return Catalog(Settings(HERE, {}, {}, tomllib.loads(text.format(url=simulator.url))))


@pytest.mark.parametrize("once", [False, True], ids=["all routes", "what was not sent is no call"])
def test_the_routes_are_tried_in_order_until_one_answers(simulator: Simulator, once: bool) -> None:
    found = called(own(simulator), "gone", once=once)
    assert [(tried.route, tried.found, tried.code) for tried in found.routes] == [
        ("gone", "fails", "unreachable"),
        ("mine", "works", ""),
    ]
    assert found.exit_code == 0


def test_at_most_one_request_leaves_where_one_is_asked_for() -> None:
    with serve_in_thread(SimulatorOptions(faults={"5xx": 1.0})) as simulator:
        text = OWN.replace("http://127.0.0.1:9/v1", "{url}/vllm/v1")
        assert len(called(own(simulator, text), "gone").routes) == 2
        assert len(called(own(simulator, text), "gone", once=True).routes) == 1
        assert simulator.counts()["requests"] == 3


@contextlib.contextmanager
def server(body: str, *, content_type: str = "application/json", date: str = "") -> Iterator[str]:
    """A server on this machine that always says the same."""
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response_only(200)
            self.send_header("Date", date or formatdate(usegmt=True))
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Answer) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}"
        finally:
            running.shutdown()
            thread.join()


def at(url: str) -> Catalog:
    own = {"mine": {"connector": "openai", "model": "m", "endpoint": f"{url}/v1"}}
    return Catalog(Settings(HERE, {"MINE_API_KEY": PLANTED}, {}, {"providers": own}))


def test_a_model_that_had_no_room_to_speak_counts_as_answering() -> None:
    choice = {"message": {"content": ""}, "finish_reason": "length"}
    with server(json.dumps({"choices": [choice]})) as url:
        found = called(at(url), "mine")
    assert found.routes[0].found == "speechless"
    assert found.exit_code == 0
    assert "max_tokens" in found.routes[0].hint


def test_a_model_that_says_nothing_does_not_work() -> None:
    choice = {"message": {"content": ""}, "finish_reason": "stop"}
    with server(json.dumps({"choices": [choice]})) as url:
        found = called(at(url), "mine")
    assert (found.exit_code, found.trouble.code) == (4, "empty")


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_goes_wrong_comes_with_a_hint(fault: str) -> None:
    options = SimulatorOptions(faults={fault: 1.0}, slow_s=0.1, drip_s=1.5)
    with serve_in_thread(options) as simulator:
        for name in ("deepseek", "yi-34b", "tencent"):
            found = called(rehearsed(simulator), name, deadline_s=1.0)
            assert found.answer is not None or (found.trouble.kind and found.trouble.hint), found.trouble


def test_a_web_page_is_told_with_what_to_do() -> None:
    with server("<html>please log in</html>", content_type="text/html") as url:
        found = called(at(url), "mine")
    assert found.exit_code == 4
    assert "proxy" in found.trouble.hint


def test_an_answer_that_holds_the_key_does_not_show_it() -> None:
    choice = {"message": {"content": f"your key is {PLANTED}"}, "finish_reason": "stop"}
    with server(json.dumps({"model": f"m-{PLANTED}", "choices": [choice]})) as url:
        found = called(at(url), "mine")
    assert found.exit_code == 0
    assert PLANTED not in repr(found)


# ── augment providers check ───────────────────────────────────────────────────────────────────────────────────────────


def test_check_says_what_answered(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with vendors(monkeypatch) as simulator:
        ended = ran(capsys, "providers", "check", "yi-34b")
    assert ended.code == 0
    assert all(word in ended.out for word in ("works", "Yi-34B-Chat", simulator.url, "tokens", "¥"))
    assert not (workspace / "datasets" / ".augment" / "workbench.sqlite").exists(), "it is no row's ask"


def test_check_prints_one_object_with_json(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = ran(capsys, "providers", "check", "tencent", "--simulate", "--json")
    assert (ended.code, ended.err) == (0, "")
    assert ended.json["works"] is True
    assert ended.json["routes"][0]["characters"] == 2


@pytest.mark.parametrize(
    ("language", "word"), [("en", "Write the variables"), ("zh", "写进工作区的 .env")], ids=["en", "zh"]
)
def test_check_names_the_missing_variable(
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    language: str,
    word: str,
) -> None:
    monkeypatch.setenv("AUGMENT_LANGUAGE", language)
    ended = ran(capsys, "providers", "check", "deepseek")
    assert (ended.code, ended.out) == (3, "")
    assert "DEEPSEEK_API_KEY" in ended.err
    assert word in ended.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["check", "nobody"], 3), (["check"], 2), (["chek", "yi-34b"], 2), (["check", "a", "b"], 2)],
    ids=["no such name", "no name", "misspelt", "two names"],
)
def test_check_refuses_what_it_does_not_know(
    workspace: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int
) -> None:
    ended = ran(capsys, "providers", *arguments)
    assert (ended.code, ended.out) == (code, "")
    assert "hint: " in ended.err


@pytest.mark.parametrize(("language", "word"), [("en", "API Key"), ("zh", "重新复制")], ids=["en", "zh"])
def test_check_tells_a_refused_key_with_its_hint(
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    language: str,
    word: str,
) -> None:
    with vendors(monkeypatch):
        monkeypatch.setenv("QIANFAN_AK", PLANTED)
        monkeypatch.setenv("AUGMENT_LANGUAGE", language)
        ended = ran(capsys, "providers", "check", "yi-34b")
    assert ended.code == 5
    assert "auth 401: invalid_client" in ended.err
    assert word in ended.err
    assert "planted" not in ended.out + ended.err


def test_check_tells_since_when_a_model_is_off_and_what_to_use(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with vendors(monkeypatch, "QIANFAN", "AUGMENT_QIANFAN", retired=frozenset({"qianfan-v1"})):
        ended = ran(capsys, "providers", "check", "yi-34b")
    assert ended.code == 5
    assert "retired" in ended.err
    assert all(word in ended.out + ended.err for word in ("2026-08-31", "vllm"))


def test_check_tells_an_endpoint_that_cannot_be_reached(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VLLM_BASE_URL", f"{NOWHERE}/v1")
    ended = ran(capsys, "providers", "check", "vllm", "--json")
    assert ended.code == 4
    assert ended.json["routes"][0]["code"] == "unreachable"
    assert json.loads(ended.err)["exit_code"] == 4


# ── augment doctor ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_doctor_calls_each_provider_with_a_key_once(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with vendors(monkeypatch) as simulator:
        ended = ran(capsys, "doctor", "--json")
        counts = simulator.counts()
    calls = ended.json["calls"]
    works = [call for call in calls if call["works"]]
    assert len(works) >= 8
    assert counts["bought"] == len(works), "one paid call each"
    free = ("other", "qianfan-auth")  # the time of day, tokens; and a list of models for each that names none
    asked = sum(number for wire, number in counts["by_wire"].items() if wire not in free)
    assert asked <= len(calls) + sum(1 for call in calls if not call["routes"][-1]["model"])


def test_the_doctor_does_not_ask_again_where_a_call_fails(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with vendors(monkeypatch, "DEEPSEEK", faults={"5xx": 1.0}) as simulator:
        ended = ran(capsys, "doctor", "--json")
        by_wire = simulator.counts()["by_wire"]
    assert ended.code == 3
    assert by_wire["openai"] == 1
    assert [call["provider"] for call in ended.json["calls"] if call["routes"][0]["sent"]] == ["deepseek"]


def test_the_doctor_calls_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_in_thread(SimulatorOptions(latency_s=1.0)) as simulator:
        started = time.monotonic()
        _, calls = asyncio.run(examine(Settings(HERE, simulator.env), "en"))
        took = time.monotonic() - started
    assert len(calls) >= 8
    assert took < len(calls) * 0.8


def test_the_doctor_waits_no_longer_than_its_deadline() -> None:
    with serve_in_thread(SimulatorOptions(latency_s=20)) as simulator:
        environment = {name: value for name, value in simulator.env.items() if name.startswith("DEEPSEEK")}
        started = time.monotonic()
        found, _ = asyncio.run(examine(Settings(HERE, environment), "en", deadline_s=0.5))
    assert time.monotonic() - started < 8
    assert next(check for check in found if check.name == "deepseek").state == "fail"


def test_without_a_key_nothing_is_called_and_nothing_fails(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = ran(capsys, "doctor")
    assert ended.code == 0
    assert "no key" in ended.out
    assert "DEEPSEEK_API_KEY" in ended.out


def test_offline_calls_nobody(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with vendors(monkeypatch) as simulator:
        assert ran(capsys, "doctor", "--offline").code == 0
        assert simulator.counts()["requests"] == 0


def test_the_doctor_speaks_without_a_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = ran(capsys, "doctor", "--offline", "--json")
    assert ended.code == 0
    assert {"check": "workspace", "state": "warn"}.items() <= next(
        item for item in ended.json["items"] if item["check"] == "workspace"
    ).items()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("language", "word"), [("en", "Copy these values again"), ("zh", "重新复制这几个值")])
def test_the_doctor_advises_in_the_reader_s_language(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], language: str, word: str
) -> None:
    (workspace / ".env").write_text(f"DEEPSEEK_API_KEY='a b'\nAUGMENT_LANGUAGE={language}\n", "utf-8")
    ended = ran(capsys, "doctor", "--offline")
    assert ended.code == 3
    assert word in ended.out


def test_the_doctor_speaks_over_a_broken_augment_toml(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "augment.toml").write_text("[providers\n", "utf-8")
    ended = ran(capsys, "doctor", "--offline")
    assert ended.code == 3
    assert "augment.toml" in ended.out
    assert "python" in ended.out


@pytest.mark.parametrize("arguments", [("doctor",), ("doctor", "--json")], ids=" ".join)
def test_no_key_is_ever_shown(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    with vendors(monkeypatch) as simulator:
        for number, name in enumerate(simulator.env):
            if not name.endswith(("_URL", "_ENDPOINT")):
                monkeypatch.setenv(name, f"{PLANTED}-{number}")
        ended = ran(capsys, *arguments)
    assert ended.code == 3
    assert "auth" in ended.out
    assert "planted" not in ended.out + ended.err


# ── the machine ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("version", "state"), [((3, 10, 4), "fail"), ((3, 11, 0), "ok"), ((3, 12, 9), "ok"), ((3, 13, 1), "warn")], ids=str
)
def test_the_interpreter_is_judged_by_its_version(version: tuple[int, ...], state: str) -> None:
    assert python(version, "en").state == state


@pytest.mark.parametrize(
    ("requirement", "state", "word"),
    [
        ("pytest>=8", "ok", "1 as required"),
        ("pytest (<8)", "fail", "pytest is"),
        ("no-such-package>=1", "fail", "no-such-package is missing"),
        ('no-such-package>=1; extra == "dev"', "ok", "0 as required"),
        ("no-such-package; python_version < '3.8'", "ok", "0 as required"),
        ("no-such-package; python_version < '3.99'", "fail", "missing"),
    ],
    ids=str,
)
def test_packages_are_held_against_what_is_required(requirement: str, state: str, word: str) -> None:
    found = packages("en", [requirement])
    assert found.state == state
    assert word in found.detail


@pytest.mark.parametrize(
    ("version", "wanted", "holds"),
    [
        ("0.4.12.3", "==0.4.12.3", True),
        ("0.2.5", "==0.4.12.3", False),
        ("9.0", ">=8.2.3,<9", False),
        ("8.5.0", ">=8.2.3,<9", True),
        ("1.6.6", "<1.7,>=1.6.6", True),
        ("3.1.50", "==3.1.50", True),
        ("2", ">=2.0", True),
        ("2.0.0rc1", ">=2", True),
        ("1.0", "", True),
        ("1.0", "!=1.0.0", False),
    ],
    ids=str,
)
def test_versions_are_compared_as_numbers(version: str, wanted: str, holds: bool) -> None:
    assert satisfies(version, wanted) is holds


def test_this_environment_has_what_is_required() -> None:
    assert packages("en").state in ("ok", "warn")


def test_a_file_where_the_datasets_should_be_is_found(tmp_path: Path) -> None:
    (tmp_path / "datasets").touch()
    assert folder(tmp_path, "en").state == "fail"


@pytest.mark.parametrize(("free", "state"), [(2**20, "fail"), (2**30, "warn"), (2**34, "ok")])
def test_a_full_disk_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    room = shutil.disk_usage(tmp_path)._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: room)
    assert disk(tmp_path, "en").state == state


def test_a_disk_that_puts_nothing_down_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: int) -> None:
        raise OSError(22, "Invalid argument")

    assert fsync(tmp_path, "en").state in ("ok", "warn")
    monkeypatch.setattr("os.fsync", refused)
    assert fsync(tmp_path, "en").state == "fail"
    assert list(tmp_path.iterdir()) == []


def test_a_whole_ledger_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "workbench.sqlite"
    assert ledger(path, "en").state == "none"
    Ledger(path).close()
    before = path.read_bytes()
    found = ledger(path, "en")
    assert (found.name, found.state) == ("ledger", "ok")
    assert re.fullmatch(r"whole · 0 asks · 0\.\d MB", found.detail)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", ["no database", "a page"], ids=str)
def test_a_damaged_ledger_is_found(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "workbench.sqlite"
    Ledger(path).close()
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.executemany("INSERT INTO names VALUES (?, ?)", [(f"n{number}", "x" * 500) for number in range(200)])
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if damage == "no database":
        path.write_bytes(b"not a database at all" * 100)
    else:
        spoilt = bytearray(path.read_bytes())
        spoilt[-30_000:] = b"\xff" * 30_000
        path.write_bytes(spoilt)
    found = ledger(path, "en")
    assert found.state == "fail"
    assert "backup" in found.advice


# ── what the user wrote ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("mode", "state"), [(0o600, "ok"), (0o640, "warn"), (0o644, "warn")], ids=["owner", "group", "all"]
)
def test_keys_that_others_can_read_are_found(tmp_path: Path, mode: int, state: str) -> None:
    (tmp_path / ".env").write_text("DEEPSEEK_API_KEY=k\n")
    (tmp_path / ".env").chmod(mode)
    assert env_file(Settings(tmp_path, dotenv={"DEEPSEEK_API_KEY": "k"}), "en").state == state


@pytest.mark.parametrize(
    ("dotenv", "environment", "state", "word"),
    [
        ({"TENCENTCLOUD_SECRETID": "x"}, {}, "fail", "TENCENTCLOUD_SECRET_ID is"),
        ({"TENCENTCLOUD_SECRETID": "x", "TENCENTCLOUD_SECRET_ID": "y"}, {}, "warn", "TENCENTCLOUD_SECRETID"),
        ({}, {"TENCENTCLOUD_SECRETID": "x"}, "warn", "TENCENTCLOUD_SECRET_ID is"),
        ({"DEEPSEEK_APIKEY": "x"}, {}, "fail", "DEEPSEEK_API_KEY is"),
        ({"DEEPSEEK_KEY": "x"}, {}, "fail", "DEEPSEEK_API_KEY is"),
        ({"QIANFAN_WHATEVER_ELSE": "x"}, {}, "warn", "QIANFAN_WHATEVER_ELSE is not known"),
        ({"MY_OWN_THING": "x"}, {"PATH": "/bin", "QIANFAN_CACHE_DIR": "/c"}, "ok", "no name"),
        ({"DEEPSEEK_API_KEY": "x", "AUGMENT_LANGUAGE": "zh"}, {}, "ok", "no name"),
    ],
    ids=["joined", "both", "exported", "joined end", "shortened", "strange", "not ours", "right"],
)
def test_a_misspelt_variable_is_found(
    dotenv: dict[str, str], environment: dict[str, str], state: str, word: str
) -> None:
    found = names(Settings(HERE, environment, dotenv), "en")
    assert found.state == state
    assert word in found.detail


def test_the_variables_of_a_server_of_one_s_own_are_known() -> None:
    own = {"my-gpu": {"connector": "openai", "model": "m", "key": "GPU_TOKEN", "endpoint_env": "GPU_URL"}}
    dotenv = dict.fromkeys(("MY_GPU_API_KEY", "MY_GPU_BASE_URL", "GPU_TOKEN", "GPU_URL"), "x")
    assert names(Settings(HERE, {}, dotenv, {"providers": own}), "en").state == "ok"


@pytest.mark.parametrize(
    ("value", "state"),
    [("sk-0123456789", "ok"), ("sk 01", "fail"), ("ｓｋ－０１", "fail"), ("'sk-01'", "fail"), ("xxxx", "fail")],
)
def test_what_is_no_key_is_found_and_not_shown(value: str, state: str) -> None:
    found = values(Settings(HERE, {}, {"DEEPSEEK_API_KEY": value}), "en")
    assert found.state == state
    assert value not in found.detail


@pytest.mark.parametrize(
    ("held", "state", "word"),
    [
        ([], "none", "none set"),
        (["QIANFAN_AK"], "fail", "QIANFAN_AK is set, QIANFAN_SK not"),
        (["QIANFAN_AK", "QIANFAN_SK"], "ok", "whole"),
        (["QIANFAN_BEARER_TOKEN"], "ok", "whole"),
        (["TENCENT_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"], "ok", "whole"),
        (["TENCENT_SECRET_ID"], "fail", "TENCENTCLOUD_SECRET_KEY not"),
        (["SPARKAI_APP_ID", "SPARKAI_API_KEY", "SPARKAI_API_SECRET"], "ok", "whole"),
        (["SPARKAI_APP_ID", "SPARKAI_API_KEY"], "fail", "SPARKAI_API_SECRET not"),
    ],
    ids=lambda value: " ".join(value) or "nothing" if isinstance(value, list) else "",
)
def test_half_a_key_is_found(held: list[str], state: str, word: str) -> None:
    found = halves(Settings(HERE, dict.fromkeys(held, PLANTED)), "en")
    assert found.state == state
    assert word in found.detail
    assert "planted" not in found.detail


@pytest.mark.parametrize(
    ("environment", "state", "word"),
    [
        ({}, "ok", "none"),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "warn", "leaves out"),
        ({"https_proxy": "http://proxy:3128", "no_proxy": "localhost,127.0.0.1"}, "ok", "not for this machine"),
        ({"ALL_PROXY": "http://proxy:3128", "NO_PROXY": "*"}, "ok", "not for"),
        ({"HTTP_PROXY": "http://me:planted@proxy:3128", "NO_PROXY": "127.0.0.1:8000"}, "warn", "with a port only"),
    ],
    ids=["none", "not spared", "spared", "all spared", "with a port"],
)
def test_a_proxy_before_this_machine_is_found(environment: dict[str, str], state: str, word: str) -> None:
    found = proxies(environment, "en")
    assert found.state == state
    assert word in found.detail
    assert "planted" not in found.detail


@pytest.mark.parametrize(
    ("written", "state", "word"),
    [
        ({}, "none", "none"),
        ({"defaults": {"provider": "yi-34b"}}, "ok", "0 providers"),
        ({"defaults": {"provider": "nobody"}}, "fail", "nobody"),
        ({"defaults": {"provder": "yi-34b"}}, "warn", "defaults.provder"),
        ({"provider": {}}, "warn", "[provider]"),
        ({"providers": {"mine": {"conector": "openai"}}}, "fail", "conector"),
        (
            {"providers": {"mine": {"connector": "openai", "endpoint": "http://x/v1", "limits": {"rpss": 1}}}},
            "fail",
            "rpss",
        ),
    ],
    ids=["none", "fine", "no such provider", "misspelt default", "misspelt table", "misspelt field", "misspelt limit"],
)
def test_what_augment_toml_may_not_say_is_found(written: dict[str, Any], state: str, word: str) -> None:
    found = toml(Settings(HERE, toml=written), "en")
    assert found.state == state
    assert word in found.detail


# ── the clock ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("off_s", "state"), [(0, "ok"), (120, "warn"), (-120, "warn"), (400, "fail"), (-3600, "fail")], ids=str
)
def test_a_wrong_clock_is_found_by_what_the_endpoints_say(off_s: float, state: str) -> None:
    with server("{}", date=formatdate(time.time() + off_s, usegmt=True)) as url:
        found = asyncio.run(skews(origins([f"{url}/v1"])))
    assert found == [pytest.approx(off_s, abs=2)]
    assert clock(found, "en").state == state


def test_one_server_with_a_wrong_clock_decides_nothing() -> None:
    assert clock([0.2, 4000.0, -0.4], "en").state == "ok"


@pytest.mark.parametrize("date", ["", "yesterday"], ids=["unreachable", "no date"])
def test_a_clock_that_cannot_be_compared_does_not_fail(date: str) -> None:
    if date:
        with server("{}", date=date) as url:
            found = asyncio.run(skews([url]))
    else:
        found = asyncio.run(skews([NOWHERE]))
    assert clock(found, "en").state == "none"


def test_each_server_is_asked_for_the_time_once_and_without_a_key() -> None:
    endpoints = [
        "https://me:secret@api.example/v1?key=1",
        "https://api.example/v2",
        "wss://spark.example:8443",
        "",
        "nonsense",
    ]
    assert origins(endpoints) == ["https://api.example/", "https://spark.example:8443/"]


def test_a_server_that_nobody_set_up_is_no_failure() -> None:
    found, _ = asyncio.run(examine(Settings(HERE), "en"))
    assert next(check for check in found if check.name == "vllm").state == "none"


def test_a_server_that_somebody_set_up_and_is_gone_is_a_failure() -> None:
    found, _ = asyncio.run(examine(Settings(HERE, {"VLLM_BASE_URL": f"{NOWHERE}/v1"}), "en"))
    assert replace(next(check for check in found if check.name == "vllm"), detail="", advice="") == Check(
        "vllm", "fail", ""
    )


@pytest.mark.parametrize("name", [name for group in GROUPS.values() for name in group])
def test_every_command_is_found_in_its_file(capsys: pytest.CaptureFixture[str], name: str) -> None:
    ended = ran(capsys, name, "--help")
    assert ended.code == 0
    assert ended.out.startswith(f"usage: augment {name} ")
