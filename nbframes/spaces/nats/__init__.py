"""The two search spaces of NATS-Bench: topology (``tss``, the space of NAS-Bench-201 as well) and size (``sss``)."""

from nbframes.spaces.nats.size import SizeSpace
from nbframes.spaces.nats.topology import TopologySpace

__all__ = ["SizeSpace", "TopologySpace", "sss", "tss"]

tss = TopologySpace()
"""15,625 cells of four nodes and six edges."""
sss = SizeSpace()
"""32,768 networks of one cell with five channel counts."""
