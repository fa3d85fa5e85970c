"""`verify` finds every kind of damage."""

from __future__ import annotations

from pathlib import Path

import orjson
import polars as pl
import pytest


def _file(store, table="results", index=0):
    return Path(store.root, store.manifest("first").tables[table][index].path)


def _flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("table", ["results", "archs", "runs"])
@pytest.mark.parametrize(("damage", "words"), [(_flip, "sha256"), (_truncate, "bytes"), (Path.unlink, "missing")])
def test_damage_to_a_file_is_found(store, table, damage, words):
    assert store.verify().is_empty()
    path = _file(store, table)
    damage(path)
    problems = store.verify("first")
    assert problems["path"].to_list()[0] == path.relative_to(store.root).as_posix()
    assert words in problems["problem"][0]


def test_a_stray_file_is_found(store):
    _file(store).with_name("notes.txt").write_text("x")
    Path(store.root, "results", "README").write_text("x")
    assert store.verify()["problem"].to_list() == ["no manifest names this file"] * 2


def _rewrite(store, change):
    """Change a results file behind the manifest's back, and the manifest with it."""
    path = _file(store)
    change(pl.read_parquet(path, hive_partitioning=False)).write_parquet(path)
    manifest = Path(store.root, "manifests", "first.json")
    document = orjson.loads(manifest.read_bytes())
    entry = document["tables"]["results"]["files"][0]
    entry |= {"size": path.stat().st_size, "sha256": store.files.sha256(entry["path"])}
    manifest.write_bytes(orjson.dumps(document))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.with_columns(arch=pl.lit(0, pl.Int32), seed=pl.lit(0, pl.Int32)), "occur more than once"),
        (lambda f: f.with_columns(final=pl.col("final").not_()), "in the wrong file"),
        (lambda f: f.with_columns(pl.col("seed").cast(pl.Int64)), "the columns are"),
        (lambda f: f.with_columns(value=pl.lit(None, pl.Float64)), "null values"),
        (lambda f: f.head(2), "rows, the manifest says"),
        (lambda f: f.with_columns(arch=pl.col("arch") + 100), "no row in archs"),
    ],
)
def test_wrong_content_is_found_even_where_hashes_agree(store, change, words):
    _rewrite(store, change)
    assert any(words in problem for problem in store.verify("first")["problem"])
