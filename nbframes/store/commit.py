"""How a benchmark appears in a store: complete or not at all.

A writer fills a staging folder of its own below ``STORE/.nbframes/staging``. When all of it is on disk, a commit record
is put into ``STORE/.nbframes``; from that moment the new state counts. Moving the folders into place can be repeated
from any point, so whoever next writes or verifies finishes a commit that was interrupted.

    STORE/.nbframes/lock                held while a commit is carried out
    STORE/.nbframes/commit.json         the open record, if any
    STORE/.nbframes/staging/<token>/    one per writer; its own `lock` tells whether that writer lives
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbframes.errors import BenchmarkExistsError, StoreError
from nbframes.schema import TABLES, manifest_file, table_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTROL = ".nbframes"
RECORD = f"{CONTROL}/commit.json"


class Staging:
    """A folder in which one benchmark is prepared, and its commit into the store.

    Parameters
    ----------
    store
        Root of the store; made if absent.
    benchmark
        Name of the benchmark.
    overwrite
        Whether a benchmark of that name may be replaced.

    Raises
    ------
    BenchmarkExistsError
        If the benchmark is there and must not be replaced.
    """

    def __init__(self, store: Path, benchmark: str, *, overwrite: bool) -> None:
        self.store = store
        self.benchmark = benchmark
        self.overwrite = overwrite
        recover(store)
        self._check_absent()
        parent = store / CONTROL / "staging"
        parent.mkdir(parents=True, exist_ok=True)
        self.folder = parent / f"{benchmark}-{uuid.uuid4().hex[:12]}"
        self._alive = _Lock(self.folder / "lock")
        with _writing(store):
            self.folder.mkdir()
            self._alive.acquire()

    def _check_absent(self) -> None:
        if not self.overwrite and (self.store / manifest_file(self.benchmark)).exists():
            msg = (
                f"benchmark {self.benchmark!r} is already in the store {str(self.store)!r}; "
                "pass overwrite=True (--overwrite) to replace it"
            )
            raise BenchmarkExistsError(msg)

    def commit(self) -> None:
        """Make everything durable, then replace the benchmark in the store by what was staged."""
        sync_tree(self.folder)
        with _writing(self.store):
            _finish_open_record(self.store)
            self._check_absent()
            tables = [table for table in TABLES if (self.folder / table_folder(table, self.benchmark)).is_dir()]
            record = {"benchmark": self.benchmark, "staging": self.folder.name, "tables": tables}
            _write_durably(self.store / RECORD, json.dumps(record).encode())
            _finish_open_record(self.store)
        self.discard()

    def discard(self) -> None:
        """Remove the staging folder; the store is left as it is."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._alive.release()
        shutil.rmtree(self.folder, ignore_errors=True)  # where a file that is open cannot be removed


def recover(store: Path) -> bool:
    """Finish an interrupted commit and clear what dead writers left; return whether there was anything to do."""
    if not (store / CONTROL).is_dir():
        return False
    with _writing(store):
        finished = _finish_open_record(store)
        cleared = [folder for folder in _staging_folders(store) if _is_abandoned(folder)]
        for folder in cleared:
            shutil.rmtree(folder, ignore_errors=True)
    return finished or bool(cleared)


def open_record(store: Path) -> dict[str, Any] | None:
    """Read the commit record that is open in a store, if there is one."""
    try:
        content = (store / RECORD).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    record: dict[str, Any] = json.loads(content)
    return record


@contextmanager
def explain_os_errors(store: Path) -> Iterator[None]:
    """Turn a full disk and its like into an error that says so."""
    reasons = {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "the disk quota is used up",
        errno.EFBIG: "a file reached the largest size allowed here",
        errno.EROFS: "the file system is read-only",
        errno.EACCES: "permission is denied",
        errno.EPERM: "permission is denied",
        errno.EEXIST: "there is a file where a folder should be",
        errno.ENOTDIR: "there is a file where a folder should be",
    }
    try:
        yield
    except OSError as error:
        reason = reasons.get(error.errno or 0)
        if reason is None:
            raise
        msg = f"cannot write to the store {str(store)!r}: {reason} ({error}). The store is unchanged; put that right and try again"
        raise StoreError(msg) from error


def sync_tree(folder: Path) -> None:
    """Fsync every file and folder below ``folder``, and itself."""
    for root, _, files in os.walk(folder):
        for name in files:
            _sync(Path(root, name))
        _sync(Path(root))


def _finish_open_record(store: Path) -> bool:
    record = open_record(store)
    if record is None:
        return False
    benchmark, staging = record["benchmark"], store / CONTROL / "staging" / record["staging"]
    manifest = manifest_file(benchmark)
    if (staging / manifest).exists():
        for table in TABLES:
            _replace_folder(staging, store, table_folder(table, benchmark), staged=table in record["tables"])
        (store / manifest).parent.mkdir(parents=True, exist_ok=True)
        (staging / manifest).replace(store / manifest)
        _sync((store / manifest).parent)
        _sync(store)
    (store / RECORD).unlink()
    _sync(store / CONTROL)
    return True


def _replace_folder(staging: Path, store: Path, folder: str, *, staged: bool) -> None:
    """Put a staged folder in place of the one in the store; can be repeated from wherever it was interrupted."""
    new, target, old = staging / folder, store / folder, staging / "old" / folder
    if target.exists() and (new.exists() or not staged):
        old.parent.mkdir(parents=True, exist_ok=True)
        target.rename(old)
    if new.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        new.rename(target)
        _sync(target.parent)


def _staging_folders(store: Path) -> list[Path]:
    parent = store / CONTROL / "staging"
    return sorted(parent.iterdir()) if parent.is_dir() else []


def _is_abandoned(folder: Path) -> bool:
    """Whether the writer of a staging folder is dead; one that is just removing its folder lives."""
    lock = _Lock(folder / "lock")
    try:
        if not lock.acquire(wait=False):
            return False
    except FileNotFoundError:
        return False
    lock.release()
    return True


@contextmanager
def _writing(store: Path) -> Iterator[None]:
    lock = _Lock(store / CONTROL / "lock")
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


class _Lock:
    """An exclusive lock on a file, given up by the system when its process dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def acquire(self, *, wait: bool = True) -> bool:
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock_handle(handle, wait=wait)
        except BlockingIOError:
            os.close(handle)
            return False
        self._handle = handle
        return True

    def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


if os.name == "nt":

    def _lock_handle(handle: int, *, wait: bool) -> None:
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]

    def _sync(path: Path) -> None:
        if path.is_file():
            _sync_file(path, os.O_RDWR)
else:

    def _lock_handle(handle: int, *, wait: bool) -> None:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _sync(path: Path) -> None:
        _sync_file(path, os.O_RDONLY)


def _sync_file(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_durably(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(content)
    _sync(temporary)
    temporary.replace(path)
    _sync(path.parent)
