"""The playbook on the page: what the rules say and do, their switches, and editing the file."""

import re

from harness import CONF, ShopTest, wait_until
from web_browser import PASSWORD, Browser, free_port

PLAYBOOK = """\
; What our clients hear.

[workflow repair]
stages = New, Ready, Collected
done = Collected

[workflow tyres]
stages = Waiting, On
done = On

; ---- cars

; the one they wait for
[rule ready]
on = job enters Ready        ; by hand
by = sms                     ; short
; window = any

[rule tyres]
on = job enters Waiting
by = sms

[rule reminder]
on = appointment starts
when = 2 hours before
by = sms                     ; it has to be read

[rule quiet-client]
on = client hears nothing
when = 5 days after
to = staff
by = task
"""

WORDS = {
    "ready/en.sms": "{{client.name}}, your car is ready.",
    "tyres/en.sms": "We wait for your tyres.",
    "reminder/en.sms": "See you!",
    "quiet-client/en.sms": "Call {{client.name}}.",
}


class PlaybookTest(ShopTest):
    def page(self, users=("anna:manager", "rita:reader"), conf=CONF, playbook=PLAYBOOK, **more):
        """A shop with a page and these users, all with PASSWORD."""
        self.port = free_port()
        section = f"\n[web]\nlisten = 127.0.0.1:{self.port}\n"
        shop = self.shop(conf=conf + section, playbook=playbook, templates=WORDS, **more)
        for user in users:
            name, role = user.split(":")
            shop.run("user", "add", name, "--role", role, stdin=PASSWORD + "\n")
        return shop.start()

    def browser(self, name="anna"):
        return Browser(self.port).sign_in(name)

    def rule(self, text, name):
        """A rule's part of the list."""
        return re.search(rf'<li id="{name}">.*?</li>', text, re.DOTALL)[0]


class Reading(PlaybookTest):
    def test_every_rule_is_a_sentence_in_its_group(self):
        self.page()
        text = self.browser("rita").get("/playbook").text
        heads = re.findall(r"<h2 [^>]*>([^<]*)</h2>", text)
        self.assertEqual(heads, ["Appointments", "Jobs: repair", "Jobs: tyres",
                                 "Answers and silence"])
        self.assertIn("When a job enters Ready, text the client", self.rule(text, "ready"))
        self.assertIn("2 hours before an appointment starts", self.rule(text, "reminder"))

    def test_its_volume_and_what_comes_next_are_told(self):
        shop = self.page()
        shop.sql("""
            INSERT INTO client (name, phone) VALUES ('Anna <b>', '+37120000001');
            INSERT INTO job (client_id, stage) VALUES (1, 'Ready');
            INSERT INTO appointment (client_id, starts)
                VALUES (1, strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+1 days'));""")
        shop.wait_message(rule="ready", state="sent")
        shop.wait_message(rule="reminder", state="planned")
        browser = self.browser("rita")
        wait_until("the volume", lambda: "1 today · 1 in 7 days · 1 in 30 days · 0 to come"
                   in self.rule(browser.get("/playbook").text, "ready"))
        coming = self.rule(browser.get("/playbook").text, "reminder")
        self.assertIn("0 today · 0 in 7 days · 0 in 30 days · 1 to come", coming)
        self.assertRegex(coming, r"Next: <time [^>]*>[^<]*(<[^>]*>[^<]*)*</time> "
                                 r"<bdi>Anna &lt;b&gt;</bdi>")
        one = browser.get("/playbook/ready").text
        self.assertIn("Anna &lt;b&gt;, your car is ready.", one)
        self.assertIn("on = job enters Ready        ; by hand\nby = sms                     ; short"
                      "\n; window = any</pre>", one)
        self.assertRegex(one, r"</th><td>1 <meter")

    def test_a_rule_that_is_not_there_is_not_found(self):
        self.page()
        browser = self.browser()
        for path in ("/playbook/none", "/playbook/Ready", "/playbook/ready/x"):
            self.assertEqual(browser.get(path).status, 404, path)

    def test_a_broken_file_is_told_and_its_good_rules_are_shown(self):
        shop = self.page()
        shop.write("playbook.conf", PLAYBOOK.replace("2 hours before", "2 ours before"))
        text = self.browser().get("/playbook").text
        self.assertIn("The playbook has mistakes.", text)
        self.assertIn("line 25: `when`:", text)
        self.assertIn("When a job enters Ready", self.rule(text, "ready"))


class Switches(PlaybookTest):
    def test_a_rule_is_paused_with_a_reason_and_goes_on(self):
        shop = self.page()
        browser = self.browser()
        token = browser.token()
        answer = browser.post("/playbook/ready/pause",
                              {"token": token, "reason": "no lift", "back": "rule"})
        self.assertEqual((answer.status, answer.location), (303, "/playbook/ready?done=pause"))
        text = browser.get(answer.location).text
        self.assertRegex(text, r'role="status">The rule is paused')
        self.assertIn("anna: no lift", text)
        self.assertIn("anna paused it", text)
        shop.sql("""
            INSERT INTO client (name, phone) VALUES ('Anna', '+37120000001');
            INSERT INTO job (client_id, stage) VALUES (1, 'Ready');""")
        wait_until("why it waits", lambda: "paused" in
                   (shop.messages(rule="ready") or [{}])[0].get("reason", ""))
        answer = browser.post("/playbook/ready/resume", {"token": token, "back": "list"})
        self.assertEqual(answer.location, "/playbook?done=resume#ready")
        shop.wait_message(rule="ready", state="sent")
        self.assertIn(">on</span>", self.rule(browser.get("/playbook").text, "ready"))
        done = [(r["user"], r["action"], r["about"]) for r in
                shop.query("SELECT * FROM audit WHERE action LIKE '% rule' ORDER BY id")]
        self.assertEqual(done, [("anna", "pause rule", "rule ready"),
                                ("anna", "resume rule", "rule ready")])

    def test_a_rule_that_asks_gets_its_yes(self):
        shop = self.page(conf=CONF + "\n[limits]\nblast = 1 clients\n")
        browser = self.browser()
        shop.stop()
        shop.sql("""
            INSERT INTO client (name, phone) VALUES ('A', '+37120000001'), ('B', '+37120000002');
            INSERT INTO job (client_id, stage) VALUES (1, 'Ready'), (2, 'Ready');""")
        shop.write("playbook.conf", PLAYBOOK.replace("; window = any", "window = any"))
        shop.start()
        wait_until("the question", lambda: "waits for your yes" in
                   self.rule(browser.get("/playbook").text, "ready"))
        text = self.rule(browser.get("/playbook").text, "ready")
        self.assertRegex(text, r"2 clients")
        self.assertIn("Yes, send", text)
        browser.post("/playbook/ready/resume", {"token": browser.token()})
        wait_until("both", lambda: len(shop.messages(rule="ready", state="sent")) == 2)

    def test_readers_see_and_do_not_touch(self):
        shop = self.page()
        browser = self.browser("rita")
        self.assertNotIn("/playbook/ready/pause", browser.get("/playbook").text)
        token = browser.token()
        self.assertEqual(browser.post("/playbook/ready/pause", {"token": token}).status, 403)
        self.assertEqual(self.browser().post("/playbook/ready/pause", {"token": "x"}).status, 403)
        self.assertEqual(self.browser().get("/playbook/ready/pause").status, 405)
        paused = shop.query("SELECT name FROM rule WHERE paused_ms > 0")
        self.assertEqual(paused, [])
