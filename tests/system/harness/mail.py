"""Mail and texts as they arrive: a mail server to point a shop at, and the file gateway's folder.

    server = self.enterContext(MailServer(tls="starttls", auth=("hello", "secret")))
    shop = self.shop(conf=BUSINESS + server.section())
    ...
    mail = server.received(1)[0]
    mail.message["Subject"], mail.text, mail.html, mail.recipients, mail.arrived_s

Every mail is parsed by Python's own e-mail package, and any defect that it finds is an error. The
server's faults are asked for by the recipient's address; see tests/peers/smtp_peer.py.
"""

import email
import email.policy
import time
from pathlib import Path

from smtp_peer import SmtpPeer

from .waiting import slow, wait_until


def parse(data):
    """The message in these bytes, which must be free of defects: in its form, in every part, and in
    every header."""
    assert b"\n" not in data.replace(b"\r\n", b""), "a bare LF"
    assert b"\r" not in data.replace(b"\r\n", b""), "a bare CR"
    assert max(map(len, data.split(b"\r\n"))) <= 998, "a line over 998 bytes"
    message = email.message_from_bytes(data, policy=email.policy.default)
    for part in message.walk():
        assert not part.defects, f"{part.get_content_type()}: {part.defects}"
        for name, value in part.items():
            assert not value.defects, f"{name}: {value.defects}"
        if not part.is_multipart():
            part.get_content()
            assert not part.defects, f"{part.get_content_type()}: {part.defects}"
    return message


class ReceivedMail:
    """A mail as the server got it: the envelope, the bytes, the parsed message."""

    def __init__(self, mail, arrived_s):
        self.sender = mail.sender
        self.recipients = mail.recipients
        self.login = mail.login
        self.tls = mail.tls
        self.data = mail.data
        self.arrived_s = arrived_s  # time.time()
        self.message = parse(mail.data)

    @property
    def subject(self):
        return str(self.message["Subject"])

    @property
    def text(self):
        return self.message.get_body(("plain",)).get_content()

    @property
    def html(self):
        return self.message.get_body(("html",)).get_content()


class MailServer(SmtpPeer):
    """The mail server of the unit tests, with arrival times and parsed mails.

    refuse_first=N: the first N recipients are refused for now, whoever they are (451).
    drop_first_dot: the first mail is taken, and then the connection ends instead of a reply.
    without: ways to log in that are not offered ("PLAIN")."""

    def __init__(self, refuse_first=0, drop_first_dot=False, without=(), **more):
        super().__init__(**more)
        self.arrivals_s = []
        self.refuse_first = refuse_first
        self.drop_first_dot = drop_first_dot
        self.without = without

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.refuse_first > 0:
            self.refuse_first -= 1
            self.note(f"refused for now {address}")
            return "451 4.7.1 Greylisted, please come again"
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server, session, envelope):
        # The time first: whoever sees the mail may look for it at once.
        before = len(self.mails)
        self.arrivals_s.append(time.time())
        reply = await super().handle_DATA(server, session, envelope)
        if len(self.mails) == before:
            self.arrivals_s.pop()
        elif self.drop_first_dot:
            self.drop_first_dot = False
            server.transport.abort()
        return reply

    def section(self, name="mail", **keys):
        """A [gateway] section that leads here; `keys` are added or replace what it says, with _ for
        the - in their names, and None takes one out."""
        scheme = "smtps" if self.tls == "implicit" else "smtp"
        said = {
            "type": "smtp",
            "url": f"{scheme}://localhost:{self.port}",
            "from": "Riverside Garage <hello@example.com>",
        }
        if self.tls:
            said.update({"tls": "required", "ca-file": self.certificate})
        if self.auth:
            said.update({"user": self.auth[0], "password": self.auth[1]})
        said.update({key.replace("_", "-"): value for key, value in keys.items()})
        lines = [f"{key} = {value}" for key, value in said.items() if value is not None]
        return "\n".join([f"\n[gateway {name}]", *lines, ""])

    def received(self, count=1, seconds=10):
        """Wait until `count` mails have arrived; returns all that have."""
        wait_until(f"{count} mails at the server", lambda: len(self.mails) >= count, seconds)
        return [ReceivedMail(*pair) for pair in zip(list(self.mails), self.arrivals_s)]

    def never_more_than(self, count, seconds):
        """Watch for `seconds` that no further mail arrives: for what must not be sent."""
        time.sleep(slow(seconds))
        assert len(self.mails) <= count, f"{len(self.mails)} mails, at most {count} may come"


class FileGatewayFolder:
    """What a gateway of type `file` has written, oldest first."""

    def __init__(self, path):
        self.path = Path(path)

    def mails(self):
        return [parse(path.read_bytes()) for path in sorted(self.path.glob("new/*"))]

    def texts(self):
        """(to, text) of each text."""
        found = []
        for path in sorted(self.path.glob("sms/[!.]*")):
            head, _, text = path.read_text(encoding="utf-8").partition("\n\n")
            fields = dict(line.split(": ", 1) for line in head.splitlines())
            found.append((fields["To"], text))
        return found
