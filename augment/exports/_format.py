"""What every format's file offers, and what it is given to write with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from augment.exports._chat import Example, Speaker
from augment.exports._gather import Gatherer
from augment.exports._lines import write_lines
from augment.exports._options import ExportOptions
from augment.exports._spool import Spool

Kind: TypeAlias = Literal["solutions", "pairs", "labelled", "scored", "answers", "checks", "rows", "filled"]
"""What of a version a file takes: right solutions · pairs of a right and a wrong one · both, each with its label · the
same with reasoning alone · a first agent's · a second agent's checks · whole rows · the answers to a source file."""

Findings: TypeAlias = Literal["none", "answers", "all"]
"""What was found out about rows is shown too: predicted answers, or votes, verdicts and labels as well."""
SPEAKING = frozenset({"prompt", "cot"})
DRAWN = frozenset({"balance", "shuffle"})


@dataclass(frozen=True, slots=True)
class Written:
    """One file of an export. kind: by which validator it is read back, "" for none; lines: how many it has."""

    name: str
    lines: int
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """What a format writes from. room: the folder to write in; name: of the file, where the format is one.

    spools: the lines of each kind the format names.
    gatherers: who gathered them. facts: what the manifest says of each kind, to be added to. counts: of the rows. made:
    version, stage and provider of each step that led here.
    """

    room: Path
    name: str
    dataset: str
    version: int
    options: ExportOptions
    speaker: Speaker | None
    spools: Mapping[Kind, Spool]
    gatherers: Mapping[Kind, Gatherer]
    facts: Mapping[str, dict[str, Any]]
    counts: Mapping[str, Any]
    made: Sequence[Mapping[str, Any]]

    @property
    def path(self) -> Path:
        """Where a format of one file writes it."""
        return self.room / self.name

    def examples(self, kind: Kind) -> Iterator[Example]:
        """The examples of a kind, in order, read from disk as they are asked for."""
        return (Example(**value) for value in self.spools[kind].lines())


@dataclass(frozen=True, slots=True)
class Format:
    """One format; the first line of its file is its help. kinds: what it takes; the first tells what is left out.

    takes: its options beside --where, --split, --decision and --allow-simulated. decision: whose rows are taken where
    --decision is not given. tested: whether rows of the test split are left out where --split is not given. findings:
    what of them it shows. folder: it is one, not a file.
    """

    kinds: tuple[Kind, ...]
    write: Callable[[Job], list[Written]]
    takes: frozenset[str] = field(default_factory=frozenset)
    decision: str = "kept"
    tested: bool = False
    findings: Findings = "none"
    folder: bool = False


def lines_of(kind: Kind, line: Callable[[Example], Mapping[str, Any]], read_as: str) -> Callable[[Job], list[Written]]:
    """What writes one JSON object an example. read_as: the validator the file is read back by."""

    def write(job: Job) -> list[Written]:
        examples = job.examples(kind)
        array = job.path.suffix == ".json"
        return [Written(job.name, write_lines(job.path, map(line, examples), array=array), read_as)]

    return write
