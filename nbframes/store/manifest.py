"""The manifest: what a benchmark in a store is made of and where it came from."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from nbframes.benchmarks import registry
from nbframes.display.text import html_facts, printable, shortened
from nbframes.errors import StoreError
from nbframes.schema import TABLES, Table, manifest_file
from nbframes.store.validation import check_manifest, check_owner

FORMAT = 2


class StoredFile(NamedTuple):
    """One Parquet file of a benchmark."""

    path: str
    """Relative to the store, with ``/``."""
    rows: int
    size: int
    """Bytes."""
    sha256: str


def _writer_versions() -> dict[str, str]:
    """Versions of everything that shapes the bytes of the tables."""
    from importlib.metadata import version

    return {name: version(name) for name in ("nbframes", "polars", "pyarrow", "numpy")}


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, repr=False)
class Manifest:
    """What one benchmark of a store, or one attachment to it, is made of.

    Attributes
    ----------
    benchmark
        Name of the benchmark.
    version
        Upstream's version, or a string of the user's own.
    official
        True where the values were exported from an upstream file of published values.
    source
        ``name`` of the source and its ``files`` with ``path``, ``size`` (bytes) and ``sha256``.
    tables
        The files of ``results``, ``archs`` and ``runs``.
    writers
        Versions of nbframes and of the libraries that wrote the files.
    created
        Time of writing, UTC, ISO 8601.
    units
        Unit of each metric and cost.
    attachment
        Name of the attachment, "" for the benchmark itself.
    synthetic
        True where the values were made up, for examples and tests.
    licence
        SPDX identifier of the licence of the values, "" where it is not known.
    citation
        BibTeX of what to cite, or "".
    metrics
        Of metrics, what is known of them and the benchmark does not say itself: ``unit``, ``better``, ``label``, ``description``, ``tie``.
    contents
        For each partition and schedule ``metric``, ``dataset``, ``split``, ``schedule``, the ``budgets`` and ``seeds`` as ranges, and
        the numbers of ``archs`` and ``rows``; see `nbframes.Store.describe`.
    skipped
        Records that were left out on request, each with its reason.
    not_exported
        What upstream holds and the tables do not.
    findings
        What is implausible in the source: ``what``, ``count`` and ``examples``.
    notes
        Peculiarities of this source.
    """

    benchmark: str
    version: str
    official: bool
    source: dict[str, Any]
    tables: dict[Table, list[StoredFile]]
    writers: dict[str, str] = field(default_factory=_writer_versions)
    created: str = field(default_factory=_now)
    units: dict[str, str] = field(default_factory=registry.units)
    attachment: str = ""
    synthetic: bool = False
    licence: str = ""
    citation: str = ""
    metrics: dict[str, dict[str, Any]] = field(default_factory=dict)
    contents: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[dict[str, str]] = field(default_factory=list)
    not_exported: list[str] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """File of the manifest, relative to the store."""
        return manifest_file(self.benchmark, self.attachment)

    @property
    def label(self) -> str:
        """Name of the benchmark, or of the attachment behind that of its benchmark."""
        return f"{self.benchmark}+{self.attachment}" if self.attachment else self.benchmark

    def rows(self, table: Table = "results") -> int:
        """Count the rows of a table.

        Parameters
        ----------
        table
            ``"results"``, ``"archs"`` or ``"runs"``.

        Returns
        -------
        int
            0 if there is no such table.

        Examples
        --------
        >>> import nbframes as nbf
        >>> manifest = nbf.published.store().manifest("nats-sss")
        >>> manifest.rows("archs")
        32768
        """
        return sum(file.rows for file in self.tables.get(table, ()))

    def size(self) -> int:
        """Add up the sizes of all Parquet files.

        Returns
        -------
        int
            Bytes.

        Examples
        --------
        >>> import nbframes as nbf
        >>> manifest = nbf.published.store().manifest("nats-sss")
        >>> manifest.size() == sum(file.size for file in manifest.files()) < 5_000_000
        True
        """
        return sum(file.size for file in self.files())

    def files(self) -> list[StoredFile]:
        """List the Parquet files of all tables.

        Returns
        -------
        list of StoredFile
            ``path`` (relative to the store), ``rows``, ``size`` (bytes) and ``sha256`` of each.

        Examples
        --------
        >>> import nbframes as nbf
        >>> manifest = nbf.published.store().manifest("nats-sss")
        >>> sum(file.rows for file in manifest.files() if file.path.startswith("archs/"))
        32768
        """
        return [file for files in self.tables.values() for file in files]

    def origin(self) -> str:
        """Say in a word or two where the values come from.

        Returns
        -------
        str
            ``"exported"`` (from an upstream file of published values), ``"not official"`` or ``"SYNTHETIC"``.

        Examples
        --------
        >>> import nbframes as nbf
        >>> manifest = nbf.published.store().manifest("nats-sss")
        >>> manifest.origin()
        'not official'
        """
        return "SYNTHETIC" if self.synthetic else "exported" if self.official else "not official"

    def to_json(self) -> bytes:
        """Encode as the content of the manifest's file.

        Returns
        -------
        bytes
            JSON, with a checksum of itself.

        Raises
        ------
        ValueError
            If a field is not what it should be.

        Examples
        --------
        >>> import nbframes as nbf
        >>> manifest = nbf.published.store().manifest("nats-sss")
        >>> manifest.to_json()[4:15]
        b'"format": 2'
        """
        import orjson

        document = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        document["tables"] = {
            table: {"rows": self.rows(table), "files": [file._asdict() for file in files]}
            for table, files in self.tables.items()
        }
        check_manifest(document)
        document = {"format": FORMAT} | document
        return orjson.dumps(document | {"sha256": _checksum(document)}, option=orjson.OPT_INDENT_2)

    @classmethod
    def from_json(cls, content: bytes, path: object, *, benchmark: str, attachment: str = "") -> Self:
        """Decode the content of a manifest's file, which is believed only as far as it was checked.

        Parameters
        ----------
        content
            Content of the file.
        path
            Its place, for errors.
        benchmark, attachment
            What it must be the manifest of.

        Raises
        ------
        StoreError
            If the content is not such a manifest, or not of a format that this version reads.

        Examples
        --------
        >>> import nbframes as nbf
        >>> manifest = nbf.published.store().manifest("nats-sss")
        >>> nbf.Manifest.from_json(manifest.to_json(), "here", benchmark="nats-sss") == manifest
        True
        """
        import orjson

        try:
            document = orjson.loads(content)
            _check_format(document.pop("format", None) if type(document) is dict else None, path)
            check_manifest(document)
            check_owner(document, benchmark, attachment)
        except ValueError as error:
            msg = (
                f"{path} is not a manifest of nbframes: {error}\n\nHint: export the benchmark again with overwrite=True"
            )
            raise StoreError(msg) from error
        document.pop("sha256", None)
        document["tables"] = {
            table: [StoredFile(**file) for file in entry["files"]] for table, entry in document["tables"].items()
        }
        return cls(**document)

    def __repr__(self) -> str:
        counts = ", ".join(f"{self.rows(table):,} {table}" for table in TABLES if table in self.tables)
        lines = [
            f"Manifest of {self.label} ({self.version}, {self.origin()})",
            f"  source  {self.source.get('name')}, {len(self.source.get('files', ())):,} files",
            f"  rows    {counts}",
            f"  size    {self.size() / 1e6:,.1f} MB in {len(self.files())} files",
            f"  skipped {len(self.skipped):,} records",
        ]
        if self.findings:
            found = (f"{shortened(finding['what'])}: {finding['count']:,}" for finding in self.findings)
            lines.append(f"  found   {'; '.join(found)}")
        return "\n".join(map(printable, lines))

    def _repr_html_(self) -> str:
        head, *lines = repr(self).splitlines()
        facts = (line.split(None, 1) for line in lines)
        return html_facts(head, ((name, fact) for name, fact in facts))


def is_unaltered(content: bytes) -> bool:
    """Whether a manifest is as it was written, by the checksum in it."""
    import orjson

    document = orjson.loads(content)
    return bool(document.pop("sha256", None) == _checksum(document))


def _checksum(document: dict[str, Any]) -> str:
    import orjson

    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _check_format(found: object, path: object) -> None:
    if found == FORMAT:
        return
    if found == 1:
        msg = (
            f"{path} was written by nbframes 0.1, whose tables (format 1) have unsigned columns; this version reads format {FORMAT}"
            "\n\nHint: export the source again with `nbframes export SOURCE --store STORE --overwrite`, "
            "frames of your own with write_results(..., overwrite=True)"
        )
    else:
        msg = (
            f"{path} has the format {found!r:.40}, but this version of nbframes reads format {FORMAT}; upgrade nbframes"
        )
    raise StoreError(msg)
