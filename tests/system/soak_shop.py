"""A business under steady load for as long as one likes, and how its service looked meanwhile.

    with Soak(rate=50) as soak:
        soak.run(seconds=3600)    # the writer's load, with samples, reloads and backups
        soak.settle()             # until every message has ended
        soak.judge()              # AssertionError unless each ended as it should
        soak.flatness()           # the figures of the first half beside those of the second

The rows come from soak_writer.py, a process of its own; what is to become of each can be read from
the row, and that is what the judge does. One mail in a hundred is refused for now, and now and then
the SMS provider has enough for a while, so that retries are part of the load.
"""

import collections
import os
import re
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from harness import BUSINESS, Shop, wait_until
from provider_peer import PASSWORD, USER, ProviderPeer
from smtp_peer import SmtpPeer
from soak_writer import CLIENTS
from web_browser import free_port

WRITER = Path(__file__).resolve().parent / "soak_writer.py"
SETTLE_S = 180
REFUSE_EACH = 100  # mails
BUSY_EACH = 2000   # texts

PLAYBOOK = """
[workflow repair]
stages = Open, Mailed, Texted, Mistaken
waiting = Open

[rule mail]
on = job enters Mailed
by = email

[rule text]
on = job enters Texted
by = sms

[rule mistake]
on = job enters Mistaken
by = email
settle = 15 seconds

[rule reminder]
on = appointment starts
when = 1 hour before
by = email
"""



class CountedMails(SmtpPeer):
    """Keeps how often which title came, and no mail."""

    def __init__(self):
        super().__init__()
        self.counts = collections.Counter()
        self.asked = 0

    def note(self, line):
        pass

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.asked += 1
        if self.asked % REFUSE_EACH == 0:
            return "451 4.7.1 Greylisted, please come again"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        title = re.search(rb"^Subject: (\w+)", envelope.original_content, re.M).group(1)
        self.counts[title.decode()] += 1
        return "250 2.0.0 Ok"


class CountedTexts(ProviderPeer):
    """The same of texts."""

    class Messages:
        def __init__(self):
            self.counts = collections.Counter()
            self.count = 0

        def append(self, message):
            self.count += 1
            self.counts[message.text.split()[0]] += 1

        def __len__(self):
            return self.count

    class Requests:
        """Says which of them meet a fault, too."""

        def __init__(self, peer):
            self.peer = peer
            self.count = 0

        def append(self, request):
            self.count += 1
            if self.count % BUSY_EACH == 0:
                self.peer.first_faults.append("429")

        def __len__(self):
            return self.count

    def __init__(self):
        super().__init__()
        self.messages = self.Messages()
        self.requests = self.Requests(self)

    @property
    def counts(self):
        return self.messages.counts

    def note(self, line):
        pass


class Sample:
    """The service at one moment. Sizes in kB."""

    def __init__(self, soak):
        pid = soak.shop.service.pid
        status = dict(re.findall(r"^(\w+):\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.M))
        self.at_s = time.monotonic() - soak.began_s
        self.resident = int(status["VmRSS"])
        self.anonymous = int(status["RssAnon"])
        self.threads = int(status["Threads"])
        self.descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        words = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        self.cpu_s = (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
        wal = Path(f"{soak.shop.database}-wal")
        self.wal = wal.stat().st_size // 1024 if wal.exists() else 0
        self.database = soak.shop.database.stat().st_size // 1024
        asked_s = time.monotonic()
        with urllib.request.urlopen(f"http://127.0.0.1:{soak.port}/metrics", timeout=60) as r:
            metrics = dict(line.rsplit(" ", 1) for line in r.read().decode().splitlines()
                           if not line.startswith("#"))
        self.answer_ms = (time.monotonic() - asked_s) * 1000
        self.longest_ms = float(metrics["betimes_loop_longest_seconds"]) * 1000
        self.due = int(metrics["betimes_queue_due"])
        self.late_ms = float(metrics["betimes_oldest_due_age_seconds"]) * 1000
        self.sent = int(metrics['betimes_messages{state="sent"}'])


# What must be flat: (name, attribute, unit, share that it may grow by, amount that it may).
JUDGED = [
    ("resident memory", "resident", "kB", 0.05, 1024),
    ("of it, shared with no file", "anonymous", "kB", 0.05, 1024),
    ("open descriptors", "descriptors", "", 0, 2),
    ("threads", "threads", "", 0, 1),
    ("the journal (-wal)", "wal", "kB", 0.25, 1024),
]
# What is told beside it: it depends on what else the machine does.
TOLD = [
    ("/metrics answers in", "answer_ms", "ms"),
    ("messages whose time has come", "due", ""),
    ("the oldest of them since", "late_ms", "ms"),
    ("the database", "database", "kB"),
]


class Soak:
    """`reload_s`, `backup_s`, `sample_s`: how often; `say`: what is called with a line for each
    `tell_s` seconds."""

    def __init__(self, rate=50, seed=1, sample_s=5, reload_s=180, backup_s=300, tell_s=60,
                 say=None):
        self.rate, self.seed = rate, seed
        self.sample_s, self.reload_s, self.backup_s = sample_s, reload_s, backup_s
        self.tell_s, self.say = tell_s, say or (lambda line: None)
        self.samples = []
        self.reloads = self.backups = 0

    def __enter__(self):
        self.mails = CountedMails().start()
        self.texts = CountedTexts().start()
        self.port = free_port()
        conf = BUSINESS + f"""
[web]
listen = 127.0.0.1:{self.port}

[limits]
blast = none
brake = none

[gateway mail]
type = smtp
url = smtp://localhost:{self.mails.port}
from = Riverside Garage <hello@example.com>
connections = 4

[gateway texts]
type = sms
provider = twilio
url = {self.texts.url}
user = {USER}
password = {PASSWORD}
from = +37120000000
connections = 4
"""
        self.shop = Shop(conf=conf, playbook=PLAYBOOK, templates=self.words())
        self.shop.sql("BEGIN;" + "".join(
            f"INSERT INTO client (name, email, phone) VALUES "
            f"('C', 'c{n}@example.com', '2{n:04}000');" for n in range(CLIENTS)) + "COMMIT;")
        self.shop.start()
        self.began_s = time.monotonic()
        return self

    def __exit__(self, *exc):
        log = self.shop.close()
        self.texts.stop()
        self.mails.stop()
        if exc[0] is not None:
            for line in log.splitlines()[-60:]:
                print(f"#   {line}")

    def words(self):
        """The templates, another wording after each reload."""
        mail = f"Subject: {{{{job.title}}}} is ready\n\nWording {self.reloads}.\n"
        return {
            "mail/en.email": mail,
            "mistake/en.email": mail,
            "text/en.sms": f"{{{{job.title}}}} is ready ({self.reloads})",
            "reminder/en.email": "Subject: {{appointment.title}} is near\n\n"
                                 f"{{{{appointment.starts | time}}}}, {self.reloads}.\n",
        }

    # ---- the load --------------------------------------------------------------------------

    def run(self, seconds):
        """The writer's load, with everything else that happens meanwhile."""
        writer = subprocess.Popen(
            [sys.executable, WRITER, self.shop.database, str(self.rate), str(seconds),
             str(self.seed)], stdout=subprocess.PIPE, text=True)
        due = {"sample": self.sample_s, "reload": self.reload_s, "backup": self.backup_s,
               "tell": self.tell_s}
        every = dict(due)
        try:
            while writer.poll() is None:
                time.sleep(0.05)
                passed_s = time.monotonic() - self.began_s
                for what, at_s in due.items():
                    if passed_s >= at_s:
                        due[what] += every[what]
                        getattr(self, what)()
            assert writer.returncode == 0, f"the writer ended with {writer.returncode}"
        finally:
            writer.kill()
            writer.communicate()

    def sample(self):
        self.samples.append(Sample(self))

    def reload(self):
        self.reloads += 1
        for name, text in self.words().items():
            self.shop.write(f"templates/{name}", text)
        self.shop.write("playbook.conf", f"; reload {self.reloads}\n{PLAYBOOK}")
        self.shop.reload()

    def backup(self):
        self.backups += 1
        self.shop.run("backup", self.shop.home / "backup.db", seconds=120)

    def tell(self):
        if self.samples:
            s = self.samples[-1]
            self.say(f"{s.at_s / 60:5.0f} min  {s.sent:8} sent  {s.resident:6} kB resident, "
                     f"{s.anonymous} alone  {s.descriptors} descriptors  {s.threads} threads  "
                     f"journal {s.wal} kB  {s.cpu_s / s.at_s:.2f} cores")

    def settle(self):
        wait_until("every message to end", self.is_done, SETTLE_S)
        self.shop.stop()

    def is_done(self):
        return self.shop.query("SELECT NOT EXISTS (SELECT 1 FROM change_log) AND NOT EXISTS "
                               "(SELECT 1 FROM message WHERE state <= 4) AS done")[0]["done"]

    # ---- the judges ------------------------------------------------------------------------

    def judge(self):
        """Each row led to exactly the message that it should, once; how many there were."""
        expected = {}
        for row in self.shop.query("SELECT title, stage = 'Mailed' AS mails, stage = 'Texted' AS "
                                   "texts FROM job UNION ALL SELECT title, status = 'booked', 0 "
                                   "FROM appointment"):
            expected[row["title"]] = (row["mails"], row["texts"])
        wrong = [f"{title}: {self.mails.counts[title]} mails and {self.texts.counts[title]} texts, "
                 f"not {mails} and {texts}"
                 for title, (mails, texts) in expected.items()
                 if (self.mails.counts[title], self.texts.counts[title]) != (mails, texts)]
        assert not wrong, f"{len(wrong)} of {len(expected)} are wrong: " + "; ".join(wrong[:10])
        unclear = self.shop.json("outbox", "--unknown")
        assert unclear == [], f"nothing happened that could make these unclear: {unclear[:3]}"
        sent = sum(mails + texts for mails, texts in expected.values())
        counted = self.shop.query("SELECT count(*) AS n FROM message WHERE state = 5")[0]["n"]
        assert counted == sent, f"{counted} messages count as sent, {sent} went"
        return sent

    def flatness(self):
        """(lines to print, what is not flat): medians of the halves, without the first tenth, in
        which everything is used for the first time."""
        steady = self.samples[len(self.samples) // 10:]
        half = len(steady) // 2
        lines, growing = [], []
        for name, key, unit, *limits in JUDGED + TOLD:
            first, second = (statistics.median(getattr(s, key) for s in part)
                             for part in (steady[:half], steady[half:]))
            verdict = ""
            if limits:
                flat = second - first <= max(first * limits[0], limits[1])
                verdict = "flat" if flat else "NOT FLAT"
                growing += [] if flat else [name]
            lines.append(f"  {name:30} {first:10.0f} {second:10.0f} {unit:3} {verdict}".rstrip())
        first, last = steady[half - 1], steady[-1]
        lines.append(f"  {'the loop was deaf at most':30} {first.longest_ms:10.0f} "
                     f"{last.longest_ms:10.0f} ms")
        for part in (steady[:half], steady[half:]):
            cores = (part[-1].cpu_s - part[0].cpu_s) / (part[-1].at_s - part[0].at_s)
            each_us = (part[-1].cpu_s - part[0].cpu_s) / max(1, part[-1].sent - part[0].sent) * 1e6
            lines.append(f"  {'on a core':30} {cores:10.3f} cores, {each_us:.0f} us a message")
        return lines, growing
