"""What every format's file offers, and what it is given to write with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from augment.exports._chat import Example, Speaker
from augment.exports._lines import write_lines
from augment.exports._options import ExportOptions
from augment.exports._spool import Spool

Kind: TypeAlias = Literal["solutions", "pairs", "labelled", "scored", "answers", "checks", "rows", "filled"]
"""What of a version a file takes: right solutions · pairs of a right and a wrong one · both, each with its label · the
same with reasoning alone · a first agent's · a second agent's checks · whole rows · the answers to a source file."""

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

    spools: the lines of each kind the format names. facts: what the manifest should say beside the counts.
    """

    room: Path
    name: str
    dataset: str
    version: int
    options: ExportOptions
    speaker: Speaker | None
    spools: Mapping[Kind, Spool]
    facts: Mapping[str, Mapping[str, Any]]

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
    whether it shows votes, verdicts and tags. folder: it is one, not a file.
    """

    kinds: tuple[Kind, ...]
    write: Callable[[Job], list[Written]]
    takes: frozenset[str] = field(default_factory=frozenset)
    decision: str = "kept"
    tested: bool = False
    findings: bool = False
    folder: bool = False


def lines_of(kind: Kind, line: Callable[[Example], Mapping[str, Any]], read_as: str) -> Callable[[Job], list[Written]]:
    """What writes one JSON object an example. read_as: the validator the file is read back by."""

    def write(job: Job) -> list[Written]:
        examples = job.examples(kind)
        array = job.path.suffix == ".json"
        return [Written(job.name, write_lines(job.path, map(line, examples), array=array), read_as)]

    return write
