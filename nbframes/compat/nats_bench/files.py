"""Upstream's file helpers: its pickles are read as plain data, never as programs."""

from __future__ import annotations

import bz2
import os
import pickle
import time
from pathlib import Path
from typing import Any, Final

from nbframes.errors import InvalidArgumentError

PICKLE_EXT: Final = "pickle.pbz2"

_file_system = "default"


def time_string() -> str:
    """Time of day, as upstream prints it."""
    return time.strftime("[%Y-%m-%d %X]", time.gmtime())


def reset_file_system(lib: str = "default") -> None:
    """Choose where files are: ``"default"``, the local disk, is the only place that the helpers here read."""
    global _file_system  # noqa: PLW0603  upstream's switch is global
    _file_system = lib


def get_file_system() -> str:
    """Return what `reset_file_system` chose."""
    return _file_system


def get_torch_home() -> str:
    """Return ``$TORCH_HOME``, else ``.torch`` in the home folder.

    Raises
    ------
    ValueError
        If the environment has neither.
    """
    if "TORCH_HOME" in os.environ:
        return os.environ["TORCH_HOME"]
    if "HOME" in os.environ:
        return str(Path(os.environ["HOME"]) / ".torch")
    msg = (
        "Did not find HOME in os.environ. "
        "Please at least setup the path of HOME or TORCH_HOME in the environment."
    )  # fmt: skip
    raise ValueError(msg)


def nats_is_dir(file_path: str | os.PathLike[str]) -> bool:
    """Whether there is a folder at a path."""
    _check_local()
    return Path(file_path).is_dir()


def nats_is_file(file_path: str | os.PathLike[str]) -> bool:
    """Whether there is a file at a path."""
    _check_local()
    return Path(file_path).is_file()


def pickle_save(obj: Any, file_path: str | os.PathLike[str], ext: str = ".pbz2", protocol: int = 4) -> None:
    """Pickle an object into a bz2 file of that name and extension."""
    _check_local()
    with bz2.BZ2File(f"{file_path}{ext}", "wb") as target:
        pickle.dump(obj, target, protocol=protocol)


def pickle_load(file_path: str | os.PathLike[str], ext: str = ".pbz2") -> Any:
    """Plain data of a bz2-compressed pickle at a path, or at the path with the extension.

    Unlike upstream's, it runs nothing: numbers, text, containers and numpy's numbers and arrays are read, everything else
    is refused.

    Raises
    ------
    UnsafePickleError
        If the pickle holds anything but plain data.
    SourceError
        If it is truncated or corrupt.
    """
    from nbframes.export.containers import pickles

    _check_local()
    path = Path(file_path) if nats_is_file(file_path) else Path(f"{file_path}{ext}")
    with bz2.BZ2File(path, "rb") as source:
        return pickles.load(source.read(), str(path))


def _check_local() -> None:
    if _file_system == "default":
        return
    if _file_system == "google":
        msg = (
            "nbframes reads no Google storage through TensorFlow: copy the file, or open a store by its URL with "
            "nbframes.open_store('gs://...')"
        )
        raise InvalidArgumentError(msg)
    msg = f"Unknown file system lib: {_file_system}"
    raise ValueError(msg)
