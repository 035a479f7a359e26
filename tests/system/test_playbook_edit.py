"""Editing the playbook on the page: forms, what a change would do, and what is saved."""

import html
import json
import re

from harness import wait_until
from test_playbook_page import PLAYBOOK, PlaybookTest

KEYS = ("on", "when", "every", "if", "unless", "to", "by", "template", "purpose", "window",
        "outside", "late", "missed", "settle", "cap", "require", "workflow", "merge", "invite",
        "unknown")


class EditTest(PlaybookTest):
    def values(self, text):
        """What the fields of a form hold, as a browser would send them."""
        form = re.search(r'<form [^>]*action="[^"]*(?:edit|new-rule)">.*?</form>', text,
                         re.DOTALL)[0]
        found = {m[1]: html.unescape(m[2]) for m in re.finditer(
            r'<input [^>]*?name="([^"]+)"[^>]*? value="([^"]*)"', form)}
        for name, options in re.findall(r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', form):
            chosen = re.search(r'<option value="([^"]*)" selected', options)
            found[name] = html.unescape(chosen[1]) if chosen else ""
        for name, value in re.findall(r'<textarea [^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form,
                                      re.DOTALL):
            found[name] = html.unescape(value)
        return found

    def form(self, browser, rule, **changed):
        """The form of a rule with some keys changed."""
        form = self.values(browser.get(f"/playbook/{rule}/edit").text)
        for key, value in changed.items():
            form[f"key-{key.rstrip('_')}"] = value
        return form

    def send(self, browser, rule, **changed):
        return browser.post(f"/playbook/{rule}/edit", self.form(browser, rule, **changed))

    def save(self, browser, answer):
        """Save the change that a form led to."""
        self.assertEqual(answer.status, 303, answer.text)
        self.assertRegex(answer.location, r"^/changes/[0-9a-f]{32}$")
        return browser.post(answer.location + "/save", {"token": browser.token()})

    def counted(self, browser, path):
        """The page of a change once it is counted."""
        def page():
            text = browser.get(path).text
            return text if "Compared with the present playbook" in text else None
        return wait_until("the count", page, 30)

    def file(self, shop):
        return (shop.dir / "playbook.conf").read_text(encoding="utf-8")


class Form(EditTest):
    def test_it_has_a_field_for_each_key_with_its_value(self):
        self.page()
        values = self.values(self.browser().get("/playbook/ready/edit").text)
        self.assertEqual({k[4:] for k in values if k.startswith("key-")}, set(KEYS))
        told = {k[4:]: v for k, v in values.items() if k.startswith("key-") and v}
        self.assertEqual(told, {"on": "job enters Ready", "by": "sms"})

    def test_a_mistake_stands_at_its_field_and_nothing_is_saved(self):
        shop = self.page()
        browser = self.browser()
        answer = self.send(browser, "reminder", when="2 ours before", if_="job.colour = 1")
        self.assertEqual(answer.status, 422)
        for key, words in (("when", "`ours` is no unit of time"), ("if", "No ")):
            field = re.search(rf'<div class="field"><label for="key-{key}">.*?</div>', answer.text,
                              re.DOTALL)[0]
            self.assertIn(f'<p class="wrong" id="error-{key}">{words}', field)
            self.assertIn(f'aria-describedby="help-{key} error-{key}" aria-invalid="true"', field)
        self.assertEqual(self.values(answer.text)["key-when"], "2 ours before")
        self.assertEqual(self.values(answer.text)["key-by"], "sms")
        self.assertEqual(self.file(shop), PLAYBOOK)

    def test_what_only_the_whole_configuration_tells_is_told_too(self):
        self.page()
        answer = self.send(self.browser(), "ready", template="nowhere")
        self.assertEqual(answer.status, 422)
        self.assertIn("there is no folder `nowhere`", self.error(answer.text, "template"))

    def test_a_mistake_in_another_file_stands_at_no_field(self):
        shop = self.page()
        line = PLAYBOOK.splitlines().index("[rule ready]") + 2  # that of the rule's first key
        (shop.dir / "templates/ready/en.sms").write_text("\n" * (line - 1) + "{{nobody}}\n")
        answer = self.send(self.browser(), "ready", late="2 days")
        self.assertEqual(answer.status, 422)
        self.assertNotIn('class="wrong"', answer.text)
        self.assertIn(f"ready, text in English</a>, line {line}: No record has", answer.text)

    def error(self, page, key):
        """What stands at a field, which is tied to it."""
        found = re.search(rf'<p class="wrong" id="error-{key}">(.*?)</p>', page)
        tied = re.search(rf'name="key-{key}"[^>]* aria-describedby="help-{key} error-{key}" '
                         'aria-invalid="true"', page)
        self.assertEqual(found is None, tied is None, key)
        return html.unescape(found[1]) if found else None

    def test_each_field_is_checked_while_one_types_in_the_words_of_saving(self):
        shop = self.page()
        browser = self.browser()
        wrong = {  # by the rule "reminder": two hours before an appointment starts, by SMS
            "on": {"on": "job enters Nowhere"},
            "when": {"when": "2 ours before"},
            "every": {"every": "often"},
            "if": {"if_": "job.colour = 1"},
            "unless": {"unless": "nonsense("},
            "to": {"to": "somebody"},
            "by": {"by": "email"},  # it has no words for an e-mail
            "template": {"template": "nowhere"},
            "purpose": {"purpose": "fun"},
            "window": {"window": "9-25"},
            "outside": {"outside": "skip", "window": "any"},
            "late": {"late": "a while"},
            "missed": {"missed": "skip", "when": "1 hour after"},
            "settle": {"settle": "5 minutes"},
            "cap": {"cap": "perhaps"},
            "require": {"require": "client.nmae"},
            "workflow": {"workflow": "repair"},
            "merge": {"merge": "15 minutes", "to": "staff"},
            "invite": {"invite": "yes"},  # a text cannot carry one
            "unknown": {"unknown": "guess"},
        }
        self.assertEqual(set(wrong), set(KEYS))
        for key, changed in wrong.items():
            form = self.form(browser, "reminder", **changed)
            typed = browser.post("/playbook/reminder/edit/check", form)
            self.assertEqual(typed.status, 200)
            saved = browser.post("/playbook/reminder/edit", form)
            self.assertEqual(saved.status, 422, key)
            self.assertIsNotNone(self.error(saved.text, key), key)
            self.assertEqual(self.error(typed.text, key), self.error(saved.text, key))
            self.assertEqual(self.values(typed.text), self.values(saved.text))
        right = browser.post("/playbook/reminder/edit/check", self.form(browser, "reminder"))
        self.assertNotIn('class="wrong"', right.text)
        self.assertIn('<div id="rest" role="status"></div>', right.text)
        self.assertEqual(self.file(shop), PLAYBOOK)

    def test_a_new_rule_is_checked_while_one_types(self):
        self.page(users=("anna:manager", "berta:staff", "rita:reader"))
        browser = self.browser()
        form = self.values(browser.get("/new-rule").text)
        rest = re.compile(r'<div id="rest" role="status">(.*?)</ul>', re.DOTALL)
        form.update({"name": "Ready!", "key-on": "job enters Ready", "key-when": "soon"})
        page = browser.post("/new-rule/check", form).text
        self.assertIn("A rule needs a name of a-z", rest.search(page)[1])
        self.assertIn("`soon`", self.error(page, "when"))
        self.assertNotIn('role="alert"', page)  # it interrupts nobody
        form.update({"name": "", "key-when": ""})
        self.assertIn("name", rest.search(browser.post("/new-rule/check", form).text)[1])
        for name in ("rita", "berta"):
            other = self.browser(name)
            form["token"] = other.token()
            self.assertEqual(other.post("/new-rule/check", form).status, 403)
            self.assertEqual(other.post("/playbook/ready/edit/check", form).status, 403)

    def test_readers_have_no_form(self):
        self.page()
        browser = self.browser("rita")
        self.assertNotIn("/edit", browser.get("/playbook/ready").text)
        for path in ("/playbook/ready/edit", "/new-rule", "/changes/1"):
            self.assertEqual(browser.get(path).status, 403, path)


class Saving(EditTest):
    def test_the_rest_of_the_file_survives_and_the_saved_rule_sends(self):
        shop = self.page()
        browser = self.browser()
        answer = self.send(browser, "ready", on="job enters Collected", late="2 days")
        told = browser.get(answer.location).text
        self.assertIn("When a job enters Collected, text the client", told)
        done = self.save(browser, answer)
        self.assertEqual((done.status, done.location), (303, "/playbook/ready?done=save"))
        self.assertEqual(self.file(shop), PLAYBOOK.replace(
            "on = job enters Ready        ; by hand", "on = job enters Collected    ; by hand"
        ).replace("; short\n", "; short\nlate = 2 days\n"))
        self.assertEqual((shop.dir / "playbook.conf").stat().st_mode & 0o777, 0o600)
        shop.wait_log("reloaded")
        shop.sql("""
            INSERT INTO client (name, phone) VALUES ('Anna', '+37120000001');
            INSERT INTO job (client_id, stage) VALUES (1, 'New');
            UPDATE job SET stage = 'Collected';""")
        shop.wait_message(rule="ready", state="sent")
        self.assertIn("anna changed this rule", browser.get("/playbook/ready").text)

    def test_a_rule_is_made_and_taken_out(self):
        shop = self.page()
        browser = self.browser()
        form = self.values(browser.get("/new-rule").text)
        form.update({"name": "ready-too", "key-on": "job enters Ready", "key-by": "sms",
                     "key-template": "ready"})
        self.save(browser, browser.post("/new-rule", form))
        added = "\n[rule ready-too]\non = job enters Ready\nby = sms\ntemplate = ready\n"
        self.assertEqual(self.file(shop), PLAYBOOK + added)
        wait_until("the rule", lambda: ">on</span>" in browser.get("/playbook/ready-too").text)
        form = self.form(browser, "ready-too")
        form["mode"] = "delete"
        self.save(browser, browser.post("/playbook/ready-too/edit", form))
        self.assertEqual(self.file(shop), PLAYBOOK + "\n")
        actions = [r["action"] for r in shop.query("SELECT action FROM audit WHERE about = ?",
                                                   "rule ready-too")]
        self.assertEqual(actions, ["add rule", "delete rule"])

    def test_a_section_is_edited_as_text(self):
        shop = self.page()
        browser = self.browser()
        form = self.form(browser, "tyres")
        form.update({"mode": "text", "section": "[rule tyres]\r\n; new\r\non = job enters No\r\n"})
        answer = browser.post("/playbook/tyres/edit", form)
        self.assertEqual(answer.status, 422)
        self.assertIn("No stage is called `No`", answer.text)
        form["section"] = "[rule tyres]\r\n; new\r\non = job enters On\r\nby = sms ; x\r\n"
        answer = browser.post("/playbook/tyres/edit", form)
        self.save(browser, answer)
        self.assertIn("[rule tyres]\n; new\non = job enters On\nby = sms ; x\n\n[rule reminder]",
                      self.file(shop))

    def test_nobody_overwrites_what_somebody_else_saved(self):
        shop = self.page(users=("anna:manager", "berta:manager"))
        anna, berta = self.browser(), self.browser("berta")
        late = self.form(berta, "ready", late="3 days")
        later = self.send(berta, "reminder", when="3 hours before")
        self.save(anna, self.send(anna, "ready", late="2 days"))
        answer = berta.post("/playbook/ready/edit", late)
        self.assertEqual(answer.status, 409)
        self.assertIn("by = sms                     ; short\nlate = 2 days\n", answer.text)
        self.assertIn("by = sms                     ; short\nlate = 3 days\n", answer.text)
        refused = self.save(berta, later)
        self.assertEqual(refused.status, 409)
        self.assertIn("when = 3 hours before", refused.text)
        self.assertNotIn("3 hours before", self.file(shop))
        form = {"token": berta.token(), "mode": "text",
                "digest": re.search(r'name="digest" value="(\w+)"', refused.text)[1],
                "section": html.unescape(
                    re.search(r'name="section" value="([^"]*)"', refused.text)[1])}
        self.save(berta, berta.post("/playbook/reminder/edit", form))
        self.assertEqual(self.file(shop), PLAYBOOK.replace(
            "; short\n", "; short\nlate = 2 days\n").replace("2 hours before", "3 hours before"))

    def test_a_change_is_its_makers_alone(self):
        self.page(users=("anna:manager", "berta:manager"))
        path = self.send(self.browser(), "ready", late="2 days").location
        berta = self.browser("berta")
        self.assertEqual(berta.get(path).status, 404)
        self.assertEqual(berta.post(path + "/save", {"token": berta.token()}).status, 404)

    def test_a_file_that_cannot_be_written_is_told_with_the_text(self):
        shop = self.page()
        browser = self.browser()
        answer = self.send(browser, "ready", late="2 days")
        longest = shop.dir / ("a" * 255)  # so that no new file can stand beside it
        (shop.dir / "playbook.conf").rename(longest)
        (shop.dir / "playbook.conf").symlink_to(longest)
        refused = self.save(browser, answer)
        self.assertEqual(refused.status, 500)
        self.assertIn("The file cannot be written", refused.text)
        self.assertIn("; short\nlate = 2 days\n", refused.text)
        self.assertEqual(self.file(shop), PLAYBOOK)
        self.assertEqual(shop.query("SELECT * FROM audit WHERE about = 'rule ready'"), [])


class Effect(EditTest):
    def fill(self, shop):
        shop.sql("""
            INSERT INTO client (name, phone)
                SELECT 'Client ' || value, '+3712000' || (1000 + value) FROM
                (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE
                 value < 30) SELECT value FROM n);
            INSERT INTO appointment (client_id, starts)
                SELECT id, strftime('%Y-%m-%dT%H:%M:%SZ', 'now',
                                    '+' || (210 + 60 * id) || ' minutes')
                FROM client;""")
        shop.wait_absorbed()

    def test_it_tells_what_the_command_tells(self):
        shop = self.page()
        self.fill(shop)
        browser = self.browser()
        answer = self.send(browser, "reminder", when="12 hours before", missed="send")
        text = self.counted(browser, answer.location)
        changed = PLAYBOOK.replace("when = 2 hours before", "when = 12 hours before").replace(
            "; it has to be read\n", "; it has to be read\nmissed = send\n")
        other = shop.write("other.conf", changed)
        told = shop.json("forecast", "--playbook", other, "--totals")
        reminder = next(r for r in told["rules"] if r["rule"] == "reminder")
        self.assertGreater(reminder["earlier"], 0)
        shown = re.findall(r'<span class="state \w+">(\w[\w ]*)</span><time datetime="([^"]*)">'
                           r'.*?<a href="/clients/(\d+)">', text)
        words = {"moved": "moves", "added": "will be sent", "removed": "will not be sent any more",
                 "kept": "stays"}
        self.assertEqual(shown, [(words[e["change"]], e["due"], str(e["client_id"]))
                                 for e in told["examples"]])
        self.assertGreater(len(shown), 2)
        for name in told["to"]["names"]:
            self.assertIn(f"<bdi>{name}</bdi>", text)
        self.assertRegex(text, r"What is new or goes at another time: To <bdi>")
        self.assertIn(f"At another time: {told['earlier'] + told['later']}.", text)

    def test_the_service_goes_on_and_stops_while_it_counts(self):
        shop = self.page()
        self.fill(shop)
        browser = self.browser()
        for n in range(3, 9):
            self.assertEqual(self.send(browser, "reminder", when=f"{n} hours before").status, 303)
        self.assertEqual(browser.get("/").status, 200)
        shop.stop()

    def test_the_forecast_names_who_is_new(self):
        shop = self.page()
        self.fill(shop)
        other = shop.write("other.conf", PLAYBOOK.replace("on = job enters Ready        ",
                                                          "on = appointment starts "))
        told = json.loads(shop.run("forecast", "--playbook", other, "--totals", "--json",
                                   "--progress").stdout)
        self.assertEqual((told["added"], len(told["to"]["names"]), told["to"]["more"]),
                         (30, 10, 20))
        self.assertEqual(told["to_at_once"], {"names": [], "more": 0})
