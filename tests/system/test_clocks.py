"""Clocks change under the service.

Another tzdata is installed while it runs, or while it is down: the promise is the time on the wall,
so what is still to come moves and what was sent stays. Or the clock itself is set forward or back
by hours: libfaketime shows the service another time than the machine's. It cannot ring the
kernel's timer, as a real step does, so each step is followed by a commit of another program, which
makes the service look as well.
"""

import glob
import shutil
import struct
import tempfile
from pathlib import Path

from harness import BUSINESS, CONF, FileGatewayFolder, MailServer, ShopTest, preload, wait_until

EUROPEAN = "EET-2EEST,M3.5.0/3,M10.5.0/4"
SUMMER_FOR_EVER = "<+03>-3"
NOTICED_S = 30  # the service looks every ten seconds

PLAYBOOK = """
[rule booked]
on = appointment booked
by = sms

[rule moved]
on = appointment moved
by = sms

[rule evening]
on = appointment starts
when = 1 day before at 18:00
by = sms

[rule soon]
on = appointment starts
when = 2 hours before
by = sms
"""

WORDS = {f"{rule}/en.sms": rule + " {{appointment.starts | time}}"
         for rule in ("booked", "moved", "evening", "soon")}

CLIENT = "INSERT INTO client (id, ref, name, phone) VALUES (1, 'anna', 'Anna', '20000001');"
VISIT = """INSERT INTO appointment (ref, client_id, starts, timezone)
    VALUES ('v', 1, '2026-12-08T15:00', '%s');"""


class Zones:
    """A folder of zone files, each of which is all rule; put() replaces one as a package does."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="betimes-zones-"))
        self.env = {"TZDIR": str(self.folder)}

    def put(self, name, rule):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        counts = (0, 0, 0, 0, 1, 4)
        block = b"TZif2" + bytes(15) + struct.pack(">6l", *counts) + struct.pack(">lbb", 0, 0, 0)
        new = path.with_name(path.name + ".dpkg-new")
        new.write_bytes((block + b"ABC\0") * 2 + f"\n{rule}\n".encode("ascii"))
        new.replace(path)

    def close(self):
        shutil.rmtree(self.folder)


class TzdataUpdates(ShopTest):
    def setUp(self):
        self.zones = Zones()
        self.addCleanup(self.zones.close)
        self.zones.put("Europe/Riga", EUROPEAN)
        self.zones.put("Asia/Almaty", "<+06>-6")
        self.garage = self.shop(conf=CONF, playbook=PLAYBOOK, templates=WORDS)

    def start(self, now="2026-12-01T09:00:00Z"):
        self.garage.start("--now", now, env=self.zones.env)

    def book(self, zone):
        self.garage.sql(CLIENT + VISIT % zone)
        self.garage.wait_message(rule="booked", state="sent")

    def due(self, rule):
        return self.garage.message(rule=rule)["due"]

    def wait_due(self, rule, due):
        wait_until(f"{rule} at {due}", lambda: self.due(rule) == due, NOTICED_S)

    def texts(self):
        return sorted(text.strip() for _, text in FileGatewayFolder(self.garage.out).texts())

    def test_an_update_while_it_runs_leaves_no_reminder_an_hour_off(self):
        self.start()
        self.book("Europe/Riga")
        self.assertEqual(self.due("soon"), "2026-12-08T11:00:00Z")
        self.zones.put("Europe/Riga", SUMMER_FOR_EVER)
        self.wait_due("soon", "2026-12-08T10:00:00Z")
        self.assertEqual(self.due("evening"), "2026-12-07T15:00:00Z")
        self.assertEqual(self.garage.messages(rule="moved"), [])
        self.assertEqual(self.texts(), ["booked 15:00"])
        # It goes at its new time, once, and tells the time that was always promised.
        self.garage.stop()
        self.start("2026-12-08T10:00:01Z")
        self.garage.wait_message(rule="soon", state="sent")
        self.assertIn("soon 15:00", self.texts())
        self.assertEqual(self.texts().count("booked 15:00"), 1)

    def test_the_zone_of_a_visit_elsewhere_is_watched_too(self):
        self.start()
        self.book("Asia/Almaty")
        self.assertEqual(self.due("soon"), "2026-12-08T07:00:00Z")
        self.zones.put("Asia/Almaty", "<+05>-5")
        self.wait_due("soon", "2026-12-08T08:00:00Z")

    def test_an_update_while_it_is_down_is_not_missed(self):
        self.start()
        self.book("Asia/Almaty")
        self.garage.wait_absorbed()
        self.garage.stop()
        self.zones.put("Asia/Almaty", "<+05>-5")
        self.start()
        self.wait_due("soon", "2026-12-08T08:00:00Z")
        self.assertEqual(self.garage.messages(rule="moved"), [])
        self.assertEqual(self.texts(), ["booked 15:00"])


FAKETIME = "/usr/lib/*/faketime/libfaketimeMT.so.1"

STEPS = """
[rule booked]
on = appointment booked

[rule soon]
on = appointment starts
when = 2 hours before

[rule evening]
on = appointment booked
when = 1 hour after
late = 30 minutes

[rule thanks]
on = appointment ends
when = 10 minutes after
"""

STEP_WORDS = {f"{rule}/en.email": f"Subject: {rule}\n\nHello {{{{client.name}}}}.\n"
              for rule in ("booked", "soon", "evening", "thanks")}


class ClockSteps(ShopTest):
    def open(self, **faults):
        self.mail = self.enterContext(MailServer(**faults))
        self.garage = self.shop(conf=BUSINESS + self.mail.section(), playbook=STEPS,
                                templates=STEP_WORDS)
        self.step = self.garage.home / "step"
        self.step.write_text("+0")
        self.garage.start(env={
            **preload(glob.glob(FAKETIME)[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self.step),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_RESET": "1",
            "DONT_FAKE_MONOTONIC": "1",
        })
        self.garage.sql("INSERT INTO client (id, name, email) VALUES (1, 'Anna', 'a@example.com')")

    def book(self, hours):
        self.garage.sql(f"""INSERT INTO appointment (ref, client_id, starts, ends) VALUES ('v', 1,
            strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+{hours} hours'),
            strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+{hours} hours', '+30 minutes'))""")

    def set_clock(self, hours):
        """Hours ahead of the machine's clock."""
        self.step.write_text(f"{hours:+d}h")
        self.garage.sql("UPDATE client SET notes = 'look', language = CASE WHEN language = 'en' "
                        "THEN 'lv' ELSE 'en' END")

    def subjects(self):
        return sorted(mail.subject for mail in self.mail.received(0))

    def test_six_hours_forward_sends_nothing_that_is_useless_by_then(self):
        self.open()
        self.book(hours=5)
        self.garage.wait_message(rule="booked", state="sent")
        self.set_clock(+6)
        self.garage.wait_message(rule="thanks", state="sent")
        self.assertEqual(self.garage.message(rule="soon")["state"], "expired")
        self.assertEqual(self.garage.message(rule="evening")["state"], "expired")
        self.assertEqual(self.subjects(), ["booked", "thanks"])

    def test_six_hours_back_sends_nothing_twice(self):
        self.open()
        self.book(hours=3)
        self.garage.wait_message(rule="booked", state="sent")
        self.set_clock(+2)
        self.garage.wait_message(rule="soon", state="sent")
        self.set_clock(-4)
        self.garage.wait_log("the clock was set back")
        self.set_clock(+2)
        self.garage.wait_message(rule="evening", state="expired")
        self.mail.never_more_than(2, 2)
        self.assertEqual(self.subjects(), ["booked", "soon"])

    def test_a_retry_is_not_stuck_behind_a_step_back(self):
        self.open(refuse_first=1)
        self.book(hours=30)
        self.garage.wait_message(rule="booked", state="retry")
        self.set_clock(-6)
        self.mail.received(1, seconds=10)
        self.garage.wait_message(rule="booked", state="sent")
        self.assertEqual(self.subjects(), ["booked"])
