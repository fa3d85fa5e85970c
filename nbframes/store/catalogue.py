"""Which benchmarks and attachments a store holds, by their manifests."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from nbframes.benchmarks import registry
from nbframes.display.text import printable
from nbframes.errors import StoreError, UnknownNameError, listed
from nbframes.schema import RECORD, is_name, manifest_file, manifest_owner

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbframes.store.manifest import Manifest
    from nbframes.store.storage import Files

OWN: Final = "write_results"
"""Name of the source of what was not exported."""

_PATIENCE: Final = 2.0
"""Seconds that a reader waits for a commit to end."""

Owner = tuple[str, str]
"""A benchmark and the name of an attachment to it, "" for the benchmark itself."""


class _Remembered:
    """Manifests that any store of this process has read, the last used ones, so that opening one again costs little."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._held: dict[tuple[str, str, str], tuple[object, Manifest, int]] = {}
        self._lock = threading.Lock()

    def get(self, key: tuple[str, str, str]) -> tuple[object, Manifest] | None:
        with self._lock:
            if key not in self._held:
                return None
            self._held[key] = held = self._held.pop(key)
            return held[:2]

    def put(self, key: tuple[str, str, str], stamp: object, manifest: Manifest, size: int) -> None:
        if size > self._room:
            return
        with self._lock:
            self._held.pop(key, None)
            self._held[key] = stamp, manifest, size
            while sum(size for *_, size in self._held.values()) > self._room:
                self._held.pop(next(iter(self._held)))


_REMEMBERED: Final = _Remembered(room=1 << 24)
"""Up to so many bytes of manifests as they lie on disk."""


class Catalogue:
    """The manifests of a store, each read once for as long as it stays the same.

    Parameters
    ----------
    files
        The files of the store.
    """

    def __init__(self, files: Files) -> None:
        self.files = files
        self._manifests: dict[Owner, tuple[object, Manifest]] = {}

    def owners(self) -> list[Owner]:
        """List the benchmarks and attachments that have a manifest, as (benchmark, attachment or "")."""
        known = {name: place for place, name in enumerate(registry.names())}
        return sorted(sorted(self._listed()), key=lambda owner: known.get(owner[0], len(known)))

    def benchmarks(self) -> list[str]:
        """Names of the benchmarks, known ones first."""
        return [benchmark for benchmark, attachment in self.owners() if not attachment]

    def attachments(self, benchmark: str) -> list[str]:
        """Names of the attachments to a benchmark."""
        return sorted(attachment for owner, attachment in self._listed() if owner == benchmark and attachment)

    def manifests(self, benchmark: str) -> list[Manifest]:
        """Manifest of a benchmark, then those of its attachments."""
        return next(self.each([benchmark]))

    def each(self, benchmarks: Iterable[str]) -> Iterator[list[Manifest]]:
        """What `manifests` gives, for several benchmarks; the store is listed once."""
        listed = self._listed()
        of_benchmarks: dict[str, list[Owner]] = {}
        for owner in sorted(listed):
            of_benchmarks.setdefault(owner[0], []).append(owner)
        for benchmark in benchmarks:
            owners = of_benchmarks.get(benchmark, [])
            found = self._read({owner: listed[owner] for owner in owners})
            if (benchmark, "") not in found:
                raise self._unknown(benchmark, "")
            yield list(found.values())

    def manifest(self, benchmark: str, attachment: str = "") -> Manifest:
        """Read one manifest.

        Raises
        ------
        UnknownNameError
            If the store has no such benchmark or attachment.
        StoreError
            If a commit is open or the manifest is damaged.
        """
        owner, listed = (benchmark, attachment), self._listed()
        found = self._read({owner: listed[owner]} if is_name(benchmark) and owner in listed else {})
        if not found:
            raise self._unknown(benchmark, attachment)
        return found[owner]

    def _listed(self) -> dict[Owner, object]:
        """The owners of all manifests, each with the stamp of its file."""
        self.wait_until_closed()
        found = ((manifest_owner(name), stamp) for name, stamp in self.files.stamps("manifests").items())
        return {owner: stamp for owner, stamp in found if owner is not None}

    def _read(self, owners: dict[Owner, object]) -> dict[Owner, Manifest]:
        """Manifests of owners with these stamps, those that changed read anew; what has gone meanwhile is left out."""
        from nbframes.store.manifest import Manifest

        found = {owner: self._held(owner, stamp) for owner, stamp in owners.items()}
        anew = [owner for owner, manifest in found.items() if manifest is None]
        settled = {owner: self.files.is_settled(owners[owner]) for owner in anew}
        paths = [manifest_file(*owner) for owner in anew]
        for owner, path, content in zip(anew, paths, self.files.read_all(paths), strict=True):
            if content is None:
                continue
            manifest = Manifest.from_json(content, self.files.at(path), benchmark=owner[0], attachment=owner[1])
            found[owner], stamp = manifest, owners[owner]
            if stamp is not None:
                self._manifests[owner] = stamp, manifest
            if settled[owner]:
                _REMEMBERED.put((self.files.root, *owner), stamp, manifest, len(content))
        return {owner: manifest for owner, manifest in found.items() if manifest is not None}

    def _held(self, owner: Owner, stamp: object) -> Manifest | None:
        """A manifest that was read before and has not changed since."""
        held = self._manifests.get(owner)
        if stamp is None:
            return None
        if held is None or held[0] != stamp:
            held = _REMEMBERED.get((self.files.root, *owner))
        return held[1] if held is not None and held[0] == stamp else None

    def wait_until_closed(self) -> None:
        """Wait for a commit that is open to end, but not for long.

        Raises
        ------
        StoreError
            If it stays open.
        """
        end = time.monotonic() + _PATIENCE
        while (record := self.files.read(RECORD)) is not None:
            if time.monotonic() > end:
                shown = printable(record.decode("utf-8", errors="replace"))[:200]
                msg = (
                    f"a commit is open in the store {self.files.root!r} ({shown}): it is being written, or the writer was "
                    "interrupted\n\nHint: try again in a moment; if it stays, `nbframes verify` on the machine that holds the "
                    "store completes it"
                )
                raise StoreError(msg)
            time.sleep(0.02)

    def _unknown(self, benchmark: str, attachment: str) -> UnknownNameError:
        if attachment:
            return UnknownNameError.of(f"attachment to {benchmark!r}", attachment, self.attachments(benchmark))
        hint = f"the store is {self.files.root!r}; add the benchmark with: nbframes export SOURCE --store STORE"
        if registry.find(benchmark) is not None:
            msg = f"the store does not hold {benchmark!r}\n\nIt has: {listed(self.benchmarks())}\n\nHint: {hint}"
            return UnknownNameError(msg)
        return UnknownNameError.of("benchmark", benchmark, self.benchmarks(), hint)
