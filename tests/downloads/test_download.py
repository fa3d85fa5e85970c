"""What is registered, fetched by hand, recorded, and said when it fails."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
from dataclasses import replace

import pytest

from nbframes import benchmarks
from nbframes.contributed import nb_graph, nb_macro
from nbframes.downloads import available, download, find
from nbframes.downloads.registry import sources
from nbframes.downloads.retry import RefusedError
from nbframes.downloads.web import _Redirects, get
from nbframes.errors import InvalidArgumentError, SourceError, UnknownNameError

OTHER = b"\x80\x04" + bytes(1000)


SOURCES = [source for variants in sources().values() for source in variants.values()]


def test_every_published_benchmark_is_registered():
    official = tuple(known.name for known in benchmarks.OFFICIAL)
    assert tuple(sources()) == (*official, "hw-nas-bench", "suite-zero", "robustness", "nb-macro", "nb-graph")


@pytest.mark.parametrize("module", [nb_macro, nb_graph])
def test_benchmarks_of_plugins_are_described_as_they_describe_themselves(module):
    own = module.BENCHMARK
    for source in sources()[own.name].values():
        assert (source.title, source.licence, source.citation) == (own.title, own.licence, own.citation)


@pytest.mark.parametrize("name", ["nas-bench-macro_cifar10.json", "nas-bench-graph/cora.bench"])
def test_pinned_files_are_those_that_were_read(knowledge, name):
    path = knowledge(name)
    source = next(source for source in SOURCES if source.name == path.name)
    assert (source.size, source.sha256) == (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_every_entry_can_be_had_and_checked(source):
    fetched = source.urls + ((source.listing,) if source.listing else ())
    assert fetched or source.pages
    assert all(address.startswith("https://") for address in fetched)
    assert all(page.startswith(("https://", "http://data.robustness.vision")) for page in source.pages)
    assert len(source.urls) <= 1 or source.sha256, "several addresses of an unknown file could give several files"
    assert source.sha256 is None or re.fullmatch("[0-9a-f]{64}", source.sha256)
    assert source.md5 is None or re.fullmatch("[0-9a-f]{5,32}", source.md5)
    assert source.size is None or source.about is None
    assert source.licence
    assert source.citation
    assert source.holds


def test_a_digest_in_a_file_name_is_the_one_checked():
    named = {source.name: source.md5 for source in SOURCES if source.md5}
    assert named
    assert all(re.search(f"-{md5[-5:]}|-{md5[-6:]}", name) for name, md5 in named.items())


def test_the_hashes_of_nas_bench_101_are_the_published_ones():
    assert find("nb101").sha256 == "3d64db8180fb1b0207212f9032205064312b6907a3bbc81eabea10db2f5c7e9c"
    assert find("nb101", "only108").sha256 == "4c39c3936e36a85269881d659e44e61a245babcb72cb374eacacf75d0e5f4fd1"


def test_the_table_lists_every_entry():
    table = available()
    assert table["file"].to_list() == [source.name for source in SOURCES]
    assert available("nats-tss")["by_hand"].to_list() == [True, True]
    assert available("nb101")["by_hand"].to_list() == [False, False, False]


def test_unknown_names_are_answered_with_the_known_ones(tmp_path):
    with pytest.raises(UnknownNameError, match=r"benchmark 'nb110'; did you mean 'nb101'"):
        download("nb110", to=tmp_path)
    with pytest.raises(UnknownNameError, match=r"variant of nb101 'only_108'; did you mean 'only108'"):
        download("nb101", variant="only_108", to=tmp_path)


@pytest.mark.parametrize("source", [source for source in SOURCES if source.by_hand], ids=lambda source: source.name)
def test_what_lies_on_google_drive_is_explained_step_by_step(source, tmp_path):
    with pytest.raises(SourceError, match="has to be fetched by hand") as caught:
        download(source.benchmark, variant=source.variant, to=tmp_path)
    said = str(caught.value)
    assert source.name in said
    assert all(page in said for page in source.pages)
    assert f"nbframes download {source.benchmark} --variant {source.variant} --to {str(tmp_path)!r} --from" in said
    assert not list(tmp_path.iterdir())


@pytest.fixture
def drive(published):
    """A file with a published hash that no program can fetch."""
    return replace(published, urls=(), pages=("https://drive.google.com/file",))


def test_a_file_fetched_by_hand_is_checked_and_put_into_the_folder(fetch, drive, site, tmp_path):
    mine = tmp_path / "mine" / "file (1).pkl"
    mine.parent.mkdir()
    mine.write_bytes(site.content)
    path = fetch(drive, from_file=mine)
    assert path == tmp_path / "file.pkl"
    assert path.read_bytes() == mine.read_bytes() == site.content
    assert fetch(drive) == path


def test_a_file_on_another_disk_is_copied(fetch, drive, site, tmp_path, monkeypatch):
    def across(source, target):
        raise OSError(18, "Invalid cross-device link")

    mine = tmp_path / "mine.pkl"
    mine.write_bytes(site.content)
    monkeypatch.setattr(os, "link", across)
    path = fetch(drive, from_file=mine)
    assert path.read_bytes() == site.content
    assert not path.samefile(mine)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!DOCTYPE html><title>Virus scan warning</title>", "It is a web page"),
        (b"PK\x03\x04 an archive", "is not a pickle file"),
        (OTHER, r"has 1,002 bytes, not 200,002 \(published\). It is cut short"),
        (b"\x80\x04" + bytes(200_000), "has the SHA-256"),
    ],
)
def test_a_wrong_file_fetched_by_hand_is_left_where_it_is(fetch, drive, tmp_path, content, said):
    mine = tmp_path / "mine.pkl"
    mine.write_bytes(content)
    with pytest.raises(SourceError, match=said):
        fetch(drive, from_file=mine)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.pkl"]
    assert mine.read_bytes() == content


def test_the_end_of_an_md5_is_checked(fetch, source, site, tmp_path):
    mine = tmp_path / "mine.pkl"
    mine.write_bytes(site.content)
    ending = hashlib.md5(site.content).hexdigest()[-5:]
    wrong = f"{int(ending, 16) ^ 1:05x}"
    with pytest.raises(SourceError, match=f"which should end in {wrong}"):
        fetch(replace(source, md5=wrong), from_file=mine)
    assert fetch(replace(source, md5=ending), from_file=mine).read_bytes() == site.content


def test_an_unpacked_folder_goes_to_export_instead(fetch, drive, tmp_path):
    with pytest.raises(SourceError, match=r"give it to nbframes.export as it is"):
        fetch(drive, from_file=tmp_path)
    with pytest.raises(SourceError, match="there is no file"):
        fetch(drive, from_file=tmp_path / "absent.pkl")


def test_a_file_in_the_folder_is_checked_and_not_fetched_again(fetch, published, site, tmp_path):
    path = fetch(published)
    assert fetch(published) == path
    assert len(site.asked) == 1
    path.write_bytes(OTHER)
    with pytest.raises(SourceError, match="was left as it is: delete or rename it"):
        fetch(published)
    assert path.read_bytes() == OTHER


def test_the_first_sight_of_an_unknown_file_is_recorded_and_holds_ever_after(fetch, source, site, tmp_path):
    path = fetch(source)
    record = tmp_path / "file.pkl.nbframes.json"
    content = json.loads(record.read_text())
    assert content["sha256"] == hashlib.sha256(site.content).hexdigest()
    assert (content["size"], content["from"]) == (len(site.content), site.url)

    path.write_bytes(b"\x80\x04" + bytes(200_000))
    with pytest.raises(SourceError, match=r"SHA-256 .*recorded in"):
        fetch(source)
    path.unlink()
    assert fetch(source).read_bytes() == site.content
    assert json.loads(record.read_text()) == content


def test_a_publisher_who_replaces_the_file_is_noticed_and_the_new_one_kept(fetch, source, site, tmp_path):
    new = b"\x80\x04" + bytes(200_000)
    fetch(source).unlink()
    site.always(body=new, etag='"v2"')
    with pytest.raises(SourceError, match=r"recorded in (.|\n)* kept as 'file.pkl.different'"):
        fetch(source)
    assert not (tmp_path / "file.pkl").exists()
    (tmp_path / "file.pkl.nbframes.json").unlink()
    assert fetch(source, from_file=tmp_path / "file.pkl.different").read_bytes() == new


def test_a_spoilt_record_is_not_ignored(fetch, source, tmp_path):
    (tmp_path / "file.pkl.nbframes.json").write_text("{}")
    with pytest.raises(SourceError, match="Delete it to trust the next download anew"):
        fetch(source)


@pytest.fixture
def article(source, site):
    """A Figshare article: its list of files, then the file."""

    def of(*names, **changed):
        entry = {
            "size": len(site.content),
            "download_url": site.url,
            "computed_md5": hashlib.md5(site.content).hexdigest(),
        }
        listing = json.dumps([entry | {"name": name} | changed for name in names]).encode()
        site.answers({"body": listing})
        return replace(source, urls=(), listing=site.url + "/files")

    return of


@pytest.mark.parametrize("names", [["other.zip", "file.pkl"], ["renamed.pkl"]])
def test_an_article_names_the_file_with_size_and_md5(fetch, article, site, names):
    described = article(*names)
    site.answers({"cut": 50_000})
    assert fetch(described).read_bytes() == site.content
    assert site.ranges == [None, None, "bytes=50000-"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"size": 7}, "has a file of 200,002 bytes, not of 7"),
        ({"computed_md5": "0" * 32}, "has the MD5"),
        ({"download_url": None, "size": None}, "a list of another form"),
    ],
)
def test_a_file_that_is_not_as_its_article_says_is_refused(fetch, article, tmp_path, changed, said):
    with pytest.raises(SourceError, match=said):
        fetch(article("file.pkl", **changed))
    assert not (tmp_path / "file.pkl").exists()


def test_an_article_without_the_file_is_answered_with_what_it_has(fetch, article):
    with pytest.raises(SourceError, match=r"lists no 'file.pkl', only 'a.zip', 'b.zip'"):
        fetch(article("a.zip", "b.zip"))


def test_an_article_that_is_no_json_is_refused(fetch, source, site):
    site.answers({"body": b"<html>"})
    with pytest.raises(SourceError, match="something that is not JSON"):
        fetch(replace(source, urls=(), listing=site.url))


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_no_connection_is_said_in_plain_words(fetch, source, site, monkeypatch):
    def nowhere(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    with pytest.raises(SourceError, match=r"there is no connection to the internet, or a proxy is needed"):
        fetch(source)


def test_a_closed_server_is_said_in_plain_words(fetch, source, site):
    with pytest.raises(SourceError, match=r"127.0.0.1 refuses connections \(3 attempts\)"):
        fetch(replace(source, urls=(f"http://127.0.0.1:{closed_port()}/file.pkl",)))


def test_the_proxy_is_named_without_its_password(fetch, source, site, monkeypatch):
    port = closed_port()
    monkeypatch.setenv("http_proxy", f"http://me:secret@127.0.0.1:{port}")
    with pytest.raises(SourceError, match=f"the proxy 127.0.0.1:{port} .* refuses connections") as caught:
        fetch(replace(source, urls=("http://benchmarks.invalid/file.pkl",)))
    assert "secret" not in str(caught.value)


def test_downloads_go_through_the_proxy(fetch, source, site, monkeypatch):
    monkeypatch.setenv("http_proxy", site.url.removesuffix("/file.pkl"))
    assert fetch(replace(source, urls=("http://benchmarks.invalid/file.pkl",))).read_bytes() == site.content
    assert site.asked[0]["path"] == "http://benchmarks.invalid/file.pkl"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_asks_for_a_login_is_explained(fetch, source, site, monkeypatch, scheme):
    monkeypatch.setenv(f"{scheme}_proxy", site.url.removesuffix("/file.pkl"))
    site.always(status=407)
    with pytest.raises(SourceError, match="asks for a login; give it as HTTPS_PROXY"):
        fetch(replace(source, urls=(f"{scheme}://benchmarks.invalid/file.pkl",)))


def test_an_unencrypted_detour_is_refused():
    import urllib.request

    request = urllib.request.Request("https://benchmarks.invalid/file")
    with pytest.raises(RefusedError, match="leads to an unencrypted address"):
        _Redirects().redirect_request(request, None, 302, "Found", {}, "http://elsewhere.invalid/file")


def test_a_server_with_a_foreign_certificate_is_refused_with_the_way_out(monkeypatch):
    import ssl

    def untrusted(*args, **kwargs):
        error = ssl.SSLCertVerificationError(1, "certificate verify failed")
        error.verify_message = "self-signed certificate"
        raise error

    monkeypatch.setattr("http.client.HTTPSConnection.connect", untrusted)
    with pytest.raises(RefusedError, match=r"not trusted \(self-signed certificate\).*SSL_CERT_FILE"):
        get("https://benchmarks.invalid/file", timeout=1)


def test_the_folder_must_be_a_local_one(fetch, published, tmp_path, monkeypatch):
    with pytest.raises(InvalidArgumentError, match="to a local folder"):
        download("nb101", to="s3://bucket/downloads")
    monkeypatch.setenv("NBFRAMES_STORE", "s3://bucket/store")
    with pytest.raises(InvalidArgumentError, match="name one with `to`"):
        download("nb101")
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="cannot be made"):
        download("nb101", to=tmp_path / "file")


def test_a_folder_that_cannot_be_written_to_is_said_in_plain_words(fetch, published, tmp_path):
    (tmp_path / "file.pkl.lock").mkdir()
    with pytest.raises(SourceError, match=r"the folder .* cannot be written to .*: name another one with `to`"):
        fetch(published)


def test_by_default_files_go_beside_the_default_store(site, published, monkeypatch, tmp_path):
    monkeypatch.setattr("nbframes.downloads.find", lambda name, variant: published)
    monkeypatch.setenv("NBFRAMES_STORE", str(tmp_path / "store"))
    assert download("nb101", progress=False) == tmp_path / "store-downloads" / "file.pkl"
