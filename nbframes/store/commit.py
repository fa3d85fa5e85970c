"""How a benchmark, or an attachment to it, appears in a store: complete or not at all.

A writer fills a staging folder of its own below ``STORE/.nbframes/staging``. When all of it is on disk, a commit record
is put into ``STORE/.nbframes``; from that moment the new state counts. Moving the files into place can be repeated from
any point, so whoever next writes or verifies finishes a commit that was interrupted. File names carry the hash of the
content, so that new files lie beside the old ones until the manifest has been replaced.

    STORE/.nbframes/lock                   held while a commit is carried out
    STORE/.nbframes/commit.json            the open record, if any
    STORE/.nbframes/staging/<token>/       one per writer, laid out as the store
    STORE/.nbframes/staging/<token>.lock   held as long as that writer lives
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nbframes.errors import BenchmarkExistsError, StoreError
from nbframes.schema import CONTROL, RECORD, TABLES, manifest_file, manifest_owner, table_folder
from nbframes.store.delta import refresh
from nbframes.store.locks import Lock, locked
from nbframes.store.storage import check_contained
from nbframes.store.validation import check_path, check_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbframes.store.manifest import Manifest

_STAGING = f"{CONTROL}/staging"


class Record(NamedTuple):
    """A commit that has been decided."""

    benchmark: str
    attachment: str
    staging: str
    """Name of the staging folder."""
    withdraw: bool
    """Whether the manifest is removed instead of replaced."""
    remove: list[str]
    """Files that belong to the old state alone."""


class Staging:
    """A folder in which a benchmark or an attachment is prepared, and its commit into the store.

    Parameters
    ----------
    store
        Root of the store; made if absent.
    benchmark
        Name of the benchmark.
    overwrite
        Whether a benchmark or attachment of that name may be replaced.
    attachment
        Name of the attachment, "" for the benchmark itself.

    Raises
    ------
    BenchmarkExistsError
        If it is there and must not be replaced, or a name that differs from it in case alone is there.
    """

    def __init__(self, store: Path, benchmark: str, *, overwrite: bool, attachment: str = "") -> None:
        self.store = store
        self.benchmark = benchmark
        self.attachment = attachment
        self.overwrite = overwrite
        recover(store)
        self._check_absent()
        self.folder = store / _STAGING / uuid.uuid4().hex
        self._lock_file = self.folder.with_suffix(".lock")
        self._alive = Lock(self._lock_file)
        self._decided = False
        with writing(store):
            self._alive.acquire()
            self.folder.mkdir()

    def _check_absent(self) -> None:
        self._refuse_other_spelling()
        if not self.overwrite and (self.store / manifest_file(self.benchmark, self.attachment)).exists():
            what = f"attachment {self.attachment!r} of {self.benchmark!r}" if self.attachment else repr(self.benchmark)
            msg = (
                f"benchmark {what} is already in the store {str(self.store)!r}; "
                "pass overwrite=True (--overwrite) to replace it"
            )
            raise BenchmarkExistsError(msg)

    def _refuse_other_spelling(self) -> None:
        """Names that differ in case alone share their files where file systems ignore case, as on macOS and Windows."""
        wanted = (self.store / manifest_file(self.benchmark, self.attachment)).stem
        present = {path.stem for path in (self.store / "manifests").glob("*.json")}
        if wanted not in present and (other := [name for name in present if name.casefold() == wanted.casefold()]):
            msg = f"{wanted!r} differs from {other[0]!r} of the store only in upper and lower case; use that name or choose another"
            raise BenchmarkExistsError(msg)

    def commit(self, manifest: Manifest) -> None:
        """Make everything durable, then replace what the store has by what was staged."""
        path = self.folder / manifest.path
        path.parent.mkdir(parents=True)
        path.write_bytes(manifest.to_json())
        sync_tree(self.folder)
        with writing(self.store):
            _finish_open_record(self.store)
            self._check_absent()
            new = {file.path for file in manifest.files()}
            remove = sorted(_present_files(self.store, self.benchmark, self.attachment) - new)
            _put_record(self.store, Record(self.benchmark, self.attachment, self.folder.name, False, remove))
            self._decided = True
            try:
                _finish_open_record(self.store)
            except OSError as error:
                msg = (
                    f"the commit to {str(self.store)!r} was decided but could not be finished ({error})"
                    "\n\nHint: fix this; the next process that writes to the store or verifies it finishes the commit"
                )
                raise StoreError(msg) from error
            self._decided = False

    def discard(self) -> None:
        """Remove the staging folder, unless a commit of it was decided; the store is left as it is."""
        if not self._decided:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._alive.release()
        with suppress(OSError):
            self._lock_file.unlink()


def withdraw(store: Path, benchmark: str, attachment: str) -> None:
    """Remove an attachment, or a benchmark, with its files and its manifest."""
    recover(store)
    with writing(store):
        _finish_open_record(store)
        remove = sorted(_present_files(store, benchmark, attachment))
        _put_record(store, Record(benchmark, attachment, uuid.uuid4().hex, True, remove))
        _finish_open_record(store)


def recover(store: Path, *, wait: bool = True) -> bool:
    """Finish an interrupted commit and clear what dead writers left; return whether there was anything to do.

    Parameters
    ----------
    store
        Root of the store.
    wait
        Whether to wait for a commit that is under way.

    Raises
    ------
    StoreError
        If the commit record or what was staged is not what nbframes writes; nothing is changed then.
    """
    if not os.path.lexists(store / RECORD) and not _staged_names(store):
        return False
    open_record(store)  # what is not a record is refused before anything is made
    with writing(store, wait=wait) as mine:
        if not mine:
            return False
        finished = _finish_open_record(store)
        cleared = [name for name in sorted(_staged_names(store)) if _clear_if_abandoned(store / _STAGING, name)]
    return finished or bool(cleared)


def open_record(store: Path) -> Record | None:
    """Read the commit record that is open in a store, if there is one.

    Raises
    ------
    StoreError
        If it is not one that nbframes writes.
    """
    try:
        content = (store / RECORD).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        document = json.loads(content)
        check_record(document)
    except (ValueError, RecursionError) as error:
        msg = (
            f"{str(store / RECORD)!r} is not a commit record that nbframes writes ({error}); nothing was touched"
            "\n\nHint: if you trust the store, delete that file; the store is then what its manifests say"
        )
        raise StoreError(msg) from error
    return Record(**document)


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
        if isinstance(error, StoreError):
            raise
        reason = reasons.get(error.errno or 0, "the system refused")
        msg = f"cannot write to the store {str(store)!r}: {reason} ({error}). The store is unchanged; fix this and try again"
        raise StoreError(msg) from error


def sync_tree(folder: Path) -> None:
    """Fsync every file and folder below ``folder``, and itself."""
    for root, _, files in os.walk(folder):
        for name in files:
            _sync(Path(root, name))
        _sync(Path(root))


def _present_files(store: Path, benchmark: str, attachment: str) -> set[str]:
    """Files of the present state: those that a manifest names; of a benchmark itself, all but those of its attachments."""
    if attachment:
        path = store / manifest_file(benchmark, attachment)
        return _named_files(path, benchmark, attachment) if path.exists() else set()
    present: set[str] = set()
    for table in TABLES:
        folder = table_folder(table, benchmark)
        check_contained(store, folder)
        for file in (store / folder).rglob("*.parquet"):
            path_in_store = file.relative_to(store).as_posix()
            with suppress(ValueError):
                check_path(path_in_store, table, benchmark)
                present.add(path_in_store)
    return present - _files_of_others(store, benchmark, attachment)


def _files_of_others(store: Path, benchmark: str, attachment: str | None) -> set[str]:
    """Files that the manifests of a benchmark and of its attachments name, but for one of them."""
    found: set[str] = set()
    for path in (store / "manifests").glob(f"{benchmark}*.json"):
        owner = manifest_owner(path.name)
        if owner is not None and owner[0] == benchmark and owner[1] != attachment:
            found |= _named_files(path, *owner)
    return found


def _named_files(path: Path, benchmark: str, attachment: str) -> set[str]:
    from nbframes.store.manifest import Manifest

    manifest = Manifest.from_json(path.read_bytes(), path, benchmark=benchmark, attachment=attachment)
    return {file.path for file in manifest.files()}


def _put_record(store: Path, record: Record) -> None:
    path = store / RECORD
    temporary = path.with_suffix(".tmp")
    try:
        temporary.unlink(missing_ok=True)  # it may be a link that somebody put there
        with temporary.open("xb") as file:
            file.write(json.dumps(record._asdict()).encode())
        _sync(temporary)
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync(path.parent)


def _finish_open_record(store: Path) -> bool:
    record = open_record(store)
    if record is None:
        return False
    path = manifest_file(record.benchmark, record.attachment)
    staging = store / _STAGING / record.staging
    for folder in {"manifests", f"{_STAGING}/{record.staging}", *map(_folder, record.remove)}:
        check_contained(store, folder)
    if record.withdraw:
        (store / path).unlink(missing_ok=True)
    elif (staging / path).exists():
        _move_into_place(store, staging, _staged_manifest(store, staging, record))
    _remove_old(store, record)
    _sync(store / "manifests")
    with suppress(StoreError):  # a log or a manifest that is damaged holds up nobody; `verify` shows both
        refresh(store)
    (store / RECORD).unlink()
    _sync(store / CONTROL)
    return True


def _staged_manifest(store: Path, staging: Path, record: Record) -> Manifest:
    """Manifest that is to be put into place, after a look at every file that it names: nothing is touched if one is wrong."""
    from nbframes.store.manifest import Manifest

    path = staging / manifest_file(record.benchmark, record.attachment)
    check_contained(store, f"{_STAGING}/{record.staging}/manifests")
    manifest = Manifest.from_json(path.read_bytes(), path, benchmark=record.benchmark, attachment=record.attachment)
    for folder in {_folder(file.path) for file in manifest.files()}:
        check_contained(store, folder)
        check_contained(staging, folder)
    for file in manifest.files():
        here = next((p for p in (staging / file.path, store / file.path) if p.is_file() and not p.is_symlink()), None)
        if here is None or here.stat().st_size != file.size:
            msg = (
                f"the commit that is open in {str(store)!r} cannot be finished: {file.path!r} is not as it was staged; nothing was "
                f"touched\n\nHint: delete {str(store / RECORD)!r} and write {record.benchmark!r} again"
            )
            raise StoreError(msg)
    return manifest


def _move_into_place(store: Path, staging: Path, manifest: Manifest) -> None:
    """Move the staged files, then the manifest; can be repeated from wherever it was interrupted."""
    folders = sorted({_folder(file.path) for file in manifest.files()} | {_folder(manifest.path)})
    for folder in folders:
        (store / folder).mkdir(parents=True, exist_ok=True)
    for file in manifest.files():
        if (staging / file.path).exists():
            (staging / file.path).replace(store / file.path)
    touched = {parent for folder in folders for parent in (store / folder, *(store / folder).parents)}
    for parent in touched:
        if parent == store or store in parent.parents:
            _sync(parent)
    (staging / manifest.path).replace(store / manifest.path)


def _remove_old(store: Path, record: Record) -> None:
    """Remove the files of the old state, but none that a manifest names, and the folders that become empty."""
    try:
        named = _files_of_others(store, record.benchmark, None)
    except StoreError:
        return  # who cannot tell what is in use removes nothing; `verify` shows what is left over
    for path in set(record.remove) - named:
        (store / path).unlink(missing_ok=True)
        folder = (store / path).parent
        with suppress(OSError):  # not empty
            while folder.parent != store:
                folder.rmdir()
                folder = folder.parent


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _staged_names(store: Path) -> set[str]:
    """Names of the staging folders, with a lock, a folder or both."""
    try:
        return {path.name.removesuffix(".lock") for path in (store / _STAGING).iterdir()}
    except (FileNotFoundError, NotADirectoryError):
        return set()


def _clear_if_abandoned(parent: Path, name: str) -> bool:
    """Remove a staging folder whose writer is dead."""
    lock = Lock(parent / f"{name}.lock")
    if not lock.acquire(wait=False):
        return False
    shutil.rmtree(parent / name, ignore_errors=True)
    lock.release()
    with suppress(OSError):
        (parent / f"{name}.lock").unlink()
    return True


@contextmanager
def writing(store: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of a store; without ``wait`` tell whether it could be had."""
    check_contained(store, CONTROL)
    check_contained(store, _STAGING)
    (store / _STAGING).mkdir(parents=True, exist_ok=True)
    with locked(store / CONTROL / "lock", wait=wait) as mine:
        yield mine


def _sync(path: Path) -> None:
    if os.name == "nt":
        if path.is_file():
            _sync_file(path, os.O_RDWR)
    else:
        _sync_file(path, os.O_RDONLY)


def _sync_file(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
