"""A message that a person writes to one client: it obeys consent, hours and caps as all others do,
and stands in the history with its exact words."""

import re

from harness import BUSINESS, MailServer, ShopTest, wait_until
from web_browser import PASSWORD, Browser, free_port

FILES = """
[gateway texts]
type = file
path = out
channels = sms
"""
PLAYBOOK = """
[workflow repair]
stages = New, Ready

[rule ready]
on = job enters Ready
by = sms
"""
WORDS = {"ready/en.sms": "Ready."}


class Written(ShopTest):
    def page(self, business=BUSINESS, more="", start=True):
        self.port = free_port()
        self.server = self.enterContext(MailServer())
        conf = business + self.server.section() + FILES + more
        conf += f"\n[web]\nlisten = 127.0.0.1:{self.port}\n"
        self.its = self.shop(conf=conf, playbook=PLAYBOOK, templates=WORDS)
        for name, role in (("sam", "staff"), ("rita", "reader")):
            self.its.run("user", "add", name, "--role", role, stdin=PASSWORD + "\n")
        self.its.sql("INSERT INTO client (name, email, phone, language) "
                     "VALUES ('Ilze Ozola', 'ilze@example.com', '+37120000001', 'lv');")
        self.its.start()
        self.sam = Browser(self.port).sign_in("sam")
        return self.its

    def write(self, step="look", **typed):
        form = {"token": self.sam.token(), "channel": "preferred", "purpose": "service",
                "subject": "Your keys", "text": "You left your keys here.\r\nSee you!",
                "step": step, **typed}
        return self.sam.post("/clients/1/write", form)

    def test_a_mail_arrives_with_its_exact_words_and_stands_in_the_history(self):
        self.page()
        look = self.write()
        self.assertEqual(look.status, 200)
        self.assertIn("It goes at once.", look.text)
        self.assertEqual(self.its.query("SELECT * FROM message"), [])
        self.assertEqual(self.write("send").location, "/clients/1?said=written")
        mail = self.server.received(1)[0]
        self.assertEqual(mail.recipients, ["ilze@example.com"])
        self.assertEqual(mail.subject, "Your keys")
        self.assertEqual(mail.text.replace("\r", "").strip(), "You left your keys here.\nSee you!")
        self.assertEqual(str(mail.message["Content-Language"]), "lv")
        self.assertIsNone(mail.message["Auto-Submitted"])
        message = self.its.wait_message(rule="by hand", state="sent")
        self.assertEqual((message["client_id"], message["purpose"], message["to"]),
                         (1, "service", "ilze@example.com"))
        page = self.sam.get("/clients/1").text
        self.assertIn("You left your keys here.", page)
        self.assertIn("sam wrote a message", page)
        why = self.its.run("why", message["id"]).stdout
        self.assertIn("a person wrote it", why)

    def test_a_text_shows_what_it_costs_before_it_goes(self):
        self.page(more="\n[channel sms]\nprice = 0.05\n")
        look = self.write(channel="sms", text="ķ" * 80)
        self.assertIn("2 texts in one", look.text)
        self.assertIn("0.10", look.text)
        self.write("send", channel="sms", text="Bring the keys")
        self.its.wait_message(rule="by hand", channel="sms", state="sent")

    def test_an_opted_out_client_is_not_written_to_and_it_is_said_why(self):
        self.page()
        self.its.sql("INSERT INTO consent (client_id, channel, purpose, state) "
                     "VALUES (1, 'email', 'service', 'out');")
        for step in ("look", "send"):
            answer = self.write(step, channel="email")
            self.assertIn("has opted out of service messages by email", answer.text)
            self.assertNotIn('value="send"', answer.text)
        answer = self.write("send", purpose="marketing")
        self.assertIn("has not agreed to marketing messages", answer.text)
        self.assertEqual(self.its.query("SELECT * FROM message"), [])

    def test_what_is_not_as_it_was_meant_is_said_before_it_goes(self):
        self.page()
        self.assertNotIn("means nothing in a message", self.write().text)
        look = self.write(text="**Bring** the keys, {{client.name}}").text
        self.assertIn("“{{client.name}}” means nothing in a message written by hand", look)
        look = self.write(text="**Bring** the keys").text
        self.assertIn("“**Bring**” means nothing", look)
        self.its.sql("INSERT INTO consent (client_id, channel, purpose, state) "
                     "VALUES (1, 'email', 'service', 'out');")
        look = self.write().text
        self.assertIn("it goes as a text, not as an e-mail", look)
        self.assertIn("“Your keys” is left out", look)
        self.assertIn("a text has no subject", self.write(channel="sms").text)
        look = self.write(channel="sms", subject="").text.split('class="fields"')[0]
        self.assertNotIn("no subject", look)

    def test_an_opt_out_between_writing_and_sending_counts(self):
        self.page()
        self.its.run("pause")
        look = self.write()
        self.assertIn("Sending is paused", look.text)
        self.write("send")
        self.its.sql("INSERT INTO consent (client_id, channel, purpose, state) "
                     "VALUES (1, 'email', 'service', 'out');")
        self.its.run("resume")
        message = self.its.wait_message(rule="by hand", state="skipped")
        self.assertIn("has opted out", message["reason"])
        self.assertEqual(self.server.mails, [])

    def test_at_night_it_waits_for_the_morning(self):
        quiet = BUSINESS.replace("quiet = none", "quiet = 00:00-23:59")
        self.page(quiet)
        self.assertIn("waits for the hours in which it may go", self.write().text)
        self.write("send")
        wait_until("it was put off", lambda: self.its.query(
            "SELECT * FROM message WHERE next_ms > due_ms"), 10)
        self.assertIn("You left your keys here.", self.sam.get("/clients/1").text)
        self.assertEqual(self.server.mails, [])

    def test_it_counts_toward_the_clients_cap_and_keeps_to_it(self):
        capped = BUSINESS.replace("cap = none", "cap = 1 per day")
        self.page(capped)
        self.write("send")
        self.its.wait_message(rule="by hand", state="sent")
        self.assertIn("the client has had 1 message within a day", self.write().text)
        self.its.sql("INSERT INTO job (client_id, stage) VALUES (1, 'Ready');")
        wait_until("the rule's message waits", lambda: self.its.query(
            "SELECT * FROM message m JOIN rule r ON r.id = m.rule_id WHERE r.name = 'ready' "
            "AND m.reason LIKE '%1 message within a day%'"), 10)

    def test_it_goes_to_the_address_of_the_moment_in_which_it_goes(self):
        self.page()
        self.its.run("pause")
        self.write("send")
        self.its.sql("UPDATE client SET email = 'new@example.com';")
        self.its.run("resume")
        self.assertEqual(self.server.received(1)[0].recipients, ["new@example.com"])

    def test_one_person_floods_nobody(self):
        shop = self.page()
        shop.sql("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 59) "
                 "INSERT INTO audit (at_ms, user, action) SELECT unixepoch() * 1000 - i * 30000, "
                 "'sam', 'message written' FROM n;")
        refused = self.write("send")
        self.assertEqual(refused.status, 429)
        self.assertGreater(int(refused.headers["Retry-After"]), 1700)
        self.assertRegex(refused.text, r"as many messages as one person may within an hour. "
                                       r"The next one can go at \d\d:\d\d.")
        self.assertIn("You left your keys here.", refused.text)
        self.assertEqual(self.write("look").status, 200)
        self.assertEqual(shop.query("SELECT * FROM message"), [])
        shop.sql("UPDATE audit SET user = 'eve' WHERE id = (SELECT max(id) FROM audit);")
        self.assertEqual(self.write("send").status, 303)
        self.assertEqual(self.write("send").status, 429)
        shop.sql("UPDATE audit SET at_ms = at_ms - 1900000 WHERE action = 'message written';")
        self.assertEqual(self.write("send").status, 303)
        self.assertEqual(len(shop.query("SELECT * FROM message")), 2)

    def test_the_forecast_knows_of_it(self):
        self.page()
        self.its.run("pause")
        self.write("send")
        told = self.its.run("forecast", "--days", "1").stdout
        self.assertIn("by hand", told)

    def test_what_cannot_go_is_refused_at_its_field(self):
        self.page()
        for typed, field in (({"subject": ""}, "subject"), ({"text": " "}, "text"),
                             ({"channel": "pigeon"}, "channel"), ({"purpose": "fun"}, "purpose"),
                             ({"channel": "sms", "text": "x" * 2000}, "text"),
                             ({"subject": "a\r\nBcc: x@example.com"}, "subject")):
            answer = self.write("send", **typed)
            self.assertEqual(answer.status, 400, typed)
            self.assertIn(f'id="{field}-problem"', answer.text)
        self.assertEqual(self.its.query("SELECT * FROM message"), [])

    def test_a_reader_writes_to_nobody(self):
        self.page()
        rita = Browser(self.port).sign_in("rita")
        self.assertNotIn("/clients/1/write", rita.get("/clients/1").text)
        self.assertEqual(rita.get("/clients/1/write").status, 403)
        form = {"token": rita.token(), "channel": "email", "purpose": "service", "subject": "x",
                "text": "x", "step": "send"}
        self.assertEqual(rita.post("/clients/1/write", form).status, 403)
        self.assertEqual(self.its.query("SELECT * FROM message"), [])

    def test_what_was_written_is_quoted_and_never_markup(self):
        self.page()
        evil = "<script>alert('x')</script>{{client.phone}}"
        look = self.write(text=evil)
        self.assertNotIn("<script>alert", look.text)
        self.write("send", text=evil)
        self.assertEqual(self.server.received(1)[0].text.strip(), evil)
        self.assertEqual(len(re.findall("<script>alert", self.sam.get("/clients/1").text)), 0)
