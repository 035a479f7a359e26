"""Jobs and appointments, as a person uses them: made, moved, put off and cancelled, each time with
a look at what that will send, to whom and when, before it is saved."""

from harness import BUSINESS, FILES, FileGatewayFolder, wait_until
from harness.person import DeskTest, PhoneTest, open_browser

setUpModule = open_browser

WHOM = "For which client? Name, number, address or reference"
PLAYBOOK = """
[workflow repair]
stages = New, Quote sent, Ready, Collected, Declined
done = Collected
lost = Declined
waiting = Quote sent

[rule ready]
on = job enters Ready
by = sms

[rule booked]
on = appointment booked
by = sms

[rule moved]
on = appointment moved
by = sms

[rule cancelled]
on = appointment cancelled
by = sms

[rule reminder]
on = appointment starts
when = 1 day before at 18:00
by = sms
"""
WORDS = {
    "ready/en.sms": "{{client.name}}, your {{job.title}} is ready.",
    "ready/fa.sms": "{{client.name}}، {{job.title}} آماده است.",
    "booked/en.sms": "Booked for {{appointment.starts | date}}, {{appointment.starts | time}}.",
    "moved/en.sms": "Moved to {{appointment.starts | date}}, {{appointment.starts | time}}.",
    "cancelled/en.sms": "Cancelled: {{appointment.title}}.",
    "reminder/en.sms": "See you {{appointment.starts | relative}}, {{client.name}}.",
}
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen"
ROWS = f"""
INSERT INTO staff (id, name) VALUES (1, 'Mikus');
INSERT INTO client (id, name, phone, language) VALUES
    (1, 'Ilze Ozola', '+37120000001', 'en'), (2, 'رضا کریمی', '+37120000002', 'fa'),
    (3, '{LONG}', '+37120000003', 'en');
INSERT INTO job (id, client_id, stage, title, staff_id, due) VALUES
    (1, 1, 'New', 'Saab', 1, '2026-12-10'), (2, 2, 'Quote sent', 'پژو', NULL, NULL),
    (3, 3, 'New', '{LONG}', NULL, NULL), (4, 1, 'Nwe', 'Lost one', NULL, NULL);
INSERT INTO appointment (id, client_id, starts, title, status) VALUES
    (1, 1, '2026-12-14T15:00', 'Tyres', 'confirmed'),
    (2, 2, '2026-12-16T11:00', 'پژو', 'booked'),
    (3, 3, '2026-12-17', '{LONG}', 'booked');
"""


class Board:
    conf = BUSINESS + FILES
    playbook, templates, rows = PLAYBOOK, WORDS, ROWS
    users = ("anna:manager", "rita:reader")

    def arrived(self, to, words):
        """Wait until this text is at the other end."""
        out = FileGatewayFolder(self.shop.out)
        wait_until(f"{words} to {to}", lambda: any(
            t == to and words in text for t, text in out.texts()))

    def test_a_job_is_made_and_moved_after_a_look_at_what_that_sends(self):
        title = f"Volvo of the {self.width}"
        self.sign_in()
        self.press("Jobs")
        self.see("In a stage that no workflow has")
        self.see("overdue")
        self.look("board")
        self.press("New job")
        self.write(WHOM, "ilze")
        self.press("Search")
        self.look("job-new-whom")
        self.press("Ilze Ozola")
        self.write("Title", title)
        self.write("Amount", "much")
        self.press("See what this will send")
        self.see_at("Amount", "Write a number such as 120.50 or 120,50.")
        self.look("job-wrong")
        self.write("Amount", "120.50")
        self.press("See what this will send")
        self.see("Nothing: no rule of the playbook speaks of this change, or its time is past.")
        self.press("Save")
        self.heading(title)
        self.see("Saved.")

        self.choose("Move to", "Ready")
        self.press("Move")
        self.heading("Before you save")
        self.see("will be sent at once Ilze Ozola <+37120000001>")
        self.press("The message")
        self.see(f"Ilze Ozola, your {title} is ready.")
        self.look("job-before-saving")
        self.press("Back")
        self.assertEqual(self.value("Title"), title)
        self.press("See what this will send")
        self.press("Save")
        self.see("Saved.")
        self.arrived("+37120000001", f"your {title} is ready")
        self.see("sent Ready", "section[aria-labelledby=history], main")
        self.look("job")
        self.press("Jobs")
        self.see(title)

    def test_an_appointment_is_made_put_off_and_cancelled(self):
        title = f"Brakes of the {self.width}"
        self.sign_in()
        self.press("Appointments")
        self.press("New appointment")
        self.press("Ilze Ozola")
        for pair in (("Starts on", "Starts at"), ("Ends on", "Ends at")):
            first, second = (self.field(label).rect for label in pair)
            if first["x"] != second["x"]:
                self.assertEqual(first["y"], second["y"], pair)
        self.write("Title", title)
        self.write("Starts on", "12182026")
        self.write("Starts at", "0300PM")
        self.write("Ends at", "0200PM")
        self.press("See what this will send")
        self.see("The end has to be after the start.")
        self.look("appointment-wrong")
        self.write("Ends at", "0400PM")
        self.press("See what this will send")
        self.see("will be sent at once Ilze Ozola")
        self.see("will be sent Thu 17 Dec 18:00 Ilze Ozola")
        self.look("appointment-before-saving")
        self.press("Save")
        self.heading(title)
        self.arrived("+37120000001", "Booked for")
        self.press("Change")
        self.write("Starts on", "12192026")
        self.press("See what this will send")
        self.see("moves Fri 18 Dec 18:00")
        self.see("instead of Thu 17 Dec 18:00")
        self.press("Save")
        self.see("Saved.")
        self.arrived("+37120000001", "Moved to")
        self.look("appointment")
        self.press("Cancel the appointment")
        self.see("will not be sent any more")
        self.look("appointment-cancelling")
        self.press("Save")
        self.see("Saved.")
        self.arrived("+37120000001", f"Cancelled: {title}.")
        self.see("cancelled")

    def test_days_and_weeks_are_gone_through(self):
        self.sign_in()
        self.press("Appointments")
        self.see("Monday 14 December today")
        self.see("15:00 confirmed Tyres Ilze Ozola")
        self.look("day")
        self.press("Later")
        self.see("No appointments.")
        self.look("day-empty")
        self.press("Week")
        self.see("رضا کریمی")
        self.see("all day")
        self.look("week")
        self.write("Go to a day", "12212026")
        self.press("Show")
        self.see("Monday 21 December")
        self.element("//nav[@class='tabs']//a[.='Today']").click()
        self.see("Monday 14 December today")

    def test_what_somebody_else_changed_meanwhile_is_shown_beside_ones_own(self):
        self.shop.sql(f"INSERT INTO job (client_id, stage, title) VALUES (1, 'New', "
                      f"'Opel {self.width}');")
        self.sign_in()
        self.press("Jobs")
        self.press(f"Opel {self.width}")
        self.press("Change")
        self.write("Amount", "77")
        self.shop.sql(f"UPDATE job SET due = '2026-12-24' WHERE title = 'Opel {self.width}';")
        self.press("See what this will send")
        self.see("Somebody else has changed this since you opened it.")
        self.assertEqual(self.value("Amount"), "77")
        self.look("job-conflict")

    def test_a_job_is_moved_without_scripts(self):
        self.shop.sql(f"INSERT INTO job (client_id, stage, title) VALUES (2, 'New', "
                      f"'سمند {self.width}');")
        self.without_scripts()
        self.sign_in()
        self.press("Jobs")
        self.press(f"سمند {self.width}")
        self.choose("Move to", "Ready")
        self.press("Move")
        self.press("The message")
        self.see("آماده است")
        self.press("Save")
        self.see("Saved.")
        self.arrived("+37120000002", f"سمند {self.width} آماده است")


class BoardOnADesk(Board, DeskTest):
    pass


class BoardOnAPhone(Board, PhoneTest):
    pass
