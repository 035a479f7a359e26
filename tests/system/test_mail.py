"""From a row that the sqlite3 shell writes to the mail in a mail server that nobody here wrote:
logins and encryption, the mail's form, its words in five languages, and what goes wrong on the way.

Every mail is parsed by Python's own e-mail package; a defect that it finds fails the test.
"""

import email.utils
import re
import time
import unicodedata

from harness import BUSINESS, MailServer, ShopTest, wait_until
from web_browser import free_port

PLAYBOOK = """
[workflow repair]
stages = New, Ready, Collected

[rule hello]
on = job enters Ready
by = email
"""

WORDS = {"hello/en.email": "Subject: {{job.title}} is ready\n\n"
                           "Dear {{client.name}}, come and get it.\n"}

VISITS = """
[rule welcome]
on = appointment booked
by = email
template = booked
"""

# A client's name with letters of its own, and how the mail must tell 2026-12-08T10:00Z in Almaty.
TOLD = {
    "lv": ("Ģirts Šķēle", "Bremžu pārbaude", r"8\. decembr\w+.* 15:00"),
    "kk": ("Әсел Қожахметқызы", "Тежегіш тексеру", r"8 желтоқсан.* 15:00"),
    "ru": ("Щербакова Юлия", "Проверка тормозов", r"8 декабря.* 15:00"),
    "fa": ("زهرا یوسفی", "بازدید ترمز", "۱۷ آذر.*۱۵:۰۰"),
    "en": ("Zoë O’Brien", "Brake check — “full”", r"8 December.* 15:00"),
}


def quote(text):
    return "'" + text.replace("'", "''") + "'"


class MailTest(ShopTest):
    def server(self, **more):
        return self.enterContext(MailServer(**more))

    def mail_shop(self, server, playbook=PLAYBOOK, templates=None, **keys):
        words = WORDS if templates is None else templates
        return self.shop(conf=BUSINESS + server.section(**keys), playbook=playbook, templates=words)

    def job(self, shop, address="anna@example.com", name="Anna", title="The red Volvo"):
        """A client with a job that becomes ready, written by another program; the time of it."""
        shop.sql(f"""
            BEGIN;
            INSERT INTO client (name, email) VALUES ({quote(name)}, {quote(address)});
            INSERT INTO job (client_id, stage, title)
                VALUES (last_insert_rowid(), 'Ready', {quote(title)});
            COMMIT;""")
        return time.time()

    def arrives(self, server, **keys):
        shop = self.mail_shop(server, **keys).start()
        self.job(shop)
        mail = server.received(1)[0]
        self.assertEqual(mail.recipients, ["anna@example.com"])
        shop.wait_message(rule="hello", state="sent")
        return mail


class Ways(MailTest):
    """Encryption and logins."""

    def test_a_row_becomes_a_mail_over_implicit_tls(self):
        self.assertTrue(self.arrives(self.server(tls="implicit")).tls)

    def test_a_row_becomes_a_mail_over_starttls(self):
        self.assertTrue(self.arrives(self.server(tls="starttls")).tls)

    def test_a_row_becomes_a_mail_in_clear_on_this_machine(self):
        self.assertFalse(self.arrives(self.server()).tls)

    def test_login_with_plain(self):
        server = self.server(tls="starttls", auth=("hello", "s3cret"))
        self.assertEqual(self.arrives(server).login, "hello")

    def test_login_with_login_where_plain_is_not_offered(self):
        server = self.server(tls="implicit", auth=("hello", "s3cret"), without=("PLAIN",))
        self.assertEqual(self.arrives(server).login, "hello")
        self.assertIn("login login hello ok", server.events)

    def test_login_with_a_token(self):
        server = self.server(tls="starttls", tokens=["ya29.good"])
        token = {"auth": "xoauth2", "user": "hello@example.com", "token_file": "token"}
        shop = self.mail_shop(server, **token)
        shop.write("token", "ya29.good\n")
        shop.start()
        self.job(shop)
        self.assertEqual(server.received(1)[0].login, "hello@example.com")

    def test_no_mail_and_no_password_leave_in_clear_when_starttls_is_missing(self):
        server = self.server(auth=("hello", "s3cret"))
        shop = self.mail_shop(server, tls="required").start()
        self.job(shop)
        shop.wait_message(rule="hello", state="retry")
        self.assertEqual(server.mails, [])
        self.assertFalse([e for e in server.events if e.startswith("login")], server.events)

    def test_a_certificate_of_nobody_we_trust_is_refused(self):
        server = self.server(tls="implicit")
        shop = self.mail_shop(server, ca_file=None).start()
        self.job(shop)
        shop.wait_message(rule="hello", state="retry")
        self.assertEqual(server.mails, [])


class Form(MailTest):
    """What a mail looks like to those who handle it."""

    def test_headers_are_those_of_an_honest_machine(self):
        mail = self.arrives(self.server())
        head = mail.message
        self.assertEqual(mail.sender, "hello@example.com")
        self.assertEqual(str(head["From"]), "Riverside Garage <hello@example.com>")
        self.assertEqual(str(head["To"]), "Anna <anna@example.com>")
        self.assertEqual(str(head["Subject"]), "The red Volvo is ready")
        self.assertRegex(head["Message-ID"], r"^<[!-;=?-~]+@example\.com>$")
        sent_s = email.utils.parsedate_to_datetime(head["Date"]).timestamp()
        self.assertLess(abs(sent_s - mail.arrived_s), 10)
        self.assertEqual(head["Auto-Submitted"], "auto-generated")
        self.assertRegex(head["List-Unsubscribe"], r"<mailto:hello@example\.com\?subject=\w+>")
        self.assertEqual(head["MIME-Version"], "1.0")
        for name in ("From", "To", "Subject", "Date", "Message-ID"):
            self.assertEqual(len(head.get_all(name)), 1, name)

    def test_text_and_html_say_the_same(self):
        mail = self.arrives(self.server())
        self.assertEqual(mail.message.get_content_type(), "multipart/alternative")
        self.assertIn("Dear Anna, come and get it.", mail.text)
        self.assertIn("Dear Anna, come and get it.", mail.html)
        self.assertIn("<html", mail.html)

    def test_a_name_is_neither_markup_nor_header(self):
        server = self.server()
        shop = self.mail_shop(server).start()
        name = '<b>Bob</b>, "the" [link](http://x.example) & *co* <bob@evil.example>'
        self.job(shop, name=name, title="{{client.email}} =?utf-8?q?hi?= <i>x</i>")
        mail = server.received(1)[0]
        self.assertEqual(mail.message["To"].addresses[0].addr_spec, "anna@example.com")
        # Python's parser doubles a space that stands at the end of an encoded word.
        shown = mail.message["To"].addresses[0].display_name
        self.assertEqual(" ".join(shown.split()), name)
        self.assertEqual(len(mail.message["To"].addresses), 1)
        self.assertEqual(mail.subject, "{{client.email}} =?utf-8?q?hi?= <i>x</i> is ready")
        self.assertIn(name, mail.text)
        self.assertNotIn("<b>Bob", mail.html)
        self.assertNotIn('href="http://x.example"', mail.html)

    def test_a_line_with_one_dot_ends_no_mail(self):
        words = {"hello/en.email": "Subject: Dots\n\nOne\n\n{{job.title}}\n\nThree\n"}
        server = self.server()
        shop = self.mail_shop(server, templates=words).start()
        self.job(shop, title=".")
        mail = server.received(1)[0]
        self.assertRegex(mail.text, r"(?s)One\s+\\?\.\s+Three")

    def test_different_mails_have_different_ids(self):
        server = self.server()
        shop = self.mail_shop(server).start()
        for i in range(5):
            self.job(shop, address=f"c{i}@example.com")
        ids = {mail.message["Message-ID"] for mail in server.received(5)}
        self.assertEqual(len(ids), 5)


class Words(MailTest):
    """The shipped templates, from the row to the reader's eye."""

    def test_names_subjects_and_times_are_told_in_the_clients_language(self):
        server = self.server()
        shop = self.mail_shop(server, playbook=VISITS, templates={})
        shop.start("--now", "2026-12-01T09:00Z")
        for language, (name, title, _) in TOLD.items():
            shop.sql(f"""
                BEGIN;
                INSERT INTO client (name, email, language, timezone)
                    VALUES ({quote(name)}, '{language}@example.com', '{language}', 'Asia/Almaty');
                INSERT INTO appointment (client_id, title, starts, timezone)
                    VALUES (last_insert_rowid(), {quote(title)}, '2026-12-08T10:00Z',
                            'Asia/Almaty');
                COMMIT;""")
        mails = {m.recipients[0].split("@")[0]: m for m in server.received(len(TOLD))}
        for language, (name, title, when) in TOLD.items():
            with self.subTest(language):
                mail = mails[language]
                self.assertEqual(mail.message["To"].addresses[0].display_name, name)
                self.assertEqual(mail.message["Content-Language"], language)
                self.assertIn(title, mail.text)
                self.assertIn(title, mail.html)
                for text in (mail.subject, mail.text):
                    self.assertRegex(plain(text), when)
                self.assertNotIn("16:00", plain(mail.text))

    def test_a_persian_client_reads_a_jalali_date_in_persian_digits(self):
        server = self.server()
        words = {"welcome/fa.email": "Subject: {{appointment.starts | date}}\n\n"
                 "{{appointment.starts | datetime}} / {{job.amount | number}}\n",
                 "welcome/en.email": "Subject: {{appointment.starts | date}}\n\nHi\n"}
        shop = self.mail_shop(server, VISITS.replace("template = booked\n", ""), words)
        shop.start("--now", "2026-12-01T09:00Z")
        shop.sql("""
            BEGIN;
            INSERT INTO client (id, name, email, language)
                VALUES (1, 'زهرا', 'z@example.com', 'fa');
            INSERT INTO job (id, client_id, stage, amount) VALUES (1, 1, 'New', 1234.5);
            INSERT INTO appointment (client_id, job_id, starts, timezone)
                VALUES (1, 1, '2026-12-08T10:00Z', 'Asia/Tehran');
            COMMIT;""")
        mail = server.received(1)[0]
        self.assertRegex(plain(mail.subject), "۱۷ آذر( ۱۴۰۵)?")
        self.assertRegex(plain(mail.text), "۱۷ آذر.*۱۳:۳۰")
        self.assertNotRegex(mail.subject + mail.text, "[0-9]")


class Trouble(MailTest):
    """What goes wrong on the way: nothing is lost, nothing is sent twice, nobody else suffers."""

    def test_a_wrong_password_loses_nothing_and_a_saved_file_mends_it(self):
        server = self.server(tls="starttls", auth=("hello", "right"))
        shop = self.mail_shop(server, password=None, password_file="word")
        shop.write("word", "wrong\n")
        shop.start()
        self.job(shop)
        shop.wait_message(rule="hello", state="retry")
        self.assertEqual(server.mails, [])
        shop.write("word", "right\n")
        shop.append("betimes.conf", "; mended\n")
        server.received(1)
        shop.wait_message(rule="hello", state="sent")
        server.never_more_than(1, 0.5)

    def test_a_wrong_password_in_the_section_is_mended_by_a_reload(self):
        server = self.server(auth=("hello", "right"))
        shop = self.mail_shop(server, password="wrong").start()
        self.job(shop)
        shop.wait_message(rule="hello", state="retry")
        shop.write("betimes.conf", BUSINESS + server.section())
        shop.reload()
        server.received(1)
        shop.wait_message(rule="hello", state="sent")
        server.never_more_than(1, 0.5)

    def test_a_refused_recipient_touches_nobody_else(self):
        server = self.server()
        shop = self.mail_shop(server).start()
        for address in ("a@example.com", "rcpt-550-5.1.1@example.com", "b@example.com"):
            self.job(shop, address)
        server.received(2)
        failed = shop.wait_message(rule="hello", state="failed")
        self.assertEqual(failed["to"], "rcpt-550-5.1.1@example.com")
        self.assertIn("550", failed["reason"])
        shop.wait_absorbed()
        self.assertEqual(shop.states(), {"sent": 2, "failed": 1})
        self.assertNotIn("gateway in trouble", shop.log())

    def test_refused_words_are_a_failure_with_the_servers_reason(self):
        server = self.server()
        shop = self.mail_shop(server).start()
        self.job(shop, "dot-554-5.6.0@example.com")
        self.assertIn("554", shop.wait_message(rule="hello", state="failed")["reason"])

    def test_a_temporary_refusal_and_then_success_make_one_mail(self):
        server = self.server(refuse_first=1)
        shop = self.mail_shop(server).start("--speed", "20")
        self.job(shop)
        server.received(1)
        message = shop.wait_message(rule="hello", state="sent")
        self.assertEqual(message["attempts"], 2)
        server.never_more_than(1, 0.5)

    def test_a_server_that_is_down_and_comes_up_gets_one_mail(self):
        port = free_port()
        shop = self.mail_shop(MailServer(port=port)).start()
        self.job(shop, "a@example.com")
        self.job(shop, "b@example.com")
        shop.wait_log("gateway in trouble")
        server = self.server(port=port)
        server.received(2, seconds=20)
        wait_until("both to be sent", lambda: shop.states() == {"sent": 2})
        server.never_more_than(2, 0.5)

    def test_an_answer_lost_after_the_dot_is_sent_again_as_the_same_mail(self):
        server = self.server(drop_first_dot=True)
        shop = self.mail_shop(server).start("--speed", "20")
        self.job(shop)
        first, second = server.received(2)
        self.assertEqual(first.data, second.data)
        self.assertTrue(first.message["Message-ID"])
        shop.wait_message(rule="hello", state="sent")

    def test_a_killed_service_loses_no_mail_and_repeats_none_that_was_sent(self):
        server = self.server()
        shop = self.mail_shop(server).start()
        self.job(shop, "a@example.com")
        shop.wait_message(rule="hello", state="sent")
        shop.kill()
        self.job(shop, "b@example.com")
        shop.start()
        mails = server.received(2)
        self.assertEqual([m.recipients for m in mails], [["a@example.com"], ["b@example.com"]])
        server.never_more_than(2, 0.5)

    def test_kills_at_any_moment_lose_no_mail_and_repeat_only_the_very_same_one(self):
        """A copy that was on the wire at a kill may come twice: then with the same Message-ID, so
        that the reader's mail program can tell."""
        count, kills = 150, 8
        server = self.server()
        shop = self.mail_shop(server, connections=2)
        shop.write("betimes.conf",
                   BUSINESS + server.section(connections=2) + "\n[limits]\nblast = none\n")
        shop.start()
        shop.sql(f"""
            BEGIN;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
            INSERT INTO client (id, name, email)
                SELECT i, 'C' || i, 'c' || i || '@example.com' FROM n;
            INSERT INTO job (client_id, stage, title) SELECT id, 'Ready', 'Car' FROM client;
            COMMIT;""")
        for i in range(kills):
            time.sleep(0.01 + 0.013 * i)
            shop.kill()
            shop.start("--speed", "60")
        wait_until("all to be sent", lambda: shop.states() == {"sent": count}, 40)
        ids = {}
        for mail in server.received(count):
            ids.setdefault(mail.recipients[0], set()).add(mail.message["Message-ID"])
        self.assertEqual(len(ids), count)
        self.assertEqual([i for i in ids.values() if len(i) != 1], [])
        print(f"# {len(server.mails)} copies of {count} mails after {kills} kills")
        self.assertLessEqual(len(server.mails), count + kills * 2)

    def test_a_client_without_an_address_is_shown_with_the_reason(self):
        shop = self.mail_shop(self.server()).start()
        self.job(shop, address="")
        message = shop.wait_message(rule="hello", state="skipped")
        self.assertIn("e-mail", message["reason"])

    def test_an_address_that_is_none_is_shown_with_the_reason(self):
        shop = self.mail_shop(self.server()).start()
        self.job(shop, address="anna@exa,mple..com")
        message = shop.wait_message(rule="hello", state="failed")
        self.assertTrue(message["reason"])


def plain(text):
    """Without the marks and the spaces of a kind that only typesetters see."""
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return re.sub(r"\s", " ", text)
