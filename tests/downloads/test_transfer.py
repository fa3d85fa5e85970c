"""Transfers from a server that misbehaves: nothing wrong is accepted, nothing downloaded is lost."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbframes.downloads import RetryPolicy, download, retry, transfer
from nbframes.errors import SourceError

HASTY = RetryPolicy(timeout=0.5, attempts=3, pause=0.0)
OTHER = b"\x80\x04" + bytes(200_000)


@pytest.fixture(params=["published", "source"], ids=["hash known", "hash unknown"])
def either(request):
    """A file whose hash is published, and one of which nothing is known."""
    return request.getfixturevalue(request.param)


def kept(tmp_path):
    part = tmp_path / "file.pkl.part"
    return part.read_bytes() if part.exists() else None


def test_a_file_arrives_whole_and_leaves_nothing_beside_it_but_its_record(fetch, either, site, tmp_path):
    path = fetch(either)
    assert path == tmp_path / "file.pkl"
    assert path.read_bytes() == site.content
    recorded = set() if either.sha256 else {"file.pkl.nbframes.json"}
    assert {file.name for file in tmp_path.iterdir()} == {"file.pkl"} | recorded


def test_a_broken_connection_is_continued_where_it_broke(fetch, either, site):
    site.answers({"cut": 50_000}, {"cut": 60_000})
    assert fetch(either).read_bytes() == site.content
    assert site.ranges == [None, "bytes=50000-", "bytes=110000-"]


def test_attempts_are_counted_only_while_nothing_arrives(fetch, either, site):
    site.answers(*[{"cut": 20_000}] * 9)
    assert fetch(either).read_bytes() == site.content


def test_the_next_call_goes_on_with_what_the_last_one_got(fetch, either, site, tmp_path):
    site.answers({"cut": 70_000}, {"status": 503}, {"status": 503}, {"status": 503})
    with pytest.raises(SourceError, match=r"503 .*\(3 attempts\)(.|\n)*70 kB of it are kept in .*file.pkl.part"):
        fetch(either)
    assert kept(tmp_path) == site.content[:70_000]
    assert fetch(either).read_bytes() == site.content
    assert site.ranges[-1] == "bytes=70000-"


def test_an_unknown_file_goes_on_only_if_the_server_confirms_its_version(fetch, source, site):
    site.answers({"cut": 50_000})
    fetch(source)
    assert [headers.get("if-range") for headers in site.asked] == [None, '"v1"']


def test_the_date_confirms_a_version_where_there_is_no_tag(fetch, source, site):
    site.always(etag=None, modified="Wed, 01 Jan 2020 00:00:00 GMT")
    site.answers({"cut": 50_000})
    assert fetch(source).read_bytes() == site.content
    assert site.asked[1]["if-range"] == "Wed, 01 Jan 2020 00:00:00 GMT"


@pytest.mark.parametrize("weak", [None, 'W/"v1"'])
def test_an_unknown_file_without_version_starts_over(fetch, source, site, weak):
    site.always(etag=weak)
    site.answers({"cut": 50_000})
    assert fetch(source).read_bytes() == site.content
    assert site.ranges == [None, None]


def test_a_known_file_goes_on_without_version(fetch, published, site):
    site.always(etag=None)
    site.answers({"cut": 50_000})
    assert fetch(published).read_bytes() == site.content
    assert site.ranges == [None, "bytes=50000-"]


@pytest.mark.parametrize("confirming", [True, False], ids=["server heeds If-Range", "server ignores it"])
def test_a_file_that_changes_in_between_is_never_mixed(fetch, source, site, monkeypatch, confirming):
    site.answers({"cut": 50_000}, {"status": 503}, {"status": 503}, {"status": 503})
    with pytest.raises(SourceError):
        fetch(source)
    site.always(body=OTHER, etag='"v2"')
    if not confirming:
        site.answers({"etag": '"v1"', "headers": {"ETag": '"v2"'}})
    assert fetch(source).read_bytes() == OTHER


def test_a_file_that_changes_in_between_to_another_length_is_never_mixed(fetch, source, site):
    site.answers({"cut": 50_000}, {"body": OTHER[:100_000]}, {"body": OTHER[:100_000]})
    assert fetch(source).read_bytes() == OTHER[:100_000]


def test_a_changed_file_never_replaces_the_part_of_a_known_one(fetch, published, site, tmp_path):
    site.answers({"cut": 50_000})
    site.always(body=OTHER[:100_000], etag='"v2"')
    with pytest.raises(SourceError, match="has a file of 100,000 bytes, not of 200,002"):
        fetch(published)
    assert kept(tmp_path) == site.content[:50_000]


def test_a_mixture_is_found_by_its_hash_and_fetched_anew(fetch, published, site):
    site.answers({"body": OTHER, "cut": 50_000})
    assert fetch(published).read_bytes() == site.content
    assert site.ranges == [None, "bytes=50000-", None]


def test_a_server_without_ranges_never_makes_the_part_shorter(fetch, either, site, tmp_path):
    site.always(ranges=False)
    site.answers({"cut": 80_000}, {"cut": 10_000}, {"status": 404})
    with pytest.raises(SourceError):
        fetch(either)
    assert kept(tmp_path) == site.content[:80_000]
    assert fetch(either).read_bytes() == site.content


def test_a_complete_part_needs_no_more_bytes(fetch, source, site, tmp_path):
    site.answers({"length": 300_000}, {"status": 404})
    with pytest.raises(SourceError):
        fetch(source)
    site.always(length=None)
    assert kept(tmp_path) == site.content
    assert fetch(source).read_bytes() == site.content
    assert site.ranges[-1] == "bytes=200002-"


def test_a_complete_part_of_a_known_file_needs_no_network(fetch, published, site, tmp_path):
    (tmp_path / "file.pkl.part").write_bytes(site.content)
    assert fetch(published).read_bytes() == site.content
    assert not site.asked


def test_a_part_longer_than_the_file_is_dropped(fetch, source, published, site, tmp_path):
    (tmp_path / "file.pkl.part").write_bytes(site.content + b"more")
    assert fetch(published).read_bytes() == site.content


def test_a_part_of_unknown_origin_is_dropped_if_nothing_can_confirm_it(fetch, source, site, tmp_path):
    (tmp_path / "file.pkl.part").write_bytes(OTHER[:1000])
    assert fetch(source).read_bytes() == site.content


def test_a_server_that_sends_another_range_is_not_believed(fetch, either, site):
    site.answers({"cut": 50_000}, {"headers": {"Content-Range": "bytes 90000-200001/200002"}})
    assert fetch(either).read_bytes() == site.content


def test_a_stalled_connection_is_left_and_continued(fetch, either, site):
    site.answers({"stall": 50_000})
    assert fetch(either).read_bytes() == site.content
    assert site.ranges == [None, "bytes=50000-"]


def test_a_trickling_connection_is_left_and_continued(fetch, either, site):
    site.answers({"trickle": True})
    assert fetch(either).read_bytes() == site.content
    assert len(site.ranges) == 2


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(fetch, either, site, status):
    site.answers({"status": status}, {"status": status})
    assert fetch(either).read_bytes() == site.content


def test_a_server_is_left_alone_as_long_as_it_asks(fetch, either, site, monkeypatch):
    waits = []
    monkeypatch.setattr(retry.time, "sleep", waits.append)
    site.answers({"status": 429, "headers": {"Retry-After": "2"}})
    fetch(either)
    assert waits == [2.0]


@pytest.mark.parametrize("after", ["3600", "Wed, 01 Jan 2200 00:00:00 GMT"])
def test_a_server_that_asks_for_too_long_a_wait_is_given_up(fetch, either, site, after):
    site.answers({"status": 503, "headers": {"Retry-After": after}})
    with pytest.raises(SourceError, match="asking to come back in"):
        fetch(either)
    assert len(site.asked) == 1


@pytest.mark.parametrize("after", ["soon", "Wed, 01 Jan 2020 00:00:00 GMT", ""])
def test_a_wait_that_makes_no_sense_is_ignored(fetch, either, site, after):
    site.answers({"status": 503, "headers": {"Retry-After": after}})
    assert fetch(either).read_bytes() == site.content


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_server_that_says_no_is_not_asked_again(fetch, either, site, status):
    site.answers({"status": status})
    with pytest.raises(SourceError, match=f"answers {status}"):
        fetch(either)
    assert len(site.asked) == 1


def test_garbage_under_the_name_of_a_known_file_is_deleted(fetch, published, site, tmp_path):
    site.always(body=OTHER)
    with pytest.raises(SourceError, match=r"sent another file: .*SHA-256"):
        fetch(published)
    assert not list(tmp_path.iterdir())


def test_garbage_of_another_kind_is_not_accepted_for_an_unknown_file(fetch, source, site, tmp_path):
    site.always(body=b"<html>please log in</html>")
    with pytest.raises(SourceError, match=r"not a pickle file\. It is a web page"):
        fetch(source)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Content-Type": "text/html; charset=utf-8"}, "sends a web page instead of the file"),
        ({"Content-Encoding": "gzip"}, "encoded as 'gzip'"),
    ],
)
def test_what_cannot_be_the_file_is_refused_before_it_is_written(fetch, either, site, tmp_path, headers, said):
    site.answers({"cut": 50_000})
    site.always(headers=headers)
    with pytest.raises(SourceError, match=said):
        fetch(either)
    assert kept(tmp_path) == site.content[:50_000]
    assert site.asked[0]["accept-encoding"] == "identity"


def test_a_server_that_promises_more_than_it_has_is_given_up(fetch, either, site):
    site.always(length=300_000, ranges=False)
    with pytest.raises(
        SourceError, match=r"closed the connection after 200 kB of 300 kB|300,000 bytes, not of 200,002"
    ):
        fetch(either)


def test_a_length_that_cuts_a_known_file_short_is_refused(fetch, published, site):
    site.always(length=100_000)
    with pytest.raises(SourceError, match="has a file of 100,000 bytes, not of 200,002"):
        fetch(published)


def test_chunks_are_put_together_and_continued(fetch, either, site):
    site.always(chunked=True)
    site.answers({"cut": 90_000})
    assert fetch(either).read_bytes() == site.content


def test_chunks_beyond_the_known_size_are_refused(fetch, published, site, tmp_path):
    site.always(chunked=True, body=site.content + b"more")
    with pytest.raises(SourceError, match="sends more than the 200,002 bytes"):
        fetch(published)
    assert kept(tmp_path) is None


def test_an_answer_without_clear_end_is_refused_unless_the_size_is_known(fetch, source, published, site, tmp_path):
    site.always(endless=True)
    with pytest.raises(SourceError, match="does not say how long the file is"):
        fetch(source)
    site.answers({"cut": 50_000})
    assert fetch(published).read_bytes() == site.content


def test_redirects_are_followed_with_the_range(fetch, either, site):
    moved = {"status": 302, "headers": {"Location": site.url + "?elsewhere"}}
    site.answers(moved, {"cut": 50_000}, moved)
    assert fetch(either).read_bytes() == site.content
    assert [headers["path"] for headers in site.asked] == ["/file.pkl", "/file.pkl?elsewhere"] * 2
    assert site.ranges == [None, None, "bytes=50000-", "bytes=50000-"]


def test_a_hash_announced_on_the_way_is_checked(fetch, source, site, tmp_path):
    announced = {"X-Linked-Etag": f'"{"0" * 64}"', "Location": site.url + "?elsewhere"}
    site.answers({"status": 302, "headers": announced})
    with pytest.raises(SourceError, match=f"SHA-256 .*, not {'0' * 64}"):
        fetch(source)
    assert not (tmp_path / "file.pkl").exists()


def test_redirects_in_a_circle_end(fetch, either, site):
    site.always(status=302, headers={"Location": site.url})
    with pytest.raises(SourceError, match="answers 302"):
        fetch(either)


def test_the_next_address_goes_on_with_the_part_of_a_known_file(fetch, published, site):
    site.answers({"cut": 50_000}, {"status": 404})
    mirrored = replace(published, urls=(site.url, site.url + "?mirror"))
    assert fetch(mirrored).read_bytes() == site.content
    assert site.ranges == [None, "bytes=50000-", "bytes=50000-"]
    assert site.asked[-1]["path"] == "/file.pkl?mirror"


def test_every_address_that_failed_is_named_with_its_reason(fetch, published, site):
    site.answers({"status": 404}, {"status": 403})
    mirrored = replace(published, urls=(site.url, site.url + "?mirror"))
    with pytest.raises(SourceError, match=r"answers 404(.|\n)*answers 403(.|\n)*from_file"):
        fetch(mirrored)


def test_space_on_the_disk_is_checked_before_the_first_byte(fetch, either, site, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(transfer.shutil, "disk_usage", lambda folder: usage._replace(free=1000))
    with pytest.raises(SourceError, match=r"200 kB are needed in .* and 1 kB are free"):
        fetch(either)
    assert kept(tmp_path) is None


def test_an_interrupt_keeps_the_part(fetch, either, site, tmp_path, monkeypatch):
    honest = transfer._chunks

    def interrupted(*args):
        for chunk in honest(*args):
            yield chunk[:1000]
            raise KeyboardInterrupt

    monkeypatch.setattr(transfer, "_chunks", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch(either)
    assert kept(tmp_path) == site.content[:1000]
    monkeypatch.setattr(transfer, "_chunks", honest)
    assert fetch(either).read_bytes() == site.content
    assert site.ranges[-1] == "bytes=1000-"


def test_threads_and_processes_wait_for_each_other(fetch, published, site):
    paths = []
    threads = [threading.Thread(target=lambda: paths.append(fetch(published))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.read_bytes() for path in paths] == [site.content] * 4
    assert len(site.asked) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_disk_that_fills_up_is_said_in_plain_words(fetch, published, tmp_path):
    (tmp_path / "file.pkl.part").symlink_to("/dev/full")
    with pytest.raises(SourceError, match=r"the disk of .* is full.*free some space and repeat the call"):
        fetch(published)


DOWNLOAD = """
import sys
from pathlib import Path
from nbframes import downloads

url, folder = sys.argv[1:]
source = downloads.Source(
    benchmark="nb101", variant="test", name="file.pkl", title="", holds="", licence="", citation="", urls=(url,)
)
downloads.find = lambda name, variant: source
downloads.download("nb101", to=folder)
"""


def test_a_process_that_is_interrupted_leaves_what_it_has(fetch, source, site, tmp_path):
    site.answers({"stall": 120_000})
    command = [sys.executable, "-c", DOWNLOAD, site.url, str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        while len(kept(tmp_path) or b"") < 100_000:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert b"KeyboardInterrupt" in process.communicate(timeout=20)[1]
    got = kept(tmp_path)
    assert got == site.content[: len(got)]
    assert fetch(source).read_bytes() == site.content
    assert site.ranges[-1] == f"bytes={len(got)}-"


MISHAPS = st.one_of(
    st.fixed_dictionaries({"cut": st.integers(0, 200_002)}),
    st.fixed_dictionaries({"cut": st.integers(0, 200_002), "ranges": st.just(False)}),
    st.fixed_dictionaries({"cut": st.integers(0, 200_002), "chunked": st.just(True)}),
    st.fixed_dictionaries({"status": st.sampled_from([404, 416, 429, 500, 503])}),
    st.fixed_dictionaries({"body": st.just(OTHER), "etag": st.just('"other"'), "cut": st.integers(0, 200_002)}),
    st.fixed_dictionaries({"body": st.just(OTHER), "etag": st.just(None), "cut": st.integers(0, 200_002)}),
    st.fixed_dictionaries({"length": st.integers(0, 400_000)}),
    st.just({"headers": {"Content-Type": "text/html"}}),
)


@given(st.lists(MISHAPS, max_size=8), st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_on_the_way_a_known_file_arrives_whole(published, site, mishaps, patient):
    """However often the call has to be repeated."""
    site.script.clear()
    site.answers(*mishaps)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr("nbframes.downloads.find", lambda name, variant: published)
        for _ in range(len(mishaps) + 1):
            try:
                path = download(
                    "nb101", to=folder, progress=False, retry_policy=replace(HASTY, attempts=9 if patient else 1)
                )
            except SourceError:
                assert not (Path(folder) / "file.pkl").exists()
            else:
                assert path.read_bytes() == site.content
                break
        else:
            pytest.fail("never arrived")


@given(st.lists(MISHAPS, max_size=8))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_on_the_way_an_unknown_file_is_never_a_mixture(source, site, mishaps):
    """It is one of the versions that the server had, whole; a length that was not true may cut one short."""
    site.script.clear()
    site.answers(*mishaps)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr("nbframes.downloads.find", lambda name, variant: source)
        for _ in range(len(mishaps) + 1):
            try:
                got = download("nb101", to=folder, progress=False, retry_policy=HASTY).read_bytes()
            except SourceError:
                assert not (Path(folder) / "file.pkl").exists()
            else:
                untrue = {reply["length"] for reply in mishaps if "length" in reply}
                assert got in {site.content, OTHER} or (len(got) in untrue and site.content.startswith(got))
                break


HOLD = """
import sys
from pathlib import Path
from nbframes.downloads.lock import exclusive

with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_file_that_another_process_works_on_is_waited_for(fetch, published, site, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    command = [sys.executable, "-c", HOLD, str(tmp_path / "file.pkl")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        waiting = threading.Thread(target=fetch, args=(published,), kwargs={"progress": True})
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        assert not site.asked
        assert f"waiting for another process that fetches {tmp_path / 'file.pkl'}" in capsys.readouterr().err
        other.stdin.close()
        waiting.join(20)
    assert (tmp_path / "file.pkl").read_bytes() == site.content
