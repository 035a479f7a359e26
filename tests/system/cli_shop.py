"""What the tests of the command line share: a small shop, and what is said of wrong use."""

from harness import Betimes, ShopTest

PLAYBOOK = """\
[workflow repair]
stages = Received, Ready, Collected
done = Collected

[rule ready]
on = job enters Ready
settle = 1 hour
by = sms

[rule reminder]
on = appointment starts
when = 2 days before
by = email
unless = appointment.status = 'confirmed'
"""
TEMPLATES = {
    "ready/en.sms": "Your {{job.title}} is ready, {{client.name}}.",
    "reminder/en.email": "Subject: See you\n\nSee you {{appointment.starts | relative}}, "
                         "{{client.name}}.",
}
ROWS = """\
INSERT INTO client (ref, name, email, phone, language)
  VALUES ('c7', 'Anna Ozola', 'anna@example.com', '+37120000001', 'en'),
         ('c8', 'Aigerim', 'aigerim@example.com', '+77010000001', 'en');
INSERT INTO job (ref, client_id, stage, title)
  VALUES ('J1', 1, 'Ready', 'Volvo'), ('J2', 2, 'Received', 'Lada');
INSERT INTO appointment (ref, client_id, title, starts)
  VALUES ('a12', 1, 'Brake check', strftime('%Y-%m-%dT15:00', 'now', '+10 days'));
"""
KEYS = ["id", "rule", "purpose", "client_id", "job_id", "appointment_id", "to", "channel", "due",
        "state", "reason", "attempts", "gateway", "subject", "text", "with_id"]
EXPECTED = ["fate", "expected", "expected_reason"]
UTC = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"


class CliTest(ShopTest):
    def made(self, rows=ROWS, **more):
        """A shop with rows in it that no service has looked at."""
        shop = self.shop(playbook=PLAYBOOK, templates=TEMPLATES, **more)
        if rows:
            shop.sql(rows)
        return shop

    def planned(self, **more):
        """The same, planned by a service that has stopped again."""
        shop = self.made(**more)
        shop.start()
        shop.wait_message(rule="ready", state="planned")
        shop.wait_message(rule="reminder", state="planned")
        shop.stop()
        return shop

    def refused(self, shop, words, command, *args, status=1):
        """It must end with this status and say these words on standard error, and nothing else."""
        runner = shop.run if shop else Betimes().run
        done = runner(command, *args, status=status)
        self.assertIn(words, done.stderr)
        self.assertNotIn("assert", done.stderr.lower())
        self.assertLessEqual(len(done.stderr.splitlines()), 4, done.stderr)
        return done
