"""Published values of real benchmarks that travel with the package, and public copies of a store of one's own.

What else was published of the official files, `nbframes.published.check` compares a store with.

The values were measured by the authors of NATS-Bench and NAS-Bench-301 and published again under permissive licences. They are a part
of each benchmark: `nbframes.Store.manifest` says what is there, what is not, and where it comes from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbframes.published.copy import publish
from nbframes.store.access import PACKAGED, PACKAGED_ORIGIN

if TYPE_CHECKING:
    from nbframes.store import Store

__all__ = ["publish", "store"]


def store() -> Store:
    """Open the store of published values inside the package.

    Returns
    -------
    Store
        Read-only, with a part of ``nats-tss``, ``nats-sss`` and ``nb301``.

    Examples
    --------
    >>> import nbframes as nbf
    >>> values = nbf.published.store().scan("nats-tss").filter(nbf.on("cifar100", "val"), nbf.schedule(200))
    >>> nbf.best_archs(values, k=1).select("arch", "value").collect().row(0)
    (9930, 73.493...)
    """
    from nbframes.store import Store

    return Store(PACKAGED, origin=PACKAGED_ORIGIN)
