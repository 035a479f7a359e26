"""One's own account on the page, and the page of calendars."""

import re

from harness import CONF, ShopTest
from web_browser import PASSWORD, Browser, free_port

NEW = "another horse battery"
PLAYBOOK = "[workflow repair]\nstages = New, Ready\n"


class OwnPages(ShopTest):
    def page(self, web=""):
        self.port = free_port()
        conf = CONF + f"\n[web]\nlisten = 127.0.0.1:{self.port}\n{web}"
        self.its = self.shop(conf=conf, playbook=PLAYBOOK)
        for name, role in (("anna", "manager"), ("rita", "reader")):
            self.its.run("user", "add", name, "--role", role, stdin=PASSWORD + "\n")
        self.its.start()
        self.anna = Browser(self.port).sign_in("anna")
        return self.its

    # ---- the account

    def change(self, browser, **typed):
        form = {"token": browser.token("/account"), "now": PASSWORD, "new": NEW, "again": NEW}
        return browser.post("/account/password", {**form, **typed})

    def test_a_new_password_ends_all_other_sessions_and_not_ones_own(self):
        self.page()
        other = Browser(self.port).sign_in("anna")
        self.assertEqual(self.change(self.anna).location, "/account?said=password")
        self.assertEqual(self.anna.get("/").status, 200)
        self.assertEqual(other.get("/").status, 303)
        self.assertEqual(Browser(self.port).try_sign_in("anna").status, 401)
        self.assertEqual(Browser(self.port).try_sign_in("anna", NEW).status, 303)

    def test_without_the_present_password_nobody_changes_it(self):
        self.page()
        for typed, field in (({"now": "not the one I have"}, "now"), ({"new": "short"}, "new"),
                             ({"again": "something else here"}, "again")):
            answer = self.change(self.anna, **typed)
            self.assertEqual(answer.status, 400)
            self.assertIn(f'id="{field}-problem"', answer.text)
            self.assertNotIn(NEW, answer.text)
        self.assertEqual(Browser(self.port).try_sign_in("anna").status, 303)

    def test_guessing_the_present_password_costs_a_wait(self):
        self.page()
        for _ in range(6):
            answer = self.change(self.anna, now="not the one I have")
        self.assertIn("Too many tries", answer.text)

    def test_a_browser_left_behind_is_signed_out_from_here(self):
        self.page()
        other = Browser(self.port).sign_in("anna")
        rita = Browser(self.port).sign_in("rita")
        form = {"token": self.anna.token("/account")}
        self.assertEqual(self.anna.post("/account/elsewhere", form).location,
                         "/account?said=signed-out")
        self.assertEqual(other.get("/").status, 303)
        self.assertEqual(rita.get("/").status, 200)

    def test_ones_own_addresses_are_kept_as_they_will_be_written_to(self):
        shop = self.page()
        form = {"token": self.anna.token("/account"), "email": " anna@example.com ",
                "phone": "20 000 001", "now": PASSWORD}
        self.assertEqual(self.anna.post("/account/addresses", form).location,
                         "/account?said=addresses")
        page = self.anna.get("/account?said=addresses").text
        self.assertIn("Your addresses are saved.", page)
        self.assertIn('value="anna@example.com"', page)
        self.assertIn('value="+37120000001"', page)
        self.assertEqual(shop.query("SELECT action FROM audit ORDER BY id DESC LIMIT 1"),
                         [{"action": "change own addresses"}])
        self.anna.post("/account/addresses", {**form, "email": "", "phone": ""})
        self.assertNotIn("anna@example.com", self.anna.get("/account").text)

    def test_nobody_has_tests_sent_elsewhere_without_the_password(self):
        shop = self.page()
        form = {"token": self.anna.token("/account"), "email": "eve@example.com", "phone": "",
                "now": "not the one I have"}
        for typed, field in (({}, "now"), ({"email": "eve@"}, "email"), ({"phone": "12"}, "phone"),
                             ({"email": "a@example.com\nBcc: b@example.com"}, "email")):
            answer = self.anna.post("/account/addresses", {**form, **typed})
            self.assertEqual(answer.status, 400, typed)
            self.assertIn(f'id="own-{field}-problem"', answer.text)
        self.assertEqual(shop.query("SELECT email, phone FROM user WHERE name = 'anna'"),
                         [{"email": None, "phone": None}])

    def test_only_managers_see_who_else_there_is(self):
        self.page()
        self.assertIn("rita", self.anna.get("/account").text)
        self.assertNotIn("anna", Browser(self.port).sign_in("rita").get("/account").text)

    # ---- calendars

    def test_a_link_is_shown_once_works_and_is_revoked(self):
        self.page(web="url = http://localhost\n")
        self.its.sql("INSERT INTO staff (id, name) VALUES (1, 'Janis');"
                     "INSERT INTO client (name) VALUES ('Ilze');"
                     "INSERT INTO appointment (client_id, staff_id, starts, title) "
                     "VALUES (1, 1, date('now', '+1 day') || 'T15:00', 'Brakes');")
        self.its.wait_absorbed()
        form = {"token": self.anna.token("/calendars"), "whose": "1"}
        link = re.search(r"http://localhost(/calendar/\w+\.ics)",
                         self.anna.post("/calendars", form).text)[1]
        self.assertIn("Brakes", Browser(self.port).get(link).text)
        page = self.anna.get("/calendars").text
        self.assertNotIn(link, page)
        self.assertIn("Janis", page)
        revoke = re.search(r'action="(/calendars/\d+/revoke)"', page)[1]
        self.assertEqual(self.anna.post(revoke, form).location, "/calendars?said=revoked")
        self.assertEqual(Browser(self.port).get(link).status, 404)
        self.assertEqual(self.anna.post(revoke, form).status, 404)
        actions = [r["action"] for r in self.its.query("SELECT action FROM audit ORDER BY id")]
        self.assertEqual(actions[-2:], ["publish calendar", "revoke calendar"])

    def test_nobody_who_is_gone_gets_a_calendar(self):
        self.page(web="url = http://localhost\n")
        self.its.sql("INSERT INTO staff (id, name, active) VALUES (1, 'Janis', 0);")
        for whose in ("1", "99", "x", ""):
            form = {"token": self.anna.token("/calendars"), "whose": whose}
            self.assertEqual(self.anna.post("/calendars", form).status, 400)
        self.assertEqual(self.its.query("SELECT * FROM published"), [])

    def test_a_reader_publishes_nothing(self):
        self.page(web="url = http://localhost\n")
        rita = Browser(self.port).sign_in("rita")
        self.assertNotIn("Make a link", rita.get("/calendars").text)
        form = {"token": rita.token("/calendars"), "whose": "business"}
        self.assertEqual(rita.post("/calendars", form).status, 403)
        self.assertEqual(rita.post("/calendars/1/revoke", form).status, 403)

    def test_calendars_that_are_read_show_how_they_do(self):
        self.page()
        self.its.sql("INSERT INTO calendar (name, good_ms, tries, trouble, asks, asks_missing) "
                     "VALUES ('one', 1, 0, NULL, NULL, 0), ('two', 1, 3, 'no such host', NULL, 0), "
                     "('three', 1, 0, NULL, '5 of 6 events to come are missing', 5);")
        page = self.anna.get("/calendars").text
        for words in ("no such host", "5 of 6 events", "waits for a yes"):
            self.assertIn(words, page)
