#!/usr/bin/python3
"""Radicale, a real CalDAV server, on a free port of 127.0.0.1; and Python's caldav, which writes to
it and reads what is there: neither knows of Betimes.

    with Radicale() as radicale:
        radicale.url, radicale.user, radicale.password
        radicale.put("tyres", "Tyres", "20261208T090000Z")
        radicale.read("tyres")           # the object as it is now, with a fresh connection

Its calendar is "Work", beside "Home" and a list of tasks. As a program it says "ready PORT -" and
does what is written to its standard input, a line each, answering "ok" in --log FILE:

    put NAME [SUMMARY]     delete NAME     forget (every sync-token that was given out)

It needs Debian's packages radicale and python3-caldav.
"""
import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import caldav

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kannel import die_with_parent
from peer_common import HOST, WAIT_S, free_port

CONFIG = """\
[server]
hosts = {host}:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
[rights]
type = owner_only
[storage]
filesystem_folder = {folder}/collections
[web]
type = none
[logging]
level = warning
"""
EVENT = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//writer//EN
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20261101T080000Z
DTSTART:{start}
DURATION:PT30M
SUMMARY:{summary}
{more}END:VEVENT
END:VCALENDAR
"""


class Radicale:
    user, password = "anna", "secret"

    def __init__(self, log=None):
        self.log = log
        self.folder = Path(tempfile.mkdtemp(prefix="betimes-radicale-"))

    def start(self):
        self.port = free_port()
        (self.folder / "users").write_text(f"{self.user}:{self.password}\n", encoding="utf-8")
        config = self.folder / "config"
        config.write_text(CONFIG.format(host=HOST, port=self.port, folder=self.folder),
                          encoding="utf-8")
        self.url = f"http://{HOST}:{self.port}/"
        self.start_server()
        home = self.principal()
        home.make_calendar(name="Work", cal_id="work", supported_calendar_component_set=["VEVENT"])
        home.make_calendar(name="Home", cal_id="home", supported_calendar_component_set=["VEVENT"])
        home.make_calendar(name="Todo", cal_id="todo", supported_calendar_component_set=["VTODO"])
        return self

    def start_server(self):
        with open(self.folder / "errors", "wb") as errors:
            self.server = subprocess.Popen(
                ["/usr/bin/python3", "-m", "radicale", "--config", str(self.folder / "config")],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
                preexec_fn=die_with_parent)
        end = time.monotonic() + WAIT_S
        while True:
            try:
                socket.create_connection((HOST, self.port), 1).close()
                break
            except OSError:
                if time.monotonic() > end or self.server.poll() is not None:
                    raise RuntimeError((self.folder / "errors").read_text()) from None
                time.sleep(0.05)

    def stop_server(self):
        self.server.terminate()
        self.server.wait(WAIT_S)

    def stop(self):
        self.stop_server()
        shutil.rmtree(self.folder, ignore_errors=True)

    __enter__ = start

    def __exit__(self, *exc):
        self.stop()

    # ---- somebody else's program

    def principal(self):
        client = caldav.DAVClient(self.url, username=self.user, password=self.password)
        return client.principal()

    def calendar(self, name="Work"):
        return self.principal().calendar(name=name)

    def put(self, name, summary="Oil change", start="20261208T090000Z", more=""):
        """Write an event of this name, which is its UID; `more`: further lines."""
        self.write(EVENT.format(uid=name, summary=summary, start=start, more=more))

    def write(self, text):
        self.calendar().save_event(text)

    def event(self, name):
        return self.calendar().event_by_uid(name)

    def read(self, name):
        return self.event(name).data

    def change(self, name, old, new):
        """Somebody edits an event: `old` in its text becomes `new`."""
        event = self.event(name)
        assert old in event.data, event.data
        event.data = event.data.replace(old, new)
        event.save()

    def delete(self, name):
        self.event(name).delete()

    def forget(self):
        """No token that it gave out is good any more."""
        for tokens in self.folder.rglob("sync-token"):
            shutil.rmtree(tokens)

    def command(self, line):
        word, *rest = line.split(" ", 2)
        if word in ("put", "delete", "forget"):
            getattr(self, word)(*rest)


def main():
    p = argparse.ArgumentParser(description="Radicale for tests")
    p.add_argument("--log", required=True)
    a = p.parse_args()
    with Radicale(a.log) as radicale:
        print("ready", radicale.port, "-", flush=True)
        for line in sys.stdin:
            radicale.command(line.rstrip("\n"))
            with open(a.log, "a", encoding="utf-8") as f:
                f.write("ok\n")


if __name__ == "__main__":
    main()
