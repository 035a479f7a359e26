"""What keeps a mistake from reaching everybody: a rule that is new or changed and would write to
many clients at once waits for a yes.
"""

import unittest

from harness import BUSINESS, CONF, MailServer, ShopTest, wait_until

PLAYBOOK = """
[workflow repair]
stages = New, Ready, Collected
done = Collected

[rule ready]
on = job enters Ready
by = email

[rule opened]
on = job opens
by = email
"""

WORDS = {"ready/en.email": "Subject: Ready {{job.ref}}\n\nIt is ready.\n",
         "opened/en.email": "Subject: Opened {{job.ref}}\n\nWe have it.\n",
         "extra/en.email": "Subject: Extra {{job.ref}}\n\nBy the way.\n"}

EXTRA = "\n[rule extra]\non = job enters Ready\nwhen = 1 hour after\nlate = 300 days\nby = email\n"


def add_jobs(shop, count, first=0, stage="Ready", email="k{0}@example.com"):
    """So many clients with one job each, in one transaction, as an import writes them."""
    rows = [(f"c{first + i}", f"Client {first + i}", email.format(first + i))
            for i in range(count)]
    db = shop.connect()
    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT INTO client (ref, name, email) VALUES (?, ?, ?)", rows)
    db.executemany("INSERT INTO job (ref, client_id, stage) SELECT 'j' || ref, id, ? FROM client "
                   "WHERE ref = ?", [(stage, ref) for ref, _, _ in rows])
    db.execute("COMMIT")
    db.close()


def rule(shop, name):
    """What `status` says of the rule."""
    return next(r for r in shop.json("status")["rules"] if r["rule"] == name)


def asks(shop, name):
    return rule(shop, name)["asks"]


class BlastRadius(ShopTest):
    def make(self, limit="5 clients", playbook=PLAYBOOK):
        return self.shop(conf=CONF + f"\n[limits]\nblast = {limit}\n", playbook=playbook,
                         templates=WORDS)

    def wait_asks(self, shop, name):
        wait_until(f"{name} to ask", lambda: asks(shop, name))

    def test_an_import_before_the_first_start_writes_to_nobody_without_a_yes(self):
        shop = self.make()
        add_jobs(shop, 8)
        shop.start()
        self.wait_asks(shop, "ready")
        self.wait_asks(shop, "opened")
        shop.wait_absorbed()
        self.assertEqual(shop.states(), {"planned": 16})
        self.assertEqual(rule(shop, "ready")["pause_reason"],
                         "new: would write to 8 clients at once")
        told = shop.run("status").stdout
        self.assertIn("waits for a yes: new: would write to 8 clients at once", told)
        self.assertIn("`betimes resume ready` lets it go", told)
        told = shop.run("check").stderr
        self.assertIn("`[rule ready]` is new: would write to 8 clients at once; the service lets "
                      "it wait until `betimes resume ready`, and `betimes forecast --rule ready` "
                      "shows what it would send", told)
        self.assertEqual(told.count("`[rule "), 2)
        tasks = [t["text"] for t in shop.query("SELECT text FROM task WHERE done_ms IS NULL")]
        self.assertEqual(len(tasks), 2)
        self.assertIn("The rule ready is new: would write to 8 clients at once", tasks[0])

        self.assertIn("goes on, with 8 messages waiting", shop.run("resume", "ready").stdout)
        wait_until("the messages of ready", lambda: shop.states(rule="ready") == {"sent": 8})
        self.assertEqual(shop.states(rule="opened"), {"planned": 8})
        self.assertNotIn("`[rule ready]`", shop.run("check").stderr)
        self.assertEqual(len(shop.query("SELECT id FROM task WHERE done_ms IS NULL")), 1)

    def test_what_is_within_the_limit_goes_without_a_question(self):
        shop = self.make()
        add_jobs(shop, 5)
        shop.start()
        wait_until("all of them", lambda: shop.states() == {"sent": 10})
        self.assertFalse(asks(shop, "ready"))
        self.assertFalse(rule(shop, "ready")["on_trial"])

    def test_many_messages_to_few_clients_are_counted_by_clients(self):
        shop = self.make()
        add_jobs(shop, 3)
        for i in range(5):
            shop.sql(f"INSERT INTO job (ref, client_id, stage) SELECT 'more{i}' || id, id, 'Ready' "
                     "FROM client;")
        shop.start()
        wait_until("all of them", lambda: shop.states() == {"sent": 36})

    def test_blast_none_asks_nobody(self):
        shop = self.make(limit="none")
        add_jobs(shop, 60)
        shop.start()
        wait_until("all of them", lambda: shop.states() == {"sent": 120})

    def test_a_changed_rule_waits_and_the_others_flow_meanwhile(self):
        shop = self.make(limit="5 clients", playbook=PLAYBOOK).start()
        for n in range(2):  # not at once
            add_jobs(shop, 5, first=5 * n)
            wait_until("what is usual", lambda n=n: shop.states() == {"sent": 10 * n + 10})
        shop.append("playbook.conf", EXTRA)
        shop.reload()
        add_jobs(shop, 7, first=20)
        wait_until("the others", lambda: shop.states(rule="ready") == {"sent": 17})
        wait_until("the plan", lambda: shop.states(rule="extra") == {"planned": 7})
        wait_until("the end of its trial", lambda: not rule(shop, "extra")["on_trial"])
        self.assertFalse(asks(shop, "extra"))
        # The hour goes: what was due in an hour would now be due at once, to seven.
        shop.write("playbook.conf", PLAYBOOK + EXTRA.replace("when = 1 hour after\n", ""))
        shop.reload()
        self.wait_asks(shop, "extra")
        self.assertEqual(rule(shop, "extra")["pause_reason"],
                         "changed: would write to 7 clients at once")
        add_jobs(shop, 2, first=40)
        wait_until("the others", lambda: shop.states(rule="ready") == {"sent": 19})
        self.assertEqual(shop.states(rule="extra"), {"planned": 9})

        # Mended, it asks no more; the same again asks again.
        shop.write("playbook.conf", PLAYBOOK + EXTRA)
        shop.reload()
        wait_until("the end of it", lambda: not rule(shop, "extra")["on_trial"])
        self.assertFalse(asks(shop, "extra"))
        self.assertEqual(shop.query("SELECT id FROM task WHERE done_ms IS NULL"), [])
        shop.write("playbook.conf", PLAYBOOK + EXTRA.replace("when = 1 hour after\n", ""))
        shop.reload()
        self.wait_asks(shop, "extra")
        self.assertEqual(shop.states(rule="extra"), {"planned": 9})

    def test_a_yes_holds_for_comments_and_spaces_but_not_for_another_change(self):
        shop = self.make()
        add_jobs(shop, 8)
        shop.start()
        self.wait_asks(shop, "ready")
        shop.run("resume", "ready")
        wait_until("all of them", lambda: shop.states(rule="ready") == {"sent": 8})
        shop.write("playbook.conf",
                   "; a comment\n" + PLAYBOOK.replace("on = job enters", "on  =  job  enters"))
        shop.reload()
        self.assertFalse(rule(shop, "ready")["on_trial"])
        self.assertTrue(asks(shop, "opened"))
        shop.write("playbook.conf", PLAYBOOK.replace("enters Ready", "enters New"))
        add_jobs(shop, 8, first=50, stage="New")
        shop.stop()
        shop.start()
        shop.wait_absorbed()
        self.assertEqual(shop.states(rule="ready"), {"sent": 8})  # it counts from now

    def test_a_question_outlives_a_kill(self):
        shop = self.make()
        add_jobs(shop, 8)
        shop.start()
        self.wait_asks(shop, "ready")
        shop.kill()
        shop.start()
        shop.wait_absorbed()
        self.assertTrue(asks(shop, "ready"))
        self.assertEqual(shop.states(rule="ready"), {"planned": 8})
        shop.run("resume", "--rule", "ready")
        wait_until("all of them", lambda: shop.states(rule="ready") == {"sent": 8})
        shop.kill()
        shop.start()
        add_jobs(shop, 9, first=100)
        wait_until("what comes later", lambda: shop.states(rule="ready") == {"sent": 17})

    def test_a_yes_before_the_first_start_counts(self):
        shop = self.make()
        shop.start()
        wait_until("no trial", lambda: not rule(shop, "ready")["on_trial"])
        shop.stop()
        shop.append("playbook.conf", "; nothing new\n")
        add_jobs(shop, 8)  # what happens while it is down is business, not a new rule
        shop.start()
        wait_until("all of them", lambda: shop.states() == {"sent": 16})

    def test_check_tells_beforehand_which_rules_would_wait(self):
        shop = self.make()
        add_jobs(shop, 8)
        told = shop.run("check").stderr
        self.assertIn("`[rule ready]` is new: would write to 8 clients at once; the service lets "
                      "it wait until `betimes resume ready`", told)
        self.assertEqual([p["severity"] for p in shop.json("check")], ["warning", "warning"])
        self.assertEqual(shop.query("SELECT * FROM rule"), [])
        shop.write("betimes.conf", CONF + "\n[limits]\nblast = 8 clients\n")
        self.assertEqual(shop.run("check").stderr, "")

    def test_what_is_no_longer_useful_when_the_yes_comes_expires(self):
        shop = self.make(playbook=PLAYBOOK.replace("by = email", "by = email\nlate = 1 minute"))
        add_jobs(shop, 8)
        shop.start()
        self.wait_asks(shop, "ready")
        shop.stop()
        shop.start("--now", shop.query(
            "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+2 minutes') AS t")[0]["t"])
        wait_until("their end", lambda: shop.states(rule="ready") == {"expired": 8})
        self.assertEqual(shop.messages(rule="ready")[0]["reason"],
                         "its time passed while its rule was waiting")


class StormBrake(ShopTest):
    """Five days with two messages each lie behind it."""

    def make(self, limits="blast = 5 clients\nbrake = 3 times\n"):
        shop = self.shop(conf=CONF + "\n[limits]\n" + limits, playbook=PLAYBOOK, templates=WORDS)
        shop.start()
        wait_until("no trial", lambda: not rule(shop, "ready")["on_trial"])
        shop.stop()
        for days_ago in range(3, 8):
            shop.sql("INSERT INTO volume SELECT id, 24, unixepoch('now') / 86400 - "
                     f"{days_ago}, 2 FROM rule;")
        return shop

    def test_a_storm_stops_at_its_limit_asks_and_goes_on_after_a_yes(self):
        shop = self.make().start()
        add_jobs(shop, 10)
        wait_until("both to ask", lambda: asks(shop, "ready") and asks(shop, "opened"))
        wait_until("the limit", lambda: shop.states(rule="ready") == {"sent": 6, "planned": 4})
        self.assertIn("waits for a yes: it has sent 6 messages in 24 hours, and never more than "
                      "2 on a day before", shop.run("status").stdout)
        self.assertIn("`[rule ready]` has paused itself: it has sent 6 messages in 24 hours, and "
                      "never more than 2 on a day before; the service lets it wait until `betimes "
                      "resume ready`", shop.run("check").stderr)
        shop.kill()
        shop.start()
        add_jobs(shop, 2, first=50)
        shop.wait_absorbed()
        self.assertEqual(shop.states(rule="ready"), {"sent": 6, "planned": 6})
        shop.run("resume", "ready")
        wait_until("the rest", lambda: shop.states(rule="ready") == {"sent": 12})
        add_jobs(shop, 20, first=100)
        wait_until("and more", lambda: shop.states(rule="ready") == {"sent": 32})
        self.assertEqual(shop.states(rule="opened"), {"sent": 6, "planned": 26})

    def test_brake_none_lets_everything_go(self):
        shop = self.make("brake = none\n").start()
        add_jobs(shop, 40)
        wait_until("all of them", lambda: shop.states() == {"sent": 80})


class AfterAnOutage(ShopTest):
    """Three days down: only what is still useful goes, as fast as the gateway may, not faster."""

    def test_what_is_still_useful_goes_paced_and_the_rest_expires(self):
        server = self.enterContext(MailServer())
        conf = BUSINESS + server.section(rate="20/second") + "\n[limits]\nblast = none\n"
        shop = self.shop(conf=conf,
                         playbook=PLAYBOOK.replace("on = job enters Ready",
                                                   "on = job enters Ready\nlate = 10 days"),
                         templates=WORDS)
        shop.start()
        wait_until("no trial", lambda: not rule(shop, "ready")["on_trial"])
        shop.run("pause")
        add_jobs(shop, 60)
        wait_until("the plan", lambda: shop.states() == {"planned": 120})
        shop.stop()
        shop.run("resume")
        shop.start("--now", shop.query(
            "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+3 days') AS t")[0]["t"])
        wait_until("its end", lambda: shop.states() == {"sent": 60, "expired": 60}, 30)
        self.assertEqual(shop.states(rule="opened"), {"expired": 60})
        # A burst of one second's share, then 20 a second.
        first, last = shop.query("SELECT min(at_ms) AS first, max(at_ms) AS last "
                                 "FROM attempt")[0].values()
        self.assertGreater(last - first, 1900)


if __name__ == "__main__":
    unittest.main()
