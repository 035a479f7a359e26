"""The page: signing in, roles, forms, what the pages show."""

import http.client
import re
import socket
import time
from pathlib import Path

from harness import BUSINESS, CONF, ShopTest, slow, wait_until
from web_browser import PASSWORD, Browser, fields_of, free_port

PLAYBOOK = """
[workflow repair]
stages = New, Ready, Collected
done = Collected

[rule ready]
on = job enters Ready
by = sms

[rule by-mail]
on = job enters Ready
by = email

[rule reminder]
on = appointment starts
when = 2 hours before
by = sms
"""

WORDS = {
    "ready/en.sms": "{{client.name}}, your car is ready.",
    "by-mail/en.email": "Subject: Ready: {{job.title}}\n\nCome & see <us>, {{client.name}}.\n",
    "reminder/en.sms": "See you!",
}
EVIL = "<script>alert('x')</script> \"& Söhne"
NO_MAIL = """
[gateway texts]
type = file
path = out
channels = sms
[gateway post]
type = smtp
url = smtp://127.0.0.1:9
from = Garage <hello@example.com>
"""


class WebTest(ShopTest):
    def page(self, users=("anna:manager",), conf=CONF, web="", start=True, **more):
        """A shop with a page and these users, all with PASSWORD."""
        self.port = free_port()
        section = f"\n[web]\nlisten = 127.0.0.1:{self.port}\n{web}"
        shop = self.shop(conf=conf + section, playbook=PLAYBOOK, templates=WORDS, **more)
        for user in users:
            name, role = user.split(":")
            shop.run("user", "add", name, "--role", role, stdin=PASSWORD + "\n")
        return shop.start() if start else shop

    def browser(self, name="anna"):
        browser = Browser(self.port)
        return browser.sign_in(name) if name else browser


class Users(ShopTest):
    def test_they_are_added_listed_changed_and_removed(self):
        shop = self.shop()
        shop.run("user", "add", "Anna", "--role", "manager", stdin=PASSWORD + "\n")
        shop.run("user", "add", "Berta", stdin=PASSWORD + "\n")
        shop.run("user", "role", "berta", "--role", "staff")
        found = [(u["name"], u["role"]) for u in shop.json("user", "list")]
        self.assertEqual(found, [("Anna", "manager"), ("Berta", "staff")])
        shop.run("user", "remove", "Anna")
        self.assertEqual([u["name"] for u in shop.json("user", "list")], ["Berta"])
        actions = [row["action"] for row in shop.query("SELECT action FROM audit ORDER BY id")]
        self.assertEqual(actions, ["add user", "add user", "change role", "remove user"])

    def test_a_password_is_stored_as_a_yescrypt_hash_only(self):
        shop = self.shop()
        shop.run("user", "add", "Anna", stdin=PASSWORD + "\n")
        stored = shop.query("SELECT password FROM user")[0]["password"]
        self.assertTrue(stored.startswith("$y$"), stored)
        for path in shop.dir.glob("betimes.db*"):
            self.assertNotIn(PASSWORD.encode(), path.read_bytes())

    def test_what_is_wrong_is_told_and_changes_nothing(self):
        shop = self.shop()
        shop.run("user", "add", "Anna", stdin=PASSWORD + "\n")
        for args, stdin, words in (
            (("add", "anna"), PASSWORD, "there is a user `anna` already"),
            (("add", "Berta"), "short", "at least 10 characters"),
            (("add", "Berta"), "", "no password"),
            (("add", " Berta"), PASSWORD, "neither begins nor ends"),
            (("add", "Berta", "--role", "boss"), PASSWORD, "`boss` is no role"),
            (("add",), PASSWORD, "say who"),
            (("passwd", "Ana"), PASSWORD, "did you mean `Anna`?"),
            (("role", "Anna"), "", "say which"),
            (("grant", "Anna"), "", "none of add, list"),
        ):
            done = shop.run("user", *args, stdin=stdin, status=1)
            self.assertIn(words, done.stderr)
        self.assertEqual([u["name"] for u in shop.json("user", "list")], ["Anna"])


class SigningIn(WebTest):
    def test_nobody_sees_a_page_without_it(self):
        self.page()
        browser = self.browser(None)
        for path, to in (("/", "/sign-in"), ("/clients", "/sign-in?to=%2Fclients"),
                         ("/clients/1", "/sign-in?to=%2Fclients%2F1")):
            answer = browser.get(path)
            self.assertEqual((answer.status, answer.location), (303, to))
        self.assertEqual(browser.post("/pause", {"token": "x"}).status, 401)

    def posted_without_session(self, path, form, **headers):
        shop = self.page()
        shop.sql("INSERT INTO client (id, name) VALUES (1, 'Ilze');")
        browser = self.browser("anna")
        form = {"token": browser.token(), **form}
        shop.sql("DELETE FROM session;")
        return browser, browser.post(path, form, **headers)

    def test_what_was_entered_after_the_session_ended_is_shown_and_said_to_be_unsaved(self):
        words = "What you had entered was not saved."
        for path, said, to in (("/clients/1/note", "/clients/1/note", "/clients/1/note?lost=yes"),
                               ("/jobs/change", "/jobs/new?client=1",
                                "/jobs/new?client=1&lost=yes"),
                               ("/jobs/change", "/sign-out", "/jobs?lost=yes"),
                               ("/pause", "/?said=done", "/?lost=yes"),
                               ("/clients/1/note", "//evil.example/", "/clients/1/note?lost=yes")):
            form = {"text": "A <b>long</b> note", "now": "my own password"}
            with self.subTest(said):
                browser, page = self.posted_without_session(path, form)
                self.assertEqual(page.status, 401)
                self.assertIn(words, page.text)
                self.assertNotIn("long", page.text)  # it may be anybody's
                origin = f"http://127.0.0.1:{browser.port}"
                page = browser.post(path, form, Origin=origin, Referer=origin + said)
                self.assertIn("A &lt;b&gt;long&lt;/b&gt; note</textarea>", page.text)
                self.assertNotIn("my own password", page.text)
                fields = fields_of(page.text, "/sign-in")
                self.assertEqual(fields["to"], to)
                answer = browser.post("/sign-in", {**fields, "name": "anna", "password": PASSWORD})
                self.assertEqual((answer.status, answer.location), (303, to))
                self.assertIn(words, browser.get(to).text)

    def test_a_form_of_another_site_does_not_put_its_words_on_our_page(self):
        browser, _ = self.posted_without_session("/pause", {})
        for evil in ("https://evil.example", f"http://127.0.0.1:{browser.port}.evil.example"):
            page = browser.post("/clients/1/note", {"text": "Call this number"}, Origin=evil,
                                Referer=evil + "/clients/7")
            self.assertEqual(page.status, 401)
            self.assertNotIn("Call this number", page.text)
            self.assertEqual(fields_of(page.text, "/sign-in")["to"], "/clients/1/note?lost=yes")

    def test_it_leads_where_one_wanted_to_go_and_never_elsewhere(self):
        self.page()
        for to, location in (("/clients/7", "/clients/7"), ("//evil.example", "/"),
                             ("https://evil.example", "/"), ("/\\evil.example", "/"),
                             ("/a\r\nX-Evil: 1", "/"), ("", "/")):
            answer = self.browser(None).try_sign_in("anna", to=to)
            self.assertEqual((answer.status, answer.location), (303, location))

    def test_the_cookie_is_hidden_from_scripts_and_stored_hashed(self):
        shop = self.page()
        answer = self.browser(None).try_sign_in("anna")
        cookie = answer.headers.get_all("Set-Cookie")[0]
        self.assertRegex(cookie, r"^betimes=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Lax$")
        value = cookie.split("=", 1)[1].split(";")[0]
        stored = shop.query("SELECT hash, previous, form FROM session")
        self.assertEqual(len(stored), 1)
        self.assertNotIn(value, stored[0].values())

    def test_behind_https_cookies_are_for_https_only(self):
        self.page(web="url = https://page.example/\n")
        answer = self.browser(None).get("/sign-in", Host="page.example")
        cookie = answer.headers["Set-Cookie"]
        self.assertTrue(cookie.startswith("__Host-betimes-form="), cookie)
        self.assertIn("; Secure", cookie)

    def test_each_time_it_is_a_new_session_and_the_old_one_ends(self):
        shop = self.page()
        browser = self.browser()
        first = browser.jar["betimes"]
        browser.sign_in("anna")
        self.assertNotEqual(browser.jar["betimes"], first)
        old = Browser(self.port)
        old.jar["betimes"] = first
        self.assertEqual(old.get("/").status, 303)
        self.assertEqual(len(shop.query("SELECT * FROM session")), 1)

    def test_the_cookie_changes_every_hour_and_the_one_before_stays_for_a_moment(self):
        shop = self.page()
        browser = self.browser()
        first = browser.jar["betimes"]
        shop.sql("UPDATE session SET changed_ms = changed_ms - 3601000;")
        self.assertEqual(browser.get("/").status, 200)
        self.assertNotEqual(browser.jar["betimes"], first)
        old = Browser(self.port)
        old.jar["betimes"] = first
        self.assertEqual(old.get("/").status, 200)
        shop.sql("UPDATE session SET changed_ms = changed_ms - 61000;")
        self.assertEqual(old.get("/").status, 303)
        self.assertEqual(browser.get("/").status, 200)

    def test_a_session_ends_when_idle_and_after_a_week(self):
        shop = self.page()
        for column, hours in (("seen_ms", 12), ("created_ms", 7 * 24)):
            browser = self.browser()
            self.assertEqual(browser.get("/").status, 200)
            shop.sql(f"UPDATE session SET {column} = {column} - {hours * 3600000 + 1000};")
            self.assertEqual(browser.get("/").status, 303)

    def test_signing_out_ends_it_everywhere_a_copy_may_be(self):
        self.page()
        browser = self.browser()
        copy = Browser(self.port)
        copy.jar = dict(browser.jar)
        answer = browser.post("/sign-out", {"token": browser.token()})
        self.assertEqual((answer.status, answer.location), (303, "/sign-in"))
        self.assertNotIn("betimes", browser.jar)
        self.assertEqual(copy.get("/").status, 303)

    def test_a_new_password_or_removal_signs_out_everywhere(self):
        shop = self.page(users=("anna:manager", "berta:reader"))
        anna, berta = self.browser("anna"), self.browser("berta")
        shop.run("user", "passwd", "anna", stdin="another horse battery\n")
        shop.run("user", "remove", "berta")
        self.assertEqual((anna.get("/").status, berta.get("/").status), (303, 303))
        self.assertEqual(self.browser(None).try_sign_in("anna").status, 401)
        self.browser(None).sign_in("anna", password="another horse battery")

    def test_wrong_passwords_say_the_same_whoever_it_is(self):
        self.page()
        known = self.browser(None).try_sign_in("anna", password="wrong horse battery")
        unknown = self.browser(None).try_sign_in("nobody", password="wrong horse battery")
        self.assertEqual((known.status, unknown.status), (401, 401))

        def without_what_differs(answer):
            return re.sub(r'value="[^"]*"', "", answer.text)

        self.assertEqual(without_what_differs(known), without_what_differs(unknown))

    def test_guessing_has_to_wait_and_the_right_password_too(self):
        self.page()
        browser = self.browser(None)

        def guess():
            return browser.try_sign_in("ANNA", password="wrong horse battery").status

        self.assertEqual([guess() for _ in range(5)], [401] * 5)

        def refused():
            """The answer to the right password; where a machine is slow, the wait of one more guess
            may be over before that is asked."""
            wait_until("a wait", lambda: guess() == 429)
            answer = self.browser(None).try_sign_in("anna")
            return answer if answer.status == 429 else None

        answer = wait_until("the right one to be refused, too", refused, 30)
        self.assertGreater(int(answer.headers["Retry-After"]), 0)
        time.sleep(int(answer.headers["Retry-After"]) + 0.1)
        browser.sign_in("anna")

    def test_behind_a_proxy_the_client_waits_and_not_the_proxy(self):
        self.page(users=("anna:manager", "berta:manager"))

        def refused():
            """Once more where a machine is so slow that the wait is over before it was asked."""
            for _ in range(6):
                self.browser(None).try_sign_in(
                    "nobody", password="wrong", X_Forwarded_For="192.0.2.66")
            return self.browser(None).try_sign_in(
                "anna", X_Forwarded_For="198.51.100.1, 192.0.2.66").status == 429

        wait_until("the client to be refused", refused, 30)
        fine = self.browser(None).try_sign_in("berta", X_Forwarded_For="192.0.2.67")
        self.assertEqual(fine.status, 303)


class Forms(WebTest):
    def test_a_form_without_its_token_or_from_elsewhere_changes_nothing(self):
        shop = self.page(users=("anna:manager", "berta:manager"))
        browser = self.browser()
        token = browser.token()
        other = self.browser("berta").token()
        here = f"http://127.0.0.1:{self.port}"
        for form, headers in (
            ({}, {}),
            ({"token": ""}, {}),
            ({"token": "0" * 64}, {}),
            ({"token": other}, {}),
            ({"token": token}, {"Origin": "http://evil.example"}),
            ({"token": token}, {"Origin": "null"}),
            ({"token": token}, {"Origin": "http://127.0.0.1:1"}),
            ({"token": token}, {"Origin": here, "Sec_Fetch_Site": "cross-site"}),
            ({"token": token}, {"Sec_Fetch_Site": "same-site"}),
        ):
            answer = browser.post("/pause", form, **headers)
            self.assertEqual(answer.status, 403, (form, headers))
            self.assertIn("Nothing was changed", answer.text)
        self.assertFalse(shop.json("status")["paused"])
        self.assertEqual(browser.post("/pause", {"token": token}, Origin=here,
                                      Sec_Fetch_Site="same-origin").status, 303)
        self.assertTrue(shop.json("status")["paused"])

    def test_a_get_changes_nothing(self):
        shop = self.page()
        browser = self.browser()
        for path in ("/pause", "/sign-out"):
            answer = browser.get(f"{path}?token={browser.token()}")
            self.assertEqual((answer.status, answer.headers["Allow"]), (405, "POST"))
        self.assertFalse(shop.json("status")["paused"])
        self.assertEqual(browser.get("/").status, 200)

    def test_nobody_can_be_signed_in_by_somebody_elses_form(self):
        self.page()
        mine, theirs = self.browser(None), self.browser(None)
        token = theirs.token("/sign-in")
        mine.token("/sign-in")
        form = {"name": "anna", "password": PASSWORD, "token": token}
        self.assertEqual(mine.post("/sign-in", form).status, 403)
        mine.jar.clear()
        self.assertEqual(mine.post("/sign-in", form).status, 403)


class Roles(WebTest):
    def test_only_a_manager_can_pause_and_it_is_written_down(self):
        shop = self.page(users=("anna:manager", "berta:staff", "carl:reader"))
        for name in ("berta", "carl"):
            browser = self.browser(name)
            self.assertNotIn("Pause sending", browser.get("/").text)
            answer = browser.post("/pause", {"token": browser.token()})
            self.assertEqual(answer.status, 403)
            self.assertIn("ask a manager", answer.text)
        self.assertFalse(shop.json("status")["paused"])
        anna = self.browser("anna")
        self.assertEqual(anna.post("/pause", {"token": anna.token()}).location, "/")
        self.assertTrue(shop.json("status")["paused"])
        self.assertIn("Sending is paused", anna.get("/").text)
        anna.post("/resume", {"token": anna.token()})
        self.assertFalse(shop.json("status")["paused"])
        rows = shop.query("SELECT user, action FROM audit WHERE action IN ('pause', 'resume')")
        self.assertEqual([tuple(r.values()) for r in rows], [("anna", "pause"), ("anna", "resume")])

    def test_a_changed_role_counts_at_once(self):
        shop = self.page(users=("anna:manager",))
        anna = self.browser("anna")
        token = anna.token()
        shop.run("user", "role", "anna", "--role", "reader")
        self.assertEqual(anna.post("/pause", {"token": token}).status, 403)


class Pages(WebTest):
    def fill(self, shop):
        shop.sql(f"""
            BEGIN;
            INSERT INTO client (ref, name, phone, email, tags, notes) VALUES
                ('C-1', 'Ilze Bērziņa', '+371 20 000 001', 'ilze@example.com', 'vip',
                    'Likes <tea>'),
                ('C-2', '{EVIL.replace("'", "''")}', '+37120000002', 'e@example.com', NULL, NULL),
                ('C-3', 'Олег Иванов', NULL, NULL, NULL, NULL);
            INSERT INTO job (ref, client_id, stage, title) VALUES
                ('J-1', 1, 'New', 'Octavia'), ('J-2', 2, 'New', '<b>Golf</b>'),
                ('J-3', 3, 'New', 'Lada');
            INSERT INTO appointment (ref, client_id, title, starts)
                VALUES ('A-1', 1, 'Oil change', '2099-12-08T15:00');
            INSERT INTO consent (client_id, channel, purpose, state)
                VALUES (1, 'sms', 'marketing', 'in'), (1, 'email', 'survey', 'out');
            INSERT INTO task (client_id, text, created_ms)
                VALUES (3, 'Call <Oleg> back', unixepoch('now') * 1000);
            COMMIT;""")
        shop.sql("UPDATE job SET stage = 'Ready';")
        wait_until("all of it", lambda: len(shop.messages(rule="ready")) == 3 and not [
            m for m in shop.messages() if m["state"] == "planned" and m["rule"] != "reminder"])

    def test_today_shows_what_went_what_did_not_and_what_needs_a_person(self):
        shop = self.page()
        self.fill(shop)
        text = self.browser().get("/").text
        went = text[text.index('id="went"'):text.index('id="left-out"')]
        left = text[text.index('id="left-out"'):text.index('id="gateways"')]
        needs = text[text.index('id="needs"'):text.index('id="next"')]
        coming = text[text.index('id="next"'):text.index('id="went"')]
        self.assertIn("Ilze Bērziņa, your car is ready.", went)
        self.assertRegex(went, r"<dt>e-mails</dt><dd>2</dd>")
        self.assertRegex(went, r"<dt>texts</dt><dd>2</dd>")
        self.assertIn("no phone number is known", left)
        self.assertIn("Call &lt;Oleg&gt; back", needs)
        self.assertIn("Ilze Bērziņa", coming)
        self.assertIn("Tue 8 Dec 2099 13:00", coming)
        self.assertRegex(text[text.index('id="gateways"'):], r"files</th><td><span[^>]*>well<")

    def test_names_and_words_with_markup_are_shown_as_text(self):
        shop = self.page()
        self.fill(shop)
        browser = self.browser()
        for path in ("/", "/clients", "/clients/2"):
            text = browser.get(path).text
            self.assertNotIn("<script>alert", text)
            evil = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &quot;&amp; Söhne"
            self.assertIn(evil, text)
            self.assertNotIn("<b>Golf", text)

    def test_a_client_has_all_that_was_is_and_will_be(self):
        shop = self.page()
        self.fill(shop)
        text = self.browser().get("/clients/1").text
        history = text[text.index('id="history"'):text.index('id="about"')]
        self.assertIn("Ilze Bērziņa, your car is ready.", history)
        self.assertIn("Subject: Ready: Octavia", history)
        self.assertIn("Come &amp; see &lt;us&gt;, Ilze Bērziņa.", history)
        self.assertIn("Reminder", text[text.index('id="coming"'):text.index('id="history"')])
        for words in ("+371 20 000 001", "vip", "Likes &lt;tea&gt;", "Oil change", "Octavia",
                      "yes, asked for", "no, opted out", "no, never asked for"):
            self.assertIn(words, text)
        self.assertEqual(self.browser().get("/clients/999").status, 404)

    def test_clients_are_found_however_they_are_written(self):
        shop = self.page()
        self.fill(shop)
        browser = self.browser()

        def found(words):
            text = browser.ask("GET", "/clients?q=" + words).text
            return sorted(int(n) for n in re.findall(r'href="/clients/(\d+)"', text))

        for words, ids in (
            ("", [1, 2, 3]), ("ilze", [1]), ("BERZINA", [1]), ("B%C4%93rzi%C5%86a+ilze", [1]),
            ("%D0%BE%D0%BB%D0%B5%D0%B3", [3]), ("37120000001", [1]), ("c-2", [2]),
            ("0037120000001", [1]), ("00371+20000001", [1]), ("0037220000001", []),
            ("example.com", [1, 2]), ("%25", []), ("_", []), ("ilze+golf", []),
            ("%22%3E%3Cscript%3E", []),
        ):
            self.assertEqual(found(words), ids, words)
        text = browser.ask("GET", "/clients?q=%22%3E%3Cscript%3Ex").text
        self.assertIn('value="&quot;&gt;&lt;script&gt;x"', text)

    def test_a_gateway_in_trouble_is_shown_as_such(self):
        shop = self.page(conf=BUSINESS + NO_MAIL)
        shop.sql("""
            INSERT INTO client (name, email) VALUES ('Anna', 'a@example.com');
            INSERT INTO job (client_id, stage) VALUES (1, 'Ready');""")
        shop.wait_message(rule="by-mail", state="retry")
        text = self.browser().get("/").text
        self.assertRegex(text, r"post</th><td><span[^>]*>in trouble<")
        self.assertRegex(text, r"texts</th><td><span[^>]*>not used<")

    def test_what_has_not_changed_is_not_sent_again(self):
        shop = self.page()
        browser = self.browser()
        first = browser.get("/")
        same = browser.get("/", If_None_Match=first.headers["ETag"])
        self.assertEqual((same.status, same.text), (304, ""))
        shop.sql("INSERT INTO task (text, created_ms) VALUES ('New', 1);")
        self.assertEqual(browser.get("/", If_None_Match=first.headers["ETag"]).status, 200)

    def test_a_page_is_light_and_needs_nothing_from_elsewhere(self):
        shop = self.page()
        self.fill(shop)
        browser = self.browser()
        total = 0
        for path in re.findall(r'(?:href|src)="(/assets/[^"]+)"', browser.get("/").text):
            answer = browser.get(path)
            self.assertEqual(answer.status, 200)
            self.assertIn("immutable", answer.headers["Cache-Control"])
            total += len(answer.text)
        for path in ("/", "/clients", "/clients/1"):
            text = browser.get(path).text
            self.assertLess(total + len(text.encode()), 100_000)
            self.assertNotRegex(text, r'(src|href|action)="(?!/|#)')
            self.assertNotRegex(text, r"<script(?! defer src=)|<style|\sstyle=|\son\w+=")

    def test_a_busy_database_is_told_and_nothing_waits_for_ever(self):
        shop = self.page()
        browser = self.browser()
        token = browser.token()
        db = shop.connect()
        try:
            db.execute("BEGIN IMMEDIATE")
            self.assertEqual(browser.get("/").status, 200)
            answer = browser.post("/pause", {"token": token})
            self.assertEqual(answer.status, 503)
            self.assertIn("Nothing was changed", answer.text)
        finally:
            db.close()
        self.assertEqual(browser.post("/pause", {"token": token}).status, 303)


class Life(WebTest):
    def closed(self, port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) != 0

    def test_without_listen_nothing_listens(self):
        shop = self.shop(playbook=PLAYBOOK, templates=WORDS).start()
        proc = Path(f"/proc/{shop.service.pid}")
        tcp = (proc / "net" / "tcp").read_text(encoding="ascii")
        inodes = {line.split()[9] for line in tcp.splitlines()[1:] if line.split()[3] == "0A"}
        held = {str(p.readlink()) for p in (proc / "fd").iterdir()}
        self.assertFalse({f"socket:[{i}]" for i in inodes} & held)

    def test_a_reload_begins_moves_and_ends_it(self):
        shop = self.page()
        conf = (shop.dir / "betimes.conf").read_text(encoding="utf-8")
        browser = self.browser()
        second = free_port()
        shop.write("betimes.conf", conf.replace(f":{self.port}", f":{second}"))
        shop.reload()
        wait_until("the old port's end", lambda: self.closed(self.port))
        moved = Browser(second)
        moved.jar = browser.jar
        self.assertEqual(moved.get("/").status, 200)
        shop.write("betimes.conf", CONF)
        shop.reload()
        wait_until("the end", lambda: self.closed(second))
        shop.write("betimes.conf", conf)
        shop.reload()
        wait_until("it again", lambda: not self.closed(self.port))
        self.assertEqual(browser.get("/").status, 200)

    def test_a_taken_address_stops_no_message_and_is_tried_again(self):
        shop = self.page(start=False)
        taken = socket.socket()
        taken.bind(("127.0.0.1", self.port))
        taken.listen()
        shop.start()
        shop.sql("""
            INSERT INTO client (name, phone) VALUES ('Anna', '+37120000001');
            INSERT INTO job (client_id, stage) VALUES (1, 'Ready');""")
        shop.wait_message(rule="ready", state="sent")
        shop.wait_log("tried again")
        shop.append("playbook.conf", "\n; a saved file\n")
        shop.reload()
        self.assertNotIn("refused", shop.log())
        taken.close()
        shop.wait_log("page: listen=127.0.0.1", seconds=15)
        self.browser()

    def test_a_reload_to_a_taken_address_is_refused_whole(self):
        shop = self.page()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            conf = (shop.dir / "betimes.conf").read_text(encoding="utf-8")
            other = taken.getsockname()[1]
            shop.write("betimes.conf", conf.replace(f":{self.port}", f":{other}"))
            shop.reload()
            shop.wait_log("reload refused")
            self.browser()

    def test_what_is_no_address_is_told_by_check(self):
        shop = self.shop(conf=CONF + "\n[web]\nlisten = everywhere\n")
        done = shop.run("check", status=1)
        self.assertIn("`everywhere` is no address and port", done.stdout + done.stderr)

    def test_it_stops_while_people_are_connected(self):
        shop = self.page()
        browser = self.browser()
        idle = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(20)]
        keep = http.client.HTTPConnection("127.0.0.1", self.port)
        keep.request("GET", "/sign-in")
        keep.getresponse().read()
        token = browser.token()
        db = shop.connect()
        try:
            db.execute("BEGIN IMMEDIATE")
            half = socket.create_connection(("127.0.0.1", self.port))
            body = f"token={token}".encode()
            cookies = "; ".join(f"{k}={v}" for k, v in browser.jar.items()).encode()
            half.sendall(b"POST /pause HTTP/1.1\r\nHost: localhost\r\nCookie: " + cookies +
                         b"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
                         + str(len(body)).encode() + b"\r\n\r\n" + body)
            time.sleep(slow(1))  # it waits for the database now
            shop.service.send_signal(15)
            answer = half.recv(100)
        finally:
            db.close()
        self.assertTrue(answer.startswith(b"HTTP/1.1 503"), answer)
        shop.wait_end()
        for s in (*idle, half):
            s.close()
        keep.close()

