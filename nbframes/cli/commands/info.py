"""``nbframes info``: what is in a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nbframes.cli.terminal import DONE, add_benchmarks, add_formats, add_store, bold, print_csv, print_json, print_table
from nbframes.display.text import cell, printable, shortened

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    import polars as pl

    from nbframes.store import Store

SUMMARY: Final = "say what is in a store"
EXAMPLES: Final = (
    "nbframes info --store benchmarks",
    "nbframes info nats-tss --store s3://bucket/benchmarks",
    "nbframes info nb101 --csv > contents.csv",
    "nbframes info --json | jq .benchmarks",
    "nbframes info nats-tss --cite > references.bib",
)

_SKIPPED_SHOWN: Final = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_benchmarks(parser, "only these, in full")
    add_store(parser)
    add_formats(parser)
    parser.add_argument("--cite", action="store_true", help="print BibTeX of the benchmarks and attachments instead")


def run(options: argparse.Namespace) -> int:
    """List the benchmarks, or all that there is of some."""
    from nbframes.store import open_store

    store = open_store(options.store)
    if options.cite:
        print(store.cite(*options.benchmarks))
        return DONE
    manifests = [store.manifest(name) for name in options.benchmarks or store.benchmarks()]
    if options.json:
        import orjson

        documents = {manifest.benchmark: orjson.loads(manifest.to_json()) for manifest in manifests}
        print_json({"store": store.root, "benchmarks": documents})
    elif options.csv:
        print_csv(_contents(store, [manifest.benchmark for manifest in manifests]))
    elif options.benchmarks:
        for manifest in manifests:
            print(manifest)
            print_table(_contents(store, [manifest.benchmark]).drop("benchmark"))
            _print_details(manifest)
    else:
        print(store)
    return DONE


def _contents(store: Store, names: Sequence[str]) -> pl.DataFrame:
    """Metrics, datasets and splits of benchmarks, with their units and numbers of values, by the manifests alone."""
    import polars as pl

    from nbframes.schema import Partition

    rows = []
    for name in names:
        for manifest in store.catalogue.manifests(name):
            for file in manifest.tables.get("results", ()):
                part = Partition.of_path(file.path)
                owner = manifest.attachment or "-"
                unit = manifest.units.get(part.metric, "unknown")
                rows.append((name, *part, unit, owner, file.rows))
    columns = ("benchmark", "metric", "dataset", "split", "unit", "attachment")
    schema = dict.fromkeys(columns, pl.String) | {"values": pl.Int64}
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return table.group_by(columns, maintain_order=True).agg(pl.col("values").sum()).sort(columns)


def _print_details(manifest: Any) -> None:
    for title, lines in (
        ("findings", [f"{shortened(entry['what'])}: {entry['count']:,}" for entry in manifest.findings]),
        ("not exported", manifest.not_exported),
        ("notes", [f"{key}: {_plain(value)}" for key, value in manifest.notes.items()]),
        ("skipped", [f"{entry['record']}: {entry['reason']}" for entry in manifest.skipped[:_SKIPPED_SHOWN]]),
    ):
        if lines:
            print(bold(f"{manifest.benchmark}, {title}"))
            print("\n".join(f"  {printable(line)}" for line in lines))


def _plain(value: Any) -> str:
    """Write a value of JSON as people write lists."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(part)}" for key, part in value.items())
    if isinstance(value, list):
        return "; ".join(map(_plain, value))
    return cell(value, digits=4)
