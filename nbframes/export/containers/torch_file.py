"""Files of ``torch.save`` without torch: the pickle inside as a stream of bytes, the tensors as what they are not needed for.

Old versions wrote one stream: the pickles of a magic number, a protocol version, facts on the machine, the object and the names of its
storages, then the storages themselves. Newer ones write a zip: the object in ``<name>/data.pkl``, each storage in ``<name>/data/<key>``.
Either way the object refers to storages by persistent ids, which here only say how many bytes there must be.
"""

from __future__ import annotations

import reprlib
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, Self, cast

from nbframes.errors import listed
from nbframes.export.containers import pickles, zips
from nbframes.export.containers.bz2_source import Stream
from nbframes.export.containers.pickle_file import Pickled, PickleFile
from nbframes.export.containers.pickles import ALLOWED, Global, Opaque

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import BinaryIO

MAGIC: Final = 0x1950A86A20F9469CFC6C
PROTOCOL: Final = 1001
_PICKLE: Final = "data.pkl"
_READ: Final = 1 << 20

_ITEM_SIZES: Final = {
    "Double": 8,
    "Float": 4,
    "Half": 2,
    "BFloat16": 2,
    "Long": 8,
    "Int": 4,
    "Short": 2,
    "Char": 1,
    "Byte": 1,
    "Bool": 1,
    "ComplexDouble": 16,
    "ComplexFloat": 8,
}
"""Bytes of one number in each type of storage."""


class Tensors:
    """What a pickle of torch may say of tensors. They are `Opaque`; the sizes of their storages are kept."""

    def __init__(self) -> None:
        self.sizes: dict[str, tuple[int, int]] = {}
        """Of every storage: how many numbers, and bytes of each."""

    @property
    def options(self) -> dict[str, Any]:
        """Options for `nbframes.export.containers.pickles.load` and `nbframes.export.containers.pickles.stream_items`."""
        return {"allowed": _ALLOWED, "persistent": self._storage}

    def _storage(self, identifier: Any) -> Opaque:
        """Stand for the storage of a persistent id ``("storage", type, key, location, count, ...)``."""
        if type(identifier) is not tuple or len(identifier) < 5 or identifier[0] != "storage":
            msg = "it refers to something outside itself that is not a torch storage"
            raise ValueError(msg)
        _, kind, key, _, count = identifier[:5]
        item_size = _STORAGES.get(kind.name) if isinstance(kind, Global) else None
        if item_size is None or type(key) is not str or type(count) is not int or count < 0:
            msg = "it refers to a storage in a way that torch does not"
            raise ValueError(msg)
        if self.sizes.setdefault(key, (count, item_size)) != (count, item_size):
            msg = f"it gives storage {key!r} two sizes"
            raise ValueError(msg)
        return Opaque()


def _tensor(storage: Any, *_description: Any) -> Opaque:
    if type(storage) is not Opaque:
        msg = "a tensor needs a storage"
        raise ValueError(msg)
    return Opaque()


def _storage_type(*_args: Any) -> NoReturn:
    msg = "the type of a storage is allowed in persistent ids only"
    raise ValueError(msg)


_STORAGES: Final = {f"torch.{name}Storage": size for name, size in _ITEM_SIZES.items()}

_ALLOWED: Final[Mapping[tuple[str, str], Global]] = {
    **ALLOWED,
    **{("torch", name.removeprefix("torch.")): Global(name, _storage_type) for name in _STORAGES},
    **{
        ("torch._utils", name): Global(f"torch._utils.{name}", _tensor)
        for name in ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_parameter")
    },
}


class LegacyFile(PickleFile):
    """The stream that torch wrote before version 1.6, and writes on request."""

    kind = "torch, legacy format"

    def __init__(self, path: Path, *, jobs: int = 1) -> None:
        super().__init__(path, jobs=jobs)
        self._tensors = Tensors()
        self._byte_order: Literal["little", "big"] = "little"
        self.options |= self._tensors.options

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            self._read_head()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def finish(self) -> tuple[dict[str, Any], str]:
        """Check the storages behind the object, to the end of the file; return its entry for the manifest and its MD5."""
        keys, sizes = self._load(), self._tensors.sizes
        if type(keys) is not list or not all(type(key) is str for key in keys) or sorted(keys) != sorted(sizes):
            self._fail(f"it holds the storages {reprlib.repr(keys)}, not those that its object refers to")
        for key in keys:
            count, item_size = sizes[key]
            if int.from_bytes(b"".join(self._parts(8)), self._byte_order) != count:
                self._fail(f"storage {key!r} is not as large as its object says")
            for _ in self._parts(count * item_size):
                pass
        return super().finish()

    def _read_head(self) -> None:
        magic, protocol, system = (self._load() for _ in range(3))
        if magic != MAGIC or protocol != PROTOCOL or not isinstance(system, dict):
            self._fail("it does not begin as torch.save writes")
        if system.get("little_endian") is False:
            self._byte_order = "big"

    def _load(self) -> Any:
        return pickles.load(cast("BinaryIO", self), str(self._path), **self.options)


class ZippedFile(Pickled):
    """The zip that torch writes since version 1.6."""

    kind = "torch, zip format"

    def __init__(self, path: Path, *, jobs: int = 1) -> None:
        super().__init__(path, jobs=jobs)
        self._tensors = Tensors()
        self.options |= self._tensors.options
        self._open = ExitStack()
        self.position = 0
        """Bytes of the object read so far."""

    def __enter__(self) -> Self:
        with self._open as stack, zips.readable(self._path):
            self._archive = stack.enter_context(zips.opened(self._path))
            self._object = stack.enter_context(self._archive.open(self._object_name()))
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def finish(self) -> tuple[dict[str, Any], str]:
        """Check every member of the archive; return the file's entry for the manifest and its MD5."""
        if self.read():
            self._fail(f"other data follows the end of {self._object.name}")
        with zips.readable(self._path):
            self._check_storages()
            broken = self._archive.testzip()
        if broken is not None:
            self._fail(f"its member {broken!r} is corrupt")
        with Stream(self._path, md5=True) as stream:
            stream.exhaust()
            return stream.file(), stream.md5()

    def _next(self, size: int) -> bytes:
        with zips.readable(self._path):
            part = self._object.read(size if size > 0 else _READ)
        self.position += len(part)
        return part

    def _object_name(self) -> str:
        names = [name for name in self._archive.namelist() if name.rsplit("/", 1)[-1] == _PICKLE]
        if len(names) != 1:
            self._fail(f"a file of torch has one member {_PICKLE!r}; this one has {listed(names)}")
        return names[0]

    def _check_storages(self) -> None:
        folder = self._object.name.removesuffix(_PICKLE) + "data/"
        members = self._archive.infolist()
        stored = {info.filename: info.file_size for info in members}
        if len(stored) < len(members):
            self._fail("two of its members have the same name")
        for key, (count, item_size) in self._tensors.sizes.items():
            if stored.get(folder + key) != count * item_size:
                self._fail(f"storage {key!r} is missing, or not as large as its object says")
