"""Delivery: how fast many messages go that are due at once, how soon one goes, beside what the same
machine takes from programs that do nothing but send."""

import contextlib
import datetime
import random
import time

import peers
from figures import Watched, commit_ms, metric, percentile
from harness import Shop

MANY = 20_000
DELAYED = 2_000   # to the relay that takes its time
RELAY_MS = 20
RELAY_CONNECTIONS = 20
CONNECTIONS = 10
SINGLES = 300     # messages at moments of their own
AHEAD_S = 6       # for planning 20,000, before they are due
IDLE_S = 10
SENT = 5          # enum message_state

CONF = """\
[business]
name = Riverside Garage
timezone = Europe/Riga
language = en
country = LV
phone = +37167000000
quiet = none

[limits]
blast = none

[web]
listen = 127.0.0.1:{port}

[gateway out]
type = {type}
from = {sender}
connections = {connections}
{url}
"""

PROVIDER = """\
[provider]
name = Bench
url = http://127.0.0.1/messages

[need]
from = the sender

[form]
From = {{from}}
To = {{to}}
Body = {{text}}

[reply]
id = $.id
sent = 201 and $.id
"""

PLAYBOOK = """\
[workflow repair]
stages = Received, Collected
done = Collected

[rule reminder]
on = appointment starts
when = 2 hours before
by = {by}
template = words

[rule welcome]
on = job opens
by = {by}
"""

TEMPLATES = {
    "words/en.email": """\
Subject: {{appointment.title}} on {{appointment.starts | date}}

Dear {{client.name}},

we expect you and your car for **{{appointment.title}}** on {{appointment.starts | date}} at
{{appointment.starts | time}}. If something has come between, call us at {{business.phone}}.

* Bring both keys, please.
* Coffee is on us.

Your {{business.name}}
""",
    "words/en.sms":
        "Dear {{client.name}}, see you {{appointment.starts | relative}}: {{appointment.title}}. "
        "{{business.name}}",
    "welcome/en.email": "Subject: {{job.title}}\n\nDear {{client.name}}, we have your car.\n",
    "welcome/en.sms": "Dear {{client.name}}, we have your car.",
}


@contextlib.contextmanager
def shop_by(channel, port, connections):
    web = peers.free_port()
    if channel == "email":
        gateway = {"type": "smtp", "sender": "Riverside Garage <hello@example.com>",
                   "url": f"url = smtp://127.0.0.1:{port}"}
    else:
        gateway = {"type": "sms", "sender": "+37120000000",
                   "url": f"provider = bench\nurl = http://127.0.0.1:{port}/messages"}
    shop = Shop(conf=CONF.format(port=web, connections=connections, **gateway),
                playbook=PLAYBOOK.format(by=channel), templates=TEMPLATES)
    shop.write("providers/bench.conf", PROVIDER)
    shop.port = web
    try:
        yield shop
    finally:
        shop.close()


def instant(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


def fill(shop, count, due_s):
    """So many clients, each with a visit two hours after they are to hear of it."""
    db = shop.connect()
    db.execute("BEGIN")
    db.executemany("INSERT INTO client (ref, name, email, phone) VALUES (?, ?, ?, ?)",
                   ((f"c{i}", f"Anna Berzina {i}", address(i), f"+3712{i:07d}")
                    for i in range(count)))
    db.executemany("INSERT INTO appointment (ref, client_id, starts, title) "
                   "VALUES (?, (SELECT id FROM client WHERE ref = ?), ?, 'Winter tyres')",
                   ((f"a{i}", f"c{i}", instant(due_s + 7200)) for i in range(count)))
    db.execute("COMMIT")
    db.close()


def address(i):
    return f"client{i}@example.com"


def tally(db, states):
    return db.execute(f"SELECT coalesce(sum(count), 0) FROM message_tally WHERE state IN ({states})"
                      ).fetchone()[0]


def wait_tally(shop, db, count, states, pause_s):
    while tally(db, states) < count:
        if shop.service.poll() is not None:
            raise RuntimeError(shop.log())
        time.sleep(pause_s)
    return time.time()


class Blast:
    """Many messages that become due at one moment: what came of it."""

    def __init__(self, channel, port, connections, count):
        ahead_s = 3 + AHEAD_S * count / MANY
        with shop_by(channel, port, connections) as shop:
            due_s = int(time.time() + ahead_s) + 1
            fill(shop, count, due_s)
            shop.start()
            service = Watched(shop.service.pid)
            db = shop.connect()
            wait_tally(shop, db, count, "0, 3, 5", 0.05)
            service.rest(0.2)
            self.late = time.time() > due_s
            time.sleep(max(0, due_s - time.time() - 0.02))
            cpu_s = service.cpu_s()
            ended_s = wait_tally(shop, db, count, SENT, 0.01)
            self.rate = count / (ended_s - due_s)
            self.cpu_us = (service.cpu_s() - cpu_s) / count * 1e6
            service.rest()
            self.blocked_ms = (metric(shop, "betimes_loop_longest_seconds") or 0) * 1000
            self.resident_mb = service.resident_mb()[0]
            db.close()
            shop.stop()


def blasts(bench, name, channel, port, connections, count, aim, limits):
    """Print what several blasts were like; `limits`: (words, rate) of what else was measured."""
    runs = []
    for _ in range(bench.times // 2 + 1):
        run = Blast(channel, port, connections, count)
        if run.late:
            bench.note("planned too late to tell a rate: left out")
        else:
            runs.append(run)
    if not runs:
        return
    bench.figure(name, [r.rate for r in runs], "a second", aim)
    rate = percentile([r.rate for r in runs], 0.5)
    for words, limit in limits:
        bench.figure(f"  beside it: {words}", limit, "a second")
        bench.figure("  ... of which we reach", rate / percentile(limit, 0.5), "of it")
    bench.figure("  each, on a core", [r.cpu_us for r in runs], "us")
    bench.figure("  the loop blocked at most, meanwhile", [r.blocked_ms for r in runs], "ms",
                 "< 50 ms")
    bench.figure("  memory afterwards", [r.resident_mb for r in runs], "MB")


def mails(bench):
    count = bench.rows(MANY)
    with peers.smtp_sink() as port:
        limits = [(f"smtp-source, {n} connections",
                   [peers.smtp_source(port, n, count) for _ in range(bench.times)])
                  for n in (10, 20)]
        blasts(bench, f"{count} mails due at once, {CONNECTIONS} connections", "email", port,
               CONNECTIONS, count, "13000, 0.35 of smtp-source's", limits)


def texts(bench):
    count = bench.rows(MANY)
    with peers.nginx() as port:
        limits = [("wrk", [peers.wrk(port, CONNECTIONS) for _ in range(max(1, bench.times // 2))])]
        blasts(bench, f"{count} texts due at once, {CONNECTIONS} connections", "sms", port,
               CONNECTIONS, count, "20000", limits)


def slow_relay(bench):
    count = bench.rows(DELAYED)
    with peers.our_sink(bench, RELAY_MS) as sink:
        limit = [peers.smtp_source(sink.port, RELAY_CONNECTIONS, count)]
        blasts(bench, f"a relay that takes {RELAY_MS} ms, {RELAY_CONNECTIONS} connections", "email",
               sink.port, RELAY_CONNECTIONS, count, "900", [("smtp-source", limit)])


# ---- one at a time -----------------------------------------------------------------------------


def figures_of(bench, name, took_ms, aims):
    bench.figure(f"{name}: median of {len(took_ms)}", percentile(took_ms, 0.5), "ms", aims[0])
    bench.figure("  99 of 100 within", percentile(took_ms, 0.99), "ms", aims[1])


def wait_arrived(sink, shop, wanted, seconds=60):
    """When each of these recipients' mails came."""
    deadline = time.monotonic() + seconds
    while True:
        times = sink.times()
        if all(to in times for to in wanted):
            return times
        if shop.service.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("mails did not come\n" + shop.log())
        time.sleep(0.05)


def due_to_wire(bench, shop, sink, count):
    """Messages that were planned long ago come due, each at its own moment."""
    chance = random.Random(1)
    db = shop.connect()
    rows = db.execute("SELECT m.id, c.email FROM message m JOIN entity e ON e.id = m.recipient_id "
                      "JOIN client c ON c.id = e.row_id WHERE m.state = 0 LIMIT ?", (count,))
    rows = [tuple(row) for row in rows]
    at_s, due_s = time.time() + 1.0, {}
    db.execute("BEGIN IMMEDIATE")
    for number, to in rows:
        at_s += 0.010 + chance.random() * 0.030
        due_s[to] = int(at_s * 1000) / 1000
        db.execute("UPDATE message SET due_ms = ?1, next_ms = ?1 WHERE id = ?2",
                   (int(at_s * 1000), number))
    db.execute("COMMIT")
    db.close()
    times = wait_arrived(sink, shop, due_s)
    figures_of(bench, "due to the wire", [(times[to] - due) * 1000 for to, due in due_s.items()],
               ("3 ms", "10 ms"))


def commit_to_wire(bench, shop, sink, count):
    """Another program opens a job by plain SQL; its client is to hear of it at once."""
    chance = random.Random(2)
    db = shop.connect()
    rows = db.execute("SELECT email, id FROM client ORDER BY id DESC LIMIT ?", (count,)).fetchall()
    committed_s = {}
    sink.forget()
    for to, client in map(tuple, rows):
        db.execute("INSERT INTO job (client_id, workflow, stage, title) "
                   "VALUES (?, 'repair', 'Received', 'Winter tyres')", (client,))
        committed_s[to] = time.time()
        time.sleep(0.050 + chance.random() * 0.050)
    db.close()
    times = wait_arrived(sink, shop, committed_s)
    took = [(times[to] - at) * 1000 for to, at in committed_s.items()]
    figures_of(bench, "another program's commit to the wire", took, ("10 ms", "50 ms"))


def start_to_wire(bench, shop, sink):
    """A visit becomes due while no service runs: from the start of the process to its mail."""
    took = []
    for i in range(bench.times // 2 + 1):
        to = f"first{i}@example.com"
        db = shop.connect()
        db.execute("INSERT INTO client (ref, name, email) VALUES (?, 'Anna', ?)", (to, to))
        db.execute("INSERT INTO appointment (client_id, starts, title) "
                   "SELECT id, ?, 'Winter tyres' FROM client WHERE ref = ?",
                   (instant(time.time() + 7200 + 3), to))
        shop.start()
        while db.execute("SELECT count(*) FROM message m JOIN entity e ON e.id = m.recipient_id "
                         "WHERE e.key = ?", (to,)).fetchone()[0] == 0:
            time.sleep(0.01)
        shop.stop()
        db.close()
        time.sleep(4)
        began_s = time.time()
        shop.start(ready=False)
        took.append((wait_arrived(sink, shop, [to])[to] - began_s) * 1000)
        shop.stop()
    bench.figure("start of the process to its first mail at the server", took, "ms", "200 ms")


def idle(bench, shop):
    """After all of this, with the connections that it keeps for a while."""
    service = Watched(shop.service.pid)
    service.rest()
    wakeups, began = service.wakeups(), time.monotonic()
    time.sleep(IDLE_S)
    bench.figure("idle afterwards: wake-ups",
                 (service.wakeups() - wakeups) / (time.monotonic() - began), "per second",
                 "2 at most")


def singles(bench):
    count = max(20, min(SINGLES, bench.rows(SINGLES)))
    with peers.our_sink(bench) as sink, shop_by("email", sink.port, CONNECTIONS) as shop:
        fill(shop, 2 * count, time.time() + 30 * 86400)
        shop.start()
        db = shop.connect()
        wait_tally(shop, db, 2 * count, "0", 0.05)
        Watched(shop.service.pid).rest()
        due_to_wire(bench, shop, sink, count)
        commit_to_wire(bench, shop, sink, count)
        bench.figure("  beside them: one durable commit of SQLite alone",
                     commit_ms(shop.home), "ms")
        db.close()
        idle(bench, shop)
        shop.stop()
        start_to_wire(bench, shop, sink)


def run(bench):
    mails(bench)
    texts(bench)
    slow_relay(bench)
    singles(bench)
