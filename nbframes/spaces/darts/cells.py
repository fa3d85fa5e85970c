"""Two cells as small integers: the form in which every function of the space does its work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import polars as pl

from nbframes.errors import FrameError, InvalidArchitectureError
from nbframes.spaces.base import texts_of
from nbframes.spaces.darts.definition import ENCODING, NODES, OPERATION, OPERATIONS, UNREADABLE
from nbframes.spaces.darts.structures import Genotype, compact_texts, from_structure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbframes.spaces.base import Column
    from nbframes.spaces.darts.structures import Architecture

_NODE_OF_PAIR: Final = np.tile(np.repeat(np.array(NODES, dtype=np.uint8), 2), 2)
_OP_NAMES: Final = [name for name in ENCODING if name.endswith("_op")]
_INPUT_NAMES: Final = [name for name in ENCODING if name.endswith("_input")]


class Cells(NamedTuple):
    """Codes of n architectures: pairs 0 to 7 are the normal cell's, 8 to 15 the reduction cell's."""

    ops: NDArray[np.uint8]
    """(n, 16), positions in `OPERATIONS`; 255 where there is none."""
    inputs: NDArray[np.uint8]
    """(n, 16), node numbers; 255 where there is none."""

    def ordered(self) -> Cells:
        """Let the inputs of every node ascend."""
        ops, inputs = self.ops.reshape(-1, 8, 2), self.inputs.reshape(-1, 8, 2)
        swapped = (inputs[:, :, 0] > inputs[:, :, 1])[:, :, None]
        return Cells(
            np.where(swapped, ops[:, :, ::-1], ops).reshape(-1, 16),
            np.where(swapped, inputs[:, :, ::-1], inputs).reshape(-1, 16),
        )


# --- architectures to codes ---------------------------------------------------------------------------------------

# Every operation has twelve letters, so the canonical text of an architecture is 16 fields of one width: 'op~input' and
# a separator (a space; '|' between the cells; the last one is appended for reading). A column of strings is then one
# array of records, read and written without looking at any text twice.
_FIELD: Final = np.dtype(
    [("head", "<u8"), ("tail", "<u4"), ("tilde", "u1"), ("input", "u1"), ("separator", "u1")],
)
_WIDTH: Final = 16 * _FIELD.itemsize
_OP_FIELDS: Final = np.array([operation.encode() for operation in OPERATIONS]).view(
    np.dtype([("h", "<u8"), ("t", "<u4")])
)
_SEPARATORS: Final = np.frombuffer(b"       |        ", dtype=np.uint8)


def read(x: Architecture | Column) -> Cells:
    """Codes of architectures that may be invalid."""
    if isinstance(x, str):
        text = x.encode()
        if len(text) == _WIDTH - 1:
            return _from_bytes(np.frombuffer(text + b" ", dtype=np.uint8).reshape(1, _WIDTH))
        return _from_text(pl.Series([x]))
    if isinstance(x, pl.Series):
        return _from_text(x)
    if isinstance(x, pl.DataFrame):
        return _from_frame(x)
    structure = from_structure(x)
    if structure is not None:
        return Cells(*(np.array([codes], np.uint8) for codes in structure))
    msg = (
        "an architecture is a str, a Genotype or NASLib's compact form, a column a Series of strings or a DataFrame "
        f"with the encoding columns; got {type(x).__name__}"
    )
    raise InvalidArchitectureError(msg)


def _from_text(column: pl.Series) -> Cells:
    texts = texts_of(column)
    if texts is None:
        msg = f"a column of architectures is a Series of strings; got {column.dtype}"
        raise InvalidArchitectureError(msg)
    text = pl.col("text")
    padded = pl.when(text.str.len_bytes() == _WIDTH - 1).then(text + " ").otherwise(pl.lit(" " * _WIDTH))
    fields = (
        texts.alias("text")
        .to_frame()
        .lazy()
        .with_columns(_without_genotype_syntax(text))
        .select(padded.cast(pl.Binary))
    )
    records = fields.collect().to_series().bin.reinterpret(dtype=pl.Array(pl.UInt8, _WIDTH)).to_numpy()
    cells = _from_bytes(np.ascontiguousarray(records).reshape(-1, _WIDTH))
    compact = texts.str.starts_with("((").fill_null(value=False).arg_true().to_numpy()
    if len(compact):
        cells.ops[compact], cells.inputs[compact] = compact_texts(texts.gather(compact))
    return cells


def _without_genotype_syntax(text: pl.Expr) -> pl.Expr:
    """Rewrite the DARTS text ``Genotype(normal=[('op', 1), ...], ...)``; leave any other text as it is."""
    concat = r"(?:\[2,3,4,5\]|range\(2,6\))"
    rewritten = (
        text.str.replace_all(r"[\s'\"]", "")
        .str.replace(
            rf"^Genotype\(normal=\[(.*)\],normal_concat={concat},reduce=\[(.*)\],reduce_concat={concat}\)$", "$1|$2"
        )
        .str.replace_all(r"\(([^(),]*),(\d)\)", "$1~$2")
        .str.replace_all(",", " ", literal=True)
    )
    return pl.when(text.str.starts_with("Genotype(")).then(rewritten).otherwise(text)


def _from_bytes(texts: NDArray[np.uint8]) -> Cells:
    fields = texts.view(_FIELD)
    ops = np.full(fields.shape, UNREADABLE, dtype=np.uint8)
    head, tail = fields["head"], fields["tail"]
    for code, operation in enumerate(_OP_FIELDS):
        ops[(head == operation["h"]) & (tail == operation["t"])] = code
    inputs = fields["input"] - np.uint8(ord("0"))
    shaped = (fields["tilde"] == ord("~")) & (fields["separator"] == _SEPARATORS) & (inputs <= 9)
    return Cells(ops, np.where(shaped.all(axis=1, keepdims=True), inputs, np.uint8(UNREADABLE)))


def _from_frame(frame: pl.DataFrame) -> Cells:
    if missing := [name for name in ENCODING if name not in frame.columns]:
        raise FrameError.missing_columns(missing, frame.columns, "nbf.spaces.darts.parse gives these columns")
    columns = frame.select(
        pl.col(_OP_NAMES)
        .cast(pl.String)
        .cast(OPERATION, strict=False)
        .to_physical()
        .cast(pl.UInt8)
        .fill_null(UNREADABLE),
        pl.col(_INPUT_NAMES).cast(pl.UInt8, strict=False).fill_null(UNREADABLE),
    )
    return Cells(columns.select(_OP_NAMES).to_numpy(), columns.select(_INPUT_NAMES).to_numpy())


# --- codes to architectures ---------------------------------------------------------------------------------------


def to_text(cells: Cells) -> pl.Series:
    """Canonical texts, a Series called ``arch_str``."""
    fields = np.empty(cells.ops.shape, dtype=_FIELD)
    fields["head"], fields["tail"] = _OP_FIELDS["h"][cells.ops], _OP_FIELDS["t"][cells.ops]
    fields["tilde"], fields["input"], fields["separator"] = ord("~"), cells.inputs + ord("0"), _SEPARATORS
    texts = fields.view(np.uint8).reshape(-1, _WIDTH)[:, : _WIDTH - 1]
    return pl.Series("arch_str", texts).cast(pl.List(pl.UInt8)).cast(pl.Binary).cast(pl.String)


def to_frame(cells: Cells) -> pl.DataFrame:
    """Encoding columns."""
    columns = {}
    for k in range(16):
        columns[_OP_NAMES[k]] = pl.Series(cells.ops[:, k]).cat.to(OPERATION)
        columns[_INPUT_NAMES[k]] = pl.Series(cells.inputs[:, k])
    return pl.DataFrame(columns)


def to_genotypes(cells: Cells) -> list[Genotype]:
    """Structures, one for each architecture."""
    genotypes = []
    for ops, inputs in zip(cells.ops.tolist(), cells.inputs.tolist(), strict=True):
        pairs = tuple((OPERATIONS[op], node) for op, node in zip(ops, inputs, strict=True))
        genotypes.append(Genotype(pairs[:8], pairs[8:]))
    return genotypes


# --- validity -----------------------------------------------------------------------------------------------------

FORM: Final = (
    "two cells joined by '|', each of eight 'operation~input' pairs separated by spaces, two for each of the nodes 2 to 5; "
    "the DARTS text 'Genotype(normal=[(operation, input), ...], normal_concat=[2, 3, 4, 5], reduce=..., reduce_concat=...)' "
    "and NASLib's '(((input, operation), ...), ((input, operation), ...))' are read as well"
)
RULES: Final = (
    f"it does not have the form of this space: {FORM}",
    f"an operation is not one of {', '.join(OPERATIONS)}",
    "a node takes its input from a node that is not before it",
    "the two inputs of a node are the same node",
)


def broken_rules(cells: Cells) -> NDArray[np.intp]:
    """Of each architecture, the position in `RULES` of the first rule that it breaks; -1 if it is valid."""
    nodes = cells.inputs.reshape(-1, 8, 2)
    breaks = np.stack(
        [
            (cells.inputs == UNREADABLE).any(axis=1),
            (cells.ops >= len(OPERATIONS)).any(axis=1),
            (cells.inputs >= _NODE_OF_PAIR).any(axis=1),
            (nodes[:, :, 0] == nodes[:, :, 1]).any(axis=1),
        ],
        axis=1,
    )
    return np.where(breaks.any(axis=1), breaks.argmax(axis=1), -1)


def checked(x: Architecture | Column) -> Cells:
    """Codes of valid architectures, the inputs of every node ascending.

    Raises
    ------
    InvalidArchitectureError
        If an architecture is not a member of the space.
    """
    cells = read(x)
    refuse(broken_rules(cells), x, RULES)
    return cells.ordered()


def refuse(broken: NDArray[np.intp], x: object, rules: Sequence[str]) -> None:
    """Raise if any architecture breaks a rule, naming the first ones and how many there are."""
    rows = np.flatnonzero(broken >= 0)
    if not len(rows):
        return
    if not isinstance(x, pl.Series | pl.DataFrame):
        msg = f"{x!r} is not an architecture of the DARTS space: {rules[broken[0]]}"
        raise InvalidArchitectureError(msg)
    lines = [f"row {row}, {_shown(x, int(row))}: {rules[broken[row]]}" for row in rows[:3]]
    msg = f"{len(rows):,} of {len(x):,} architectures are not in the DARTS space\n\n" + "\n".join(lines)
    raise InvalidArchitectureError(msg)


def _shown(x: Column, row: int) -> str:
    return repr(x[row]) if isinstance(x, pl.Series) else repr(x.select(pl.nth(range(min(4, x.width)))).row(row))
