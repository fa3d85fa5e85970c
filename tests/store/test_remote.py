"""A store read from an object store, over the real S3 protocol on loopback."""

from __future__ import annotations

import functools
import http.server
import json
import re
import threading
from pathlib import Path

import boto3
import polars as pl
import pytest
from moto.server import ThreadedMotoServer
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.cli import main
from nbframes.errors import InvalidArgumentError, StoreError, UnknownNameError
from nbframes.schema import KEY
from nbframes.store.storage import file_sha256
from tests.frames import results

KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "aws_region": "us-east-1"}


@pytest.fixture(scope="module")
def server():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def endpoint(server):
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


@pytest.fixture
def requests(server, monkeypatch):
    """Paths of the requests that the server answers, whoever sends them."""
    found, answer = [], server._server.app
    monkeypatch.setattr(
        server._server, "app", lambda asked, start: found.append(asked["PATH_INFO"]) or answer(asked, start)
    )
    return found


@pytest.fixture
def remote(store, endpoint):
    """The same store, copied to a bucket."""
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
    )
    client.create_bucket(Bucket="bench")
    root = Path(store.root)
    for path in root.rglob("*"):
        if path.is_file() and ".nbframes" not in path.parts:
            client.upload_file(str(path), "bench", f"nas/{path.relative_to(root).as_posix()}")
    yield client
    for item in client.list_objects_v2(Bucket="bench")["Contents"]:
        client.delete_object(Bucket="bench", Key=item["Key"])
    client.delete_bucket(Bucket="bench")


@pytest.fixture
def options(endpoint):
    return KEYS | {"aws_endpoint_url": endpoint, "aws_allow_http": "true"}


def test_a_remote_store_answers_like_the_local_one(store, remote, options):
    there = nbf.open_store("s3://bench/nas", storage_options=options)
    assert there.benchmarks() == store.benchmarks()
    assert there.manifest("first") == store.manifest("first")
    query = (nbf.on("cifar10", "test"), nbf.arch(1, 2), nbf.final())
    assert_frame_equal(there.scan().filter(*query).collect().sort(KEY), store.scan().filter(*query).collect().sort(KEY))
    assert_frame_equal(there.scan_archs().collect(), store.scan_archs().collect())
    assert_frame_equal(there.scan_runs("first").collect(), store.scan_runs("first").collect())
    assert "2 other sources" not in there.scan("first").filter(nbf.on("cifar10", "test")).explain()
    assert repr(there).splitlines()[1:] == repr(store).splitlines()[1:]


def test_a_remote_store_is_verified_by_content(remote, options):
    there = nbf.open_store("s3://bench/nas", storage_options=options)
    assert there.verify().is_empty()
    path = there.manifest("first").tables["results"][0].path
    content = bytearray(remote.get_object(Bucket="bench", Key=f"nas/{path}")["Body"].read())
    content[20] ^= 1
    remote.put_object(Bucket="bench", Key=f"nas/{path}", Body=bytes(content))
    assert there.verify()["path"].to_list() == [path]


def test_errors_of_a_remote_store_are_plain(remote, options):
    with pytest.raises(StoreError, match="no nbframes store"):
        nbf.open_store("s3://bench/elsewhere", storage_options=options)
    with pytest.raises(UnknownNameError, match="did you mean 'first'"):
        nbf.open_store("s3://bench/nas", storage_options=options).scan("fist")
    with pytest.raises(InvalidArgumentError, match="local disk and from s3://"):
        nbf.open_store("ftp://bench/nas")
    remote.put_object(Bucket="bench", Key="nas/.nbframes/commit.json", Body=json.dumps({"benchmark": "first"}).encode())
    with pytest.raises(StoreError, match="a commit is open"):
        nbf.open_store("s3://bench/nas", storage_options=options).scan("first")


def test_the_command_line_reads_a_remote_store_by_the_environment(remote, endpoint, monkeypatch, capsys):
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    assert main(["info", "--json", "--store", "s3://bench/nas"]) == 0
    assert set(json.loads(capsys.readouterr().out)["benchmarks"]) == {"first", "second"}
    assert main(["query", "first", "--store", "s3://bench/nas", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["rows"]) == 6


def test_writing_to_an_object_store_is_refused_with_the_way_round():
    for call in (
        lambda: nbf.write_results(results(), "s3://bench/nas", benchmark="mine"),
        lambda: nbf.export("anything", "s3://bench/nas"),
    ):
        with pytest.raises(InvalidArgumentError, match="copy it"):
            call()


@pytest.fixture
def attached(store):
    """The store with a few attachments, before it is copied."""
    for number in range(8):
        board = pl.DataFrame({"arch": [0, 1], "dataset": "cifar10", f"cost_{number}": [1.0, 2.0]})
        nbf.attach(board, store, to="first", name=f"board-{number}", metrics=[f"cost_{number}"])


def test_a_manifest_is_asked_for_once_and_the_open_commit_once_a_scan(attached, remote, options, monkeypatch):
    import obstore

    asked = []
    for name in ("get", "list_with_delimiter"):
        request = getattr(obstore, name)
        monkeypatch.setattr(
            obstore, name, lambda where, path, *, n=name, r=request: asked.append((n, path)) or r(where, path)
        )
    control = [("get", ".nbframes/commit.json"), ("list_with_delimiter", "manifests")]
    first = nbf.open_store("s3://bench/nas", storage_options=options)
    asked.clear()
    first.scan("first")
    assert asked[:2] == control
    assert sorted(path for name, path in asked[2:]) == sorted(
        ["manifests/first.json", *(f"manifests/first+board-{number}.json" for number in range(8))]
    )
    again = nbf.open_store("s3://bench/nas", storage_options=options)
    for store in (first, again):
        asked.clear()
        store.scan("first")
        assert asked == control
    path = "nas/manifests/first+board-3.json"
    content = json.loads(remote.get_object(Bucket="bench", Key=path)["Body"].read())
    remote.put_object(Bucket="bench", Key=path, Body=json.dumps(content | {"version": "2"}).encode())
    asked.clear()
    assert again.manifest("first", "board-3").version == "2"
    assert asked == [*control, ("get", "manifests/first+board-3.json")]


def test_a_first_answer_takes_four_requests_and_one_for_each_small_file(store, remote, options, requests):
    """The listing, the open commit, the listing again, one manifest; then the files that the question is about and no others."""
    there = nbf.open_store("s3://bench/nas", storage_options=options)
    wanted = (nbf.metric("accuracy"), nbf.dataset("cifar10"), nbf.final())
    found = there.scan("first").filter(*wanted).select("arch", "value").collect()
    assert found.height == store.scan("first").filter(*wanted).collect().height > 0
    read = [path for path in requests if path.endswith(".parquet")]
    assert len(requests) == 4 + len(read)
    assert len(set(read)) == len(read)
    paths = [file.path for file in store.manifest("first").tables["results"]]
    asked = [path for path in paths if "/metric=accuracy/dataset=cifar10/" in path]
    assert 0 < len(read) <= len(asked) < len(paths)
    assert {path.split("nas/")[1] for path in read} <= set(asked)


def test_a_remote_frame_is_as_lazy_as_a_local_one(remote, options):
    frame = nbf.scan("first", store=nbf.open_store("s3://bench/nas", storage_options=options))
    assert isinstance(frame, pl.LazyFrame)


class _Server(http.server.SimpleHTTPRequestHandler):
    """A plain web server that answers to ranges, as those that files lie on do, and lists nothing."""

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        content, status = path.read_bytes(), 200
        if asked := re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", "")):
            first, last = asked.groups()
            start = int(first) if first else max(0, len(content) - int(last))
            stop = min(int(last) + 1, len(content)) if first and last else len(content)
            whole, content, status = len(content), content[start:stop], 206
        self.send_response(status)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{whole}")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def site(store):
    """The same store on a web server, with the listing that a published copy has."""
    root = Path(store.root)
    paths = [path for path in sorted(root.rglob("*")) if path.is_file() and ".nbframes" not in path.parts]
    lines = [f"{file_sha256(path)}  {path.relative_to(root).as_posix()}\n" for path in paths]
    (root / "store.sha256").write_text("".join(lines))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Server, directory=str(root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://user:secret@127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_store_on_a_web_server_answers_like_the_local_one(store, site):
    url = site.replace("user:secret@", "")
    there = nbf.open_store(url, storage_options={"allow_http": "true"})
    assert there.benchmarks() == store.benchmarks()
    assert there.manifest("first") == store.manifest("first")
    query = (nbf.on("cifar10", "test"), nbf.arch(1, 2), nbf.final())
    assert_frame_equal(there.scan().filter(*query).collect().sort(KEY), store.scan().filter(*query).collect().sort(KEY))
    assert_frame_equal(there.scan_archs().collect(), store.scan_archs().collect())
    assert there.verify().is_empty()
    Path(store.root, "store.sha256").write_text("not a listing\n")
    with pytest.raises(StoreError, match="not a sha256 and a path"):
        nbf.open_store(url, storage_options={"allow_http": "true"})
    Path(store.root, "store.sha256").unlink()
    with pytest.raises(StoreError, match=r"no store\.sha256"):
        nbf.open_store(url, storage_options={"allow_http": "true"})


def test_passwords_in_urls_are_not_shown(site):
    with pytest.raises(StoreError) as caught:
        nbf.open_store(f"{site}/nowhere", storage_options={"allow_http": "true"})
    assert "secret" not in str(caught.value)
    assert "***@127.0.0.1" in str(caught.value)
    with pytest.raises(InvalidArgumentError) as refused:
        nbf.write_results(results(), "s3://key:secret@bucket/nas", benchmark="mine")
    assert "secret" not in str(refused.value)


def test_a_first_answer_takes_few_requests(remote, options, caplog):
    caplog.set_level("INFO", logger="werkzeug")
    there = nbf.open_store("s3://bench/nas", storage_options=options)
    caplog.clear()
    frame = there.scan("first").filter(nbf.on("cifar10", "test"), nbf.final())
    asked = [record.getMessage() for record in caplog.records]
    assert len(asked) <= 4, asked
    assert frame.collect().height == 12
