"""Calendars in a few words, for the tests of what becomes of them."""


def calendar(*events, method=""):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *([method] if method else [])]
    for event in events:
        lines += ["BEGIN:VEVENT", *event, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def event(uid, time, *more, guest="anna@example.com"):
    """One of an hour, at a time of Riga's in June 2099: "08T150000"."""
    return [f"UID:{uid}", f"DTSTART;TZID=Europe/Riga:209906{time}", "DURATION:PT1H",
            f"SUMMARY:{uid}", *([f"ATTENDEE:mailto:{guest}"] if guest else []), *more]


def some(first, count):
    """Events v0, v1, ..., each on a day of its own."""
    return [event(f"v{i}", f"{1 + i:02}T150000") for i in range(first, first + count)]
