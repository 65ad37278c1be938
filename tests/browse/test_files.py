"""The files of a version: whole or not there, made by one builder, found again, dropped, deleted under one's hands."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from augment.browse import (
    Filter,
    Shelf,
    build,
    forget_filter,
    make_room,
    place,
    save_filter,
    saved_filters,
)
from augment.browse import _file as file
from augment.errors import DiskTrouble, NotFound, UsageError
from augment.ledger import Ledger
from augment.review import by, decide
from augment.store import Store
from augment.types import Row
from augment.workbench import Workbench
from tests.browse.shelves import Room, put
from tests.tables import lineage

ROWS = [Row(f"{n:032x}", f"p{n}", question=f"第{n}题：递归函数", score=n / 100) for n in range(60)]


def cached(store: Store) -> set[str]:
    """The names in the cache, its locks left aside."""
    return {path.name for path in (store.root / ".augment" / "cache").iterdir() if path.suffix != ".lock"}


def wait_for(shelf: Shelf, version: int, deadline_s: float = 60.0) -> None:
    end = time.monotonic() + deadline_s
    while not shelf.browser("d", version).whole:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_small_version_has_no_files(tmp_path: Path) -> None:
    with Room(tmp_path, ROWS, filed=False) as room:
        assert room.browser.page(Filter()).total == 60
        assert not (room.store.root / ".augment" / "cache").exists()


def test_a_large_version_shows_its_first_rows_until_its_files_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("augment.browse._shelf.FIRST", 20)
    store = Store(tmp_path / "datasets")
    ledger = Ledger(tmp_path / "datasets" / ".augment" / "workbench.sqlite")
    version = put(store, ROWS)
    shelf = Shelf(store, ledger, large=50)
    first = shelf.browser("d", version)
    listing = first.page(Filter())
    assert (listing.total, listing.looked, listing.of, listing.partial) == (20, 20, 60, True)
    assert first.building is not None
    with pytest.raises(NotFound):
        list(first.ids(Filter()))
    wait_for(shelf, version)
    listing = shelf.browser("d", version).page(Filter())
    assert (listing.total, listing.partial) == (60, False)
    shelf.close()
    ledger.close()


@pytest.mark.parametrize("part", ["table", "rows", "search"])
def test_a_killed_builder_leaves_nothing_that_is_taken_for_whole(tmp_path: Path, part: str) -> None:
    store = Store(tmp_path / "datasets")
    version = put(store, ROWS)
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from augment.browse import _file, build\n"
        "from augment.store import Store\n"
        "def say(at, progress):\n"
        f"    if progress.part == {part!r} and progress.done:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "_file.Place.say = say\n"
        "build(Store(Path(sys.argv[1])), 'd', int(sys.argv[2]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(store.root), str(version)], check=False)
    assert done.returncode == -signal.SIGKILL
    at = place(store, "d", version)
    assert not at.ready
    assert (at.table.exists(), at.rows.exists()) == (part != "table", part == "search")
    assert at.progress() is None
    assert build(store, "d", version)
    assert cached(store) == {path.name for path in (at.table, at.rows, at.arrays, at.grams)}
    ledger = Ledger(tmp_path / "l.sqlite")
    shelf = Shelf(store, ledger, large=1)
    assert len(list(shelf.browser("d", version).ids(Filter(text="递归函数")))) == 60
    shelf.close()
    ledger.close()


def test_of_two_builders_one_builds(tmp_path: Path) -> None:
    store = Store(tmp_path / "datasets")
    version = put(store, ROWS)
    at = place(store, "d", version)
    at.folder.mkdir(parents=True)
    with at.building():
        at.say(file.Progress("table", 3, 60))
        assert not build(store, "d", version)
        assert at.progress() == file.Progress("table", 3, 60)
    assert not at.ready
    command = [sys.executable, "-m", "augment.browse._build", str(store.root), "d", str(version)]
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [one.wait(60) for one in both] == [0, 0]
    assert cached(store) == {path.name for path in (at.table, at.rows, at.arrays, at.grams)}


def test_a_version_restored_finds_the_files_of_the_one_it_equals(tmp_path: Path) -> None:
    store = Store(tmp_path / "datasets")
    first = put(store, ROWS[:30])
    second = put(store, ROWS[30:])
    restored = store.restore("d", first, lineage("restore"))
    assert place(store, "d", restored) == place(store, "d", first) != place(store, "d", second)


def test_a_dataset_made_of_others_under_an_old_name_has_files_of_its_own(tmp_path: Path) -> None:
    store = Store(tmp_path / "datasets")
    before = place(store, "d", put(store, ROWS))
    shutil.rmtree(store.root / "d")
    assert place(store, "d", put(store, ROWS[1:])) != before


def test_the_cache_may_be_deleted_while_it_is_read(tmp_path: Path) -> None:
    with Room(tmp_path, ROWS, filed=True) as room:
        browser = room.browser
        assert browser.count(Filter(score_from=0.5)) == 10
        shutil.rmtree(room.store.root / ".augment" / "cache")
        assert browser.page(Filter(text="第7题")).rows == [ROWS[7]]
        assert list(browser.ids(Filter(where="score < 0.03"))) == [row.row_id for row in ROWS[:3]]
        again = Shelf(room.store, room.ledger, large=1)
        wait_for(again, room.version)
        assert again.browser("d", room.version).page(Filter(text="第7题")).rows == [ROWS[7]]
        again.close()


@pytest.mark.parametrize("what", ["table", "grams", "rows", "index", "arrays"])
def test_a_damaged_file_is_made_again(tmp_path: Path, what: str) -> None:
    store = Store(tmp_path / "datasets")
    version = put(store, ROWS)
    assert build(store, "d", version)
    at = place(store, "d", version)
    if what == "table":
        at.table.write_bytes(b"no database" * 1000)
    elif what == "grams":
        (at.grams / "meta.json").write_bytes(b"{")
    elif what == "rows":
        (at.rows / "blocks").write_bytes(b"{")
    elif what == "index":
        (at.rows / "starts.npy").write_bytes(b"{")
    else:
        (at.arrays / "score.npz").write_bytes(b"{")
    ledger = Ledger(tmp_path / "l.sqlite")
    shelf = Shelf(store, ledger, large=1)
    wait_for(shelf, version)
    assert len(list(shelf.browser("d", version).ids(Filter(text="题：", score_from=0.0)))) == 60
    shelf.close()
    ledger.close()


def test_the_files_used_longest_ago_go_first(tmp_path: Path) -> None:
    store = Store(tmp_path / "datasets")
    versions = [put(store, ROWS[start : start + 20]) for start in (0, 20, 40)]
    places = [place(store, "d", version) for version in versions]
    for version, at in zip(versions, places, strict=True):
        build(store, "d", version)
        for path in (at.table, at.rows, at.arrays, at.grams):
            os.utime(path, (version + 1, version + 1))
    places[0].touch()
    size = sum(file._size(path) for at in places for path in (at.table, at.rows, at.arrays, at.grams))
    make_room(places[0].folder, size - 1)
    assert [at.ready for at in places] == [True, False, True]
    make_room(places[0].folder, 0, keep=places[2].key)
    assert [at.ready for at in places] == [False, False, True]


def test_a_builder_that_cannot_write_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augment.browse._shelf.FIRST", 20)
    store = Store(tmp_path / "datasets")
    ledger = Ledger(tmp_path / "l.sqlite")
    version = put(store, ROWS)
    (store.root / ".augment" / "cache").write_text("a file")
    with pytest.raises(DiskTrouble):
        build(store, "d", version)
    shelf = Shelf(store, ledger, large=50)
    end = time.monotonic() + 60
    while not shelf.browser("d", version).trouble:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert "a file stands where a folder should be" in shelf.browser("d", version).trouble
    assert shelf.browser("d", version).page(Filter()).partial
    shelf.close()
    ledger.close()


def test_a_decision_made_a_moment_ago_is_in_filters_and_counts(tmp_path: Path) -> None:
    with Room(tmp_path, ROWS, filed=True) as room:
        browser = room.browser
        assert browser.values(Filter(), "decision") == [("none", 60)]
        decide(room.browser, room.ledger, ROWS[5].row_id, "reject", by("林", "other"))
        assert browser.values(Filter(), "decision") == [("none", 59), ("reject", 1)]
        shown = browser.page(Filter(decision="reject")).rows
        assert [(row.row_id, row.decisions and row.decisions[0]["reviewer"]) for row in shown] == [
            (ROWS[5].row_id, "林")
        ]


def test_filters_are_saved_by_dataset_and_name(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.sqlite")
    hard = Filter(stage="reason", tags=("难",), score_to=0.4)
    save_filter(ledger, "a%", "难 100%", Filter())
    save_filter(ledger, "a%", "难 100%", hard)
    save_filter(ledger, "ab", "别的", Filter())
    assert saved_filters(ledger, "a%") == {"难 100%": hard}
    forget_filter(ledger, "a%", "难 100%")
    assert saved_filters(ledger, "a%") == {}
    with pytest.raises(NotFound):
        forget_filter(ledger, "a%", "难 100%")
    for name in ("", " ", "a\nb", "x" * 101, "\ud800"):
        with pytest.raises(UsageError):
            save_filter(ledger, "ab", name, hard)
    ledger.close()


def test_the_front_door_opens_a_version_and_keeps_its_filters(workspace: Path) -> None:
    with Workbench.open() as bench:
        version = put(bench.store, ROWS)
        bench.save_filter("d", "低分", Filter(score_to=0.02))
        found = list(bench.browse("d", version).ids(bench.saved_filters("d")["低分"]))
        assert found == [row.row_id for row in ROWS[:3]]
        bench.forget_filter("d", "低分")
        assert not bench.saved_filters("d")
