"""A search space to look at: linked views in a notebook or as one page that works offline."""

from nbframes.report.explorer.explore import Explorer, explore

__all__ = ["Explorer", "explore"]
