"""Clients, as a person uses them: one is found by name and by number, read, changed, written to."""

from harness import CONF, FileGatewayFolder, wait_until
from harness.person import DeskTest, PhoneTest, open_browser

setUpModule = open_browser

SEARCH = "Name, number, address or reference"
PRICE = "\n[channel sms]\nprice = 0.05\n"
PLAYBOOK = """
[workflow repair]
stages = New, Ready, Collected
done = Collected

[rule ready]
on = job enters Ready
by = sms

[rule offer]
on = job enters Collected
by = email
purpose = marketing

[rule reminder]
on = appointment starts
when = 2 hours before
by = sms
"""
WORDS = {
    "ready/en.sms": "{{client.name}}, your {{job.title}} is ready.",
    "ready/he.sms": "{{client.name}}, הרכב מוכן.",
    "offer/en.email": "Subject: Tyres\n\nHalf the price, {{client.name}}.\n",
    "reminder/en.sms": "See you, {{client.name}}!",
}
LONG = "Pneumonoultramicroscopicsilicovolcanoconiosis" * 2
ROWS = f"""
INSERT INTO client (id, ref, name, phone, email, language) VALUES
    (1, 'K-1', 'Ilze Ozola', '+37120000001', 'ilze@example.com', 'en'),
    (2, 'K-2', 'מרים לוי', '+37120000002', 'miriam@example.com', 'he'),
    (3, '{LONG}', '{LONG}', '+37120000003', '{LONG}@example.com', 'en'),
    (4, 'K-4', 'Nobody Yet', NULL, NULL, NULL);
INSERT INTO job (client_id, stage, title) VALUES (1, 'Ready', 'Volvo'), (1, 'Collected', 'Saab'),
    (2, 'Ready', 'סובארו'), (3, 'Ready', '{LONG}');
INSERT INTO appointment (client_id, starts, title) VALUES (1, '2026-12-15T15:00', 'Tyres');
INSERT INTO answer (client_id, channel, text) VALUES (1, 'sms', 'Thank you, I come at five');
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
INSERT INTO client (name, phone) SELECT 'Many ' || i, '+371201' || (10000 + i) FROM n;
"""


class Clients:
    conf = CONF.replace("country = LV", "country = LV\ncurrency = EUR") + PRICE
    playbook, templates, rows = PLAYBOOK, WORDS, ROWS
    users = ("anna:manager", "sam:staff")

    def setUp(self):
        super().setUp()
        wait_until("what is sent at once", lambda: self.shop.states(rule="ready") == {"sent": 3})

    def open(self, words):
        self.press("Clients")
        self.write(SEARCH, words)
        self.press("Search")

    def test_one_is_found_by_name_and_by_number_and_read(self):
        self.sign_in()
        self.press("Clients")
        self.see("Many 60")
        self.look("clients")
        self.write(SEARCH, "many")
        self.press("Search")
        self.see("There are more. Add a word to see fewer.")
        self.look("clients-many")
        self.write(SEARCH, "nobody of this name")
        self.press("Search")
        self.see("No client has all of these words.")
        self.look("clients-none")
        self.write(SEARCH, "2000 0001")
        self.press("Search")
        self.press("Ilze Ozola")
        self.heading("Ilze Ozola")
        self.see("has not agreed to marketing messages")
        self.see("Thank you, I come at five")
        self.press("The message", within="ready")
        self.see("Ilze Ozola, your Volvo is ready.")
        self.see("Tyres", "section[aria-labelledby=coming]")
        self.look("client")

    def test_names_and_texts_in_any_direction_and_of_any_length_are_shown_right(self):
        self.sign_in()
        self.open("מרים")
        self.press("מרים לוי")
        self.press("The message")
        words = self.element("//*[@class='words']")
        self.assertEqual(words.text, "מרים לוי, הרכב מוכן.")
        self.assertEqual((words.get_attribute("lang"), words.value_of_css_property("direction")),
                         ("he", "rtl"))
        self.look("client-rtl")
        self.open("Pneumono")
        self.press(LONG)
        self.press("The message")
        self.look("client-long")

    def test_the_record_is_changed_and_mistakes_are_told_at_their_fields(self):
        self.shop.sql("INSERT INTO client (id, name, phone) VALUES (1001, 'Berta', '20000009')"
                      " ON CONFLICT DO NOTHING;")
        self.sign_in("sam")
        self.open("Berta")
        self.press("Berta")
        self.press("Edit details")
        self.write("Telephone", "12")
        self.write("Time zone", "Europe/Rig")
        self.press("Save")
        self.see_at("Time zone", "did you mean Europe/Riga?")
        self.look("client-wrong")
        self.write("Telephone", "20000010")
        self.write("E-mail", "berta@example.com")
        self.write("Time zone", "Asia/Almaty")
        self.choose("Prefers", "e-mail")
        self.choose("Language", "Latvian")
        self.press("Save")
        self.see("Saved.")
        self.look("client-saved")
        row, = self.shop.query("SELECT * FROM client WHERE id = 1001")
        self.assertEqual([row[k] for k in ("phone", "email", "timezone", "channel", "language")],
                         ["20000010", "berta@example.com", "Asia/Almaty", "email", "lv"])

        self.press("Record consent or an opt-out")
        self.write("Who said it, and how", "Berta, by telephone")
        self.choose("What the client wants", "Nothing by e-mail")
        self.press("See what it changes")
        self.see("goes by text from then on")
        self.look("consent-look")
        self.press("Back")
        self.choose("What the client wants", "Offers by e-mail: yes")
        self.press("See what it changes")
        self.press("Write it into the ledger")
        self.see("It was written into the ledger")
        self.see("yes, asked for", "section[aria-labelledby=consent]")
        self.press("What the client said before")
        self.see("Berta, by telephone (sam)")
        self.look("client-ledger")

    def test_a_message_is_written_looked_at_and_arrives(self):
        self.sign_in("sam")
        self.open("K-1")
        self.press("Ilze Ozola")
        self.press("Write a message")
        self.choose("Channel", "e-mail")
        self.write("Text", "You left your keys here.\nSee you!")
        self.press("Look at it first")
        self.see("An e-mail needs a subject.")
        self.look("write-wrong")
        self.choose("Channel", "text")
        self.write("Text", f"You left your ķeys here, {self.width}!")
        self.press("Look at it first")
        self.see("It goes at once.")
        self.see("1 text: ")
        self.see("About 0.05 EUR.")
        self.look("write-look")
        self.press("Send it")
        self.see("The message waits to be sent.")
        said = f"You left your ķeys here, {self.width}!"
        out = FileGatewayFolder(self.shop.out)
        wait_until("the text", lambda: ("+37120000001", said) in
                   [(to, text.strip()) for to, text in out.texts()])
        self.see("By hand", "section[aria-labelledby=history]")

    def test_a_note_is_added_without_scripts(self):
        self.without_scripts()
        self.sign_in("sam")
        self.open("K-4")
        self.press("Nobody Yet")
        self.see("Nothing has been sent to this client.")
        self.press("Add a note")
        self.write("Note", " ")
        self.press("Save")
        self.see("Write something first.")
        self.write("Note", f"Rings on Mondays, says the {self.width}")
        self.press("Save")
        self.see("The note was added.")
        self.see(f"Rings on Mondays, says the {self.width}")

    def test_a_new_client_is_heard_of(self):
        self.sign_in("sam")
        self.press("Clients")
        self.press("New client")
        self.look("client-new")
        self.write("Name", f"Zane {self.width}")
        self.press("Save")
        self.see("The client was added.")
        self.heading(f"Zane {self.width}")
        self.see("Nothing is planned for this client.")
        self.look("client-empty")


class ClientsOnADesk(Clients, DeskTest):
    pass


class ClientsOnAPhone(Clients, PhoneTest):
    pass
