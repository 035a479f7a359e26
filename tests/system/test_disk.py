"""The database in trouble: locked, moved away, replaced, full, read-only, damaged. The service
tells how it is, sends nothing that it cannot write down, and goes on by itself when it can.
"""

import os
import re
import shutil
import sqlite3
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from harness import BUSINESS, FILES, FileGatewayFolder, ShopTest, slow, wait_until
from web_browser import free_port

PLAYBOOK = """
[workflow repair]
stages = New, Ready

[rule ready]
on = job enters Ready
by = sms
"""

WORDS = {"ready/en.sms": "{{job.title}} is ready"}
COUNT = 3000  # messages, so many that a disk can fill while they go


class DatabaseTest(ShopTest):
    def make(self):
        shop = self.shop(playbook=PLAYBOOK, templates=WORDS)
        shop.sql("INSERT INTO client (id, name, phone) VALUES (1, 'Anna', '+37120000001')")
        return shop

    def job(self, shop, title="The Volvo"):
        shop.sql(f"INSERT INTO job (client_id, stage, title) VALUES (1, 'Ready', '{title}')")

    def texts(self, shop):
        return sorted(text.strip() for _, text in FileGatewayFolder(shop.out).texts())

    def status(self, shop, words, seconds=20):
        """Wait until the service manager is told this."""
        wait_until(f"a status with {words}", lambda: words in (shop.notify.last("STATUS") or ""),
                   seconds)


class Locked(DatabaseTest):
    def test_locked_at_the_start_it_is_waited_for_and_told(self):
        shop = self.make()
        self.job(shop, "Before")
        db = shop.connect()
        db.execute("BEGIN IMMEDIATE")
        shop.start()
        self.status(shop, "Waiting")
        self.assertIn("locked", shop.json("status")["service"]["trouble"])
        time.sleep(slow(3))
        self.assertEqual(self.texts(shop), [])
        db.execute("COMMIT")
        db.close()
        wait_until("the text", lambda: self.texts(shop) == ["Before is ready"])
        self.assertIsNone(shop.json("status")["service"]["trouble"])

    def test_what_is_saved_while_it_waits_counts_from_the_start_on(self):
        shop = self.make()
        self.job(shop)
        db = shop.connect()
        db.execute("BEGIN IMMEDIATE")
        shop.start()
        self.status(shop, "Waiting")
        shop.write("templates/ready/en.sms", "New words")
        shop.wait_log("reloaded")
        db.execute("COMMIT")
        db.close()
        wait_until("the text", lambda: self.texts(shop) == ["New words"])

    def test_waiting_for_a_locked_database_it_stops_when_told(self):
        shop = self.make()
        db = shop.connect()
        db.execute("BEGIN IMMEDIATE")
        shop.start()
        self.status(shop, "Waiting")
        shop.stop()
        db.close()


class Replaced(DatabaseTest):
    def test_moved_away_it_is_not_used_any_more_and_waited_for(self):
        shop = self.make().start()
        self.job(shop, "First")
        wait_until("the text", lambda: self.texts(shop) == ["First is ready"])
        away = shop.home / "away.db"
        shop.database.rename(away)
        self.status(shop, "Waiting")
        with sqlite3.connect(away) as db:
            db.execute("INSERT INTO job (client_id, stage, title) VALUES (1, 'Ready', 'Away')")
        db.close()
        time.sleep(slow(1.5))
        self.assertEqual(self.texts(shop), ["First is ready"])
        self.assertFalse(shop.database.exists())  # never made by itself
        away.rename(shop.database)
        wait_until("the text", lambda: self.texts(shop) == ["Away is ready", "First is ready"])
        self.job(shop, "Last")
        wait_until("the text", lambda: "Last is ready" in self.texts(shop))


def may_mount():
    return os.geteuid() == 0 and shutil.which("mount") is not None


@unittest.skipUnless(may_mount(), "only root may mount a small disk")
class Disk(DatabaseTest):
    """The shop's data lie on a small disk of their own, what it sends lies elsewhere."""

    seconds = 120

    def small(self):
        """With room for all that is to go and a journal of full length (8 MB), until filled."""
        self.port = free_port()
        more = f"\n[web]\nlisten = {self.port}\n[database]\npath = data/betimes.db\n"
        conf = BUSINESS + FILES.replace("path = out", "path = ../out") + more
        shop = self.shop(conf=conf, playbook=PLAYBOOK, templates=WORDS)
        shop.out = shop.home / "out"
        self.data = shop.dir / "data"
        self.data.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "none", self.data],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.skipTest(f"no small disk: {done.stderr.strip()}")
        # Before the shop is closed: then nobody is left who could see it.
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.data], check=False)
        shutil.move(shop.database, self.data / "betimes.db")
        shop.database = self.data / "betimes.db"
        shop.sql("INSERT INTO client (id, name, phone) VALUES (1, 'Anna', '+37120000001')")
        return shop

    def get(self, page):
        try:
            address = f"http://127.0.0.1:{self.port}/{page}"
            with urllib.request.urlopen(address, timeout=slow(10)) as r:
                return r.status, r.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def trouble(self):
        """What /metrics says of it."""
        found = re.search(r"^betimes_database_trouble (\d)$", self.get("metrics")[1], re.M)
        return int(found.group(1))

    def red(self, shop, words):
        """All who watch are told, and `status` says it to a person."""
        self.status(shop, "The database is in trouble")
        wait_until("healthz", lambda: self.get("healthz")[0] == 503)
        self.assertEqual(self.trouble(), 1)
        self.assertRegex(shop.json("status")["service"]["trouble"], words)

    def green(self, shop):
        wait_until("healthz", lambda: self.get("healthz") == (200, "ok\n"), 20)
        self.assertEqual(self.trouble(), 0)
        wait_until("status", lambda: shop.json("status")["service"]["trouble"] is None)

    def fill(self):
        """Leave no room at all."""
        with open(self.data / "filler", "wb", buffering=0) as filler:
            for size in (65536, 512):
                try:
                    while True:
                        filler.write(b"x" * size)
                except OSError:
                    pass

    def planned(self, shop, count):
        shop.run("pause")
        titles = ",".join(f"(1, 'Ready', 'T{i}')" for i in range(count))
        shop.sql(f"INSERT INTO job (client_id, stage, title) VALUES {titles}")
        wait_until("planned", lambda: shop.states(state="planned") == {"planned": count})

    def test_on_a_full_disk_nothing_goes_all_are_told_and_nothing_is_lost_or_repeated(self):
        shop = self.small().start()
        self.planned(shop, COUNT)
        shop.run("resume")
        wait_until("some", lambda: len(self.texts(shop)) > 2)
        self.fill()
        self.red(shop, "full|io")
        sent = self.texts(shop)
        self.assertLess(len(sent), COUNT)
        time.sleep(slow(2))
        self.assertEqual(self.texts(shop), sent)
        (self.data / "filler").unlink()
        wait_until("all", lambda: shop.states() == {"sent": COUNT}, 60)
        self.green(shop)
        self.assertEqual(len(self.texts(shop)), COUNT)

    def test_what_was_accepted_before_the_disk_filled_is_in_the_ledger(self):
        """The disk is full when the answer comes, and the service dies before there is room."""
        shop = self.small()
        shop.start()
        self.planned(shop, COUNT)
        shop.run("resume")
        wait_until("some", lambda: len(self.texts(shop)) > 2)
        self.fill()
        time.sleep(slow(1))
        shop.kill()
        (self.data / "filler").unlink()
        shop.start()
        wait_until("all", lambda: shop.states() == {"sent": COUNT}, 60)
        self.assertEqual(len(self.texts(shop)), COUNT)
        self.assertFalse(shop.json("status")["paused"])

    def test_a_damaged_database_ends_all_work_and_is_left_as_it_is(self):
        shop = self.small().start()
        self.job(shop, "First")
        wait_until("the text", lambda: self.texts(shop) == ["First is ready"])
        shop.stop()
        page = int(shop.sql("PRAGMA page_size"))
        root = int(shop.sql("SELECT rootpage FROM sqlite_schema WHERE name = 'message'"))
        with open(shop.database, "r+b") as f:
            f.seek((root - 1) * page)
            f.write(os.urandom(page))
        shop.start(ready=False)
        self.job(shop, "Second")
        shop.wait_log("damaged|malformed|corrupt")
        time.sleep(slow(0.5))
        self.assertEqual(self.texts(shop), ["First is ready"])
        self.assertTrue(shop.database.exists())
        if shop.service.poll() is None:
            self.status(shop, "The database is in trouble: corrupt")
            self.assertEqual(self.get("healthz")[0], 503)
            told = " ".join(shop.run("status").stdout.split())  # the counts lie elsewhere
            self.assertIn("the database is damaged; nothing is planned or sent until a backup is "
                          "in its place", told)
            shop.stop()
        told = shop.run("outbox", "--all", status=2).stderr
        self.assertIn("is damaged (database disk image is malformed). Nothing is planned or sent "
                      "from it", told)
