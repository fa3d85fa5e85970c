"""From what users give to pruned cells, or to the error that says what is wrong with it."""

from __future__ import annotations

from nbframes.errors import InvalidArchitectureError
from nbframes.spaces.base import Column
from nbframes.spaces.nb101._cell import MAX_VERTICES, Cell, CellLike, as_cell, offence, prune_cell
from nbframes.spaces.nb101._columns import Cells, cells_of, invalid_rows, read_column, try_column
from nbframes.spaces.nb101._graph import in_space, prune_cells


def pruned_cell(x: CellLike) -> Cell:
    """Return a cell pruned; raises if nothing is left of it."""
    cell = as_cell(x)
    pruned = prune_cell(cell)
    if pruned is None:
        msg = f"the cell {offence(cell)}"
        raise InvalidArchitectureError(msg)
    return pruned


def pruned_column(x: Column) -> Cells:
    """Return a column of cells pruned; raises if nothing is left of one."""
    pruned, connected = prune_cells(read_column(x))
    if not connected.all():
        raise invalid_rows(x, ~connected)
    return pruned


def member(x: CellLike) -> Cell:
    """Return a well-formed cell as given; raises if it is not a member of the space."""
    cell = as_cell(x)
    if flaw := offence(cell):
        msg = f"the cell {flaw}"
        raise InvalidArchitectureError(msg)
    return cell


def members(x: CellLike | Column) -> Cells:
    """Return cells as given; raises if one is not a member of the space."""
    if not isinstance(x, Column):
        cell = member(x)
        return cells_of(cell if len(cell.matrix) <= MAX_VERTICES else pruned_cell(cell))
    cells, fine = try_column(x)
    fine[fine] = in_space(cells.take(fine))
    if not fine.all():
        raise invalid_rows(x, ~fine)
    return cells


def pruned_members(x: CellLike | Column) -> Cells:
    """Return cells pruned; raises if one is not a member of the space."""
    return prune_cells(members(x))[0]
