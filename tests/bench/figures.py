"""What the groups of figures share: printing, medians, a process's use of the machine.

A group is a file beside this one with `run(bench)`; it calls `bench.figure` for each figure as soon
as it has it.
"""

import datetime
import os
import platform
import re
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.request

TICK_S = 0.004
MOVING_SHARE = 0.25  # of a core, within a few ticks: more than an idle service uses


class Bench:
    """The run: `build` is where the programs are, `times` how often to repeat what is short."""

    def __init__(self, build, times, scale):
        self.build = build
        self.times = times
        self.scale = scale

    def rows(self, count):
        """So many rows, or as many as --scale makes of them."""
        return max(10, int(count * self.scale))

    def program(self, name):
        """A program of tests/bench, built by `make bench`."""
        return str(self.build / "tests" / "bench" / name)

    def about(self):
        version = subprocess.run(
            ["sqlite3", "--version"], capture_output=True, text=True, check=False
        ).stdout.split()
        print(f"{datetime.date.today()}, {os.cpu_count()} cores, Linux {platform.release()}, "
              f"SQLite {version[0] if version else '?'}, load {os.getloadavg()[0]:.1f}")
        if self.scale != 1:
            print(f"with --scale {self.scale:g}: figures to try the benches, not to be compared")

    def group(self, name):
        print(f"\n{name}", flush=True)

    def figure(self, name, values, unit, aim=None, limit=None, more=None):
        """Print one figure: the median of `values` (and their range), `more` about it, beside it
        the aim and the machine's own limit, measured in the same run."""
        values = values if isinstance(values, list) else [values]
        middle = statistics.median(values)
        text = f"{show(middle)} {unit}"
        if len(values) > 1:
            text += f" ({show(min(values))} .. {show(max(values))})"
        if more is not None:
            text += f", {more}"
        if aim is not None:
            text += f", aim {aim}"
        if limit:
            text += f", the machine's limit {show(limit)} {unit}: {middle / limit:.1f} x"
        print(f"  {name:58} {text}", flush=True)

    def note(self, text):
        print(f"  {text}", file=sys.stderr, flush=True)


def show(value):
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def metric(shop, name):
    """One figure of a shop's /metrics, at its `port`; None when it has none of that name."""
    url = f"http://127.0.0.1:{shop.port}/metrics"
    with urllib.request.urlopen(url, timeout=60) as answer:
        text = answer.read().decode()
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    return float(found.group(1)) if found else None


def commit_ms(folder):
    """The machine's limit for what must last: one durable commit of one row."""
    db = sqlite3.connect(folder / "limit.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE t (a, b)")
    took = []
    for i in range(200):
        began = time.monotonic()
        db.execute("INSERT INTO t VALUES (?, 'x')", (i,))
        took.append((time.monotonic() - began) * 1000)
    db.close()
    return percentile(took, 0.5)


class Watched:
    """A process, seen through /proc."""

    def __init__(self, pid):
        self.pid = pid

    def cpu_s(self):
        """All the time on a core that its threads have had, also those that have ended."""
        return time.clock_gettime(~self.pid << 3 | 2)  # as clock_getcpuclockid(3) makes it

    def _status(self, key, thread=""):
        with open(f"/proc/{self.pid}/{thread}status", encoding="ascii") as f:
            for line in f:
                if line.startswith(key + ":"):
                    return int(line.split()[1])
        return 0

    def resident_mb(self):
        """What it holds in memory; and of that, what no file could bring back."""
        return self._status("VmRSS") / 1024, self._status("RssAnon") / 1024

    def wakeups(self):
        """Of all its threads."""
        return sum(self._status("voluntary_ctxt_switches", f"task/{task}/")
                   for task in os.listdir(f"/proc/{self.pid}/task"))

    def rest(self, quiet_s=0.4, seconds=300):
        """Wait until it has been at rest for `quiet_s`; returns when the rest began (monotonic)."""
        deadline = time.monotonic() + seconds
        last, busy_at = self.cpu_s(), time.monotonic()
        while time.monotonic() < deadline:
            time.sleep(TICK_S * 3)
            now, used = time.monotonic(), self.cpu_s()
            if used - last > TICK_S * 3 * MOVING_SHARE:
                busy_at = now
            last = used
            if now - busy_at > quiet_s:
                return busy_at
        raise TimeoutError(f"the process was busy for {seconds} s")
