"""NASBenchAPI's pickles, brought as ``nasbenchapi.download`` brings them, and verified."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nbframes.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable

ENV_VARS: Final = {number: f"NASBENCH{number}_PATH" for number in ("101", "201", "301")}
"""Environment variables that name the place of a pickle."""


def resolve_download_path(benchmark: str | int, output: str | os.PathLike[str] | None = None) -> Path:
    """Return the file that a benchmark's pickle is downloaded to.

    Parameters
    ----------
    benchmark
        ``"101"``, ``"201"`` or ``"301"``.
    output
        A file, or a folder; by default what the environment variable in `ENV_VARS` names, else ``datasets`` in the current
        folder.

    Raises
    ------
    UnknownNameError
        If there is no such benchmark.

    Examples
    --------
    >>> from nbframes.compat.nasbenchapi.download import resolve_download_path
    >>> resolve_download_path("101", "data").name
    'nasbench101.pkl'
    """
    number = checked(benchmark, ENV_VARS)
    name = f"nasbench{number}.pkl"
    given = output or os.environ.get(ENV_VARS[number])
    if given is None:
        return Path.cwd() / "datasets" / name
    path = Path(given)
    return path / name if path.is_dir() or not path.suffix else path


def download_benchmark(benchmark: str | int, output: str | os.PathLike[str] | None = None, force: bool = False) -> Path:
    """Download NASBenchAPI's pickle of a benchmark, to be exported with `nbframes.export`.

    Parameters
    ----------
    benchmark, output
        As `resolve_download_path` takes them.
    force
        Whether to download it again if the file is there.

    Returns
    -------
    Path
        The pickle.

    Raises
    ------
    UnknownNameError
        If there is no such benchmark.
    """
    from nbframes.downloads import download

    destination = resolve_download_path(benchmark, output)
    if force or not destination.exists():
        destination.parent.mkdir(parents=True, exist_ok=True)
        download(f"nb{benchmark}", variant="pickle", to=destination.parent).replace(destination)
    return destination


def checked(benchmark: str | int, known: Iterable[str]) -> str:
    """Spell a benchmark's number as upstream does; raises if there is none."""
    if str(benchmark) not in known:
        raise UnknownNameError.of("benchmark", str(benchmark), known)
    return str(benchmark)
