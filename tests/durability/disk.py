"""A disk after a power cut: what a log of system calls leaves on it, when only what was synced is sure to stay.

The strictest disk that POSIX allows: a file's bytes stay when the file is synced, its name when its folder is. What was
not synced may be gone altogether, or be there in part: names without bytes, a write cut anywhere.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.durability.syscalls import NAMES, SYNCS, WRITES, Call

PASSING = "/.augment/runs"  # what a run says of itself while it goes on: never synced, and nothing is built on it
MEMORY = "-shm"  # SQLite makes it anew from the log when nobody has the database open


@dataclass(slots=True)
class Body:
    """A file apart from its names. kept: its bytes when it was last synced; since: what was done to them later."""

    kept: bytes = b""
    since: list[tuple[int, bytes | None]] = field(default_factory=list)  # offset and bytes; None: cut there

    def after(self, steps: int | None = None, last: float = 1.0) -> bytes:
        """The bytes after so many steps, of the last of which only a part came through."""
        data = bytearray(self.kept)
        taken = self.since if steps is None else self.since[:steps]
        for number, (offset, new) in enumerate(taken, 1):
            if new is None:
                del data[offset:]
                data.extend(bytes(offset - len(data)))
                continue
            part = new if number < len(taken) else new[: round(len(new) * last)]
            data.extend(bytes(max(0, offset - len(data))))
            data[offset : offset + len(part)] = part
        return bytes(data)


class Disk:
    """The files under one folder, as a process sees them (``names``) and as they are sure to stay (``sure``)."""

    def __init__(self, root: Path, before: Path) -> None:
        self.root = str(root)
        self.names: dict[str, Body | None] = {}  # None: a folder
        for path in sorted(before.rglob("*")):
            name = str(path.relative_to(before))
            self.names[name] = None if path.is_dir() else Body(path.read_bytes())
        self.names[""] = None
        self.sure = dict(self.names)
        self._ends: dict[tuple[str, int], int] = {}

    def touches(self, call: Call) -> list[str]:
        """The files under the folder that the call changes, as names relative to it."""
        if call.result < 0:
            return []
        if call.name == "openat":
            if not any(flag in call.arguments for flag in ("O_CREAT", "O_TRUNC")):
                return []
            found = [call.texts[0].decode()]
        elif call.name in (*WRITES, *SYNCS):
            found = list(call.paths[:1])
        elif call.name in NAMES:
            found = [text.decode() for text in call.texts]
        else:
            return []
        inside = [
            path
            for path in found
            if f"{path}/".startswith(f"{self.root}/")
            and not path.endswith((" (deleted)", MEMORY))
            and PASSING not in path
        ]
        return [path[len(self.root) :].lstrip("/") for path in inside]

    def apply(self, call: Call) -> None:
        """What the call did."""
        touched = self.touches(call)
        if not touched:
            return
        name = touched[0]
        if call.name == "openat":
            self._open(name, call)
        elif call.name in SYNCS:
            self._sync(name)
        elif call.name in WRITES:
            self._write(name, call)
        elif call.name in ("rename", "renameat", "renameat2"):
            self.names[touched[1]] = self.names.pop(name)
        elif call.name in ("link", "linkat"):
            self.names[touched[1]] = self.names[name]
        elif call.name in ("mkdir", "mkdirat"):
            self.names[name] = None
        elif call.name in ("unlink", "unlinkat", "rmdir"):
            self.names.pop(name, None)
        else:
            raise AssertionError(f"{call.name} is new here: {call}")

    def lay_out(self, folder: Path) -> None:
        """Writes what is sure to stay."""
        _lay_out(folder, {name: None if body is None else body.kept for name, body in self.sure.items()})

    def lay_out_torn(self, folder: Path, dice: random.Random) -> None:
        """Writes what may be there as well: all names, and of each file's unsynced writes some, the last in part."""
        found: dict[str, bytes | None] = {}
        for name, body in sorted(self.names.items()):
            part = dice.random()
            found[name] = None if body is None else body.after(dice.randint(0, len(body.since)), part)
        _lay_out(folder, found)

    def _open(self, name: str, call: Call) -> None:
        body = self.names.get(name)
        if not isinstance(body, Body):
            self.names[name] = Body()
        elif "O_TRUNC" in call.arguments:
            body.since.append((0, None))
        self._ends[name, call.result] = 0

    def _write(self, name: str, call: Call) -> None:
        body = self.names[name]
        assert isinstance(body, Body), call
        numbers = [part.strip() for part in call.arguments.split(",")]
        if call.name == "pwrite64":
            body.since.append((int(numbers[3]), call.texts[0][: call.result]))
        elif call.name == "write":
            handle = int(numbers[0])
            end = self._ends.get((name, handle), len(body.after()))
            self._ends[name, handle] = end + call.result
            body.since.append((end, call.texts[0][: call.result]))
        elif call.name in ("ftruncate", "truncate"):
            body.since.append((int(numbers[1]), None))
        elif call.name != "fallocate":
            raise AssertionError(f"{call.name} is new here: {call}")

    def _sync(self, name: str) -> None:
        body = self.names[name]
        if body is not None:
            body.kept = body.after()
            body.since.clear()
            return
        inside = [other for other in {*self.names, *self.sure} if other and _parent(other) == name]
        for other in inside:
            if other in self.names:
                self.sure[other] = self.names[other]
            else:
                del self.sure[other]


def _parent(name: str) -> str:
    return name.rpartition("/")[0]


def _lay_out(folder: Path, found: dict[str, bytes | None]) -> None:
    folder.mkdir(parents=True)
    for name, data in sorted(found.items()):
        if not all(_has_folder(parent, found) for parent in _parents(name)):
            continue  # its folder is gone
        if data is None:
            (folder / name).mkdir(exist_ok=True)
        else:
            (folder / name).write_bytes(data)


def _has_folder(name: str, found: dict[str, bytes | None]) -> bool:
    return name in found and found[name] is None


def _parents(name: str) -> Iterator[str]:
    while name:
        name = _parent(name)
        yield name
