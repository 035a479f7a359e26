"""Calendar files become appointments, and what changes in them reaches the clients."""

import json
import subprocess
import unittest

from calendar_words import calendar, event
from cli_shop import CliTest
from harness import wait_until

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


class Import(CliTest):
    def given(self):
        shop = self.shop(playbook=PLAYBOOK, templates=TEMPLATES)
        shop.sql(CLIENTS)
        return shop

    def bring(self, shop, text, *args, **more):
        """Import it; what it says with --json."""
        path = shop.dir / "visits.ics"
        path.write_bytes(text.encode())
        return json.loads(shop.run("import", path, "--json", *args, **more).stdout)

    def rows(self, shop):
        return [(r["uid"], r["starts"], r["status"])
                for r in shop.query("SELECT * FROM appointment ORDER BY starts")]

    def test_a_file_books_moves_and_cancels_and_the_client_hears_of_it(self):
        shop = self.given()
        shop.start()
        told = self.bring(shop, calendar(event("brakes", "08T150000")))
        self.assertEqual(told["counts"]["booked"], 1)
        mail = shop.wait_message(rule="booked", state="sent")
        self.assertIn("brakes 15:00", mail["text"])
        self.bring(shop, calendar(event("brakes", "09T163000", "SEQUENCE:1")))
        mail = shop.wait_message(rule="moved", state="sent")
        self.assertIn("brakes 16:30", mail["text"])
        self.bring(shop, calendar(event("brakes", "09T163000", "SEQUENCE:2"),
                                  method="METHOD:CANCEL"))
        shop.wait_message(rule="off", state="sent")
        self.assertEqual(self.rows(shop), [("brakes", "2099-06-09T16:30", "cancelled")])

    def test_the_same_file_again_changes_nothing(self):
        shop = self.given()
        text = calendar(event("brakes", "08T150000"), event("oil", "08T170000"))
        self.bring(shop, text)
        before = shop.query("SELECT * FROM appointment")
        told = self.bring(shop, text)
        self.assertEqual(told["counts"]["as_before"], 2)
        self.assertEqual(told["events"], [])
        self.assertEqual(shop.query("SELECT * FROM appointment"), before)

    def test_what_a_file_does_not_mention_is_left_alone(self):
        shop = self.given()
        self.bring(shop, calendar(*[event(f"v{i}", f"{8 + i:02}T150000") for i in range(6)]))
        told = self.bring(shop, calendar(event("v7", "20T150000")))
        self.assertEqual((told["counts"]["booked"], told["counts"]["as_before"]), (1, 0))
        self.assertEqual({status for _, _, status in self.rows(shop)}, {"booked"})
        self.assertEqual(len(self.rows(shop)), 7)

    def test_who_is_not_known_is_told_and_becomes_a_task(self):
        shop = self.given()
        text = calendar(event("brakes", "08T150000", guest="bo@example.com"))
        told = self.bring(shop, text)
        self.assertEqual(told["counts"]["no_client"], 1)
        self.assertIn("bo@example.com", told["events"][0]["why"])
        (task,) = shop.json("tasks")
        self.assertIn("“brakes” on 2099-06-08 15:00 in a calendar file names bo@example.com, and "
                      "no client has that", task["text"])
        shop.sql("INSERT INTO client (name, email) VALUES ('Bo', 'bo@example.com');")
        self.assertEqual(self.bring(shop, text)["counts"]["booked"], 1)
        self.assertEqual(shop.json("tasks"), [])

    def test_a_dry_run_says_what_would_be_done_and_does_not_do_it(self):
        shop = self.given()
        told = self.bring(shop, calendar(event("brakes", "08T150000")), "--dry-run")
        self.assertEqual((told["dry_run"], told["counts"]["booked"]), (True, 1))
        self.assertEqual(self.rows(shop), [])
        self.assertEqual(shop.query("SELECT * FROM calendar"), [])

    def test_for_people_it_says_what_it_did_in_words(self):
        shop = self.given()
        done = shop.run("import", "-", stdin=calendar(
            event("brakes", "08T150000"), event("lunch", "08T120000", guest=None)))
        self.assertRegex(done.stdout, r"new +2099-06-08 15:00 +brakes +import/brakes\n")
        self.assertRegex(done.stdout, r"no client +2099-06-08 12:00 +lunch *\n +names no client")
        self.assertIn("1 new, 1 no client, 0 as before.\n", done.stdout)

    def test_what_is_no_calendar_is_refused_and_changes_nothing(self):
        shop = self.given()
        whole = calendar(event("brakes", "08T150000"), event("oil", "08T170000"))
        for text in ("", "<html>log in</html>", whole[:-40], whole.replace("END:VCALENDAR", "")):
            path = shop.write("bad.ics", text)
            self.refused(shop, "bad.ics: ", "import", path)
        self.refused(shop, "No such file", "import", shop.dir / "none.ics")
        self.assertEqual(self.rows(shop), [])

    def test_a_messy_export_is_taken_as_far_as_it_can_be_read(self):
        """A byte order mark, line ends of both kinds, a fold within a letter, line ends in a text,
        names of zones that nobody has, properties that nobody knows."""
        shop = self.given()
        oil = event("oil", "09T100000", "DESCRIPTION:Bring the papers.", "Begin: 10:00",
                    "End: 11:30", "Please park outside",
                    'X-ALT-DESC;FMTTYPE="text/html":<a href="x">:;,</a>')
        oil[1] = 'DTSTART;TZID="FLE Standard Time":20990609T100000'
        lost = event("lost", "10T100000")
        lost[1] = "DTSTART;TZID=Customized Time Zone:20990610T100000"
        cut = event("cut", "11T100000", guest=None)
        cut[3] = "SUMMARY:Cut \U0001f487 Anna"
        cut += ['ATTENDEE;CN="Anna; \'x\'";EMAIL="anna@example.com":/aMTIz/principal/']
        data = calendar(oil, lost, cut).encode()
        letter = "\U0001f487".encode()
        data = data.replace(letter, letter[:2] + b"\r\n " + letter[2:])
        data = b"\xef\xbb\xbf" + data.replace(b"\r\nSUMMARY", b"\nSUMMARY")
        path = shop.dir / "messy.ics"
        path.write_bytes(data)
        told = json.loads(shop.run("import", path, "--json").stdout)
        self.assertEqual((told["counts"]["booked"], told["counts"]["unknown_time"]), (2, 1))
        self.assertEqual(self.rows(shop), [("oil", "2099-06-09T10:00", "booked"),
                                           ("cut", "2099-06-11T10:00", "booked")])
        self.assertEqual(shop.query("SELECT title FROM appointment WHERE uid = 'cut'"),
                         [{"title": "Cut \U0001f487 Anna"}])
        (task,) = shop.json("tasks")
        self.assertIn("Customized Time Zone", task["text"])

    def test_one_that_was_killed_is_simply_made_again(self):
        shop = self.given()
        text = calendar(*[event(f"v{i}", f"{1 + i % 28:02}T{8 + i % 9:02}0000")
                          for i in range(3000)])
        path = shop.write("large.ics", text)
        with subprocess.Popen(shop.betimes.argv("import", path),
                              stdout=subprocess.DEVNULL) as running:
            wait_until("some of it", lambda: shop.query("SELECT 1 FROM appointment LIMIT 1"))
            running.kill()
        before = len(self.rows(shop))
        self.assertLess(before, 3000)
        counts = self.bring(shop, text)["counts"]
        self.assertEqual((counts["booked"], counts["as_before"]), (3000 - before, before))
        self.assertEqual(len(set(self.rows(shop))), 3000)

    def test_another_program_writes_while_a_large_file_is_imported(self):
        shop = self.given()
        text = calendar(*[event(f"v{i}", f"{1 + i % 28:02}T{8 + i % 9:02}0000")
                          for i in range(3000)])
        path = shop.write("large.ics", text)
        with subprocess.Popen(shop.betimes.argv("import", path),
                              stdout=subprocess.DEVNULL) as running:
            writes = 0
            while running.poll() is None or writes == 0:
                shop.sql("UPDATE client SET notes = 'x' WHERE ref = 'anna';")
                writes += 1
            self.assertEqual(running.returncode, 0)
        self.assertEqual(len(self.rows(shop)), 3000)


if __name__ == "__main__":
    unittest.main()
