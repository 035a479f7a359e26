"""Everything that a gateway may do to us, in two tables, with the real program: what becomes of the
message that meets it; that nobody else is held up meanwhile; and how long the loop was deaf.

The longest round of the loop is measured inside (betimes_loop_longest_seconds of /metrics) and
printed with each case, not asserted: other programs are at work on this machine. On a quiet one
`make bench BENCH=faults` prints the same.
"""

import concurrent.futures
import contextlib
import dataclasses
import re
import urllib.request

from crash_shop import PLAYBOOK, WORDS
from harness import BUSINESS, MailServer, Shop, ShopTest, slow, wait_until
from provider_peer import PASSWORD, USER, ProviderPeer
from rude_peer import RudePeer
from web_browser import free_port

AT_A_TIME = 4
TIMEOUT_S = int(slow(5))  # of an exchange
OTHERS = 4     # messages that have nothing to do with it
PATIENCE_S = 40


@dataclasses.dataclass(frozen=True)
class Case:
    channel: str   # of the message that meets it
    fault: str     # the recipient who asks the peer for it, or the address of the gateway
    outcome: str   # of its attempt
    state: str
    hangs: bool = False      # until the exchange's deadline: the others must be out before
    least_wait_s: float = 0  # before the next try


# Faults that one message meets, on a gateway that is well: those of tests/peers/smtp_peer.py and
# provider_peer.py. The others go by the same gateway.
MET = [Case(*row) for row in (
    # refused, for now or for good
    ("email", "rcpt-451", "retry", "retry"),
    ("email", "data-452", "retry", "retry"),
    ("email", "dot-452", "retry", "retry"),
    ("email", "rcpt-550-5.1.1", "rejected", "failed"),
    ("email", "data-554", "rejected", "failed"),
    ("email", "dot-554", "rejected", "failed"),
    # the connection ends: before the point of no return nothing is lost, after it nobody knows
    ("email", "rcpt-drop", "retry", "retry"),
    ("email", "data-drop", "retry", "retry"),
    ("email", "dot-drop", "unknown", "retry"),
    # silence, and as good as silence
    ("email", "rcpt-silent", "retry", "retry", True),
    ("email", "data-silent", "retry", "retry", True),
    ("email", "dot-silent", "unknown", "retry", True),
    ("email", "rcpt-drip", "retry", "retry", True),
    ("email", "dot-drip", "unknown", "retry", True),
    ("email", "dot-slow", "sent", "sent"),
    # nonsense
    ("email", "rcpt-garbage", "retry", "retry"),
    ("email", "dot-garbage", "unknown", "retry"),

    ("sms", "429", "retry", "retry", False, 7),  # its Retry-After
    ("sms", "401", "retry", "retry"),
    ("sms", "404", "rejected", "failed"),
    ("sms", "001", "rejected", "failed"),
    ("sms", "002", "rejected", "failed"),
    ("sms", "500", "unknown", "unknown"),
    ("sms", "503", "unknown", "unknown"),
    ("sms", "101", "unknown", "unknown"),        # reset after the request
    ("sms", "102", "unknown", "unknown"),        # closed after it
    ("sms", "103", "unknown", "unknown", True),  # no reply ever
    ("sms", "105", "unknown", "unknown", True),  # one byte a second
    ("sms", "104", "unknown", "unknown"),        # garbage
    ("sms", "106", "unknown", "unknown"),        # half a reply
    ("sms", "107", "unknown", "unknown"),        # a body without end
    ("sms", "108", "unknown", "unknown"),        # a redirection
    ("sms", "201", "unknown", "unknown"),        # success without an id
    ("sms", "202", "unknown", "unknown"),        # an error in a 200
    ("sms", "203", "unknown", "unknown"),        # success in no JSON
    ("sms", "204", "unknown", "unknown"),        # endless brackets
)]

# Gateways that are not there for anybody: {manner} is the port of a RudePeer, {other} that of the
# other channel's server, {tls} one whose certificate nobody vouches for. The others go by the other
# channel. An unencrypted request has left as soon as the connection stands.
DOWN = [Case(*row) for row in (
    ("email", "smtp://nobody.invalid", "retry", "retry"),
    ("email", "smtp://127.0.0.1:1", "retry", "retry"),
    ("email", "smtp://127.0.0.1:{reset}", "retry", "retry"),
    ("email", "smtp://127.0.0.1:{closed}", "retry", "retry"),
    ("email", "smtp://127.0.0.1:{garbage}", "retry", "retry"),
    ("email", "smtp://127.0.0.1:{silent}", "retry", "retry", True),
    ("email", "smtp://127.0.0.1:{drip}", "retry", "retry", True),
    ("email", "smtp://127.0.0.1:{other}", "retry", "retry"),   # it speaks HTTP
    ("email", "smtps://127.0.0.1:{other}", "retry", "retry"),  # TLS with one who speaks none
    ("email", "smtps://127.0.0.1:{tls}", "retry", "retry"),
    ("email", "smtps://127.0.0.1:{silent}", "retry", "retry", True),

    ("sms", "https://nobody.invalid/", "retry", "retry"),
    ("sms", "http://127.0.0.1:1/", "retry", "retry"),
    ("sms", "https://127.0.0.1:{reset}/", "retry", "retry"),
    ("sms", "https://127.0.0.1:{garbage}/", "retry", "retry"),
    ("sms", "https://127.0.0.1:{other}/", "retry", "retry"),
    ("sms", "https://127.0.0.1:{tls}/", "retry", "retry"),
    ("sms", "https://127.0.0.1:{silent}/", "retry", "retry", True),
    ("sms", "https://127.0.0.1:{drip}/", "retry", "retry"),
    ("sms", "http://127.0.0.1:{garbage}/", "unknown", "unknown"),
    ("sms", "http://127.0.0.1:{silent}/", "unknown", "unknown", True),
    ("sms", "http://127.0.0.1:{drip}/", "unknown", "unknown"),
)]

# Its first attempt and its state, between two tries.
ABOUT_IT = """
SELECT CASE m.state WHEN 2 THEN 'retry' WHEN 4 THEN 'unknown' WHEN 5 THEN 'sent'
       WHEN 8 THEN 'failed' END AS state, t.outcome, (m.next_ms - m.state_ms) / 1000.0 AS wait_s
FROM message m JOIN attempt t ON t.message_id = m.id JOIN entity e ON e.id = m.subject_id
WHERE e.row_id = 1 AND m.state <> 3 ORDER BY t.id LIMIT 1"""


class Trial:
    """One case: a business, its gateways, the message that meets the fault and the others."""

    def __init__(self, case, stack):
        self.case = case
        self.server = stack.enter_context(MailServer())
        self.peer = stack.enter_context(ProviderPeer())
        self.port = free_port()
        urls = {"email": None, "sms": self.peer.url}
        self.down = "://" in case.fault
        if self.down:
            urls[case.channel] = self.address(stack)
        mail = self.server.section(connections=2, timeout=f"{TIMEOUT_S} seconds")
        if urls["email"]:
            mail = re.sub("url = .*", f"url = {urls['email']}", mail)
        conf = BUSINESS + mail + f"""
[gateway texts]
type = sms
provider = twilio
url = {urls["sms"]}
user = {USER}
password = {PASSWORD}
from = +37120000000
connections = 2
timeout = {TIMEOUT_S} seconds
[web]
listen = 127.0.0.1:{self.port}
"""
        self.shop = Shop(conf=conf, playbook=PLAYBOOK, templates=WORDS)
        stack.callback(self.close)

    def close(self):
        if self.shop.service is not None:
            self.shop.kill()
        self.shop.close()

    def address(self, stack):
        """The fault's URL, with a server behind it where it names one."""
        ports = {"other": self.peer.port if self.case.channel == "email" else self.server.port}
        manner = re.search(r"\{(\w+)\}", self.case.fault)
        if manner and manner[1] == "tls":
            ports["tls"] = stack.enter_context(MailServer(tls="implicit")).port
        elif manner and manner[1] != "other":
            ports[manner[1]] = stack.enter_context(RudePeer(manner[1])).port
        return self.case.fault.format(**ports)

    def write(self):
        """The message that meets it is the first, so that the others stand behind it."""
        other = {"email": "sms", "sms": "email"}[self.case.channel] if self.down \
            else self.case.channel
        fault = "rcpt" if self.down else self.case.fault
        number = "000" if self.down else self.case.fault
        rows = [(self.case.channel, f"{fault}@example.com", f"20000{number}")]
        rows += [(other, f"c{i}@example.com", f"2{i:04}000") for i in range(1, OTHERS + 1)]
        self.shop.sql("BEGIN;" + "".join(
            f"INSERT INTO client (id, name, email, phone) VALUES ({i}, 'C', '{mail}', '{phone}');"
            f"INSERT INTO job (id, client_id, stage, title) VALUES ({i}, {i}, "
            f"'{'Mailed' if channel == 'email' else 'Texted'}', 'T{i}');"
            for i, (channel, mail, phone) in enumerate(rows, 1)) + "COMMIT;")

    def others_sent(self):
        sql = "SELECT count(*) AS n FROM message m JOIN entity e ON e.id = m.subject_id " \
              "WHERE e.row_id > 1 AND m.state = 5"
        return self.shop.query(sql)[0]["n"] == OTHERS

    def about_it(self):
        return (self.shop.query(ABOUT_IT) or [None])[0]

    def lag_ms(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=20) as r:
            text = r.read().decode()
        return float(re.search(r"^betimes_loop_longest_seconds ([\d.]+)$", text, re.M)[1]) * 1000

    def run(self):
        case = self.case
        self.shop.start()
        self.write()
        wait_until("the others to be sent", self.others_sent, PATIENCE_S)
        early = self.about_it()
        assert not (case.hangs and early), f"the others were held up: {early}"
        found = wait_until("its first attempt", self.about_it, PATIENCE_S)
        assert (found["outcome"], found["state"]) == (case.outcome, case.state), found
        assert not case.least_wait_s or found["wait_s"] >= case.least_wait_s, found
        listed = [m["job_id"] for m in self.shop.json("outbox", "--unknown")]
        assert listed == ([1] if case.outcome == "unknown" else []), listed
        if case.channel == "sms" and case.outcome == "unknown" and not self.down:
            number = f"%2B37120000{case.fault}".encode()
            requests = sum(number in r.body for r in list(self.peer.requests))
            assert requests == 1, f"{requests} requests for one text"
        return self.lag_ms()


def run_case(case):
    """What went wrong (None: nothing), the loop's longest round in ms."""
    with contextlib.ExitStack() as stack:
        trial = Trial(case, stack)
        try:
            return None, trial.run()
        except AssertionError as e:
            return f"{e}\n{trial.shop.log()}", 0


class GatewayFaults(ShopTest):
    seconds = 400

    def run_table(self, cases):
        longest = 0
        with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
            for case, (wrong, lag_ms) in zip(cases, pool.map(run_case, cases)):
                with self.subTest(case.fault):
                    self.assertIsNone(wrong, wrong)
                print(f"# {case.channel:5} {case.fault:32} {case.outcome:8} longest round of the "
                      f"loop {lag_ms:.1f} ms")
                longest = max(longest, lag_ms)
        print(f"# longest of all: {longest:.1f} ms")

    def test_a_fault_has_its_outcome_and_holds_up_nobody_behind_it(self):
        self.run_table(MET)

    def test_a_gateway_that_is_down_loses_nothing_and_holds_up_no_other(self):
        self.run_table(DOWN)
