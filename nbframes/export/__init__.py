"""Export: upstream files become the tables of a store."""

from nbframes.export.limits import Limits
from nbframes.export.run import export

__all__ = ["Limits", "export"]
