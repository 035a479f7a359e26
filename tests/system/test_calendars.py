"""Calendars that the service looks at: a feed of a web server (tests/peers), a file of another
program. What becomes of their events, and what happens when they are not as they should be."""

import base64
import unittest
import urllib.request

from calendar_words import calendar, event, some
from harness import CONF, ShopTest, wait_until
from web_browser import free_port
from web_peer import WebPeer

PLAYBOOK = """\
[rule booked]
on = appointment booked
by = email

[rule moved]
on = appointment moved
by = email

[rule off]
on = appointment cancelled
by = email
"""
TEMPLATES = {
    "booked/en.email": "Subject: Booked\n\n{{appointment.title}} {{appointment.starts | time}}",
    "moved/en.email": "Subject: Moved\n\n{{appointment.title}} {{appointment.starts | time}}",
    "off/en.email": "Subject: Off\n\n{{appointment.title}}",
}
CLIENTS = "INSERT INTO client (ref, name, email) VALUES ('anna', 'Anna', 'anna@example.com');"
SECTION = """
[calendar desk]
url = http://127.0.0.1:{port}/{path}
private-addresses = yes
"""


class CalendarTest(ShopTest):
    seconds = 150

    def setUp(self):
        super().setUp()
        self.peer = WebPeer().start()
        self.addCleanup(self.peer.stop)

    def given(self, *events, path="page/desk.ics", more="", web=""):
        """A shop with a feed of these events; the service has looked at it."""
        self.serve(*events)
        section = SECTION.format(port=self.peer.port, path=path)
        shop = self.shop(conf=CONF + section + more + web, playbook=PLAYBOOK, templates=TEMPLATES)
        shop.sql(CLIENTS)
        shop.start()
        wait_until("the first look", lambda: self.state(shop)["looked"])
        return shop

    def serve(self, *events):
        self.peer.pages["desk.ics"] = calendar(*events).encode()

    def state(self, shop, name="desk"):
        (found,) = [c for c in shop.json("calendar") if c.get("name") == name]
        return found

    def look(self, shop, name="desk"):
        """Have the service look now; how the calendar is then."""
        before = self.row(shop, name)["looked_ms"]
        shop.run("calendar", "sync", name)
        wait_until("another look", lambda: self.row(shop, name)["looked_ms"] > before)
        return self.state(shop, name)

    def row(self, shop, name="desk"):
        return shop.query("SELECT * FROM calendar WHERE name = ?", name)[0]

    def booked(self, shop):
        return sorted(r["uid"] for r in shop.query(
            "SELECT uid FROM appointment WHERE status = 'booked'"))

    def requests(self):
        return [e for e in self.peer.events if "desk.ics" in e]


class Feeds(CalendarTest):
    def test_an_event_that_moves_and_goes_reaches_the_client(self):
        shop = self.given(event("brakes", "08T150000"), event("oil", "20T150000"))
        mail = shop.wait_message(rule="booked", state="sent")
        self.assertRegex(mail["text"], r"(brakes|oil) 15:00")
        self.serve(event("brakes", "09T163000"), event("oil", "20T150000"))
        self.look(shop)
        self.assertIn("brakes 16:30", shop.wait_message(rule="moved", state="sent")["text"])
        self.serve(event("oil", "20T150000"))
        self.look(shop)
        self.assertIn("brakes", shop.wait_message(rule="off", state="sent")["text"])
        self.assertEqual(self.booked(shop), ["oil"])

    def test_a_second_look_with_nothing_new_is_one_conditional_request(self):
        shop = self.given(*some(0, 3))
        rows = shop.query("SELECT * FROM appointment")
        self.peer.events.clear()
        state = self.look(shop)
        self.assertEqual(state["state"], "fine")
        self.assertEqual(len(self.requests()), 1)
        self.assertEqual(shop.query("SELECT * FROM appointment"), rows)
        self.assertIn("outcome=unchanged", shop.log_path.read_text())

    def test_who_was_not_known_is_found_when_she_comes(self):
        shop = self.given(event("brakes", "08T150000", guest="bo@example.com"))
        (task,) = shop.json("tasks")
        self.assertIn("names bo@example.com", task["text"])
        shop.sql("INSERT INTO client (name, email) VALUES ('Bo', 'bo@example.com');")
        self.look(shop)
        self.assertEqual(self.booked(shop), ["brakes"])
        self.assertEqual(shop.json("tasks"), [])

    def test_a_private_feed_is_read_with_its_password(self):
        self.peer.password = "Basic " + base64.b64encode(b"desk:sesame").decode()
        shop = self.given(event("brakes", "08T150000"), more="user = desk\npassword = sesame\n")
        self.assertEqual(self.booked(shop), ["brakes"])
        self.assertNotIn("sesame", shop.log_path.read_text())

    def test_status_and_metrics_tell_how_calendars_are(self):
        port = free_port()
        shop = self.given(*some(0, 3), web=f"\n[web]\nlisten = 127.0.0.1:{port}\n")
        self.assertEqual(shop.json("status")["calendars"], {"read": 1, "trouble": 0, "asks": 0})
        self.peer.pages["desk.ics"] = None
        self.look(shop)
        self.assertEqual(shop.json("status")["calendars"]["trouble"], 1)
        self.assertRegex(shop.run("status").stdout, r"calendars +1 read, trouble with 1; ")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            told = answer.read().decode()
        self.assertIn('betimes_calendar_failures{calendar="desk"} 1\n', told)
        self.assertRegex(told, r'betimes_calendar_good_seconds\{calendar="desk"\} \d{10}\n')
        self.assertIn('betimes_calendar_asks{calendar="desk"} 0\n', told)

    def test_a_reload_takes_another_calendar_in_and_drops_one(self):
        shop = self.given(event("brakes", "08T150000"))
        path = shop.write("visits.ics", calendar(event("oil", "09T150000")))
        shop.write("betimes.conf", CONF + f"\n[calendar book]\ntype = file\npath = {path}\n")
        wait_until("the other calendar", lambda: "oil" in self.booked(shop))
        self.assertEqual(self.state(shop)["state"], "not configured")


class Trouble(CalendarTest):
    def test_a_feed_that_is_suddenly_empty_waits_for_a_yes(self):
        shop = self.given(*some(0, 6))
        self.serve()
        state = self.look(shop)
        self.assertEqual((state["state"], state["missing"]), ("asks", 6))
        self.assertEqual(len(self.booked(shop)), 6)
        (task,) = shop.json("tasks")
        self.assertIn("betimes calendar accept desk", task["text"])
        self.assertIn("asks", shop.run("calendar").stdout)
        shop.run("calendar", "accept", "desk")
        wait_until("what is gone to be cancelled", lambda: self.booked(shop) == [])
        self.assertEqual(shop.json("tasks"), [])
        self.assertIn("does not wait", shop.run("calendar", "accept", "desk", status=1).stderr)

    def test_a_feed_that_lacks_over_a_fifth_waits_and_mends_itself(self):
        shop = self.given(*some(0, 10))
        self.serve(*some(3, 7))
        state = self.look(shop)
        self.assertEqual(state["asks"], "3 of 10 events to come are missing")
        self.serve(*some(2, 8))
        self.assertEqual(self.look(shop)["state"], "fine")
        self.assertEqual(len(self.booked(shop)), 8)

    def test_whatever_else_is_wrong_keeps_the_last_good_state(self):
        shop = self.given(*some(0, 3))
        whole = self.peer.pages["desk.ics"]
        for bad, words in (
            (b"", "no calendar"),
            (b"<html>please log in</html>", "no calendar"),
            (whole[:-60], "desk"),
            (None, "404"),
        ):
            self.peer.pages["desk.ics"] = bad
            state = self.look(shop)
            self.assertEqual(state["state"], "trouble", bad)
            self.assertEqual(len(self.booked(shop)), 3, bad)
        self.assertEqual(state["tries"], 4)
        self.peer.pages["desk.ics"] = whole
        state = self.look(shop)
        self.assertEqual((state["state"], state["tries"]), ("fine", 0))

    def test_a_server_that_means_no_good_harms_nobody(self):
        for path in ("bomb", "bomb2", "cut", "loop", "headers", "status/500"):
            with self.subTest(path):
                shop = self.given(path=path)
                state = self.state(shop)
                self.assertEqual(state["state"], "trouble")
                self.assertTrue(state["trouble"])
                self.assertEqual(self.booked(shop), [])
                shop.stop()

    def test_a_private_address_is_refused_unless_the_section_allows_it(self):
        self.serve(event("brakes", "08T150000"))
        section = SECTION.format(port=self.peer.port, path="page/desk.ics")
        shop = self.shop(conf=CONF + section.replace("private-addresses = yes\n", ""),
                         playbook=PLAYBOOK, templates=TEMPLATES)
        shop.sql(CLIENTS)
        shop.start()
        wait_until("the first look", lambda: self.state(shop)["looked"])
        self.assertIn("private-addresses", self.state(shop)["trouble"])
        self.assertEqual(self.peer.events, [])

    def test_the_secret_in_a_link_is_told_to_nobody(self):
        shop = self.given(path="page/sesame-open.ics")
        self.look(shop)
        for text in (shop.log_path.read_text(), shop.run("calendar").stdout,
                     shop.run("calendar", "--json").stdout):
            self.assertNotIn("sesame", text)

    def test_a_copied_database_looks_at_no_calendar(self):
        shop = self.given(event("brakes", "08T150000"))
        shop.stop()
        data = shop.database.read_bytes()
        shop.database.unlink()
        shop.database.write_bytes(data)
        self.peer.events.clear()
        shop.start()
        shop.run("calendar", "sync", "desk")
        shop.wait_absorbed()
        self.assertTrue(shop.json("status")["paused"])
        self.assertEqual(self.requests(), [])
        shop.run("resume")
        shop.run("calendar", "sync", "desk")
        wait_until("a look", self.requests)


class Files(CalendarTest):
    def test_a_file_is_read_again_when_it_has_changed(self):
        shop = self.shop(playbook=PLAYBOOK, templates=TEMPLATES)
        shop.write("visits.ics", calendar(event("brakes", "08T150000")))
        shop.append("betimes.conf", "\n[calendar book]\ntype = file\npath = visits.ics\n")
        shop.sql(CLIENTS)
        shop.start()
        wait_until("the first look", lambda: self.booked(shop) == ["brakes"])
        shop.write("visits.ics", calendar(event("brakes", "08T150000"), event("oil", "09T150000")))
        self.look(shop, "book")
        self.assertEqual(self.booked(shop), ["brakes", "oil"])
        (shop.dir / "visits.ics").unlink()
        self.assertEqual(self.look(shop, "book")["state"], "trouble")
        self.assertEqual(self.booked(shop), ["brakes", "oil"])


if __name__ == "__main__":
    unittest.main()
