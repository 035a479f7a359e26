"""A library before all others of the program (LD_PRELOAD), to change what the kernel tells it."""

import re
import subprocess

from .shop import PROGRAM

SANITIZER = re.compile(r"lib[at]san\.so\S* => (\S+)")


def preload(library):
    """The environment that puts `library` there. A sanitizer insists on being the very first, and
    asks the next one what it would have asked the C library."""
    linked = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, check=True).stdout
    return {"LD_PRELOAD": " ".join([*SANITIZER.findall(linked), str(library)])}
