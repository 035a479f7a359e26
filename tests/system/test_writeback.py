"""What becomes of a visit is told to the calendar that it came from: on a real CalDAV server
(Radicale), read by somebody else's program (Python's caldav), and on one that can be asked to have
somebody else be quicker."""

import re
import unittest
from datetime import date, timedelta

from harness import CONF, ShopTest, wait_until

from dav_peer import DavPeer
from radicale_peer import Radicale

PLAYBOOK = """\
[rule booked]
on = appointment booked
by = email

[rule off]
on = appointment cancelled
by = email
"""
TEMPLATES = {
    "booked/en.email": "Subject: Booked\n\n{{appointment.title}} {{appointment.starts | time}}",
    "off/en.email": "Subject: Off\n\n{{appointment.title}}",
}
CLIENTS = "INSERT INTO client (ref, name, email) VALUES ('anna', 'Anna', 'anna@example.com');"
SECTION = """
[calendar desk]
type = caldav
url = {url}
collection = Work
user = anna
password = secret
private-addresses = yes
write-back = {write_back}
"""
GUEST = "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:anna@example.com\n"
START = "20990608T120000Z"


class WriteBack(ShopTest):
    seconds = 200

    def setUp(self):
        super().setUp()
        self.server = Radicale().start()
        self.addCleanup(self.server.stop)

    def put(self, name, start=START, more=""):
        self.server.put(name, name, start, GUEST + more)

    def given(self, *names, write_back="yes"):
        for name in names:
            self.put(name)
        section = SECTION.format(url=self.server.url, write_back=write_back)
        shop = self.shop(conf=CONF + section, playbook=PLAYBOOK, templates=TEMPLATES)
        shop.sql(CLIENTS)
        shop.start()
        wait_until("the first look", lambda: self.rows(shop) and self.rows(shop)[0]["good_ms"], 60)
        return shop

    def rows(self, shop):
        return shop.query("SELECT * FROM calendar WHERE name = 'desk'")

    def look(self, shop):
        """Have the service look now."""
        before = self.rows(shop)[0]["looked_ms"]
        shop.run("calendar", "sync", "desk")
        wait_until("another look", lambda: self.rows(shop)[0]["looked_ms"] > before, 20)

    def visits(self, shop):
        return {r["uid"]: r for r in shop.query("SELECT * FROM appointment")}

    def set_status(self, shop, uid, status):
        shop.sql(f"UPDATE appointment SET status = '{status}' WHERE uid = '{uid}'")

    def told(self, shop, times=1):
        """Wait until the calendar was told so many times."""
        wait_until("the calendar to be told",
                   lambda: len(re.findall("calendar told", shop.log())) >= times, 20)

    def words(self, name):
        """What stands in the event, without what its server writes itself."""
        return sorted(re.split(r"\r?\n", re.sub(r"\r?\n ", "", self.server.read(name))))

    def test_a_confirmed_visit_is_confirmed_there_and_nothing_else_changes(self):
        shop = self.given("tyres")
        before = self.words("tyres")
        self.set_status(shop, "tyres", "confirmed")
        self.told(shop)
        after = self.words("tyres")
        self.assertIn("STATUS:CONFIRMED", after)
        self.assertIn("ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.com", after)
        self.assertIn("SEQUENCE:1", after)
        touched = ("STATUS", "ATTENDEE", "SEQUENCE", "DTSTAMP", "LAST-MODIFIED")
        rest = [[w for w in words if not w.startswith(touched)] for words in (before, after)]
        self.assertEqual(*rest)
        self.look(shop)  # our own change is no news
        self.assertEqual(self.visits(shop)["tyres"]["status"], "confirmed")
        self.assertEqual(shop.states(rule="booked"), {"sent": 1})

    def test_a_cancelled_visit_is_cancelled_there(self):
        shop = self.given("tyres", "oil")
        self.set_status(shop, "tyres", "cancelled")
        self.told(shop)
        self.assertIn("STATUS:CANCELLED", self.words("tyres"))
        self.assertNotIn("STATUS:CANCELLED", self.words("oil"))
        self.look(shop)
        self.assertEqual(self.visits(shop)["tyres"]["status"], "cancelled")
        # and on again, which is told as well
        self.set_status(shop, "tyres", "confirmed")
        self.told(shop, 2)
        self.assertIn("STATUS:CONFIRMED", self.words("tyres"))

    def test_one_time_of_a_series_is_cancelled_alone(self):
        # Series are followed for a year.
        days = [date.today() + timedelta(days=n) for n in (30, 31, 32)]
        self.put("physio", f"{days[0]:%Y%m%d}T120000Z", "RRULE:FREQ=DAILY;COUNT=3\n")
        shop = self.given()
        self.assertEqual(len(shop.query("SELECT * FROM appointment")), 3)
        shop.sql(f"UPDATE appointment SET status = 'cancelled' WHERE starts LIKE '{days[1]}%'")
        self.told(shop)
        text = self.server.read("physio")
        self.assertEqual(text.count("BEGIN:VEVENT"), 2)
        self.assertEqual(text.count("STATUS:CANCELLED"), 1)
        self.assertIn(f"RECURRENCE-ID:{days[1]:%Y%m%d}T120000Z", text)
        self.look(shop)
        found = [r["status"] for r in shop.query("SELECT * FROM appointment ORDER BY starts")]
        self.assertEqual(found, ["booked", "cancelled", "booked"])

    def test_what_others_changed_in_between_is_kept(self):
        shop = self.given("tyres")
        self.server.change("tyres", "SUMMARY:tyres", "SUMMARY:Winter tyres")
        self.set_status(shop, "tyres", "confirmed")
        self.told(shop)
        words = self.words("tyres")
        self.assertIn("SUMMARY:Winter tyres", words)
        self.assertIn("STATUS:CONFIRMED", words)

    def test_what_was_cancelled_there_is_never_overwritten(self):
        shop = self.given("tyres")
        self.server.change("tyres", "SUMMARY:", "STATUS:CANCELLED\nSUMMARY:")
        self.set_status(shop, "tyres", "confirmed")
        shop.wait_log("calendar not told: name=desk status=confirmed outcome=person")
        self.assertIn("STATUS:CANCELLED", self.words("tyres"))
        (task,) = [t for t in shop.json("tasks") if "desk" in t["text"]]
        self.assertIn("was cancelled there in the meantime", task["text"])

    def test_what_the_calendar_says_itself_is_not_told_back(self):
        shop = self.given("tyres", "oil")
        self.server.change("tyres", "SUMMARY:", "STATUS:CANCELLED\nSUMMARY:")
        self.server.delete("oil")
        self.look(shop)
        wait_until("nothing to tell", lambda: self.visits(shop)["oil"]["status"] == "cancelled"
                   and not shop.query("SELECT * FROM calendar_write"), 20)
        self.assertNotIn("calendar told: ", shop.log())
        self.assertNotIn("SEQUENCE", self.server.read("tyres"))

    def test_without_write_back_nothing_is_written(self):
        shop = self.given("tyres", write_back="no")
        before = self.server.read("tyres")
        self.set_status(shop, "tyres", "confirmed")
        shop.wait_absorbed()
        self.look(shop)
        self.assertEqual(self.server.read("tyres"), before)
        self.assertEqual(shop.query("SELECT * FROM calendar_write"), [])

    def test_what_was_confirmed_while_the_service_was_down_is_told(self):
        shop = self.given("tyres")
        shop.stop()
        self.set_status(shop, "tyres", "confirmed")
        shop.start()
        self.told(shop)
        self.assertIn("STATUS:CONFIRMED", self.words("tyres"))

    def test_while_the_server_is_away_it_waits(self):
        shop = self.given("tyres")
        self.server.stop_server()
        self.set_status(shop, "tyres", "confirmed")
        shop.wait_log("calendar not told: name=desk status=confirmed outcome=later")
        (row,) = shop.query("SELECT * FROM calendar_write")
        self.assertEqual(row["tries"], 1)
        self.server.start_server()
        shop.sql("UPDATE calendar_write SET next_ms = 0")  # the minute is over
        self.told(shop)
        self.assertIn("STATUS:CONFIRMED", self.words("tyres"))


class Conflicts(ShopTest):
    """With a server that can be asked to have somebody else be quicker."""

    seconds = 120

    def given(self, objects=1, more=""):
        peer = self.enterContext(DavPeer(objects=objects))
        conf = CONF + SECTION.format(url=peer.url, write_back="yes") + more
        shop = self.shop(conf=conf, playbook=PLAYBOOK, templates=TEMPLATES)
        shop.sql("INSERT INTO client (name, email) VALUES ('Anna', 'event0@client.example')")
        shop.start()
        wait_until("the first look", lambda: shop.query(
            "SELECT * FROM calendar WHERE good_ms > 0"), 60)
        return peer, shop

    def confirm(self, shop):
        shop.sql("UPDATE appointment SET status = 'confirmed' WHERE uid = 'event0@peer'")

    def test_whoever_is_quicker_is_not_overwritten(self):
        peer, shop = self.given()
        peer.manners["race"] = "1"
        self.confirm(shop)
        shop.wait_log("calendar told")
        text = peer.objects["event0"]
        self.assertIn("SUMMARY:Changed 1", text)
        self.assertIn("STATUS:CONFIRMED", text)
        self.assertIn("ATTENDEE;CN=Anna;PARTSTAT=ACCEPTED:mailto:event0@client.example", text)
        puts = [r for r in peer.requests if r.startswith("PUT")]
        self.assertEqual(len(puts), 2)

    def test_whoever_is_always_quicker_is_waited_for(self):
        peer, shop = self.given()
        peer.manners["race"] = "99"
        self.confirm(shop)
        shop.wait_log("calendar not told: name=desk status=confirmed outcome=later")
        self.assertNotIn("STATUS:CONFIRMED", peer.objects["event0"])

    def test_without_an_etag_nothing_is_written(self):
        peer, shop = self.given()
        peer.manners["etag"] = "no"
        self.confirm(shop)
        shop.wait_log("outcome=person")
        self.assertEqual([r for r in peer.requests if r.startswith("PUT")], [])
        self.assertIn("no ETag", shop.json("tasks")[0]["text"])

    def test_a_calendar_that_may_not_be_written_becomes_a_task(self):
        peer, shop = self.given()
        peer.manners["put"] = "403"
        self.confirm(shop)
        shop.wait_log("outcome=person")
        (task,) = shop.json("tasks")
        self.assertIn("forbids", task["text"])
        self.assertEqual(task["client"], "Anna")
        peer.manners["put"] = "0"  # somebody has mended it, and settles the task by hand

    def test_nothing_new_in_a_large_calendar_is_one_request(self):
        peer, shop = self.given(objects=250, more="unnamed = ignore\n")
        before = len(peer.requests)
        shop.run("calendar", "sync", "desk")
        shop.wait_log("outcome=unchanged")
        self.assertEqual(peer.requests[before:], ["REPORT /anna/work/ sync-collection"])


if __name__ == "__main__":
    unittest.main()
