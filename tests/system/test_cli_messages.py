"""The command line: the commands that look at messages and step in."""

import re
import sqlite3
import unittest

from cli_shop import EXPECTED, KEYS, PLAYBOOK, ROWS, UTC, CliTest
from harness import CONF, wait_until


class Lists(CliTest):
    def test_messages_have_the_promised_keys(self):
        shop = self.planned()
        messages = shop.json("outbox")
        self.assertEqual([m["rule"] for m in messages], ["ready", "reminder"])
        for m in messages:
            self.assertEqual(list(m), KEYS + EXPECTED)
            self.assertRegex(m["due"], UTC)
            self.assertIsNone(m["text"])
        ready, reminder = messages
        self.assertEqual((ready["channel"], ready["client_id"], ready["job_id"],
                          ready["appointment_id"], ready["state"], ready["attempts"]),
                         ("sms", 1, 1, None, "planned", 0))
        self.assertEqual((reminder["appointment_id"], reminder["job_id"]), (1, None))

    def test_the_outbox_knows_what_the_cap_puts_off_and_what_a_condition_stops(self):
        shop = self.planned(conf=CONF.replace("cap = none", "cap = 1 per day"))
        shop.sql("INSERT INTO job (client_id, stage, title) VALUES (1, 'Ready', 'Saab');"
                 "INSERT INTO appointment (client_id, title, starts, status) "
                 "VALUES (1, 'Tyres', strftime('%Y-%m-%dT15:00', 'now', '+10 days'), 'booked');")
        shop.start()
        shop.wait_message(rule="ready", state="planned", job_id=3)
        shop.stop()
        shop.sql("UPDATE appointment SET status = 'confirmed' WHERE id = 1;")
        first, second = shop.json("outbox", "--rule", "ready")
        self.assertEqual((first["fate"], first["expected_reason"]), ("goes", None))
        self.assertEqual(second["fate"], "goes")
        self.assertEqual(second["expected_reason"],
                         "the client has had 1 message within a day")
        self.assertGreater(second["expected"], second["due"])
        told = shop.run("outbox", "--rule", "ready").stdout
        self.assertIn("instead of", told)
        self.assertIn("the client has had 1 message within a day", told)
        self.assertIn("will not go: the rule says: unless", shop.run("outbox").stdout)
        shop.write("playbook.conf", "[rule x]\non = the moon is full\n")
        self.assertIsNone(shop.json("outbox", "--rule", "ready")[1]["expected"])

    def test_the_outbox_is_filtered(self):
        shop = self.planned()
        for expected, args in (
            (["ready"], ["--rule", "ready"]),
            (["ready", "reminder"], ["--client", "c7"]),
            ([], ["--client", "c8"]),
            (["reminder"], ["--appointment", "a12"]),
            (["ready"], ["--job", "J1"]),
            ([], ["--state", "held,unknown"]),
            (["ready", "reminder"], ["--state", "planned"]),
            (["ready"], ["--limit", "1"]),
            (["ready"], ["--until", "9999-01-01", "--limit", "1"]),
            ([], ["--until", "2020-01-01"]),
            ([], ["--since", "9998-01-01"]),
        ):
            self.assertEqual([m["rule"] for m in shop.json("outbox", *args)], expected, args)

    def test_wrong_filters_are_told_with_what_is_near(self):
        shop = self.planned()
        self.refused(shop, "did you mean `held`?", "outbox", "--state", "hold")
        self.refused(shop, "knows no rule `redy`; did you mean `ready`?", "outbox", "--rule",
                     "redy")
        self.refused(shop, "no client has the ref or id `c77`; did you mean `c7`?", "outbox",
                     "--client", "c77")
        self.refused(shop, "2026-12-08", "outbox", "--since", "tomorrow")
        self.refused(shop, "exclude each other", "outbox", "--all", "--state", "held")

    def test_history_has_what_has_ended(self):
        shop = self.planned()
        self.assertIn("Nothing has been sent", shop.run("history").stdout)
        number = shop.messages(rule="ready")[0]["id"]
        shop.run("cancel", number, "--reason", "she called")
        (only,) = shop.json("history", "c7")
        self.assertEqual(list(only), KEYS + ["kind"])
        self.assertEqual((only["id"], only["state"], only["reason"]),
                         (number, "cancelled", "she called"))
        self.assertEqual(shop.json("history", "--client", "1"), [only])
        self.assertEqual(shop.json("history", "c8"), [])
        self.assertIn("she called", shop.run("history").stdout)
        self.refused(shop, "no client", "history", "nobody")

    def test_history_has_what_was_noted_in_its_place(self):
        shop = self.planned()
        noted = ("INSERT INTO note (client_id, at_ms, user, text) "
                 "VALUES (1, unixepoch('now', '{}') * 1000, 'anna', '{}')")
        shop.sql(noted.format("-1 hour", "She rang about\nthe brakes."))
        shop.run("cancel", shop.messages(rule="ready")[0]["id"])
        shop.sql(noted.format("+1 hour", "She came."))
        entries = shop.json("history", "c7")
        self.assertEqual([e["kind"] for e in entries], ["note", "message", "note"])
        self.assertEqual(list(entries[0]), ["id", "client_id", "at", "by", "text", "kind"])
        self.assertEqual((entries[0]["client_id"], entries[0]["by"], entries[0]["text"]),
                         (1, "anna", "She rang about\nthe brakes."))
        self.assertEqual(shop.json("history"), entries)  # of everybody, too
        self.assertEqual(shop.json("history", "--limit", "1"), entries[2:])
        self.assertEqual(shop.json("history", "c8"), [])
        told = shop.run("history", "c7").stdout
        self.assertRegex(told, r"noted .*\bby anna\n +She rang about\b")

    def test_a_name_cannot_command_the_terminal(self):
        shop = self.planned()
        db = sqlite3.connect(shop.database)
        db.execute("UPDATE message SET reason = ?", ("\x1b[31mred\nalert\x07",))
        db.commit()
        db.close()
        told = shop.run("outbox").stdout
        self.assertNotIn("\x1b", told)
        self.assertNotIn("\x07", told)
        self.assertIn("red alert", told)

    def test_status_tells_how_it_is(self):
        shop = self.planned()
        status = shop.json("status")
        self.assertEqual((status["running"], status["paused"], status["messages"]["planned"],
                          status["clients"], status["jobs"], status["appointments"],
                          status["changes"]), (False, False, 2, 2, 2, 1, 0))
        self.assertRegex(status["next_due"], UTC)
        self.assertEqual([r["rule"] for r in status["rules"]], ["ready", "reminder"])
        self.assertIn("not running", shop.run("status").stdout)
        shop.start()
        self.assertTrue(shop.json("status")["running"])
        self.assertEqual(shop.json("status")["config_errors"], 0)
        shop.write("playbook.conf", "[rule x]\non = the moon is full\n")
        self.assertEqual(shop.json("status")["config_errors"], 1)
        self.assertIn("has 1 error; the service goes on with the one before",
                      shop.run("status").stdout)

    def test_status_keeps_to_the_clock_it_knew_while_the_configuration_names_none(self):
        shop = self.planned()
        before = re.search(r"^next +(.*),", shop.run("status").stdout, re.M)[1]
        self.assertNotIn("betimes.conf names no time zone", shop.run("status").stdout)
        shop.write("betimes.conf", CONF.replace("Europe/Riga", "Europe/Rigga"))
        told = shop.run("status").stdout
        self.assertIn("Europe/Riga, as before: betimes.conf names no time zone", told)
        self.assertEqual(re.search(r"^next +(.*),", told, re.M)[1], before)
        shop.sql("DELETE FROM meta WHERE name = 'timezone';")
        self.assertIn("in UTC: betimes.conf names no time zone", shop.run("status").stdout)


class Why(CliTest):
    def test_the_values_that_a_decision_saw_are_told_after_they_changed(self):
        shop = self.made(rows=None, conf=CONF.replace("cap = none", "cap = 1 per day"))
        shop.write("playbook.conf",
                   PLAYBOOK.replace("settle = 1 hour", "unless = job.title = 'Lada'"))
        shop.start()
        shop.sql("INSERT INTO client (name, phone) VALUES ('Anna', '+37120000001');")
        shop.sql("INSERT INTO job (client_id, stage, title) VALUES (1, 'Ready', 'Volvo'), "
                 "(1, 'Ready', 'Saab'), (1, 'Ready', 'Lada');")
        shop.wait_absorbed()
        wait_until("the decisions", lambda: shop.states() == {"sent": 1, "skipped": 2})
        shop.stop()
        shop.sql("UPDATE job SET title = 'Bicycle';")
        went, capped, unwanted = (shop.json("why", n)["decisions"][-1] for n in (1, 2, 3))
        self.assertEqual(went["saw"], {"unless": {"job.title": "Volvo"},
                                       "cap 1": {"had": 0, "of": 1, "hours": 24}})
        self.assertEqual((capped["state"], capped["reason"]),
                         ("skipped", "the client has had 1 message within a day"))
        self.assertEqual(capped["saw"]["cap 1"], {"had": 1, "of": 1, "hours": 24})
        self.assertEqual((unwanted["state"], unwanted["saw"]),
                         ("skipped", {"unless": {"job.title": "Lada"}}))
        self.assertIn("it may go (job.title was 'Volvo', 0 of 1 message within 24 hours)",
                      " ".join(shop.run("why", 1).stdout.split()))

    def test_a_message_is_explained(self):
        shop = self.planned()
        number = shop.messages(rule="ready")[0]["id"]
        told = shop.run("why", number).stdout
        for words in (f"Message {number}: ready, to Anna Ozola", "job J1, Volvo",
                      "When a job enters Ready", "job enters Ready, on"):
            self.assertIn(words, told)
        self.assertIn("waits 60 minutes in case of a slip, until", " ".join(told.split()))
        found = shop.json("why", number)
        self.assertEqual(list(found)[:len(KEYS)], KEYS)
        self.assertIn({"event": "job enters Ready", "cause": True},
                      [{k: e[k] for k in ("event", "cause")} for e in found["events"]])

    def test_what_was_never_planned_is_explained(self):
        shop = self.planned()
        told = shop.run("why", "--rule", "ready", "--job", "J2").stdout
        self.assertIn("No message of ready for job J2", told)
        (found,) = shop.json("why", "--rule", "ready", "--job", "J2")
        self.assertEqual((found["rule"], found["job"], found["state"]), ("ready", "J2", None))
        self.assertTrue(found["reason"])
        told = shop.run("why", "--rule", "ready", "--appointment", "a12").stdout
        self.assertIn("the rule speaks of jobs", told)

    def test_a_planned_one_is_found_by_rule_and_record(self):
        shop = self.planned()
        for option, ref in (("--appointment", "a12"), ("--client", "c7")):
            (found,) = shop.json("why", "--rule", "reminder", option, ref)
            self.assertEqual((found["rule"], found["state"]), ("reminder", "planned"))

    def test_what_the_service_has_not_seen_yet_is_told_so(self):
        told = self.made().run("why", "--rule", "ready", "--job", "J1").stdout
        self.assertIn("has not looked at the", " ".join(told.split()))

    def test_wrong_use_is_told(self):
        shop = self.planned()
        self.refused(shop, "give a message id, or --rule", "why")
        self.refused(shop, "give a message id, or --rule", "why", "--rule", "ready")
        self.refused(shop, "give a message id, or --rule", "why", "1", "--job", "J1")
        self.refused(shop, "`abc` is no message id", "why", "abc")
        self.refused(shop, "there is no message 999", "why", "999")
        self.refused(shop, "did you mean `ready`?", "why", "--rule", "redy", "--job", "J1")
        self.refused(shop, "did you mean `J1`?", "why", "--rule", "ready", "--job", "j1")


class StepIn(CliTest):
    def test_a_cancelled_message_stays_cancelled(self):
        shop = self.planned()
        number = shop.messages(rule="reminder")[0]["id"]
        self.assertEqual(shop.run("cancel", number).stdout, "1 message cancelled.\n")
        shop.start()
        shop.sql("UPDATE appointment SET title = 'Brakes', starts = starts || ':00'")
        shop.sql("INSERT INTO job (ref, client_id, stage) VALUES ('J3', 2, 'Ready')")
        shop.wait_message(rule="ready", client_id=2)
        (m,) = shop.messages(rule="reminder")
        self.assertEqual((m["state"], m["reason"]), ("cancelled", "cancelled by hand"))

    def test_messages_are_cancelled_by_rule_and_client(self):
        shop = self.planned()
        self.refused(shop, "nothing to cancel", "cancel", "--client", "c8")
        told = shop.run("cancel", "--client", "c7", "--rule", "ready").stdout
        self.assertEqual(told, "1 message cancelled.\n")
        self.assertEqual([m["rule"] for m in shop.json("outbox")], ["reminder"])
        self.refused(shop, "say which", "cancel")
        self.refused(shop, "but not both", "cancel", "1", "--rule", "ready")
        self.refused(shop, "`x` is no message id", "cancel", "x")
        self.refused(shop, "there is no message 999", "cancel", "999")

    def test_what_went_out_is_neither_cancelled_nor_repeated(self):
        shop = self.made(rows="")
        shop.write("playbook.conf", PLAYBOOK.replace("settle = 1 hour\n", ""))
        shop.sql(ROWS)
        shop.start()
        number = shop.wait_message(rule="ready", state="sent")["id"]
        self.refused(shop, "went out already and cannot be called back", "cancel", number)
        self.refused(shop, "nobody gets the same message twice", "retry", number)
        (m,) = shop.json("history", "c7")
        self.assertEqual((m["to"], m["gateway"], m["text"], m["attempts"]),
                         ("+37120000001", "files", "Your Volvo is ready, Anna Ozola.", 1))
        self.assertIn("attempts", shop.run("why", number).stdout)

    def test_a_message_cancelled_before_its_time_never_goes_early(self):
        shop = self.planned()
        (planned,) = shop.messages(rule="reminder")
        shop.run("cancel", planned["id"])
        shop.start()
        told = shop.run("retry", planned["id"]).stdout
        self.assertRegex(told, rf"^message {planned['id']} is planned again for \w{{3}} .*:\d\d\n$")
        (again,) = shop.messages(rule="reminder")
        self.assertEqual((again["state"], again["due"]), ("planned", planned["due"]))
        self.refused(shop, "goes by itself", "retry", planned["id"])

    def test_the_cap_holds_back_nothing_that_a_person_sends(self):
        shop = self.made(rows="", conf=CONF.replace("cap = none", "cap = 1 per day"))
        shop.write("playbook.conf", PLAYBOOK.replace("settle = 1 hour\n", "late = 1 hour\n"))
        shop.sql(ROWS)
        shop.start()
        shop.wait_message(rule="ready", state="sent")
        shop.sql("INSERT INTO job (ref, client_id, stage) VALUES ('J3', 1, 'Ready')")
        number = shop.wait_message(rule="ready", state="skipped")["id"]
        self.assertEqual(shop.run("retry", number).stdout, "1 message taken up again.\n")
        shop.wait_message(id=number, state="sent")

    def test_a_cancelled_message_is_taken_up_again(self):
        shop = self.made(rows="")
        shop.write("playbook.conf", PLAYBOOK.replace("settle = 1 hour\n", ""))
        shop.run("pause")
        shop.sql(ROWS)
        shop.start()
        shop.wait_message(rule="ready", state="planned")
        number = shop.messages(rule="ready")[0]["id"]
        self.refused(shop, "goes by itself", "retry", number)
        shop.run("cancel", number)
        shop.run("resume")
        self.assertEqual(shop.run("retry", number).stdout, "1 message taken up again.\n")
        shop.wait_message(id=number, state="sent")
        self.refused(shop, "something is missing", "retry")

    def test_nothing_goes_while_sending_is_paused(self):
        shop = self.made()
        shop.write("playbook.conf", PLAYBOOK.replace("settle = 1 hour\n", ""))
        told = shop.run("pause", "--reason", "phones are down").stdout
        self.assertIn("Sending is paused", told)
        self.assertIn("already", shop.run("pause").stdout)
        status = shop.json("status")
        self.assertEqual((status["paused"], status["pause_reason"]), (True, "phones are down"))
        self.assertIn("phones are down", shop.run("status").stdout)
        shop.start()
        number = str(shop.wait_message(rule="ready")["id"])
        paused = "he service is paused: nothing goes until `betimes resume`"
        self.assertIn(paused, shop.run("why", number).stdout)
        self.assertTrue(shop.json("why", number)["paused"])
        self.assertIn(paused, shop.run("forecast").stdout)
        self.refused(shop, "sending is paused", "send-test", "+37120000009", status=2)
        self.assertEqual(shop.messages(state="sent"), [])
        self.assertIn("Sending goes on", shop.run("resume").stdout)
        shop.wait_message(rule="ready", state="sent")

    def test_one_rule_is_paused(self):
        shop = self.planned()
        self.assertIn("The rule ready is paused, with 1 message waiting",
                      shop.run("pause", "--rule", "ready").stdout)
        paused = {r["rule"]: r["paused"] is not None for r in shop.json("status")["rules"]}
        self.assertEqual(paused, {"ready": True, "reminder": False})
        self.assertIn("goes on", shop.run("resume", "ready").stdout)
        self.refused(shop, "did you mean `ready`?", "pause", "redy")

    def test_pausing_works_while_the_configuration_is_broken(self):
        shop = self.planned()
        shop.append("playbook.conf", "[rule broken\n")
        shop.append("betimes.conf", "colour = red\n")
        shop.run("pause")
        shop.run("status")
        self.assertEqual(len(shop.json("outbox")), 2)


class SendTest(CliTest):
    def test_a_test_message_goes_through_the_gateway(self):
        shop = self.made()
        shop.start()
        self.assertIn("Sent through files", shop.run("send-test", "me@example.com").stdout)
        self.assertIn("Sent through files", shop.run("send-test", "files", "+37120000009").stdout)
        told = shop.run("send-test", "--to", "+371 20 000 009", "--rule", "ready").stdout
        self.assertIn("Sent through files", told)
        messages = shop.messages(rule="send-test")
        self.assertEqual([(m["to"], m["state"]) for m in messages],
                         [("me@example.com", "sent"), ("+37120000009", "sent"),
                          ("+37120000009", "sent")])
        self.assertIn("is ready", messages[2]["text"])

    def test_without_a_service_it_says_so(self):
        shop = self.made()
        self.refused(shop, "no service runs", "send-test", "me@example.com", status=2)
        self.assertEqual(shop.messages(), [])

    def test_wrong_use_is_told(self):
        shop = self.made()
        self.refused(shop, "to whom?", "send-test")
        self.refused(shop, "to whom?", "send-test", "files")
        self.refused(shop, "`nonsense` is neither an address, a number nor a gateway", "send-test",
                     "nonsense")
        self.refused(shop, "give the bare address: a@example.com", "send-test",
                     "Ann <a@example.com>")
        self.refused(shop, "did you mean `files`?", "send-test", "fils", "me@example.com")
        self.refused(shop, "one address too many", "send-test", "a@example.com", "b@example.com")
        self.refused(shop, "a..b@example.com: ", "send-test", "a..b@example.com")
        self.refused(shop, "+371: ", "send-test", "+371")
        self.refused(shop, "is no phone number", "send-test", "a@example.com", "--channel", "sms")


if __name__ == "__main__":
    unittest.main()
