"""Other engines read the folder of a store and find the same rows, values and means as Polars."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf

BENCHMARKS = ("nb101", "nb301", "nats-sss")
KEY = ["benchmark", "metric", "dataset", "split", "arch", "schedule", "budget", "seed"]
TABLES = {"results": KEY, "archs": ["benchmark", "arch"], "runs": ["benchmark", "arch", "dataset", "schedule", "seed"]}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store of its own: what else this process puts into the shared sample must not be counted."""
    return nbf.synthetic.store(tmp_path_factory.mktemp("elsewhere"), benchmarks=BENCHMARKS)


class DuckDB:
    """SQL on the files."""

    def __init__(self, root):
        self.duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed")
        self.root = root

    def _files(self, table):
        return f"read_parquet('{self.root}/{table}/**/*.parquet', hive_partitioning = true, union_by_name = true)"

    def counts(self, table):
        return self.duckdb.sql(f"SELECT benchmark, count(*) AS n FROM {self._files(table)} GROUP BY benchmark").pl()

    def rows(self, table, benchmark):
        return self.duckdb.sql(f"SELECT * FROM {self._files(table)} WHERE benchmark = '{benchmark}'").pl()

    def means(self):
        query = f"SELECT benchmark, arch, avg(value) AS mean FROM {self._files('results')}"
        return self.duckdb.sql(f"{query} WHERE metric = 'accuracy' AND split = 'test' AND final GROUP BY ALL").pl()


class PyArrow:
    """Datasets of Arrow, one schema for all benchmarks."""

    def __init__(self, root):
        import pyarrow.dataset as ds

        self.ds, self.root = ds, root

    def _dataset(self, table):
        import pyarrow as pa

        dataset = self.ds.dataset(f"{self.root}/{table}", partitioning="hive")
        files = [fragment.physical_schema for fragment in dataset.get_fragments()]
        schema = pa.unify_schemas([dataset.schema, *files], promote_options="permissive")
        return dataset.replace_schema(schema)

    def counts(self, table):
        rows = self._dataset(table).to_table(columns=["benchmark"])
        return pl.from_arrow(rows.group_by("benchmark").aggregate([([], "count_all")])).rename({"count_all": "n"})

    def rows(self, table, benchmark):
        return pl.from_arrow(self._dataset(table).to_table(filter=self.ds.field("benchmark") == benchmark))

    def means(self):
        field = self.ds.field
        chosen = (field("metric") == "accuracy") & (field("split") == "test") & field("final")
        rows = self._dataset("results").to_table(columns=["benchmark", "arch", "value"], filter=chosen)
        means = rows.group_by(["benchmark", "arch"]).aggregate([("value", "mean")])
        return pl.from_arrow(means).rename({"value_mean": "mean"})


class Pandas:
    """Frames of pandas, one benchmark at a time."""

    def __init__(self, root):
        self.pandas = pytest.importorskip("pandas", reason="pandas is not installed")
        self.root = root

    def _read(self, table, **options):
        return self.pandas.read_parquet(f"{self.root}/{table}", **options)

    def counts(self, table):
        sizes = self._read(table, columns=["benchmark"]).groupby("benchmark", observed=True).size()
        return pl.DataFrame({"benchmark": sizes.index.tolist(), "n": sizes.tolist()})

    def rows(self, table, benchmark):
        return pl.from_pandas(self._read(f"{table}/benchmark={benchmark}")).with_columns(benchmark=pl.lit(benchmark))

    def means(self):
        chosen = [("metric", "==", "accuracy"), ("split", "==", "test"), ("final", "==", True)]
        rows = self._read("results", filters=chosen)
        return pl.from_pandas(
            rows.groupby(["benchmark", "arch"], observed=True)["value"].mean().reset_index(name="mean")
        )


class Spark:
    """A Spark of this machine alone."""

    def __init__(self, root):
        pyspark = pytest.importorskip("pyspark", minversion="4.0", reason="PySpark 4 is not installed")
        if not Path(pyspark.__file__).with_name("jars").is_dir():
            pytest.skip("the whole of PySpark is not installed, only its client")
        if shutil.which("java") is None:
            pytest.skip("PySpark needs Java, which is not installed")
        self.root = root
        builder = pyspark.sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
        for name in ("host", "bindAddress"):
            builder = builder.config(f"spark.driver.{name}", "127.0.0.1")
        vectorised = tuple(int(part) for part in pyspark.__version__.split(".")[:2]) >= (
            4,
            3,
        )  # reads BYTE_STREAM_SPLIT
        builder = builder.config("spark.sql.parquet.enableVectorizedReader", str(vectorised).lower())
        self.session = builder.config("spark.sql.shuffle.partitions", "1").getOrCreate()

    def _read(self, table):
        merged = str(table != "results").lower()
        return self.session.read.option("mergeSchema", merged).parquet(f"{self.root}/{table}")

    def counts(self, table):
        return pl.from_arrow(self._read(table).groupBy("benchmark").count().toArrow()).rename({"count": "n"})

    def rows(self, table, benchmark):
        return pl.from_arrow(self._read(table).where(f"benchmark = '{benchmark}'").toArrow())

    def means(self):
        rows = self._read("results").where("metric = 'accuracy' AND split = 'test' AND final")
        return pl.from_arrow(rows.groupBy("benchmark", "arch").avg("value").toArrow()).rename({"avg(value)": "mean"})


@pytest.fixture(scope="module")
def spark(store):
    spark = Spark(store.root)
    yield spark
    spark.session.stop()


@pytest.fixture(scope="module", params=[DuckDB, PyArrow, Pandas, Spark])
def engine(request, store):
    return request.getfixturevalue("spark") if request.param is Spark else request.param(store.root)


pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")


def scan(store, table, *names):
    return {"results": store.scan, "archs": store.scan_archs, "runs": store.scan_runs}[table](*names)


def plain(frame, key):
    """Names as text, every column in the order of its name, rows in the order of their key."""
    names = pl.selectors.categorical() | pl.selectors.enum() | pl.selectors.string()
    return frame.with_columns(names.cast(pl.String)).select(sorted(frame.columns)).sort(key)


def bits(frame):
    """Floats as the integers that their bytes spell, so that equality means every bit."""
    return frame.with_columns(pl.selectors.float().map_batches(lambda column: pl.Series(column.to_numpy().view("u8"))))


@pytest.mark.parametrize("table", TABLES)
def test_there_are_as_many_rows(engine, store, table):
    expected = scan(store, table, *BENCHMARKS).group_by("benchmark").agg(n=pl.len()).collect()
    counted = engine.counts(table).cast({"n": pl.UInt32})
    assert_frame_equal(plain(counted, ["benchmark"]), plain(expected, ["benchmark"]))


def test_every_value_is_the_same_bit_for_bit(engine, store):
    expected = bits(plain(store.scan("nb301").collect(), KEY))
    found = bits(plain(engine.rows("results", "nb301"), KEY))
    assert_frame_equal(found, expected, check_dtypes=False, check_exact=True)
    assert found.height > 10_000


@pytest.mark.parametrize("name", BENCHMARKS)
@pytest.mark.parametrize("table", ["archs", "runs"])
def test_architectures_and_runs_are_the_same(engine, store, table, name):
    expected = plain(scan(store, table, name).collect(), TABLES[table])
    found = plain(engine.rows(table, name), TABLES[table])
    of_others = found.drop(expected.columns)
    assert of_others.null_count().row(0) == (found.height,) * of_others.width
    assert_frame_equal(found.select(expected.columns), expected, check_dtypes=False, check_exact=True)


def test_means_of_final_test_accuracies_are_the_same(engine, store):
    final = store.scan(*BENCHMARKS).filter(nbf.metric("accuracy"), nbf.split("test"), nbf.final())
    expected = final.group_by("benchmark", "arch").agg(mean=pl.col("value").mean()).collect()
    found, expected = (plain(frame, ["benchmark", "arch"]) for frame in (engine.means(), expected))
    assert_frame_equal(found, expected, check_dtypes=False, rel_tol=1e-12, abs_tol=0)
    assert found.height > 100


def test_spark_reads_as_the_page_says(spark, store):
    page = (Path(__file__).resolve().parents[1] / "notebooks" / "howto" / "elsewhere.md").read_text()
    results, setting, archs = re.findall(r"`(spark\.[^`]+)`", page)
    names = {"spark": spark.session, "store": store}
    assert eval(results, names).where("benchmark = 'nb301'").count() == store.scan("nb301").collect().height
    assert set(eval(archs, names).columns) >= set(scan(store, "archs", "nb101").collect_schema())
    eval(setting, names)
    assert "loss" in spark.rows("results", "nb301")["metric"]
