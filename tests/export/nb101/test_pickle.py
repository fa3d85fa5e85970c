"""NASBenchAPI's pickle of NAS-Bench-101, whole and broken."""

from __future__ import annotations

import pickle

import pytest
from polars.testing import assert_frame_equal

from nbframes.errors import SourceError, UnsafePickleError
from tests.export.nb101.conftest import CELLS, left, refused
from tests.export.nb101.files import (
    derived,
    read,
    run,
    write_pickle,
    write_tfrecord,
)


def pickled(path, records=CELLS, protocol=pickle.HIGHEST_PROTOCOL, told=derived, **changes):
    rows = [(each.row, told(each)) for each in records]
    return write_pickle(path.with_suffix(".pkl"), rows, protocol, **changes)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("breaks", [0, 76])
def test_pickles_of_every_protocol_give_the_same_tables(path, whole, protocol, breaks):
    tables = read(pickled(path, [each.but(breaks=breaks) for each in CELLS], protocol))
    assert_frame_equal(tables.results, whole.results)
    assert_frame_equal(tables.archs, whole.archs)
    assert_frame_equal(tables.runs, whole.runs)


def test_a_pickle_of_many_cells_is_read_across_its_windows(path):
    hashes = [f"{number:032x}" for number in range(1500)]
    runs = [run(epochs, seed=seed, hash=hash) for hash in hashes for epochs in (36, 108) for seed in range(2)]
    official = read(write_tfrecord(path, runs))
    tables = read(pickled(path, runs))
    assert tables.runs.height == 6000
    assert_frame_equal(tables.results, official.results)
    assert_frame_equal(tables.archs, official.archs)


def test_derived_must_say_what_the_metrics_say(path):
    for name in derived(CELLS[0]):

        def told(each, name=name):
            return derived(each) | ({name: derived(each)[name] / 2} if each is CELLS[17] else {})

        tables = refused(pickled(path, told=told), f"{name} is .* in 'derived'")
        assert left(tables) == {"a": 12, "b": 11, "c": 12}
        assert tables.report.skipped[0]["record"] == f"entries_by_arch['{'b' * 32}'][5]"


def test_derived_may_lack_numbers_or_have_more(path, whole):
    lacking = read(pickled(path, told=lambda each: {"trainable_parameters": each.params}))
    assert_frame_equal(lacking.results, whole.results)
    more = read(pickled(path, told=lambda each: {"note": 1.5} | derived(each) | {"rank": 3}))
    assert_frame_equal(more.results, whole.results)
    none = read(pickled(path, told=lambda each: None))
    assert_frame_equal(none.results, whole.results)


def test_a_pickle_must_hold_as_many_records_as_it_says(path):
    with pytest.raises(SourceError, match="says 35, but there are 36 records"):
        read(pickled(path, num_records=35))


def test_odd_entries_are_named_and_left_out(path):
    target = path.with_suffix(".pkl")
    write_pickle(target, [(each.row, derived(each)) for each in CELLS])
    document = pickle.loads(target.read_bytes())
    document["entries_by_arch"]["b" * 32][5] = "no dict"
    document["entries_by_arch"]["not a hash"] = []
    target.write_bytes(pickle.dumps(document))
    tables = refused(target, "epochs None|module_hash")
    assert left(tables) == {"a": 12, "b": 11, "c": 12}
    assert len(tables.report.skipped) == 2


def test_a_pickle_cut_anywhere_is_refused(path):
    target = pickled(path)
    content = target.read_bytes()
    for size in [20, 100, *range(500, len(content), 997), len(content) - 200, len(content) - 30, len(content) - 1]:
        target.write_bytes(content[:size])
        with pytest.raises(SourceError, match=r"truncated|cut short|no record"):
            read(target, on_error="skip")


class Program:
    def __reduce__(self):
        return print, ("this must not be run",)


def test_a_pickle_that_is_a_program_is_refused(path, capsys):
    with pytest.raises(UnsafePickleError, match="print"):
        read(pickled(path, benchmark=Program()))
    assert capsys.readouterr().out == ""
