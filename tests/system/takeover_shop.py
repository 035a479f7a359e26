"""A business with two services on its database, where the work changes hands again and again.

    with Pair() as pair:
        pair.write(5)
        pair.kill()           # the one that works is killed, the other follows
        pair.force(0.1)       # it is put to sleep, its lock file removed; it wakes up after 0.1 s
        pair.torment(8, dice) # eight of the one or the other, with messages before each
        pair.settle()         # until every message has ended
        pair.judge()          # as crash_shop's

The servers take their time with each message, so that some are always on their way. Which ones were
cannot be told from outside, since the other service is at work at once; so whatever is listed as
unclear may have been. Real time: two services have one clock.
"""

import asyncio
import os
import signal
import sqlite3
import time

from crash_shop import Victim
from harness import MailServer, wait_until
from test_standby import Twin

CONNECTIONS = 8
DELAY_S = 0.02
ASLEEP_S = (0, 0, 0, 0.2, 0.5, 1)  # 0: both are awake when the work changes hands
WORK_S = 30


class SlowServer(MailServer):
    async def handle_DATA(self, server, session, envelope):
        reply = await super().handle_DATA(server, session, envelope)
        await asyncio.sleep(DELAY_S)
        return reply


class Pair(Victim):
    def __init__(self, connections=CONNECTIONS):
        super().__init__(connections)
        self.server = SlowServer()
        self.peer.delay_s = DELAY_S
        self.takeovers = 0
        self.names = 0

    def __enter__(self):
        super().__enter__()
        self.works = self.new_service()
        self.await_work(self.works)
        self.waits = self.new_service()
        return self

    def __exit__(self, *exc):
        logs = [service.close() for service in (self.works, self.waits)]
        super().__exit__(*exc)
        if exc[0] is not None:
            for log in logs:
                print(*(f"#   {line}" for line in log.splitlines()), sep="\n")

    def new_service(self):
        self.names += 1
        service = Twin(self.shop, f"service{self.names}")
        service.start()
        return service

    def await_work(self, service):
        """Until it works, and has settled what the other left."""
        wait_until("it works", lambda: "on the wire" in (service.notify.last("STATUS") or ""),
                   WORK_S)

    def kill(self):
        self.works.kill()
        self.takeovers += 1
        self.await_work(self.waits)
        self.works, self.waits = self.waits, self.new_service()

    def force(self, asleep_s):
        """As if another machine, or a person, had taken the lock away."""
        self.put_to_sleep(self.works.service)
        os.unlink(f"{self.shop.database}.lock")
        self.takeovers += 1
        try:
            time.sleep(asleep_s)
        finally:
            self.works.service.send_signal(signal.SIGCONT)
        self.await_work(self.waits)
        wait_until("the other stands by",
                   lambda: "Standing by" in self.works.notify.last("STATUS"), 2 * WORK_S)
        self.works, self.waits = self.waits, self.works

    def torment(self, times, dice):
        """How many second copies there were, each listed."""
        for _ in range(times):
            self.write(dice.randrange(6, 16))
            time.sleep(dice.uniform(0.02, 0.3))
            if dice.randrange(4) == 0:
                self.kill()
            else:
                self.force(dice.choice(ASLEEP_S))
        self.settle()
        return self.judge()

    def put_to_sleep(self, process):
        """SIGSTOP, but not within a transaction: nobody could take over before it wakes."""
        while True:
            process.send_signal(signal.SIGSTOP)
            db = sqlite3.connect(self.shop.database, timeout=0.2, isolation_level=None)
            try:
                db.execute("BEGIN IMMEDIATE")
                db.execute("ROLLBACK")
                return
            except sqlite3.OperationalError:
                process.send_signal(signal.SIGCONT)
                time.sleep(0.02)
            finally:
                db.close()

    def settle(self):
        wait_until("every message to end", self.is_done, 120)

    def judge(self):
        self.in_flight = set(self.unclear())
        return super().judge()
