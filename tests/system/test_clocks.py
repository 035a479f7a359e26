"""Clocks change under the service: another tzdata is installed while it runs, or while it is down.
The promise is the time on the wall, so what is still to come moves and what was sent stays."""

import shutil
import struct
import tempfile
from pathlib import Path

from harness import CONF, FileGatewayFolder, ShopTest, wait_until

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
