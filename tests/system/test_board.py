"""Jobs and appointments on the page: the board, one job, the days."""

import datetime
import re

from harness import BUSINESS, FILES, ShopTest, wait_until
from web_browser import PASSWORD, Browser, free_port

PLAYBOOK = """
[workflow repair]
stages = New, Quote sent, Ready, Collected, Declined
done = Collected
lost = Declined
waiting = Quote sent

[workflow hire]
stages = Booked out, Returned
done = Returned

[rule ready]
on = job enters Ready
by = email
settle = 1 hour

[rule reminder]
on = appointment starts
when = 2 hours before
by = email
"""

WORDS = {
    "ready/en.email": "Subject: Ready: {{job.title}}\n\nCome and see, {{client.name}}.\n",
    "reminder/en.email": "Subject: See you {{appointment.starts | date}}\n\nDear {{client.name}}\n",
}
EVIL = "<script>alert('x')</script> \"& Söhne"


def text_of(html):
    """What a person reads of it, white space folded."""
    html = re.sub(r"<(script|style)\b.*?</\1>", " ", html, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def day(days):
    """A day from today on, as rows write it."""
    return (datetime.date.today() + datetime.timedelta(days=days)).isoformat()


class BoardTest(ShopTest):
    def page(self, users=("anna:manager",), playbook=PLAYBOOK, words=WORDS):
        """A shop with a page, two clients and one member of staff."""
        self.port = free_port()
        conf = BUSINESS + FILES + f"\n[web]\nlisten = 127.0.0.1:{self.port}\n"
        shop = self.shop(conf=conf, playbook=playbook, templates=words)
        for user in users:
            name, role = user.split(":")
            shop.run("user", "add", name, "--role", role, stdin=PASSWORD + "\n")
        shop.sql("INSERT INTO client (id, name, email) VALUES (1, 'Anna Ozola', 'a@example.com'), "
                 "(2, 'Berta', 'b@example.com');"
                 "INSERT INTO staff (id, name) VALUES (1, 'Mikus');")
        return shop.start()

    def browser(self, name="anna"):
        return Browser(self.port).sign_in(name)

    def looked_at(self, shop):
        """Wait until the service has seen every row."""
        wait_until("a look at every row",
                   lambda: shop.query("SELECT count(*) AS n FROM change_log")[0]["n"] == 0)


class TheBoard(BoardTest):
    def test_each_job_stands_in_its_stage_and_overdue_ones_say_so(self):
        shop = self.page()
        shop.sql(f"""INSERT INTO job (id, ref, client_id, stage, title, staff_id, due) VALUES
            (1, 'J-1', 1, 'New', 'Brakes', 1, '{day(-2)}'), (2, 'J-2', 2, 'Ready', 'Tyres', NULL,
            '{day(2)}'), (3, 'J-3', 1, 'Quote sent', NULL, NULL, NULL);""")
        self.looked_at(shop)
        html = self.browser().get("/jobs").text
        stages = {text_of(s)[:10].split()[0]: text_of(s)
                  for s in re.findall(r'<section class="stage".*?</section>', html, re.S)}
        self.assertEqual(list(stages), ["New", "Quote", "Ready", "Collected", "Declined"])
        self.assertIn("Brakes overdue Anna Ozola · Mikus", stages["New"])
        self.assertIn("here for 0 minutes", stages["New"])
        self.assertIn("Tyres Berta · nobody in charge", stages["Ready"])
        self.assertNotIn("overdue", stages["Ready"])
        self.assertIn("the client’s turn", stages["Quote"])
        self.assertIn("J-3", stages["Quote"])

    def test_what_has_ended_is_folded_away_and_another_workflow_has_its_own(self):
        shop = self.page()
        shop.sql("INSERT INTO job (id, client_id, stage, title) VALUES "
                 "(1, 1, 'Collected', 'Brakes'), (2, 2, 'Booked out', 'Trailer');")
        self.looked_at(shop)
        browser = self.browser()
        html = browser.get("/jobs").text
        self.assertRegex(html, r"<details[^>]*><summary>Completed in the last 7 days: 1<")
        self.assertNotIn("Trailer", html)
        hire = browser.get("/jobs?workflow=hire").text
        self.assertIn("Trailer", hire)
        self.assertNotIn("Brakes", hire)
        self.assertEqual(browser.get("/jobs?workflow=nothing").status, 404)

    def test_a_full_column_says_how_many_more_there_are(self):
        shop = self.page()
        shop.sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60) "
                 "INSERT INTO job (client_id, stage) SELECT 1, 'New' FROM n;")
        html = text_of(self.browser().get("/jobs").text)
        self.assertIn("New 60 jobs", html)
        self.assertIn("and 35 more", html)

    def test_a_job_in_a_stage_of_no_workflow_is_not_lost_sight_of(self):
        shop = self.page()
        shop.sql("INSERT INTO job (client_id, stage, title) VALUES (1, 'Nwe', 'Brakes');")
        self.looked_at(shop)
        html = text_of(self.browser().get("/jobs").text)
        self.assertIn("In a stage that no workflow has", html)
        self.assertIn("Brakes", html)


class OneOfThem(BoardTest):
    def test_a_job_tells_its_history(self):
        shop = self.page()
        shop.sql("INSERT INTO job (id, client_id, stage, title, amount, currency) "
                 "VALUES (1, 1, 'New', 'Brakes', 120.5, 'EUR');")
        self.looked_at(shop)
        shop.sql("UPDATE job SET stage = 'Ready' WHERE id = 1;"
                 "INSERT INTO appointment (client_id, job_id, starts, title) "
                 f"VALUES (1, 1, '{day(3)}T15:00', 'Bring it in');"
                 "INSERT INTO answer (client_id, job_id, text) VALUES (1, 1, 'On my way'), "
                 "(1, NULL, 'Not about it');")
        shop.wait_message(rule="ready", state="planned")
        html = text_of(self.browser().get("/jobs/1").text)
        for words in ("Brakes", "120.5 EUR", "Anna Ozola", "Ready now for", "New for",
                      "Bring it in", "planned ready e-mail", "On my way"):
            self.assertIn(words, html)
        self.assertNotIn("Not about it", html)
        self.assertEqual(self.browser().get("/jobs/99").status, 404)

    def test_names_and_titles_are_never_markup(self):
        shop = self.page()
        quoted = EVIL.replace("'", "''")
        shop.sql(f"UPDATE client SET name = '{quoted}' WHERE id = 1; UPDATE staff SET name = "
                 f"'{quoted}'; INSERT INTO job (id, client_id, stage, title, staff_id) VALUES "
                 f"(1, 1, 'New', '{quoted}', 1); INSERT INTO appointment (id, client_id, title, "
                 f"location, starts, staff_id) VALUES (1, 1, '{quoted}', '{quoted}', "
                 f"'{day(0)}T12:00', 1);")
        browser = self.browser()
        for path in ("/jobs", "/jobs/1", "/appointments", "/appointments/1"):
            answer = browser.get(path)
            self.assertEqual(answer.status, 200)
            self.assertNotIn("<script>alert", answer.text)
            self.assertIn("&lt;script&gt;alert", answer.text)


class Days(BoardTest):
    def test_each_appointment_stands_on_its_day_by_our_clocks(self):
        shop = self.page()
        shop.sql("INSERT INTO appointment (id, client_id, title, starts, timezone) VALUES "
                 "(1, 1, 'Late', '2026-12-08T23:30', 'America/New_York'), "
                 "(2, 1, 'Noon', '2026-12-08T12:00', NULL), (3, 1, 'Whole', '2026-12-08', NULL), "
                 "(4, 1, 'Sunday', '2026-12-13T10:00:00Z', NULL), "
                 "(5, 1, 'Next', '2026-12-14T00:00', NULL);")
        browser = self.browser()
        one = text_of(browser.get("/appointments?by=day&day=2026-12-08").text)
        self.assertIn("Tuesday 8 December all day booked Whole Anna Ozola 12:00 booked Noon", one)
        self.assertNotIn("Late", one.split("8 December")[1].replace("Later", ""))
        week = text_of(browser.get("/appointments?by=week&day=2026-12-09").text)
        self.assertIn("Wednesday 9 December 06:30 booked Late", week)
        self.assertIn("Sunday 13 December 12:00 booked Sunday", week)
        self.assertNotIn("Next", week)
        html = browser.get("/appointments?by=week&day=2026-12-09").text
        self.assertIn('href="/appointments?by=week&amp;day=2026-12-16"', html)
        self.assertIn('href="/appointments?by=week&amp;day=2026-12-02"', html)

    def test_a_day_that_is_none_is_not_found(self):
        self.page()
        browser = self.browser()
        for query in ("day=2026-02-30", "day=x", "day=0001-01-01", "day=9999-12-31", "by=year",
                      "day=2026-12-08T10:00"):
            self.assertEqual(browser.get(f"/appointments?{query}").status, 404, query)
