"""Two children of one mother: messages to one client that are due together go as one."""

from harness import BUSINESS, MailServer, ShopTest, slow, wait_until

BOOKED = """
[rule booked]
on = appointment booked
by = email
merge = 5 minutes
"""
SURVEY = """
[rule survey]
on = appointment booked
by = email
purpose = survey
merge = 5 minutes
"""
REMINDER = """
[rule reminder]
on = appointment starts
when = 1 day before at 18:00
by = sms
merge = 15 minutes
"""
WORDS = {
    "booked/en.email": "Subject: Booked\n\n{{client.name}}: {{appointment.title}}"
                       "{{#also}} and {{appointment.title}}{{/also}}.\n",
    "survey/en.email": "Subject: Tell us\n\nAbout {{appointment.title}}.\n",
    "reminder/en.sms": "See you: {{appointment.title}}",
}
CHILDREN = """
    BEGIN;
    INSERT INTO client (ref, name, email, phone)
        VALUES ('c1', 'Ilze', 'ilze@example.com', '+37120000001');
    INSERT INTO appointment (ref, client_id, title, starts) VALUES
        ('a1', 1, 'Anna', strftime('%Y-%m-%dT15:00', 'now', '+10 days')),
        ('a2', 1, 'Bruno', strftime('%Y-%m-%dT15:00', 'now', '+10 days'));
    COMMIT;"""


class Merge(ShopTest):
    seconds = 120

    def family(self, playbook=BOOKED, **more):
        """A shop that has started, and its mail server."""
        server = self.enterContext(MailServer(**more))
        shop = self.shop(conf=BUSINESS + server.section(), playbook=playbook, templates=WORDS)
        return shop.start(), server

    def cancel_bruno(self, shop):
        shop.sql("UPDATE appointment SET status = 'cancelled' WHERE ref = 'a2'")

    def test_two_children_give_one_mail_that_names_both(self):
        shop, server = self.family()
        shop.sql(CHILDREN)
        (mail,) = server.received(1)
        self.assertEqual(mail.text.strip(), "Ilze: Anna and Bruno.")
        wait_until("both to stand as sent", lambda: shop.states() == {"sent": 2})
        server.never_more_than(1, 1)
        first, second = sorted(shop.messages(), key=lambda m: m["id"])
        self.assertEqual((first["with_id"], second["with_id"]), (None, first["id"]))
        self.assertIn("Anna and Bruno", first["text"])
        self.assertIsNone(second["text"])
        self.assertEqual(second["reason"], f"went with message {first['id']}")
        told = shop.run("why", second["id"]).stdout
        self.assertIn(f"message {first['id']}, which has the words", told)
        self.assertEqual(shop.json("why", first["id"])["together"], [second["id"]])
        self.assertEqual(shop.run("history", "c1").stdout.count("went with message"), 1)

    def test_another_purpose_or_another_client_is_never_merged(self):
        shop, server = self.family(BOOKED + SURVEY)
        shop.sql(CHILDREN.replace("COMMIT;", """
            INSERT INTO client (ref, name, email) VALUES ('c2', 'Juris', 'juris@example.com');
            INSERT INTO appointment (ref, client_id, title, starts) VALUES
                ('a3', 2, 'Carl', strftime('%Y-%m-%dT15:00', 'now', '+10 days'));
            COMMIT;"""))
        mails = server.received(4)
        wait_until("all to stand as sent", lambda: shop.states() == {"sent": 6})
        server.never_more_than(4, 1)
        both, booked, other, survey = [
            [name in mail.text for name in ("Anna", "Bruno", "Carl")]
            for mail in sorted(mails, key=lambda m: (m.message["To"], m.subject))]
        self.assertEqual(both, booked)
        self.assertEqual(booked, [True, True, False])
        self.assertEqual(other, survey)
        self.assertEqual(survey, [False, False, True])
        self.assertEqual(sorted(mail.subject for mail in mails),
                         ["Booked", "Booked", "Tell us", "Tell us"])

    def test_one_cancelled_before_is_not_spoken_of(self):
        shop, server = self.family(BOOKED + f"settle = {slow(5):.0f} seconds\n")
        shop.sql(CHILDREN)
        wait_until("both to be planned", lambda: shop.states() == {"planned": 2})
        self.cancel_bruno(shop)
        (mail,) = server.received(1)
        self.assertEqual(mail.text.strip(), "Ilze: Anna.")
        wait_until("an end for both", lambda: shop.states() == {"sent": 1, "cancelled": 1})

    def test_a_second_try_speaks_of_who_is_left(self):
        shop, server = self.family(refuse_first=1)
        shop.sql(CHILDREN)
        wait_until("both to wait", lambda: shop.states() == {"retry": 2})
        self.cancel_bruno(shop)
        (mail,) = server.received(1, seconds=40)
        self.assertEqual(mail.text.strip(), "Ilze: Anna.")
        wait_until("an end for both", lambda: shop.states() == {"sent": 1, "cancelled": 1})

    def test_killed_with_the_answer_lost_both_go_once_more_word_for_word(self):
        shop, server = self.family(drop_first_dot=True)
        shop.sql(CHILDREN)
        server.received(1)
        shop.kill()
        shop.start()
        one, two = server.received(2, seconds=40)
        self.assertEqual(one.message.as_bytes(), two.message.as_bytes())
        wait_until("both to stand as sent", lambda: shop.states() == {"sent": 2})
        server.never_more_than(2, 1)
        for m in shop.messages():
            outcomes = [a["outcome"] for a in shop.json("why", m["id"])["attempt_list"]]
            self.assertEqual(outcomes, ["unknown", "sent"] if m["with_id"] is None else ["unknown"])

    def test_the_forecast_tells_what_goes_together(self):
        shop = self.shop(conf=BUSINESS + "[gateway texts]\ntype = file\npath = texts\n",
                         playbook=REMINDER, templates=WORDS)
        shop.sql(CHILDREN)
        first, second = shop.json("forecast", "--text")
        self.assertIsNone(first["together_with"])
        self.assertEqual(first["text"], "See you: Anna\n\nSee you: Bruno")
        self.assertEqual(second["together_with"], "appointment a1, Anna")
        self.assertIsNone(second["text"])
        told = shop.run("forecast").stdout
        self.assertIn("goes in one message with that about appointment a1, Anna", told)
        self.assertIn("2 messages in the next 30 days, 1 of them in one with another", told)
