"""A small browser for the tests of the page: http.client with a jar of cookies, and the ways of a
person. Not a test itself."""

import contextlib
import html
import http.client
import re
import socket
import urllib.parse

from harness import slow

from peer_common import free_port

__all__ = ["FORM", "PASSWORD", "Answer", "Browser", "fields_of", "free_port", "raw", "status_of"]

FORM = "application/x-www-form-urlencoded"
PASSWORD = "correct horse battery"


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.location = response.headers["Location"]
        self.text = response.read().decode("utf-8")


class Browser:
    def __init__(self, port, host="127.0.0.1"):
        self.port = port
        self.host = host
        self.jar = {}

    def ask(self, method, path, form=None, headers=(), body=None):
        """One request on a connection of its own; cookies are kept."""
        sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.jar.items())} if self.jar else {}
        if form is not None:
            body = urllib.parse.urlencode(form)
            sent["Content-Type"] = FORM
        sent.update(headers)
        with contextlib.closing(self.connection()) as connection:
            connection.request(method, path, body, sent)
            answer = Answer(connection.getresponse())
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, value = cookie.split(";")[0].split("=", 1)
            if value:
                self.jar[name] = value
            else:
                self.jar.pop(name, None)
        return answer

    def connection(self):
        return http.client.HTTPConnection(self.host, self.port, timeout=slow(10))

    def get(self, path, **headers):
        return self.ask("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, path, form, **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        return self.ask("POST", path, form=form, headers=headers)

    def token(self, path="/"):
        """The token that the forms of a page carry."""
        return re.search(r'name="token" value="(\w+)"', self.get(path).text)[1]

    def try_sign_in(self, name, password=PASSWORD, to="/", **headers):
        form = {"name": name, "password": password, "to": to, "token": self.token("/sign-in")}
        return self.post("/sign-in", form, **headers)

    def sign_in(self, name, **more):
        answer = self.try_sign_in(name, **more)
        assert answer.status == 303, f"{answer.status}: {answer.text}"
        return self


def fields_of(page, action):
    """The fields of the form that leads there, as it stands: what a browser would send."""
    form = re.search(rf'<form[^>]*action="{action}".*?</form>', page, re.S)[0]
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name:
            found[name[1]] = html.unescape(value[1] if value else "")
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        values = [(tag, re.search(r'value="([^"]*)"', tag), text)
                  for tag, text in re.findall(r"<option([^>]*)>([^<]*)", options)]
        chosen = [v for v in values if " selected" in v[0]] or values
        found[name] = html.unescape(chosen[0][1][1] if chosen[0][1] else chosen[0][2])
    return found


def raw(port, data, seconds=10):
    """Send these bytes and return all that comes back until the other end closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=slow(seconds)) as s:
        s.sendall(data)
        found = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := s.recv(65536):
                found += piece
        return found


def status_of(data):
    """The status of a raw answer; 0: there was none, the connection just ended."""
    m = re.match(rb"HTTP/1\.[01] (\d+)", data)
    return int(m[1]) if m else 0
