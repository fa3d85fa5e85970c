"""``nbframes docs``: the documentation as a site, from a checkout."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nbframes.cli.terminal import DONE, FAILED, complete
from nbframes.errors import InvalidArgumentError, MissingDependencyError

if TYPE_CHECKING:
    import argparse

SUMMARY: Final = "build the documentation as a site that works offline"
EXAMPLES: Final = ("nbframes docs --out site",)

_CONFIGURATION: Final = Path(__file__).resolve().parents[3] / ".mkdocs" / "config.yml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    out = parser.add_argument("--out", default="site", metavar="DIR", help="folder of the site (default: %(default)s)")
    complete(out, "files")


def run(options: argparse.Namespace) -> int:
    """Build the site and say where it begins."""
    if not _CONFIGURATION.is_file():
        msg = "the documentation is built from a checkout of nbframes; this is an installed package, whose help() has every name"
        raise InvalidArgumentError(msg)
    if find_spec("mkdocs") is None:
        raise MissingDependencyError.of("mkdocs", "building the documentation", "docs")
    site = Path(options.out).resolve()
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "-f", str(_CONFIGURATION), "-d", str(site)]
    if subprocess.run(command, check=False).returncode:  # noqa: S603 -- the words are ours
        return FAILED
    print(site / "index.html")
    return DONE
