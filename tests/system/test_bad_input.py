"""Whatever people and programs get wrong ends in a clear sentence: nothing is lost, nothing
crashes, and everybody else's messages go on.
"""

import os
import re
import shutil
import sqlite3
import subprocess
import time
import unittest

from harness import CONF, FileGatewayFolder, Shop, ShopTest, BetimesError, slow, wait_until

PLAYBOOK = """
[workflow repair]
stages = New, Ready, Collected

[rule ready]
on = job enters Ready
by = sms

[rule mail]
on = job enters Collected
by = email
"""

WORDS = {"ready/en.sms": "{{client.name}}: {{job.title}} is ready",
         "mail/en.email": "Subject: {{client.name}}\n\n{{job.title}}\n"}

BROKEN_CONF = """\
[business]
name = Riverside Garage
timezone = Europe/Rigga
quiet = 25:00-08:00

[gateway files]
type = fil
path = out
"""

BROKEN_PLAYBOOK = """\
[workflow repair]
stages = New, Ready

[rule one]
on = job enters Reddy
by = sms

[rule two]
on = job enters Ready
when = soonish
if = job.amount >
colour = blue
"""


class BadInput(ShopTest):
    def make(self, **more):
        return self.shop(**{"playbook": PLAYBOOK, "templates": WORDS, **more})

    def job(self, shop, title="The Volvo", stage="Ready", **client):
        """A new client with a job; `client` are its columns, name and phone by default."""
        db = shop.connect()
        client = {"name": "Anna", "phone": "20000001", **client}
        try:
            db.execute("BEGIN")
            row = db.execute(f"INSERT INTO client ({', '.join(client)}) "
                             f"VALUES ({', '.join('?' * len(client))})", tuple(client.values()))
            db.execute("INSERT INTO job (client_id, stage, title) VALUES (?, ?, ?)",
                       (row.lastrowid, stage, title))
            db.execute("COMMIT")
        finally:
            db.close()

    def texts(self, shop):
        return [text.strip() for _, text in FileGatewayFolder(shop.out).texts()]

    def still_works(self, shop, **client):
        """An ordinary job is told as if nothing had happened."""
        before = len(self.texts(shop))
        self.job(shop, "The next car", **client)
        wait_until("the next text", lambda: len(self.texts(shop)) > before)
        self.assertIn("Anna: The next car is ready", self.texts(shop))


class Configuration(BadInput):
    def problems(self, shop):
        done = shop.run("check", status=1)
        return (done.stdout + done.stderr).replace(str(shop.dir) + "/", "")

    def test_everything_that_is_wrong_is_told_at_once_with_file_and_line(self):
        shop = self.make(conf=BROKEN_CONF, playbook=BROKEN_PLAYBOOK, templates={
            "one/en.sms": "Hello {{clint.name}}", "two/en.sms": "{{#job}} no end"})
        told = self.problems(shop)
        for line in ("betimes.conf:3", "betimes.conf:4", "betimes.conf:7", "playbook.conf:5",
                     "playbook.conf:10", "playbook.conf:11", "playbook.conf:12",
                     "templates/one/en.sms:1", "templates/two/en.sms:1"):
            self.assertRegex(told, rf"(?m)^{re.escape(line)}:(\d+: )? ?\S", line)
        for hint in ("Europe/Riga", "Ready", "client.name", "file"):
            self.assertIn(hint, told)

    def test_a_service_does_not_start_on_a_broken_configuration(self):
        for broken in ({"conf": BROKEN_CONF}, {"playbook": BROKEN_PLAYBOOK}):
            shop = self.make(**broken)
            shop.start(ready=False)
            shop.wait_end(1)
            self.assertRegex(shop.log(), r"(betimes|playbook)\.conf:\d+: ")

    def test_an_unknown_variable_is_an_error_with_place_and_the_nearest_name(self):
        words = {**WORDS, "ready/en.sms": "Dear\n{{client.name}} {{job.titel}}!"}
        shop = self.make(templates=words)
        told = self.problems(shop)
        self.assertRegex(told, r"templates/ready/en\.sms:2:\d+: .*job\.titel.*job\.title")

    def of_rules(self, rules, status=1, templates=None, **more):
        """What `check` says of these rules, which follow PLAYBOOK's; no line with the folder."""
        templates = {**WORDS, **(templates or {})}
        shop = self.make(playbook=PLAYBOOK + rules, templates=templates, **more)
        done = shop.run("check", status=status)
        return (done.stdout + done.stderr).replace(str(shop.dir) + "/", ""), shop

    def test_a_rule_that_can_never_work_is_no_rule(self):
        told, _ = self.of_rules(
            "[rule c]\non = no answer to redy\nwhen = 1 day after\ntemplate = ready\nby = sms\n")
        self.assertIn("`on`: there is no `[rule redy]`; did you mean `ready`?", told)
        told, _ = self.of_rules(
            "[rule a]\non = job enters Ready\ntemplate = ready\nby = sms\n"
            "require = job.title, job.plate, clint.name, appointment.starts\n"
            "if = appointment.status = 'booked'\n"
            "unless = (SELECT count(*) FROM appointment"
            " WHERE appointment.client_id = client.id) > 1\n"
            "[rule b]\non = appointment booked\nby = email\ntemplate = mail\n"
            "if = job.stage = 'New' AND answer.score < 3\n")
        lines = told.splitlines()[1:]
        for line in ("playbook.conf:16: `require`: no record has `job.plate`; did you mean "
                     "`job.fields.plate`?",
                     "playbook.conf:16: `require`: no record has `clint.name`; did you mean "
                     "`client.name`?",
                     "playbook.conf:16: `require`: `appointment.starts` never has a value here: "
                     "`[rule a]` is about a job, which has no appointment; leave it out, or every "
                     "message is held",
                     "playbook.conf:17: `if`: it asks of an appointment, and `[rule a]` is about a "
                     "job, which has none, so that it is never true; ask of what there is: client, "
                     "job, staff",
                     "playbook.conf:23: `if`: it asks of an answer, and `[rule b]` is about an "
                     "appointment, which has none, so that it is never true; ask of what there is: "
                     "client, appointment, job, staff"):
            self.assertIn(line, lines)
        self.assertEqual(len(lines), 5, told)

    def test_words_about_what_is_never_there_are_told(self):
        told, _ = self.of_rules("[rule a]\non = job opens\nby = sms\n", status=0, templates={
            "a/en.sms": "Hello\n{{client.name}}, {{appointment.starts | date}} {{job.title}}"})
        self.assertIn("templates/a/en.sms:2: warning: {{appointment.starts}} is always empty here: "
                      "`[rule a]` is about a job", told)
        told, _ = self.of_rules("[rule a]\non = job opens\nby = sms\n", templates={
            "a/en.sms": "{{appointment.starts | required | date}}"})
        self.assertIn("templates/a/en.sms:1: {{appointment.starts}} never has a value here", told)

    def test_words_that_a_visit_and_a_job_share_may_speak_of_either(self):
        told, _ = self.of_rules(
            "[rule a]\non = job opens\nby = sms\n"
            "[rule b]\non = appointment booked\nby = sms\ntemplate = a\n", status=0, templates={
                "a/en.sms": "{{#appointment}}{{starts}}{{/appointment}}{{client.name}}"})
        self.assertIn("nothing to mend", told)

    def test_a_department_that_nobody_is_in_is_told(self):
        shop = self.make(playbook=PLAYBOOK + "[rule a]\non = job opens\nby = task\n"
                         "to = department Prats\n", templates={**WORDS, "a/en.sms": "New job"})
        shop.sql("INSERT INTO staff (name, department) VALUES ('Zane', 'Parts')")
        done = shop.run("check")
        self.assertIn("`[rule a]`: nobody of the staff is in the department `Prats` (did you mean "
                      "`Parts`?), so that it gives the office a task", done.stdout + done.stderr)
        shop.sql("UPDATE staff SET department = 'Prats'")
        self.assertIn("nothing to mend", shop.run("check").stdout)

    def test_a_score_that_nobody_asks_for_is_told_once_there_are_clients(self):
        shop = self.make(playbook=PLAYBOOK + "[rule a]\non = survey below 3\nby = task\n"
                         "to = staff\n", templates={**WORDS, "a/en.sms": "Unhappy"})
        self.assertIn("nothing to mend", shop.run("check").stdout)
        shop.sql("INSERT INTO client (ref, name) VALUES ('c1', 'Anna')")
        self.assertIn("`[rule a]` waits for a score", shop.run("check").stderr)
        shop.sql("INSERT INTO answer (client_id, score) VALUES (1, 5)")
        self.assertIn("nothing to mend", shop.run("check").stdout)

    def test_a_channel_of_a_rule_that_no_gateway_carries_is_told(self):
        told, _ = self.of_rules(
            "[rule a]\non = job opens\nby = sms then email\n", status=0,
            templates={"a/en.sms": "Hello", "a/en.email": "Subject: Hello\n\nHello"},
            conf=CONF.replace("type = file", "type = file\nchannels = email"))
        self.assertIn("`[rule a]`: no gateway in betimes.conf carries SMS, so that its messages "
                      "wait for one until it is too late; write `by = email`, or a gateway", told)

    def test_a_secret_that_everybody_can_read_is_pointed_out_but_never_shown(self):
        shop = self.make(conf=CONF + "\n[gateway mail]\ntype = smtp\nurl = smtp://localhost:1\n"
                         "from = a@example.com\nuser = u\npassword-file = word\n")
        shop.write("word", "t0p-s3cret\n").chmod(0o644)
        done = shop.run("check", status=None)
        self.assertIn("word", done.stdout + done.stderr)
        self.assertNotIn("t0p-s3cret", done.stdout + done.stderr)

    def test_no_folder_no_configuration(self):
        shop = self.make()
        for folder in (shop.home / "nowhere", shop.home):
            for command in ("check", "run", "outbox", "status"):
                done = subprocess.run([*shop.betimes.argv(command)[:2], "-c", folder],
                                      capture_output=True, text=True, timeout=slow(20), check=False)
                self.assertIn(done.returncode, (1, 2), (command, done))
                self.assertRegex(done.stderr + done.stdout, r"betimes init|no such|here is no")

    def test_binary_garbage_is_no_configuration(self):
        for name in ("betimes.conf", "playbook.conf", "templates/ready/en.sms"):
            with self.subTest(name):
                shop = self.make()
                (shop.dir / name).write_bytes(bytes(range(256)) * 40)
                told = self.problems(shop)
                self.assertIn(name, told)


class Reload(BadInput):
    def rules(self, shop):
        return [r["name"] for r in shop.query("SELECT name FROM rule WHERE present ORDER BY name")]

    def refused(self, shop, name, text):
        """Save something broken: the old stays in force, and it is said."""
        good = (shop.dir / name).read_text()
        shop.write(name, text)
        shop.wait_log("reload refused")
        wait_until("the status", lambda: "refused" in (shop.notify.last("STATUS") or ""))
        self.still_works(shop)
        shop.write(name, good)
        shop.wait_log(r"(?s)reload refused.*reloaded")
        wait_until("the status", lambda: "refused" not in shop.notify.last("STATUS"))
        self.still_works(shop)

    def wait_words(self, shop, words):
        """Until what happens now is told in these words. (How many reloads several saves make
        depends on how quickly they follow each other.)"""
        def told():
            before = len(self.texts(shop))
            self.job(shop)
            wait_until("a text", lambda: len(self.texts(shop)) > before)
            return words in self.texts(shop)

        wait_until(f"the words “{words}”", told, 20)

    def test_a_broken_configuration_is_refused_and_the_old_one_stays(self):
        shop = self.make().start()
        self.refused(shop, "betimes.conf", BROKEN_CONF)

    def test_a_broken_playbook_is_refused_and_the_old_one_stays(self):
        shop = self.make().start()
        self.refused(shop, "playbook.conf", BROKEN_PLAYBOOK)
        self.assertEqual(self.rules(shop), ["mail", "ready"])

    def test_a_broken_template_is_refused_and_the_old_one_stays(self):
        shop = self.make().start()
        self.refused(shop, "templates/ready/en.sms", "{{client.nam}} {{#job}}")

    def test_a_saved_file_takes_effect_by_itself(self):
        shop = self.make().start()
        shop.write("templates/ready/en.sms", "New words")
        shop.wait_log("reloaded")
        self.job(shop)
        wait_until("the new words", lambda: self.texts(shop) == ["New words"])

    def test_a_file_that_is_edited_in_place_takes_effect_by_itself(self):
        shop = self.make().start()
        with open(shop.dir / "playbook.conf", "a", encoding="utf-8") as f:
            f.write("\n[rule more]\non = job opens\n")
            f.flush()
            f.write("by = sms\ntemplate = ready\n")
        wait_until("the rule", lambda: "more" in self.rules(shop))

    def test_a_sighup_reloads(self):
        shop = self.make().start()
        shop.append("playbook.conf", "\n[rule more]\non = job opens\nby = sms\ntemplate = ready\n")
        shop.reload()
        wait_until("the rule", lambda: "more" in self.rules(shop))

    def test_a_new_folder_of_words_is_seen_as_well(self):
        shop = self.make().start()
        shop.write("templates/more/en.sms", "More words")
        shop.append("playbook.conf", "\n[rule more]\non = job opens\nby = sms\n")
        wait_until("the rule", lambda: "more" in self.rules(shop))
        shop.write("templates/more/en.sms", "Better words")
        self.wait_words(shop, "Better words")

    def test_a_folder_that_takes_anothers_place_is_watched_as_that_was(self):
        for name in ("templates/ready", "templates"):
            with self.subTest(name):
                shop = self.make().start()
                folder, new = shop.dir / name, shop.home / "new"
                words = folder.joinpath("en.sms" if name.endswith("y") else "ready/en.sms")
                shutil.copytree(folder, new)
                new.joinpath(words.relative_to(folder)).write_text("New words")
                folder.rename(shop.home / "old")
                new.rename(folder)
                shop.wait_log("reloaded")
                words.write_text("Better words")
                self.wait_words(shop, "Better words")

    def test_a_hundred_reloads_lose_nothing(self):
        shop = self.make().start()
        for i in range(20):
            shop.service.send_signal(1)
            self.job(shop, f"Car {i}")
        wait_until("20 texts", lambda: len(self.texts(shop)) >= 20)
        shop.wait_absorbed()
        self.assertEqual(sorted(self.texts(shop)),
                         sorted(f"Anna: Car {i} is ready" for i in range(20)))


class Rows(BadInput):
    def refused(self, shop, sql, word):
        with self.assertRaises(BetimesError) as caught:
            shop.sql(sql)
        self.assertIn(word, str(caught.exception))

    def test_what_makes_no_sense_is_refused_at_the_writers_own_insert(self):
        shop = self.make().start()
        shop.sql("INSERT INTO client (id, name) VALUES (1, 'Anna')")
        visit = "INSERT INTO appointment (client_id, starts) VALUES (1, {})"
        self.refused(shop, "INSERT INTO appointment (client_id) VALUES (1)", "starts")
        for starts in ("NULL", "''", "'tomorrow'", "'2026-12-08 15:00:00'", "'2026-02-30T10:00'",
                       "'2026-12-08T25:00'", "20261208"):
            self.refused(shop, visit.format(starts), "starts")
        self.refused(shop, "INSERT INTO job (client_id, stage) VALUES (1, ' ')", "stage")
        self.refused(shop, "INSERT INTO job (client_id, stage, amount) VALUES (1, 'New', '12,50')",
                     "amount")
        self.refused(shop, "INSERT INTO client (name) VALUES ('')", "name")
        self.refused(shop, "INSERT INTO client (name, fields) VALUES ('A', '{oops')", "fields")
        self.refused(shop, "INSERT INTO client (name, channel) VALUES ('A', 'pigeon')", "channel")
        self.refused(shop, "UPDATE consent SET state = 'in'; INSERT INTO consent (client_id, "
                     "channel, purpose, state) VALUES (1, 'sms', 'service', 'maybe')", "state")
        self.still_works(shop)

    def test_a_name_with_line_breaks_is_refused_by_the_database(self):
        shop = self.make().start()
        for name in ("Anna\r\nBcc: all@example.com", "Anna\nB", "Anna\x1b[2J"):
            with self.assertRaises(sqlite3.IntegrityError):
                self.job(shop, name=name)
        self.still_works(shop)

    def test_a_line_break_that_got_in_by_force_makes_no_header(self):
        """A writer switches the checks off, a title has line breaks: neither becomes a header."""
        shop = self.make().start()
        db = shop.connect()
        db.execute("PRAGMA ignore_check_constraints = ON")
        db.execute("INSERT INTO client (id, name, email) VALUES "
                   "(1, 'Anna' || char(13, 10) || 'Bcc: all@example.com', 'anna@example.com')")
        db.execute("INSERT INTO job (client_id, stage, title) VALUES "
                   "(1, 'Collected', 'x' || char(13, 10, 13, 10, 46, 13, 10) || 'MAIL FROM:<a@b>')")
        db.close()
        wait_until("an end", lambda: {"held", "sent", "failed"} & set(shop.states(rule="mail")))
        for mail in FileGatewayFolder(shop.out).mails():
            self.assertNotIn("Bcc", mail)
            self.assertEqual(len(mail.get_all("Subject")), 1)
        self.still_works(shop)

    def test_an_unknown_stage_is_one_task_and_no_message(self):
        shop = self.make().start()
        for i in range(5):
            self.job(shop, stage="Redy")
        shop.wait_absorbed()
        tasks = shop.query("SELECT text FROM task")
        self.assertEqual(len(tasks), 1)
        self.assertIn('"Redy"', tasks[0]["text"])
        self.assertEqual(shop.messages(), [])
        self.still_works(shop)

    def test_a_stage_that_is_corrected_is_told(self):
        shop = self.make().start()
        self.job(shop, stage="Redy")
        shop.sql("UPDATE job SET stage = 'Ready'")
        wait_until("the text", lambda: self.texts(shop) == ["Anna: The Volvo is ready"])

    def test_no_address_at_all_is_shown_with_the_reason(self):
        for empty in ("", None):
            shop = self.make().start()
            self.job(shop, phone=empty)
            message = shop.wait_message(rule="ready", state="skipped")
            self.assertTrue(message["reason"])
            self.still_works(shop)

    def test_a_wrong_number_fails_with_the_reason_and_is_told_once_it_is_mended(self):
        shop = self.make().start()
        self.job(shop, phone="12345")
        message = shop.wait_message(rule="ready", state="failed")
        self.assertIn("too short", message["reason"])
        shop.sql("UPDATE client SET phone = '+371 2000-0001'")
        wait_until("the text", lambda: self.texts(shop) == ["Anna: The Volvo is ready"])
        self.assertEqual(shop.states(rule="ready"), {"sent": 1})

    def test_a_note_of_ten_megabytes_harms_nobody(self):
        shop = self.make().start()
        self.job(shop, notes="n" * 10_000_000)
        wait_until("the text", lambda: self.texts(shop) == ["Anna: The Volvo is ready"])
        shop.json("outbox", "--all")

    def test_a_title_of_ten_megabytes_is_held_and_told_to_a_person(self):
        shop = self.make().start()
        self.job(shop, title="t" * 10_000_000)
        message = shop.wait_message(rule="ready", state="held")
        self.assertTrue(message["reason"])
        self.assertEqual(len(shop.query("SELECT * FROM task")), 1)
        self.still_works(shop)
        shop.sql("UPDATE job SET title = 'Short' WHERE length(title) > 100")
        wait_until("the text", lambda: "Anna: Short is ready" in self.texts(shop))

    def test_of_a_title_with_a_nul_nothing_goes_out_that_stands_behind_it(self):
        shop = self.make().start()
        self.job(shop, title="The Volvo\0\r\nBcc: all@example.com")
        wait_until("the text", lambda: self.texts(shop) == ["Anna: The Volvo is ready"])

    def test_bytes_that_are_no_text_harm_nobody(self):
        shop = self.make().start()
        db = shop.connect()
        db.execute("INSERT INTO client (id, name, phone) "
                   "VALUES (1, CAST(x'416EFF6E61' AS TEXT), '20000001')")
        db.execute("INSERT INTO job (client_id, stage, title) VALUES (1, 'Ready', x'C328')")
        db.close()
        wait_until("an end", lambda: {"held", "sent"} & set(shop.states(rule="ready")))
        for path in shop.out.glob("sms/*.txt"):
            path.read_text(encoding="utf-8")
        shop.json("outbox", "--all")
        self.still_works(shop)

    def test_values_are_never_templates(self):
        shop = self.make().start()
        self.job(shop, title="{{client.phone}} {{> x}} {{#a}}")
        wait_until("the text", lambda: self.texts(shop) ==
                   ["Anna: {{client.phone}} {{> x}} {{#a}} is ready"])


class Database(BadInput):
    def told(self, shop, word, command="run"):
        """The command ends by itself, says what is wrong, and with status 2."""
        if command == "run":
            shop.start(ready=False)
            shop.wait_end(2)
            self.assertRegex(shop.log(), word)
            return
        done = shop.run(command, status=None)
        self.assertIn(done.returncode, (1, 2))
        self.assertRegex(done.stderr + done.stdout, word)

    def test_a_missing_database_is_told_and_not_made_anew(self):
        shop = self.make()
        shop.database.unlink()
        for command in ("run", "outbox"):
            self.told(shop, r"betimes\.db.*(init|no such|not there|there is no)", command)
        self.assertFalse(shop.database.exists())

    def test_a_file_that_is_no_database_is_told_and_left_alone(self):
        shop = self.make()
        for junk in (b"Dear diary,\n" * 1000, b""):
            shop.database.write_bytes(junk)
            for command in ("run", "outbox"):
                self.told(shop, r"betimes\.db", command)
            self.assertEqual(shop.database.read_bytes(), junk)

    def test_somebody_elses_database_is_told_and_left_alone(self):
        shop = self.make()
        shop.database.unlink()
        with sqlite3.connect(shop.database) as db:
            db.execute("CREATE TABLE client (id)")
        db.close()
        before = shop.database.read_bytes()
        for command in ("run", "outbox"):
            self.told(shop, r"betimes\.db", command)
        self.assertEqual(shop.database.read_bytes(), before)

    @unittest.skipIf(shutil.which("setpriv") is None, "needs setpriv")
    @unittest.skipUnless(os.geteuid() == 0, "only root may become somebody else")
    def test_a_read_only_database_is_told(self):
        shop = self.make()
        shop.open_to(None)
        argv = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                *shop.betimes.argv("run")]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=slow(20), check=False,
                              cwd="/")
        self.assertEqual(done.returncode, 2, done)
        self.assertRegex(done.stderr, r"betimes\.db.*(ermission|read-only|readonly|written)")

    def test_a_database_that_is_locked_at_the_start_is_waited_for_or_told(self):
        shop = self.make()
        db = shop.connect()
        db.execute("BEGIN IMMEDIATE")
        shop.start(ready=False)
        time.sleep(1)
        db.execute("COMMIT")
        db.close()
        wait_until("READY=1", lambda: shop.notify.has("READY=1"))
        self.still_works(shop)

    def test_a_database_that_stays_locked_is_told_and_work_goes_on_when_it_is_free(self):
        shop = self.make().start()
        db = shop.connect()
        db.execute("INSERT INTO client (id, name, phone) VALUES (1, 'Anna', '20000001')")
        db.execute("INSERT INTO job (client_id, stage, title) VALUES (1, 'New', 'The Volvo')")
        shop.wait_absorbed()
        db.execute("BEGIN EXCLUSIVE")
        db.execute("UPDATE job SET stage = 'Ready'")
        time.sleep(0.5)
        shop.append("templates/ready/en.sms", "!")  # a reload while it is locked
        time.sleep(0.5)
        db.execute("COMMIT")
        db.close()
        wait_until("the text", lambda: [t.rstrip("!") for t in self.texts(shop)] ==
                   ["Anna: The Volvo is ready"])

    def test_a_second_service_stands_back(self):
        shop = self.make().start()
        other = Shop(init=False)
        self.addCleanup(self._close, other)
        shutil.rmtree(other.dir, ignore_errors=True)
        other.dir.symlink_to(shop.dir)
        other.start()
        other.wait_log("standing by")
        self.job(shop)
        wait_until("the text", lambda: self.texts(shop))
        shop.wait_absorbed()
        self.assertEqual(len(self.texts(shop)), 1)
        other.stop()

    def test_a_folder_that_cannot_be_written_loses_nothing(self):
        shop = self.make().start()
        away = shop.out.rename(shop.home / "away")
        shop.out.write_text("not a folder")
        self.job(shop)
        shop.wait_message(rule="ready", state="retry")
        shop.out.unlink()
        away.rename(shop.out)
        wait_until("the text", lambda: self.texts(shop) == ["Anna: The Volvo is ready"], 20)

    def test_a_folder_that_cannot_be_made_is_told_at_the_start(self):
        shop = self.make()
        shop.out.write_text("not a folder")
        self.told(shop, "gateway files.*out")
