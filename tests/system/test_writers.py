"""Any program's plain SQL is seen: the sqlite3 shell and Python's sqlite3 write the shop's rows in
their own ways, with their own transactions, and know nothing of the service.
"""

import sqlite3
import statistics
import subprocess
import sys
import threading
import time

from harness import BUSINESS, FileGatewayFolder, MailServer, ShopTest, slow, wait_until

PLAYBOOK = """
[workflow repair]
stages = New, Waiting, Ready, Collected

[rule ready]
on = job enters Ready
by = sms

[rule waiting]
on = job enters Waiting
by = sms
"""

WORDS = {"ready/en.sms": "{{job.ref}} ready", "waiting/en.sms": "{{job.ref}} waiting"}

BULK_ROWS = 5000
HELD_S = 2.0


class WriterTest(ShopTest):
    def setUp(self):
        self.shop_now = self.shop(playbook=PLAYBOOK, templates=WORDS)
        self.sql = self.shop_now.sql
        self.sql("INSERT INTO client (id, name, phone) VALUES (1, 'Anna', '+37120000001')")

    def start(self):
        self.shop_now.start()
        return self.shop_now

    def texts(self):
        return [text.strip() for _, text in FileGatewayFolder(self.shop_now.out).texts()]

    def only(self, *expected):
        """These texts go out, and no others."""
        wait_until(f"{expected}, not {self.texts()}",
                   lambda: sorted(self.texts()) == sorted(expected))
        self.shop_now.wait_absorbed()
        self.assertEqual(sorted(self.texts()), sorted(expected))


class Transactions(WriterTest):
    def test_what_was_rolled_back_sends_nothing(self):
        self.start()
        self.sql("""
            BEGIN; INSERT INTO job (ref, client_id, stage) VALUES ('A', 1, 'Ready'); ROLLBACK;
            INSERT INTO job (ref, client_id, stage) VALUES ('B', 1, 'New');
            BEGIN; UPDATE job SET stage = 'Ready'; ROLLBACK;
            INSERT INTO job (ref, client_id, stage) VALUES ('C', 1, 'Ready');""")
        self.only("C ready")

    def test_only_what_a_savepoint_kept_is_sent(self):
        self.start()
        self.sql("""
            BEGIN;
            SAVEPOINT one; INSERT INTO job (ref, client_id, stage) VALUES ('A', 1, 'Ready');
            ROLLBACK TO one;
            SAVEPOINT two; INSERT INTO job (ref, client_id, stage) VALUES ('B', 1, 'Ready');
            RELEASE two;
            COMMIT;""")
        self.only("B ready")

    def test_a_slow_writer_is_heard_only_when_it_commits(self):
        shop = self.start()
        db = shop.connect()
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO job (ref, client_id, stage) VALUES ('A', 1, 'Ready')")
        time.sleep(slow(1))
        self.assertEqual(self.texts(), [])
        db.execute("INSERT INTO job (ref, client_id, stage) VALUES ('B', 1, 'Ready')")
        db.execute("COMMIT")
        db.close()
        self.only("A ready", "B ready")

    def test_a_writer_that_dies_in_its_transaction_sends_nothing(self):
        shop = self.start()
        code = ("import os, sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None);"
                "db.execute('PRAGMA cache_size = 1'); db.execute('BEGIN');"
                "[db.execute(\"INSERT INTO job (ref, client_id, stage) VALUES (?, 1, 'Ready')\","
                " (str(i) * 200,)) for i in range(200)]; os.kill(os.getpid(), 9)")
        subprocess.run([sys.executable, "-c", code, shop.database], timeout=slow(20), check=False)
        self.sql("INSERT INTO job (ref, client_id, stage) VALUES ('B', 1, 'Ready')")
        self.only("B ready")

    def test_a_writer_that_holds_the_lock_only_delays(self):
        shop = self.start()
        db = shop.connect()
        db.execute("BEGIN IMMEDIATE")
        db.execute("UPDATE client SET notes = 'busy'")

        def write():
            for ref in "ABC":
                shop.sql(f"INSERT INTO job (ref, client_id, stage) VALUES ('{ref}', 1, 'Ready')")

        thread = threading.Thread(target=write)
        thread.start()
        time.sleep(HELD_S)
        db.execute("COMMIT")
        db.close()
        thread.join(slow(20))
        self.only("A ready", "B ready", "C ready")
        self.assertEqual([m["state"] for m in shop.messages()], ["sent"] * 3)

    def test_a_lock_held_for_seconds_with_work_at_hand_loses_and_repeats_nothing(self):
        shop = self.start()
        db = shop.connect()
        for ref in "AB":
            self.sql(f"INSERT INTO job (ref, client_id, stage) VALUES ('{ref}', 1, 'Ready')")
            db.execute("BEGIN IMMEDIATE")
            time.sleep(HELD_S)
            db.execute("COMMIT")
        db.close()
        self.only("A ready", "B ready")

    def test_the_service_does_not_make_writers_wait_for_long(self):
        """A writer with a patience of two seconds is never refused, whatever the service does. (It
        is milliseconds, but the service may have to wait for a processor while it has the lock.)"""
        shop = self.start()
        db = sqlite3.connect(shop.database, timeout=slow(2), isolation_level=None)
        longest_s = 0
        for i in range(200):
            began = time.monotonic()
            db.execute("INSERT INTO job (ref, client_id, stage) VALUES (?, 1, 'Ready')", (f"J{i}",))
            longest_s = max(longest_s, time.monotonic() - began)
        db.close()
        print(f"# the longest of 200 single inserts took {longest_s * 1000:.0f} ms")
        wait_until("200 texts", lambda: len(self.texts()) == 200, 30)


class Styles(WriterTest):
    def test_a_replace_of_the_same_row_says_nothing_new(self):
        self.start()
        self.sql("INSERT INTO job (ref, client_id, stage) VALUES ('A', 1, 'Ready')")
        self.only("A ready")
        for recursive in ("OFF", "ON"):
            self.sql(f"""
                PRAGMA recursive_triggers = {recursive};
                REPLACE INTO job (ref, client_id, stage, title) VALUES ('A', 1, 'Ready', 'new');""")
            self.only("A ready")

    def test_a_replace_that_changes_the_stage_is_an_update(self):
        for recursive in ("OFF", "ON"):
            with self.subTest(recursive_triggers=recursive):
                shop = self.shop(playbook=PLAYBOOK, templates=WORDS).start()
                out = FileGatewayFolder(shop.out)
                shop.sql(f"""
                    INSERT INTO client (id, name, phone) VALUES (1, 'Anna', '+37120000001');
                    INSERT INTO job (ref, client_id, stage) VALUES ('A', 1, 'New');
                    PRAGMA recursive_triggers = {recursive};
                    REPLACE INTO job (ref, client_id, stage) VALUES ('A', 1, 'Waiting');""")
                wait_until("the first text", lambda: len(out.texts()) == 1)
                shop.sql(f"""
                    PRAGMA recursive_triggers = {recursive};
                    REPLACE INTO job (ref, client_id, stage) VALUES ('A', 1, 'Ready');""")
                wait_until("the second text", lambda: len(out.texts()) == 2)
                shop.wait_absorbed()
                self.assertEqual([t.strip() for _, t in out.texts()], ["A waiting", "A ready"])

    def test_a_delete_and_an_insert_of_one_ref_in_a_transaction_is_an_update(self):
        self.start()
        self.sql("INSERT INTO job (ref, client_id, stage) VALUES ('A', 1, 'Ready')")
        self.only("A ready")
        self.sql("""
            BEGIN;
            DELETE FROM job WHERE ref = 'A';
            INSERT INTO job (ref, client_id, stage) VALUES ('A', 1, 'Ready');
            COMMIT;""")
        self.only("A ready")

    def test_an_upsert_is_an_insert_and_then_an_update(self):
        self.start()
        upsert = """INSERT INTO job (ref, client_id, stage) VALUES ('A', 1, '{}')
            ON CONFLICT (ref) DO UPDATE SET stage = excluded.stage;"""
        self.sql(upsert.format("Ready"))
        self.only("A ready")
        self.sql(upsert.format("Ready") * 3)
        self.only("A ready")
        self.sql(upsert.format("Waiting"))
        self.only("A ready", "A waiting")

    def test_the_same_change_twice_is_told_once(self):
        self.start()
        self.sql("INSERT INTO job (ref, client_id, stage) VALUES ('A', 1, 'New')")
        self.sql("UPDATE job SET stage = 'Ready'; UPDATE job SET stage = 'Ready', title = 'x';")
        self.sql("UPDATE job SET stage = 'Ready', updated_at = '2020-01-01T00:00Z'")
        self.only("A ready")

    def test_a_stage_is_left_and_entered_again_within_one_transaction(self):
        self.start()
        self.sql("INSERT INTO job (ref, client_id, stage) VALUES ('A', 1, 'Ready')")
        self.only("A ready")
        self.sql("BEGIN; UPDATE job SET stage = 'New'; UPDATE job SET stage = 'Ready'; COMMIT;")
        self.only("A ready", "A ready")

    def test_a_writer_without_foreign_keys_may_write_the_client_last(self):
        self.start()
        self.sql("INSERT INTO job (ref, client_id, stage) VALUES ('A', 7, 'Ready')")
        self.shop_now.wait_absorbed()
        self.sql("INSERT INTO client (id, name, phone) VALUES (7, 'Late', '+37120000007')")
        self.only("A ready")

    def test_a_writer_that_asks_for_another_journal_changes_nothing(self):
        """journal_mode = DELETE cannot be switched to while others are connected."""
        shop = self.start()
        db = shop.connect()
        try:
            mode = db.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
        except sqlite3.OperationalError:
            mode = "refused"
        self.assertIn(mode, ("wal", "refused"))
        db.execute("INSERT INTO job (ref, client_id, stage) VALUES ('A', 1, 'Ready')")
        db.close()
        self.only("A ready")

    def test_a_vacuum_changes_nothing(self):
        self.start()
        self.sql("INSERT INTO job (ref, client_id, stage) VALUES ('A', 1, 'Ready')")
        self.only("A ready")
        self.sql("VACUUM")
        self.sql("INSERT INTO job (ref, client_id, stage) VALUES ('B', 1, 'Ready')")
        self.only("A ready", "B ready")

    def test_a_checkpoint_by_somebody_else_hides_nothing(self):
        self.start()
        self.sql("INSERT INTO job (ref, client_id, stage) VALUES ('A', 1, 'Ready');"
                 "PRAGMA wal_checkpoint(TRUNCATE);")
        self.only("A ready")


class Bulk(WriterTest):
    seconds = 90

    def test_a_bulk_import_in_one_transaction_is_seen_whole(self):
        shop = self.start()
        db = shop.connect()
        began = time.monotonic()
        db.execute("BEGIN")
        db.executemany("INSERT INTO job (ref, client_id, stage) VALUES (?, 1, ?)",
                       ((f"J{i}", "Ready" if i % 50 == 0 else "New") for i in range(BULK_ROWS)))
        db.execute("COMMIT")
        committed = time.monotonic()
        db.close()
        count = BULK_ROWS // 50
        wait_until("the texts", lambda: len(self.texts()) >= count, 60)
        shop.wait_absorbed(60)
        print(f"# {BULK_ROWS} rows written in {committed - began:.2f} s, all seen and {count} "
              f"texts out {time.monotonic() - committed:.2f} s after the commit")
        self.assertEqual(len(self.texts()), count)

    def test_another_writers_row_need_not_wait_for_the_bulk(self):
        shop = self.start()
        db = shop.connect()
        db.execute("BEGIN")
        db.executemany("INSERT INTO job (ref, client_id, stage) VALUES (?, 1, 'New')",
                       ((f"J{i}",) for i in range(BULK_ROWS)))
        db.execute("COMMIT")
        db.execute("INSERT INTO job (ref, client_id, stage) VALUES ('A', 1, 'Ready')")
        db.close()
        self.only("A ready")


class WithoutTriggers(WriterTest):
    """Triggers serve promptness; losing them loses nothing."""

    DROP = """SELECT 'DROP TRIGGER ' || name || ';' FROM sqlite_schema
        WHERE type = 'trigger' AND tbl_name = 'job';"""

    def triggers(self):
        return self.shop_now.query("SELECT name FROM sqlite_schema WHERE type = 'trigger'"
                                   " ORDER BY 1")

    def migrate(self):
        """What many a program does to change a table: make a new one, copy, drop, rename."""
        table = self.shop_now.query("SELECT sql FROM sqlite_schema WHERE name = 'job'")[0]["sql"]
        copy = table.replace("CREATE TABLE job", "CREATE TABLE job_new", 1)
        self.sql(f"""
            PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON;
            BEGIN;
            {copy};
            INSERT INTO job_new SELECT * FROM job;
            DROP TABLE job;
            ALTER TABLE job_new RENAME TO job;
            COMMIT;""")

    def test_what_a_migration_dropped_comes_back_and_what_was_written_meanwhile_is_found(self):
        self.start()
        before = self.triggers()
        self.sql("INSERT INTO job (ref, client_id, stage) VALUES ('A', 1, 'Ready')")
        self.only("A ready")
        self.migrate()
        self.sql("INSERT INTO job (ref, client_id, stage) VALUES ('B', 1, 'Ready')")
        self.only("A ready", "B ready")
        wait_until("the triggers", lambda: self.triggers() == before)
        self.sql("INSERT INTO job (ref, client_id, stage) VALUES ('C', 1, 'Ready')")
        self.only("A ready", "B ready", "C ready")

    def test_what_was_written_without_triggers_while_the_service_was_down_is_found(self):
        shop = self.start()
        self.sql("INSERT INTO job (ref, client_id, stage) VALUES ('A', 1, 'New')")
        shop.wait_absorbed()
        shop.stop()
        self.sql("".join(row for row in self.sql(self.DROP)))
        self.sql("""UPDATE job SET stage = 'Ready';
            INSERT INTO job (ref, client_id, stage) VALUES ('B', 1, 'Ready');""")
        self.start()
        self.only("A ready", "B ready")


class Latency(ShopTest):
    def test_from_a_commit_to_the_wire(self):
        server = self.enterContext(MailServer())
        shop = self.shop(conf=BUSINESS + server.section(),
                         playbook=PLAYBOOK.replace("sms", "email"),
                         templates={"ready/en.email": "Subject: {{job.ref}}\n\nReady.\n",
                                    "waiting/en.email": "Subject: {{job.ref}}\n\nWait.\n"})
        shop.start()
        db = shop.connect()
        db.execute("INSERT INTO client (id, name, email) VALUES (1, 'Anna', 'anna@example.com')")
        took_ms = []
        for i in range(20):
            db.execute("INSERT INTO job (ref, client_id, stage) VALUES (?, 1, 'Ready')", (f"J{i}",))
            committed_s = time.time()
            mail = server.received(i + 1)[i]
            self.assertEqual(mail.subject, f"J{i}")
            took_ms.append((mail.arrived_s - committed_s) * 1000)
            time.sleep(0.05)
        db.close()
        print("# from the commit to the mail in the server: "
              f"median {statistics.median(took_ms):.0f} ms, longest {max(took_ms):.0f} ms, "
              f"shortest {min(took_ms):.0f} ms of {len(took_ms)}")
