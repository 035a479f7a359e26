#!/usr/bin/python3
"""SMS providers' HTTP interfaces for tests: they answer as Twilio, Vonage, Plivo and MessageBird
document, check what they are sent, and show faults on request.

In a Python test:

    with ProviderPeer("twilio") as peer:
        peer.url                  # to write into the gateway's section
        peer.wait(1)
        peer.messages[0].to, .sender, .text, .unicode, .reference; peer.requests[0].headers, .body

As a program: provider_peer.py --provider twilio --log FILE prints "ready PORT -" and adds to FILE
one line "request N connection=C" for each request, "sms to=... from=... unicode=... text=..." for
each accepted message, and "ended C" when it has ended a connection. It ends when its standard input
does.

Login: user "me", password "s3cret" (as access key, too). Faults are asked for by the number the
message goes to, its last three digits:

    429, 503, 500, 401, 404   that status; 429 with Retry-After: 7, 503 with a date 90 s ahead
    001  the number is refused, as the provider does       002  the message is refused
    101  the connection is reset after the request          102  it is closed in silence
    103  no reply ever                                       104  garbage instead of HTTP
    105  a reply of one byte a second, for ever              106  half a reply, then the end
    107  a body without end                                  108  a redirection to itself
    201  success, but no id                                  202  200 with an error in its JSON
    203  success, but no JSON                                204  success, and endless brackets
    301  the connection is closed after an ordinary reply, without a word of it
"""
import argparse
import base64
import dataclasses
import email.utils
import json
import os
import socket
import struct
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from peer_common import WAIT_S

FOREVER_S = 3600
USER, PASSWORD = "me", "s3cret"


@dataclasses.dataclass
class Request:
    connection: int
    method: str
    path: str
    headers: dict
    body: bytes


@dataclasses.dataclass
class Message:
    to: str
    sender: str
    text: str
    unicode: object  # True, False; None where the provider finds out by itself
    reference: str


def basic_ok(headers):
    word = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    return headers.get("authorization") == "Basic " + word


def form_of(request):
    assert request.headers.get("content-type") == "application/x-www-form-urlencoded", request
    return dict(urllib.parse.parse_qsl(request.body.decode("utf-8"), strict_parsing=True))


class Twilio:
    path = "/2010-04-01/Accounts/me/Messages.json"
    url_path = "/2010-04-01/Accounts/{{user}}/Messages.json"

    def login(self, request):
        return basic_ok(request.headers)

    def message(self, request):
        f = form_of(request)
        return Message(f["To"], f["From"], f["Body"], None, "")

    def accepted(self, number, with_id=True):
        body = {"sid": f"SM{number:032x}", "status": "queued", "error_code": None}
        if not with_id:
            del body["sid"]
        return 201, body

    def error(self, kind):
        code, status = {"number": (21211, 400), "message": (21617, 400), "login": (20003, 401),
                        "busy": (20429, 429)}.get(kind, (20500, 500))
        return status, {"code": code, "message": "The number +37121111111 is not a valid number",
                        "status": status}


class Vonage:
    path = url_path = "/sms/json"

    def login(self, request):
        f = form_of(request)
        return (f["api_key"], f["api_secret"]) == (USER, PASSWORD)

    def message(self, request):
        f = form_of(request)
        assert not f["to"].startswith("+") and len(f["client-ref"]) <= 100
        return Message("+" + f["to"], f["from"], f["text"], f.get("type") == "unicode",
                       f["client-ref"])

    def accepted(self, number, with_id=True):
        one = {"to": "371", "status": "0", "remaining-balance": "15.5", "network": "24701"}
        if with_id:
            one["message-id"] = f"0C{number:014X}"
        return 200, {"message-count": "1", "messages": [one]}

    def error(self, kind):
        status = {"number": "7", "message": "12", "login": "4", "busy": "1"}.get(kind, "5")
        return 200, {"message-count": "1",
                     "messages": [{"status": status, "error-text": "no: 37121111111"}]}


class Plivo:
    path = "/v1/Account/me/Message/"
    url_path = "/v1/Account/{{user}}/Message/"

    def login(self, request):
        return basic_ok(request.headers)

    def message(self, request):
        assert request.headers.get("content-type") == "application/json"
        f = json.loads(request.body)
        return Message(f["dst"], f["src"], f["text"], None, "")

    def accepted(self, number, with_id=True):
        body = {"message": "message(s) queued", "api_id": "db3ce55a"}
        if with_id:
            body["message_uuid"] = [f"db3ce55a-{number:012}"]
        return 202, body

    def error(self, kind):
        status = {"number": 400, "message": 400, "login": 401, "busy": 429}.get(kind, 500)
        return status, {"api_id": "97ceeb52", "error": "+37121111111 is not a valid phone number"}


class MessageBird:
    path = url_path = "/messages"

    def login(self, request):
        return request.headers.get("authorization") == "AccessKey " + PASSWORD

    def message(self, request):
        assert request.headers.get("content-type") == "application/json"
        f = json.loads(request.body)
        assert f["recipients"][0].isdigit() and len(f["recipients"]) == 1
        return Message("+" + f["recipients"][0], f["originator"], f["body"],
                       f["datacoding"] == "unicode", f["reference"])

    def accepted(self, number, with_id=True):
        body = {"type": "sms", "recipients": {"totalCount": 1, "items": [{"status": "sent"}]}}
        if with_id:
            body["id"] = f"{number:032x}"
        return 201, body

    def error(self, kind):
        status, code, parameter = {
            "number": (422, 9, "recipient"), "message": (422, 10, "body"), "login": (401, 2, None),
            "busy": (429, 429, None)}.get(kind, (500, 99, None))
        return status, {"errors": [{"code": code, "description": "no (correct) recipients found",
                                    "parameter": parameter}]}


PROVIDERS = {"twilio": Twilio, "vonage": Vonage, "plivo": Plivo, "messagebird": MessageBird}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def setup(self):
        super().setup()
        self.peer = self.server.peer
        with self.peer.lock:
            self.peer.connections += 1
            self.number = self.peer.connections

    # -- replies

    def send(self, status, body, headers=()):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def raw(self, data):
        self.wfile.write(data)
        self.wfile.flush()

    def end(self, reset=False):
        self.close_connection = True
        if reset:  # a close with linger 0 is a reset
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)
        with self.peer.lock:
            self.peer.note(f"ended {self.number}")

    def drip(self):
        self.raw(b"HTTP/1.1 201 Created\r\nContent-Length: 5000\r\n\r\n")
        while not self.peer.stopping:
            self.raw(b" ")
            time.sleep(1)

    def flood(self):
        self.raw(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not self.peer.stopping:
            self.raw(b"1000\r\n" + b" " * 4096 + b"\r\n")

    def fault(self, what):
        """True if this request was dealt with."""
        provider = self.peer.provider
        later = email.utils.formatdate(time.time() + 90, usegmt=True)
        plain = {"429": (*provider.error("busy"), [("Retry-After", "7")]),
                 "503": (503, b"{}", [("Retry-After", later)]),
                 "500": (500, b"oops", []), "401": (401, b"{}", []), "404": (404, b"{}", []),
                 "001": (*provider.error("number"), []), "002": (*provider.error("message"), []),
                 "108": (307, b"", [("Location", self.path)]),
                 "201": (*provider.accepted(1, with_id=False), []),
                 "202": (200, {"code": 20500, "error": "it did not work"}, []),
                 "203": (provider.accepted(1)[0], b"<html>OK</html>", []),
                 "204": (provider.accepted(1)[0], b"[" * 5000, [])}
        if what in plain:
            status, body, headers = plain[what]
            self.send(429 if what == "429" else status, body, headers)
        elif what in ("101", "102"):
            self.end(reset=what == "101")
        elif what == "103":
            self.peer.stopped.wait(FOREVER_S)
        elif what == "104":
            self.raw(b"\x15\x03\x01 what a lovely day\r\n\r\n")
            self.end()
        elif what == "105":
            self.drip()
        elif what == "106":
            self.raw(b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{\"sid\": \"SM1\"")
            self.end()
        elif what == "107":
            self.flood()
        else:
            return False
        return True

    # -- requests

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        headers = {k.lower(): v for k, v in self.headers.items()}
        body = self.rfile.read(length)
        if len(body) < length:
            return self.end()  # the other side is gone, this was no request
        request = Request(self.number, self.command, self.path, headers, body)
        peer, provider = self.peer, self.peer.provider
        with peer.lock:
            peer.requests.append(request)
            peer.note(f"request {len(peer.requests)} connection={self.number}")
        if self.path != provider.path:  # some other interface: faults by ?to=
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
            to = query.get("to", ["000"])[0]
            return None if self.fault(to[-3:]) else self.send(404, {})
        if not provider.login(request):
            return self.send(*provider.error("login"))
        message = provider.message(request)
        try:
            if self.fault(peer.first_faults.pop(0) if peer.first_faults else message.to[-3:]):
                return None
        except OSError:
            return self.end()
        with peer.lock:
            peer.messages.append(message)
            number = len(peer.messages)
            peer.note(f"sms to={message.to} from={message.sender} unicode={message.unicode} "
                      f"reference={message.reference} text={message.text}")
        time.sleep(peer.delay_s)
        peer.may_reply.wait()
        self.send(*provider.accepted(number))
        if message.to.endswith("301"):
            self.end()
        return None

    do_GET = do_POST


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handle_error(request, client_address)


class ProviderPeer:
    def __init__(self, provider="twilio", port=0, log=None):
        self.provider = PROVIDERS[provider]()
        self.wanted_port, self.log = port, log
        self.requests, self.messages, self.events = [], [], []
        self.first_faults = []  # for the first requests, whatever their number
        self.delay_s = 0  # before each reply to an accepted message
        self.may_reply = threading.Event()  # clear() it, and they wait for set()
        self.may_reply.set()
        self.connections = 0
        self.lock = threading.Lock()
        self.stopped = threading.Event()

    @property
    def stopping(self):
        return self.stopped.is_set()

    def note(self, line):
        self.events.append(line)
        if self.log:
            with open(self.log, "a", encoding="utf-8") as f:
                f.write(line + "\n")

    def wait(self, count, seconds=WAIT_S):
        end = time.monotonic() + seconds
        while len(self.messages) < count:
            if time.monotonic() > end:
                raise AssertionError(f"{len(self.messages)} of {count} texts after {seconds} s")
            time.sleep(0.01)
        return self.messages[:count]

    def start(self):
        self.server = Server(("127.0.0.1", self.wanted_port), Handler)
        self.server.peer = self
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}{self.provider.url_path}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        self.stopped.set()
        self.may_reply.set()
        self.server.shutdown()
        self.server.server_close()

    __enter__ = start

    def __exit__(self, *exc):
        self.stop()


def main():
    p = argparse.ArgumentParser(description="an SMS provider for tests")
    p.add_argument("--provider", choices=PROVIDERS, default="twilio")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--log")
    a = p.parse_args()
    with ProviderPeer(a.provider, a.port, a.log) as peer:
        print("ready", peer.port, "-", flush=True)
        sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
