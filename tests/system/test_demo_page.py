"""betimes demo on a terminal: after its week it serves the page with the sample garage, until it is
stopped; and where there is no terminal it does not."""

import contextlib
import fcntl
import os
import pty
import re
import shutil
import sqlite3
import struct
import subprocess
import tempfile
import termios
import unittest
from pathlib import Path

from harness import ROOT, Betimes, slow, wait_until
from web_browser import Browser

os.environ.setdefault("BETIMES_SHARE", str(ROOT))
SPEED = 100000  # a week in 6 seconds
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/")
PASSWORD = re.compile(r"sign in as (\w+) with the password ([0-9a-f-]+)\s")


class Terminal:
    """The program on a pseudo-terminal, as a person in front of it sees and stops it."""

    def __init__(self, argv):
        self.told = ""
        self.end, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        os.set_blocking(self.end, False)
        self.program = subprocess.Popen(argv, stdin=inner, stdout=inner, stderr=inner,
                                        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(
                                            0, termios.TIOCSCTTY, 0))
        os.close(inner)

    def read(self):
        """All that was told until now, without colours."""
        with contextlib.suppress(BlockingIOError, OSError):
            while piece := os.read(self.end, 65536):
                self.told += re.sub(r"\x1b\[\d*m", "", piece.decode("utf-8", "replace"))
        return self.told

    def wait_for(self, pattern, seconds=40):
        return wait_until(pattern.pattern, lambda: pattern.search(self.read()), seconds)

    def press_ctrl_c(self):
        os.write(self.end, b"\x03")

    def wait_end(self):
        """Its exit status."""
        return wait_until("its end", lambda: (self.read(), self.program.poll() is not None)[1]
                          and [self.program.returncode], 20)[0]

    def close(self):
        self.program.kill()
        self.program.wait()
        os.close(self.end)


class DemoPage(unittest.TestCase):
    seconds = 90

    def setUp(self):
        self.home = Path(tempfile.mkdtemp(prefix="betimes-demo-test-"))
        self.addCleanup(shutil.rmtree, self.home)
        self.folder = self.home / "garage"
        self.argv = Betimes().argv("demo", self.folder, "--speed", SPEED)

    def terminal(self):
        terminal = Terminal(self.argv)
        self.addCleanup(terminal.close)
        return terminal

    def test_on_a_terminal_the_page_is_served_until_ctrl_c(self):
        terminal = self.terminal()
        name, password = terminal.wait_for(PASSWORD).groups()
        browser = Browser(int(ADDRESS.search(terminal.told)[1]))
        browser.sign_in(name, password=password)
        self.assertIn("14 December", browser.get("/").text)
        self.assertIn("Наталья", browser.get("/clients?q=natalya").text)
        with contextlib.closing(sqlite3.connect(self.folder / "betimes.db")) as db:
            made = db.execute("SELECT user, action, about, detail FROM audit "
                              "WHERE about IS NOT NULL").fetchall()
        self.assertEqual(made, [("betimes demo", "add user", f"user {name}", "manager")])
        self.assertIsNone(terminal.program.poll())
        terminal.press_ctrl_c()
        self.assertEqual(terminal.wait_end(), 0)

    def test_the_next_demo_has_a_port_and_a_password_of_its_own(self):
        first = self.terminal()
        one = first.wait_for(PASSWORD)[2], ADDRESS.search(first.told)[1]
        self.argv = Betimes().argv("demo", self.home / "other", "--speed", SPEED)
        second = self.terminal()
        other = second.wait_for(PASSWORD)[2], ADDRESS.search(second.told)[1]
        self.assertFalse(set(one) & set(other))

    def test_ctrl_c_within_the_week_ends_it_without_a_page(self):
        self.argv = Betimes().argv("demo", self.folder, "--speed", SPEED // 10)
        terminal = self.terminal()
        terminal.wait_for(re.compile(r"^  \d\d:\d\d  (email|sms)", re.MULTILINE))
        terminal.press_ctrl_c()
        self.assertEqual(terminal.wait_end(), 0)
        self.assertIn("before its week was over", terminal.told)
        self.assertNotRegex(terminal.told, ADDRESS)

    def test_without_a_terminal_it_ends_by_itself(self):
        done = subprocess.run(self.argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=slow(40), check=True)
        self.assertNotRegex(done.stdout, ADDRESS)
        self.assertNotIn("\n[web]", (self.folder / "betimes.conf").read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
