"""Transfers that break off and go on: nothing is mixed, nothing downloaded is lost."""

from __future__ import annotations

import pytest

from nbframes.errors import SourceError
from tests.downloads.conftest import OTHER, kept


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
