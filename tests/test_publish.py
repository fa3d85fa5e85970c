"""Public copies of a store: complete, checked by others' programs, readable from a web server, and nothing that may not be passed on."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
import subprocess
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.cli import main
from nbframes.errors import InvalidArgumentError, StoreError
from nbframes.published import publish
from tests.frames import results

published = nbf.published.store()


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return publish(published, to=tmp_path_factory.mktemp("shared") / "copy")


def make_store(folder, **facts):
    """A store with one benchmark, of which the manifest says ``facts``."""
    manifest = nbf.write_results(results(), folder, benchmark="mine")
    (Path(folder) / manifest.path).write_bytes(dataclasses.replace(manifest, **facts).to_json())
    return nbf.open_store(folder)


# --- what it holds ----------------------------------------------------------------------------------------------------


def test_a_copy_is_a_store_with_the_same_rows(copy):
    opened = nbf.open_store(copy)
    assert opened.verify().is_empty()
    for scan in ("scan", "scan_archs", "scan_runs"):
        for name in ("nats-tss",) if scan == "scan_runs" else published.benchmarks():
            assert_frame_equal(getattr(opened, scan)(name).collect(), getattr(published, scan)(name).collect())


def test_a_copy_holds_nothing_else(copy):
    manifests = [published.manifest(name) for name in published.benchmarks()]
    named = {"README.md", "store.sha256"} | {m.path for m in manifests} | {f.path for m in manifests for f in m.files()}
    assert {path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()} == named


def test_the_checksums_are_those_of_all_manifests_and_files(copy):
    lines = dict(reversed(line.split("  ", 1)) for line in (copy / "store.sha256").read_text().splitlines())
    assert len(lines) == len([path for path in copy.rglob("*") if path.is_file()]) - 2
    assert all(hashlib.sha256((copy / path).read_bytes()).hexdigest() == digest for path, digest in lines.items())


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not installed")
def test_sha256sum_finds_a_copy_sound_and_a_flipped_bit(copy, tmp_path):
    check = ["sha256sum", "--check", "--quiet", "store.sha256"]
    assert subprocess.run(check, cwd=copy, check=False, capture_output=True).returncode == 0
    damaged = tmp_path / "damaged"
    shutil.copytree(copy, damaged)
    file = next((damaged / "results").rglob("*.parquet"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert subprocess.run(check, cwd=damaged, check=False, capture_output=True).returncode == 1
    assert nbf.open_store(damaged).verify().height == 1


def test_duckdb_reads_a_copy_and_finds_the_best(copy):
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    rows = f"read_parquet('{copy}/results/**/*.parquet', hive_partitioning = true)"
    total = published.scan().select(pl.len()).collect().item()
    assert duckdb.sql(f"SELECT count(*) FROM {rows}").fetchall() == [(total,)]
    best = duckdb.sql(
        f"SELECT arch, avg(value) AS mean FROM {rows} WHERE benchmark = 'nats-tss' AND metric = 'accuracy' "
        "AND dataset = 'cifar10-valid' AND split = 'val' GROUP BY arch ORDER BY mean DESC LIMIT 1"
    ).fetchall()
    assert best == [(6111, pytest.approx(91.6067, abs=5e-5))]


def test_the_page_begins_with_a_header_and_names_what_matters(copy):
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    _, header, page = (copy / "README.md").read_text().split("---\n", 2)
    facts = yaml.safe_load(header)
    assert facts["license"] == ["apache-2.0", "mit"]
    assert facts["size_categories"] == ["100K<n<1M"]
    for config in facts["configs"]:
        assert list(copy.glob(config["data_files"])), config
    assert published.cite() in page
    assert "393,477" in page
    assert "2 * valtest - val" in page
    assert "nbf.open_store(" in page


def test_texts_of_a_manifest_cannot_break_the_page(tmp_path):
    facts = {"version": 'a | b\n---\n"c"', "notes": {"x": "<script>\x1b[2J", "repositories": ["not a mapping", 7]}}
    store = make_store(tmp_path / "store", licence="MIT", citation="@misc{a}\n```\n# b", **facts)
    page = (publish(store, to=tmp_path / "copy", title='x: "y" # z') / "README.md").read_text()
    assert page.count("\n---\n") == 1
    assert "<script" not in page
    assert "\x1b" not in page
    assert page.count("```") == 6
    assert r"| a \| b --- \"c\" |".replace(r"\"", '"') in page
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    assert yaml.safe_load(page.split("---\n")[1])["pretty_name"] == 'x: "y" # z'


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("licence", ["", "proprietary", "mit", "CC-BY-NC-4.0"])
def test_a_licence_that_is_unknown_stops_it_by_name(tmp_path, licence):
    store = make_store(tmp_path / "store", licence=licence)
    with pytest.raises(InvalidArgumentError, match=f"mine: {repr(licence) if licence else 'no licence given'}"):
        publish(store, to=tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "thesis.tex").touch()
    with pytest.raises(InvalidArgumentError, match="not an empty folder"):
        publish(published, to=tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["thesis.tex"]


def test_a_damaged_store_is_not_published(tmp_path):
    store = make_store(tmp_path / "store", licence="MIT")
    file = next((tmp_path / "store" / "results").rglob("*.parquet"))
    content = bytearray(file.read_bytes())
    content[10] ^= 1
    file.write_bytes(content)
    with pytest.raises(StoreError, match="the copy was discarded"):
        publish(store, to=tmp_path / "copy")
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_a_store_that_lacks_a_file_is_not_published(tmp_path):
    store = make_store(tmp_path / "store", licence="MIT")
    next((tmp_path / "store" / "results").rglob("*.parquet")).unlink()
    with pytest.raises(StoreError, match="is missing: the copy was discarded"):
        publish(store, to=tmp_path / "copy")
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_a_copy_is_not_put_into_its_store(tmp_path):
    store = make_store(tmp_path / "store", licence="MIT")
    with pytest.raises(InvalidArgumentError, match="lies in the store itself"):
        publish(store, to=tmp_path / "store" / "public")
    assert store.verify().is_empty()


def test_a_copy_goes_into_the_current_folder(tmp_path, monkeypatch):
    store = make_store(tmp_path / "store", licence="MIT")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert nbf.open_store(publish(store, to=".")).benchmarks() == ["mine"]


def test_an_empty_store_is_not_published(tmp_path):
    (tmp_path / "store" / "manifests").mkdir(parents=True)
    with pytest.raises(StoreError, match="nothing to publish"):
        publish(tmp_path / "store", to=tmp_path / "copy")


# --- on a web server --------------------------------------------------------------------------------------------------


class Server(SimpleHTTPRequestHandler):
    """Serves files, whole or in ranges, as web servers do, and lists no folder."""

    protocol_version = "HTTP/1.1"
    prefix = ""

    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        self.answer(body=True)

    def answer(self, *, body):
        path = Path(self.translate_path(self.path.removeprefix(self.prefix)))
        if not path.is_file() or not self.path.startswith(self.prefix):
            self.send_error(404)
            return
        content, status, where = path.read_bytes(), 200, ""
        if wanted := self.headers.get("Range"):
            first, last = wanted.removeprefix("bytes=").split("-")
            start = int(first) if first else max(0, len(content) - int(last))
            stop = min(int(last) + 1, len(content)) if first and last else len(content)
            where, content, status = f"bytes {start}-{stop - 1}/{len(content)}", content[start:stop], 206
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Accept-Ranges", "bytes")
        if where:
            self.send_header("Content-Range", where)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *_):
        pass


@contextmanager
def served(folder, prefix=""):
    handler = type("Handler", (Server,), {"prefix": prefix})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def best_on_cifar100(store):
    rows = store.scan("nats-tss").filter(nbf.on("cifar100", "valtest"), nbf.metric("accuracy"), nbf.schedule(200))
    return rows.group_by("arch").agg(nbf.seed_mean()).sort("value", descending=True).head(1).collect().row(0)


@pytest.fixture
def remote():
    pytest.importorskip("obstore", reason="obstore is not installed")


@pytest.mark.usefixtures("remote")
def test_a_copy_is_read_from_a_web_server(copy):
    with served(copy) as url:
        opened = nbf.open_store(url, storage_options={"allow_http": "true"})
        assert opened.benchmarks() == published.benchmarks()
        assert best_on_cifar100(opened) == (9930, pytest.approx(73.5033, abs=5e-5))
        assert opened.scan_archs("nb301").collect().equals(published.scan_archs("nb301").collect())
        assert opened.verify("nats-sss").is_empty()


@pytest.mark.usefixtures("remote")
@pytest.mark.parametrize(("url", "revision"), [("hf://datasets/me/nas", "main"), ("hf://datasets/me/nas@v2", "v2")])
def test_a_copy_is_read_from_hugging_face(copy, monkeypatch, url, revision):
    with served(copy, prefix=f"/datasets/me/nas/resolve/{revision}") as host:
        monkeypatch.setenv("HF_ENDPOINT", host)
        opened = nbf.open_store(url, storage_options={"allow_http": "true"})
        assert opened.root == url
        assert best_on_cifar100(opened) == (9930, pytest.approx(73.5033, abs=5e-5))


@pytest.mark.usefixtures("remote")
def test_a_folder_that_was_not_published_says_what_is_missing(tmp_path):
    with served(tmp_path) as url, pytest.raises(StoreError, match="nbframes publish"):
        nbf.open_store(url, storage_options={"allow_http": "true"})


@pytest.mark.usefixtures("remote")
@pytest.mark.parametrize("url", ["hf://me/nas", "hf://datasets/nas", "hf://"])
def test_an_address_that_is_no_dataset_is_explained(url):
    with pytest.raises(InvalidArgumentError, match="hf://datasets/OWNER/NAME"):
        nbf.open_store(url)


# --- in a shell -------------------------------------------------------------------------------------------------------


def test_the_command_writes_a_copy_and_says_how_to_check_it(tmp_path, capsys):
    assert main(["publish", published.root, "--to", str(tmp_path / "copy"), "--title", "Ours"]) == 0
    assert "sha256sum -c store.sha256" in capsys.readouterr().out
    assert "# Ours" in (tmp_path / "copy" / "README.md").read_text()


def test_the_command_refuses_by_name(tmp_path, capsys):
    make_store(tmp_path / "store")
    assert main(["publish", str(tmp_path / "store"), "--to", str(tmp_path / "copy")]) == 2
    assert "mine: no licence given" in capsys.readouterr().err


def test_info_prints_what_to_cite(capsys):
    assert main(["info", "nats-tss", "--cite", "--store", published.root]) == 0
    assert capsys.readouterr().out.strip() == published.cite("nats-tss")


# --- what to cite -----------------------------------------------------------------------------------------------------


def test_benchmarks_are_cited_in_the_order_of_use():
    entries = published.cite("nats-sss", "nb301", "nats-tss").split("\n\n")
    assert [entry.split("{")[1].split(",")[0] for entry in entries] == ["dong2021natsbench", "siems2020nasbench301"]


def test_a_citation_that_is_no_bibtex_becomes_an_entry(tmp_path):
    store = make_store(tmp_path / "store", citation="Doe: {On} NAS}. 2026")
    assert store.cite() == "@misc{mine,\n  note = {Doe: On NAS. 2026}\n}"
    assert not make_store(tmp_path / "other").cite()


def test_an_official_export_can_be_cited_and_published(data, tmp_path):
    source = next((data / "nats").glob("NATS-tss-*-simple"))
    nbf.export(source, tmp_path / "store", on_error="skip", progress=False)
    store = nbf.open_store(tmp_path / "store")
    assert store.cite() == published.cite("nats-tss")
    assert nbf.open_store(publish(store, to=tmp_path / "copy")).verify().is_empty()


def test_synthetic_numbers_are_neither_cited_nor_published(tmp_path):
    synthetic = nbf.synthetic.store(benchmarks=["nats-sss"])
    assert not synthetic.cite("nats-sss")
    with pytest.raises(InvalidArgumentError, match="nats-sss: no licence given"):
        publish(synthetic, to=tmp_path / "copy")


def test_attachments_are_published_and_cited_behind_their_benchmark(tmp_path):
    frame = pl.DataFrame({"arch": range(6), "dataset": "cifar10", "energy": [float(i) for i in range(6)]})
    store = make_store(tmp_path / "store", licence="MIT", citation="@misc{base}")
    metric = nbf.Metric("energy", "mJ", better="min")
    said = {"licence": "CC-BY-4.0", "citation": "@misc{attached}"}
    nbf.attach(frame, store, to="mine", name="meter", metrics=[metric], **said)
    store = nbf.open_store(store.root)
    assert store.cite() == "@misc{base}\n\n@misc{attached}"
    copy = nbf.open_store(publish(store, to=tmp_path / "copy"))
    assert copy.verify().is_empty()
    assert_frame_equal(copy.scan("mine").collect(), store.scan("mine").collect())
    assert "`mine+meter`" in (tmp_path / "copy" / "README.md").read_text()
    nbf.attach(frame.rename({"energy": "power"}), store, to="mine", name="secret", metrics=[nbf.Metric("power", "W")])
    with pytest.raises(InvalidArgumentError, match=r"mine\+secret: no licence given"):
        publish(nbf.open_store(store.root), to=tmp_path / "again")
