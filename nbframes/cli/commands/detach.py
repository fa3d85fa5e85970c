"""``nbframes detach``: an attachment leaves a store without a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nbframes.cli.terminal import DONE, add_store, complete

if TYPE_CHECKING:
    import argparse

SUMMARY: Final = "remove an attachment from a store"
EXAMPLES: Final = ("nbframes detach hw-nas-bench --from nats-tss --store benchmarks",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("name", metavar="NAME", help="the attachment, as `nbframes info` lists it")
    benchmark = parser.add_argument(
        "--from", dest="benchmark", required=True, metavar="BENCHMARK", help="its benchmark"
    )
    complete(benchmark, "benchmarks")
    add_store(parser)


def run(options: argparse.Namespace) -> int:
    """Detach and say what was removed."""
    from nbframes import detach

    manifest = detach(options.store, to=options.benchmark, name=options.name)
    print(f"removed {manifest.rows():,} values of {options.name} from {options.benchmark}")
    return DONE
