"""Who is measured: ours as a user runs it, the bare loops, peers where they are installed; and the server they ask."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bench.measure import Child, Cost

HERE = Path(__file__).resolve().parent
AUGMENT = (sys.executable, "-m", "augment")  # of the checkout that this file is in
OURS, AIOHTTP, CLIENT, CURATOR = "ours", "bare aiohttp", "bare client", "curator"
DIFFER = ("run_id", "created_at", "attempts", "input_tokens", "output_tokens", "cost_cny")  # in equal results too


def environment(folder: Path, **more: str) -> dict[str, str]:
    """A user's environment without keys, proxies or a home."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    fixed = {"HOME": str(folder), "LANG": "C.UTF-8", "no_proxy": "*", "PYTHONPATH": str(HERE.parent)}
    return {**kept, **fixed, "AUGMENT_STATE_FOLDER": str(folder / "state"), **more}


class Server:
    """bench/server.py as a process of its own, for one measurement."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, str(HERE / "server.py"), *options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        if self._process.stdout is None or not (port := self._process.stdout.readline().strip()):
            raise RuntimeError("the server did not start")
        self.port = int(port)
        self.base = f"http://127.0.0.1:{port}/v1"
        self._asking = http.client.HTTPConnection("127.0.0.1", self.port)

    def counts(self) -> dict[str, float]:
        """What it has seen so far."""
        self._asking.request("GET", "/counts")
        counts: dict[str, float] = json.loads(self._asking.getresponse().read())
        return counts

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._asking.close()
        self._process.terminate()
        self._process.wait()


class Data:
    """Rows and prompts of any number, made once; those of a smaller number are the first of a larger."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def rows(self, number: int) -> Path:
        """Competition JSONL."""
        return self._made(number)[0]

    def prompts(self, number: int) -> Path:
        """The same as prompts, JSONL."""
        return self._made(number)[1]

    def _made(self, number: int) -> tuple[Path, Path]:
        paths = self.folder / f"rows-{number}.jsonl", self.folder / f"prompts-{number}.jsonl"
        if not paths[1].exists():
            command = [sys.executable, str(HERE / "rows.py"), str(number), *map(str, paths)]
            subprocess.run(command, check=True, env=environment(self.folder))
        return paths


class Contestant(Protocol):
    """One way to have rows answered. A folder is one job's: prepared once, run, and run again."""

    @property
    def name(self) -> str:
        """The head of its column."""
        ...

    def prepare(self, folder: Path, number: int) -> None:
        """Makes a folder ready for a job of so many rows; made before, it gets the rows it lacks. Not measured."""
        ...

    def start(self, folder: Path, base: str, *, in_flight: int, rpm: int = 0) -> Child:
        """Begins, or goes on. rpm: the limit it is told; 0: none."""
        ...

    def results(self, folder: Path) -> Mapping[str, str]:
        """What each row has come to, those without an answer left out."""
        ...


@dataclass(frozen=True, slots=True)
class Ours:
    """``augment import``, then ``augment reason --provider vllm``."""

    data: Data
    scratch: Path
    on_import: Callable[[int, Cost], None]
    name: str = OURS

    def prepare(self, folder: Path, number: int) -> None:
        if folder.exists():
            self._import(folder, number)
            return
        imported = self.scratch / f"imported-{number}"
        if not imported.exists():
            imported.mkdir()
            self.on_import(number, self._import(imported, number))
        shutil.copytree(imported, folder)

    def start(self, folder: Path, base: str, *, in_flight: int, rpm: int = 0) -> Child:
        if rpm:
            (folder / "augment.toml").write_text(f"[providers.vllm.limits]\nrpm = {rpm}\n")
        command = [*AUGMENT, "reason", "t", "--provider", "vllm", "--json", "--concurrency", str(in_flight)]
        return Child(command, folder, environment(folder, VLLM_BASE_URL=base))

    def results(self, folder: Path) -> Mapping[str, str]:
        shown = Child([*AUGMENT, "show", "t", "--json"], folder, environment(folder)).wait()
        answered = (row for row in shown_rows(shown.out) if row.get("answer") and row["concluded"] == row["answer"])
        return {row["source_id"] or row["row_id"]: digest(row) for row in answered}

    def _import(self, folder: Path, number: int) -> Cost:
        command = [*AUGMENT, "import", str(self.data.rows(number)), "--name", "t", "--json"]
        return Child(command, folder, environment(folder)).wait()


@dataclass(frozen=True, slots=True)
class Script:
    """A script that takes BASE_URL PROMPTS ANSWERS IN_FLIGHT [RPM] and writes JSONL with id and answer."""

    name: str
    path: Path
    data: Data
    python: str = sys.executable

    def prepare(self, folder: Path, number: int) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "number").write_text(str(number))

    def start(self, folder: Path, base: str, *, in_flight: int, rpm: int = 0) -> Child:
        prompts = self.data.prompts(int((folder / "number").read_text()))
        command = [self.python, str(self.path), base, str(prompts), "answers.jsonl", str(in_flight)]
        return Child([*command, str(rpm)] if rpm else command, folder, environment(folder))

    def results(self, folder: Path) -> Mapping[str, str]:
        answers: dict[str, str] = {}
        if (path := folder / "answers.jsonl").exists():
            for line in path.read_text("utf-8", "replace").splitlines():
                with contextlib.suppress(ValueError):
                    row = json.loads(line)
                    if row["answer"]:
                        answers[row["id"]] = row["answer"]
        return answers


def shown_rows(text: str) -> list[dict[str, Any]]:
    """The rows that ``augment show --json`` printed."""
    try:
        rows: list[dict[str, Any]] = json.loads(text)["items"]
    except (ValueError, KeyError):
        return []
    return rows


def digest(row: Mapping[str, Any]) -> str:
    """A row's content, without the columns that differ between equal results."""
    kept = {name: value for name, value in row.items() if name not in DIFFER}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def has_curator(python: str) -> bool:
    """Whether a Python has bespokelabs-curator."""
    looked = "import importlib.util as u, sys; sys.exit(not (u.find_spec('bespokelabs') and u.find_spec('datasets')))"
    return subprocess.run([python, "-c", looked], check=False, capture_output=True).returncode == 0
