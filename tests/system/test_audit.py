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
DAY = datetime.date.today() + datetime.timedelta(days=9)
SOON, SAID = DAY.isoformat(), f"{DAY:%A} {DAY.day} {DAY:%B}"
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
             ("client added", "client 1", "name, email"), "/clients/1", "anna added this client"),
            (lambda: self.send("/clients/1/edit", phone="+37120000001"),
             ("client changed", "client 1", "phone"), "/clients/1",
             "anna changed the record: Telephone"),
            (lambda: self.send("/clients/1/consent", wish="yes-offers-email",
                               source="by telephone", step="save"),
             ("consent recorded", "client 1", "Offers by e-mail: yes"), "/clients/1",
             "anna recorded consent (Offers by e-mail: yes)"),
            (lambda: self.send("/clients/1/note", text="Rings on Mondays."),
             ("note added", "client 1", None), "/clients/1", "anna Rings on Mondays."),
            (lambda: self.send("/clients/1/answer", text="Yes, please."),
             ("answer recorded", "client 1", None), "/clients/1", "Yes, please."),
            (self.one_off,
             ("message written", "client 1", "message 1"), "/clients/1",
             "anna wrote a message: By hand, e-mail"),
            (lambda: self.send("/jobs/new?client=1", "/jobs/change", title="Brakes", stage="New",
                               do="save"),
             ("add job", "job 1", "title\t\tBrakes\nstage\t\tNew"), "/jobs/1",
             "anna made this job Title: Brakes Stage: New"),
            (lambda: self.send("/jobs/1/edit", "/jobs/change", stage="Ready", do="save"),
             ("change job", "job 1", "stage\tNew\tReady"), "/jobs/1",
             "anna changed this job Stage: Ready instead of New"),
            (lambda: self.send("/appointments/new?client=1", "/appointments/change", title="Visit",
                               starts_date=SOON, starts_time="15:00", do="save"),
             ("add appointment", "appointment 1",
              f"title\t\tVisit\nstarts-date\t\t{SOON}\nstarts-time\t\t15:00"),
             "/appointments/1",
             f"anna made this appointment Title: Visit Starts on: {SAID} Starts at: 15:00"),
            (lambda: self.send("/appointments/1/edit", "/appointments/change", starts_time="16:00",
                               do="save"),
             ("change appointment", "appointment 1", "starts-time\t15:00\t16:00"),
             "/appointments/1",
             "anna changed this appointment Starts at: 16:00 instead of 15:00"),
            (lambda: self.press("/playbook/ready/pause", reason="no lift"),
             ("pause rule", "rule ready", "no lift"), "/playbook/ready",
             "anna switched this rule off (no lift)"),
            (lambda: self.press("/playbook/ready/resume"),
             ("resume rule", "rule ready", None), "/playbook/ready",
             "anna switched this rule on"),
            (lambda: self.rule("/playbook/ready/edit", key_settle="2 hours", key_late="3 days"),
             ("change rule", "rule ready", "settle\t1 hour\t2 hours\nlate\t\t3 days"),
             "/playbook/ready",
             "anna changed this rule How long to wait in case of a slip: 2 hours instead of 1 hour "
             "How late it is still useful: 3 days"),
            (lambda: self.rule("/new-rule", name="thanks", key_on="job completes", key_by="email",
                               key_template="ready"),
             ("add rule", "rule thanks",
              "on\t\tjob completes\nby\t\temail\ntemplate\t\tready"),
             "/playbook/thanks", "anna made this rule What has to happen: job completes"),
            (lambda: self.rule("/playbook/thanks/edit", mode="delete"),
             ("delete rule", "rule thanks",
              "on\tjob completes\t\nby\temail\t\ntemplate\tready\t"), None, None),
            (lambda: self.text("save", text="Subject: Ready\n\nCome and see.\n"),
             ("change text", "text ready/en.email", None), "/templates/ready/en/email/versions",
             "anna changed this text"),
            (lambda: self.text("restore", version=self.version()),
             ("restore text", "text ready/en.email", None), "/templates/ready/en/email/versions",
             "anna put an earlier version of this text back"),
            (lambda: self.text("test", to="mikus@example.com",
                               text="Subject: Ready\n\nA draft.\n"),
             ("send test", "text ready/en.email", "mikus@example.com"),
             "/templates/ready/en/email/versions",
             "anna sent a test of this text to mikus@example.com"),
            (lambda: self.send("/staff/new", name="Zane", manager="1"),
             ("add staff", "staff 2", "name, manager, active"), "/staff/2",
             "anna added this member of staff"),
            (lambda: self.send("/staff/2/edit", email="zane@example.com", manager=""),
             ("change staff", "staff 2", "email, manager"), "/staff/2",
             "anna changed this entry: E-mail, Manager"),
            (lambda: self.press("/pause", reason="flood"), ("pause", None, "flood"), "/account",
             "anna paused all sending (flood)"),
            (lambda: self.press("/resume"), ("resume", None, None), "/account",
             "anna let sending go on"),
            (lambda: self.send("/calendars", whose="business"),
             ("publish calendar", "calendar 1", None), "/account",
             "anna made a link to the calendar of everybody"),
            (lambda: self.send("/calendars", whose="1"),
             ("publish calendar", "calendar 2", "Mikus"), "/account",
             "anna made a link to the calendar of Mikus"),
            (lambda: self.press("/calendars/2/revoke"),
             ("revoke calendar", "calendar 2", "Mikus"), "/account",
             "anna ended a link to the calendar of Mikus"),
            (lambda: self.press("/calendars/1/revoke"),
             ("revoke calendar", "calendar 1", None), "/account",
             "anna ended a link to the calendar of everybody"),
            (lambda: self.press("/account/elsewhere"),
             ("sign out elsewhere", None, None), "/account", ""),
            (lambda: self.press("/account/addresses", email="anna@example.com", phone="",
                                now=PASSWORD),
             ("change own addresses", "user anna", None), "/account",
             "anna changed their own addresses"),
            (lambda: self.send("/account", "/account/password", now=PASSWORD, new=OTHER_PASSWORD,
                               again=OTHER_PASSWORD),
             ("change password", "user anna", None), "/account",
             "anna changed their own password"),
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
        page = unescape(text_of(self.anna.get("/account").text))
        for words in ("let berta use this page, as staff", "gave berta another role: reader",
                      "changed the password of berta", "took berta off this page"):
            self.assertIn("“betimes user” on the command line " + words, page)

    def test_what_is_older_or_gone_still_has_a_line(self):
        self.its.sql("INSERT INTO client (name) VALUES ('Ilze')")
        for about, action, detail in (
            ("client 1", "message cancelled", "message 77"),
            ("client 1", "task opened again", "task 77"),
            ("client 1", "client changed", "nobody knows, name"),
            ("user anna", "change role", "chief"),
            (None, "publish calendar", "7"),
            ("rule ready", "change rule", "late: 1 day -> 2 days"),
            ("rule ready", "change rule", "gone\t1\t" + "long " * 40),
        ):
            about = f"'{about}'" if about else "NULL"
            self.its.sql("INSERT INTO audit (at_ms, user, action, about, detail) "
                         f"VALUES (0, 'berta', '{action}', {about}, '{detail}')")
        for path, lines in (
            ("/clients/1", ("berta cancelled a message", "berta opened a task again",
                            "berta changed the record: Name")),
            ("/account", ("berta gave anna another role", "berta made a link to a calendar")),
            ("/playbook/ready", ("berta changed this rule (late: 1 day -> 2 days)",
                                 "gone: " + "long " * 16 + "… instead of 1 In full")),
        ):
            page = unescape(text_of(self.anna.get(path).text))
            for line in lines:
                self.assertIn(line, page)
        self.assertNotIn("77", text_of(self.anna.get("/clients/1").text))

    def test_what_is_refused_is_not_written_down(self):
        self.send("/clients/new", name=" ")
        self.text("save", text="{{nobody}}")
        self.press("/jobs/change", id="77", stage="Ready", do="save")
        self.press("/messages/77/cancel")
        self.assertEqual(self.last(), self.seen)
