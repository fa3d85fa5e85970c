"""Each number that was published about the official files against what a store holds.

The numbers come from the outputs of the official notebooks, from READMEs and from papers, each with its source; none was
computed from a file. An export of the official file that reproduces them all was read rightly, whatever the file says of itself.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from nbframes.errors import InvalidArgumentError, StoreError, UnknownNameError
from nbframes.published.finding import FINDERS

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from nbframes.store import Store

FACTS: Final = Path(__file__).with_name("official.json")
"""The file of published numbers that comes with the package."""

_EXACT: Final = 1e-9
"""Relative difference within which a number counts as the same; means are summed in different orders."""
_TITLES: Final = ("arch", "dataset", "split", "metric", "column", "schedule", "budget", "runs")


def check_facts(store: Store, *benchmarks: str, against: str | os.PathLike[str] = FACTS) -> pl.DataFrame:
    """Compare a store with published numbers.

    Parameters
    ----------
    store
        The store.
    *benchmarks
        Only these; by default all that the store has.
    against
        A file of facts: JSON of ``sources``, by key, and ``facts``, each with ``benchmark``, ``kind``, ``source`` and what the
        kind needs (see the one that comes with the package).

    Returns
    -------
    polars.DataFrame
        A row a number: ``benchmark``, ``fact``, ``published`` and ``found`` (as text), ``verdict`` (``reproduced``, ``differs``
        or ``not in the store``), ``source``.

    Raises
    ------
    InvalidArgumentError
        If the file does not hold published facts.

    Examples
    --------
    >>> import nbframes as nbf
    >>> from nbframes.published.check import check_facts
    >>> found = check_facts(nbf.published.store())
    >>> found.filter(verdict="differs").height
    0
    """
    document = _read(Path(against))
    held = set(store.benchmarks())
    rows = [
        _row(store, fact, document["sources"])
        for fact in document["facts"]
        if fact["benchmark"] in held and (not benchmarks or fact["benchmark"] in benchmarks)
    ]
    columns = ("benchmark", "fact", "published", "found", "verdict", "source")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def verdict(checked: pl.DataFrame) -> str:
    """Say in a sentence what `check_facts` found.

    Examples
    --------
    >>> import polars as pl
    >>> from nbframes.published.check import verdict
    >>> verdict(pl.DataFrame({"verdict": ["reproduced", "reproduced", "not in the store"]}))
    'reproduces 2 of 2 published numbers; 1 more are about what the store lacks'
    """
    counts = dict(checked.group_by("verdict").len().iter_rows())
    good, absent = counts.get("reproduced", 0), counts.get("not in the store", 0)
    checkable = checked.height - absent
    text = f"reproduces {good:,} of {checkable:,} published numbers"
    return text + (f"; {absent:,} more are about what the store lacks" if absent else "")


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        facts, sources = document["facts"], document["sources"]
        unusable = [fact for fact in facts if fact["kind"] not in FINDERS or fact["source"] not in sources]
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{str(path)!r} is not a file of published facts: {error}"
        raise InvalidArgumentError(msg) from error
    if unusable:
        msg = f"{str(path)!r} has a fact of an unknown kind or source: {unusable[0]}"
        raise InvalidArgumentError(msg)
    return document  # type: ignore[no-any-return]


def _row(store: Store, fact: dict[str, Any], sources: dict[str, str]) -> tuple[str, ...]:
    expected, found = _compared(store, fact)
    if not found:
        outcome = "not in the store"
    elif all(any(_same(value, one, fact) for one in found) for value in expected):
        outcome = "reproduced"
    else:
        outcome = "differs"
    texts = (" and ".join(map(_written, expected)), ", ".join(map(_written, found)))
    return fact["benchmark"], _title(fact), *texts, outcome, sources[fact["source"]]


def _compared(store: Store, fact: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """What was published, and the values of the store of which one has to be it; none if it lacks them."""
    try:
        return FINDERS[fact["kind"]](store, fact)
    except (StoreError, UnknownNameError):  # a table that was not written
        return [fact.get("value", fact.get("arch", ""))], []


def _same(published: Any, found: Any, fact: dict[str, Any]) -> bool:
    if isinstance(published, str) or isinstance(found, str):
        return bool(published == found)
    tolerance = fact.get("tolerance")
    if tolerance is None:
        return math.isclose(published, found, rel_tol=_EXACT, abs_tol=0)
    return bool(abs(published - found) <= tolerance * (1 + _EXACT))


def _written(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def _title(fact: dict[str, Any]) -> str:
    return ", ".join([fact["kind"], *_parts(fact)])


def _parts(fact: dict[str, Any]) -> Iterator[str]:
    for name in _TITLES:
        if name in fact:
            yield f"{name} {fact[name]}"
    if fact["kind"] == "hash":
        yield fact["arch_str"]
