"""Waiting in tests: always for something, never longer than a limit."""

import os
import time

SLOW = float(os.environ.get("BETIMES_SLOW", "1"))


def slow(seconds):
    """A limit for a quick machine, stretched for a program that runs under sanitizers."""
    return seconds * SLOW


def wait_until(what, condition, seconds=10):
    """Call `condition` until it returns something true, and return that. AssertionError with
    `what` when it has not within `seconds` (stretched by slow())."""
    deadline = time.monotonic() + slow(seconds)
    pause_s = 0.005
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {slow(seconds):g} s in vain: {what}")
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, 0.1)
