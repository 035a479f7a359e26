"""The page behind a proxy with TLS: nginx and Caddy, with the very lines that the README gives."""

import contextlib
import http.client
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import ROOT, slow, wait_until
from test_web import WebTest
from web_browser import Answer, Browser, free_port

NAME = "messages.example.com"
NGINX = """\
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{servers}
}}
"""
CADDY = """\
{{
    admin off
    auto_https disable_redirects
    storage file_system {folder}/caddy
}}
{server}
"""


def from_readme(first):
    """The block of the README that begins with this line."""
    text = (Path(ROOT) / "README.md").read_text(encoding="utf-8")
    return re.search(rf"^```\n({re.escape(first)}\n.*?)^```", text, re.S | re.M)[1]


def replaced(text, *pairs):
    """With each of these once in another's place: what a README for a machine of its own says."""
    for old, new in pairs:
        assert text.count(old) == 1, f"{old} is {text.count(old)} times in the README's lines"
        text = text.replace(old, new)
    return text


class ProxiedBrowser(Browser):
    """Asks the proxy by TLS under the name that people know, as a browser does."""

    def __init__(self, port, trusted, source="127.0.0.1"):
        super().__init__(port)
        self.source = source
        self.context = ssl.create_default_context(cafile=trusted)

    def ask(self, method, path, form=None, headers=(), body=None):
        headers = dict(headers)
        if method == "POST":
            headers["Origin"] = f"https://{NAME}"
        return super().ask(method, path, form, {"Host": NAME, **headers}, body)

    def connection(self):
        found = http.client.HTTPSConnection(
            NAME, self.port, timeout=slow(10), context=self.context)
        found._create_connection = lambda _, timeout, __: socket.create_connection(
            ("127.0.0.1", self.port), timeout, (self.source, 0))
        return found


class ProxyTest:
    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="betimes-proxy-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.cert, self.key = f"{self.folder}/cert.pem", f"{self.folder}/key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-keyout", self.key, "-out", self.cert, "-days", "2", "-subj", f"/CN={NAME}",
             "-addext", f"subjectAltName=DNS:{NAME}"], check=True, capture_output=True)
        self.tls, self.plain = free_port(), free_port()
        self.shop_behind = self.page(
            users=("anna:manager", "berta:manager"), web=f"url = https://{NAME}\n")
        server = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  env={"HOME": self.folder, "PATH": "/usr/sbin:/usr/bin:/bin"})
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        wait_until("the proxy", self.listens, 20)

    def listens(self):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.tls)).close()
            return True

    def through(self, source="127.0.0.1"):
        return ProxiedBrowser(self.tls, self.cert, source)

    def write(self, name, text):
        path = Path(self.folder) / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def test_a_manager_signs_in_works_and_signs_out(self):
        browser = self.through()
        asked = browser.get("/")
        self.assertEqual((asked.status, asked.location), (303, "/sign-in"))
        self.assertEqual(asked.headers["Strict-Transport-Security"], "max-age=31536000")
        answer = browser.try_sign_in("anna")
        self.assertEqual((answer.status, answer.location), (303, "/"))
        for cookie in answer.headers.get_all("Set-Cookie"):
            self.assertRegex(cookie, "^__Host-betimes.*; Secure")
        page = browser.get("/")
        self.assertEqual(page.status, 200)
        self.assertIn("Content-Security-Policy", page.headers)
        token = browser.token()
        self.assertEqual(browser.post("/pause", {"token": token}).status, 303)
        self.assertIn("paused", self.shop_behind.run("status").stdout)
        self.assertEqual(browser.post("/sign-out", {"token": browser.token()}).status, 303)
        self.assertEqual(browser.get("/").status, 303)

    def test_who_guesses_makes_only_themselves_wait(self):
        stranger = self.through("127.0.0.66")
        found = [stranger.try_sign_in("nobody", password="wrong").status for _ in range(8)]
        self.assertEqual(found[-1], 429)
        self.assertEqual(self.through("127.0.0.67").try_sign_in("berta").status, 303)

    def test_a_stranger_cannot_say_that_they_are_somebody_else(self):
        stranger = self.through("127.0.0.66")
        found = [stranger.try_sign_in("nobody", password="wrong",
                                      X_Forwarded_For=f"192.0.2.{i}").status for i in range(8)]
        self.assertEqual(found[-1], 429)

    def test_figures_and_health_are_not_for_the_world(self):
        for path in ("/metrics", "/healthz"):
            self.assertEqual(self.through().get(path).status, 404)


@unittest.skipIf(shutil.which("nginx", path="/usr/sbin:/usr/bin") is None, "there is no nginx")
class Nginx(ProxyTest, WebTest):
    def command(self):
        servers = replaced(
            from_readme("server {"),
            ("listen 80;", f"listen 127.0.0.1:{self.plain};"),
            ("listen 443 ssl;", f"listen 127.0.0.1:{self.tls} ssl;"),
            (f"/etc/ssl/{NAME}.pem", self.cert),
            (f"/etc/ssl/private/{NAME}.key", self.key),
            ("127.0.0.1:8080", f"127.0.0.1:{self.port}"))
        conf = self.write("nginx.conf", NGINX.format(folder=self.folder, servers=servers))
        return ["nginx", "-e", f"{self.folder}/error.log", "-p", self.folder, "-c", conf]

    def test_who_comes_without_tls_is_led_there(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.plain, timeout=slow(10))
        with contextlib.closing(connection):
            connection.request("GET", "/clients", headers={"Host": NAME})
            answer = Answer(connection.getresponse())
        self.assertEqual((answer.status, answer.location), (301, f"https://{NAME}/clients"))


@unittest.skipIf(shutil.which("caddy", path="/usr/sbin:/usr/bin") is None, "there is no caddy")
class Caddy(ProxyTest, WebTest):
    def command(self):
        # A certificate of our own: the one that Caddy gets by itself has to come from outside.
        server = replaced(
            from_readme(f"{NAME} {{"),
            (f"{NAME} {{", f"https://{NAME}:{self.tls} {{\n    bind 127.0.0.1\n"
                           f"    tls {self.cert} {self.key}"),
            ("127.0.0.1:8080", f"127.0.0.1:{self.port}"))
        conf = self.write("Caddyfile", CADDY.format(folder=self.folder, server=server))
        return ["caddy", "run", "--config", conf, "--adapter", "caddyfile"]


if __name__ == "__main__":
    unittest.main()
