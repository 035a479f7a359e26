"""The walls of the house (ARCHITECTURE.md). Each check yields "file:line: what is wrong"."""

import re

from source import ROOT, sources

FLOORS = [
    ["base"],
    ["time"],
    ["text", "ical"],
    ["playbook"],
    ["plan", "gateway"],
    ["store"],
    ["watch"],
    ["send", "calendar"],
    ["web"],
    ["service"],
    ["cli"],
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS, 1) for room in rooms}

# Plain type headers, without functions that do anything: for everyone from this floor up.
TYPE_HEADERS_FLOOR = 4
TYPE_HEADERS = {"plan/record.h", "playbook/settings.h", "playbook/problems.h"}

# A library, and the files that may include it. What is not named here is the C library's, libuv's
# or jansson's, which anyone may use.
LIBRARIES = {
    r"<sqlite3\.h>": r"store/",
    r"<microhttpd\.h>": r"web/",
    r"<curl/": r"(gateway|net)/",
    r"<libical/": r"ical/",
    r"<expat": r"calendar/dav\.c$",
    r"<unicode/": r"text/locale\w*\.[ch]$",
    r"<cmark": r"text/",
    r"<phonenumbers/": r"text/\w+\.cc$",
    r"<systemd/": r"service/",
}

CLOCK_READS = (
    r"\b(time|clock_gettime|gettimeofday|timespec_get|ftime|uv_hrtime|uv_now|uv_clock_gettime"
    r"|uv_gettimeofday)\s*\("
)
RANDOMNESS = (
    r"\b(s?rand|rand_r|s?random|random_r|[dlm]rand48|getrandom|getentropy|arc4random\w*|uv_random"
    r"|RAND_\w*bytes)\s*\("
)


def check_floors():
    """an include leads only to a lower floor"""
    for source in sources("src", "include"):
        if not source.room:
            continue  # src/main.c stands on the roof
        if source.room not in FLOOR:
            yield f"{source.name}:1: the room {source.room}/ is on no floor (tests/lint/walls.py)"
            continue
        floor = FLOOR[source.room]
        for line, include in source.includes():
            target = include.strip('"')
            room = target.split("/")[0]
            if not include.startswith('"') or room == source.room:
                continue
            if (ROOT / "src" / target).exists():
                yield f"{source.name}:{line}: {target} is private to its room"
                continue
            if target in TYPE_HEADERS and floor >= TYPE_HEADERS_FLOOR:
                continue
            if "/" not in target and (source.path.parent / target).exists():
                continue  # a header that several files of one room share among themselves
            if "/" not in target:
                yield f"{source.name}:{line}: write the header's room: \"{source.room}/{target}\""
            elif FLOOR.get(room, 99) >= floor:
                yield f"{source.name}:{line}: {source.room}/ may not use {target}: not below it"


def check_libraries():
    """a library is used only in the room that knows it"""
    for source in sources("src", "include"):
        inner = re.sub(r"^(src|include)/", "", source.name)
        for line, include in source.includes():
            for library, home in LIBRARIES.items():
                if re.match(library, include) and not re.match(home, inner):
                    yield f"{source.name}:{line}: {include} is for {home} only"


def check_clock():
    """only base/clock.c reads a clock"""
    for source in sources("src", "include"):
        if source.name != "src/base/clock.c":
            for line, what in source.find(CLOCK_READS):
                yield f"{source.name}:{line}: {what}...): read the clock through base/clock.h"


def check_randomness():
    """only base/rng.c makes randomness"""
    for source in sources("src", "include"):
        if source.name != "src/base/rng.c":
            for line, what in source.find(RANDOMNESS):
                yield f"{source.name}:{line}: {what}...): take randomness from base/rng.h"


CHECKS = [check_floors, check_libraries, check_clock, check_randomness]
