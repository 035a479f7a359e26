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
        heads = [text_of(h).split()[0] for h in re.findall(r"<th scope=\"col\">.*?</th>", page)]
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
        self.assertEqual(ready["en"], "e-mail text")
        self.assertEqual(ready["lv"], "e-mail: missing text")
        self.assertEqual(ready["kk"], "e-mail: missing text: missing")
        self.assertEqual(self.row(page, "visit")["lv"], "text: missing")  # by SMS alone
        self.assertIn("lv 2 clients", text_of(page))
        self.assertNotIn("en-GB", text_of(page))

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
        self.assertIn('lv.sms:1:1: no record has "client.nmae"; did you mean "client.name"?', page)

    def test_a_translation_is_old_when_its_original_was_changed_in_the_file(self):
        shop = self.page()
        browser = self.browser("rita")
        wait_until("the first versions", lambda: shop.query("SELECT id FROM template_version"))
        self.assertEqual(self.row(browser.get("/templates").text, "ready")["lv"], "text")
        (shop.dir / "templates/ready/en.sms").write_text("{{client.name}}, come and get it.\n")
        wait_until("the reload", lambda: self.row(browser.get("/templates").text, "ready")["lv"]
                   == "text: older than its original")
