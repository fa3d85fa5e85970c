"""``nbframes export``: an upstream file or folder becomes the tables of a store."""

from __future__ import annotations

import os
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from nbframes.cli.terminal import DONE, add_store, complete
from nbframes.errors import InvalidArgumentError, UnknownNameError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from nbframes.export import Limits

SUMMARY: Final = "turn an upstream file or folder into the tables of a store"
EXAMPLES: Final = (
    "nbframes export NATS-tss-v1_0-3ffb9-simple --store benchmarks",
    "nbframes export nasbench_full.tfrecord --store benchmarks --jobs 4",
    "nbframes export slow-disk/nasbench_full.tfrecord --limit seconds=60 --strict",
    "NASBENCH201_PATH=nasbench201.pkl nbframes export",
)

_VARIABLES: Final = ("NASBENCH101_PATH", "NASBENCH201_PATH", "NASBENCH301_PATH")
"""Environment variables by which NASBenchAPI finds its files."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    variables = ", ".join(f"${name}" for name in _VARIABLES)
    source = parser.add_argument(
        "source", nargs="?", metavar="SOURCE", help=f"file or folder (default: those named by {variables})"
    )
    complete(source, "files")
    add_store(parser)
    name = parser.add_argument("--benchmark", metavar="NAME", help="insist on this benchmark")
    complete(name, "official")
    parser.add_argument("--jobs", type=int, metavar="N", help="worker processes (default: all cores)")
    parser.add_argument("--overwrite", action="store_true", help="replace the benchmark if the store has it")
    parser.add_argument(
        "--on-error",
        choices=["raise", "skip"],
        default="raise",
        help="what a missing or broken record does: stop, or be left out and listed in the manifest (default: %(default)s)",
    )
    parser.add_argument(
        "--strict", action="store_true", help="stop at anything implausible instead of noting it in the manifest"
    )
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help="let a record or an archive ask for more than is usual (a wrong name lists the limits)",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run(options: argparse.Namespace) -> int:
    """Export each source and say what was written."""
    from nbframes import export

    for source in [options.source] if options.source else _from_environment():
        manifest = export(
            source,
            options.store,
            benchmark=options.benchmark,
            jobs=options.jobs,
            progress=not options.quiet,
            overwrite=options.overwrite,
            on_error=options.on_error,
            strict=options.strict,
            limits=_limits(options.limit),
        )
        print(manifest)
    return DONE


def _limits(words: Sequence[str]) -> Limits | None:
    from nbframes import Limits

    usual = Limits()
    names = [field.name for field in fields(usual)]
    raised: dict[str, Any] = {}
    for word in words:
        name, _, number = word.partition("=")
        if name not in names:
            raise UnknownNameError.of("limit", name, names)
        try:
            raised[name] = type(getattr(usual, name))(number)
        except ValueError as error:
            msg = f"the limit {name!r} is a number above 0, not {number!r}"
            raise InvalidArgumentError(msg) from error
    return Limits(**raised) if raised else None


def _from_environment() -> list[str]:
    sources = [os.environ[name] for name in _VARIABLES if os.environ.get(name)]
    if not sources:
        msg = f"no source: name a file or folder, or set one of {', '.join(_VARIABLES)}"
        raise InvalidArgumentError(msg)
    return sources
