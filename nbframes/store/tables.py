"""A store that is open: its benchmarks, and lazy scans of their tables."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import polars as pl

from nbframes import expr
from nbframes.benchmarks import registry
from nbframes.errors import StoreError, UnknownNameError, listed
from nbframes.schema import BENCHMARK, DATASET, HIVE, RESULTS, Table, manifest_file
from nbframes.store.commit import RECORD
from nbframes.store.storage import Files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbframes.store.manifest import Manifest


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
    """

    def __init__(self, root: str | Path, *, storage_options: dict[str, Any] | None = None) -> None:
        self.files = Files(str(root), storage_options)
        self._manifests: dict[str, tuple[object, Manifest]] = {}

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
        >>> nbf.synthetic.store().benchmarks()[-2:]
        ['nats-tss', 'nats-sss']
        """
        self._check_closed()
        present = [name.removesuffix(".json") for name in self.files.names("manifests")]
        published = [name for name in registry.names() if name in present]
        return published + sorted(set(present) - set(published))

    def manifest(self, benchmark: str) -> Manifest:
        """Read what a benchmark is made of.

        Parameters
        ----------
        benchmark
            Name of a benchmark of the store.

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
        >>> manifest = nbf.synthetic.store().manifest("nats-sss")
        >>> manifest.units["epoch_time"], manifest.rows("archs")
        ('seconds of that one epoch', 96)
        """
        from nbframes.store.manifest import Manifest

        self._check_closed()
        path = manifest_file(benchmark)
        stamp = self.files.stamp(path)
        if stamp is not None and benchmark in self._manifests and self._manifests[benchmark][0] == stamp:
            return self._manifests[benchmark][1]
        content = self.files.read_text(path)
        if content is None:
            hint = f"the store is {self.root!r}; add the benchmark with: nbframes export SOURCE --store STORE"
            raise UnknownNameError.of("benchmark", benchmark, self.benchmarks(), hint)
        manifest = Manifest.from_json(content, self.files.at(path))
        self._manifests[benchmark] = (stamp, manifest)
        return manifest

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
        >>> nbf.synthetic.store().names("split")
        ['test', 'train', 'val', 'valtest']
        """
        if kind not in HIVE:
            raise UnknownNameError.of("kind of name", kind, HIVE)
        found = {values[kind] for name in self.benchmarks() for values in self._partitions(name)}
        return sorted(found)

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
        >>> print(nbf.synthetic.store().dataset("cifar100"))
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
        >>> print(nbf.synthetic.store().metric("loss"))
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
        >>> store = nbf.synthetic.store()
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
        paths = [path for name in self._chosen(benchmarks) for path in self._paths(name, "results")]
        return pl.scan_parquet(
            paths,
            schema=RESULTS,
            hive_schema=HIVE,
            hive_partitioning=True,
            glob=False,
            storage_options=self.files.storage_options,
        )

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
        >>> nbf.synthetic.store().scan_archs("nats-sss").collect_schema().names()[:5]
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
        >>> nbf.synthetic.store().scan_runs("nats-sss").collect_schema().names()[1:6]
        ['arch', 'dataset', 'schedule', 'seed', 'params']
        """
        return self._scan_tables("runs", benchmarks)

    def verify(self, *benchmarks: str, progress: bool = False) -> pl.DataFrame:
        """Check every file of the store against its manifest.

        Size, sha256, row count and schema of every file, the vocabulary of the folders, duplicates of the key, files that
        no manifest names. On local disk an interrupted commit is finished first.

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
        >>> nbf.synthetic.store().verify("nats-sss").is_empty()
        True
        """
        from nbframes.store.verify import verify

        return verify(self, *benchmarks, progress=progress)

    def _check_closed(self) -> None:
        if (record := self.files.read_text(RECORD)) is not None:
            msg = (
                f"a commit is open in the store {self.root!r} ({record}): it is being written, or the writer was interrupted\n\n"
                "Hint: try again in a moment; if it stays, `nbframes verify` on the machine that holds the store completes it"
            )
            raise StoreError(msg)

    def _chosen(self, benchmarks: tuple[str, ...]) -> list[str]:
        if unnamed := [name for name in benchmarks if not isinstance(name, str)]:
            hint = "give the names one by one, as in scan('nb101', 'nats-tss')"
            raise UnknownNameError.of("benchmark", unnamed[0], self.benchmarks(), hint)
        chosen = list(dict.fromkeys(benchmarks)) or self.benchmarks()
        for name in chosen:
            registry.find(name)  # a package's benchmark becomes known before its metrics are asked for
        if not chosen:
            msg = f"the store {self.root!r} holds no benchmark yet; add one with: nbframes export SOURCE --store STORE"
            raise StoreError(msg)
        return chosen

    def _paths(self, benchmark: str, table: Table) -> list[str]:
        return [self.files.at(file.path) for file in self.manifest(benchmark).tables.get(table, ())]

    def _partitions(self, benchmark: str) -> Iterator[dict[str, str]]:
        for file in self.manifest(benchmark).tables["results"]:
            yield dict(part.split("=", 1) for part in file.path.split("/") if "=" in part)

    def _scan_tables(self, table: Table, benchmarks: tuple[str, ...]) -> pl.LazyFrame:
        chosen = self._chosen(benchmarks)
        frames = [self._scan_table(table, name) for name in chosen if self._paths(name, table)]
        if not frames:
            msg = f"no {table} were written for {listed(chosen)}; pass {table}= to write_results"
            raise StoreError(msg)
        return pl.concat(frames, how="diagonal") if len(frames) > 1 else frames[0]

    def _scan_table(self, table: Table, benchmark: str) -> pl.LazyFrame:
        frame = pl.scan_parquet(
            self._paths(benchmark, table),
            hive_partitioning=False,
            glob=False,
            storage_options=self.files.storage_options,
        )
        if table == "runs":
            frame = frame.with_columns(pl.col("dataset").cast(DATASET))
        return frame.select(pl.lit(benchmark, BENCHMARK).alias("benchmark"), pl.all())

    def __repr__(self) -> str:
        names = self.benchmarks()
        lines = [f"Store at {self.root}"]
        for name in names:
            manifest = self.manifest(name)
            lines.append(f"  {name:<10} {manifest.rows():>12,} values of {manifest.rows('archs'):,} architectures")
        return "\n".join(lines if names else [*lines, "  (empty)"])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(m.benchmark)}</td><td>{html.escape(m.version)}</td><td>{m.rows('archs'):,}</td>"
            f"<td>{m.rows():,}</td><td>{m.size() / 1e6:,.1f}</td></tr>"
            for m in map(self.manifest, self.benchmarks())
        )
        head = "".join(f"<th>{name}</th>" for name in ("benchmark", "version", "architectures", "values", "MB"))
        caption = f"<caption style='text-align:left'>Store at {html.escape(self.root)}</caption>"
        return f"<table>{caption}<tr>{head}</tr>{rows}</table>"
