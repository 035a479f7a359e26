"""betimes backup: taken while the service sends, checked, whole or not there; and restored, it
begins paused and sends nothing twice.
"""

import fcntl
import os
import shutil
import sqlite3
import threading
import time

from harness import BUSINESS, FileGatewayFolder, MailServer, ShopTest, wait_until
from mailed_jobs import PLAYBOOK, WORDS, write_jobs


class BackupTest(ShopTest):
    def make(self, conf=None):
        more = {"conf": conf} if conf else {}
        return self.shop(playbook=PLAYBOOK, templates=WORDS, **more)

    def rows(self, path, sql):
        with sqlite3.connect(path) as db:
            found = db.execute(sql).fetchall()
        db.close()
        return found

    def whole(self, path):
        self.assertEqual(self.rows(path, "PRAGMA integrity_check"), [("ok",)])
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertEqual([p.name for p in path.parent.glob(path.name + "*")], [path.name])


class Unfinished(BackupTest):
    def test_what_a_killed_backup_left_goes_and_what_another_works_on_stays(self):
        shop = self.make()
        target = shop.home / "backup.db"
        left = shop.home / "other.db.unfinished-Ab1x9Z"
        used = shop.home / "other.db.unfinished-Cd2y8W"
        like = [shop.home / name
                for name in ("backup.db.before", "x.unfinished", "unfinished-abcdef")]
        beside = [left.with_name(f"{left.name}-{end}") for end in ("journal", "wal", "shm")]
        for path in (left, used, *like, *beside):
            path.write_bytes(b"")
        with open(used, "rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            shop.run("backup", target)
        self.whole(target.rename(shop.home / "done.db"))
        for path in (left, *beside):
            self.assertFalse(path.exists(), path)
        for path in (used, *like):
            self.assertTrue(path.exists(), path)


class Taking(BackupTest):
    def test_taken_while_it_sends_it_is_whole_and_holds_nothing_up(self):
        shop = self.make().start()
        target = shop.home / "backup.db"
        stop = threading.Event()
        written = [0]

        def write():
            while not stop.is_set() and written[0] < 3000:
                write_jobs(shop, written[0] + 1, written[0] + 20)
                written[0] += 20

        writer = threading.Thread(target=write)
        writer.start()
        try:
            wait_until("some sent", lambda: len(FileGatewayFolder(shop.out).mails()) > 20, 30)
            for _ in range(5):
                result = shop.json("backup", target)
                self.whole(target)
                self.assertEqual(result["bytes"], target.stat().st_size)
                jobs, clients = (self.rows(target, f"SELECT count(*) FROM {t}")[0][0]
                                 for t in ("job", "client"))
                self.assertEqual(jobs, clients)  # of one moment
        finally:
            stop.set()
            writer.join()
        wait_until("all sent", lambda: shop.states() == {"sent": written[0]}, 60)

    def test_another_file_is_not_overwritten_and_neither_is_the_database(self):
        shop = self.make()
        other = shop.home / "letter.txt"
        other.write_text("Dear diary")
        shop.run("backup", other, status=1)
        self.assertEqual(other.read_text(), "Dear diary")
        for name in (shop.database, shop.dir / "." / "betimes.db"):
            self.assertIn("database itself", shop.run("backup", name, status=1).stderr)
        link = shop.home / "link.db"
        link.symlink_to(shop.database)
        shop.run("backup", link, status=1)
        shop.run("backup", shop.home / "no" / "folder.db", status=1)

    def test_in_a_folder_it_keeps_the_newest(self):
        shop = self.make()
        folder = shop.home / "backups"
        folder.mkdir()
        old = [folder / f"betimes-2020-01-0{i}T00-00-00Z.db" for i in range(1, 6)]
        for path in old:
            path.write_bytes(b"")
        (folder / "betimes-notes.db").write_bytes(b"")
        (folder / "other.txt").write_bytes(b"")
        told = shop.run("backup", folder, "--keep", 3).stdout
        self.assertIn("Removed 3 older backups", told)
        left = sorted(p.name for p in folder.iterdir())
        self.assertEqual(len(left), 5)
        self.assertIn("betimes-notes.db", left)
        self.assertIn(old[4].name, left)
        self.assertNotIn(old[2].name, left)
        shop.run("backup", shop.home / "file.db", "--keep", 3, status=1)

    def test_rows_that_others_left_without_their_parents_are_told_and_kept(self):
        shop = self.make()
        shop.sql("INSERT INTO job (client_id, stage) VALUES (77, 'New')")
        target = shop.home / "backup.db"
        self.assertEqual(shop.json("backup", target)["orphans"], 1)
        self.assertEqual(self.rows(target, "SELECT client_id FROM job"), [(77,)])
        self.assertIn("1 row names a record that is not there (row 1 of job names a client)",
                      shop.run("backup", target).stdout)

    def test_a_damaged_database_gives_no_backup_and_the_last_one_stays(self):
        shop = self.make()
        write_jobs(shop, 1, 500)
        target = shop.home / "backup.db"
        shop.run("backup", target)
        before = target.read_bytes()
        shop.sql("PRAGMA wal_checkpoint(TRUNCATE)")
        size = shop.database.stat().st_size
        with open(shop.database, "r+b") as f:
            f.seek(size // 2 // 4096 * 4096)
            f.write(os.urandom(8192))
        done = shop.run("backup", target, status=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(target.read_bytes(), before)
        self.assertEqual([p.name for p in shop.home.glob("backup*")], ["backup.db"])


class Restoring(BackupTest):
    def make_with_server(self):
        self.server = self.enterContext(MailServer())
        return self.make(BUSINESS + self.server.section(connections=4))

    def once(self, count):
        got = [mail.recipients[0] for mail in list(self.server.mails)]
        self.assertEqual(sorted(got), sorted(set(got)))
        self.assertEqual(len(got), count)

    def test_of_fifty_sent_after_it_none_goes_again(self):
        shop = self.make_with_server().start()
        write_jobs(shop, 1, 20)
        wait_until("sent", lambda: shop.states() == {"sent": 20}, 30)
        shop.run("pause")
        write_jobs(shop, 21, 45)
        wait_until("planned", lambda: shop.states(state="planned") == {"planned": 25})
        backup = shop.home / "backup.db"
        shop.run("backup", backup)
        shop.run("resume")
        write_jobs(shop, 46, 70)
        wait_until("sent", lambda: shop.states() == {"sent": 70}, 30)
        shop.stop()
        shutil.copy(backup, shop.database)
        shop.start()
        status = shop.json("status")
        self.assertTrue(status["paused"])
        self.assertIn("is a backup that was taken at", status["pause_reason"])
        write_jobs(shop, 46, 80)
        shop.run("resume")
        wait_until("sent", lambda: shop.states() == {"sent": 80}, 30)
        self.once(80)

    def test_put_over_a_crashed_database_its_old_journal_does_not_come_with_it(self):
        """After SIGKILL the -wal file stays; SQLite would take it for the backup's own."""
        shop = self.make_with_server().start()
        write_jobs(shop, 1, 5)
        wait_until("sent", lambda: shop.states() == {"sent": 5}, 30)
        backup = shop.home / "backup.db"
        shop.run("backup", backup)
        write_jobs(shop, 6, 10)
        wait_until("sent", lambda: shop.states() == {"sent": 10}, 30)
        shop.kill()
        self.assertGreater((shop.dir / "betimes.db-wal").stat().st_size, 0)
        shutil.copy(backup, shop.database)
        self.assertEqual(len(shop.messages()), 5)
        shop.start()
        self.assertTrue(shop.json("status")["paused"])
        self.assertEqual(shop.sql("PRAGMA integrity_check").strip(), "ok")
        write_jobs(shop, 6, 12)
        shop.run("resume")
        wait_until("sent", lambda: shop.states() == {"sent": 12}, 30)
        self.once(12)

    def test_a_backup_looked_at_is_still_a_backup(self):
        shop = self.make_with_server().start()
        write_jobs(shop, 1, 5)
        wait_until("sent", lambda: shop.states() == {"sent": 5}, 30)
        backup = shop.home / "backup.db"
        shop.run("backup", backup)
        shop.stop()
        time.sleep(0.1)
        shutil.copy(backup, shop.database)
        shop.run("outbox", "--all")
        shop.run("status")
        shop.start()
        self.assertTrue(shop.json("status")["paused"])
