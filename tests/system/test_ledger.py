"""Copied and restored databases: they begin paused, and what had gone out before does not go again,
because the send ledger remembers it. And what had not gone out goes.
"""

import os
import shutil
import time
from pathlib import Path

from harness import BUSINESS, MailServer, Shop, ShopTest, slow, wait_until
from mailed_jobs import PLAYBOOK, WORDS, write_jobs


class LedgerTest(ShopTest):
    def make(self, extra="", **more):
        self.server = self.enterContext(MailServer(**more))
        conf = BUSINESS + self.server.section(connections=4) + extra
        return self.shop(conf=conf, playbook=PLAYBOOK, templates=WORDS)

    def copy(self, shop, name):
        """A backup as any tool takes it, of a service that is not there."""
        target = shop.home / name
        shutil.copy(shop.database, target)
        return target

    def restore(self, shop, backup):
        for path in shop.dir.glob("betimes.db-*"):
            path.unlink()
        shutil.copy(backup, shop.database)

    def sent(self, shop, count):
        wait_until(f"{count} sent", lambda: shop.states() == {"sent": count}, 30)

    def once(self, count):
        got = [mail.recipients[0] for mail in list(self.server.mails)]
        self.assertEqual(sorted(got), sorted(set(got)))
        self.assertEqual(len(got), count)

    def paused(self, shop, word):
        status = shop.json("status")
        self.assertTrue(status["paused"])
        self.assertIn(word, status["pause_reason"])
        self.assertIn("betimes resume", status["pause_reason"])
        self.assertEqual(shop.run("status").stdout.count("`betimes resume`"), 1)

    def tasks(self, shop):
        return [row["text"] for row in shop.query("SELECT text FROM task WHERE done_ms IS NULL")]


class Restored(LedgerTest):
    def test_of_what_went_out_after_the_backup_nothing_goes_again(self):
        shop = self.make().start()
        write_jobs(shop, 1, 10)
        self.sent(shop, 10)
        shop.stop()
        backup = self.copy(shop, "backup.db")
        shop.start()
        write_jobs(shop, 11, 60)
        self.sent(shop, 60)
        shop.stop()
        self.restore(shop, backup)
        shop.start()
        self.paused(shop, "restored")
        self.assertTrue(any("betimes forecast" in text for text in self.tasks(shop)))
        write_jobs(shop, 11, 70)  # the booking program knows what it had written
        time.sleep(slow(1))
        self.once(60)
        shop.run("resume")
        self.sent(shop, 70)
        self.once(70)
        reasons = shop.query("SELECT detail FROM attempt WHERE gateway = '(ledger)'")
        self.assertEqual(len(reasons), 50)
        self.assertIn("the ledger shows that it went out at", reasons[0]["detail"])

    def test_somebody_is_alerted_of_a_restore_until_sending_goes_on(self):
        shop = self.make("\n[alert]\nto = owner@example.com\n").start()
        shop.run("pause")
        write_jobs(shop, 1, 3)
        wait_until("planned", lambda: shop.states(rule="mail") == {"planned": 3})
        shop.run("resume")
        shop.wait_message(rule="mail", state="sent")
        backup = shop.home / "backup.db"
        shop.run("backup", backup)
        shop.stop()
        self.restore(shop, backup)
        shop.start()
        told = [row["text"] for row in shop.query("SELECT text FROM alert WHERE key = 'copied'")]
        self.assertEqual(len(told), 1)
        self.assertIn("is a backup that was taken at", told[0])
        self.assertTrue(any("betimes forecast" in text for text in self.tasks(shop)))
        shop.run("resume")
        self.assertFalse(any("betimes forecast" in text for text in self.tasks(shop)))
        self.assertEqual(shop.query(
            "SELECT key FROM alert WHERE key = 'copied' AND over_ms IS NULL"), [])

    def test_what_waited_when_the_backup_was_taken_is_known_to_have_gone(self):
        """Planned before the backup, sent after it: marked while the service is still paused."""
        shop = self.make()
        shop.start()
        shop.run("pause")
        write_jobs(shop, 1, 30)
        wait_until("planned", lambda: shop.states() == {"planned": 30})
        shop.stop()
        backup = self.copy(shop, "backup.db")
        shop.start()
        shop.run("resume")
        self.sent(shop, 30)
        shop.stop()
        self.restore(shop, backup)
        shop.start()
        self.sent(shop, 30)
        self.paused(shop, "restored")
        why = shop.run("why", shop.messages()[0]["id"]).stdout
        self.assertIn("ledger shows that it went out", " ".join(why.split()))
        shop.run("resume")
        shop.wait_absorbed()
        self.server.never_more_than(30, 0.5)
        shop.stop()
        shop.start()  # and it is the database from now on
        self.assertFalse(shop.json("status")["paused"])

    def test_what_the_ledger_does_not_know_goes(self):
        shop = self.make()
        shop.start()
        shop.run("pause")
        write_jobs(shop, 1, 5)
        wait_until("planned", lambda: shop.states() == {"planned": 5})
        shop.stop()
        backup = self.copy(shop, "backup.db")
        self.restore(shop, backup)
        shop.start()
        shop.run("resume")
        self.sent(shop, 5)
        self.once(5)

    def test_put_back_while_the_service_runs_it_is_noticed_and_paused(self):
        """sqlite3's own .restore, through the database's front door."""
        shop = self.make().start()
        write_jobs(shop, 1, 10)
        self.sent(shop, 10)
        backup = shop.home / "backup.db"
        shop.sql(f".backup {backup}")
        write_jobs(shop, 11, 20)
        self.sent(shop, 20)
        shop.sql(f".restore {backup}")
        shop.wait_log("its content was replaced")
        wait_until("the pause", lambda: shop.json("status")["paused"])
        write_jobs(shop, 11, 25)
        shop.run("resume")
        self.sent(shop, 25)
        self.once(25)

    def test_another_file_put_in_its_place_is_noticed_and_paused(self):
        shop = self.make().start()
        write_jobs(shop, 1, 10)
        self.sent(shop, 10)
        backup = shop.home / "backup.db"
        shop.sql(f".backup {backup}")
        write_jobs(shop, 11, 20)
        self.sent(shop, 20)
        backup.rename(shop.database)
        shop.wait_log("moved, removed or replaced")
        wait_until("the pause", lambda: "Paused" in shop.notify.last("STATUS"))
        write_jobs(shop, 11, 25)
        shop.run("resume")
        self.sent(shop, 25)
        self.once(25)


class Copied(LedgerTest):
    def copy_shop(self, shop):
        """The whole folder, as one copies it to try things out, or onto a new machine."""
        other = Shop(init=False)
        self.addCleanup(self._close, other)
        shutil.rmtree(other.dir, ignore_errors=True)
        shutil.copytree(shop.dir, other.dir)
        return other

    def waiting_shop(self, extra=""):
        shop = self.make(extra).start()
        write_jobs(shop, 1, 3)
        self.sent(shop, 3)
        shop.stop()
        return shop

    def test_a_copied_folder_begins_paused_and_says_why(self):
        other = self.copy_shop(self.waiting_shop())
        other.start()
        self.paused(other, "another file")
        write_jobs(other, 4, 6)
        wait_until("planned", lambda: other.states(state="planned") == {"planned": 3})
        self.server.never_more_than(3, 0.5)
        other.run("resume")
        self.sent(other, 6)
        self.once(6)

    def test_once_resumed_it_is_no_copy_any_more(self):
        other = self.copy_shop(self.waiting_shop())
        other.start()
        other.run("resume")
        for _ in range(2):
            other.stop()
            other.start()
            self.assertFalse(other.json("status")["paused"])

    def test_copies_may_be_told_to_run(self):
        other = self.copy_shop(self.waiting_shop("\n[database]\ncopies = run\n"))
        other.start()
        self.assertFalse(other.json("status")["paused"])
        write_jobs(other, 4, 6)
        self.sent(other, 6)

    def test_a_restart_a_rename_and_a_vacuum_make_no_copy(self):
        shop = self.waiting_shop()
        moved = shop.dir.rename(shop.home / "elsewhere")
        shop.dir = shop.betimes.folder = moved
        shop.database, shop.out = moved / "betimes.db", moved / "out"
        shop.sql("VACUUM")
        shop.start()
        self.assertFalse(shop.json("status")["paused"])
        shop.kill()
        shop.start()
        self.assertFalse(shop.json("status")["paused"])


class Crash(LedgerTest):
    def test_a_crash_and_a_new_start_are_no_restore(self):
        shop = self.make()
        for i in range(6):
            shop.start()
            self.assertFalse(shop.json("status")["paused"])
            write_jobs(shop, i * 40 + 1, i * 40 + 40)
            self.server.received(i * 40 + 10, 20)
            shop.kill()
        shop.start()
        self.assertFalse(shop.json("status")["paused"])
        self.sent(shop, 240)
        got = [mail.recipients[0] for mail in self.server.mails]
        unclear = {row["address"] for row in shop.query(
            "SELECT address FROM message m JOIN attempt a ON a.message_id = m.id "
            "WHERE a.outcome = 'unknown'")}
        self.assertLessEqual({a for a in got if got.count(a) > 1}, unclear)

    def test_somebody_is_alerted_of_a_ledger_that_is_gone(self):
        shop = self.make("\n[alert]\nto = owner@example.com\n").start()
        shop.stop()
        Path(f"{shop.database}.ledger").unlink()
        shop.start()
        mail = self.server.received(1, 20)[0]
        self.assertIn("The send ledger", " ".join(mail.text.split()))

    def test_a_ledger_that_is_gone_is_told_and_made_anew(self):
        shop = self.make().start()
        write_jobs(shop, 1, 3)
        self.sent(shop, 3)
        shop.stop()
        Path(f"{shop.database}.ledger").unlink()
        shop.start()
        self.assertTrue(any("ledger" in text for text in self.tasks(shop)))
        self.assertFalse(shop.json("status")["paused"])
        write_jobs(shop, 4, 6)
        self.sent(shop, 6)
        shop.stop()
        shop.start()
        self.once(6)

    def test_it_can_lie_on_another_disk(self):
        shop = self.make(f"\n[database]\nledger = /dev/shm/betimes-test-{os.getpid()}.ledger\n")
        path = Path(f"/dev/shm/betimes-test-{os.getpid()}.ledger")
        self.addCleanup(path.unlink)
        shop.start()
        write_jobs(shop, 1, 3)
        self.sent(shop, 3)
        self.assertTrue(path.exists())
        self.assertFalse(Path(f"{shop.database}.ledger").exists())
        self.assertEqual(path.stat().st_mode & 0o007, 0)

    def test_no_address_name_or_word_is_in_it(self):
        shop = self.make().start()
        write_jobs(shop, 1, 3)
        self.sent(shop, 3)
        data = Path(f"{shop.database}.ledger").read_bytes()
        for word in (b"example", b"A1", b"T1", b"mail", b"J1"):
            self.assertNotIn(word, data)
