"""The page in a real browser, Chromium, with the sample garage's week behind it: every page of
src/web/routes.c on a phone and on a desk, light and dark: the keyboard reaches all of it, nothing
sticks out, axe-core has no complaint, none is heavy. Pictures of all of them stay in the build's
folder, in pictures/. What a person does there is in the other test_page_*.py."""

import collections
import os
import re
import tempfile
import unittest
import urllib.parse

from harness import ROOT, Betimes, Shop, slow, wait_until
from harness.browser import (
    DESK, PHONE, PICTURES, SMALLEST, axe_source, missing, open_chromium, set_scheme, set_size,
    violations,
)
from web_browser import PASSWORD, Browser, free_port

os.environ.setdefault("BETIMES_SHARE", str(ROOT))

PAGE_BYTES_MAX = 100_000
NO_LINK = ("/mail/{token}", "/changes/{token}")  # shown once: within a page, after a form
AT_TIMES = ("/mistakes",)  # led to while there are some: test_playbook_page.py
LOOKED_AT = 8  # of the pages of one route, for links to others
AFTER_THE_WEEK = "2026-12-14T07:30"
# What keeps itself up to date may put another element in the place of one that says the same.
TELL = """
const tell = e => [e.tagName, e.id, e.name || "", e.getAttribute("href"),
                   e.form ? e.form.getAttribute("action") : null,
                   e.matches("input, select, textarea") ? "" : e.textContent.trim()].join(" ");
"""
# Of a group of radio buttons only one is a stop.
STOPS = TELL + """
return [...document.querySelectorAll(
    'a[href], button, input, select, textarea, summary, [tabindex="0"]')]
  .filter(e => e.type !== "hidden" && e.type !== "radio" && !e.disabled && e.checkVisibility())
  .map(tell);
"""
FOCUS = TELL + """
const e = document.activeElement, s = getComputedStyle(e);
return [tell(e), s.outlineStyle, parseFloat(s.outlineWidth)];
"""
# What waits for a person: a mistake in a number, a client without one.
NEEDS = """
INSERT INTO client (name, phone, language) VALUES ('מרים לוי', '+37120000404', 'he'),
    ('Nobody with a telephone and with quite a long name', NULL, 'en');
INSERT INTO appointment (client_id, starts, title)
    SELECT max(id), '2026-12-15T15:00', 'Tyres' FROM client;
INSERT INTO job (client_id, title, workflow, stage)
    SELECT max(id), 'Volvo V70', 'repair', 'Ready' FROM client;
"""


def routes():
    """The paths of the pages that people look at, as src/web/routes.c has them."""
    text = (ROOT / "src/web/routes.c").read_text(encoding="utf-8")
    found = re.findall(r'METHOD_GET, "([^"]+)", ACCESS_(READER|STAFF|MANAGER)\b', text)
    return [path for path, _ in found if path not in NO_LINK]


def route_of(path, paths):
    """The route that answers the path: the one with the fewest holes."""
    fits = [r for r in paths if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", r), path)]
    return min(fits, key=lambda r: r.count("{"), default=None)


def reached(browser, paths):
    """{route: a path that it stands for}, found as people find them: by links. A route that nothing
    leads to is missing."""
    next_ones = ["/", *AT_TIMES]
    found, seen = collections.defaultdict(list), set(next_ones)
    while next_ones:
        path = next_ones.pop(0)
        route = route_of(path, paths)
        if route is None or len(found[route]) == LOOKED_AT:
            continue
        found[route].append(path)
        for link in re.findall(r'href="(/[^"#?]*)', browser.get(path).text):
            link = urllib.parse.unquote(link)
            if link not in seen:
                seen.add(link)
                next_ones.append(link)
    return {route: some[0] for route, some in found.items() if some}


class Garage:
    """What all tests here share: the garage after its week, its page, the browser."""

    port = driver = shop = None


def setUpModule():
    if missing():
        return
    shop = Garage.shop = Shop(conf=None, init=False)
    unittest.addModuleCleanup(shop.close)
    Betimes(shop.dir).run("demo", "--speed", 50000, seconds=60)
    Garage.port = free_port()
    shop.append("betimes.conf", f"\n[web]\nlisten = 127.0.0.1:{Garage.port}\n")
    shop.run("user", "add", "anna", "--role", "manager", stdin=PASSWORD + "\n")
    shop.sql(NEEDS)
    shop.start("--now", AFTER_THE_WEEK)
    home = tempfile.TemporaryDirectory(prefix="betimes-chromium-", ignore_cleanup_errors=True)
    unittest.addModuleCleanup(home.cleanup)
    Garage.driver = open_chromium(home.name)
    unittest.addModuleCleanup(Garage.driver.quit)
    PICTURES.mkdir(parents=True, exist_ok=True)


@unittest.skipIf(missing(), missing())
class PageTest(unittest.TestCase):
    seconds = 240

    @classmethod
    def setUpClass(cls):
        cls.port, cls.driver = Garage.port, Garage.driver

    def setUp(self):
        self.driver.delete_all_cookies()
        set_size(self.driver, DESK)
        set_scheme(self.driver, "light")

    def go(self, path):
        self.driver.get(f"http://127.0.0.1:{self.port}{path}")

    def one(self, css):
        return self.driver.find_element("css selector", css)

    def leave(self, deed, *values):
        """Do what leads to another page, and wait for that one."""
        page = self.one("html")
        deed(*values)
        wait_until("the next page", lambda: self.gone(page), 30)

    def sign_in(self, password=PASSWORD):
        self.go("/")
        self.one("input[name=name]").send_keys("anna")
        self.leave(self.one("input[name=password]").send_keys, password, "\n")

    def gone(self, element):
        """Its page is not shown any more."""
        from selenium.common.exceptions import WebDriverException
        try:
            element.is_enabled()
        except WebDriverException:
            return True
        return False

    def picture(self, name):
        self.driver.save_screenshot(str(PICTURES / f"{name}.png"))


class Keyboard(PageTest):
    """Everything can be reached without a mouse, in the order in which it is read, and seen."""

    def focused(self):
        return self.driver.switch_to.active_element

    def press(self, key):
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).send_keys(key).perform()

    def test_the_first_tab_stop_skips_the_bar(self):
        from selenium.webdriver.common.keys import Keys

        self.sign_in()
        self.press(Keys.TAB)
        self.assertEqual(self.focused().get_attribute("class"), "skip")
        box = self.focused().rect
        self.assertGreaterEqual(min(box["x"], box["y"]), 0, "the focus cannot be seen")
        self.picture("skip-link")
        self.press(Keys.ENTER)
        self.assertEqual(self.focused().get_attribute("id"), "main")

    def test_tab_goes_through_a_page_in_its_order_and_the_focus_is_seen(self):
        from selenium.webdriver.common.keys import Keys

        self.sign_in()
        for path in ("/", "/clients", "/playbook", "/playbook/booked", "/clients/1"):
            self.go(path)
            for i, stop in enumerate(self.driver.execute_script(STOPS)):
                self.press(Keys.TAB)
                told, outline, width = self.driver.execute_script(FOCUS)
                self.assertEqual(told, stop, f"{path}: stop {i}")
                self.assertNotEqual(outline, "none", told)
                self.assertGreaterEqual(width, 2, told)


class EveryPage(PageTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.http = Browser(cls.port).sign_in("anna")
        cls.pages = reached(cls.http, routes())

    def each(self):
        """(name, path) of every page, the signed-in visitor's cookies being the browser's."""
        self.go("/sign-in")
        yield "sign-in", "/sign-in"
        self.sign_in()
        for route, path in self.pages.items():
            yield re.sub(r"\W+", "-", route).strip("-") or "today", path

    def test_every_page_is_led_to_by_links(self):
        self.assertEqual([r for r in routes() if r not in self.pages], [])

    def test_no_page_is_heavy(self):
        for path in self.pages.values():
            answer = self.http.get(path)
            self.assertEqual(answer.status, 200, path)
            size = len(answer.text.encode())
            for asset in set(re.findall(r'"(/assets/[^"]+)"', answer.text)):
                size += len(self.http.get(asset).text.encode())
            self.assertLess(size, PAGE_BYTES_MAX, path)

    def test_nothing_sticks_out_and_pictures_are_left(self):
        for name, path in self.each():
            for width, size in (("smallest", SMALLEST), ("phone", PHONE), ("desk", DESK)):
                set_size(self.driver, size)
                for scheme in ("light", "dark"):
                    set_scheme(self.driver, scheme)
                    self.go(path)
                    beyond = self.driver.execute_script(
                        "const d = document.documentElement; return d.scrollWidth - d.clientWidth")
                    self.assertLessEqual(beyond, 0, f"{path} on {width}")
                    if size is not SMALLEST:
                        self.picture(f"{name}-{width}-{scheme}")

    def test_nothing_was_refused_or_failed_in_the_browser(self):
        for _, path in self.each():
            self.go(path)
            bad = [line["message"] for line in self.driver.get_log("browser")
                   if line["level"] == "SEVERE"]
            self.assertEqual(bad, [], path)

    @unittest.skipIf(axe_source() is None, "axe-core is not here; `make deps-test` brings it")
    def test_axe_finds_no_violation(self):
        source = axe_source()
        found = []
        self.driver.set_script_timeout(slow(30))
        for _, path in self.each():
            for size, scheme in ((PHONE, "light"), (DESK, "dark"), (DESK, "light")):
                set_size(self.driver, size)
                set_scheme(self.driver, scheme)
                self.go(path)
                found += [f"{path} {size[0]} {scheme}: {v}"
                          for v in violations(self.driver, source)]
        self.assertEqual(found, [], "\n".join(found))


if __name__ == "__main__":
    unittest.main()
