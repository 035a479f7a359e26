"""Calendars that are read: how long many events take the first time, when nothing is new and when
all of them have moved, in a feed and in a CalDAV collection; and whether the service listens
meanwhile."""

import datetime
import socket
import sys
import time
from pathlib import Path

from figures import Watched, metric
from harness import Shop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "peers"))
from dav_peer import DavPeer
from planning import AS_IT_WAS, CONF, EVENING, WORDS
from web_peer import WebPeer

EVENTS = 50_000
FEED = """
[calendar desk]
url = http://127.0.0.1:{port}/page/desk.ics
private-addresses = yes
interval = 24 hours
"""
COLLECTION = """
[calendar desk]
type = caldav
url = http://127.0.0.1:{port}/anna/work/
user = anna
password = secret
private-addresses = yes
interval = 24 hours
"""
HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:bench\r\n"
END = "END:VCALENDAR\r\n"
EVENT = (
    "BEGIN:VEVENT\r\nUID:visit-{i}@desk.example.com\r\nDTSTAMP:20261101T000000Z\r\n"
    "DTSTART;TZID=Europe/Riga:{at:%Y%m%dT%H%M%S}\r\nDURATION:PT30M\r\nSUMMARY:Visit {i}\r\n"
    "DESCRIPTION:Some words about what to bring\\, and where to\\nleave the car.\r\n"
    "LOCATION:Room {room}\r\nATTENDEE;CN=Client {i}:mailto:client{i}@example.com\r\n"
    "END:VEVENT\r\n"
)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def events(count, later_minutes=0):
    first = datetime.datetime.now().replace(hour=8, minute=0, second=0, microsecond=0)
    for i in range(count):
        at = first + datetime.timedelta(days=1 + i % 350, minutes=i % 500 + later_minutes)
        yield EVENT.format(i=i, at=at, room=i % 7)


def feed(count, later_minutes=0):
    return "".join([HEAD, *events(count, later_minutes), END]).encode()


def fill(peer, count, later_minutes=0):
    """Each event an object of its own."""
    for i, event in enumerate(events(count, later_minutes)):
        peer.write(f"visit-{i}", HEAD + event + END)


def wait_for(shop, sql, seconds=600):
    db = shop.connect()
    end = time.monotonic() + seconds
    while not db.execute(sql).fetchone()[0]:
        if time.monotonic() > end or shop.service.poll() is not None:
            raise RuntimeError(shop.log())
        time.sleep(0.02)
    db.close()


def look(shop):
    """Ask for a look; the seconds until it is done."""
    before = shop.query("SELECT looked_ms FROM calendar")[0]["looked_ms"]
    began = time.monotonic()
    shop.run("calendar", "sync", "desk")
    wait_for(shop, f"SELECT looked_ms > {before} FROM calendar")
    return time.monotonic() - began


def run(bench):
    count = bench.rows(EVENTS)
    with WebPeer() as peer:
        peer.pages["desk.ics"] = feed(count)
        with_shop(bench, count, FEED.format(port=peer.port), lambda shop: of_a_feed(
            bench, shop, peer, count))
    with DavPeer() as peer:
        fill(peer, count)
        with_shop(bench, count, COLLECTION.format(port=peer.port), lambda shop: of_a_collection(
            bench, shop, peer, count))


def with_shop(bench, count, section, measure):
    page = free_port()
    shop = Shop(conf=CONF.format(port=page) + section, playbook=EVENING.format(**AS_IT_WAS),
                templates=WORDS)
    shop.port = page
    db = shop.connect()
    db.execute("BEGIN")
    db.executemany("INSERT INTO client (ref, name, email) VALUES (?, ?, ?)",
                   ((f"c{i}", f"Client {i}", f"client{i}@example.com") for i in range(count)))
    db.execute("COMMIT")
    db.close()
    try:
        measure(shop)
    finally:
        shop.close()


def first_look(bench, shop, what):
    """Start the service and wait for all of it; the service, watched."""
    began = time.monotonic()
    shop.start(ready=False)
    service = Watched(shop.service.pid)
    wait_for(shop, "SELECT count(*) FROM calendar WHERE good_ms > 0")
    bench.figure(f"{what}: from the start to all of it booked", time.monotonic() - began, "s",
                 "seconds")
    service.rest(2.0)
    bench.figure("  ... and planned, at rest", time.monotonic() - began - 2.0, "s")
    bench.figure("  memory then", service.resident_mb()[0], "MB", "32 MB")
    bench.figure("  nothing new: asked to answered", [look(shop) for _ in range(bench.times)], "s")
    return service


def last_look(bench, shop):
    """All of them have moved."""
    bench.figure("  all of them moved", look(shop), "s", "seconds")
    blocked = metric(shop, "betimes_loop_longest_seconds")
    if blocked is not None:
        bench.figure("  the loop blocked at most, meanwhile", blocked * 1000, "ms", "< 50 ms")
    shop.stop()


def of_a_feed(bench, shop, peer, count):
    service = first_look(bench, shop, f"a feed of {count} events")
    peer.pages["desk.ics"] += b"\r\n"
    bench.figure("  the same events with another ETag", look(shop), "s")
    service.rest(2.0)
    peer.pages["desk.ics"] = feed(count, 15)
    last_look(bench, shop)


def of_a_collection(bench, shop, peer, count):
    service = first_look(bench, shop, f"a CalDAV collection of {count} events")
    peer.forget()
    bench.figure("  the token forgotten, all known by their ETags", look(shop), "s")
    service.rest(2.0)
    fill(peer, count, 15)
    last_look(bench, shop)
