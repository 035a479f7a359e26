"""Tasks for people: given by the service, listed and finished on the command line."""

import unittest

from cli_shop import UTC, CliTest
from harness import wait_until

PLAYBOOK = """\
[workflow repair]
stages = Received, Ready, Collected
done = Collected

[rule look]
on = job enters Received
to = staff
by = task

[rule call]
on = job enters Ready
by = task
"""
TEMPLATES = {"look/en.sms": "Look at {{job.title}}\nsoon", "call/en.sms": "Call {{client.name}}"}
ROWS = """\
INSERT INTO client (ref, name, phone) VALUES ('c1', 'Anna Ozola', '+37120000001');
INSERT INTO staff (ref, name) VALUES ('s1', 'Janis'), ('s2', 'Zane');
INSERT INTO job (ref, client_id, stage, title, staff_id)
  VALUES ('J1', 1, 'Received', 'Volvo', 1), ('J2', 1, 'Ready', 'Lada', NULL);
"""


class Tasks(CliTest):
    def given(self):
        shop = self.shop(playbook=PLAYBOOK, templates=TEMPLATES)
        shop.start()
        shop.sql(ROWS)
        for rule in ("look", "call"):
            shop.wait_message(rule=rule, state="sent")
        return shop

    def test_tasks_are_listed_finished_and_taken_back(self):
        shop = self.given()
        look, call = sorted(shop.json("tasks"), key=lambda t: t["rule"] != "look")
        self.assertEqual(list(look), ["id", "text", "rule", "staff_id", "staff", "client_id",
                                      "client", "job_id", "appointment_id", "message_id", "since",
                                      "done", "done_by", "note", "ended_itself"])
        self.assertEqual((look["text"], look["staff"], look["client"], look["job_id"]),
                         ("Look at Volvo\nsoon", "Janis", "Anna Ozola", 1))
        self.assertEqual((call["text"], call["staff"]), ("Call Anna Ozola", None))
        self.assertRegex(look["since"], UTC)
        self.assertEqual([t["id"] for t in shop.json("tasks", "--staff", "s1")], [look["id"]])
        self.assertEqual(shop.json("tasks", "--staff", "s2"), [])
        self.assertEqual(shop.json("status")["tasks"], 2)
        self.assertIn("2 open tasks for people; `betimes tasks` lists them",
                      shop.run("status").stdout)
        told = shop.run("tasks").stdout
        self.assertRegex(told, r"Janis +Anna Ozola, J1 +Look at Volvo soon")
        self.assertRegex(told, r"the office +Anna Ozola, J2 +Call Anna Ozola")

        done = shop.run("tasks", "done", look["id"], call["id"], "--by", "Zane", "--note", "easy")
        self.assertIn("2 tasks done.", done.stdout)
        self.assertIn("Nobody has anything to do.", shop.run("tasks").stdout)
        self.assertEqual(shop.json("status")["tasks"], 0)
        for t in shop.json("tasks", "--all"):
            self.assertRegex(t["done"], UTC)
            self.assertEqual((t["done_by"], t["note"], t["ended_itself"]), ("Zane", "easy", False))
        self.assertRegex(shop.run("tasks", "--all").stdout, r"done .* by Zane: easy")
        self.assertIn("1 task open again.", shop.run("tasks", "undo", call["id"]).stdout)
        self.assertEqual([(t["id"], t["done"], t["done_by"], t["note"])
                          for t in shop.json("tasks")], [(call["id"], None, None, None)])

    def test_a_task_ends_by_itself_when_the_job_goes_on(self):
        shop = self.given()
        shop.sql("UPDATE job SET stage = 'Collected' WHERE ref = 'J1'")
        wait_until("the task to end", lambda: len(shop.json("tasks")) == 1)
        (ended,) = [t for t in shop.json("tasks", "--all") if t["done"]]
        self.assertEqual((ended["note"], ended["done_by"], ended["ended_itself"]),
                         ("the job has left the stage Received", None, True))
        self.assertIn("ended by itself", shop.run("tasks", "--all").stdout)

    def test_what_makes_no_sense_is_told(self):
        shop = self.given()
        number = shop.json("tasks")[0]["id"]
        self.refused(shop, "there is no task 99", "tasks", "done", 99)
        self.refused(shop, f"task {number} is open already", "tasks", "undo", number)
        shop.run("tasks", "done", number)
        self.refused(shop, f"task {number} is done already", "tasks", "done", number)
        self.refused(shop, "neither `done` nor `undo`", "tasks", "dne", number)
        self.refused(shop, "is no task's id", "tasks", "done", "seven")
        self.refused(shop, "say which", "tasks", "done")
        self.refused(shop, "go with `done`", "tasks", "--by", "Zane")
        self.refused(shop, "are for the list", "tasks", "done", number, "--all")
        self.refused(shop, "did you mean `s1`?", "tasks", "--staff", "s11")


if __name__ == "__main__":
    unittest.main()
