"""Full disks, interrupts, several processes at once, and mishaps in any order."""

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

from nbframes.downloads import download, transfer
from nbframes.errors import SourceError
from tests.downloads.conftest import HASTY, OTHER, kept


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
