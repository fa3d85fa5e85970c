"""Commands that bring data into a store: demo, download, export."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from nbframes.benchmarks import OFFICIAL
from nbframes.cli.terminal import DONE, FAILED, add_store, command, complain
from nbframes.errors import InvalidArgumentError

if TYPE_CHECKING:
    import argparse

SOURCE_VARIABLES = ("NASBENCH101_PATH", "NASBENCH201_PATH", "NASBENCH301_PATH")
"""Environment variables by which NASBenchAPI finds its files."""


def add_demo(commands: Any) -> None:
    """Add ``nbframes demo``."""
    parser = command(
        commands,
        "demo",
        _run_demo,
        "write a synthetic sample, export it, query it, plot it",
        "nbframes demo --out demo",
    )
    parser.add_argument(
        "--out", metavar="DIR", default="nbframes-demo", help="folder to write to (default: %(default)s)"
    )


def _run_demo(options: argparse.Namespace) -> int:
    from nbframes.cli.demo import demo

    demo(options.out)
    return DONE


def add_download(commands: Any) -> None:
    """Add ``nbframes download``."""
    parser = command(
        commands,
        "download",
        _run_download,
        "fetch the official files, resuming and checking them",
        "nbframes download nb101 --export",
        "nbframes download nb101 --variant only108 --to data",
        "nbframes download nats-tss --from NATS-tss-v1_0-3ffb9-simple.tar",
    )
    parser.add_argument("benchmark", metavar="BENCHMARK", help=", ".join(known.name for known in OFFICIAL))
    parser.add_argument(
        "--variant",
        metavar="NAME",
        help="which of its published files (default: the whole benchmark; a wrong name lists them)",
    )
    parser.add_argument(
        "--to",
        metavar="DIR",
        help="folder to put the file into (default: a folder of downloads beside the default store)",
    )
    parser.add_argument(
        "--from", dest="from_file", metavar="FILE", help="a file fetched by hand, to be checked and put into the folder"
    )
    parser.add_argument("--export", action="store_true", help="export it to the store afterwards")
    parser.add_argument("--overwrite", action="store_true", help="with --export: replace the benchmark if it is there")
    add_store(parser)


def _run_download(options: argparse.Namespace) -> int:
    from nbframes import download, export

    try:
        path = download(options.benchmark, variant=options.variant, to=options.to, from_file=options.from_file)
    except KeyboardInterrupt:
        return complain("interrupted; what has arrived is kept, and the same call goes on from there", FAILED)
    print(path)
    if options.export:
        print(export(path, options.store, benchmark=options.benchmark, overwrite=options.overwrite))
    return DONE


def add_export(commands: Any) -> None:
    """Add ``nbframes export``."""
    parser = command(
        commands,
        "export",
        _run_export,
        "turn an upstream file or folder into the tables of a store",
        "nbframes export NATS-tss-v1_0-3ffb9-simple --store benchmarks",
        "nbframes export nasbench_full.tfrecord --store benchmarks --jobs 4",
        "NASBENCH201_PATH=nasbench201.pkl nbframes export",
    )
    variables = ", ".join(f"${name}" for name in SOURCE_VARIABLES)
    parser.add_argument(
        "source", nargs="?", metavar="SOURCE", help=f"file or folder (default: those named by {variables})"
    )
    add_store(parser)
    parser.add_argument("--benchmark", metavar="NAME", help="insist on this benchmark")
    parser.add_argument("--jobs", type=int, metavar="N", help="worker processes (default: all cores)")
    parser.add_argument("--overwrite", action="store_true", help="replace the benchmark if the store has it")
    parser.add_argument(
        "--on-error",
        choices=["raise", "skip"],
        default="raise",
        help="what a missing or broken record does: stop, or be left out and listed in the manifest (default: %(default)s)",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def _run_export(options: argparse.Namespace) -> int:
    from nbframes import export

    for source in [options.source] if options.source else _sources_from_environment():
        manifest = export(
            source,
            options.store,
            benchmark=options.benchmark,
            jobs=options.jobs,
            progress=not options.quiet,
            overwrite=options.overwrite,
            on_error=options.on_error,
        )
        print(manifest)
    return DONE


def _sources_from_environment() -> list[str]:
    sources = [os.environ[name] for name in SOURCE_VARIABLES if os.environ.get(name)]
    if not sources:
        msg = f"no source: name a file or folder, or set one of {', '.join(SOURCE_VARIABLES)}"
        raise InvalidArgumentError(msg)
    return sources
