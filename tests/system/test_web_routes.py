"""Every route of the page's table: who may not, does not get in, and what is refused changes
nothing, neither a row nor a file. The table is read from the source, so that no route is
forgotten."""

import hashlib
import re

from harness import CONF, ROOT, ShopTest
from web_browser import FORM, PASSWORD, Browser, free_port

PLAYBOOK = """
[workflow repair]
stages = New, Ready, Collected
done = Collected

[rule ready]
on = job enters Ready
by = sms

[rule reminder]
on = appointment starts
when = 2 hours before
by = email
"""
WORDS = {"ready/en.sms": "Ready!", "reminder/en.email": "Subject: Soon\n\nSee you!\n",
         "_shared/en/foot.email": "Bye."}
ROWS = """
INSERT INTO client (id, name, email, phone) VALUES (1, 'Ilze', 'ilze@example.com', '+37120000001');
INSERT INTO staff (id, name, email) VALUES (1, 'Mikus', 'mikus@example.com');
INSERT INTO job (id, client_id, workflow, stage, title) VALUES (1, 1, 'repair', 'New', 'Volvo');
INSERT INTO appointment (id, client_id, starts, title)
    VALUES (1, 1, date('now', '+9 days') || 'T15:00', 'Tyres');
"""
LATER = """
INSERT INTO task (id, key, client_id, text, created_ms) VALUES (1, 'k', 1, 'Call', 1000);
INSERT INTO published (id, hash, created_ms) VALUES (1, 'x', 1000);
"""

# Who may at least, and the users that are less.
LESS = {"READER": (), "STAFF": ("rita",), "MANAGER": ("rita", "berta")}
AT_LEAST = {"READER": "rita", "STAFF": "berta", "MANAGER": "anna"}

# What a handler would take, should a request come so far.
FORM_OF_ALL = {
    "name": "Ghost", "email": "ghost@example.com", "phone": "+37129999999", "text": "Boo!",
    "subject": "Boo", "channel": "email", "purpose": "service", "state": "out", "step": "send",
    "now": PASSWORD, "new": "another horse battery", "again": "another horse battery",
    "client": "1", "id": "1", "stage": "Ready", "workflow": "repair", "title": "Ghost",
    "date": "2030-01-01", "time": "10:00", "status": "cancelled", "to": "mikus@example.com",
    "version": "1", "seen": "0", "staff": "1", "body": "on = job enters Ready", "delete": "yes",
}
OWN_AFFAIRS = {"/sign-out", "/account/password", "/account/elsewhere"}


def routes():
    """(method, path, who, handler) of each, as src/web/routes.c has them."""
    text = (ROOT / "src/web/routes.c").read_text(encoding="utf-8")
    table = text[text.index("routes[] = {"):text.index("\n};")]
    table = table.replace("REQUEST_REPORT_PATH ROUTER_REST", '"/report/..."')
    found = re.findall(r'\{METHOD_(\w+), "([^"]+)", ACCESS_(\w+), \w+,\s*(\w+)\}', table)
    assert len(found) == table.count("METHOD_"), "a route is written in a way that is not read here"
    return found


def example(path):
    """A path that the route answers, of a record that there is."""
    path = path.replace("/templates/{name}/{language}/{token}", "/templates/ready/en/sms")
    path = path.replace("/partials/{name}/{language}/{token}", "/partials/foot/en/email")
    for hole, value in (("{id}", "1"), ("{name}", "ready"), ("{token}", "0" * 32),
                        ("...", "files/1/" + "0" * 32)):
        path = path.replace(hole, value)
    return path


class RoutesTest(ShopTest):
    seconds = 120

    def setUp(self):
        self.port = free_port()
        conf = CONF + f"\n[web]\nlisten = 127.0.0.1:{self.port}\n"
        self.garage = self.shop(conf=conf, playbook=PLAYBOOK, templates=WORDS)
        for name, role in (("anna", "manager"), ("mara", "manager"), ("berta", "staff"),
                           ("rita", "reader")):
            self.garage.run("user", "add", name, "--role", role, stdin=PASSWORD + "\n")
        self.garage.sql(ROWS)
        self.garage.start()
        self.garage.wait_absorbed()
        self.garage.sql(LATER)
        self.users = {name: Browser(self.port).sign_in(name)
                      for name in ("anna", "mara", "berta", "rita")}
        self.tokens = {name: browser.token() for name, browser in self.users.items()}

    def everything(self):
        """All rows but when sessions were last seen, and all files of the configuration."""
        db = self.garage.connect()
        try:
            rows = [line for line in db.iterdump() if not line.startswith('INSERT INTO "session"')]
            rows += map(tuple, db.execute("SELECT hash, user_id, form FROM session ORDER BY hash"))
        finally:
            db.close()
        files = {str(p): hashlib.sha256(p.read_bytes()).hexdigest()
                 for p in self.garage.dir.rglob("*.*")
                 if p.is_file() and not p.name.startswith("betimes.db")}
        return rows, files

    def post(self, path, name="anna", form=None, **headers):
        """The status of a POST by a user (None: nobody) of all that a handler might want."""
        browser = self.users[name] if name else Browser(self.port)
        return browser.post(path, {**FORM_OF_ALL, **(form or {})}, **headers)

    def same(self, before, what):
        rows, files = self.everything()
        self.assertEqual(sorted(set(map(str, rows)) ^ set(map(str, before[0]))), [], what)
        self.assertEqual(files, before[1], what)


class Refused(RoutesTest):
    def posts(self):
        return [(example(path), who) for method, path, who, _ in routes()
                if method == "POST" and who in AT_LEAST]

    def test_a_form_without_the_token_of_its_session_changes_nothing(self):
        stranger = Browser(self.port)
        of_nobody = stranger.token("/sign-in")
        for path, who in self.posts():
            before = self.everything()
            name = AT_LEAST[who]
            mine = self.tokens[name]
            for form in ({}, {"token": ""}, {"token": "0" * 64}, {"token": mine[:-1]},
                         {"token": mine + "0"}, {"token": mine.upper() + " "},
                         {"token": self.tokens["mara"]}, {"token": of_nobody}):
                self.assertEqual(self.post(path, name, form).status, 403, (path, form))
            query = f"{path}?token={mine}"
            self.assertEqual(self.post(query, name).status, 403, query)
            twice = f"token={'0' * 64}&token={mine}&step=send&text=Boo"
            answer = self.users[name].ask("POST", path, body=twice,
                                          headers={"Content-Type": FORM})
            self.assertEqual(answer.status, 403, path)
            self.same(before, path)

    def test_a_form_from_elsewhere_changes_nothing(self):
        here = f"http://127.0.0.1:{self.port}"
        for path, who in self.posts():
            before = self.everything()
            name = AT_LEAST[who]
            form = {"token": self.tokens[name]}
            for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"},
                            {"Origin": "http://127.0.0.1:1"}, {"Origin": f"{here}.evil.example"},
                            {"Origin": f"{here}/"}, {"Origin": here.upper()}, {"Origin": ""},
                            {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"},
                            {"Origin": here, "Sec_Fetch_Site": "cross-site"}):
                status = self.post(path, name, form, **headers).status
                self.assertEqual(status, 403, (path, headers))
            self.same(before, path)

    def test_a_form_of_nobody_changes_nothing(self):
        forged = Browser(self.port)
        forged.jar["betimes"] = "0" * 64
        old = Browser(self.port).sign_in("mara")
        old_token = old.token()
        copy = dict(old.jar)
        old.post("/sign-out", {"token": old_token})
        old.jar = copy
        for path, _ in self.posts():
            before = self.everything()
            for browser in (Browser(self.port), forged, old):
                answer = browser.post(path, {**FORM_OF_ALL, "token": old_token})
                expected = (303, "/sign-in") if path == "/sign-out" else (401, None)
                self.assertEqual((answer.status, answer.location), expected, path)
            self.same(before, path)

    def test_a_form_of_a_lower_role_changes_nothing(self):
        for path, who in self.posts():
            before = self.everything()
            for name in LESS[who]:
                status = self.post(path, name, {"token": self.tokens[name]}).status
                self.assertEqual(status, 403, (path, name))
            self.same(before, path)

    def test_the_same_forms_get_in_when_all_is_right(self):
        """So it is what the tests above change that is refused, and not the request as a whole."""
        for path, who in self.posts():
            browser = Browser(self.port).sign_in(AT_LEAST[who])
            answer = browser.post(path, {**FORM_OF_ALL, "token": browser.token()},
                                  Origin=f"http://127.0.0.1:{self.port}")
            self.assertNotIn(answer.status, (403, 405, 500), path)
            if path not in OWN_AFFAIRS:
                self.assertNotEqual(answer.location, "/sign-in", path)
            if path == "/account/password":
                self.garage.run("user", "passwd", AT_LEAST[who], stdin=PASSWORD + "\n")

    def test_signing_in_needs_the_form_of_this_browser(self):
        before = self.everything()
        for form in ({}, {"token": "0" * 64}, {"token": Browser(self.port).token("/sign-in")}):
            browser = Browser(self.port)
            browser.token("/sign-in")
            answer = browser.post("/sign-in", {"name": "anna", "password": PASSWORD, **form})
            self.assertEqual(answer.status, 403, form)
            self.assertNotIn("betimes", browser.jar)
        self.same(before, "/sign-in")


class Unseen(RoutesTest):
    def test_a_page_is_for_its_role_and_above(self):
        for method, path, who, _ in routes():
            if method != "GET" or who not in AT_LEAST:
                continue
            path = example(path)
            for ask in ("GET", "HEAD"):
                answer = Browser(self.port).ask(ask, path)
                self.assertEqual(answer.status, 303, path)
                self.assertRegex(answer.location, r"^/sign-in(\?to=|$)")
                for name in LESS[who]:
                    answer = self.users[name].ask(ask, path)
                    self.assertEqual(answer.status, 403, (path, name))
                    self.assertNotIn("Ilze", answer.text)
            self.assertIn(self.users[AT_LEAST[who]].get(path).status, (200, 404), path)

    def test_looking_changes_nothing(self):
        before = self.everything()
        for method, path, _, _ in routes():
            if method == "GET":
                asked = f"{example(path)}?step=send&delete=yes&token={self.tokens['anna']}"
                self.assertIn(self.users["anna"].get(asked).status, (200, 404), path)
        self.same(before, "GET")

    def test_readers_change_nothing_but_their_own_account(self):
        found = {path for method, path, who, _ in routes()
                 if method == "POST" and who == "READER"}
        self.assertEqual(found, OWN_AFFAIRS)
        found = {path for method, path, who, _ in routes()
                 if method == "POST" and who not in AT_LEAST}
        self.assertEqual(found, {"/sign-in", "/report/..."})

    def test_what_programs_read_is_not_for_other_machines(self):
        for method, path, who, _ in routes():
            if who == "MACHINE":
                for headers in ({"X_Forwarded_For": "192.0.2.1"}, {"Via": "1.1 proxy"}):
                    answer = self.users["anna"].get(example(path), **headers)
                    self.assertEqual(answer.status, 404, (method, path, headers))

    def test_what_providers_tell_without_their_token_is_not_there(self):
        before = self.everything()
        for method, path, who, _ in routes():
            if who == "PROVIDER":
                self.assertEqual(self.users["anna"].ask(method, example(path), form=FORM_OF_ALL
                                                        if method == "POST" else None).status, 404)
        self.same(before, "/report")

    def test_a_page_answers_to_its_own_method_alone(self):
        methods = {}
        for method, path, _, _ in routes():
            methods.setdefault(example(path), set()).add(method)
        before = self.everything()
        for path, known in methods.items():
            for other in {"GET", "POST"} - known:
                form = {**FORM_OF_ALL, "token": self.tokens["anna"]} if other == "POST" else None
                answer = self.users["anna"].ask(other, path, form=form)
                self.assertEqual(answer.status, 405, (other, path))
        self.same(before, "other methods")
