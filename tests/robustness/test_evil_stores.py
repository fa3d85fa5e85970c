"""A store from somebody else: whatever its files say, nothing outside it is read, moved, replaced or deleted."""

from __future__ import annotations

import hashlib
import json
import shutil

import polars as pl
import pytest

import nbframes as nbf
from nbframes.errors import InvalidArgumentError, NBFramesError, StoreError, UnknownNameError
from tests.frames import results

TOKEN = "0123456789abcdef"


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pristine")
    archs = pl.DataFrame({"arch": range(6), "arch_str": list("abcdef")})
    nbf.write_results(results(), folder / "store", benchmark="mine", archs=archs)
    victim = folder / "victim" / "dir"
    victim.mkdir(parents=True)
    (victim / "thesis.txt").write_text("years of work")
    (victim / "values.parquet").write_bytes(next((folder / "store").rglob("final-*.parquet")).read_bytes())
    (folder / "victim" / "manifests").mkdir()
    (folder / "victim" / "manifests" / "mine.json").write_bytes((folder / "store/manifests/mine.json").read_bytes())
    return folder


@pytest.fixture
def place(pristine, tmp_path):
    shutil.copytree(pristine, tmp_path / "place")
    return tmp_path / "place"


def _tree(folder):
    """Names, kinds and contents of everything below a folder."""
    return {
        path.relative_to(folder).as_posix(): str(path.readlink())
        if path.is_symlink()
        else hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else "folder"
        for path in sorted(folder.rglob("*"))
    }


def _document(store):
    return json.loads((store / "manifests" / "mine.json").read_bytes())


def _put(store, document, name="mine"):
    (store / "manifests" / f"{name}.json").write_text(json.dumps(document))


def _record(store, **fields):
    record = {"benchmark": "mine", "attachment": "", "staging": TOKEN, "withdraw": False, "remove": []}
    (store / ".nbframes" / "staging").mkdir(parents=True, exist_ok=True)
    (store / ".nbframes" / "commit.json").write_text(json.dumps(record | fields))


def _stage(store, document, name="mine"):
    """A staging folder that holds a manifest and the files of the store's own state."""
    staging = store / ".nbframes" / "staging" / TOKEN
    (staging / "manifests").mkdir(parents=True)
    _put(staging, document, name)
    return staging


RECORDS = {
    "the path of the issue": {"benchmark": "x/../../../victim/dir"},
    "a benchmark above": {"benchmark": ".."},
    "a staging folder above": {"staging": "../../../victim"},
    "a staging folder by its whole path": {"staging": "/etc"},
    "a file above to remove": {"remove": ["../victim/dir/thesis.txt"]},
    "a file above behind a table": {"remove": ["results/benchmark=mine/../../../victim/dir/values.parquet"]},
    "a file by its whole path": {"remove": ["/etc/passwd"]},
    "a manifest to remove": {"remove": ["manifests/mine.json"]},
    "a file of another benchmark": {"remove": ["archs/benchmark=other/archs-1.parquet"]},
    "a file twice": {"remove": ["archs/benchmark=mine/archs-1.parquet"] * 2},
    "an unknown table": {"remove": ["victims/benchmark=mine/a.parquet"]},
    "numbers for names": {"benchmark": 7},
    "null for names": {"staging": None},
    "a text for a flag": {"withdraw": "yes"},
    "a text for a list": {"remove": "results"},
    "a field too many": {"tables": ["results"]},
    "an attachment above": {"attachment": "../x"},
}


@pytest.mark.parametrize("fields", RECORDS.values(), ids=RECORDS)
def test_a_record_that_nbframes_does_not_write_is_refused_before_anything_is_touched(place, fields):
    store = place / "store"
    _stage(store, _document(store))
    _record(store, **fields)
    before = _tree(place)
    problems = nbf.Store(store).verify()
    assert "not a commit record that nbframes writes" in problems["problem"].item()
    for use in (
        nbf.open_store,
        lambda path: nbf.scan("mine", store=path),
        lambda path: nbf.write_results(results(), path, benchmark="new"),
    ):
        with pytest.raises(StoreError, match="nothing was touched"):
            use(store)
    assert _tree(place) == before


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"benchmark": "mine"}'])
def test_a_record_that_is_no_record_is_refused(place, content):
    store = place / "store"
    (store / ".nbframes" / "commit.json").write_bytes(content)
    before = _tree(place)
    assert "not a commit record" in nbf.Store(store).verify()["problem"].item()
    assert _tree(place) == before


def _with_path(path, table="results"):
    def change(document):
        document["tables"][table]["files"][0]["path"] = path

    return change


def _repeated(document):
    table = document["tables"]["results"]
    table["files"].append(table["files"][0])
    table["rows"] += table["files"][0]["rows"]


def _setting(name, value):
    return lambda document: document.__setitem__(name, value)


MANIFESTS = {
    "a path above": _with_path("../victim/dir/values.parquet"),
    "a path above behind a table": _with_path(
        "results/benchmark=mine/metric=a/dataset=b/split=test/../../../../../victim/dir/values.parquet"
    ),
    "a whole path": _with_path("/etc/passwd"),
    "a URL": _with_path("https://example.org/values.parquet"),
    "a path with a drive": _with_path("C:\\values.parquet"),
    "a glob": _with_path("results/benchmark=mine/metric=accuracy/dataset=cifar10/split=test/*.parquet"),
    "a file of another benchmark": _with_path("results/benchmark=x/metric=a/dataset=b/split=test/final-1.parquet"),
    "a file of another table": _with_path("archs/benchmark=mine/archs-1.parquet"),
    "an unknown split": _with_path("results/benchmark=mine/metric=a/dataset=b/split=best/final-1.parquet"),
    "a file twice": _repeated,
    "another name": _setting("benchmark", "yours"),
    "a name with a path": _setting("benchmark", "../mine"),
    "an unknown table": lambda document: document["tables"].__setitem__("victims", {"rows": 0, "files": []}),
    "no results": lambda document: document["tables"].pop("results"),
    "a total that is edited": lambda document: document["tables"]["results"].__setitem__("rows", 1),
    "a count that is a text": lambda document: document["tables"]["results"]["files"][0].__setitem__("rows", "6"),
    "a size below zero": lambda document: document["tables"]["results"]["files"][0].__setitem__("size", -1),
    "a flag that is a text": _setting("official", "yes"),
    "a list that is a text": _setting("not_exported", "everything"),
    "a source that is a list": _setting("source", []),
    "a source file without its size": lambda document: document["source"]["files"].append({"path": "x"}),
    "official and synthetic at once": lambda document: document.update(official=True, synthetic=True),
    "a metric without a name": _setting("metrics", {"": {}}),
    "a direction that is none": _setting("metrics", {"f1": {"better": "up"}}),
    "a finding without a count": _setting("findings", [{"what": "odd", "examples": []}]),
    "a field too many": _setting("surprise", 1),
    "a field too few": lambda document: document.pop("units"),
    "an attachment's name": _setting("attachment", "costs"),
    "no format": lambda document: document.pop("format"),
    "a format that is a list": _setting("format", [2]),
}


@pytest.mark.parametrize("change", MANIFESTS.values(), ids=MANIFESTS)
def test_a_manifest_that_nbframes_does_not_write_is_refused(place, change):
    store = place / "store"
    nbf.write_results(results(2), store, benchmark="good")
    document = _document(store)
    change(document)
    _put(store, document)
    before = _tree(place)
    opened = nbf.open_store(store)
    with pytest.raises(StoreError):
        opened.scan("mine")
    with pytest.raises(StoreError):
        opened.scan_archs("mine")
    problems = opened.verify()
    assert set(problems["benchmark"]) == {"mine"}
    assert "manifests/mine.json" in problems["path"].to_list()
    assert opened.scan("good").collect().height == 12, "one bad manifest does not stand in the way of the others"
    assert "DAMAGED" in repr(opened)
    assert _tree(place) == before


@pytest.mark.parametrize("change", MANIFESTS.values(), ids=MANIFESTS)
def test_a_staged_manifest_that_nbframes_does_not_write_is_refused(place, change):
    store = place / "store"
    document = _document(store)
    change(document)
    _stage(store, document)
    _record(store)
    before = _tree(place / "victim"), _tree(store / "results"), _tree(store / "manifests")
    assert not nbf.Store(store).verify().is_empty()
    with pytest.raises(StoreError):
        nbf.open_store(store)
    assert before == (_tree(place / "victim"), _tree(store / "results"), _tree(store / "manifests"))


@pytest.mark.parametrize(
    "name",
    ["../manifests/mine", "../victim/manifests/mine", "mine.json/..", "mine/../mine", "", ".", "/etc/passwd", "a\0"],
)
def test_a_benchmark_is_a_name_and_no_path(place, name):
    store = nbf.open_store(place / "store")
    for use in (store.scan, store.scan_archs, store.scan_runs, store.manifest, store.verify):
        with pytest.raises((UnknownNameError, InvalidArgumentError)):
            use(name)
    with pytest.raises(InvalidArgumentError, match="cannot be stored"):
        nbf.write_results(results(), place / "store", benchmark=name)
    with pytest.raises(UnknownNameError):
        store.manifest("mine", "../mine")


def _link(store, path, target):
    inside = store / path
    if inside.is_dir():
        shutil.rmtree(inside)
    elif inside.exists():
        inside.unlink()
    inside.parent.mkdir(parents=True, exist_ok=True)
    inside.symlink_to(target, target_is_directory=target.is_dir())


@pytest.mark.parametrize("path", ["results", "results/benchmark=mine", "archs/benchmark=mine", "file"])
def test_links_that_lead_out_of_a_store_are_not_followed(place, path):
    store = place / "store"
    manifest = nbf.open_store(store).manifest("mine")
    path = manifest.tables["results"][0].path if path == "file" else path
    elsewhere = place / "elsewhere"
    shutil.copytree(store / path, elsewhere) if (store / path).is_dir() else shutil.copy(store / path, elsewhere)
    _link(store, path, elsewhere)
    before = _tree(elsewhere)
    opened = nbf.open_store(store)
    with pytest.raises(StoreError, match="link"):
        (opened.scan_archs if path.startswith("archs") else opened.scan)("mine")
    assert not opened.verify().is_empty()
    if path != manifest.tables["results"][0].path:
        with pytest.raises(StoreError, match="link"):
            nbf.write_results(results(2), store, benchmark="mine", overwrite=True)
    assert _tree(elsewhere) == before


@pytest.mark.parametrize("path", [".nbframes", ".nbframes/staging", f".nbframes/staging/{TOKEN}", "manifests"])
def test_links_in_the_place_of_control_folders_are_not_followed(place, path):
    store = place / "store"
    document = _document(store)
    _stage(store, document)
    (place / "victim" / "dir" / TOKEN).mkdir()
    _record(store)
    record = (store / ".nbframes" / "commit.json").read_bytes()
    target = place / "victim" / "dir"
    _link(store, path, target)
    if path == ".nbframes":
        (target / "commit.json").write_bytes(record)
        (target / "staging" / TOKEN).mkdir(parents=True)
    before = _tree(place / "victim")
    with pytest.raises(StoreError):
        nbf.write_results(results(2), store, benchmark="mine", overwrite=True)
    with pytest.raises(StoreError):
        nbf.open_store(store)
    assert not nbf.Store(store).verify().is_empty()
    assert _tree(place / "victim") == before


@pytest.mark.parametrize("path", [".nbframes/commit.tmp", "results/_delta_log/00000000000000000001.tmp"])
def test_links_in_the_place_of_files_that_are_about_to_be_written_are_not_followed(place, path):
    store = place / "store"
    nbf.write_delta_log(store)
    _link(store, path, place / "victim" / "dir" / "thesis.txt")
    before = _tree(place / "victim")
    nbf.write_results(results(2), store, benchmark="mine", overwrite=True, archs=False)
    assert _tree(place / "victim") == before
    assert nbf.open_store(store).verify().is_empty()


def test_a_link_in_the_place_of_a_delta_log_is_not_followed(place):
    store = place / "store"
    _link(store, "results/_delta_log", place / "victim" / "dir")
    before = _tree(place / "victim")
    nbf.write_results(results(2), store, benchmark="mine", overwrite=True, archs=False)
    assert _tree(place / "victim") == before
    assert not nbf.open_store(store).verify().is_empty()


def test_a_bad_manifest_beside_a_delta_log_holds_up_nobody(place):
    store = place / "store"
    nbf.write_delta_log(store)
    (store / "manifests" / "bad.json").write_text("{")
    nbf.write_results(results(2), store, benchmark="mine", overwrite=True, archs=False)
    assert nbf.open_store(store).scan("mine").collect().height == 12
    assert "bad" in nbf.open_store(store).verify()["benchmark"].to_list()


def test_a_link_among_the_staged_files_is_refused(place):
    store = place / "store"
    document = _document(store)
    staging = _stage(store, document)
    entry = document["tables"]["results"]["files"][0]
    _link(staging, entry["path"], place / "victim" / "dir" / "values.parquet")
    (store / entry["path"]).unlink()
    _record(store)
    before = _tree(place)
    with pytest.raises(StoreError, match="not as it was staged"):
        nbf.open_store(store)
    after = _tree(place)
    after.pop("store/.nbframes/lock", None)
    before.pop("store/.nbframes/lock", None)
    assert after == before


def test_a_staging_folder_that_is_gone_costs_no_file_of_the_old_state(place):
    """Whoever deletes the staging folder of a commit that was decided keeps what the manifest names."""
    store = place / "store"
    files = [file["path"] for table in _document(store)["tables"].values() for file in table["files"]]
    _record(store, remove=files)
    assert nbf.open_store(store).verify().is_empty()
    assert nbf.scan("mine", store=store).collect().height == results().height


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "mine.json~", ".mine.json.swp", "notes.txt", "a+b+c.json"])
def test_strays_among_the_manifests_break_nothing(place, name):
    store = place / "store"
    (store / "manifests" / name).write_bytes(b"\0stray")
    opened = nbf.open_store(store)
    assert opened.benchmarks() == ["mine"]
    assert opened.scan().collect().height == results().height
    assert "mine" in repr(opened)
    found = opened.verify()["path"].to_list()
    assert found == ([] if name in (".DS_Store", "Thumbs.db") else [f"manifests/{name}"])


def test_what_a_manifest_says_cannot_steer_a_terminal(place):
    store = place / "store"
    document = _document(store)
    document["version"] = "\x1b[2J\x1b]0;owned\x07\r\n\u202eevil"
    _put(store, document)
    manifest = nbf.open_store(store).manifest("mine")
    shown = repr(manifest) + repr(nbf.open_store(store))
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert "\\x1b[2J" in shown
    assert len(repr(manifest).splitlines()) == 5
    assert "edited after it was written" in nbf.open_store(store).verify()["problem"].item()


def test_errors_of_evil_stores_are_ours(place):
    store = place / "store"
    for content in (b"\xff", b"{" * 200_000, b"[1]", b'"x"', b"nul", b'{"format": 2, "tables": {"results": null}}'):
        (store / "manifests" / "mine.json").write_bytes(content)
        with pytest.raises(NBFramesError, match="manifest"):
            nbf.open_store(store).scan("mine")
        assert not nbf.open_store(store).verify().is_empty()
