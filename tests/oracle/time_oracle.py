#!/usr/bin/python3
"""Compare our offset arithmetic with an independent one: Python's zoneinfo and datetime.

Random questions (a zone, an event's local time, an offset, perhaps a time of day) go to the driver
time_oracle and are answered here as well; every answer has to be the same. A good part of the
events and of the results lies near a clock change, where mistakes live. Business time is counted
here in the plainest way there is: by looking at the clock on the wall every quarter of an hour.

usage: time_oracle.py DRIVER [--count N] [--business N] [--seed S]
"""

import argparse
import calendar
import random
import subprocess
import sys
import time
from datetime import date, datetime, time as clock, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

UTC = timezone.utc
FIRST, LAST = datetime(2020, 1, 1), datetime(2035, 12, 31, 23, 59, 59)
UNITS = {"minutes": 20000, "hours": 3000, "days": 400, "weeks": 60, "months": 30}
QUARTER = timedelta(minutes=15)

# Hours away from the hours of clock changes, and a business that never closes.
WEEKS = [
    ("Mon-Fri 08:00-12:00 13:00-18:00, Sat 09:00-14:00",
     {**{d: [(480, 720), (780, 1080)] for d in range(5)}, 5: [(540, 840)]}),
    ("Sat-Mon 07:30-20:15", {d: [(450, 1215)] for d in (5, 6, 0)}),
    ("Tue, Thu 10:00-13:00", {d: [(600, 780)] for d in (1, 3)}),
    ("Mon-Sun 00:00-24:00", {d: [(0, 1440)] for d in range(7)}),
]
ODD_ZONES = ["Australia/Lord_Howe", "Pacific/Apia", "Europe/Dublin", "Antarctica/Troll",
             "Asia/Almaty", "Africa/Casablanca", "America/St_Johns", "America/Nuuk",
             "Asia/Gaza", "Pacific/Chatham", "America/Santiago", "Asia/Tehran", "Africa/Cairo"]


def to_utc(local, zone):
    """RFC 5545, 3.3.5: the first of two; the offset before a gap."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def to_local(instant, zone):
    return instant.astimezone(zone).replace(tzinfo=None)


def add_months(local, months):
    number = local.year * 12 + local.month - 1 + months
    year, month = divmod(number, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day)


def at_time(local, at):
    return datetime.combine(local.date(), at)


def expected(zone, local, count, unit, sign, at):
    instant = to_utc(local, zone)
    if unit in ("minutes", "hours"):
        due = instant + sign * timedelta(**{unit: count})
        return due if at is None else to_utc(at_time(to_local(due, zone), at), zone)
    if count == 0 and at is None:
        return instant
    moved = to_local(instant, zone)
    if unit == "months":
        moved = add_months(moved, sign * count)
    else:
        moved += sign * timedelta(**{unit: count})
    return to_utc(moved if at is None else at_time(moved, at), zone)


def business_expected(zone, local, count, unit, sign, at, week, holidays):
    def is_open(instant):
        wall = to_local(instant, zone)
        minute = wall.hour * 60 + wall.minute
        return wall.date() not in holidays and any(
            a <= minute < b for a, b in week.get(wall.weekday(), []))

    instant = to_utc(local, zone)
    if count == 0 and at is None:
        return instant
    if unit == "business-days":
        moved = to_local(instant, zone)
        while count > 0:
            moved += sign * timedelta(days=1)
            count -= moved.weekday() in week and moved.date() not in holidays
        return to_utc(moved if at is None else at_time(moved, at), zone)
    left = count * 4
    while left > 0:
        if sign > 0:
            left -= is_open(instant)
            instant += QUARTER
        else:
            instant -= QUARTER
            left -= is_open(instant)
    return instant


class Zones:
    def __init__(self):
        self.names = sorted(available_timezones() - {"localtime", "Factory"})
        self.zones = {}
        self.changes = {}

    def get(self, name):
        if name not in self.zones:
            self.zones[name] = ZoneInfo(name)
        return self.zones[name]

    def near_change(self, name, rng):
        """A local time within some hours of a clock change; any time where there is none."""
        if name not in self.changes:
            zone, days = self.get(name), []
            day = FIRST
            while day < LAST:
                after = day + timedelta(days=1)
                if day.replace(tzinfo=zone).utcoffset() != after.replace(tzinfo=zone).utcoffset():
                    days.append(day)
                day = after
            self.changes[name] = days
        days = self.changes[name]
        if not days:
            return any_time(rng)
        return rng.choice(days) + timedelta(seconds=rng.randrange(-3600, 28 * 3600))


def any_time(rng):
    return FIRST + timedelta(seconds=rng.randrange(int((LAST - FIRST).total_seconds())))


def some_question(zones, rng):
    name = rng.choice(ODD_ZONES if rng.random() < 0.2 else zones.names)
    unit = rng.choice(list(UNITS))
    count = rng.choice([0, 1, 2, 3, rng.randrange(UNITS[unit])])
    sign = rng.choice([-1, 1])
    at = None
    if rng.random() < 0.4:
        at = clock(rng.choice([0, 1, 2, 3, rng.randrange(24)]), rng.choice([0, 15, 30, 59]))
    if rng.random() < 0.5:
        local = any_time(rng)
    else:
        local = zones.near_change(name, rng)
        if unit in ("days", "weeks", "months") and rng.random() < 0.5:
            # The result, not the event, is what lies near the change.
            step = -sign * count
            local = (add_months(local, step) if unit == "months"
                     else local + timedelta(**{unit: step}))
    return name, local, count, unit, sign, at


def question_line(name, local, count, unit, sign, at):
    return "%s %s %d %s %s %s" % (name, local.isoformat(timespec="seconds"), count, unit,
                                  "before" if sign < 0 else "after",
                                  "-" if at is None else at.strftime("%H:%M"))


def some_business(zones, rng):
    text, week = rng.choice(WEEKS)
    name = rng.choice(ODD_ZONES + ["Europe/Riga", "America/New_York", "UTC"])
    local = any_time(rng) if rng.random() < 0.5 else zones.near_change(name, rng)
    local = local.replace(minute=local.minute // 15 * 15, second=0)
    holidays = {local.date() + timedelta(days=rng.randrange(-40, 40))
                for _ in range(rng.randrange(12))}
    unit = rng.choice(["business-hours", "business-days"])
    count = rng.choice([0, 1, 2, 8, 16, 40, rng.randrange(150)])
    lines = ["hours " + text, " ".join(["holidays"] + [d.isoformat() for d in sorted(holidays)])]
    at = None
    if unit == "business-days" and rng.random() < 0.5:
        at = clock(rng.choice([0, 2, 3, 10, rng.randrange(24)]), rng.choice([0, 15, 30]))
    return lines, name, local, count, unit, rng.choice([-1, 1]), at, week, holidays


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("driver")
    parser.add_argument("--count", type=int, default=100000)
    parser.add_argument("--business", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    args = parser.parse_args()

    rng, zones = random.Random(args.seed), Zones()
    print("seed %d, %d zones" % (args.seed, len(zones.names)))
    lines, asked = [], []
    began = time.monotonic()
    for _ in range(args.count):
        q = some_question(zones, rng)
        line = question_line(*q)
        lines.append(line)
        asked.append((line, expected(zones.get(q[0]), *q[1:])))
    for _ in range(args.business):
        setup, name, local, count, unit, sign, at, week, holidays = some_business(zones, rng)
        line = question_line(name, local, count, unit, sign, at)
        lines += setup + [line]
        asked.append(("; ".join(setup + [line]),
                      business_expected(zones.get(name), local, count, unit, sign, at, week,
                                        holidays)))
    answered_here = time.monotonic() - began

    began = time.monotonic()
    run = subprocess.run([args.driver], input="\n".join(lines) + "\n", text=True,
                         stdout=subprocess.PIPE, timeout=120)
    took = time.monotonic() - began
    if run.returncode != 0:
        sys.exit("the driver ended with status %d" % run.returncode)
    answers = run.stdout.split()
    if len(answers) != len(asked):
        sys.exit("%d questions, %d answers" % (len(asked), len(answers)))
    wrong = [(line, due, got) for (line, due), got in zip(asked, answers)
             if due.strftime("%Y-%m-%dT%H:%M:%SZ") != got]
    for line, due, got in wrong[:20]:
        print("%s: %s is expected, %s was given" % (line, due.strftime("%Y-%m-%dT%H:%M:%SZ"), got))
    print("%d offsets and %d in business time compared, %d differ (Python %.1f s, driver %.1f s)"
          % (args.count, args.business, len(wrong), answered_here, took))
    return 1 if wrong or not asked else 0


if __name__ == "__main__":
    sys.exit(main())
