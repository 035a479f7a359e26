"""Planning: how long many appointments take, a changed rule, one changed appointment; what a
service with a million messages to come needs of the machine."""

import contextlib
import datetime
import random
import socket
import subprocess
import time

from figures import Watched, commit_ms, metric, percentile
from harness import Shop

MANY = 100_000
MILLION = 1_000_000
CLIENTS_EACH = 5  # appointments of one client
CHANGES = 300     # of one appointment at a time
IDLE_S = 10

CONF = """\
[business]
name = Riverside Garage
timezone = Europe/Riga
language = en
country = LV
hours = Mon-Fri 08:00-18:00, Sat 09:00-14:00
quiet = 21:00-08:00

[gateway files]
type = file
path = out

[web]
listen = 127.0.0.1:{port}
"""

EVENING = """\
[rule evening-before]
on = appointment starts
when = 1 day before at {at}
window = {window}
template = words
"""
FIVE = (
    EVENING
    + """
[rule week-before]
on = appointment starts
when = 7 days before at 10:00
template = words

[rule soon]
on = appointment starts
when = 2 hours before
by = sms
template = words

[rule thanks]
on = appointment ends
when = 1 day after at 11:00
template = words

[rule ask-again]
on = appointment ends
when = 3 weeks after at 11:00
window = business hours
template = words
"""
)
AS_IT_WAS = {"at": "18:00", "window": "09:00-20:00"}
WORDS = {"words/en.email": "Subject: {{business.name}}\n\nSee you {{appointment.starts | date}}.\n",
         "words/en.sms": "See you {{appointment.starts | date}}."}


@contextlib.contextmanager
def shop_with(rules, appointments):
    """A shop with so many appointments in the next half-year that no service has seen yet."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    shop = Shop(conf=CONF.format(port=port), playbook=rules, templates=WORDS)
    shop.port = port
    try:
        fill(shop, appointments)
        yield shop
    finally:
        shop.close()


def fill(shop, appointments):
    chance = random.Random(1)
    clients = max(1, appointments // CLIENTS_EACH)
    first = datetime.datetime.now() + datetime.timedelta(days=30)

    def visits():
        for i in range(appointments):
            day = first + datetime.timedelta(days=chance.randrange(150))
            at = day.replace(hour=8 + chance.randrange(9), minute=15 * chance.randrange(4))
            end = at + datetime.timedelta(hours=1)
            yield (f"a{i}", 1 + chance.randrange(clients), f"{at:%Y-%m-%dT%H:%M}",
                   f"{end:%Y-%m-%dT%H:%M}", "Service")

    db = shop.connect()
    db.execute("BEGIN")
    db.executemany(
        "INSERT INTO client (ref, name, email, phone, language) VALUES (?, ?, ?, ?, 'en')",
        ((f"c{i}", f"Client {i}", f"client{i}@example.com", f"+3712{i:07d}")
         for i in range(clients)),
    )
    db.executemany(
        "INSERT INTO appointment (ref, client_id, starts, ends, title) VALUES (?, ?, ?, ?, ?)",
        visits(),
    )
    db.execute("COMMIT")
    db.close()


def wait_planned(shop, count):
    """Until there are so many messages; returns (of the first, of the last) the moment."""
    db = shop.connect()
    first = None
    while True:
        seen = db.execute("SELECT coalesce(max(id), 0) FROM message").fetchone()[0]
        now = time.monotonic()
        if seen > 0 and first is None:
            first = now
        if seen >= count:
            db.close()
            return first, now
        if shop.service.poll() is not None:
            raise RuntimeError(shop.log())
        time.sleep(0.01)


def start(shop):
    shop.start(ready=False)
    return Watched(shop.service.pid)


def raw_seconds(bench, planned):
    """SQLite alone, with the rows of a shop that was planned."""
    empty = Shop(conf=None)
    try:
        done = subprocess.run(
            [bench.program("raw"), planned.database, empty.database],
            capture_output=True, text=True, check=True,
        )
        return float(done.stdout.split()[0])
    finally:
        empty.close()


def blocked_ms(shop):
    seconds = metric(shop, "betimes_loop_longest_seconds")
    return [] if seconds is None else [seconds * 1000]


# ---- a hundred thousand appointments, five rules ---------------------------------------------


def cold(bench):
    """From the start of a service that has seen none of the rows."""
    took, first, blocked, cpu, limit = [], [], [], [], []
    appointments = bench.rows(MANY)
    for _ in range(max(1, bench.times // 2)):
        with shop_with(FIVE.format(**AS_IT_WAS), appointments) as shop:
            began = time.monotonic()
            service = start(shop)
            one, last = wait_planned(shop, appointments * 5)
            cpu.append(service.cpu_s())
            took.append(last - began)
            first.append(one - began)
            service.rest()
            blocked += blocked_ms(shop)
            shop.stop()
            limit.append(raw_seconds(bench, shop))
    bench.figure(f"{appointments} appointments x 5 rules, from cold", took, "s", "< 2 s",
                 sorted(limit)[len(limit) // 2])
    bench.figure("  of that, on a core", cpu, "s")
    bench.figure("  start of the process to the first row planned", first, "s")
    if blocked:
        bench.figure("  the loop blocked at most, meanwhile", blocked, "ms", "< 50 ms")


def replan(bench):
    """One rule of five is changed in a service that has planned everything."""
    appointments = bench.rows(MANY)
    with shop_with(FIVE.format(**AS_IT_WAS), appointments) as shop:
        service = start(shop)
        wait_planned(shop, appointments * 5)
        service.rest(1.0)

        def change(bench_times, name, edits, aim):
            took, cpu = [], []
            for i in range(bench_times):
                began, used = time.monotonic(), service.cpu_s()
                edits(i)
                took.append(service.rest(1.0) - began)
                cpu.append(service.cpu_s() - used)
            bench.figure(name, took, "s", aim)
            bench.figure("    of that, on a core", cpu, "s")

        hours = ["19:00", "17:00"]
        windows = ["10:00-17:30", "09:00-20:00"]
        change(bench.times, "  one rule's due time changed, saved to planned",
               lambda i: shop.write("playbook.conf",
                                    FIVE.format(at=hours[i % 2], window="09:00-20:00")), "< 1 s")
        change(2, "  one rule's window changed",
               lambda i: shop.write("playbook.conf",
                                    FIVE.format(at="18:00", window=windows[i % 2])), "< 1 s")
        change(bench.times, "  only its words changed",
               lambda i: shop.write("templates/words/en.sms", f"See you {i}."), "< 1 s")
        blocked = blocked_ms(shop)
        if blocked:
            bench.figure("  the loop blocked at most, meanwhile", blocked, "ms", "< 50 ms")
        forecast = []
        for _ in range(min(3, bench.times)):
            began = time.monotonic()
            shop.run("forecast", seconds=300)
            forecast.append(time.monotonic() - began)
        bench.figure(f"  `forecast` beside {appointments * 5} planned", forecast, "s")
        shop.stop()


# ---- a million -------------------------------------------------------------------------------


def change_one(bench, shop, count):
    """Another program moves one appointment; when is its message's new time committed?"""
    chance = random.Random(2)
    writer, reader = shop.connect(), shop.connect()
    took = []
    for i in range(max(20, bench.rows(CHANGES) if bench.scale < 1 else CHANGES)):
        row = 1 + chance.randrange(count)
        at = datetime.datetime.now() + datetime.timedelta(days=200 + i, minutes=i)
        subject = reader.execute(
            "SELECT id FROM entity WHERE kind = 4 AND row_id = ?", (row,)).fetchone()[0]
        due = "SELECT due_ms FROM message WHERE subject_id = ? ORDER BY id DESC LIMIT 1"
        before = reader.execute(due, (subject,)).fetchone()[0]
        writer.execute("UPDATE appointment SET starts = ?, ends = NULL WHERE id = ?",
                       (f"{at:%Y-%m-%dT10:%M}", row))
        began = time.monotonic()
        while reader.execute(due, (subject,)).fetchone()[0] == before:
            if time.monotonic() - began > 10:
                raise RuntimeError("a change was not planned within 10 s\n" + shop.log())
        took.append((time.monotonic() - began) * 1000)
        time.sleep(0.05 + chance.random() * 0.05)
    writer.close()
    reader.close()
    bench.figure("  one changed: commit to planned, median", percentile(took, 0.5), "ms", "< 5 ms")
    bench.figure("  ... 99 of 100 within", percentile(took, 0.99), "ms")


def million(bench):
    count = bench.rows(MILLION)
    with shop_with(EVENING.format(**AS_IT_WAS), count) as shop:
        service = start(shop)
        wait_planned(shop, count)
        service.rest(2.0)
        bench.figure(f"{count} messages pending: memory after planning them",
                     service.resident_mb()[0], "MB")
        shop.stop()

        began = time.monotonic()
        service = start(shop)
        service.rest(2.0)
        ready = service.cpu_s()
        bench.figure("  after another start: memory", service.resident_mb()[0], "MB", "32 MB")
        bench.figure("  ... of it not shared with files", service.resident_mb()[1], "MB")
        bench.figure("  ... the start's work on a core", ready, "s")
        wakeups, cpu, at = service.wakeups(), service.cpu_s(), time.monotonic()
        time.sleep(IDLE_S)
        bench.figure("  idle: wake-ups", (service.wakeups() - wakeups) / (time.monotonic() - at),
                     "per second")
        bench.figure("  idle: time on a core", (service.cpu_s() - cpu) / IDLE_S * 1e6,
                     "us per second")
        change_one(bench, shop, count)
        bench.figure("  beside it: one durable commit of SQLite alone", commit_ms(shop.home), "ms")
        scrapes = []
        for _ in range(bench.times):
            began = time.monotonic()
            metric(shop, "betimes_turns_total")
            scrapes.append((time.monotonic() - began) * 1000)
        bench.figure("  /metrics", scrapes, "ms")
        blocked = blocked_ms(shop)
        if blocked:
            bench.figure("  the loop blocked at most, meanwhile", blocked, "ms", "< 50 ms")
        shop.stop()
        to_first_message(bench, shop)


def to_first_message(bench, shop):
    """A visit is due at the very start: from the start of the process to its message sent."""
    took = []
    for i in range(bench.times):
        db = shop.connect()
        db.execute("""INSERT INTO message (rule_id, subject_id, occurrence, repeat, recipient_id,
            channel, state, nominal_ms, due_ms, expires_ms, next_ms, state_ms)
            SELECT rule_id, subject_id, occurrence, ?, recipient_id, channel, 0, 0, 0,
            unixepoch('now') * 1000 + 3600000, 0, 0 FROM message ORDER BY id LIMIT 1""",
                   (1000 + i,))
        number = db.execute("SELECT max(id) FROM message").fetchone()[0]
        began = time.monotonic()
        start(shop)
        while db.execute("SELECT state FROM message WHERE id = ?", (number,)).fetchone()[0] == 0:
            if time.monotonic() - began > 60:
                raise RuntimeError("no message went out\n" + shop.log())
            time.sleep(0.001)
        took.append((time.monotonic() - began) * 1000)
        db.close()
        shop.stop()
    bench.figure("  start of the process to its first message decided", took, "ms")


def run(bench):
    cold(bench)
    replan(bench)
    million(bench)
