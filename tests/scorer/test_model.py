"""A real training on the processor: a tiny Qwen2 with random weights learns, is reloaded elsewhere, and is asked."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from augment.cli.app import run
from augment.errors import BadInput, DiskTrouble, FixableError
from augment.scorer import read_card, text_of
from augment.types import Row
from augment.workbench import Workbench
from tests.scorer.tiny import NEEDS, PACKAGES, make_base, solved

pytestmark = [
    pytest.mark.skipif(not all(map(find_spec, PACKAGES)), reason=NEEDS),
    pytest.mark.timeout(1_800),  # a minute of one core; the machine may have much else to do
]

ROOTS = 150
TRAINING = ("--epochs", "7", "--rate", "2e-3", "--max-tokens", "128", "--at-once", "16", "--precision", "0.8")
ENOUGH_S = 600.0  # on a machine with much else to do


@dataclass(frozen=True)
class House:
    """A workspace with a dataset, a base, and a scorer trained on the one from the other."""

    workspace: Path
    base: Path
    folder: Path
    rows: list[Row]


def write_rows(path: Path, rows: Sequence[Row]) -> Path:
    lines = [json.dumps({**asdict(row), "created_at": None}, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines), "utf-8")
    return path


def train(house: House, output: Path, *more: str) -> int:
    where = ("--workspace", str(house.workspace), "--base", str(house.base), "-o", str(output))
    return run(["scorer", "train", "train", *where, *TRAINING, *more])


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Faster where two tests share two cores; and the same number of threads gives the same sums."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    room = tmp_path_factory.mktemp("house")
    rows = solved(ROOTS)
    found = House(room / "ws", make_base(room / "base", filter(None, map(text_of, rows))), room / "tiny", rows)
    (found.workspace / "datasets" / ".augment").mkdir(parents=True)
    with Workbench.open(str(found.workspace)) as bench:
        bench.import_files([write_rows(room / "rows.jsonl", rows)], "train")
    assert train(found, found.folder) == 0
    return found


@pytest.fixture
def workplace(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the workspace for a test of its own, which is the current folder too."""
    copy = tmp_path / "ws"
    shutil.copytree(house.workspace, copy)
    monkeypatch.chdir(copy)
    return copy


def called(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = run([*arguments, "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out or err)


def in_another_process(*arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})}
    return subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=Path(__file__).parents[2],
    )


# ── trained ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_tells_right_from_wrong_on_roots_it_never_saw(house: House) -> None:
    found = read_card(house.folder).metrics["test"]
    assert found["auc"] > 0.9
    assert found["low"] > 0.5
    assert found["length_auc"] == 0.5
    assert found["rows"] == found["roots"] * 2


def test_what_it_learned_from_and_how_is_on_its_card(house: House) -> None:
    card = read_card(house.folder)
    assert card.data["dataset"] == "train"
    assert card.data["rows"]["train"] == {"right": 120, "wrong": 120}
    assert (card.data["drawn"], card.data["simulated"], card.data["left_out"]) == (300, 0, {})
    assert card.base["architecture"] == "Qwen2ForSequenceClassification"
    assert len(card.training["epochs"]) == 7
    assert card.threshold is not None


def test_it_names_no_path_of_this_machine(house: House) -> None:
    assert str(house.base.parent) not in (house.folder / "scorer.json").read_text("utf-8")


def test_what_is_written_is_safetensors_and_text(house: House) -> None:
    assert sorted(path.name for path in house.folder.iterdir()) == [
        "config.json",
        "model.safetensors",
        "scorer.json",
        "tokenizer.json",
        "tokenizer_config.json",
    ]
    assert not list(house.folder.parent.glob(".tiny.training"))


def test_typed_again_it_trains_nothing_and_tells_the_same(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    before = (house.folder / "model.safetensors").stat().st_mtime_ns
    capsys.readouterr()
    assert train(house, house.folder) == 0
    out, err = capsys.readouterr()
    assert "test: AUC" in out
    assert "epoch" not in err
    assert (house.folder / "model.safetensors").stat().st_mtime_ns == before


def test_other_options_do_not_overwrite_it(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(house, house.folder, "--seed", "5") == 3
    assert "holds a scorer of other data or options" in capsys.readouterr().err


def test_it_scores_the_same_in_another_process(house: House) -> None:
    from augment.scorer._model import open_scorer

    texts = [text_of(row) or "" for row in house.rows[:6]]
    code = (
        "import json, sys; from pathlib import Path; from augment.scorer._model import open_scorer;"
        "print(json.dumps(open_scorer(Path(sys.argv[1]))(json.loads(sys.argv[2]))))"
    )
    out, err = in_another_process("-c", code, str(house.folder), json.dumps(texts)).communicate(timeout=ENOUGH_S)
    assert out, err
    here = open_scorer(house.folder)(texts)
    assert [score for score, _ in json.loads(out)] == pytest.approx([score for score, _ in here], abs=2e-6)


def test_a_score_does_not_depend_on_what_is_read_beside_it(house: House) -> None:
    from augment.scorer._model import open_scorer

    scorer = open_scorer(house.folder)
    short, long = "解答：\n答案是：A", text_of(house.rows[0]) or ""
    alone = [scorer([text])[0][0] for text in (short, long)]
    assert [score for score, _ in scorer([short, long])] == pytest.approx(alone, abs=2e-6)


def test_no_text_can_name_a_token_that_ends_it(house: House) -> None:
    from augment.scorer._model import encode, open_scorer

    tokenizer = open_scorer(house.folder).tokenizer
    special = {tokenizer.pad_token_id, tokenizer.eos_token_id}
    assert not special & set(encode(tokenizer, "答案是：A<|endoftext|><|im_end|>", 64))
    assert special & set(tokenizer("<|endoftext|><|im_end|>")["input_ids"])


def test_of_a_text_too_long_the_end_is_read(house: House) -> None:
    from augment.scorer._model import encode, open_scorer

    tokenizer = open_scorer(house.folder).tokenizer
    text = text_of(house.rows[0]) or ""
    assert encode(tokenizer, text, 10) == encode(tokenizer, text, 500)[-10:]


# ── interrupted ───────────────────────────────────────────────────────────────────────────────────────────────────────


def sha(folder: Path) -> str:
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def stopped(house: House, output: Path, number: signal.Signals, after: int) -> tuple[int, str]:
    """A training in a process of its own, sent a signal once it has a checkpoint beyond some steps: code and stderr."""
    arguments = ["scorer", "train", "train", "--workspace", str(house.workspace), "--base", str(house.base)]
    arguments += ["-o", str(output), *TRAINING, "--checkpoint-steps", "5"]
    process = in_another_process("-m", "augment", *arguments)
    until = time.monotonic() + ENOUGH_S
    while not any(int(path.name[5:]) > after for path in output.parent.glob(".tiny.training/step-*")):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(number)
    _, err = process.communicate(timeout=ENOUGH_S)
    return process.returncode, err


def test_killed_and_then_interrupted_it_comes_to_the_very_same_weights(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "tiny"
    code, _ = stopped(house, output, signal.SIGKILL, 0)
    assert (code, output.exists()) == (-signal.SIGKILL, False)
    code, err = stopped(house, output, signal.SIGINT, 60)
    assert (code, output.exists()) == (130, False)
    assert "goes on after step" in err
    assert train(house, output, "--checkpoint-steps", "5") == 0
    assert "goes on after step" in capsys.readouterr().err
    assert sha(output) == sha(house.folder)
    assert read_card(output).edition == read_card(house.folder).edition
    assert not list(tmp_path.glob(".tiny.training"))


def test_another_training_does_not_go_on_from_its_checkpoint(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = tmp_path / ".tiny.training"
    (work / "step-00000001").mkdir(parents=True)
    (work / "step-00000001" / "checkpoint.json").write_text(json.dumps({"asked": {"seed": 9}, "progress": {}}))
    assert train(house, tmp_path / "tiny") == 3
    assert "--restart" in capsys.readouterr().err


@pytest.fixture
def _little_room() -> Iterator[None]:
    """No file may grow beyond 100 kB, as on a disk that is full."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("_little_room")
def test_a_disk_without_room_is_told_and_leaves_no_checkpoint(house: House, tmp_path: Path) -> None:
    from augment.scorer._checkpoints import Progress, save
    from augment.scorer._model import find_base, open_base
    from augment.scorer._training import Recipe, _optimizer

    model, _, _ = open_base(find_base(str(house.base)), 0)
    optimizer, names = _optimizer(model, Recipe(1, 1, 1, 1e-3, 0, 1))
    with pytest.raises(DiskTrouble):
        save(tmp_path / "work", model, optimizer, names, {}, Progress(step=1))
    assert not list((tmp_path / "work").glob("step-*"))


# ── a base of the hub ─────────────────────────────────────────────────────────────────────────────────────────────────


def fetched(name: str, cache: Path) -> tuple[str, str]:
    """What becomes of a name on the hub where the network is off, in a process of its own: folder and commit, or the
    error and its hint."""
    code = (
        "import sys; from augment.errors import AugmentError; from augment.scorer._model import fetched, find_base\n"
        "try: base, folder = fetched(find_base(sys.argv[1])); print(folder, base.commit, sep='|')\n"
        "except AugmentError as error: print(error.message, error.hint, sep='|')"
    )
    environment = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(cache)}
    out, err = in_another_process("-c", code, name, environment=environment).communicate(timeout=ENOUGH_S)
    assert out, err
    one, _, other = out.strip().partition("|")
    return one, other


def test_a_name_on_the_hub_is_taken_from_its_cache(house: House, tmp_path: Path) -> None:
    entry = tmp_path / "hub" / "models--somebody--tiny"
    (entry / "refs").mkdir(parents=True)
    (entry / "refs" / "main").write_text("c0ffee")
    shutil.copytree(house.base, entry / "snapshots" / "c0ffee")
    assert fetched("somebody/tiny", tmp_path) == (str(entry / "snapshots" / "c0ffee"), "c0ffee")


def test_a_name_that_the_hub_does_not_give_is_told(tmp_path: Path) -> None:
    said, hint = fetched("somebody/nothing", tmp_path)
    assert said.startswith("'somebody/nothing' cannot be had from the hub: ")
    assert "copy the model's folder" in hint


# ── a base that is none ───────────────────────────────────────────────────────────────────────────────────────────────


def test_torn_weights_are_told_as_such(house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = tmp_path / "base"
    shutil.copytree(house.base, base)
    weights = base / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:999])
    assert train(House(house.workspace, base, house.folder, []), tmp_path / "out") == 3
    assert "error: " in (said := capsys.readouterr().err)
    assert "Traceback" not in said


def test_weights_of_another_model_are_not_filled_up_with_dice(house: House, tmp_path: Path) -> None:
    from augment.scorer._model import find_base, open_base

    base = tmp_path / "base"
    shutil.copytree(house.base, base)
    config = json.loads((base / "config.json").read_text())
    config |= {"num_hidden_layers": 4, "layer_types": ["full_attention"] * 4}
    (base / "config.json").write_text(json.dumps(config))
    with pytest.raises(BadInput, match=r"lacks [0-9]+ weights of a Qwen2ForSequenceClassification"):
        open_base(find_base(str(base)), 0)


def test_a_base_with_code_of_its_maker_s_is_not_run(house: House, tmp_path: Path) -> None:
    from augment.scorer._model import find_base, open_base

    base = tmp_path / "base"
    shutil.copytree(house.base, base)
    config = json.loads((base / "config.json").read_text())
    config |= {
        "model_type": "mine",
        "auto_map": {"AutoConfig": "code.C", "AutoModelForSequenceClassification": "code.M"},
    }
    (base / "config.json").write_text(json.dumps(config))
    (base / "code.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(BadInput, match="cannot be opened as a classifier"):
        open_base(find_base(str(base)), 0)
    assert not (tmp_path / "ran").exists()


def test_a_device_that_is_not_there_is_named() -> None:
    import torch

    from augment.scorer._model import device_of

    if torch.cuda.is_available():
        assert device_of("auto").type == "cuda"
        return
    with pytest.raises(FixableError, match="no CUDA device"):
        device_of("cuda")


# ── asked ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_applied_it_puts_its_score_into_every_row(
    house: House, workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, summary = called(capsys, "scorer", "apply", "train", "--scorer", str(house.folder))
    assert (code, summary["stage"], summary["done"], summary["calls"]) == (0, "score", 300, 300)
    assert summary["cost_cny"] == 0
    with Workbench.open(str(workplace)) as bench:
        rows = list(bench.store.rows("train"))
    assert {verdict["judge"] for row in rows for verdict in row.verdicts or []} == {"scorer:tiny"}
    right = [row.score for row in rows if row.label == "right" and row.score is not None]
    wrong = [row.score for row in rows if row.label == "wrong" and row.score is not None]
    assert len(right) == len(wrong) == 150
    assert sum(right) / 150 > 0.5 > sum(wrong) / 150


def test_applied_again_it_is_asked_nothing(house: House, workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    apply = ("scorer", "apply", "train", "--scorer", str(house.folder), "--limit", "20")
    called(capsys, *apply)
    code, summary = called(capsys, *apply)
    assert (code, summary["skipped"], summary["calls"]) == (0, {"already done": 20}, 0)
    assert summary["version"] == summary["from_version"]


@pytest.mark.parametrize(("threshold", "predicted"), [("0", True), ("1", False)])
def test_answers_vote_where_the_scorer_lets_them(
    house: House, workplace: Path, capsys: pytest.CaptureFixture[str], threshold: str, predicted: bool
) -> None:
    code, summary = called(
        capsys,
        *("answer", "train", "--provider", "yi-34b", "--simulate", "--limit", "6", "--votes", "3"),
        *("--where", "label = 'right'"),
        *("--scorer", str(house.folder), "--scorer-threshold", threshold),
    )
    assert code == 0
    assert (summary["done"], summary["rejected"]) == ((6, {}) if predicted else (0, {"check:scorer": 6}))
    with Workbench.open(str(workplace)) as bench:
        asked = bench.ledger.query("SELECT provider, count(*) AS n FROM asks GROUP BY provider")
    assert {one["provider"] for one in asked} == {"sim:yi-34b", "scorer:tiny"}


def test_a_forecast_opens_no_model(house: House, workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, forecast = called(capsys, "scorer", "apply", "train", "--scorer", str(house.folder), "--dry-run")
    assert (code, forecast["asks"], forecast["cost_cny"]) == (0, 300, 0)
