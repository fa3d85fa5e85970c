"""The explorer in a notebook: a real Jupyter kernel answers it, and the widget runs in a real browser."""

from __future__ import annotations

import base64
import gzip
import json

import orjson
import polars as pl
import pytest

import nbframes as nbf
from nbframes.report.explorer.answers import Answers
from nbframes.report.explorer.payload import Sample
from tests.explorer.browser import code, drag, errors, note, press, selected, until

_SHOW = """
import nbframes as nbf
explorer = nbf.explore({store}, {benchmark!r}, sample=2_000, seed=5, progress=False)
explorer
"""
_SYNTHETIC = _SHOW.format(store="nbf.synthetic.store()", benchmark="nats-sss")
_ASK = "print(explorer.selection().select('arch').write_json())"


class _Kernel:
    """A kernel, and what it publishes."""

    def __init__(self, client):
        self.client = client

    def run(self, code):
        return self._published(self.client.execute(code))

    def show(self, code):
        """The comm of the widget that a cell shows, and what the cell's output is."""
        published = self.run(code)
        shown = next(m for m in published if m["msg_type"] in ("execute_result", "display_data"))
        opened = [m["content"] for m in published if m["msg_type"] == "comm_open"]
        return next(o["comm_id"] for o in opened if "ranges" in o["data"]["state"]), shown["content"]["data"]

    def set(self, comm, **state):
        """What the front end sends when its reader drags or clicks."""
        self._send(comm, {"method": "update", "state": state, "buffer_paths": []})

    def ask(self, comm, **question):
        """What the front end sends when its reader zooms, and what is answered."""
        asked = self._send(comm, {"method": "custom", "content": {"id": "me 1", "question": question}})
        answer = next(m for m in self._published(asked) if m["msg_type"] == "comm_msg")
        assert answer["content"]["data"] == {"method": "custom", "content": {"id": "me 1"}}
        return orjson.loads(gzip.decompress(answer["buffers"][0]))

    def archs(self):
        text = "".join(m["content"]["text"] for m in self.run(_ASK) if m["msg_type"] == "stream")
        return [row["arch"] for row in json.loads(text)]

    def _send(self, comm, data):
        message = self.client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def _published(self, asked):
        published = []
        while True:
            message = self.client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") != asked:
                continue
            assert message["msg_type"] != "error", message["content"]
            published.append(message)
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return published


@pytest.fixture(scope="module")
def kernel():
    manager = pytest.importorskip("jupyter_client.manager")
    running, client = manager.start_new_kernel(kernel_name="python3")
    yield _Kernel(client)
    client.stop_channels()
    running.shutdown_kernel(now=True)


@pytest.mark.filterwarnings("ignore")
def test_a_selection_comes_back_from_a_kernel(kernel):
    comm, shown = kernel.show(_SYNTHETIC)
    assert "application/vnd.jupyter.widget-view+json" in shown
    assert len(shown["text/html"]) < 1_000
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


@pytest.mark.filterwarnings("ignore")
def test_a_kernel_sends_every_architecture_of_a_window(kernel, cells, large):
    comm, _ = kernel.show(_SHOW.format(store=f"nbf.open_store({cells.root!r})", benchmark="nb101"))
    axes = {"x": "params", "x2": "train_time", "y": "value", "colour": "value"}
    top = [{"column": "value", "low": 90, "high": None}]
    told = kernel.ask(comm, kind="window", ranges=top, axes=axes)
    inside = large.frame.filter(pl.col("value") >= 90)
    assert told["exact"]
    assert told["count"] == inside.height
    assert told["rows"]["arch"] == inside["arch"].to_list()
    assert told["rows"]["names"] == inside["arch_str"].to_list()
    assert told["rows"]["data"]["params"] == inside["params"].to_list()
    wide = [{"column": "value", "low": 10, "high": None}]
    told = kernel.ask(comm, kind="window", ranges=wide, axes=axes)
    inside = large.frame.filter(pl.col("value") >= 10)
    assert not told["exact"]
    assert told["count"] == inside.height > 20_000
    assert sorted(told["rows"]["arch"]) == sorted(inside.sample(2_000, seed=5)["arch"])
    assert sum(tile["n"] for tile in told["densities"]["x2"]) == inside.height


def _answer(answers, **question):
    return orjson.loads(gzip.decompress(answers(question)))


@pytest.fixture(scope="module")
def answers(large):
    return Answers(large._table, Sample(2_000, 5))


def test_a_kernel_tells_one_architecture_whole(answers, large):
    space, frame = nbf.spaces.nb101, large.frame
    for place in (0, 31_234):
        row = frame.row(place, named=True)
        told = _answer(answers, kind="architecture", arch=row["arch"])
        assert told["curve"] == [[54, row["value"] / 2], [108, row["value"]]]
        possible = set(space.hash(pl.Series(space.neighbours(row["arch_str"])))) - {space.hash(row["arch_str"])}
        hashes = pl.Series("hash", [space.hash(text) for text in told["near"]["rows"]["names"]])
        assert set(hashes) == possible & set(space.hash(frame["arch_str"]))
        assert told["near"]["possible"] == len(possible)
        values = pl.Series(told["near"]["rows"]["data"]["value"])
        assert told["near"]["better"] == (values > row["value"]).sum()
        assert _answer(answers, kind="picture", arch=row["arch"])["picture"] == str(space.draw(row["arch_str"]))


def test_a_kernel_counts_and_finds(answers, large):
    best = large.frame.filter(pl.col("value") <= 50)
    told = _answer(answers, kind="selection", ranges=[{"column": "value", "low": None, "high": 50}])
    assert told["count"] == best.height
    assert told["rows"]["arch"] == best["arch"].head(10).to_list()
    text = large.frame["arch_str"][40_000]
    assert _answer(answers, kind="find", text=text)["rows"]["names"] == [text]
    assert _answer(answers, kind="find", text="77")["rows"]["arch"] == [77]
    assert _answer(answers, kind="find", text="99999999999")["rows"]["arch"] == []


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ({"kind": "selection", "ranges": [{"column": "parms", "low": 0, "high": 1}]}, "parms"),
        ({"kind": "window", "ranges": [], "axes": {"x": "parms", "x2": "value", "y": "value", "colour": "value"}}, "did you mean 'params'"),
        ({"kind": "architecture", "arch": -1}, "no architecture -1"),
        ({"kind": "nothing"}, "nothing"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_says_why(answers, question, why):
    assert why in _answer(answers, **question)["error"]


_HOST = """
const [script, style, packed, done] = arguments;
document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
const state = { packed: Uint8Array.from(atob(packed), (c) => c.charCodeAt(0)) }, listeners = new Set();
Object.assign(window, { state, asked: [], answer: (id, text) => {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  for (const listener of listeners) listener({ id }, [new DataView(bytes.buffer)]);
} });
const model = {
  get: (name) => state[name], set: (name, value) => { state[name] = value; }, save_changes: () => {},
  on: (event, listener) => listeners.add(listener), off: (event, listener) => listeners.delete(listener),
  send: (message) => asked.push(message),
};
document.body.replaceChildren();
const element = document.body.appendChild(document.createElement("div"));
import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })))
  .then((module) => module.default.render({ model, el: element }))
  .then((end) => { window.end = end; done("shown"); }, (error) => done(String(error)));
"""


@pytest.fixture
def show(browser, tmp_path):
    """Show the widget of an explorer in the browser; what is returned passes on what its views ask, and the answers."""

    def shown(explorer):
        blank = tmp_path / "blank.html"
        blank.write_text(
            "<!doctype html><title>host</title><link rel='icon' href='data:,'><style>html { overflow-y: scroll }</style>"
        )
        browser.get(blank.as_uri())
        widget = explorer.widget
        assert (
            browser.execute_async_script(_HOST, widget._esm, widget._css, base64.b64encode(widget.packed).decode())
            == "shown"
        )
        until(lambda: note(browser))

        def serve():
            for message in browser.execute_script("return asked.splice(0)"):
                text = base64.b64encode(explorer._answers(message["question"])).decode()
                browser.execute_script("answer(...arguments)", message["id"], text)
            explorer.widget.ranges = browser.execute_script("return state.ranges ?? []")
            explorer.widget.kept = browser.execute_script("return state.kept ?? []")

        return serve

    return shown


def _served(serve, what):
    return until(lambda: serve() or what())


def test_the_widget_tells_what_is_dragged_over(browser, show):
    explorer = nbf.explore(nbf.synthetic.store(), "nats-tss", progress=False)
    serve = show(explorer)
    drag(browser, (100, 80), (420, 330))
    count = int(_served(serve, lambda: selected(browser)))
    assert 0 < explorer.selection().height == count < 128
    assert not errors(browser)


def test_zooming_shows_every_architecture_of_the_window(browser, show, large):
    serve = show(large)
    assert note(browser).startswith("60,000 architectures: grey tiles are their density")
    browser.find_element("name", "low").send_keys("10")
    wide = large.frame.filter(pl.col("value") >= 10)
    assert int(_served(serve, lambda: selected(browser))) == wide.height
    press(browser, "zoom to the selection")
    _served(serve, lambda: f"{wide.height:,} of 60,000 architectures, more than 20,000: grey tiles" in note(browser))
    assert 'frame.filter(pl.col("value") >= 10).sample(2000, seed=5)' in code(browser)
    drag(browser, (200, 100), (400, 200))
    _served(serve, lambda: len(large.widget.ranges) == 2 and large.selection().height == int(selected(browser) or -1))
    inside = large.selection()
    assert 0 < inside.height < 20_000
    press(browser, "zoom to the selection")
    _served(serve, lambda: note(browser) == f"{inside.height:,} of 60,000 architectures, each a point.")
    assert large.selection().equals(inside)
    press(browser, "zoom out")
    _served(serve, lambda: note(browser).startswith(f"{wide.height:,} of 60,000 architectures, more than"))
    press(browser, "clear the selection")
    _served(serve, lambda: note(browser).startswith("60,000 architectures:"))
    assert not errors(browser)


def test_other_columns_of_a_large_space_are_asked_for(browser, show, large):
    from selenium.webdriver.support.ui import Select

    serve = show(large)
    Select(browser.find_elements("css selector", ".nbf select")[0]).select_by_visible_text("edges")
    _served(serve, lambda: note(browser).startswith("60,000 of 60,000 architectures, more than 20,000"))
    assert 'np.histogram2d(*frame.select("edges", y="value")' in code(browser)
    assert not errors(browser)


def test_what_is_kept_is_told_by_the_kernel(browser, show, large):
    from selenium.webdriver.common.keys import Keys

    serve = show(large)
    shown = set(orjson.loads(gzip.decompress(large.widget.packed))["rows"]["arch"])
    arch = next(arch for arch in large.frame["arch"] if arch not in shown)
    browser.find_element("name", "find").send_keys(arch, Keys.ENTER)
    card = _served(serve, lambda: browser.find_elements("css selector", ".card"))[0]
    _served(
        serve, lambda: card.find_elements("css selector", "svg rect") and card.find_elements("css selector", "polyline")
    )
    assert large.selection()["arch"].to_list() == [arch]
    card.find_element("tag name", "summary").click()
    card.find_element("css selector", "ol button").click()
    _served(serve, lambda: len(large.widget.kept) == 2)
    assert large.widget.kept[1] == arch
    assert (
        nbf.spaces.nb101.hash(large.selection()["arch_str"][0])
        in nbf.spaces.nb101.hash(pl.Series(nbf.spaces.nb101.neighbours(large.selection()["arch_str"][1]))).to_list()
    )
    assert not errors(browser)


def test_a_busy_kernel_is_said_to_be_busy(browser, show, large):
    serve = show(large)
    browser.find_element("name", "low").send_keys("90")
    press(browser, "zoom to the selection")
    until(lambda: "busy with another cell" in note(browser))
    _served(serve, lambda: "each a point" in note(browser))
    browser.execute_script("end()")
    assert not errors(browser)
