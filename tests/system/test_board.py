"""Jobs and appointments on the page: the board, one job, the days."""

import datetime
import re
from html import unescape

from harness import BUSINESS, FILES, ShopTest, wait_until
from web_browser import PASSWORD, Browser, fields_of, free_port

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
    def page(self, users=("anna:manager",), playbook=PLAYBOOK, words=WORDS, hours="", holidays=(),
             now=()):
        """A shop with a page, two clients and one member of staff."""
        self.port = free_port()
        more = f"hours = {hours}\n" if hours else ""
        more += "holidays = holidays.ics\n" if holidays else ""
        conf = BUSINESS + more + FILES + f"\n[web]\nlisten = 127.0.0.1:{self.port}\n"
        shop = self.shop(conf=conf, playbook=playbook, templates=words)
        if holidays:
            shop.write("holidays.ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\n" +
                       "".join(f"BEGIN:VEVENT\r\nUID:h{d}\r\nDTSTAMP:20260101T000000Z\r\n"
                               f"DTSTART;VALUE=DATE:{d.replace('-', '')}\r\nEND:VEVENT\r\n"
                               for d in holidays) + "END:VCALENDAR\r\n")
        for user in users:
            name, role = user.split(":")
            shop.run("user", "add", name, "--role", role, stdin=PASSWORD + "\n")
        shop.sql("INSERT INTO client (id, name, email) VALUES (1, 'Anna Ozola', 'a@example.com'), "
                 "(2, 'Berta', 'b@example.com');"
                 "INSERT INTO staff (id, name) VALUES (1, 'Mikus');")
        shop.start(*now)
        shop.wait_absorbed()
        return shop

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
        self.assertIn("just came here", stages["New"])
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
        self.assertIn("No rule about a stage sends anything for these until", html)
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
                      "Bring it in", "planned Ready e-mail", "On my way"):
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

    def test_on_a_sunday_the_week_is_the_one_that_begins_unless_the_house_is_open(self):
        for hours, first in (("Mon-Fri 09:00-17:00", "Monday 14 December"),
                             ("Mon-Sun 09:00-17:00", "Monday 7 December")):
            with self.subTest(hours):
                self.page(hours=hours, now=("--now", "2026-12-13T12:00:00Z"))
                page = text_of(self.browser().get("/appointments?by=week").text)
                self.assertIn(first, page)

    def test_a_day_that_is_none_is_not_found(self):
        self.page()
        browser = self.browser()
        for query in ("day=2026-02-30", "day=x", "day=0001-01-01", "day=9999-12-31", "by=year",
                      "day=2026-12-08T10:00"):
            self.assertEqual(browser.get(f"/appointments?{query}").status, 404, query)


class Change(BoardTest):
    def job(self, shop, **more):
        row = {"id": 1, "client_id": 1, "stage": "New", "title": "Brakes", **more}
        marks = ", ".join("?" * len(row))
        db = shop.connect()
        db.execute(f"INSERT INTO job ({', '.join(row)}) VALUES ({marks})", list(row.values()))
        db.close()
        self.looked_at(shop)

    def visit(self, shop, **more):
        row = {"id": 1, "client_id": 1, "title": "Check-up", "starts": f"{day(9)}T15:00", **more}
        marks = ", ".join("?" * len(row))
        db = shop.connect()
        db.execute(f"INSERT INTO appointment ({', '.join(row)}) VALUES ({marks})",
                   list(row.values()))
        db.close()
        self.looked_at(shop)

    def send(self, browser, what, html, **values):
        """Fill in the form of a page and send it."""
        return browser.post(f"/{what}/change",
                            {**fields_of(html, f"/{what}/change"), **values})

    def words_of(self, html):
        """The exact words of the messages that a preview tells."""
        return [unescape(re.sub(r'<p class="subject">.*?</p>', "", w, flags=re.S))
                for w in re.findall(r'<div class="words"[^>]*>(.*?)</div>', html, re.S)]


class WhatItWillSend(Change):
    def test_a_move_sends_what_its_preview_told_and_when(self):
        playbook = PLAYBOOK.replace("settle = 1 hour", "settle = 2 seconds")
        shop = self.page(playbook=playbook)
        self.job(shop)
        browser = self.browser()
        page = self.send(browser, "jobs", browser.get("/jobs/1").text, stage="Ready")
        self.assertEqual(page.status, 200)
        told = text_of(page.text)
        self.assertIn("Stage New Ready", told)
        self.assertIn("will be sent at once Anna Ozola &lt; a@example.com &gt; e-mail · ready",
                      told)
        self.assertEqual(shop.query("SELECT stage FROM job")[0]["stage"], "New")
        self.assertEqual(shop.query("SELECT * FROM message"), [])
        [words] = self.words_of(page.text)
        self.assertIn("Come and see, Anna Ozola.", words)
        answer = self.send(browser, "jobs", page.text, do="save")
        self.assertEqual((answer.status, answer.location), (303, "/jobs/1?done=saved"))
        shop.wait_message(rule="ready", state="sent")
        sent = shop.query("SELECT text, subject FROM outbox WHERE rule = 'ready'")[0]
        self.assertEqual(sent["text"].strip(), words.strip())
        self.assertIn("Ready: Brakes", page.text)
        self.assertIn("Saved.", browser.get(answer.location).text)
        audit = shop.query("SELECT user, detail FROM audit WHERE action = 'change job'")
        self.assertEqual(audit, [{"user": "anna", "detail": "stage\tNew\tReady"}])

    def test_a_moved_visit_moves_its_reminder_to_the_time_that_was_told(self):
        shop = self.page()
        self.visit(shop)
        shop.wait_message(rule="reminder", state="planned")
        browser = self.browser()
        form = browser.get("/appointments/1/edit").text
        page = self.send(browser, "appointments", form, **{"starts-date": "2031-05-06",
                                                           "starts-time": "10:00"})
        self.assertIn("Tue 6 May 2031 08:00", text_of(page.text))
        later = day(11)
        page = self.send(browser, "appointments", form, **{"starts-date": later,
                                                           "starts-time": "10:00"})
        told = text_of(page.text)
        self.assertIn("moves", told)
        self.assertIn("08:00 Anna Ozola", told)
        self.assertIn("13:00", told.split("instead of")[1])
        answer = self.send(browser, "appointments", page.text, do="save")
        self.assertEqual(answer.status, 303)
        row = shop.query("SELECT starts, title, status FROM appointment")[0]
        self.assertEqual(row, {"starts": f"{later}T10:00", "title": "Check-up",
                               "status": "booked"})
        self.looked_at(shop)
        due = shop.query("SELECT due FROM outbox WHERE rule = 'reminder' AND state = 'planned'")
        self.assertEqual([d["due"][:10] for d in due], [later])

    def test_the_page_after_a_deed_shows_what_the_deed_has_planned(self):
        self.visit(self.page())
        browser = self.browser()
        form = browser.get("/appointments/1/edit").text
        for hour in range(9, 17):
            page = self.send(browser, "appointments", form, **{"starts-date": day(11),
                                                               "starts-time": f"{hour:02}:00"})
            answer = self.send(browser, "appointments", page.text, do="save")
            coming = text_of(browser.get(answer.location).text).split("Coming")[1]
            self.assertIn(f"{hour - 2:02}:00 planned", coming)
            form = browser.get("/appointments/1/edit").text

    def test_a_cancelled_visit_tells_what_goes_no_more_and_why(self):
        shop = self.page()
        self.visit(shop)
        shop.wait_message(rule="reminder", state="planned")
        browser = self.browser()
        page = self.send(browser, "appointments", browser.get("/appointments/1").text,
                         status="cancelled")
        told = text_of(page.text)
        self.assertIn("will not be sent any more", told)
        self.assertIn("cancelled", told)
        self.send(browser, "appointments", page.text, do="save")
        shop.wait_message(rule="reminder", state="cancelled")

    def test_a_change_that_no_rule_minds_sends_nothing_and_says_so(self):
        shop = self.page()
        self.job(shop)
        browser = self.browser()
        page = self.send(browser, "jobs", browser.get("/jobs/1").text, stage="Declined")
        self.assertIn("no rule of the playbook speaks of this change", page.text)

    def test_who_opted_out_is_told_with_the_reason(self):
        shop = self.page()
        shop.sql("INSERT INTO consent (client_id, channel, purpose, state) "
                 "VALUES (1, 'email', 'service', 'out');")
        self.job(shop)
        browser = self.browser()
        page = self.send(browser, "jobs", browser.get("/jobs/1").text, stage="Ready")
        told = text_of(page.text)
        self.assertIn("is not sent", told)
        self.assertIn("opted out", told)

    def test_conditions_see_the_row_as_it_will_be(self):
        playbook = PLAYBOOK.replace("[rule ready]", "[rule ready]\nif = job.amount > 100 AND "
                                    "(SELECT count(*) FROM job AS j WHERE j.stage = 'Ready') = 2")
        shop = self.page(playbook=playbook)
        shop.sql("INSERT INTO job (id, client_id, stage, title) VALUES (7, 2, 'Ready', 'Tyres');")
        self.job(shop, amount=50)
        browser = self.browser()
        form = browser.get("/jobs/1/edit").text
        page = self.send(browser, "jobs", form, stage="Ready", amount="120.50")
        self.assertIn("will be sent", text_of(page.text))
        page = self.send(browser, "jobs", form, stage="Ready", amount="120,5")
        self.assertIn("will be sent", text_of(page.text))
        self.assertIn("Amount 50 120.5", text_of(page.text).replace("50.0", "50"))
        page = self.send(browser, "jobs", form, stage="Ready")
        self.assertNotIn("will be sent", text_of(page.text))

    def test_a_broken_playbook_is_told_and_keeps_nobody_from_saving(self):
        shop = self.page()
        self.job(shop)
        browser = self.browser()
        form = browser.get("/jobs/1").text
        shop.write("playbook.conf", "[rule]\n")
        page = self.send(browser, "jobs", form, stage="Ready")
        self.assertIn("could not be worked out", page.text)
        self.assertIn("playbook.conf", page.text)
        self.assertEqual(self.send(browser, "jobs", page.text, do="save").status, 303)


class Forms(Change):
    def test_a_new_job_is_made_for_a_client_who_was_looked_for(self):
        shop = self.page()
        browser = self.browser()
        found = browser.get("/jobs/new?q=berta").text
        self.assertIn('href="/jobs/new?client=2"', found)
        self.assertNotIn("client=1\"", found)
        form = browser.get("/jobs/new?client=2").text
        page = self.send(browser, "jobs", form, title="Tyres", stage="Ready", staff="1",
                         amount="99.90", currency="EUR", **{"due-date": day(3)})
        self.assertEqual(page.status, 200, page.text)
        self.assertIn("Come and see, Berta.", page.text)
        self.assertEqual(shop.query("SELECT * FROM job"), [])
        answer = self.send(browser, "jobs", page.text, do="save")
        self.assertEqual(answer.location, "/jobs/1?done=saved")
        row = shop.query("SELECT client_id, title, stage, staff_id, due, amount, currency, "
                         "workflow FROM job")[0]
        self.assertEqual(list(row.values()),
                         [2, "Tyres", "Ready", 1, day(3), 99.9, "EUR", None])
        shop.wait_message(rule="ready", state="planned")

    def test_a_clients_page_leads_to_a_new_job_and_a_new_visit_for_them(self):
        self.page(users=("anna:manager", "rita:reader"))
        browser = self.browser()
        for what in ("jobs", "appointments"):
            link = f"/{what}/new?client=1"
            self.assertIn(f'href="{link}"', browser.get("/clients/1").text)
            form = fields_of(browser.get(link).text, f"/{what}/change")
            self.assertEqual(form["client"], "1")
            self.assertNotIn(link, self.browser("rita").get("/clients/1").text)

    def test_a_new_visit_is_booked_for_a_job(self):
        shop = self.page()
        self.job(shop)
        browser = self.browser()
        form = browser.get("/appointments/new?client=1&job=1").text
        page = self.send(browser, "appointments", form, title="Bring it in",
                         **{"starts-date": day(4), "starts-time": "9:30", "ends-time": "10:00"})
        self.assertEqual(page.status, 200, page.text)
        self.assertIn("07:30", page.text)
        self.send(browser, "appointments", page.text, do="save")
        row = shop.query("SELECT job_id, starts, ends, status FROM appointment")[0]
        self.assertEqual(list(row.values()),
                         [1, f"{day(4)}T09:30", f"{day(4)}T10:00", "booked"])

    def test_what_is_wrong_stands_beside_its_field_and_saves_nothing(self):
        shop = self.page()
        self.visit(shop)
        browser = self.browser()
        form = browser.get("/appointments/1/edit").text
        for values, field, words in (
            ({"starts-date": "2027-03-28", "starts-time": "03:30"}, "starts-time",
             "clocks in Europe/Riga are put forward"),
            ({"starts-date": "2027-03-14", "starts-time": "02:30",
              "timezone": "America/New_York"}, "starts-time", "America/New_York"),
            ({"ends-date": day(9), "ends-time": "14:59"}, "ends-date", "after the start"),
            ({"timezone": "Europe/Rigga"}, "timezone", "did you mean Europe/Riga?"),
            ({"timezone": "../../etc/passwd"}, "timezone", "Nobody knows this time zone"),
            ({"starts-date": "2027-02-30"}, "starts-date", "Write a day"),
            ({"starts-time": "25:00"}, "starts-time", "Write a time"),
            ({"starts-date": ""}, "starts-date", "This is needed."),
            ({"status": "perhaps"}, "status", "Choose one of these."),
            ({"ends-date": day(10)}, "ends-time", "both a start and an end"),
            ({"title": "x" * 1001}, "title", "too long"),
        ):
            for do in ("preview", "save"):
                page = self.send(browser, "appointments", form, do=do, **values)
                self.assertEqual(page.status, 422, values)
                self.assertRegex(page.text, rf'id="{field}-problem">[^<]*{re.escape(words)}')
                self.assertIn(f'aria-describedby="{field}-problem', page.text)
        self.assertEqual(shop.query("SELECT count(*) AS n FROM audit WHERE action LIKE 'change%'"),
                         [{"n": 0}])

    def test_a_job_is_checked_at_each_field(self):
        shop = self.page()
        self.job(shop)
        browser = self.browser()
        form = browser.get("/jobs/1/edit").text
        for values, field, words in (
            ({"amount": "1,250"}, "amount", "such as 120.50"),
            ({"amount": "1e9"}, "amount", "such as 120.50"),
            ({"currency": "euro"}, "currency", "three capital letters"),
            ({"workflow": "hire"}, "stage", "no such stage"),
            ({"stage": "Nowhere"}, "stage", "Choose one of these."),
            ({"staff": "77"}, "staff", "Choose one of these."),
            ({"due-time": "10:00"}, "due-date", "which day"),
        ):
            page = self.send(browser, "jobs", form, **values)
            self.assertEqual(page.status, 422, values)
            self.assertRegex(page.text, rf'id="{field}-problem">[^<]*{re.escape(words)}')

    def test_back_leads_to_the_form_with_what_was_typed(self):
        shop = self.page()
        self.job(shop)
        browser = self.browser()
        page = self.send(browser, "jobs", browser.get("/jobs/1/edit").text, title=EVIL)
        self.assertNotIn("<script>alert", page.text)
        back = self.send(browser, "jobs", page.text, do="back")
        self.assertEqual(fields_of(back.text, "/jobs/change")["title"], EVIL)
        self.assertEqual(shop.query("SELECT title FROM job")[0]["title"], "Brakes")

    def test_what_was_not_touched_stays_as_it_was_written(self):
        shop = self.page()
        self.visit(shop, starts="2027-07-01T12:00:00Z", ends="2027-07-01T15:30:00",
                   fields='{"a": 1}', ref="A-1", uid="x@y")
        before = shop.query("SELECT * FROM appointment")[0]
        browser = self.browser()
        page = self.send(browser, "appointments", browser.get("/appointments/1/edit").text,
                         title="Other")
        self.send(browser, "appointments", page.text, do="save")
        after = shop.query("SELECT * FROM appointment")[0]
        changed = {k for k in after if after[k] != before[k]}
        self.assertLessEqual(changed, {"title", "updated_at"})

    def test_somebody_elses_change_is_shown_and_never_overwritten_unseen(self):
        shop = self.page()
        self.job(shop)
        browser = self.browser()
        page = self.send(browser, "jobs", browser.get("/jobs/1/edit").text, title="Mine")
        shop.sql("UPDATE job SET title = 'Theirs', amount = 7 WHERE id = 1;")
        answer = self.send(browser, "jobs", page.text, do="save")
        self.assertEqual(answer.status, 409)
        self.assertIn("Somebody else has changed this", answer.text)
        self.assertIn("Title Theirs Mine", text_of(answer.text))
        self.assertEqual(shop.query("SELECT title FROM job")[0]["title"], "Theirs")
        self.assertNotIn("Amount", text_of(answer.text).split("As you want it")[1][:60])
        page = self.send(browser, "jobs", answer.text, do="preview")
        self.assertEqual(self.send(browser, "jobs", page.text, do="save").status, 303)
        self.assertEqual(shop.query("SELECT title, amount FROM job"),
                         [{"title": "Mine", "amount": 7}])

    def test_a_form_that_was_open_while_all_of_it_was_done_changes_nothing(self):
        shop = self.page()
        self.job(shop)
        browser = self.browser()
        form = browser.get("/jobs/1/edit").text
        shop.sql("UPDATE job SET title = 'Theirs', amount = 7 WHERE id = 1;")
        answer = self.send(browser, "jobs", form, do="preview")
        self.assertEqual(answer.location, "/jobs/1?done=same")
        self.assertEqual(shop.query("SELECT title, amount FROM job"),
                         [{"title": "Theirs", "amount": 7}])

    def test_a_visit_in_the_past_or_while_closed_is_warned_of_and_never_forbidden(self):
        shop = self.page(hours="Mon-Sun 09:00-18:00", holidays=["2031-05-06"])
        self.visit(shop)
        browser = self.browser()
        form = browser.get("/appointments/1/edit").text
        for date, time, words in (
            ("2020-05-06", "10:00", "begins in the past"),
            ("2031-05-06", "10:00", "closed on this day"),
            ("2031-05-07", "20:00", "closed at this time"),
            ("2031-05-07", "10:00", None),
        ):
            values = {"starts-date": date, "starts-time": time}
            page = self.send(browser, "appointments", form, **values)
            self.assertEqual(page.status, 200)
            for one in ("begins in the past", "closed on this day", "closed at this time"):
                (self.assertIn if one == words else self.assertNotIn)(one, page.text)
        page = self.send(browser, "appointments", form, **{"starts-date": "2020-05-06"})
        self.assertIn("will not be sent any more", page.text)
        self.assertEqual(self.send(browser, "appointments", page.text, do="save").status, 303)

    def test_a_job_in_a_stage_that_nobody_knows_stays_there_unless_it_is_moved(self):
        shop = self.page()
        self.job(shop, stage="Somewhere")
        browser = self.browser()
        for path in ("/jobs/1", "/jobs/1/edit"):
            page = browser.get(path).text
            self.assertEqual(fields_of(page, "/jobs/change")["stage"], "Somewhere")
            self.assertIn("Somewhere (no such stage)", page)
        self.send(browser, "jobs", browser.get("/jobs/1").text)
        self.assertEqual(shop.query("SELECT stage FROM job")[0]["stage"], "Somewhere")

    def test_readers_see_and_change_nothing(self):
        shop = self.page(users=("anna:manager", "rita:reader", "sven:staff"))
        self.job(shop)
        self.visit(shop)
        reader = self.browser("rita")
        for path in ("/jobs", "/jobs/1", "/appointments", "/appointments/1"):
            page = reader.get(path)
            self.assertEqual(page.status, 200)
            self.assertNotIn("/change", page.text)
            self.assertNotIn("/new", page.text)
        for path in ("/jobs/new", "/jobs/1/edit", "/appointments/new", "/appointments/1/edit"):
            self.assertEqual(reader.get(path).status, 403)
        for what in ("jobs", "appointments"):
            form = {"id": "1", "stage": "Ready", "title": "x", "do": "save",
                    "token": reader.token("/")}
            self.assertEqual(reader.post(f"/{what}/change", form).status, 403)
        staff = self.browser("sven")
        page = self.send(staff, "jobs", staff.get("/jobs/1").text, stage="Ready")
        self.assertEqual(self.send(staff, "jobs", page.text, do="save").status, 303)

    def test_nothing_is_saved_without_a_look_at_what_it_sends(self):
        shop = self.page()
        self.job(shop)
        browser = self.browser()
        form = {"id": "1", "stage": "Ready", "do": "save", "token": browser.token("/jobs/1")}
        page = browser.post("/jobs/change", form)
        self.assertEqual(page.status, 200)
        self.assertIn("Before you save", page.text)
        self.assertEqual(shop.query("SELECT stage FROM job")[0]["stage"], "New")
