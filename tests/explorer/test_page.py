"""The explorer's page in a real browser: it loads, links its views, shows what is under the pointer, and fits a telephone."""

from __future__ import annotations

import re

import polars as pl
import pytest

import nbframes as nbf
from tests.explorer.browser import BROWSER, DRIVER, opened, started, until

pytestmark = pytest.mark.skipif(not (BROWSER and DRIVER), reason="chromium and chromedriver are not installed")


@pytest.fixture(scope="module")
def browser():
    pytest.importorskip("selenium.webdriver")
    driver = started()
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def page(tss, tmp_path_factory):
    return tss.save(tmp_path_factory.mktemp("explorer") / "tss.html")


def _drag(browser, start, end):
    """Drag over the views, from one place of the canvas to another."""
    from selenium.webdriver import ActionChains

    canvas = browser.find_element("css selector", "canvas")
    middle = canvas.rect["width"] // 2, canvas.rect["height"] // 2
    move = ActionChains(browser, duration=80).move_to_element_with_offset(
        canvas, start[0] - middle[0], start[1] - middle[1]
    )
    move.click_and_hold().move_by_offset((end[0] - start[0]) // 2, (end[1] - start[1]) // 2)
    move.move_by_offset(
        end[0] - start[0] - (end[0] - start[0]) // 2, end[1] - start[1] - (end[1] - start[1]) // 2
    ).release().perform()


def _selected(browser):
    return browser.find_element("id", "explorer").get_attribute("data-selected")


def _pixels(browser, x, y, width, height):
    """A part of the canvas as bytes."""
    return browser.execute_script(
        "const c = document.querySelector('canvas'), s = c.width / c.clientWidth;"
        "return [...c.getContext('2d').getImageData(arguments[0] * s, arguments[1] * s, arguments[2] * s, arguments[3] * s).data]",
        x, y, width, height,
    )  # fmt: skip


def _errors(browser):
    """What the console says, but for the warning that the test itself reads pixels."""
    return [entry for entry in browser.get_log("browser") if "getImageData" not in entry["message"]]


def test_it_loads_alone(browser, page):
    text = page.read_text()
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=['\"]https?:", text)
    opened(browser, page)
    assert not _errors(browser)


def test_it_says_what_it_shows(browser, page):
    opened(browser, page)
    text = browser.find_element("id", "explorer").text
    for fact in ("nats-tss", "cifar100 val", "schedule 200", "15,625 architectures", "published again"):
        assert fact in text
    assert "SYNTHETIC" not in text


def test_what_is_dragged_over_is_shown_in_the_other_views(browser, page, tss):
    opened(browser, page)
    before = _pixels(browser, 500, 90, 400, 250)
    _drag(browser, (100, 80), (420, 200))
    count = int(until(lambda: _selected(browser)))
    assert _pixels(browser, 500, 90, 400, 250) != before
    expression = browser.find_element("css selector", ".body > div:nth-child(2) pre").text
    frame = eval(expression, {"frame": tss.frame, "pl": pl})
    assert 0 < frame.height == count < 15_625
    best = browser.find_elements("css selector", ".body > div:nth-child(2) ol li")
    assert len(best) == min(10, count)
    assert best[0].find_element("tag name", "button").text == frame.sort("value", descending=True)["arch_str"][0]
    browser.find_element("css selector", "button[type=button].plain").click()
    until(lambda: _selected(browser) == "")
    assert not _errors(browser)


def test_the_pointer_shows_the_cell_and_its_values(browser, page, tss):
    from selenium.webdriver import ActionChains

    opened(browser, page)
    canvas = browser.find_element("css selector", "canvas")
    tip = browser.find_element("css selector", ".tip")
    for y in range(80, 300, 6):
        offset = canvas.rect["width"] // 6, y - canvas.rect["height"] // 2
        ActionChains(browser, duration=10).move_to_element_with_offset(canvas, *offset).perform()
        if tip.is_displayed():
            break
    arch = int(re.search(r"architecture (\d+)", tip.text)[1])
    row = tss.frame.row(by_predicate=pl.col("arch") == arch, named=True)
    assert row["arch_str"] in tip.text
    assert f"{row['value']:.6g}" in tip.text
    assert tip.find_elements("css selector", "svg rect")
    ActionChains(browser).click().perform()
    assert f"architecture {arch}" in until(lambda: browser.find_element("css selector", ".card")).text


def test_the_keyboard_suffices(browser, page, tss):
    from selenium.webdriver.common.keys import Keys

    opened(browser, page)
    browser.find_element("name", "low").send_keys("72")
    expected = tss.frame.filter(pl.col("value") >= 72)
    assert int(until(lambda: _selected(browser))) == expected.height
    browser.find_element("name", "find").send_keys("1462", Keys.ENTER)
    card = until(lambda: browser.find_elements("css selector", ".card"))[0]
    assert "architecture 1462" in card.text
    assert "24 neighbours" in card.text
    arch = tss.frame.row(by_predicate=pl.col("arch") == 1462, named=True)
    near = tss.frame.filter(pl.col("arch_str").is_in(nbf.spaces.tss.neighbours(arch["arch_str"])))
    assert f"{(near['value'] > arch['value']).sum()} of them better" in card.text
    assert not _errors(browser)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_telephone_by_day_and_night(browser, page, scheme):
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        opened(browser, page)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
        ground = browser.execute_script("return getComputedStyle(document.getElementById('explorer')).backgroundColor")
        assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}[scheme]
        assert not _errors(browser)
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_large_space_shows_density_and_sample(browser, large, tmp_path):
    opened(browser, large.save(tmp_path / "large.html"))
    text = browser.find_element("id", "explorer").text
    assert "SYNTHETIC" in text
    assert "density of all 60,000" in text
    _drag(browser, (100, 120), (300, 250))
    assert "the sample of 2,000" in until(lambda: _selected(browser) and browser.find_element("id", "explorer").text)
    assert not _errors(browser)


def test_learning_curves_of_what_is_kept(browser, tmp_path):
    from selenium.webdriver.common.keys import Keys

    explorer = nbf.explore(nbf.synthetic.store(), "nats-tss", progress=False)
    opened(browser, explorer.save(tmp_path / "tss.html"))
    browser.find_element("name", "find").send_keys(explorer.frame["arch_str"][0], Keys.ENTER)
    until(lambda: browser.find_elements("css selector", ".card polyline"))
    assert not _errors(browser)
