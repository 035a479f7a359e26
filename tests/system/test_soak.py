"""A short turn of `make soak`: too short to see a leak, long enough to see that under load each
message ends as it should while files are reloaded and backups are made. That the judge of what is
flat would see growth is shown as well, and that what a busy moment needs is given back."""

import re
import unittest
from pathlib import Path

from harness import BUSINESS, FILES, ShopTest, slow, wait_until
from soak_shop import JUDGED, Soak

BLAST = 4000
KEPT_MAX_KB = 2048  # less than the database's cache, which is full then


class Steady(unittest.TestCase):
    seconds = 120

    def test_under_load_each_message_goes_once_through_reloads_and_backups(self):
        with Soak(rate=60, sample_s=0.5, reload_s=4, backup_s=7) as soak:
            soak.run(12)
            lines, _ = soak.flatness()
            soak.settle()
            print("\n".join(f"# {line}" for line in [*lines, f"{soak.judge()} messages"]))
            self.assertGreater(soak.reloads, 1)
            self.assertGreater(soak.backups, 0)

    def test_growth_is_seen(self):
        soak = Soak()
        for i in range(100):
            sample = Growing()
            sample.at_s, sample.cpu_s, sample.sent = i, i, i
            sample.resident = 20_000 + 50 * i
            soak.samples.append(sample)
        self.assertEqual(soak.flatness()[1], [JUDGED[0][0]])


class Growing:
    """A sample in which all but what a test sets stays as it is."""

    def __getattr__(self, name):
        return 1000


class AtRest(ShopTest):
    seconds = 150

    def add(self, shop, count):
        shop.sql("BEGIN;" + "INSERT INTO client (name, email) VALUES ('C', 'c@example.com');"
                 "INSERT INTO job (client_id, stage) VALUES (last_insert_rowid(), 'Ready');" * count
                 + "COMMIT;")

    def wait_sent(self, shop, count):
        wait_until(f"{count} mails", lambda: shop.states(rule="ready") == {"sent": count}, 60)

    def own_kb(self, shop):
        status = Path(f"/proc/{shop.service.pid}/status").read_text()
        return int(re.search(r"RssAnon:\s+(\d+) kB", status)[1])

    @unittest.skipUnless(slow(1) == 1, "a sanitizer keeps what was freed")
    def test_memory_that_many_messages_needed_is_given_back(self):
        shop = self.shop(
            conf=BUSINESS + "[limits]\nblast = none\n" + FILES,
            playbook="[workflow repair]\nstages = Ready\n"
                     "[rule ready]\non = job enters Ready\nby = email\n",
            templates={"ready/en.email": "Subject: Ready\n\nDear {{client.name}}, come by.\n"})
        shop.start()
        self.add(shop, 1)
        self.wait_sent(shop, 1)
        few_kb = self.own_kb(shop)
        self.add(shop, BLAST)
        self.wait_sent(shop, 1 + BLAST)
        print(f"# {few_kb} kB, then {self.own_kb(shop)} kB")
        wait_until("memory to be given back", lambda: self.own_kb(shop) < few_kb + KEPT_MAX_KB, 40)


if __name__ == "__main__":
    unittest.main()
