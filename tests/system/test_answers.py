"""What clients say, and what they do not: a survey, a quote without an answer, a long silence. The
answers are written by plain SQL and by `betimes answer`."""

from harness import CONF, FileGatewayFolder, ShopTest, wait_until

PLAYBOOK = """
[workflow repair]
stages = Received, Quote sent, In repair, Collected
done = Collected
waiting = Quote sent

[rule quote]
on = job enters "Quote sent"
by = sms

[rule quote-again]
on = no answer to quote
when = 2 days after
by = sms

[rule unhappy]
on = survey below 4
to = +371 20 000 099

[rule quiet]
on = client hears nothing
when = 5 days after
to = +371 20 000 099
"""
WORDS = {
    "quote/en.sms": "quote {{job.ref}}",
    "quote-again/en.sms": "again {{job.ref}}",
    "unhappy/en.sms": "unhappy {{client.name}} {{job.ref}} {{answer.score}} {{answer.text}}",
    "quiet/en.sms": "quiet {{client.name}} {{job.ref}}",
}
DAY_S = 86400


class Answers(ShopTest):
    def setUp(self):
        self.its = self.shop(conf=CONF, playbook=PLAYBOOK, templates=WORDS)
        self.its.sql("""INSERT INTO client (id, ref, name, phone) VALUES
            (1, 'anna', 'Anna', '20000001'), (2, 'otto', 'Otto', '20000002')""")

    def job(self, stage, ref="J1"):
        self.its.sql(f"INSERT INTO job (ref, client_id, stage) VALUES ('{ref}', 1, '{stage}')")

    def texts(self):
        return [text.strip() for _, text in FileGatewayFolder(self.its.out).texts()]

    def test_an_unhappy_client_is_told_of_at_once_and_a_happy_one_is_not(self):
        self.its.start()
        self.job("Collected")
        self.its.sql("INSERT INTO answer (client_id, job_id, text, score) VALUES "
                     "(1, 1, 'fine', 5), (1, 1, 'it squeaks', 2)")
        wait_until("the message", lambda: self.texts() == ["unhappy Anna J1 2 it squeaks"])
        self.its.wait_absorbed()
        why = self.its.run("why", "--rule", "unhappy", "--client", "anna").stdout
        self.assertIn("the score is 5, which is not below 4", why)
        self.assertIn("survey below 4, on ", why)

    def test_an_old_answer_taken_over_from_elsewhere_sets_nothing_off(self):
        self.its.start()
        self.its.sql("INSERT INTO answer (client_id, score, at) "
                     "VALUES (1, 1, '2020-01-01T10:00:00Z')")
        self.its.wait_absorbed()
        self.assertEqual(self.its.messages(), [])
        why = self.its.run("why", "--rule", "unhappy", "--client", "anna").stdout
        self.assertIn("before the rule was switched on", why)

    def test_what_makes_no_sense_is_refused_with_what_would_be_right(self):
        for values, words in (("9, NULL, NULL, '2026-12-08T15:00'", "at: an instant such as"),
                              ("9, NULL, 4.5, '2026-12-08T15:00:00Z'", "score: a whole number"),
                              ("9, 'fax', NULL, '2026-12-08T15:00:00Z'", "channel: email, sms")):
            with self.assertRaises(Exception) as caught:
                self.its.sql("INSERT INTO answer (client_id, channel, score, at) "
                             f"VALUES ({values})")
            self.assertIn(words, str(caught.exception))

    def test_who_answers_at_the_counter_is_not_asked_again(self):
        self.its.start("--now", "2026-12-01T09:00")
        self.job("Quote sent")
        self.job("Quote sent", "J2")
        for ref in ("J1", "J2"):
            wait_until("the quote", lambda: f"quote {ref}" in self.texts())
        self.its.wait_absorbed()
        self.assertEqual(self.its.states(rule="quote-again"), {"planned": 2})
        done = self.its.run("answer", "--job", "J1", "--channel", "person", "go", "ahead")
        self.assertEqual(done.stdout, "Written down: the answer of Anna.\n")
        self.its.wait_absorbed()
        gone = self.its.message(rule="quote-again", state="cancelled")
        self.assertEqual(gone["reason"], "the client answered")
        self.its.stop()
        self.its.start("--now", "2026-12-03T09:30")
        wait_until("the other one", lambda: "again J2" in self.texts())
        self.its.wait_absorbed()
        self.assertNotIn("again J1", self.texts())
        why = self.its.run("why", "--rule", "quote-again", "--job", "J1").stdout
        self.assertIn("the client answered", why)
        self.assertRegex(why, r"because +quote asked on Tue +1 Dec .*, and the client answered")
        self.assertRegex(why, r"answered +Tue +1 Dec \d\d:\d\d, in person: \"go ahead\"")
        self.assertRegex(why, r"offset +2 days after")
        self.assertNotIn("no answer to quote", why)

    def test_what_went_before_the_answer_is_still_told_as_it_was(self):
        self.its.start("--now", "2026-12-01T09:00")
        self.job("Quote sent")
        wait_until("the quote", lambda: "quote J1" in self.texts())
        self.its.wait_absorbed()
        self.its.stop()
        self.its.start("--now", "2026-12-03T09:30")
        wait_until("the other one", lambda: "again J1" in self.texts())
        self.its.run("answer", "--job", "J1", "go", "ahead")
        self.its.wait_absorbed()
        why = self.its.run("why", "--rule", "quote-again", "--job", "J1").stdout
        self.assertRegex(why, r"because +no answer to quote, which asked on Tue +1 Dec")
        self.assertRegex(why, r"offset +2 days after")
        self.assertNotIn("answered", why)

    def test_a_silence_is_told_once_and_again_after_a_new_one(self):
        self.its.start("--now", "2026-12-01T09:00")
        self.job("Received")
        self.its.wait_absorbed()
        self.its.stop()
        self.its.start("--now", "2026-12-06T09:30")
        wait_until("the silence", lambda: self.texts() == ["quiet Anna J1"])
        self.its.sql("UPDATE job SET stage = 'Quote sent'")
        wait_until("the quote", lambda: "quote J1" in self.texts())
        self.its.wait_absorbed()
        self.assertEqual(self.its.states(rule="quiet"), {"sent": 1, "planned": 1})
        self.its.stop()
        self.its.start("--now", "2026-12-11T10:00")
        wait_until("the next", lambda: self.texts().count("quiet Anna J1") == 2)
        number = self.its.messages(rule="quiet", state="sent")[-1]["id"]
        self.assertIn("the client has heard nothing since",
                      self.its.run("why", str(number)).stdout)

    def test_answers_stand_in_the_one_history(self):
        self.its.start()
        self.job("Quote sent")
        wait_until("the quote", lambda: self.texts() == ["quote J1"])
        made = self.its.json("answer", "--client", "anna", "--score", "3", stdin="Too dear.\n")
        self.assertEqual((made["text"], made["score"], made["client_id"], made["job_id"]),
                         ("Too dear.", 3, 1, None))
        self.its.wait_absorbed()
        entries = self.its.json("history", "anna")
        self.assertEqual({e["kind"] for e in entries}, {"message", "answer"})
        (answer,) = [e for e in entries if e["kind"] == "answer"]
        self.assertEqual(answer["text"], "Too dear.")
        self.assertIn("Too dear.", self.its.run("history", "anna").stdout)
        rows = self.its.query("SELECT kind, text FROM history WHERE kind = 'answer'")
        self.assertEqual(rows, [{"kind": "answer", "text": "Too dear.\nscore: 3"}])
        self.assertEqual([e for e in self.its.json("history", "otto")], [])
        self.its.json("answer", "--client", "anna", "--job", "J1", stdin="Fine.\n")
        self.its.wait_absorbed()
        self.assertRegex(self.its.run("history", "anna").stdout, r"answered .*\bjob J1\b")

    def test_wrong_use_is_told_and_writes_nothing(self):
        self.job("Received")
        for words, args in (("say who answered", ["yes"]),
                            ("no client has the ref", ["--client", "ana", "yes"]),
                            ("belongs to another client",
                             ["--client", "otto", "--job", "J1", "yes"]),
                            ("did you mean `phone`?",
                             ["--client", "anna", "--channel", "fone", "yes"]),
                            ("there is no answer", ["--client", "anna"]),
                            ("--score", ["--client", "anna", "--score", "good", "yes"])):
            done = self.its.run("answer", *args, status=1)
            self.assertIn(words, done.stderr)
        self.assertEqual(self.its.query("SELECT count(*) AS n FROM answer"), [{"n": 0}])
