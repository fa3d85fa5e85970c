"""A store that is open: its benchmarks, and lazy scans of their tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from nbframes import expr
from nbframes.benchmarks import registry, remember
from nbframes.display.text import redacted
from nbframes.errors import StoreError, UnknownNameError, listed
from nbframes.schema import HIVE, Table, partition_values
from nbframes.store.catalogue import OWN, Catalogue
from nbframes.store.scans import note, scan_results, scan_side
from nbframes.store.shown import as_html, as_text
from nbframes.store.storage import files_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from nbframes.store.manifest import Manifest, StoredFile


class Store:
    """A folder of exported benchmarks, on disk or in an object store.

    Make one with `open_store`. A store reads each manifest once and scans exactly the files that it names; a benchmark
    that is replaced meanwhile makes a pending query fail rather than mix old and new.

    Parameters
    ----------
    root
        Path or URL of the store.
    storage_options
        Options of the object store, as Polars' ``scan_parquet`` takes them.
    origin
        How the store was found, for its repr.
    """

    def __init__(self, root: str | Path, *, storage_options: dict[str, Any] | None = None, origin: str = "") -> None:
        self.files = files_at(str(root), storage_options)
        self.catalogue = Catalogue(self.files)
        self._origin = origin

    @property
    def root(self) -> str:
        """Path or URL of the store."""
        return self.files.root

    def benchmarks(self) -> list[str]:
        """Names of the benchmarks in the store, published ones first.

        Returns
        -------
        list of str
            Known names in the order of `nbframes.benchmarks.names`, then the others, sorted.

        Raises
        ------
        StoreError
            If a commit is open, that is in progress or interrupted.

        Examples
        --------
        >>> import nbframes as nbf
        >>> nbf.published.store().benchmarks()[-2:]
        ['nats-tss', 'nats-sss']
        """
        return self.catalogue.benchmarks()

    def manifest(self, benchmark: str, attachment: str = "") -> Manifest:
        """Read what a benchmark is made of.

        Parameters
        ----------
        benchmark
            Name of a benchmark of the store.
        attachment
            Name of an attachment to it; by default the benchmark itself.

        Returns
        -------
        Manifest
            Where it came from, what was left out, units, and every file with its rows and sha256.

        Raises
        ------
        UnknownNameError
            If the store has no such benchmark.
        StoreError
            If a commit is open or the manifest is damaged.

        Examples
        --------
        >>> import nbframes as nbf
        >>> manifest = nbf.published.store().manifest("nats-tss")
        >>> manifest.units["time"], manifest.rows("archs")
        ('seconds up to the budget', 15625)
        """
        return self.catalogue.manifest(benchmark, attachment)

    def cite(self, *benchmarks: str) -> str:
        """BibTeX of what to cite for the numbers of the store: each benchmark, then the attachments to it.

        Parameters
        ----------
        *benchmarks
            Names of benchmarks, in the order in which they are to be cited; all of the store if none is given.

        Returns
        -------
        str
            Entries separated by empty lines, each once.

        Examples
        --------
        >>> import nbframes as nbf
        >>> print(nbf.published.store().cite("nb301").splitlines()[0])
        @article{siems2020nasbench301,
        """
        from nbframes.store.cite import bibliography

        return bibliography(
            manifest for name in self._chosen(benchmarks) for manifest in self.catalogue.manifests(name)
        )

    def names(self, kind: str) -> list[str]:
        """Names in use in the store.

        Parameters
        ----------
        kind
            ``"benchmark"``, ``"dataset"``, ``"metric"`` or ``"split"``.

        Returns
        -------
        list of str
            Sorted.

        Raises
        ------
        UnknownNameError
            If there are no such names.

        Examples
        --------
        >>> import nbframes as nbf
        >>> nbf.published.store().names("split")
        ['test', 'train', 'val', 'valtest']
        """
        if kind not in HIVE:
            raise UnknownNameError.of("kind of name", kind, HIVE)
        files = self._files("results", self.benchmarks())
        return sorted({partition_values(file.path)[kind] for _, part in files for file in part})

    def dataset(self, *names: str) -> pl.Expr:
        """Select rows of the named datasets, published or in use in this store.

        Parameters
        ----------
        *names
            Names of datasets, at least one.

        Returns
        -------
        Expr
            Predicate for ``filter``.

        Raises
        ------
        UnknownNameError
            If a name is neither.

        Examples
        --------
        >>> import nbframes as nbf
        >>> print(nbf.published.store().dataset("cifar100"))
        [(col("dataset")) == ("cifar100")]
        """
        return expr.dataset(*names, known=self)

    def metric(self, *names: str) -> pl.Expr:
        """Select rows of the named metrics, published or in use in this store.

        Parameters
        ----------
        *names
            Names of metrics, at least one.

        Returns
        -------
        Expr
            Predicate for ``filter``.

        Raises
        ------
        UnknownNameError
            If a name is neither.

        Examples
        --------
        >>> import nbframes as nbf
        >>> print(nbf.published.store().metric("loss"))
        [(col("metric")) == ("loss")]
        """
        return expr.metric(*names, known=self)

    def scan(self, *benchmarks: str) -> pl.LazyFrame:
        """Scan results in long format: one row per measured value.

        Parameters
        ----------
        *benchmarks
            Names of benchmarks; all of the store if none is given.

        Returns
        -------
        LazyFrame
            Columns of `nbframes.schema.RESULTS`: benchmark, dataset, split, arch, schedule, budget, metric, seed, final, value.

        Raises
        ------
        UnknownNameError
            If the store has no such benchmark.
        StoreError
            If a commit is open.

        Examples
        --------
        >>> import nbframes as nbf
        >>> store = nbf.published.store()
        >>> (
        ...     store.scan("nats-tss")
        ...     .filter(nbf.on("cifar10", "test"), nbf.metric("accuracy"), nbf.schedule(200), nbf.final())
        ...     .group_by("arch")
        ...     .agg(nbf.seed_mean(), nbf.seed_count())
        ...     .collect()
        ...     .columns
        ... )
        ['arch', 'value', 'seed_count']
        """
        files = [file for _, part in self._checked_files("results", self._chosen(benchmarks)) for file in part]
        note(sum(file.rows for file in files))
        return scan_results(self.files, [file.path for file in files])

    def scan_archs(self, *benchmarks: str) -> pl.LazyFrame:
        """Scan the architectures: index, position in the source, text form, hash, encoding of the space.

        Parameters
        ----------
        *benchmarks
            Names of benchmarks; all of the store if none is given. The columns of several are put side by side; those
            that a benchmark lacks are null.

        Returns
        -------
        LazyFrame
            One row per architecture and benchmark; ``benchmark`` is the first column.

        Examples
        --------
        >>> import nbframes as nbf
        >>> nbf.published.store().scan_archs("nats-sss").collect_schema().names()[:5]
        ['benchmark', 'arch', 'position', 'arch_str', 'hash']
        """
        return self._scan_tables("archs", benchmarks)

    def scan_runs(self, *benchmarks: str) -> pl.LazyFrame:
        """Scan the training runs: parameters, operations, latency, training time, provenance.

        Parameters
        ----------
        *benchmarks
            Names of benchmarks; all of the store if none is given. The columns of several are put side by side; those
            that a benchmark lacks are null.

        Returns
        -------
        LazyFrame
            One row per run; ``benchmark`` is the first column.

        Examples
        --------
        >>> import nbframes as nbf
        >>> nbf.published.store().scan_runs("nats-tss").collect_schema().names()[1:6]
        ['arch', 'dataset', 'schedule', 'seed', 'params']
        """
        return self._scan_tables("runs", benchmarks)

    def describe(self, *benchmarks: str) -> pl.DataFrame:
        """Describe what there is, from the manifests alone: no file of results is opened.

        Parameters
        ----------
        *benchmarks
            Names of benchmarks; all of the store if none is given.

        Returns
        -------
        DataFrame
            One row per benchmark, metric, dataset, split and schedule (epochs): the ``budgets`` (epochs) and ``seeds`` that occur,
            the numbers of ``archs`` and ``rows``, the ``unit``, and the ``owner``: the benchmark itself, or the attachment that
            brought the values. Lists are null where they would be too long.

        Raises
        ------
        UnknownNameError
            If the store has no such benchmark.
        StoreError
            If a commit is open or a manifest is damaged.

        Examples
        --------
        >>> import nbframes as nbf
        >>> frame = nbf.synthetic.store().describe("nats-sss")
        >>> frame.filter(nbf.metric("accuracy"), nbf.on("cifar100", "test")).select("schedule", "seeds", "archs", "rows").rows()
        [(1, [777], 96, 96), (12, [777, 888, 999], 96, 3456), (90, [777], 96, 8640)]
        """
        from nbframes.store.describe import describe

        return describe(manifest for part in self.catalogue.each(self._chosen(benchmarks)) for manifest in part)

    def verify(self, *benchmarks: str, progress: bool = False) -> pl.DataFrame:
        """Check every file of the store against its manifest.

        Sizes, sha256, rows, schemas, names of folders, repeated keys, unnamed files; on local disk an open commit is finished first.

        Parameters
        ----------
        *benchmarks
            Names of benchmarks; all of the store if none is given.
        progress
            Whether to show a progress bar.

        Returns
        -------
        DataFrame
            What is wrong: ``benchmark``, ``path``, ``problem``; no rows if the store is sound.

        Examples
        --------
        >>> import nbframes as nbf
        >>> nbf.published.store().verify("nats-sss").is_empty()
        True
        """
        from nbframes.store.verify import verify

        return verify(self.catalogue, *benchmarks, progress=progress)

    def _chosen(self, benchmarks: tuple[str, ...]) -> list[str]:
        if unnamed := [name for name in benchmarks if not isinstance(name, str)]:
            hint = "give the names one by one, as in scan('nb101', 'nats-tss')"
            raise UnknownNameError.of("benchmark", unnamed[0], self.benchmarks(), hint)
        chosen = list(dict.fromkeys(benchmarks)) or self.benchmarks()
        if not chosen:
            msg = f"the store {self.root!r} holds no benchmark yet; add one with: nbframes export SOURCE --store STORE"
            raise StoreError(msg)
        return chosen

    def _files(self, table: Table, benchmarks: Sequence[str]) -> Iterator[tuple[str, list[StoredFile]]]:
        """Files of a table with the name of their benchmark, those of a benchmark and of each attachment apart."""
        for manifests in self.catalogue.each(benchmarks):
            name = manifests[0].benchmark
            if manifests[0].source["name"] != OWN:
                registry.find(name)  # a package's benchmark becomes known before its metrics are asked for
            remember(name, (manifest.metrics for manifest in manifests))
            yield from ((name, files) for manifest in manifests if (files := manifest.tables.get(table)))

    def _checked_files(self, table: Table, benchmarks: Sequence[str], before: Any = None) -> list[tuple[str, Any]]:
        """What `_files` gives, after a look at every file; what was replaced meanwhile is looked up again."""
        found = list(self._files(table, benchmarks))
        try:
            self.files.check(file for _, part in found for file in part)
        except StoreError:
            if found == before:
                raise
            return self._checked_files(table, benchmarks, found)
        return found

    def _scan_tables(self, table: Table, benchmarks: tuple[str, ...]) -> pl.LazyFrame:
        chosen = self._chosen(benchmarks)
        frames = [
            scan_side(self.files, [file.path for file in part], table, name)
            for name, part in self._checked_files(table, chosen)
        ]
        if not frames:
            msg = f"no {table} were written for {listed(chosen)}; pass {table}= to write_results"
            raise StoreError(msg)
        return pl.concat(frames, how="diagonal") if len(frames) > 1 else frames[0]

    def __repr__(self) -> str:
        return as_text(self._title(), self.catalogue)

    def _repr_html_(self) -> str:
        return as_html(self._title(), self.catalogue)

    def _title(self) -> str:
        return f"Store at {redacted(self.root)}" + (f" ({self._origin})" if self._origin else "")
