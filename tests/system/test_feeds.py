"""Calendars to subscribe to: publishing and revoking them, and what a calendar program gets that
has the link. Read with Debian's python3-icalendar."""

import re
import unittest
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar

from cli_shop import UTC
from harness import CONF, ShopTest, slow
from web_browser import Browser, free_port

URL = "https://garage.example.com"
WEB = f"\n[web]\nurl = {URL}/\n"
STAFF = "INSERT INTO staff (ref, name) VALUES ('anna', 'Anna Ozola'), ('berta', 'Berta Kalna');"
LINK = rf"{URL}/calendar/[0-9a-f]{{40}}\.ics"


class Publishing(ShopTest):
    def published(self):
        shop = self.shop(conf=CONF + WEB)
        shop.sql(STAFF)
        return shop

    def test_a_link_is_shown_once_and_kept_as_a_hash(self):
        shop = self.published()
        said = shop.run("calendar", "publish", "business").stdout
        self.assertRegex(said, rf"^{LINK}\n")
        link = shop.json("calendar", "publish", "staff", "anna")
        self.assertRegex(link["link"], rf"^{LINK}$")
        self.assertEqual((link["of"], link["staff"]), ("staff", "Anna Ozola"))
        told = shop.run("calendar").stdout + shop.run("calendar", "--json").stdout
        for token in (said.split("/")[4][:40], link["link"][-44:-4]):
            self.assertNotIn(token, told)
            for path in shop.dir.glob("betimes.db*"):
                self.assertNotIn(token.encode(), path.read_bytes())

    def test_they_are_listed_until_they_are_revoked(self):
        shop = self.published()
        self.assertIn("No calendar is published", shop.run("calendar").stdout)
        self.assertEqual(shop.json("calendar"), [])
        shop.run("calendar", "publish", "business")
        shop.run("calendar", "publish", "staff", "anna")
        business, anna = shop.json("calendar", "list")
        self.assertEqual(list(business), ["kind", "id", "of", "staff", "open", "created"])
        self.assertEqual((business["kind"], business["of"], business["staff"], business["open"]),
                         ("published", "business", None, True))
        self.assertEqual((anna["of"], anna["staff"]), ("staff", "Anna Ozola"))
        self.assertRegex(anna["created"], UTC)
        self.assertRegex(shop.run("calendar").stdout, r"2 +Anna Ozola .* open")
        self.assertIn("calendar 1", shop.run("calendar", "revoke", business["id"]).stdout)
        self.assertEqual([c["id"] for c in shop.json("calendar")], [anna["id"]])
        actions = [row["action"] for row in shop.query("SELECT action FROM audit ORDER BY id")]
        self.assertEqual(actions, ["publish calendar", "publish calendar", "revoke calendar"])

    def test_one_of_somebody_who_left_is_shown_as_closed(self):
        shop = self.published()
        shop.run("calendar", "publish", "staff", "anna")
        shop.sql("UPDATE staff SET active = 0 WHERE ref = 'anna'")
        self.assertFalse(shop.json("calendar")[0]["open"])
        self.assertIn("closed: not active any more", shop.run("calendar").stdout)
        shop.sql("DELETE FROM staff WHERE ref = 'anna'")
        self.assertEqual((shop.json("calendar")[0]["open"], shop.json("calendar")[0]["staff"]),
                         (False, None))
        self.assertIn("closed: nobody is called so", shop.run("calendar").stdout)

    def test_what_is_wrong_is_told_and_publishes_nothing(self):
        shop = self.published()
        shop.sql("UPDATE staff SET active = 0 WHERE ref = 'berta'")
        for args, words in (
            (("publish",), "business, or staff REF"),
            (("publish", "all"), "neither business nor staff"),
            (("publish", "staff"), "say who"),
            (("publish", "business", "anna"), "takes no name"),
            (("publish", "staff", "ann"), "did you mean `anna`?"),
            (("publish", "staff", "berta"), "not active any more"),
            (("revoke", "9"), "no published calendar 9"),
            (("revoke", "x"), "`x` is no id"),
            (("frob",), "none of list, accept"),
            (("list", "all"), "one word too many"),
        ):
            self.assertIn(words, shop.run("calendar", *args, status=1).stderr)
        self.assertEqual(shop.json("calendar"), [])

    def test_without_an_address_of_the_page_there_is_no_link(self):
        shop = self.shop()
        done = shop.run("calendar", "publish", "business", status=1)
        self.assertIn("`url` into [web] of betimes.conf", done.stderr)
        self.assertEqual(shop.json("calendar"), [])


DAY = date.today() + timedelta(days=40)
QUIET = """
[workflow repair]
stages = Received, Ready
"""
ROWS = f"""
INSERT INTO client (ref, name, phone) VALUES ('c1', 'Ilze Kalna', '+371 20000001'),
  ('c2', 'Jānis', NULL);
INSERT INTO job (ref, client_id, stage, title) VALUES ('J1', 1, 'Received', 'Volvo V60');
INSERT INTO appointment (ref, client_id, job_id, staff_id, title, location, starts, ends) VALUES
  ('a1', 1, 1, 1, 'Brake check', 'Dzirnavu iela 1, Rīga', '{DAY}T15:00', '{DAY}T16:30'),
  ('a2', 2, NULL, 2, NULL, NULL, '{DAY}T10:00:00Z', NULL);
"""


class FeedTest(ShopTest):
    """A shop with a page, two members of staff and two visits."""

    def serve(self, rows=ROWS):
        self.port = free_port()
        web = f"\n[web]\nlisten = 127.0.0.1:{self.port}\nurl = {URL}\n"
        self.garage = self.shop(conf=CONF + web, playbook=QUIET)
        self.garage.sql(STAFF + rows)
        self.garage.start()
        self.garage.wait_absorbed(seconds=60)
        return self.garage

    def publish(self, *whose):
        """The path of a link."""
        return self.garage.json("calendar", "publish", *whose)["link"].removeprefix(URL)

    def ask(self, path, method="GET", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return Browser(self.port).ask(method, path, headers=headers)

    def tag(self, path):
        return self.ask(path, "HEAD").headers["ETag"]

    def calendar(self, path):
        answer = self.ask(path)
        self.assertEqual(answer.status, 200, answer.text)
        calendar = icalendar.Calendar.from_ical(answer.text)
        self.assertEqual(calendar.errors, [])
        return calendar

    def events(self, path):
        """By the first word of the summary."""
        return {str(e["SUMMARY"]).split()[0]: e for e in self.calendar(path).walk("VEVENT")}


class Feeds(FeedTest):
    def test_the_business_sees_all_and_staff_see_their_own(self):
        self.serve()
        everybody = self.publish("business")
        self.assertEqual(set(self.events(everybody)), {"Ilze", "Jānis"})
        self.assertEqual(str(self.calendar(everybody)["NAME"]), "Riverside Garage")
        for who, sees in (("anna", "Ilze"), ("berta", "Jānis")):
            path = self.publish("staff", who)
            self.assertEqual(list(self.events(path)), [sees])
            self.assertIn("Riverside Garage", str(self.calendar(path)["X-WR-CALNAME"]))

    def test_a_visit_says_what_staff_need(self):
        self.serve()
        path = self.publish("staff", "anna")
        e = self.events(path)["Ilze"]
        self.assertEqual((str(e["SUMMARY"]), str(e["LOCATION"]), str(e["STATUS"])),
                         ("Ilze Kalna: Brake check", "Dzirnavu iela 1, Rīga", "TENTATIVE"))
        self.assertEqual(str(e["DESCRIPTION"]).split("\n"),
                         ["Telephone: +371 20000001", "Job: J1, Volvo V60", "Status: booked"])
        riga = ZoneInfo("Europe/Riga")
        self.assertEqual(e["DTSTART"].params["TZID"], "Europe/Riga")
        (zone,) = self.calendar(path).walk("VTIMEZONE")
        starts = datetime(DAY.year, DAY.month, DAY.day, 15)
        self.assertEqual(zone.to_tz().utcoffset(starts), starts.replace(tzinfo=riga).utcoffset())
        self.assertEqual(e["DTEND"].dt - e["DTSTART"].dt, timedelta(minutes=90))
        text = self.ask(path).text
        self.assertIn("\r\nREFRESH-INTERVAL;VALUE=DURATION:PT15M\r\n", text)
        self.assertIn("\r\nX-PUBLISHED-TTL:PT15M\r\n", text)
        for never in ("VALARM", "ATTENDEE"):
            self.assertNotIn(never, text)
        everybody = self.events(self.publish("business"))
        self.assertIn("With: Anna Ozola", everybody["Ilze"]["DESCRIPTION"])

    def test_a_visit_without_an_end_takes_an_hour_and_not_no_time(self):
        shop = self.serve()
        shop.sql(f"""UPDATE appointment SET ends = NULL WHERE ref = 'a1';
                     UPDATE appointment SET starts = '{DAY}', ends = NULL WHERE ref != 'a1'""")
        shop.wait_absorbed()
        events = self.events(self.publish("business"))
        e = events["Ilze"]
        self.assertEqual(e["DTEND"].dt - e["DTSTART"].dt, timedelta(hours=1))
        self.assertEqual(events["Jānis"]["DTSTART"].params["VALUE"], "DATE")  # a whole day
        self.assertNotIn("DURATION", e)

    def test_states_moves_and_rows_written_anew_are_the_same_event(self):
        shop = self.serve()
        path = self.publish("business")
        before = self.events(path)["Ilze"]
        for change, status in (("status = 'confirmed'", "CONFIRMED"),
                               (f"starts = '{DAY}T17:00'", "CONFIRMED"),
                               ("status = 'cancelled'", "CANCELLED")):
            shop.sql(f"UPDATE appointment SET {change} WHERE ref = 'a1'")
            shop.wait_absorbed()
            after = self.events(path)["Ilze"]
            self.assertEqual((after["UID"], str(after["STATUS"])), (before["UID"], status))
            self.assertGreater(after["SEQUENCE"], before["SEQUENCE"])
            self.assertGreaterEqual(after["LAST-MODIFIED"].dt, before["LAST-MODIFIED"].dt)
            before = after
        self.assertEqual(before["DTSTART"].dt.hour, 17)
        shop.sql(f"""REPLACE INTO appointment (ref, client_id, title, starts)
                     VALUES ('a1', 1, 'Brakes', '{DAY}T09:00')""")
        shop.wait_absorbed()
        after = self.events(path)["Ilze"]
        self.assertEqual((after["UID"], after["DTSTART"].dt.hour), (before["UID"], 9))
        self.assertGreater(after["SEQUENCE"], before["SEQUENCE"])
        shop.sql("DELETE FROM appointment WHERE ref = 'a1'")
        shop.wait_absorbed()
        self.assertEqual(list(self.events(path)), ["Jānis"])

    def test_what_lies_far_back_is_left_out(self):
        shop = self.serve()
        path = self.publish("business")
        for days, seen in ((59, True), (62, False)):
            day = date.today() - timedelta(days=days)
            shop.sql(f"UPDATE appointment SET starts = '{day}T12:00', ends = NULL "
                     "WHERE ref = 'a1'")
            shop.wait_absorbed()
            self.assertEqual("Ilze" in self.events(path), seen)

    def test_nothing_that_a_row_says_becomes_a_line_of_its_own(self):
        shop = self.serve()
        title = "Brakes;,\\ \"x\"\r\nBEGIN:VALARM\nDTSTART:19700101T000000Z " + "ā" * 200
        shop.sql(f"UPDATE appointment SET title = '{title}', location = 'a\r\nUID:1' "
                 "WHERE ref = 'a1'")
        shop.wait_absorbed()
        path = self.publish("business")
        raw = self.ask(path).text.encode()
        for line in raw.split(b"\r\n"):
            self.assertLessEqual(len(line), 75)
            self.assertNotRegex(line, rb"^(BEGIN:VALARM|UID:1$|DTSTART:19700101T000000Z)")
            line.decode()
        self.assertEqual(len(re.findall(rb"(?m)^UID:", raw)), 2)
        summary = str(self.events(path)["Ilze"]["SUMMARY"])
        self.assertEqual(summary.replace("\r\n", "\n"),
                         "Ilze Kalna: " + title.replace("\r\n", "\n"))


class Polls(FeedTest):
    def test_what_has_not_changed_is_not_sent_again(self):
        shop = self.serve()
        path = self.publish("staff", "anna")
        first = self.ask(path)
        tag = first.headers["ETag"]
        self.assertRegex(tag, r'^"[0-9a-f]{32}"$')
        self.assertEqual(first.headers["Cache-Control"], "private, no-cache")
        again = self.ask(path, If_None_Match=f'"x", {tag}')
        self.assertEqual((again.status, again.text, again.headers["ETag"]), (304, "", tag))
        head = self.ask(path, "HEAD")
        self.assertEqual((head.status, head.text, head.headers["ETag"]), (200, "", tag))
        self.assertEqual(int(head.headers["Content-Length"]), len(first.text.encode()))
        # Commits that are none of its business, and a start of the service, change nothing.
        shop.sql("INSERT INTO client (name) VALUES ('Zane'); "
                 "UPDATE appointment SET title = 'other' WHERE ref = 'a2';")
        shop.wait_absorbed()
        self.assertEqual(self.ask(path, If_None_Match=tag).status, 304)
        shop.stop()
        shop.start()
        self.assertEqual(self.ask(path, If_None_Match=tag).status, 304)
        self.assertEqual(self.ask(path).text, first.text)

    def test_whatever_changes_its_text_changes_its_tag(self):
        shop = self.serve()
        path = self.publish("staff", "anna")
        seen = {self.tag(path)}
        for change in ("UPDATE appointment SET title = 'Tyres' WHERE ref = 'a1'",
                       "UPDATE appointment SET location = NULL WHERE ref = 'a1'",
                       f"UPDATE appointment SET ends = '{DAY}T17:00' WHERE ref = 'a1'",
                       "UPDATE appointment SET status = 'confirmed' WHERE ref = 'a1'",
                       "UPDATE appointment SET timezone = 'Asia/Almaty' WHERE ref = 'a1'",
                       "UPDATE client SET phone = '+37120000009' WHERE ref = 'c1'",
                       "UPDATE client SET name = 'Ilze Liepa' WHERE ref = 'c1'",
                       "UPDATE job SET title = 'Volvo V70' WHERE ref = 'J1'",
                       "UPDATE staff SET name = 'Anna Liepa' WHERE ref = 'anna'",
                       "UPDATE appointment SET staff_id = 1 WHERE ref = 'a2'",
                       "DELETE FROM appointment WHERE ref = 'a1'"):
            shop.sql(change)
            shop.wait_absorbed()
            tag = self.tag(path)
            self.assertNotIn(tag, seen, change)
            self.assertEqual(self.ask(path, If_None_Match=", ".join(seen)).status, 200, change)
            seen.add(tag)

    def test_settings_that_it_shows_change_it_too(self):
        shop = self.serve()
        path = self.publish("business")
        tag = self.tag(path)
        conf = (shop.dir / "betimes.conf").read_text(encoding="utf-8")
        for old, new in (("Riverside Garage", "Lakeside Garage"), ("Europe/Riga", "Asia/Almaty")):
            conf = conf.replace(old, new)
            shop.write("betimes.conf", conf)
            shop.reload()
            self.assertNotEqual(self.tag(path), tag)
            tag = self.tag(path)
        self.assertEqual(str(self.calendar(path)["NAME"]), "Lakeside Garage")

    def test_fifty_thousand_visits_are_written_in_little_memory(self):
        visits = 50000
        rows = f"""WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
            WHERE i < {visits}) INSERT INTO appointment (client_id, staff_id, title, starts)
            SELECT 1, 1, 'Brake check ' || i, strftime('%Y-%m-%dT%H:00', 'now',
            '+' || (1 + i % 365) || ' days') FROM n;"""
        shop = self.serve(rows="INSERT INTO client (name) VALUES ('Ilze');" + rows)
        path = self.publish("business")
        small = self.publish("staff", "berta")
        self.ask(small)
        memory = f"/proc/{shop.service.pid}"
        with open(f"{memory}/clear_refs", "w", encoding="ascii") as f:
            f.write("5")  # the peak begins anew
        before = self.peak_kb(memory)
        answer = self.ask(path)
        self.assertEqual(answer.text.count("BEGIN:VEVENT"), visits)
        self.assertTrue(answer.text.endswith("END:VCALENDAR\r\n"))
        size_kb = len(answer.text) // 1024
        more_kb = self.peak_kb(memory) - before
        if slow(1) == 1:  # a sanitizer keeps what was freed
            self.assertLess(more_kb, min(size_kb, 16 * 1024))
        tag = answer.headers["ETag"]
        self.assertEqual(self.ask(path, If_None_Match=tag).status, 304)

    def peak_kb(self, process):
        with open(f"{process}/status", encoding="ascii") as f:
            return int(re.search(r"VmHWM:\s+(\d+) kB", f.read())[1])


class Strangers(FeedTest):
    def test_what_was_wrong_revoked_or_closed_looks_the_same(self):
        shop = self.serve()
        revoked, left, gone = (self.publish(*whose) for whose in
                               (("business",), ("staff", "anna"), ("staff", "berta")))
        for path in (revoked, left, gone):
            self.assertEqual(self.ask(path).status, 200)
        wrong = self.ask("/calendar/" + "0" * 40 + ".ics")
        self.assertEqual(wrong.status, 404)
        shop.run("calendar", "revoke", shop.json("calendar")[0]["id"])
        shop.sql("UPDATE staff SET active = 0 WHERE ref = 'anna'; "
                 "DELETE FROM staff WHERE ref = 'berta';")
        for path in (revoked, left, gone):
            answer = self.ask(path)
            self.assertEqual((answer.status, answer.text), (404, wrong.text))
            told, same = dict(answer.headers), dict(wrong.headers)
            told.pop("Date"), same.pop("Date")
            self.assertEqual(told, same)

    def test_guessing_is_slowed_down_and_keeps_out_nobody_with_a_link(self):
        self.serve()
        path = self.publish("business")
        statuses = [self.ask(f"/calendar/{i:040x}.ics").status for i in range(8)]
        self.assertEqual(statuses[:4], [404] * 4)
        self.assertEqual(statuses[-1], 429)
        answer = self.ask("/calendar/" + "f" * 40 + ".ics")
        self.assertGreater(int(answer.headers["Retry-After"]), 0)
        self.assertEqual(self.ask(path).status, 200)

    def test_it_needs_no_cookie_and_sets_none_and_is_in_no_log_or_index(self):
        shop = self.serve()
        path = self.publish("business")
        answer = self.ask(path)
        self.assertNotIn("Set-Cookie", answer.headers)
        self.assertEqual(answer.headers["Content-Type"], "text/calendar; charset=utf-8")
        self.assertEqual(answer.headers["X-Robots-Tag"], "noindex, nofollow")
        self.assertEqual(answer.headers["Referrer-Policy"], "same-origin")
        self.assertEqual(Browser(self.port).post(path, {"a": "b"}).status, 405)
        self.assertEqual(self.ask(path, Host="evil.example").status, 421)
        self.ask(path.replace(".ics", "0.ics"))
        token = path.split("/")[-1].removesuffix(".ics")
        self.assertNotIn(token[:20], shop.log())

    def test_a_link_of_elsewhere_opens_nothing_here(self):
        self.serve()
        for path in ("/calendar/.ics", "/calendar/x", "/calendar/" + "a" * 65 + ".ics",
                     "/calendar/%27%20OR%201=1.ics", "/calendar/../calendar/x.ics"):
            self.assertIn(self.ask(path).status, (400, 404), path)


if __name__ == "__main__":
    unittest.main()
