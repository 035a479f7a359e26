"""betimes forecast: what will go, to whom, when, why and for how much; what a change would do."""

import os
import signal
import subprocess
import time
import unittest

from cli_shop import KEYS, PLAYBOOK, CliTest
from harness import CONF, slow, wait_until

MORE_KEYS = KEYS + ["why", "together_with", "fate", "planned", "name", "segments", "cost"]

# Everything that can stand in a message's way, on one Monday morning.
BUSY_CONF = CONF.replace("quiet = none", "quiet = 20:00-08:00") \
                .replace("cap = none", "cap = 2 per day") + """
[channel sms]
price = 0.05
"""
BUSY_PLAYBOOK = """\
[workflow repair]
stages = Received, Ready, Collected
done = Collected

[rule received]
on = job enters Received
by = sms

[rule ready]
on = job enters Ready
by = sms

[rule two-days]
on = appointment starts
when = 2 days before
by = email
unless = appointment.status = 'confirmed'

[rule evening]
on = appointment starts
when = 1 day before at 19:00
by = sms

[rule soon]
on = appointment starts
when = 2 hours before
window = any
cap = no
by = sms

[rule offer]
on = job enters Ready
when = 1 day after at 10:00
purpose = marketing
by = email
template = received
"""
BUSY_TEMPLATES = {
    "received/en.sms": "We have your {{job.title}}.",
    "received/en.email": "Subject: Thank you\n\nFor your {{job.title}}.",
    "ready/en.sms": "Ready, " + "x" * 200,
    "two-days/en.email": "Subject: Soon\n\nSee you {{appointment.starts | relative}}.",
    "evening/en.sms": "Tomorrow!",
    "soon/en.sms": "{{appointment.location | required}}",
}
BUSY_ROWS = """\
INSERT INTO client (ref, name, email, phone) VALUES
  ('c1', 'Anna', 'anna@example.com', '+37120000001'),
  ('c2', 'Bruno', 'bruno@example.com', '+37120000002'),
  ('c3', 'Carla', 'carla@example.com', '+37120000003');
INSERT INTO consent (client_id, channel, purpose, state) VALUES (3, 'sms', 'service', 'out');
INSERT INTO job (ref, client_id, stage, title) VALUES
  ('J1', 1, 'Received', 'Volvo'), ('J2', 1, 'Received', 'Lada'), ('J3', 1, 'Received', 'Fiat'),
  ('J4', 2, 'Ready', 'Opel'), ('J5', 3, 'Received', 'Saab');
INSERT INTO appointment (ref, client_id, title, starts, status, location) VALUES
  ('a1', 2, 'Brakes', '2026-12-10T15:00', 'booked', 'Krasta iela 1'),
  ('a2', 2, 'Oil', '2026-12-11T09:00', 'confirmed', NULL);
"""
NOW = "2026-12-07T09:00"  # a Monday; in Riga, two hours ahead of UTC


def line(m):
    """A message by hand: what, about what, when, its fate."""
    about = m["job_id"] and f"J{m['job_id']}" or f"a{m['appointment_id']}"
    return (m["rule"], about, m["due"], m["fate"])

SILENCE = "[workflow repair]\nstages = Received, Collected\ndone = Collected\n\n" + "".join(
    f"[rule {name}]\non = job opens\nwhen = {hours} hours after\n"
    "window = any\nby = email\ntemplate = received\n\n"
    for name, hours in (("first", 2), ("second", 5))) + (
    "[rule silence]\non = client hears nothing\n"
    "when = 10 hours after\nwindow = any\nto = staff\nby = task\n")


class Forecast(CliTest):
    def busy(self):
        shop = self.shop(conf=BUSY_CONF, playbook=BUSY_PLAYBOOK, templates=BUSY_TEMPLATES)
        shop.sql(BUSY_ROWS)
        return shop

    def test_it_tells_what_will_go_and_why_and_changes_nothing(self):
        shop = self.made()
        before = shop.sql(".dump")
        messages = shop.json("forecast")
        self.assertEqual([(m["rule"], m["to"], m["channel"], m["name"], m["segments"], m["fate"])
                          for m in messages],
                         [("ready", "+37120000001", "sms", "Anna Ozola", 1, "goes"),
                          ("reminder", "anna@example.com", "email", "Anna Ozola", 0, "goes")])
        for m in messages:
            self.assertEqual(list(m), MORE_KEYS)
            self.assertIsNone(m["id"])
        self.assertIsNone(messages[0]["cost"])  # no price is known
        self.assertEqual(messages[1]["cost"], 0)
        self.assertTrue(messages[0]["why"].startswith("When a job enters Ready"))
        told = shop.run("forecast").stdout
        self.assertIn("2 messages in the next 30 days; 1 segment of text.", told)
        self.assertEqual(shop.sql(".dump"), before)

    def test_it_looks_as_far_as_asked(self):
        shop = self.made()
        self.assertEqual([m["rule"] for m in shop.json("forecast", "--days", "3")], ["ready"])
        self.assertEqual(shop.json("forecast", "--client", "c8"), [])
        self.assertEqual([m["rule"] for m in shop.json("forecast", "--rule", "reminder")],
                         ["reminder"])
        self.refused(shop, "did you mean `reminder`?", "forecast", "--rule", "remindr")
        self.refused(shop, "that time is past", "forecast", "--until", "2020-01-01")
        self.refused(shop, "not both", "forecast", "--until", "2036-01-01", "--days", "3")
        until = shop.json("forecast")[0]["due"]
        self.assertEqual(shop.json("forecast", "--until", until), [])

    def test_the_words_are_told_when_asked(self):
        ready = self.made().json("forecast", "--text")[0]
        self.assertEqual(ready["text"], "Your Volvo is ready, Anna Ozola.")

    def test_a_condition_that_stands_in_the_way_is_told(self):
        shop = self.made()
        shop.sql("UPDATE appointment SET status = 'confirmed'")
        reminder = shop.json("forecast", "--rule", "reminder")[0]
        self.assertEqual((reminder["fate"], reminder["reason"]),
                         ("skipped",
                          "the rule says: unless the appointment's status is “confirmed”"))
        told = shop.run("forecast").stdout
        self.assertIn("would be skipped: the rule says: unless the appointment", told)
        self.assertIn("1 would be skipped", told)

    # By hand. Monday 9:00: Anna's three jobs came in; two texts are all that the cap leaves her in
    # a day, and a day later to the minute the third one is of no use. Carla wants no texts. Bruno's
    # car is ready; he never agreed to offers. The e-mail of a2 is not for a confirmed visit. The
    # evening text of 19:00 is within the hours; the text two hours before 9:00 goes at any hour,
    # counts for nothing, and nobody wrote where the visit is.
    BY_HAND = [
        ("offer", "J4", "2026-12-08T08:00:00Z", "skipped"),
        ("ready", "J4", "2026-12-07T07:00:00Z", "goes"),
        ("received", "J1", "2026-12-07T07:00:00Z", "goes"),
        ("received", "J2", "2026-12-07T07:00:00Z", "goes"),
        ("received", "J3", "2026-12-07T07:00:00Z", "skipped"),
        ("received", "J5", "2026-12-07T07:00:00Z", "skipped"),
        ("two-days", "a1", "2026-12-08T13:00:00Z", "goes"),
        ("evening", "a1", "2026-12-09T17:00:00Z", "goes"),
        ("two-days", "a2", "2026-12-09T07:00:00Z", "skipped"),
        ("evening", "a2", "2026-12-10T17:00:00Z", "goes"),
        ("soon", "a1", "2026-12-10T11:00:00Z", "goes"),
        ("soon", "a2", "2026-12-11T05:00:00Z", "held"),
    ]

    def test_it_agrees_with_what_is_reckoned_by_hand(self):
        shop = self.busy()
        found = shop.json("forecast", "--now", NOW)
        self.assertEqual(sorted(map(line, found)), sorted(self.BY_HAND))
        reasons = {(m["rule"], m["job_id"], m["appointment_id"]): m["reason"] for m in found}
        self.assertEqual(reasons["received", 3, None], "the client has had 2 messages within a day")
        self.assertEqual(reasons["received", 5, None],
                         "has opted out of service messages by sms")
        self.assertEqual(reasons["offer", 4, None], "has not agreed to marketing messages")
        self.assertIn("{{appointment.location}} has no value", reasons["soon", None, 2])

    def test_what_another_playbook_costs_is_told_to_the_coin(self):
        shop = self.busy()
        head, rest = BUSY_PLAYBOOK.split("[rule evening]")
        other = shop.write("other.conf", head + "[rule soon]" + rest.split("[rule soon]")[1])
        told = shop.run("forecast", "--playbook", other, "--totals", "--json", "--now", NOW).stdout
        self.assertIn('"cost": -0.1,', told)
        self.assertNotRegex(told, r"\de-\d|-0\.0\b|\d\.\d{6}")

    def test_segments_and_money_are_added_up(self):
        shop = self.busy()
        sums = shop.json("forecast", "--now", NOW, "--totals")
        # received 2 x 1, ready 208 letters: 2, evening 2 x 1, soon 1
        self.assertEqual((sums["messages"], sums["sms"], sums["email"], sums["segments"]),
                         (7, 6, 1, 7))
        self.assertEqual(sums["cost"], 0.35)
        told = shop.run("forecast", "--now", NOW, "--totals", "--json").stdout
        self.assertIn('"cost": 0.35,', told)
        self.assertNotRegex(told, r"\d\.\d{6}")
        self.assertEqual((sums["skipped"], sums["held"], sums["at_once"]), (4, 1, 3))
        by_rule = {r["rule"]: (r["messages"], r["segments"]) for r in sums["rules"]}
        self.assertEqual(by_rule, {"received": (2, 2), "ready": (1, 2), "two-days": (1, 0),
                                   "evening": (2, 2), "soon": (1, 1), "offer": (0, 0)})
        by_day = {d["day"]: (d["email"], d["sms"], d["segments"]) for d in sums["days"]}
        self.assertEqual(by_day, {"2026-12-07": (0, 3, 4), "2026-12-08": (1, 0, 0),
                                  "2026-12-09": (0, 1, 1), "2026-12-10": (0, 2, 2),
                                  "2026-12-11": (0, 0, 0)})
        told = shop.run("forecast", "--now", NOW).stdout
        self.assertIn("7 messages in the next 30 days, 3 of them at once; 4 would be skipped; "
                      "1 would be held; 7 segments of text for 0.35", told)

    def test_what_it_tells_is_what_then_goes_out(self):
        shop = self.busy()
        expected = shop.json("forecast", "--now", NOW, "--until", "2026-12-12")
        shop.start("--now", NOW, "--speed", int(20000 / slow(1)))
        # What is held is of no use any more once its visit begins, after everything else.
        wait_until("the week to pass", lambda: shop.messages(
            rule="soon", appointment_id=2, state="expired"), 60)
        shop.stop()
        self.assertEqual(
            sorted(self.who(m) for m in shop.messages() if m["state"] == "sent"),
            sorted(self.who(m) for m in expected if m["fate"] == "goes"))
        self.assertEqual(sorted(map(self.who, shop.messages())), sorted(map(self.who, expected)))

    def test_each_message_to_come_puts_the_silence_off(self):
        """Ten hours of silence count from the last one that goes, not from the first."""
        shop = self.shop(playbook=SILENCE,
                         templates={"received/en.email": BUSY_TEMPLATES["received/en.email"]})
        shop.sql("INSERT INTO client (name, email) VALUES ('Anna', 'anna@example.com'); "
                 "INSERT INTO job (client_id, stage) VALUES (1, 'Received')")
        found = shop.json("forecast", "--now", NOW)
        self.assertEqual([(m["rule"], m["due"]) for m in found],
                         [("first", "2026-12-07T09:00:00Z"), ("second", "2026-12-07T12:00:00Z"),
                          ("silence", "2026-12-07T22:00:00Z")])

    def test_what_a_move_brings_with_it_is_moved_as_well(self):
        """The silence begins with another message then: that is no new message, and none less."""
        shop = self.shop(playbook=SILENCE,
                         templates={"received/en.email": BUSY_TEMPLATES["received/en.email"]})
        shop.sql("INSERT INTO client (name, email) VALUES ('Anna', 'anna@example.com'); "
                 "INSERT INTO job (client_id, stage) VALUES (1, 'Received')")
        other = shop.write("other.conf", SILENCE.replace("5 hours", "6 hours"))
        found = shop.json("forecast", "--now", NOW, "--playbook", other)
        self.assertEqual([(m["rule"], m["change"], m["was"]) for m in found],
                         [("first", "same", None), ("second", "moved", "2026-12-07T12:00:00Z"),
                          ("silence", "moved", "2026-12-07T22:00:00Z")])

    @staticmethod
    def who(m):
        return (m["rule"], m["job_id"] or 0, m["appointment_id"] or 0, m["channel"])

    def test_it_agrees_with_what_the_service_plans(self):
        shop = self.made()
        expected = [(m["rule"], m["channel"]) for m in shop.json("forecast")]
        due = shop.json("forecast")[1]["due"]
        shop.start()
        shop.wait_message(rule="reminder")
        found = shop.json("outbox")
        self.assertEqual([(m["rule"], m["channel"]) for m in found], expected)
        self.assertEqual(found[1]["due"], due)

    def test_a_paused_rules_messages_are_told_to_wait(self):
        shop = self.planned()
        shop.run("pause", "--rule", "ready")
        self.assertEqual([(m["rule"], m["fate"]) for m in shop.json("forecast")],
                         [("ready", "paused"), ("reminder", "goes")])

    def test_a_test_message_that_waits_does_not_stop_it(self):
        shop = self.made()
        shop.start()
        shop.run("pause")
        shop.run("send-test", "--to", "me@example.com", "--no-wait", status=None)
        shop.stop()
        shop.json("forecast")


class Change(CliTest):
    """What another playbook would do."""

    def test_another_playbook_is_compared(self):
        shop = self.made()
        other = shop.write("other.conf", PLAYBOOK.replace("2 days before", "3 days before") +
                           "[rule again]\non = appointment starts\nwhen = 1 day before\n"
                           "template = reminder\nby = email\n")
        found = {(m["rule"], m["change"]) for m in shop.json("forecast", "--playbook", other)}
        self.assertEqual(found, {("ready", "same"), ("reminder", "moved"), ("again", "added")})
        sums = shop.json("forecast", "--playbook", other, "--totals")
        self.assertEqual([sums[k] for k in ("added", "removed", "earlier", "later", "same")],
                         [1, 0, 1, 0, 1])
        told = shop.run("forecast", "--playbook", other).stdout
        self.assertIn("1 message is added in the next 30 days.", told)
        self.assertIn("1 message is moved in the next 30 days.", told)
        self.assertIn("To Anna Ozola.", told)
        self.assertRegex(told, r"For example:\n  Anna Ozola, reminder: .* instead of ")
        moved = next(e for e in sums["examples"] if e["change"] == "moved")
        self.assertLess(moved["due"], moved["was"])
        self.assertEqual((moved["rule"], moved["client"], moved["to_client"]),
                         ("reminder", "Anna Ozola", True))
        back = shop.write("less.conf", PLAYBOOK.split("[rule reminder]")[0])
        told = shop.run("forecast", "--playbook", back).stdout
        self.assertIn("1 message is dropped in the next 30 days.", told)
        self.assertEqual({(m["rule"], m["change"])
                          for m in shop.json("forecast", "--playbook", back)},
                         {("ready", "same"), ("reminder", "removed")})

    def test_a_broken_playbook_is_no_obstacle_when_it_is_compared_with_another(self):
        shop = self.made()
        good = shop.write("good.conf", PLAYBOOK)
        less = shop.write("less.conf", PLAYBOOK.split("[rule reminder]")[0])
        shop.write("playbook.conf", PLAYBOOK + "[rule broken]\non = the moon is full\n")
        self.refused(shop, "mend it first", "forecast", "--playbook", less)
        told = shop.json("forecast", "--playbook", less, "--against", good, "--totals")
        self.assertEqual((told["added"], told["removed"]), (0, 1))
        self.assertEqual([e["change"] for e in told["examples"]], ["removed"])
        self.refused(shop, "--playbook", "forecast", "--against", good)

    def test_the_same_playbook_changes_nothing(self):
        shop = self.made()
        same = shop.run("forecast", "--playbook", shop.dir / "playbook.conf").stdout
        self.assertIn("No message is added in the next 30 days.", same)
        self.assertIn("No message is dropped in the next 30 days.", same)

    def test_a_broken_playbook_is_told(self):
        shop = self.made()
        other = shop.write("other.conf", "[rule x]\non = the moon is full\n")
        self.refused(shop, "other.conf:2: ", "forecast", "--playbook", other)

    def test_a_playbook_that_is_not_there_is_all_that_is_told(self):
        shop = self.made()
        for command in (["forecast"], ["simulate", "--from", "2020-01-01", "--to", "2020-01-31"]):
            done = shop.run(*command, "--playbook", "many.conf", status=1)
            self.assertEqual(done.stderr, "betimes: many.conf: there is no such file in the "
                                          f"present folder, {os.getcwd()}\n")
            done = shop.run(*command, "--playbook", shop.dir / "many.conf", status=1)
            self.assertEqual(done.stderr,
                             f"betimes: {shop.dir / 'many.conf'}: there is no such file\n")

    def test_a_rule_that_would_write_to_many_at_once_is_told_to_wait(self):
        shop = self.made(rows=None)  # 50 clients, unless [limits] says otherwise
        for n in range(1, 61):
            shop.sql(f"INSERT INTO client (ref, name, email) VALUES ('c{n}', 'Client {n}', "
                     f"'c{n}@example.com'); INSERT INTO appointment (ref, client_id, starts) "
                     f"VALUES ('a{n}', {n}, strftime('%Y-%m-%dT15:00', 'now', '+10 days'));")
        many = PLAYBOOK + "[rule hello]\non = appointment booked\ntemplate = reminder\nby = email\n"
        other = shop.write("other.conf", many)
        sums = shop.json("forecast", "--playbook", other, "--totals")
        hello = [r for r in sums["rules"] if r["rule"] == "hello"][0]
        self.assertEqual((hello["added"], hello["at_once"], hello["clients_at_once"],
                          hello["waits"]), (60, 60, 60, True))
        told = shop.run("forecast", "--playbook", other).stdout
        self.assertIn("60 of those would go at once.", told)
        self.assertIn("and 50 more.", told)
        self.assertIn("The rule hello would write to 60 clients at once", told)
        self.assertEqual(shop.query("SELECT count(*) AS n FROM message"), [{"n": 0}])
        shop.write("playbook.conf", many)
        self.assertEqual({(m["rule"], m["fate"], m["reason"]) for m in shop.json("forecast")},
                         {("hello", "paused", "its rule waits for a yes"),
                          ("reminder", "goes", None)})


class NothingStays(CliTest):
    def test_killed_at_any_moment_it_leaves_no_file_behind(self):
        shop = self.made()
        shop.sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
                 "INSERT INTO appointment (ref, client_id, starts) SELECT 'n' || i, 1, "
                 "strftime('%Y-%m-%dT%H:00', 'now', '+' || (i % 200) || ' hours') FROM n;")
        folder = shop.home / "tmp"
        folder.mkdir()
        env = {**os.environ, "TMPDIR": str(folder), "SQLITE_TMPDIR": str(folder)}
        for wait_s in (0.05, 0.2, 0.5, 1):
            running = subprocess.Popen(shop.betimes.argv("forecast", "--json"), env=env,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(wait_s)
            running.send_signal(signal.SIGKILL)
            running.wait()
            self.assertEqual(list(folder.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
