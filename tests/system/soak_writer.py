"""The writer of a soak (soak_shop.py), a program of its own, as a CRM is:

    soak_writer.py DATABASE RATE SECONDS SEED

Five times a second it commits what its rate, in messages a second, asks for: jobs that are there at
once or are moved to their stage later, some moved by mistake and back; visits with a reminder half
a minute after they are booked, some of which are moved or cancelled before. What is to come of a
row in the end can be read from the row. Prints how many rows it wrote.
"""

import datetime
import heapq
import random
import sqlite3
import sys
import time

CLIENTS = 500
TICK_S = 0.2
VISIT_LEAD_S = 30    # from the booking to the reminder
CHANGE_MAX_S = 8     # within which the writer has its second thoughts
CHANGE_LATE_S = 20   # a stuck writer leaves a visit as it is: its reminder may be on its way
MAILED, TEXTED, MISTAKEN, VISITED = range(4)
SHARES = (0.36, 0.36, 0.05, 0.23)


class Writer:
    """`rate`: messages a second."""

    def __init__(self, path, rate, seed):
        self.db = sqlite3.connect(path, timeout=60, isolation_level=None)
        self.rate = rate
        self.dice = random.Random(seed)
        self.count = 0
        self.later = []  # (when, n, statement, values)

    def add(self):
        """One row; some are changed soon."""
        n, now_s = self.count, time.time()
        self.count += 1
        client = n % CLIENTS + 1
        kind = self.dice.choices(range(4), SHARES)[0]
        change_s = now_s + self.dice.uniform(1, CHANGE_MAX_S)
        if kind == VISITED:
            self.db.execute(
                "INSERT INTO appointment (client_id, ref, title, starts) VALUES (?, ?, ?, ?)",
                (client, f"V{n}", f"V{n}", instant(now_s + 3600 + VISIT_LEAD_S)))
            chance = self.dice.random()
            if chance < 0.2:
                self.push(change_s, n, "UPDATE appointment SET starts = ? WHERE ref = ?",
                          (instant(now_s + 3600 + VISIT_LEAD_S + 10), f"V{n}"))
            elif chance < 0.4:
                self.push(change_s, n, "UPDATE appointment SET status = 'cancelled' WHERE ref = ?",
                          (f"V{n}",))
            return
        stage = ("Mailed", "Texted", "Mistaken")[kind]
        at_once = kind == MISTAKEN or self.dice.random() < 0.5
        self.db.execute("INSERT INTO job (client_id, ref, title, stage) VALUES (?, ?, ?, ?)",
                        (client, f"J{n}", f"J{n}", stage if at_once else "Open"))
        if kind == MISTAKEN or not at_once:
            self.push(change_s, n, "UPDATE job SET stage = ? WHERE ref = ?",
                      ("Open" if kind == MISTAKEN else stage, f"J{n}"))

    def push(self, when_s, n, sql, values):
        heapq.heappush(self.later, (when_s, n, sql, values))

    def change(self, late_ok=False):
        now_s = time.time()
        while self.later and (self.later[0][0] <= now_s or late_ok):
            when_s, _, sql, values = heapq.heappop(self.later)
            if now_s < when_s - CHANGE_MAX_S + CHANGE_LATE_S or "appointment" not in sql:
                self.db.execute(sql, values)

    def commit(self, rows, late_ok=False):
        self.db.execute("BEGIN IMMEDIATE")
        self.change(late_ok)
        for _ in range(rows):
            self.add()
        self.db.execute("COMMIT")

    def run(self, seconds):
        messages_a_row = SHARES[MAILED] + SHARES[TEXTED] + SHARES[VISITED] * 0.8
        began_s = time.monotonic()
        while (passed_s := time.monotonic() - began_s) < seconds:
            self.commit(int(passed_s * self.rate / messages_a_row) - self.count)
            time.sleep(TICK_S)
        self.commit(0, late_ok=True)
        print(self.count)


def instant(s):
    return datetime.datetime.fromtimestamp(int(s), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    Writer(sys.argv[1], float(sys.argv[2]), int(sys.argv[4])).run(float(sys.argv[3]))
