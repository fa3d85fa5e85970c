"""Every public function, class and method says what it takes, gives and raises, and shows an example.

That the examples run is what ``--doctest-modules`` tests.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import types
from pathlib import Path

import pytest

import nbframes as nbf
import nbframes.testing
from nbframes.analysis import _described
from nbframes.spaces.base import Space

PACKAGE = Path(nbf.__file__).parent
_SECTION = re.compile(r"^(\w[\w ]*)\n-{3,}$", re.MULTILINE)
_PROTOCOLS = (Space,)
"""What a protocol's methods do is said by those that implement them."""
_MIRRORS = "nbframes.compat."
"""Modules that stand in for other packages: names, arguments and meaning are theirs, and so is the documentation."""


def _public():
    """Qualified name and object of everything public that is defined in this package, once each."""
    found, left = {}, [("testing", nbframes.testing), *((name, getattr(nbf, name)) for name in nbf.__all__)]
    while left:
        name, thing = left.pop()
        if isinstance(thing, types.ModuleType):
            if not thing.__name__.startswith(_MIRRORS):
                left += [(f"{name}.{part}", getattr(thing, part)) for part in getattr(thing, "__all__", ())]
        elif isinstance(thing, types.FunctionType) or inspect.isclass(thing):
            if thing.__module__.startswith("nbframes") and thing not in _PROTOCOLS:
                found.setdefault(f"{thing.__module__.removeprefix('nbframes.')}.{thing.__qualname__}", thing)
                if inspect.isclass(thing):
                    left += [(f"{name}.{part}", member) for part, member in _members(thing)]
        elif type(thing).__module__.startswith("nbframes"):  # an instance that serves as a module, as nbf.spaces.tss
            left.append((name, type(thing)))
    return dict(sorted(found.items()))


def _members(cls):
    for base in cls.__mro__:
        if base.__module__.startswith("nbframes") and not issubclass(base, BaseException):
            for part, member in vars(base).items():
                if not part.startswith("_") and isinstance(member, types.FunctionType | classmethod | staticmethod):
                    yield part, getattr(base, part).__func__ if isinstance(member, classmethod) else getattr(base, part)


def _sections(thing):
    doc = inspect.cleandoc(thing.__doc__ or "")
    parts = _SECTION.split(doc)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _parameters(thing):
    try:
        signature = inspect.signature(thing)
    except ValueError:
        return []
    names = [name for name in signature.parameters if name not in ("self", "cls")]
    return (
        []
        if inspect.isclass(thing) and thing.__init__ is object.__init__ and thing.__new__ is object.__new__
        else names
    )


def _raises(thing):
    tree = ast.parse(textwrap.dedent(inspect.getsource(thing))).body[0]
    return any(isinstance(node, ast.Raise) for node in ast.walk(tree))


def _lacking(thing):
    """What the documentation of something does not say."""
    if not (thing.__doc__ or "").strip():
        return ["a docstring"]
    if inspect.isclass(thing) and issubclass(thing, BaseException):
        return []
    sections, lacking = _sections(thing), []
    described = re.findall(r"^([*\w][\w*, ]*?)(?: :.*)?$", sections.get("Parameters", ""), re.MULTILINE)
    described = {name.strip(" *") for names in described for name in names.split(",")}
    missing = [name for name in _parameters(thing) if name not in described]
    if missing and "Attributes" not in sections:  # as of a class that people get from functions
        lacking.append(f"the parameters {', '.join(missing)}")
    if not inspect.isclass(thing):
        returns = thing.__annotations__.get("return", "None")
        if str(returns) not in ("None", "Self") and not {"Returns", "Yields"} & sections.keys():
            lacking.append("Returns")
        if _raises(thing) and "Raises" not in sections:
            lacking.append("Raises")
    shown = (
        [sections, *map(_sections, (member for _, member in _members(thing)))] if inspect.isclass(thing) else [sections]
    )
    if not any(">>>" in each.get("Examples", "") for each in shown):
        lacking.append("Examples")
    return lacking


PUBLIC = _public()


@pytest.mark.parametrize("name", PUBLIC)
def test_documentation_is_complete(name):
    assert not _lacking(PUBLIC[name])


def test_what_many_functions_share_is_described_once_and_read_everywhere():
    texts = {name: " ".join(entry.split()[1:]) for name, entry in _described._PARAMETERS.items()}
    sources = [(path, " ".join(path.read_text("utf-8").split())) for path in PACKAGE.rglob("*.py")]
    for name, text in texts.items():
        assert [path.name for path, source in sources if f" {name} {text}" in source] == ["_described.py"]
        shown = [thing for thing in PUBLIC.values() if f" {name} {text}" in " ".join(inspect.getdoc(thing).split())]
        assert len(shown) > 2, name
    drawn = _sections(nbf.plot.ecdf)
    assert drawn["Returns"].strip() == "Axes\n    The axes drawn on."
    assert re.findall(r"^\w+$", drawn["Raises"], re.MULTILINE) == [
        "FrameError",
        "UnknownNameError",
        "InvalidArgumentError",
    ]


@pytest.mark.parametrize("name", [name for name in PUBLIC if name.startswith(("plot.", "analysis."))])
def test_parameters_are_described_once_each_in_the_order_of_the_signature(name):
    entries = re.findall(r"^(\*?\w[\w*, ]*)$", _sections(PUBLIC[name]).get("Parameters", ""), re.MULTILINE)
    described = [part.strip(" *") for entry in entries for part in entry.split(",")]
    assert described == [part for part in _parameters(PUBLIC[name]) if part in described]


def test_the_walk_finds_what_there_is():
    found = {name.rsplit(".", 1)[-1] for name in PUBLIC}
    assert {"Store", "scan", "parse", "mutate", "ecdf", "Lookup", "values", "export", "Benchmark", "GridSpace"} <= found
    assert len(PUBLIC) > 150


def test_what_is_lacking_is_noticed():
    def undocumented(x): ...

    def poor(x: int, *rest: int) -> int:
        """Do something.

        Parameters
        ----------
        x
            Something.
        """
        raise ValueError(x, rest)

    def rich(x: int, *rest: int) -> int:
        """Do something.

        Parameters
        ----------
        x, *rest
            Something.

        Returns
        -------
        int
            Something.

        Raises
        ------
        ValueError
            Always.

        Examples
        --------
        >>> 1 + 1
        2
        """
        raise ValueError(x, rest)

    class Bare:
        """Holds something."""

        def __init__(self, x: int) -> None: ...

    assert _lacking(undocumented) == ["a docstring"]
    assert _lacking(poor) == ["the parameters rest", "Returns", "Raises", "Examples"]
    assert _lacking(rich) == []
    assert _lacking(Bare) == ["the parameters x", "Examples"]
