"""The sample is exported once for every version of nbframes, and each process works on a copy of its own."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
import time
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_WEEK: Final = 7 * 24 * 3600
_filling: Final = Lock()


def own_copy(benchmarks: Sequence[str]) -> Path:
    """Folder of this process's store, which lasts as long as the process, with these benchmarks in it.

    The files are links where the file system has them: a store replaces files, it never writes into one.
    """
    root = _temporary_folder("store")
    with _filling:
        for benchmark in benchmarks:
            if not (root / "manifests" / f"{benchmark}.json").exists():
                skipped = shutil.ignore_patterns(".nbframes")
                shutil.copytree(_exported(benchmark), root, copy_function=_link, ignore=skipped, dirs_exist_ok=True)
    return root


def cache_folder() -> Path:
    """Folder of what this very code exports: a change of the code, as in a checkout, gives another one."""
    from platformdirs import user_cache_path

    from nbframes import __version__

    package = Path(__file__).parents[1]
    state = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        status = path.stat()
        state.update(f"{path.relative_to(package)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return user_cache_path("nbframes", appauthor=False) / "synthetic" / f"{__version__}-{state.hexdigest()[:12]}"


def _exported(benchmark: str) -> Path:
    """Store with one benchmark, complete as soon as it has its name, whichever process is the first to finish it."""
    from nbframes.synthetic import make

    folder = _writable(cache_folder())
    done = folder / benchmark
    if not done.is_dir():
        staging = Path(tempfile.mkdtemp(prefix=".staging-", dir=folder))
        try:
            make([benchmark], staging)
            staging.rename(done)
        except OSError:
            if not done.is_dir():
                raise
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return done


def _writable(folder: Path) -> Path:
    """Return the folder, made if it can be, without those of other versions beside it; else one of this process."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return _temporary_folder("cache")
    if not os.access(folder, os.W_OK):
        return _temporary_folder("cache")
    for other in folder.parent.iterdir():
        if other != folder and other.stat().st_mtime < time.time() - _WEEK:
            shutil.rmtree(other, ignore_errors=True)
    return folder


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@cache
def _temporary_folder(purpose: str) -> Path:
    folder = tempfile.mkdtemp(prefix=f"nbframes-sample-{purpose}-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
