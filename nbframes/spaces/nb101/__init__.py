"""The search space of NAS-Bench-101: 423,624 cells of at most seven vertices and nine edges.

Every function takes one architecture (a `Cell`, upstream's text ``adjacency|operations``, or a pair of matrix and
operations) or a whole column of them (a Series of strings, or a frame with the columns of `ENCODING`).

References
----------
Ying et al., NAS-Bench-101: Towards Reproducible Neural Architecture Search, ICML 2019.
"""

from nbframes.spaces.nb101._cell import MAX_EDGES, MAX_VERTICES, OPERATIONS, SIZE, Cell
from nbframes.spaces.nb101._columns import CHOICES, ENCODING
from nbframes.spaces.nb101.arrays import codes
from nbframes.spaces.nb101.drawing import draw
from nbframes.spaces.nb101.features import features, split
from nbframes.spaces.nb101.form import canonical, format, is_valid, parse, prune, validate
from nbframes.spaces.nb101.identity import find, from_index, hash, index
from nbframes.spaces.nb101.measures import depth, params, width
from nbframes.spaces.nb101.moves import mutate, neighbours
from nbframes.spaces.nb101.space import enumerate, missing, sample

__all__ = [
    "CHOICES",
    "ENCODING",
    "MAX_EDGES",
    "MAX_VERTICES",
    "OPERATIONS",
    "SIZE",
    "Cell",
    "canonical",
    "codes",
    "depth",
    "draw",
    "enumerate",
    "features",
    "find",
    "format",
    "from_index",
    "hash",
    "index",
    "is_valid",
    "missing",
    "mutate",
    "neighbours",
    "params",
    "parse",
    "prune",
    "sample",
    "split",
    "validate",
    "width",
]


def __dir__() -> list[str]:
    return __all__
