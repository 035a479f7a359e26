"""Whatever is changed on the page, or about who may use it, is written down once: who did what to
which thing, and what it was before where that can be told. Pages about that thing show it."""

import datetime
import re
from html import unescape

from harness import BUSINESS, FILES, ShopTest
from test_board import fields_of, text_of
from web_browser import PASSWORD, Browser, free_port

PLAYBOOK = """
[workflow repair]
stages = New, Ready, Collected
done = Collected

[rule ready]
on = job enters Ready
by = email
settle = 1 hour
"""
WORDS = {"ready/en.email": "Subject: Ready: {{job.title}}\n\nCome, {{client.name}}.\n"}
SOON = (datetime.date.today() + datetime.timedelta(days=9)).isoformat()
OTHER_PASSWORD = "another horse battery"


class Audit(ShopTest):
    seconds = 120

    def setUp(self):
        self.port = free_port()
        conf = (BUSINESS + FILES + f"\n[web]\nlisten = 127.0.0.1:{self.port}\n"
                f"url = http://127.0.0.1:{self.port}\n")
        shop = self.its = self.shop(conf=conf, playbook=PLAYBOOK, templates=WORDS)
        shop.run("user", "add", "anna", "--role", "manager", stdin=PASSWORD + "\n")
        shop.sql("INSERT INTO staff (name, email) VALUES ('Mikus', 'mikus@example.com')")
        shop.start()
        self.anna = Browser(self.port).sign_in("anna")
        self.seen = self.last()

    def last(self):
        return self.its.query("SELECT coalesce(max(id), 0) AS id FROM audit")[0]["id"]

    def send(self, path, action=None, browser=None, **typed):
        """Fill in the form of a page that leads to `action` and send it."""
        action = action or path
        page = (browser or self.anna).get(path).text
        return self.send_shown(page, action, **typed)

    def send_shown(self, page, action, **typed):
        form = re.search(rf'<form[^>]*action="{action}".*?</form>', page, re.S)[0]
        fields = fields_of(page, action)
        for name, text in re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>\n?(.*?)</textarea>', form,
                                     re.S):
            fields[name] = unescape(text)
        return self.anna.post(action, {**fields, **{k.replace("_", "-"): v
                                                    for k, v in typed.items()}})

    def text(self, what, **typed):
        path = "/templates/ready/en/email"
        page = self.anna.get(path).text
        fields = {"token": self.anna.token(),
                  "seen": re.search(r'name="seen" value="(\w+)"', page)[1], **typed}
        return self.anna.post(f"{path}/{what}", fields)

    def rule(self, path, **typed):
        led = self.send(path, **typed)
        self.assertEqual(led.status, 303, led.text)
        return self.send(led.location, led.location + "/save")

    def one_off(self):
        looked = self.send("/clients/1/write", channel="email", subject="Hello",
                           text="We found your hat.").text
        return self.send_shown(looked, "/clients/1/write", step="send")

    def version(self):
        return self.its.query("SELECT min(id) AS id FROM template_version "
                              "WHERE file = 'ready/en.email'")[0]["id"]

    def press(self, path, **fields):
        return self.anna.post(path, {"token": self.anna.token(), **fields})

    def user(self, *words, stdin=""):
        self.its.run("user", *words, stdin=stdin)

    def test_each_kind_of_change_is_written_down_once_and_shown(self):
        table = (
            # what is done; its line: action, about, detail; the page that shows it, in which words
            (lambda: self.send("/clients/new", name="Ilze", email="i@example.com"),
             ("client added", "client 1", "name, email"), "/clients/1", "anna added the client"),
            (lambda: self.send("/clients/1/edit", phone="+37120000001"),
             ("client changed", "client 1", "phone"), "/clients/1", "changed the record (phone)"),
            (lambda: self.send("/clients/1/consent", wish="yes-offers-email",
                               source="by telephone", step="save"),
             ("consent recorded", "client 1", "Offers by e-mail: yes"), "/clients/1",
             "anna recorded consent (Offers by e-mail: yes)"),
            (lambda: self.send("/clients/1/note", text="Rings on Mondays."),
             ("note added", "client 1", None), "/clients/1", "anna Rings on Mondays."),
            (lambda: self.send("/clients/1/answer", text="Yes, please."),
             ("answer recorded", "client 1", None), "/clients/1", "Yes, please."),
            (self.one_off,
             ("message written", "client 1", "message 1"), "/clients/1", "anna wrote a message"),
            (lambda: self.send("/jobs/new?client=1", "/jobs/change", title="Brakes", stage="New",
                               do="save"),
             ("add job", "job 1", "title: – -> Brakes; stage: – -> New"), "/jobs/1",
             "anna made it (title: – -> Brakes; stage: – -> New)"),
            (lambda: self.send("/jobs/1/edit", "/jobs/change", stage="Ready", do="save"),
             ("change job", "job 1", "stage: New -> Ready"), "/jobs/1",
             "anna changed it (stage: New -> Ready)"),
            (lambda: self.send("/appointments/new?client=1", "/appointments/change", title="Visit",
                               starts_date=SOON, starts_time="15:00", do="save"),
             ("add appointment", "appointment 1",
              f"title: – -> Visit; starts-date: – -> {SOON}; starts-time: – -> 15:00"),
             "/appointments/1", "anna made it"),
            (lambda: self.send("/appointments/1/edit", "/appointments/change", starts_time="16:00",
                               do="save"),
             ("change appointment", "appointment 1", "starts-time: 15:00 -> 16:00"),
             "/appointments/1", "anna changed it (starts-time: 15:00 -> 16:00)"),
            (lambda: self.press("/playbook/ready/pause", reason="no lift"),
             ("pause rule", "rule ready", "no lift"), "/playbook/ready",
             "anna switched it off (no lift)"),
            (lambda: self.press("/playbook/ready/resume"),
             ("resume rule", "rule ready", None), "/playbook/ready", "anna switched it on"),
            (lambda: self.rule("/playbook/ready/edit", key_settle="2 hours", key_late="3 days"),
             ("change rule", "rule ready", "settle: 1 hour -> 2 hours; late: – -> 3 days"),
             "/playbook/ready",
             "anna changed it (settle: 1 hour -> 2 hours; late: – -> 3 days)"),
            (lambda: self.rule("/new-rule", name="thanks", key_on="job completes", key_by="email",
                               key_template="ready"),
             ("add rule", "rule thanks",
              "on: – -> job completes; by: – -> email; template: – -> ready"),
             "/playbook/thanks", "anna made it"),
            (lambda: self.rule("/playbook/thanks/edit", mode="delete"),
             ("delete rule", "rule thanks",
              "on: job completes -> –; by: email -> –; template: ready -> –"), None, None),
            (lambda: self.text("save", text="Subject: Ready\n\nCome and see.\n"),
             ("change text", "text ready/en.email", None), "/templates/ready/en/email/versions",
             "anna changed it"),
            (lambda: self.text("restore", version=self.version()),
             ("restore text", "text ready/en.email", None), "/templates/ready/en/email/versions",
             "anna put an earlier version back"),
            (lambda: self.text("test", to="mikus@example.com",
                               text="Subject: Ready\n\nA draft.\n"),
             ("send test", "text ready/en.email", "mikus@example.com"),
             "/templates/ready/en/email/versions", "anna sent a test (mikus@example.com)"),
            (lambda: self.press("/pause"), ("pause", None, None), None, None),
            (lambda: self.press("/resume"), ("resume", None, None), None, None),
            (lambda: self.send("/calendars", whose="business"),
             ("publish calendar", None, "1"), "/calendars", ""),
            (lambda: self.press("/calendars/1/revoke"),
             ("revoke calendar", None, "1"), "/calendars", ""),
            (lambda: self.press("/account/elsewhere"),
             ("sign out elsewhere", None, None), "/account", ""),
            (lambda: self.press("/account/addresses", email="anna@example.com", phone="",
                                now=PASSWORD),
             ("change own addresses", "user anna", None), "/account", ""),
            (lambda: self.send("/account", "/account/password", now=PASSWORD, new=OTHER_PASSWORD,
                               again=OTHER_PASSWORD),
             ("change password", "user anna", None), "/account", ""),
        )
        for do, line, path, words in table:
            answer = do()
            self.assertIn(answer.status, (200, 303), (line, answer.text))
            rows = self.its.query("SELECT * FROM audit WHERE id > ? ORDER BY id", self.seen)
            self.assertEqual([(r["user"], r["action"], r["about"], r["detail"]) for r in rows],
                             [("anna", *line)])
            self.seen = rows[-1]["id"]
            if path is not None:
                self.assertIn(words, unescape(text_of(self.anna.get(path).text)))

    def test_who_may_use_the_page_is_written_down_too(self):
        for do, line in (
            (("add", "berta", "--role", "staff"), ("add user", "user berta", "staff")),
            (("role", "berta", "--role", "reader"), ("change role", "user berta",
                                                     "staff -> reader")),
            (("passwd", "berta"), ("change password", "user berta", None)),
            (("remove", "berta"), ("remove user", "user berta", None)),
        ):
            self.user(*do, stdin=OTHER_PASSWORD + "\n")
            rows = self.its.query("SELECT * FROM audit WHERE id > ? ORDER BY id", self.seen)
            self.assertEqual([(r["user"], r["action"], r["about"], r["detail"]) for r in rows],
                             [("betimes user", *line)])
            self.seen = rows[-1]["id"]

    def test_what_is_refused_is_not_written_down(self):
        self.send("/clients/new", name=" ")
        self.text("save", text="{{nobody}}")
        self.press("/jobs/change", id="77", stage="Ready", do="save")
        self.press("/messages/77/cancel")
        self.assertEqual(self.last(), self.seen)
