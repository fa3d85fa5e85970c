"""The embedded sample: small synthetic benchmarks in upstream's own formats.

No number of it was measured. It is there to try nbframes out, to run examples and notebooks, and to test, where the real
files are too large; everything it writes says so in its name and in a note beside it.
"""

from __future__ import annotations

import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nbframes.errors import UnknownNameError
from nbframes.schema import SYNTHETIC_NOTE

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from nbframes.store import Store

_WRITERS: Final = {
    "nb101": ("nb101", "write"),
    "nb201": ("nb201", "write"),
    "nb301": ("nb301", "write"),
    "nats-tss": ("nats", "write_tss"),
    "nats-sss": ("nats", "write_sss"),
}
"""Module and function that write each benchmark."""

BENCHMARKS: Final = tuple(_WRITERS)
"""The benchmarks that have a sample."""

_TEXT: Final = """\
The benchmarks in this folder are SYNTHETIC: nbframes made their numbers up (nbframes.synthetic.write, seed {seed}).
Nothing was trained. The files follow the formats of the official releases, so that whatever reads
those reads these, but they hold a few architectures only, numbered by their place in the sample and
not by their official index. Never cite these numbers as results of the benchmarks.
"""


def write(folder: str | os.PathLike[str], *benchmarks: str, seed: int = 0) -> dict[str, Path]:
    """Write synthetic samples of benchmarks as the files that upstream would publish.

    Parameters
    ----------
    folder
        Where to, made if absent. Files of an earlier sample there are overwritten.
    *benchmarks
        Which; by default all of `BENCHMARKS`.
    seed
        Of the architectures and the numbers. Equal seeds write equal bytes.

    Returns
    -------
    dict
        For every benchmark the file or folder that `nbframes.export` reads.

    Raises
    ------
    UnknownNameError
        If a benchmark has no sample.

    Notes
    -----
    Architectures are numbered by their place in the sample. What a better architecture is follows from its structure,
    roughly as in the real benchmarks; a learning curve, its noise, losses and times follow from that. Parameters and
    operations are counted, not made up.

    Examples
    --------
    >>> import nbframes as nbf, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> nbf.synthetic.write(folder.name, "nats-sss")["nats-sss"].name
    'NATS-sss-synthetic-simple'
    >>> folder.cleanup()
    """
    chosen = _check(benchmarks or BENCHMARKS)
    root = Path(folder).expanduser()
    root.mkdir(parents=True, exist_ok=True)
    (root / SYNTHETIC_NOTE).write_text(_TEXT.format(seed=seed), encoding="utf-8")
    return {benchmark: _writer(benchmark)(root, seed) for benchmark in chosen}


def store(path: str | os.PathLike[str] | None = None, *, benchmarks: Iterable[str] | None = None) -> Store:
    """Open a store of the sample, written and exported on first use, once for every version of nbframes on this machine.

    Parameters
    ----------
    path
        Folder of the store. What it holds already is not written again. By default a temporary folder of this process,
        filled from the user's cache: whatever is written to it is gone with the process.
    benchmarks
        Which it must hold; by default all of `BENCHMARKS`.

    Returns
    -------
    Store
        Queried like any other; its benchmarks are as synthetic as their sources.

    Raises
    ------
    UnknownNameError
        If a benchmark has no sample.

    Examples
    --------
    >>> import nbframes as nbf
    >>> store = nbf.synthetic.store(benchmarks=["nats-sss"])
    >>> store.scan("nats-sss").filter(nbf.metric("accuracy"), nbf.final()).collect().is_empty()
    False
    """
    from nbframes.store import Store
    from nbframes.synthetic.cache import own_copy

    chosen = _check(BENCHMARKS if benchmarks is None else tuple(benchmarks))
    if path is None:
        return Store(own_copy(chosen))
    root = Path(path).expanduser()
    root.mkdir(parents=True, exist_ok=True)
    present = Store(root).benchmarks()
    make([benchmark for benchmark in chosen if benchmark not in present], root)
    return Store(root)


def make(benchmarks: Iterable[str], root: Path) -> None:
    """Write samples of benchmarks and export them to a store."""
    from nbframes.export import export

    for benchmark in benchmarks:
        with tempfile.TemporaryDirectory(prefix="nbframes-sample-") as folder:
            export(write(folder, benchmark)[benchmark], root, benchmark=benchmark, progress=False)


def _check(benchmarks: tuple[str, ...]) -> tuple[str, ...]:
    for benchmark in benchmarks:
        if benchmark not in _WRITERS:
            raise UnknownNameError.of("benchmark", benchmark, BENCHMARKS)
    return benchmarks


def _writer(benchmark: str) -> Callable[[Path, int], Path]:
    module, function = _WRITERS[benchmark]
    writer: Callable[[Path, int], Path] = getattr(import_module(f"{__name__}.{module}"), function)
    return writer
