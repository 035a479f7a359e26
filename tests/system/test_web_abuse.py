"""The page under abuse: slow senders, huge bodies, bad encodings, tricks with paths, hosts and
lengths, hundreds of idle connections; and a manager who keeps working meanwhile. Every answer is
one of ours, or the connection just ends; messages go out as ever."""

import contextlib
import http.client
import socket
import time
from pathlib import Path

from harness import CONF, ShopTest, slow, wait_until
from web_browser import FORM, PASSWORD, Browser, free_port, raw, status_of

IDLE = 500
HEAD_S = 15  # include/web/connections.h
BODY_MAX = 64 * 1024

PLAYBOOK = """
[workflow repair]
stages = New, Ready

[rule ready]
on = job enters Ready
by = sms
"""


class AbuseTest(ShopTest):
    seconds = 120

    def setUp(self):
        self.port = free_port()
        section = f"\n[web]\nlisten = 127.0.0.1:{self.port}\nurl = http://page.example/\n"
        self.garage = self.shop(conf=CONF + section, playbook=PLAYBOOK,
                                templates={"ready/en.sms": "Ready!"})
        self.garage.run("user", "add", "anna", "--role", "manager", stdin=PASSWORD + "\n")
        self.garage.start()

    def request(self, *lines, body=b""):
        """A raw request of these lines on a connection that is to be closed; its status."""
        data = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body
        return status_of(raw(self.port, data))

    def get(self, target, *headers):
        return self.request(f"GET {target} HTTP/1.1", "Host: localhost", *headers)

    def assert_well(self):
        """The page works, and so does the rest."""
        self.assertEqual(Browser(self.port).sign_in("anna").get("/").status, 200)


class Malformed(AbuseTest):
    def test_paths_with_a_second_meaning_are_refused(self):
        for target in ("//", "//evil.example", "/../etc/passwd", "/a/../b", "/./", "/%2e%2e/x",
                       "/%2e%2e%2fetc%2fpasswd", "/assets/..%2f..%2fsecret", "/assets/%2e%2e/x",
                       "/a%00b", "/%00", "/a%0d%0aSet-Cookie:%20x=y", "/a\\b", "/%5c", "/%", "/%zz",
                       "/%c0%ae%c0%ae/", "/%ff", "/\xff", "http://evil.example/", "*", "clients",
                       "/clients?q=%", "/clients?q=%00", "/clients?q=%ff"):
            self.assertEqual(self.get(target), 400, target)
        for target in ("/assets/", "/assets/page.css/", "/assets/secret", "/clients/", "/Clients",
                       "/clients/1e3", "/clients/18446744073709551617", "/betimes.conf"):
            self.assertIn(self.get(target), (404, 303), target)
        self.assert_well()

    def test_unknown_hosts_are_refused(self):
        for host in ("evil.example", "localhost.evil.example", "page.example.evil",
                     "127.0.0.1.evil", "page.example@evil", "[::1", "localhost:x", "", "\xff"):
            got = self.request("GET /sign-in HTTP/1.1", f"Host: {host}")
            self.assertIn(got, (421, 400), host)
        self.assertEqual(self.request("GET /sign-in HTTP/1.1"), 400)
        self.assertIn(self.request("GET /sign-in HTTP/1.0"), (400, 421))
        self.assertEqual(self.get("/sign-in", "Host: evil.example"), 400)
        self.assertEqual(self.request("GET /sign-in HTTP/1.1", "Host: page.example"), 200)

    def test_bytes_that_are_no_http_end_the_connection_at_most(self):
        for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,
                     b"\x00\x00\x00\x00\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                     b"\r\n\r\n\r\n\r\nX / HTTP/1.1\r\n\r\n", b"GET /\x00/../x HTTP/1.1\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: localhost\r\n folded: x\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: localhost\r\nNoColon\r\n\r\n",
                     b"G" * 100_000):
            # Whatever is left open is left to the deadline; we end it ourselves.
            with socket.create_connection(("127.0.0.1", self.port), timeout=slow(5)) as s:
                with contextlib.suppress(OSError):
                    s.sendall(data)
                    s.shutdown(socket.SHUT_WR)
                    self.assertNotEqual(status_of(s.recv(100)), 200, data[:40])
        self.assert_well()

    def test_heads_and_bodies_have_their_limits(self):
        self.assertIn(self.get("/" + "a" * 5000), (414, 400))
        self.assertIn(self.get("/" + "a" * 100_000), (0, 414, 400, 413, 431))
        self.assertIn(self.get("/", "X-Long: " + "a" * 100_000), (0, 413, 431, 400))
        self.assertIn(self.get("/", *[f"X-{i}: a" for i in range(5000)]), (0, 413, 431, 400))
        post = ("POST /sign-in HTTP/1.1", "Host: localhost", f"Content-Type: {FORM}")
        for length in (str(BODY_MAX + 1), "9" * 18):
            self.assertEqual(self.request(*post, f"Content-Length: {length}"), 413)
        self.assertIn(self.request(*post, "Content-Length: " + "9" * 40), (0, 400, 413))
        self.assertEqual(self.request(*post, f"Content-Length: {BODY_MAX}",
                                      body=b"a=" + b"b" * (BODY_MAX - 2)), 403)
        self.assertEqual(self.request(*post, "Content-Length: 202",
                                      body=b"a&" * 101), 400)
        self.assert_well()

    def test_what_is_sent_after_a_refusal_is_not_read_as_a_request(self):
        inner = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for head in (b"Content-Length: 999999\r\n", b"Transfer-Encoding: chunked\r\n",
                     b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                     b"Content-Length: 5\r\nContent-Length: 6\r\n", b"Content-Length: +5\r\n",
                     b"Content-Length: 5, 5\r\n", b"Transfer-Encoding: xchunked\r\n"):
            for method in (b"POST /sign-in", b"GET /sign-in"):
                found = raw(self.port, method + b" HTTP/1.1\r\nHost: localhost\r\nContent-Type: " +
                            FORM.encode() + b"\r\n" + head + b"\r\n" + b"0\r\n\r\n" + inner)
                self.assertIn(status_of(found), (0, 400, 411, 413), (head, found[:200]))
                self.assertNotIn(b"\r\n\r\nok\n", found, head)
        self.assert_well()

    def test_only_forms_are_read(self):
        for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain",
                     FORM + "x", ""):
            got = self.request("POST /sign-in HTTP/1.1", "Host: localhost", f"Content-Type: {kind}",
                               "Content-Length: 2", body=b"{}")
            self.assertEqual(got, 415, kind)
        for body in (b"name=%", b"name=%0", b"name=%00", b"%ff=1", b"name=\xff", b"name=\x00",
                     b"name=%c0%80", b"name=%c0%af", b"name=%e0%80%af", b"name=%f0%80%80%af",
                     b"name=%ed%a0%80", b"name=%f4%90%80%80", b"name=%c3", b"name=%u0041"):
            got = self.request("POST /sign-in HTTP/1.1", "Host: localhost", f"Content-Type: {FORM}",
                               f"Content-Length: {len(body)}", body=body)
            self.assertEqual(got, 400, body)

    def test_of_a_field_that_comes_twice_the_first_counts(self):
        browser = Browser(self.port).sign_in("anna")
        token = browser.token()
        for first, second, status in ((token, "0" * 64, 303), ("0" * 64, token, 403)):
            answer = browser.ask("POST", "/pause", body=f"token={first}&token={second}",
                                 headers={"Content-Type": FORM})
            self.assertEqual(answer.status, status)
        page = browser.get("/clients?q=first&q=second").text
        self.assertIn('value="first"', page)
        self.assertNotIn("second", page)

    def test_heads_that_say_two_things_are_refused(self):
        cookie = "Cookie: " + "; ".join(
            f"{k}={v}" for k, v in Browser(self.port).sign_in("anna").jar.items())
        self.assertEqual(self.get("/", cookie), 200)
        for twice in (cookie, "Cookie: betimes=" + "0" * 64, "Host: localhost",
                      "Host: evil.example"):
            self.assertEqual(self.get("/", cookie, twice), 400, twice)
        here = f"Origin: http://localhost:{self.port}"
        self.assertEqual(self.get("/", cookie, here, "Origin: http://evil.example"), 400)

    def test_other_methods_are_refused(self):
        for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "get", "X" * 100):
            got = self.request(f"{method} / HTTP/1.1", "Host: localhost", "Content-Length: 0")
            self.assertIn(got, (400, 405), method)
        head = raw(self.port, b"HEAD /sign-in HTTP/1.1\r\nHost: localhost\r\n"
                              b"Connection: close\r\n\r\n")
        self.assertEqual(status_of(head), 200)
        self.assertTrue(head.endswith(b"\r\n\r\n"))

    def test_every_answer_of_ours_has_the_strict_headers(self):
        browser = Browser(self.port)
        answers = [browser.get(p) for p in ("/", "/sign-in", "/nothing", "/assets/page.css",
                                            "/healthz", "/metrics", "/%00")]
        answers.append(browser.get("/", Host="evil.example"))
        browser.sign_in("anna")
        answers += [browser.get("/"), browser.get("/clients/9"), browser.post("/pause", {})]
        for a in answers:
            policy = a.headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual(a.headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(a.headers["Referrer-Policy"], "same-origin")
            self.assertEqual(a.headers["Cross-Origin-Opener-Policy"], "same-origin")
            self.assertIn(a.headers["Cache-Control"], ("no-store",))


class Crowds(AbuseTest):
    notes = 0  # that work() has written

    def connect(self):
        s = socket.create_connection(("127.0.0.1", self.port), timeout=slow(10))
        self.addCleanup(s.close)
        return s

    def work(self, seconds):
        """What a manager does, for so long: looks around, and writes a note. Returns the slowest of
        all requests, in seconds."""
        browser = Browser(self.port).sign_in("anna")
        note = {"token": browser.token("/clients/1/note"), "text": "She called."}
        slowest = 0
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for path in ("/", "/clients?q=a", "/clients/1", "/jobs", "/appointments", "/playbook",
                         "/templates/ready/en/sms"):
                begin = time.monotonic()
                self.assertEqual(browser.get(path).status, 200, path)
                slowest = max(slowest, time.monotonic() - begin)
            begin = time.monotonic()
            self.assertEqual(browser.post("/clients/1/note", note).status, 303)
            slowest = max(slowest, time.monotonic() - begin)
            self.notes += 1
        return slowest

    def write_client(self):
        self.garage.sql("INSERT INTO client (name, phone) VALUES ('Anna', '+37120000001');")

    def test_a_manager_works_while_hundreds_of_connections_idle(self):
        self.write_client()
        alone_s = self.work(1)
        for i in range(IDLE):
            s = self.connect()
            if i % 3 == 1:
                s.sendall(b"GET / HT")
            elif i % 3 == 2:
                s.sendall(b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: " +
                          FORM.encode() + b"\r\nContent-Length: 1000\r\n\r\na=")
        self.assertLess(self.work(3), max(slow(2), alone_s * 10))
        self.assertEqual(len(self.garage.query("SELECT id FROM note")), self.notes)
        fds = len(list((self.proc() / "fd").iterdir()))
        self.assertLess(fds, IDLE)

    def proc(self):
        return Path(f"/proc/{self.garage.service.pid}")

    def test_a_message_goes_out_meanwhile(self):
        for _ in range(IDLE):
            self.connect().sendall(b"GET /clients HTTP/1.1\r\n")
        self.write_client()
        self.garage.sql("INSERT INTO job (client_id, stage) VALUES (1, 'Ready');")
        self.garage.wait_message(rule="ready", state="sent")

    def test_slow_senders_are_ended_at_the_deadline_however_busy_they_look(self):
        head, body = self.connect(), self.connect()
        body.sendall(b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: " +
                     FORM.encode() + b"\r\nContent-Length: 60000\r\n\r\n")
        begin = time.monotonic()
        ended = {}
        letters = iter("GET / HTTP/1.1\r\nX-Slow: " + "a" * 10_000)
        while len(ended) < 2 and time.monotonic() - begin < slow(40):
            for name, s, data in (("head", head, next(letters).encode()), ("body", body, b"a")):
                if name in ended:
                    continue
                s.settimeout(0.1)
                try:
                    s.sendall(data)
                    if s.recv(100) == b"":
                        ended[name] = time.monotonic() - begin
                except TimeoutError:
                    pass
                except OSError:
                    ended[name] = time.monotonic() - begin
            time.sleep(0.2)
        self.assertEqual(sorted(ended), ["body", "head"])
        self.assertGreater(ended["head"], HEAD_S - 1)
        self.assertLess(ended["head"], slow(HEAD_S + 5))
        self.assertLess(ended["body"], slow(20 + 5))

    def test_connections_that_idle_cost_nothing_when_they_are_gone(self):
        def ticks():
            fields = (self.proc() / "stat").read_text(encoding="ascii").rsplit(")")[1].split()
            return int(fields[11]) + int(fields[12])

        for _ in range(50):
            self.connect().close()
        before = len(list((self.proc() / "fd").iterdir()))
        wait_until("their descriptors to go",
                   lambda: len(list((self.proc() / "fd").iterdir())) <= before)
        used = ticks()
        time.sleep(3)
        self.assertLessEqual(ticks() - used, 3)

    def test_a_flood_of_sign_ins_keeps_nobody_from_their_page(self):
        browser = Browser(self.port).sign_in("anna")
        guesser = Browser(self.port)
        token = guesser.token("/sign-in")
        body = f"name=anna&password=wrong+horse+battery&token={token}".encode()
        cookies = "; ".join(f"{k}={v}" for k, v in guesser.jar.items())
        flood = []
        for i in range(60):
            s = self.connect()
            s.sendall((f"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nCookie: {cookies}\r\n"
                       f"X-Forwarded-For: 192.0.2.{i}\r\nContent-Type: {FORM}\r\n"
                       f"Content-Length: {len(body)}\r\n\r\n").encode() + body)
            flood.append(s)
        begin = time.monotonic()
        self.assertEqual(browser.get("/").status, 200)
        self.assertLess(time.monotonic() - begin, slow(3))
        found = [status_of(s.recv(4096)) for s in flood]
        self.assertTrue(set(found) <= {401, 429, 503}, found)

    def test_a_kept_connection_serves_one_request_after_another(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=slow(10))
        self.addCleanup(connection.close)
        for path, status in (("/sign-in", 200), ("/", 303), ("/nothing", 404), ("/healthz", 200),
                             ("/metrics", 200), ("/sign-in", 200)):
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            self.assertEqual(answer.status, status)
            self.assertIsNotNone(connection.sock, "the connection was closed")
