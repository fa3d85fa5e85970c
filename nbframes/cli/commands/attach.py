"""``nbframes attach``: what others measured on the architectures of a benchmark, beside its results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from nbframes.cli.terminal import DONE, add_store, complete

if TYPE_CHECKING:
    import argparse

SUMMARY: Final = "put what others measured on a benchmark's architectures beside its results"
EXAMPLES: Final = (
    "nbframes attach HW-NAS-Bench-v1_0.pickle --store benchmarks",
    "nbframes attach zc_nasbench201.json --to nb201 --store benchmarks",
    "nbframes attach robustness-data.zip --store benchmarks",
    "nbframes attach latencies.csv --to nats-tss --name my-board --key arch_str --store benchmarks",
)

_FRAMES: Final = (".csv", ".parquet")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    source = parser.add_argument(
        "source",
        metavar="SOURCE",
        help="HW-NAS-Bench's pickle, a JSON of NAS-Bench-Suite-Zero, the robustness dataset; or a CSV or Parquet table with a "
        "column for each metric",
    )
    complete(source, "files")
    add_store(parser)
    to = parser.add_argument(
        "--to", metavar="NAME", help="the benchmark (default: the one that a published table belongs to)"
    )
    complete(to, "benchmarks")
    parser.add_argument("--name", metavar="NAME", help="name of the attachment (default: that of a published table)")
    parser.add_argument(
        "--key", default="arch", metavar="COLUMN", help="column of a CSV or Parquet table that names the architectures"
    )
    parser.add_argument(
        "--isomorphs", action="store_true", help="values hold for every architecture of the same structure"
    )
    parser.add_argument("--licence", default="", metavar="SPDX", help="licence of the values, such as MIT")
    parser.add_argument("--overwrite", action="store_true", help="replace the attachment if the store has it")


def run(options: argparse.Namespace) -> int:
    """Attach and say what was written."""
    from nbframes import attach
    from nbframes.export.attachments.tables import read_table

    path = Path(options.source).expanduser()
    said = {"to": options.to, "name": options.name, "licence": options.licence, "overwrite": options.overwrite}
    if path.suffix in _FRAMES and path.is_file():
        print(
            attach(
                read_table(path), options.store, key=options.key, isomorphs=options.isomorphs, source=path.name, **said
            )
        )
    else:
        print(attach(path, options.store, key=options.key, isomorphs=options.isomorphs, **said))
    return DONE
