"""Small sources that ask for much: each is read in a process of its own, which says what it took.

python -m tests.robustness.bombs FOLDER
"""

from __future__ import annotations

import bz2
import gzip
import json
import os
import pickle
import struct
import sys
import tarfile
import time
import warnings
import zipfile
from pathlib import Path

MEGA = 1 << 20
HEAD = b"\x80\x04"
ENTRIES = HEAD + b"}(\x8c\x07entries]("
TORCH_HEAD = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})


def record(folder, data):
    """Make a folder of NATS-Bench whose only record is a pickle of these bytes."""
    folder.mkdir()
    meta = {"meta_archs": ["8:8:8:8:8"], "total_archs": 1, "arch2infos": None, "evaluated_indexes": set()}
    (folder / "meta.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(meta, 4)))
    (folder / "000000.pickle.pbz2").write_bytes(bz2.compress(data, 1))


def sparse(path, head, size):
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)


def streams(path, head, unit, count):
    """Write compressed bytes followed by many copies of other compressed bytes."""
    path.write_bytes(head + unit * count)


def zip_of(path, name, data):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(name, data)


def tar_head(name, size, kind=tarfile.REGTYPE):
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


def fifo(path):
    (path / "rs").mkdir(parents=True)
    os.mkfifo(path / "rs" / "results_0.json")


def run_file(path, data):
    (path / "rs").mkdir(parents=True)
    (path / "rs" / "results_0.json").write_bytes(data)


def texts(path):
    with path.open("wb") as file:
        file.write(ENTRIES)
        for number in range(300):
            text = f"{number:08d}".encode() * (MEGA >> 3)
            file.write(b"}(\x8c\x04pathX" + struct.pack("<I", len(text)) + text + b"\x94\x8c\x06parsed}u")


def short_texts(path):
    with path.open("wb") as file:
        file.write(ENTRIES)
        for number in range(200_000):
            names = (b"\x8c\x14" + f"{number:08d}{k:012d}".encode() + b"\x94K\x00" for k in range(20))
            file.write(b"}(" + b"".join(names) + b"u")


def frame_of_zeros(path):
    from nbframes.export.containers.tfrecord import frame

    sparse(path, frame(b'["x"]'), 1 << 28)


def text_of(size):
    return b"X" + struct.pack("<I", size) + b"ab" * (size // 2)


SETS = b"c__builtin__\nset\nh\x00\x85R0"
"""Makes a set of what is first in the memo, and drops it."""

MONOLITH = HEAD + b"}(\x8c\narch2infos}(K\x00}(\x8c\x0212"
BOMBS = {
    "a record of zeros": lambda path: record(path, HEAD + bytes(200 * MEGA)),
    "a record of dicts": lambda path: record(path, HEAD + b"}" * (15 * MEGA)),
    "a record of lists in lists": lambda path: record(path, HEAD + b"](" * (5 * MEGA)),
    "ten million marks": lambda path: path.write_bytes(HEAD + b"(" * 10_000_000),
    "a long value": lambda path: path.write_bytes(HEAD + b"B\xff\xff\xff\x7f" + bytes(100 * MEGA)),
    "a long frame": lambda path: sparse(path, HEAD + b"\x95" + struct.pack("<Q", 1 << 40), 1 << 30),
    "a monolith of dicts": lambda path: path.write_bytes(MONOLITH + b"}" * (300 * MEGA)),
    "a monolith of zeros in bz2": lambda path: streams(
        path, bz2.compress(MONOLITH + b"\x8d" + struct.pack("<Q", 1 << 30)), bz2.compress(bytes(8 * MEGA)), 200
    ),
    "entries of dicts": lambda path: path.write_bytes(ENTRIES + b"}" * (300 * MEGA)),
    "entries of numbers": lambda path: path.write_bytes(ENTRIES + b"K\x07" * (150 * MEGA)),
    "entries with long texts": texts,
    "entries with many texts": short_texts,
    "entries of NAS-Bench-101": lambda path: path.write_bytes(
        HEAD + b"}(\x8c\x0fentries_by_arch}(\x8c\x01x](" + b"}" * (100 * MEGA)
    ),
    "what follows NAS-Bench-101": lambda path: streams(
        path,
        bz2.compress(HEAD + b"}(\x8c\x0fentries_by_arch}(\x8c\x01x]u\x8c\x01y("),
        bz2.compress(bytes(8 * MEGA)),
        2000,
    ),
    "a tar header of 2 GB": lambda path: sparse(path, tar_head("x", 2 << 30, tarfile.XHDTYPE), (2 << 30) + 4096),
    "a long name in a tar": lambda path: sparse(path, tar_head("x", 1 << 30, tarfile.GNUTYPE_LONGNAME), 1 << 30),
    "a tar.gz of 2 GB": lambda path: streams(
        path, gzip.compress(tar_head("rs/results_0.json", 2 << 30)), gzip.compress(bytes(16 * MEGA)), 128
    ),
    "a torch zip of 1 GB": lambda path: zip_of(path, "x/data.pkl", HEAD + bytes(300 * MEGA)),
    "a tar.gz of members that hold nothing": lambda path: streams(
        path, gzip.compress(b""), gzip.compress(b""), 3_000_000
    ),
    "a monolith of streams that hold nothing": lambda path: streams(
        path, bz2.compress(MONOLITH), bz2.compress(b""), 3_000_000
    ),
    "sets of a long text": lambda path: record(path, HEAD + text_of(MEGA) + b"\x94" + SETS * 100_000),
    "a long key": lambda path: record(path, HEAD + b"(" + b"N" * 400_000 + b"t\x940}" + b"h\x00Ns" * 190_000),
    "a zip of 300 MB": lambda path: zip_of(path, "rs/results_0.json", b"[" + bytes(300 * MEGA)),
    "an old torch file of 1 GB": lambda path: sparse(
        path, b"".join(pickle.dumps(part, 2) for part in TORCH_HEAD) + b"\x80\x02", 1 << 30
    ),
    "a TFRecord of zeros": frame_of_zeros,
    "a pipe": fifo,
    "a run of lists": lambda path: run_file(path, b"[" + b"[]," * (5 * MEGA) + b"0]"),
    "a run of lists in lists": lambda path: run_file(path, b"[" * (10 * MEGA)),
    "a run of 300 MB": lambda path: run_file(path, b'"' + b" " * (300 * MEGA) + b'"'),
}


def read(path):
    from nbframes.errors import NBFramesError
    from nbframes.export.formats import detect
    from nbframes.export.net import told

    try:
        with told(path):
            reader = detect(path)
            for _ in reader.batches(jobs=1, on_error="skip"):
                pass
    except NBFramesError as error:
        return str(error)
    return "".join(entry["reason"] for entry in reader.report.skipped)


def peak():
    """Most memory that this process has had, in MB; ``ru_maxrss`` would include that of its parent."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main(path):
    """Read a source; print the seconds, the megabytes over the start, and the words."""
    import polars as pl

    import nbframes.export.formats  # noqa: F401
    from nbframes import benchmarks
    from nbframes.spaces import darts, nb101, sss

    warnings.simplefilter("ignore")
    for known in benchmarks.OFFICIAL:
        benchmarks.resolve(known.reader)
    (
        darts.sample(2, seed=0),
        nb101.hash(pl.Series(["010001000|input,conv3x3-bn-relu,output"])),
        sss.is_valid("8:8:8:8:8"),
    )
    before, begin, cpu = peak(), time.monotonic(), time.process_time()
    words = read(path)
    took = {"seconds": time.monotonic() - begin, "cpu": time.process_time() - cpu, "megabytes": peak() - before}
    print(json.dumps(took | {"words": words}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
