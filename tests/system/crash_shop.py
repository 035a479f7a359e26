"""A business whose service is killed again and again, and the judge of what it made of it.

    with Victim() as victim:
        victim.write(10)                 # jobs: ten mails, ten texts, ten that go in pairs
        victim.live(fault="passed:3")    # runs until it is killed there, or has nothing to do
        victim.live(kill_after_s=0.05)   # the same at a moment of our choice
    victim.live(fault="memory:900")  # the same, but its 900th allocation fails, and it ends by that
        victim.settle()                  # once more, undisturbed, until every message has ended
        victim.judge()                   # AssertionError if anything is missing, or twice for no
                                         # reason that is told

What may happen to a message depends on how it stood at the kills, so the database is looked at
after each (in a copy, for to look is to repair): what was not being sent then must go exactly once.

The clock runs SPEED times as fast, and goes on from one start to the next: pauses before another
try are short for us, and no kill is a step of the clock as well.
"""

import collections
import datetime
import math
import shutil
import signal
import sqlite3
import tempfile
import time
from pathlib import Path

from harness import BUSINESS, MailServer, Shop, slow, wait_until
from harness.shop import PROGRAM
from provider_peer import PASSWORD, USER, ProviderPeer

SPEED = 100
LIFE_S = 40  # in which a service that is not killed has done all it can
FAULTY = Path(PROGRAM).parent / "faults" / "betimes"
SENDING, UNKNOWN, SENT = 3, 4, 5
NO_MEMORY = 2  # the exit status

CONNECTIONS = 3
PLAYBOOK = """
[workflow repair]
stages = Mailed, Texted, Paired

[rule mail]
on = job enters Mailed
by = email

[rule text]
on = job enters Texted
by = sms

[rule pair]
on = job enters Paired
by = email
merge = 5 minutes
"""
WORDS = {
    "mail/en.email": "Subject: Ready\n\n({{job.title}})\n",
    "text/en.sms": "({{job.title}})",
    "pair/en.email": "Subject: Both\n\n({{job.title}}){{#also}} and ({{job.title}}){{/also}}\n",
}


class Victim:
    def __init__(self, connections=CONNECTIONS):
        self.server = MailServer()
        self.peer = ProviderPeer()
        self.connections = connections
        self.kills = 0
        self.written = 0
        self.in_flight = set()  # titles of what was being sent at a kill
        self.began_s = time.time()

    def __enter__(self):
        self.server.start()
        self.peer.start()
        conf = BUSINESS + self.server.section(connections=self.connections) + f"""
[gateway texts]
type = sms
provider = twilio
url = {self.peer.url}
user = {USER}
password = {PASSWORD}
from = +37120000000
connections = {self.connections}
"""
        self.shop = Shop(conf=conf, playbook=PLAYBOOK, templates=WORDS)
        return self

    def __exit__(self, *exc):
        log = self.shop.close()
        self.peer.stop()
        self.server.stop()
        if exc[0] is not None:
            for line in log.splitlines():
                print(f"#   {line}")

    # ---- what others write ---------------------------------------------------------------

    def write(self, count, stages=("Mailed", "Texted", "Paired")):
        """`count` jobs of each kind in one transaction, as another program would. A pair are two
        jobs of one client."""
        rows = []
        for stage in stages:
            for i in range(count):
                n = self.written
                self.written += 1
                client = n - 1 if stage == "Paired" and i % 2 else n
                if client == n:
                    rows.append("INSERT INTO client (id, name, email, phone) VALUES "
                                f"({n + 1}, 'C', 'c{n}@example.com', '2{n:04}000');")
                rows.append("INSERT INTO job (client_id, stage, title) VALUES "
                            f"({client + 1}, '{stage}', 'T{n}');")
        self.shop.sql("BEGIN;\n" + "\n".join(rows) + "\nCOMMIT;")

    # ---- lives ---------------------------------------------------------------------------

    def now(self):
        """The service's clock, going on where it was."""
        s = math.ceil(self.began_s + (time.time() - self.began_s) * SPEED)
        return datetime.datetime.fromtimestamp(s, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def start(self, fault=None, ready=False):
        self.shop.betimes.program = FAULTY if fault else PROGRAM
        env = {"BETIMES_FAULT": fault} if fault else None
        self.shop.start("--now", self.now(), "--speed", SPEED, env=env, ready=ready)

    def live(self, fault=None, kill_after_s=None):
        """A life of the service; True when it ended by a kill, or for want of memory."""
        self.start(fault)
        service = self.shop.service
        if kill_after_s is not None:
            time.sleep(kill_after_s)
            service.kill()
        deadline = time.monotonic() + slow(LIFE_S)
        while service.poll() is None and not self.is_done():
            assert time.monotonic() < deadline, f"not done: {self.states()}\n{self.shop.log()}"
            time.sleep(0.01)
        service.terminate()
        if service.wait(slow(LIFE_S)) == 0:
            self.shop.wait_end()
            return False
        no_memory = fault is not None and fault.startswith("memory:")
        self.shop.wait_end(NO_MEMORY if no_memory else -signal.SIGKILL)
        self.kills += 1
        self.look()
        return True

    def settle(self):
        """A life without a kill, to the end of every message."""
        self.start(ready=True)
        wait_until("every message to end", self.is_done, LIFE_S)
        self.shop.stop()

    # ---- how it stands ---------------------------------------------------------------------

    def states(self, path=None):
        """{title: state}, without leaving a trace in the database."""
        db = sqlite3.connect(f"file:{path or self.shop.database}?mode=ro", uri=True,
                             timeout=slow(10))
        try:
            return dict(db.execute(
                "SELECT j.title, m.state FROM message m JOIN entity e ON e.id = m.subject_id "
                "JOIN job j ON j.id = e.row_id"))
        finally:
            db.close()

    def is_done(self):
        states = self.states()
        return len(states) == self.written and set(states.values()) <= {UNKNOWN, SENT}

    def look(self):
        """What was in flight at the kill?"""
        with tempfile.TemporaryDirectory() as folder:
            for path in self.shop.dir.glob("betimes.db*"):
                shutil.copy(path, folder)
            states = self.states(Path(folder) / "betimes.db")
        self.in_flight |= {title for title, state in states.items() if state == SENDING}

    def copies(self):
        """{title: [each copy that arrived: the mail's bytes, or None for a text]}"""
        found = collections.defaultdict(list)
        for mail in list(self.server.mails):
            for word in mail.data.decode().split("text/html")[0].split("("):
                if ")" in word and word.startswith("T"):
                    found[word.partition(")")[0]].append(mail.data)
        for text in list(self.peer.messages):
            found[text.text.strip("()")].append(None)
        return found

    def unclear(self):
        """Titles of what `betimes outbox --unknown` lists, with their states."""
        jobs = dict(self.shop_rows("SELECT id, title FROM job"))
        return {jobs[m["job_id"]]: m["state"] for m in self.shop.json("outbox", "--unknown")}

    def shop_rows(self, sql):
        return [tuple(row.values()) for row in self.shop.query(sql)]

    # ---- the judge -------------------------------------------------------------------------

    def judge(self):
        """Nothing is missing; a copy too many only of what was in flight, and it is listed; copies
        of a mail are the very same mail; a text is never sent twice."""
        copies, unclear, states = self.copies(), self.unclear(), self.states()
        assert len(states) == self.written, f"{len(states)} of {self.written} messages"
        assert set(unclear) <= self.in_flight, f"listed for no reason: {unclear}"
        for title, state in states.items():
            got = copies[title]
            told = f"{title}: {len(got)} copies, state {state}, listed {unclear.get(title)}"
            assert state == SENT or (state == UNKNOWN and None in (got or [None])), told
            assert state != UNKNOWN or title in unclear, told
            assert got or state == UNKNOWN, f"missing: {told}"
            assert len(got) <= 1 or title in unclear, f"a copy of which nobody is told: {told}"
            assert None not in got or len(got) == 1, f"a text went twice: {told}"
            assert len(set(got)) <= 1, f"copies that differ: {told}"
        return sum(map(len, copies.values())) - sum(1 for got in copies.values() if got)
