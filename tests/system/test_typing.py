"""What the page's small scripts do in a real browser: mistakes are told at their fields while one
types, and who hears the page is told what has changed, and nothing else."""

import re
import shutil
import tempfile
import unittest

from harness import ShopTest, wait_until
from harness.browser import missing, open_chromium
from test_playbook_page import PLAYBOOK, WORDS
from web_browser import PASSWORD, free_port

# What a screen reader would say: each text of each status, in its order.
LISTEN = """
window.heard = [];
new MutationObserver(() => {
  for (const e of document.querySelectorAll("[role=status]")) {
    const text = e.textContent.trim();
    if (text !== "" && text !== e.heard) window.heard.push(text);
    e.heard = text;
  }
}).observe(document.body, {subtree: true, childList: true, characterData: true});
for (const e of document.querySelectorAll("[role=status]")) e.heard = e.textContent.trim();
"""

# How often the text was looked at.
CHECKS = """
return performance.getEntriesByType("resource").filter(e => e.initiatorType === "fetch").length;
"""

FIELD = """
const control = document.getElementById("key-" + arguments[0]);
const error = document.getElementById("error-" + arguments[0]);
return [error && error.innerText, control.getAttribute("aria-describedby"),
        control.getAttribute("aria-invalid")];
"""


@unittest.skipIf(missing(), missing())
class TypingTest(ShopTest):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        shop = self.use(self.shop(playbook=PLAYBOOK, templates=WORDS))
        shop.append("betimes.conf", f"\n[web]\nlisten = 127.0.0.1:{self.port}\n")
        shop.run("user", "add", "anna", "--role", "manager", stdin=PASSWORD + "\n")
        shop.start()
        home = tempfile.mkdtemp(prefix="betimes-chromium-")
        self.addCleanup(shutil.rmtree, home, ignore_errors=True)
        self.driver = open_chromium(home)
        self.addCleanup(self.driver.quit)
        self.go("/")
        self.one("input[name=name]").send_keys("anna")
        self.one("input[name=password]").send_keys(PASSWORD, "\n")
        wait_until("the page", lambda: self.driver.find_elements("css selector", ".who"))

    def use(self, shop):
        self.garage = shop
        return shop

    def go(self, path):
        self.driver.get(f"http://127.0.0.1:{self.port}{path}")

    def one(self, css):
        return self.driver.find_element("css selector", css)

    def some(self, css):
        return self.driver.find_elements("css selector", css)

    def said(self, css):
        """The words there, in one look: what keeps itself up to date may be another by the next."""
        return self.driver.execute_script(
            "const e = document.querySelector(arguments[0]); return e ? e.innerText : ''", css)

    def listen(self):
        self.driver.execute_script(LISTEN)

    def heard(self):
        return self.driver.execute_script("return window.heard")


class Rules(TypingTest):
    def told(self, key):
        """What stands at a field, which is tied to it; "": nothing."""
        text, tied, invalid = self.driver.execute_script(FIELD, key)  # all at one moment
        self.assertEqual(f"error-{key}" in (tied or "").split(), text is not None)
        self.assertEqual(invalid, None if text is None else "true")
        return text or ""

    def heard_last(self, text):
        """This was said, and then nothing more; and nothing twice. (Where a machine is slow, what
        was typed until then is judged as well.)"""
        self.assertEqual(self.heard()[-1], text)
        self.assertEqual(len(set(self.heard())), len(self.heard()))

    def choose(self, key, value):
        from selenium.webdriver.support.select import Select

        Select(self.one(f"#key-{key}")).select_by_visible_text(value)

    def test_a_mistake_stands_at_its_field_until_it_is_mended(self):
        self.go("/playbook/reminder/edit")
        self.listen()
        field = self.one("#key-window")
        field.send_keys("9-25")
        wait_until("what is wrong", lambda: "`9-25`" in self.told("window"))
        self.assertEqual(field.get_attribute("value"), "9-25")
        self.assertEqual(self.driver.switch_to.active_element, field)  # nobody is torn away
        words = self.told("window")
        self.heard_last(f"In which hours it may go: {words}")
        self.one("#key-to").send_keys("somebody")
        wait_until("the second", lambda: "`somebody`" in self.told("to"))
        self.assertEqual(self.told("window"), words)
        self.heard_last(f"To whom: {self.told('to')}")
        self.one("#rule-form button.strong").click()  # the same words on saving
        wait_until("the answer", lambda: self.some("[role=alert]"))
        self.assertEqual(self.told("window"), words)
        self.listen()
        for key in ("window", "to"):
            self.one(f"#key-{key}").clear()
            self.one(f"#key-{key}").send_keys(" ")
        wait_until("no mistake", lambda: not self.some("#rule-form .wrong"))
        self.assertEqual(self.heard()[-1], "No mistakes any more.")

    def test_what_is_chosen_is_checked_too(self):
        self.go("/playbook/reminder/edit")
        self.listen()
        self.choose("invite", "yes")  # a text cannot carry one
        wait_until("what is wrong", lambda: "goes with mail only" in self.told("invite"))
        self.choose("invite", "no")
        wait_until("no mistake", lambda: not self.told("invite"))
        self.assertEqual(len(self.heard()), 2)

    def test_what_belongs_to_no_field_is_told_above_the_button(self):
        self.go("/new-rule")
        self.one("#name").send_keys("ready-too")
        wait_until("what is missing", lambda: "What has to happen: This is needed."
                   in self.said("#rest"))
        self.assertEqual(self.some("[role=alert]"), [])


class Texts(TypingTest):
    def test_a_mistake_is_told_once_and_tied_to_the_text(self):
        self.go("/templates/ready/en/sms")
        self.listen()
        text = self.one("#text")
        text.clear()
        text.send_keys("Hello {{client.nmae}")
        text.send_keys("}")
        wait_until("what is wrong", lambda: "did you mean" in self.said("#problems"))
        self.assertEqual(text.get_attribute("aria-describedby"), "wrong")
        told = len([t for t in self.heard() if "did you mean" in t])
        before = self.driver.execute_script(CHECKS)
        text.send_keys(" and more")
        wait_until("another look", lambda: self.driver.execute_script(CHECKS) > before)
        self.assertEqual(told, 1)
        self.assertEqual(len([t for t in self.heard() if "did you mean" in t]), 1)

    def test_what_is_only_noted_is_tied_to_the_text_too(self):
        self.go("/templates/ready/en/sms")
        text = self.one("#text")
        text.send_keys("{{appointment.starts}")
        text.send_keys("}")
        wait_until("the note", lambda: "is always empty here" in self.said("#problems"))
        self.assertEqual(text.get_attribute("aria-describedby"), "noted")
        self.assertIsNone(text.get_attribute("aria-invalid"))


class Live(TypingTest):
    def test_what_has_changed_is_said_and_nothing_else(self):
        self.go("/")
        self.listen()
        went = self.one("#went")
        self.garage.sql("""
            INSERT INTO client (name, phone) VALUES ('Anna', '+37120000001');
            INSERT INTO job (client_id, stage) VALUES (1, 'Ready');""")
        wait_until("the news", lambda: any("Went out today: 1." in t for t in self.heard()), 30)
        said = " ".join(self.heard())
        for other in ("Messages are going out", "Gateways", "Anna", "Needs a person"):
            self.assertNotIn(other, said)
        self.assertIn("Anna", went.text)  # the very section, with what is new in it
        self.garage.run("pause")
        wait_until("the pause", lambda: any("Sending is paused" in t for t in self.heard()), 30)
        self.assertEqual(len(re.findall("Went out today", " ".join(self.heard()))), 1)

    def test_a_section_that_is_the_same_is_left_alone(self):
        self.go("/")
        self.driver.execute_script(
            "document.querySelector('#state p').mine = true;"
            "document.querySelector('#went h2').mine = true;")
        self.garage.sql("""
            INSERT INTO client (name, phone) VALUES ('Anna', '+37120000001');
            INSERT INTO job (client_id, stage) VALUES (1, 'Ready');""")
        wait_until("the message", lambda: "Anna" in self.said("#went"), 30)
        self.assertTrue(self.driver.execute_script(
            "return document.querySelector('#state p').mine === true"))
        self.assertFalse(self.driver.execute_script(
            "return document.querySelector('#went h2').mine === true"))


if __name__ == "__main__":
    unittest.main()
