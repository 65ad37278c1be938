"""Atomic writes, syncs, locks, and what the disk says in words."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from augment.errors import Conflict, DiskTrouble
from augment.files import WORDS, digest, disk_errors, disk_trouble, lock, make_folder, write_atomic

HOLD_A_LOCK = """
import sys, time
from pathlib import Path
from augment.files import lock
with lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""
WRITE_A_FILE = """
import sys
from pathlib import Path
from augment.errors import DiskTrouble
from augment.files import write_atomic
{before}
try:
    write_atomic(Path(sys.argv[1]), b"n" * 200_000)
except DiskTrouble as error:
    print(error.message, "|", error.hint)
"""
SMALL_FILES_ONLY = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))"
AS_NOBODY = "import os; os.setgid(65534); os.setuid(65534)"


def run_python(code: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_written_file_holds_the_bytes_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "new folder" / "文件.bin"
    write_atomic(target, b"one\r\ntwo\0")
    write_atomic(target, b"three")
    assert target.read_bytes() == b"three"
    assert list(target.parent.iterdir()) == [target]


def test_a_name_as_long_as_the_disk_allows_can_be_written(tmp_path: Path) -> None:
    target = tmp_path / ("n" * 255)
    write_atomic(target, b"x")
    assert target.read_bytes() == b"x"


def test_threads_that_write_one_file_never_mix_their_bytes(tmp_path: Path) -> None:
    target = tmp_path / "shared"
    contents = [bytes([65 + n]) * (50_000 + n) for n in range(8)]
    errors: list[Exception] = []

    def write_often(data: bytes) -> None:
        try:
            for _ in range(8):
                write_atomic(target, data)
        except OSError as error:
            errors.append(error)

    threads = [threading.Thread(target=write_often, args=(data,)) for data in contents]
    for thread in threads:
        thread.start()
    seen = set()
    while any(thread.is_alive() for thread in threads):
        if target.exists():
            seen.add(target.read_bytes())
    for thread in threads:
        thread.join()
    assert not errors
    assert seen | {target.read_bytes()} <= set(contents)


def test_a_write_that_fails_keeps_the_old_bytes_and_says_why(tmp_path: Path) -> None:
    target = tmp_path / "kept"
    target.write_bytes(b"old")
    said = run_python(WRITE_A_FILE.format(before=SMALL_FILES_ONLY), target)
    assert "too large" in said
    assert said.split("|")[1].strip()
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not write")
def test_a_folder_that_may_not_be_written_is_said_so(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir(mode=0o755)
    for parent in (tmp_path, *tmp_path.parents):
        if parent != Path("/") and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    said = run_python(WRITE_A_FILE.format(before="import augment.files; " + AS_NOBODY), folder / "file")
    assert said.startswith("no permission to write")
    assert "--workspace" in said


@pytest.mark.parametrize("deep", ["", "below", "far/below"])
def test_a_file_where_a_folder_should_be_is_named(tmp_path: Path, deep: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(DiskTrouble, match="a file stands where a folder should be") as caught:
        make_folder(tmp_path / "file" / deep)
    assert str(tmp_path / "file") in caught.value.message
    assert caught.value.hint


def test_a_new_folder_and_every_new_folder_above_it_is_synced_into_its_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def recorded(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", recorded)
    make_folder(tmp_path / "a" / "b" / "c")
    assert {str(tmp_path), str(tmp_path / "a"), str(tmp_path / "a" / "b")} <= set(synced)
    synced.clear()
    make_folder(tmp_path / "a" / "b" / "c")
    assert synced == []


@pytest.mark.parametrize("number", sorted(WORDS), ids=lambda number: errno.errorcode[number])
def test_an_error_that_only_names_its_number_in_text_is_told_in_the_same_words(number: int) -> None:
    plain = disk_trouble(OSError(number, "x"))
    wrapped = disk_trouble(OSError(f"Failed to write. Detail: [errno {number}] something"))
    assert plain is not None
    assert wrapped is not None
    assert (wrapped.message, wrapped.hint) == (plain.message, plain.hint)


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EAGAIN, errno.ENOMEM, errno.ECONNREFUSED, errno.ETIMEDOUT])
def test_an_error_that_is_none_of_the_disks_is_not_taken_for_one(number: int) -> None:
    assert disk_trouble(OSError(number, os.strerror(number))) is None
    assert disk_trouble(OSError(f"Failed. Detail: [errno {number}] {os.strerror(number)}")) is None


def test_what_is_none_of_the_disks_passes_unchanged() -> None:
    with pytest.raises(FileNotFoundError), disk_errors("somewhere"):
        raise FileNotFoundError(errno.ENOENT, "gone")


def test_a_lock_held_by_another_process_is_refused_after_the_wait_and_free_when_it_dies(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "one.lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLD_A_LOCK, str(path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        started = time.monotonic()
        with pytest.raises(Conflict, match=r"one\.lock") as caught, lock(path, wait_s=0.2):
            pytest.fail("two processes hold one lock")
        assert 0.2 <= time.monotonic() - started < 5
        assert caught.value.hint
        holder.kill()
        holder.wait()
        with lock(path, wait_s=0):
            pass
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def test_threads_exclude_each_other_and_an_error_inside_frees_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with lock(path, wait_s=0), pytest.raises(Conflict), lock(path, wait_s=0):
        pytest.fail("held twice")
    with pytest.raises(ZeroDivisionError), lock(path, wait_s=0):
        raise ZeroDivisionError
    with lock(path, wait_s=0):
        pass


def test_a_digest_is_sha_256_in_hexadecimal() -> None:
    assert digest(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
