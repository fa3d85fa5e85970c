"""What columns are called where people read them."""

from __future__ import annotations

from nbframes.benchmarks.metrics import find_metric


def label_of(name: str) -> str:
    """Return the label of a column: that of the metric or cost with its unit, or else the name in words.

    Parameters
    ----------
    name
        Name of a column.

    Returns
    -------
    str
        For the axis of a figure or the header of a table.

    Examples
    --------
    >>> from nbframes import benchmarks
    >>> benchmarks.label_of("accuracy"), benchmarks.label_of("hops_per_second")
    ('accuracy (%)', 'hops per second')
    """
    known = find_metric(name)
    return known.label if known is not None else name.replace("_", " ")
