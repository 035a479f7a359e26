"""Today, as a person uses it: what needs them is dealt with, sending is paused and goes on, and the
page keeps itself up to date while they look."""

from harness import BUSINESS, MailServer, wait_until
from harness.person import DeskTest, PhoneTest, open_browser

setUpModule = open_browser

TEXTS = """
[gateway texts]
type = file
path = out
channels = sms
"""
PLAYBOOK = """
[workflow repair]
stages = New, Ready, Collected
done = Collected

[rule ready]
on = job enters Ready
by = email
require = job.title
unknown = hold

[rule call]
on = job enters Collected
by = task

[rule reminder]
on = appointment starts
when = 2 hours before
by = sms
"""
WORDS = {
    "ready/en.email": "Subject: Ready\n\n{{job.title}} is ready, {{client.name}}.\n",
    "call/en.sms": "Call {{client.name}} and ask how it drives",
    "reminder/en.sms": "See you, {{client.name}}!",
}
LONG = "Anastasia-Konstantinopolitanskaya" * 3


class Today:
    playbook, templates = PLAYBOOK, WORDS
    users = ("anna:manager", "rita:reader")

    @classmethod
    def setUpClass(cls):
        cls.server = MailServer()
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__, None, None, None)
        cls.conf = BUSINESS + cls.server.section() + TEXTS
        super().setUpClass()

    def job(self, client, email, stage="Ready", title="'The Volvo'"):
        """A client and a job, as the booking program writes them."""
        self.shop.sql(f"""
            INSERT INTO client (name, email, phone) VALUES ('{client}', '{email}', '+37120000001');
            INSERT INTO job (client_id, stage, title) SELECT max(id), '{stage}', {title}
                FROM client;""")

    def test_what_needs_a_person_shows_by_itself_and_is_dealt_with(self):
        self.sign_in()
        self.see("Nothing does. All is well.")
        self.see("Messages are going out.")
        self.look("today-empty")
        self.mark()
        self.server.drop_first_dot = True
        self.job("Ilze Ozola", "ilze@example.com")
        self.see("not known", "#needs")
        self.job("Juris", "rcpt-550@example.com")
        self.job("מרים לוי", "rcpt-550@example.com")
        self.see("550", "#needs")
        self.job(LONG, "long@example.com", title="NULL")
        self.see("is held", "#needs")
        self.job("Vera", "vera@example.com", stage="Collected")
        self.see("Call Vera and ask how it drives", "#needs")
        self.assertTrue(self.is_marked(), "the page was loaded anew")
        self.look("today-needs")

        self.press("It did go out", within="Ilze Ozola")
        self.see("It counts as sent.")
        self.see("Ilze Ozola", "#went")
        self.shop.sql("UPDATE client SET email = 'juris@example.com' WHERE name = 'Juris';")
        self.press("Try again", within="Juris")
        self.see("It goes once more")
        self.see("Juris", "#went")
        self.assertEqual(self.server.received(2)[-1].recipients, ["juris@example.com"])
        self.press("Leave it", within="מרים לוי")
        self.see("It does not go.")
        self.see("מרים לוי", "#left-out")
        self.press("Do not send", within="is held")
        self.see_no("is held", "#needs")

        self.press("Done", within="Call Vera")
        self.see("Done. If that was a slip")
        self.press("Done in the last 24 hours")
        self.look("today-done")
        self.press("Open again", within="Call Vera")
        self.see("The task is open again.")
        self.see("Call Vera", "#needs")
        rows = self.shop.query("SELECT user, action FROM audit WHERE user = 'anna' AND action "
                               "NOT LIKE 'sign%' ORDER BY id")
        self.assertEqual([r["action"] for r in rows[-6:]], [
            "message known to have gone", "message sent again", "message cancelled",
            "message cancelled", "task done", "task opened again"])

    def test_sending_is_paused_with_a_reason_and_what_is_typed_is_kept_meanwhile(self):
        self.sign_in()
        self.press("Pause sending")
        self.write("Why? (others will read it)", "stock-taking")
        self.shop.sql("""
            INSERT INTO client (name, phone) VALUES ('Otto', '+37120000002');
            INSERT INTO appointment (client_id, starts, title)
                SELECT max(id), '2026-12-15T15:00', 'Tyres' FROM client;""")
        self.see("Otto", "#next")
        self.assertEqual(self.value("Why? (others will read it)"),
                         "stock-taking")
        self.look("today-pausing")
        self.press("Pause")
        self.see("Sending is paused: stock-taking (anna). Messages wait.")
        self.look("today-paused")
        self.assertTrue(self.shop.json("status")["paused"])
        self.press("Resume sending")
        self.see("Messages are going out.")
        self.assertFalse(self.shop.json("status")["paused"])

    def test_a_busy_day_says_how_much_more_there_is(self):
        self.shop.sql("""
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
            INSERT INTO task (key, text, created_ms) SELECT 'by hand:' || i,
                'Ring the people of number ' || i || ' about their winter tyres', 1797233400000
                FROM n;""")
        self.sign_in()
        self.see("These are the oldest 20 of")
        self.look("today-busy")
        self.shop.sql("UPDATE task SET done_ms = 1 WHERE key LIKE 'by hand:%';")
        self.see_no("These are the oldest")

    def test_a_task_is_done_and_sending_paused_without_scripts(self):
        self.job("Nora", "nora@example.com", stage="Collected")
        wait_until("the task", lambda: self.shop.query(
            "SELECT * FROM task WHERE text LIKE 'Call Nora%'"))
        self.without_scripts()
        self.sign_in()
        self.press("Show the latest")
        self.press("Done", within="Call Nora")
        self.see("Done. If that was a slip")
        self.press("Pause sending")
        self.press("Pause")
        self.see("Sending is paused. Messages wait.")
        self.press("Resume sending")
        self.see("Messages are going out.")

    def test_a_reader_looks_and_decides_nothing(self):
        self.sign_in("rita")
        self.see("Needs a person")
        self.assertEqual(self.things() & {"Pause sending", "Done", "Try again", "Leave it",
                                          "Do not send", "Resume sending"}, set())


class TodayOnADesk(Today, DeskTest):
    pass


class TodayOnAPhone(Today, PhoneTest):
    pass
