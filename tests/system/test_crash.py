"""The real program, killed with SIGKILL at every commit, at every step to the wire and back, and at
random, against a mail server and an SMS provider that count what they get.

After a kill nothing is missing; a second copy is possible only of what was being sent at that
moment, and `betimes outbox --unknown` lists it; a mail's copies are the same mail to the byte; a
text whose fate nobody knows waits for a person. tests/system/crash kills for longer (`make crash`).
"""

import concurrent.futures
import os
import random
import re
import signal
import sqlite3
import subprocess
import unittest

from crash_shop import FAULTY, SENT, UNKNOWN, Victim
from harness import ROOT

AT_A_TIME = 3

# Each point of base/fault.h: what a kill there, the only one in a message's life, makes of it, as
# (copies that went out in the end, whether it is listed). None: it depends on what else was going
# on, or is the matter of a test of its own.
ONCE, LOST, TWICE = (1, False), (0, True), (2, True)
MAYBE = (1, True)  # one copy, but it could have been two (a mail) or none (a text)
POINTS = {
    #               by mail  by text
    "commit":       (None,   None),   # about to commit
    "committed":    (None,   None),   # committed, not synced yet
    "synced":       (None,   None),   # what may go on goes on
    "forget":       (None,   None),   # what an earlier life left is settled
    "forgotten":    (None,   None),
    "claim":        (ONCE,   ONCE),   # taken for sending, not committed
    "merge-claim":  (None,   None),
    "hand-over":    (ONCE,   ONCE),   # committed, not with the gateway yet
    "handed-over":  (None,   ONCE),   # a mail may have passed its point by now
    "pass":         (ONCE,   ONCE),   # about to pass the point of no return
    "passed":       (MAYBE,  LOST),
    "smtp-body":    (ONCE,   None),   # the first of its bytes are asked for
    "smtp-reply":   (ONCE,   None),   # the greeting; the other replies have a test of their own
    "http-body":    (None,   LOST),
    "http-reply":   (None,   MAYBE),
    "answered":     (ONCE,   ONCE),   # its mark says that it was accepted
    "note":         (ONCE,   ONCE),   # about to write the outcome to the send ledger
    "ledger":       (None,   None),   # written there, not synced yet
    "ledger-synced": (None,  None),
    "settle":       (ONCE,   ONCE),   # the ledger has it: nothing is unclear any more
    "settled":      (ONCE,   ONCE),
    "land":         (ONCE,   ONCE),   # the outcome is committed
}
BACKUP_POINTS = ("backup-step", "backup-checked", "backup-synced", "backup-named")


def points_of_the_program():
    found = set()
    for path in (ROOT / "src").rglob("*.c"):
        found |= set(re.findall(r'fault_point\("([\w-]+)"\)', path.read_text(encoding="utf-8")))
    return found


class Crash(unittest.TestCase):
    seconds = 400
    kills = 0

    @classmethod
    def tearDownClass(cls):
        print(f"# {cls.__name__}: {cls.kills} kills")

    def victim(self, **more):
        victim = self.enterContext(Victim(**more))
        self.addCleanup(lambda: self.count(victim))
        return victim

    def count(self, victim):
        type(self).kills += victim.kills


class OneMessage(Crash):
    """Alone on its way, so that it is certain what a kill can have done."""

    def after_a_kill(self, stage, fault):
        """(copies, listed), and its state, of a message whose service was killed there; None when
        it was over before."""
        with Victim(connections=1) as victim:
            victim.write(1, [stage])
            if not victim.live(fault):
                return None
            self.count(victim)
            victim.settle()
            victim.judge()
            (state,) = victim.states().values()
            return (len(victim.copies()["T0"]), bool(victim.unclear())), state

    def test_no_point_of_the_program_is_left_out(self):
        self.assertEqual({*POINTS, *BACKUP_POINTS}, points_of_the_program())

    def test_a_mail_goes_twice_only_if_it_was_killed_after_the_dot(self):
        for point, (expected, _) in POINTS.items():
            with self.subTest(point):
                if expected:
                    self.assertEqual(self.after_a_kill("Mailed", f"{point}:1"), (expected, SENT))

    def test_a_text_that_may_be_out_waits_for_a_person_and_never_goes_twice(self):
        for point, (_, expected) in POINTS.items():
            with self.subTest(point):
                if expected:
                    state = UNKNOWN if expected[1] else SENT
                    self.assertEqual(self.after_a_kill("Texted", f"{point}:1"), (expected, state))

    def test_between_a_mail_servers_replies_only_the_last_one_is_unclear(self):
        found = []
        while (after := self.after_a_kill("Mailed", f"smtp-reply:{len(found) + 1}")) is not None:
            found.append(after[0])
        print(f"# killed after each of {len(found)} lines of the server's")
        self.assertGreater(len(found), 5)  # greeting, EHLO, MAIL, RCPT, DATA, the dot
        self.assertEqual(found, [ONCE] * (len(found) - 1) + [TWICE])


def kill_and_kill_again(point, passing):
    """What went wrong (None: nothing), the number of kills, that of second copies."""
    with Victim() as victim:
        try:
            victim.write(4)
            killed = victim.live(f"{point}:{passing}")
            assert killed or passing > 1, f"{point} was never passed"
            victim.write(2)
            if killed:
                victim.live(f"{point}:{passing + 1}")
            victim.settle()
            return None, victim.kills, victim.judge()
        except AssertionError as e:
            return f"{e}\n{victim.shop.log()}", victim.kills, 0


class Many(Crash):
    """Among others: mails, texts, and mails that tell of two jobs."""

    def test_killed_at_every_point_and_again_while_it_recovers(self):
        extra = 0
        cases = [(point, passing) for point in POINTS for passing in (1, 3, 8)]
        with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
            for case, (wrong, kills, more) in zip(cases, pool.map(kill_and_kill_again,
                                                                  *zip(*cases))):
                with self.subTest(case):
                    self.assertIsNone(wrong, wrong)
                type(self).kills += kills
                extra += more
        print(f"# {extra} second copies, each of them listed")

    def test_killed_at_random(self):
        victim = self.victim()
        seed = random.randrange(1 << 32)
        dice = random.Random(seed)
        print(f"# seed {seed}")
        for _ in range(12):
            victim.write(4)
            victim.live(kill_after_s=dice.uniform(0.02, 0.25))
        victim.settle()
        extra = victim.judge()
        print(f"# {extra} second copies of {victim.written} messages, each of them listed")


def run_out(n):
    """A life in which the n-th allocation fails, if it comes so far, and one after it: what went
    wrong (None: nothing), whether it failed, how many allocations there were if not."""
    with Victim() as victim:
        try:
            victim.write(4)
            ended = victim.live(f"memory:{n}")
            counted = re.search(r"allocations=(\d+)", victim.shop.log())
            if ended and "out of memory" not in victim.shop.log():
                return f"allocation {n}: it ended for another reason", ended, 0
            victim.write(2)
            victim.settle()
            victim.judge()
            return None, ended, int(counted.group(1)) if counted else 0
        except AssertionError as e:
            return f"allocation {n}: {e}\n{victim.shop.log()}", False, 0


class Memory(Crash):
    def test_whenever_memory_runs_out_it_ends_and_the_next_start_goes_on(self):
        wrong, _, count = run_out(1 << 40)
        self.assertIsNone(wrong, wrong)
        self.assertGreater(count, 1000)
        seed = random.randrange(1 << 32)
        dice = random.Random(seed)
        print(f"# seed {seed}, {count} allocations")
        # What comes first is read once, what comes last is the sending: half of them there.
        samples = [1, *(dice.randrange(2, count) for _ in range(12)),
                   *(dice.randrange(count * 9 // 10, count) for _ in range(12))]
        with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
            for n, (wrong, ended, _) in zip(samples, pool.map(run_out, samples)):
                with self.subTest(n):
                    self.assertIsNone(wrong, wrong)
                type(self).kills += ended
        self.assertGreater(type(self).kills, len(samples) // 2)


class Backup(Crash):
    def judge(self, victim, path):
        """Under its name there is a whole backup; of which moment, in titles."""
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            return {row[0] for row in db.execute("SELECT title FROM job")}
        finally:
            db.close()

    def test_a_backup_killed_at_any_point_leaves_the_old_one_or_the_new(self):
        victim = self.victim()
        path = victim.shop.home / "backup.db"
        victim.write(1)
        victim.shop.run("backup", path)
        old = self.judge(victim, path)
        victim.start(ready=True)
        for point in BACKUP_POINTS:
            with self.subTest(point):
                victim.write(5)
                self.backup(victim, path, f"{point}:1")
                new = self.judge(victim, path)
                if point == "backup-named":
                    self.assertEqual(len(new), victim.written)
                else:
                    self.assertEqual(new, old)
                victim.shop.run("backup", path)
                old = self.judge(victim, path)
                self.assertEqual(len(old), victim.written)
                self.assertEqual([p.name for p in path.parent.glob(f"{path.name}?*")], [])
        victim.shop.stop()
        victim.settle()
        victim.judge()

    def backup(self, victim, path, fault):
        victim.kills += 1
        done = subprocess.run(
            [FAULTY, "backup", "-c", victim.shop.dir, path], check=False, capture_output=True,
            env={**os.environ, "BETIMES_FAULT": fault})
        self.assertEqual(done.returncode, -signal.SIGKILL, done.stderr)
