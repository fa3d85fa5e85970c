"""Which benchmarks and attachments a store holds, by their manifests."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from nbframes.benchmarks import registry
from nbframes.display import printable
from nbframes.errors import StoreError, UnknownNameError
from nbframes.schema import RECORD, is_name, manifest_file, manifest_owner

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbframes.store.manifest import Manifest
    from nbframes.store.storage import Files

OWN: Final = "write_results"
"""Name of the source of what was not exported."""

_PATIENCE: Final = 2.0
"""Seconds that a reader waits for a commit to end."""


class Catalogue:
    """The manifests of a store, each read once for as long as it stays the same.

    Parameters
    ----------
    files
        The files of the store.
    """

    def __init__(self, files: Files) -> None:
        self.files = files
        self._manifests: dict[tuple[str, str], tuple[object, Manifest]] = {}

    def owners(self) -> list[tuple[str, str]]:
        """List the benchmarks and attachments that have a manifest, as (benchmark, attachment or "")."""
        self.wait_until_closed()
        found = (manifest_owner(name) for name in self.files.names("manifests"))
        present = sorted(owner for owner in found if owner is not None)
        known = {name: place for place, name in enumerate(registry.names())}
        return sorted(present, key=lambda owner: known.get(owner[0], len(known)))

    def benchmarks(self) -> list[str]:
        """Names of the benchmarks, known ones first."""
        return [benchmark for benchmark, attachment in self.owners() if not attachment]

    def attachments(self, benchmark: str) -> list[str]:
        """Names of the attachments to a benchmark."""
        return [attachment for owner, attachment in self.owners() if owner == benchmark and attachment]

    def manifests(self, benchmark: str) -> list[Manifest]:
        """Manifest of a benchmark, then those of its attachments."""
        return next(self.each([benchmark]))

    def each(self, benchmarks: Iterable[str]) -> Iterator[list[Manifest]]:
        """What `manifests` gives, for several benchmarks; the store is listed once."""
        attachments: dict[str, list[str]] = {}
        for benchmark, attachment in self.owners():
            attachments.setdefault(benchmark, []).extend([attachment] if attachment else [])
        for benchmark in benchmarks:
            names = attachments.get(benchmark, [])
            yield [self.manifest(benchmark), *(self.manifest(benchmark, name) for name in names)]

    def manifest(self, benchmark: str, attachment: str = "") -> Manifest:
        """Read one manifest.

        Raises
        ------
        UnknownNameError
            If the store has no such benchmark or attachment.
        StoreError
            If a commit is open or the manifest is damaged.
        """
        from nbframes.store.manifest import Manifest

        self.wait_until_closed()
        path = manifest_file(benchmark, attachment)
        plain = is_name(benchmark) and (is_name(attachment) or not attachment)
        stamp = self.files.stamp(path) if plain else None
        owner = benchmark, attachment
        if stamp is not None and owner in self._manifests and self._manifests[owner][0] == stamp:
            return self._manifests[owner][1]
        content = self.files.read(path) if plain else None
        if content is None:
            raise self._unknown(benchmark, attachment)
        manifest = Manifest.from_json(content, self.files.at(path), benchmark=benchmark, attachment=attachment)
        self._manifests[owner] = (stamp, manifest)
        return manifest

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
        return UnknownNameError.of("benchmark", benchmark, self.benchmarks(), hint)
