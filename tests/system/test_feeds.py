"""Calendars to subscribe to: publishing and revoking them."""

import unittest

from cli_shop import UTC
from harness import CONF, ShopTest

URL = "https://garage.example.com"
WEB = f"\n[web]\nurl = {URL}/\n"
STAFF = "INSERT INTO staff (ref, name) VALUES ('anna', 'Anna Ozola'), ('berta', 'Berta Kalna');"
LINK = rf"{URL}/calendar/[0-9a-f]{{40}}\.ics"


class Publishing(ShopTest):
    def published(self):
        shop = self.shop(conf=CONF + WEB)
        shop.sql(STAFF)
        return shop

    def test_a_link_is_shown_once_and_kept_as_a_hash(self):
        shop = self.published()
        said = shop.run("calendar", "publish", "business").stdout
        self.assertRegex(said, rf"^{LINK}\n")
        link = shop.json("calendar", "publish", "staff", "anna")
        self.assertRegex(link["link"], rf"^{LINK}$")
        self.assertEqual((link["of"], link["staff"]), ("staff", "Anna Ozola"))
        told = shop.run("calendar").stdout + shop.run("calendar", "--json").stdout
        for token in (said.split("/")[4][:40], link["link"][-44:-4]):
            self.assertNotIn(token, told)
            for path in shop.dir.glob("betimes.db*"):
                self.assertNotIn(token.encode(), path.read_bytes())

    def test_they_are_listed_until_they_are_revoked(self):
        shop = self.published()
        self.assertIn("No calendar is published", shop.run("calendar").stdout)
        self.assertEqual(shop.json("calendar"), [])
        shop.run("calendar", "publish", "business")
        shop.run("calendar", "publish", "staff", "anna")
        business, anna = shop.json("calendar", "list")
        self.assertEqual(list(business), ["kind", "id", "of", "staff", "open", "created"])
        self.assertEqual((business["kind"], business["of"], business["staff"], business["open"]),
                         ("published", "business", None, True))
        self.assertEqual((anna["of"], anna["staff"]), ("staff", "Anna Ozola"))
        self.assertRegex(anna["created"], UTC)
        self.assertRegex(shop.run("calendar").stdout, r"2 +Anna Ozola .* open")
        self.assertIn("calendar 1", shop.run("calendar", "revoke", business["id"]).stdout)
        self.assertEqual([c["id"] for c in shop.json("calendar")], [anna["id"]])
        actions = [row["action"] for row in shop.query("SELECT action FROM audit ORDER BY id")]
        self.assertEqual(actions, ["publish calendar", "publish calendar", "revoke calendar"])

    def test_one_of_somebody_who_left_is_shown_as_closed(self):
        shop = self.published()
        shop.run("calendar", "publish", "staff", "anna")
        shop.sql("UPDATE staff SET active = 0 WHERE ref = 'anna'")
        self.assertFalse(shop.json("calendar")[0]["open"])
        self.assertIn("closed: not active any more", shop.run("calendar").stdout)
        shop.sql("DELETE FROM staff WHERE ref = 'anna'")
        self.assertEqual((shop.json("calendar")[0]["open"], shop.json("calendar")[0]["staff"]),
                         (False, None))
        self.assertIn("closed: nobody is called so", shop.run("calendar").stdout)

    def test_what_is_wrong_is_told_and_publishes_nothing(self):
        shop = self.published()
        shop.sql("UPDATE staff SET active = 0 WHERE ref = 'berta'")
        for args, words in (
            (("publish",), "business, or staff REF"),
            (("publish", "all"), "neither business nor staff"),
            (("publish", "staff"), "say who"),
            (("publish", "business", "anna"), "takes no name"),
            (("publish", "staff", "ann"), "did you mean `anna`?"),
            (("publish", "staff", "berta"), "not active any more"),
            (("revoke", "9"), "no published calendar 9"),
            (("revoke", "x"), "`x` is no id"),
            (("frob",), "none of list, publish"),
            (("list", "all"), "one word too many"),
        ):
            self.assertIn(words, shop.run("calendar", *args, status=1).stderr)
        self.assertEqual(shop.json("calendar"), [])

    def test_without_an_address_of_the_page_there_is_no_link(self):
        shop = self.shop()
        done = shop.run("calendar", "publish", "business", status=1)
        self.assertIn("`url` into [web] of betimes.conf", done.stderr)
        self.assertEqual(shop.json("calendar"), [])


if __name__ == "__main__":
    unittest.main()
