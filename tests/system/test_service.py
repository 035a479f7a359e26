"""The service as a service: what it tells the service manager, how it stops, and what it never
shows to anybody: addresses, numbers, words and secrets.
"""

import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
import unittest
from pathlib import Path

from harness import BUSINESS, CONF, FileGatewayFolder, MailServer, ShopTest, slow, wait_until

from provider_peer import PASSWORD, USER, ProviderPeer

PLAYBOOK = """
[workflow repair]
stages = New, Ready, Collected

[rule mail]
on = job enters Ready
by = email

[rule text]
on = job enters Ready
by = sms
"""

WORDS = {"mail/en.email": "Subject: Subject-of-{{job.title}}\n\nBody for {{client.name}}.\n",
         "text/en.sms": "Words for {{client.name}}"}

MAIL_SECRET, SMS_SECRET = "m41l-s3cret-w0rd", PASSWORD
NOBODY = 65534


def write_job(shop, email="anna.personal@example.com", phone="+37120012345"):
    shop.sql(f"""
        BEGIN;
        INSERT INTO client (name, email, phone) VALUES ('Zelma Privātā', '{email}', '{phone}');
        INSERT INTO job (client_id, stage, title) VALUES (last_insert_rowid(), 'Ready', 'Moskvich');
        COMMIT;""")


class Notices(ShopTest):
    """The service manager's view: sd_notify."""

    def make(self):
        return self.shop(playbook=PLAYBOOK, templates=WORDS)

    def test_ready_comes_once_it_works_and_stopping_before_the_end(self):
        shop = self.make().start()
        notify = shop.notify
        self.assertEqual(notify.count("READY=1"), 1)
        self.assertFalse(notify.has("STOPPING=1"))
        write_job(shop)
        wait_until("both", lambda: shop.states() == {"sent": 2})
        shop.service.send_signal(signal.SIGTERM)
        wait_until("STOPPING=1", lambda: notify.has("STOPPING=1"))
        shop.wait_end()

    def test_the_status_tells_a_person_what_it_does(self):
        shop = self.make().start()
        wait_until("a status", lambda: re.search(r"\d+ on the wire, next at \S+",
                                                 shop.notify.last("STATUS") or ""))
        shop.run("pause")
        wait_until("the pause", lambda: "Paused" in shop.notify.last("STATUS"))
        shop.run("resume")
        wait_until("the end of it", lambda: "Paused" not in shop.notify.last("STATUS"))

    def test_a_reload_is_announced_with_its_time_and_ended(self):
        shop = self.make().start()
        before_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        shop.reload()
        after_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        states = shop.notify.states
        self.assertIn("RELOADING=1", states)
        told_us = int(shop.notify.last("MONOTONIC_USEC"))
        self.assertTrue(before_us <= told_us <= after_us)
        last_ready = len(states) - 1 - states[::-1].index("READY=1")
        self.assertLess(states.index("RELOADING=1"), last_ready)

    def test_the_watchdog_is_fed_while_it_lives_and_also_while_it_works(self):
        shop = self.make()
        # WATCHDOG_PID is the service's own and unknown before it runs: left out, as allowed.
        shop.start(env={"WATCHDOG_USEC": "400000"})
        db = shop.connect()
        db.execute("BEGIN")
        db.execute("INSERT INTO client (id, name) VALUES (1, 'A')")
        db.executemany("INSERT INTO job (client_id, stage) VALUES (1, ?)", [("New",)] * 5000)
        db.execute("COMMIT")
        db.close()
        gaps = []
        last, count = time.monotonic(), shop.notify.count("WATCHDOG=1")
        while time.monotonic() - last < slow(5) and len(gaps) < 10:
            time.sleep(0.01)
            if shop.notify.count("WATCHDOG=1") > count:
                gaps.append(time.monotonic() - last)
                last, count = time.monotonic(), shop.notify.count("WATCHDOG=1")
        print(f"# the longest pause of ten was {max(gaps, default=0) * 1000:.0f} ms")
        self.assertEqual(len(gaps), 10)

    def test_without_a_watchdog_none_is_fed(self):
        shop = self.make().start()
        time.sleep(0.5)
        self.assertFalse(shop.notify.has("WATCHDOG=1"))

    def test_without_a_service_manager_it_works_as_well(self):
        shop = self.make()
        shop.start(env={"NOTIFY_SOCKET": ""}, ready=False)
        shop.wait_log("ready")
        write_job(shop)
        wait_until("both", lambda: shop.states() == {"sent": 2})


class Stopping(ShopTest):
    def mail_shop(self, server):
        playbook = PLAYBOOK.split("[rule text]")[0]
        conf = BUSINESS + server.section()
        return self.shop(conf=conf, playbook=playbook, templates=WORDS).start()

    def test_a_mail_on_the_wire_is_finished_and_written_down(self):
        server = self.enterContext(MailServer())
        shop = self.mail_shop(server)
        write_job(shop, "dot-held@example.com")
        wait_until("the mail in the server's hands", lambda: server.held)
        shop.service.send_signal(signal.SIGTERM)
        wait_until("STOPPING=1", lambda: shop.notify.has("STOPPING=1"))
        server.release()
        shop.wait_end()
        self.assertEqual(len(server.mails), 1)
        self.assertEqual(shop.message(rule="mail")["state"], "sent")
        shop.start()
        shop.wait_absorbed()
        server.never_more_than(1, 0.5)

    def test_what_is_not_on_the_wire_waits_for_the_next_start(self):
        server = self.enterContext(MailServer())
        shop = self.mail_shop(server)
        for _ in range(20):
            write_job(shop, "dot-slow@example.com")
        wait_until("a mail on the wire", lambda: shop.states().get("sending"))
        shop.stop()
        states = shop.states()
        self.assertEqual(states.get("sent", 0), len(server.mails))
        self.assertNotIn("sending", states)
        self.assertEqual(sum(states.values()), 20)
        shop.start()
        server.received(20, 30)
        wait_until("all", lambda: shop.states() == {"sent": 20}, 30)
        self.assertEqual(len(server.mails), 20)

    def test_an_exchange_that_never_ends_does_not_keep_it_from_stopping(self):
        """Silence after the dot: it stops within its grace, and the mail's fate is told."""
        server = self.enterContext(MailServer())
        shop = self.mail_shop(server)
        write_job(shop, "dot-held@example.com")  # and never let go
        wait_until("the mail in the server's hands", lambda: server.held)
        shop.service.send_signal(signal.SIGTERM)
        shop.wait_end(seconds=28)
        message = shop.message(rule="mail")
        self.assertIn(message["state"], ("retry", "unknown"))
        self.assertTrue(message["reason"])

    def test_a_second_sigterm_and_ctrl_c_do_no_harm(self):
        for signals in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT,)):
            shop = self.shop(playbook=PLAYBOOK, templates=WORDS).start()
            for number in signals:
                shop.service.send_signal(number)
            shop.service.wait(slow(20))
            self.assertIn(shop.service.returncode, (0, -signals[-1]))
            shop._forget_service()

    def test_an_idle_service_stops_at_once_and_leaves_a_whole_database(self):
        shop = self.shop(playbook=PLAYBOOK, templates=WORDS).start()
        write_job(shop)
        wait_until("both", lambda: shop.states() == {"sent": 2})
        shop.service.send_signal(signal.SIGTERM)
        shop.wait_end(seconds=8)  # far less than those get who do not answer
        self.assertEqual(shop.sql("PRAGMA integrity_check").strip(), "ok")

    def test_an_idle_service_uses_no_processor(self):
        shop = self.shop(playbook=PLAYBOOK, templates=WORDS).start()
        write_job(shop)
        wait_until("both", lambda: shop.states() == {"sent": 2})
        time.sleep(slow(3))  # the dense looks after a commit are over

        def ticks():
            fields = Path(f"/proc/{shop.service.pid}/stat").read_text().rpartition(")")[2].split()
            return int(fields[11]) + int(fields[12])

        before = ticks()
        time.sleep(3)
        self.assertLessEqual(ticks() - before, 5 * slow(1))


class Privacy(ShopTest):
    """Logs hold ids; secrets stand in files of mode 0600 and nowhere else."""

    def busy_shop(self):
        """A shop with a mail server and an SMS provider, both with passwords, and all sorts of
        outcomes."""
        server = self.enterContext(MailServer(auth=("hello", MAIL_SECRET)))
        peer = self.enterContext(ProviderPeer("twilio"))
        texts = f"""
[gateway texts]
type = sms
provider = twilio
url = {peer.url}
user = {USER}
password-file = sms-word
from = +37120000000
"""
        conf = BUSINESS + server.section(password=None, password_file="mail-word") + texts
        shop = self.shop(conf=conf, playbook=PLAYBOOK, templates=WORDS)
        shop.write("mail-word", MAIL_SECRET + "\n")
        shop.write("sms-word", SMS_SECRET + "\n")
        shop.start()
        write_job(shop)
        write_job(shop, "rcpt-550-5.1.1@example.com", "+37120000001")  # refused
        write_job(shop, "rcpt-451@example.com", "+37120000429")  # later, please
        write_job(shop, "dot-drop@example.com", "+37120000102")  # nobody knows
        write_job(shop, "no-address@exa,mple", "12345")  # cannot be
        wait_until("outcomes", lambda: shop.states().get("sent", 0) >= 2
                   and shop.states(rule="text").get("unknown") == 1)
        shop.wait_absorbed()
        return shop

    SHOWN_NEVER = ["example.com>", "anna.personal", "rcpt-", "dot-drop", "37120012345", "20012345",
                   "20000429", "12345", "Zelma", "Moskvich", "Body for", "Words for", "Subject-of",
                   MAIL_SECRET, SMS_SECRET]

    def shown(self, text):
        return [word for word in self.SHOWN_NEVER if word in text]

    def test_no_address_number_words_or_secret_is_in_the_log(self):
        shop = self.busy_shop()
        shop.reload()
        shop.stop()
        self.assertRegex(shop.log(), r"message=\d+ gateway=\w+ outcome=\w+")
        # A pid or an id may have these digits by chance.
        log = re.sub(r"(pid|message)=\d+", "", shop.log())
        self.assertEqual(self.shown(log), [])

    def test_no_secret_is_in_argv_environment_or_status(self):
        shop = self.busy_shop()
        pid = shop.service.pid
        family = [pid] + [int(p) for t in Path(f"/proc/{pid}/task").glob("*/children")
                          for p in t.read_text().split()]
        for process in family:
            for name in ("cmdline", "environ", "status", "comm"):
                data = (Path(f"/proc/{process}") / name).read_bytes().decode("utf-8", "replace")
                self.assertEqual([w for w in (MAIL_SECRET, "Zelma") if w in data], [], name)
        told = " ".join(shop.notify.states)
        self.assertEqual(self.shown(told), [])

    def test_no_secret_is_in_the_database(self):
        shop = self.busy_shop()
        shop.stop()
        for path in shop.dir.glob("betimes.db*"):
            self.assertNotIn(MAIL_SECRET.encode(), path.read_bytes(), path)

    def test_a_crash_would_write_no_core_file(self):
        shop = self.shop(playbook=PLAYBOOK, templates=WORDS).start()
        limits = resource.prlimit(shop.service.pid, resource.RLIMIT_CORE)
        self.assertEqual(limits, (0, 0))

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"),
                         "only root may become nobody")
    def test_its_own_user_may_not_look_into_its_memory(self):
        """What /proc shows of a process that must not be dumped belongs to root."""
        shop = self.shop(playbook=PLAYBOOK, templates=WORDS)
        shop.open_to(NOBODY)
        service = subprocess.Popen(
            ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
             *shop.betimes.argv("run")], cwd="/", stderr=subprocess.PIPE, text=True)
        self.addCleanup(service.stderr.close)
        self.addCleanup(service.wait)
        self.addCleanup(service.terminate)
        self.assertIn("ready", service.stderr.readline())
        proc = Path(f"/proc/{service.pid}")
        self.assertIn(f"Uid:\t{NOBODY}\t{NOBODY}", (proc / "status").read_text())
        self.assertEqual((proc / "environ").stat().st_uid, 0)

    def test_what_it_makes_is_not_for_everybody(self):
        """Messages that a file gateway wrote are for the owner and the group."""
        shop = self.shop(conf=CONF, playbook=PLAYBOOK, templates=WORDS).start()
        write_job(shop)
        wait_until("both", lambda: shop.states() == {"sent": 2})
        self.assertEqual(len(FileGatewayFolder(shop.out).texts()), 1)
        for path in [p for p in shop.out.rglob("*") if p.is_file()]:
            self.assertEqual(path.stat().st_mode & 0o007, 0, path)


class Sockets(ShopTest):
    def test_it_listens_nowhere(self):
        shop = self.shop(playbook=PLAYBOOK, templates=WORDS).start()
        inodes = set()
        for fd in Path(f"/proc/{shop.service.pid}/fd").iterdir():
            found = re.match(r"socket:\[(\d+)\]", os.readlink(fd))
            if found:
                inodes.add(found.group(1))
        for table in ("tcp", "tcp6", "udp", "udp6"):
            for line in Path(f"/proc/{shop.service.pid}/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                self.assertFalse(fields[9] in inodes and fields[3] == "0A", line)

    def test_a_server_that_does_not_answer_leaves_everybody_else_in_peace(self):
        """A mail server that takes connections and says nothing does not hold up texts."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            conf = BUSINESS + f"""
[gateway mail]
type = smtp
url = smtp://127.0.0.1:{silent.getsockname()[1]}
from = a@example.com
""" + CONF[len(BUSINESS):] + "channels = sms\n"
            shop = self.shop(conf=conf, playbook=PLAYBOOK, templates=WORDS).start()
            write_job(shop)
            shop.wait_message(rule="text", state="sent")
            shop.wait_message(rule="mail", state="sending")
            shop.kill()
