"""The explorer's page in a real browser: it loads, links its views, shows what is under the pointer, and fits a telephone."""

from __future__ import annotations

import re

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf
from tests.explorer.browser import code, drag, errors, note, opened, press, selected, until


@pytest.fixture(scope="module")
def page(tss, tmp_path_factory):
    return tss.save(tmp_path_factory.mktemp("explorer") / "tss.html")


@pytest.fixture(scope="module")
def large_page(large, tmp_path_factory):
    return large.save(tmp_path_factory.mktemp("explorer") / "large.html")


def _pixels(browser, x, y, width, height):
    """A part of the canvas as bytes."""
    return browser.execute_script(
        "const c = document.querySelector('canvas'), s = c.width / c.clientWidth;"
        "return [...c.getContext('2d').getImageData(arguments[0] * s, arguments[1] * s, arguments[2] * s, arguments[3] * s).data]",
        x, y, width, height,
    )  # fmt: skip


def _chosen(browser):
    """Polars that the page shows for the selection."""
    return browser.find_element("css selector", ".body > div:nth-child(2) pre").text


def test_it_loads_alone(browser, page):
    text = page.read_text()
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=['\"]https?:", text)
    opened(browser, page)
    assert not errors(browser)


def test_it_says_what_it_shows(browser, page):
    opened(browser, page)
    text = browser.find_element("id", "explorer").text
    for fact in (
        "nats-tss",
        "cifar100 val",
        "schedule 200",
        "15,625 of 15,625 architectures, each a point",
        "published again",
    ):
        assert fact in text
    assert "SYNTHETIC" not in text


def test_what_is_dragged_over_is_shown_in_the_other_views(browser, page, tss):
    opened(browser, page)
    before = _pixels(browser, 500, 90, 400, 250)
    drag(browser, (100, 80), (420, 200))
    count = int(until(lambda: selected(browser)))
    assert _pixels(browser, 500, 90, 400, 250) != before
    frame = eval(_chosen(browser), {"frame": tss.frame, "pl": pl})
    assert 0 < frame.height == count < 15_625
    best = browser.find_elements("css selector", ".body > div:nth-child(2) ol li")
    assert len(best) == min(10, count)
    assert best[0].find_element("tag name", "button").text == frame.sort("value", descending=True)["arch_str"][0]
    press(browser, "clear the selection")
    until(lambda: selected(browser) is None)
    assert not errors(browser)


def test_zooming_shows_what_was_selected_alone(browser, page, tss):
    opened(browser, page)
    assert not browser.find_element("xpath", "//button[text()='zoom out']").is_enabled()
    drag(browser, (100, 80), (420, 200))
    first = int(until(lambda: selected(browser)))
    press(browser, "zoom to the selection")
    until(lambda: note(browser) == f"{first:,} of 15,625 architectures, each a point.")
    assert int(until(lambda: selected(browser))) == first
    scope = _run(code(browser))
    inside = eval(_chosen(browser), {"frame": tss.frame, "pl": pl})
    assert scope["x"].height == first == inside.height
    browser.find_element("name", "low").send_keys("70")
    second = inside.filter(pl.col("value") >= 70).height
    until(lambda: selected(browser) == str(second))
    press(browser, "zoom to the selection")
    until(lambda: note(browser).startswith(f"{second:,} of 15,625"))
    press(browser, "zoom out")
    until(lambda: note(browser).startswith(f"{first:,} of 15,625"))
    press(browser, "clear the selection")
    until(lambda: note(browser).startswith("15,625 of 15,625"))
    assert not errors(browser)


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
    assert until(lambda: tip.find_elements("css selector", "svg rect"))
    ActionChains(browser).click().perform()
    assert f"architecture {arch}" in until(lambda: browser.find_element("css selector", ".card")).text


def test_the_keyboard_suffices(browser, page, tss):
    from selenium.webdriver.common.keys import Keys

    opened(browser, page)
    browser.find_element("name", "low").send_keys("72")
    expected = tss.frame.filter(pl.col("value") >= 72)
    assert int(until(lambda: selected(browser))) == expected.height
    browser.find_element("name", "find").send_keys("1462", Keys.ENTER)
    card = until(lambda: browser.find_elements("css selector", ".card summary"))[0]
    arch = tss.frame.row(by_predicate=pl.col("arch") == 1462, named=True)
    near = tss.frame.filter(pl.col("arch_str").is_in(nbf.spaces.tss.neighbours(arch["arch_str"])))
    assert card.text == f"24 neighbours, {(near['value'] > arch['value']).sum()} of them better"
    assert not errors(browser)


_CONTROLS = "a[href], button:not([disabled]), select:not([disabled]), input, summary, [tabindex='0']"
_NAMES = """
return [...document.querySelectorAll(arguments[0])].filter((e) => e.checkVisibility())
  .map((e) => e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent)
"""


def test_every_control_has_a_name_and_is_reached_by_the_keyboard(browser, page):
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.keys import Keys

    opened(browser, page)
    browser.find_element("name", "low").send_keys("73")
    browser.find_element("name", "find").send_keys("1462", Keys.ENTER)
    until(lambda: browser.find_elements("css selector", ".card summary"))
    names = browser.execute_script(_NAMES, _CONTROLS)
    assert all(name.strip() for name in names)
    browser.execute_script("document.activeElement.blur(); scrollTo(0, 0)")
    reached, outlined = [], []
    for _ in range(len(names) + 5):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        on, style = browser.execute_script(
            "const e = document.activeElement; return [[...document.querySelectorAll(arguments[0])]"
            ".filter((e) => e.checkVisibility()).indexOf(e), getComputedStyle(e).outlineStyle]", _CONTROLS
        )  # fmt: skip
        if on >= 0:
            reached.append(on)
            outlined.append(style)
    assert set(reached) == set(range(len(names)))
    assert set(outlined) == {"solid"}
    assert (
        browser.find_element("css selector", ".window + div")
        .get_attribute("aria-label")
        .startswith("Two scatter plots")
    )


def test_nothing_moves_by_itself(browser, page):
    opened(browser, page)
    moving = "return [...document.querySelectorAll('*')].filter((e) => { const s = getComputedStyle(e);"
    moving += "return s.animationName !== 'none' || parseFloat(s.transitionDuration) > 0; }).length"
    assert browser.execute_script(moving) == 0


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
        assert not errors(browser)
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_large_space_shows_density_and_sample(browser, large, large_page, told):
    from selenium.webdriver.common.keys import Keys

    opened(browser, large_page)
    assert "SYNTHETIC" in browser.find_element("id", "explorer").text
    assert note(browser) == (
        "60,000 architectures: grey tiles are their density; points and bars are a sample of 2,000, frame.sample(2000, seed=5)."
    )
    drag(browser, (100, 120), (300, 250))
    until(lambda: selected(browser))
    assert "the sample of 2,000" in browser.find_element("id", "explorer").text
    press(browser, "zoom to the selection")
    until(
        lambda: "of the sample's 2,000 architectures, each a point; a notebook shows all of the 60,000" in note(browser)
    )
    document = told(large)
    place = max(range(2_000), key=lambda row: len(document["neighbours"]["rows"][row]))
    browser.find_element("name", "find").send_keys(document["rows"]["arch"][place], Keys.ENTER)
    text = until(lambda: browser.find_elements("css selector", ".card summary"))[0].text
    near = {key: values[place] for key, values in document["neighbours"].items()}
    assert near["possible"] == near["there"]
    assert text == f"{near['there']} neighbours, {near['better']} of them better"
    browser.find_element("css selector", ".card summary").click()
    assert f"{len(near['rows'])} of them are points here" in browser.find_element("css selector", ".card").text
    assert not errors(browser)


def test_learning_curves_of_what_is_kept(browser, tmp_path):
    from selenium.webdriver.common.keys import Keys

    explorer = nbf.explore(nbf.synthetic.store(), "nats-tss", progress=False)
    opened(browser, explorer.save(tmp_path / "tss.html"))
    browser.find_element("name", "find").send_keys(explorer.frame["arch_str"][0], Keys.ENTER)
    until(lambda: browser.find_elements("css selector", ".card polyline"))
    assert not errors(browser)


def _run(text, store=None):
    """Run what the page shows; its store is opened from where it lies."""
    scope = {}
    if store is not None:
        opening = f'store = nbf.open_store("{store.root.rpartition("/")[2]}")'
        assert opening in text
        text = text.replace(opening, f"store = nbf.open_store({store.root!r})")
    exec(text, scope)
    return scope


def test_the_python_that_is_shown_makes_what_is_drawn(browser, page, large, large_page, cells, told):
    opened(browser, page)
    document = told(large)
    small = _run(code(browser))
    assert small["points"].height == small["bars"].len() == 15_625
    opened(browser, large_page)
    scope = _run(code(browser), cells)
    assert sorted(scope["points"]["arch"]) == sorted(document["rows"]["arch"])
    columns = list(document["axes"].values())
    shown = pl.DataFrame(
        {"arch": document["rows"]["arch"], **{name: document["rows"]["data"][name] for name in columns}}
    )
    made = scope["points"].select("arch", *dict.fromkeys(columns)).sort("arch")
    assert_frame_equal(made, shown.sort("arch").select(made.columns), check_dtypes=False)
    assert scope["x"].columns == [document["axes"]["x"], "value"]
    for side in ("x", "x2"):
        counts = scope[f"{side}_tiles"][0]
        tiles = document["densities"][side]
        assert sorted(counts[counts > 0].tolist()) == sorted(tile["n"] for tile in tiles)
