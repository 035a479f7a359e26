"""The pages about one client: the record in a form, notes, consent, answers, the history."""

import re

from harness import CONF, ShopTest, wait_until
from web_browser import PASSWORD, Browser, fields_of, free_port

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
"""
WORDS = {
    "ready/en.sms": "{{client.name}}, your car is ready.",
    "offer/en.email": "Subject: Tyres\n\nHalf the price, {{client.name}}.\n",
}
EVIL = "<script>alert('x')</script> \"& Söhne"


class ClientsPage(ShopTest):
    def setUp(self):
        self.port = free_port()
        conf = CONF + f"\n[web]\nlisten = 127.0.0.1:{self.port}\n"
        self.its = self.shop(conf=conf, playbook=PLAYBOOK, templates=WORDS)
        for name, role in (("anna", "manager"), ("sam", "staff"), ("rita", "reader")):
            self.its.run("user", "add", name, "--role", role, stdin=PASSWORD + "\n")
        self.its.start()
        self.sam = Browser(self.port).sign_in("sam")

    def client(self, **more):
        names = {"name": "Ilze", "phone": "+37120000001", **more}
        columns = ", ".join(names)
        values = ", ".join("'" + v.replace("'", "''") + "'" for v in names.values())
        self.its.sql(f"INSERT INTO client ({columns}) VALUES ({values});")
        return int(self.its.sql("SELECT max(id) FROM client;"))

    def fill(self, path, **typed):
        """Send the form of a page with these fields typed in, the others as it shows them."""
        page = self.sam.get(path).text
        form = page[page.index('<form class="fields"'):]
        fields = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', form))
        for name, options in re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', form):
            chosen = re.search(r'value="([^"]*)" selected', options)
            fields[name] = chosen[1] if chosen else re.search(r'value="([^"]*)"', options)[1]
        for name, text in re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>\n(.*?)</textarea>', form,
                                     re.S):
            fields[name] = text
        return self.sam.post(path, {**fields, **typed})

    # ---- the record

    def test_a_client_is_added_and_heard_of_by_the_rules(self):
        answer = self.fill("/clients/new", name="Ilze", phone="20000001", language="lv", tags="vip")
        self.assertRegex(answer.location, r"^/clients/\d+\?said=added$")
        self.assertIn("The client was added.", self.sam.get(answer.location).text)
        row = self.its.query("SELECT * FROM client")[0]
        self.assertEqual((row["name"], row["phone"], row["language"], row["email"], row["tags"]),
                         ("Ilze", "20000001", "lv", None, "vip"))
        self.its.sql("INSERT INTO job (client_id, stage) SELECT id, 'Ready' FROM client;")
        self.assertEqual(self.its.wait_message(rule="ready", state="sent")["to"], "+37120000001")

    def test_a_number_or_address_of_somebody_who_opted_out_is_asked_about_once(self):
        for name, phone, email in (("Emma Clarke", "20 000 009", "emma@example.com"),
                                   ("Ivo", "+37120000008", "ivo@example.com")):
            self.client(name=name, phone=phone, email=email)
        self.its.sql("INSERT INTO consent (client_id, channel, purpose, state) VALUES "
                     "(1, 'sms', 'service', 'out'), (1, 'email', 'service', 'out'), "
                     "(2, 'sms', 'service', 'out'), (2, 'sms', 'service', 'in');")
        path, typed = "/clients/new", {"name": "E. Clarke", "tags": "kept"}
        for way, value, words in (("phone", "+371 20000009", "Emma Clarke has the same number"),
                                  ("email", "EMMA@example.com", "Emma Clarke has the same addr")):
            page = self.fill(path, **typed, **{way: value})
            self.assertEqual(page.status, 400)
            self.assertRegex(page.text, rf'id="{way}-problem">{words}')
            self.assertIn('value="kept"', page.text)
            again = fields_of(page.text, path)
            other = self.sam.post(path, {**again, "name": ""})  # it has been asked already
            self.assertNotIn("Emma Clarke", other.text)
            self.assertEqual(self.sam.post(path, {**again, "notes": ""}).status, 303)
        for form in ({"phone": "+37120000008"}, {"phone": "20000007", "email": "e@example.com"}):
            self.assertEqual(self.fill(path, **typed, **form).status, 303, form)
        # Their own record, and one that has the number already, are changed without a word.
        for client in (1, 3):
            where = f"/clients/{client}/edit"
            fields = fields_of(self.sam.get(where).text, where)
            answer = self.sam.post(where, {**fields, "notes": "", "tags": "vip"})
            self.assertEqual(answer.status, 303)

    def test_what_could_not_be_used_is_refused_at_its_field_and_nothing_typed_is_lost(self):
        for name, value, words in (
            ("name", "  ", "write it here"),
            ("email", "ilze@", "aria-invalid"),
            ("phone", "12", "aria-invalid"),
            ("timezone", "Europe/Rig", "did you mean Europe/Riga?"),
            ("language", "xx-yy-zz-1", "aria-invalid"),
        ):
            typed = {"name": "Ilze", "tags": "kept as it was", name: value}
            answer = self.fill("/clients/new", **typed)
            self.assertEqual(answer.status, 400, name)
            self.assertIn(words, answer.text)
            self.assertIn(f'aria-describedby="{name}-problem', answer.text)
            self.assertIn(f'<a href="#{name}">', answer.text)
            self.assertIn("kept as it was", answer.text)
        self.assertEqual(self.its.query("SELECT * FROM client"), [])

    def test_what_somebody_else_wrote_meanwhile_is_shown_and_not_overwritten(self):
        client = self.client(email="old@example.com")
        page = self.sam.get(f"/clients/{client}/edit").text
        version = re.search(r'name="version" value="(\w+)"', page)[1]
        self.its.sql(f"UPDATE client SET email = 'new@example.com' WHERE id = {client};")
        answer = self.fill(f"/clients/{client}/edit", version=version, name="Ilze B",
                           email="old@example.com")
        self.assertEqual(answer.status, 400)
        self.assertIn("there it says now: new@example.com", answer.text)
        self.assertIn('value="Ilze B"', answer.text)
        rows = self.its.query("SELECT name, email FROM client")
        self.assertEqual(rows, [{"name": "Ilze", "email": "new@example.com"}])
        newer = re.search(r'name="version" value="(\w+)"', answer.text)[1]
        self.assertNotEqual(newer, version)
        answer = self.fill(f"/clients/{client}/edit", version=newer, name="Ilze B",
                           email="old@example.com")
        self.assertEqual(answer.status, 303)
        rows = self.its.query("SELECT name, email FROM client")
        self.assertEqual(rows, [{"name": "Ilze B", "email": "old@example.com"}])

    def test_what_a_form_has_not_touched_stays_as_somebody_else_wrote_it_meanwhile(self):
        client = self.client(email="old@example.com", tags="vip")
        where = f"/clients/{client}/edit"
        shown = fields_of(self.sam.get(where).text, where)
        self.its.sql(f"UPDATE client SET email = 'new@example.com' WHERE id = {client};")
        answer = self.sam.post(where, {**shown, "name": "Ilze B"})
        self.assertEqual(answer.status, 303)
        row, = self.its.query("SELECT name, email, tags FROM client")
        self.assertEqual(row, {"name": "Ilze B", "email": "new@example.com", "tags": "vip"})
        self.its.sql(f"UPDATE client SET tags = 'lost', name = 'Ilze C' WHERE id = {client};")
        shown["version"], shown["was-email"] = "0", "0"
        answer = self.sam.post(where, {**shown, "name": "Mine"})
        self.assertEqual(answer.status, 400)
        self.assertIn("there it says now: Ilze C", answer.text)
        again = fields_of(answer.text, where)
        self.assertEqual((again["name"], again["tags"]), ("Mine", "lost"))

    def test_no_two_clients_get_one_reference(self):
        self.client(ref="C-1")
        other = self.client(name="Juris", ref="C-2")
        answer = self.fill(f"/clients/{other}/edit", ref="C-1")
        self.assertEqual(answer.status, 400)
        self.assertIn("Another client has this reference", answer.text)
        self.assertEqual(self.fill(f"/clients/{other}/edit", ref="C-2").status, 303)

    def test_a_change_keeps_what_the_form_does_not_show(self):
        client = self.client(fields='{"plate": "AB-1"}')
        self.assertEqual(self.fill(f"/clients/{client}/edit", name="Ilze B").status, 303)
        rows = self.its.query("SELECT name, fields FROM client")
        self.assertEqual(rows, [{"name": "Ilze B", "fields": '{"plate": "AB-1"}'}])
        self.assertIn("sam changed the record: Name", self.sam.get(f"/clients/{client}").text)

    # ---- what is written down

    def test_a_note_stands_in_the_history_with_who_wrote_it(self):
        client = self.client()
        self.fill(f"/clients/{client}/note", text="Prefers mornings.\n" + EVIL)
        page = self.sam.get(f"/clients/{client}").text
        self.assertIn("Prefers mornings.", page)
        self.assertNotIn("<script>alert", page)
        self.assertIn("by sam", page)
        rows = self.its.query("SELECT kind, text FROM history WHERE kind = 'note'")
        self.assertEqual(len(rows), 1)
        self.assertEqual(self.fill(f"/clients/{client}/note", text=" ").status, 400)

    def test_an_opt_out_counts_for_what_is_planned_and_stays_in_the_ledger(self):
        client = self.client()
        self.its.sql(f"UPDATE client SET email = 'ilze@example.com' WHERE id = {client};")
        for wish in ("yes-offers-email", "no-offers-email"):
            answer = self.fill(f"/clients/{client}/consent", wish=wish, source="by telephone",
                               wording="May we send you offers?", step="save")
            self.assertEqual(answer.status, 303)
        rows = self.its.query("SELECT state, source, wording FROM consent ORDER BY id")
        self.assertEqual([r["state"] for r in rows], ["in", "out"])
        self.assertEqual(rows[0]["source"], "by telephone (sam)")
        page = self.sam.get(f"/clients/{client}").text
        self.assertIn("no, opted out", page)
        self.assertIn("May we send you offers?", page)
        self.its.sql(f"INSERT INTO job (client_id, stage) VALUES ({client}, 'Collected');")
        message = self.its.wait_message(rule="offer", state="skipped")
        self.assertIn("has not agreed", message["reason"])

    def test_consent_without_a_word_on_how_it_was_given_is_refused(self):
        client = self.client()
        answer = self.fill(f"/clients/{client}/consent", wish="offers", source="", step="save")
        self.assertEqual(answer.status, 400)
        answer = self.fill(f"/clients/{client}/consent", wish="", source="she", step="save")
        self.assertIn("Choose what the client wants", answer.text)
        self.assertEqual(self.its.query("SELECT * FROM consent"), [])

    def test_nothing_at_all_is_one_choice_that_says_first_what_it_withdraws(self):
        client = self.client()
        self.its.sql(f"UPDATE client SET email = 'ilze@example.com' WHERE id = {client};"
                     f"INSERT INTO consent (client_id, channel, purpose, state) "
                     f"VALUES ({client}, 'email', 'survey', 'out');")
        self.its.run("pause")
        self.its.sql(f"INSERT INTO job (client_id, stage) VALUES ({client}, 'Ready');")
        self.its.wait_message(rule="ready", state="planned")
        where = f"/clients/{client}/consent"
        look = self.fill(where, wish="no-email", source="she").text
        self.assertIn("goes by text from then on", look)
        look = self.fill(where, wish="nothing", source="she, by telephone").text
        self.assertIn("will not be sent any more", look)
        self.assertIn("opted out", look)
        self.assertIn("by any channel", look)
        self.assertEqual(len(self.its.query("SELECT * FROM consent")), 1)
        back = self.fill(where, wish="nothing", source="she, by telephone", step="back").text
        self.assertIn('value="nothing" selected', back)
        answer = self.fill(where, wish="nothing", source="she, by telephone", step="save")
        self.assertEqual(answer.location, f"/clients/{client}?said=consent")
        rows = self.its.query("SELECT DISTINCT channel, purpose FROM consent WHERE state = 'out'")
        self.assertEqual(len(rows), 6)
        self.assertEqual(len(self.its.query("SELECT * FROM consent")), 6)
        self.its.run("resume")
        self.its.wait_message(rule="ready", state="skipped")
        again = self.fill(where, wish="nothing", source="she", step="save")
        self.assertIn("The ledger says so already", again.text)

    def test_what_was_said_at_once_is_told_in_plain_words(self):
        client = self.client()
        for wish in ("nothing", "again"):
            self.fill(f"/clients/{client}/consent", wish=wish, source=f"she: {wish}", step="save")
        told = re.search(r'<details id="ledger">.*?</details>',
                         self.sam.get(f"/clients/{client}").text, re.S)[0]
        self.assertEqual(told.count("<li>"), 2)
        self.assertIn("All but offers again", told)
        self.assertIn("Nothing at all", told)

    def test_an_answer_is_written_down_about_the_job_it_is_about(self):
        client = self.client()
        self.its.sql(f"INSERT INTO job (client_id, stage, title) VALUES ({client}, 'New', 'Gear');")
        job = int(self.its.sql("SELECT id FROM job;"))
        self.fill(f"/clients/{client}/answer", about=f"job {job}", text="Go ahead", score="4")
        rows = self.its.query("SELECT client_id, job_id, channel, text, score FROM answer")
        self.assertEqual(rows, [{"client_id": client, "job_id": job, "channel": "phone",
                                 "text": "Go ahead", "score": 4}])
        self.assertIn("Go ahead", self.sam.get(f"/clients/{client}").text)
        other = self.client(name="Juris")
        answer = self.fill(f"/clients/{other}/answer", about=f"job {job}", text="No")
        self.assertEqual(answer.status, 400)

    # ---- who may

    def test_a_reader_sees_all_of_it_and_changes_nothing(self):
        client = self.client()
        rita = Browser(self.port).sign_in("rita")
        page = rita.get(f"/clients/{client}").text
        self.assertNotIn(f"/clients/{client}/edit", page)
        token = rita.token()
        for what in ("edit", "note", "consent", "answer"):
            self.assertEqual(rita.get(f"/clients/{client}/{what}").status, 403)
            form = {"token": token, "text": "x", "name": "x", "wish": "offers", "source": "x",
                    "step": "save"}
            self.assertEqual(rita.post(f"/clients/{client}/{what}", form).status, 403)
        self.assertEqual(rita.post("/clients/new", {"token": token, "name": "x"}).status, 403)
        self.assertEqual(len(self.its.query("SELECT * FROM client")), 1)

    def test_without_the_token_of_a_form_nothing_is_written(self):
        client = self.client()
        for what in ("edit", "note", "consent", "answer"):
            form = {"text": "x", "name": "x", "wish": "offers", "source": "x", "step": "save"}
            self.assertEqual(self.sam.post(f"/clients/{client}/{what}", form).status, 403)
        self.assertEqual(self.its.query("SELECT * FROM note"), [])

    def test_a_client_who_is_gone_is_not_written_to(self):
        token = self.sam.token()
        for what in ("edit", "note", "consent", "answer"):
            form = {"token": token, "text": "x", "name": "x", "wish": "offers", "source": "x",
                    "step": "save"}
            if what == "answer":
                form["channel"] = "phone"
            self.assertEqual(self.sam.post(f"/clients/999/{what}", form).status, 404, what)
        self.assertEqual(self.its.query("SELECT * FROM consent"), [])

    def test_a_message_that_waits_is_cancelled_from_the_clients_page(self):
        client = self.client()
        self.its.run("pause")
        self.its.sql(f"INSERT INTO job (client_id, stage) VALUES ({client}, 'Ready');")
        wait_until("the message", lambda: self.its.query("SELECT * FROM message"), 10)
        page = self.sam.get(f"/clients/{client}").text
        action = re.search(r'action="(/messages/\d+/cancel)"', page)[1]
        answer = self.sam.post(action, {"token": self.sam.token(), "back": f"/clients/{client}"})
        self.assertEqual(answer.location, f"/clients/{client}?said=cancelled")
        self.its.run("resume")
        message = self.its.wait_message(rule="ready", state="cancelled")
        self.assertEqual(message["reason"], "cancelled by sam")
