"""Two services on one database: one works, the other stands by, and takes over within seconds of
whatever ends the first. No lock, no pause and no clock decides who may send, but the epoch in the
database.
"""

import asyncio
import os
import signal
import sqlite3
import time

from harness import BUSINESS, MailServer, Shop, ShopTest, slow, wait_until
from mailed_jobs import PLAYBOOK, WORDS

JOBS = 200


class SlowServer(MailServer):
    """A server that takes its time, so that the middle of sending can be met."""

    async def handle_DATA(self, server, session, envelope):
        await asyncio.sleep(0.02)
        return await super().handle_DATA(server, session, envelope)


class Twin(Shop):
    """Another service on the same folder."""

    def __init__(self, shop, name="twin"):
        self.__dict__.update(shop.__dict__)
        self.log_path = shop.home / f"{name}.log"
        self.service = self.notify = None
        self.starts = 100 * (1 + len(list(shop.home.glob("*.log"))))

    def close(self):
        if self.service is not None:
            self.kill()
        return self.log()


class StandbyTest(ShopTest):
    seconds = 120

    def make(self, **more):
        self.server = self.enterContext(SlowServer(**more))
        conf = BUSINESS + self.server.section(connections=4)
        return self.shop(conf=conf, playbook=PLAYBOOK, templates=WORDS)

    def twin(self, shop, name="twin"):
        twin = Twin(shop, name)
        self.addCleanup(self._close, twin)
        twin.start()
        wait_until("it to stand by", lambda: "Standing by" in (twin.notify.last("STATUS") or ""))
        return twin

    def write_jobs(self, shop, count=JOBS, first=1):
        rows = ",".join(f"('A{i}', 'a{i}@example.com')" for i in range(first, first + count))
        shop.sql(f"""
            BEGIN; INSERT INTO client (name, email) VALUES {rows};
            INSERT INTO job (client_id, stage, title) SELECT id, 'Ready', name FROM client
                WHERE id >= {first};
            COMMIT;""")

    def received(self):
        return [mail.recipients[0] for mail in list(self.server.mails)]

    def works(self, shop, seconds=10):
        """Wait until this one is the one that works."""
        return wait_until("it works", lambda: "on the wire" in (shop.notify.last("STATUS") or ""),
                          seconds)

    def unclear(self, shop):
        """Messages with an answer that nobody knows: the only ones that may go twice."""
        return {row["address"] for row in shop.query(
            "SELECT DISTINCT m.address FROM message m JOIN attempt a ON a.message_id = m.id "
            "WHERE a.outcome = 'unknown'")}

    def judge(self, shop, count):
        """Each message arrived; a second copy only of what was in flight when something happened,
        and is told so."""
        wait_until("all sent", lambda: shop.states() == {"sent": count}, 60)
        got = self.received()
        self.assertEqual(len(set(got)), count)
        twice = {address for address in got if got.count(address) > 1}
        self.assertLessEqual(twice, self.unclear(shop))
        self.assertLessEqual(max(map(got.count, set(got))), 2)


class Handover(StandbyTest):
    def test_the_second_stands_by_and_sends_nothing(self):
        shop = self.make().start()
        self.twin(shop)
        self.write_jobs(shop, 20)
        self.judge(shop, 20)
        self.server.never_more_than(20, 1.0)
        status = shop.json("status")
        self.assertEqual(status["service"]["pid"], shop.service.pid)
        self.assertEqual(status["service"]["epoch"], 1)
        self.assertEqual(len(status["standing_by"]), 1)
        self.assertRegex(shop.run("status").stdout, r"running, process \d+ .*\n.*one stands by")

    def test_killed_in_the_middle_of_sending_it_is_followed_by_the_other(self):
        shop = self.make().start()
        twin = self.twin(shop)
        self.write_jobs(shop)
        self.server.received(40, 20)
        shop.kill()
        self.assertLess(len(self.server.mails), JOBS)
        self.works(twin)
        self.assertEqual(twin.json("status")["service"]["epoch"], 2)
        self.judge(shop, JOBS)

    def test_an_orderly_stop_hands_over_and_nothing_goes_twice(self):
        shop = self.make().start()
        twin = self.twin(shop)
        self.write_jobs(shop)
        self.server.received(20, 20)
        shop.stop()
        self.works(twin, 5)
        wait_until("all sent", lambda: shop.states() == {"sent": JOBS}, 60)
        self.assertEqual(sorted(self.received()), sorted(set(self.received())))

    def test_it_goes_from_hand_to_hand(self):
        shop = self.make().start()
        others = [self.twin(shop, f"twin{i}") for i in range(3)]
        self.write_jobs(shop)
        working, waiting = shop, others
        while waiting:
            self.server.received(min(JOBS, len(self.server.mails) + 10), 20)
            working.kill()
            working = wait_until("one takes over", lambda: next(
                (t for t in waiting if "on the wire" in (t.notify.last("STATUS") or "")), None))
            waiting = [t for t in waiting if t is not working]
        self.judge(shop, JOBS)

    def test_one_that_stands_by_stops_when_it_is_told_to(self):
        shop = self.make().start()
        twin = self.twin(shop)
        twin.stop()
        self.assertTrue(shop.service.poll() is None)
        self.assertEqual(shop.json("status")["standing_by"], [])

    def test_what_was_saved_while_it_stood_by_counts_when_it_takes_over(self):
        shop = self.make().start()
        twin = self.twin(shop)
        shop.write("templates/mail/en.email", "Subject: {{job.title}}\n\nOther words.\n")
        shop.kill()
        self.works(twin)
        self.write_jobs(shop, 1)
        self.assertIn("Other words", self.server.received(1)[0].text)

    def test_a_configuration_broken_meanwhile_does_not_keep_it_from_taking_over(self):
        shop = self.make().start()
        twin = self.twin(shop)
        twin.reload()
        shop.write("templates/mail/en.email", "Subject: {{nonsense}}\n\n{{#open}}\n")
        twin.reload()
        shop.kill()
        twin.wait_log("ready")
        self.write_jobs(shop, 1)
        self.assertIn("Ready", self.server.received(1)[0].text)


class Fence(StandbyTest):
    def test_a_service_that_only_sleeps_keeps_its_work(self):
        """SIGSTOP: it may go on at any moment, so nobody may take its place."""
        shop = self.make().start()
        twin = self.twin(shop)
        shop.service.send_signal(signal.SIGSTOP)
        self.write_jobs(shop, 20)
        time.sleep(slow(2))
        self.assertIn("Standing by", twin.notify.last("STATUS"))
        self.assertEqual(self.received(), [])
        shop.service.send_signal(signal.SIGCONT)
        self.judge(shop, 20)
        self.assertEqual(shop.query("SELECT value FROM meta WHERE name = 'epoch'"), [{"value": 1}])

    def put_to_sleep(self, shop):
        """SIGSTOP, but not within a transaction: nobody could take over before it wakes."""
        for _ in range(100):
            shop.service.send_signal(signal.SIGSTOP)
            db = sqlite3.connect(shop.database, timeout=0.2, isolation_level=None)
            try:
                db.execute("BEGIN IMMEDIATE")
                db.execute("ROLLBACK")
                return
            except sqlite3.OperationalError:
                shop.service.send_signal(signal.SIGCONT)
                time.sleep(0.02)
            finally:
                db.close()
        self.fail("it is always within a transaction")

    def test_a_lock_taken_by_force_is_not_shared(self):
        """The lock file is removed while the first sleeps in the middle of its work."""
        shop = self.make().start()
        twin = self.twin(shop)
        self.write_jobs(shop)
        self.server.received(20, 20)
        self.put_to_sleep(shop)
        os.unlink(f"{shop.database}.lock")
        self.works(twin)
        shop.service.send_signal(signal.SIGCONT)
        wait_until("the first stands by", lambda: "Standing by" in shop.notify.last("STATUS"), 40)
        self.assertIn("another service works on the database now", shop.log())
        self.judge(shop, JOBS)
        self.write_jobs(shop, 10, JOBS + 1)
        wait_until("all sent", lambda: shop.states() == {"sent": JOBS + 10}, 30)
        self.assertEqual(twin.json("status")["service"]["pid"], twin.service.pid)
