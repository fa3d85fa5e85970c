"""Dense arrays for search loops: one value in well under a microsecond, arrays of them in nanoseconds each."""

from nbframes.lookup_table.table import Lookup, lookup

__all__ = ["Lookup", "lookup"]
