"""make install and uninstall: what lands where, and that systemd is content with the unit."""

import os
import re
import shutil
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import ROOT
from web_browser import PASSWORD, Browser, free_port

BUILD = Path(os.environ.get("BUILD", ROOT / "build"))
EXPOSURE_MAX = 1.5


def run(*argv, status=0):
    done = subprocess.run(
        [str(a) for a in argv], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
    )
    if status is not None and done.returncode != status:
        raise AssertionError(f"{' '.join(map(str, argv))}\nstatus {done.returncode}\n{done.stdout}")
    return done.stdout


def make(target, destination):
    """`make TARGET` as a person calls it, over what the tests are running: nothing is rebuilt."""
    prefix = (BUILD / "prefix").read_text().strip() if (BUILD / "prefix").exists() else "/usr/local"
    run("env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "make", target, f"OUT={BUILD}",
        f"PREFIX={prefix}", f"DESTDIR={destination}")
    return Path(destination) / prefix.lstrip("/")


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Not in the tests' own folder: the service's user has to get there.
        cls.destination = Path(tempfile.mkdtemp(prefix="betimes-install-", dir="/var/tmp"))
        cls.addClassCleanup(shutil.rmtree, cls.destination)
        cls.prefix = make("install", cls.destination)

    def unit(self):
        """The installed unit, naming the installed program."""
        text = (self.prefix / "lib/systemd/system/betimes.service").read_text()
        path = self.destination / "betimes.service"
        program = rf"\g<1>{self.prefix}/bin/betimes"
        path.write_text(re.sub(r"^(ExecStart=)\S+", program, text, flags=re.MULTILINE))
        return path

    def mode(self, name):
        return stat.S_IMODE((self.prefix / name).stat().st_mode)

    def test_program_samples_and_man_pages_are_installed(self):
        self.assertEqual(self.mode("bin/betimes"), 0o755)
        for page in ("man1/betimes.1", "man5/betimes.conf.5", "man5/betimes-playbook.5",
                     "man7/betimes-templates.7"):
            self.assertEqual(self.mode(f"share/man/{page}"), 0o644)
        for name in ("betimes.conf", "playbook.conf"):
            self.assertEqual(self.mode(f"share/betimes/conf/{name}"), 0o644)
        for provider in ("twilio", "vonage", "plivo", "messagebird", "kannel"):
            self.assertEqual(self.mode(f"share/betimes/conf/providers/{provider}.conf"), 0o644)
        self.assertEqual(self.mode("share/betimes/templates/_shared/layout.html"), 0o644)

    def test_every_sample_is_installed_unchanged(self):
        for folder in ("conf", "templates"):
            for path in (ROOT / folder).rglob("*"):
                if path.is_file():
                    copy = self.prefix / "share/betimes" / path.relative_to(ROOT)
                    self.assertEqual(copy.read_bytes(), path.read_bytes(), copy)

    def test_the_installed_program_runs(self):
        self.assertRegex(run(self.prefix / "bin/betimes", "--version"), r"\d+\.\d+\.\d+")

    def test_a_new_folder_is_made_from_the_installed_samples(self):
        folder = self.destination / "shop"
        run(self.prefix / "bin/betimes", "init", "-c", folder)
        run(self.prefix / "bin/betimes", "check", "-c", folder)

    def test_no_placeholder_is_left_in_the_unit(self):
        text = (self.prefix / "lib/systemd/system/betimes.service").read_text()
        self.assertNotIn("@", re.sub(r"SystemCallFilter=.*", "", text))

    def test_systemd_understands_every_line_of_the_unit(self):
        self.assertEqual(run("systemd-analyze", "verify", "--man=no", self.unit()), "")

    def test_the_unit_is_exposed_to_little(self):
        told = run("systemd-analyze", "security", "--offline=true", "--no-pager", self.unit())
        level = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
        self.assertIsNotNone(level, told)
        self.assertLessEqual(float(level.group(1)), EXPOSURE_MAX, told)

    def test_a_core_file_with_secrets_is_never_written(self):
        self.assertRegex(self.unit().read_text(), r"(?m)^LimitCORE=0$")

    def test_the_program_may_call_what_it_calls(self):
        """Threads, sockets, the timer, openat2 and Landlock are within the system call filter."""
        text = self.unit().read_text()
        allowed = set()
        for sign, names in re.findall(r"^SystemCallFilter=(~?)(.*)$", text, re.MULTILINE):
            for name in names.split():
                (allowed.difference_update if sign else allowed.update)(system_calls(name))
        needed = {"clone3", "openat2", "epoll_wait", "timerfd_settime", "inotify_add_watch",
                  "fdatasync", "ftruncate", "getrandom", "prlimit64", "signalfd4", "sendmsg",
                  "socket", "connect", "bind", "listen", "accept4", "fcntl", "pwrite64", "mremap",
                  "flock", "rename", "renameat2", "linkat", "execve", "wait4", "eventfd2",
                  "memfd_create", "landlock_create_ruleset", "landlock_add_rule",
                  "landlock_restrict_self"}
        self.assertEqual(needed - allowed, set())

    @unittest.skipUnless(os.geteuid() == 0, "only root may make users")
    def test_user_and_folders_are_made_with_the_right_owners(self):
        root = self.destination / "root"
        (root / "etc").mkdir(parents=True)
        (root / "var/lib").mkdir(parents=True)
        users, folders = (self.prefix / f"lib/{kind}.d/betimes.conf" for kind in
                          ("sysusers", "tmpfiles"))
        run("systemd-sysusers", f"--root={root}", users)
        user = re.search(r"^betimes:\w*:(\d+):(\d+):", (root / "etc/passwd").read_text(), re.M)
        uid, gid = int(user.group(1)), int(user.group(2))
        run("systemd-tmpfiles", "--create", f"--root={root}", folders)
        data, conf = (root / "var/lib/betimes").stat(), (root / "etc/betimes").stat()
        self.assertEqual((data.st_uid, data.st_gid, stat.S_IMODE(data.st_mode)), (uid, gid, 0o2770))
        self.assertEqual((conf.st_uid, conf.st_gid, stat.S_IMODE(conf.st_mode)), (0, gid, 0o1770))


    @unittest.skipUnless(os.geteuid() == 0, "only root may make users")
    def test_what_managers_write_is_the_service_s_and_nothing_else_is(self):
        """As `make install` and the README leave it, and as the service runs: by its own user."""
        root = self.destination / "served"
        conf, data = root / "etc/betimes", root / "var/lib/betimes"
        for folder in (conf.parent, data.parent):
            folder.mkdir(parents=True)
        for folder in (self.destination, *self.prefix.relative_to(self.destination).parents):
            (self.destination / folder).chmod(0o755)
        users, folders = (self.prefix / f"lib/{kind}.d/betimes.conf" for kind in
                          ("sysusers", "tmpfiles"))
        run("systemd-sysusers", f"--root={root}", users)
        uid, gid = map(int, re.search(r"^betimes:\w*:(\d+):(\d+):",
                                      (root / "etc/passwd").read_text(), re.M).groups())
        betimes = self.prefix / "bin/betimes"
        run("systemd-tmpfiles", "--create", f"--root={root}", folders)
        run(betimes, "init", "-c", conf)
        for file in conf.glob("betimes.db*"):  # its place is the data's folder
            file.unlink()
        port = free_port()
        (conf / "betimes.conf").write_text(
            "[business]\nname = Riverside Garage\ntimezone = Europe/Riga\n"
            "hours = Mon-Fri 09:00-18:00\n"
            f"[database]\npath = {data}/betimes.db\n"
            f"[gateway folder]\ntype = file\npath = {data}/sent\n"
            f"[web]\nlisten = 127.0.0.1:{port}\n")
        run(betimes, "init", "-c", conf)
        run("systemd-tmpfiles", "--create", f"--root={root}", folders)
        for path in [conf / "templates", *conf.glob("templates/**/*")]:
            found = path.stat()
            self.assertEqual((found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)),
                             (uid, gid, 0o750 if path.is_dir() else 0o640), path)
        for path in conf.rglob("*"):  # what is not secret, the service can read
            if path.name != "secrets":
                self.assertEqual((path.stat().st_gid, path.stat().st_mode & 0o040), (gid, 0o040),
                                 path)
        found = (conf / "betimes.conf").stat()
        self.assertEqual((found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)), (0, gid, 0o640))
        for file in data.glob("betimes.db*"):  # init does it where there is a group betimes
            os.chown(file, uid, gid)
            file.chmod(0o660)
        served = ("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups",
                  "--inh-caps=-all", betimes)
        told = subprocess.run([*served, "user", "add", "anna", "--role", "manager", "-c", conf],
                              input=PASSWORD + "\n", capture_output=True, text=True, check=False)
        self.assertEqual(told.returncode, 0, told.stderr)
        service = subprocess.Popen([*served, "run", "-c", conf], stderr=subprocess.PIPE, text=True)
        self.addCleanup(service.wait)
        self.addCleanup(service.stderr.close)
        self.addCleanup(service.terminate)
        for line in service.stderr:
            if "ready:" in line:
                break
        browser = Browser(port).sign_in("anna")
        kept = (conf / "betimes.conf").read_text()
        for path, file in (("/templates/ready/en/sms", "ready/en.sms"),
                           ("/templates/ready/kk/sms", "ready/kk.sms"),
                           ("/partials/new/_/sms", "_shared/new.sms")):
            page = browser.get(path).text
            seen = re.search(r'name="seen" value="(\w+)"', page)[1]
            answer = browser.post(path + "/save", {"token": browser.token(), "seen": seen,
                                                   "text": "Saved"})
            self.assertEqual(answer.status, 303, answer.text)
            self.assertEqual((conf / "templates" / file).read_text(), "Saved\n")
        answer = browser.post("/playbook/ready/edit", {
            "token": browser.token(), "mode": "fields", "key-late": "3 days", "digest": re.search(
                r'name="digest" value="(\w+)"', browser.get("/playbook/ready/edit").text)[1]})
        self.assertEqual(answer.status, 303, answer.text)
        answer = browser.post(answer.location + "/save", {"token": browser.token()})
        self.assertEqual(answer.location, "/playbook/ready?done=save", answer.text)
        self.assertIn("late = 3 days", (conf / "playbook.conf").read_text())
        self.assertEqual((conf / "betimes.conf").read_text(), kept)
        self.assertNotEqual(run("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups",
                                "mv", conf / "betimes.conf", conf / "other.conf", status=1), "")


class Uninstall(unittest.TestCase):
    def test_nothing_that_was_installed_stays(self):
        destination = Path(tempfile.mkdtemp(prefix="betimes-install-"))
        self.addCleanup(shutil.rmtree, destination)
        make("install", destination)
        kept = destination / "etc/betimes/betimes.conf"
        kept.parent.mkdir(parents=True)
        kept.write_text("[business]\n")
        make("uninstall", destination)
        self.assertEqual([p for p in destination.rglob("*") if p.is_file()], [kept])


def system_calls(name):
    """The system calls of a set like @file-system, with those of the sets it is made of."""
    if not name.startswith("@"):
        return {name}
    found = set()
    for line in run("systemd-analyze", "syscall-filter", "--no-pager", name).splitlines()[1:]:
        member = line.strip()
        if member and not member.startswith("#"):
            found |= system_calls(member)
    return found
