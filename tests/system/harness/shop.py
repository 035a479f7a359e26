"""A shop under test: a folder made by `betimes init`, its database, and the service over it.

The happy path of a test:

    class Reminders(ShopTest):
        def test_a_booked_visit_is_confirmed(self):
            shop = self.shop(playbook=PLAYBOOK, templates={"booked/en.sms": "See you!"})
            shop.start()
            shop.sql("INSERT INTO client (name, phone) VALUES ('Anna', '+37120000001');")
            ...
            shop.wait_message(rule="booked", state="sent")

A shop made this way has file gateways, no quiet hours and no cap, unless the test gives a
betimes.conf of its own. Everything is in one temporary folder, which goes at the end of the test,
with the service if it still runs. When a test fails, what the service wrote is printed.
"""

import collections
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest
from pathlib import Path

from .notify import NotifySocket
from .waiting import slow, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent.parent
PROGRAM = os.environ.get("BETIMES", str(ROOT / "build" / "betimes"))
COMMAND_S = 20
START_S = 15
STOP_S = 20

# A betimes.conf without a gateway: a test adds its own.
BUSINESS = """\
[business]
name = Riverside Garage
timezone = Europe/Riga
language = en
country = LV
quiet = none
cap = none
"""

FILES = """
[gateway files]
type = file
path = out
"""

CONF = BUSINESS + FILES

# What a sanitizer says of a program that is otherwise alive and well.
SANITIZER_REPORT = re.compile(r"(ERROR|SUMMARY): \w+Sanitizer|runtime error:")


class BetimesError(AssertionError):
    """The program ended otherwise than a test expected; the text holds all it said."""


class Betimes:
    """The program itself, with `-c DIR` after the subcommand where there is a folder. `program`:
    another build of it."""

    def __init__(self, folder=None):
        self.folder = folder
        self.program = PROGRAM

    def argv(self, command, *args):
        where = ["-c", str(self.folder)] if self.folder else []
        return [str(self.program), command, *where, *map(str, args)]

    def run(self, command, *args, status=0, stdin="", seconds=COMMAND_S, env=None):
        """Run a subcommand to its end; `status` is the exit status it must have (None: any).
        Returns the CompletedProcess, with text in stdout and stderr."""
        argv = self.argv(command, *args) if command else [str(self.program), *map(str, args)]
        done = subprocess.run(
            argv, input=stdin, capture_output=True, text=True, timeout=slow(seconds), check=False,
            env={**os.environ, **(env or {})},
        )
        told = f"{' '.join(argv)}\nstatus {done.returncode}\n{done.stdout}{done.stderr}"
        if SANITIZER_REPORT.search(done.stderr) or done.returncode < 0:
            raise BetimesError(told)
        if status is not None and done.returncode != status:
            raise BetimesError(f"exit status {status} was expected:\n{told}")
        return done

    def json(self, command, *args, **more):
        """What a subcommand prints with --json, parsed."""
        return json.loads(self.run(command, *args, "--json", **more).stdout)


class Shop:
    """See the top of the file. `conf` and `playbook` are the texts of betimes.conf and
    playbook.conf; None leaves what `betimes init` wrote (with `conf`: CONF above). `templates` maps
    "rule/en.sms" to a text. `init=False` leaves the folder empty."""

    def __init__(self, conf=CONF, playbook=None, templates=None, init=True):
        self.home = Path(tempfile.mkdtemp(prefix="betimes-"))
        self.dir = self.home / "shop"
        self.out = self.dir / "out"  # where CONF's gateway puts what it sends
        self.database = self.dir / "betimes.db"
        self.log_path = self.home / "service.log"
        self.betimes = Betimes(self.dir)
        self.service = None
        self.notify = None
        self.starts = 0
        if init:
            Betimes().run("init", "-c", self.dir)
        if conf is not None:
            self.write("betimes.conf", conf)
        if playbook is not None:
            self.write("playbook.conf", playbook)
        for name, text in (templates or {}).items():
            self.write(f"templates/{name}", text)

    # ---- files --------------------------------------------------------------------------

    def write(self, name, text):
        """Write a file of the shop's folder, replacing it in one step, as editors do. There may be
        passwords in it: it is for its owner alone."""
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.new")
        temporary.write_text(text, encoding="utf-8")
        temporary.chmod(0o600)
        temporary.replace(path)
        return path

    def append(self, name, text):
        """Add to a file of the shop's folder."""
        return self.write(name, (self.dir / name).read_text(encoding="utf-8") + text)

    def open_to(self, user):
        """Let another user reach the folder, who becomes its owner (None: may only read it)."""
        for path in (self.home.parent, self.home):
            path.chmod(path.stat().st_mode | 0o711)
        for path in (self.dir, *self.dir.rglob("*")):
            if user is None:
                path.chmod(0o755 if path.is_dir() else 0o644)
            else:
                os.chown(path, user, user)

    # ---- other programs that write rows -------------------------------------------------

    def sql(self, text):
        """Run SQL in the sqlite3 shell, a process of its own; returns what it prints. Stops at the
        first error, which becomes a BetimesError."""
        done = subprocess.run(
            ["sqlite3", "-batch", "-bail", "-cmd", ".timeout 10000", str(self.database)],
            input=text, capture_output=True, text=True, timeout=slow(COMMAND_S), check=False,
        )
        if done.returncode != 0:
            raise BetimesError(f"sqlite3: {done.stderr.strip()}\nin: {text}")
        return done.stdout

    def connect(self):
        """A connection of Python's sqlite3, in autocommit mode: write BEGIN and COMMIT yourself.
        Close it: an open read transaction is what other tests are about."""
        db = sqlite3.connect(self.database, timeout=slow(10), isolation_level=None)
        db.row_factory = sqlite3.Row
        return db

    def query(self, sql, *values):
        """The rows of one statement, as dictionaries."""
        db = self.connect()
        try:
            return [dict(row) for row in db.execute(sql, values)]
        finally:
            db.close()

    # ---- the service --------------------------------------------------------------------

    def start(self, *args, env=None, ready=True):
        """Start `betimes run` and wait until it says that it is ready (`ready=False`: do not)."""
        assert self.service is None, "it runs already"
        self.starts += 1
        self.notify = NotifySocket(self.home / f"notify{self.starts}")
        with open(self.log_path, "ab") as log:
            self.service = subprocess.Popen(
                self.betimes.argv("run", *args),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home,
                env={**os.environ, "NOTIFY_SOCKET": self.notify.path, **(env or {})},
            )
        if ready:
            wait_until("READY=1 of the service", self._is_ready, START_S)
        return self

    def _is_ready(self):
        if self.service.poll() is not None:
            status = self.service.returncode
            self._forget_service()
            raise BetimesError(f"the service ended with status {status}:\n{self.log()}")
        return self.notify.has("READY=1")

    def stop(self, status=0):
        """SIGTERM, and wait until it has ended; `status` is the exit status it must have."""
        self.service.send_signal(signal.SIGTERM)
        self.wait_end(status)

    def wait_end(self, status=0, seconds=STOP_S):
        """Wait until the service ends by itself; `status` is the exit status it must have."""
        try:
            found = self.service.wait(slow(seconds))
        except subprocess.TimeoutExpired:
            self.kill()
            told = f"the service did not end in {slow(seconds):g} s:\n{self.log()}"
            raise BetimesError(told) from None
        self._forget_service()
        if found != status:
            told = f"the service ended with status {found}, not {status}:\n{self.log()}"
            raise BetimesError(told)

    def kill(self):
        """SIGKILL: what a power cut looks like from inside."""
        self.service.kill()
        self.service.wait()
        self._forget_service()

    def _forget_service(self):
        self.service = None
        self.notify.close()

    def reload(self):
        """SIGHUP, and wait until the service says that it has looked (READY=1 once more)."""
        before = self.notify.count("READY=1")
        self.service.send_signal(signal.SIGHUP)
        wait_until("READY=1 after a reload", lambda: self.notify.count("READY=1") > before)

    def log(self):
        """All that the service has written, over all its starts."""
        if not self.log_path.exists():
            return ""
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def wait_log(self, pattern, seconds=10):
        """Wait until the log has a line that matches."""
        found = re.compile(pattern)
        return wait_until(f"a log line like {pattern}", lambda: found.search(self.log()), seconds)

    # ---- what it says -------------------------------------------------------------------

    def run(self, command, *args, **more):
        return self.betimes.run(command, *args, **more)

    def json(self, command, *args, **more):
        return self.betimes.json(command, *args, **more)

    def messages(self, **keys):
        """Every message of the shop, planned or done, whose keys (design: --json) are as given."""
        return [m for m in self.json("outbox", "--all") if all(m[k] == v for k, v in keys.items())]

    def wait_message(self, seconds=10, **keys):
        """Wait until there is a message with these keys; returns the first."""
        what = " ".join(f"{k}={v}" for k, v in keys.items())
        return wait_until(f"a message with {what}", lambda: self.messages(**keys), seconds)[0]

    def message(self, **keys):
        """The only message with these keys."""
        found = self.messages(**keys)
        assert len(found) == 1, f"{len(found)} messages with {keys}: {found}"
        return found[0]

    def states(self, **keys):
        """How many messages with these keys are in which state."""
        return dict(collections.Counter(m["state"] for m in self.messages(**keys)))

    def wait_absorbed(self, seconds=20):
        """Wait until the service has looked at all that was written, planned it, let its rules
        begin, and nothing is on the wire: what has not gone by now waits for its time, or never
        goes."""
        busy = """SELECT (SELECT count(*) FROM change_log)
            + (SELECT count(*) FROM rule WHERE trial <> 0 AND paused_ms IS NULL AND present)
            + (SELECT count(*) FROM entity WHERE kind IN (3, 4, 7) AND generation <= 0)
            + (SELECT count(*) FROM message WHERE state = 3
               OR (state = 0 AND attempts = 0 AND reason IS NULL
                   AND next_ms <= unixepoch('now') * 1000)) AS n"""
        wait_until("the service to be done", lambda: self.query(busy)[0]["n"] == 0, seconds)

    def close(self):
        """End what still runs and remove the folder; returns what the service had written, which
        must not be a sanitizer's complaint."""
        try:
            if self.service is not None and self.service.poll() is None:
                self.stop()
            elif self.service is not None:
                self._forget_service()
            log = self.log()
            if SANITIZER_REPORT.search(log):
                raise BetimesError(f"a sanitizer complained:\n{log}")
            return log
        finally:
            if self.service is not None:
                self.kill()
            shutil.rmtree(self.home, ignore_errors=True)


class ShopTest(unittest.TestCase):
    """A test with shops. `seconds` is the limit of each test of the class (harness/tap.py)."""

    seconds = 60

    def shop(self, **more):
        """A shop that is closed at the end of the test."""
        shop = Shop(**more)
        self.addCleanup(self._close, shop)
        return shop

    def _close(self, shop):
        # Printed above the TAP line of the test, and shown by tests/run only if something failed.
        for line in shop.close().splitlines():
            print(f"#   {line}")
