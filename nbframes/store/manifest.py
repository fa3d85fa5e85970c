"""The manifest: what a benchmark in a store is made of and where it came from."""

from __future__ import annotations

import dataclasses
import html
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from nbframes.benchmarks import registry
from nbframes.errors import StoreError
from nbframes.schema import TABLES, Table

FORMAT = 2


class StoredFile(NamedTuple):
    """One Parquet file of a benchmark."""

    path: str
    """Relative to the store, with ``/``."""
    rows: int
    size: int
    """Bytes."""
    sha256: str


@dataclass(frozen=True, repr=False)
class Manifest:
    """What one benchmark of a store is made of.

    Attributes
    ----------
    benchmark
        Name of the benchmark.
    version
        Upstream's version, or a text of the user's own.
    official
        True where the values were exported from an upstream file, False where `nbframes.write_results` wrote them.
    source
        ``name`` of the source and its ``files`` with ``path``, ``size`` (bytes) and ``sha256``.
    writers
        Versions of nbframes and of the libraries that wrote the files.
    created
        Time of writing, UTC, ISO 8601.
    units
        Unit of each metric and cost.
    tables
        The files of ``results``, ``archs`` and ``runs``.
    skipped
        Records that were left out on request, each with its reason.
    not_exported
        What upstream holds and the tables do not.
    notes
        Peculiarities of this source.
    """

    benchmark: str
    version: str
    official: bool
    source: dict[str, Any]
    tables: dict[Table, list[StoredFile]]
    writers: dict[str, str]
    created: str
    units: dict[str, str] = field(default_factory=registry.units)
    skipped: list[dict[str, str]] = field(default_factory=list)
    not_exported: list[str] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    def rows(self, table: Table = "results") -> int:
        """Count the rows of a table."""
        return sum(file.rows for file in self.tables.get(table, ()))

    def size(self) -> int:
        """Bytes of all Parquet files."""
        return sum(file.size for files in self.tables.values() for file in files)

    def to_json(self) -> bytes:
        """Encode as the content of ``manifests/<benchmark>.json``."""
        import orjson

        document = {"format": FORMAT} | {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        document["tables"] = {
            table: {"rows": self.rows(table), "files": [file._asdict() for file in files]}
            for table, files in self.tables.items()
        }
        return orjson.dumps(document, option=orjson.OPT_INDENT_2)

    @classmethod
    def from_json(cls, content: bytes | str, path: object) -> Self:
        """Decode the content of a manifest file.

        Raises
        ------
        StoreError
            If the content is not a manifest that this version understands.
        """
        import orjson

        try:
            document = orjson.loads(content)
            _check_format(document.pop("format"), path)
            document["tables"] = {
                table: [StoredFile(**file) for file in entry["files"]] for table, entry in document["tables"].items()
            }
            return cls(**document)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            msg = f"{path} is not a manifest of nbframes ({error}); export the benchmark again with overwrite=True"
            raise StoreError(msg) from error

    def __repr__(self) -> str:
        origin = "exported" if self.official else "not official"
        counts = ", ".join(f"{self.rows(table):,} {table}" for table in TABLES if table in self.tables)
        lines = [
            f"Manifest of {self.benchmark} ({self.version}, {origin})",
            f"  source  {self.source.get('name')}, {len(self.source.get('files', ())):,} files",
            f"  rows    {counts}",
            f"  size    {self.size() / 1e6:,.1f} MB in {sum(map(len, self.tables.values()))} files",
            f"  skipped {len(self.skipped):,} records",
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head, *lines = repr(self).splitlines()
        cells = (line.split(None, 1) for line in lines)
        rows = "".join(f"<tr><th style='text-align:left'>{k}</th><td>{html.escape(v)}</td></tr>" for k, v in cells)
        return f"<table><caption style='text-align:left'>{html.escape(head)}</caption>{rows}</table>"


def _check_format(found: object, path: object) -> None:
    if found == FORMAT:
        return
    if found == 1:
        msg = (
            f"{path} was written by nbframes 0.1, whose tables (format 1) have unsigned columns and other types; this version reads format {FORMAT}"
            "\n\nHint: export the source again with `nbframes export SOURCE --store STORE --overwrite`; your own frames with write_results(..., overwrite=True)"
        )
    else:
        msg = f"{path} has the format {found!r}, but this version of nbframes reads format {FORMAT}; upgrade nbframes"
    raise StoreError(msg)


def writer_versions() -> dict[str, str]:
    """Versions of everything that shapes the bytes of the tables."""
    from importlib.metadata import version

    return {name: version(name) for name in ("nbframes", "polars", "pyarrow", "numpy")}
