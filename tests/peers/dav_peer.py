#!/usr/bin/python3
"""A CalDAV server in memory, for what a real one does not show when asked to: tokens that are
refused, answers that are cut off, no sync-collection, large collections, addresses that lead
astray.

    with DavPeer(objects=3) as peer:
        peer.port, peer.requests       # ["REPORT /anna/work/ sync-collection", ...]

The user is anna, her password "secret"; her calendar is /anna/work/ ("Work"), and with `several`
there are /anna/home/ ("Home") and /anna/todo/ (which takes no events) beside it. As a program it
says "ready PORT -" and does what is written to its standard input, a line each, answering "ok":

    put NAME [SUMMARY]     write an object          delete NAME      remove one
    set KEY VALUE          change a manner, below   forget           refuse all tokens of before
    large NAME             write one that is larger than anybody takes
    poison NAME KIND       from now on this object spoils answers, below; KIND no: no more

    sync       yes; no: 501 to sync-collection; empty: answers without a token
    ctag       yes; no: there is no getctag
    page       at most so many responses to sync-collection, then 507
    members    at most so many, then 507
    lie        no; href: objects are said to be at another server; home: the calendar home is;
               doctype: answers begin with one; empty: multiget gives nothing; garbage
    status     0; else what every request is answered with
    plain      no; yes: objects have no ETag quotes and hrefs are whole URLs
    race       so many times an object is changed by somebody else just after it was read
    etag       yes; no: a GET is answered without one
    put        0; else what every PUT is answered with
    most       0; else multiget gives no more objects than so many, and says nothing of it

What an object spoils: xml (its bytes have a character that XML has not), fail (every multiget with
it is answered with 500), forbid (the multistatus has 403 for it), silent (there is nothing of it).
"""
import argparse
import base64
import hashlib
import http.server
import os
import re
import socketserver
import sys
import threading
from xml.sax.saxutils import escape

EVENT = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//peer//EN\r
BEGIN:VEVENT\r
UID:{name}@peer\r
DTSTAMP:20261101T080000Z\r
DTSTART:20991208T{hour:02}0000Z\r
DTEND:20991208T{hour:02}3000Z\r
SUMMARY:{summary}\r
ATTENDEE;CN=Anna:mailto:{name}@client.example\r
END:VEVENT\r
END:VCALENDAR\r
"""
SPACES = ('xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" '
          'xmlns:S="http://calendarserver.org/ns/"')
PASSWORD = "Basic " + base64.b64encode(b"anna:secret").decode()
HREF = re.compile(r"<(?:\w+:)?href>([^<]*)<")
TOKEN = re.compile(r"<(?:\w+:)?sync-token>([^<]*)<")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits for the other side's delayed ACK

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def multistatus(self, responses, more=""):
        lie = self.peer.manners["lie"]
        head = '<?xml version="1.0"?>\n' + ("<!DOCTYPE multistatus>" if lie == "doctype" else "")
        if lie == "garbage":
            head = "}{"
        text = f"{head}<multistatus {SPACES}>{''.join(responses)}{more}</multistatus>"
        self.answer(207, text.encode(), Content_Type="application/xml")

    def href(self, path):
        plain = self.peer.manners["plain"] == "yes"
        return f"http://{self.headers['Host']}{path}" if plain else path

    def member(self, name, data=None):
        path = f"/anna/work/{name}.ics"
        if self.peer.manners["lie"] == "href":
            path = f"http://127.0.0.2:{self.peer.port}{path}"
        text = self.peer.objects.get(name)
        if text is None:
            return (f"<response><href>{self.href(path)}</href>"
                    "<status>HTTP/1.1 404 Not Found</status></response>")
        poison = self.peer.poisons.get(name)
        if data is not None and poison == "forbid":
            return (f"<response><href>{self.href(path)}</href>"
                    "<status>HTTP/1.1 403 Forbidden</status></response>")
        if data is not None:
            text = text.replace("SUMMARY:", "SUMMARY:\x0b") if poison == "xml" else text
            data = f"<C:calendar-data>{escape(text)}</C:calendar-data>"
        return (f"<response><href>{self.href(path)}</href><propstat><prop>"
                f"<getetag>{escape(self.peer.etag(name))}</getetag>{data or ''}</prop>"
                "<status>HTTP/1.1 200 OK</status></propstat></response>")

    @staticmethod
    def properties(path, *props, bad=""):
        refused = (f"<propstat><prop>{bad}</prop><status>HTTP/1.1 404 Not Found</status></propstat>"
                   if bad else "")
        return (f"<response><href>{path}</href><propstat><prop>{''.join(props)}</prop>"
                f"<status>HTTP/1.1 200 OK</status></propstat>{refused}</response>")

    def calendar(self, name, title, part="VEVENT"):
        return self.properties(
            f"/anna/{name}/", "<resourcetype><collection/><C:calendar/></resourcetype>",
            f"<displayname>{title}</displayname>",
            f'<C:supported-calendar-component-set><C:comp name="{part}"/>'
            "</C:supported-calendar-component-set>")

    def propfind(self):
        peer, depth = self.peer, self.headers.get("Depth")
        if self.path == "/anna/work/" and depth == "1":
            names = sorted(peer.objects)
            limit = int(peer.manners["members"])
            cut = ("<response><href>/anna/work/</href><status>HTTP/1.1 507 Full</status></response>"
                   if 0 < limit < len(names) else "")
            own = self.properties("/anna/work/", "<resourcetype><collection/></resourcetype>")
            self.multistatus([own, *map(self.member, names[:limit or None]), cut])
        elif self.path == "/anna/work/" and "getctag" in self.body:
            sign = (f"<S:getctag>{peer.revision}</S:getctag>" if peer.manners["ctag"] == "yes"
                    else "")
            self.multistatus([self.properties("/anna/work/", sign)])
        elif self.path == "/anna/work/":
            self.multistatus([self.calendar("work", "Work")])
        elif self.path == "/anna/" and depth == "1":
            more = ([self.calendar("home", "Home"), self.calendar("todo", "Todo", "VTODO")]
                    if peer.several else [])
            own = self.properties("/anna/", "<resourcetype><collection/></resourcetype>")
            self.multistatus([own, self.calendar("work", "Work"), *more])
        elif self.path == "/principals/anna/":
            home = "https://127.0.0.2/anna/" if peer.manners["lie"] == "home" else "/anna/"
            self.multistatus([self.properties(
                self.path, f"<C:calendar-home-set><href>{home}</href></C:calendar-home-set>")])
        elif self.path == "/dav/":
            who = "<current-user-principal><href>/principals/anna/</href></current-user-principal>"
            self.multistatus([self.properties(self.path, who, bad="<C:calendar-home-set/>")])
        elif self.path == "/.well-known/caldav":
            self.answer(301, Location="/dav/")
        else:
            self.answer(404)

    def changes(self):
        peer = self.peer
        token = TOKEN.search(self.body)
        since = token.group(1) if token else ""
        if peer.manners["sync"] == "no":
            self.answer(501)
            return
        if since and (not since.isdigit() or int(since) < peer.forgotten):
            self.answer(403, f"<?xml version='1.0'?><error {SPACES}><valid-sync-token/></error>"
                        .encode())
            return
        changed = sorted((at, name) for name, at in peer.changed.items()
                         if at > int(since or 0) and (since or name in peer.objects))
        page = int(peer.manners["page"]) or len(changed)
        responses = [self.member(name) for _, name in changed[:page]]
        upto = peer.revision
        if len(changed) > page:
            upto = changed[page - 1][0]
            responses.append("<response><href>/anna/work/</href><status>HTTP/1.1 507 Full</status>"
                             "</response>")
        more = "" if peer.manners["sync"] == "empty" else f"<sync-token>{upto}</sync-token>"
        self.multistatus(responses, more)

    def report(self):
        if self.path != "/anna/work/":
            self.answer(404)
        elif "sync-collection" in self.body:
            self.changes()
        else:
            names = [re.sub(r".*/|\.ics$", "", h) for h in HREF.findall(self.body)]
            poisons = {name: self.peer.poisons.get(name) for name in names}
            if self.peer.manners["lie"] == "empty":
                names = []
            if "fail" in poisons.values():
                self.answer(500)
                return
            names = [name for name in names if poisons[name] != "silent"]
            self.multistatus([self.member(name, "")
                              for name in names[:int(self.peer.manners["most"]) or None]])

    def get(self):
        name = re.sub(r".*/|\.ics$", "", self.path)
        if name not in self.peer.objects:
            self.answer(404)
            return
        version = {"ETag": self.peer.etag(name)} if self.peer.manners["etag"] == "yes" else {}
        self.answer(200, self.peer.objects[name].encode(), Content_Type="text/calendar", **version)
        races = int(self.peer.manners["race"])
        if races > 0:
            self.peer.manners["race"] = str(races - 1)
            self.peer.put(name, f"Changed {races}")

    def put(self):
        peer, name = self.peer, re.sub(r".*/|\.ics$", "", self.path)
        match = self.headers.get("If-Match")
        fresh = self.headers.get("If-None-Match") == "*"
        if peer.manners["put"] != "0":
            self.answer(int(peer.manners["put"]))
            return
        if (match and match != peer.etag(name)) or (fresh and name in peer.objects):
            self.answer(412)
            return
        peer.write(name, self.body)
        self.answer(204, ETag=peer.etag(name))

    def handle_any(self):
        self.peer = self.server.peer
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        kind = re.search(r"sync-collection|calendar-multiget|getctag", self.body)
        self.peer.note(f"{self.command} {self.path}{' ' + kind.group() if kind else ''}")
        status = int(self.peer.manners["status"])
        with self.peer.lock:
            if status:
                self.answer(status)
            elif self.headers.get("Authorization") != PASSWORD:
                self.answer(401)
            else:
                {"PROPFIND": self.propfind, "REPORT": self.report, "GET": self.get,
                 "PUT": self.put}[self.command]()

    do_PROPFIND = do_REPORT = do_GET = do_PUT = handle_any

    def log_message(self, *args):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


class DavPeer:
    def __init__(self, objects=0, several=False, log=None):
        self.several, self.log = several, log
        self.manners = {"sync": "yes", "ctag": "yes", "page": "0", "members": "0", "lie": "no",
                        "status": "0", "plain": "no", "race": "0", "etag": "yes", "put": "0",
                        "most": "0"}
        self.objects, self.changed, self.etags, self.poisons = {}, {}, {}, {}
        self.revision, self.forgotten = 1, 0
        self.requests = []
        self.lock = threading.RLock()
        for i in range(objects):
            self.put(f"event{i}")

    def note(self, line):
        self.requests.append(line)
        if self.log:
            with open(self.log, "a", encoding="utf-8") as f:
                f.write(line + "\n")

    def write(self, name, text):
        with self.lock:
            self.revision += 1
            self.objects[name] = text
            self.changed[name] = self.revision
            self.etags[name] = hashlib.sha1(f"{self.revision}{name}".encode()).hexdigest()

    def put(self, name, summary="Oil change"):
        self.write(name, EVENT.format(name=name, summary=summary, hour=8 + len(self.objects) % 10))

    def large(self, name):
        self.put(name, "x" * (2 << 20))

    def delete(self, name):
        with self.lock:
            self.revision += 1
            del self.objects[name]
            self.changed[name] = self.revision

    def poison(self, name, kind):
        with self.lock:
            self.poisons[name] = kind
            self.write(name, self.objects[name])

    def etag(self, name):
        if name not in self.etags:
            return ""
        return self.etags[name] if self.manners["plain"] == "yes" else f'"{self.etags[name]}"'

    def forget(self):
        """No token of before is good any more."""
        self.revision += 1
        self.forgotten = self.revision

    def command(self, line):
        word, *rest = line.split(" ", 2)
        if word == "set":
            self.manners[rest[0]] = rest[1]
        elif word in ("put", "large", "delete", "forget", "poison"):
            getattr(self, word)(*rest)

    def start(self):
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.peer = self
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    __enter__ = start

    def __exit__(self, *exc):
        self.stop()


def main():
    p = argparse.ArgumentParser(description="a CalDAV server for tests")
    p.add_argument("--objects", type=int, default=0)
    p.add_argument("--several", action="store_true")
    p.add_argument("--log")
    a = p.parse_args()
    with DavPeer(a.objects, a.several, a.log) as peer:
        print("ready", peer.port, "-", flush=True)
        for line in sys.stdin:
            peer.command(line.rstrip("\n"))
            peer.note("ok")
    os._exit(0)


if __name__ == "__main__":
    main()
