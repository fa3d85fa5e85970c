"""Export: upstream files become the tables of a store."""

from nbframes.export.run import export

__all__ = ["export"]
