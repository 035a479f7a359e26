"""What can be done on Today: tasks, messages that wait or failed, rules and calendars that ask."""

import re

from harness import BUSINESS, CONF, MailServer, ShopTest, wait_until
from web_browser import PASSWORD, Browser, free_port

PLAYBOOK = """
[workflow repair]
stages = New, Ready, Collected
done = Collected

[rule ready]
on = job enters Ready
by = email
require = job.title

[rule call]
on = job enters Collected
by = task
"""
WORDS = {
    "ready/en.email": "Subject: Ready\n\n{{job.title}} is ready, {{client.name}}.\n",
    "call/en.sms": "Call {{client.name}}",
}


class TodayPage(ShopTest):
    def page(self, conf=CONF, playbook=PLAYBOOK):
        self.port = free_port()
        conf += f"\n[web]\nlisten = 127.0.0.1:{self.port}\n"
        self.its = self.shop(conf=conf, playbook=playbook, templates=WORDS)
        for name, role in (("anna", "manager"), ("sam", "staff"), ("rita", "reader")):
            self.its.run("user", "add", name, "--role", role, stdin=PASSWORD + "\n")
        self.its.start()
        self.sam = Browser(self.port).sign_in("sam")
        self.its.sql("INSERT INTO client (name, email) VALUES ('Ilze', 'ilze@example.com');")
        return self.its

    def action(self, what, browser=None):
        """Where the first button of this sort leads; waits until there is one."""
        found = []

        def look():
            page = (browser or self.sam).get("/").text
            found[:] = re.findall(rf'action="(/\w+/\d+/{what})"', page)
            return found

        wait_until(f"a button to {what}", look, 15)
        return found[0]

    def press(self, action, browser=None):
        browser = browser or self.sam
        return browser.post(action, {"token": browser.token(), "back": "/"})

    def section(self, name, path="/"):
        page = self.sam.get(path).text
        part = re.search(rf'<section[^>]*"{name}(?:-title)?">.*?</section>', page, re.S)[0]
        return " ".join(re.sub(r"<[^>]+>", " ", part).split())

    def test_mistakes_in_the_files_need_a_person_and_are_no_green_day(self):
        self.page()
        self.assertIn("Messages are going out.", self.section("state"))
        self.its.write("playbook.conf", "[rule x]\non = the moon is full\n")
        wait_until("the mistakes", lambda: "See the mistakes" in self.section("needs"), 15)
        self.assertIn("by what was in force before", self.section("state"))
        self.assertNotIn('class="notice good"', self.sam.get("/").text)
        self.assertNotIn("All is well", self.sam.get("/").text)
        self.its.write("playbook.conf", PLAYBOOK)
        wait_until("its end", lambda: "Messages are going out." in self.section("state"), 15)

    def test_while_all_is_paused_a_clients_page_says_so(self):
        self.page()
        self.its.run("pause", "--reason", "fire drill")
        self.assertIn("Sending is paused: fire drill", self.section("coming", "/clients/1"))
        self.its.run("resume")
        self.assertNotIn("Sending is paused", self.section("coming", "/clients/1"))

    def test_what_the_staff_are_to_do_stands_apart_from_what_the_client_gets(self):
        self.page(playbook=PLAYBOOK + "[rule ring]\non = job enters Ready\nwhen = 2 hours after\n"
                                      "to = staff\nby = task\n")
        self.its.write("templates/ring/en.sms", "Ring {{client.name}}")
        self.its.sql("INSERT INTO job (client_id, stage, title) VALUES (1, 'Ready', 'Volvo');")
        self.its.wait_message(rule="ring", state="planned")
        self.assertRegex(self.section("coming", "/clients/1"),
                         "Nothing for the client. For the staff .* for staff: Ring "
                         "task → the office")
        self.assertIn("Ilze → the office", self.section("next"))

    def test_tests_to_oneself_are_not_among_what_went_out(self):
        self.page()
        self.its.run("send-test", "--to", "me@example.com")
        self.its.wait_message(rule="send-test", state="sent")
        self.assertIn("Nothing yet.", self.section("went"))

    def test_what_was_withdrawn_in_a_row_is_folded_and_can_be_opened(self):
        self.page()
        self.its.run("pause")
        self.its.sql("INSERT INTO job (client_id, stage, title) SELECT 1, 'Ready', value "
                     "FROM json_each('[1,2,3,4]');")
        wait_until("the messages", lambda: len(self.its.messages(rule="ready")) == 4, 15)
        self.its.run("cancel", "--rule", "ready")
        told = self.section("history", "/clients/1")
        self.assertIn("4 messages were withdrawn", told)
        page = self.sam.get("/clients/1").text
        folded = re.search(r'<details id="was-withdrawn-\d+">.*?</ul></details>', page, re.S)[0]
        self.assertEqual(folded.count(">cancelled<"), 4)

    def test_managers_see_who_paused_and_who_let_whom_in(self):
        self.page()
        anna = Browser(self.port).sign_in("anna")
        anna.post("/pause", {"token": anna.token(), "reason": "drill"})
        told = " ".join(re.sub(r"<[^>]+>", " ", anna.get("/account").text).split())
        self.assertIn("anna paused all sending", told)
        self.assertIn("“betimes user” on the command line let rita use this page, as reader", told)
        self.assertNotIn("paused all sending", self.sam.get("/account").text)

    def test_a_task_is_done_and_opened_again(self):
        self.page()
        self.its.sql("INSERT INTO job (client_id, stage) VALUES (1, 'Collected');")
        done = self.action("done")
        self.assertEqual(self.press(done).location, "/?said=done")
        row = self.its.query("SELECT done_by FROM task")[0]
        self.assertEqual(row["done_by"], "sam")
        self.assertIn("Done in the last 24 hours", self.sam.get("/").text)
        self.assertEqual(self.press(self.action("undo")).location, "/?said=undone")
        self.assertIsNone(self.its.query("SELECT done_by FROM task")[0]["done_by"])
        actions = [r["action"] for r in self.its.query("SELECT action FROM audit "
                                                       "WHERE about = 'client 1' ORDER BY id")]
        self.assertEqual(actions, ["task done", "task opened again"])

    def test_what_is_held_goes_when_its_cause_is_mended_and_it_is_released(self):
        self.page()
        self.its.sql("INSERT INTO job (client_id, stage) VALUES (1, 'Ready');")
        release = self.action("retry")
        self.its.sql("UPDATE job SET title = 'The Volvo';")
        self.its.wait_message(rule="ready", state="sent")
        self.assertEqual(self.press(release).location, "/?said=too-late")

    def test_what_is_held_is_cancelled_and_its_task_ends(self):
        self.page()
        self.its.sql("INSERT INTO job (client_id, stage) VALUES (1, 'Ready');")
        self.assertEqual(self.press(self.action("cancel")).location, "/?said=cancelled")
        self.its.wait_message(rule="ready", state="cancelled")
        self.its.sql("UPDATE job SET title = 'The Volvo';")
        self.assertNotIn("is held", self.sam.get("/").text)

    def test_what_failed_goes_again_once_its_cause_is_mended(self):
        server = self.enterContext(MailServer())
        self.page(conf=BUSINESS + server.section())
        self.its.sql("UPDATE client SET email = 'rcpt-550@example.com';"
                     "INSERT INTO job (client_id, stage, title) VALUES (1, 'Ready', 'The Volvo');")
        again = self.action("retry")
        self.assertIn("failed", self.sam.get("/").text)
        self.its.sql("UPDATE client SET email = 'ilze@example.com';")
        self.assertEqual(self.press(again).location, "/?said=again")
        self.its.wait_message(rule="ready", state="sent")
        self.assertEqual(server.received(1)[0].recipients, ["ilze@example.com"])

    def test_what_failed_is_left_so_and_out_of_the_way(self):
        server = self.enterContext(MailServer())
        self.page(conf=BUSINESS + server.section())
        self.its.sql("UPDATE client SET email = 'rcpt-550@example.com';"
                     "INSERT INTO job (client_id, stage, title) VALUES (1, 'Ready', 'The Volvo');")
        self.press(self.action("cancel"))
        message = self.its.wait_message(rule="ready", state="cancelled")
        self.assertRegex(message["reason"], "^left so by sam; .*550")

    def test_what_nobody_knows_of_counts_as_sent_when_a_person_says_so(self):
        self.page()
        self.its.run("pause")
        self.its.sql("INSERT INTO job (client_id, stage, title) VALUES (1, 'Ready', 'The Volvo');")
        wait_until("the message", lambda: self.its.query("SELECT * FROM message"), 10)
        self.its.stop()
        self.its.sql("UPDATE message SET state = 4, attempts = 1, address = 'ilze@example.com', "
                     "state_ms = unixepoch() * 1000;")
        self.its.run("resume")
        self.its.start()
        self.sam = Browser(self.port).sign_in("sam")
        self.assertEqual(self.press(self.action("gone")).location, "/?said=gone")
        self.its.wait_message(rule="ready", state="sent")
        rows = self.its.query("SELECT gateway, detail FROM attempt")
        self.assertEqual(rows, [{"gateway": "by hand", "detail": "sam says that it went out"}])

    def test_only_a_manager_says_yes_to_a_rule_that_asks(self):
        self.page()
        anna = Browser(self.port).sign_in("anna")
        row = "INSERT INTO task (key, text, created_ms) VALUES ('rule:ready', 'It asks.', 1);"
        self.its.sql("UPDATE rule SET paused_ms = 1, paused_by = 1, pause_reason = 'many' "
                     "WHERE name = 'ready';" + row)
        yes = self.action("yes", anna)
        self.assertNotIn("/yes", self.sam.get("/").text)
        self.assertEqual(self.press(yes).status, 403)
        self.assertEqual(self.press(yes, anna).location, "/?said=yes")
        paused = self.its.query("SELECT paused_ms FROM rule WHERE name = 'ready'")
        self.assertEqual(paused, [{"paused_ms": None}])
        self.assertEqual(self.press(yes, anna).location, "/?said=too-late")

    def test_a_reader_decides_nothing(self):
        self.page()
        self.its.sql("INSERT INTO job (client_id, stage) VALUES (1, 'Collected');")
        done = self.action("done")
        rita = Browser(self.port).sign_in("rita")
        self.assertNotIn("/tasks/", rita.get("/").text)
        self.assertEqual(self.press(done, rita).status, 403)
        for what in ("retry", "cancel", "gone"):
            self.assertEqual(self.press(f"/messages/1/{what}", rita).status, 403)
        self.assertIsNone(self.its.query("SELECT done_ms FROM task")[0]["done_ms"])

    def test_a_button_leads_back_to_a_page_of_ours_only(self):
        self.page()
        self.its.sql("INSERT INTO job (client_id, stage) VALUES (1, 'Collected');")
        done = self.action("done")
        for back in ("https://evil.example/", "//evil.example", "/\\evil", "", "x" * 600):
            answer = self.sam.post(done, {"token": self.sam.token(), "back": back})
            self.assertEqual(answer.location, "/?said=done")
