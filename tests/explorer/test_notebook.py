"""The explorer in a notebook: a selection comes back through a real Jupyter kernel, and the widget runs in a real browser."""

from __future__ import annotations

import base64
import json
import time

import polars as pl
import pytest

import nbframes as nbf
from tests.explorer.test_page import BROWSER, DRIVER, _drag, _until, browser  # noqa: F401  a fixture

_SHOW = """
import nbframes as nbf
explorer = nbf.explore(nbf.synthetic.store(), "nats-sss", progress=False)
explorer
"""
_ASK = "print(explorer.selection().select('arch').write_json())"


class _Kernel:
    """A kernel, and what it publishes."""

    def __init__(self, client):
        self.client = client

    def run(self, code):
        asked, published = self.client.execute(code), []
        while True:
            message = self.client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") != asked:
                continue
            assert message["msg_type"] != "error", message["content"]
            published.append(message)
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return published

    def set(self, comm, **state):
        """What the front end sends when its reader drags or clicks."""
        data = {"method": "update", "state": state, "buffer_paths": []}
        self.client.shell_channel.send(self.client.session.msg("comm_msg", {"comm_id": comm, "data": data}))

    def archs(self):
        text = "".join(m["content"]["text"] for m in self.run(_ASK) if m["msg_type"] == "stream")
        return [row["arch"] for row in json.loads(text)]


@pytest.fixture(scope="module")
def kernel():
    manager = pytest.importorskip("jupyter_client.manager")
    running, client = manager.start_new_kernel(kernel_name="python3")
    yield _Kernel(client)
    client.stop_channels()
    running.shutdown_kernel(now=True)


@pytest.mark.filterwarnings("ignore")
def test_a_selection_comes_back_from_a_kernel(kernel):
    published = kernel.run(_SHOW)
    shown = next(m for m in published if m["msg_type"] in ("execute_result", "display_data"))
    assert "application/vnd.jupyter.widget-view+json" in shown["content"]["data"]
    comm = next(
        m["content"]["comm_id"]
        for m in published
        if m["msg_type"] == "comm_open" and "ranges" in m["content"]["data"]["state"]
    )
    assert kernel.archs() == []
    frame = nbf.explore(nbf.synthetic.store(), "nats-sss", progress=False).frame
    low, high = frame["value"].quantile(0.5), frame["value"].max()
    kernel.set(comm, ranges=[{"column": "value", "low": low, "high": high}])
    assert kernel.archs() == frame.filter(pl.col("value") >= low)["arch"].to_list()
    kernel.set(
        comm, ranges=[{"column": "value", "low": None, "high": low}, {"column": "rank", "low": 60, "high": None}]
    )
    assert kernel.archs() == frame.filter(pl.col("value") <= low, pl.col("rank") >= 60)["arch"].to_list()
    kernel.set(comm, ranges=[], kept=frame["arch"].to_list()[5:2:-1])
    assert kernel.archs() == frame["arch"].to_list()[5:2:-1]


_HOST = """
const [script, packed, done] = arguments;
const state = { packed: Uint8Array.from(atob(packed), (c) => c.charCodeAt(0)) };
window.state = state;
const model = { get: (name) => state[name], set: (name, value) => { state[name] = value; }, save_changes: () => {} };
document.body.replaceChildren();
const element = document.body.appendChild(document.createElement("div"));
import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })))
  .then((module) => module.default.render({ model, el: element }))
  .then(() => { element.firstChild.id = "explorer"; done("shown"); }, (error) => done(String(error)));
"""


@pytest.mark.skipif(not (BROWSER and DRIVER), reason="chromium and chromedriver are not installed")
def test_the_widget_tells_what_is_dragged_over(browser, tmp_path):  # noqa: F811
    explorer = nbf.explore(nbf.synthetic.store(), "nats-tss", progress=False)
    blank = tmp_path / "blank.html"
    blank.write_text("<!doctype html><title>host</title><link rel='icon' href='data:,'><body></body>")
    browser.get(blank.as_uri())
    shown = explorer.widget
    assert browser.execute_async_script(_HOST, shown._esm, base64.b64encode(shown.packed).decode()) == "shown"
    time.sleep(0.3)
    _drag(browser, (100, 80), (420, 330))
    ranges = _until(lambda: browser.execute_script("return state.ranges"))
    shown.ranges = ranges
    count = int(browser.find_element("id", "explorer").get_attribute("data-selected"))
    assert 0 < explorer.selection().height == count < 128
