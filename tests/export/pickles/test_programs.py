"""The pickle machine runs nothing."""

from __future__ import annotations

import copyreg
import io
import os
import pickle

import numpy as np
import pytest

from nbframes.errors import SourceError, UnsafePickleError
from nbframes.export.containers import pickles
from tests.export.pickles.values import WHERE


class Evil:
    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def short(text):
    return b"\x8c" + bytes([len(text)]) + text.encode()


def programs(path):
    """Pickles that make a folder when pickle loads them."""
    call = short(str(path)) + b"\x85R"
    module, name = os.mkdir.__module__, "mkdir"
    yield "reduce", pickle.dumps(Evil(path), 4)
    yield "reduce in protocol 2", pickle.dumps(Evil(path), 2)
    yield "nested in a record", pickle.dumps({"200": {"all_results": {("cifar10", 777): {"latency": [Evil(path)]}}}}, 4)
    yield "behind a curve", pickle.dumps([dict.fromkeys(range(200), 0.5), Evil(path)], 4)
    yield (
        "names from the memo",
        b"\x80\x04" + short(name) + b"\x94" + short(module) + b"\x94000"[:2] + b"0" + b"h\x01h\x00\x93" + call + b".",
    )
    yield "text global", b"\x80\x02c" + f"{module}\n{name}\n".encode() + call + b"."
    yield "INST", b"\x80\x02(" + short(str(path)) + b"i" + f"{module}\n{name}\n".encode() + b"."
    yield "OBJ", b"\x80\x02(c" + f"{module}\n{name}\n".encode() + short(str(path)) + b"o."
    yield "a qualified name", pickle_of_attribute(path)


def pickle_of_attribute(path):
    return (
        b"\x80\x04"
        + short("os")
        + short("sys.modules")
        + b"\x930"
        + short(os.mkdir.__module__)
        + short("mkdir")
        + b"\x93"
        + short(str(path))
        + b"\x85R."
    )


@pytest.mark.parametrize("kind", [kind for kind, _ in programs("x")])
def test_programs_do_not_run(kind, tmp_path):
    folder = tmp_path / "ran"
    data = dict(programs(folder))[kind]
    pickle.loads(data)
    assert folder.is_dir(), "the payload must work where nothing stops it"
    folder.rmdir()
    for attempt in (pickles.load, pickles.load_prefix):
        with pytest.raises(UnsafePickleError, match="nothing of it was run"):
            attempt(data, WHERE)
    with pytest.raises(UnsafePickleError):
        list(pickles.stream_items(io.BytesIO(data), WHERE, "arch2infos"))
    assert not folder.exists()


def test_the_refusal_names_global_file_and_record():
    with pytest.raises(UnsafePickleError, match=r"benchmark\.pickle \(record 7\).*'posix\.mkdir'"):
        pickles.load(pickle.dumps(Evil("x"), 4), WHERE)


@pytest.mark.parametrize(
    ("low", "opcode"), [(0xF0, b"\x82\xf0"), (0xF00, b"\x83\x00\x0f"), (0xF0000, b"\x84\x00\x00\x0f\x00")]
)
def test_extension_codes_are_refused_even_when_registered_and_cached(low, opcode, tmp_path):
    folder = tmp_path / "ran"
    data = b"\x80\x02" + opcode + short(str(folder)) + b"\x85R."
    copyreg.add_extension(os.mkdir.__module__, "mkdir", low)
    try:
        pickle.loads(data)
        folder.rmdir()
        with pytest.raises(UnsafePickleError, match="extension code"):
            pickles.load(data, WHERE)
    finally:
        copyreg.remove_extension(os.mkdir.__module__, "mkdir", low)
    assert not folder.exists()


class State:
    pass


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (pickle.dumps(State(), 4), "State"),
        (pickle.dumps(print, 4), "builtins.print"),
        (pickle.dumps(np.array([{}], object), 4), "plain"),
        (b"\x80\x02cnumpy\nload\n.", "numpy.load"),
        (b"\x80\x04" + short("collections") + short("OrderedDict.fromkeys") + b"\x93.", "OrderedDict.fromkeys"),
        (b"\x80\x02ccollections\nOrderedDict\n)\x81.", "instance of a class.*collections.OrderedDict"),
        (b"\x80\x02ccollections\nOrderedDict\n)R}" + short("__class__") + short("x") + b"sb.", "no state to set"),
        (b"\x80\x02cnumpy\ndtype\n" + short("O") + b"\x85R.", "plain numeric"),
        (
            b"\x80\x02cnumpy\ndtype\n"
            + short("f8")
            + b"\x85R(K\x03"
            + short("<")
            + b"}NNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb.",
            "plain numeric",
        ),
        (b"\x80\x02cnumpy\nndarray\nK\x05\x85R.", "_reconstruct only"),
        (b"\x80\x02c_codecs\nencode\n" + short("x") + short("zip") + b"\x86R.", "latin1 only"),
        (b"\x80\x02" + short("x") + b"Q.", "object outside itself"),
        (b"\x80\x02Px\n.", "object outside itself"),
        (b"\x80\x02}(K\x01K\x02uK\x03\x85R.", "calls a dict"),
    ],
)
def test_what_is_not_plain_data_is_refused(data, reason):
    with pytest.raises(SourceError, match=reason):
        pickles.load(data, WHERE)


def test_a_format_may_allow_more_and_understand_persistent_ids():
    allowed = {**pickles.ALLOWED, ("torch", "Size"): pickles.Global("torch.Size", tuple)}
    assert pickles.load(b"\x80\x02ctorch\nSize\n]K\x03a\x85R.", WHERE, allowed=allowed) == (3,)
    assert pickles.load(b"\x80\x02K\x07Q.", WHERE, persistent=lambda identifier: identifier + 1) == 8
