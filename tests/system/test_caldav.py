"""A calendar on Radicale, a real CalDAV server, which Python's caldav writes to: what is new there
becomes appointments, and nothing is asked for twice. What no real server holds or does when asked
to is done by one of tests/peers."""

import unittest

from harness import CONF, wait_until
from test_calendars import CLIENTS, PLAYBOOK, TEMPLATES, CalendarTest

from dav_peer import DavPeer
from radicale_peer import Radicale

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

    def test_one_that_cannot_be_read_is_told_once_and_stops_nobody(self):
        shop = self.given()
        levels = 8  # and the calendar and the event around them
        self.server.change("v1", "END:VEVENT", "BEGIN:X-A\r\n" * levels +
                           "END:X-A\r\n" * levels + "END:VEVENT")
        self.put("new", 20)
        self.assertEqual(self.look(shop)["state"], "fine")
        self.assertEqual(self.booked(shop), ["new", "v0", "v1", "v2"])
        (task,) = shop.json("tasks")
        self.assertIn("components are nested more than 8 deep", task["text"])
        self.assertIn("v1", task["text"])
        self.assertIn("nested", shop.run("calendar").stdout)
        self.look(shop)
        self.assertIn("outcome=unchanged", shop.log_path.read_text())
        self.assertEqual([t["id"] for t in shop.json("tasks")], [task["id"]])
        self.put("v1", 21)
        self.look(shop)
        self.assertIn("2099-06-21T15:00", self.starts(shop, "v1"))
        self.assertEqual(shop.json("tasks"), [])

    def starts(self, shop, uid):
        return [r["starts"] for r in shop.query(
            "SELECT starts FROM appointment WHERE uid = ?", uid)]


class Peer(CalendarTest):
    """What no real server does when asked to, such as to trip over an object."""

    def setUp(self):
        super().setUp()
        self.server = DavPeer(objects=30).start()
        self.addCleanup(self.server.stop)

    def given(self):
        section = SECTION.format(url=self.server.url).replace("collection = Work\n", "")
        shop = self.shop(conf=CONF + section, playbook=PLAYBOOK, templates=TEMPLATES)
        shop.sql("".join("INSERT INTO client (name, email) VALUES "
                         f"('Anna', 'event{i}@client.example');" for i in range(30)))
        shop.start()
        wait_until("the first look", lambda: self.state(shop)["looked"])
        self.assertEqual(len(self.booked(shop)), 30)
        return shop

    def test_recurrences_are_followed_on_by_one_look_at_everything(self):
        shop = self.given()
        shop.sql("UPDATE calendar SET until_ms = until_ms - 8 * 86400000;")
        for everything in (True, False):
            self.server.requests.clear()
            self.assertEqual(self.look(shop)["state"], "fine")
            self.assertEqual(any("multiget" in r for r in self.server.requests), everything)
        self.assertEqual(len(self.booked(shop)), 30)

    def test_a_server_that_trips_over_one_object_gives_all_others(self):
        shop = self.given()
        for kind in ("xml", "fail", "forbid", "silent"):
            with self.subTest(kind):
                self.server.poison("event7", kind)
                self.server.put("event8", kind)
                self.assertEqual(self.look(shop)["state"], "fine")
                self.assertEqual(len(self.booked(shop)), 30)
                (task,) = shop.json("tasks")
                self.assertIn("event7.ics", task["text"])
                self.assertEqual(shop.query("SELECT title FROM appointment WHERE uid = ?",
                                            "event8@peer")[0]["title"], kind)
                self.server.poison("event7", "no")
                self.look(shop)
                self.assertEqual(shop.json("tasks"), [])


if __name__ == "__main__":
    unittest.main()
