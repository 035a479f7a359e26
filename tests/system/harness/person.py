"""A person in front of the page: finds things by the words on them, presses, types, and looks.

    setUpModule = open_browser

    class Reading:
        playbook = PLAYBOOK

        def test_a_client_is_found(self):
            self.sign_in("anna")
            self.press("Clients")
            self.write("Name, number, address or reference", "ilze\\n")
            self.see("Ilze Ozola")
            self.look("found")

    class OnADesk(Reading, DeskTest): ...
    class OnAPhone(Reading, PhoneTest): ...

Whatever is asked for is waited for, boundedly. `look` leaves a picture of the page as it is in the
build's folder, in pictures/, and judges it: nothing sticks out at its side, axe-core has no
complaint. One Chromium serves all tests of a file, one shop all tests of a class.
"""

import base64
import contextlib
import tempfile
import unittest

from web_browser import PASSWORD, free_port

from .browser import (
    DESK, PHONE, PICTURES, SMALLEST, axe_source, missing, open_chromium, set_scheme, set_size,
    violations,
)
from .shop import CONF, Shop
from .waiting import slow, wait_until

NOW = "2026-12-14T09:30"  # the shops' clocks begin here, on a Monday morning
WAIT_S = 20
PICTURE_HEIGHT_MAX = 4000
TOLD_MAX = 3000  # letters of a page that was another than expected
INTO_SIGHT = ("arguments[0].scrollIntoView({block: 'nearest', inline: 'center', "
              "behavior: 'instant'})")
SEEN = ("return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility())"
        ".map(e => e.innerText)")
# What a person reads as the name of something to press, in XPath.
NAMED = ("normalize-space(.)={0} or normalize-space(@aria-label)={0} or "
         "starts-with(normalize-space(@aria-label), concat({0}, ': ')) or "
         "(.//span[@class='unseen'] and starts-with(normalize-space(.), concat({0}, ' ')))")


class Chromium:
    """The one browser of a file of tests."""

    driver = axe = None


def open_browser():
    """For a file of tests: setUpModule = open_browser."""
    if missing():
        return
    home = tempfile.TemporaryDirectory(prefix="betimes-chromium-", ignore_cleanup_errors=True)
    unittest.addModuleCleanup(home.cleanup)
    Chromium.driver = open_chromium(home.name)
    unittest.addModuleCleanup(Chromium.driver.quit)
    Chromium.axe = axe_source()
    PICTURES.mkdir(parents=True, exist_ok=True)


def quoted(words):
    """A string of XPath."""
    return f'"{words}"' if '"' not in words else f"'{words}'"


def folded(text):
    return " ".join(text.split())


@unittest.skipIf(missing(), missing())
class PersonTest(unittest.TestCase):
    """See the top of the file; DeskTest and PhoneTest say how wide the page is."""

    seconds = 120
    size, width, scheme = DESK, "desk", "light"
    conf, playbook, templates, rows = CONF, None, None, ""
    users = ("anna:manager",)
    host = "127.0.0.1"

    @classmethod
    def setUpClass(cls):
        cls.driver = Chromium.driver
        cls.port = free_port()
        web = f"\n[web]\nlisten = 127.0.0.1:{cls.port}\n"
        cls.shop = Shop(conf=cls.conf + web, playbook=cls.playbook, templates=cls.templates)
        cls.addClassCleanup(cls.close_shop)
        for user in cls.users:
            name, role = user.split(":")
            cls.shop.run("user", "add", name, "--role", role, stdin=PASSWORD + "\n")
        if cls.rows:
            cls.shop.sql(cls.rows)
        cls.shop.start("--now", NOW)

    @classmethod
    def close_shop(cls):
        for line in cls.shop.close().splitlines():
            print(f"#   {line}")

    def setUp(self):
        self.driver.get("about:blank")
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
        set_size(self.driver, self.size)
        set_scheme(self.driver, self.scheme)

    def without_scripts(self):
        """From here to the end of the test the page's scripts do not run."""
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})

    # ---- going about

    def go(self, path):
        self.driver.get(f"http://{self.host}:{self.port}{path}")

    def sign_in(self, name="anna", password=PASSWORD, path="/"):
        self.go(path)
        self.write("Name", name)
        self.write("Password", password)
        self.press("Sign in")
        self.element("//h1[not(normalize-space()='Sign in')]")

    # ---- finding

    def when(self, what, do):
        """What `do` returns once it is true and nothing that it looks at goes away meanwhile."""
        from selenium.common.exceptions import WebDriverException

        def tried():
            with contextlib.suppress(WebDriverException):
                return do()
            return None

        try:
            return wait_until(what, tried, WAIT_S)
        except AssertionError as e:
            told = f"{e}\nat {self.driver.current_url}:\n{self.text('body')[:TOLD_MAX]}"
            raise AssertionError(told) from None

    def element(self, xpath, within=None):
        """The first of them that can be seen."""
        root = within if within is not None else self.driver
        return self.when(xpath, lambda: next(
            (e for e in root.find_elements("xpath", xpath) if e.is_displayed()), None))

    def item(self, words, tag="li"):
        """The innermost item, section or row that has these words."""
        has = f"contains(normalize-space(.), {quoted(words)})"
        return self.element(f"//main//{tag}[{has}][not(.//{tag}[{has}])]")

    def thing(self, words, within=None):
        """The link, button or summary of these words."""
        named = NAMED.format(quoted(words))
        return self.element(f".//*[self::a or self::button or self::summary][{named}]", within)

    def field(self, label):
        """The field beside these words."""
        found = self.element(f"//label[normalize-space(.)={quoted(label)}]")
        return self.element(f"//*[@id='{found.get_attribute('for')}']")

    def things(self, css="main a, main button"):
        """The words of all that can be pressed, at one moment."""
        return {folded(words) for words in self.driver.execute_script(SEEN, css)}

    def value(self, label):
        """What stands in the field."""
        return self.when(f"the field “{label}”",
                         lambda: [self.field(label).get_attribute("value")])[0]

    # ---- doing

    def press(self, words, within=None, tag="li"):
        """Press what has these words; `within`: the words of the item that it stands in."""
        def pressed():
            found = self.thing(words, self.item(within, tag) if within else None)
            self.driver.execute_script(INTO_SIGHT, found)
            found.click()
            return True

        self.when(f"“{words}” to press", pressed)

    def write(self, label, text):
        """Type into a field, in the place of what stood there."""
        def written():
            field = self.field(label)
            field.clear()
            field.send_keys(text)
            return True

        self.when(f"“{label}” to write in", written)

    def choose(self, label, option):
        from selenium.webdriver.support.ui import Select

        def chosen():
            Select(self.field(label)).select_by_visible_text(option)
            return True

        self.when(f"“{option}” to choose at “{label}”", chosen)

    # ---- seeing

    def text(self, css="main"):
        return folded(self.driver.find_element("css selector", css).text)

    def see(self, words, css="main"):
        self.when(f"“{words}” to read",
                  lambda: self.driver.find_elements("css selector", css) and
                  words in self.text(css))

    def see_no(self, words, css="main"):
        self.when(f"no “{words}”", lambda: words not in self.text(css))

    def see_at(self, label, words):
        """A mistake that is told at its field, for those who hear the page as well."""
        def told():
            field = self.field(label)
            ids = (field.get_attribute("aria-describedby") or "").split()
            return (field.get_attribute("aria-invalid") == "true"
                    and any(words in self.driver.find_element("id", i).text for i in ids))

        self.when(f"“{words}” at “{label}”", told)

    def heading(self, words):
        self.element(f"//h1[normalize-space(.)={quoted(words)}]")

    def mark(self):
        """Remember this page: `is_marked` says whether it is still the one that was loaded."""
        self.driver.execute_script("window.marked = true")

    def is_marked(self):
        return self.driver.execute_script("return window.marked === true")

    # ---- looking

    def look(self, name):
        """A picture of the page as it is, and what can be judged of it."""
        self.picture(f"{name}-{self.width}-{self.scheme}")
        self.judge(name)

    def picture(self, name):
        """The whole page: the window is as high as it for a moment, or frames below stay white."""
        height = self.driver.execute_script("return document.documentElement.scrollHeight")
        high = min(max(height, self.size[1]), PICTURE_HEIGHT_MAX)
        set_size(self.driver, (self.size[0], high))
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"optimizeForSpeed": True})
        set_size(self.driver, self.size)
        (PICTURES / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))

    def judge(self, name):
        self.assertLessEqual(self.sticks_out(), 0, f"{name} on {self.width}")
        if self.size == PHONE:
            set_size(self.driver, SMALLEST)
            self.assertLessEqual(self.sticks_out(), 0, f"{name} at its narrowest")
            set_size(self.driver, self.size)
        if Chromium.axe is not None:
            self.driver.set_script_timeout(slow(30))
            found = violations(self.driver, Chromium.axe)
            self.assertEqual(found, [], f"{name} on {self.width}")

    def sticks_out(self):
        """By how much the page is wider than its window."""
        return self.driver.execute_script(
            "const d = document.documentElement; return d.scrollWidth - d.clientWidth")


class DeskTest(PersonTest):
    """At a desk's width, light."""


class PhoneTest(PersonTest):
    """At a phone's width, dark, and judged at the narrowest there is as well."""

    size, width, scheme = PHONE, "phone", "dark"
