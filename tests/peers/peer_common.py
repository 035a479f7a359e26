"""What the servers at the other end share: ports that nobody else gets, and how long to wait."""

import contextlib
import os
import random
import socket

HOST = "127.0.0.1"
PORTS = range(20000, 32000)  # below those that the system gives to whoever asks for any
WAIT_S = 20 * float(os.environ.get("BETIMES_SLOW", "1"))  # more under sanitizers


def free_port():
    """One that nobody listens on, and that no server gets meanwhile who leaves the choice to the
    system."""
    while True:
        with contextlib.closing(socket.socket()) as s:
            port = random.SystemRandom().choice(PORTS)
            try:
                s.bind((HOST, port))
            except OSError:
                continue
            return port
