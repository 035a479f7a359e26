"""The service manager's end of sd_notify(3): a datagram socket that remembers what it was told."""

import socket
import threading

DATAGRAM_MAX = 65536


class NotifySocket:
    """Listens at `path` until close(). `states` holds every "KEY=value" line, in order."""

    def __init__(self, path):
        self.path = str(path)
        self.states = []
        self.changed = threading.Condition()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self):
        while True:
            data = self.socket.recv(DATAGRAM_MAX)
            if data == b"CLOSE=1":
                return
            with self.changed:
                self.states += data.decode("utf-8", "replace").splitlines()
                self.changed.notify_all()

    def has(self, state):
        with self.changed:
            return state in self.states

    def count(self, state):
        """How often it said so: READY=1 comes again after a reload, WATCHDOG=1 all the time."""
        with self.changed:
            return self.states.count(state)

    def last(self, key):
        """The newest value of `key` ("STATUS"), None if there was none."""
        with self.changed:
            found = [s for s in self.states if s.startswith(key + "=")]
        return found[-1].split("=", 1)[1] if found else None

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(b"CLOSE=1", self.path)
        self.thread.join(5)
        self.socket.close()
