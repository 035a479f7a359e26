"""The link in a message by which a client puts one visit into their own calendar: what is behind
it, read with Debian's python3-icalendar, and when it ends."""

import re
import unittest
from datetime import date, datetime, timedelta

import icalendar

from harness import BUSINESS, CONF, FILES, MailServer, ShopTest
from web_browser import Browser, free_port

URL = "https://garage.example.com"
DAY = date.today() + timedelta(days=40)
PLAYBOOK = """
[rule booked]
on = appointment booked
by = sms

[rule mailed]
on = appointment booked
by = email
invite = yes
"""
WORDS = {
    "booked/en.sms": "See you {{appointment.starts | date}}! {{appointment.calendar_link}}",
    "mailed/en.email": "Subject: See you\n\n[Put it down]({{appointment.calendar_link}})\n",
}


class VisitLinks(ShopTest):
    def serve(self, gateways=FILES):
        self.port = free_port()
        conf = BUSINESS + gateways + f"\n[web]\nlisten = 127.0.0.1:{self.port}\nurl = {URL}\n"
        self.garage = self.shop(conf=conf, playbook=PLAYBOOK, templates=WORDS)
        self.garage.start()
        return self.garage

    def book(self, **columns):
        columns = {"ref": "a1", "client_id": 1, "title": "Brake check",
                   "starts": f"{DAY}T15:00", **columns}
        self.garage.sql(f"""BEGIN;
            INSERT INTO client (name, email, phone)
              VALUES ('Ilze', 'ilze@example.com', '+37120000001');
            INSERT INTO appointment ({", ".join(columns)})
              VALUES ({", ".join(repr(v) for v in columns.values())});
            COMMIT;""")

    def link(self):
        """The path that the text names."""
        text = self.garage.wait_message(rule="booked", state="sent")["text"]
        return re.search(rf"{URL}(/c/\w+)$", text)[1]

    def get(self, path, method="GET", **headers):
        return Browser(self.port).ask(method, path, headers=headers)

    def event(self, path):
        answer = self.get(path)
        self.assertEqual(answer.status, 200, answer.text)
        calendar = icalendar.Calendar.from_ical(answer.text)
        self.assertEqual((str(calendar["METHOD"]), calendar.errors), ("PUBLISH", []))
        (event,) = calendar.walk("VEVENT")
        return event

    def change(self, what):
        self.garage.sql(f"UPDATE appointment SET {what}")
        self.garage.wait_absorbed()

    def test_it_is_the_visit_as_it_stands_now(self):
        self.serve()
        self.book(ends=f"{DAY}T16:00", location="Dzirnavu iela 1; Rīga")
        path = self.link()
        first = self.event(path)
        self.assertEqual((str(first["SUMMARY"]), str(first["LOCATION"]), str(first["STATUS"])),
                         ("Brake check", "Dzirnavu iela 1; Rīga", "CONFIRMED"))
        self.assertEqual(first["DTSTART"].dt.replace(tzinfo=None),
                         datetime(DAY.year, DAY.month, DAY.day, 15))
        self.assertEqual(first["DTSTART"].params["TZID"], "Europe/Riga")
        self.change(f"starts = '{DAY}T17:00', ends = '{DAY}T18:00'")
        moved = self.event(path)
        self.assertEqual((moved["UID"], moved["DTSTART"].dt.hour), (first["UID"], 17))
        self.assertGreaterEqual(moved["SEQUENCE"], first["SEQUENCE"])
        self.assertGreaterEqual(moved["DTSTAMP"].dt, first["DTSTAMP"].dt)
        self.change("status = 'cancelled'")
        cancelled = self.event(path)
        self.assertEqual((cancelled["UID"], str(cancelled["STATUS"])), (first["UID"], "CANCELLED"))

    def test_it_tells_of_nobody_and_is_in_no_cache_log_or_index(self):
        self.serve()
        self.book()
        path = self.link()
        answer = self.get(path)
        self.assertEqual(answer.headers["Content-Type"],
                         "text/calendar; charset=utf-8; method=PUBLISH")
        self.assertIn('filename="visit.ics"', answer.headers["Content-Disposition"])
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertEqual(answer.headers["X-Robots-Tag"], "noindex, nofollow")
        self.assertNotIn("Set-Cookie", answer.headers)
        for word in ("ATTENDEE", "VALARM", "Ilze", "ilze@", "+371"):
            self.assertNotIn(word, answer.text)
        self.assertEqual((self.get(path, "HEAD").status, self.get(path, "HEAD").text), (200, ""))
        self.assertEqual(Browser(self.port).post(path, {"a": "b"}).status, 405)
        self.assertEqual(self.get(path, Host="evil.example").status, 421)
        self.assertNotIn(path[3:], self.garage.log())

    def test_it_is_the_event_that_an_invitation_by_mail_is(self):
        server = self.enterContext(MailServer())
        self.serve(gateways=FILES + "channels = sms\n" + server.section())
        self.book()
        mail = server.received(1)[0]
        path = self.link()
        invited = [p for p in mail.message.walk() if p.get_content_type() == "text/calendar"][0]
        (there,) = icalendar.Calendar.from_ical(invited.get_payload(decode=True)).walk("VEVENT")
        here = self.event(path)
        self.assertEqual((here["UID"], here["SEQUENCE"]), (there["UID"], there["SEQUENCE"]))
        html = mail.message.get_body(("html",)).get_content()
        self.assertIn(f'href="{URL}{path}"', html)
        self.change(f"starts = '{DAY}T17:00'")
        self.assertEqual(self.event(path)["SEQUENCE"], there["SEQUENCE"] + 1)

    def test_it_ends_with_the_row_and_a_while_after_the_visit(self):
        shop = self.serve()
        self.book()
        path = self.link()
        forged = path[:-1] + ("a" if path[-1] != "a" else "b")
        wrong = self.get(forged)
        self.assertEqual(wrong.status, 404)
        for days, status in ((29, 200), (32, 404)):
            shop.stop()
            shop.start("--now", f"{DAY + timedelta(days=days)}T12:00")
            answer = self.get(path)
            self.assertEqual(answer.status, status)
        self.assertEqual(answer.text, wrong.text)
        shop.stop()
        shop.start()
        self.assertEqual(self.get(path).status, 200)
        shop.sql("DELETE FROM appointment")
        self.assertEqual(self.get(path).status, 404)

    def test_a_check_says_that_links_need_an_address(self):
        shop = self.shop(playbook=PLAYBOOK, templates=WORDS)
        done = shop.run("check", status=1)
        self.assertIn("templates/booked/en.sms:1:40: {{appointment.calendar_link}} needs the "
                      "address", done.stderr)
        self.assertIn("`url` into [web] of betimes.conf", done.stderr)

    def test_a_check_says_that_an_address_alone_answers_nobody(self):
        shop = self.shop(conf=CONF + f"\n[web]\nurl = {URL}\n", playbook=PLAYBOOK, templates=WORDS)
        self.assertIn("nobody answers there", shop.run("check").stderr)

    def test_a_preview_and_a_forecast_show_one_and_keep_no_key(self):
        shop = self.serve()
        shop.stop()
        self.book()
        shown = [p for p in shop.json("preview", "booked", "--appointment", "a1")
                 if p["channel"] == "sms"][0]
        self.assertRegex(shown["text"], rf"{URL}/c/\w{{25}}$")
        self.assertEqual(shown["segments"], 1)
        shop.run("forecast")
        self.assertEqual(shop.query("SELECT * FROM meta WHERE name = 'link_key'"), [])


if __name__ == "__main__":
    unittest.main()
