"""Pipelines: read strictly, checked whole, gone on with where they were broken off, bounded as a whole, foreseen."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from augment.cli.app import run
from augment.errors import AugmentError, BadInput, UsageError
from augment.pipelines import read_pipeline
from augment.rows import VOLATILE
from augment.runs import Live
from augment.settings import Settings
from augment.simulator.options import SimulatorOptions
from augment.simulator.server import serve_in_thread
from augment.store import Store
from augment.workbench import Workbench
from tests.durability.jobs import Forker
from tests.shops import shops

PROBLEMS = shops(6)
THREE = """
files = ["problems.jsonl"]
dataset = "shops"
provider = "yi-34b"

[[stages]]
stage = "backtranslate"

[[stages]]
stage = "reason"

[[stages]]
stage = "split"
"""
TOML = """
[providers.tencent.limits]
rps = 200
[providers.yi-34b.limits]
rpm = 0
"""


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augment.retry.FIRST_WAIT_S", 0.01)


@pytest.fixture
def file(workspace: Path) -> Callable[[str], Path]:
    """Writes a pipeline file beside its data."""
    lines = "\n".join(json.dumps(one, ensure_ascii=False) for one in PROBLEMS)
    (workspace / "problems.jsonl").write_text(lines, "utf-8")

    def write(text: str) -> Path:
        path = workspace / "pipeline.toml"
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.fixture
def bench(workspace: Path) -> Iterator[Callable[[Any], Workbench]]:
    """The workspace over a simulator."""
    opened: list[Workbench] = []

    def open_it(simulator: Any) -> Workbench:
        opened.append(Workbench(Settings(workspace, simulator.env, {}, tomllib.loads(TOML))))
        return opened[-1]

    yield open_it
    for one in opened:
        one.close()


def contents(store: Store, name: str, version: int) -> list[dict[str, Any]]:
    """The rows without what equal versions may differ in."""
    from dataclasses import asdict

    return [{k: v for k, v in asdict(row).items() if k not in VOLATILE} for row in store.rows(name, version)]


# ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "line", "said", "hint"),
    [
        ('dataset = "a"\nprovidor = "x"\n[[stages]]\nstage = "split"', 2, "'providor'", "did you mean 'provider'"),
        ('dataset = "a"\n[[stages]]\nstage = "reson"', 3, "'reson'", "did you mean 'reason'"),
        ('dataset = "a"\n[[stages]]\nlimit = 2', 2, "'stage' is missing", "stages: answer"),
        ('dataset = "a"\n\n[[stages]]\nstage = "reason"\nretires = 2', 5, "'retires'", "did you mean 'retries'"),
        ('dataset = "a"\n[[stages]]\nstage = "reason"\nretries = "2"', 4, "'retries' is '2'", "a whole number"),
        ('dataset = "a"\n[[stages]]\nstage = "reason"\nretries = true', 4, "is True", "a whole number"),
        ('dataset = "a"\n[[stages]]\nstage = "reason"\nredo = 1', 4, "is 1", "true or false"),
        ('dataset = "a"\n[[stages]]\nstage = "wrong"\noption = "worst"', 4, "'worst'", "one of hardest"),
        ('dataset = "a"\n[[stages]]\nstage = "backtranslate"\nskip = [1]', 4, "[1]", "a list of texts"),
        (
            'dataset = "a"\n[[stages]]\nstage = "split"\n[[stages]]\nstage = "reason"\npreview = 2',
            6,
            "[[stages]] 2, 'preview'",
            "`limit`",
        ),
        ('dataset = "a"\n[[stages]]\nstage = "reason"\nmax-calls = 1\nmax_calls = 2', 4, "twice", "not both"),
        ('[[stages]]\nstage = "split"', 0, "'dataset' is missing", "files"),
        ('dataset = "a"\nbudget = -1\n[[stages]]\nstage = "split"', 2, "'budget' is -1", "0 or more"),
        ('dataset = "a"\non_failed = "wait"\n[[stages]]\nstage = "split"', 2, "'wait'", "'stop' or 'continue'"),
        ('dataset = "a"', 0, "'stages' is missing", "[[stages]]"),
        ('dataset = "a"\nstages = "split"', 2, "no list of tables", "[[stages]]"),
        ('files = ["gone.jsonl"]\n[[stages]]\nstage = "split"', 1, "gone.jsonl", "check the path"),
        (
            'dataset = "a"\n[[stages]]\nstage = "split"\n[[exports]]\nformat = "alpca"\npath = "o"',
            5,
            "'alpca'",
            "did you mean 'alpaca'",
        ),
        (
            'dataset = "a"\n[[stages]]\nstage = "split"\n[[exports]]\nformat = "alpaca"',
            4,
            "'path' is missing",
            "path =",
        ),
        (
            'dataset = "a"\n[[stages]]\nstage = "split"\n[[exports]]\nformat = "alpaca"\npath = "o"\ncot = "some"',
            7,
            "'some'",
            "one of none",
        ),
    ],
    ids=lambda value: value[-40:] if isinstance(value, str) and "\n" in value else "",
)
def test_what_a_file_says_wrong_is_named_with_its_line_and_what_is_allowed(
    file: Callable[[str], Path], text: str, line: int, said: str, hint: str
) -> None:
    with pytest.raises(BadInput) as caught:
        read_pipeline(file(text))
    assert said in caught.value.message
    assert hint in caught.value.hint
    assert (f", line {line}:" in caught.value.message) if line else (", line" not in caught.value.message)


def test_an_option_may_be_written_with_hyphens_and_one_text_stands_for_a_list(file: Callable[[str], Path]) -> None:
    text = 'dataset = "a"\n[[stages]]\nstage = "backtranslate"\nskip = "numeric"\nmax-calls = 7\nlimit = 3'
    (step,) = read_pipeline(file(text)).steps
    assert (step.options, step.run.max_calls, step.run.limit, step.line) == ({"skip": ("numeric",)}, 7, 3, 2)


def test_what_is_shared_goes_to_the_stages_that_ask_with_it(file: Callable[[str], Path]) -> None:
    text = 'dataset = "a"\nprovider = "p"\ntranslator = "t"\n' + "".join(
        f'[[stages]]\nstage = "{name}"\n' for name in ("backtranslate", "reason", "classify", "split")
    )
    named = [step.run.provider for step in read_pipeline(file(text)).steps]
    assert named == ["t", "p", None, None], "classify asks nobody unless it is told to"


def test_the_last_stage_s_mistake_is_found_before_the_first_asks(
    file: Callable[[str], Path], bench: Callable[[Any], Workbench]
) -> None:
    with serve_in_thread(SimulatorOptions()) as simulator:
        found = bench(simulator)
        path = file(THREE + 'ratios = "train"\n')
        with pytest.raises(UsageError, match=r"pipeline.toml, line 12: \[\[stages\]\] 3 \(split\): --ratios"):
            found.run_pipeline(found.read_pipeline(path))
        assert simulator.counts()["requests"] == 0
        assert not found.store.datasets()


# ── running ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_pipeline_makes_one_version_a_stage_and_says_so_in_each(
    file: Callable[[str], Path], bench: Callable[[Any], Workbench]
) -> None:
    with serve_in_thread(SimulatorOptions()) as simulator:
        found = bench(simulator)
        path = file(THREE)
        report = found.run_pipeline(found.read_pipeline(path))
        assert (report.exit_code, report.from_version, report.version) == (0, None, 3)
        assert [stage["version"] for stage in report.stages] == [1, 2, 3]
        assert report.total["calls"] == sum(stage["calls"] for stage in report.stages)
        parts = [version.lineage["pipeline"] for version in found.versions("shops")]
        assert [part["step"] for part in parts] == [0, 1, 2, 3]
        assert {(part["text"], part["sha256"], part["whole"]) for part in parts} == {(THREE, report.sha256, True)}

        asked = simulator.counts()["requests"]
        again = found.run_pipeline(found.read_pipeline(path))
        assert (again.version, again.total["calls"], again.total["from_ledger"]) == (3, 0, 0)
        assert [stage["already_done"] for stage in again.stages] == [True] * 3
        assert [stage["done"] for stage in again.stages] == [stage["done"] for stage in report.stages]
        assert simulator.counts()["requests"] == asked


def test_what_changes_later_in_the_file_leaves_earlier_stages_done(
    file: Callable[[str], Path], bench: Callable[[Any], Workbench]
) -> None:
    with serve_in_thread(SimulatorOptions()) as simulator:
        found = bench(simulator)
        found.run_pipeline(found.read_pipeline(file(THREE)))
        longer = file(
            THREE.replace('"backtranslate"', '"backtranslate"\nbudget = 9.0') + '\n[[stages]]\nstage="shuffle"\n'
        )
        report = found.run_pipeline(found.read_pipeline(longer))
        assert [stage.get("already_done", False) for stage in report.stages] == [True, True, True, False]
        assert report.version == 4


@pytest.mark.parametrize("by_hand", ["restore", "import"])
def test_stages_run_again_where_rows_came_or_went_by_hand(
    file: Callable[[str], Path], bench: Callable[[Any], Workbench], workspace: Path, by_hand: str
) -> None:
    with serve_in_thread(SimulatorOptions()) as simulator:
        found = bench(simulator)
        path = file(THREE)
        found.run_pipeline(found.read_pipeline(path))
        before = contents(found.store, "shops", 3)
        if by_hand == "restore":
            found.restore("shops", 0)
        else:
            more = {**PROBLEMS[0], "id": "new", "problem": "甲比乙高，乙比丙高。张明、李华、王芳分别是甲、乙、丙。"}
            (workspace / "more.jsonl").write_text(json.dumps(more, ensure_ascii=False), "utf-8")
            found.import_files([workspace / "more.jsonl"], "shops")
        asked = simulator.counts()["requests"]
        report = found.run_pipeline(found.read_pipeline(path))
        assert not any(stage.get("already_done") for stage in report.stages)
        if by_hand == "restore":
            assert contents(found.store, "shops", report.version or 0) == before
            assert simulator.counts()["requests"] == asked, "everything was in the ledger"
        else:
            assert report.stages[-1]["rows_out"] > len(before)
            assert simulator.counts()["requests"] > asked


def test_a_stage_that_fails_stops_the_rest_and_typed_again_the_pipeline_ends_as_an_undisturbed_one(
    file: Callable[[str], Path], bench: Callable[[Any], Workbench], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file(THREE)
    with serve_in_thread(SimulatorOptions(faults={"5xx": 0.5}, seed=5)) as simulator:
        monkeypatch.setattr("augment.lanes.MAX_TRANSIENT", 2)
        monkeypatch.setattr("augment.retry.MAX_TRANSIENT", 2)
        found = bench(simulator)
        report = found.run_pipeline(found.read_pipeline(path))
        assert report.exit_code == 4
        number = len(report.stages)
        assert number < 3
        assert f"stage {number} of 3, {report.stages[-1]['stage']}" in report.message
        assert report.stages[-1]["failed"]
        assert report.stages[-1]["done"], "some rows were answered"
        assert found.store.current("shops") == number - 1, "the stage makes its version when it comes to its end"
    monkeypatch.undo()
    with serve_in_thread(SimulatorOptions(seed=5)) as simulator:
        found = bench(simulator)
        report = found.run_pipeline(found.read_pipeline(path))
        assert (report.exit_code, report.version) == (0, 3)
        assert report.stages[number - 1]["from_ledger"] > 0
        calm = found.run_pipeline(found.read_pipeline(path, dataset="calm"))
        assert contents(found.store, "shops", 3) == contents(found.store, "calm", calm.version or 0)


def test_on_failed_continue_goes_on_with_what_there_is_and_tells_by_its_exit_code(
    file: Callable[[str], Path], bench: Callable[[Any], Workbench], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file('on_failed = "continue"\n' + THREE)
    with serve_in_thread(SimulatorOptions(faults={"5xx": 0.5}, seed=5)) as simulator:
        monkeypatch.setattr("augment.lanes.MAX_TRANSIENT", 2)
        monkeypatch.setattr("augment.retry.MAX_TRANSIENT", 2)
        found = bench(simulator)
        report = found.run_pipeline(found.read_pipeline(path))
        assert (report.exit_code, len(report.stages)) == (4, 3)
        assert sum(sum(stage["failed"].values()) for stage in report.stages) > 0
    monkeypatch.undo()
    with serve_in_thread(SimulatorOptions(seed=5)) as simulator:
        found = bench(simulator)
        report = found.run_pipeline(found.read_pipeline(path))
        assert report.exit_code == 0
        assert not any(stage["failed"] for stage in report.stages)
        assert report.stages[-1]["rows_out"] == 24


class Interrupting:
    """Sends Ctrl-C once some rows are done."""

    def __init__(self, stage: str) -> None:
        self.stage = stage

    def begin(self, live: Live) -> None:
        if live.stage == self.stage:
            import os
            import signal
            import threading

            threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT]).start()

    def end(self) -> None: ...


def test_ctrl_c_keeps_everything_and_typed_again_the_result_is_an_undisturbed_one_s(
    file: Callable[[str], Path], bench: Callable[[Any], Workbench]
) -> None:
    path = file(THREE)
    with serve_in_thread(SimulatorOptions(latency_s=0.25)) as simulator:
        found = bench(simulator)
        report = found.run_pipeline(found.read_pipeline(path), watcher=Interrupting("reason"))
        assert report.exit_code == 130
        assert [stage["stage"] for stage in report.stages] == ["backtranslate", "reason"]
        assert found.store.current("shops") == 1
        again = found.run_pipeline(found.read_pipeline(path))
        assert (again.exit_code, again.version) == (0, 3)
        assert again.stages[0]["already_done"]
        assert again.stages[1]["from_ledger"] > 0
        assert simulator.counts()["bought_twice"] == 0
        calm = found.run_pipeline(found.read_pipeline(path, dataset="calm"))
        assert contents(found.store, "shops", 3) == contents(found.store, "calm", calm.version or 0)


@pytest.mark.parametrize("share", [0.3, 0.8])
def test_one_budget_bounds_all_stages_and_all_times_it_is_typed(
    file: Callable[[str], Path], bench: Callable[[Any], Workbench], share: float
) -> None:
    with serve_in_thread(SimulatorOptions()) as simulator:
        found = bench(simulator)
        whole = found.run_pipeline(found.read_pipeline(file(THREE), dataset="whole")).total["cost_cny"]
        text = THREE.replace('dataset = "shops"', f'dataset = "shops"\nfresh = "again"\nbudget = {whole * share:.6f}')
        report = found.run_pipeline(found.read_pipeline(file(text)))
        assert report.exit_code == 6
        assert "the pipeline's budget" in report.message
        spent = report.total["cost_cny"]
        asked = simulator.counts()["requests"]
        again = found.run_pipeline(found.read_pipeline(file(text)))
        assert again.exit_code == 6
        assert spent + again.total["cost_cny"] < whole * share * 1.3, "typed again it has no budget of its own"
        assert simulator.counts()["requests"] - asked <= 4
        more = found.run_pipeline(found.read_pipeline(file(text), budget=2 * whole))
        assert (more.exit_code, more.version) == (0, 3), "a budget raised is no other pipeline"


def test_exports_stand_beside_the_file(
    file: Callable[[str], Path], workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file(THREE + '\n[[exports]]\nformat = "alpaca"\npath = "out/all.json"\nsplit = "train"\n')
    assert run(["run", "pipeline.toml", "--simulate", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert set(printed) == {
        *("pipeline", "sha256", "dataset", "from_version", "version", "import", "stages", "exports", "total")
    }
    assert len(json.loads((workspace / "out" / "all.json").read_text("utf-8"))) == printed["exports"][0]["rows_out"] > 0


def test_a_rehearsal_s_stages_are_not_done_for_the_real_run(
    file: Callable[[str], Path], bench: Callable[[Any], Workbench]
) -> None:
    with serve_in_thread(SimulatorOptions()) as simulator:
        found = bench(simulator)
        pipeline = found.read_pipeline(file(THREE))
        found.run_pipeline(pipeline, simulate=True)
        report = found.run_pipeline(pipeline)
        assert not any(stage.get("already_done") for stage in report.stages)
        assert report.stages[0]["provider"] == "tencent"


# ── kill -9 ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def forkers() -> Iterator[list[Forker]]:
    made = [Forker(), Forker()]
    yield made
    for forker in made:
        forker.close()


MOMENTS = [
    *(("COMMIT workbench", number, "after") for number in (3, 6, 10)),
    *(("log entry", number, when) for number, when in ((1, "after"), (2, "before"), (2, "after"), (3, "after"))),
    ("rename", 4, "before"),
]


def test_a_pipeline_killed_anywhere_ends_as_an_undisturbed_one(tmp_path: Path, forkers: list[Forker]) -> None:
    calm = _pipeline_of_its_own(tmp_path / "calm", forkers[0], None)
    assert calm[0] == 0
    expected = _state(tmp_path / "calm")

    def trial(number: int) -> bool:
        kind, nth, when = MOMENTS[number]
        folder = tmp_path / f"killed-{number}"
        status, bought_twice = _pipeline_of_its_own(folder, forkers[number % 2], [0, kind, nth, when])
        if status == 0:
            return False
        assert status == -9
        assert bought_twice <= 16, "what was in flight"
        # A model that draws lots words an answer anew where one was on its way and has to be asked for again.
        assert _worded(_state(folder), anew=bought_twice) == _worded(expected, anew=bought_twice), MOMENTS[number]
        return True

    with ThreadPoolExecutor(2) as pool:
        halves = [range(start, len(MOMENTS), 2) for start in (0, 1)]
        met = [one for half in pool.map(lambda half: [trial(number) for number in half], halves) for one in half]
    assert sum(met) >= len(MOMENTS) - 3, "there are as many commits as came together"


def _pipeline_of_its_own(folder: Path, forker: Forker, kill: list[Any] | None) -> tuple[int, int]:
    """Runs the pipeline in a workspace of its own, again after a kill: the first end's status, what was paid twice."""
    folder.mkdir()
    (folder / "augment.toml").write_text(TOML, "utf-8")
    lines = "\n".join(json.dumps(one, ensure_ascii=False) for one in PROBLEMS[:3])
    (folder / "problems.jsonl").write_text(lines, "utf-8")
    (folder / "pipeline.toml").write_text(THREE, "utf-8")
    with serve_in_thread(SimulatorOptions(seed=3)) as simulator:
        job = {
            "workspace": str(folder),
            "report": str(folder / "report"),
            "environment": {**simulator.env, "HOME": str(folder), "AUGMENT_WORKSPACE": str(folder)},
            "commands": [["run", "pipeline.toml"]],
            "first": 0,
            "kill": kill,
        }
        status = forker.run(job)
        if status:
            assert forker.run({**job, "kill": None}) == 0
        told = json.loads((folder / "report").read_text("utf-8").splitlines()[-1])
        assert told["code"] == 0, told
        return status, simulator.counts()["bought_twice"]


def _state(folder: Path) -> list[Any]:
    """Every version: its stage, its counts and its rows."""
    store = Store(folder / "datasets")
    counts = ("stage", "rows_in", "done", "skipped", "rejected", "failed", "rows_added", "rows_out")
    return [
        ({name: version.lineage.get(name) for name in counts}, contents(store, "shops", version.number))
        for version in store.versions("shops")
    ]


def _worded(state: list[Any], *, anew: int) -> list[Any]:
    """The versions without the texts that a model asked twice may word otherwise; as they are, where none was."""
    if not anew:
        return state
    return [(counts, [{**row, "reasoning": None} for row in rows]) for counts, rows in state]


# ── foreseen ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_stage_is_foreseen_as_its_own_dry_run_and_later_ones_between_bounds_that_hold(
    file: Callable[[str], Path], bench: Callable[[Any], Workbench], workspace: Path
) -> None:
    with serve_in_thread(SimulatorOptions()) as simulator:
        found = bench(simulator)
        pipeline = found.read_pipeline(file(THREE))
        outlook = found.foresee_pipeline(pipeline).as_json()
        assert simulator.counts()["requests"] == 0
        assert not found.store.datasets(), "nothing is written"
        first, second, third = outlook["stages"]
        found.import_files(list(pipeline.files), "other")
        alone = found.forecast("backtranslate", "other")
        assert {name: first[name] for name in ("rows_in", "asks", "likely_asks", "cost_cny")} == {
            name: getattr(alone, name) for name in ("rows_in", "asks", "likely_asks", "cost_cny")
        }
        assert (first["exact"], second["exact"], third["exact"]) == (True, False, False)
        assert second["passing"]["seen"] == 0

        report = found.run_pipeline(pipeline)
        reasoned = report.stages[1]
        assert second["rows_in_low"] <= reasoned["rows_in"] <= second["rows_in_high"]
        assert second["likely_asks_low"] < reasoned["calls"] <= second["likely_asks_high"]
        assert (second["rows_in_low"], second["rows_in_high"]) == (12, 24)

        known = found.foresee_pipeline(found.read_pipeline(file(THREE), dataset="third")).as_json()["stages"][1]
        assert known["arriving"]["low"] > 0.8, "rows passed backtranslate in the run before"
        assert known["rows_in_low"] > 20

        done = found.foresee_pipeline(pipeline).as_json()
        assert (done["stages"], done["version"]) == ([], 3), "all of it is done"


def test_a_dry_run_needs_no_key_and_says_what_it_measured(
    file: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    file(THREE)
    assert run(["run", "pipeline.toml", "--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert "counted over the rows it will read" in printed
    assert "was never measured" in printed
    assert run(["run", "pipeline.toml"]) == 3, "the real run does"
    assert "[[stages]] 1 (backtranslate)" in capsys.readouterr().err


def test_a_missing_dataset_is_told_before_anything_runs(file: Callable[[str], Path], workspace: Path) -> None:
    shutil.rmtree(workspace / "datasets")
    with Workbench.open(str(workspace)) as found, pytest.raises(AugmentError, match="no dataset 'nowhere'"):
        found.run_pipeline(found.read_pipeline(file('dataset = "nowhere"\n[[stages]]\nstage = "split"')), simulate=True)
