#!/usr/bin/python3
"""A web server that means us no good, for what is fetched from strangers' addresses.

    with WebPeer() as peer:
        peer.port, peer.events, peer.requests        # tls=True: peer.certificate

It listens at 127.0.0.1 and, at the same port, at 127.0.0.2: another host. A path asks for what it
does:

    /plain          a short text with ETag and Last-Modified; 304 to whoever has it
    /echo           answers with what it was sent
    /gzip           a short text, packed
    /bomb, /bomb2   64 MB of nothing, packed once or twice
    /endless        a body in chunks, without end
    /drip           a byte now and then, without end
    /silent         never answers
    /headers        headers without end
    /cut            closes before its body is whole
    /hop/N          leads to /hop/N-1, and /hop/0 to /plain
    /loop           leads to itself
    /to/CODE/URL    leads to URL
    /status/CODE    answers with this status, and Retry-After: 7
    /page/NAME      what the test has put into `pages` under NAME, with an ETag of its own; 304 to
                    whoever has it; to whoever has no `password`, if there is one, 401

Run as a program it says "ready PORT CERTIFICATE" and ends with its standard input; --log FILE gets
a line for each request.
"""
import argparse
import gzip
import hashlib
import http.server
import os
import socketserver
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from smtp_peer import server_context

HOSTS = ("127.0.0.1", "127.0.0.2")
ETAG = '"first"'
MODIFIED = "Sun, 06 Dec 2026 10:00:00 GMT"
BOMB = gzip.compress(bytes(64 * 1024 * 1024), 9)
DRIP_S = 0.2


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status not in (204, 304):  # these have none
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status not in (204, 304):
            self.wfile.write(body)

    def plain(self):
        known = {"ETag": ETAG, "Last_Modified": MODIFIED}
        if (self.headers.get("If-None-Match") == ETAG
                or self.headers.get("If-Modified-Since") == MODIFIED):
            self.answer(304, **known)
        else:
            self.answer(200, b"hello", Content_Type="text/calendar", DAV="1, calendar-access",
                        **known)

    def echo(self):
        lines = [f"{self.command} {self.path}", *(f"{k}: {v}" for k, v in self.headers.items())]
        self.answer(200, "\n".join(lines).encode() + b"\n\n" + self.body)

    def gzip(self):
        self.answer(200, gzip.compress(b"packed well"), Content_Encoding="gzip")

    def bomb(self):
        self.answer(200, BOMB, Content_Encoding="gzip")

    def bomb2(self):
        self.answer(200, gzip.compress(BOMB), Content_Encoding="gzip, gzip")

    def start_chunks(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def endless(self):
        self.start_chunks()
        while not self.server.peer.stopped.is_set():
            self.wfile.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")

    def drip(self):
        self.start_chunks()
        while not self.server.peer.stopped.wait(DRIP_S):
            self.wfile.write(b"1\r\nx\r\n")
            self.wfile.flush()

    def silent(self):
        self.server.peer.stopped.wait()

    def endless_headers(self):
        self.send_response(200)
        self.flush_headers()
        while not self.server.peer.stopped.is_set():
            self.wfile.write(b"X-More: " + b"x" * 500 + b"\r\n")

    def cut(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"only this")
        self.close_connection = True

    def page(self, name):
        peer = self.server.peer
        if peer.password and self.headers.get("Authorization") != peer.password:
            self.answer(401)
            return
        body = peer.pages.get(name)
        if body is None:
            self.answer(404)
            return
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if self.headers.get("If-None-Match") == etag:
            self.answer(304, ETag=etag)
        else:
            self.answer(200, body, ETag=etag, Content_Type="text/calendar")

    def lead(self, to, status=302):
        self.answer(status, b"this way", Location=to)

    def behave(self):
        at, _, rest = self.path[1:].partition("/")
        simple = {
            "plain": self.plain, "echo": self.echo, "gzip": self.gzip, "bomb": self.bomb,
            "bomb2": self.bomb2, "endless": self.endless, "drip": self.drip,
            "silent": self.silent, "headers": self.endless_headers, "cut": self.cut,
        }
        if at in simple:
            simple[at]()
        elif at == "hop":
            self.lead(f"/hop/{int(rest) - 1}" if rest != "0" else "/plain")
        elif at == "page":
            self.page(rest)
        elif at == "loop":
            self.lead("/loop")
        elif at == "to":
            status, _, url = rest.partition("/")
            self.lead(url, int(status))
        elif at == "status":
            self.answer(int(rest), b"so it is", Retry_After="7")
        else:
            self.answer(404)

    def do_GET(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.peer.note(
            f"{self.command} {self.path} host={self.headers.get('Host')}"
            f" password={self.headers.get('Authorization', '-')} body={self.body.decode()!r}")
        try:
            self.behave()
        except OSError:
            self.close_connection = True  # the other side has had enough of it

    do_PROPFIND = do_REPORT = do_OPTIONS = do_PUT = do_DELETE = do_POST = do_GET

    def log_message(self, *args):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass  # a connection that was broken off is what the tests are about


class WebPeer:
    def __init__(self, tls=False, log=None):
        self.tls, self.log = tls, log
        self.certificate = None
        self.events = []
        self.pages = {}
        self.password = None  # as the header Authorization has it
        self.stopped = threading.Event()

    def note(self, line):
        self.events.append(line)
        if self.log:
            with open(self.log, "a", encoding="utf-8") as f:
                f.write(line + "\n")

    def start(self):
        context = None
        if self.tls:
            self.folder = tempfile.TemporaryDirectory()
            context, self.certificate = server_context(self.folder.name)
        self.port = 0
        self.servers = []
        for host in HOSTS:
            server = Server((host, self.port), Handler)
            server.peer = self
            self.port = server.server_address[1]
            if context:
                server.socket = context.wrap_socket(server.socket, server_side=True)
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            self.servers.append(server)
        return self

    def stop(self):
        self.stopped.set()
        for server in self.servers:
            server.shutdown()
            server.server_close()
        if self.tls:
            self.folder.cleanup()

    __enter__ = start

    def __exit__(self, *exc):
        self.stop()


def main():
    p = argparse.ArgumentParser(description="a hostile web server for tests")
    p.add_argument("--tls", action="store_true")
    p.add_argument("--log")
    a = p.parse_args()
    with WebPeer(a.tls, a.log) as peer:
        print("ready", peer.port, peer.certificate or "-", flush=True)
        sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
