"""The DARTS search space of NAS-Bench-301: a normal and a reduction cell of four intermediate nodes each.

Every function takes one architecture (canonical text or `Genotype`) or a whole column of them (a Series of texts
or a frame with the encoding columns).
"""

from nbframes.spaces.darts.cells import ENCODING, OPERATIONS, SIZE, SIZE_OF_CELL, Genotype
from nbframes.spaces.darts.config import CONFIG, from_config, to_config
from nbframes.spaces.darts.costs import params
from nbframes.spaces.darts.isomorphism import hash
from nbframes.spaces.darts.moves import NEIGHBOURS, mutate, neighbours, sample
from nbframes.spaces.darts.text import format, is_valid, parse, validate

__all__ = [
    "CONFIG",
    "ENCODING",
    "NEIGHBOURS",
    "OPERATIONS",
    "SIZE",
    "SIZE_OF_CELL",
    "Genotype",
    "format",
    "from_config",
    "hash",
    "is_valid",
    "mutate",
    "neighbours",
    "params",
    "parse",
    "sample",
    "to_config",
    "validate",
]
