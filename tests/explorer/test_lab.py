"""The explorer in JupyterLab itself, as a reader uses it: run a cell, drag, zoom, click, and ask for the selection in the next cell."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time

import pytest

from tests.explorer.browser import BROWSER, DRIVER, drag, errors, note, press, selected, started, until

pytest.importorskip("jupyterlab", reason="JupyterLab is in the extra 'notebooks', which the tests do without")
pytestmark = pytest.mark.skipif(not (BROWSER and DRIVER), reason="chromium and chromedriver are not installed")

_CELLS = (
    "import nbframes as nbf\nexplorer = nbf.explore(nbf.open_store({store!r}), 'nb101', sample=2_000)\nexplorer",
    "chosen = explorer.selection()\nprint(chosen.height, chosen['value'].min(), chosen['arch_str'][0])",
)


@pytest.fixture
def lab(tmp_path, cells):
    """Address of a notebook that a server of JupyterLab opens."""
    sources = [cell.format(store=cells.root) for cell in _CELLS]
    made = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 4,
        "metadata": kernel,
        "cells": [made | {"source": source} for source in sources],
    }
    (tmp_path / "explore.ipynb").write_text(json.dumps(notebook), "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {f"JUPYTER_{kind}_DIR": str(tmp_path / kind) for kind in ("CONFIG", "RUNTIME")} | {
        "IPYTHONDIR": str(tmp_path / "ipython")
    }
    options = (f"--port={port}", "--ip=127.0.0.1", "--no-browser", "--IdentityProvider.token=", "--allow-root")
    with (tmp_path / "server.log").open("w") as log:
        command = [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={tmp_path}"]
        server = subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log)
        try:
            until(lambda: _answers(port), 60)
            yield f"http://127.0.0.1:{port}/lab/tree/explore.ipynb?reset"
        finally:
            server.terminate()
            server.wait(20)


def _answers(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def browser():
    driver = started(online=True)
    yield driver
    driver.quit()


def _run(browser, number):
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.keys import Keys

    cell = browser.find_elements("css selector", ".jp-Notebook .jp-CodeCell")[number]
    browser.execute_script("arguments[0].scrollIntoView({ block: 'center' })", cell)
    cell.find_element("css selector", ".cm-content").click()
    ActionChains(browser).key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(Keys.SHIFT).perform()


def _printed(browser):
    texts = [found.text for found in browser.find_elements("css selector", ".jp-OutputArea-output pre")]
    return next((found for text in texts if (found := re.fullmatch(r"(\d+) (\S+) (\S+)\s*", text))), None)


def test_a_reader_zooms_clicks_and_asks_for_the_selection(lab, browser):
    browser.get(lab)
    until(lambda: len(browser.find_elements("css selector", ".jp-Notebook .jp-CodeCell .cm-content")) == 2, 90)
    until(lambda: "Idle" in browser.find_element("css selector", "body").text, 60)
    _run(browser, 0)
    until(lambda: browser.find_elements("css selector", ".nbf[data-ready]"), 120)
    assert note(browser).startswith("60,000 architectures: grey tiles are their density")
    time.sleep(0.5)  # the output settles: JupyterLab shows its scroll bar, the views are laid out anew
    drag(browser, (90, 80), (200, 140))
    count = int(until(lambda: selected(browser)))
    assert 0 < count < 20_000
    press(browser, "zoom to the selection")
    until(lambda: note(browser) == f"{count:,} of 60,000 architectures, each a point.")
    browser.find_element("css selector", ".nbf ol button").click()
    card = until(lambda: browser.find_elements("css selector", ".nbf .card"))[0]
    until(lambda: card.find_elements("css selector", "svg rect") and card.find_elements("css selector", "polyline"))
    assert "neighbours" in card.text
    _run(browser, 1)
    height, _, best = until(lambda: _printed(browser), 60).groups()
    assert int(height) == count
    assert best in card.text
    assert not [entry for entry in errors(browser) if "explorer" in entry["message"]]
