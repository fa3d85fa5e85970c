"""A Delta log over the results of a store, in place, for engines that read tables by their log.

The commit of the store stays the truth: the log follows it. Where there is one, every commit adds a version to it before its
record is closed, so that an interrupted commit is finished together with its log.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from nbframes.errors import StoreError
from nbframes.schema import FILE_KEY, HIVE, RESULT_FILE, manifest_owner, partition_values
from nbframes.store.storage import check_contained

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbframes.store.manifest import StoredFile

LOG: Final = "results/_delta_log"
_TABLE: Final = "results/"
_TYPES: Final = {"Int32": "integer", "Boolean": "boolean", "Float64": "double"}
_DIGITS: Final = 20


def refresh(root: Path) -> int:
    """Add a version that makes the log of a store what its manifests say, if there is a log and it is not; return its version."""
    if not (root / LOG).is_dir():
        return -1
    check_contained(root, LOG)
    version, logged = _state(root)
    wanted = {file.path.removeprefix(_TABLE): file for file in _results(root)}
    added = [wanted[path] for path in sorted(set(wanted) - set(logged))]
    removed = sorted(set(logged) - set(wanted))
    if version >= 0 and not added and not removed:
        return version
    now = int(time.time() * 1000)
    actions: list[dict[str, Any]] = [{"commitInfo": {"timestamp": now, "operation": "WRITE", "engineInfo": "nbframes"}}]
    if version < 0:
        actions += [{"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}, {"metaData": _metadata(now)}]
    actions += [{"remove": {"path": quote(path), "deletionTimestamp": now, "dataChange": True}} for path in removed]
    actions += [{"add": _add(root, file, now)} for file in added]
    _write(root / LOG / f"{version + 1:0{_DIGITS}d}.json", actions)
    return version + 1


def problems(root: Path) -> Iterator[tuple[str, str]]:
    """What the log of a store, if there is one, says differently from its manifests."""
    if not (root / LOG).is_dir():
        return
    try:
        _, logged = _state(root)
        wanted = {file.path.removeprefix(_TABLE): file.size for file in _results(root)}
    except StoreError as error:
        yield LOG, str(error)
        return
    yield from (
        (LOG, f"the Delta log names {path!r}, which no manifest names") for path in sorted(set(logged) - set(wanted))
    )
    yield from ((LOG, f"the Delta log lacks {path!r}") for path in sorted(set(wanted) - set(logged)))
    for path in sorted(set(wanted) & set(logged)):
        if logged[path] != wanted[path]:
            yield (
                LOG,
                f"the Delta log says that {path!r} has {logged[path]:,} bytes; the manifest says {wanted[path]:,}",
            )


def _results(root: Path) -> Iterator[StoredFile]:
    """Files of results that the manifests name."""
    from nbframes.store.manifest import Manifest

    for path in sorted((root / "manifests").glob("*.json")):
        owner = manifest_owner(path.name)
        if owner is not None:
            manifest = Manifest.from_json(path.read_bytes(), path, benchmark=owner[0], attachment=owner[1])
            yield from manifest.tables["results"]


def _state(root: Path) -> tuple[int, dict[str, int]]:
    """Newest version of a log, -1 for none, and the size of each file that it names."""
    logged: dict[str, int] = {}
    version = -1
    for path in sorted((root / LOG).glob("*.json")):
        if path.stem != f"{version + 1:0{_DIGITS}d}":
            msg = f"{path} is not the next version of the Delta log\n\nHint: remove the folder {str(root / LOG)!r} and write the log again"
            raise StoreError(msg)
        try:
            for line in path.read_text("utf-8").splitlines():
                action = json.loads(line)
                if "add" in action:
                    logged[unquote(action["add"]["path"])] = int(action["add"]["size"])
                if "remove" in action:
                    logged.pop(unquote(action["remove"]["path"]), None)
        except (ValueError, KeyError, TypeError) as error:
            msg = f"{path} is not a version of a Delta log ({error})\n\nHint: remove the folder {str(root / LOG)!r} and write the log again"
            raise StoreError(msg) from error
        version += 1
    return version, logged


def _metadata(now: int) -> dict[str, Any]:
    fields = [{"name": name, "type": "string", "nullable": True, "metadata": {}} for name in HIVE]
    fields += [
        {"name": name, "type": _TYPES[str(dtype)], "nullable": True, "metadata": {}}
        for name, dtype in RESULT_FILE.items()
    ]
    return {
        "id": "6e626672-616d-4573-8000-000000000000",  # the log of a store has no other identity than its folder
        "format": {"provider": "parquet", "options": {}},
        "schemaString": json.dumps({"type": "struct", "fields": fields}),
        "partitionColumns": list(HIVE),
        "configuration": {},
        "createdTime": now,
    }


def _add(root: Path, file: StoredFile, now: int) -> dict[str, Any]:
    path = file.path.removeprefix(_TABLE)
    return {
        "path": quote(path),
        "partitionValues": partition_values(path),
        "size": file.size,
        "modificationTime": now,
        "dataChange": True,
        "stats": json.dumps(_statistics(root / file.path, file.rows)),
    }


def _statistics(path: Path, rows: int) -> dict[str, Any]:
    """Bounds of the keys, from the footer of a file."""
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(path)
    names = [metadata.schema.column(i).name for i in range(metadata.num_columns)]
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    bounds: dict[str, tuple[Any, Any]] = {}
    for name in FILE_KEY:
        found = [group.column(names.index(name)).statistics for group in groups]
        if found and all(one is not None and one.has_min_max for one in found):
            bounds[name] = min(one.min for one in found), max(one.max for one in found)
    return {
        "numRecords": rows,
        "minValues": {name: low for name, (low, _) in bounds.items()},
        "maxValues": {name: high for name, (_, high) in bounds.items()},
        "nullCount": dict.fromkeys(bounds, 0),
    }


def _write(path: Path, actions: list[dict[str, Any]]) -> None:
    """Write a version whole or not at all."""
    aside = path.with_suffix(".tmp")
    aside.unlink(missing_ok=True)  # it may be a link that somebody put there
    with aside.open("x", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(action)}\n" for action in actions)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
