"""What the page's port tells programs: /healthz and /metrics."""

import re
import unittest

from harness import slow, wait_until
from test_web import WebTest


class ForPrograms(WebTest):
    def test_health_is_one_word_with_its_reason(self):
        shop = self.page()
        browser = self.browser(None)
        self.assertEqual((browser.get("/healthz").status, browser.get("/healthz").text),
                         (200, "ok\n"))
        shop.run("pause")
        wait_until("the pause", lambda: browser.get("/healthz").text.startswith("paused\n"))
        self.assertEqual(browser.get("/healthz").status, 200)
        shop.run("resume")
        wait_until("its end", lambda: browser.get("/healthz").text == "ok\n")
        soon_s = 2 * 3600 + int(slow(5))
        shop.sql(f"""
            INSERT INTO client (name, phone) VALUES ('Anna', '+37120000001');
            INSERT INTO appointment (client_id, starts)
                VALUES (1, strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+{soon_s} seconds'));""")
        wait_until("the plan", lambda: shop.query("SELECT id FROM message WHERE state = 0"))
        db = shop.connect()
        try:
            db.execute("BEGIN IMMEDIATE")
            wait_until("trouble", lambda: browser.get("/healthz").status == 503, 20)
            self.assertTrue(browser.get("/healthz").text.startswith("trouble\n"))
        finally:
            db.close()
        shop.wait_message(rule="reminder", state="sent")
        wait_until("no trouble", lambda: browser.get("/healthz").text == "ok\n")

    def test_metrics_are_what_prometheus_reads(self):
        shop = self.page()
        shop.sql("""
            INSERT INTO client (name, phone, email)
                VALUES ('Zelma Privātā', '+37120012345', 'zelma@example.com');
            INSERT INTO job (client_id, stage) VALUES (1, 'Ready');""")
        wait_until("both", lambda: shop.states() == {"sent": 2})
        answer = self.browser(None).get("/metrics")
        self.assertEqual(answer.headers["Content-Type"],
                         "text/plain; version=0.0.4; charset=utf-8")
        values, typed = {}, set()
        for line in answer.text.splitlines():
            if line.startswith("# TYPE "):
                typed.add(line.split()[2])
            elif not line.startswith("#"):
                m = re.fullmatch(r'((\w+)(?:\{\w+="[^"]*"(?:,\w+="[^"]*")*\})?) (-?[\d.]+)', line)
                self.assertIsNotNone(m, line)
                self.assertIn(m[2], typed)
                self.assertNotIn(m[1], values)
                values[m[1]] = float(m[3])
        self.assertEqual(values['betimes_messages{state="sent"}'], 2)
        self.assertEqual(values['betimes_attempts_total{gateway="files",outcome="sent"}'], 2)
        self.assertEqual(values["betimes_paused"], 0)
        self.assertEqual(values["betimes_database_trouble"], 0)
        self.assertGreater(values["betimes_turns_total"], 0)
        for secret in ("Zelma", "20012345", "zelma@"):
            self.assertNotIn(secret, answer.text)

    def test_they_are_for_this_machine_alone(self):
        self.page(web="url = https://page.example/\n")
        browser = self.browser(None)
        for headers in ({"Host": "page.example"}, {"X_Forwarded_For": "192.0.2.1"},
                        {"X_Forwarded_For": "127.0.0.1"}, {"Via": "1.1 proxy"},
                        {"Forwarded": "for=127.0.0.1"}, {"X_Real_IP": "127.0.0.1"}):
            for path in ("/healthz", "/metrics"):
                self.assertEqual(browser.get(path, **headers).status, 404, headers)


if __name__ == "__main__":
    unittest.main()
