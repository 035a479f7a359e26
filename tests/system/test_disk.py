"""The database in trouble: locked, moved away, replaced, full, read-only, damaged. The service
tells how it is, sends nothing that it cannot write down, and goes on by itself when it can.
"""

import os
import shutil
import sqlite3
import time

from harness import FileGatewayFolder, ShopTest, slow, wait_until

PLAYBOOK = """
[workflow repair]
stages = New, Ready

[rule ready]
on = job enters Ready
by = sms
"""

WORDS = {"ready/en.sms": "{{job.title}} is ready"}


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
