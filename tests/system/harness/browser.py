"""Debian's Chromium, led by Selenium, and axe-core for what it can see of accessibility.

Where Chromium, its driver or Selenium is missing, and where axe-core is (`make deps-test` puts it
into the build's folder when npm is at hand), the tests that need it are skipped with a sentence.
"""

import os
import shutil
from pathlib import Path

from .waiting import slow

ROOT = Path(__file__).resolve().parent.parent.parent.parent
BUILD = Path(os.environ.get("BUILD") or ROOT / "build").resolve()
PICTURES = BUILD / "pictures"
AXE = "node_modules/axe-core/axe.min.js"  # in the build's folder; one above for SANITIZE=
PHONE, DESK, SMALLEST = (375, 800), (1280, 900), (320, 640)


def missing():
    """Why there is no browser, in a sentence; an empty one: there is."""
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            return f"{program} is not installed; `make deps-test` does it"
    try:
        import selenium.webdriver  # noqa: F401
    except ImportError:
        return "python3-selenium is not installed; `make deps-test` does it"
    return ""


def axe_source():
    """The script; None: it is not here."""
    for path in (BUILD / AXE, BUILD.parent / AXE):
        if path.exists():
            return path.read_text(encoding="utf-8")
    return None


def open_chromium(home):
    """A driver over a Chromium of its own; `home` is a folder for what it writes. quit() it."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for word in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage",
                 "hide-scrollbars", "no-first-run", "disable-background-networking",
                 "disable-component-update", "disable-sync", f"user-data-dir={home}"):
        options.add_argument(f"--{word}")
    driver = webdriver.Chrome(
        options=options, service=Service(executable_path=shutil.which("chromedriver")))
    driver.set_page_load_timeout(slow(20))
    return driver


def set_scheme(driver, scheme):
    """"light" or "dark", as the machine's owner would like it."""
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "features": [{"name": "prefers-color-scheme", "value": scheme}]})


def set_size(driver, size):
    """The page's own width and height, whatever the window's edges take."""
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False})


def violations(driver, source):
    """What axe-core finds on the page as it is: sentences."""
    if not driver.execute_script("return window.axe !== undefined"):
        driver.execute_script(source)
    found = driver.execute_async_script(
        "const done = arguments[0];"
        "axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations));")
    return [f"{v['id']}: {v['help']}: {n['html'][:200]}" for v in found for n in v["nodes"]]
