"""The playbook on the page: what the rules say and do, their switches, and editing the file."""

import re

from harness import CONF, ShopTest, wait_until
from web_browser import PASSWORD, Browser, fields_of, free_port

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
        self.assertIn('<a href="/playbook/quiet-client">Quiet client</a></h3>',
                      self.rule(text, "quiet-client"))
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
        sent = "Messages sent: 1 today, 1 in the last 7 days, 1 in the last 30. Planned: 0."
        wait_until("the volume", lambda: sent in self.rule(browser.get("/playbook").text, "ready"))
        coming = self.rule(browser.get("/playbook").text, "reminder")
        self.assertIn("sent: 0 today, 0 in the last 7 days, 0 in the last 30. Planned: 1.", coming)
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

    def test_a_broken_file_is_not_shown_as_if_it_were_in_force(self):
        shop = self.page()
        browser = self.browser()
        self.assertNotIn('id="mistakes"', browser.get("/clients").text)
        shop.write("playbook.conf", PLAYBOOK.replace("2 hours before", "2 ours before")
                   .replace("5 days after", "5 daes after").replace("[rule ready]", "[rule done]")
                   .replace("job enters Ready ", "job enters Redy  "))
        text = browser.get("/playbook").text
        told = re.search(r'id="mistakes">.*?</ul>', text, re.DOTALL)[0]
        self.assertEqual(len(re.findall("<li>", told)), 3)
        self.assertIn("There are 3 mistakes in the files", told)
        self.assertIn('<a href="/playbook/reminder/edit">Rule reminder</a>, line 25 of '
                      "<bdi>playbook.conf</bdi>: `when`: `ours` is no unit", told)
        self.assertIn("did you mean `days`?", told)
        self.assertIn("This is the playbook that is in force", text)
        self.assertIn("When a job enters Ready", self.rule(text, "ready"))
        self.assertIn("2 hours before an appointment starts", self.rule(text, "reminder"))
        self.assertNotIn('<li id="done">', text)
        self.assertIn("when = 2 hours before\n", browser.get("/playbook/reminder").text)
        self.assertEqual(browser.get("/playbook/done").status, 404)
        self.assertEqual(browser.get("/playbook/done/edit").status, 200)

    def test_every_page_tells_how_many_mistakes_there_are_until_they_are_mended(self):
        shop = self.page()
        browser, reader = self.browser(), self.browser("rita")
        good = shop.dir / "templates/ready/en.sms"
        for mistakes, seen in ((1, "There is a mistake in the files"),
                               (2, "There are 2 mistakes in the files")):
            shop.write("templates/ready/en.sms", "{{client.nam}}\n{{client.tel}}\n"[:16 * mistakes])
            for path in ("/", "/clients", "/account", "/playbook/ready", "/calendars"):
                wait_until(f"{mistakes} on {path}", lambda p=path, s=seen: s in browser.get(p).text)
            self.assertIn('href="/mistakes"', browser.get("/").text)
            for who in (browser, reader):
                text = who.get("/mistakes").text
                self.assertEqual(text.count('<a href="/templates/ready/en/sms">'), mistakes)
                self.assertIn("No record has &quot;client.nam&quot;; did you mean", text)
        self.assertNotIn("mistake", Browser(self.port).get("/sign-in").text)
        good.write_text(WORDS["ready/en.sms"], encoding="utf-8")
        wait_until("none", lambda: 'id="mistakes"' not in browser.get("/").text)
        self.assertIn("There are none", browser.get("/mistakes").text)

    def test_what_mends_the_last_mistake_is_not_answered_with_a_mistake(self):
        shop = self.page()
        browser = self.browser()
        shop.write("playbook.conf", PLAYBOOK.replace("2 hours before", "2 ours before"))
        wait_until("the mistake", lambda: 'id="mistakes"' in browser.get("/").text)
        page = browser.get("/playbook/reminder/edit").text
        self.assertIn('<p class="wrong" id="error-when">`ours` is no unit of time', page)
        self.assertNotIn("Nothing was saved", page)
        form = fields_of(page, "/playbook/reminder/edit")
        change = browser.post("/playbook/reminder/edit", form | {"key-when": "3 hours before"})
        wait_until("what it would do", lambda: "Compared with the present playbook"
                   in browser.get(change.location).text)
        saved = browser.post(f"{change.location}/save", {"token": form["token"]})
        text = browser.get(saved.location).text
        self.assertNotIn('id="mistakes"', text)
        self.assertIn("3 hours before an appointment starts", text)


class Switches(PlaybookTest):
    def test_a_rule_is_switched_off_with_a_reason_and_on(self):
        shop = self.page()
        browser = self.browser()
        token = browser.token()
        answer = browser.post("/playbook/ready/pause",
                              {"token": token, "reason": "no lift", "back": "rule"})
        self.assertEqual((answer.status, answer.location), (303, "/playbook/ready?done=pause"))
        text = browser.get(answer.location).text
        self.assertRegex(text, r'role="status">The rule is off')
        self.assertIn(">off</span>", text)
        self.assertIn("Off: it sends nothing.", text)
        self.assertIn('<button class="strong">Switch on<span class="unseen"> ready</span>', text)
        self.assertEqual((shop.dir / "playbook.conf").read_text(encoding="utf-8"), PLAYBOOK)
        self.assertIn("anna: no lift", text)
        self.assertIn("anna switched this rule off", text)
        shop.sql("""
            INSERT INTO client (name, phone) VALUES ('Anna', '+37120000001');
            INSERT INTO job (client_id, stage) VALUES (1, 'Ready');""")
        wait_until("why it waits", lambda: any(
            "paused" in (m["reason"] or "") for m in shop.messages(rule="ready")))
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
