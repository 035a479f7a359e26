"""What waits is shown with the time at which it will really go, on every page and by the outbox."""

import re

from harness import BUSINESS, FILES, ShopTest
from web_browser import PASSWORD, Browser, free_port

PLAYBOOK = """
[workflow repair]
stages = New, Ready, Collected
done = Collected

[rule ready]
on = job enters Ready
settle = 1 hour
late = 3 days
by = email

[rule reminder]
on = appointment starts
when = 2 days before
by = email
unless = appointment.status = 'confirmed'
"""
WORDS = {
    "ready/en.email": "Subject: Ready\n\n{{job.title | required}} is ready.\n",
    "quiet/en.sms": "{{client.name}} waits for news.\n",
    "reminder/en.email": "Subject: See you\n\nUntil {{appointment.starts | weekday}}.\n",
}


class Awaited(ShopTest):
    def page(self, cap="none", more=""):
        self.port = free_port()
        conf = BUSINESS.replace("cap = none", f"cap = {cap}") + FILES
        conf += f"\n[web]\nlisten = 127.0.0.1:{self.port}\n"
        shop = self.shop(conf=conf, playbook=PLAYBOOK + more, templates=WORDS)
        shop.run("user", "add", "anna", "--role", "manager", stdin=PASSWORD + "\n")
        shop.start()
        self.anna = Browser(self.port).sign_in("anna")
        shop.sql("INSERT INTO client (name, email) VALUES ('Ilze', 'ilze@example.com');")
        return shop

    def coming(self, path, section):
        page = self.anna.get(path).text
        part = re.search(rf'<section[^>]*"{section}(?:-title)?">.*?</section>', page, re.S)[0]
        return [" ".join(re.sub(r"<[^>]+>", " ", item).split())
                for item in re.findall(r"<li>.*?</li>", part, re.S)]

    def test_each_page_shows_what_the_cap_puts_off_and_until_when(self):
        shop = self.page("1 per day")
        shop.sql("INSERT INTO job (client_id, stage, title) "
                 "VALUES (1, 'Ready', 'Volvo'), (1, 'Ready', 'Saab');")
        shop.wait_message(rule="ready", state="planned", job_id=1)
        shop.wait_message(rule="ready", state="planned", job_id=2)
        why = "the client has had 1 message within a day"
        for path, section in (("/", "next"), ("/clients/1", "coming")):
            first, second = self.coming(path, section)
            self.assertNotIn("instead of", first)
            self.assertIn("instead of", second)
            self.assertIn(why, second)
        (late,) = [page for page in ("/jobs/1", "/jobs/2") if why in self.coming(page, "coming")[0]]
        self.assertIn("instead of", self.coming(late, "coming")[0])

    def test_the_playbook_tells_the_same_times_as_the_other_pages(self):
        shop = self.page("1 per day")
        shop.sql("INSERT INTO job (client_id, stage, title) "
                 "VALUES (1, 'Ready', 'Volvo'), (1, 'Ready', 'Saab');"
                 "INSERT INTO client (name, email) VALUES ('Uldis', 'uldis@example.com');"
                 "INSERT INTO appointment (client_id, title, starts, status) VALUES "
                 "(2, 'Tyres', strftime('%Y-%m-%dT15:00', 'now', '+10 days'), 'confirmed');")
        for about in ({"job_id": 1}, {"job_id": 2}, {"rule": "reminder"}):
            shop.wait_message(state="planned", **about)

        def times(path):
            return re.findall(r"<time [^>]*>(.*?)</time>", self.anna.get(path).text)

        playbook = self.anna.get("/playbook").text
        ready = re.search(r'<li id="ready">.*?</li>', playbook, re.S)[0]
        told = re.findall(r'<time datetime="([^"]*)"', ready)
        self.assertEqual(len(told), 2)
        self.assertNotEqual(told[0][:10], told[1][:10])  # the cap puts one off to another day
        today = self.anna.get("/").text
        for time in told:
            self.assertIn(f'datetime="{time}"', today)
        # What will not go is not next.
        self.assertNotIn("Uldis", playbook)

    def test_why_a_silence_ends_later_is_told(self):
        shop = self.page(more='''
[rule quiet]
on = client hears nothing
when = 5 days after
by = task
to = staff
''')
        shop.sql("INSERT INTO staff (name) VALUES ('Anna');"
                 "INSERT INTO job (client_id, stage, title) VALUES (1, 'Ready', 'Volvo');")
        shop.wait_message(rule="quiet", state="planned")
        why = "the client hears from us once more before that"
        (late,) = [item for item in self.coming("/jobs/1", "coming") if "instead of" in item]
        self.assertIn(why, late)
        self.assertIn(why, " ".join(shop.run("outbox").stdout.split()))

    def test_what_would_be_held_or_not_sent_says_so_before_its_time(self):
        shop = self.page()
        shop.sql("INSERT INTO job (client_id, stage) VALUES (1, 'Ready');"
                 "INSERT INTO appointment (client_id, title, starts, status) VALUES "
                 "(1, 'Tyres', strftime('%Y-%m-%dT15:00', 'now', '+10 days'), 'confirmed');")
        shop.wait_message(rule="ready", state="planned")
        shop.wait_message(rule="reminder", state="planned")
        told = self.coming("/", "next")
        self.assertEqual(told, self.coming("/", "next"))
        held, skipped = told
        self.assertIn("will be held", held)
        self.assertIn("job.title", held)
        self.assertIn("is not sent", skipped)
        self.assertIn("the rule says: unless", skipped)

    def test_with_a_broken_configuration_the_times_of_the_rows_are_shown(self):
        shop = self.page()
        shop.sql("INSERT INTO job (client_id, stage, title) VALUES (1, 'Ready', 'Volvo');")
        shop.wait_message(rule="ready", state="planned")
        shop.write("playbook.conf", "[rule x]\non = the moon is full\n")
        (one,) = self.coming("/clients/1", "coming")
        self.assertIn("planned", one)
        self.assertNotIn("instead of", one)
