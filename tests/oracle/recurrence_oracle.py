#!/usr/bin/python3
"""Compare our recurrences with somebody else's: python3-recurring-ical-events and dateutil.

Random calendars (a zone, a start near a clock change or not, a rule, RDATE, EXDATE, single
occurrences moved by a RECURRENCE-ID) go to the driver recurrence_oracle and to
recurring_ical_events; every set of times has to be the same. Before that the examples of RFC 5545
(3.8.5.3) and other rules picked by hand are compared with what tests/data/ical/recurrences.txt says
of them.

Where that library is wrong by the RFC, the random calendars keep away, and a case by hand says what
is right:

  3.3.5    A time that comes twice means its first; pytz takes the second. (Here each wall time that
           the library gives is turned into an instant by zoneinfo, so these are compared, too.)
  3.3.10   UNTIL that is a date, with a start that is a time: the library reads it as 00:00 UTC and
           loses the last day.
  3.3.10   UNTIL in UTC within hours of an occurrence: the library compares by the offset that
           DTSTART has, an hour wrong in the other half of the year.
  3.3.10   BYWEEKNO without BYDAY: the weekday is DTSTART's ("information, not contained in the
           rule, ... derived from DTSTART"); dateutil gives all seven days.
  3.3.10   BYWEEKNO=52,53 where such a week ends in January: dateutil counts the weeks of the year
           before by the length of the present one.
  3.3.10   BYSETPOS by the week: the set is that of the whole week; dateutil's first week begins on
           the day of DTSTART.
  3.8.5.3  COUNT with a DTSTART that the rule does not name: DTSTART is the first of them; the
           library gives one more.
  3.8.5.1  EXDATE and RDATE where others are an hour away: the library compares by the offset that
           DTSTART has, and takes one for the other in the other half of the year.
  3.8.4.4  RECURRENCE-ID where the rule names several times of one day: the library does not tell
           them apart.
  3.8.5.2  RDATE;VALUE=PERIOD: the library fails.
  3.8.5.2  RDATE of a time that the rule names as well, moved by a RECURRENCE-ID: they are one, and
           it is elsewhere now; the library lets one of the two stay.
  3.3.10   BYDAY with a number of two digits (20MO): python3-icalendar reads one digit only.
  3.3.10   BYHOUR and the like with a DTSTART that is a date "MUST be ignored"; dateutil obeys them.

usage: recurrence_oracle.py DRIVER [--count N] [--seed S]
"""

import argparse
import random
import subprocess
import sys
import time
from datetime import date, datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from dateutil.rrule import rrulestr

CASES = Path(__file__).resolve().parent.parent / "data/ical/recurrences.txt"
UTC = timezone.utc
ZONES = ["Europe/Riga", "America/New_York", "Asia/Almaty", "Australia/Lord_Howe", "Asia/Kathmandu",
         "Europe/Dublin", "Africa/Casablanca", "America/St_Johns", "Pacific/Apia", "Asia/Tehran",
         "America/Santiago", "Pacific/Chatham", "Europe/London", "Australia/Sydney",
         "Antarctica/Troll", "America/Havana", "Asia/Beirut", "America/Nuuk"]
CHANGES = [date(2024, 3, 10), date(2024, 3, 31), date(2024, 4, 7), date(2024, 9, 8),
           date(2024, 10, 6), date(2024, 10, 27), date(2024, 11, 3), date(2025, 3, 9),
           date(2025, 3, 30), date(2025, 10, 26)]
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
EDGE = timedelta(days=2)
STAMP, DATE = "%Y%m%dT%H%M%S", "%Y%m%d"


def some(rng, values, most):
    return sorted(rng.sample(list(values), rng.randint(1, most)))


def joined(values):
    return ",".join(str(v) for v in values)


def both_ends(rng, last, most):
    numbers = rng.sample(range(1, last + 1), rng.randint(1, most))
    return [n if rng.random() < 0.6 else -n for n in numbers]


def some_parts(rng, freq, timed):
    """BY parts that RFC 5545 allows with this FREQ, and that the library has right."""
    parts = {}
    if rng.random() < (0.5 if freq == "YEARLY" else 0.25):
        parts["BYMONTH"] = joined(some(rng, range(1, 13), 4))
    if freq == "YEARLY" and rng.random() < 0.2:
        parts["BYWEEKNO"] = joined(some(rng, range(1, 52), 3))
        parts["BYDAY"] = joined(rng.sample(DAYS, rng.randint(1, 3)))
        parts.pop("BYMONTH", None)
        return parts
    if freq == "YEARLY" and rng.random() < 0.2:
        parts["BYYEARDAY"] = joined(both_ends(rng, 366, 4))
        return parts
    if freq != "WEEKLY" and rng.random() < 0.35:
        parts["BYMONTHDAY"] = joined(both_ends(rng, 31, 3))
    if rng.random() < 0.5:
        days = rng.sample(DAYS, rng.randint(1, 4))
        if freq in ("MONTHLY", "YEARLY") and rng.random() < 0.6:
            last = 5 if freq == "MONTHLY" or "BYMONTH" in parts else 9
            days = ["%d%s" % (n, d) for d, n in zip(days, both_ends(rng, last, len(days)))]
        parts["BYDAY"] = joined(days)
    if timed and rng.random() < 0.2:
        parts["BYHOUR"] = joined(some(rng, range(24), 3))
    if timed and rng.random() < 0.15:
        parts["BYMINUTE"] = joined(some(rng, range(0, 60, 5), 2))
    if parts and freq in ("MONTHLY", "YEARLY") and rng.random() < 0.3:
        parts["BYSETPOS"] = joined(both_ends(rng, 4, 2))
    return parts


def some_rule(rng, start, timed):
    freq = rng.choice(["DAILY", "WEEKLY", "WEEKLY", "MONTHLY", "MONTHLY", "YEARLY", "YEARLY"]
                      + (["HOURLY", "MINUTELY"] if timed else []))
    parts = {"FREQ": freq}
    interval = {"HOURLY": rng.choice([1, 5, 6, 7, 36]), "MINUTELY": rng.choice([90, 240, 777])}.get(
        freq, rng.choice([1, 1, 1, 2, 3, 4]))
    parts.update(some_parts(rng, "DAILY" if freq in ("HOURLY", "MINUTELY") else freq, timed))
    if freq == "YEARLY" and "BYWEEKNO" in parts:
        interval = 1  # which year the days of a week belong to is nowhere said
    if interval > 1:
        parts["INTERVAL"] = str(interval)
    if rng.random() < 0.3:
        parts["WKST"] = rng.choice(DAYS)
    if freq in ("HOURLY", "MINUTELY") and interval > 1:
        parts.pop("BYHOUR", None)  # dateutil refuses what never meets
        parts.pop("BYMINUTE", None)
    return parts


def text_of(parts):
    return ";".join("%s=%s" % p for p in parts.items())


def named_start(parts, start):
    """The first time from `start` on that the rule names, or None within two years."""
    until = (start + timedelta(days=700)).strftime(STAMP)
    return next(iter(rrulestr(text_of({**parts, "UNTIL": until}), dtstart=start)), None)


class Case:
    """A calendar, a window, and what the times in it should be."""

    def __init__(self, rng):
        self.kind = rng.choice(["date", "utc", "floating", "zone", "zone", "zone", "zone"])
        self.zone = rng.choice(ZONES)
        timed = self.kind != "date"
        day = (rng.choice(CHANGES) + timedelta(days=rng.randint(-9, 9)) if rng.random() < 0.6
               else date(2024, 1, 1) + timedelta(days=rng.randrange(600)))
        start = datetime(day.year, day.month, day.day)
        if timed:
            minutes = rng.choice([0, 60, 90, 120, 150, 180, 15 * rng.randrange(96)])
            start += timedelta(minutes=minutes)
        parts = some_rule(rng, start, timed)
        limit = rng.choice(["", "", "COUNT", "UNTIL"])
        if limit == "UNTIL" and self.kind == "zone" and parts["FREQ"] in ("HOURLY", "MINUTELY"):
            limit = "COUNT"  # an occurrence is always within hours of it
        if limit or rng.random() < 0.7:
            named = named_start(parts, start)
            if named is None:
                limit = ""
            else:
                start = named
        if limit == "COUNT":
            parts["COUNT"] = str(rng.randint(1, 60))
        elif limit == "UNTIL":
            parts["UNTIL"] = self.until(rng, start)
        self.start = start
        days = 120 if parts["FREQ"] in ("HOURLY", "MINUTELY") else rng.choice([150, 400, 900])
        self.since = start.date() + timedelta(days=rng.choice([-30, -30, 0, 40, 300]))
        if parts["FREQ"] in ("HOURLY", "MINUTELY"):
            self.since = start.date() - timedelta(days=30)
        self.to = self.since + timedelta(days=days)
        self.text = self.calendar(rng, parts)

    def until(self, rng, start):
        day = start + timedelta(days=rng.randint(0, 500))
        if self.kind == "date":
            return day.strftime(DATE)
        # Half a day away from the event's own time of day: see above.
        wall = datetime(day.year, day.month, day.day) + timedelta(
            hours=start.hour, minutes=start.minute) + timedelta(hours=11, minutes=7)
        if self.kind == "floating":
            return wall.strftime(STAMP)
        if self.kind == "zone":
            wall = wall.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)
        return wall.strftime(STAMP) + "Z"

    def prop(self, name, at):
        if self.kind == "date":
            return "%s;VALUE=DATE:%s" % (name, at.strftime(DATE))
        if self.kind == "utc":
            return "%s:%sZ" % (name, at.strftime(STAMP))
        if self.kind == "floating":
            return "%s:%s" % (name, at.strftime(STAMP))
        return "%s;TZID=%s:%s" % (name, self.zone, at.strftime(STAMP))

    def calendar(self, rng, parts):
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", "BEGIN:VEVENT", "UID:1",
                 self.prop("DTSTART", self.start), "RRULE:" + text_of(parts)]
        hourly = "BYHOUR" in parts or parts["FREQ"] in ("HOURLY", "MINUTELY")
        close = hourly and self.kind == "zone"
        extra = [self.start + timedelta(days=rng.randint(1, 400))
                 for _ in range(0 if close else rng.choice([0, 0, 1, 3]))]
        lines += [self.prop("RDATE", at) for at in extra]
        if close or rng.random() < 0.7:
            return "\r\n".join(lines + ["END:VEVENT", "END:VCALENDAR", ""])
        times = self.named(rng, parts)
        several = hourly or "BYMINUTE" in parts  # times of one day: see above
        gone = times[:rng.randint(0, 3)]
        lines += [self.prop("EXDATE", at) for at in gone]
        for at in times[len(gone):][:0 if several else rng.randint(0, 3)]:
            moved = self.moved(rng, at)
            if at not in extra:
                lines += ["END:VEVENT", "BEGIN:VEVENT", "UID:1", "SEQUENCE:1",
                          self.prop("RECURRENCE-ID", at), self.prop("DTSTART", moved)]
        return "\r\n".join(lines + ["END:VEVENT", "END:VCALENDAR", ""])

    def named(self, rng, parts):
        """Some of the first times that the rule names, in any order."""
        within = parts.get("UNTIL", (self.start + timedelta(days=500)).strftime(STAMP))
        until = min(within.rstrip("Z"), (self.start + timedelta(days=500)).strftime(STAMP))
        free = {k: v for k, v in parts.items() if k != "COUNT"}
        times = rrulestr(text_of({**free, "UNTIL": until}), dtstart=self.start)
        times = list(islice(times, int(parts.get("COUNT", 20))))[:20]
        return rng.sample(times, len(times))

    def moved(self, rng, at):
        """Another day, and another time of day: none that the rule may name as well."""
        if self.kind == "date":
            return at + timedelta(days=rng.choice([-20, 3, 45]))
        return at + timedelta(days=rng.choice([-20, 0, 3, 45]), minutes=7)

    def instant(self, at):
        """What the driver prints for a start as the library gives it."""
        if not isinstance(at, datetime):
            return at.isoformat()
        wall = at.replace(tzinfo=None)
        if self.kind == "floating":
            return wall.isoformat()
        if self.kind == "zone":
            wall = wall.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)
        return wall.strftime("%Y-%m-%dT%H:%M:%SZ")

    def expected(self):
        calendar = icalendar.Calendar.from_ical(self.text)
        events = recurring_ical_events.of(calendar).between(self.since, self.to)
        return {self.instant(e["DTSTART"].dt) for e in events}

    def inner(self, starts):
        """Those away from the window's edges, where zones would count."""
        low, high = (self.since + EDGE).isoformat(), (self.to - EDGE).isoformat()
        return {s for s in starts if low <= s[:10] <= high}


def question(since, to, text):
    epoch = date(1970, 1, 1)
    data = text.encode()
    return b"%d %d %d\n" % ((since - epoch).days, (to - epoch).days, len(data)) + data


def ask(driver, questions):
    run = subprocess.run([driver], input=b"".join(questions), stdout=subprocess.PIPE, timeout=200)
    if run.returncode != 0:
        sys.exit("the driver ended with status %d" % run.returncode)
    answers, lines = [], []
    for line in run.stdout.decode().splitlines():
        if line == ".":
            answers.append(lines)
            lines = []
        else:
            lines.append(line)
    return answers


def compare_random(driver, rng, count):
    cases = [Case(rng) for _ in range(count)]
    began = time.monotonic()
    wanted = [case.inner(case.expected()) for case in cases]
    python_s = time.monotonic() - began
    began = time.monotonic()
    answers = ask(driver, [question(c.since, c.to, c.text) for c in cases])
    driver_s = time.monotonic() - began
    if len(answers) != count:
        sys.exit("%d questions, %d answers" % (count, len(answers)))
    differ, times = 0, 0
    for case, want, answer in zip(cases, wanted, answers):
        got = case.inner(answer)
        problems = [line for line in answer if line.startswith("!")]
        times += len(want)
        if got == want and not problems:
            continue
        differ += 1
        if differ <= 10:
            print(case.text.replace("\r", ""), case.since, case.to, problems)
            print("  missing", sorted(want - got)[:5], "too many", sorted(got - want)[:5])
    print("%d calendars with %d times compared, %d differ (Python %.1f s, driver %.2f s)"
          % (count, times, differ, python_s, driver_s))
    return differ == 0 and times > count


class HandCase:
    """A paragraph of recurrences.txt."""

    def __init__(self, lines):
        self.why = lines[0]
        self.since, self.to = date(1990, 1, 1), date(2030, 1, 1)
        self.lines, self.times, self.days, self.instants = [], [], [], []
        for line in lines[1:]:
            word, _, rest = line.partition(" ")
            if word == "in":
                self.since, self.to = map(date.fromisoformat, rest.split())
            elif word == "at":
                self.times = [datetime.strptime(t, "%H:%M").time() for t in rest.split()]
            elif rest.startswith("utc "):
                self.instants = rest.split()[1:]
            elif word == "=":
                self.days += self.read_days(rest)
            else:
                self.lines.append(line)

    @staticmethod
    def read_days(text):
        """The days of "1997 Sep 2,9; Oct 7-9"."""
        year, _, months = text.partition(" ")
        for part in months.split("; "):
            month, days = part.split(" ")
            number = datetime.strptime(month, "%b").month
            for span in days.split(","):
                first, _, last = span.partition("-")
                for day in range(int(first), int(last or first) + 1):
                    yield date(int(year), number, day)

    def text(self):
        return "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:1", *self.lines,
                            "END:VEVENT", "END:VCALENDAR", ""])

    def expected(self):
        if self.instants:
            return self.instants
        head, _, start = next(l for l in self.lines if l.startswith("DTSTART")).partition(":")
        if len(start) == 8:
            return [d.isoformat() for d in self.days]
        zone = ZoneInfo(head.partition("TZID=")[2]) if "TZID=" in head else UTC
        times = self.times or [datetime.strptime(start[:15], STAMP).time()]
        walls = [datetime.combine(d, t, zone) for d in self.days for t in times]
        return [w.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for w in walls]


def hand_cases():
    lines = [l.strip() for l in CASES.read_text().split("\n") if not l.startswith("#")]
    paragraphs = "\n".join(lines).strip().split("\n\n")
    return [HandCase(p.split("\n")) for p in paragraphs]


def compare_by_hand(driver):
    cases = hand_cases()
    answers = ask(driver, [question(c.since, c.to, c.text()) for c in cases])
    wrong = 0
    for case, answer in zip(cases, answers):
        want = case.expected()
        if answer != want:
            wrong += 1
            print("%s\n  %s\n  expected %s\n  got      %s"
                  % (case.why, "; ".join(case.lines), want, answer))
    print("%d cases by hand, %d differ" % (len(cases), wrong))
    return wrong == 0 and len(answers) == len(cases)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("driver")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    args = parser.parse_args()
    print("seed %d" % args.seed)
    by_hand = compare_by_hand(args.driver)
    by_chance = compare_random(args.driver, random.Random(args.seed), args.count)
    return 0 if by_hand and by_chance else 1


if __name__ == "__main__":
    sys.exit(main())
