"""``nbframes completion``: the completion script of a shell."""

from __future__ import annotations

import argparse
from typing import Final

from nbframes.cli.terminal import DONE, add_store

SUMMARY: Final = "print the completion script of a shell"
EXAMPLES: Final = (
    'eval "$(nbframes completion bash)"',
    "nbframes completion zsh > ~/.zfunc/_nbframes",
    "nbframes completion fish > ~/.config/fish/completions/nbframes.fish",
)

_LISTS: Final = ("benchmarks", "datasets", "metrics", "official")
"""Kinds of names that change from store to store; scripts ask for them when they are needed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("shell", nargs="?", choices=["bash", "zsh", "tcsh", "fish"], help="the shell")
    parser.add_argument("--list", choices=_LISTS, dest="kind", help=argparse.SUPPRESS)
    add_store(parser)


def run(options: argparse.Namespace) -> int:
    """Print the script, or the names that it asks for."""
    from nbframes.errors import InvalidArgumentError

    if options.kind:
        print("\n".join(_names(options.kind, options.store)))
    elif options.shell:
        print(_script(options.shell))
    else:
        msg = "name a shell: bash, zsh, tcsh or fish"
        raise InvalidArgumentError(msg)
    return DONE


def _script(shell: str) -> str:
    try:
        import shtab
    except ImportError as error:
        from nbframes.errors import MissingDependencyError

        raise MissingDependencyError.of("shtab", "shell completion", "completion") from error
    from nbframes.cli import make_parser

    parser = make_parser()
    kinds = {"files": shtab.FILE} | {kind: shtab.cmd(f"nbframes completion --list {kind}") for kind in _LISTS}
    for action in _actions(parser):
        if (kind := getattr(action, "complete", None)) is not None:
            action.complete = kinds[kind]  # type: ignore[attr-defined]
    script: str = shtab.complete(parser, shell)
    return script


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    found = []
    for action in parser._actions:  # noqa: SLF001  # argparse has no public way to its arguments, shtab goes this one, too
        found.append(action)
        if isinstance(action.choices, dict):
            found += [inner for sub in action.choices.values() for inner in _actions(sub)]
    return found


def _names(kind: str, path: str | None) -> list[str]:
    from nbframes import benchmarks
    from nbframes.errors import NBFramesError
    from nbframes.store import open_store

    known = {"datasets": benchmarks.dataset_names(), "metrics": benchmarks.metric_names()}
    if kind == "official":
        return [known.name for known in benchmarks.OFFICIAL]
    try:
        store = open_store(path)
        held = store.benchmarks() if kind == "benchmarks" else store.names(kind.removesuffix("s"))
    except NBFramesError:
        held = []
    return list(dict.fromkeys([*held, *known.get(kind, ())]))
