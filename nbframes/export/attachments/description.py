"""A small TOML beside a CSV or Parquet table that says what its columns are."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from nbframes.benchmarks import Metric, find_metric
from nbframes.errors import InvalidArgumentError, SourceError, did_you_mean, listed
from nbframes.schema import check_name

if TYPE_CHECKING:
    import os

KEYS: Final = ("dataset", "split", "schedule", "budget", "seed")
"""Key columns of results that a description may set, beside the architecture."""

_SECTIONS: Final[dict[str, tuple[str, ...]]] = {
    "table": ("file", "key", "licence", "citation", "source"),
    "attach": ("to", "name", "isomorphs"),
    "benchmark": ("name", "title", "space", "full_schedule"),
    "keys": KEYS,
    "metrics": ("metric", "unit", "better", "label", "description", "tie", "no_value", *KEYS),
    "runs": ("params", "mflops", "latency", "train_time"),
}
"""Sections of a description and what may stand in each; those of ``metrics`` stand in a section for each column."""


@dataclass(frozen=True)
class Column:
    """A column of the table that gives a key; where there is none, a key is a constant."""

    name: str


Key = Column | str | int


@dataclass(frozen=True)
class MeasuredColumn:
    """A column of the table that holds a metric."""

    column: str
    metric: Metric
    keys: dict[str, Key]
    """Keys that differ from those of the whole table."""
    no_value: tuple[float, ...] = ()
    """Values that stand for none."""


@dataclass(frozen=True)
class Description:
    """What a description says; `at` tells the line of an entry."""

    path: Path
    table: Path
    key: str
    columns: list[MeasuredColumn]
    keys: dict[str, Key] = field(default_factory=dict)
    licence: str = ""
    citation: str = ""
    source: str = ""
    attach: dict[str, Any] | None = None
    benchmark: dict[str, Any] | None = None
    runs: dict[str, Column] = field(default_factory=dict)
    text: str = ""

    def refuse(self, section: str, entry: str, message: str) -> NoReturn:
        """Raise an error that names the line of an entry."""
        msg = f"{self.path}, line {line_of(self.text, section, entry)}: {message}"
        raise SourceError(msg)


def read_description(path: str | os.PathLike[str]) -> Description:
    """Read and check a description, before its table is opened.

    Raises
    ------
    SourceError
        If the file cannot be read, is not TOML, or says something that cannot be; the text names the line.
    """
    file = Path(path).expanduser()
    try:
        text = file.read_text("utf-8")
        content = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{file} cannot be read ({error}); `nbframes import --template` writes a description to fill in"
        raise SourceError(msg) from error
    except tomllib.TOMLDecodeError as error:
        msg = f"{file} is not TOML: {error}"
        raise SourceError(msg) from error
    return _Parser(file, text, content).description()


def line_of(text: str, section: str, entry: str = "") -> int:
    """Line of an entry of a section, of the section if it has no such line, 1 if there is neither."""
    found, inside = 1, False
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            inside = _plain(header[1]) == section
            found = number if inside else found
        elif inside and entry and re.match(rf"\s*[\"']?{re.escape(entry)}[\"']?\s*=", line):
            return number
    return found


def _plain(header: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in header.split("."))


class _Parser:
    """Checks a description entry by entry; every message names the line."""

    def __init__(self, path: Path, text: str, content: dict[str, Any]) -> None:
        self._path = path
        self._text = text
        self._content = content

    def description(self) -> Description:
        self._check_sections()
        table = self._section("table")
        if ("attach" in self._content) == ("benchmark" in self._content):
            self._refuse(
                "",
                "",
                "say either [attach], for columns of a benchmark that the store has, or [benchmark], for one of its own",
            )
        kind = "attach" if "attach" in self._content else "benchmark"
        needed = {"attach": ("to", "name"), "benchmark": ("name",)}[kind]
        target = self._section(kind)
        self._texts(kind, target, needed, required=True)
        self._texts("table", table, ("file", "key"), required=True)
        self._texts("table", table, ("licence", "citation", "source"))
        self._texts("benchmark", target if kind == "benchmark" else {}, ("title", "space"))
        schedule = target.get("full_schedule")
        if schedule is not None and (isinstance(schedule, bool) or not isinstance(schedule, int) or schedule < 1):
            self._refuse(kind, "full_schedule", f"full_schedule is a number of epochs, not {schedule!r}")
        return Description(
            path=self._path,
            table=self._path.parent / table["file"],
            key=table["key"],
            columns=self._columns(),
            keys=self._keys("keys", self._content.get("keys", {})),
            licence=table.get("licence", ""),
            citation=table.get("citation", ""),
            source=table.get("source", ""),
            attach=target if kind == "attach" else None,
            benchmark=target if kind == "benchmark" else None,
            runs=self._runs(),
            text=self._text,
        )

    def _refuse(self, section: str, entry: str, message: str) -> NoReturn:
        msg = f"{self._path}, line {line_of(self._text, section, entry)}: {message}"
        raise SourceError(msg)

    def _check_sections(self) -> None:
        for name, section in self._content.items():
            if name not in _SECTIONS:
                self._refuse(
                    name, "", f"unknown section [{name}]{did_you_mean(name, _SECTIONS)}; known: {listed(_SECTIONS)}"
                )
            if not isinstance(section, dict):
                self._refuse("", name, f"{name} is a section: write [{name}] and its entries below")
            for part, entries in section.items() if name == "metrics" else [("", section)]:
                where = f"metrics.{part}" if name == "metrics" else name
                if not isinstance(entries, dict):
                    self._refuse(
                        name, part, f"write [metrics.{part}] and its entries below: one section for each column"
                    )
                for entry in entries:
                    if entry not in _SECTIONS[name]:
                        near = did_you_mean(entry, _SECTIONS[name])
                        self._refuse(
                            where, entry, f"[{where}] has no {entry!r}{near}; it may have {listed(_SECTIONS[name])}"
                        )

    def _section(self, name: str) -> dict[str, Any]:
        if name not in self._content:
            self._refuse("", "", f"there is no section [{name}]")
        section: dict[str, Any] = self._content[name]
        return section

    def _texts(self, name: str, section: dict[str, Any], entries: tuple[str, ...], *, required: bool = False) -> None:
        for entry in entries:
            if entry not in section and required:
                self._refuse(name, "", f"[{name}] needs {entry!r}")
            if entry in section and not isinstance(section[entry], str):
                self._refuse(name, entry, f"{entry} is a string, not {section[entry]!r}")

    def _keys(self, where: str, section: dict[str, Any]) -> dict[str, Key]:
        return {name: self._key(where, name, value) for name, value in section.items() if name in KEYS}

    def _key(self, where: str, name: str, value: Any) -> Key:
        if isinstance(value, dict) and set(value) == {"column"} and isinstance(value["column"], str):
            return Column(value["column"])
        wanted = str if name in ("dataset", "split") else int
        if not isinstance(value, wanted) or isinstance(value, bool):
            kind = "a string" if wanted is str else "a whole number"
            self._refuse(where, name, f'{name} is {kind}, or {{ column = "..." }} of the table; not {value!r}')
        return value

    def _columns(self) -> list[MeasuredColumn]:
        section = self._section("metrics")
        if not section:
            self._refuse("metrics", "", "write [metrics.COLUMN] for each column that holds a metric")
        return [self._column(column, entries) for column, entries in section.items()]

    def _column(self, column: str, entries: dict[str, Any]) -> MeasuredColumn:
        where = f"metrics.{column}"
        self._texts(where, entries, ("metric", "unit", "better", "label", "description"))
        no_value = entries.get("no_value", [])
        values = no_value if isinstance(no_value, list) else [no_value]
        if any(isinstance(value, bool) or not isinstance(value, (int, float)) for value in values):
            self._refuse(where, "no_value", f"no_value is a number or a list of them, not {no_value!r}")
        return MeasuredColumn(
            column, self._metric(where, column, entries), self._keys(where, entries), tuple(map(float, values))
        )

    def _metric(self, where: str, column: str, entries: dict[str, Any]) -> Metric:
        name = entries.get("metric", column)
        known = find_metric(name)
        given = {
            entry: entries[entry] for entry in ("unit", "better", "label", "description", "tie") if entry in entries
        }
        if known is not None and "unit" not in given:
            return known
        if "unit" not in given:
            self._refuse(where, "", f"the metric {name!r} is nowhere defined: [{where}] needs its 'unit'")
        try:
            check_name("metric", name)
            metric = Metric(name, **given)
        except InvalidArgumentError as error:
            self._refuse(where, "", str(error))
        if known is not None and (known.unit, known.better) != (metric.unit, metric.better):
            self._refuse(
                where,
                "unit",
                f"{name!r} is known with unit {known.unit!r} and better={known.better!r}; leave both out, or choose another name",
            )
        return metric

    def _runs(self) -> dict[str, Column]:
        found = {}
        for name, value in self._content.get("runs", {}).items():
            if not isinstance(value, dict) or set(value) != {"column"}:
                self._refuse("runs", name, f'{name} is {{ column = "..." }} of the table, not {value!r}')
            found[name] = Column(value["column"])
        return found


TEMPLATE: Final = """\
# Describes a CSV or Parquet table; `nbframes import THIS_FILE --store STORE` makes of it what is said here.

[table]
file = "latencies.csv"          # beside this file
key = "arch_str"                # column that names the architecture: its index (arch), its string, its hash, or any form of the space
licence = "MIT"                 # SPDX identifier of the values' licence; "" if you do not know
source = "where the values come from"
citation = \"\"\"
@misc{key,
  title = {...},
}\"\"\"

# Either columns of a benchmark that the store has ...
[attach]
to = "nats-tss"
name = "my-board"
isomorphs = false               # true: a value holds for every architecture of the same structure

# ... or a benchmark of its own:
# [benchmark]
# name = "mine"
# title = "My benchmark"
# space = "nbframes.spaces:tss"   # if it is a known one
# full_schedule = 200

# What is the same for all values, or stands in a column of the table.
[keys]
dataset = "cifar10"
split = "none"                  # train, val, test, valtest; none for what no data split was measured on
schedule = 0                    # epochs the run was set to train; 0 for networks that were not trained
budget = 0                      # epochs done when the value was measured
seed = 0                        # or: seed = { column = "seed" }

# One section for each column that holds a metric. `metric` is its name in the store, by default that of the column;
# known metrics (accuracy, loss, ...) need no unit. A key that differs for this column stands here, too.
[metrics.latency_ms]
metric = "board_latency"
unit = "ms"
better = "min"
description = "time of one inference on my board"
no_value = [-1]                 # what stands for "not measured"
"""
