"""A short turn of `make soak`: too short to see a leak, long enough to see that under load each
message ends as it should while files are reloaded and backups are made. That the judge of what is
flat would see growth is shown as well."""

import unittest

from soak_shop import JUDGED, Soak


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


if __name__ == "__main__":
    unittest.main()
