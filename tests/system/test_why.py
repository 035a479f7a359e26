"""betimes why, step by step, against expectations computed by hand."""

import unittest

from harness import CONF, ShopTest

PLAYBOOK = """\
[workflow repair]
stages = Received, Ready, Collected
done = Collected

[rule reminder]
on = appointment starts
when = 1 day before at 22:00
unless = status = 'confirmed'

[rule ready]
on = job enters Ready
by = sms
if = amount > 100
window = any

[rule diagnosis]
on = job enters Received
when = 30 days after at 10:00
by = sms then email
window = any

[rule check-up]
on = job completes
by = email
purpose = marketing
window = any
"""
TEMPLATES = {f"{rule}/en.{kind}": ("Subject: x\n\n" if kind == "email" else "") + "Hello."
             for rule in ("reminder", "ready", "diagnosis", "check-up")
             for kind in ("sms", "email")}
ROWS = """\
INSERT INTO client (ref, name, email, phone, timezone, channel)
  VALUES ('anna', 'Anna', 'anna@example.com', '+37120000001', 'Asia/Almaty', 'sms'),
         ('out', 'Juris', 'juris@example.com', '+37120000002', NULL, NULL),
         ('bare', 'Ilze', NULL, NULL, NULL, NULL);
INSERT INTO consent (client_id, channel, purpose, state, at, source)
  VALUES (2, 'sms', 'service', 'out', '2020-02-03T04:05:06Z', 'her call');
INSERT INTO appointment (ref, client_id, starts, status)
  VALUES ('visit', 1, '2031-12-09T15:00', 'booked'), ('sure', 1, '2031-12-09T15:00', 'confirmed'),
         ('off', 1, '2031-12-09T15:00', 'cancelled');
INSERT INTO job (ref, client_id, stage, amount)
  VALUES ('dear', 1, 'Ready', 120), ('cheap', 1, 'Ready', 5), ('out', 2, 'Ready', 120),
         ('bare', 3, 'Ready', 120), ('new', 2, 'Received', 1), ('done', 1, 'Collected', 1);
"""


class Steps(ShopTest):
    def made(self):
        shop = self.shop(conf=CONF.replace("quiet = none", "quiet = 21:00-08:00"),
                         playbook=PLAYBOOK, templates=TEMPLATES)
        shop.start()
        shop.sql(ROWS)
        shop.wait_message(rule="ready", state="sent")
        shop.wait_absorbed()
        shop.stop()
        return shop

    def found(self, shop, rule, **record):
        ((kind, ref),) = record.items()
        (found,) = shop.json("why", "--rule", rule, f"--{kind}", ref)
        return found

    def step(self, found, name, at=0):
        return [s for s in found["steps"] if s["name"] == name][at]

    def test_each_step_has_what_it_saw(self):
        shop = self.made()
        self.the_time_of_a_reminder(shop)
        self.the_channel_and_consent(shop)
        self.what_the_gate_saw_then_and_sees_now(shop)
        self.why_not(shop)

    def the_time_of_a_reminder(self, shop):
        found = self.found(shop, "reminder", appointment="visit")
        because = self.step(found, "because")
        self.assertEqual((because["values"]["at"], because["values"]["zone"]),
                         ("2031-12-09T13:00:00Z", "Europe/Riga"))
        self.assertIn("appointment starts Tue  9 Dec 2031 15:00, Europe/Riga", because["text"])
        offset = self.step(found, "offset")
        self.assertEqual(offset["text"],
                         "1 day before at 22:00, Europe/Riga: Mon  8 Dec 2031 22:00")
        hours = self.step(found, "hours")  # three hours ahead: one in the night
        self.assertEqual(hours["text"], "not in the quiet hours 21:00-08:00, Asia/Almaty: "
                         "Tue  9 Dec 2031 01:00 there, moved earlier to Mon  8 Dec 2031 20:45")
        self.assertEqual((hours["values"]["from"], hours["values"]["at"],
                          hours["values"]["inside"]),
                         ("2031-12-08T20:00:00Z", "2031-12-08T15:45:00Z", False))
        self.assertEqual(self.step(found, "time")["values"]["due"], found["due"])
        self.assertEqual(found["due"], "2031-12-08T15:45:00Z")
        self.assertTrue(self.step(found, "switched on")["values"]["counts"])
        self.assertIn("when the appointment starts", self.step(found, "useful")["text"])
        told = " ".join(shop.run("why", found["id"]).stdout.split())
        for step in found["steps"]:
            self.assertIn(" ".join(step["text"].split()), told)

    def the_channel_and_consent(self, shop):
        found = self.found(shop, "reminder", appointment="visit")
        self.assertEqual(self.step(found, "channel")["values"],
                         {"by": "preferred", "preferred": "sms"})
        found = self.found(shop, "diagnosis", job="new")
        sms, email, result = (self.step(found, "channel", i) for i in (1, 2, 3))
        self.assertEqual(sms["values"], {
            "channel": "sms", "address": "+37120000002", "usable": False,
            "consent": {"state": "out", "at": "2020-02-03T04:05:06Z", "source": "her call"}})
        self.assertEqual(email["values"], {"channel": "email", "address": "juris@example.com",
                                           "usable": True, "consent": None})
        self.assertEqual(result["values"]["now"], "email")

    def what_the_gate_saw_then_and_sees_now(self, shop):
        shop.sql("UPDATE job SET amount = 7 WHERE ref = 'dear'")
        sent = self.found(shop, "ready", job="dear")
        self.assertEqual(sent["decisions"][-1]["saw"], {"if": {"job.amount": "120"}})
        self.assertNotIn("as of now", [s["name"] for s in sent["steps"]])
        self.assertEqual(self.step(sent, "attempts")["values"]["outcome"], "sent")
        shop.sql(f"UPDATE message SET state = 6, provider_id = 'SM1' WHERE id = {sent['id']}")
        report = self.step(self.found(shop, "ready", job="dear"), "report")["values"]
        self.assertEqual((report["state"], report["provider_id"]), ("delivered", "SM1"))
        cheap = self.found(shop, "ready", job="cheap")
        self.assertEqual((cheap["state"], cheap["reason"]),
                         ("skipped", "the rule says: only if the job's amount is over 100"))
        now = self.step(self.found(shop, "reminder", appointment="visit"), "as of now")["values"]
        self.assertEqual((now["answer"], now["saw"]),
                         ("go", {"unless": {"appointment.status": "booked"}}))
        now = self.step(self.found(shop, "reminder", appointment="sure"), "as of now")["values"]
        self.assertEqual((now["answer"], now["reason"]),
                         ("end", "the rule says: unless the appointment's status is “confirmed”"))

    def why_not(self, shop):
        for rule, record, words in (
            ("ready", {"job": "out"}, "has opted out of service messages by sms"),
            ("ready", {"job": "bare"}, "no phone number is known"),
            ("ready", {"job": "new"}, "it has not happened"),
            ("reminder", {"appointment": "off"}, "the appointment is cancelled"),
            ("check-up", {"job": "done"}, "has not agreed to marketing messages"),
            ("ready", {"appointment": "visit"}, "the rule speaks of jobs"),
        ):
            self.assertIn(words, self.found(shop, rule, **record)["reason"], (rule, record))
        shop.run("pause", "--rule", "reminder")
        found = self.found(shop, "reminder", appointment="visit")
        self.assertIn("paused by a person", self.step(found, "paused")["text"])
        shop.sql("UPDATE rule SET since_ms = unixepoch('2032-01-01') * 1000 WHERE name = 'ready'")
        shop.sql("INSERT INTO job (ref, client_id, stage, amount) VALUES ('late', 1, 'Ready', 120)")
        found = self.found(shop, "ready", job="late")
        self.assertIn("before the rule was switched on (2032-01-01T02:00:00)", found["reason"])
        self.assertFalse(self.step(found, "switched on")["values"]["counts"])

    def test_what_was_decided_is_told_although_the_files_have_mistakes(self):
        shop = self.made()
        message = shop.messages(rule="ready", state="sent")[0]
        ref = shop.query(f"SELECT ref FROM job WHERE id = {message['job_id']}")[0]["ref"]
        sent = self.found(shop, "ready", job=ref)
        shop.append("playbook.conf", "[rule broken]\non = the moon is full\nwhen = 2 ours before\n")
        done = shop.run("why", str(sent["id"]))
        self.assertIn("the files have 2 mistakes, told above", done.stderr)
        for words in ("the moon is full", "`ours`"):
            self.assertIn(words, done.stderr)
        self.assertIn("sent since", done.stdout)
        self.assertIn("what it says cannot be told while the files have mistakes", done.stdout)
        self.assertIn(sent["text"], done.stdout)
        same = shop.json("why", "--rule", "ready", "--job", ref)[0]
        self.assertEqual((same["id"], same["attempt_list"]), (sent["id"], sent["attempt_list"]))
        done = shop.run("why", "--rule", "other", "--job", ref, status=1)
        self.assertIn("no message of `other` was planned for it", done.stderr)
        for command in (("preview", "ready"), ("forecast",), ("forecast", "--playbook",
                                                               shop.dir / "playbook.conf")):
            done = shop.run(*command, status=1)
            self.assertEqual(done.stdout, "", command)
            self.assertIn("the files have 2 mistakes, told above: mend them first", done.stderr)
            self.assertIn("the moon is full", done.stderr)
            self.assertIn("`ours`", done.stderr)

    def test_a_deleted_record_is_still_explained(self):
        shop = self.made()
        ref = shop.query("SELECT ref FROM job WHERE ref IS NOT NULL")[0]["ref"]
        before = {m["id"]: m["rule"] for m in shop.json("why", "--rule", "ready", "--job", ref)}
        shop.start()
        shop.sql("DELETE FROM appointment; DELETE FROM job")
        shop.wait_absorbed()
        shop.stop()
        after = {m["id"]: m["rule"] for m in shop.json("why", "--rule", "ready", "--job", ref)}
        self.assertEqual(after, before)
        self.assertTrue(before)
        done = shop.run("why", "--rule", "ready", "--job", "no-such-job", status=1)
        self.assertIn("no job has the ref or id `no-such-job`", done.stderr)


if __name__ == "__main__":
    unittest.main()
