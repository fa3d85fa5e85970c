"""What `write_results` takes, casts, refuses and keeps."""

from __future__ import annotations

import math

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.errors import BenchmarkExistsError, FrameError, InvalidArgumentError, UnknownNameError
from nbframes.schema import KEY
from nbframes.store import spill, writer
from tests import published_tables
from tests.frames import results

KEYS = ["arch", "dataset", "split", "metric", "schedule", "budget", "seed"]


def _stored(folder, name="mine"):
    return nbf.scan(name, store=folder).collect().with_columns(pl.col("dataset", "metric", "split").cast(pl.String))


@pytest.mark.parametrize("shape", ["frame", "lazy", "iterator", "shuffled", "reversed parts"])
def test_any_shape_and_order_of_input_gives_the_same_table(tmp_path, shape):
    frame = results(40)
    given_frame = {
        "frame": frame,
        "lazy": frame.lazy(),
        "iterator": (part for part in frame.iter_slices(7)),
        "shuffled": frame.sample(fraction=1, shuffle=True, seed=1),
        "reversed parts": reversed(list(frame.iter_slices(50))),
    }[shape]
    nbf.write_results(given_frame, tmp_path, benchmark="mine")
    assert_frame_equal(
        _stored(tmp_path).select(*KEYS, "value").sort(KEYS), frame.select(*KEYS, "value").sort(KEYS), check_dtypes=False
    )
    files = [f.sha256 for f in nbf.open_store(tmp_path).manifest("mine").tables["results"]]
    nbf.write_results(frame, tmp_path, benchmark="again")
    assert files == [f.sha256 for f in nbf.open_store(tmp_path).manifest("again").tables["results"]]


values = st.floats(allow_nan=True, allow_infinity=True, width=64)
keys = st.tuples(
    st.integers(0, 2**31 - 1),
    st.sampled_from(["cifar10", "own.data-1"]),
    st.sampled_from(["train", "valtest", "none"]),
    st.sampled_from(["accuracy", "f1"]),
    *[st.integers(0, 2**31 - 1)] * 3,
)


@given(rows=st.dictionaries(keys, values, min_size=1, max_size=60))
@settings(max_examples=25, deadline=None)
def test_every_value_comes_back_bit_for_bit(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("bits")
    frame = pl.DataFrame([(*key, value) for key, value in rows.items()], schema=[*KEYS, "value"], orient="row")
    nbf.write_results(frame, folder, benchmark="mine")
    got = {row[:-1]: row[-1] for row in _stored(folder).select(*KEYS, "value").rows()}
    assert got.keys() == rows.keys()
    for key, value in rows.items():
        assert math.isnan(got[key]) if math.isnan(value) else got[key].hex() == value.hex()


def test_final_defaults_to_the_full_budget_and_can_be_given(tmp_path):
    nbf.write_results(results(), tmp_path, benchmark="default")
    own = results().with_columns(final=pl.col("budget") == 2)
    nbf.write_results(own, tmp_path, benchmark="own")
    assert _stored(tmp_path, "default").filter("final")["budget"].unique().to_list() == [3]
    assert _stored(tmp_path, "own").filter("final")["budget"].unique().to_list() == [2]


def test_columns_are_cast_where_nothing_is_lost(tmp_path):
    odd = results().with_columns(
        pl.col("arch").cast(pl.Float64), pl.col("seed").cast(pl.Int64), pl.col("value").cast(pl.Float32)
    )
    nbf.write_results(odd, tmp_path, benchmark="mine")
    assert_frame_equal(
        _stored(tmp_path).sort(KEYS).select("value"), odd.sort(KEYS).select(pl.col("value").cast(pl.Float64))
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.with_columns(pl.col("arch") + 0.5), "'arch' .* without loss"),
        (lambda f: f.with_columns(arch=-1), "'arch' holds -1"),
        (lambda f: f.with_columns(budget=pl.col("budget").cast(pl.Int32) - 2), "'budget' holds -1"),
        (lambda f: f.with_columns(seed=2**31), "'seed' .* without loss"),
        (lambda f: f.with_columns(value=pl.lit("high")), "'value' .* without loss"),
        (lambda f: f.with_columns(value=2**53 + 1), "'value' .* without loss"),
        (lambda f: f.with_columns(value=pl.lit(None, pl.Float64)), "null values in 'value'"),
        (lambda f: f.drop("seed"), "lacks the columns 'seed'"),
        (lambda f: f.rename({"value": "accuracy"}), "lacks the columns 'value'"),
        (lambda f: f.with_columns(note=pl.lit("x")), "no columns 'note'"),
        (lambda f: pl.concat([f, f.tail(1)]), "occurs twice"),
        (lambda f: f.with_columns(split=pl.lit("validation")), "did you mean 'val'"),
        (lambda f: f.with_columns(dataset=pl.lit("a/b")), "cannot be stored"),
        (lambda f: f.with_columns(metric=pl.lit("")), "cannot be stored"),
        (lambda f: f.with_columns(benchmark=pl.Series(["a", "b"] * (f.height // 2))), "mixes the benchmarks 'a', 'b'"),
    ],
)
def test_what_does_not_fit_is_refused_and_the_store_is_untouched(tmp_path, change, words):
    nbf.write_results(results(2), tmp_path, benchmark="before")
    with pytest.raises((FrameError, InvalidArgumentError, UnknownNameError), match=words):
        nbf.write_results(change(results()), tmp_path, benchmark="mine")
    store = nbf.open_store(tmp_path)
    assert store.benchmarks() == ["before"]
    assert store.verify().is_empty()
    assert not list((tmp_path / ".nbframes" / "staging").iterdir())


def test_parts_of_an_iterator_may_not_name_different_benchmarks(tmp_path):
    parts = (results().with_columns(benchmark=pl.lit(name)) for name in "ab")
    with pytest.raises(FrameError, match="mixes the benchmarks"):
        nbf.write_results(parts, tmp_path, benchmark="mine")


def test_an_iterator_that_fails_leaves_nothing(tmp_path):
    def parts():
        yield results(2)
        msg = "the simulation crashed"
        raise RuntimeError(msg)

    with pytest.raises(RuntimeError, match="crashed"):
        nbf.write_results(parts(), tmp_path, benchmark="mine")
    assert not (tmp_path / "results").exists()


def test_an_existing_benchmark_is_kept_unless_overwriting(tmp_path):
    nbf.write_results(results(2), tmp_path, benchmark="mine")
    with pytest.raises(BenchmarkExistsError, match="overwrite=True"):
        nbf.write_results(results(3), tmp_path, benchmark="mine")
    assert _stored(tmp_path)["arch"].n_unique() == 2
    nbf.write_results(results(3), tmp_path, benchmark="mine", overwrite=True)
    assert _stored(tmp_path)["arch"].n_unique() == 3


def test_overwriting_a_benchmark_with_rows_of_its_own_keeps_its_architectures_and_runs(tmp_path):
    archs = pl.DataFrame({"arch": range(6), "arch_str": list("abcdef")})
    runs = results().select("arch", "dataset", "schedule", "seed").unique().with_columns(params=pl.col("arch") * 10)
    nbf.write_results(results(), tmp_path, benchmark="mine", archs=archs, runs=runs)
    kept = [
        frame.collect() for frame in (nbf.scan_archs("mine", store=tmp_path), nbf.scan_runs("mine", store=tmp_path))
    ]
    own = nbf.scan("mine", store=tmp_path).filter(nbf.seed(777))
    nbf.write_results(own, tmp_path, benchmark="mine", overwrite=True)
    assert nbf.scan("mine", store=tmp_path).collect()["seed"].unique().to_list() == [777]
    assert_frame_equal(nbf.scan_archs("mine", store=tmp_path).collect(), kept[0])
    assert_frame_equal(nbf.scan_runs("mine", store=tmp_path).collect(), kept[1])
    with pytest.raises(FrameError, match="archs lacks 2 architectures"):
        nbf.write_results(results(8), tmp_path, benchmark="mine", overwrite=True)
    nbf.write_results(results(8), tmp_path, benchmark="mine", overwrite=True, archs=False, runs=False)
    assert not (tmp_path / "archs" / "benchmark=mine").exists()
    assert not (tmp_path / "runs").exists() or not (tmp_path / "runs" / "benchmark=mine").exists()
    assert nbf.open_store(tmp_path).verify().is_empty()


def test_provenance_is_kept_and_what_is_made_up_says_so(tmp_path):
    joules = nbf.Metric("joules", "J", better="min", label="energy", tie=0.5)
    manifest = nbf.write_results(
        results(metric="joules"),
        tmp_path,
        benchmark="mine",
        metrics=[joules],
        source="a paper's appendix",
        licence="MIT",
        citation="@misc{x}",
        synthetic=True,
        not_exported=["the logs"],
        notes={"page": 7},
    )
    assert nbf.open_store(tmp_path).manifest("mine") == manifest
    assert manifest.metrics["joules"] == {
        "unit": "J",
        "better": "min",
        "label": "energy",
        "description": "",
        "tie": 0.5,
    }
    assert manifest.units["joules"] == "J"
    assert (manifest.source["name"], manifest.licence, manifest.citation) == ("a paper's appendix", "MIT", "@misc{x}")
    assert (manifest.notes["page"], manifest.not_exported) == (7, ["the logs"])
    assert "SYNTHETIC" in repr(manifest)
    assert "SYNTHETIC" in repr(nbf.open_store(tmp_path))
    assert "SYNTHETIC" in nbf.open_store(tmp_path)._repr_html_()
    assert nbf.open_store(tmp_path).verify().is_empty()


@pytest.mark.parametrize("name", ["x" * 241, "CON", "nul.json", "com1", "mine."])
def test_names_that_some_file_system_refuses_are_refused_in_words(tmp_path, name):
    for where in ("benchmark", "metric", "dataset"):
        frame = results() if where == "benchmark" else results().with_columns(pl.lit(name).alias(where))
        with pytest.raises(InvalidArgumentError, match=f"{where} name .* cannot be stored: .*(Windows|file system)"):
            nbf.write_results(frame, tmp_path, benchmark=name if where == "benchmark" else "mine")
    longest = "x" * 240
    nbf.write_results(results(dataset=longest, metric=longest), tmp_path, benchmark=longest)
    assert nbf.open_store(tmp_path).verify().is_empty()


@pytest.mark.parametrize("batches", [1, 3, 40])
@pytest.mark.parametrize("schedules", [1, 3, 200])
def test_rows_that_do_not_fit_into_memory_at_once_are_sorted_on_disk(tmp_path, monkeypatch, batches, schedules):
    monkeypatch.setattr(writer, "_SORTED_AT_ONCE", 500)
    monkeypatch.setattr(spill, "_BLOCK", 64)
    rows = pl.concat([results(4 + k % 7, schedule=1 + k).with_columns(schedule=1 + k) for k in range(schedules)])
    rows = pl.concat([rows, rows.with_columns(seed=pl.col("seed") + 2**30)]).sample(fraction=1, shuffle=True, seed=3)
    nbf.write_results(rows.iter_slices(max(1, rows.height // batches)), tmp_path, benchmark="mine")
    assert_frame_equal(
        _stored(tmp_path).select(*KEYS, "value").sort(KEYS), rows.select(*KEYS, "value").sort(KEYS), check_dtypes=False
    )
    store = nbf.open_store(tmp_path)
    assert store.verify().is_empty()
    for file in store.manifest("mine").tables["results"]:
        final = "/final-" in file.path
        order = ["schedule", "arch", "seed", "budget"] if final else ["arch", "schedule", "budget", "seed"]
        frame = pl.read_parquet(tmp_path / file.path, hive_partitioning=False)
        assert frame.equals(frame.sort(order))


def test_a_key_that_is_final_and_not_final_is_refused(tmp_path):
    frame = results().with_columns(final=pl.col("budget") == 3)
    both = pl.concat([frame, frame.filter("final").with_columns(final=False).head(1)])
    with pytest.raises(FrameError, match="occurs twice"):
        nbf.write_results(both, tmp_path, benchmark="mine")
    nbf.write_results(frame, tmp_path, benchmark="mine")
    assert nbf.open_store(tmp_path).verify().is_empty()


def test_pages_have_checksums(tmp_path):
    nbf.write_results(results(), tmp_path, benchmark="mine", archs=pl.DataFrame({"arch": range(6)}))
    paths = list(tmp_path.rglob("*.parquet"))
    for path in paths:
        content = bytearray(path.read_bytes())
        pq.ParquetFile(path, page_checksum_verification=True).read()
        chunk = pq.read_metadata(path).row_group(0).column(0)
        first = min(filter(None, (chunk.dictionary_page_offset, chunk.data_page_offset)))
        content[first + chunk.total_compressed_size - 1] ^= 1  # the last byte of a page
        path.write_bytes(content)
        with pytest.raises(OSError, match="CRC"):
            pq.ParquetFile(path, page_checksum_verification=True).read()
    assert len(paths) == 3


def test_a_published_name_is_marked_as_not_official(tmp_path):
    manifest = nbf.write_results(results(), tmp_path, benchmark="nats-tss")
    assert not manifest.official
    assert nbf.open_store(tmp_path).manifest("nats-tss").official is False


def test_duplicate_keys_of_side_tables_are_refused(tmp_path):
    with pytest.raises(FrameError, match="more than once in archs"):
        nbf.write_results(results(), tmp_path, benchmark="mine", archs=pl.DataFrame({"arch": [1, 1]}))
    runs = pl.DataFrame({"arch": [1, 1], "dataset": "cifar10", "schedule": 3, "seed": 1})
    with pytest.raises(FrameError, match="more than once in runs"):
        nbf.write_results(results(), tmp_path, benchmark="mine", runs=runs)


def test_the_input_frame_is_not_changed(tmp_path):
    frame = results()
    copy = frame.clone()
    nbf.write_results(frame, tmp_path, benchmark="mine")
    assert_frame_equal(frame, copy)


def test_published_measurements_of_whole_spaces_can_be_stored(tmp_path):
    measured = published_tables.measured()
    for name in ("nats-tss", "nats-sss"):
        part = measured.filter(pl.col("benchmark") == name)
        nbf.write_results(part, tmp_path, benchmark=name)
        got = _stored(tmp_path, name).with_columns(pl.col("benchmark").cast(pl.String))
        assert_frame_equal(
            got.select(*KEY, "value").sort(KEY), part.select(*KEY, "value").sort(KEY), check_dtypes=False
        )
    best = (
        nbf.scan("nats-tss", store=tmp_path)
        .filter(nbf.on("cifar10", "val"), nbf.metric("accuracy"), nbf.schedule(200), nbf.final())
        .group_by("arch")
        .agg(nbf.seed_mean())
        .filter(nbf.regret() == 0)
        .collect()
    )
    assert best.rows() == [(6111, pytest.approx(91.60666665, abs=5e-9))]


@pytest.mark.parametrize("empty", [results().clear(), results().clear().lazy(), iter([]), []])
def test_nothing_is_no_benchmark_and_replaces_none(tmp_path, empty):
    nbf.write_results(results(), tmp_path, benchmark="mine")
    with pytest.raises(FrameError, match="no rows"):
        nbf.write_results(empty, tmp_path, benchmark="mine", overwrite=True)
    assert nbf.scan("mine", store=tmp_path).collect().height == results().height


def test_side_tables_may_be_lazy(tmp_path):
    archs = pl.LazyFrame({"arch": results()["arch"].unique(), "arch_str": "x"})
    runs = results().lazy().select("arch", "dataset", "schedule", "seed").unique()
    nbf.write_results(results(), tmp_path, benchmark="mine", archs=archs, runs=runs)
    assert nbf.scan_archs("mine", store=tmp_path).collect().height == archs.collect().height
    assert nbf.scan_runs("mine", store=tmp_path).collect().height == runs.collect().height


@pytest.mark.parametrize(
    ("archs", "reason"),
    [
        (pl.DataFrame({"arch": [0]}), "archs lacks"),
        (pl.DataFrame({"arch": [0, None]}), "null values in 'arch'"),
        ({"arch": [0]}, "not dict"),
    ],
)
def test_archs_that_verify_would_object_to_are_refused(tmp_path, archs, reason):
    with pytest.raises(FrameError, match=reason):
        nbf.write_results(results(), tmp_path, benchmark="mine", archs=archs)
    assert nbf.Store(tmp_path).benchmarks() == []


@pytest.mark.parametrize("foreign", [{"arch": [0]}, "results.parquet", results().to_arrow(), None])
def test_other_kinds_of_frames_are_refused_with_the_way_to_convert_them(tmp_path, foreign):
    with pytest.raises(FrameError, match=r"Hint: pl\.DataFrame"):
        nbf.write_results(foreign, tmp_path, benchmark="mine")


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_name_that_differs_in_case_alone_is_refused(tmp_path, overwrite):
    rows = pl.DataFrame({"arch": [0], "dataset": "x", "split": "val", "metric": "accuracy", "value": [1.0]})
    rows = rows.with_columns(schedule=1, budget=1, seed=0)
    nbf.write_results(rows, tmp_path, benchmark="Mine", archs=False, runs=False)
    with pytest.raises(
        BenchmarkExistsError, match="'mine' differs from 'Mine' of the store only in upper and lower case"
    ):
        nbf.write_results(rows, tmp_path, benchmark="mine", archs=False, runs=False, overwrite=overwrite)
    assert nbf.open_store(tmp_path).benchmarks() == ["Mine"]
    nbf.write_results(rows, tmp_path, benchmark="Mine", archs=False, runs=False, overwrite=True)


@pytest.mark.parametrize("dtype", [pl.UInt64, pl.Int128, pl.UInt128])
def test_wide_whole_numbers_are_stored_signed_where_they_fit(tmp_path, dtype):
    archs = pl.DataFrame({"arch": range(6), "params": pl.Series([2**40] * 6, dtype=dtype)})
    nbf.write_results(results(), tmp_path, benchmark="mine", archs=archs)
    written = nbf.scan_archs("mine", store=tmp_path).collect()["params"]
    assert (written.dtype, written.to_list()) == (pl.Int64, [2**40] * 6)
    archs = archs.with_columns(params=pl.lit(2**63, dtype))
    with pytest.raises(FrameError, match=rf"column 'params' \({dtype.__name__}\) does not fit Int64 without loss"):
        nbf.write_results(results(), tmp_path, benchmark="other", archs=archs)


@pytest.mark.parametrize(
    "column",
    [
        pl.Series("odd", [object()] * 6, dtype=pl.Object),
        pl.Series("odd", [[1]] * 6, dtype=pl.List(pl.Int128)),
        pl.Series("odd", [{"a": 1}] * 6, dtype=pl.Struct({"a": pl.Int128})),
    ],
    ids=lambda column: str(column.dtype),
)
@pytest.mark.parametrize("table", ["archs", "runs"])
def test_a_type_that_no_file_holds_is_refused_in_words(tmp_path, column, table):
    keys = results().select("arch", "dataset", "schedule", "seed").unique(["arch"]).sort("arch")
    with pytest.raises(
        FrameError, match=rf"column 'odd' of {table} is .*, which Parquet cannot store; cast it to Int64"
    ):
        nbf.write_results(results(), tmp_path, benchmark="mine", **{table: keys.with_columns(column)})
    assert not list(tmp_path.rglob("*.parquet"))
