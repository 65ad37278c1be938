"""The documents are true: what they show runs here, what is generated is fresh, what they link to is there.

How a document is run: each has a folder of its own with ``datasets/samples`` and ``examples`` in it and a simulator
behind the variables of every vendor. Its blocks are taken from top to bottom.

    ```console          each ``$`` line runs and must exit 0; a line below it must be a line of what it printed, where
                        ``…`` stands for anything
    ```console exits 3  the last command of the block exits 3
    ```console keyless  runs without the vendors' variables, as on a machine with no keys
    ```python           runs; ``python needs polars`` is only compiled where that is not installed
    ```toml             becomes augment.toml
    ```sh               is not run: it needs a key, a browser or an installation
    ```text             is text
    ```py               is a file of its own, tested beside what it is like
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import augment
from augment.cli.app import run
from augment.simulator.server import serve_in_thread
from docs import generate
from tests.test_layers import LAYERS

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
CHINESE = ROOT / "README.zh-CN.md"
PAGES = sorted(
    [README, CHINESE, *(ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md")), *(ROOT / "docs").rglob("*.md")]
)
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
EXAMPLES = sorted(path for path in (ROOT / "examples").iterdir() if path.suffix in (".sh", ".py"))
FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LANGUAGES = {"py", "console", "python", "toml", "sh", "text"}
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
# The vendors' real limits would make the documents' runs last minutes.
UNLIMITED = "[providers]\ntencent.limits.rps = 200\nyi-34b.limits.rpm = 0\n"
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One fenced block. words: what stands behind the opening fence."""

    words: list[str]
    text: str

    @property
    def language(self) -> str:
        return self.words[0] if self.words else ""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(path: Path) -> list[Block]:
    return [Block(found[1].split(), found[2]) for found in FENCE.finditer(path.read_text("utf-8"))]


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each ``$`` line, joined with those it goes on in, and the lines below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        command = [lines.pop(0)]
        while command[-1].endswith("\\"):
            command.append(lines.pop(0))
        yield "\n".join(command), [line for line in lines if line.strip()]


# ── what is shown runs ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A folder like a fresh checkout's, and a simulator behind every vendor; gives the variables that lead there."""
    shutil.copytree(ROOT / "datasets" / "samples", tmp_path / "datasets" / "samples")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    (tmp_path / "augment.toml").write_text(UNLIMITED, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    with serve_in_thread() as simulator:
        yield simulator.env


class Page:
    """Runs one document, block by block."""

    def __init__(self, env: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self.env = env
        self.monkeypatch = monkeypatch
        self.capfd = capfd

    def play(self, block: Block) -> None:
        with self.monkeypatch.context() as patch:
            for name, value in self.env.items():
                if "keyless" not in block.words:
                    patch.setenv(name, value)
            if block.language == "toml":
                Path("augment.toml").write_text(block.text, "utf-8")
            elif block.language == "console":
                self.console(block)
            elif block.language == "python":
                code = compile(block.text, "<block>", "exec")
                if "needs" not in block.words or importlib.util.find_spec(block.words[-1]) is not None:
                    exec(code, {"__name__": "__main__"})

    def console(self, block: Block) -> None:
        found = list(commands(block.text))
        for index, (command, shown) in enumerate(found):
            last = index == len(found) - 1
            wanted = int(block.words[-1]) if last and "exits" in block.words else 0
            self.capfd.readouterr()
            code = self.execute(command)
            out, err = self.capfd.readouterr()
            assert code == wanted, f"$ {command}\nexits {code}, not {wanted}\n{out}{err}"
            printed = [line.rstrip() for line in (out + err).splitlines()]
            for line in shown:
                pattern = ".*".join(map(re.escape, line.rstrip().split("…")))
                met = any(re.fullmatch(pattern, one) for one in printed)
                assert met, f"$ {command}\ndoes not print {line!r} but\n{out}{err}"

    def execute(self, command: str) -> int:
        """Ours in this process, which spares the start of another; anything else in a shell."""
        if command.startswith("augment ") and not re.search(r"[|&;<>$`]", command):
            return run(shlex.split(command)[1:])
        return subprocess.run(["bash", "-c", command], check=False).returncode


RUN = [page for page in PAGES if page != CHINESE and any(b.language in {"console", "python"} for b in blocks(page))]


@pytest.mark.parametrize("path", RUN, ids=name_of)  # the Chinese README shows what the other one shows, see below
def test_every_block_of_a_document_runs(
    path: Path, desk: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    page = Page(desk, monkeypatch, capfd)
    for block in blocks(path):
        page.play(block)


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_every_example_runs(path: Path, desk: dict[str, str]) -> None:
    started_by = {".sh": ["bash"], ".py": [sys.executable]}[path.suffix]
    ended = subprocess.run(
        [*started_by, f"examples/{path.name}", "made-by-the-example"], check=False, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_document_uses_only_the_kinds_of_block_that_are_known(path: Path) -> None:
    assert {block.language for block in blocks(path)} <= LANGUAGES
    assert path.read_text("utf-8").count("\n```") == 2 * len(blocks(path))


# ── what is generated is fresh ────────────────────────────────────────────────────────────────────────────────────────


def test_the_generated_pages_are_fresh() -> None:
    stale = [path.name for path in generate.stale()]
    assert not stale, "run `python -m docs.generate`"


def test_every_command_has_help_and_stands_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference" / "cli.md").read_text("utf-8")
    for names in generate.commands().values():
        for name in names:
            about = generate.help_of(name).split("\n\n")[1]
            assert f"### augment {name}\n" in page
            assert len(about) > 10 and not about.startswith("options:"), f"{name} says nothing about itself"


def test_every_column_is_described_once() -> None:
    assert list(generate.descriptions()) == list(generate.SCHEMA.names)


# ── what is linked is there ───────────────────────────────────────────────────────────────────────────────────────────


def anchors(path: Path) -> set[str]:
    """The fragments that a page's headings answer to."""
    text = FENCE.sub("", path.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in HEADING.findall(text)}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_link_within_the_project_resolves(path: Path) -> None:
    for target in LINK.findall(FENCE.sub("", path.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, fragment = target.partition("#")
        there = (path.parent / name).resolve() if name else path
        assert there.exists(), f"{target} is not there"
        assert not fragment or fragment in anchors(there), f"{target} names no heading"


@pytest.mark.parametrize("path", sorted((ROOT / "docs").rglob("*.md")), ids=name_of)
def test_every_page_can_be_reached_from_the_index(path: Path) -> None:
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / target.split("#")[0]).resolve() for target in LINK.findall(index.read_text("utf-8"))}
    assert path == index or path in linked


# ── what is promised of the documents themselves ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", [*PAGES, *EXAMPLES], ids=name_of)
def test_no_document_names_the_machine_it_was_written_on(path: Path) -> None:
    text = path.read_text("utf-8")
    assert str(ROOT) not in text
    assert not re.search(r"(?<![\w.:/<~-])/(?:home|root|tmp|Users|mnt|opt|srv|var|work)/", text)


@pytest.mark.parametrize("path", [README, CHINESE], ids=name_of)
def test_a_readme_is_short_and_begins_with_what_needs_no_key(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 120
    assert "make demo" in blocks(path)[0].text
    for command in (
        "streamlit run ui/app.py",
        "augment backtranslate --skip translation-tasks",
        "augment reason --provider yi-34b",
    ):
        assert re.search(rf"^(?:\$ )?{re.escape(command)}$", text, re.MULTILINE), command


def test_the_two_readmes_show_the_same_commands() -> None:
    shown = [[b.text for b in blocks(path) if b.language in {"console", "sh", "python"}] for path in (README, CHINESE)]
    plain = [[re.sub(r"\s+#.*", "", text) for text in texts] for texts in shown]
    assert plain[0] == plain[1]


@pytest.mark.parametrize("path", DECISIONS, ids=name_of)
def test_a_decision_says_what_would_prove_it_wrong(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 60
    assert HEADING.findall(text)[1:] == ["Context", "Choice", "Cost", "What would prove it wrong"]


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_every_bounded_or_pinned_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    reasons = (ROOT / "docs" / "decisions" / "0002-pinned-dependencies.md").read_text("utf-8")
    for requirement in [*project["dependencies"], f"python{project['requires-python']}"]:
        if re.search(r"<|==", requirement):
            assert f"`{re.split(r'[<>=;]', requirement)[0].strip()}" in reasons, requirement


def test_the_architecture_page_knows_every_room_of_the_house() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rooms = [path for path in (ROOT / "augment").iterdir() if not path.name.startswith("_")]
    named = {f"`{room.name}{'/' if room.is_dir() else ''}`" for room in rooms if room.suffix in {"", ".py", ".toml"}}
    assert not {name for name in named if name not in page}, "these are not described"


def test_the_architecture_page_draws_the_layers_that_are_enforced() -> None:
    drawn = {}
    for line in blocks(ROOT / "docs" / "architecture.md")[0].text.splitlines():
        number, *names = re.split(r"\s{2,}", line)
        drawn |= {name: int(number) for name in names if " " not in name}
    assert drawn == LAYERS


def test_the_env_example_names_the_variables_of_the_catalog_and_nothing_else() -> None:
    text = (ROOT / ".env.example").read_text("utf-8")
    named = set(re.findall(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b", text))
    assert named == {variable for names in generate.variables().values() for variable in names}


def test_the_changelog_begins_with_this_version() -> None:
    heads = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert heads[0] == augment.__version__
