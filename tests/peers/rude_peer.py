"""A server that never comes as far as the protocol: what stands behind the address of a gateway
that is hung, mistaken or under attack.

    with RudePeer("silent") as peer:
        peer.port, peer.connections

    silent    accepts, and never says a word (half-open, seen from the other side)
    reset     resets the connection as soon as it stands
    closed    closes it, politely
    garbage   says what belongs to no protocol
    drip      says one byte a second, for ever
"""
import socket
import struct
import threading

HOST = "127.0.0.1"
GARBAGE = b"\x15\x03\x01 what a lovely day\r\n" * 20
DRIP_S = 1
LINGER_NONE = struct.pack("ii", 1, 0)


class RudePeer:
    def __init__(self, manner):
        self.manner = getattr(self, manner)
        self.connections = 0
        self.stopped = threading.Event()

    def silent(self, _connection):
        self.stopped.wait()

    def reset(self, connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)

    def closed(self, _connection):
        pass

    def garbage(self, connection):
        connection.sendall(GARBAGE)

    def drip(self, connection):
        while not self.stopped.wait(DRIP_S):
            connection.sendall(b"2")

    def _serve(self, connection):
        with connection:
            try:
                self.manner(connection)
            except OSError:
                pass  # the other side has had enough of it

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def start(self):
        self.listener = socket.create_server((HOST, 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def stop(self):
        self.stopped.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    __enter__ = start

    def __exit__(self, *exc):
        self.stop()
