"""Who may do what on the page, as a person meets it: signing in and out, what a reader is not
shown, and a whole piece of work by the keyboard alone."""

from harness import CONF
from harness.person import DeskTest, PhoneTest, folded, open_browser

setUpModule = open_browser

PLAYBOOK = """
[workflow repair]
stages = New, Ready
done = Ready

[rule ready]
on = job enters Ready
by = sms

[rule call]
on = job enters New
by = task
"""
WORDS = {"ready/en.sms": "Ready.\n", "call/en.sms": "Call {{client.name}}\n"}
ROWS = """
INSERT INTO client (id, name, phone) VALUES (1, 'Ilze Ozola', '+37120000001');
INSERT INTO job (id, client_id, stage, title) VALUES (1, 1, 'New', 'Volvo');
INSERT INTO appointment (id, client_id, starts, title) VALUES (1, 1, '2026-12-15T15:00', 'Tyres');
"""
PAGES = ("/", "/clients", "/clients/1", "/jobs", "/jobs/1", "/appointments", "/appointments/1",
         "/playbook", "/playbook/ready", "/templates", "/templates/ready",
         "/templates/ready/en/sms", "/templates/ready/en/sms/versions", "/calendars")
# What is for everybody, whatever their role.
EVERYBODY = {"Search", "Show", "Day", "Week", "Earlier", "Today", "Later",
             "Show the differences"}
STOPS_MAX = 80


class Access:
    conf, playbook, templates, rows = CONF, PLAYBOOK, WORDS, ROWS
    users = ("anna:manager", "rita:reader")

    def focused(self):
        return self.driver.switch_to.active_element

    def keys(self, *keys):
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def tab_to(self, words):
        """Press Tab until what is reached has these words, its label's or its own; wherever that
        leads past, the focus is to be seen."""
        from selenium.webdriver.common.keys import Keys

        for _ in range(STOPS_MAX):
            self.keys(Keys.TAB)
            name, seen = self.driver.execute_script(
                "const e = document.activeElement, s = getComputedStyle(e), r = "
                "e.getBoundingClientRect();"
                "return [e.labels && e.labels.length ? e.labels[0].textContent : e.textContent,"
                "  s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 && r.width > 0"
                "  && r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth]")
            self.assertTrue(seen, f"the focus on “{folded(name)}” is not seen")
            if folded(name) == words:
                return
        self.fail(f"Tab does not lead to “{words}”")

    def test_a_wrong_password_is_told_and_whoever_signs_out_is_out(self):
        self.go("/clients")
        self.heading("Sign in")
        self.look("sign-in")
        self.write("Name", "anna")
        self.write("Password", "not the right one")
        self.press("Sign in")
        self.see("This name and password do not fit together.")
        self.assertEqual(self.value("Name"), "anna")
        self.look("sign-in-wrong")
        self.write("Password", "correct horse battery")
        self.press("Sign in")
        self.heading("Clients")
        self.press("Sign out")
        self.heading("Sign in")
        self.go("/clients")
        self.heading("Sign in")

    def test_a_note_written_while_the_session_ended_can_be_copied_and_is_said_to_be_unsaved(self):
        self.sign_in(path="/clients/1/note")
        self.write("Note", "A long story")
        self.shop.sql("DELETE FROM session;")
        self.press("Save")
        self.see("You were signed out meanwhile. What you had entered was not saved.")
        self.assertEqual(self.value("What it says"), "A long story")
        self.look("signed-out-meanwhile")
        self.write("Name", "anna")
        self.write("Password", "correct horse battery")
        self.press("Sign in")
        self.heading("Add a note")
        self.see("What you had entered was not saved.")
        self.look("unsaved-note")

    def test_a_reader_sees_everything_and_no_button_that_changes_it(self):
        self.sign_in("rita")
        for path in PAGES:
            self.go(path)
            self.element("//h1")
            self.assertEqual(self.things("main button, main a.button") - EVERYBODY, set(), path)
        self.go("/clients/1/edit")
        self.heading("That is not for you to do")
        self.look("not-allowed")
        self.press("Go to Today")
        self.heading("Today")
        self.go("/nothing")
        self.heading("There is no such page")

    def test_a_whole_piece_of_work_is_done_by_the_keyboard_alone(self):
        from selenium.webdriver.common.keys import Keys

        self.go("/")
        self.tab_to("Name")
        self.keys("anna")
        self.tab_to("Password")
        self.keys("correct horse battery", Keys.ENTER)
        self.heading("Today")
        self.tab_to("Jobs")
        self.keys(Keys.ENTER)
        self.heading("Jobs")
        self.tab_to("Skip to the content")
        self.keys(Keys.ENTER)
        self.tab_to("New job")
        self.keys(Keys.ENTER)
        self.heading("New job")
        self.tab_to("Ilze Ozola")
        self.keys(Keys.ENTER)
        self.tab_to("Title")
        self.keys("By keys alone")
        self.tab_to("Stage")
        self.keys("Ready")
        self.tab_to("See what this will send")
        self.keys(Keys.ENTER)
        self.heading("Before you save")
        self.tab_to("The message")
        self.keys(Keys.ENTER)
        self.see("Ready.")
        self.tab_to("Save")
        self.keys(Keys.ENTER)
        self.heading("By keys alone")
        self.see("Saved.")

    def test_the_current_page_is_in_sight_in_the_bar(self):
        self.sign_in()
        for words in ("Templates", "Playbook", "Today"):
            self.press(words)
            self.when(f"{words} in the bar", lambda: self.driver.execute_script(
                "const r = document.querySelector('.bar [aria-current]').getBoundingClientRect();"
                "return r.left >= 0 && r.right <= innerWidth"))
        bar = self.driver.find_element("css selector", ".bar").rect
        self.assertLess(bar["height"], 110, "the bar takes too much of the page")


class AccessOnADesk(Access, DeskTest):
    pass


class AccessOnAPhone(Access, PhoneTest):
    pass
