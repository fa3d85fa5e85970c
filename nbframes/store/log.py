"""A log over the results of a store, for engines that read tables by their log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbframes.errors import StoreError
from nbframes.store.commit import explain_os_errors, recover, writing
from nbframes.store.delta import LOG, refresh

if TYPE_CHECKING:
    import os

    from nbframes.store import Store


def write_delta_log(store: str | os.PathLike[str] | Store | None = None) -> int:
    """Write a Delta log over the results of a store, or bring the one that is there up to date.

    From then on exports, attachments and whatever else is committed keep it true. Nothing is rewritten: the log names the
    Parquet files as they are, with the bounds of their keys.

    Parameters
    ----------
    store
        Folder of the store, by default as `nbframes.open_store` finds one that can be written.

    Returns
    -------
    int
        Version of the log, from 0.

    Raises
    ------
    StoreError
        If a manifest or the log is damaged, or the store cannot be written.

    Notes
    -----
    Delta's protocol [1]_ with reader version 1 and writer version 2. Engines read the table ``STORE/results``: Polars by
    ``scan_delta``, Spark and Sail by ``format("delta")``, DuckDB by ``delta_scan``. They must not write to it.

    References
    ----------
    .. [1] ``PROTOCOL.md`` of delta-io/delta.

    Examples
    --------
    >>> import nbframes as nbf, polars as pl, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> rows = {"arch": [0], "dataset": "mnist", "split": "test", "schedule": 5, "budget": 5, "seed": 1}
    >>> results = pl.DataFrame(rows | {"metric": "accuracy", "value": [90.0]})
    >>> _ = nbf.write_results(results, folder.name, benchmark="mine")
    >>> nbf.write_delta_log(folder.name)
    0
    >>> folder.cleanup()
    """
    from nbframes.store import local_root

    root = local_root(store, "write a Delta log to")
    if not (root / "manifests").is_dir():
        msg = f"there is no store at {str(root)!r}"
        raise StoreError(msg)
    with explain_os_errors(root):
        recover(root)
        with writing(root):
            (root / LOG).mkdir(parents=True, exist_ok=True)
            return refresh(root)
