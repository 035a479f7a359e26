"""The disk fails while the service works: reads, writes and syncs end with an error (a preloaded
library, tests/faults/disk.c), the log's disk is full, others keep the database locked, a stop comes
in the middle of a send. Nothing is lost, nothing goes twice unlisted.
"""

import errno
import os
import random
import shutil
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from harness import BUSINESS, ROOT, MailServer, ShopTest, preload, slow, wait_until
from web_browser import free_port

PLAYBOOK = """
[workflow repair]
stages = New, Ready

[rule ready]
on = job enters Ready
by = email
"""
WORDS = {"ready/en.email": "Subject: {{job.title}}\n\nReady.\n"}
LOCKED_S = float(os.environ.get("BETIMES_LOCKED_S", "6"))  # `make crash` has more time
NOISE = bytes(random.Random(1).randrange(256) for _ in range(65536))  # no page of a database


class Running(ShopTest):
    seconds = 120

    def make(self, **more):
        self.server = self.enterContext(MailServer(**more))
        self.port = free_port()
        conf = BUSINESS + self.server.section() + f"\n[web]\nlisten = 127.0.0.1:{self.port}\n"
        return self.shop(conf=conf, playbook=PLAYBOOK, templates=WORDS)

    def jobs(self, shop, count, first=1, box="a"):
        for i in range(first, first + count):
            shop.sql(f"INSERT INTO client (name, email) VALUES ('A', '{box}{i}@example.com');"
                     "INSERT INTO job (client_id, stage, title) VALUES ((SELECT max(id) FROM "
                     f"client), 'Ready', 'T{i}');")

    def health(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=20) as r:
                return r.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def once(self, shop, count):
        """Each has gone; a second copy only if it is listed."""
        wait_until("all sent", lambda: shop.states() == {"sent": count}, 60)
        got = [mail.recipients[0] for mail in list(self.server.mails)]
        listed = {m["to"] for m in shop.json("outbox", "--unknown")}
        self.assertEqual(len(set(got)), count)
        self.assertLessEqual({address for address in got if got.count(address) > 1}, listed)


class FailingDisk(Running):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.library = f"{cls.folder}/disk.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-O1", "-o", cls.library,
                        str(ROOT / "tests/faults/disk.c")], check=True)

    def begin(self, shop):
        self.control = Path(self.folder) / "control"
        self.control.unlink(missing_ok=True)
        shop.start(env={**preload(self.library), "BETIMES_DISK": str(self.control)})
        self.jobs(shop, 3)
        self.once(shop, 3)

    def make_fail(self, what, number):
        new = self.control.with_suffix(".new")
        new.write_text(f"{what} {number}")
        new.rename(self.control)

    def test_a_sync_that_fails_ends_it_and_the_next_start_goes_on(self):
        shop = self.make()
        self.begin(shop)
        self.make_fail("sync", errno.EIO)
        self.jobs(shop, 5, 4)
        shop.wait_end(2)
        self.assertIn("the disk did not confirm a write", shop.log())
        self.control.unlink()
        shop.start()
        self.once(shop, 8)

    def test_a_disk_that_cannot_be_read_ends_all_work_and_a_later_start_goes_on(self):
        """SQLite takes it for damage, and nothing else can be known."""
        shop = self.make()
        self.begin(shop)
        self.make_fail("read", errno.EIO)
        self.jobs(shop, 5, 4)
        shop.wait_log("the database is damaged: nothing is planned or sent any more")
        self.assertEqual(self.health(), 503)
        self.server.never_more_than(3, 1)
        shop.stop()
        self.control.unlink()
        shop.start()
        self.once(shop, 8)

    def test_while_nothing_can_be_written_nothing_goes_and_all_are_told(self):
        for number in (errno.EIO, errno.EROFS):
            with self.subTest(os.strerror(number)):
                shop = self.make()
                self.begin(shop)
                self.make_fail("write", number)
                self.jobs(shop, 5, 4)
                wait_until("healthz", lambda: self.health() == 503, 20)
                wait_until("status", lambda: shop.json("status")["service"]["trouble"], 20)
                self.server.never_more_than(3, 1)
                self.control.unlink()
                self.once(shop, 8)
                wait_until("healthz", lambda: self.health() == 200, 20)
                shop.stop()


class Damaged(Running):
    def test_damaged_while_it_runs_it_ends_all_work_leaves_the_file_and_a_backup_mends_it(self):
        shop = self.make()
        shop.start()
        self.jobs(shop, 3)
        self.once(shop, 3)
        backup = shop.home / "backup.db"
        shop.run("backup", backup)
        self.jobs(shop, 2, 4)
        self.once(shop, 5)
        shop.sql("PRAGMA wal_checkpoint(TRUNCATE)")
        page = int(shop.sql("PRAGMA page_size"))
        root = int(shop.sql("SELECT rootpage FROM sqlite_schema WHERE name = 'message'"))
        file = shop.database.stat().st_ino
        with open(shop.database, "r+b") as f:
            f.seek((root - 1) * page)
            f.write(NOISE[:page])
        self.jobs(shop, 5, 6)
        shop.wait_log("the database is damaged: nothing is planned or sent any more")
        wait_until("healthz", lambda: self.health() == 503, 20)
        wait_until("status", lambda: "corrupt" in (shop.notify.last("STATUS") or ""), 20)
        self.server.never_more_than(5, 1)
        self.assertEqual(shop.database.stat().st_ino, file)
        shop.stop()
        with open(shop.database, "rb") as f:
            f.seek((root - 1) * page)
            self.assertEqual(f.read(page), NOISE[:page])
        shutil.copy(backup, shop.database)
        shop.start()
        shop.run("resume")
        shop.wait_absorbed()
        self.server.never_more_than(5, 0.5)
        self.assertEqual(set(shop.states()), {"sent"})


class Others(Running):
    seconds = 120 + LOCKED_S

    def test_locked_for_long_while_it_runs_the_page_answers_and_all_go_afterwards(self):
        shop = self.make()
        shop.start()
        self.jobs(shop, 5)
        self.once(shop, 5)
        db = shop.connect()
        db.execute("BEGIN IMMEDIATE")
        for i in range(6, 11):
            db.execute("INSERT INTO client (name, email) VALUES ('A', ?)", [f"a{i}@example.com"])
            db.execute("INSERT INTO job (client_id, stage, title) VALUES ((SELECT max(id) FROM "
                       "client), 'Ready', ?)", [f"T{i}"])
        end_s = time.monotonic() + slow(LOCKED_S)
        while time.monotonic() < end_s:
            self.assertIn(self.health(), (200, 503))
            time.sleep(0.3)
        self.server.never_more_than(5, 0)
        db.execute("COMMIT")
        db.close()
        self.once(shop, 10)
        wait_until("healthz", lambda: self.health() == 200, 20)

    @unittest.skipUnless(os.path.exists("/dev/full"), "there is no /dev/full")
    def test_a_full_disk_for_the_log_never_holds_a_message_back(self):
        shop = self.make()
        shop.log_path = Path("/dev/full")
        shop.log = lambda: ""
        shop.start()
        self.jobs(shop, 20)
        self.once(shop, 20)


class Stopped(Running):
    def test_told_to_stop_while_the_server_is_silent_it_ends_in_time_and_lists_the_message(self):
        shop = self.make()
        shop.start()
        self.jobs(shop, 1, box="dot-held-")
        wait_until("the point of no return", lambda: self.server.held)
        shop.service.terminate()
        shop.wait_end(seconds=40)  # below the unit's TimeoutStopSec
        self.assertEqual(len(shop.json("outbox", "--unknown")), 1)

    def test_told_to_stop_while_the_server_answers_slowly_it_waits_for_the_answer(self):
        shop = self.make()
        shop.start()
        self.jobs(shop, 1, box="dot-held-")
        wait_until("the point of no return", lambda: self.server.held)
        shop.service.terminate()
        wait_until("STOPPING=1", lambda: shop.notify.has("STOPPING=1"))
        self.server.release()
        shop.wait_end()
        self.assertEqual(shop.states(), {"sent": 1})
        self.assertEqual(shop.json("outbox", "--unknown"), [])

    def test_a_server_that_never_answers_its_quit_does_not_hold_the_stop_up(self):
        shop = self.make(silent_quit=True)
        shop.start()
        self.jobs(shop, 3)
        self.once(shop, 3)
        began_s = time.monotonic()
        shop.stop()
        print(f"# stopped after {time.monotonic() - began_s:.1f} s")


if __name__ == "__main__":
    unittest.main()
