"""Gateways' faults: the longest time that the loop was deaf while one message met one of them and
others went on; one after the other, those of tests/system/test_gateway_faults.py."""

from test_gateway_faults import DOWN, MET, Case, run_case

QUICK = 0.5  # --scale below this leaves out what hangs to its deadline


def longest(bench, cases):
    found = []
    for case in cases:
        if case.hangs and bench.scale < QUICK:
            continue
        wrong, lag_ms = run_case(case)
        if wrong:
            bench.note(f"{case.fault}: {wrong}")
        else:
            found.append(lag_ms)
            bench.note(f"{case.channel} {case.fault}: {lag_ms:.1f} ms")
    return found


def run(bench):
    well = [Case("email", "c9", "sent", "sent"), Case("sms", "900", "sent", "sent")]
    bench.figure("the loop blocked at most: all well", longest(bench, well * 3), "ms")
    bench.figure("... one message meets a fault", longest(bench, MET), "ms", aim="50 at most")
    bench.figure("... a gateway is down", longest(bench, DOWN), "ms", aim="50 at most")
