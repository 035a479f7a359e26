"""A calendar on Radicale, a real CalDAV server, which Python's caldav writes to: what is new there
becomes appointments, and nothing is asked for twice."""

import unittest

from harness import CONF, wait_until
from radicale_peer import Radicale
from test_calendars import CLIENTS, PLAYBOOK, TEMPLATES, CalendarTest

SECTION = """
[calendar desk]
type = caldav
url = {url}
collection = Work
user = anna
password = secret
private-addresses = yes
"""
ANNA = "ATTENDEE:mailto:anna@example.com\n"
DAY = "209906{:02}T120000Z"  # in Riga three hours later


class Caldav(CalendarTest):
    def setUp(self):
        super().setUp()
        self.server = Radicale().start()
        self.addCleanup(self.server.stop)

    def put(self, name, day, more=ANNA):
        self.server.put(name, name, DAY.format(day), more)

    def given(self, count=3, url=None):
        """A shop that has looked at a calendar of so many events, v0, v1, ..."""
        for i in range(count):
            self.put(f"v{i}", 1 + i)
        section = SECTION.format(url=url or self.server.url)
        shop = self.shop(conf=CONF + section, playbook=PLAYBOOK, templates=TEMPLATES)
        shop.sql(CLIENTS)
        shop.start()
        wait_until("the first look", lambda: self.state(shop)["looked"])
        return shop

    def test_it_is_found_and_what_changes_there_reaches_the_client(self):
        shop = self.given()
        self.assertEqual(self.state(shop)["state"], "fine", self.state(shop)["trouble"])
        self.assertEqual(self.booked(shop), ["v0", "v1", "v2"])
        self.put("brakes", 20)
        self.look(shop)
        wait_until("the word of it",
                   lambda: any("brakes 15:00" in m["text"]
                               for m in shop.messages(rule="booked", state="sent")))
        self.server.change("brakes", "T120000Z", "T133000Z")
        self.look(shop)
        self.assertIn("brakes 16:30", shop.wait_message(rule="moved", state="sent")["text"])
        self.server.delete("brakes")
        self.look(shop)
        self.assertIn("brakes", shop.wait_message(rule="off", state="sent")["text"])
        self.assertEqual(self.booked(shop), ["v0", "v1", "v2"])

    def test_a_look_with_nothing_new_changes_nothing(self):
        shop = self.given()
        rows = shop.query("SELECT * FROM appointment")
        self.assertEqual(self.look(shop)["state"], "fine")
        self.assertIn("outcome=unchanged", shop.log_path.read_text())
        self.assertEqual(shop.query("SELECT * FROM appointment"), rows)

    def test_a_time_of_a_series_that_is_left_out_is_cancelled_alone(self):
        shop = self.given(count=0)
        more = "RRULE:FREQ=WEEKLY;COUNT=3\n" + ANNA
        start = shop.query("SELECT strftime('%Y%m%dT120000Z', 'now', '+3 days') AS t")[0]["t"]
        second = shop.query("SELECT strftime('%Y%m%dT120000Z', 'now', '+10 days') AS t")[0]["t"]
        self.server.put("physio", "physio", start, more)
        self.look(shop)
        self.assertEqual(self.booked(shop), ["physio"] * 3)
        self.server.change("physio", "RRULE:", f"EXDATE:{second}\r\nRRULE:")
        self.look(shop)
        self.assertEqual(self.booked(shop), ["physio"] * 2)

    def test_many_that_are_gone_wait_for_a_yes(self):
        shop = self.given(count=6)
        for i in range(4):
            self.server.delete(f"v{i}")
        self.put("new", 20)
        state = self.look(shop)
        self.assertEqual(state["asks"], "4 of 6 events to come are missing")
        self.assertEqual(len(self.booked(shop)), 6)
        self.look(shop)  # it is asked again, and no less
        self.assertEqual(len(self.booked(shop)), 6)
        shop.run("calendar", "accept", "desk")
        wait_until("the rest", lambda: self.booked(shop) == ["new", "v4", "v5"])

    def test_a_token_that_the_server_forgot_changes_nothing(self):
        shop = self.given(count=4)
        self.server.delete("v3")
        self.server.forget()
        self.assertEqual(self.look(shop)["state"], "fine")
        self.assertEqual(self.booked(shop), ["v0", "v1", "v2"])

    def test_a_wrong_password_is_told_and_changes_nothing(self):
        shop = self.given()
        shop.write("betimes.conf", CONF + SECTION.format(url=self.server.url).replace(
            "password = secret", "password = other"))
        wait_until("the reload", lambda: "reloaded" in shop.log_path.read_text())
        self.assertIn("password", self.look(shop)["trouble"])
        self.assertEqual(len(self.booked(shop)), 3)


if __name__ == "__main__":
    unittest.main()
