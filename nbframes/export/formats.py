"""Which upstream format a source has: decided by what is in it, never by its name."""

from __future__ import annotations

import bz2
import tarfile
import zipfile
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from nbframes.errors import SourceError, listed
from nbframes.export.containers import pickles

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from nbframes.export.reader import Reader

_UNDERSTOOD: Final = """Understood are
- NATS-Bench: the folder NATS-[ts]ss-...-simple, the same as .tar, the file NATS-[ts]ss-....pickle.pbz2
- NAS-Bench-101: nasbench_full.tfrecord, nasbench_only108.tfrecord
- NAS-Bench-201: NAS-Bench-201-....pth
- NAS-Bench-301: the folder of run logs (results_<n>.json), or a zip or tar of it
- the pickles that NASBenchAPI makes of NAS-Bench-101, 201 and 301"""

_TORCH_LEGACY: Final = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How files of old ``torch.save`` begin: the pickle of its magic number."""

_FOREIGN: Final = {
    b"PK\x03\x04": "a zip whose end is missing; it was cut off",
    b"\x1f\x8b": "a gzip file; decompress it first",
    b"\xfd7zXZ": "an xz file; decompress it first",
    b"\x28\xb5\x2f\xfd": "a zstd file; decompress it first",
    b"\x89HDF": "an HDF5 file",
    b"PAR1": "a Parquet file",
    b"{": "a text that begins like JSON",
    b"[": "a text that begins like JSON",
    b"<": "a text that begins like a web page: perhaps the download failed",
}
_PREFIX: Final = 1 << 21
_RAW_PREFIX: Final = 1 << 21
_MEMBERS_TRIED: Final = 1000
_TAR_MAGIC_AT: Final = 257


def detect(source: Path, benchmark: str | None = None) -> Reader:
    """Reader for a source.

    Parameters
    ----------
    source
        File or folder.
    benchmark
        The benchmark that it must hold.

    Raises
    ------
    SourceError
        If there is no such source, if its format is none of those understood, or if it holds another benchmark.
    UnsafePickleError
        If the beginning of a pickle already names a global that is not on the allow-list.
    """
    if source.is_dir():
        reader = _folder(source)
    elif source.is_file():
        reader = _file(source)
    else:
        msg = f"there is no file or folder {str(source)!r}"
        raise SourceError(msg)
    if benchmark is not None and reader.benchmark != benchmark:
        msg = f"{source}: holds {reader.benchmark!r}, not {benchmark!r}"
        raise SourceError(msg)
    return reader


def _folder(path: Path) -> Reader:
    from nbframes.export import nats
    from nbframes.export.nb301.sources import list_folder

    names = sorted(found.name for found in path.iterdir())
    if any(map(_is_nats, names)):
        return nats.FolderReader(path)
    if inside := sorted(found.name for found in path.iterdir() if found.is_dir() and (found / nats.META).is_file()):
        msg = f"{path}: holds the sources {listed(inside)}; name one of them"
        raise SourceError(msg)
    if list_folder(path):
        from nbframes.export import nb301

        return nb301.FolderReader(path)
    raise _foreign(path, f"a folder with {listed(names)}")


def _file(path: Path) -> Reader:
    with path.open("rb") as file:
        head = file.read(16)
    if zipfile.is_zipfile(path):
        return _zip(path)
    if head.startswith(_TORCH_LEGACY):
        from nbframes.export import nb201

        return nb201.TorchReader(path)
    if head.startswith((b"\x80", b"BZh")) and not _is_tar(path):
        return _pickle(path)
    if _is_tar(path):
        return _tar(path)
    if _is_tfrecord(head):
        from nbframes.export import nb101

        return nb101.TFRecordReader(path)
    found = next(
        (what for magic, what in _FOREIGN.items() if head.startswith(magic)), f"a file that begins with {head!r}"
    )
    raise _foreign(path, found if head else "an empty file")


def _is_nats(name: str) -> bool:
    from nbframes.export import nats

    return name == nats.META or nats.RECORD.fullmatch(name) is not None


def _is_tar(path: Path) -> bool:
    try:
        return tarfile.is_tarfile(path)
    except EOFError:  # compressed, and cut off within the first member
        return False


def _is_tfrecord(head: bytes) -> bool:
    from nbframes.export.containers import tfrecord

    return len(head) >= 12 and tfrecord.masked_crc32c(head[:8]) == int.from_bytes(head[8:12], "little")


def _zip(path: Path) -> Reader:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if any(name.rsplit("/", 1)[-1] == "data.pkl" for name in names):
        from nbframes.export import nb201

        return nb201.TorchReader(path)
    return _run_logs(path, names, "zip")


def _tar(path: Path) -> Reader:
    from nbframes.export import nats

    with tarfile.open(path) as tar:
        names = [member.name for member in islice(tar, _MEMBERS_TRIED)]
    if not any(_is_nats(name.rsplit("/", 1)[-1]) for name in names):
        return _run_logs(path, names, "tar")
    with path.open("rb") as file:
        plain = file.read(_TAR_MAGIC_AT + 5)[_TAR_MAGIC_AT:] == b"ustar"
    if not plain:
        msg = f"{path}: a compressed tar of NATS-Bench; decompress it first: its records are compressed already"
        raise SourceError(msg)
    return nats.TarReader(path)


def _run_logs(path: Path, names: Iterable[str], kind: str) -> Reader:
    from nbframes.export.nb301.sources import is_run_file

    names = list(names)
    if any(map(is_run_file, names)):
        from nbframes.export import nb301

        return nb301.ArchiveReader(path)
    raise _foreign(path, f"a {kind} with {listed(names)}")


def _pickle(path: Path) -> Reader:
    top = pickles.load_prefix(_prefix(path), str(path))
    if not isinstance(top, dict):
        raise _foreign(path, f"a pickled {type(top).__name__}")
    if "entries_by_arch" in top:
        from nbframes.export import nb101

        return nb101.PickleReader(path)
    if "entries" in top:
        from nbframes.export import nb301

        return nb301.PickleReader(path)
    if isinstance(top.get("arch2infos"), dict) and top["arch2infos"]:
        return _pickled_states(path, top)
    if "meta_archs" in top or any(isinstance(value, dict) and "all_results" in value for value in top.values()):
        raise _foreign(path, "one file of a NATS-Bench folder; name the folder")
    raise _foreign(path, f"a pickled dict with {listed(top)}")


def _pickled_states(path: Path, top: dict[str, Any]) -> Reader:
    record = next(iter(top["arch2infos"].values()))
    hps = list(record) if isinstance(record, dict) else []
    if hps and all(hp in ("full", "less") for hp in hps):
        from nbframes.export import nb201

        return nb201.PickleReader(path)
    if hps and all(type(hp) is str and hp.isdigit() for hp in hps):
        from nbframes.export.nats.monolith import MonolithReader

        return MonolithReader(path, _some_strings(top, record))
    raise _foreign(path, f"a pickle whose arch2infos has records with {listed(hps)}")


def _some_strings(top: dict[str, Any], record: dict[str, Any]) -> list[str]:
    """At least one architecture string: of the index if it comes first, else of the first record."""
    strings = top.get("meta_archs") or [state["arch_str"] for state in record.values() if "arch_str" in state]
    return list(strings)


def _prefix(path: Path) -> bytes:
    with path.open("rb") as file:
        raw = file.read(_RAW_PREFIX)
    if not raw.startswith(b"BZh"):
        return raw
    try:
        return bz2.BZ2Decompressor().decompress(raw, _PREFIX)
    except OSError as error:
        msg = f"{path}: it is corrupt: {error}"
        raise SourceError(msg) from error


def _foreign(path: Path, found: str) -> SourceError:
    return SourceError(f"{path}: {found}\n\n{_UNDERSTOOD}")
