"""A headless browser without a network, and a page of the explorer in it."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


def started() -> Any:
    """Driver of a new Chromium; the caller quits it."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in ("headless", "no-sandbox", "disable-gpu", "no-first-run", "disable-background-networking"):
        options.add_argument(f"--{flag}")
    options.add_argument("--window-size=1400,1200")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
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
