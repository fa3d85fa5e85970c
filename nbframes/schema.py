"""The tables of a store: columns, types, published vocabulary and folder layout."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple, Self

import polars as pl

from nbframes.errors import InvalidArgumentError, UnknownNameError

Table = Literal["results", "archs", "runs"]
TABLES: Final[tuple[Table, ...]] = ("results", "archs", "runs")

SPLITS: Final = ("train", "val", "test", "valtest", "none")
"""The last is of what was not measured on a data split, such as costs on hardware."""

NAMESPACE: Final = "nbframes"

CONTROL: Final = ".nbframes"
"""Folder of a store that belongs to whoever writes it."""

RECORD: Final = f"{CONTROL}/commit.json"
"""The commit that is open, if there is one."""

SYNTHETIC_NOTE: Final = "SYNTHETIC-SAMPLE.txt"
"""File beside sources whose numbers are made up; what is exported from them says so."""


def categorical(name: str) -> pl.Categorical:
    """Type of a column of names to which users may add their own."""
    return pl.Categorical(pl.Categories(name, NAMESPACE, pl.UInt16))


BENCHMARK: Final = categorical("benchmark")
METRIC: Final = categorical("metric")
DATASET: Final = categorical("dataset")
SPLIT: Final = pl.Enum(SPLITS)

# Polars forgets a named mapping when no series uses it; these keep it for the life of the process.
_KEPT: Final = [pl.Series([], dtype=dtype) for dtype in (BENCHMARK, METRIC, DATASET)]

HIVE: Final[dict[str, Any]] = {"benchmark": BENCHMARK, "metric": METRIC, "dataset": DATASET, "split": SPLIT}
"""Partition columns of ``results``, outermost folder first."""

RESULT_FILE: Final[dict[str, Any]] = {
    "arch": pl.Int32(),
    "schedule": pl.Int32(),
    "budget": pl.Int32(),
    "seed": pl.Int32(),
    "final": pl.Boolean(),
    "value": pl.Float64(),
}
"""Columns inside a results file. Integers are signed, never negative: several readers of Parquet refuse unsigned ones."""

_ORDER: Final = ("benchmark", "dataset", "split", "arch", "schedule", "budget", "metric", "seed", "final", "value")
RESULTS: Final = {name: (RESULT_FILE | HIVE)[name] for name in _ORDER}
"""All columns of a scan of results, in the order in which a scan gives them."""

KEY: Final = ("benchmark", "metric", "dataset", "split", "arch", "schedule", "budget", "seed")
"""The columns that identify one row of results."""

FILE_KEY: Final = ("arch", "schedule", "budget", "seed")
RUN_KEY: Final = ("arch", "dataset", "schedule", "seed")

ARCHS: Final[dict[str, Any]] = {
    "arch": pl.Int32(),
    "position": pl.Int32(),
    "arch_str": pl.String(),
    "hash": pl.String(),
}
"""First columns of every ``archs`` table; the encoding of the space follows."""

RUNS: Final[dict[str, Any]] = {
    "arch": pl.Int32(),
    "dataset": DATASET,
    "schedule": pl.Int32(),
    "seed": pl.Int32(),
    "params": pl.Int64(),
    "mflops": pl.Float64(),
    "latency": pl.Float64(),
    "latencies": pl.List(pl.Float64()),
    "train_time": pl.Float64(),
}
"""Columns of every published ``runs`` table; nb301 adds its own."""

TIE: Final = 1e-5
"""Least gap between accuracies in percent that do not tie: published ones carry the noise of single precision."""

LONGEST_NAME: Final = 240
"""Characters of a name; with what a store puts around it a file system takes 255."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_RESERVED: Final = {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}


class Partition(NamedTuple):
    """One hive partition of a benchmark's results."""

    metric: str
    dataset: str
    split: str

    @classmethod
    def of_path(cls, path: str) -> Self:
        """Partition of a file or folder of results, given relative to the store."""
        values = partition_values(path)
        return cls(values["metric"], values["dataset"], values["split"])

    def folder(self, benchmark: str) -> str:
        """Folder of the partition, relative to the store."""
        return f"{table_folder('results', benchmark)}/metric={self.metric}/dataset={self.dataset}/split={self.split}"


def partition_values(path: str) -> dict[str, str]:
    """Values of the partition columns of a file or folder of results, given relative to the store."""
    return dict(part.split("=", 1) for part in path.split("/") if "=" in part)


def table_folder(table: Table, benchmark: str) -> str:
    """Folder of a benchmark's table, relative to the store."""
    return f"{table}/benchmark={benchmark}"


def manifest_file(benchmark: str, attachment: str = "") -> str:
    """File of the manifest of a benchmark, or of an attachment to it, relative to the store."""
    return f"manifests/{benchmark}+{attachment}.json" if attachment else f"manifests/{benchmark}.json"


@lru_cache(4096)
def manifest_owner(file: str) -> tuple[str, str] | None:
    """Benchmark and attachment ("" for none) that a file in ``manifests/`` is of; None if its name is not a manifest's."""
    if not file.endswith(".json"):
        return None
    benchmark, plus, attachment = file.removesuffix(".json").partition("+")
    plain = is_name(benchmark) and (is_name(attachment) or not plus)
    return (benchmark, attachment) if plain else None


def is_name(name: object) -> bool:
    """Whether ``name`` can be a benchmark, metric, dataset or attachment of a store."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None and not _unportable(name)


def check_name(kind: str, name: object) -> str:
    """Return ``name`` if it can be a benchmark, metric, dataset or attachment of a store."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        reason = "use letters, digits, '.', '_' and '-', beginning with a letter or digit"
    else:
        reason = _unportable(name)
    if reason:
        shown = f"{name[:40]}..." if isinstance(name, str) and len(name) > LONGEST_NAME else name
        msg = f"{kind} name {shown!r} cannot be stored: {reason}"
        raise InvalidArgumentError(msg)
    return str(name)


def _unportable(name: str) -> str:
    """Why some file system refuses a name or changes it; "" if none does."""
    if len(name) > LONGEST_NAME:
        return f"it has {len(name)} characters, and a file system takes {LONGEST_NAME}"
    if name.endswith("."):
        return "Windows drops a dot at the end"
    if (stem := name.split(".", maxsplit=1)[0]).casefold() in _RESERVED:
        return f"Windows reserves the name {stem!r}"
    return ""


def check_split(name: object) -> str:
    """Return ``name`` if it is a split."""
    if name not in SPLITS:
        raise UnknownNameError.of("split", name, SPLITS)
    return str(name)
