"""Whether the attachments to a benchmark still belong to it when it is replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nbframes.errors import StoreError, listed
from nbframes.schema import FILE_KEY, Partition
from nbframes.store.catalogue import Catalogue
from nbframes.store.storage import files_at

if TYPE_CHECKING:
    from pathlib import Path

    from nbframes.store.manifest import Manifest

_NAMED = ("arch", "arch_str")


def check_attachments_fit(store: Path, staging: Path, new: Manifest) -> None:
    """Make sure that what is staged does not take the ground from under the attachments of the benchmark it replaces.

    Parameters
    ----------
    store
        Root of the store.
    staging
        Folder in which the new files lie as they will in the store.
    new
        Manifest of the new benchmark.

    Raises
    ------
    StoreError
        If an attached architecture is another one in the new benchmark or not there, or the new benchmark has values under
        the keys of an attachment.
    """
    catalogue = Catalogue(files_at(str(store)))
    names = catalogue.attachments(new.benchmark)
    if not names:
        return
    old = catalogue.manifest(new.benchmark)
    for name in names:
        attached = catalogue.manifest(new.benchmark, name)
        problem = _moved(store, staging, attached, old, new) or _overlapping(store, staging, attached, new)
        if problem:
            msg = (
                f"the attachment {name!r} does not fit the new {new.benchmark!r}: {problem}\n\nHint: detach it "
                f"(`nbframes detach {name} --from {new.benchmark}`), export, and attach it again. The store was not changed"
            )
            raise StoreError(msg)


def _moved(store: Path, staging: Path, attached: Manifest, old: Manifest, new: Manifest) -> str:
    """Architectures of an attachment that the new benchmark lacks, or has under another index."""
    used = _scan(store, attached, "results").select(pl.col("arch").unique())
    if not old.rows("archs") and not new.rows("archs"):
        absent = used.join(_scan(staging, new, "results").select("arch"), on="arch", how="anti").head(3).collect()
        return f"it has no results of the architectures {listed(absent['arch'])}" if absent.height else ""
    if not old.rows("archs") or not new.rows("archs"):
        return "only one of the two has the table archs, so that architectures cannot be compared"
    before, after = (_names(root, manifest) for root, manifest in ((store, old), (staging, new)))
    absent = before.join(used.collect(), on="arch", how="semi").join(after, on=after.columns, how="anti").head(3)
    return f"its architectures {listed(absent['arch'])} are others or absent there" if absent.height else ""


def _names(root: Path, manifest: Manifest) -> pl.DataFrame:
    archs = _scan(root, manifest, "archs")
    return archs.select(name for name in _NAMED if name in archs.collect_schema()).collect()


def _overlapping(store: Path, staging: Path, attached: Manifest, new: Manifest) -> str:
    """A key that an attachment and the new benchmark share."""
    folders = {file.path.rsplit("/", 1)[0] for file in attached.tables["results"]}
    for folder in sorted(folder for folder in folders if _has(new, folder)):
        mine, theirs = _scan(store, attached, "results", folder), _scan(staging, new, "results", folder)
        shared = mine.select(FILE_KEY).join(theirs.select(FILE_KEY), on=FILE_KEY, how="semi").head(1).collect()
        if shared.height:
            return f"both have {Partition.of_path(folder).metric!r} under {shared.row(0, named=True)}"
    return ""


def _has(manifest: Manifest, folder: str) -> bool:
    return any(file.path.startswith(f"{folder}/") for file in manifest.tables["results"])


def _scan(root: Path, manifest: Manifest, table: str, folder: str = "") -> pl.LazyFrame:
    files = [file for name, found in manifest.tables.items() if name == table for file in found]
    paths = [root / file.path for file in files if file.path.startswith(f"{folder}/" if folder else "")]
    return pl.scan_parquet(paths, glob=False, hive_partitioning=False)
