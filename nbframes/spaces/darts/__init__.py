"""The DARTS search space of NAS-Bench-301: a normal and a reduction cell of four intermediate nodes each.

Every function takes one architecture (canonical text, a `Genotype` of this or another package, NASLib's compact form) or a whole column of them (a Series of strings
or a frame with the encoding columns).
"""

from nbframes.spaces.darts.arrays import codes
from nbframes.spaces.darts.config import CONFIG, from_config, to_config
from nbframes.spaces.darts.costs import params
from nbframes.spaces.darts.definition import CHOICES, ENCODING, OPERATIONS, SIZE, SIZE_OF_CELL
from nbframes.spaces.darts.drawing import draw
from nbframes.spaces.darts.features import features, split
from nbframes.spaces.darts.isomorphism import hash
from nbframes.spaces.darts.moves import NEIGHBOURS, mutate, neighbours
from nbframes.spaces.darts.order import enumerate, from_index, index, sample
from nbframes.spaces.darts.structures import Genotype
from nbframes.spaces.darts.text import format, is_valid, parse, validate

__all__ = [
    "CHOICES",
    "CONFIG",
    "ENCODING",
    "NEIGHBOURS",
    "OPERATIONS",
    "SIZE",
    "SIZE_OF_CELL",
    "Genotype",
    "codes",
    "draw",
    "enumerate",
    "features",
    "format",
    "from_config",
    "from_index",
    "hash",
    "index",
    "is_valid",
    "mutate",
    "neighbours",
    "params",
    "parse",
    "sample",
    "split",
    "to_config",
    "validate",
]


def __dir__() -> list[str]:
    return __all__
