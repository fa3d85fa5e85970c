"""Reading a store: find it, list it, scan its tables lazily."""

from nbframes.store.access import default_store, local_root, open_store, scan, scan_archs, scan_runs
from nbframes.store.tables import Store

__all__ = ["Store", "default_store", "local_root", "open_store", "scan", "scan_archs", "scan_runs"]
