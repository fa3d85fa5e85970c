"""Export: upstream files become the tables of a store."""

from nbframes.export.limits import Limits
from nbframes.export.run import export

__all__ = ["Limits", "export"]

# `nbframes.export` is a function and a package: sharing its names lets `import nbframes.export.reader as reader` pass through it.
export.__dict__ = globals()
