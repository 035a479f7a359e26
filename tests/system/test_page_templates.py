"""The texts, as a person uses them: gaps are seen, one is changed with its mistakes told while one
types, looked at for a real client, tried, saved, compared with what it was, and put back; nobody's
words are lost when two write at once."""

from harness import CONF, FileGatewayFolder, wait_until
from harness.person import DeskTest, PhoneTest, open_browser
from web_browser import Browser

setUpModule = open_browser

PRICE = "\n[channel sms]\nprice = 0.05\n"
PLAYBOOK = """
[workflow repair]
stages = New, Ready, Collected
done = Collected

[rule ready]
on = job enters Ready
by = sms then email

[rule thanks]
on = job enters Collected
by = sms
"""
WORDS = {
    "ready/en.sms": "{{client.name}}, {{job.title}} is ready.\n",
    "ready/en.email": "Subject: Ready: {{job.title}}\n\nHello {{client.name}},\n\nCome and get "
                      "it.\n",
    "ready/lv.sms": "{{client.name}}, {{job.title}} ir gatavs.\n",
    "ready/fa.sms": "سلام {{client.name}}، {{job.title}} آماده است.\n",
    "thanks/en.sms": "Thank you!\n",
}
ROWS = """
INSERT INTO staff (id, name, phone, email) VALUES (1, 'Anna', '+37120000099', 'anna@example.com');
INSERT INTO client (id, name, phone, language) VALUES (1, 'Ilze Ozola', '+37120000001', 'lv'),
    (2, 'رضا کریمی', '+37120000002', 'fa'), (3, 'Otto', '+37120000003', 'en');
INSERT INTO job (id, ref, client_id, stage, title) VALUES (1, 'J-1', 1, 'New', 'Volvo'),
    (2, 'J-2', 2, 'New', 'پژو'), (3, 'J-3', 3, 'New', 'Opel');
"""


class Templates:
    conf = CONF.replace("country = LV", "country = LV\ncurrency = EUR") + PRICE
    playbook, templates, rows = PLAYBOOK, WORDS, ROWS
    users = ("anna:manager", "berta:manager", "rita:reader")

    def file(self, name):
        return (self.shop.dir / "templates" / name).read_text(encoding="utf-8")

    def open(self, path):
        self.sign_in()
        self.press("Templates")
        self.go(path)
        self.element("//textarea")

    def type(self, text):
        """Write it in the place of the text, key by key."""
        self.write("What it says", text)

    def test_gaps_and_translations_that_are_older_than_their_original_are_marked(self):
        versions = "SELECT id FROM template_version WHERE file = 'ready/en.sms'"
        wait_until("the first versions", lambda: self.shop.query(versions))
        known = len(self.shop.query(versions))
        self.shop.write("templates/ready/en.sms", f"{{{{client.name}}}}, come, {self.width}!\n")
        wait_until("the new one", lambda: len(self.shop.query(versions)) > known)
        self.sign_in("rita")
        self.press("Templates")
        self.see("text: missing")
        self.see("text: outdated")
        self.look("templates")
        self.press("ready")
        self.see("older than its original")
        self.look("template-all")

    def test_a_text_is_changed_with_a_mistake_first_tried_and_saved(self):
        self.open("/templates/ready/en/sms")
        self.see("Opel")
        self.mark()
        self.type("Hello {{client.nmae}}")
        self.see_at("What it says", 'did you mean "client.name"?')
        self.look("template-wrong")
        self.type("Hello {{client.name}}, here is ķ" + "." * 60)
        self.see("Hello Otto, here is ķ", "#preview")
        self.see("2 segments of Unicode (UCS-2)", "#preview")
        self.see("It costs 0.1 EUR.", "#preview")
        self.see_no("did you mean", "#problems")
        self.assertTrue(self.is_marked(), "the page was loaded anew")
        self.look("template-preview")

        self.type(f"Draft on the {self.width}, {{{{client.name}}}}")
        self.press("Send a test")
        self.look("template-test")
        self.press("Send it")
        self.see("The test is on its way to")
        out = FileGatewayFolder(self.shop.out)
        wait_until("the test", lambda: any(
            to == "+37120000099" and f"Draft on the {self.width}, Otto" in text
            for to, text in out.texts()))
        self.press("Save")
        self.see("Saved. From the next message on it reads so.")
        self.assertEqual(self.file("ready/en.sms"),
                         f"Draft on the {self.width}, {{{{client.name}}}}\n")

    def test_it_is_looked_at_for_a_client_who_is_found(self):
        self.open("/templates/ready/fa/sms")
        self.write("Another client: name, number, address or reference", "رضا")
        self.press("Preview")
        self.see("سلام رضا کریمی، پژو آماده است.", "#preview")
        bubble = self.element("//*[@class='bubble']")
        self.assertEqual(bubble.value_of_css_property("direction"), "rtl")
        self.look("template-rtl")

    def test_a_mail_is_shown_as_it_looks_within_its_sandbox(self):
        self.open("/templates/ready/en/email")
        self.type("Subject: For {{client.name}}\n\nIt is *done*. <script>alert(1)</script>\n")
        self.see("For Otto", "#subject")
        frame = self.element("//iframe[@sandbox='']")
        self.driver.execute_script("arguments[0].scrollIntoView()", frame)

        def shown():
            self.driver.switch_to.frame(self.driver.find_element("css selector", "iframe.mail"))
            try:
                return "It is" in self.text("body")
            finally:
                self.driver.switch_to.default_content()

        self.when("the mail", shown)
        self.press("As plain text")
        self.look("template-mail")
        self.press("What the text may show")
        self.press("{{client.name}}")
        self.assertIn("{{client.name}}",
                      self.value("What it says").rsplit("\n", 1)[-1])
        self.look("template-names")

    def test_versions_are_compared_and_one_is_put_back(self):
        name = "thanks/en.sms"
        self.shop.write(f"templates/{name}", WORDS[name])
        self.open("/templates/thanks/en/sms")
        self.type(f"Second on the {self.width}")
        self.press("Save")
        self.see("Saved.")
        self.press("Versions")
        self.press("Show the differences")
        self.see("Differences")
        self.element(f"//ins[contains(., 'Second on the {self.width}')]")
        self.look("template-versions")
        self.press("Put this version back", within="in the file")
        self.when("the text as it was", lambda: self.file(name) == WORDS[name])

    def test_two_write_at_once_and_the_second_loses_nothing(self):
        self.open("/templates/ready/lv/sms")
        berta = Browser(self.port).sign_in("berta")
        path = "/templates/ready/lv/sms"
        self.type(f"Mine, on the {self.width}")
        page = berta.get(path).text
        seen = page.split('name="seen" value="')[1].split('"')[0]
        answer = berta.post(f"{path}/save", {"token": berta.token(path), "seen": seen,
                                             "text": f"Hers, on the {self.width}\n"})
        self.assertEqual(answer.status, 303, answer.text)
        self.press("Save")
        self.see("Not saved: somebody else has changed this text meanwhile.")
        self.element(f"//del[contains(., 'Hers, on the {self.width}')]")
        self.assertEqual(self.value("What it says").strip(),
                         f"Mine, on the {self.width}")
        self.assertEqual(self.file("ready/lv.sms"), f"Hers, on the {self.width}\n")
        self.look("template-conflict")
        self.press("Save")
        self.see("Saved.")
        self.assertEqual(self.file("ready/lv.sms"), f"Mine, on the {self.width}\n")

    def test_a_text_is_changed_without_scripts(self):
        self.without_scripts()
        self.open("/templates/ready/en/email")
        self.type("Subject: No scripts\n\n{{nobody}}\n")
        self.press("Save")
        self.see("Not saved: something was wrong in the text.")
        self.see("Line 3, column 1:")
        self.type(f"Subject: No scripts\n\nThe {self.width}\n")
        self.press("Preview")
        self.see("No scripts", "#subject")
        self.press("Save")
        self.see("Saved.")
        self.assertIn(f"The {self.width}", self.file("ready/en.email"))


class TemplatesOnADesk(Templates, DeskTest):
    pass


class TemplatesOnAPhone(Templates, PhoneTest):
    pass
