"""The topology search space of NATS-Bench, which is that of NAS-Bench-201: 15,625 cells of four nodes and six edges.

An architecture is upstream's string, a `Cell`, or one row of the six operation columns.

References
----------
Dong and Yang, NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search, ICLR 2020.
Dong et al., NATS-Bench: Benchmarking NAS Algorithms for Architecture Topology and Size, TPAMI 2021.
"""

from nbframes.spaces.tss.cells import ENCODING, OPERATIONS, SIZE, Cell, format, is_valid, parse, validate
from nbframes.spaces.tss.identity import hash, is_connected, unique_str
from nbframes.spaces.tss.measures import matrix, mflops, params
from nbframes.spaces.tss.moves import mutate, neighbours, sample
from nbframes.spaces.tss.order import enumerate, from_index, index

__all__ = [
    "ENCODING",
    "OPERATIONS",
    "SIZE",
    "Cell",
    "enumerate",
    "format",
    "from_index",
    "hash",
    "index",
    "is_connected",
    "is_valid",
    "matrix",
    "mflops",
    "mutate",
    "neighbours",
    "params",
    "parse",
    "sample",
    "unique_str",
    "validate",
]
