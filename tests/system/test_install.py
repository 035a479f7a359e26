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
        cls.destination = Path(tempfile.mkdtemp(prefix="betimes-install-"))
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
