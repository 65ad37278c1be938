"""Replays: a version is what its sources, its ledger and its reviews make of it, and whatever was changed is found."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
import tomllib
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from augment.browse import Filter
from augment.cli.app import run
from augment.plans import RunOptions
from augment.replay import Replayed
from augment.review import by
from augment.runs import Summary
from augment.settings import Settings
from augment.simulator.options import SimulatorOptions
from augment.simulator.server import serve_in_thread
from augment.workbench import Workbench
from tests.shops import shops

DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
PROBLEMS = shops(8)
TOML = """
[providers.tencent.limits]
rps = 200
batch_items = 4
[providers.yi-34b.limits]
rpm = 0
"""


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augment.retry.FIRST_WAIT_S", 0.01)


@pytest.fixture
def bench(workspace: Path) -> Iterator[Callable[..., Workbench]]:
    """The workspace, its rows imported, over a simulator or over nobody."""
    opened: list[Workbench] = []

    def open_it(simulator: Any = None) -> Workbench:
        found = Workbench(Settings(workspace, simulator.env if simulator else {}, {}, tomllib.loads(TOML)))
        opened.append(found)
        if not found.store.has("shops"):
            file = workspace / "shops.jsonl"
            file.write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in PROBLEMS) + "\n{no line", "utf-8")
            found.import_files([file], "shops")
        return found

    yield open_it
    for one in opened:
        one.close()


def does(found: Workbench, stage: str, run: RunOptions | None = None, **options: Any) -> Summary:
    """A stage over the dataset."""
    return found.run(stage, "shops", options=options, run=run or RunOptions())


YI = RunOptions(provider="yi-34b")


def chain(found: Workbench) -> int:
    """Files, rewrites, solutions, wrong ones, verdicts, people, and what leaves rows out; gives the newest version."""
    does(found, "backtranslate")
    does(found, "reason", RunOptions(provider="yi-34b", sample=20, seed=7), retries=0)
    does(found, "wrong", RunOptions(provider="yi-34b", where="reasoning is not null", limit=9), option="random")
    does(found, "judge", RunOptions(provider="yi-34b", where="score is null", target=11), judge=("deepseek",))
    review(found)
    does(found, "dedupe", keep="newest")
    does(found, "split", ratios="train=0.5,test=0.5")
    found.restore("shops", 3)
    return does(found, "filter", consistent=True).version


def review(found: Workbench) -> None:
    """Two seals, the second of which takes back what the first folded in."""
    hand = by("甲", "other")
    version = found.store.current("shops")
    rows = [row.row_id for row in found.store.rows("shops") if row.reasoning][:3]
    live = found.browse("shops", version)
    found.edit(live, rows[0], {"question": "谁买的东西最贵？"}, hand)
    found.decide(live, rows[1], "accept", hand)
    taken_back = found.decide(live, rows[2], "reject", hand)
    found.seal("shops")
    live = found.browse("shops", found.store.current("shops"))
    found.undo(live, hand, event=taken_back.id if taken_back else None, anyone=True)
    found.decide(live, rows[0], "reject", by("乙"))
    found.decide_all(found.browse("shops", found.store.current("shops")), Filter(answer="B"), "accept", by("丙"))
    found.seal("shops")


def with_nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on no socket reaches anybody."""

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a replay has no use for a socket")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket.socket, "connect_ex", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


def replayed(found: Workbench, version: int | None = None) -> Replayed:
    return found.replay("shops", found.store.current("shops") if version is None else version)


def first_trouble(replayed: Replayed) -> Any:
    return next(item for item in replayed.items if not item.equal)


# ── equal ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_chain_of_every_kind_of_step_comes_out_equal_with_nobody_to_ask(
    bench: Callable[..., Workbench], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_in_thread(SimulatorOptions()) as simulator:
        newest = chain(bench(simulator))
        asked = simulator.counts()["requests"]
    with_nobody_to_ask(monkeypatch)
    again = replayed(bench())
    assert again.equal, first_trouble(again)
    assert [item.version for item in again.items] == list(range(newest + 1))
    assert [item.stage for item in again.items] == [
        *("import", "backtranslate", "reason", "wrong", "judge", "review", "review"),
        *("dedupe", "split", "restore", "filter"),
    ]
    assert sum(item.answered for item in again.items) > asked / 2
    assert not any(item.absent or item.missing for item in again.items)


def test_rows_that_failed_fail_again_though_a_later_run_was_answered(
    bench: Callable[..., Workbench], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_in_thread(SimulatorOptions(faults={"5xx": 0.6}, seed=4)) as simulator, monkeypatch.context() as patch:
        patch.setattr("augment.lanes.MAX_TRANSIENT", 2)
        patch.setattr("augment.retry.MAX_TRANSIENT", 2)
        hurt = does(bench(simulator), "reason", YI)
    assert hurt.failed
    assert hurt.done
    with serve_in_thread(SimulatorOptions(seed=4)) as simulator:
        healed = does(bench(simulator), "reason", YI)
    assert not healed.failed
    assert healed.version == hurt.version + 1
    again = replayed(bench())
    assert again.equal, first_trouble(again)


def test_what_a_fallback_answered_is_its_own_again_though_the_first_has_answered_since(
    bench: Callable[..., Workbench],
) -> None:
    options = RunOptions(provider="qwen-plus", fallback=("yi-34b",))
    with serve_in_thread(SimulatorOptions(retired=frozenset({"dashscope"}))) as simulator:
        summary = does(bench(simulator), "reason", options)
    assert {row.provider for row in bench().store.rows("shops", summary.version)} == {"yi-34b"}
    with serve_in_thread(SimulatorOptions()) as simulator:
        since = does(bench(simulator), "reason", RunOptions(provider="qwen-plus"), redo=True)
    assert {row.provider for row in bench().store.rows("shops", since.version)} == {"qwen-plus"}
    again = replayed(bench())
    assert again.equal, first_trouble(again)


@pytest.mark.parametrize(
    "bounds", [RunOptions(provider="yi-34b", budget=0.08), RunOptions(provider="yi-34b", max_calls=5)], ids=str
)
def test_a_run_that_was_bounded_is_repeated_as_far_as_it_came(
    bench: Callable[..., Workbench], bounds: RunOptions
) -> None:
    with serve_in_thread(SimulatorOptions()) as simulator:
        found = bench(simulator)
        bounded = does(found, "reason", bounds)
        assert bounded.failed["budget_reached"] > 0
        assert bounded.done > 0
        does(found, "reason", YI)
    again = replayed(bench())
    assert again.equal, first_trouble(again)


def test_templates_and_rubrics_are_those_of_then(bench: Callable[..., Workbench], workspace: Path) -> None:
    (workspace / "prompts").mkdir()
    own = workspace / "prompts" / "reason.pupil.zh.txt"
    shipped = Path(__file__).resolve().parents[1] / "augment" / "prompts" / "reason.pupil.zh.txt"
    own.write_text(shipped.read_text("utf-8") + "\n请写得简短。\n", "utf-8")
    with serve_in_thread(SimulatorOptions()) as simulator:
        does(bench(simulator), "reason", YI)
    own.write_text(shipped.read_text("utf-8") + "\n请写得很长很长。\n", "utf-8")
    assert replayed(bench()).equal
    own.unlink()
    assert replayed(bench()).equal


def test_an_expression_that_chooses_anew_each_time_is_kept_by_what_it_chose(bench: Callable[..., Workbench]) -> None:
    with serve_in_thread(SimulatorOptions()) as simulator:
        summary = does(bench(simulator), "reason", RunOptions(provider="yi-34b", where="random() < 0.5"))
    assert 0 < summary.rows_in < 16
    again = replayed(bench())
    assert again.equal, first_trouble(again)


def test_the_catalog_of_today_does_not_enter(bench: Callable[..., Workbench], workspace: Path) -> None:
    with serve_in_thread(SimulatorOptions()) as simulator:
        does(bench(simulator), "backtranslate")
        does(bench(simulator), "reason", RunOptions(provider="yi-34b", fresh="monday"))
    moved = '[providers.yi-34b]\nmodel = "another"\n[providers.tencent.limits]\nbatch_characters = 50\n'
    with Workbench(Settings(workspace, {}, {}, tomllib.loads(moved))) as found:
        assert replayed(found).equal


def test_an_older_version_is_replayed_by_what_it_kept_and_says_what_it_did_not(
    bench: Callable[..., Workbench], workspace: Path
) -> None:
    with serve_in_thread(SimulatorOptions()) as simulator:
        does(bench(simulator), "reason", YI)
    for entry in (workspace / "datasets" / "shops" / "rows" / "_delta_log").glob("*.json"):
        lines = entry.read_text("utf-8").splitlines()
        info = json.loads(lines[0])
        lineage = json.loads(info["commitInfo"]["augment"])
        del lineage["recipe"]
        info["commitInfo"]["augment"] = json.dumps(lineage)
        entry.write_text("\n".join([json.dumps(info), *lines[1:]]), "utf-8")
    again = replayed(bench())
    assert again.equal, first_trouble(again)
    assert "routes" in again.items[1].missing[0]


# ── not equal ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def made(bench: Callable[..., Workbench], workspace: Path) -> Path:
    """A workspace with some versions, everything in it closed."""
    with serve_in_thread(SimulatorOptions()) as simulator:
        found = bench(simulator)
        does(found, "backtranslate")
        does(found, "reason", YI)
        review(found)
        found.close()
    with closing(sqlite3.connect(workspace / "datasets" / ".augment" / "workbench.sqlite")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return workspace


def flipped(path: Path, at: int) -> None:
    """One byte of a file becomes another."""
    data = bytearray(path.read_bytes())
    data[at] ^= 0x20
    path.write_bytes(data)


def told(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    """The exit code and the object of ``augment replay``."""
    capsys.readouterr()
    code = run(["replay", "shops", "--json"])
    printed = capsys.readouterr()
    assert printed.out, printed.err
    return code, json.loads(printed.out)


def test_untouched_it_is_equal_and_exits_0(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = told(capsys)
    assert (code, found["equal"], found["calls"]) == (0, True, 0)
    assert run(["replay", "shops@v1"]) == 0
    assert "shops v1: equal; nothing was asked" in capsys.readouterr().out


@pytest.mark.parametrize("part", [0.0, 0.01, 0.2, 0.5, 0.8, 0.97, 1.0], ids=lambda part: f"at {part:.0%}")
@pytest.mark.parametrize("version", [0, 2])
def test_one_byte_of_a_data_file_is_found_wherever_it_stands(
    made: Path, capsys: pytest.CaptureFixture[str], version: int, part: float
) -> None:
    (path,) = (made / "datasets" / "shops" / "rows").glob(f"part-{version:08d}-*.parquet")
    flipped(path, round(part * (path.stat().st_size - 1)))
    code, found = told(capsys)
    assert (code, found["equal"]) == (7, False)
    troubled = next(item for item in found["items"] if not item["equal"])
    assert troubled["version"] == version
    assert "other bytes than were written" in troubled["trouble"]


@pytest.mark.parametrize("part", [0.0, 0.5, 1.0], ids=lambda part: f"at {part:.0%}")
def test_one_byte_of_a_source_is_found(made: Path, capsys: pytest.CaptureFixture[str], part: float) -> None:
    (path,) = (made / "datasets" / ".augment" / "sources").iterdir()
    flipped(path, round(part * (path.stat().st_size - 1)))
    code, found = told(capsys)
    assert (code, found["items"][0]["equal"]) == (7, None)
    assert "other bytes than were imported" in found["items"][0]["trouble"]


def reads_the_same(data: bytes, other: bytes) -> bool:
    with suppress(zlib.error):
        return zlib.decompress(data) == zlib.decompress(other)
    return False


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9], ids=lambda part: f"at {part:.0%}")
def test_one_byte_of_a_reply_is_found(made: Path, capsys: pytest.CaptureFixture[str], part: float) -> None:
    with closing(sqlite3.connect(made / "datasets" / ".augment" / "workbench.sqlite")) as db, db:
        key, reply = db.execute("SELECT key, reply FROM asks WHERE provider = 'yi-34b' LIMIT 1").fetchone()
        data, at = bytearray(reply), round(part * (len(reply) - 1))
        data[at] ^= 0x20
        while reads_the_same(bytes(data), reply):  # the bits that fill up a packed value's last byte say nothing
            data[at] ^= 0x20
            at -= 1
            data[at] ^= 0x20
        db.execute("UPDATE asks SET reply = ? WHERE key = ?", (bytes(data), key))
    code, found = told(capsys)
    assert (code, found["equal"]) == (7, False)
    assert [item["version"] for item in found["items"] if not item["equal"]] == [2]


def test_a_reply_put_in_another_s_place_shows_the_row_and_its_columns(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(made / "datasets" / ".augment" / "workbench.sqlite")) as db, db:
        one, other = db.execute("SELECT key, reply FROM asks WHERE provider = 'yi-34b' ORDER BY id LIMIT 2").fetchall()
        db.execute("UPDATE asks SET reply = ? WHERE key = ?", (other[1], one[0]))
    assert run(["replay", "shops"]) == 7
    printed = capsys.readouterr()
    assert "v2 · reason · differs" in printed.out
    assert "reasoning" in printed.out
    assert "NOT equal" in printed.out


def test_a_reply_that_is_gone_is_named(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(made / "datasets" / ".augment" / "workbench.sqlite")) as db, db:
        (key,) = db.execute("SELECT key FROM asks WHERE provider = 'yi-34b' ORDER BY id LIMIT 1").fetchone()
        db.execute("DELETE FROM asks WHERE key = ?", (key,))
    code, found = told(capsys)
    assert code == 7
    assert found["items"][2]["absent"] == [key.hex()]


def test_a_decision_that_was_changed_is_found(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(made / "datasets" / ".augment" / "workbench.sqlite")) as db, db:
        db.execute("UPDATE events SET action = 'reject' WHERE action = 'accept'")
    code, found = told(capsys)
    assert code == 7
    assert next(item["version"] for item in found["items"] if not item["equal"]) == 3
    assert "decision" in found["items"][3]["differences"][0]["columns"]


def test_a_source_that_is_gone_is_named_and_what_to_do(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(made / "datasets" / ".augment" / "sources")
    code, found = told(capsys)
    assert code == 7
    assert "is gone" in found["items"][0]["trouble"]
    assert "copy of the imported file" in found["items"][0]["hint"]


# ── real data ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
def test_a_chain_over_real_problems_comes_out_equal(workspace: Path) -> None:
    with serve_in_thread(SimulatorOptions()) as simulator:
        found = Workbench(Settings(workspace, simulator.env, {}, tomllib.loads(TOML)))
        found.import_files([DATA / "round1_train_data_000-299.jsonl"], "real")
        few = {"limit": 40}
        found.run("backtranslate", "real", options={"skip": ("translation-tasks",)}, run=RunOptions(**few))
        found.run("reason", "real", run=RunOptions(provider="yi-34b", **few))
        found.run("wrong", "real", run=RunOptions(provider="yi-34b", where="reasoning is not null", **few))
        found.run("dedupe", "real")
        found.run("split", "real")
        found.close()
    with Workbench(Settings(workspace)) as again:
        done = again.replay("real", again.store.current("real"))
        assert done.equal, first_trouble(done)
