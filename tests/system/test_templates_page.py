"""The texts on the page: what there is in which language, what is missing, what is old; changing a
text, with its mistakes told at their place, its preview, its versions, and a test message."""

import html
import re
import shutil

from harness import CONF, ShopTest, wait_until
from web_browser import PASSWORD, Browser, free_port

PLAYBOOK = """
[workflow repair]
stages = New, Ready, Collected
done = Collected

[rule ready]
on = job enters Ready
by = sms then email

[rule reminder]
on = appointment starts
when = 2 hours before
by = sms
template = visit
"""

WORDS = {
    "ready/en.sms": "{{client.name}}, {{job.title}} is ready.\n",
    "ready/en.email": "Subject: Ready: {{job.title}}\n\nHello {{client.name}},\n\n{{> foot}}\n",
    "ready/lv.sms": "{{client.name}}, {{job.title}} ir gatavs.\n",
    "visit/en.sms": "See you {{appointment.starts | relative}}!\n",
    "spare/en.sms": "Nobody sends this.\n",
    "_shared/foot.email": "Yours, {{business.name}}\n",
}


def text_of(page):
    """What a reader of the page sees."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


class TemplatesTest(ShopTest):
    def page(self, users=("anna:manager", "berta:staff", "rita:reader"), conf=CONF, words=(),
             web=""):
        self.port = free_port()
        section = f"\n[web]\nlisten = 127.0.0.1:{self.port}\n{web}"
        shop = self.shop(conf=conf + section, playbook=PLAYBOOK)
        folder = shop.dir / "templates"
        shutil.rmtree(folder)  # those that every new folder begins with
        for name, text in {**WORDS, **dict(words)}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        for user in users:
            name, role = user.split(":")
            shop.run("user", "add", name, "--role", role, stdin=PASSWORD + "\n")
        return shop.start()

    def browser(self, name="anna"):
        return Browser(self.port).sign_in(name)

    def row(self, page, name):
        """The cells of a template's row, by language."""
        heads = [text_of(h).split()[0]
                 for h in re.findall(r"<th [^>]*scope=\"col\">.*?</th>", page)]
        cells = re.search(rf">{name}</a></th>(.*?)</tr>", page)[1]
        found = [text_of(c) for c in re.findall(r"<td.*?</td>", cells)]
        return dict(zip(heads[1:], found, strict=True))


class Overview(TemplatesTest):
    def test_what_is_missing_in_a_language_that_somebody_speaks_is_marked(self):
        shop = self.page()
        shop.sql("INSERT INTO client (name, language) VALUES ('A', 'lv'), ('B', 'lv-LV'), "
                 "('C', 'kk'), ('D', 'en-GB')")
        page = self.browser("rita").get("/templates").text
        ready = self.row(page, "ready")
        self.assertEqual(ready["English"], "e-mail text")
        self.assertEqual(ready["Latvian"], "e-mail: missing text")
        self.assertEqual(ready["Kazakh"], "e-mail: missing text: missing")
        self.assertEqual(self.row(page, "visit")["Latvian"], "text: missing")  # by SMS alone
        self.assertIn("Latvian 2 clients", text_of(page))
        self.assertNotIn("British", text_of(page))

    def test_where_a_text_is_used_is_told(self):
        self.page()
        page = self.browser("rita").get("/templates").text
        self.assertEqual(self.row(page, "visit")["Used"], "reminder")
        self.assertEqual(self.row(page, "spare")["Used"], "no rule")
        page = text_of(self.browser("rita").get("/templates/visit").text)
        self.assertIn("2 hours before an appointment starts", page)

    def test_all_texts_of_one_stand_side_by_side(self):
        self.page()
        page = self.browser("rita").get("/templates/ready")
        self.assertIn("{{client.name}}, {{job.title}} ir gatavs.", html.unescape(page.text))
        self.assertIn("Subject: Ready: {{job.title}}", html.unescape(page.text))
        self.assertEqual(self.browser("rita").get("/templates/nothing").status, 404)

    def test_a_mistake_that_an_editor_has_just_saved_is_shown(self):
        shop = self.page()
        (shop.dir / "templates/ready/lv.sms").write_text("{{client.nmae}}")
        page = text_of(self.browser("rita").get("/templates").text)
        self.assertIn('ready, text in Latvian , line 1: No record has "client.nmae"; did you mean '
                      '"client.name"?', page)

    def test_a_translation_is_old_when_its_original_was_changed_in_the_file(self):
        shop = self.page()
        browser = self.browser("rita")
        wait_until("the first versions", lambda: shop.query("SELECT id FROM template_version"))
        self.assertEqual(self.row(browser.get("/templates").text, "ready")["Latvian"], "text")
        (shop.dir / "templates/ready/en.sms").write_text("{{client.name}}, come and get it.\n")
        wait_until("the reload", lambda: self.row(browser.get("/templates").text,
                                                  "ready")["Latvian"] == "text: outdated")


class Editor(TemplatesTest):
    """The page with one text: what a person does there, without script."""

    def form(self, page, **changes):
        """The fields of the editor's form as the page has them."""
        fields = {"text": html.unescape(re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page,
                                                  re.DOTALL)[1])}
        for name in ("token", "seen"):
            fields[name] = re.search(rf'name="{name}" value="(\w+)"', page)[1]
        for name in ("record", "rule", "to"):
            options = re.search(rf'<select id="{name}".*?</select>', page, re.DOTALL)
            if options:
                chosen = re.search(r'<option(?: value="([^"]*)")?(?: selected)?>([^<]*)',
                                   options[0])
                for value, label in re.findall(r'<option(?: value="([^"]*)")? selected>([^<]*)',
                                               options[0]):
                    fields[name] = value or html.unescape(label)
                fields.setdefault(name, chosen[1] or html.unescape(chosen[2]))
        fields.update(changes)
        return fields

    def do(self, browser, path, what, **changes):
        page = browser.get(path).text
        return browser.post(f"{path}/{what}", self.form(page, **changes))

    def preview(self, page):
        return re.search(r'<section id="preview".*?</section>', page, re.DOTALL)[0]

    def test_a_mistake_is_told_at_its_line_with_the_nearest_name(self):
        shop = self.page()
        browser = self.browser()
        for what, status in (("preview", 200), ("save", 422)):
            answer = self.do(browser, "/templates/ready/en/sms", what,
                             text="Hello\r\n{{client.nmae}}\r\n")
            self.assertEqual(answer.status, status)
            self.assertIn('Line 2, column 1: no record has "client.nmae"; did you mean '
                          '"client.name"?', text_of(answer.text))
            self.assertIn('data-line="2"', answer.text)
            self.assertIn("{{client.nmae}}", self.form(answer.text)["text"])
        self.assertEqual((shop.dir / "templates/ready/en.sms").read_text(),
                         WORDS["ready/en.sms"])

    def test_bold_words_in_a_text_message_are_noted_and_in_a_mail_are_not(self):
        self.page()
        browser = self.browser()
        for path, text, told in (
            ("/templates/ready/en/sms", "Hello\nCome **now**.\n", True),
            ("/templates/ready/en/email", "Subject: **now**\n\nCome.\n", True),
            ("/templates/ready/en/email", "Subject: Ready\n\nCome **now**.\n", False),
        ):
            page = text_of(self.do(browser, path, "preview", text=text).text)
            self.assertEqual("`**now**` goes to the client as it stands" in page, told, path)
            self.assertEqual("Perhaps it is not what you mean" in page, told)

    def check(self, shop):
        """What `betimes check` says of the templates, without their folder."""
        done = shop.run("check", status=None)
        return done.returncode, done.stderr.replace(str(shop.dir / "templates") + "/", "")

    def test_nothing_is_saved_that_check_refuses(self):
        shop = self.page(words={"_shared/en/foot.email": "Best, {{business.name}}\n"})
        browser = self.browser()
        for path, file, text, told in (
            # a value that no message of the rule can ever have
            ("/templates/ready/en/sms", "ready/en.sms",
             "Hello\n{{appointment.starts | required}}\n",
             "{{appointment.starts}} never has a value here: `[rule ready]` is about a job"),
            # a link that leads nowhere
            ("/templates/visit/en/sms", "visit/en.sms", "See you!\n{{appointment.calendar_link}}\n",
             "{{appointment.calendar_link}} needs the address"),
            # a language twice, told of the folder or the other text
            ("/templates/ready/EN/sms", "ready/EN.sms", "Twice\n", "there are two templates"),
            ("/partials/foot/EN/email", "_shared/EN/foot.email", "Twice\n",
             "there are two partials of one name and language"),
        ):
            target = shop.dir / "templates" / file
            before = target.read_text() if target.exists() else None
            for what, status in (("preview", 200), ("save", 422)):
                answer = self.do(browser, path, what, text=text)
                self.assertEqual(answer.status, status, told)
                self.assertIn(told, text_of(answer.text))
                if "{{" in text:
                    self.assertIn('data-line="2"', answer.text)
                self.assertIn('aria-invalid="true" aria-describedby="wrong"', answer.text)
            self.assertEqual(target.read_text() if target.exists() else None, before)
            target.parent.mkdir(exist_ok=True)
            target.write_text(text)  # what the command says of the same
            status, said = self.check(shop)
            self.assertEqual(status, 1)
            self.assertIn(told, said)
            if before is None:
                target.unlink()
                if not any(target.parent.iterdir()):
                    target.parent.rmdir()
            else:
                target.write_text(before)
        self.assertEqual(self.check(shop)[0], 0)

    def test_what_check_only_notes_is_noted_and_saved(self):
        shop = self.page()
        browser = self.browser()
        path = "/templates/ready/en/sms"
        noted = "{{appointment.starts}} is always empty here: `[rule ready]` is about a job"
        answer = self.do(browser, path, "save", text="Hello\n{{appointment.starts}}\n")
        self.assertEqual((answer.status, answer.location), (303, path + "?saved=1"))
        page = browser.get(answer.location).text
        self.assertIn(noted, text_of(page))
        self.assertIn('aria-describedby="noted"', page)
        status, said = self.check(shop)
        self.assertEqual(status, 0)
        self.assertIn(noted, said)

    def test_a_text_can_be_mended_while_another_one_is_broken(self):
        shop = self.page()
        folder = shop.dir / "templates"
        for file in ("ready/en.sms", "visit/en.sms", "_shared/foot.email"):
            (folder / file).write_text("{{nothing}}\n")
        browser = self.browser()
        for path, text in (("/templates/visit/en/sms", "See you\n"),
                           ("/partials/foot/_/email", "Bye\n"),
                           ("/templates/ready/en/sms", "Ready\n")):
            self.assertEqual(self.do(browser, path, "save", text="{{nobody}}").status, 422)
            self.assertEqual(self.do(browser, path, "save", text=text).status, 303)
        self.assertEqual(self.check(shop)[0], 0)

    def test_the_preview_is_what_the_command_line_shows(self):
        shop = self.page(words={"ready/fa.sms": "سلام {{client.name}}، {{job.title}} آماده است.\n",
                                "ready/kk.email": "Subject: {{job.title}} дайын\n\nСәлем, "
                                                  "{{client.name}}! {{business.name}} күтеді.\n"})
        shop.sql("INSERT INTO client (id, ref, name, language) VALUES (7, 'c7', 'Айгүл', 'kk'); "
                 "INSERT INTO job (id, ref, client_id, stage, title) "
                 "VALUES (9, 'j9', 7, 'New', 'Көлік')")
        browser = self.browser()
        for language, form, direction in (("en", "sms", "ltr"), ("fa", "sms", "rtl"),
                                          ("kk", "email", "ltr"), ("en", "email", "ltr")):
            page = browser.get(f"/templates/ready/{language}/{form}").text
            self.assertEqual(self.form(page)["record"], "j9")
            shown = self.preview(page)
            said, = shop.json("preview", "ready", "--job", "j9", "--language", language,
                              "--channel", form)
            for line in said["text"].splitlines():
                self.assertIn(line, html.unescape(shown))
            self.assertIn(f'lang="{language}" dir="{direction}"', shown)
            if form == "sms":
                self.assertIn(said["encoding"], shown)
                self.assertIn(f"{said['units']} characters", shown)
            else:
                self.assertIn(said["subject"], html.unescape(shown))
                framed = browser.get(re.search(r'<iframe[^>]* sandbox [^>]*src="([^"]+)"',
                                               shown)[1])
                self.assertEqual(framed.text, said["html"])
                policy = framed.headers["Content-Security-Policy"]
                self.assertIn("default-src 'none'", policy)
                self.assertIn("sandbox", policy)
                self.assertNotIn("script-src", policy)
                self.assertEqual(framed.headers["X-Frame-Options"], "SAMEORIGIN")

    def test_a_mail_is_shown_to_whoever_wrote_it_alone(self):
        self.page()
        page = self.browser().get("/templates/ready/en/email").text
        address = re.search(r'src="(/mail/\w+)"', page)[1]
        self.assertEqual(self.browser("berta").get(address).status, 404)

    def test_a_client_is_found_and_the_draft_shown_for_her(self):
        shop = self.page()
        shop.sql("INSERT INTO client (id, name) VALUES (1, 'Ilze Bērziņa'), (2, 'Otto'); "
                 "INSERT INTO job (id, client_id, stage, title) VALUES (1, 1, 'New', 'Audi'), "
                 "(2, 2, 'New', 'Opel')")
        answer = self.do(self.browser("berta"), "/templates/ready/en/sms", "preview",
                         text="Draft for {{client.name}}: {{job.title}}", find="berzina")
        self.assertIn("Draft for Ilze Bērziņa: Audi", text_of(self.preview(answer.text)))

    def test_a_visit_to_choose_is_told_by_the_clocks_and_not_by_its_row(self):
        shop = self.page()
        shop.sql("INSERT INTO client (name, phone) VALUES ('Ilze', '+371 20000001');"
                 "INSERT INTO appointment (client_id, title, starts) VALUES "
                 "(1, 'Tyres', '2036-12-12T13:00');")
        page = self.do(self.browser(), "/templates/visit/en/sms", "preview", find="Ilze").text
        self.assertIn("Ilze – Tyres, Fri 12 Dec 2036 13:00", text_of(page))

    def test_a_client_who_is_searched_for_is_shown_with_the_next_visit(self):
        shop = self.page()
        shop.sql("INSERT INTO client (name, phone) VALUES ('Ilze', '+371 20000001');"
                 "INSERT INTO appointment (client_id, title, starts) VALUES "
                 "(1, 'Paint', '2037-12-12T13:00'), (1, 'Tyres', '2036-12-12T13:00'), "
                 "(1, 'Brakes', '2020-12-12T13:00');")
        page = self.do(self.browser(), "/templates/visit/en/sms", "preview", find="Ilze").text
        self.assertIn("See you on Friday, 12 December", text_of(self.preview(page)))

    def test_what_is_saved_is_what_goes_out_next(self):
        shop = self.page()
        answer = self.do(self.browser(), "/templates/ready/en/sms", "save",
                         text="It is ready,\r\n{{client.name}}!")
        self.assertEqual((answer.status, answer.location),
                         (303, "/templates/ready/en/sms?saved=1"))
        path = shop.dir / "templates/ready/en.sms"
        self.assertEqual(path.read_text(), "It is ready,\n{{client.name}}!\n")
        wait_until("the reload", lambda: "reloaded" in shop.log())
        shop.sql("INSERT INTO client (id, name, phone) VALUES (1, 'Ilze', '+37120000001'); "
                 "INSERT INTO job (client_id, stage) VALUES (1, 'Ready')")
        text = wait_until("the text", lambda: [m for m in shop.messages(rule="ready")
                                               if m["state"] == "sent"])[0]["text"]
        self.assertEqual(text, "It is ready,\nIlze!")
        done = shop.query("SELECT user, about FROM audit WHERE action = 'change text'")
        self.assertEqual([(d["user"], d["about"]) for d in done], [("anna", "text ready/en.sms")])

    def test_two_people_do_not_overwrite_each_other(self):
        shop = self.page()
        browser = self.browser()
        path = "/templates/ready/en/sms"
        page = browser.get(path).text
        self.assertEqual(self.do(self.browser(), path, "save", text="Theirs").status, 303)
        answer = browser.post(f"{path}/save", self.form(page, text="Mine"))
        self.assertEqual(answer.status, 409)
        self.assertIn('<del dir="auto">Theirs</del>', answer.text)
        self.assertEqual(self.form(answer.text)["text"], "Mine\n")
        file = shop.dir / "templates/ready/en.sms"
        self.assertEqual(file.read_text(), "Theirs\n")
        file.write_text("By hand\n")  # and an editor outside
        again = browser.post(f"{path}/save", self.form(answer.text))
        self.assertEqual(again.status, 409)
        self.assertEqual(browser.post(f"{path}/save", self.form(again.text)).status, 303)
        self.assertEqual(file.read_text(), "Mine\n")

    def test_an_earlier_version_can_be_put_back(self):
        shop = self.page()
        browser = self.browser()
        path = "/templates/ready/en/sms"
        self.do(browser, path, "save", text="Second")
        page = browser.get(f"{path}/versions").text
        self.assertEqual(len(re.findall("What has changed since", page)), 2)
        first = re.findall(r"\?from=(\d+)", page)[-1]
        page = browser.get(f"{path}/versions?from={first}").text
        self.assertIn('<ins dir="auto">Second</ins>', page)
        self.assertEqual(self.restore(browser, path, page, first).status, 303)
        self.assertEqual((shop.dir / "templates/ready/en.sms").read_text(),
                         WORDS["ready/en.sms"])
        self.assertEqual(len(shop.query("SELECT id FROM template_version WHERE file = ?",
                                        "ready/en.sms")), 3)

    def restore(self, browser, path, page, version):
        return browser.post(f"{path}/restore", {
            "token": browser.token(), "version": version,
            "seen": re.search(r'name="seen" value="(\w+)"', page)[1]})

    def test_any_two_versions_can_be_compared_and_any_put_back(self):
        shop = self.page()
        browser, reader = self.browser(), self.browser("rita")
        path = "/templates/ready/en/sms"
        for text in ("Second", "Third", "Fourth"):
            self.do(browser, path, "save", text=text)
        page = browser.get(f"{path}/versions").text
        ids = re.findall(r"\?from=(\d+)", page)
        fourth, third, second, first = ids
        self.assertEqual(re.findall(r'<button name="version" value="(\d+)"', page), ids[1:])
        # To the second: several within a minute can be told apart.
        self.assertEqual(len(re.findall(r"</time>:\d\d</span> <span>", page)), 4)
        choices = re.search(r'<select id="from".*?</select>', page, re.DOTALL)[0]
        self.assertEqual(len(re.findall(r"\d\d:\d\d:\d\d, ", choices)), 4)
        self.assertEqual(re.findall(r'<option value="(\d+)"', choices), ids)

        def differences(older, newer, who=browser):
            page = who.get(f"{path}/versions?from={older}&to={newer}").text
            return (re.findall(r'<del dir="auto">(.*?)</del>', page),
                    re.findall(r'<ins dir="auto">(.*?)</ins>', page))

        self.assertEqual(differences(second, third), (["Second"], ["Third"]))
        self.assertEqual(differences(third, second), (["Third"], ["Second"]))  # and back
        self.assertEqual(differences(second, fourth, reader), (["Second"], ["Fourth"]))
        self.assertEqual(differences(second, 0), (["Second"], ["Fourth"]))  # as it is now
        self.assertEqual(differences(second, second), ([], []))
        self.assertNotIn('name="version"', reader.get(f"{path}/versions").text)
        # The version of another text is none of this one.
        self.do(browser, "/templates/visit/en/sms", "save", text="Other")
        other = shop.query("SELECT max(id) AS id FROM template_version")[0]["id"]
        for query in (f"from={other}", f"from={first}&to={other}", "from=999999"):
            self.assertEqual(browser.get(f"{path}/versions?{query}").status, 404)
        self.assertEqual(self.restore(browser, path, page, other).status, 404)
        self.assertEqual(self.restore(browser, path, page, second).status, 303)
        self.assertEqual((shop.dir / "templates/ready/en.sms").read_text(), "Second\n")

    def test_a_new_language_begins_with_the_business_s_own_words(self):
        shop = self.page()
        browser = self.browser()
        go = browser.get("/templates/ready?language=kk&form=sms")
        self.assertEqual((go.status, go.location), (303, "/templates/ready/kk/sms"))
        page = browser.get(go.location).text
        self.assertEqual(self.form(page)["text"], WORDS["ready/en.sms"])
        answer = self.do(browser, go.location, "save", text="{{client.name}}, дайын!")
        self.assertEqual(answer.status, 303)
        self.assertTrue((shop.dir / "templates/ready/kk.sms").exists())
        for query in ("language=../x&form=sms", "language=kk&form=x"):
            self.assertEqual(browser.get("/templates/ready?" + query).status, 200)
        for path in ("/templates/ready/nolanguage1/sms", "/templates/ready/en/html",
                     "/templates/_shared/en/sms", "/partials/foot/_/txt"):
            self.assertEqual(browser.get(path).status, 404)

    def test_a_language_is_begun_with_the_shared_parts_that_it_lacks(self):
        shop = self.page(words={
            "_shared/en/foot.email": "Best, {{business.name}}\n",
            "_shared/en/leave.html": "<p>Leave</p>\n",
            "_shared/layout.html": "<html><body>{{content}}\n{{> leave}}</body></html>\n"})
        (shop.dir / "templates/_shared/foot.email").unlink()
        shop.sql("INSERT INTO client (name, language) VALUES ('Uwe', 'de')")
        browser = self.browser()
        shared = re.search(r'<section aria-labelledby="shared">.*?</section>',
                           browser.get("/templates").text, re.DOTALL)[0]
        for part in ("foot/de/email", "leave/de/html"):
            self.assertIn(f'href="/partials/{part}">German: missing</a>', shared)
        self.assertNotIn("/partials/layout/de", shared)  # it is for every language
        go = browser.get("/templates?part=foot.email&language=ru")
        self.assertEqual((go.status, go.location), (303, "/partials/foot/ru/email"))
        for query in ("part=foot&language=ru", "part=../x.email&language=ru", "part=foot.email"):
            self.assertEqual(browser.get("/templates?" + query).status, 200)

        path = "/templates/ready/de/email"
        wrong = browser.get(path).text
        told = text_of(wrong)
        self.assertIn("ready, e-mail in German", told)
        self.assertIn("The shared part “foot” (e-mail) is missing in German. Write it", told)
        self.assertIn("layout, HTML in every language , line 2: The shared part “leave” (HTML) is "
                      "missing in German.", told)
        self.assertIn('<a href="/partials/foot/de/email">Write it</a>', wrong)
        self.assertIn('<a href="/partials/leave/de/html">Write it</a>', wrong)
        self.assertNotIn(str(shop.dir), told)
        # Nobody has typed anything: no mistake. Trying to save it is one.
        self.assertNotIn("Something is wrong", told)
        self.assertNotIn("aria-invalid", wrong)
        refused = self.do(browser, path, "save")
        self.assertEqual(refused.status, 422)
        self.assertIn("Something is wrong", text_of(refused.text))
        self.assertIn('aria-invalid="true" aria-describedby="wrong"', refused.text)

        part = browser.get("/partials/foot/de/email").text
        self.assertEqual(self.form(part)["text"], "Best, {{business.name}}\n")
        for part in ("/partials/foot/de/email", "/partials/leave/de/html", path):
            self.assertEqual(self.do(browser, part, "save").status, 303)
        self.assertNotIn("missing", text_of(browser.get("/templates/ready").text).split("rules")[0]
                         .replace("text: missing", ""))

    def test_a_shared_part_is_shown_in_a_message_that_includes_it(self):
        shop = self.page()
        browser = self.browser()
        answer = self.do(browser, "/partials/foot/_/email", "preview",
                         text="Warmly, {{business.name}}")
        self.assertIn("Warmly, Riverside Garage", text_of(self.preview(answer.text)))
        self.assertEqual(self.do(browser, "/partials/foot/_/email", "save", text="Bye").status,
                         303)
        self.assertEqual((shop.dir / "templates/_shared/foot.email").read_text(), "Bye\n")
        self.assertEqual(self.do(browser, "/partials/foot/_/email", "save",
                                 text="{{> nothing}}").status, 422)

    def test_a_test_arrives_and_never_at_a_client(self):
        shop = self.page()
        shop.sql("INSERT INTO staff (name, email, phone) VALUES ('Jānis', 'janis@example.com', "
                 "'+371 20000002'), ('Gone', 'gone@example.com', NULL); "
                 "UPDATE staff SET active = 0 WHERE name = 'Gone'; "
                 "INSERT INTO client (name, email) VALUES ('Ilze', 'ilze@example.com')")
        browser = self.browser("berta")
        page = browser.get("/templates/ready/en/email").text
        self.assertNotIn("gone@example.com", page)
        self.assertNotIn("ilze@example.com", page)
        for to in ("ilze@example.com", "gone@example.com", "JANIS@elsewhere.example", ""):
            answer = self.do(browser, "/templates/ready/en/email", "test", to=to)
            self.assertEqual(answer.status, 422)
        answer = self.do(browser, "/templates/ready/en/email", "test",
                         text="Subject: Just a test\r\n\r\nOf a draft.\r\n")
        self.assertIn("on its way to janis@example.com", text_of(answer.text))
        sent = wait_until("the test", lambda: [m for m in shop.messages(rule="send-test")
                                               if m["state"] == "sent"])
        self.assertEqual([(m["to"], m["subject"]) for m in sent],
                         [("janis@example.com", "Just a test")])

    def test_a_test_goes_to_ones_own_address_first(self):
        shop = self.page()
        shop.sql("INSERT INTO staff (name, phone) VALUES ('Jānis', '+37120000002');")
        browser = self.browser("berta")
        page = browser.get("/templates/ready/en/sms").text
        self.assertRegex(page, r'<a href="/account#addresses" target="_blank" rel="noopener">'
                               r"[^<]*in another tab")
        form = {"token": browser.token(), "email": "", "phone": "20 000 003", "now": PASSWORD}
        self.assertEqual(browser.post("/account/addresses", form).location,
                         "/account?said=addresses")
        answer = self.do(browser, "/templates/ready/en/sms", "test")
        self.assertIn("on its way to +37120000003", text_of(answer.text))
        self.assertNotIn("+37120000003", self.browser("anna").get("/templates/ready/en/sms").text)

    def test_tests_flood_nobody(self):
        shop = self.page()
        shop.sql("INSERT INTO staff (name, phone) VALUES ('Jānis', '+37120000002');")
        browser = self.browser("berta")
        path = "/templates/ready/en/sms"
        form = self.form(browser.get(path).text)
        found = [browser.post(f"{path}/test", form).status for _ in range(22)]
        self.assertEqual(found, [200] * 20 + [429] * 2)
        refused = browser.post(f"{path}/test", form)
        self.assertRegex(text_of(refused.text), r"Not sent: you have sent as many tests as one "
                                                r"person may within an hour. The next one can go "
                                                r"at \d\d:\d\d.")
        self.assertGreater(int(refused.headers["Retry-After"]), 3000)
        self.assertEqual(len(shop.messages(rule="send-test")), 20)
        self.assertEqual(self.do(self.browser("anna"), path, "test").status, 200)

    def test_who_may_what(self):
        self.page()
        path = "/templates/ready/en/sms"
        reader, staff = self.browser("rita"), self.browser("berta")
        self.assertNotIn("formaction", reader.get(path).text)
        self.assertIn("readonly", reader.get(path).text)
        self.assertNotIn("/save", staff.get(path).text)
        form = self.form(staff.get(path).text, text="x")
        self.assertEqual(staff.post(f"{path}/save", form).status, 403)
        self.assertEqual(staff.post(f"{path}/restore", form).status, 403)
        self.assertEqual(staff.post(f"{path}/preview", form).status, 200)
        form["token"] = reader.token()
        self.assertEqual(reader.post(f"{path}/preview", form).status, 403)

    def test_a_folder_that_may_not_be_written_is_told_plainly(self):
        shop = self.page()
        folder = shop.dir / "templates/ready"
        browser = self.browser()
        target = folder / "en.sms"
        target.unlink()
        target.symlink_to("lv.sms")
        answer = self.do(browser, "/templates/ready/en/sms", "save", text="x")
        self.assertEqual(answer.status, 500)
        self.assertIn("is a link", text_of(answer.text))
        self.assertEqual(len(shop.query("SELECT id FROM template_version WHERE by IS NOT NULL")), 0)

    def test_a_long_text_fits_and_a_longer_one_is_refused(self):
        shop = self.page()
        browser = self.browser()
        path = "/templates/ready/en/email"
        text = "Subject: x\n\n" + "سلام " * 6000  # 66 kB of form
        self.assertEqual(self.do(browser, path, "save", text=text).status, 303)
        self.assertEqual((shop.dir / "templates/ready/en.email").read_text(), text + "\n")
        self.assertEqual(self.do(browser, path, "save", text="Subject: x\n\n" + "a" * 66000).status,
                         413)
