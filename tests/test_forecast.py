"""What a forecast foretells is what the run then does."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from augment.plans import RunOptions
from augment.settings import Settings
from augment.simulator.options import SimulatorOptions
from augment.simulator.server import Simulator, serve_in_thread
from augment.workbench import Workbench

from .test_runs import LIMITS, problems

CHAT = RunOptions(provider="deepseek", dry_run=True)
TRANSLATOR = RunOptions(provider="tencent", dry_run=True)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with serve_in_thread(SimulatorOptions()) as found:
        yield found


def open_bench(workspace: Path, simulator: Simulator | None, toml: str = LIMITS, rows: int = 12) -> Workbench:
    bench = Workbench(Settings(workspace, simulator.env if simulator else {}, {}, tomllib.loads(toml)))
    if not bench.store.has("own"):
        file = workspace / "own.jsonl"
        file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in problems(rows)), "utf-8")
        bench.import_files([file], "own")
    return bench


@pytest.fixture
def bench(workspace: Path, simulator: Simulator) -> Iterator[Workbench]:
    with open_bench(workspace, simulator) as found:
        yield found


def test_a_forecast_asks_nothing_writes_nothing_and_needs_no_key(workspace: Path) -> None:
    with open_bench(workspace, None) as bench:
        told = bench.forecast("reason", "own", run=RunOptions(provider="yi-34b", dry_run=True))
        assert (told.asks, told.rows_in, told.from_ledger) == (12, 12, 0)
        assert bench.runs() == []
        assert bench.ledger.query("SELECT count(*) AS n FROM asks") == [{"n": 0}]


def test_chats_are_counted_as_the_run_then_sends_them(bench: Workbench, simulator: Simulator) -> None:
    told = bench.forecast("reason", "own", run=CHAT)
    assert simulator.counts()["requests"] == 0
    done = bench.run("reason", "own", run=RunOptions(provider="deepseek"))
    assert (told.asks, told.requests) == (done.calls, done.calls) == (12, 12)
    assert told.at_most_asks == 12 * 4
    assert told.input_tokens is not None
    assert 0.5 < told.input_tokens / done.input_tokens < 2


def test_what_is_in_the_ledger_is_foretold_as_free(bench: Workbench) -> None:
    bench.run("reason", "own", run=RunOptions(provider="deepseek", preview=5))
    told = bench.forecast("reason", "own", run=CHAT)
    assert (told.asks, told.from_ledger) == (7, 5)
    assert bench.forecast("reason", "own", run=RunOptions(provider="deepseek", fresh="x")).asks == 12


def test_rows_that_would_be_skipped_are_foretold_as_skipped(bench: Workbench) -> None:
    bench.run("reason", "own", run=RunOptions(provider="deepseek", limit=5))
    told = bench.forecast("reason", "own", run=CHAT)
    assert (told.rows_in, told.skipped, told.asks) == (12, {"already consistent": 5}, 7)


@pytest.mark.parametrize("items", [3, 8, 50])
def test_translations_are_counted_in_texts_and_in_requests(workspace: Path, simulator: Simulator, items: int) -> None:
    toml = f"[providers.tencent.limits]\nrps = 5\nbatch_items = {items}\n"
    with open_bench(workspace, simulator, toml) as bench:
        told = bench.forecast("backtranslate", "own", run=TRANSLATOR)
        bench.settings = Settings(workspace, simulator.env, {}, tomllib.loads(toml.replace("rps = 5", "rps = 0")))
        done = bench.run("backtranslate", "own", run=RunOptions(provider="tencent"))
        assert told.asks == simulator.counts()["bought"]
        assert told.requests <= done.calls <= told.requests * 2 + 4
        assert told.seconds_at_limit == pytest.approx(told.requests / 5, abs=0.1)
        assert told.cost_cny == pytest.approx(done.cost_cny, rel=0.3)
        again = bench.forecast("backtranslate", "own", run=TRANSLATOR)
        assert (again.asks, again.requests) == (0, 0)


def test_a_text_cut_in_pieces_is_counted_in_the_pieces_that_are_sent(workspace: Path, simulator: Simulator) -> None:
    toml = "[providers.tencent.limits]\nrps = 0\nbatch_characters = 30\n"
    with open_bench(workspace, simulator, toml, rows=3) as bench:
        told = bench.forecast("backtranslate", "own", run=TRANSLATOR)
        bench.run("backtranslate", "own", run=RunOptions(provider="tencent"))
        there = simulator.counts()["bought"]
        assert told.asks > 3 * 6 * 2 * 0.9
        assert told.asks == pytest.approx(there, abs=6), "the way back is foretold from the way there"


def test_more_retries_and_fallbacks_are_at_most_so_many_asks(bench: Workbench) -> None:
    run = RunOptions(provider="deepseek", fallback=("vllm",), dry_run=True)
    assert bench.forecast("reason", "own", options={"retries": 1}, run=run).at_most_asks == 12 * 2 * 2


@pytest.mark.parametrize(
    ("toml", "seconds"),
    [
        pytest.param("[providers.deepseek.limits]\nrpm = 60\n", 12.0, id="a-minute"),
        pytest.param("[providers.deepseek.limits]\nrps = 2\nrpm = 600\n", 6.0, id="the-stricter"),
        pytest.param("", None, id="none"),
    ],
)
def test_the_time_at_the_limit_is_that_of_the_stricter_one(
    workspace: Path, simulator: Simulator, toml: str, seconds: Any
) -> None:
    with open_bench(workspace, simulator, toml) as bench:
        assert bench.forecast("reason", "own", run=CHAT).seconds_at_limit == seconds


def test_an_unknown_price_is_not_guessed(bench: Workbench) -> None:
    assert bench.forecast("reason", "own", run=RunOptions(provider="openai", dry_run=True)).cost_cny is None
    known = bench.forecast("reason", "own", run=RunOptions(provider="yi-34b", dry_run=True))
    assert known.cost_cny is not None
    assert known.input_tokens is not None
    assert known.output_tokens is not None
    assert known.cost_cny == pytest.approx(0.02 * (known.input_tokens + known.output_tokens) / 1_000, rel=0.01)


def test_an_ask_too_long_for_the_model_is_not_foretold(workspace: Path, simulator: Simulator) -> None:
    toml = "[providers.deepseek.limits]\ninput_characters = 50\n"
    with open_bench(workspace, simulator, toml) as bench:
        told = bench.forecast("reason", "own", run=CHAT)
        done = bench.run("reason", "own", run=RunOptions(provider="deepseek"))
        assert told.asks == done.calls == 0


def test_nothing_to_do_costs_nothing(bench: Workbench) -> None:
    told = bench.forecast("reason", "own", run=RunOptions(provider="yi-34b", limit=0, dry_run=True))
    assert (told.rows_in, told.asks, told.requests, told.cost_cny) == (0, 0, 0, 0)
