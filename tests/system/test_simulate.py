"""betimes simulate: what a playbook would have sent in the recorded past, beside what went."""

import datetime
import time
import unittest

from cli_shop import CliTest
from harness import CONF, Shop, wait_until

CONF = CONF.replace("cap = none", "cap = 2 per day") + """
[channel sms]
price = 0.05
"""
PLAYBOOK = """\
[workflow repair]
stages = Received, Ready, Collected
done = Collected

[rule received]
on = job enters Received
settle = 1 hour
by = sms

[rule ready]
on = job enters Ready
when = 4 hours after
by = sms

[rule booked]
on = appointment booked
by = email

[rule moved]
on = appointment moved
by = email

[rule day-before]
on = appointment starts
when = 1 day before
by = email
unless = appointment.status = 'confirmed'

[rule thanks]
on = appointment ends
when = 2 hours after
by = sms
if = appointment.status = 'completed'
"""
TEMPLATES = {
    "received/en.sms": "We have your {{job.title}}.",
    "ready/en.sms": "Your {{job.title}} is ready.",
    "booked/en.email": "Subject: Booked\n\n{{appointment.starts | time}}",
    "moved/en.email": "Subject: Moved\n\n{{appointment.starts | time}}",
    "day-before/en.email": "Subject: Soon\n\n{{appointment.starts | time}}",
    "thanks/en.sms": "Thank you for coming.",
    "called/en.sms": "We will call you.",
}
MONDAY = datetime.datetime(2026, 12, 7, 7, tzinfo=datetime.timezone.utc)  # 9:00 in Riga
KEYS = ["id", "rule", "client_id", "client", "job_id", "appointment_id", "about", "to", "channel",
        "fate", "would", "did", "moved", "state", "reason", "would_segments", "did_segments"]
SUMS = ["would", "did", "both", "moved", "only_would", "only_did", "would_segments",
        "did_segments", "would_cost", "did_cost"]

# Hours after MONDAY, and what another program writes then. In the hours in which it writes nothing
# something is due.
STORY = [
    (0, """INSERT INTO client (ref, name, email, phone) VALUES
             ('c1', 'Anna', 'anna@example.com', '+37120000001'),
             ('c2', 'Bruno', 'bruno@example.com', '+37120000002'),
             ('c3', 'Carla', 'carla@example.com', '+37120000003');
           INSERT INTO job (ref, client_id, stage, title) VALUES
             ('J1', 1, 'Received', 'Volvo'), ('J2', 2, 'Received', 'Opel');
           INSERT INTO appointment (ref, client_id, title, starts, ends) VALUES
             ('a1', 1, 'Brakes', '2026-12-10T15:00', '2026-12-10T16:00'),
             ('a2', 2, 'Oil', '2026-12-11T10:00', '2026-12-11T11:00'),
             ('a3', 3, 'Tyres', '2026-12-11T12:00', '2026-12-11T13:00');"""),
    (1.1, ""),
    (24, "UPDATE job SET stage = 'Ready' WHERE ref = 'J1';"),
    (25, "UPDATE appointment SET starts = '2026-12-12T09:00', ends = '2026-12-12T10:00' "
         "WHERE ref = 'a1';"),
    (28.1, ""),
    (48, "UPDATE job SET stage = 'Collected' WHERE ref = 'J1';"),
    (49, "UPDATE appointment SET status = 'confirmed' WHERE ref = 'a2';"),
    (50, "UPDATE appointment SET status = 'cancelled' WHERE ref = 'a3';"),
    (73.1, ""),
    (96.1, ""),
    (98, "UPDATE appointment SET status = 'completed' WHERE ref = 'a2';"),
    (100.1, ""),
    (122, "UPDATE appointment SET status = 'completed' WHERE ref = 'a1';"),
    (123.1, ""),
]
# By hand. Anna's car becomes ready and is collected; her visit is moved from Thursday to Saturday;
# Bruno's is confirmed, so that he needs no reminder; Carla's is cancelled. Nobody had more than two
# messages within a day.
WENT = [
    ("booked", "a1"), ("booked", "a2"), ("booked", "a3"), ("day-before", "a1"), ("moved", "a1"),
    ("ready", "J1"), ("received", "J1"), ("received", "J2"), ("thanks", "a1"), ("thanks", "a2"),
]


def moment(hour):
    return (MONDAY + datetime.timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%SZ")


def about(m):
    return f"a{m['appointment_id']}" if m["appointment_id"] else f"J{m['job_id']}"


def lines(told, *fates):
    """The messages of these fates: what, about what."""
    return sorted((m["rule"], about(m)) for m in told["messages"] if m["fate"] in fates)


def live(shop, hour):
    """The service works at that hour until all that is due within a minute is done."""
    soon_ms = int((MONDAY.timestamp() + hour * 3600 + 60) * 1000)
    busy = f"""SELECT (SELECT count(*) FROM change_log)
        + (SELECT count(*) FROM entity WHERE kind IN (3, 4) AND generation <= 0)
        + (SELECT count(*) FROM message WHERE state = 3 OR (state < 3 AND next_ms <= {soon_ms}))
        AS n"""
    shop.start("--now", moment(hour))

    def at_rest():
        """For a while: between two turns there may be nothing to see for a moment."""
        for _ in range(6):
            if shop.query(busy)[0]["n"] > 0:
                return False
            time.sleep(0.1)
        return True

    wait_until("the service to be done", at_rest, 40)
    shop.stop()


class Simulate(CliTest):
    """A week that a small shop has lived through, with `betimes run`."""

    @classmethod
    def setUpClass(cls):
        cls.week = Shop(conf=CONF, playbook=PLAYBOOK, templates=TEMPLATES)
        cls.addClassCleanup(cls.week.close)
        for hour, sql in STORY:
            cls.week.sql(sql)
            live(cls.week, hour)

    def simulated(self, *args, since=0, playbook=None):
        more = []
        if playbook is not None:
            more = ["--playbook", self.week.write("other.conf", playbook)]
        return self.week.json("simulate", "--now", moment(160), "--from", moment(since), *more,
                              *args)

    def test_with_the_same_playbook_it_tells_what_went_and_nothing_else(self):
        before = self.week.sql(".dump")
        told = self.simulated()
        self.assertEqual(lines(told, "both"), WENT)
        self.assertEqual(lines(told, "only_would", "only_did"), [])
        totals = told["totals"]
        self.assertEqual(list(totals), SUMS)
        self.assertEqual([totals[k] for k in SUMS[:8]], [10, 10, 10, 0, 0, 0, 5, 5])
        self.assertAlmostEqual(totals["would_cost"], 0.25)
        by_rule = {r["rule"]: (r["would"], r["did"], r["both"]) for r in told["rules"]}
        self.assertEqual(by_rule, {"received": (2, 2, 2), "ready": (1, 1, 1), "booked": (3, 3, 3),
                                   "moved": (1, 1, 1), "day-before": (1, 1, 1),
                                   "thanks": (2, 2, 2)})
        for m in told["messages"]:
            self.assertEqual(list(m), KEYS)
            self.assertEqual((m["state"], m["moved"], m["reason"]), ("sent", False, None))
        self.assertEqual((told["from"], told["to"]), (moment(0), moment(160)))
        self.assertEqual(self.week.sql(".dump"), before)

    def test_a_rule_that_was_not_there_is_told_within_the_cap_of_then(self):
        told = self.simulated(playbook=PLAYBOOK + "[rule called]\non = job enters Collected\n"
                                                  "by = sms\n")
        self.assertEqual(lines(told, "both"), WENT)
        self.assertEqual(lines(told, "only_would"), [("called", "J1")])
        self.assertEqual(lines(told, "only_did"), [])
        # Collected on Wednesday at 9; Anna has had two messages since Tuesday at 10.
        called = [m for m in told["messages"] if m["rule"] == "called"][0]
        self.assertEqual(called["would"][:16], moment(49)[:16])
        self.assertEqual((called["id"], called["client"], called["to"], called["did"]),
                         (None, "Anna", "+37120000001", None))

    def test_another_time_meets_the_records_as_they_were_then(self):
        # 50 hours before: on Tuesday at 13 Anna's visit was moved already, so hers comes on
        # Thursday at 7; at Wednesday 8 Bruno had not confirmed yet, and at 10 Carla's still stood.
        told = self.simulated(playbook=PLAYBOOK.replace("1 day before", "50 hours before"))
        self.assertEqual(lines(told, "both"), WENT)
        self.assertEqual(lines(told, "only_did"), [])
        self.assertEqual(lines(told, "only_would"), [("day-before", "a2"), ("day-before", "a3")])
        times = {about(m): (m["would"], m["moved"]) for m in told["messages"]
                 if m["rule"] == "day-before"}
        self.assertEqual(times, {"a1": (moment(70), True), "a2": (moment(47), False),
                                 "a3": (moment(49), False)})
        self.assertEqual(told["totals"]["moved"], 1)

    def test_what_a_rule_that_is_gone_had_sent_is_told(self):
        told = self.simulated(playbook=PLAYBOOK.replace(
            "[rule booked]\non = appointment booked\nby = email\n", ""))
        self.assertEqual(lines(told, "only_did"), [("booked", "a1"), ("booked", "a2"),
                                                   ("booked", "a3")])
        self.assertEqual(lines(told, "both"), [w for w in WENT if w[0] != "booked"])
        self.assertEqual({m["reason"] for m in told["messages"] if m["fate"] == "only_did"},
                         {"the playbook does not have the rule"})

    def test_a_job_that_has_passed_its_stage_by_then_is_not_spoken_of(self):
        told = self.simulated(playbook=PLAYBOOK.replace("4 hours after", "30 hours after"))
        self.assertEqual(lines(told, "only_did"), [("ready", "J1")])
        self.assertEqual(lines(told, "only_would"), [])
        ready = [m for m in told["messages"] if m["rule"] == "ready"][0]
        self.assertEqual(ready["reason"], "cancelled: the job has left the stage Ready")

    def test_a_consent_counts_from_its_date(self):
        marketing = PLAYBOOK.replace("[rule thanks]\n", "[rule thanks]\npurpose = marketing\n")
        self.assertEqual(lines(self.simulated(playbook=marketing), "only_did"),
                         [("thanks", "a1"), ("thanks", "a2")])
        self.week.sql("INSERT INTO consent (client_id, channel, purpose, state, at) VALUES "
                      f"(1, 'sms', 'marketing', 'in', '{moment(110)}'), "
                      f"(2, 'sms', 'marketing', 'in', '{moment(200)}');")  # too late
        self.addCleanup(self.week.sql, "DELETE FROM consent;")
        told = self.simulated(playbook=marketing)
        self.assertEqual(lines(told, "only_did"), [("thanks", "a2")])
        self.assertIn("has not agreed to marketing messages",
                      [m["reason"] for m in told["messages"] if m["fate"] == "only_did"][0])

    def test_what_was_before_stays_as_it_was(self):
        told = self.simulated(since=48)
        self.assertEqual(lines(told, "both"), [("day-before", "a1"), ("thanks", "a1"),
                                               ("thanks", "a2")])
        self.assertEqual(lines(told, "only_would", "only_did"), [])
        told = self.week.json("simulate", "--now", moment(160), "--from", "2026-12-08", "--to",
                              "2026-12-08")
        self.assertEqual(lines(told, "both"), [("moved", "a1"), ("ready", "J1")])
        self.assertEqual(lines(told, "only_would", "only_did"), [])
        self.assertEqual((told["from"], told["to"]), (moment(15), moment(39)))

    def test_people_read_it(self):
        other = self.week.write("other.conf", PLAYBOOK.replace("30 hours", "4 hours").replace(
            "1 day before", "50 hours before").replace("4 hours after", "30 hours after"))
        told = self.week.run("simulate", "--now", moment(160), "--from", moment(0), "--list",
                             "--playbook", other).stdout
        self.assertRegex(told, r"only would +email +day-before +Bruno +bruno@example.com +"
                               r"appointment a2, Oil")
        self.assertIn("would not: cancelled: the job has left the stage Ready", told)
        self.assertRegex(told, r"it went Fri 11 Dec 09:0")
        self.assertIn("11 messages would have gone out, and 10 did: 9 in both (1 of them due at "
                      "another time), 2 only would, 1 only did; 4 segments of text beside 5, "
                      "0.20 beside 0.25. Nothing was sent and nothing changed.", told)

    def test_a_deleted_record_is_told_to_be_gone(self):
        shop = self.shop(conf=CONF, playbook=PLAYBOOK, templates=TEMPLATES)
        shop.sql(STORY[0][1])
        live(shop, 0)
        shop.sql("DELETE FROM appointment WHERE ref = 'a3';")
        live(shop, 1)
        told = shop.json("simulate", "--now", moment(2), "--from", moment(0))
        self.assertEqual([m["reason"] for m in told["messages"] if m["fate"] == "only_did"],
                         ["the record is not there any more"])

    def test_wrong_use_is_told(self):
        now = ("--now", moment(160))
        shop = self.week
        self.refused(shop, "say from when on", "simulate")
        self.refused(shop, "`betimes forecast` looks ahead", "simulate", *now, "--from",
                     "2027-01-01")
        self.refused(shop, "--to: that time has not come yet", "simulate", *now, "--from",
                     "2026-12-07", "--to", "2027-01-01")
        self.refused(shop, "--to has to be later than --from", "simulate", *now, "--from",
                     "2026-12-09", "--to", "2026-12-08")
        self.refused(shop, "--from: ", "simulate", *now, "--from", "last week")
        broken = shop.write("broken.conf", "[rule x]\non = the moon is full\n")
        self.refused(shop, "broken.conf:2: ", "simulate", *now, "--from", "2026-12-07",
                     "--playbook", broken)
        empty = self.shop()
        empty.database.unlink()
        self.refused(empty, "betimes.db", "simulate", "--from", "2026-11-01", status=2)


if __name__ == "__main__":
    unittest.main()
