"""Servers that are busy, refuse, or send something else: what is wrong is not accepted, and the reason is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nbframes.downloads import retry
from nbframes.errors import SourceError
from tests.downloads.conftest import OTHER, kept


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
