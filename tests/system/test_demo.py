"""betimes demo: a week of a sample garage, whole, and what comes of it in the folder."""

import email.utils
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unicodedata
import unittest
from datetime import datetime
from pathlib import Path

from harness import ROOT, Betimes, FileGatewayFolder, slow, wait_until

os.environ.setdefault("BETIMES_SHARE", str(ROOT))  # wherever the program was built

SPEED = 50000  # a week in 12 seconds
LIMIT_S = 40
COLUMNS = 100  # of what goes into a pipe

OUTCOME = re.compile(r"^  \d\d:\d\d  (email|sms|–) ", re.MULTILINE)


def width(text):
    """The columns that the text takes: marks and joiners take none."""
    return sum(unicodedata.category(c) not in ("Mn", "Cf") for c in text)


class Week:
    """What a demo told and left behind."""

    def __init__(self, folder, told):
        self.folder = folder
        self.told = told
        written = FileGatewayFolder(folder / "messages")
        self.mails = written.mails()
        self.texts = written.texts()

    def mails_to(self, name):
        return [m for m in self.mails if m["To"].addresses[0].username == name]

    def texts_to(self, number):
        return [text for to, text in self.texts if to == number]

    def counts(self, label):
        """{"email": 22, ...} of a line of the summary, which may go on on the next ones."""
        said = re.search(rf"^  {label} +((?:.+\n)(?: {{16}}\S.*\n)*)", self.told, re.MULTILINE)
        return {name: int(n) for name, n in re.findall(r"(\S+)\s+(\d+)", said.group(1))}

    def sent(self):
        return int(re.search(r"^(\d+) messages? went out$", self.told, re.MULTILINE).group(1))

    def not_sent(self):
        return int(re.search(r"^(\d+) did not go$", self.told, re.MULTILINE).group(1))


class Demo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        home = Path(tempfile.mkdtemp(prefix="betimes-demo-test-"))
        cls.addClassCleanup(shutil.rmtree, home)
        folder = home / "garage"
        cls.done = Betimes().run("demo", folder, "--speed", SPEED, seconds=LIMIT_S)
        cls.week = Week(folder, cls.done.stdout)
        cls.shop = Betimes(folder)

    def message(self, rule, **keys):
        """The one message of the rule with these keys."""
        rows = [m for m in self.shop.json("outbox", "--all") if m["rule"] == rule]
        rows = [m for m in rows if all(m[k] == v for k, v in keys.items())]
        self.assertEqual(len(rows), 1, rows)
        return rows[0]

    def arrived(self, mail):
        """By the garage's clock."""
        return email.utils.parsedate_to_datetime(mail["Date"]).replace(tzinfo=None)

    # ---- what it tells

    def test_it_ends_by_itself_and_complains_of_nothing(self):
        self.assertEqual(self.done.stderr, "")
        self.assertNotIn("before its week was over", self.week.told)

    def test_the_summary_counts_what_is_in_the_folder(self):
        mails, texts = len(self.week.mails), len(self.week.texts)
        self.assertGreater(mails, 15)
        self.assertGreater(texts, 15)
        self.assertEqual(self.week.sent(), mails + texts)
        self.assertEqual(self.week.counts("by channel"), {"email": mails, "sms": texts})
        self.assertEqual(sum(self.week.counts("by language").values()), mails + texts)
        self.assertEqual(sum(self.week.counts("by rule").values()), mails + texts)

    def test_every_message_is_told_when_it_goes_and_once(self):
        lines = OUTCOME.findall(self.week.told)
        self.assertEqual(lines.count("email"), len(self.week.mails))
        self.assertEqual(lines.count("sms"), len(self.week.texts))
        self.assertGreaterEqual(lines.count("–"), self.week.not_sent())

    def test_nothing_ends_without_a_reason(self):
        for m in self.shop.json("outbox", "--all"):
            if m["state"] not in ("sent", "planned"):
                self.assertTrue(m["reason"], m)

    def test_without_a_terminal_lines_are_plain_and_of_bounded_width(self):
        self.assertNotIn("\x1b", self.week.told)
        told = self.week.told.split("To look at")[0]  # then come paths, as long as they are
        self.assertLessEqual(max(map(width, told.splitlines())), COLUMNS)

    # ---- the right words

    def test_a_persian_client_reads_a_jalali_date_in_persian_digits(self):
        self.assertIn("چهارشنبه ۱۸ آذر ساعت ۱۵:۰۰", self.week.texts_to("+37120000007")[0])
        self.assertIn("جمعه ۲۰ آذر ساعت ۱۴:۰۰", str(self.week.mails_to("reza")[0]["Subject"]))

    def test_each_client_is_written_to_in_his_own_language(self):
        said = {
            "+37120000001": "otrdiena, 8. decembris plkst. 10:00",
            "+77010000005": "Honda Civic",
            "+37120000003": "Ваш заказ у нас (Toyota RAV4)",
        }
        for number, words in said.items():
            self.assertIn(words, self.week.texts_to(number)[0])
        self.assertIn("11 желтоқсан, жұма, сағат 10:00",
                      str(self.week.mails_to("marat")[0]["Subject"]))
        for name, language in (("janis", "lv"), ("natalya", "ru"), ("marat", "kk"), ("reza", "fa"),
                               ("emma", "en")):
            languages = {m["Content-Language"] for m in self.week.mails_to(name)}
            self.assertEqual(languages, {language})

    # ---- the right messages

    def test_a_cancelled_visit_is_not_reminded_of(self):
        subjects = [str(m["Subject"]) for m in self.week.mails_to("emma")]
        self.assertEqual(len(subjects), 3, subjects)
        self.assertIn("Your visit: Thursday, 10 December", subjects[0])
        self.assertIn("Visit cancelled", subjects[1])
        self.assertIn("Your visit: Tuesday, 15 December", subjects[2])
        self.assertEqual(self.week.texts_to("+37120000009"), [])

    def test_a_moved_visit_is_reminded_of_on_its_new_day_only(self):
        reminders = [m for m in self.week.mails_to("natalya") if "Ждём Вас" in str(m["Subject"])]
        self.assertEqual([self.arrived(m).date() for m in reminders],
                         [datetime(2026, 12, 9).date()])

    def test_who_has_confirmed_is_spared_the_second_reminder(self):
        texts = self.week.texts_to("+37120000007")
        self.assertEqual(len(texts), 2, texts)  # booked, and the evening before
        rows = self.shop.json("outbox", "--all")
        spared = [m for m in rows if "confirmed" in (m["reason"] or "")]
        self.assertEqual([(m["rule"], m["state"]) for m in spared], [("reminder-soon", "skipped")])

    def test_a_stage_by_mistake_is_never_heard_of(self):
        texts = [t for t in self.week.texts_to("+37120000002") if "remonts pabeigts" in t]
        self.assertEqual(len(texts), 1, texts)
        self.assertEqual(self.message("ready", to="+37120000002")["state"], "sent")

    def test_a_wrong_number_gets_nothing_until_it_is_put_right(self):
        texts = self.week.texts_to("+37120000010")
        self.assertEqual(len(texts), 1, texts)
        self.assertIn("we expected you on Tuesday, 8 December", texts[0])

    def test_who_wants_no_more_texts_gets_none(self):
        texts = self.week.texts_to("+37120000011")
        self.assertEqual(len(texts), 1, texts)  # the booking, before

    def test_what_is_ready_late_in_the_evening_is_told_in_the_morning(self):
        ready = [m for m in self.week.mails_to("sanita") if "pabeigts" in str(m["Subject"])]
        self.assertEqual(len(ready), 1)
        at = self.arrived(ready[0])
        self.assertEqual((at.month, at.day), (12, 10))
        self.assertIn(at.hour, (8, 9))

    def test_quiet_hours_are_those_of_the_clients_own_clock(self):
        """18:20 in Riga is 21:20 in Almaty; her morning begins at 05:00 by the garage's clock."""
        ready = self.message("ready", to="+77010000005")
        self.assertEqual(ready["due"], "2026-12-10T03:00:00Z")
        self.assertEqual(ready["state"], "sent")


class Early(unittest.TestCase):
    def setUp(self):
        self.home = Path(tempfile.mkdtemp(prefix="betimes-demo-test-"))
        self.addCleanup(shutil.rmtree, self.home)

    def test_ctrl_c_ends_the_week_with_a_summary(self):
        folder = self.home / "garage"
        told = self.home / "told"
        with open(told, "wb") as out:
            demo = subprocess.Popen(
                Betimes().argv("demo", folder, "--speed", SPEED // 5), stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT,
            )
        try:
            wait_until("a message", lambda: OUTCOME.search(told.read_text(encoding="utf-8")))
            demo.send_signal(signal.SIGINT)
            self.assertEqual(demo.wait(slow(20)), 0)
        finally:
            demo.kill()
            demo.wait()
        week = Week(folder, told.read_text(encoding="utf-8"))
        self.assertIn("before its week was over", week.told)
        self.assertEqual(week.sent(), len(week.mails) + len(week.texts))

    def test_a_folder_with_something_in_it_is_left_alone(self):
        kept = self.home / "kept.txt"
        kept.write_text("mine")
        done = Betimes().run("demo", self.home, status=1)
        self.assertIn("there is something in this folder", done.stderr)
        self.assertEqual(list(self.home.iterdir()), [kept])

    def test_a_time_that_is_none_is_refused_before_anything_is_made(self):
        done = Betimes().run("demo", self.home / "garage", "--now", "yesterday", status=1)
        self.assertIn("--now", done.stderr)
        self.assertEqual(list(self.home.iterdir()), [])

    def test_missing_samples_are_told(self):
        done = Betimes().run("demo", self.home / "garage", status=2,
                             env={"BETIMES_SHARE": str(self.home / "nowhere")})
        self.assertIn("BETIMES_SHARE", done.stderr)
        self.assertEqual(list(self.home.iterdir()), [])
