"""Many cells at once: arrays, the encoding columns of ``archs`` and upstream's text form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np
import polars as pl

from nbframes.errors import FrameError, InvalidArchitectureError, InvalidArgumentError, listed
from nbframes.spaces.base import texts_of
from nbframes.spaces.nb101._cell import (
    INPUT,
    MAX_VERTICES,
    OPERATIONS,
    OUTPUT,
    Cell,
    offence,
    parse_text,
    text_malformation,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]

OPERATION: Final = pl.Enum(OPERATIONS)
OPERATION_COLUMNS: Final = tuple(f"op_{vertex}" for vertex in range(1, MAX_VERTICES - 1))
ENCODING: Final[dict[str, Any]] = {
    "vertices": pl.UInt8(),
    "edges": pl.UInt8(),
    "adjacency": pl.UInt32(),
    **dict.fromkeys(OPERATION_COLUMNS, OPERATION),
}
"""Encoding columns of ``archs``.

``adjacency`` holds the 21 bits above the diagonal of the 7 x 7 matrix (the cell's own matrix in its upper left corner)
row by row, the first the most significant: ``f"{adjacency:021b}"`` reads like the matrix. ``op_<k>`` is the operation of
vertex k, null where the cell has no such inner vertex.
"""

CHOICES: Final = dict.fromkeys(OPERATION_COLUMNS, OPERATIONS)
"""The columns in which an operation is chosen."""

EDGES: Final = tuple((i, j) for i in range(MAX_VERTICES) for j in range(i + 1, MAX_VERTICES))
BIT: Final = {edge: np.uint32(1 << (len(EDGES) - 1 - k)) for k, edge in enumerate(EDGES)}
"""Bit of every edge in ``adjacency``."""
ABSENT: Final = -1
_EXAMPLES: Final = 3


class Cells(NamedTuple):
    """Columns of cells as arrays of one length."""

    vertices: NDArray[np.uint8]
    adjacency: NDArray[np.uint32]
    operations: NDArray[np.int8]
    """Shape (cells, 5): position in ``OPERATIONS`` of each inner vertex, ``ABSENT`` where there is none."""

    def take(self, rows: Any) -> Cells:
        """Return the cells at some positions, of a slice or under a mask."""
        return Cells(self.vertices[rows], self.adjacency[rows], self.operations[rows])

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return columns one after the other."""
        return cls(
            np.concatenate([part.vertices for part in parts]),
            np.concatenate([part.adjacency for part in parts]),
            np.concatenate([part.operations for part in parts]),
        )


def edges_among(v: int) -> list[tuple[int, int]]:
    """Return the possible edges of a cell of ``v`` vertices, row by row."""
    return [(i, j) for i, j in EDGES if j < v]


def all_bits(v: int) -> np.uint32:
    """Adjacency with every possible edge of a cell of ``v`` vertices."""
    return np.uint32(sum(BIT[edge] for edge in edges_among(v)))


def cells_of(cell: Cell) -> Cells:
    """Column of one well-formed cell of at most seven vertices."""
    v = len(cell.matrix)
    codes = [OPERATIONS.index(name) for name in cell.operations[1:-1]]
    return Cells(
        np.array([v], np.uint8),
        np.array([sum(int(BIT[i, j]) for i, j in edges_among(v) if cell.matrix[i][j])], np.uint32),
        np.array([codes + [ABSENT] * (MAX_VERTICES - v)], np.int8),
    )


def to_cell(cells: Cells, row: int) -> Cell:
    """One row as a cell."""
    v, adjacency = int(cells.vertices[row]), cells.adjacency[row]
    matrix = [[int(i < j and adjacency & BIT[i, j] != 0) for j in range(v)] for i in range(v)]
    return Cell(matrix, [INPUT, *(OPERATIONS[code] for code in cells.operations[row, : v - 2]), OUTPUT])


def read_column(x: pl.Series | pl.DataFrame) -> Cells:
    """Read a column; raises if a row is not a well-formed cell of at most seven vertices."""
    cells, fine = try_column(x)
    if not fine.all():
        raise invalid_rows(x, ~fine)
    return cells


def try_column(x: pl.Series | pl.DataFrame) -> tuple[Cells, Bools]:
    """Read a column, and say which rows are well-formed; the others hold no meaning."""
    if isinstance(x, pl.DataFrame):
        return _from_frame(x)
    texts = texts_of(x)
    if texts is None:
        msg = f"a column of cells must hold strings 'adjacency|operations', got {x.dtype}"
        raise InvalidArgumentError(msg)
    return _from_text(texts)


def to_frame(cells: Cells) -> pl.DataFrame:
    """Encoding columns of cells."""
    adjacency = pl.Series("adjacency", cells.adjacency)
    codes = np.ascontiguousarray(cells.operations.T)
    # Polars refuses to unpickle an Enum that holds an unknown code below a null: absent ones get a known code first.
    known = [
        pl.Series(name, row.clip(0).view(np.uint8)).cat.to(OPERATION)
        for name, row in zip(OPERATION_COLUMNS, codes, strict=True)
    ]
    operations = (
        pl.when(pl.Series(row != ABSENT)).then(name) for name, row in zip(OPERATION_COLUMNS, codes, strict=True)
    )
    edges = adjacency.bitwise_count_ones().cast(pl.UInt8).alias("edges")
    return pl.DataFrame([pl.Series("vertices", cells.vertices), edges, adjacency, *known]).with_columns(operations)


def to_text(cells: Cells) -> pl.Series:
    """Upstream's text form of cells."""
    rows = (pl.lit(_row_texts(i)).gather(_row_bits(i)) for i in range(MAX_VERTICES))
    names = (pl.col(name).cast(pl.String) for name in OPERATION_COLUMNS)
    operations = pl.concat_str(pl.lit(INPUT), *names, pl.lit(OUTPUT), separator=",", ignore_nulls=True)
    return to_frame(cells).select(pl.concat_str(*rows, pl.lit("|"), operations).alias("arch_str")).to_series()


def invalid_rows(x: pl.Series | pl.DataFrame, bad: Bools) -> InvalidArchitectureError:
    """Build the error that shows the first rows at fault and says how many there are."""
    rows = np.flatnonzero(bad)
    examples = "\n".join(f"row {row}: {_explain(x, int(row))}" for row in rows[:_EXAMPLES])
    more = f"\nand {len(rows) - _EXAMPLES} more" if len(rows) > _EXAMPLES else ""
    return InvalidArchitectureError(f"{len(rows)} of {len(x)} rows are not NAS-Bench-101 cells\n\n{examples}{more}")


def _from_text(texts: pl.Series) -> tuple[Cells, Bools]:
    parts = texts.str.splitn("|", 2).struct.unnest()
    vertices, adjacency, square = _read_adjacency(parts["field_0"])
    count, operations, known = _read_operations(parts["field_1"])
    return Cells(vertices, adjacency, operations), square & known & (count == vertices)


def _read_adjacency(texts: pl.Series) -> tuple[NDArray[np.uint8], NDArray[np.uint32], Bools]:
    lengths = texts.str.len_bytes().fill_null(0).to_numpy()
    vertices, adjacency = np.zeros(len(texts), np.uint8), np.zeros(len(texts), np.uint32)
    fine = np.zeros(len(texts), np.bool_)
    for v in range(2, MAX_VERTICES + 1):
        rows = np.flatnonzero(lengths == v * v)
        if not len(rows):
            continue
        characters = np.frombuffer(texts.gather(rows).str.join("")[0].encode(), np.uint8).reshape(len(rows), v * v)
        ones = characters == ord("1")
        bits = np.zeros((len(rows), 24), np.bool_)
        for i, j in edges_among(v):
            bits[:, EDGES.index((i, j))] = ones[:, i * v + j]
        packed = np.packbits(bits, axis=1).astype(np.uint32)
        vertices[rows] = v
        adjacency[rows] = packed[:, 0] << 13 | packed[:, 1] << 5 | packed[:, 2] >> 3
        upper = np.triu(np.ones((v, v), np.bool_), 1).ravel()
        fine[rows] = (ones | (characters == ord("0"))).all(axis=1) & ~ones[:, ~upper].any(axis=1)
    return vertices, adjacency, fine


def _read_operations(texts: pl.Series) -> tuple[NDArray[np.intp], NDArray[np.int8], Bools]:
    names = pl.col("text").str.split(",").list
    count = names.len().fill_null(0)
    inner = [
        pl.when(count > vertex + 1)
        .then(names.get(vertex, null_on_oob=True))
        .cast(OPERATION, strict=False)
        .to_physical()
        for vertex in range(1, MAX_VERTICES - 1)
    ]
    codes = [
        code.cast(pl.Int8).fill_null(ABSENT).alias(name) for code, name in zip(inner, OPERATION_COLUMNS, strict=True)
    ]
    known = sum((code != ABSENT).cast(pl.Int64) for code in codes) == count.cast(pl.Int64) - 2
    ends = (names.first() == INPUT) & (names.last() == OUTPUT)
    columns = count.alias("count"), (known & ends).fill_null(value=False).alias("fine"), *codes
    distinct = texts.alias("text").to_frame().unique().with_columns(columns)
    rows = texts.alias("text").to_frame().join(distinct, on="text", how="left", nulls_equal=True, maintain_order="left")
    operations = np.ascontiguousarray(rows.select(OPERATION_COLUMNS).to_numpy())
    return rows["count"].to_numpy().astype(np.intp), operations, rows["fine"].to_numpy()


def _from_frame(frame: pl.DataFrame) -> tuple[Cells, Bools]:
    wanted = ("vertices", "adjacency", *OPERATION_COLUMNS)
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        raise FrameError.missing_columns(missing, frame.columns, "parse() turns strings into these columns")
    names = frame.select(pl.col(OPERATION_COLUMNS).cast(pl.String))
    codes = names.select(pl.all().cast(OPERATION, strict=False).to_physical().cast(pl.Int8).fill_null(ABSENT))
    operations = np.ascontiguousarray(codes.to_numpy())
    present = names.select(pl.all().is_not_null()).to_numpy()
    vertices = frame["vertices"].cast(pl.UInt8, strict=False).fill_null(0).to_numpy()
    adjacency = frame["adjacency"].cast(pl.UInt32, strict=False).fill_null(0xFFFFFFFF).to_numpy()
    possible = np.array([0, 0, *(all_bits(v) for v in range(2, MAX_VERTICES + 1))], np.uint32)
    fine = (vertices >= 2) & (vertices <= MAX_VERTICES)
    fine &= (adjacency & ~possible[np.where(fine, vertices, 0)]) == 0
    fine &= (present == (operations != ABSENT)).all(axis=1)
    fine &= (present == (np.arange(MAX_VERTICES - 2) < vertices[:, None].astype(np.int8) - 2)).all(axis=1)
    return Cells(vertices, adjacency, operations), fine


def _row_texts(i: int) -> pl.Series:
    """Row ``i`` of the matrix as text, by number of vertices and bits of the row."""
    width = MAX_VERTICES - 1 - i
    texts = [
        ("0" * (i + 1) + (f"{bits:0{width}b}" if width else ""))[:v] if i < v else ""
        for v in range(MAX_VERTICES + 1)
        for bits in range(1 << width)
    ]
    return pl.Series(texts)


def _row_bits(i: int) -> pl.Expr:
    width = MAX_VERTICES - 1 - i
    shift = sum(range(width))
    return pl.col("vertices").cast(pl.UInt32) * (1 << width) + pl.col("adjacency") // (1 << shift) % (1 << width)


def _explain(x: pl.Series | pl.DataFrame, row: int) -> str:
    if isinstance(x, pl.DataFrame):
        return _explain_columns(x[row : row + 1])
    text = x[row]
    if text is None:
        return "null"
    flaw = text_malformation(text)
    if flaw is None:
        cell = parse_text(text)
        too_many = f"has {len(cell.matrix)} vertices; a column holds at most {MAX_VERTICES}, prune() such cells first"
        flaw = offence(cell) or too_many
    return f"{text!r} {flaw}"


def _explain_columns(frame: pl.DataFrame) -> str:
    values = frame.select("vertices", "adjacency", *OPERATION_COLUMNS).row(0, named=True)
    shown = ", ".join(f"{name}={value!r}" for name, value in values.items())
    cells, fine = _from_frame(frame)
    if fine[0]:
        return f"{shown} {offence(to_cell(cells, 0))}"
    return (
        f"{shown} contradict each other; valid: vertices 2 to {MAX_VERTICES}, adjacency with no bit beyond them, "
        f"one of {listed(OPERATIONS)} at every inner vertex and null after"
    )
