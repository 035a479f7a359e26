"""From a row to the text on the telephone: through a real Kannel (bearerbox, smsbox and a fake SMS
centre), and through servers that answer as Twilio, Vonage, Plivo and MessageBird document.

What a provider's faults do stands in tests/peers/provider_peer.py: they are asked for by the last
three digits of the number.
"""

import math
import time

from harness import BUSINESS, MailServer, ShopTest, wait_until

from kannel import Kannel
from provider_peer import PASSWORD, USER, ProviderPeer
from web_browser import free_port

PLAYBOOK = """
[workflow repair]
stages = New, Ready, Collected

[rule ready]
on = job enters Ready
by = sms
"""

WORDS = {"ready/en.sms": "{{client.name}}: {{job.title}} is ready"}

GSM_TEXT = "Volvo @ £5 [ok] {x} €9 ~ | \\ ^ é ñ Ω"
LONG_TEXT = "The red Volvo waits for you. " * 9
KAZAKH_TEXT = "Қызыл Volvo дайын, келіп алыңыз 🚗"


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def write_job(shop, phone, title="The Volvo", name="Anna", email=None):
    shop.sql(f"""
        BEGIN;
        INSERT INTO client (name, phone, email)
            VALUES ({quote(name)}, {quote(phone)}, {quote(email) if email else "NULL"});
        INSERT INTO job (client_id, stage, title)
            VALUES (last_insert_rowid(), 'Ready', {quote(title)});
        COMMIT;""")


class ThroughKannel(ShopTest):
    seconds = 90

    @classmethod
    def setUpClass(cls):
        cls.kannel = cls.enterClassContext(Kannel())

    def sent(self, *titles, **more):
        """Texts with these titles, as they came out of the SMS centre, by their order."""
        self.kannel.received.clear()
        conf = BUSINESS + f"""
[gateway texts]
type = sms
provider = kannel
url = {self.kannel.url}
user = {self.kannel.user}
password = {more.pop("password", self.kannel.password)}
from = +37120000000
{more.pop("gateway", "")}
{more.pop("channel", "")}
"""
        shop = self.shop(conf=conf, playbook=PLAYBOOK, templates={"ready/en.sms": "{{job.title}}"})
        shop.start()
        for i, title in enumerate(titles):
            write_job(shop, f"2000 000{i}", title)
        return shop

    def received(self, count):
        return sorted(self.kannel.wait(count), key=lambda sms: sms.receiver)

    def test_latin_goes_out_in_the_gsm_alphabet_and_kazakh_in_ucs2(self):
        shop = self.sent(GSM_TEXT, KAZAKH_TEXT, "Quotes \"and\" & ampersands = 100%+1")
        one, two, three = self.received(3)
        self.assertEqual((one.coding, one.text, one.segments), ("gsm", GSM_TEXT, 1))
        self.assertEqual((two.coding, two.text, two.segments), ("ucs2", KAZAKH_TEXT, 1))
        self.assertEqual((three.coding, three.text),
                         ("gsm", "Quotes \"and\" & ampersands = 100%+1"))
        self.assertEqual([s.receiver for s in (one, two, three)],
                         ["+37120000000", "+37120000001", "+37120000002"])
        self.assertEqual({s.sender for s in (one, two, three)}, {"+37120000000"})
        wait_until("all to be sent", lambda: shop.states() == {"sent": 3})

    def test_a_long_text_arrives_whole(self):
        self.sent(LONG_TEXT, KAZAKH_TEXT * 5)
        one, two = self.received(2)
        self.assertEqual((one.coding, one.text, one.segments), ("gsm", LONG_TEXT.strip(), 2))
        self.assertEqual((two.coding, two.text), ("ucs2", KAZAKH_TEXT * 5))
        self.assertGreater(two.segments, 1)

    def test_its_delivery_report_finds_the_text(self):
        """The fake SMS centre confirms each one."""
        port = free_port()
        shop = self.sent("Reported", gateway="reports = yes", channel=f"""
[web]
listen = 127.0.0.1:{port}
url = http://127.0.0.1:{port}
""")
        shop.wait_message(state="delivered", seconds=20)

    def test_transliterated_kazakh_fits_the_gsm_alphabet(self):
        self.sent("Қызыл Volvo, šķūnis", channel="\n[channel sms]\ntransliterate = yes")
        sms = self.received(1)[0]
        self.assertEqual(sms.coding, "gsm")
        self.assertIn("Volvo", sms.text)
        self.assertTrue(sms.text.isascii(), sms.text)

    def test_a_wrong_password_holds_the_text_back_and_loses_nothing(self):
        shop = self.sent("Still here", password="wrong")
        shop.wait_message(rule="ready", state="retry")
        self.assertEqual(self.kannel.received, [])
        conf = (shop.dir / "betimes.conf").read_text().replace("wrong", self.kannel.password)
        shop.write("betimes.conf", conf)
        self.assertEqual(self.received(1)[0].text, "Still here")
        shop.wait_message(rule="ready", state="sent")


class ProviderTest(ShopTest):
    def provider_shop(self, name="twilio", playbook=PLAYBOOK, extra="", **more):
        peer = self.enterContext(ProviderPeer(name))
        user = "" if name == "messagebird" else f"user = {USER}\n"
        conf = BUSINESS + f"""
[gateway texts]
type = sms
provider = {name}
url = {peer.url}
{user}password = {PASSWORD}
from = +37120000000
{extra}"""
        return peer, self.shop(conf=conf, playbook=playbook, templates={**WORDS, **more})


class Providers(ProviderTest):
    def test_each_provider_gets_its_own_protocol_and_the_text_arrives(self):
        for name in ("twilio", "vonage", "plivo", "messagebird"):
            with self.subTest(name):
                peer, shop = self.provider_shop(name)
                shop.start()
                write_job(shop, "2000 1000", GSM_TEXT)
                write_job(shop, "+371 2000 2000", KAZAKH_TEXT)
                texts = {m.to: m for m in peer.wait(2)}
                plain, kazakh = texts["+37120001000"], texts["+37120002000"]
                self.assertEqual(plain.text, f"Anna: {GSM_TEXT} is ready")
                self.assertEqual(kazakh.text, f"Anna: {KAZAKH_TEXT} is ready")
                self.assertIn(plain.sender, ("+37120000000", "37120000000"))
                if plain.unicode is not None:
                    self.assertEqual((plain.unicode, kazakh.unicode), (False, True))
                wait_until("both to be sent", lambda: shop.states() == {"sent": 2})
                ids = shop.query("SELECT provider_id FROM message")
                self.assertTrue(all(row["provider_id"] for row in ids), ids)
                shop.stop()

    def test_a_number_that_the_provider_refuses_fails_and_touches_nobody_else(self):
        for name in ("twilio", "vonage", "plivo", "messagebird"):
            with self.subTest(name):
                peer, shop = self.provider_shop(name)
                shop.start()
                write_job(shop, "20000001")
                write_job(shop, "20001000")
                peer.wait(1)
                message = shop.wait_message(rule="ready", state="failed")
                self.assertEqual(message["to"], "+37120000001")
                wait_until("the other to be sent",
                           lambda: shop.states() == {"failed": 1, "sent": 1})
                self.assertEqual(len(peer.requests), 2)
                shop.stop()


class Faults(ProviderTest):
    """Nothing that may have been sent is sent again; nothing that surely was not is lost."""

    def one(self, digits, state, **more):
        peer, shop = self.provider_shop(**more)
        shop.start()
        write_job(shop, "20000" + digits)
        return peer, shop, shop.wait_message(rule="ready", state=state)

    def test_a_429_is_tried_again_not_before_its_retry_after(self):
        peer, shop, message = self.one("429", "retry")
        next_s = shop.query("SELECT (next_ms - state_ms) / 1000.0 AS s FROM message")[0]["s"]
        self.assertGreaterEqual(next_s, 7)
        time.sleep(1.5)
        self.assertEqual(len(peer.requests), 1)

    def test_a_429_and_then_success_make_one_text(self):
        peer, shop = self.provider_shop()
        peer.first_faults = ["429"]
        shop.start("--speed", "20")
        write_job(shop, "20001000")
        message = shop.wait_message(rule="ready", state="sent", seconds=20)
        self.assertEqual(message["attempts"], 2)
        self.assertEqual(len(peer.requests), 2)

    def test_an_error_inside_a_200_is_no_success(self):
        peer, shop, message = self.one("202", "unknown")
        self.assertTrue(message["reason"])
        self.assertEqual(len(peer.requests), 1)

    def test_an_answer_without_an_id_is_no_success_and_not_sent_again(self):
        peer, shop, message = self.one("201", "unknown")
        self.assertEqual(len(peer.requests), 1)

    def test_what_is_unknown_stays_unknown_and_is_not_sent_again(self):
        for digits in ("101", "102", "104", "106", "203", "500"):
            with self.subTest(digits):
                peer, shop = self.provider_shop()
                shop.start("--speed", "1000")
                write_job(shop, "20000" + digits)
                message = shop.wait_message(rule="ready", state="unknown")
                self.assertIn("no clear answer came", message["reason"])
                time.sleep(0.3)  # five minutes of the shop's time
                self.assertEqual(shop.states(), {"unknown": 1})
                self.assertEqual(len(peer.requests), 1)
                shop.stop()

    def test_an_unknown_text_is_not_sent_again_after_a_restart(self):
        peer, shop, _ = self.one("102", "unknown")
        shop.kill()
        shop.start()
        write_job(shop, "20001000")
        peer.wait(1)
        wait_until("the new one", lambda: shop.states() == {"unknown": 1, "sent": 1})
        self.assertEqual(len(peer.requests), 2)

    def test_a_text_on_the_wire_at_a_sigkill_becomes_unknown_and_is_not_sent_again(self):
        peer, shop = self.provider_shop()
        shop.start()
        write_job(shop, "20000103")  # no reply ever
        wait_until("the request", lambda: peer.requests)
        shop.wait_message(rule="ready", state="sending")
        shop.kill()
        shop.start()
        message = shop.wait_message(rule="ready", state="unknown")
        self.assertTrue(message["reason"])
        write_job(shop, "20001000")
        peer.wait(1)
        self.assertEqual(len(peer.requests), 2)

    def test_a_rule_that_says_so_sends_an_unknown_text_again(self):
        peer, shop = self.provider_shop(playbook=PLAYBOOK + "unknown = resend\n")
        shop.start("--speed", "200")
        write_job(shop, "20000102")
        wait_until("a second request", lambda: len(peer.requests) >= 2)

    def test_a_provider_in_trouble_holds_back_its_texts_and_is_asked_carefully(self):
        began_s = time.monotonic()
        peer, shop, _ = self.one("401", "retry")
        for _ in range(20):
            write_job(shop, "20000401")
        time.sleep(0.5)
        # Each pause is twice as long as the one before, however slow this machine is.
        asked, took_s = len(peer.requests), time.monotonic() - began_s
        self.assertLessEqual(asked, 3 + math.log2(1 + 2 * took_s))
        self.assertEqual(shop.states().get("failed", 0), 0)

    def test_a_wrong_number_never_leaves_and_is_sent_once_it_is_mended(self):
        peer, shop = self.provider_shop()
        shop.start()
        write_job(shop, "call me")
        message = shop.wait_message(rule="ready", state="failed")
        self.assertTrue(message["reason"])
        self.assertEqual(peer.requests, [])
        shop.sql("UPDATE client SET phone = '20001000'")
        peer.wait(1)
        shop.wait_message(rule="ready", state="sent")


class Fallback(ProviderTest):
    THEN = PLAYBOOK.replace("by = sms", "by = sms then email")
    WORDS = {"ready/en.email": "Subject: Ready\n\nIt is ready.\n"}

    def fallback(self, phone):
        server = self.enterContext(MailServer())
        peer, shop = self.provider_shop(playbook=self.THEN, extra=server.section(), **self.WORDS)
        shop.start()
        write_job(shop, phone, email="anna@example.com")
        return peer, server, shop

    def test_a_refused_text_goes_on_as_a_mail(self):
        peer, server, shop = self.fallback("20000001")
        server.received(1)
        wait_until("both ends", lambda: shop.states() == {"failed": 1, "sent": 1})
        self.assertEqual(shop.message(channel="sms")["state"], "failed")
        self.assertEqual(shop.message(channel="email")["state"], "sent")
        server.never_more_than(1, 0.5)

    def test_without_a_number_it_is_a_mail_at_once(self):
        peer, server, shop = self.fallback("")
        server.received(1)
        shop.wait_message(channel="email", state="sent")
        self.assertEqual(peer.requests, [])

    def test_with_a_wrong_number_it_is_a_mail(self):
        peer, server, shop = self.fallback("12")
        server.received(1)
        shop.wait_message(channel="email", state="sent")
        self.assertEqual(peer.requests, [])

    def test_a_text_that_was_sent_is_no_mail_as_well(self):
        peer, server, shop = self.fallback("20001000")
        peer.wait(1)
        shop.wait_message(channel="sms", state="sent")
        server.never_more_than(0, 0.5)

    def test_an_unknown_text_is_no_mail_as_well(self):
        peer, server, shop = self.fallback("20000102")
        shop.wait_message(channel="sms", state="unknown")
        server.never_more_than(0, 0.5)
