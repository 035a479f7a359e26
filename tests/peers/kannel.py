#!/usr/bin/python3
"""A whole Kannel for tests: bearerbox, smsbox and a fake SMS centre, on free ports of 127.0.0.1.

    with Kannel() as kannel:
        kannel.url          # of sendsms
        kannel.user, kannel.password
        ...                 # send
        kannel.wait(1)      # until one SMS has reached the SMS centre, at most 20 s
        kannel.received[0].sender, .receiver, .coding ("gsm" or "ucs2"), .text, .segments

As a program it prints "ready PORT -" and adds a line "sms from=... to=... coding=... segments=...
text=..." to --log FILE for each SMS; it ends when its standard input does, or at SIGTERM. It needs
Debian's packages kannel and kannel-extras.

The fake centre is the one of Kannel's own tests, seen from the phones' side: bearerbox sends a line
"sender receiver kind text" for each SMS. The kind is "text" (GSM, written in UTF-8), "ucs-2"
(big-endian, percent-encoded), or "udh HEADER data TEXT" for one segment of a
longer one, percent-encoded both.
Segments are put together again.
"""
import argparse
import ctypes
import dataclasses
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from peer_common import HOST, WAIT_S, free_port

BEARERBOX, SMSBOX = "/usr/sbin/bearerbox", "/usr/sbin/smsbox"
PRCTL = ctypes.CDLL(None).prctl


def die_with_parent():
    """In a child: Kannel must not outlive a test that was killed."""
    PRCTL(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def wait_for_port(port):
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        try:
            socket.create_connection((HOST, port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port} after {WAIT_S:g} s")


@dataclasses.dataclass
class Sms:
    sender: str
    receiver: str
    coding: str
    text: str
    segments: int


def percent(text):
    return urllib.parse.unquote_to_bytes(text.replace("+", "%20"))


CONFIGURATION = """
group = core
admin-port = {admin}
admin-interface = {host}
admin-password = {password}
smsbox-port = {smsbox}
smsbox-interface = {host}
box-allow-ip = "127.0.0.1"
log-level = 1
log-file = "{folder}/bearerbox.log"
store-type = file
store-location = "{folder}/store"

group = smsc
smsc = fake
smsc-id = fake
host = {host}
port = {centre}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = {host}
bearerbox-port = {smsbox}
sendsms-port = {sendsms}
sendsms-interface = {host}
log-level = 1
log-file = "{folder}/smsbox.log"

group = sendsms-user
username = {user}
password = {password}
max-messages = 10
concatenation = true

group = sms-service
keyword = default
max-messages = 0
text = "none"
"""


class Kannel:
    user, password = "betimes", "kannel-secret"

    def __init__(self, log=None):
        self.log = log
        self.received = []
        self._children = []
        self._centre = None
        self._parts = {}

    # -- the SMS centre: bearerbox listens, we connect as the phones' side

    def _parse(self, line):
        """The SMS that this line completes; None while segments are missing."""
        sender, receiver, kind, text = line.split(" ", 3)
        if kind == "text":
            return Sms(sender, receiver, "gsm", text, 1)
        if kind == "ucs-2":
            return Sms(sender, receiver, "ucs2", percent(text).decode("utf-16-be"), 1)
        if kind != "udh":
            raise AssertionError(f"the SMS centre got a {kind!r}")
        header, kind, text = text.split(" ", 2)
        # 3GPP TS 23.040, 9.2.3.24.1: length, 00, 3, reference, how many, which
        reference, total, which = percent(header)[3:6]
        parts = self._parts.setdefault((sender, receiver, reference), {})
        parts[which] = percent(text)
        if len(parts) < total:
            return None
        whole = b"".join(parts[i] for i in sorted(parts))
        # The centre calls segments "data" whatever is in them: only UCS-2 has control characters.
        wide = kind == "ucs-2" or any(byte < 32 and byte != 10 for byte in whole)
        coding, charset = ("ucs2", "utf-16-be") if wide else ("gsm", "utf-8")
        return Sms(sender, receiver, coding, whole.decode(charset), total)

    def _listen(self):
        pending = b""
        while True:
            try:
                chunk = self._centre.recv(4096)
            except OSError:
                return
            if not chunk:
                return
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                sms = self._parse(line.decode("utf-8"))
                if sms is None:
                    continue
                self.received.append(sms)
                if self.log:
                    with open(self.log, "a", encoding="utf-8") as f:
                        f.write(f"sms from={sms.sender} to={sms.receiver} coding={sms.coding} "
                                f"segments={sms.segments} text={sms.text}\n")

    def wait(self, count, seconds=WAIT_S):
        end = time.monotonic() + seconds
        while len(self.received) < count:
            if time.monotonic() > end:
                raise AssertionError(f"{len(self.received)} of {count} SMS after {seconds} s")
            time.sleep(0.02)
        return self.received[:count]

    # -- life

    def _child(self, *argv):
        out = open(os.path.join(self.folder, os.path.basename(argv[0]) + ".out"), "wb")
        self._children.append(subprocess.Popen(argv, cwd=self.folder, stdin=subprocess.DEVNULL,
                                               stdout=out, stderr=subprocess.STDOUT,
                                               preexec_fn=die_with_parent))
        out.close()

    def start(self):
        self.folder = tempfile.mkdtemp(prefix="kannel-peer-")
        admin, smsbox, centre, sendsms = (free_port() for _ in range(4))
        path = os.path.join(self.folder, "kannel.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write(CONFIGURATION.format(admin=admin, smsbox=smsbox, centre=centre, sendsms=sendsms,
                                         host=HOST, folder=self.folder, user=self.user,
                                         password=self.password))
        self.port = sendsms
        self.url = f"http://{HOST}:{sendsms}/cgi-bin/sendsms"
        try:
            self._child(BEARERBOX, path)
            wait_for_port(admin)
            wait_for_port(smsbox)
            self._connect(centre)
            self._child(SMSBOX, path)
            wait_for_port(sendsms)
        except BaseException:
            self.stop()
            raise
        return self

    def _connect(self, port):
        end = time.monotonic() + WAIT_S
        while self._centre is None:
            try:
                self._centre = socket.create_connection((HOST, port), WAIT_S)
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
        self._centre.settimeout(None)
        threading.Thread(target=self._listen, daemon=True).start()

    def stop(self):
        for child in reversed(self._children):
            child.send_signal(signal.SIGTERM)
        for child in self._children:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if self._centre:
            self._centre.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    __enter__ = start

    def __exit__(self, *exc):
        self.stop()


def main():
    p = argparse.ArgumentParser(description="Kannel with a fake SMS centre, for tests")
    p.add_argument("--log")
    a = p.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Kannel(log=a.log) as kannel:
        print("ready", kannel.port, "-", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
