"""Plans change: appointments move, jobs go back, clients opt out, the service is paused or killed.
What goes out is what is true when it goes.

These tests run on the shop's own clock (`run --now`); a later start with a later --now is a
restart at that time.
"""

import datetime
import time

from harness import CONF, FileGatewayFolder, ShopTest, slow, wait_until

MONDAY = "2026-11-30T09:00"  # in Riga, +02:00
TEN_HOURS_A_SECOND = 36000

VISITS = """
[rule booked]
on = appointment booked
by = sms
settle = 10 minutes

[rule moved]
on = appointment moved
by = sms

[rule cancelled]
on = appointment cancelled
by = sms

[rule evening]
on = appointment starts
when = 1 day before at 18:00
by = sms

[rule soon]
on = appointment starts
when = 2 hours before
by = sms
unless = appointment.status = 'confirmed'
"""

JOBS = """
[workflow repair]
stages = New, Quoted, Ready, Collected
done = Collected

[rule ready]
on = job enters Ready
by = sms
settle = 10 minutes

[rule thanks]
on = job enters Collected
when = 1 day after at 11:00
by = sms
"""

VISIT_WORDS = {f"{rule}/en.sms": rule + " {{appointment.starts | time}} {{appointment.title}}"
               for rule in ("booked", "moved", "cancelled", "evening", "soon")}
JOB_WORDS = {f"{rule}/en.sms": f"{rule} {{{{job.title}}}}" for rule in ("ready", "thanks", "stage")}


class ChangeTest(ShopTest):
    playbook = VISITS
    words = VISIT_WORDS
    conf = CONF

    def setUp(self):
        self.shop_now = self.make()

    def make(self, **more):
        """A shop with one client."""
        shop = self.shop(**{"conf": self.conf, "playbook": self.playbook, "templates": self.words,
                            **more})
        shop.sql("INSERT INTO client (id, ref, name, phone) VALUES (1, 'anna', 'Anna', '20000001')")
        self.shop_now = shop
        return shop

    def start(self, now=MONDAY, speed=None):
        self.shop_now.start("--now", now, *(["--speed", speed] if speed else []))
        return self.shop_now

    def stop(self):
        self.shop_now.stop()

    def sql(self, text, absorbed=True):
        self.shop_now.sql(text)
        if absorbed:
            self.shop_now.wait_absorbed()

    def visit(self, starts, ref="v1"):
        self.sql(f"""INSERT INTO appointment (ref, client_id, starts, title)
            VALUES ('{ref}', 1, '{starts}', 'brakes')""")

    def texts(self):
        return [text.strip() for _, text in FileGatewayFolder(self.shop_now.out).texts()]

    def only(self, *expected):
        wait_until(f"{expected}, not {self.texts()}",
                   lambda: sorted(self.texts()) == sorted(expected))
        self.shop_now.wait_absorbed()
        self.assertEqual(sorted(self.texts()), sorted(expected))

    def state(self, rule):
        return [m["state"] for m in self.shop_now.messages(rule=rule)]


class Moved(ChangeTest):
    def test_a_moved_visit_is_reminded_of_at_its_new_time_only(self):
        self.start()
        self.visit("2026-12-03T15:00")
        due = [m["due"] for m in self.shop_now.messages(rule="evening")]
        self.assertEqual(due, ["2026-12-02T16:00:00Z"])
        self.sql("UPDATE appointment SET starts = '2026-12-04T10:00'")
        waiting = self.shop_now.message(rule="evening", state="planned")
        self.assertEqual(waiting["due"], "2026-12-03T16:00:00Z")
        self.assertEqual(sorted(self.state("evening")), ["cancelled", "planned"])
        gone = self.shop_now.message(rule="evening", state="cancelled")
        self.assertIn("moved", gone["reason"])

    def test_a_move_after_the_reminder_is_told_and_reminded_of_again(self):
        self.start("2026-12-02T12:00")
        self.visit("2026-12-03T15:00")
        self.stop()
        self.start("2026-12-02T18:01")
        self.only("booked 15:00 brakes", "evening 15:00 brakes")
        self.sql("UPDATE appointment SET starts = '2026-12-05T09:30'")
        self.only("booked 15:00 brakes", "evening 15:00 brakes", "moved 09:30 brakes")
        self.stop()
        self.start("2026-12-04T18:01")
        self.only("booked 15:00 brakes", "evening 15:00 brakes", "moved 09:30 brakes",
                  "evening 09:30 brakes")

    def test_a_move_before_anybody_heard_of_the_booking_is_no_news(self):
        self.start()
        self.visit("2026-12-03T15:00")
        self.sql("UPDATE appointment SET starts = '2026-12-04T10:00'")
        self.stop()
        self.start("2026-11-30T09:11")
        self.only("booked 10:00 brakes")

    def test_a_time_written_differently_is_no_move(self):
        self.start("2026-11-30T09:00")
        self.visit("2026-12-03T15:00")
        self.stop()
        self.start("2026-11-30T09:11")
        self.only("booked 15:00 brakes")
        for same in ("2026-12-03T15:00:00", "2026-12-03T13:00Z", "2026-12-03T16:00+03:00"):
            self.sql(f"UPDATE appointment SET starts = '{same}'")
        self.only("booked 15:00 brakes")

    def test_a_rename_says_nothing_and_shows_in_what_goes_later(self):
        self.start("2026-12-02T17:00")
        self.visit("2026-12-03T15:00")
        self.sql("UPDATE appointment SET title = 'tyres', location = 'Hall 2', staff_id = NULL")
        self.sql("UPDATE client SET name = 'Anna B', notes = 'x', tags = 'vip'")
        self.assertEqual(self.shop_now.states(),
                         {"planned": 3})
        self.stop()
        self.start("2026-12-02T18:01")
        self.only("booked 15:00 tyres", "evening 15:00 tyres")


class Ended(ChangeTest):
    def test_a_cancelled_visit_is_told_once_and_never_reminded_of(self):
        self.start()
        self.visit("2026-12-03T15:00")
        self.stop()
        self.start("2026-11-30T09:11")
        self.only("booked 15:00 brakes")
        self.sql("UPDATE appointment SET status = 'cancelled'")
        self.only("booked 15:00 brakes", "cancelled 15:00 brakes")
        self.assertEqual(self.state("evening") + self.state("soon"), ["cancelled"] * 2)
        self.stop()
        self.start("2026-12-03T14:00")
        self.only("booked 15:00 brakes", "cancelled 15:00 brakes")

    def test_a_confirmed_visit_gets_no_reminder_that_asks_for_it(self):
        self.start("2026-12-03T12:30")
        self.visit("2026-12-03T15:00")
        self.sql("UPDATE appointment SET status = 'confirmed'")
        self.stop()
        self.start("2026-12-03T13:01")
        wait_until("the decision", lambda: self.state("soon") == ["skipped"])
        self.assertIn("confirmed", self.shop_now.message(rule="soon")["reason"])
        self.assertNotIn("soon 15:00 brakes", self.texts())

    def test_of_a_deleted_visit_nobody_hears_any_more(self):
        self.start()
        self.visit("2026-12-03T15:00")
        self.sql("DELETE FROM appointment")
        self.assertEqual(self.shop_now.states(), {"cancelled": 3})
        for message in self.shop_now.messages():
            self.assertIn("deleted", message["reason"])
        self.stop()
        self.start("2026-12-03T14:00")
        self.only()

    def test_a_deleted_client_hears_nothing_any_more(self):
        self.start()
        self.visit("2026-12-03T15:00")
        self.sql("PRAGMA foreign_keys = OFF; DELETE FROM client;")
        self.stop()
        self.start("2026-12-03T14:00")
        self.only()
        self.assertEqual(self.shop_now.states(), {"cancelled": 3})

    def test_five_hundred_cancelled_at_once_send_nothing(self):
        self.start()
        self.sql("""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
            INSERT INTO appointment (ref, client_id, starts) SELECT 'v' || i, 1, '2026-12-03T15:00'
            FROM n""")
        self.assertEqual(self.shop_now.states(rule="evening"), {"planned": 500})
        self.stop()
        # Cancelled while the service is down; started when all the reminders are due.
        self.sql("UPDATE appointment SET status = 'cancelled'", absorbed=False)
        self.start("2026-12-02T18:30")
        self.shop_now.wait_absorbed()
        self.assertEqual(self.shop_now.states(rule="evening"), {"cancelled": 500})
        self.assertEqual([t for t in self.texts() if not t.startswith("cancelled")], [])

    def test_five_hundred_cancelled_a_moment_before_they_are_due_send_nothing(self):
        playbook = VISITS.replace("[rule cancelled]\non = appointment cancelled\nby = sms\n", "")
        shop = self.make(playbook=playbook)
        self.start("2026-12-02T17:55")
        shop.sql("""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
            INSERT INTO appointment (ref, client_id, starts) SELECT 'v' || i, 1, '2026-12-03T15:00'
            FROM n""")
        shop.wait_absorbed()
        shop.kill()
        moment_s = int(slow(5))
        self.start(f"2026-12-02T17:59:{60 - moment_s}")
        shop.sql("UPDATE appointment SET status = 'cancelled'")
        time.sleep(moment_s + 1)
        shop.wait_absorbed()
        self.assertEqual(self.texts(), [])
        self.assertEqual(shop.states(rule="evening"), {"cancelled": 500})


class Many(ChangeTest):
    seconds = 180

    def test_ten_thousand_moved_at_once_wait_for_their_new_times_and_for_nothing_else(self):
        evening = "[rule evening]" + VISITS.partition("[rule evening]")[2].partition("[rule")[0]
        shop = self.make(playbook=evening)
        self.start()
        shop.sql("""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
            INSERT INTO appointment (ref, client_id, starts) SELECT 'v' || i, 1, '2026-12-03T15:00'
            FROM n""")
        shop.wait_absorbed(120)
        wait_until("planned", lambda: shop.query("SELECT count(*) AS n FROM message") ==
                   [{"n": 10000}], 120)
        shop.sql("UPDATE appointment SET starts = '2026-12-10T15:00'")
        shop.sql("INSERT INTO client (name) VALUES ('Somebody else is served meanwhile')")
        pending = ("SELECT state, count(*) AS n, count(DISTINCT subject_id) AS visits, "
                   "sum(due_ms = unixepoch('2026-12-09 16:00:00') * 1000) AS due "
                   "FROM message WHERE state <= 2")
        wait_until("every one at its new time", lambda: shop.query(pending) == [
            {"state": 0, "n": 10000, "visits": 10000, "due": 10000}], 120)
        self.assertEqual(self.texts(), [])


class Jobs(ChangeTest):
    playbook = JOBS
    words = JOB_WORDS

    def job(self, stage="New"):
        self.sql("INSERT INTO job (ref, client_id, stage, title)"
                 f" VALUES ('j', 1, '{stage}', 'Volvo')")

    def stage(self, name):
        self.sql(f"UPDATE job SET stage = '{name}'")

    def test_a_stage_by_mistake_and_back_sends_nothing(self):
        self.start()
        self.job()
        self.stage("Ready")
        self.assertEqual(self.state("ready"), ["planned"])
        self.stage("New")
        self.assertEqual(self.state("ready"), ["cancelled"])
        self.stop()
        self.start("2026-11-30T10:00")
        self.only()

    def test_a_stage_that_settles_is_told_once(self):
        self.start()
        self.job()
        self.stage("Ready")
        self.stage("Quoted")
        self.stage("Ready")
        self.stop()
        self.start("2026-11-30T10:00")
        self.only("ready Volvo")

    def test_a_job_that_went_on_hears_nothing_of_where_it_was(self):
        self.start()
        self.job("Ready")
        self.stage("Collected")
        self.stop()
        self.start("2026-12-01T11:01")
        self.only("thanks Volvo")
        self.assertIn("left", self.shop_now.message(rule="ready")["reason"])

    def test_a_job_of_another_client_is_told_to_the_other_client(self):
        self.start()
        self.job("Ready")
        self.sql("""INSERT INTO client (id, name, phone) VALUES (2, 'Bo', '20000002');
            UPDATE job SET client_id = 2;""")
        self.stop()
        self.start("2026-11-30T10:00")
        self.only("ready Volvo")
        self.assertEqual(self.shop_now.message(state="sent")["to"], "+37120000002")


class Restarts(ChangeTest):
    def test_a_kill_repeats_nothing_and_loses_nothing(self):
        shop = self.start("2026-12-02T12:00")
        for i in range(10):
            self.visit("2026-12-03T15:00", f"v{i}")
        self.stop()
        killed = 0
        self.start("2026-12-02T18:01")
        while killed < 5 and len(self.texts()) < 20:
            time.sleep(0.02)
            shop.kill()
            killed += 1
            self.start("2026-12-02T18:02")
        wait_until("20 ends",
                   lambda: shop.states().get("planned") == 10 and "retry" not in shop.states())
        shop.wait_absorbed()
        # Of a text that was on the wire at a kill nobody knows whether it went: it is shown, and
        # does not go again.
        unknown = shop.states().get("unknown", 0)
        self.assertEqual(unknown + shop.states().get("sent", 0), 20)
        self.assertTrue(20 - unknown <= len(self.texts()) <= 20, self.texts())
        self.assertEqual(shop.states()["planned"], 10)

    def test_what_was_written_while_it_was_down_is_told_when_it_is_up(self):
        self.start()
        self.stop()
        self.sql("INSERT INTO appointment (client_id, starts) VALUES (1, '2026-12-03T15:00')",
                 absorbed=False)
        self.start("2026-11-30T12:00")
        self.shop_now.wait_absorbed()
        self.assertEqual(self.state("evening"), ["planned"])

    def test_after_an_outage_what_is_still_useful_goes_once_and_the_rest_is_shown_as_expired(self):
        self.start()
        self.visit("2026-12-03T15:00", "today")
        self.visit("2026-12-01T15:00", "past")
        self.shop_now.kill()
        self.start("2026-12-03T09:00")
        wait_until("decisions", lambda: "planned" not in self.state("evening"))
        self.shop_now.wait_absorbed()
        self.assertEqual(self.texts().count("evening 15:00 brakes"), 1)
        self.assertEqual(sorted(self.state("evening")), ["expired", "sent"])
        self.assertEqual(sorted(self.state("soon")), ["expired", "planned"])
        self.stop()
        self.start("2026-12-03T09:01")
        self.shop_now.wait_absorbed()
        self.assertEqual(self.texts().count("evening 15:00 brakes"), 1)

    def test_a_year_of_silence_sends_no_old_reminders(self):
        self.start()
        self.visit("2026-12-03T15:00")
        self.stop()
        self.start("2027-12-01T09:00")
        self.shop_now.wait_absorbed()
        self.only()
        self.assertEqual(self.shop_now.states(), {"expired": 3})

    def test_a_rule_that_is_switched_on_later_does_not_speak_of_the_past(self):
        shop = self.make(playbook=JOBS.split("[rule")[0] +
                         "[rule other]\non = job enters Quoted\nby = sms\ntemplate = ready\n",
                         templates=JOB_WORDS)
        self.start()
        self.sql("INSERT INTO job (ref, client_id, stage) VALUES ('j', 1, 'Ready')")
        shop.append("playbook.conf", "\n[rule stage]\non = job enters Ready\nby = sms\n")
        shop.reload()
        shop.wait_absorbed()
        self.assertEqual(self.texts(), [])
        self.sql("INSERT INTO job (ref, client_id, stage, title) VALUES ('k', 1, 'Ready', 'new')")
        self.only("stage new")


class Paused(ChangeTest):
    playbook = JOBS.replace("settle = 10 minutes\n", "") + """
[rule stage]
on = job enters Quoted
by = sms
"""
    words = JOB_WORDS

    def job(self, ref, stage):
        self.sql(f"""INSERT INTO job (ref, client_id, stage, title)
            VALUES ('{ref}', 1, '{stage}', '{ref}')""", absorbed=False)

    def test_a_paused_rule_waits_and_others_go_on(self):
        shop = self.start()
        shop.run("pause", "ready")
        self.job("a", "Ready")
        self.job("b", "Quoted")
        self.only("stage b")
        self.assertEqual(self.state("ready"), ["planned"])
        shop.run("resume", "ready")
        self.only("stage b", "ready a")

    def test_a_paused_service_plans_and_sends_nothing(self):
        shop = self.start()
        shop.run("pause")
        self.job("a", "Ready")
        wait_until("the plan", lambda: self.state("ready") == ["planned"])
        time.sleep(0.3)
        self.assertEqual(self.texts(), [])
        shop.run("resume")
        self.only("ready a")

    def test_a_pause_lasts_over_a_restart(self):
        shop = self.start()
        shop.run("pause")
        self.job("a", "Ready")
        wait_until("the plan", lambda: self.state("ready") == ["planned"])
        shop.kill()
        self.start()
        time.sleep(0.3)
        self.assertEqual(self.texts(), [])
        shop.run("resume")
        self.only("ready a")

    def test_what_a_person_cancelled_stays_cancelled_until_she_says_otherwise(self):
        shop = self.start()
        shop.run("pause")
        self.job("a", "Ready")
        message = shop.wait_message(rule="ready", state="planned")
        shop.run("cancel", message["id"])
        self.sql("UPDATE job SET title = 'A', due = '2026-12-24'")
        shop.run("resume")
        self.only()
        self.assertEqual(self.state("ready"), ["cancelled"])
        shop.run("retry", message["id"])
        self.only("ready A")


class People(ChangeTest):
    playbook = VISITS.replace("by = sms\n", "")
    words = {**VISIT_WORDS,
             **{f"{rule}/en.email": f"Subject: {rule}\n\n{rule}\n"
                for rule in ("booked", "moved", "cancelled", "evening", "soon")}}

    def setUp(self):
        super().setUp()
        self.start()
        self.visit("2026-12-03T15:00")
        self.stop()

    def mails(self):
        return [str(m["Subject"]) for m in FileGatewayFolder(self.shop_now.out).mails()]

    def test_a_new_preferred_channel_counts_for_what_was_planned(self):
        self.sql("UPDATE client SET email = 'anna@example.com', channel = 'email'", absorbed=False)
        self.start("2026-12-02T18:01")
        wait_until("a mail", lambda: "evening" in self.mails())
        self.shop_now.wait_absorbed()
        self.assertNotIn("evening 15:00 brakes", self.texts())
        self.assertEqual(self.state("evening"), ["sent"])

    def test_a_new_number_counts_for_what_was_planned(self):
        self.sql("UPDATE client SET phone = '+37120000099'", absorbed=False)
        self.start("2026-12-02T18:01")
        wait_until("a text", lambda: "evening 15:00 brakes" in self.texts())
        self.assertEqual(self.shop_now.message(rule="evening")["to"], "+37120000099")

    def test_an_opt_out_counts_at_once_and_for_queued_messages(self):
        self.start("2026-12-02T12:00")
        self.sql("""INSERT INTO consent (client_id, channel, purpose, state)
            VALUES (1, 'sms', 'service', 'out')""")
        wait_until("the decision", lambda: self.state("evening") == ["skipped"])
        reason = self.shop_now.message(rule="evening")["reason"]
        self.assertIn("opted out", reason)
        self.stop()
        self.start("2026-12-02T18:01")
        self.shop_now.wait_absorbed()
        self.assertNotIn("evening 15:00 brakes", self.texts())

    def test_opting_in_again_brings_back_what_is_still_to_come(self):
        self.start("2026-12-02T12:00")
        for state in ("out", "in"):
            self.sql(f"""INSERT INTO consent (client_id, channel, purpose, state)
                VALUES (1, 'sms', 'service', '{state}')""")
        self.assertEqual(self.state("evening"), ["planned"])

    def test_an_opted_out_channel_gives_way_to_the_other(self):
        self.sql("""UPDATE client SET email = 'anna@example.com', channel = 'sms';
            INSERT INTO consent (client_id, channel, purpose, state)
            VALUES (1, 'sms', 'service', 'out');""", absorbed=False)
        self.start("2026-12-02T18:01")
        wait_until("a mail", lambda: "evening" in self.mails())
        self.assertNotIn("evening 15:00 brakes", self.texts())


class Hours(ChangeTest):
    conf = CONF.replace("quiet = none", "quiet = 21:00-08:00")
    playbook = JOBS.replace("settle = 10 minutes\n", "")
    words = JOB_WORDS

    def due(self):
        return self.shop_now.wait_message(rule="ready")["due"]

    def test_at_night_it_waits_for_the_morning(self):
        self.start("2026-11-30T23:30")
        self.sql("INSERT INTO job (client_id, stage, title) VALUES (1, 'Ready', 'Volvo')")
        self.assertEqual(self.due(), "2026-12-01T06:00:00Z")
        self.assertEqual(self.texts(), [])
        self.stop()
        self.start("2026-12-01T08:00:30")
        self.only("ready Volvo")

    def test_the_night_is_the_clients(self):
        self.sql("UPDATE client SET timezone = 'Asia/Almaty'", absorbed=False)
        self.start("2026-11-30T19:00")  # 22:00 in Almaty
        self.sql("INSERT INTO job (client_id, stage, title) VALUES (1, 'Ready', 'Volvo')")
        self.assertEqual(self.due(), "2026-12-01T03:00:00Z")
        self.assertEqual(self.texts(), [])

    def test_a_week_of_virtual_time_sends_at_the_right_hours(self):
        """Texts of a week in seconds: each leaves at its hour, none at night."""
        shop = self.make(playbook=VISITS, templates=VISIT_WORDS)
        self.start(speed=int(TEN_HOURS_A_SECOND / slow(1)))
        for day in range(2, 8):
            shop.sql("INSERT INTO appointment (client_id, starts)"
                     f" VALUES (1, '2026-12-0{day}T07:30')")
        wait_until("six reminders", lambda: shop.states(rule="evening").get("sent") == 6, 30)
        for sent in shop.query("SELECT due, changed FROM outbox WHERE state = 'sent'"):
            # A tenth of a second of a quick machine is an hour of the shop.
            for key, grace in (("due", 0), ("changed", 5 * 60)):
                at = datetime.datetime.fromisoformat(sent[key].replace("Z", "+00:00"))
                minute = (at.hour + 2) % 24 * 60 + at.minute
                self.assertLess((minute - 8 * 60) % (24 * 60), 13 * 60 + grace, sent)


class Clock(ChangeTest):
    """The machine's own clock: nothing virtual here."""

    playbook = """
[rule soon]
on = appointment starts
when = 2 hours before
by = sms
"""

    def test_a_reminder_leaves_at_its_second(self):
        self.shop_now.start()
        due = datetime.datetime.fromtimestamp(int(time.time()) + 4, datetime.timezone.utc)
        starts = due + datetime.timedelta(hours=2)
        self.sql(f"""INSERT INTO appointment (client_id, starts)
            VALUES (1, '{starts.strftime("%Y-%m-%dT%H:%M:%SZ")}')""")
        wait_until("the text", self.texts)
        late_s = time.time() - due.timestamp()
        print(f"# {late_s * 1000:.0f} ms after its time")
        self.assertGreaterEqual(late_s, 0)

    def test_a_start_of_the_past_reminds_of_nothing(self):
        self.shop_now.start()
        self.visit("2020-01-01T10:00")
        self.only()
        self.assertEqual(self.shop_now.states(), {})
