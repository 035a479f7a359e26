"""The managers' page beside 100,000 clients: the first view of a service that has just started,
each page afterwards, and how long the loop was blocked meanwhile."""

import contextlib
import datetime
import http.client
import random
import time
import urllib.parse

from figures import Watched, metric, percentile
from harness import Shop
from web_browser import FORM, PASSWORD, Browser, fields_of, free_port

CLIENTS = 100_000
JOBS = 100_000
VISITS = 100_000
PAST = 200_000    # messages that went, or did not; the rules plan some 330,000 more
LONG = 5_000      # of them, of one client
STAFF = 20
TASKS = 60
WEEKS = 6         # before and after today
SHARE_OPEN = 0.4  # of the jobs; the others have ended
EACH = 60         # requests of one page
STARTS = 5
DAY_S = 24 * 3600

CONF = """\
[business]
name = Riverside Garage
timezone = Europe/Riga
language = en
country = LV
hours = Mon-Fri 08:00-18:00, Sat 09:00-14:00

[gateway files]
type = file
path = out

[web]
listen = 127.0.0.1:{port}
"""

# Beside the workflow of the sample, which has the rules and their texts in five languages.
TYRES = """
[workflow tyres]
stages = Booked, Mounted, Paid
done = Paid
"""
WORKFLOWS = {
    "repair": (["Received", "Diagnosed", "Quote sent", "Waiting for parts", "In repair", "Ready"],
               ["Collected", "Declined"]),
    "tyres": (["Booked", "Mounted"], ["Paid"]),
}
LANGUAGES = ("en", "lv", "ru", "kk", "fa", "lt")  # the last one has no texts

FIRST = ["Anna", "Jānis", "Ilze", "Pēteris", "Zane", "Aigerim", "Dmitrijs", "Laura", "Mārtiņš",
         "Nurlan", "Elīna", "Jürgen", "Søren", "Zoë", "Éva", "Kārlis", "Māra", "Rūta", "Inga",
         "Uldis"]
LAST = ["Bērziņ", "Kalniņ", "Ozol", "Liepiņ", "Müller", "Nazarbajev", "Ivanov", "Krūmiņ", "Jansson",
        "Šmit", "Zariņ", "Petrov", "Lācis", "Eglīt", "Vītol", "Dombrovsk", "Kowalsk", "Ņikitin"]
TITLES = ["Winter tyres", "Oil change", "Brakes: front and rear", "Timing belt", "Air conditioning",
          "Yearly check", "Exhaust", "Clutch of a Volvo V70"]

SENT, DELIVERED, FAILED, CANCELLED, SKIPPED = 5, 6, 8, 9, 10  # enum message_state
WORDS = "Dear client,\n\nsee you tomorrow at ten. " + "We look forward to it. " * 5
SPECIAL = "Zebulon Quux"  # the only one of this name


# ---- the rows --------------------------------------------------------------------------------


def clients(count, chance):
    for i in range(1, count + 1):
        name = f"{chance.choice(FIRST)} {chance.choice(LAST)}{chance.choice(['š', 'a', 's', ''])}"
        if i == count // 2:
            name = SPECIAL
        yield (i, f"c{i}", name, f"client{i}@example.com", f"+3712{i:07d}",
               chance.choice(LANGUAGES), "Prefers mornings. " * chance.randrange(3))


def jobs(count, client_count, chance):
    for i in range(1, count + 1):
        workflow = "repair" if chance.random() < 0.7 else "tyres"
        is_open, ended = WORKFLOWS[workflow]
        stage = chance.choice(is_open if chance.random() < SHARE_OPEN else ended)
        yield (i, f"j{i}", 1 + chance.randrange(client_count), workflow, stage,
               chance.choice(TITLES), 1 + chance.randrange(STAFF), 20 + chance.randrange(900))


def visits(count, client_count, long, chance):
    """The first `long` of them are one client's, for whom they are all over."""
    first = datetime.datetime.now() - datetime.timedelta(weeks=WEEKS)
    for i in range(1, count + 1):
        day = first + datetime.timedelta(days=chance.randrange(WEEKS * 7 * (1 if i <= long else 2)))
        at = day.replace(hour=8 + chance.randrange(9), minute=15 * chance.randrange(4))
        yield (i, f"a{i}", 1 if i <= long else 1 + chance.randrange(client_count),
               f"{at:%Y-%m-%dT%H:%M}", f"{at + datetime.timedelta(hours=1):%Y-%m-%dT%H:%M}",
               chance.choice(TITLES), 1 + chance.randrange(STAFF))


def fill(bench, shop):
    """What other programs have written, before any service saw it."""
    chance = random.Random(1)
    people = bench.rows(CLIENTS)
    db = shop.connect()
    db.execute("BEGIN")
    db.executemany("INSERT INTO staff (id, name, email) VALUES (?, ?, ?)",
                   ((i, f"Mechanic {i}", f"staff{i}@example.com") for i in range(1, STAFF + 1)))
    db.executemany("INSERT INTO client (id, ref, name, email, phone, language, notes) "
                   "VALUES (?, ?, ?, ?, ?, ?, ?)", clients(people, chance))
    db.executemany("INSERT INTO job (id, ref, client_id, workflow, stage, title, staff_id, amount, "
                   "currency) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'EUR')",
                   jobs(bench.rows(JOBS), people, chance))
    db.executemany("INSERT INTO appointment (id, ref, client_id, starts, ends, title, staff_id) "
                   "VALUES (?, ?, ?, ?, ?, ?, ?)",
                   visits(bench.rows(VISITS), people, bench.rows(LONG) // 5, chance))
    db.execute("COMMIT")
    db.close()


def past(bench, shop):
    """The messages of the weeks before, as the service would have left them: writing them is not
    what is measured. The latest went a moment ago."""
    chance = random.Random(2)
    count, long = bench.rows(PAST), bench.rows(LONG)
    db = shop.connect()
    subjects = [tuple(r) for r in db.execute(
        "SELECT e.id, c.id, a.client_id, a.id FROM appointment a "
        "JOIN entity e ON e.kind = 4 AND e.row_id = a.id "
        "JOIN entity c ON c.kind = 1 AND c.row_id = a.client_id ORDER BY a.id")]
    rule = db.execute("SELECT id FROM rule WHERE name = 'reminder-evening-before'").fetchone()[0]
    now_ms = int(time.time() * 1000)
    step_ms = WEEKS * 7 * DAY_S * 1000 // count
    first = db.execute("SELECT coalesce(max(id), 0) + 1 FROM message").fetchone()[0]
    each = long // 5
    rows, words, tries = [], [], []
    for n in range(count):
        subject, client, client_row, _ = subjects[n % each] if n < long else chance.choice(subjects)
        state = chance.choices((SENT, DELIVERED, FAILED, CANCELLED, SKIPPED),
                               (60, 30, 0.1, 5, 5))[0]
        at_ms = now_ms - (count - n) * step_ms
        rows.append((first + n, rule, subject, 1000 + n, client, n % 2, state, at_ms, at_ms, at_ms,
                     at_ms, at_ms, f"client{client_row}@example.com",
                     None if state in (SENT, DELIVERED) else "the client has opted out"))
        if state in (SENT, DELIVERED, FAILED):
            words.append((first + n, f"{n:032x}", "Riverside Garage", WORDS))
            tries.append((first + n, at_ms, "sent" if state != FAILED else "rejected"))
    db.execute("BEGIN")
    db.executemany("INSERT INTO message (id, rule_id, subject_id, occurrence, repeat, "
                   "recipient_id, channel, state, nominal_ms, due_ms, expires_ms, next_ms, "
                   "state_ms, attempts, gateway, address, reason) "
                   "VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, 1, 'files', ?, ?)", rows)
    db.executemany("INSERT INTO payload (message_id, token, language, subject, text) "
                   "VALUES (?, ?, 'en', ?, ?)", words)
    db.executemany("INSERT INTO attempt (message_id, at_ms, gateway, outcome) "
                   "VALUES (?, ?, 'files', ?)", tries)
    db.executemany("INSERT INTO task (key, client_id, text, created_ms) VALUES (?, ?, ?, ?)",
                   ((f"bench:{i}", 1 + i, "Telephone the client about the quote", now_ms - i)
                    for i in range(TASKS)))
    db.execute("DELETE FROM message_tally")
    db.execute("INSERT INTO message_tally SELECT rule_id, state, count(*) FROM message "
               "GROUP BY rule_id, state")
    db.execute("COMMIT")
    db.close()


@contextlib.contextmanager
def garage(bench):
    """A shop with all of this, planned, and a manager; it is not running."""
    port = free_port()
    shop = Shop(conf=CONF.format(port=port))
    shop.append("playbook.conf", TYRES)
    shop.port = port
    try:
        shop.run("user", "add", "anna", "--role", "manager", stdin=PASSWORD + "\n")
        fill(bench, shop)
        shop.start()
        shop.wait_absorbed(seconds=200)
        Watched(shop.service.pid).rest()
        shop.stop()
        past(bench, shop)
        yield shop
    finally:
        shop.close()


# ---- a browser that keeps its connection -----------------------------------------------------


class Visitor:
    """Asks on one connection, as browsers do, and says how long it took and how long it is."""

    def __init__(self, shop, cookies):
        self.connection = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=60)
        self.cookies = cookies

    def ask(self, path, form=None):
        """(milliseconds, bytes, text) of an answer, which must be a page."""
        headers = {"Cookie": self.cookies}
        if form is not None:
            headers["Content-Type"] = FORM
        body = urllib.parse.urlencode(form) if form is not None else None
        began = time.monotonic()
        self.connection.request("POST" if form is not None else "GET", path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        took_ms = (time.monotonic() - began) * 1000
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        return took_ms, len(text), text.decode()

    def close(self):
        self.connection.close()


def signed_in(shop):
    """The cookies of the manager, which outlive the service."""
    browser = Browser(shop.port).sign_in("anna")
    return "; ".join(f"{k}={v}" for k, v in browser.jar.items())


# ---- figures ---------------------------------------------------------------------------------


def first_views(bench, shop):
    """Of a service that has just said that it is ready."""
    took, longest = [], []
    shop.start()
    cookies = signed_in(shop)
    shop.stop()
    for _ in range(STARTS):
        shop.start()
        with contextlib.closing(Visitor(shop, cookies)) as visitor:
            took.append(visitor.ask("/")[0])
        longest.append(metric(shop, "betimes_loop_longest_seconds") * 1000)
        shop.stop()
    bench.figure("first view: the first request to a service just ready", took, "ms", "< 100 ms")
    bench.figure("  the loop blocked at most, with the start", longest, "ms", "< 50 ms")


def pages(bench):
    """(What it is, its path), for all that managers look at."""
    middle = bench.rows(CLIENTS) // 2
    search = "/clients?" + urllib.parse.urlencode({"q": ""})
    return [
        ("Today", "/"),
        ("clients: the latest", "/clients"),
        ("  search: a common word (anna)", search + "anna"),
        ("  search: one name of all", search + "quux"),
        ("  search: a name without its marks", search + "peteris+kalnins"),
        ("  search: a number", search + f"%2B3712{middle:07d}"),
        ("  search: an e-mail address", search + f"client{middle}@example.com"),
        ("  search: nobody", search + "nobody+at+all"),
        ("  search: nobody, eight words", search + "a+b+c+d+e+f+g+nobody"),
        ("one client", f"/clients/{middle}"),
        (f"  with a history of {bench.rows(LONG)} messages", "/clients/1"),
        ("  editing", f"/clients/{middle}/edit"),
        ("  writing to", f"/clients/{middle}/write"),
        ("jobs: the board of repairs", "/jobs"),
        ("  of tyres", "/jobs?workflow=tyres"),
        ("one job", "/jobs/1"),
        ("  editing", "/jobs/1/edit"),
        ("appointments: the week", "/appointments?by=week"),
        ("  one day", "/appointments"),
        ("one appointment", f"/appointments/{bench.rows(VISITS)}"),
        ("  editing", f"/appointments/{bench.rows(VISITS)}/edit"),
        ("playbook", "/playbook"),
        ("one rule", "/playbook/reminder-soon"),
        ("  editing", "/playbook/reminder-soon/edit"),
        ("templates: the table", "/templates"),
        ("  one of them", "/templates/booked"),
        ("  the editor", "/templates/booked/en/email"),
        ("  versions", "/templates/booked/en/email/versions"),
        ("calendars", "/calendars"),
        ("account", "/account"),
    ]


def line(bench, name, took_ms, more=None):
    rare = f"99 of 100 within {percentile(took_ms, 0.99):.3g} ms"
    bench.figure(name, percentile(took_ms, 0.5), "ms", "< 100 ms",
                 more=f"{rare}, {more}" if more else rare)


def each_page(bench, shop, cookies):
    rows = []
    with contextlib.closing(Visitor(shop, cookies)) as visitor:
        for name, path in pages(bench):
            found = [visitor.ask(path) for _ in range(EACH)]
            rows.append((name, [took for took, _, _ in found], found[0][1]))
    for name, took, size in rows:
        line(bench, name, took, f"{size / 1000:.0f} kB")
    bench.figure("the largest page", max(size for _, _, size in rows) / 1000, "kB", "< 100 kB")


def preview(bench, shop, cookies):
    """What moving a job would send: asked of a process of its own."""
    with contextlib.closing(Visitor(shop, cookies)) as visitor:
        form = fields_of(visitor.ask("/jobs/1/edit")[2], "/jobs/change")
        form.update(workflow="repair", stage="Ready", step="look")
        took = [visitor.ask("/jobs/change", form)[0] for _ in range(EACH // 4)]
    line(bench, "a job's move, before it is saved", took)


def at_once(bench, shop, cookies):
    """A page while somebody asks for the costliest search again and again: they wait in line."""
    with contextlib.closing(Visitor(shop, cookies)) as other, \
            contextlib.closing(Visitor(shop, cookies)) as visitor:
        took = []
        for _ in range(EACH // 2):
            other.connection.request("GET", "/clients?q=nobody", headers={"Cookie": cookies})
            took.append(visitor.ask("/")[0])
            other.connection.getresponse().read()
    line(bench, "Today, behind somebody else's search for nobody", took)


def run(bench):
    with garage(bench) as shop:
        first_views(bench, shop)
        shop.start()
        cookies = signed_in(shop)
        each_page(bench, shop, cookies)
        preview(bench, shop, cookies)
        at_once(bench, shop, cookies)
        longest = metric(shop, "betimes_loop_longest_seconds") * 1000
        bench.figure("the loop blocked at most", longest, "ms", "< 50 ms")
        resident, own = Watched(shop.service.pid).resident_mb()
        bench.figure("memory", resident, "MB", "32 MB")
        bench.figure("  not shared with files", own, "MB")
        shop.stop()
