"""Who hears of what needs a person: one digest by a channel that works, with no client in it."""

import unittest

from harness import BUSINESS, CONF, ShopTest, wait_until
from web_browser import free_port

PLAYBOOK = """
[workflow repair]
stages = New, Ready
[rule ready]
on = job enters Ready
by = email
"""
WORDS = {"ready/en.email": "Subject: Ready\n\nSecret words for {{client.name}}.\n",
         "ready/en.sms": "Secret words for {{client.name}}."}
TO = "\n[limits]\nblast = 2 clients\n[alert]\nto = owner@example.com, +371 20000001\n"


def add_jobs(shop, count):
    shop.sql("".join(f"INSERT INTO client (name, email) VALUES ('Zelma Klusa', 'k{i}@example.com');"
                     "INSERT INTO job (client_id, stage) VALUES (last_insert_rowid(), 'Ready');"
                     for i in range(count)))


class Alerts(ShopTest):
    seconds = 150

    def make(self, conf=CONF + TO):
        return self.shop(conf=conf, playbook=PLAYBOOK, templates=WORDS)

    def digests(self, shop):
        return shop.messages(rule="alert", state="sent")

    def wait_digests(self, shop, count):
        wait_until(f"{count} digests", lambda: len(self.digests(shop)) == count, 30)
        return self.digests(shop)[-1]

    def later(self, shop, minutes):
        """Let the digest be so long ago: the alternative to waiting."""
        shop.sql(f"UPDATE meta SET value = value - {minutes * 60000} WHERE name = "
                 "'alert_digest_ms'; UPDATE alert SET since_ms = since_ms - "
                 f"{minutes * 60000}, told_ms = max(0, told_ms - {minutes * 60000});")

    def test_a_rule_that_asks_is_told_once_without_names_and_told_to_be_well_again(self):
        shop = self.make()
        add_jobs(shop, 3)
        shop.start()
        told = self.wait_digests(shop, 1)
        self.assertEqual((told["to"], told["channel"]), ("owner@example.com", "email"))
        self.assertIn("The rule ready waits for a yes: new: would write to 3 clients at once.",
                      told["text"])
        self.assertRegex(told["subject"], r"Riverside Garage: 2 things need you")
        for secret in ("Zelma", "example.com", "Secret"):
            self.assertNotIn(secret, told["text"])
        self.later(shop, 11)
        shop.run("resume", "ready")
        wait_until("the messages", lambda: shop.states(rule="ready") == {"sent": 3})
        told = self.wait_digests(shop, 2)
        self.assertIn("Well again:", told["text"])
        self.assertNotIn("Needs you:", told["text"])

    def test_the_same_news_comes_again_after_a_day_and_not_before(self):
        shop = self.make()
        add_jobs(shop, 3)
        shop.start()
        self.wait_digests(shop, 1)
        shop.stop()
        self.later(shop, 23 * 60)
        shop.start()
        shop.wait_absorbed()
        wait_until("a look", lambda: shop.query("SELECT count(*) AS n FROM alert")[0]["n"] == 2)
        self.assertEqual(len(self.digests(shop)), 1)
        self.later(shop, 61)
        self.wait_digests(shop, 2)

    def test_another_reason_within_ten_minutes_waits_for_its_turn(self):
        shop = self.make()
        add_jobs(shop, 3)
        shop.start()
        self.wait_digests(shop, 1)
        shop.sql("INSERT INTO rule (name, purpose, since_ms, identity, paused_ms, pause_reason, "
                 "paused_by) VALUES ('other', 'service', 0, '', 1, 'a test', 2);")
        wait_until("it to be seen", lambda: shop.query(
            "SELECT 1 FROM alert WHERE key = 'rule:other'"), 90)
        self.assertEqual(len(self.digests(shop)), 1)
        self.later(shop, 11)
        self.assertIn("The rule other waits for a yes: a test.", self.wait_digests(shop, 2)["text"])

    def test_when_mail_is_down_it_goes_by_sms(self):
        port = free_port()
        shop = self.make(BUSINESS + f"\n[gateway mail]\ntype = smtp\ntls = none\n"
                         f"url = smtp://127.0.0.1:{port}\nfrom = a@example.com\n"
                         "[gateway phone]\ntype = file\npath = out\n"
                         "channels = sms\n" + TO)
        add_jobs(shop, 1)
        shop.start()
        wait_until("mail to be in trouble", lambda: shop.states(rule="ready").get("retry"))
        shop.sql("INSERT INTO task (key, text, created_ms) VALUES ('x', 'look', 1);")
        told = self.wait_digests(shop, 1)
        self.assertEqual((told["to"], told["channel"]), ("+37120000001", "sms"))
        self.assertIn("Open tasks: 1.", told["text"])

    def test_nobody_to_tell_is_nothing_to_do(self):
        shop = self.make(CONF + "\n[limits]\nblast = 2 clients\n")
        add_jobs(shop, 3)
        shop.start()
        shop.wait_absorbed()
        self.assertEqual(shop.query("SELECT * FROM alert"), [])


if __name__ == "__main__":
    unittest.main()
