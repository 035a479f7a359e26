#!/usr/bin/python3
"""Reads calendars with python3-icalendar and python3-vobject, and says what they find there.

On standard input comes a list of cases. A case is lines of "KEY HEX", HEX being bytes in
hexadecimal, and ends with the line "end". The key "calendar" is the calendar, with one event; the
others say what has to be found in it: method, uid, sequence, status, summary, description,
location, organizer, attendee, attendee_name, attendees (how many), starts, ends (instants, or
dates).

Prints one line per thing that is wrong and exits with 1, or prints how many cases were right.
"""
import re
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import icalendar
import vobject

UTC = timezone.utc


def check_bytes(raw):
    if re.search(rb"\r(?!\n)|(?<!\r)\n", raw):
        yield "a line end that is not CRLF"
    if not raw.endswith(b"END:VCALENDAR\r\n"):
        yield "it does not end with its end"
    for line in raw.split(b"\r\n"):
        if len(line) > 75:
            yield "a line of %d bytes" % len(line)
        try:
            line.decode()
        except UnicodeDecodeError:
            yield "a fold within a character"
    if b"VALARM" in raw:
        yield "an alarm"


def moment(value):
    at = value.dt
    if not isinstance(at, datetime):
        return at.isoformat()
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def found_in(calendar, event):
    people = event.get("ATTENDEE", [])
    people = people if isinstance(people, list) else [people]
    yield "method", calendar["METHOD"]
    yield "uid", event["UID"]
    yield "sequence", str(event["SEQUENCE"])
    yield "status", event["STATUS"]
    for key in ("summary", "description", "location"):
        yield key, event.get(key)
    yield "organizer", event.get("ORGANIZER")
    yield "attendee", people[0] if people else None
    yield "attendee_name", people[0].params.get("CN") if people else None
    yield "attendees", str(len(people))
    yield "starts", moment(event["DTSTART"])
    yield "ends", moment(event["DTEND"]) if "DTEND" in event else None
    if event["DTSTAMP"].dt.utcoffset() != timedelta(0):
        yield "stamp", "not in UTC"


def check_zones(calendar, event):
    """What the VTIMEZONEs say is what zoneinfo says, for two years from the event on."""
    start = event["DTSTART"]
    names = {str(z["TZID"]): z for z in calendar.walk("VTIMEZONE")}
    if "TZID" in start.params and start.params["TZID"] not in names:
        yield "the zone of DTSTART is not defined"
    for name, component in names.items():
        told, real = component.to_tz(), ZoneInfo(name)
        at = start.dt.astimezone(UTC).replace(tzinfo=None)
        for step in range(0, 730 * 24, 7):
            instant = (at + timedelta(hours=step)).replace(tzinfo=UTC)
            got = instant.astimezone(told).utcoffset()
            want = instant.astimezone(real).utcoffset()
            if got != want:
                yield "%s at %s: %s instead of %s" % (name, instant, got, want)
                break


def check(case):
    raw = case.pop("calendar")
    yield from check_bytes(raw)
    calendar = icalendar.Calendar.from_ical(raw)
    events = calendar.walk("VEVENT")
    if len(events) != 1 or calendar.errors or events[0].errors:
        yield "%d events, errors %s %s" % (len(events), calendar.errors,
                                           [e.errors for e in events])
        return
    found = dict(found_in(calendar, events[0]))
    if "stamp" in found:
        yield "DTSTAMP is not in UTC"
    for key, value in case.items():
        if found.get(key) is None or str(found[key]) != value.decode():
            yield "%s is %r, not %r" % (key, found.get(key), value.decode())
    yield from check_zones(calendar, events[0])
    other = vobject.readOne(raw.decode())
    if other.vevent.uid.value != str(events[0]["UID"]):
        yield "vobject reads another UID"


def main():
    case, right, wrong = {}, 0, 0
    for line in sys.stdin:
        key, _, value = line.strip().partition(" ")
        if key != "end":
            case[key] = bytes.fromhex(value)
            continue
        problems = list(check(case))
        for problem in problems:
            print("case %d: %s" % (right + wrong + 1, problem))
        wrong += bool(problems)
        right += not problems
        case = {}
    print("%d calendars are right" % right)
    return 1 if wrong or not right else 0


if __name__ == "__main__":
    sys.exit(main())
