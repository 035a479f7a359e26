#!/usr/bin/python3
"""A mail server for tests: aiosmtpd, with faults on request.

In a Python test:

    with SmtpPeer(tls="starttls", auth=("hello", "secret")) as peer:
        ...            # send to peer.host, peer.port; peer.certificate is the CA file to trust
        peer.wait(1)   # until one mail has arrived, at most 20 s
        peer.mails[0].sender, .recipients, .data (bytes as received), .login, .tls, .connection

From another language:

    smtp_peer.py --log FILE [--mails DIR] [--tls implicit|starttls] [--auth user:password] ...

prints "ready PORT CERTIFICATE" (- for none), then adds one line to FILE for each thing that happens
("connect 1", "login plain hello", "ahead 1": more commands had come before MAIL was answered,
"mail 1 tls=1 from=a@b to=c@d", "quit 1"), and writes each mail to DIR/0001.eml; it ends when its
standard input does.

Faults are asked for by the local part of the recipient's address (for MAIL: the sender's), so one
server can show them all:

    mail-CODE, rcpt-CODE, data-CODE, dot-CODE   that reply, at that step
    rcpt-CODE-5.1.1                             with an enhanced code
    rcpt-drop, data-drop, dot-drop              the connection ends instead of a reply
    rcpt-silent, data-silent, dot-silent        no reply ever
    rcpt-drip, dot-drip                         a reply of one byte a second, for ever
    rcpt-garbage, dot-garbage                   a reply that is none
    dot-slow                                    the reply comes after a second
    dot-held                                    it comes after release() (peer.held: how many wait)
    rcpt-CODE-mute                              that reply, and then silence for every command
"""
import argparse
import asyncio
import contextlib
import dataclasses
import logging
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import warnings

from aiosmtpd.smtp import SMTP, AuthResult
from peer_common import WAIT_S

warnings.simplefilter("ignore")  # aiosmtpd warns about logins without TLS, which we want to see
logging.getLogger("mail.log").setLevel(logging.CRITICAL)
FOREVER_S = 3600


def make_certificate(folder):
    """A throw-away certificate for localhost and 127.0.0.1; returns (certificate, key) paths."""
    certificate = os.path.join(folder, "certificate.pem")
    key = os.path.join(folder, "key.pem")
    if not os.path.exists(certificate):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
             "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", key, "-out", certificate], check=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return certificate, key


def server_context(folder):
    certificate, key = make_certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate


@dataclasses.dataclass
class Mail:
    sender: str
    recipients: list
    data: bytes
    login: str
    tls: bool
    connection: int


class Server(SMTP):
    """aiosmtpd with a greeting of our choice and a silence that can begin at any command."""

    def __init__(self, peer, *args, **kwargs):
        super().__init__(peer, *args, **kwargs)
        self.peer = peer
        self.mute = False
        self.number = 0

    def connection_made(self, transport):
        if not self.number:  # after STARTTLS it comes again
            self.peer.connections += 1
            self.number = self.peer.connections
            self.peer.note(f"connect {self.number}")
        super().connection_made(transport)

    async def push(self, status):
        if self.mute:
            await asyncio.sleep(FOREVER_S)
        if self.peer.greeting and str(status).startswith("220 ") and not self.session.host_name \
                and "Ready to start TLS" not in str(status):
            status = self.peer.greeting
        await super().push(status)

    async def smtp_DATA(self, arg):
        """aiosmtpd has no hook before its 354."""
        if self.envelope.rcpt_tos:
            reply = await self.peer.fault(self, "data", self.envelope.rcpt_tos[0])
            if reply:
                return await self.push(reply)
        return await super().smtp_DATA(arg)


class SmtpPeer:
    without = ()  # ways to log in that are not offered

    def __init__(self, host="127.0.0.1", port=0, tls=None, auth=None, tokens=(), greeting=None,
                 silent_quit=False, mails_per_connection=0, folder=None, log=None, mails=None,
                 pipelining=False):
        self.host, self.port = host, port
        self.tls, self.auth, self.tokens = tls, auth, set(tokens)
        self.greeting, self.silent_quit = greeting, silent_quit
        self.mails_per_connection = mails_per_connection
        self.pipelining = pipelining
        self.folder, self.log, self.mails_folder = folder, log, mails
        self.certificate = None
        self.mails, self.events, self.connections = [], [], 0
        self.held, self._released = 0, asyncio.Event()
        self._own_folder = None

    # -- what happened

    def note(self, line):
        self.events.append(line)
        if self.log:
            with open(self.log, "a", encoding="utf-8") as f:
                f.write(line + "\n")

    def wait(self, count, seconds=WAIT_S):
        """Until `count` mails have arrived; returns them, or fails after `seconds`."""
        end = time.monotonic() + seconds
        while len(self.mails) < count:
            if time.monotonic() > end:
                raise AssertionError(f"{len(self.mails)} of {count} mails after {seconds} s")
            time.sleep(0.01)
        return self.mails[:count]

    def release(self):
        """From now on nothing is held back."""
        self._loop.call_soon_threadsafe(self._released.set)

    # -- aiosmtpd's hooks

    async def fault(self, server, step, address):
        """The reply that `address` asks for at `step`; None: an ordinary one."""
        words = address.partition("@")[0].split("-")
        if words[0] != step or len(words) < 2:
            return None
        what = words[1]
        if what == "drop":
            server.transport.abort()
            await asyncio.sleep(FOREVER_S)
        if what == "silent":
            await asyncio.sleep(FOREVER_S)
        if what == "drip":
            while not server.transport.is_closing():
                server.transport.write(b"2")
                await asyncio.sleep(1)
        if what == "garbage":
            return "what a lovely day"
        if what == "slow":
            await asyncio.sleep(1)
            return None
        if what == "held":
            self.held += 1
            await self._released.wait()
            return None
        enhanced = words[2] + " " if len(words) > 2 and words[2][0].isdigit() else ""
        if words[-1] == "mute":
            loop = asyncio.get_running_loop()
            loop.call_later(0.05, setattr, server, "mute", True)
        return f"{what} {enhanced}as asked by <{address}>"

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]] if self.pipelining else responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.mails_per_connection and getattr(session, "mails", 0) >= self.mails_per_connection:
            asyncio.get_running_loop().call_later(0.05, server.transport.close)
            return "421 4.7.0 enough for one connection"
        reply = await self.fault(server, "mail", address)
        if reply:
            return reply
        if server._reader._buffer:
            self.note(f"ahead {server.number}")  # more commands came before the answer to this one
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        reply = await self.fault(server, "rcpt", address)
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        reply = await self.fault(server, "dot", envelope.rcpt_tos[0])
        if reply:
            return reply
        session.mails = getattr(session, "mails", 0) + 1
        self.mails.append(Mail(envelope.mail_from, list(envelope.rcpt_tos),
                               envelope.original_content, str(session.auth_data or ""),
                               session.ssl is not None or self.tls == "implicit", server.number))
        number = len(self.mails)
        if self.mails_folder:
            path = os.path.join(self.mails_folder, f"{number:04}.eml")
            with open(path + ".part", "wb") as f:
                f.write(envelope.original_content)
            os.rename(path + ".part", path)
        self.note(f"mail {server.number} tls={int(self.mails[-1].tls)} from={envelope.mail_from} "
                  f"to={envelope.rcpt_tos[0]}")
        return f"250 2.0.0 Ok: queued as Q{number:06}"

    async def handle_QUIT(self, server, session, envelope):
        self.note(f"quit {server.number}")
        if self.silent_quit:
            await asyncio.sleep(FOREVER_S)
        return "221 2.0.0 Bye"

    def check_login(self, server, session, envelope, mechanism, data):
        name, word = data.login.decode(), data.password.decode()
        fine = self.auth is not None and (name, word) == tuple(self.auth)
        self.note(f"login {mechanism.lower()} {name} {'ok' if fine else 'refused'}")
        return AuthResult(success=fine, handled=False, auth_data=name if fine else None)

    async def auth_XOAUTH2(self, server, args):
        import base64
        blob = base64.b64decode(args[1]) if len(args) > 1 else await server.challenge_auth("")
        parts = dict(p.split(b"=", 1) for p in blob.split(b"\x01") if b"=" in p)
        name = parts.get(b"user", b"").decode()
        token = parts.get(b"auth", b"").decode().partition(" ")[2]
        fine = token in self.tokens
        self.note(f"login xoauth2 {name} {token} {'ok' if fine else 'refused'}")
        return AuthResult(success=fine, handled=False, auth_data=name if fine else None)

    # -- life

    def _server(self):
        kwargs = dict(hostname="peer.example", enable_SMTPUTF8=False, loop=self._loop)
        if self.tls == "starttls":
            kwargs["tls_context"] = self._context
        if self.auth or self.tokens:
            kwargs.update(authenticator=self.check_login, auth_required=True,
                          auth_require_tls=False)
            if self.tokens:
                kwargs["auth_exclude_mechanism"] = ["PLAIN", "LOGIN"]
            else:
                kwargs["auth_exclude_mechanism"] = ["XOAUTH2", *self.without]
        return Server(self, **kwargs)

    async def _serve(self):
        server = await self._loop.create_server(
            self._server, self.host, self.port,
            ssl=self._context if self.tls == "implicit" else None)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await asyncio.sleep(FOREVER_S * 24)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._task)

    def start(self):
        self._context = None
        if self.tls:
            if not self.folder:
                self._own_folder = tempfile.TemporaryDirectory(prefix="smtp-peer-")
                self.folder = self._own_folder.name
            self._context, self.certificate = server_context(self.folder)
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(self._serve())
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        if not self._ready.wait(WAIT_S):
            raise AssertionError("the mail server did not start")
        return self

    def stop(self):
        def end():
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
        self._loop.call_soon_threadsafe(end)
        self._thread.join(WAIT_S)
        if self._own_folder:
            self._own_folder.cleanup()

    __enter__ = start

    def __exit__(self, *exc):
        self.stop()


def main():
    p = argparse.ArgumentParser(description="a mail server for tests")
    p.add_argument("--host", default="127.0.0.1")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--log")
    p.add_argument("--mails")
    p.add_argument("--folder", help="where the certificate is, or is to be made")
    p.add_argument("--tls", choices=["implicit", "starttls"])
    p.add_argument("--auth", help="user:password")
    p.add_argument("--token", action="append", default=[])
    p.add_argument("--greeting")
    p.add_argument("--silent-quit", action="store_true")
    p.add_argument("--mails-per-connection", type=int, default=0)
    p.add_argument("--pipelining", action="store_true")
    a = p.parse_args()
    peer = SmtpPeer(a.host, a.port, a.tls, a.auth.split(":", 1) if a.auth else None, a.token,
                    a.greeting, a.silent_quit, a.mails_per_connection, a.folder, a.log, a.mails,
                    a.pipelining)
    with peer:
        print("ready", peer.port, peer.certificate or "-", flush=True)
        sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
