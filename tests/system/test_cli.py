"""The command line: usage, the commands that begin and look before anything goes, bad databases."""

import json
import os
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

from cli_shop import PLAYBOOK, CliTest
from harness import Betimes, Shop, wait_until
from harness.shop import PROGRAM

COMMANDS = ["demo", "init", "run", "check", "forecast", "simulate", "preview", "render",
            "send-test", "status", "outbox", "history", "why", "retry", "cancel", "pause", "resume"]
READERS = ["check", "forecast", "simulate", "preview", "status", "outbox", "history", "why"]


class Usage(CliTest):
    def test_help_lists_every_command(self):
        told = Betimes().run("", "--help").stdout
        for command in COMMANDS:
            self.assertRegex(told, rf"(?m)^  {command} +[A-Z]")
        self.assertLessEqual(max(map(len, told.splitlines())), 86)
        self.assertEqual(Betimes().run("help").stdout, told)

    def test_each_command_has_help_that_fits_the_terminal(self):
        for command in COMMANDS:
            told = Betimes().run(command, "--help").stdout
            self.assertTrue(told.startswith(f"betimes {command}"), told)
            self.assertEqual(Betimes().run("help", command).stdout, told)
            self.assertIn("-c DIR", told)
            self.assertEqual("--json" in told, command in READERS, command)
            for line in told.splitlines():
                self.assertLessEqual(len(line), 90, line)

    def test_the_version_is_told(self):
        self.assertRegex(Betimes().run("", "--version").stdout, r"^betimes \d+\.\d+\.\d+\n$")

    def test_nothing_at_all_is_wrong(self):
        done = subprocess.run([PROGRAM], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("betimes --help", done.stderr)

    def test_a_misspelt_command_is_told_with_the_nearest(self):
        self.refused(None, "there is no command outbux; did you mean outbox?", "outbux")
        self.refused(None, "there is no command zzzz; `betimes --help`", "zzzz")
        self.refused(None, "did you mean history?", "help", "histroy")

    def test_a_misspelt_option_is_told_with_the_nearest(self):
        shop = self.made()
        self.refused(shop, "no option --cleint; did you mean --client?", "outbox", "--cleint", "x")
        self.refused(shop, "no option --days", "status", "--days", "3")
        self.refused(shop, "--limit needs a value", "outbox", "--limit")
        self.refused(shop, "from 1 to", "forecast", "--days", "soon")
        self.refused(shop, "`extra` is too much here", "status", "extra")

    def test_the_folder_may_stand_before_the_command(self):
        shop = self.made()
        done = Betimes().run("", "-c", shop.dir, "outbox", "--json")
        self.assertEqual(json.loads(done.stdout), [])

    def test_the_present_folder_is_taken_if_it_has_a_configuration(self):
        shop = self.made()
        done = subprocess.run([PROGRAM, "status"], cwd=shop.dir, capture_output=True, text=True,
                              check=True)
        self.assertIn("2 clients", done.stdout)

    def test_a_folder_that_is_none_is_told(self):
        self.refused(None, "/nowhere/at/all: there is no such folder", "outbox", "-c",
                     "/nowhere/at/all")
        with tempfile.TemporaryDirectory() as folder:
            self.refused(None, "there is no betimes.conf", "status", "-c", folder)

    def test_no_colour_and_no_cut_in_a_pipe(self):
        shop = self.planned()
        told = shop.run("outbox", env={"COLUMNS": "20", "TERM": "xterm"}).stdout
        self.assertNotIn("\x1b", told)
        self.assertNotIn("…", told)
        self.assertIn("appointment a12, Brake check", told)


class Init(CliTest):
    def fresh(self):
        shop = Shop(conf=None, init=False)
        self.addCleanup(shop.close)
        return shop

    def test_a_new_folder_is_in_order(self):
        shop = self.fresh()
        told = Betimes().run("init", shop.dir).stdout
        self.assertIn(f"betimes check -c {shop.dir}", told)
        for name in ("betimes.conf", "playbook.conf", "betimes.db", "providers/twilio.conf",
                     "templates/_shared/layout.html"):
            self.assertTrue((shop.dir / name).is_file(), name)
        self.assertIn("nothing to mend", shop.run("check").stdout)
        self.assertEqual(shop.json("status")["clients"], 0)

    def test_rules_of_which_nothing_went_and_nothing_waits_are_no_table_of_zeros(self):
        shop = Shop(playbook="[workflow repair]\nstages = New, Ready\n\n[rule ready]\n"
                             "on = job enters Ready\nby = sms\n",
                    templates={"ready/en.sms": "Ready"})
        self.addCleanup(shop.close)
        shop.start()
        wait_until("the trials of the rules to end",
                   lambda: not any(r["on_trial"] for r in shop.json("status")["rules"]))
        self.assertGreater(len(shop.json("status")["rules"]), 0)
        self.assertNotIn("waiting", shop.run("status").stdout)
        name = shop.json("status")["rules"][0]["rule"]
        shop.run("pause", name)
        self.assertRegex(shop.run("status").stdout, f"{name} .*0 .*0 .*paused")

    def test_what_is_there_is_never_overwritten(self):
        shop = self.fresh()
        mine = shop.write("playbook.conf", "; mine\n")
        told = Betimes().run("init", "-c", shop.dir).stdout
        self.assertEqual(mine.read_text(), "; mine\n")
        self.assertRegex(told, r"Stayed as they were:\n  playbook.conf\n")
        (shop.dir / "betimes.conf").unlink() # as when an init was interrupted
        told = Betimes().run("init", "-c", shop.dir).stdout
        self.assertRegex(told, r"Stayed as they were:\n  templates/ \(\d+ files\)\n  providers/ "
                               r"\(\d+ files\)\n  playbook.conf\n")
        before = {p: p.read_bytes() for p in shop.dir.rglob("*") if p.is_file()}
        told = Betimes().run("init", "-c", shop.dir).stdout
        self.assertIn("Everything is there already", told)
        self.assertEqual({p: p.read_bytes() for p in shop.dir.rglob("*") if p.is_file()}, before)

    def test_a_folder_with_a_configuration_gets_its_database_alone(self):
        shop = self.fresh()
        shop.write("betimes.conf", "[business]\nname = X\n[database]\npath = data/rows.db\n")
        Betimes().run("init", "-c", shop.dir)
        self.assertEqual(sorted(str(p.relative_to(shop.dir)) for p in shop.dir.rglob("*")),
                         ["betimes.conf", "data", "data/rows.db"])

    def test_samples_that_are_nowhere_are_told(self):
        shop = self.fresh()
        done = Betimes().run("init", shop.dir, status=2, env={"BETIMES_SHARE": "/nowhere"})
        self.assertIn("BETIMES_SHARE", done.stderr)

    def test_a_folder_that_cannot_be_made_is_told(self):
        self.refused(None, "Not a directory", "init", "/dev/null/shop", status=2)

    @unittest.skipUnless(os.geteuid() == 0, "only root may give a folder to a group")
    def test_the_database_of_the_group_is_for_all_its_members(self):
        try:
            import grp
            group = grp.getgrnam("betimes").gr_gid
        except KeyError:
            self.skipTest("there is no group betimes on this machine")
        shop = self.fresh()
        data = shop.home / "data"
        data.mkdir()
        os.chown(data, 0, group)
        shop.write("betimes.conf", f"[business]\nname = X\n[database]\npath = {data}/b.db\n")
        Betimes().run("init", "-c", shop.dir)
        self.assertEqual(stat.S_IMODE(data.stat().st_mode), 0o2770)
        self.assertEqual(stat.S_IMODE((data / "b.db").stat().st_mode), 0o660)
        self.assertEqual((data / "b.db").stat().st_gid, group)


class Check(CliTest):
    def test_a_good_configuration_is_summed_up(self):
        done = self.made().run("check")
        self.assertRegex(done.stdout, r"^1 workflow, 2 rules, \d languages; nothing to mend\.\n$")
        self.assertEqual(done.stderr, "")

    def test_every_problem_is_told_at_once_with_file_and_line(self):
        shop = self.made()
        shop.append("betimes.conf", "colour = red\n")
        shop.append("playbook.conf", "[rule rady]\non = job enters Reddy\n"
                    "[rule odd]\non = job opens\nif = client.nmae = 1\ntemplate = ready\nby = sms\n"
                    "[rule wordless]\non = job opens\n")
        shop.write("templates/ready/lv.sms", "{{client.nam}}")
        shop.write("templates/ready/ru.sms", "{{#client.name}}")
        done = shop.run("check", status=1)
        for words in (r"betimes\.conf:\d+: .*colour", r"playbook\.conf:\d+: .*`Reddy`.*`Ready`",
                      r"templates/ready/ru\.sms:1:1: "):
            self.assertRegex(done.stderr, words)
        self.assertRegex(done.stdout, r"\d errors to mend")

        shop = self.made()
        shop.append("playbook.conf", "[rule odd]\non = job opens\nif = client.nmae = 1\n"
                    "template = ready\nby = sms\n[rule wordless]\non = job opens\n"
                    "[rule mail]\non = job opens\nby = email\ntemplate = ready\n")
        shop.write("templates/ready/lv.sms", "{{client.nam}}")
        (shop.dir / "templates/ready/en.email").unlink()
        done = shop.run("check", status=1)
        for words in (r"playbook\.conf:\d+: `if`: .*nmae", r"ready/lv\.sms:1:\d+: .*client\.name",
                      r"playbook\.conf:\d+: `\[rule wordless\]` has no words"):
            self.assertRegex(done.stderr, words)

    def test_languages_that_nobody_has_words_for_are_told(self):
        shop = self.made()
        self.assertEqual(shop.json("status")["clients_in_other_languages"], 0)
        shop.sql("UPDATE client SET language = 'pt-BR' WHERE ref = 'c7'; "
                 "UPDATE client SET language = 'en-GB' WHERE ref = 'c8'")
        self.assertIn("1 client has a language that no template is in (pt-BR) and is written to in "
                      "`en`: Anna Ozola (c7)", shop.run("check").stderr)
        self.assertEqual(shop.json("status")["clients_in_other_languages"], 1)
        self.assertRegex(shop.run("status").stdout, "1 client with a language .*: pt-BR")
        shop.write("templates/ready/pt.sms", "Pronto, {{client.name}}.")
        self.assertNotIn("pt-BR", shop.run("check").stderr)
        self.assertNotIn("pt-BR", shop.run("status").stdout)

    def test_time_zones_that_nobody_knows_are_told_with_one_who_has_them(self):
        shop = self.made()
        shop.sql("UPDATE client SET timezone = 'Europe/Londn'; "
                 "INSERT INTO staff (name, timezone) VALUES ('Juris', 'Europe/Riga'), "
                 "('Zane', 'Nowhere'); "
                 "UPDATE appointment SET ref = 'visit', timezone = 'Asia/Tokio'")
        texts = [p["text"] for p in shop.json("check")]
        self.assertEqual(len(texts), 3, texts)
        self.assertRegex(texts[0], r"^2 clients have the time zone `Europe/Londn`, which this "
                                   r"system does not know, so that the business's counts; did you "
                                   r"mean `Europe/London`\? \w.* \(c\d\) and 1 more$")
        self.assertEqual(texts[1], "1 member of staff has the time zone `Nowhere`, which this "
                                   "system does not know, so that the business's counts: Zane (#2)")
        self.assertRegex(texts[2], r"^1 appointment has .*Asia/Tokio.* no message about its time "
                                   r"is planned; did you mean `Asia/Tokyo`\? visit$")
        shop.sql("UPDATE client SET timezone = 'Europe/London'; "
                 "DELETE FROM staff; UPDATE appointment SET timezone = ''")
        self.assertEqual(shop.json("check"), [])
        shop.sql("".join(f"INSERT INTO client (name, timezone) VALUES ('X', 'Moon/Crater{i}');"
                         for i in range(9)))
        self.assertEqual(len(shop.json("check")), 5)

    def test_a_language_that_only_some_messages_are_in_is_told(self):
        shop = self.made()
        shop.sql("UPDATE client SET language = 'lv-LV' WHERE ref = 'c7'")
        shop.write("templates/ready/lv.sms", "Jūsu {{job.title}} ir gatavs.")
        told = shop.run("check")
        self.assertIn("templates: warning: `lv`: 1 of 2 rules that write to clients lacks words in "
                      "it, so that 1 client gets those in `en`: write reminder/lv.email\n",
                      told.stderr)
        self.assertIn("1 warning, nothing that has to be mended", told.stdout)
        self.assertEqual([p["severity"] for p in shop.json("check")], ["warning"])
        shop.write("templates/reminder/lv.email", "Subject: Gaidām\n\nGaidām jūs.")
        self.assertEqual(shop.json("check"), [])

    def test_a_language_that_lacks_much_is_told_in_a_line_of_limited_length(self):
        shop = self.made()
        names = [f"more{i}" for i in range(9)]
        shop.append("playbook.conf", "".join(f"[rule {n}]\non = job opens\nby = sms\n"
                                             for n in names))
        for name in names:
            shop.write(f"templates/{name}/en.sms", "Hello")
        shop.write("templates/ready/lv.sms", "Jūsu {{job.title}} ir gatavs.")
        self.assertEqual(shop.json("check"), [])  # nobody has it
        shop.sql("UPDATE client SET language = 'lv'")
        (line,) = [p["text"] for p in shop.json("check")]
        self.assertIn("10 of 11 rules that write to clients lack words in it, so that 2 clients "
                      "get those in `en`: write reminder/lv.email, more0/lv.sms, ", line)
        self.assertTrue(line.endswith("more3/lv.sms and 5 more"), line)

    def test_a_business_language_without_words_is_a_warning(self):
        shop = self.made()
        self.assertNotIn("`language", shop.run("check").stderr)
        conf = (shop.dir / "betimes.conf").read_text().replace("language = en", "language = lt")
        shop.write("betimes.conf", conf)
        self.assertRegex(shop.run("check").stderr,
                         r"betimes\.conf: warning: `language = lt`: 2 of 2 rules have no words in "
                         r"it, so that clients get them in `en`; `templates/ready` is one of them")
        shop.write("templates/ready/lt.sms", "Paruošta, {{client.name}}.")
        self.assertIn("1 of 2 rules", shop.run("check").stderr)
        shop.write("betimes.conf", conf.replace("= lt", "= en-GB"))
        self.assertNotIn("`language", shop.run("check").stderr)

    def test_a_task_without_words_is_a_warning(self):
        shop = self.made()
        shop.append("playbook.conf", "[rule call]\non = job opens\nby = task\n")
        self.assertIn("`[rule call]` gives a task without words: write call/en.sms",
                      shop.run("check").stderr)
        shop.write("templates/call/en.sms", "Call {{client.name}}")
        self.assertNotIn("without words", shop.run("check").stderr)

    def test_a_missing_provider_file_is_told(self):
        shop = self.made()
        shop.append("betimes.conf", "[gateway texts]\ntype = sms\nprovider = twillio\nfrom = 123\n")
        self.refused(shop, "providers/twillio.conf", "check")

    def test_json_is_a_list_of_problems(self):
        shop = self.made()
        self.assertEqual(shop.json("check"), [])
        shop.append("betimes.conf", "colour = red\n")
        problems = shop.json("check", status=1)
        self.assertTrue(problems[0]["file"].endswith("betimes.conf"))
        self.assertEqual(problems[0]["severity"], "error")
        self.assertGreater(problems[0]["line"], 1)

    def test_a_missing_database_is_no_error_of_the_configuration(self):
        shop = self.made(rows="")
        shop.database.unlink()
        done = shop.run("check")
        self.assertIn("`betimes init` makes one", done.stderr)
        self.assertFalse(shop.database.exists())

    def test_a_broken_database_is_told(self):
        shop = self.made(rows="")
        shop.database.write_bytes(b"this is no database, whatever its name says" * 100)
        done = shop.run("check", status=2)
        self.assertIn("betimes.db: ", done.stderr)


class Words(CliTest):
    def test_a_preview_needs_no_record(self):
        shop = self.made(rows="")
        told = shop.run("preview", "ready").stdout
        self.assertIn("a made-up client", told)
        self.assertIn("1 segment of GSM-7", told)
        self.assertIn("Your Volvo V60, brakes is ready, Anna Ozola.", told)
        shop.database.unlink()
        shop.run("preview", "ready")

    def test_a_preview_is_for_a_real_record(self):
        shop = self.made()
        (found,) = shop.json("preview", "ready", "--job", "J2", "--channel", "sms")
        self.assertEqual(found["text"], "Your Lada is ready, Aigerim.")
        self.assertEqual((found["encoding"], found["segments"]), ("GSM-7", 1))
        told = shop.run("preview", "reminder", "--appointment", "a12", "--html").stdout
        self.assertIn("Anna Ozola", told)
        self.assertTrue(told.startswith("<!DOCTYPE html>"), told[:80])

    def test_a_preview_for_a_client_takes_her_own_visit_or_job_and_says_which(self):
        shop = self.made()
        shop.sql("UPDATE appointment SET starts = '2030-12-10T15:00'")
        now = ("--now", "2030-12-09T10:00")
        told = shop.run("preview", "reminder", "--client", "c7", *now).stdout
        self.assertRegex(told, r"for +Anna Ozola\nwith +visit on Tue 10 Dec 15:00, Brake check\n")
        self.assertIn("See you tomorrow at 15:00, Anna Ozola.", told)
        told = shop.run("preview", "ready", "--client", "c8").stdout
        self.assertRegex(told, r"with +job J2, Lada, in Received\n")
        self.assertIn("Your Lada is ready, Aigerim.", told)
        (shown,) = shop.json("preview", "reminder", "--client", "c7", *now)
        self.assertEqual([shown[k] for k in ("client_id", "job_id", "appointment_id", "answer_id",
                                             "made_up")], [1, None, 1, None, False])

    def test_a_preview_for_a_client_without_a_visit_says_that_it_is_made_up(self):
        shop = self.made()
        told = shop.run("preview", "reminder", "--client", "c8", "--now", "2030-12-09T10:00").stdout
        self.assertRegex(told, r"for +Aigerim\nwith +a made-up visit, as there is none\n")
        self.assertIn("See you tomorrow at 15:00, Aigerim.", told)
        (shown,) = shop.json("preview", "reminder", "--client", "c8")
        self.assertEqual((shown["client_id"], shown["appointment_id"], shown["made_up"]),
                         (2, None, True))
        told = shop.run("preview", "ready", "--appointment", "a12").stdout
        self.assertIn("a made-up job, as there is none", told)

    def test_a_preview_goes_to_whom_the_rule_would_write(self):
        shop = self.made()
        shop.sql("INSERT INTO staff (id, name) VALUES (1, 'Marta'); "
                 "INSERT INTO staff (id, name, manager_id) VALUES (2, 'Janis', 1); "
                 "UPDATE job SET staff_id = 2")
        for name, to in (("mine", "staff"), ("hers", "manager")):
            shop.append("playbook.conf",
                        f"[rule {name}]\non = job opens\nto = {to}\nby = email\n")
            shop.write(f"templates/{name}/en.email",
                       "Subject: A job\n\nHello {{recipient.name}}!\n")
        told = shop.run("preview", "mine", "--job", "J2").stdout
        self.assertRegex(told, r"\nto +Janis, who is in charge\n")
        self.assertIn("Hello Janis!", told)
        told = shop.run("preview", "hers", "--job", "J2").stdout
        self.assertRegex(told, r"\nto +Marta, the manager of Janis\n")
        self.assertIn("Hello Marta!", told)
        (shown,) = shop.json("preview", "hers", "--job", "J2")
        self.assertEqual((shown["to"], shown["to_staff_id"]), ("Marta, the manager of Janis", 1))
        shop.sql("UPDATE staff SET manager_id = NULL")
        self.assertRegex(shop.run("preview", "hers", "--job", "J2").stdout,
                         r"\nto +the office, as a task: Janis, who is in charge, has no manager ")
        self.assertNotIn("\nto ", shop.run("preview", "ready", "--job", "J2").stdout)

    def test_what_forces_unicode_is_told(self):
        shop = self.made()
        shop.write("templates/ready/en.sms", "Your car is ready, Jāni")
        told = shop.run("preview", "ready", "--channel", "sms").stdout
        self.assertIn("Unicode", told)
        self.assertIn("`ā`, character 21", told)

    def test_a_wrong_preview_is_told(self):
        shop = self.made()
        self.refused(shop, "did you mean `ready`?", "preview", "redy")
        self.refused(shop, "there is no channel `fax`", "preview", "ready", "--channel", "fax")
        self.refused(shop, "is no language tag", "preview", "ready", "--language", "klingon!")
        self.refused(shop, "something is missing", "preview")

    def render(self, template, data="{}", *args, name="t.txt", status=0):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / name).write_text(template, encoding="utf-8")
        (folder / "part.txt").write_text("part of {{a}}", encoding="utf-8")
        (folder / "d.json").write_text(data, encoding="utf-8")
        return Betimes().run("render", folder / name, "--data", folder / "d.json", *args,
                             status=status)

    def test_any_template_is_rendered_with_any_data(self):
        data = '{"a": "<b>", "list": [1, 2], "when": "2026-12-08T15:00"}'
        for template, args, name, expected in (
            ("{{a}}{{#list}}[{{.}}]{{/list}}", [], "t.txt", "<b>[1][2]"),
            ("{{a}}", ["--place", "html"], "t.txt", "&lt;b&gt;"),
            ("{{a}}", [], "t.html", "&lt;b&gt;"),
            ("{{a}}", ["--place=url"], "t.txt", "%3Cb%3E"),
            ("{{> part}}", [], "t.txt", "part of <b>"),
            ("{{when | relative}}", ["--now", "2026-12-07T10:00Z"], "t.txt", "tomorrow at 15:00"),
            ("{{when | weekday}}", ["--language", "lv"], "t.txt", "otrdiena"),
            ("{{when | weekday}}", [], "lv.sms", "otrdiena"),
        ):
            self.assertEqual(self.render(template, data, *args, name=name).stdout, expected)

    def test_a_mail_is_rendered_whole(self):
        done = self.render("Subject: Hi {{a}}\n\n*Dear* {{a}}", '{"a": "Anna"}', name="en.email")
        self.assertEqual(done.stdout, "Subject: Hi Anna\n\nDear Anna\n")

    def test_errors_have_line_and_column(self):
        for template, data, words in (
            ("one\n two {{#a}}", "{}", "t.txt:2:6: "),
            ("{{a | uper}}", "{}", "t.txt:1:"),
            ("{{a}}", '{"a": 1,}', "d.json:1:"),
            ("{{a}}", "[1]", "d.json:1:1: the data has to be a JSON object"),
            ("{{a}}", '{"a": ' + "[" * 500 + "]" * 500 + "}", "d.json:1:1: "),
            ("{{a}}", '{"a": 1, "a": 2}', "d.json:1:"),
            ("x {{nothing}}", "{}", "the data has no {{nothing}}"),
            ("{{> nowhere}}", "{}", "{{> nowhere}}"),
            ("{{a | required}}", "{}", "required"),
        ):
            self.assertIn(words, self.render(template, data, status=1).stderr)

    def test_files_that_are_not_there_are_told(self):
        self.refused(None, "No such file", "render", "/nowhere.txt")
        with tempfile.NamedTemporaryFile(suffix=".txt") as template:
            self.refused(None, "No such file", "render", template.name, "--data", "/nowhere.json")
            self.refused(None, "did you mean `html`?", "render", template.name, "--place", "htlm")

    def test_a_template_that_includes_itself_ends(self):
        done = self.render("{{> t}}", name="t.txt", status=1)
        self.assertNotEqual(done.stderr, "")


class BadDatabases(CliTest):
    WRITERS = (["pause"], ["resume"], ["retry", "1"], ["cancel", "1"])
    READERS = (["outbox"], ["history"], ["status"], ["forecast"], ["why", "1"])

    def test_no_database_at_all_is_told(self):
        shop = self.made(rows="")
        shop.database.unlink()
        for args in (*self.WRITERS, *self.READERS):
            self.refused(shop, "`betimes init` makes one", *args, status=2)
        self.assertFalse(shop.database.exists())

    def test_a_file_that_is_no_database_is_told_and_left_alone(self):
        shop = self.made(rows="")
        rubbish = b"this is no database, whatever its name says" * 100
        shop.database.write_bytes(rubbish)
        for args in (*self.WRITERS, *self.READERS):
            self.refused(shop, "betimes.db", *args, status=2)
        self.assertEqual(shop.database.read_bytes(), rubbish)

    def test_somebody_elses_database_is_told_and_left_alone(self):
        shop = self.made(rows="")
        shop.database.unlink()
        shop.sql("CREATE TABLE mine (x); INSERT INTO mine VALUES (1);")
        self.refused(shop, "is not a Betimes database", "outbox", status=2)
        self.refused(shop, "is not a Betimes database", "pause", status=2)
        self.assertEqual(shop.sql("SELECT * FROM mine;"), "1\n")

    def test_a_locked_database_is_read_but_not_written(self):
        shop = self.planned()
        db = shop.connect()
        db.execute("BEGIN IMMEDIATE")
        try:
            self.assertEqual(len(shop.json("outbox")), 2)
            self.assertEqual(len(shop.json("forecast")), 2)
            self.refused(shop, "another program is writing", "cancel", "1", status=2)
            self.refused(shop, "another program is writing", "pause", status=2)
        finally:
            db.execute("ROLLBACK")
            db.close()
        self.assertEqual(len(shop.json("outbox")), 2)
        self.assertFalse(shop.json("status")["paused"])

    @unittest.skipUnless(os.geteuid() == 0, "only root may become somebody else")
    def test_a_read_only_database_is_read_but_not_written(self):
        shop = self.planned()
        for folder in (shop.dir, *shop.dir.parents):
            if folder.stat().st_uid == os.getuid() and folder.stat().st_mode & 0o077 == 0:
                os.chmod(folder, 0o755)
        os.chmod(shop.dir, 0o755)
        for path in shop.dir.rglob("*"):
            os.chmod(path, 0o755 if path.is_dir() else 0o644)

        def as_nobody(*args):
            return subprocess.run(
                [PROGRAM, args[0], "-c", str(shop.dir), *args[1:]], user=65534, group=65534,
                extra_groups=[], capture_output=True, text=True, timeout=60, check=False)

        done = as_nobody("pause")
        if "Permission denied" in done.stderr and PROGRAM in done.stderr:
            self.skipTest("others may not run the program where it is")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertRegex(done.stderr, r"cannot be written|readonly|read-only|unable to open")
        self.assertFalse(shop.json("status")["paused"])

    def test_a_note_of_ten_megabytes_is_in_nobodys_way(self):
        shop = self.made()
        db = shop.connect()
        db.execute("UPDATE client SET notes = ?", ("x" * 10_000_000,))
        db.close()
        self.assertEqual(len(shop.json("forecast", "--text")), 2)
        shop.start()
        shop.wait_message(rule="reminder")
        self.assertEqual(len(shop.json("outbox")), 2)
        shop.run("preview", "ready", "--client", "c7")
        self.assertNotIn("xxxx", shop.log())


class Run(CliTest):
    def test_wrong_use_is_told(self):
        shop = self.made()
        self.refused(shop, "--now: ", "run", "--now", "yesterday")
        self.refused(shop, "from 1 to", "run", "--speed", "0")
        self.refused(None, "no such folder", "run", "-c", "/nowhere/at/all")

    def test_a_broken_configuration_is_told_and_nothing_starts(self):
        shop = self.made()
        shop.append("playbook.conf", "[rule x]\non = the moon is full\n")
        done = shop.run("run", status=1)
        self.assertIn("playbook.conf:", done.stderr)

    def test_the_clock_begins_where_it_is_told(self):
        shop = self.made(rows="")
        shop.sql("INSERT INTO client (ref, name, email) VALUES ('c', 'Anna', 'a@example.com');"
                 "INSERT INTO appointment (client_id, starts) VALUES (1, '2031-03-08T15:00');")
        shop.start("--now", "2031-03-05T12:00", "--speed", "10000")
        shop.wait_message(rule="reminder", state="sent")


if __name__ == "__main__":
    unittest.main()
