"""Polars expressions as SQL, read from the tree that Polars itself writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from math import isinf, isnan
from typing import Any, Final, Literal, NamedTuple, NoReturn

import polars as pl

from nbframes.errors import InvalidArgumentError, UnknownNameError
from nbframes.schema import HIVE

Dialect = Literal["duckdb", "spark"]
DIALECTS: Final = ("duckdb", "spark")

Node = Mapping[str, Any] | str
"""A node of Polars' tree: one key, what it is, and one value, its parts."""

_COMPARISONS: Final = {
    "Eq": "=",
    "NotEq": "<>",
    "Lt": "<",
    "LtEq": "<=",
    "Gt": ">",
    "GtEq": ">=",
    "EqValidity": "IS NOT DISTINCT FROM",
    "NotEqValidity": "IS DISTINCT FROM",
}
_ORDERINGS: Final = {"Lt", "LtEq", "Gt", "GtEq"}
_LOGIC: Final = {"And": "AND", "Or": "OR", "LogicalAnd": "AND", "LogicalOr": "OR", "Xor": "<>"}
_AGGREGATES: Final = {"Mean": "avg", "Sum": "sum", "Median": "median"}
_RANGES: Final = {"Both": (">=", "<="), "Left": (">=", "<"), "Right": (">", "<="), "None": (">", "<")}


def sql(expr: pl.Expr, *, dialect: Dialect = "duckdb") -> str:
    """Say a predicate or an aggregate in SQL, for an engine that reads the same store.

    Parameters
    ----------
    expr
        A predicate (`nbframes.on`, `nbframes.metric`, comparisons, ``is_in``, ``is_between``, ``&``, ``|``, ``~``, tests for
        null and NaN) or an aggregate (`nbframes.seed_mean`, `nbframes.seed_std`, `nbframes.seed_count`, extremes, counts).
    dialect
        ``"duckdb"``, or ``"spark"`` for Spark and Sail.

    Returns
    -------
    str
        The expression, without ``SELECT`` and ``WHERE``; an aggregate ends in ``AS`` and the name of its column.

    Raises
    ------
    InvalidArgumentError
        If the expression holds something that has no exact counterpart, or is not an expression at all.
    UnknownNameError
        If ``dialect`` is not one of the two.

    See Also
    --------
    query_sql : Whole statements, for what needs windows: ranks, regrets, fronts.

    Notes
    -----
    Comparisons with null are null, and NaN is equal to itself and larger than every number, in Polars, DuckDB and Spark
    alike. Text is compared for equality alone: the order of categories is Polars' own. Arithmetic is refused: engines
    differ in what they do on overflow and division by zero.

    Examples
    --------
    >>> import nbframes as nbf
    >>> print(nbf.sql(nbf.on("cifar10", "val") & nbf.final()))
    (("dataset" IN ('cifar10', 'cifar10-valid')) AND ("split" = 'val')) AND ("final")
    >>> print(nbf.sql(nbf.seed_std(), dialect="spark"))
    stddev_samp(`value`) AS `value_std`
    """
    if not isinstance(expr, pl.Expr):
        msg = f"sql() translates a Polars expression into SQL, got {expr!r}\n\nHint: nbf.sql(nbf.metric('accuracy') & nbf.final())"
        raise InvalidArgumentError(msg)
    translator = Translator.of(dialect)
    try:
        tree = json.loads(expr.meta.serialize(format="json"))
    except pl.exceptions.PolarsError:
        _refuse("a function written in Python")
    return translator.column(tree)


class Translator(NamedTuple):
    """What one dialect writes differently, and the way through the tree."""

    mark: str
    """What stands around a name."""
    escapes: Mapping[int, str]
    """What stands for characters of a text that mean something to the dialect."""

    @classmethod
    def of(cls, dialect: str) -> Translator:
        """Translator into a dialect."""
        if dialect not in DIALECTS:
            raise UnknownNameError.of("dialect", dialect, DIALECTS)
        if dialect == "duckdb":
            return cls('"', str.maketrans({"'": "''"}))
        return cls("`", str.maketrans({"'": "\\'", "\\": "\\\\"}))

    def name(self, name: str) -> str:
        """Quote the name of a column or table."""
        return f"{self.mark}{name.replace(self.mark, 2 * self.mark)}{self.mark}"

    def text(self, text: str) -> str:
        """Quote a text."""
        return f"'{text.translate(self.escapes)}'"

    def number(self, value: object) -> str:
        """Write a literal so that the engine reads the same value: a float with an exponent is a double everywhere."""
        if value is None:
            return "NULL"
        if isinstance(value, bool):
            return str(value).upper()
        if isinstance(value, int):
            return str(value)
        if isinstance(value, str):
            return self.text(value)
        if not isinstance(value, float):
            _refuse(f"a literal of type {type(value).__name__}")
        if isnan(value) or isinf(value):
            word = "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"
            return f"CAST('{word}' AS DOUBLE)"
        digits = repr(value)
        return digits.upper() if "e" in digits else f"{digits}E0"

    def column(self, node: Node) -> str:
        """An expression that may name its column."""
        kind, parts = _opened(node)
        if kind == "Alias":
            return f"{self.of_node(parts[0])} AS {self.name(parts[1])}"
        text = self.of_node(node)
        return f"{text} AS {self.name(root)}" if (root := _aggregated(kind, parts)) else text

    def of_node(self, node: Node) -> str:
        """The SQL of a node, without an outer name."""
        kind, parts = _opened(node)
        if kind not in _WRITERS:
            _refuse(kind)
        return _WRITERS[kind](self, parts)

    def operand(self, node: Node) -> str:
        """The SQL of a node as part of a larger expression."""
        text = self.of_node(node)
        return text if _opened(node)[0] in {"Column", "Literal"} else f"({text})"

    def aggregate(self, parts: Mapping[str, Any]) -> str:
        """One of the aggregates."""
        ((kind, inner),) = parts.items()
        if kind in _AGGREGATES:
            return f"{_AGGREGATES[kind]}({self.of_node(inner)})"
        if kind in {"Min", "Max"} and not inner["propagate_nans"]:
            # Polars' extremes pass over NaN, which SQL takes for the largest number.
            value = self.of_node(inner["input"])
            return f"{kind.lower()}(CASE WHEN {value} = CAST('NaN' AS DOUBLE) THEN NULL ELSE {value} END)"
        if kind == "Count":
            return "count(*)" if inner["include_nulls"] else f"count({self.of_node(inner['input'])})"
        if kind == "NUnique":
            _refuse("n_unique(), which counts null as a value in Polars and not in SQL")
        if kind in {"Std", "Var"}:
            value, ddof = inner
            if ddof not in {0, 1}:
                _refuse(f"a deviation with ddof={ddof}")
            return f"{'stddev' if kind == 'Std' else 'var'}_{'samp' if ddof else 'pop'}({self.of_node(value)})"
        _refuse(f"the aggregate {kind}")
        return None

    def comparison(self, parts: Mapping[str, Any]) -> str:
        """Two operands and what stands between them."""
        operator, sides = parts["op"], (parts["left"], parts["right"])
        if operator in _LOGIC:
            return f" {_LOGIC[operator]} ".join(f"({self.of_node(side)})" for side in sides)
        if operator not in _COMPARISONS:
            _refuse(f"the operator {operator}")
        if operator in _ORDERINGS and any(map(_is_text, sides)):
            _refuse("an order of strings")
        return f" {_COMPARISONS[operator]} ".join(map(self.operand, sides))

    def function(self, parts: Mapping[str, Any]) -> str:
        """A function of its inputs."""
        inputs, (family, which) = parts["input"], _opened(parts["function"])
        if family != "Boolean":
            _refuse(f"the function {family}")
        name, options = _opened(which)
        value = self.operand(inputs[0])
        if name == "IsIn":
            return self.membership(value, inputs[1], nulls_equal=options["nulls_equal"])
        if name == "IsBetween":
            lower, upper = _RANGES[options["closed"]]
            if any(map(_is_text, inputs)):
                _refuse("an order of strings")
            return f"{value} {lower} {self.operand(inputs[1])} AND {value} {upper} {self.operand(inputs[2])}"
        if name not in _TESTS:
            _refuse(f"the function {name}")
        return _TESTS[name].format(value)

    def membership(self, value: str, node: Node, *, nulls_equal: bool) -> str:
        """Whether a value is one of a list."""
        items = _listed(node)
        if items is None or nulls_equal:
            _refuse("is_in() of anything but a list of values")
        present = [item for item in items if item is not None]
        if not present:
            return f"{value} IS NULL AND NULL"
        return f"{value} IN ({', '.join(map(self.number, present))})"


_TESTS: Final = {
    "Not": "NOT {0}",
    "IsNull": "{0} IS NULL",
    "IsNotNull": "{0} IS NOT NULL",
    "IsNan": "{0} = CAST('NaN' AS DOUBLE)",
    "IsNotNan": "{0} <> CAST('NaN' AS DOUBLE)",
}

_WRITERS: Final[dict[str, Callable[[Translator, Any], str]]] = {
    "Column": Translator.name,
    "Literal": lambda translator, parts: translator.number(_literal(parts)),
    "BinaryExpr": Translator.comparison,
    "Function": Translator.function,
    "Agg": Translator.aggregate,
    "Len": lambda _, __: "count(*)",
    "Alias": lambda translator, parts: translator.of_node(parts[0]),
}
"""How each kind of node is written."""


def _opened(node: Node) -> tuple[str, Any]:
    if isinstance(node, str):
        return node, None
    ((kind, parts),) = node.items()
    return kind, parts


def _aggregated(kind: str, parts: Any) -> str | None:
    """Name of the column that an aggregate without a name of its own keeps."""
    if kind == "Len":
        return "len"
    while kind != "Column":
        if kind != "Agg":
            return None
        (inner,) = parts.values()
        inner = inner[0] if isinstance(inner, list) else inner.get("input", inner)
        kind, parts = _opened(inner)
        if kind == "Column":
            return str(parts)
    return None


def _literal(parts: Mapping[str, Any]) -> object:
    ((kind, inner),) = parts.items()
    if kind not in {"Scalar", "Dyn"}:
        _refuse(f"a literal of kind {kind}")
    ((dtype, value),) = inner.items()
    if dtype == "Null":
        return None
    if dtype.startswith("Float"):
        if value is None:  # Polars' tree has one sign for all three
            _refuse("a literal NaN or infinity; is_nan() and is_not_nan() can")
        return float(value)
    if dtype in {"Boolean", "String"} or dtype.startswith(("Int", "UInt")):
        return value
    _refuse(f"a literal of type {dtype}")
    return None


def _listed(node: Node) -> list[object] | None:
    """Values of a literal list: Polars writes them as Arrow's IPC stream, a list as a series of one list."""
    kind, parts = _opened(node)
    if kind != "Literal":
        return None
    ((form, inner),) = parts.items()
    content = inner if form == "Series" else inner.get("List") if form == "Scalar" and isinstance(inner, dict) else None
    if content is None:
        return None
    series = pl.read_ipc_stream(bytes(content)).to_series()
    return (series.explode() if isinstance(series.dtype, (pl.List, pl.Array)) else series).to_list()


def _is_text(node: Node) -> bool:
    kind, parts = _opened(node)
    return (kind == "Column" and parts in HIVE) or (kind == "Literal" and isinstance(_literal(parts), str))


def _refuse(what: str) -> NoReturn:
    msg = (
        f"{what} cannot be put into SQL that every engine answers as Polars does\n\n"
        "Hint: predicates and aggregates of nbframes can; ranks, fronts and correlations are whole statements: nbf.query_sql"
    )
    raise InvalidArgumentError(msg)
