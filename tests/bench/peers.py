"""The other side of the delivery benches: servers that take everything, and the programs that show
what they take when nothing but the machine is in the way."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

START_S = 5
WRK_S = 3
PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])

NGINX = """\
daemon off;
worker_processes 2;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 100000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            default_type application/json;
            return 201 '{{"id": "$request_id", "status": "queued"}}';
        }}
    }}
}}
"""

# The form fields that an SMS of ours has, too.
WRK_SCRIPT = """\
wrk.method = "POST"
wrk.body = "From=%2B37120000000&To=%2B37121234567&Body=Dear+Anna%2C+see+you+tomorrow+at+15%3A00."
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
"""


def program(name):
    found = shutil.which(name, path=PATH)
    if found is None:
        raise RuntimeError(f"there is no {name}; `make bench` installs what the benches need")
    return found


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@contextlib.contextmanager
def serving(argv, port):
    """A server that is there, until the end of the block."""
    server = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_S
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{argv[0]} does not listen on port {port}")
            time.sleep(0.01)
        yield
    finally:
        server.terminate()
        server.wait()


@contextlib.contextmanager
def smtp_sink():
    """Postfix's mail server that throws everything away; gives its port."""
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with serving([program("smtp-sink"), *user, f"127.0.0.1:{port}", "1000"], port):
        yield port


class Arrivals:
    """What came to a sink of ours (sink.c), and when."""

    def __init__(self, port, path):
        self.port = port
        self.path = path

    def forget(self):
        os.truncate(self.path, 0)

    def times(self):
        """{recipient: seconds since 1970, of the first mail to them}."""
        found = {}
        for line in self.path.read_text(encoding="utf-8").splitlines():
            when, to = line.split(" ", 1)
            found.setdefault(to, int(when) / 1e6)
        return found


@contextlib.contextmanager
def our_sink(bench, delay_ms=0):
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="betimes-bench-") as folder:
        path = Path(folder) / "arrivals"
        path.touch()
        with serving([bench.program("sink"), str(port), str(delay_ms), str(path)], port):
            yield Arrivals(port, path)


@contextlib.contextmanager
def nginx():
    """A web server that answers every request as an SMS provider would; gives its port."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="betimes-bench-") as folder:
        os.chmod(folder, 0o755)
        conf = Path(folder) / "nginx.conf"
        conf.write_text(NGINX.format(folder=folder, port=port), encoding="utf-8")
        log = f"{folder}/error.log"
        with serving([program("nginx"), "-e", log, "-p", folder, "-c", str(conf)], port):
            yield port


def smtp_source(port, sessions, count):
    """Mails a second that Postfix's own load generator gets into the server, by so many connections
    that it keeps."""
    began = time.monotonic()
    subprocess.run([program("smtp-source"), "-d", "-s", str(sessions), "-m", str(count),
                    f"127.0.0.1:{port}"], check=True)
    return count / (time.monotonic() - began)


def wrk(port, connections):
    """Requests a second."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(WRK_SCRIPT)
        script.flush()
        done = subprocess.run(
            [program("wrk"), "-t1", f"-c{connections}", f"-d{WRK_S}s", "-s", script.name,
             f"http://127.0.0.1:{port}/messages"], check=True, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        if line.startswith("Requests/sec:"):
            return float(line.split()[1])
    raise RuntimeError(f"wrk said no rate:\n{done.stdout}")
