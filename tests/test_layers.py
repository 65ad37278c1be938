"""The house stands on its layers: a file imports lower numbers only and, in its own folder, the ``_`` files."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS: dict[str, int] = {
    **dict.fromkeys(["errors", "types", "spans", "pieces", "signals", "processes", "loops", "arrays", "texts"], 0),
    **dict.fromkeys(["settings", "files", "rows", "answers", "retry", "provider_fields", "asks", "fidelity"], 1),
    **dict.fromkeys(["hints", "rubrics", "fence", "injections", "agreement", "comparisons", "recipes"], 1),
    **dict.fromkeys(["pace", "pressure", "strays", "quotas", "tallies"], 1),
    **dict.fromkeys(
        ["protection", "letters", "similarity", "tasks", "prompts", "catalog", "connectors", "importers"], 2
    ),
    "verdicts": 2,
    **dict.fromkeys(["delta", "drafts", "database", "commits", "batches", "limits", "local", "askers"], 2),
    **dict.fromkeys(["progress", "launch"], 2),
    "scorer": 2,
    **dict.fromkeys(["store", "ledger", "accounts", "stages", "simulator", "routes", "contamination", "leakage"], 3),
    **dict.fromkeys(["lanes", "query", "imports", "checkup", "measures", "spending", "records", "backups"], 4),
    "disputes": 4,
    "pruning": 4,
    "events": 4,
    "quality": 4,
    **dict.fromkeys(["runner", "plans", "browse", "estimates", "exports", "differences"], 5),
    **dict.fromkeys(["runs", "forecast", "review"], 6),
    "calibration": 7,
    **dict.fromkeys(["pipelines", "replay"], 7),
    "workbench": 8,
    "ui": 9,
    "cli": 10,  # `augment ui` starts it
}
OWN_PARTS = {"cli", "ui"}  # their members may import each other
HEAVY = {
    "pyarrow",
    "aiohttp",
    "streamlit",
    "duckdb",
    "deltalake",
    "pandas",
    "python_calamine",
    "qianfan",
    "tencentcloud",
    "sparkai",
    "dashscope",
    "rich",
}
IMPORT_NAMES = {
    "python-calamine": "python_calamine",
    "python-dotenv": "dotenv",
    "spark-ai-python": "sparkai",
    "websocket-client": "websocket",
    "tencentcloud-sdk-python-common": "tencentcloud",
    "tencentcloud-sdk-python-tmt": "tencentcloud",
}
# Held back for qianfan; what `augment.load(…).to_pandas()` gives (docs/decisions/0002-pinned-dependencies.md).
NOT_IMPORTED = {"tenacity", "pandas"}


def modules() -> list[Path]:
    return sorted([*(ROOT / "augment").rglob("*.py"), *(ROOT / "ui").rglob("*.py")])


def unit(path: Path) -> str:
    """The room a file belongs to: a folder of augment, a module of augment, or ui."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return "ui" if parts[0] == "ui" else parts[1]


def imported(path: Path) -> Iterator[tuple[int, str, list[str]]]:
    """Line, module and names of each import, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, []
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports here are absolute"
            yield node.lineno, node.module or "", [alias.name for alias in node.names]


def ours(module: str, names: list[str]) -> list[str]:
    """The units of ours that an import reaches."""
    parts = module.split(".")
    if parts[0] == "ui":
        return ["ui"]
    if parts[0] != "augment":
        return []
    return [parts[1]] if len(parts) > 1 else [name for name in names if name in LAYERS]


def test_every_room_has_a_layer() -> None:
    units = {unit(path) for path in modules()} - {"__init__", "__main__"}
    assert units == set(LAYERS)


def test_imports_go_down_only() -> None:
    breaches = []
    for path in modules():
        own = unit(path)
        if own in {"__init__", "__main__"}:
            continue  # the front of the package: it imports inside its functions
        for line, module, names in imported(path):
            for reached in ours(module, names):
                if reached == own and (own in OWN_PARTS or path.parent.name == own):
                    continue
                if LAYERS[reached] >= LAYERS[own]:
                    breaches.append(
                        f"{path.relative_to(ROOT)}:{line} imports {reached} (layer {LAYERS[reached]}) from layer"
                        f" {LAYERS[own]}: move what it needs below both, or this file up"
                    )
    assert not breaches, "\n".join(breaches)


def test_a_folder_s_members_import_only_its_machinery() -> None:
    breaches = []
    for folder in ("connectors", "importers", "exports", "stages"):
        for path in sorted((ROOT / "augment" / folder).glob("*.py")):
            for line, module, names in imported(path):
                parts = module.split(".")
                if parts[:2] != ["augment", folder]:
                    continue
                reached = parts[2:3] or names
                if path.name != "__init__.py" and any(not name.startswith("_") for name in reached):
                    breaches.append(f"{path.relative_to(ROOT)}:{line} imports its neighbour {reached[0]!r}")
    assert not breaches, "\n".join(breaches)


def test_the_simulator_and_the_connectors_share_nothing() -> None:
    for path in (ROOT / "augment" / "simulator").rglob("*.py"):
        reached = {name for _, module, names in imported(path) for name in ours(module, names)}
        assert reached <= {"simulator", "errors", "types"}, path


def test_streamlit_stays_in_the_ui() -> None:
    for path in (ROOT / "augment").rglob("*.py"):
        assert all(module.split(".")[0] != "streamlit" for _, module, _ in imported(path)), path


def test_every_package_imported_is_declared_and_every_one_declared_is_used() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    packages = {re.match(r"[\w.-]+", line)[0] for line in declared}  # type: ignore[index]  # a requirement has a name
    allowed = {IMPORT_NAMES.get(package, package) for package in packages}
    used = {module.split(".")[0] for path in modules() for _, module, _ in imported(path)}
    foreign = used - set(sys.stdlib_module_names) - {"augment", "ui"}
    assert foreign <= allowed
    assert {IMPORT_NAMES.get(package, package) for package in packages - NOT_IMPORTED} <= foreign


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]], ids=lambda found: found[0])
def test_the_command_line_s_face_imports_nothing_heavy(arguments: list[str]) -> None:
    import subprocess

    code = (
        "import sys; from augment.cli.app import run; run(sys.argv[1:]);"
        "print(','.join(sorted({name.split('.')[0] for name in sys.modules})), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stderr.strip().split(","))


def test_modules_stay_readable() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in modules()
        if (lines := len(path.read_text("utf-8").splitlines())) > 450
    }
    assert not long, "split these by idea"
