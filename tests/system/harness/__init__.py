"""What the system tests share. `from harness import Shop, ShopTest, wait_until` and so on.

  shop.py     a shop: a folder made by `betimes init`, its database, the service over it
  notify.py   the service manager's end of sd_notify
  mail.py     a mail server to point a shop at; reading what a file gateway wrote
  browser.py  Chromium, and axe-core's judgement
  person.py   a person in front of the page in it
  preload.py  a library before all others of the program
  waiting.py  waiting for something, boundedly
  tap.py      runs a file of tests and reports them (tests/run calls it)

The servers at the other end (SMTP, the SMS providers, Kannel) are in tests/peers, which the unit
tests of the gateways use as well; they can be imported from here on.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "peers"))

from .mail import FileGatewayFolder, MailServer, parse  # noqa: E402
from .notify import NotifySocket  # noqa: E402
from .preload import preload  # noqa: E402
from .shop import BUSINESS, CONF, FILES, Betimes, BetimesError, Shop, ShopTest  # noqa: E402
from .waiting import slow, wait_until  # noqa: E402

__all__ = [
    "BUSINESS",
    "CONF",
    "FILES",
    "ROOT",
    "Betimes",
    "BetimesError",
    "FileGatewayFolder",
    "MailServer",
    "NotifySocket",
    "Shop",
    "ShopTest",
    "parse",
    "preload",
    "slow",
    "wait_until",
]
