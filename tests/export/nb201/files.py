"""Files of NAS-Bench-201 written by hand, as torch and NASBenchAPI write them, without torch."""

from __future__ import annotations

import io
import pickle
import struct
import sys
import zipfile
from types import ModuleType

MAGIC = 0x1950A86A20F9469CFC6C
SYSTEM = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
META_KEYS = ("meta_archs", "total_archs", "arch2infos", "evaluated_indexes")


class Tensor:
    """Pickled as torch pickles a tensor of float32."""

    def __init__(self, key, numbers):
        self.storage = Storage(key, numbers)

    def __reduce__(self):
        rebuild = sys.modules["torch._utils"]._rebuild_tensor_v2
        return rebuild, (self.storage, 0, (len(self.storage.numbers),), (1,), False, {})


class Storage:
    def __init__(self, key, numbers):
        self.key, self.numbers = key, numbers

    def bytes(self):
        return struct.pack(f"<{len(self.numbers)}f", *self.numbers)


def fake_torch(monkeypatch):
    """Let pickle find the names that tensors need; nothing of torch is behind them."""
    torch, utils = ModuleType("torch"), ModuleType("torch._utils")
    torch.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})

    def _rebuild_tensor_v2():
        raise AssertionError

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)


def dumped(content, found, *, legacy):
    """Pickle of protocol 2 in which storages are persistent ids."""

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            if not isinstance(value, Storage):
                return None
            found[value.key] = value
            name = ("storage", sys.modules["torch"].FloatStorage, value.key, "cpu", len(value.numbers))
            return (*name, None) if legacy else name

    out = io.BytesIO()
    Pickler(out, 2).dump(content)
    return out.getvalue()


def legacy(path, content, *, system=SYSTEM, keys=None):
    found = {}
    pickled = dumped(content, found, legacy=True)
    parts = [pickle.dumps(part, 2) for part in (MAGIC, 1001, system)]
    parts += [pickled, pickle.dumps(sorted(found) if keys is None else keys, 2)]
    for key in sorted(found):
        parts += [struct.pack("<q", len(found[key].numbers)), found[key].bytes()]
    path.write_bytes(b"".join(parts))
    return path


def zipped(path, content, *, compression=zipfile.ZIP_STORED, leave_out=()):
    found = {}
    members = {"data.pkl": dumped(content, found, legacy=False), "byteorder": b"little", "version": b"3\n"}
    members |= {f"data/{key}": storage.bytes() for key, storage in found.items()}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            if name not in leave_out:
                archive.writestr(f"archive/{name}", data)
    return path


def pickled(path, content, *, protocol=4):
    path.write_bytes(pickle.dumps(content, protocol))
    return path


WRITERS = {"legacy": legacy, "zip": zipped, "pickle": pickled}


def as_nb201(record):
    """NAS-Bench-201's states of a NATS record."""
    return {"full": record["200"], "less": record["12"]}


def content(strings, records):
    """What a file holds: the records by index."""
    return dict(
        zip(META_KEYS, (strings, len(strings), {k: as_nb201(r) for k, r in records.items()}, set(records)), strict=True)
    )
