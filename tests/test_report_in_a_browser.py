"""The report in a real browser: tables are sorted by mouse and keyboard, by day and night, on desks, telephones and paper."""

from __future__ import annotations

import re
import shutil

import pytest

import nbframes as nbf
from nbframes.report import write

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (BROWSER and DRIVER), reason="chromium and chromedriver are not installed")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    webdriver = pytest.importorskip("selenium.webdriver")
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in ("headless", "no-sandbox", "disable-gpu", "no-first-run", "disable-background-networking"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    folder = tmp_path_factory.mktemp("report")
    store = nbf.synthetic.store(folder / "store", benchmarks=["nats-tss", "nats-sss"])
    page = write(store, folder / "report.html", progress=False)
    driver.get(page.as_uri())
    yield driver
    driver.quit()


def _column(browser, index):
    """The texts of a column of the first table, and what its header says of its order."""
    return browser.execute_script(
        "const t = document.querySelector('table');"
        "return [[...t.tBodies[0].rows].map(r => r.cells[arguments[0]].textContent), t.tHead.rows[0].cells[arguments[0]].getAttribute('aria-sort')]",
        index,
    )


def test_tables_are_sorted_by_mouse_and_keyboard(browser):
    from selenium.webdriver.common.keys import Keys

    heads = browser.find_elements("css selector", "table:first-of-type th")
    index = [head.text.strip() for head in heads].index("values")
    button = browser.find_elements("css selector", "th button")[index]
    button.click()
    texts, said = _column(browser, index)
    numbers = [int(text.replace(",", "")) for text in texts]
    assert (numbers == sorted(numbers), said) == (True, "ascending")
    button.send_keys(Keys.ENTER)
    texts, said = _column(browser, index)
    assert [int(text.replace(",", "")) for text in texts] == sorted(numbers, reverse=True)
    assert said == "descending"
    browser.find_elements("css selector", "th button")[0].send_keys(Keys.SPACE)
    names, _ = _column(browser, 0)
    assert names == sorted(names)
    assert _column(browser, index)[1] is None
    assert not browser.get_log("browser")


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_cut(browser, width):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        cut = "return [...document.querySelectorAll('.wide')].filter(e => e.scrollWidth > e.clientWidth).length"
        assert width < 500 or browser.execute_script(cut) == 0
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize(("scheme", "ground"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 24, 29)")])
def test_it_follows_day_and_night(browser, scheme, ground):
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        assert browser.execute_script("return getComputedStyle(document.body).backgroundColor") == ground
        turned = browser.execute_script("return getComputedStyle(document.images[0]).filter")
        assert (turned != "none") == (scheme == "dark")
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_pictures_are_described_by_what_is_seen(browser):
    texts = browser.execute_script("return [...document.images].map(i => i.alt)")
    captions = browser.execute_script("return [...document.querySelectorAll('figcaption')].map(c => c.textContent)")
    assert len(texts) == len(captions) >= 6
    assert not set(texts) & set(captions)
    assert all(re.search(r"\d", text) for text in texts)
    assert "96 architectures from" in texts[0]


def test_headers_say_what_they_are_the_headers_of(browser):
    scopes = browser.execute_script("return [...document.querySelectorAll('th')].map(h => h.scope)")
    assert set(scopes) == {"col"}
