"""A headless browser without a network, and a page of the explorer in it."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


def started(*, online: bool = False) -> Any:
    """Driver of a new Chromium, without a network unless it is ``online``; the caller quits it."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in ("headless", "no-sandbox", "disable-gpu", "no-first-run", "disable-background-networking"):
        options.add_argument(f"--{flag}")
    options.add_argument("--window-size=1400,1200")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    driver.set_script_timeout(60)
    if not online:
        driver.execute_cdp_cmd("Network.enable", {})
        driver.execute_cdp_cmd(
            "Network.emulateNetworkConditions",
            {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0},
        )
    return driver


def opened(driver: Any, file: Path) -> float:
    """Milliseconds from the start of loading until somebody, who looks every 50 ms, finds the page ready."""
    driver.get(file.as_uri())
    return until(
        lambda: driver.execute_script("return document.getElementById('explorer').dataset.ready && performance.now()")
    )


def until(what: Callable[[], Any], seconds: float = 20) -> Any:
    """First true answer within so many seconds."""
    end = time.monotonic() + seconds
    while not (answer := what()) and time.monotonic() < end:
        time.sleep(0.05)
    assert answer
    return answer


def drag(driver: Any, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Drag over the views, from one place of the canvas to another."""
    from selenium.webdriver import ActionChains

    canvas = driver.find_element("css selector", ".nbf canvas")
    driver.execute_script("arguments[0].scrollIntoView({ block: 'center' })", canvas)
    middle = canvas.rect["width"] // 2, canvas.rect["height"] // 2
    across, down = end[0] - start[0], end[1] - start[1]
    move = ActionChains(driver, duration=80).move_to_element_with_offset(
        canvas, start[0] - middle[0], start[1] - middle[1]
    )
    move.click_and_hold().move_by_offset(across // 2, down // 2)
    move.move_by_offset(across - across // 2, down - down // 2).release().perform()


def press(driver: Any, title: str) -> None:
    """Press the button with this text."""
    driver.find_element("xpath", f"//button[text()='{title}']").click()


def selected(driver: Any) -> str | None:
    """How many architectures the views say are selected."""
    return driver.find_element("css selector", ".nbf").get_attribute("data-selected")


def note(driver: Any) -> str:
    """What the views say of what they show."""
    return driver.find_element("css selector", ".nbf .window").text


def code(driver: Any) -> str:
    """Python that the views say makes them."""
    return driver.execute_script("return document.querySelector('.nbf details pre').textContent")


def errors(driver: Any) -> list[Any]:
    """What the console says, but for the warning that the test itself reads pixels."""
    return [entry for entry in driver.get_log("browser") if "getImageData" not in entry["message"]]
