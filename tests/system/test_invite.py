"""Calendar invitations that go with mails, as a mail server gets them and as Debian's
python3-icalendar and, for a second opinion, python3-vobject read them: a request, an update that
updates, a cancellation that cancels."""

import unittest
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import vobject

from harness import BUSINESS, MailServer, ShopTest

PLAYBOOK = """
[rule booked]
on = appointment booked
by = email
invite = yes

[rule moved]
on = appointment moved
by = email
invite = yes

[rule cancelled]
on = appointment cancelled
by = email
invite = yes
"""
WORDS = {f"{rule}/en.email": f"Subject: {rule}\n\nDear {{{{client.name}}}}, you are {rule}:\n\n"
                             "{{appointment.title}}; see you, Ž.\n"
         for rule in ("booked", "moved", "cancelled")}
DAY = date.today() + timedelta(days=40)


def quote(text):
    return "'" + text.replace("'", "''") + "'"


class Invitation:
    """The calendar in a mail: its method, its only event, and that it is put where it belongs."""

    def __init__(self, test, mail):
        message = mail.message
        test.assertEqual(message.get_content_type(), "multipart/mixed")
        words, attached = message.iter_parts()
        test.assertEqual(words.get_content_type(), "multipart/alternative")
        test.assertEqual([p.get_content_type() for p in words.iter_parts()],
                         ["text/plain", "text/html", "text/calendar"])
        part = list(words.iter_parts())[-1]
        self.method = part["Content-Type"].params["method"]
        test.assertEqual(part["Content-Type"].params["charset"], "utf-8")
        test.assertIsNone(part.get_filename())
        self.raw = part.get_payload(decode=True)
        test.assertEqual(attached.get_content_type(), "application/ics")
        test.assertEqual((attached.get_content_disposition(), attached.get_filename()),
                         ("attachment", "invite.ics"))
        test.assertEqual(attached.get_payload(decode=True), self.raw)
        for line in self.raw.split(b"\r\n"):
            test.assertLessEqual(len(line), 75)
            line.decode()
        test.assertNotIn(b"VALARM", self.raw)
        self.calendar = icalendar.Calendar.from_ical(self.raw)
        test.assertEqual(str(self.calendar["METHOD"]), self.method)
        (self.event,) = self.calendar.walk("VEVENT")
        self.uid, self.sequence = str(self.event["UID"]), int(self.event["SEQUENCE"])
        test.assertIsInstance(self.event["DTSTAMP"].dt, datetime)
        test.assertNotIsInstance(self.event["ATTENDEE"], list)
        self.attendee, self.organizer = self.event["ATTENDEE"], self.event["ORGANIZER"]
        self.starts = self.event["DTSTART"].dt
        self.compare(test, vobject.readOne(self.raw.decode()))

    def compare(self, test, other):
        """Somebody else's reader finds the same."""
        test.assertEqual(other.method.value, self.method)
        test.assertEqual(len(other.vevent_list), 1)
        event = other.vevent
        test.assertEqual((event.uid.value, int(event.sequence.value), event.summary.value),
                         (self.uid, self.sequence, str(self.event["SUMMARY"])))
        test.assertEqual((event.organizer.value, event.attendee.value),
                         (str(self.organizer), str(self.attendee)))
        if isinstance(self.starts, datetime):
            test.assertEqual(event.dtstart.value.timestamp(), self.starts.timestamp())
        else:
            test.assertEqual(event.dtstart.value, self.starts)

    def zone(self):
        """Its VTIMEZONE, as a time zone of Python's that knows nothing else."""
        (zone,) = self.calendar.walk("VTIMEZONE")
        return zone.to_tz()


class Invitations(ShopTest):
    def invited(self, business=BUSINESS, playbook=PLAYBOOK, **server):
        self.server = self.enterContext(MailServer(**server))
        shop = self.shop(conf=business + self.server.section(), playbook=playbook, templates=WORDS)
        shop.start()
        self.mails = 0
        return shop

    def mail(self):
        """The next mail."""
        self.mails += 1
        return self.server.received(self.mails)[-1]

    def next(self):
        return Invitation(self, self.mail())

    def book(self, shop, ref="a1", starts=f"{DAY}T15:00", name="Anna Ozola", **columns):
        columns = {"ref": ref, "starts": starts, "title": "Brake check", **columns}
        shop.sql(f"""BEGIN;
            INSERT INTO client (name, email) VALUES ({quote(name)}, '{ref}@example.com');
            INSERT INTO appointment (client_id, {", ".join(columns)}) VALUES
              (last_insert_rowid(), {", ".join(quote(str(v)) for v in columns.values())});
            COMMIT;""")

    def test_a_booking_is_an_invitation_for_the_client_alone(self):
        shop = self.invited()
        self.book(shop, ends=f"{DAY}T16:30", location="Dzirnavu iela 1, Rīga")
        got = self.next()
        self.assertEqual((got.method, got.sequence), ("REQUEST", 0))
        self.assertEqual(str(got.attendee), "mailto:a1@example.com")
        self.assertEqual(got.attendee.params["CN"], "Anna Ozola")
        self.assertEqual(str(got.organizer), "mailto:hello@example.com")
        e = got.event
        self.assertEqual((str(e["SUMMARY"]), str(e["LOCATION"]), str(e["STATUS"]),
                          str(e["TRANSP"])),
                         ("Brake check", "Dzirnavu iela 1, Rīga", "CONFIRMED", "OPAQUE"))
        self.assertIn("Dear Anna Ozola, you are booked:", str(e["DESCRIPTION"]))
        self.assertIn("see you, Ž.", str(e["DESCRIPTION"]))
        self.assertEqual(e["DTEND"].dt - got.starts, timedelta(minutes=90))
        self.book(shop, ref="b2", name="Berta Kalna")
        other = self.next()
        self.assertNotEqual(other.uid, got.uid)
        self.assertNotIn(b"a1@example.com", other.raw)
        self.assertNotIn(b"Anna", other.raw)

    def test_an_update_updates_and_a_cancel_cancels(self):
        shop = self.invited()
        self.book(shop)
        first = self.next()
        shop.sql(f"UPDATE appointment SET starts = '{DAY}T17:00'")
        second = self.next()
        self.assertEqual((second.method, second.uid), ("REQUEST", first.uid))
        self.assertGreater(second.sequence, first.sequence)
        self.assertEqual(second.starts - first.starts, timedelta(hours=2))
        shop.sql("UPDATE appointment SET status = 'cancelled'")
        third = self.next()
        self.assertEqual((third.method, third.uid, str(third.event["STATUS"])),
                         ("CANCEL", first.uid, "CANCELLED"))
        self.assertGreater(third.sequence, second.sequence)
        self.assertEqual(str(third.attendee), "mailto:a1@example.com")
        shop.sql("UPDATE appointment SET status = 'booked'")
        fourth = self.next()
        self.assertEqual((fourth.method, fourth.uid), ("REQUEST", first.uid))
        self.assertGreater(fourth.sequence, third.sequence)

    def test_moved_before_it_was_sent_is_one_event_at_its_new_time(self):
        shop = self.invited()
        shop.run("pause")
        self.book(shop)
        shop.wait_message(rule="booked", state="planned")
        shop.sql(f"UPDATE appointment SET starts = '{DAY}T17:00'")
        shop.wait_absorbed()
        shop.run("resume")
        got = self.next()
        self.assertEqual((got.method, got.sequence, got.starts.hour), ("REQUEST", 0, 17))
        shop.wait_absorbed()
        self.assertEqual(len(self.server.received(1)), 1)  # she never heard of the other time

    def test_cancelled_before_it_was_sent_tells_no_calendar(self):
        shop = self.invited()
        shop.run("pause")
        self.book(shop)
        shop.wait_message(rule="booked", state="planned")
        shop.sql("UPDATE appointment SET status = 'cancelled'")
        shop.wait_message(rule="cancelled", state="planned")
        shop.run("resume")
        mail = self.mail()
        self.assertEqual(mail.subject, "cancelled")
        self.assertNotIn(b"text/calendar", mail.data)
        self.assertEqual(shop.query("SELECT * FROM invitation"), [])
        self.assertEqual(shop.messages(rule="booked", state="sent"), [])

    def test_visits_of_a_series_from_a_calendar_are_events_of_their_own(self):
        shop = self.invited()
        shop.sql("INSERT INTO client (name, email) VALUES ('Anna', 'anna@example.com')")
        first = f"{DAY:%Y%m%d}"
        series = ["UID:series-1", f"DTSTART;TZID=Europe/Riga:{first}T150000", "DURATION:PT1H",
                  "RRULE:FREQ=WEEKLY;COUNT=3", "SUMMARY:Checks", "ATTENDEE:mailto:anna@example.com"]
        self.bring(shop, series)
        booked = sorted((self.next_of(shop, n) for n in range(3)), key=lambda i: i.starts)
        self.assertEqual({(i.method, i.sequence) for i in booked}, {("REQUEST", 0)})
        self.assertEqual(len({i.uid for i in booked}), 3)
        for invitation in booked:
            self.assertNotIn("RRULE", invitation.event)
        second = DAY + timedelta(days=7)
        self.assertEqual(booked[1].starts.date(), second)
        moved = ["UID:series-1", f"RECURRENCE-ID;TZID=Europe/Riga:{second:%Y%m%d}T150000",
                 f"DTSTART;TZID=Europe/Riga:{second:%Y%m%d}T170000", "DURATION:PT1H",
                 "SEQUENCE:1", "SUMMARY:Checks", "ATTENDEE:mailto:anna@example.com"]
        self.bring(shop, series, moved)
        update = self.next()
        self.assertEqual((update.method, update.uid, update.starts.hour),
                         ("REQUEST", booked[1].uid, 17))
        self.assertGreater(update.sequence, booked[1].sequence)
        third = DAY + timedelta(days=14)
        off = ["UID:series-1", f"RECURRENCE-ID;TZID=Europe/Riga:{third:%Y%m%d}T150000",
               f"DTSTART;TZID=Europe/Riga:{third:%Y%m%d}T150000", "SEQUENCE:1", "SUMMARY:Checks",
               "STATUS:CANCELLED", "ATTENDEE:mailto:anna@example.com"]
        self.bring(shop, series, moved, off)
        end = self.next()
        self.assertEqual((end.method, end.uid), ("CANCEL", booked[2].uid))

    def next_of(self, shop, n):
        """The n-th mail of several that go at once."""
        mails = self.server.received(3)
        self.mails = max(self.mails, 3)
        return Invitation(self, mails[n])

    def bring(self, shop, *events):
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test"]
        for event in events:
            lines += ["BEGIN:VEVENT", *event, "END:VEVENT"]
        path = shop.dir / "visits.ics"
        path.write_bytes("\r\n".join([*lines, "END:VCALENDAR", ""]).encode())
        shop.run("import", path)

    def test_what_another_program_called_it_is_kept(self):
        shop = self.invited()
        self.book(shop, uid="visit-17@crm.example.com", sequence=4)
        first = self.next()
        self.assertEqual((first.uid, first.sequence), ("visit-17@crm.example.com", 4))
        shop.sql(f"UPDATE appointment SET starts = '{DAY}T17:00', sequence = 9, uid = 'new'")
        second = self.next()
        self.assertEqual((second.uid, second.sequence), (first.uid, 9))
        self.book(shop, ref="b2", uid="visit-17@crm.example.com")  # another visit of the series
        self.assertNotEqual(self.next().uid, first.uid)

    def test_times_are_told_in_the_zone_of_the_visit(self):
        shop = self.invited(business=BUSINESS.replace("Europe/Riga", "America/Toronto"))
        for n, name in enumerate(("Europe/Riga", "Asia/Almaty", "Australia/Lord_Howe", None)):
            told = name or "America/Toronto"
            for day in (DAY, DAY + timedelta(days=182)):
                self.book(shop, ref=f"v{n}-{day}", starts=f"{day}T15:00",
                          **({"timezone": name} if name else {}))
                got = self.next()
                self.assertEqual(got.event["DTSTART"].params["TZID"], told)
                wall = datetime(day.year, day.month, day.day, 15)
                self.assertEqual(got.starts.replace(tzinfo=None), wall)
                zone = got.zone()
                offset = zone.utcoffset(wall)
                self.assertEqual(offset, wall.replace(tzinfo=ZoneInfo(told)).utcoffset(), told)
                self.assertEqual(str(zone), told)

    def test_an_instant_is_told_by_the_clocks_of_the_business(self):
        shop = self.invited()
        self.book(shop, starts=f"{DAY}T10:00:00Z")
        got = self.next()
        self.assertEqual(got.event["DTSTART"].params["TZID"], "Europe/Riga")
        self.assertEqual(got.starts.timestamp(),
                         datetime.fromisoformat(f"{DAY}T10:00:00+00:00").timestamp())

    def test_a_day_is_told_as_a_day(self):
        shop = self.invited()
        self.book(shop, starts=f"{DAY}", ends=f"{DAY + timedelta(days=2)}")
        got = self.next()
        self.assertEqual((got.starts, got.event["DTEND"].dt), (DAY, DAY + timedelta(days=2)))
        self.assertNotIsInstance(got.starts, datetime)
        self.assertEqual(got.calendar.walk("VTIMEZONE"), [])

    def test_nothing_that_a_row_says_becomes_a_line_of_its_own(self):
        shop = self.invited()
        title = "Brakes;,\\ \"and\" more\r\nATTENDEE:mailto:eve@example.com\nBEGIN:VALARM"
        name = "Anna;CN=\"Eve\":mailto:eve@example.com,\\ Žē " + "ā" * 60
        self.book(shop, title=title, name=name, location="Hall 2\r\nDTSTART:19700101T000000Z")
        mail = self.mail()
        part = [p for p in mail.message.walk() if p.get_content_type() == "text/calendar"][0]
        raw = part.get_payload(decode=True)
        unfolded = raw.replace(b"\r\n ", b"").split(b"\r\n")
        for begin, count in ((b"ATTENDEE", 1), (b"BEGIN:VALARM", 0), (b"DTSTART;", 1),
                             (b"DTSTART:19700101T000000Z", 0)):
            self.assertEqual(sum(x.startswith(begin) for x in unfolded), count, begin)
        (event,) = icalendar.Calendar.from_ical(raw).walk("VEVENT")
        self.assertEqual(str(event["SUMMARY"]).replace("\r\n", "\n"), title.replace("\r\n", "\n"))
        self.assertEqual(str(event["ATTENDEE"]), "mailto:a1@example.com")

    def test_a_resend_is_the_same_to_the_byte(self):
        shop = self.invited(drop_first_dot=True)
        self.book(shop)
        shop.wait_message(rule="booked", state="retry")
        (number,) = [m["id"] for m in shop.messages(rule="booked")]
        shop.run("retry", number)
        first, second = self.server.received(2)
        self.assertEqual(first.data, second.data)
        self.assertIn(b"text/calendar; method=REQUEST", first.data)

    def test_a_preview_tells_that_an_invitation_goes_with_it(self):
        shop = self.invited()
        for rule, word, line in (
            ("booked", "request", "an invitation goes with it"),
            ("cancelled", "cancel", "takes the visit out of the calendar of who was invited"),
        ):
            self.assertEqual(shop.json("preview", rule)[0]["invitation"], word)
            self.assertIn(line, shop.run("preview", rule).stdout)
        self.assertEqual(shop.query("SELECT count(*) AS n FROM invitation")[0]["n"], 0)
        plain = self.shop(playbook=PLAYBOOK.replace("invite = yes\n", ""), templates=WORDS)
        self.assertIsNone(plain.json("preview", "booked")[0]["invitation"])
        self.assertNotIn("invitation", plain.run("preview", "booked").stdout)

    def test_who_was_never_invited_gets_no_cancellation(self):
        playbook = PLAYBOOK.replace("by = email\ninvite = yes", "by = email", 1)
        shop = self.invited(playbook=playbook)
        self.book(shop)
        self.assertEqual(self.mail().message.get_content_type(), "multipart/alternative")
        shop.sql("UPDATE appointment SET status = 'cancelled'")
        mail = self.mail()
        self.assertEqual(mail.subject, "cancelled")
        self.assertNotIn(b"text/calendar", mail.data)


if __name__ == "__main__":
    unittest.main()
