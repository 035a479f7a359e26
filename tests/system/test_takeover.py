"""Two services on one database, whose work changes hands while messages are on their way, again and
again: by a kill, and by force, whether the one that loses it sleeps or goes on unawares. A second
copy is possible only of what was on its way, and it is listed. `make crash` goes on for longer.
"""

import random
import unittest

from takeover_shop import Pair


class Takeover(unittest.TestCase):
    seconds = 300

    def test_no_second_copy_is_unlisted_however_the_work_changes_hands(self):
        seed = random.randrange(1 << 32)
        print(f"# seed {seed}")
        with Pair() as pair:
            extra = pair.torment(8, random.Random(seed))
            print(f"# {pair.takeovers} takeovers, {extra} second copies of {pair.written} messages")


if __name__ == "__main__":
    unittest.main()
