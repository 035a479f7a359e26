"""The playbook, as a person uses it: read, switched, changed with a look at what the change would
do; the comments in the file stay."""

from harness import CONF, wait_until
from harness.person import DeskTest, PhoneTest, open_browser

setUpModule = open_browser

QUIET = CONF.replace("quiet = none", "quiet = 21:00-08:00")
PLAYBOOK = """\
; What our clients hear.

[workflow repair]
stages = New, Ready, Collected
done = Collected

; the one they wait for
[rule ready]
on = job enters Ready        ; by hand
by = sms                     ; short
; window = any

[rule reminder]
on = appointment starts
when = 2 hours before        ; enough to find a seat on the bus
by = sms

[rule thanks]
on = job enters Collected
by = sms
"""
WORDS = {
    "ready/en.sms": "{{client.name}}, your car is ready.",
    "reminder/en.sms": "See you!",
    "thanks/en.sms": "Thank you!",
}
ROWS = """
INSERT INTO client (id, name, phone) VALUES (1, 'Ilze Ozola', '+37120000001'),
    (2, 'מרים לוי', '+37120000002');
INSERT INTO job (client_id, stage) VALUES (1, 'Ready');
INSERT INTO appointment (client_id, starts) VALUES (1, '2026-12-17T15:00'),
    (2, '2026-12-18T15:00');
"""
BEFORE = "when = 2 hours before        ; enough to find a seat on the bus"
AFTER = "when = 3 hours before        ; enough to find a seat on the bus"


class Playbook:
    conf, playbook, templates, rows = QUIET, PLAYBOOK, WORDS, ROWS
    users = ("anna:manager", "rita:reader")

    def file(self):
        return (self.shop.dir / "playbook.conf").read_text(encoding="utf-8")

    def setUp(self):
        super().setUp()
        self.shop.write("playbook.conf", PLAYBOOK)
        self.shop.wait_message(rule="ready", state="sent")
        self.wait_reminders("11:00")

    def wait_reminders(self, at):
        """Until both are due at this time, in UTC: the playbook on the disk is the one in use."""
        wait_until("the reminders", lambda: [m["due"][11:16] for m in self.shop.messages(
            rule="reminder")] == [at, at])

    def open(self, rule):
        self.sign_in()
        self.press("Playbook")
        self.press(rule.capitalize())
        self.heading_of(rule.capitalize())

    def heading_of(self, rule):
        self.when(rule, lambda: rule in self.text("h1"))

    def test_rules_are_read_as_sentences_with_what_they_send(self):
        self.sign_in("rita")
        self.press("Playbook")
        self.see("2 hours before an appointment starts, text the client")
        self.see("Messages sent: 1 today, 1 in the last 7 days, 1 in the last 30. Planned: 0.")
        self.see("One that is off sends nothing")
        self.see("Next: Thu 17 Dec 13:00 Ilze Ozola, Fri 18 Dec 13:00 מרים לוי")
        self.assertEqual(self.things() & {"New rule", "Switch off", "Edit"}, set())
        self.look("playbook")
        self.press("Ready")
        self.press("The message")
        self.see("Ilze Ozola, your car is ready.")
        self.see("; by hand")
        self.look("rule")

    def test_a_rule_is_switched_off_with_a_reason_and_on(self):
        self.open("thanks")
        self.write("Why? (others will read it)", "too many thanks")
        self.see("Off: it sends nothing.")
        self.press("Switch off")
        self.see("The rule is off. Its messages wait.")
        self.see("anna: too many thanks")
        self.look("rule-paused")
        self.press("Switch on")
        self.see("The rule is on.")

    def test_a_field_is_changed_with_a_mistake_first_and_the_comment_stays(self):
        self.open("reminder")
        self.press("Edit")
        self.look("rule-edit")
        self.mark()
        self.write("How long before or after", "2 ours before")
        self.see_at("How long before or after", "`ours` is no unit of time")
        self.assertTrue(self.is_marked(), "the page was loaded anew")
        self.press("See what this would do")
        self.see("Nothing was saved yet: there is a mistake.")
        self.see_at("How long before or after", "`ours` is no unit of time")
        self.see_at("How long before or after", "For example: 1 day before at 18:00")
        self.look("rule-wrong")
        self.write("How long before or after", "3 hours before")
        self.press("See what this would do")
        self.see("3 hours before an appointment starts")
        self.see("How long before or after: 3 hours before instead of 2 hours before")
        self.see("At another time: 2.")
        self.see("moves Thu 17 Dec 12:00 Ilze Ozola instead of Thu 17 Dec 13:00")
        self.look("rule-change")
        self.assertIn(BEFORE, self.file())
        self.press("Save")
        self.see("Saved. It is in use within a moment.")
        self.assertEqual(self.file(), PLAYBOOK.replace(BEFORE, AFTER))
        self.wait_reminders("10:00")
        self.see("anna changed this rule")

    def test_quiet_hours_that_move_a_message_are_told_before_it_is_saved(self):
        self.open("reminder")
        self.press("Edit")
        self.write("How long before or after", "16 hours before")
        self.press("See what this would do")
        self.see("moves Wed 16 Dec 20:45 Ilze Ozola instead of Thu 17 Dec 13:00")
        self.see("Meant for Wed 16 Dec 23:00: moved out of the quiet hours, 21:00-08:00.")
        self.look("rule-quiet")

    def test_a_rule_is_made_and_taken_out_without_scripts(self):
        self.without_scripts()
        self.sign_in()
        self.press("Playbook")
        self.press("New rule")
        self.write("Name", "ready-too")
        self.choose("What has to happen", "job enters Ready")
        self.choose("By which channel", "sms")
        self.write("Its words", "ready")
        self.press("See what this would do")
        self.heading("Ready too, a new rule")
        self.press("Save")
        self.see("The rule is saved.")
        self.assertIn("[rule ready-too]\n", self.file())
        self.press("Edit")
        self.press("Take this rule out")
        self.heading("Ready too would go")
        self.press("Take it out")
        self.see("The rule is gone.")
        self.assertEqual(self.file().strip(), PLAYBOOK.strip())

    def test_a_broken_file_is_told(self):
        self.shop.write("playbook.conf", PLAYBOOK.replace("2 hours before", "2 ours before"))
        self.sign_in()
        self.press("Playbook")
        self.see("There is a mistake in the files")
        self.see("This is the playbook that is in force")
        self.look("playbook-broken")


class PlaybookOnADesk(Playbook, DeskTest):
    pass


class PlaybookOnAPhone(Playbook, PhoneTest):
    pass
