#!/usr/bin/python3
"""Run one file of system tests and report in TAP: tap.py tests/system/test_x.py [Class[.method]...]

Every test has a time limit: SECONDS, or the attribute `seconds` of its class, times BETIMES_SLOW
(set under sanitizers). At the limit the test is interrupted by an exception, so that its clean-up
runs and its servers go; should even that hang, the whole program ends with a traceback.
"""

import faulthandler
import importlib.util
import os
import signal
import sys
import unittest
from pathlib import Path

SECONDS = 60
STUCK_S = 60  # for the clean-up after the limit


class TookTooLong(Exception):
    pass


class TapResult(unittest.TestResult):
    """Prints "ok" and "not ok" lines, with what went wrong as comments."""

    def __init__(self):
        super().__init__()
        self.count = 0
        self.subtest_failed = False

    def startTest(self, test):
        super().startTest(test)
        self.subtest_failed = False
        slow = float(os.environ.get("BETIMES_SLOW", "1"))
        limit_s = int(getattr(test, "seconds", SECONDS) * slow)

        def interrupt(_signal, _frame):
            raise TookTooLong(f"the test took longer than {limit_s} s")

        signal.signal(signal.SIGALRM, interrupt)
        signal.alarm(limit_s)
        faulthandler.dump_traceback_later(limit_s + STUCK_S, exit=True)

    def stopTest(self, test):
        signal.alarm(0)
        faulthandler.cancel_dump_traceback_later()
        super().stopTest(test)

    def report(self, ok, test, note="", text=""):
        self.count += 1
        print(f"{'ok' if ok else 'not ok'} {self.count} - {name_of(test)}{note}")
        for line in text.splitlines():
            print(f"# {line}")
        sys.stdout.flush()

    def addSuccess(self, test):
        super().addSuccess(test)
        if not self.subtest_failed:
            self.report(True, test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.report(False, test, text=self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.report(False, test, text=self.errors[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.report(True, test, note=f" # SKIP {reason}")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.subtest_failed = True
            text = "".join(self._exc_info_to_string(err, test))
            self.report(False, test, note=f" {subtest._subDescription()}", text=text)

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.report(True, test)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.report(False, test, note=" (passed, against expectation)")


def name_of(test):
    parts = test.id().split(".")
    return ".".join(parts[1:]) if len(parts) > 1 else test.id()


def main():
    path = Path(sys.argv[1]).resolve()
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    loader = unittest.TestLoader()
    if sys.argv[2:]:
        suite = loader.loadTestsFromNames(sys.argv[2:], module)
    else:
        suite = loader.loadTestsFromModule(module)
    print(f"1..{suite.countTestCases()}" if suite.countTestCases() else "# no tests")
    # A termination by the runner must pass through the clean-up of the test it interrupts.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    result = TapResult()
    suite.run(result)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
