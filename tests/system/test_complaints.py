"""What users of other schedulers suffered, as tests of what must not happen here.

tests/README.md lists every such complaint with the tests that stand for it; most of them are in
the files about their subject. Here are those that want the whole program at once, and a check of
the list itself. The shop's own clock (`run --now`) stands in for days of waiting: a later start
with a later --now is a restart at that time.
"""

import re
import unittest
from datetime import datetime

from harness import (
    BUSINESS, CONF, ROOT, FileGatewayFolder, MailServer, ShopTest, slow, wait_until,
)

MONDAY = "2026-11-30T09:00"  # in Riga, +02:00

REMINDERS = """
[rule day]
on = appointment starts
when = 24 hours before
by = sms

[rule soon]
on = appointment starts
when = 1 hour before
by = sms
"""

WORKFLOW = """
[workflow repair]
stages = Received, Ready, Collected
done = Collected
"""

READY = WORKFLOW + """
[rule ready]
on = job enters Ready
by = sms
"""


def words(*rules, text="{{rule.name}} {{client.name}}"):
    return {f"{rule}/en.sms": text for rule in rules}


class Complaint(ShopTest):
    def make(self, playbook, clients=1, conf=CONF, **more):
        rules = re.findall(r"\[rule ([\w-]+)\]", playbook)
        more.setdefault("templates", words(*rules))
        shop = self.shop(conf=conf, playbook=playbook, **more)
        shop.sql("".join(
            f"INSERT INTO client (id, ref, name, phone, email) VALUES ({i}, 'c{i}', 'Client {i}', "
            f"'+3712000{i:04}', 'c{i}@example.com');" for i in range(1, clients + 1)))
        self.garage = shop
        return shop

    def start(self, now=MONDAY, *args):
        self.garage.start("--now", now, *args)

    def restart(self, now):
        """Goes on at that time (in Riga, in winter), until what is due by then has been decided."""
        self.garage.stop()
        self.start(now)
        self.garage.wait_absorbed()
        due = "SELECT count(*) AS n FROM message WHERE state <= 3 AND next_ms <= ?"
        now_ms = int(datetime.fromisoformat(now + "+02:00").timestamp() * 1000)
        wait_until("what is due to go", lambda: self.garage.query(due, now_ms)[0]["n"] == 0)

    def sql(self, text):
        self.garage.sql(text)
        self.garage.wait_absorbed()

    def texts(self):
        return sorted(text.strip() for _, text in FileGatewayFolder(self.garage.out).texts())

    def pending(self):
        return sorted((m["rule"], m["appointment_id"], m["due"], m["state"])
                      for m in self.garage.messages() if m["state"] in ("planned", "retry", "held"))


def visits(count, day, clients=1):
    """Visits on that day, of one client after the other, in one transaction."""
    return "BEGIN;" + "".join(
        f"INSERT INTO appointment (ref, client_id, starts) VALUES "
        f"('v{i}', {i % clients + 1}, '{day}T{9 + i % 8:02}:00');"
        for i in range(count)) + "COMMIT;"


class CancelledAndMoved(Complaint):
    def test_nothing_is_with_a_gateway_before_its_time_so_everything_can_be_cancelled(self):
        self.make(REMINDERS, clients=20)
        self.start()
        self.sql(visits(200, "2026-12-03", clients=20))
        self.assertEqual(self.garage.states(), {"planned": 400})
        self.assertEqual({m["attempts"] for m in self.garage.messages()}, {0})
        self.sql("UPDATE appointment SET status = 'cancelled'")
        self.assertEqual(self.garage.states(), {"cancelled": 400})
        self.restart("2026-12-03T08:00")
        self.assertEqual(self.texts(), [])

    def test_one_participants_cancellation_silences_nobody_else(self):
        self.make(REMINDERS, clients=2)
        self.start()
        self.sql("INSERT INTO appointment (ref, client_id, starts, title) VALUES "
                 "('a', 1, '2026-12-01T15:00', 'Course'), ('b', 2, '2026-12-01T15:00', 'Course')")
        self.sql("UPDATE appointment SET status = 'cancelled' WHERE ref = 'a'")
        self.restart("2026-12-01T14:00")
        wait_until("the other's reminder", lambda: "soon Client 2" in self.texts())
        self.garage.wait_absorbed()
        self.assertEqual([t for t in self.texts() if "Client 1" in t], [])

    def test_an_edited_note_says_nothing_again(self):
        self.make("[rule booked]\non = appointment booked\nby = sms\n"
                  "[rule moved]\non = appointment moved\nby = sms\n" + REMINDERS)
        self.start()
        self.sql(visits(1, "2026-12-03"))
        self.garage.wait_message(rule="booked", state="sent")
        before = self.pending()
        for note in ("first", "second"):
            self.sql(f"UPDATE client SET notes = '{note}', name = 'Anna {note}';"
                     f"UPDATE appointment SET title = '{note}', updated_at = '{MONDAY}:00Z'")
        self.assertEqual(self.texts(), ["booked Client 1"])
        self.assertEqual(self.pending(), before)

    def test_a_cancellation_while_planning_goes_on_leaves_nothing_pending(self):
        self.make(REMINDERS, clients=50)
        self.start()
        self.garage.sql(visits(3000, "2026-12-03", clients=50))  # and does not wait
        self.garage.sql("UPDATE appointment SET status = 'cancelled'")
        self.garage.wait_absorbed(seconds=40)
        self.assertEqual(self.pending(), [])

    def test_an_edited_wording_drops_no_reminder(self):
        self.make(REMINDERS)
        self.start()
        self.sql(visits(20, "2026-12-03"))
        before = self.pending()
        self.assertEqual(len(before), 40)
        self.garage.write("templates/soon/en.sms", "See you soon!")
        self.garage.reload()
        self.garage.wait_absorbed()
        self.assertEqual(self.pending(), before)

    def test_an_edited_rule_leaves_pending_what_a_fresh_plan_gives(self):
        self.make(REMINDERS)
        self.start()
        self.sql(visits(20, "2026-12-03"))
        self.garage.write("playbook.conf", REMINDERS.replace("1 hour before", "3 hours before"))
        self.garage.reload()
        wait_until("the new plan", lambda: all("T04" <= due[10:13] or rule != "soon"
                                               for rule, _, due, _ in self.pending()))
        fresh = self.garage.json("forecast", "--now", MONDAY, "--days", "30")
        self.assertEqual(sorted((m["rule"], m["appointment_id"], m["due"]) for m in fresh),
                         [(rule, visit, due) for rule, visit, due, _ in self.pending()])


class Twice(Complaint):
    def test_a_hundred_commits_of_others_send_no_second_message(self):
        self.make(READY)
        self.start()
        self.sql("INSERT INTO job (ref, client_id, stage) VALUES ('j', 1, 'Ready')")
        self.garage.wait_message(rule="ready", state="sent")
        for i in range(100):
            self.garage.sql(f"UPDATE client SET tags = 'look {i}'; UPDATE job SET title = 'x{i}'")
        self.garage.wait_absorbed()
        self.assertEqual(self.texts(), ["ready Client 1"])

    def test_visits_of_a_series_are_not_taken_for_one(self):
        self.make("[rule soon]\non = appointment starts\nwhen = 1 hour before\nby = sms\n",
                  templates=words("soon", text="{{appointment.starts | date}}"))
        self.start()
        self.sql("INSERT INTO appointment (client_id, starts, title) VALUES "
                 "(1, '2026-12-01T15:00', 'Physio'), (1, '2026-12-08T15:00', 'Physio'), "
                 "(1, '2026-12-15T15:00', 'Physio')")
        for day in ("2026-12-01", "2026-12-08", "2026-12-15"):
            self.restart(f"{day}T14:00:30")
        wait_until("three reminders", lambda: len(self.texts()) == 3)
        self.assertEqual(len(set(self.texts())), 3)

    def test_what_a_program_writes_about_a_message_sets_off_no_other(self):
        self.make(READY)
        self.start()
        self.sql("INSERT INTO job (ref, client_id, stage) VALUES ('j', 1, 'Ready')")
        for i in range(3):
            self.garage.wait_message(rule="ready", state="sent")
            self.sql("UPDATE job SET fields = (SELECT json_object('told', group_concat(changed), "
                     f"'turn', {i}) FROM outbox), stage = 'Ready', updated_at = '{MONDAY}:0{i}Z'")
        self.assertEqual(self.texts(), ["ready Client 1"])
        self.assertEqual(len(self.garage.messages()), 1)

    def test_no_level_hears_of_an_escalation_twice(self):
        self.make(WORKFLOW + """
[rule late]
on = job enters Received
when = 1 day after
to = staff

[rule very-late]
on = job enters Received
when = 2 days after
to = manager
""")
        self.garage.sql("INSERT INTO staff (id, name, phone) VALUES (1, 'Boss', '+37120000091');"
                        "INSERT INTO staff (id, name, phone, manager_id) "
                        "VALUES (2, 'Janis', '+37120000092', 1);")
        self.start()
        self.sql("INSERT INTO job (ref, client_id, stage, staff_id) VALUES ('j', 1, 'Received', 2)")
        for now in ("2026-12-01T09:30", "2026-12-02T09:30", "2026-12-03T09:30", "2026-12-20T09:30"):
            self.restart(now)
        wait_until("both levels", lambda: len(self.texts()) == 2)
        self.assertEqual(self.texts(), ["late Client 1", "very-late Client 1"])

    def test_a_most_count_is_not_exceeded(self):
        self.make(WORKFLOW + "[rule chase]\non = job enters Received\nwhen = 1 day after\n"
                             "every = 1 day, 3 times\nby = sms\n")
        self.start()
        self.sql("INSERT INTO job (ref, client_id, stage) VALUES ('j', 1, 'Received')")
        for day in range(1, 7):
            self.restart(f"2026-12-{day:02}T09:30")
        wait_until("three of them", lambda: len(self.texts()) == 3)
        self.assertEqual(self.garage.states(), {"sent": 3})

    def test_a_cap_holds_within_one_transaction(self):
        self.make("[rule booked]\non = appointment booked\nby = sms\n",
                  conf=CONF.replace("cap = none", "cap = 2 per day"))
        self.start()
        self.sql(visits(20, "2026-12-20"))
        wait_until("two of them", lambda: len(self.texts()) == 2)
        self.garage.wait_absorbed()
        self.assertEqual(len(self.texts()), 2)


class AfterAnOutage(Complaint):
    def test_past_visits_of_an_imported_series_are_not_reminded_of(self):
        self.make("[rule booked]\non = appointment booked\nby = sms\n" + REMINDERS)
        self.start()
        self.sql("""WITH RECURSIVE week (n) AS (SELECT -60 UNION ALL SELECT n + 1 FROM week
            WHERE n < 1) INSERT INTO appointment (client_id, starts)
            SELECT 1, strftime('%Y-%m-%dT15:00', '2026-12-03', (7 * n) || ' days') FROM week""")
        wait_until("what is told of the two to come", lambda: len(self.texts()) == 2)
        self.garage.wait_absorbed()
        self.assertEqual(self.texts(), ["booked Client 1"] * 2)
        self.assertEqual(self.garage.states(), {"sent": 2, "planned": 4})

    def test_a_backlog_is_not_flushed_at_once_and_not_with_what_is_useless(self):
        mail = self.enterContext(MailServer())
        rules = REMINDERS.replace("by = sms", "by = email")
        self.make(rules, clients=60, conf=BUSINESS + mail.section(rate="10/second"),
                  templates={f"{rule}/en.email": f"Subject: {rule}\n\nHello.\n"
                             for rule in ("day", "soon")})
        self.start()
        self.sql(visits(30, "2026-12-03", clients=60))  # over when it comes back
        self.sql("UPDATE appointment SET ref = 'old' || id")
        self.sql(visits(30, "2026-12-05", clients=60))
        self.garage.kill()
        self.start("2026-12-04T18:00")
        received = mail.received(30, seconds=40)
        self.garage.wait_absorbed()
        self.assertEqual(len(mail.mails), 30)
        self.assertEqual({m.subject for m in received}, {"day"})
        span_s = received[29].arrived_s - received[0].arrived_s
        self.assertGreater(span_s, 1.5)  # ten at once, and two seconds for twenty more
        self.assertEqual(self.garage.states(), {"sent": 30, "expired": 60, "planned": 30})


class When(Complaint):
    def test_a_reminder_of_ten_minutes_is_not_lost_on_a_booking_of_twenty(self):
        self.make("[rule soon]\non = appointment starts\nwhen = 10 minutes before\nby = sms\n")
        self.start(MONDAY, "--speed", int(60 / slow(1)))
        self.sql("INSERT INTO appointment (client_id, starts) VALUES (1, '2026-11-30T09:20')")
        self.assertEqual(self.texts(), [])
        self.garage.wait_message(rule="soon", state="sent", seconds=20)
        self.assertEqual(self.texts(), ["soon Client 1"])

    def test_two_reminders_never_go_at_the_moment_of_booking(self):
        self.make(REMINDERS)
        self.start()
        self.sql("INSERT INTO appointment (client_id, starts) VALUES (1, '2026-11-30T09:30')")
        wait_until("one of them", lambda: len(self.texts()) == 1)
        self.garage.wait_absorbed()
        self.assertEqual(self.texts(), ["soon Client 1"])
        self.assertEqual(self.garage.message(rule="day")["state"], "skipped")

    def test_a_job_without_a_due_date_sends_nothing(self):
        self.make(WORKFLOW + "[rule due]\non = job is due\nwhen = 1 day before\nby = sms\n")
        self.start()
        self.sql("INSERT INTO job (ref, client_id, stage) VALUES ('j', 1, 'Received')")
        self.restart("2026-12-20T09:00")
        self.assertEqual(self.garage.messages(), [])


class Words(Complaint):
    def test_a_missing_value_never_goes_out_blank(self):
        self.make(READY,
                  templates=words("ready", text="Your {{job.fields.plate | required}} waits"))
        self.start()
        self.sql("INSERT INTO job (ref, client_id, stage) VALUES ('j', 1, 'Ready')")
        self.garage.wait_message(rule="ready", state="held")
        self.assertEqual(self.texts(), [])
        told = self.garage.query("SELECT text FROM task")
        self.assertEqual(len(told), 1)
        self.assertIn("job.fields.plate", told[0]["text"])
        self.sql("""UPDATE job SET fields = '{"plate": "AB-1234"}'""")
        self.garage.wait_message(rule="ready", state="sent")
        self.assertEqual(self.texts(), ["Your AB-1234 waits"])

    def test_nothing_goes_out_that_no_rule_asks_for(self):
        self.make("[rule confirmed]\non = appointment confirmed\nby = sms\n")
        self.start()
        self.sql(visits(5, "2026-12-03"))
        self.sql("UPDATE appointment SET starts = '2026-12-04T10:00';"
                 "UPDATE appointment SET status = 'cancelled' WHERE id > 1")
        self.assertEqual(self.garage.messages(), [])
        self.sql("UPDATE appointment SET status = 'confirmed' WHERE id = 1")
        self.garage.wait_message(rule="confirmed", state="sent")
        self.assertEqual(len(self.texts()), 1)

    def test_one_bad_text_does_not_block_those_behind_it(self):
        self.make(READY, clients=20, templates=words("ready", text="{{job.title}}"))
        self.start()
        self.garage.sql("BEGIN;" + "".join(
            "INSERT INTO job (ref, client_id, stage, title) VALUES "
            f"('j{i}', {i}, 'Ready', {'hex(zeroblob(5000))' if i == 1 else repr(f't{i}')});"
            for i in range(1, 21)) + "COMMIT;")
        wait_until("the others", lambda: len(self.texts()) == 19, 20)
        self.assertEqual(self.garage.wait_message(state="held")["attempts"], 0)


class TheList(unittest.TestCase):
    def test_no_complaint_points_to_a_test_that_is_gone(self):
        text = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
        rows = [line for line in text.splitlines() if line.startswith("| ") and "`" in line]
        self.assertGreater(len(rows), 30)
        for row in rows:
            for path, names in re.findall(r"`([\w/]+\.(?:c|py))`: ((?:`\w+`(?:, )?)+)", row):
                source = (ROOT / "tests" / path).read_text(encoding="utf-8")
                for name in re.findall(r"`(\w+)`", names):
                    self.assertRegex(source, rf"\b{name}\b", f"{path} has no {name}")
